#!/usr/bin/env python3
"""aviso participant publish|unpublish|check against the testnet's SMP, and against one that refuses in each way."""
import base64, http.server, os, sys, threading
sys.path.insert(0, os.path.join(os.environ.get("TOP", "."), "tests/support"))
from lab import *

THIRD = "0208:0999999922"
ORDER = "urn:oasis:names:specification:ubl:schema:xsd:Order-2::Order##urn:fdc:peppol.eu:poacc:trns:order:3::2.1"
ORDERING = "urn:fdc:peppol.eu:poacc:bis:ordering:3"
INVOICE_ID = ("urn:oasis:names:specification:ubl:schema:xsd:Invoice-2::Invoice##urn:cen.eu:en16931:2017#compliant"
              "#urn:fdc:peppol.eu:2017:poacc:billing:3.0::2.1")
SMP_NS, IDS_NS = "http://busdox.org/serviceMetadata/publishing/1.0/", "http://busdox.org/transport/identifiers/1.0/"


def registry(lab):
    return open(lab.net + "/registry.tsv").read()


def pct(text):
    return "".join(c if c.isalnum() or c in "-._~" else "".join(f"%{b:02X}" for b in c.encode()) for c in text)


def path(participant, doctype=None):
    p = "/" + pct("iso6523-actorid-upis::" + participant)
    return p + "/services/" + pct("busdox-docid-qns::" + doctype) if doctype else p


def curl(lab, method, where, body=None, auth=None):
    """Status of a request by an independent client."""
    cmd = ["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "--cacert", lab.net + "/pki/tlsca.pem", "-X", method]
    cmd += ["-H", "Authorization: " + auth] if auth else []
    cmd += ["-H", "Content-Type: application/xml", "--data-binary", "@-"] if body is not None else []
    r = subprocess.run(cmd + [f"https://localhost:{lab.port('smp')}{where}"], input=body, capture_output=True, text=True)
    return int(r.stdout or 0)


def secret(lab, ap):
    return open(f"{lab.net}/{ap}.secret").read()


def basic(lab, user="ap1", password=None):
    return "Basic " + base64.b64encode(f"{user}:{password or secret(lab, user)}".encode()).decode()


def group(participant):
    return (f'<ServiceGroup xmlns="{SMP_NS}" xmlns:i="{IDS_NS}"><i:ParticipantIdentifier scheme="iso6523-actorid-upis">'
            f"{participant}</i:ParticipantIdentifier><ServiceMetadataReferenceCollection/></ServiceGroup>")


def endpoint(url, cert, profile="peppol-transport-as4-v2_0", more=""):
    return (f'<Endpoint transportProfile="{profile}"><EndpointReference xmlns="http://www.w3.org/2005/08/addressing"><Address>{url}'
            f"</Address></EndpointReference><RequireBusinessLevelSignature>false</RequireBusinessLevelSignature>{more}"
            f"<Certificate>{cert}</Certificate><ServiceDescription>theirs</ServiceDescription>"
            "<TechnicalContactUrl>https://their.example</TechnicalContactUrl><Extension><x xmlns=''>kept</x></Extension></Endpoint>")


def metadata(participant, doctype, processes):
    text = "".join(f'<Process><i:ProcessIdentifier scheme="cenbii-procid-ubl">{p}</i:ProcessIdentifier><ServiceEndpointList>{eps}'
                   "</ServiceEndpointList></Process>" for p, eps in processes)
    return (f'<ServiceMetadata xmlns="{SMP_NS}" xmlns:i="{IDS_NS}"><ServiceInformation><i:ParticipantIdentifier '
            f'scheme="iso6523-actorid-upis">{participant}</i:ParticipantIdentifier><i:DocumentIdentifier scheme="busdox-docid-qns">'
            f"{doctype}</i:DocumentIdentifier><ProcessList>{text}</ProcessList></ServiceInformation></ServiceMetadata>")


def cert(lab, name):
    pem = open(f"{lab.net}/pki/{name}.pem").read()
    return "".join(l for l in pem[pem.index("-----BEGIN CERT"):].splitlines() if "-----" not in l)


def check(lab, participant, ap=1):
    r = lab.ap(ap, "participant", "check", participant, "--json")
    return r.returncode, json.loads(r.stdout or "{}")


def verdicts(o):
    return sorted((s["name"] or s["process"], s["verdict"]) for s in o.get("services", []))


def usage(lab):
    for args in (("publish",), ("publish", SUPPLIER, "--all"), ("publish", SUPPLIER, "--wait", "soon"), ("unpublish",)):
        say(lab.ap(1, "participant", *args).returncode == 64, "wrong usage: " + " ".join(args))
    r = lab.ap(1, "participant", "publish", THIRD)
    say(r.returncode == 77 and "participant.unknown" in r.stderr, "nobody of ours is not published", (r.returncode, r.stderr))
    r = lab.ap(1, "participant", "publish", "wat")
    say(r.returncode == 65 and "id.participant" in r.stderr, "a malformed identifier", (r.returncode, r.stderr))
    for option, value, name in (("smp.url", "", "config.missing"), ("smp.secret_file", "", "config.missing"),
                                ("smp.secret_file", "/nonexistent", "io.missing"), ("smp.secret_file", "/dev/null", "publish.secret"),
                                ("smp.user", "a:b", "config.value"), ("listen.public_url", "", "config.missing")):
        r = lab.ap(1, "participant", "publish", SUPPLIER, "--set", f"{option}={value}")
        say(r.returncode in (66, 78) and name in r.stderr, f"{option} = {value or 'nothing'}: {name}", (r.returncode, r.stderr))
    r = lab.ap(1, "participant", "publish", SUPPLIER, "--certificate", "00ff")
    say(r.returncode == 78 and "key.none" in r.stderr, "a key that is not ours", (r.returncode, r.stderr))
    r = lab.ap(1, "participant", "publish", SUPPLIER, "--set", "smp.url=http://192.0.2.1/")
    say("http.egress" in r.stderr, "no credentials in clear but to this machine", r.stderr)


def first(lab):
    code, o = check(lab, SUPPLIER)
    say(code == 0 and o["same"] and o["in_sml"] and verdicts(o) == [("credit-note", "same"), ("invoice", "same")], "what testnet up made is the same", o)
    before = registry(lab)
    r = lab.ap(1, "participant", "publish", "--all", "--json")
    say(r.returncode == 0 and json.loads(r.stdout)["changes"] == 0 and registry(lab) == before, "publishing it again changes nothing", r.stdout)

    lab.ap(1, "participant", "add", THIRD, "--country", "BE", "--doctype", "invoice", "--doctype", f"{ORDER} {ORDERING}")
    code, o = check(lab, THIRD)
    say(code == 1 and not o["in_sml"] and not o["in_smp"] and verdicts(o) == [("invoice", "missing"), ("order", "missing")], "a new one is missing", (code, o))
    text = lab.ap(1, "participant", "check", THIRD).stdout
    say("not in the SML" in text and "missing      invoice" in text, "... in words too", text)
    r = lab.ap(1, "participant", "publish", THIRD, "--dry-run")
    say(r.returncode == 0 and "would add    invoice" in r.stdout and THIRD not in registry(lab), "a dry run tells and does nothing", r.stdout + r.stderr)
    taken_out(lab)
    r = lab.ap(1, "participant", "publish", THIRD)
    say(r.returncode == 0 and "added        invoice" in r.stdout and "verified" in r.stdout, "it is added and verified", r.stdout + r.stderr)
    say(lab.ap(2, "lookup", THIRD, "--doctype", "invoice").returncode == 0, "the other access point finds it: SML, signature, endpoint")
    code, o = check(lab, THIRD)
    say(code == 0 and o["same"] and o["smp_signer"] == "PSM000001", "check: the same", o)
    before = registry(lab)
    r = lab.ap(1, "participant", "publish", THIRD, "--json")
    say(r.returncode == 0 and json.loads(r.stdout)["changes"] == 0 and registry(lab) == before, "twice is no change", r.stdout)
    r = lab.ap(2, "participant", "check", THIRD)
    say(r.returncode == 77, "the other access point has no such participant", r.stderr)


def taken_out(lab):
    """A later code list has taken the type out: what is published stays, but it is not published anew."""
    data = os.path.join(lab.dir, "later")
    os.makedirs(data + "/codelists")
    for name in os.listdir(os.environ["AVISO_DATA"]):
        if name != "codelists":
            os.symlink(os.path.join(os.environ["AVISO_DATA"], name), os.path.join(data, name))
    lists = os.path.join(os.environ["AVISO_DATA"], "codelists")
    old = open(next(os.path.join(lists, n) for n in os.listdir(lists) if n.startswith("document-types"))).read()
    row = next(r for r in re.findall(r"<document-type [^>]*>", old) if INVOICE_ID in r)
    new = re.sub(r'(<document-types version=)"[^"]*"', r'\1"99.0"', old).replace(row, row.replace('state="active"', 'state="removed" removal-date="2026-01-31"'))
    open(data + "/codelists/later.xml", "w").write(new)
    later = ("--set", "ap.data_dir=" + data)
    r = lab.ap(1, "participant", "publish", SUPPLIER, *later)
    say(r.returncode == 0 and "same         invoice" in r.stdout, "a type that was taken out of the code list stays published", r.stdout + r.stderr)
    r = lab.ap(1, "participant", "publish", THIRD, *later)
    say(r.returncode == 65 and "code.removed" in r.stderr and "list 99.0 on 2026-01-31" in r.stderr and THIRD not in registry(lab), "... and is not published anew", r.stdout + r.stderr)


def differences(lab):
    url = f"https://localhost:{lab.port('ap1')}/as4"
    other = f"https://localhost:{lab.port('ap2')}/as4"
    billing = next(s["process"] for s in check(lab, THIRD)[1]["services"] if s["name"] == "invoice")
    put = lambda *p: curl(lab, "PUT", path(THIRD, INVOICE_ID), metadata(THIRD, INVOICE_ID, p), basic(lab))
    of = lambda o, v: [s for s in o["services"] if s["verdict"] == v]
    publish = lambda *a: lab.ap(1, "participant", "publish", THIRD, *a)

    # everything beside our endpoint stays as it is
    put((billing, endpoint("https://old.example/as4", cert(lab, "expired"), more="<ServiceExpirationDate>2020-01-01T00:00:00Z</ServiceExpirationDate>") +
         endpoint("https://as2.example", "AAAA", "busdox-transport-as2-ver1p0")), ("urn:other", endpoint(other, cert(lab, "ap2"))))
    code, o = check(lab, THIRD)
    d = of(o, "differs")
    say(code == 1 and d and d[0]["differences"] == ["url", "certificate", "dates"] and d[0]["access_point"] == "POP000001",
        "an old entry of our seat: URL, certificate and dates differ", o)
    say([s["process"] for s in of(o, "not-held")] == ["urn:other"], "what we do not hold is shown", o)
    r = publish()
    text = open(glob1(lab, THIRD, INVOICE_ID)).read()
    say(r.returncode == 0 and "changed      invoice" in r.stdout and url in text and "old.example" not in text and "ExpirationDate" not in text,
        "it is mended in place", r.stdout + r.stderr)
    say(text.count("kept") == 3 and "as2.example" in text and "urn:other" in text, "extensions, other transports, other processes are kept", text)
    say(check(lab, THIRD)[0] == 1, "what we do not hold is still a difference")
    r = publish("--remove")
    text = open(glob1(lab, THIRD, INVOICE_ID)).read()
    say(r.returncode == 0 and "removed      " in r.stdout and "urn:other" not in text and "as2.example" in text, "--remove takes it out", r.stdout + r.stderr)

    put((billing, endpoint(other, cert(lab, "ap2"))))
    code, o = check(lab, THIRD)
    say(code == 1 and of(o, "other-ap") and of(o, "other-ap")[0]["access_point"] == "POP000002", "another access point is named", o)
    r = publish()
    say(r.returncode == 1 and "publish.other-ap" in r.stderr and "--replace" in r.stderr and other in registry_text(lab), "... and not overwritten", r.stderr)
    r = publish("--replace")
    say(r.returncode == 0 and check(lab, THIRD)[0] == 0, "... but with --replace", r.stdout + r.stderr)

    curl(lab, "PUT", path(THIRD, INVOICE_ID), f'<ServiceMetadata xmlns="{SMP_NS}"><Redirect href="https://localhost:{lab.port("smp")}{path(BUYER, INVOICE_ID)}">'
         "<CertificateUID>PSM000001</CertificateUID></Redirect></ServiceMetadata>", basic(lab))
    r = publish()
    say(r.returncode == 1 and "publish.redirected" in r.stderr and check(lab, THIRD)[1]["services"][0]["redirect"], "a redirect is told, not replaced", r.stderr)
    curl(lab, "DELETE", path(THIRD, INVOICE_ID), auth=basic(lab))
    r = publish()
    say(r.returncode == 0 and "added        invoice" in r.stdout and "same         order" in r.stdout, "only what is missing is added", r.stdout + r.stderr)

    lab.ap(1, "participant", "disable", THIRD)
    r = lab.ap(1, "participant", "check")
    say(r.returncode == 1 and "disabled     here" in r.stdout and r.stdout.count("not-held") == 2, "published though disabled: told", r.stdout)
    r = publish()
    say(r.returncode == 77 and "participant.disabled" in r.stderr, "... and not published again", r.stderr)
    r = lab.ap(1, "participant", "unpublish", THIRD, "--dry-run")
    say(r.stdout.count("would remove") == 3 and "left alone" not in r.stdout, "... but may be unpublished", r.stdout)
    lab.ap(1, "participant", "disable", THIRD, "--enable")

    lab.ap(1, "participant", "add", SUPPLIER, "--country", "BE")
    r = lab.ap(1, "participant", "publish", SUPPLIER)
    say(r.returncode == 65 and "publish.nothing" in r.stderr, "a record without document types cannot be published", r.stderr)
    say(check(lab, SUPPLIER)[0] == 0, "... but takes all that is published")
    lab.ap(1, "participant", "add", SUPPLIER, "--country", "BE", "--doctype", "urn:x::Y##urn:unlisted::1")
    r = lab.ap(1, "participant", "publish", SUPPLIER)
    say(r.returncode == 65 and "publish.no-process" in r.stderr, "nor a type without process", r.stderr)


def glob1(lab, participant, doctype):
    """The file in which the SMP keeps what was PUT."""
    line = next(l for l in registry(lab).splitlines() if l.startswith(participant + "\tbusdox-docid-qns::" + doctype + "\t"))
    return lab.net + "/" + line.split("@")[1]


def registry_text(lab):
    return open(glob1(lab, THIRD, INVOICE_ID)).read()


def authority(lab):
    for auth, status in ((None, 401), ("Bearer wrong", 401), (basic(lab, "ap1", "wrong"), 401), ("Negotiate x", 401), (basic(lab, "nobody", "x"), 401)):
        say(curl(lab, "PUT", path(THIRD), group(THIRD), auth) == status, f"the SMP answers {status} to {auth and auth.split()[0]}")
    say(curl(lab, "DELETE", path(THIRD), auth="Bearer " + secret(lab, "ap2")) == 403, "... 403 to another user")
    say(curl(lab, "PUT", path("0208:1"), group(THIRD), basic(lab)) == 400, "... 400 when URL and body differ")
    say(curl(lab, "PUT", path("0208:1", INVOICE_ID), metadata("0208:1", INVOICE_ID, []), basic(lab)) == 404, "... 404 to a type of nobody")
    say(curl(lab, "PUT", path(THIRD, INVOICE_ID), metadata(THIRD, INVOICE_ID, []), basic(lab)) == 400, "... 400 to no process")
    say(curl(lab, "PUT", path(THIRD, INVOICE_ID), "<x", basic(lab)) == 400, "... 400 to broken XML")
    say(curl(lab, "POST", path(THIRD), "x", basic(lab)) == 405, "... 405 to another method")
    say(curl(lab, "PUT", path(THIRD), "x" * 1100000, basic(lab)) == 413, "... 413 to too much")
    lab.ap(2, "participant", "add", THIRD, "--country", "BE", "--doctype", "invoice")
    r = lab.ap(2, "participant", "publish", THIRD, "--replace")
    say(r.returncode == 77 and "publish.forbidden" in r.stderr and "another user" in r.stderr, "another owner: publish.forbidden, with the SMP's words", r.stderr)
    r = lab.ap(1, "participant", "publish", THIRD, "--set", f"smp.secret_file={lab.net}/ap2.secret", "--replace", "--set", "listen.public_url=https://localhost/x")
    say(r.returncode == 78 and "publish.credentials" in r.stderr, "wrong password: publish.credentials", r.stderr)


def roll_over(lab):
    """Import, publish, activate: the next certificate is published before it signs."""
    serial = {n: subprocess.run(["openssl", "x509", "-in", f"{lab.net}/pki/{n}.pem", "-noout", "-serial"], capture_output=True,
                                text=True).stdout.strip().split("=")[1].lower() for n in ("ap1", "ap1next")}
    service = lab.serve(1)
    os.kill(launcher(service.pid), signal.SIGKILL)  # so that it cannot take up the key
    r = lab.ap(1, "keys", "import", lab.net + "/pki/ap1next.pem", "--key", lab.net + "/pki/ap1next.key")
    say(r.returncode == 78 and "key.process" in r.stderr and "on disk" in r.stderr, "import tells that the service could not take up the key", r.stderr)
    code, o = check(lab, THIRD)
    say(code == 1 and all(s["differences"] == ["old-certificate"] for s in o["services"]) and o["certificate"] == serial["ap1next"],
        "after import the next certificate is to be published", o)
    r = lab.ap(1, "doctor", "smp", "--json")
    found = [c for c in json.loads(r.stdout)["checks"] if c["check"] == "smp"]
    say(any(c["verdict"] == "yellow" and "participant publish" in c["next"] for c in found), "doctor says so, and how", found)
    r = lab.ap(1, "participant", "publish", THIRD)
    say(r.returncode == 78 and "publish.key-not-loaded" in r.stderr, "not before the service decrypts with it", r.stderr)
    lab.end(service)
    service = lab.serve(1)
    r = lab.ap(1, "participant", "publish", THIRD)
    say(r.returncode == 0 and r.stdout.count("changed ") == 2, "after a restart it is published", r.stdout + r.stderr)
    r = lab.ap(2, "send", lab.invoice("ROLL-1"), "--from", BUYER, "--to", THIRD, "--wait", "--json")
    say(r.returncode == 0, "what is sent meanwhile is receipted", r.stdout + r.stderr)
    lab.ap(1, "keys", "activate", serial["ap1next"])
    say(check(lab, THIRD)[0] == 0, "after activate it stays the one to be published")
    r = lab.ap(1, "participant", "publish", THIRD, "--certificate", serial["ap1"].upper())
    say(r.returncode == 0 and check(lab, THIRD)[0] == 1, "the old one by request", r.stdout + r.stderr)
    lab.ap(1, "participant", "publish", THIRD)
    return service


def removal(lab, service):
    r = lab.ap(1, "participant", "unpublish", THIRD)
    say(r.returncode == 64 and "--yes" in r.stderr, "unpublish asks", r.stderr)
    say("1 received documents are not handed over" in r.stderr, "... and warns of what is under way", r.stderr)
    r = lab.ap(1, "participant", "unpublish", THIRD, "--dry-run")
    say(r.returncode == 0 and "would remove" in r.stdout and check(lab, THIRD)[0] == 0, "a dry run tells only", r.stdout)
    curl(lab, "PUT", path(THIRD, ORDER), metadata(THIRD, ORDER, [(ORDERING, endpoint("https://x.example/", cert(lab, "ap2")))]), basic(lab))
    r = lab.ap(1, "participant", "unpublish", THIRD, "--yes")
    code, o = check(lab, THIRD)
    say(r.returncode == 0 and verdicts(o) == [("invoice", "missing"), ("order", "other-ap")] and o["in_sml"], "what is another's stays, and the participant with it", o)
    r = lab.ap(1, "participant", "unpublish", THIRD, "--yes", "--remove")
    code, o = check(lab, THIRD)
    say(r.returncode == 0 and not o["in_smp"] and not o["in_sml"] and THIRD not in registry(lab), "with --remove all goes, from the SML too", r.stdout + str(o))
    r = lab.ap(1, "participant", "unpublish", THIRD, "--yes", "--json")
    say(r.returncode == 0 and json.loads(r.stdout)["changes"] == 0, "twice is no change", r.stdout)
    lab.end(service)


class Refuser(http.server.BaseHTTPRequestHandler):
    """An SMP that knows nobody and answers changes as told."""
    answer, seen = (200, ""), []

    def log_message(self, *_):
        pass

    def do(self):
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        status, text = Refuser.answer if self.command != "GET" else (404, "")
        Refuser.seen.append((self.command, self.path, self.headers.get("Authorization"), status))
        if status == 0:
            self.connection.close()
            return
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    do_GET = do_PUT = do_DELETE = do


def refusals(lab):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Refuser)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    flags = ("--set", f"smp.url=http://localhost:{server.server_address[1]}/smp/", "--no-verify")
    for status, text, code, what, part in (
            (400, "Service Group Inconsistency", 1, "publish.refused", "Service Group Inconsistency"),
            (401, "", 78, "publish.credentials", "class  permanent"), (403, "User x does not own y", 77, "publish.forbidden", "does not own"),
            (404, "<html>", 1, "publish.unknown", "smp.url"), (405, "", 1, "publish.read-only", "smp.url"), (409, "", 1, "publish.conflict", "migrated"),
            (412, "The writable REST API is disabled", 1, "publish.read-only", "is disabled"), (302, "", 78, "publish.url", "smp.url"),
            (429, "", 69, "publish.failed", "class  transient"), (500, "SML", 69, "publish.failed", "class  transient"), (503, "", 69, "publish.failed", "again"),
            (0, "", 75, "http.reset", "run it again")):
        Refuser.answer = (status, text)
        r = lab.ap(1, "participant", "publish", THIRD, *flags)
        say(r.returncode == code and what in r.stderr and part in r.stderr and "who    SMP localhost" in r.stderr and "where  SMP http" in r.stderr,
            f"HTTP {status or 'broken'}: {what}", (r.returncode, r.stderr))
    Refuser.answer, Refuser.seen = (200, ""), []
    r = lab.ap(1, "participant", "publish", THIRD, *flags, "--json")
    o = json.loads(r.stdout)
    say(r.returncode == 0 and o["verified"] == "not asked" and o["changes"] == 3, "taken: group and two document types", r.stdout)
    say([x[0] for x in Refuser.seen if x[0] != "GET"] == ["PUT"] * 3 and Refuser.seen[0][1] == "/smp" + path(THIRD), "one PUT each, the group first", Refuser.seen)
    say(all(x[2] is None for x in Refuser.seen if x[0] == "GET") and Refuser.seen[-1][2] == basic(lab), "credentials go with changes only", Refuser.seen)
    Refuser.seen = []
    lab.ap(1, "participant", "publish", THIRD, *flags, "--set", "smp.user=")
    say(Refuser.seen[-1][2] == "Bearer " + secret(lab, "ap1"), "without a user it is a bearer token", Refuser.seen)
    token = "one two three"
    open(lab.dir + "/token", "w").write(token)
    for text in ("Unknown user '{BearerToken}%s'", "x" * 100 + " %s", "%s"):
        Refuser.answer = (403, text % token)
        r = lab.ap(1, "participant", "publish", THIRD, *flags, "--set", "smp.user=", "--set", f"smp.secret_file={lab.dir}/token")
        say(r.returncode == 77 and "it says: " + text % "*" in r.stderr and token[:3] not in r.stderr, "a token that the SMP repeats is not told on", r.stderr)
    Refuser.answer = (200, "")
    r = lab.ap(1, "participant", "publish", THIRD, *flags[:2], "--wait", "1s", "--json")
    last = json.loads(r.stdout.splitlines()[-1])
    say(r.returncode == 75 and last["error"]["what"] == "publish.not-visible", "what is not served afterwards: exit 75", r.stdout)
    server.shutdown()
    server.server_close()
    r = lab.ap(1, "participant", "publish", THIRD, *flags)
    say(r.returncode == 69 and "http.connect" in r.stderr, "a dead SMP is unreachable", r.stderr)


with Lab() as lab:
    usage(lab)
    first(lab)
    differences(lab)
    authority(lab)
    service = roll_over(lab)
    removal(lab, service)
    refusals(lab)
done()
