#!/usr/bin/env python3
"""Documents that are not XML (Factur-X, EDIFACT, X12, what two parties agreed on) between phase4 and the service, both ways, byte for
byte. phase4's own peppol-sbdh makes and reads BinaryContent and TextContent; here only bytes and words are compared."""
import hashlib, os, sys

sys.dont_write_bytecode = True
TOP = os.environ.get("TOP", ".")
sys.path[:0] = [os.path.join(TOP, "tests/support"), os.path.join(TOP, "tests/interop")]
import peer
from lab import *
from peer import result, row

FRANCE, EB2B, ONEWAY, ORDER = "urn:peppol:france:billing:regulated", "urn:peppol:eb2b:billing", "urn:peppol:eb2b:oneway", "urn:peppol:eb2b:order"
FACTURX = "urn:peppol:doctype:pdf+xml##urn:cen.eu:en16931:2017#conformant#urn:peppol:france:billing:Factur-X:1.0::D22B"
INVOIC, X12 = "urn:peppol:doctype:edifact:INVOIC##eb2b::0", "urn:peppol:doctype:x12:850##eb2b::0"
BILATERAL = "urn:peppol:doctype:bilateral##eb2b:bilateral::0"
PARTIES = ["--from", SUPPLIER, "--to", BUYER]
PDF = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n" + bytes(range(256)) * 40
EDI = "UNA:+.? 'UNB+UNOY:4+A+B+261128:1015+1'UNH+1+INVOIC:D:96A:UN'FTX+AAI+++Caf\u00e9 \U0001d11e <&> ]]>\t'\nUNT+3+1'\n".encode()
LATIN = "UNB+UNOC:3+A+B+261128:1015+1'FTX+AAI+++Caf\u00e9'".encode("latin-1")
MLR = "urn:oasis:names:specification:ubl:schema:xsd:ApplicationResponse-2::ApplicationResponse##urn:fdc:peppol.eu:poacc:trns:mlr:3::2.1"
MLR_XML = ("<ApplicationResponse xmlns='urn:oasis:names:specification:ubl:schema:xsd:ApplicationResponse-2'"
           " xmlns:cbc='urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2'><cbc:ID>MLR-1</cbc:ID></ApplicationResponse>").encode()
XML = b"<o:Order xmlns:o='urn:ours'><o:n>1</o:n></o:Order>"
ISA = b"ISA*00*          *00*          *ZZ*A              *ZZ*B              *261128*1015*U*00401*000000001*0*T*>~ST*850*0001~"
ZIP = b"PK\3\4\0\xff" + bytes(range(255, -1, -1))


class Kind:
    """A document, how our sender is told what it is, and how phase4's is."""

    def __init__(self, name, data, doctype, process, element, mime, encoding=None, short=None, more=()):
        self.name, self.data, self.doctype, self.process = name, data, doctype, process
        self.element, self.mime, self.encoding, self.more = element, mime, encoding, list(more)
        self.short = short or doctype

    def write(self, lab):
        path = os.path.join(lab.dir, self.name.replace(" ", "-"))
        open(path, "wb").write(self.data)
        return path

    def ours(self):
        return ["--doctype", self.short, "--process", self.process, *self.more]

    def phase4(self):
        left, _, right = self.doctype.partition("##")
        kind = ["--binary" if self.element == "BinaryContent" else "--text", self.mime]
        kind += ["--encoding", self.encoding] if self.encoding else []
        return kind + ["--doctype", self.doctype, "--process", self.process, "--standard", left, "--type", left.rpartition(":")[2],
                       "--type-version", right.rpartition("::")[2]]


KINDS = [
    Kind("Factur-X", PDF, FACTURX, FRANCE, "BinaryContent", "application/pdf", short="factur-x"),
    Kind("EDIFACT in UTF-8", EDI, INVOIC, EB2B, "TextContent", "application/EDIFACT", short="edifact-invoice"),
    Kind("EDIFACT with CRLF", EDI.replace(b"\n", b"\r\n"), INVOIC, EB2B, "TextContent", "application/EDIFACT", short="edifact-invoice"),
    Kind("EDIFACT in Latin-1", LATIN, INVOIC, EB2B, "BinaryContent", "application/EDIFACT", "ISO-8859-1"),
    Kind("X12", ISA, X12, ORDER, "TextContent", "application/EDI-X12", short="x12-order-eb2b-extension"),
    Kind("a ZIP, agreed on", ZIP, BILATERAL, ONEWAY, "BinaryContent", "application/zip", more=["--mime-type", "application/zip"]),
    Kind("Factur-X of 5 MB", PDF + os.urandom(5 << 20), FACTURX, FRANCE, "BinaryContent", "application/pdf", short="factur-x"),
]


# ---- phase4 sends to the service ----


def sidecar(lab, as4_id):
    folder = lab.net + "/ap2/inbox"
    def look():
        for f in [f for f in os.listdir(folder) if f.endswith(".json")]:
            side = json.load(open(os.path.join(folder, f)))
            if side["as4_id"] == as4_id:
                return side, folder
    return until(look, 60) or ({}, folder)


def handed_over(lab, as4_id):
    side, folder = sidecar(lab, as4_id)
    names = [f for f in os.listdir(folder) if f.startswith(side.get("id", "?")) and not f.endswith(".json")]
    return side, b"".join(open(os.path.join(folder, f), "rb").read() for f in names), names


def from_phase4(lab):
    peer.way = "phase4 to aviso"
    sender = peer.Sender(lab.net + "/pki")
    url = ["--url", f"https://localhost:{lab.port('ap2')}/as4", "--to", BUYER]
    for k in KINDS:
        lines, _ = sender.send(*url, "--file", k.write(lab), *k.phase4())
        ok = len(lines) == 1 and lines[0]["ok"] and lines[0]["nrr"] == "ok"
        side, got, names = handed_over(lab, lines[0]["messageId"]) if ok else ({}, b"", [])
        result(f"{k.name} | receipted, {k.element}: {k.mime}, byte for byte", ok and got == k.data and side["media_type"] == k.mime
               and side.get("encoding") == k.encoding and side["sha256"] == hashlib.sha256(k.data).hexdigest(), (lines, side, names, got[:200]))
    row("... file names of what was handed over", ", ".join(sorted({os.path.splitext(f)[1] for f in os.listdir(lab.net + "/ap2/inbox")})),
        ".edi, .json, .pdf, .x12, .zip")
    pdf = KINDS[0]
    for broken in ("content-mime", "content-base64", "content-empty", "content-element"):
        kept = len(lab.json(2, "list", "--inbound"))
        lines, _ = sender.send(*url, "--file", pdf.write(lab), *pdf.phase4(), "--break", broken)
        codes = [e["code"] for e in lines[0]["errors"]]
        row(f"BinaryContent, {broken[8:]} wrong", f"{', '.join(codes)}, {len(lab.json(2, 'list', '--inbound')) - kept} kept", "EBMS:0004, 0 kept")
    lines, _ = sender.send(*url, "--file", pdf.write(lab), *pdf.phase4()[:2], "--doctype", "urn:peppol:doctype:pdf+xml##eb2b:factur-x:1.0::0",
                           "--process", EB2B, "--standard", "urn:peppol:doctype:pdf+xml", "--type", "factur-x", "--type-version", "0")
    row("a hybrid invoice that its record does not take", ", ".join(e["code"] + " " + e["detail"] for e in lines[0]["errors"]), "EBMS:0004 PEPPOL:NOT_SERVICED")
    sender.close()


# ---- the service sends to phase4 ----


def register(lab, url):
    with open(lab.net + "/registry.tsv", "a") as f:
        for doctype, process in sorted({(k.doctype, k.process) for k in KINDS} | {(MLR, "urn:fdc:peppol.eu:poacc:bis:mlr:3")}):
            f.write("\t".join([BUYER, "busdox-docid-qns::" + doctype, "cenbii-procid-ubl::" + process, url, lab.net + "/pki/ap2.pem"]) + "\n")


def read_by_phase4(phase4, before):
    new = {f: b for f, b in phase4.stored().items() if f not in before}
    content = [b for f, b in new.items() if f.endswith(".content")]
    head, _, data = (content or [b"\n"])[0].partition(b"\n")
    return head.decode(), data


def told(lab, phase4):
    """XML that does not say what it is."""
    path = os.path.join(lab.dir, "told.xml")
    before = phase4.stored()
    open(path, "wb").write(MLR_XML)
    r = lab.ap(1, "send", path, *PARTIES, "--doctype", "mlr", "--set", "validate.on_send=no", "--wait")
    new = [b for f, b in phase4.stored().items() if f not in before]
    result("XML whose type is told | receipted, the same bytes in the envelope", r.returncode == 0 and len(new) == 1 and MLR_XML in new[0], (r.stderr, new))
    # peppol-sbdh wants Standard to be the root's namespace and the begin of the type's identifier: here that cannot be
    open(path, "wb").write(XML)
    lab.ap(1, "send", path, *PARTIES, "--doctype", BILATERAL, "--wait=5s")
    s = lab.json(1, "status", lab.json(1, "list")[0]["id"])[0]
    row("XML by agreement", f"{s['state']}, {s['attempts'][0]['result']}: " + "".join(re.findall(r"invalid-\w+", json.dumps(s["error"]))), "WAITING, error: invalid-standard")


def to_phase4(lab):
    peer.way = "aviso to phase4"
    phase4 = peer.Receiver(lab.net + "/pki", os.path.join(lab.dir, "stored"), [BUYER], tls=True)
    try:
        register(lab, f"https://localhost:{phase4.port}/as4")
        for k in KINDS:
            before = phase4.stored()
            r = lab.ap(1, "send", k.write(lab), *PARTIES, *k.ours(), "--wait")
            head, data = read_by_phase4(phase4, before)
            result(f"{k.name} | receipted, peppol-sbdh reads {k.element}: {k.mime}, the same bytes", r.returncode == 0 and data == k.data
                   and head == f"{k.element} {k.mime} {k.encoding or 'null'}", (r.returncode, r.stderr, head, len(data), data[:200]))
        told(lab, phase4)
    finally:
        phase4.kill()


peer.build_phase4()
with Lab() as lab:
    subprocess.run([TOP + "/certs/make-pki", "--java", lab.net + "/pki"], check=True, capture_output=True)
    services = [x for d, p in sorted({(k.doctype, k.process) for k in KINDS}) for x in ("--doctype", f"{d} {p}")]
    r = lab.ap(2, "participant", "add", BUYER, "--country", "BE", *services)
    if r.returncode:
        raise SystemExit(r.stderr)
    from_phase4(lab)
    to_phase4(lab)
sys.exit(1 if peer.failures else 0)
