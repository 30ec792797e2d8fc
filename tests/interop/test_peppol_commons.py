#!/usr/bin/env python3
"""Peppol's SMP data made and read by peppol-commons (Java): our lookup takes every kind of signed metadata that it makes and refuses
each one changed afterwards; its client registers a participant at the testnet's SMP, and reads what we publish there."""
import http.server, os, ssl, sys, threading

sys.dont_write_bytecode = True
TOP = os.environ.get("TOP", ".")
sys.path[:0] = [os.path.join(TOP, "tests/support"), os.path.join(TOP, "tests/interop")]
import peer
from lab import *

PINT = "0208:0999999955"
PROCESS = "urn:fdc:peppol.eu:2017:poacc:billing:01:1.0"
INVOICE_ID = ("busdox-docid-qns::urn:oasis:names:specification:ubl:schema:xsd:Invoice-2::Invoice##urn:cen.eu:en16931:2017#compliant"
              "#urn:fdc:peppol.eu:2017:poacc:billing:3.0::2.1")
ROOT = "peppol-doctype-wildcard::urn:oasis:names:specification:ubl:schema:xsd:Invoice-2::Invoice##urn:peppol:pint:billing-1"
REFUSED = {"tampered": "smp.signature", "refused": "smp.signature", "untrusted": "smp.untrusted", "expired": "endpoint.expired",
           "inactive": "endpoint.not-active"}


def java(lab, do, *args, participant=BUYER, doctype=INVOICE_ID, process=PROCESS, url=None, smp=None):
    cmd = [os.path.join(peer.PHASE4, "run-smp.sh"), "--do", do, "--pki", lab.net + "/pki", "--participant", participant, "--doctype", doctype,
           "--process", process, "--url", url or f"https://localhost:{lab.port('ap2')}/as4", "--smp", smp or f"https://localhost:{lab.port('smp')}", *args]
    r = subprocess.run(cmd, capture_output=True, text=True, timeout=300)
    if r.returncode:
        raise SystemExit(r.stdout + r.stderr[-3000:])
    return r.stdout.splitlines()


class Smp(http.server.ThreadingHTTPServer):
    """An SMP that serves files as they are, in the place of the testnet's; it lists nothing."""

    def __init__(self, lab):
        smp = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def log_message(self, *_):
                pass

            def do_GET(self):
                text = smp.redirected if self.path == "/redirected" else smp.files.get(self.path.rpartition("/services/")[2])
                self.send_response(200 if text else 404)
                self.send_header("Content-Type", "text/xml")
                self.send_header("Content-Length", str(len(text or b"")))
                self.end_headers()
                self.wfile.write(text or b"")

        super().__init__(("127.0.0.1", 0), Handler)
        self.files, self.redirected = {}, b""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(lab.net + "/pki/tls.chain.pem", lab.net + "/pki/tls.key")
        self.socket = context.wrap_socket(self.socket, server_side=True)
        threading.Thread(target=self.serve_forever, daemon=True).start()
        conf = open(lab.conf(1)).read()
        self.to = re.search("connect_to = (.*)", conf).group(1) + f",localhost:{lab.port('smp')}:127.0.0.1:{self.server_address[1]}"


def segment(doctype):
    return "".join(c if c.isalnum() or c in "-._~" else f"%{ord(c):02X}" for c in doctype)


def look(lab, smp, participant=BUYER, doctype="invoice", *args):
    r = lab.ap(1, "lookup", participant, "--doctype", doctype, *args, "--json", "--set", "lookup.connect_to=" + smp.to)
    return r.returncode, json.loads(r.stdout)


def kinds(lab, smp, files):
    url = f"https://localhost:{lab.port('ap2')}/as4"
    for name, text in sorted(files.items()):
        kind = name.split("-")[0]
        smp.files = {segment(INVOICE_ID): text}
        code, o = look(lab, smp)
        got = o.get("error", {}).get("what", "")
        if kind == "good":
            say(code == 0 and o["endpoint"]["url"] == url and o["endpoint"]["seat"] == "POP000002", "taken: " + name[5:], o)
        elif kind in REFUSED:
            say(code and got == REFUSED[kind], f"{REFUSED[kind]}: {name.split('-', 1)[1]}" + " (tampered)" * (kind == "tampered"), (code, got))
    for name, what in (("no-as4", "endpoint.no-as4"), ("no-process", "process.not-supported"), ("redirect-plain-http", "smp.redirect")):
        smp.files = {segment(INVOICE_ID): files[name]}
        say(look(lab, smp)[1].get("error", {}).get("what") == what, f"{what}: {name}")


def redirects(lab, smp, files):
    smp.files = {segment(INVOICE_ID): files["redirect-once"]}
    for name, what in (("good-as-specified", None), ("tampered-good-as-specified", "smp.signature"), ("redirect-once", "smp.redirect"),
                       ("untrusted-access-point", "smp.untrusted")):
        smp.redirected = files[name]
        code, o = look(lab, smp)
        say(o.get("error", {}).get("what") == what, f"redirected to {name}: {what or 'followed'}", o.get("error"))


def wildcards(lab, smp):
    process = "urn:peppol:bis:billing"
    wanted = ROOT + "@eu-1::2.1"
    lab.register(PINT, "https://localhost/unused")
    for name, registered in (("exact", ROOT + "@eu-1::2.1"), ("longest wildcard", ROOT + "@eu-1*::2.1"), ("wildcard", ROOT + "*::2.1")):
        out = os.path.join(lab.dir, name.replace(" ", "-"))
        os.makedirs(out)
        java(lab, "make", "--dir", out, participant=PINT, doctype=registered, process=process)
        smp.files = {segment(registered): open(out + "/good-as-specified.xml", "rb").read(), **smp.files}
        code, o = look(lab, smp, PINT, wanted, "--process", process)
        say(code == 0 and o["endpoint"]["registered"].endswith(registered.split("::", 1)[1]), f"PINT: found by {name}", o)
        smp.files = {k: v for k, v in smp.files.items() if k != segment(registered)}


def rest(lab):
    other = "0208:0999999966"
    secret = open(lab.net + "/ap2.secret").read()
    for line in java(lab, "client", "--user", "ap2", "--password", secret, participant=other):
        print("client: " + line if not line.startswith(("ok ", "not ok ")) else line.replace("ok ", "ok its client: ", 1))
        peer.failures += line.startswith("not ok ")
    java(lab, "client", "--keep", "--user", "ap2", "--password", secret, participant=other)
    lab.ap(2, "participant", "add", other, "--country", "BE", "--doctype", "invoice")
    r = lab.ap(2, "participant", "check", other)
    say(r.returncode == 0, "what its client published is the same for participant check", r.stdout + r.stderr)
    r = lab.ap(2, "participant", "publish", SUPPLIER)
    lab.ap(1, "participant", "unpublish", SUPPLIER, "--yes")
    r = lab.ap(1, "participant", "publish", SUPPLIER)
    say(r.returncode == 0, "(we publish)", r.stderr)
    for line in java(lab, "read", participant=SUPPLIER, url=f"https://localhost:{lab.port('ap1')}/as4"):
        print(line.replace("ok ", "ok its client: ", 1))
        peer.failures += line.startswith("not ok ")


peer.build_phase4()
with Lab() as lab:
    subprocess.run([TOP + "/certs/make-pki", "--java", lab.net + "/pki"], check=True, capture_output=True)
    subprocess.run(["openssl", "pkcs12", "-export", "-name", "cert", "-inkey", lab.net + "/pki/roguesmp.key", "-in", lab.net + "/pki/roguesmp.chain.pem",
                    "-passout", "pass:peppol", "-out", lab.net + "/pki/roguesmp.p12"], check=True, capture_output=True)
    out = os.path.join(lab.dir, "made")
    os.makedirs(out)
    names = java(lab, "make", "--dir", out)
    files = {f[:-4]: open(os.path.join(out, f), "rb").read() for f in os.listdir(out)}
    say(len(names) == len(files) and len(files) >= 28, f"peppol-commons made {len(files)} documents", names)
    smp = Smp(lab)
    kinds(lab, smp, files)
    redirects(lab, smp, files)
    wildcards(lab, smp)
    rest(lab)
sys.exit(1 if peer.failures else 0) if peer.failures else done()
