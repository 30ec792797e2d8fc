#!/usr/bin/env python3
"""Documents that are not XML, and XML ones other than invoices, from C1 to C4: what arrives is what was given, byte for byte,
with its media type; what is hostile or not served is refused by name."""
import base64, hashlib, os, sys
sys.path.insert(0, os.path.join(os.environ.get("TOP", "."), "tests/support"))
from lab import *

BILLING, EB2B = "urn:peppol:france:billing:regulated", "urn:peppol:eb2b:billing"
FACTURX = "urn:peppol:doctype:pdf+xml##urn:cen.eu:en16931:2017#conformant#urn:peppol:france:billing:Factur-X:1.0::D22B"
INVOIC = "urn:peppol:doctype:edifact:INVOIC##eb2b::0"
BILATERAL = "urn:peppol:doctype:bilateral##eb2b:bilateral::0"
MLR = "urn:oasis:names:specification:ubl:schema:xsd:ApplicationResponse-2::ApplicationResponse##urn:fdc:peppol.eu:poacc:trns:mlr:3::2.1"
X12 = "urn:peppol:doctype:x12:850##eb2b::0"
INVOICES = "urn:oasis:names:specification:ubl:schema:xsd:Invoice-2::Invoice##"
GONE, PINT = INVOICES + "urn:cen.eu:en16931:2017#compliant#urn:xoev-de:kosit:standard:xrechnung_1.2::2.1", INVOICES + "urn:peppol:pint:billing-1::2.1"
POACC = "urn:fdc:peppol.eu:2017:poacc:billing:01:1.0"
SERVED = [(FACTURX, BILLING), (INVOIC, EB2B), (BILATERAL, "urn:peppol:eb2b:oneway"), (MLR, "urn:fdc:peppol.eu:poacc:bis:mlr:3")]
PDF = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n" + bytes(range(256)) * 40
EDI = "UNA:+.? 'UNB+UNOY:4+A+B+261128:1015+1'\r\nUNH+1+INVOIC:D:96A:UN'\r\nFTX+AAI+++Caf\u00e9 <&> ]]>'\r\n".encode()
PARTIES = ["--from", SUPPLIER, "--to", BUYER]


def publish(lab):
    with open(lab.net + "/registry.tsv", "a") as f:
        for doctype, process in SERVED + [(X12, "urn:peppol:eb2b:order")]:  # that one only the SMP knows
            f.write("\t".join([BUYER, "busdox-docid-qns::" + doctype, "cenbii-procid-ubl::" + process,
                               f"https://localhost:{lab.port('ap2')}/as4", lab.net + "/pki/ap2.pem"]) + "\n")
    services = [x for d, p in SERVED for x in ("--doctype", f"{d} {p}")]
    r = lab.ap(2, "participant", "add", BUYER, "--country", "BE", "--doctype", "invoice", *services)
    say(r.returncode == 0, "a participant record takes document types that are not XML", r.stderr)


def write(lab, name, data):
    path = os.path.join(lab.dir, name)
    open(path, "wb").write(data)
    return path


def send(lab, path, *flags):
    return lab.ap(1, "send", path, *PARTIES, *flags, "--wait=30s")


def received(lab, number=None):
    """The newest document there, once it was validated."""
    def look():
        rows = [r for r in lab.json(2, "list", "--inbound") if number is None or r["invoice"] == number]
        return rows[0] if rows and rows[0]["state"] != "RECEIVED" else None
    return until(look) or {}


def fetched(lab, row, name, *flags):
    path = os.path.join(lab.dir, "got-" + name)
    r = lab.ap(2, "inbox", "get", row["id"], "-o", path, "--json", *flags)
    side = json.loads(r.stdout) if r.returncode == 0 else {"error": r.stdout + r.stderr}
    return open(path, "rb").read() if os.path.exists(path) else b"", side


def round_trip(lab, name, data, flags, mime, encoding=None):
    number = "N-" + name
    r = send(lab, write(lab, name, data), "--number", number, *flags)
    say(r.returncode == 0 and "receipted" in r.stdout and "structural checks only" in r.stdout, f"{name} is sent and receipted, unchecked", r.stdout + r.stderr)
    sent = lab.json(1, "status", number)[0]
    say(sent["sha256"] == hashlib.sha256(data).hexdigest(), f"{name}: its SHA-256 is the file's", sent)
    rows = until(lambda: [x for x in lab.json(2, "list", "--inbound") if x["sbdh_id"] == sent["sbdh_id"] and x["state"] != "RECEIVED"])
    got, side = fetched(lab, rows[0], name)
    say(got == data and side["sha256"] == hashlib.sha256(data).hexdigest() and side["bytes"] == len(data), f"{name} arrives byte for byte", side)
    say(side["media_type"] == mime and side.get("encoding") == encoding, f"{name}: media type {mime}, encoding {encoding}", side)
    return rows[0]


def by_schema(lab, row):
    """The envelope as it was on the wire, by the published schemas of header and content."""
    xsd = os.path.join(os.environ["AVISO_SHARED"], "spec/data/xsd")
    content = os.path.join(xsd, "envelope/PEPPOL-EDN-Business-Message-Envelope-1.2-2019-02-01.xsd")
    if not os.path.exists(content):
        print("skip the envelope is valid by its schemas: no " + content)
        return
    driver = ("<xs:schema xmlns:xs='http://www.w3.org/2001/XMLSchema'>"
              f"<xs:import namespace='http://www.unece.org/cefact/namespaces/StandardBusinessDocumentHeader' schemaLocation='{xsd}/sbdh/StandardBusinessDocumentHeader.xsd'/>"
              f"<xs:import namespace='http://peppol.eu/xsd/ticc/envelope/1.0' schemaLocation='{content}'/></xs:schema>")
    fetched(lab, row, "schema.xml", "--sbd")
    r = subprocess.run(["xmllint", "--noout", "--nonet", "--schema", write(lab, "driver.xsd", driver.encode()), os.path.join(lab.dir, "got-schema.xml")], capture_output=True, text=True)
    say(r.returncode == 0, "the envelope is valid by its schemas", r.stderr)


def refusals(lab):
    pdf, edi, zipped = write(lab, "a.pdf", PDF), write(lab, "a.edi", EDI), write(lab, "a.zip", b"PK\3\4....")
    for name, path, flags, code in [
        ("a PDF without a document type", pdf, [], "xml."),
        ("a PDF as EDIFACT", pdf, ["--doctype", "edifact-invoice", "--process", EB2B], "content.format"),
        ("an invoice as Factur-X", INVOICE, ["--doctype", "factur-x", "--process", BILLING], "content.format"),
        ("a ZIP of no known media type", zipped, ["--doctype", BILATERAL], "content.media-type"),
        ("text of unknown encoding", write(lab, "b.edi", b"UNB+UNOX:1+\xe9'"), ["--doctype", "edifact-invoice", "--process", EB2B], "content.encoding"),
        ("a media type without a document type", pdf, ["--mime-type", "application/pdf"], "document.unknown"),
        ("XML called binary", INVOICE, ["--doctype", BILATERAL, "--mime-type", "application/xml"], "sbdh.value"),
        ("a name of several document types", pdf, ["--doctype", "eb2b"], "id.doctype"),
        ("a process to choose", pdf, ["--doctype", "factur-x"], "document.no-process"),
        ("an empty file", write(lab, "empty", b""), ["--doctype", "factur-x", "--process", BILLING], "content.format")]:
        r = send(lab, path, *flags)
        say(r.returncode == 65 and code in r.stderr, f"{name}: {code}", f"{r.returncode} {r.stderr}")
    say("--process " + BILLING in send(lab, pdf, "--doctype", "factur-x").stderr, "the processes to choose from are named")
    r = lab.ap(1, "send", pdf, "--to", BUYER, "--doctype", "factur-x", "--process", BILLING)
    say(r.returncode == 65 and "document.no-sender" in r.stderr, "a sender must be given", r.stderr)
    r = send(lab, edi, "--doctype", "x12-invoice", "--process", EB2B)
    say("content.format" in r.stderr, "EDIFACT is no X12")


def removed(lab):
    """What the code lists have taken out is not accepted for sending, nor entered as received here."""
    gone = lab.invoice("GONE-1", lambda s: s.replace("urn:fdc:peppol.eu:2017:poacc:billing:3.0", "urn:xoev-de:kosit:standard:xrechnung_1.2"))
    general = lab.invoice("PINT-1", lambda s: s.replace("urn:cen.eu:en16931:2017#compliant#urn:fdc:peppol.eu:2017:poacc:billing:3.0", "urn:peppol:pint:billing-1")
                          .replace("urn:fdc:peppol.eu:2017:poacc:billing:01:1.0", "urn:peppol:bis:billing"))
    for name, path, flags, code in [("a document of a removed type", gone, [], "code.removed"), ("one of an abstract type", general, [], "code.abstract"),
                                    ("a receiver of a removed scheme", INVOICE, ["--to", "9956:0403170701"], "code.removed")]:
        r = lab.ap(1, "send", path, *flags, "--wait=0s")
        say(r.returncode == 65 and code in r.stderr and "class  permanent" in r.stderr, f"{name}: {code}", f"{r.returncode} {r.stderr}")
    say(lab.json(1, "list") == [], "... and is not in the journal", lab.json(1, "list"))
    for name, args, code in [("a removed type", [BUYER, "--doctype", GONE + " " + POACC], "code.removed"), ("an abstract one", [BUYER, "--doctype", PINT], "code.abstract")]:
        r = lab.ap(2, "participant", "add", *args, "--country", "BE")
        say(r.returncode == 65 and code in r.stderr, f"{name} is not entered for reception: {code}", r.stderr)
    r = lab.ap(2, "participant", "add", BUYER, "--country", "BE", "--doctype", PINT.replace("billing-1", "billing-1*"))
    say(r.returncode == 0, "... with a star it is", r.stderr)


def not_served(lab):
    """Before anything was proven there: later a receiver that has vanished is waited for (N2)."""
    path = write(lab, "c.x12", b"ISA*00*~")
    r = send(lab, path, "--doctype", "x12-invoice", "--process", EB2B)
    say(r.returncode == 1 and "doctype.not-supported" in r.stderr, "what the receiver does not take is refused by the look-up", r.stdout + r.stderr)
    r = send(lab, path, "--doctype", "x12-order-eb2b-extension", "--process", "urn:peppol:eb2b:order")
    say(r.returncode == 1 and "NOT_SERVICED" in r.stderr, "what its record does not take is refused by the access point", r.stdout + r.stderr)


def envelope(lab, payload):
    """An envelope of another maker around `payload`, handed in with --sbd."""
    row = lab.json(1, "status", "N-a.pdf")[0]
    got, _ = fetched(lab, [x for x in lab.json(2, "list", "--inbound") if x["sbdh_id"] == row["sbdh_id"]][0], "sbd.xml", "--sbd")
    text = got.decode()
    head, tail = text.index("<BinaryContent"), text.index("</StandardBusinessDocument>")
    new = text[:head] + payload + text[tail:]
    return write(lab, "sbd.xml", new.replace(row["sbdh_id"], hashlib.sha1(payload.encode()).hexdigest()).encode())


def envelopes(lab):
    open_, close = "<BinaryContent xmlns='http://peppol.eu/xsd/ticc/envelope/1.0' mimeType='application/pdf'>", "</BinaryContent>"
    good = open_ + base64.b64encode(b"%PDF-1 by another maker").decode() + close
    r = lab.ap(1, "send", envelope(lab, good), "--sbd", "--wait")
    say(r.returncode == 0 and "receipted" in r.stdout, "an envelope of another maker is sent as it is", r.stderr)
    got, side = fetched(lab, received(lab), "other.pdf")
    say(got == b"%PDF-1 by another maker", "and what it holds is handed out", side)
    for name, payload in [("bad base64", open_ + "JVB=E" + close), ("cut base64", open_ + "JVB" + close), ("two contents", good + good),
                          ("no content", ""), ("an element inside", open_ + "<x/>" + close), ("no mimeType", good.replace(" mimeType='application/pdf'", "")),
                          ("a foreign attribute", good.replace("mimeType=", "fileName='x' mimeType=")), ("empty content", open_ + close)]:
        r = lab.ap(1, "send", envelope(lab, payload), "--sbd")
        say(r.returncode == 65 and "sbdh." in r.stderr, f"{name} in an envelope is refused", r.stderr)


def large(lab):
    data = PDF + os.urandom(1 << 20) * 40
    path = write(lab, "large.pdf", data)
    round_trip(lab, "large.pdf", data, ["--doctype", "factur-x", "--process", BILLING], "application/pdf")
    r = send(lab, path, "--doctype", "factur-x", "--process", BILLING, "--set", "limits.max_inflated=50M")
    say(r.returncode == 65 and "limit.size" in r.stderr, "what grows past the limit as base64 is refused before", r.stderr)


def xml_types(lab):
    text = ("<ApplicationResponse xmlns='urn:oasis:names:specification:ubl:schema:xsd:ApplicationResponse-2'"
            " xmlns:cbc='urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2'><cbc:ID>MLR-1</cbc:ID></ApplicationResponse>")
    r = lab.ap(1, "send", write(lab, "mlr.xml", text.encode()), *PARTIES, "--doctype", "mlr", "--dry-run", "--set", "validate.on_send=no")
    say(r.returncode == 0 and "mlr:3" in r.stdout, "an XML document that does not say its type gets it by its short name", r.stdout + r.stderr)
    r = send(lab, write(lab, "order.xml", b"<o:Order xmlns:o='urn:ours'><o:n>1</o:n></o:Order>"), "--doctype", BILATERAL)
    say(r.returncode == 0, "XML by agreement is sent as XML", r.stdout + r.stderr)
    got, side = fetched(lab, received(lab), "order.xml")
    say(got == b"<o:Order xmlns:o='urn:ours'><o:n>1</o:n></o:Order>" and side["media_type"] == "application/xml", "and handed out as XML", side)


def drop_folder(lab):
    folder = os.path.join(lab.dir, "drop")
    os.makedirs(folder)
    write(lab, "routes.conf", f"[raw]\nkind = folder\nfolder = {folder}\ncontent = sbd\n".encode())
    routes = ["--set", f"deliver.routes_file={lab.dir}/routes.conf", "--set", f"deliver.drop_folder={folder}"]
    lab.stop_ap2()
    services = [x for d, p in SERVED for x in ("--doctype", f"{d} {p}")]
    for route, ending, begins in [("folder", ".pdf", b"%PDF-"), ("raw", ".xml", b"<?xml")]:
        r = lab.ap(2, "participant", "add", BUYER, "--country", "BE", "--route", route, *services, *routes)
        p = lab.serve(2, *routes)
        before = set(os.listdir(folder))
        send(lab, write(lab, "d.pdf", PDF + route.encode()), "--doctype", "factur-x", "--process", BILLING)
        new = until(lambda: [f for f in set(os.listdir(folder)) - before if f.endswith(".json")]) or [".json"]
        path = os.path.join(folder, new[0][:-5] + ending)
        say(os.path.exists(path) and open(path, "rb").read().startswith(begins), f"route {route}: the file is ID{ending}", os.listdir(folder))
        lab.end(p)


def damaged(lab):
    """A document whose bytes the disk has changed is no fault of the route."""
    folder = os.path.join(lab.dir, "later")
    flags = ["--set", f"deliver.drop_folder={folder}", "--set", "retry.first=1s"]
    os.makedirs(folder)
    lab.ap(2, "participant", "add", BUYER, "--country", "BE", "--route", "folder", "--doctype", FACTURX, *flags)
    os.rmdir(folder)
    p = lab.serve(2, *flags)
    send(lab, write(lab, "big.pdf", PDF * 40), "--doctype", "factur-x", "--process", BILLING)
    row = received(lab)
    lab.end(p)
    for where, _, files in os.walk(lab.net):
        for f in [os.path.join(where, f) for f in files if where.endswith("/payload")]:
            if b"BinaryContent" in open(f, "rb").read():
                with open(f, "r+b") as x:
                    x.seek(os.path.getsize(f) // 2)
                    x.write(b"****")
    os.makedirs(folder)
    p = lab.serve(2, *flags)
    send(lab, write(lab, "small.pdf", PDF + b"small"), "--doctype", "factur-x", "--process", BILLING)
    names = until(lambda: [f for f in os.listdir(folder) if f.endswith(".pdf")]) or []
    say(len(names) == 1 and not names[0].startswith(row["id"]), "a damaged document holds up no other of its route", names)
    now = until(lambda: [x for x in lab.json(2, "status", row["id"]) if "store.damaged" in json.dumps(x)]) or [{}]
    say(now[0].get("state") == "QUARANTINED", "and is set aside, with the reason", now)
    say(any(row["id"] in json.dumps(x) for x in lab.json(2, "alarms")), "and an alarm", lab.json(2, "alarms"))
    lab.end(p)


def main(lab):
    removed(lab)
    publish(lab)
    r = lab.ap(1, "lookup", BUYER, "--doctype", "factur-x", "--process", BILLING)
    say(r.returncode == 0, "the look-up finds an endpoint for it", r.stderr)
    say("edifact-invoice-eb2b-extension" in lab.ap(1, "doctypes", "edifact").stdout, "doctypes lists them")
    not_served(lab)
    by_schema(lab, round_trip(lab, "a.pdf", PDF, ["--doctype", "factur-x", "--process", BILLING], "application/pdf"))
    round_trip(lab, "a.edi", EDI, ["--doctype", "edifact-invoice", "--process", EB2B], "application/EDIFACT")
    round_trip(lab, "latin.edi", b"UNB+UNOC:3+\xe9'", ["--doctype", INVOIC, "--process", EB2B], "application/EDIFACT", "ISO-8859-1")
    round_trip(lab, "a.zip", b"PK\3\4\0\xff", ["--doctype", BILATERAL, "--mime-type", "application/zip"], "application/zip")
    row = received(lab)
    say(row["verdict"] == "unchecked" and "structural checks only" in row["rule_sets"], "the receiver says that no rules were run", row)
    refusals(lab)
    envelopes(lab)
    xml_types(lab)
    large(lab)
    drop_folder(lab)
    damaged(lab)


with Lab() as the_lab:
    main(the_lab)
done()
