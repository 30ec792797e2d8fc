#!/usr/bin/env python3
"""aviso participant publish|unpublish|check against phoss-smp (Java): what it takes, keeps, serves and signs, and what its refusals
read like. phoss-smp stands in the place of the testnet's SMP; its SML is off, so the DNS entries are the testnet's."""
import base64, os, sys

sys.dont_write_bytecode = True
TOP = os.environ.get("TOP", ".")
sys.path[:0] = [os.path.join(TOP, "tests/support"), os.path.join(TOP, "tests/interop")]
import peer
from lab import *
from peer import result, row

THIRD, PINT = "0208:0999999922", "0208:0999999955"
ORDER = "urn:oasis:names:specification:ubl:schema:xsd:Order-2::Order##urn:fdc:peppol.eu:poacc:trns:order:3::2.1"
ORDERING = "urn:fdc:peppol.eu:poacc:bis:ordering:3"
WILDCARD = "peppol-doctype-wildcard::urn:oasis:names:specification:ubl:schema:xsd:Invoice-2::Invoice##urn:peppol:pint:billing-1*::2.1"
BILLING = "urn:peppol:bis:billing"
SMP_NS, IDS_NS = "http://busdox.org/serviceMetadata/publishing/1.0/", "http://busdox.org/transport/identifiers/1.0/"
AS4, AS2 = "peppol-transport-as4-v2_0", "busdox-transport-as2-ver1p0"


def secret(lab, user):
    return open(f"{lab.net}/{user}.secret").read().strip()


def pct(text):
    return "".join(c if c.isalnum() or c in "-._~" else "".join(f"%{b:02X}" for b in c.encode()) for c in text)


def path(participant, doctype=None):
    return "/" + pct("iso6523-actorid-upis::" + participant) + ("/services/" + pct("busdox-docid-qns::" + doctype) if doctype else "")


def serial(lab, name):
    cmd = ["openssl", "x509", "-in", f"{lab.net}/pki/{name}.pem", "-noout", "-serial"]
    return subprocess.run(cmd, capture_output=True, text=True).stdout.strip().split("=")[1].lower()


def outcome(r):
    """How a command ended: exit status, and the name of its error."""
    what = re.search(r"([a-z0-9]+\.[a-z-]+): ", r.stderr)
    return f"exit {r.returncode}" + (", " + what.group(1) if what else "")


class Phoss:
    """phoss-smp with the testnet's users; the last one has a token too."""

    def __init__(self, lab, folder):
        self.lab, self.log = lab, os.path.join(lab.dir, "phoss.log")
        data = os.path.join(lab.dir, "phoss")
        os.makedirs(data)
        users = ",".join(f"{u}:{secret(lab, u)}" for u in ("ap1", "ap2"))
        self.p = subprocess.Popen([folder + "/run.sh", "--pki", lab.net + "/pki", "--data", data, "--users", users, "--token", "T0KEN-of-ap2"],
                                  stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=open(self.log, "w"), text=True)
        ready = re.match(r"ready (https://localhost:(\d+))", self.p.stdout.readline())
        if not ready:
            raise SystemExit("phoss-smp does not start: " + open(self.log).read()[-3000:])
        self.url, self.port = ready.group(1), int(ready.group(2))
        for ap in (1, 2):
            self.take_over(lab.conf(ap))

    def take_over(self, conf):
        """smp.url, and whoever the DNS sends to the testnet's SMP, is led here."""
        text = open(conf).read()
        smp = self.lab.port("smp")
        text = text.replace(f"url = https://localhost:{smp}\n", f"url = {self.url}\n")
        text = re.sub("(connect_to = .*)", rf"\1,localhost:{smp}:127.0.0.1:{self.port}", text)
        open(conf, "w").write(text)

    def is_now(self, word):
        self.p.stdin.write(word + "\n")
        self.p.stdin.flush()
        assert self.p.stdout.readline() == f"now {word}\n"

    def end(self):
        self.p.stdin.close()
        self.p.wait(30)

    def changes(self):
        """What was asked of it beside reading."""
        return re.findall(r"SMPServerAPI: .*?(PUT|DELETE) /\S+(?: ==>|$)", open(self.log).read(), re.M)

    def request(self, method, where, body=None, user="ap1", password=None, bearer=None):
        """(status, text) as an independent client sees it."""
        auth = f"Bearer {bearer}" if bearer else "Basic " + base64.b64encode(f"{user}:{password or secret(self.lab, user)}".encode()).decode()
        cmd = ["curl", "-s", "-w", "\n%{http_code}", "--cacert", self.lab.net + "/pki/tlsca.pem", "-X", method, self.url + where]
        cmd += ["-H", "Authorization: " + auth] if method != "GET" else []
        cmd += ["-H", "Content-Type: application/xml", "--data-binary", "@-"] if body is not None else []
        out = subprocess.run(cmd, input=body, capture_output=True, text=True).stdout
        text, _, status = out.rpartition("\n")
        return int(status or 0), text


class Ours:
    """Participants of the access point ap1, and what phoss-smp says of them."""

    def __init__(self, lab, smp):
        self.lab, self.smp = lab, smp

    def do(self, *args, ap=1):
        return self.lab.ap(ap, "participant", *args)

    def publish(self, participant, *args):
        return self.do("publish", participant, *args)

    def check(self, participant):
        return json.loads(self.do("check", participant, "--json").stdout or "{}")

    def verdicts(self, participant):
        return ", ".join(sorted((s["name"] or "other") + " " + s["verdict"] for s in self.check(participant)["services"]))

    def looked_up(self, participant, *args):
        """By the other access point."""
        return json.loads(self.lab.ap(2, "lookup", participant, *args, "--fresh", "--json").stdout)

    def sent(self, number):
        r = self.lab.ap(2, "send", self.lab.invoice(number), "--from", BUYER, "--to", THIRD, "--wait", "--json")
        return "receipted" if r.returncode == 0 else r.stdout + r.stderr

    def put(self, doctype, body):
        status, text = self.smp.request("PUT", path(THIRD, doctype), body)
        assert status == 200, text

    def served(self, doctype):
        return self.smp.request("GET", path(THIRD, doctype))[1]


# ---- what another operator's software would write ----


def endpoint(lab, url, cert, profile=AS4, dates=""):
    pem = open(f"{lab.net}/pki/{cert}.pem").read()
    b64 = "".join(l for l in pem[pem.index("-----BEGIN CERT"):].splitlines() if "-----" not in l)
    return (f'<Endpoint transportProfile="{profile}"><EndpointReference xmlns="http://www.w3.org/2005/08/addressing"><Address>{url}</Address>'
            f"</EndpointReference><RequireBusinessLevelSignature>false</RequireBusinessLevelSignature>{dates}<Certificate>{b64}</Certificate>"
            "<ServiceDescription>theirs</ServiceDescription><TechnicalContactUrl>https://their.example</TechnicalContactUrl>"
            "<Extension><x:more xmlns:x='urn:x'>kept</x:more></Extension></Endpoint>")


def metadata(content):
    return f'<ServiceMetadata xmlns="{SMP_NS}" xmlns:i="{IDS_NS}">{content}</ServiceMetadata>'


def information(*processes):
    text = "".join(f'<Process><i:ProcessIdentifier scheme="cenbii-procid-ubl">{p}</i:ProcessIdentifier><ServiceEndpointList>{eps}'
                   "</ServiceEndpointList></Process>" for p, eps in processes)
    return metadata(f'<ServiceInformation><i:ParticipantIdentifier scheme="iso6523-actorid-upis">{THIRD}</i:ParticipantIdentifier>'
                    f'<i:DocumentIdentifier scheme="busdox-docid-qns">{ORDER}</i:DocumentIdentifier><ProcessList>{text}</ProcessList></ServiceInformation>')


# ---- the cases ----


def first(lab, smp, ours):
    ours.do("add", THIRD, "--country", "BE", "--doctype", "invoice", "--doctype", f"{ORDER} {ORDERING}")
    row("check, nobody is published", ours.verdicts(THIRD), "invoice missing, order missing")
    row("publish, not in the DNS yet", outcome(ours.publish(THIRD, "--wait", "1s")), "exit 75, publish.not-visible")
    o = ours.check(THIRD)
    row("check, still not in the DNS", f"{ours.verdicts(THIRD)}, in the SML {o['in_sml']}", "invoice same, order same, in the SML False")
    lab.register(THIRD, "https://localhost/unused")
    n = len(smp.changes())
    r = ours.publish(THIRD, "--json")
    row("publish again", f"{json.loads(r.stdout)['changes']} changes, verified {json.loads(r.stdout)['verified']}, {len(smp.changes()) - n} requests",
        "0 changes, verified yes, 0 requests")
    o = ours.looked_up(THIRD, "--doctype", "invoice")
    e = o.get("endpoint", {})
    result("lookup by another access point | signed by PSM000001, our URL and certificate",
           e.get("url") == f"https://localhost:{lab.port('ap1')}/as4" and e.get("certificate_serial", e.get("serial")) == serial(lab, "ap1")
           and "PSM000001" in json.dumps(o), o)
    row("a document to whom it serves", ours.sent("PHOSS-1"), "receipted")


def roll_over(lab, ours):
    r = lab.ap(1, "keys", "import", lab.net + "/pki/ap1next.pem", "--key", lab.net + "/pki/ap1next.key")
    differences = [s["differences"] for s in ours.check(THIRD)["services"]]
    row("rollover: next certificate imported", f"{outcome(r)}, {differences}", "exit 0, [['old-certificate'], ['old-certificate']]")
    r = ours.publish(THIRD)
    row("rollover: published", f"{outcome(r)}, {r.stdout.count('changed ')} changed", "exit 0, 2 changed")
    e = ours.looked_up(THIRD, "--doctype", "invoice")
    result("rollover: lookup | finds the next certificate", serial(lab, "ap1next") in json.dumps(e), e)
    row("rollover: a document meanwhile", ours.sent("PHOSS-2"), "receipted")
    row("rollover: next key signs", outcome(lab.ap(1, "keys", "activate", serial(lab, "ap1next"))) + ", " + ours.verdicts(THIRD),
        "exit 0, invoice same, order same")


def wildcard(lab, ours):
    ours.do("add", PINT, "--country", "BE", "--doctype", f"{WILDCARD} {BILLING}")
    lab.register(PINT, "https://localhost/unused")
    row("PINT: wildcard document type", outcome(ours.publish(PINT)) + ", " + ours.verdicts(PINT), "exit 0, other same")
    o = ours.looked_up(PINT, "--doctype", WILDCARD.replace("*", "@eu-1"), "--process", BILLING)
    result("PINT: lookup | found by the wildcard", o.get("endpoint", {}).get("registered", "").endswith("billing-1*::2.1"), o)


def beside(lab, ours):
    """What others wrote there."""
    theirs, url = f"https://localhost:{lab.port('ap2')}/as4", f"https://localhost:{lab.port('ap1')}/as4"
    gone = "<ServiceExpirationDate>2020-01-01T00:00:00Z</ServiceExpirationDate>"
    ours.put(ORDER, information((ORDERING, endpoint(lab, "https://old.example/as4", "expired", dates=gone) + endpoint(lab, "https://as2.example", "ap2", AS2)),
                                ("urn:other", endpoint(lab, theirs, "ap2"))))
    row("an old entry beside others", ours.verdicts(THIRD), "invoice same, order differs, other not-held")
    r, text = ours.publish(THIRD), ours.served(ORDER)
    row("... mended in place", f"{outcome(r)}, {ours.verdicts(THIRD)}", "exit 0, invoice same, order same, other not-held")
    result("... other transport, process, extensions | kept",
           text.count("kept") == 3 and "as2.example" in text and "urn:other" in text and url in text and "old.example" not in text, text)
    r, text = ours.publish(THIRD, "--remove"), ours.served(ORDER)
    result("--remove | takes out what we do not hold only", r.returncode == 0 and "urn:other" not in text and "as2.example" in text, r.stderr + text)

    ours.put(ORDER, information((ORDERING, endpoint(lab, theirs, "ap2"))))
    row("another access point's entry", outcome(ours.publish(THIRD)), "exit 1, publish.other-ap")
    row("... --replace", outcome(ours.publish(THIRD, "--replace")) + ", " + ours.verdicts(THIRD), "exit 0, invoice same, order same")

    redirect = metadata(f'<Redirect href="https://localhost:{lab.port("smp")}/x"><CertificateUID>PSM000001</CertificateUID></Redirect>')
    ours.put(ORDER, redirect)
    row("redirected, our entry beneath", outcome(ours.publish(THIRD)) + ", " + ours.verdicts(THIRD), "exit 1, publish.redirected, invoice same, order redirected")
    ours.do("add", THIRD, "--country", "BE", "--doctype", "invoice")
    row("... no longer held: --remove", outcome(ours.publish(THIRD, "--remove")) + ", " + ours.verdicts(THIRD), "exit 0, invoice same")
    result("... the redirect and what lay beneath | gone", ours.smp.request("GET", path(THIRD, ORDER))[0] == 404)
    ours.do("add", THIRD, "--country", "BE", "--doctype", "invoice", "--doctype", f"{ORDER} {ORDERING}")
    r = ours.publish(THIRD)
    row("only one type missing", f"{outcome(r)}, {len(re.findall('added  ', r.stdout))} added", "exit 0, 1 added")


def refusals(lab, smp, ours):
    """Each leaves everything as it is."""
    other = ("--set", "listen.public_url=https://other.example/as4")
    token = lab.dir + "/token"
    open(token, "w").write("a token that it does not know\n")
    before = ours.served(ORDER)
    ours.do("add", THIRD, "--country", "BE", "--doctype", "invoice", ap=2)
    for case, part, args in (
            ("wrong password", "Username and/or password are invalid!", other + ("--set", f"smp.secret_file={lab.net}/ap2.secret")),
            ("unknown user", "Unknown user 'nobody'", other + ("--set", "smp.user=nobody")),
            ("unknown token, which it repeats", "Unknown user '{BearerToken}*'", other + ("--set", "smp.user=", "--set", "smp.secret_file=" + token))):
        r = ours.publish(THIRD, *args)
        row(case, f"HTTP {http_status(r)}, {outcome(r)}", "HTTP 403, exit 77, publish.forbidden")
        result(f"... its words | {part}", "it says: " + part in r.stderr, r.stderr)
    for case, args in (("another user's participant", ("--set", "smp.user=ap2")), ("... with a token", ("--set", "smp.secret_file=" + token))):
        open(token, "w").write("T0KEN-of-ap2\n")
        r = ours.do("publish", THIRD, "--replace", *args, ap=2)
        row(case, f"HTTP {http_status(r)}, {outcome(r)}", "HTTP 403, exit 77, publish.forbidden")
        result("... its words | User 'ap2' does not own", "it says: User 'ap2' does not own" in r.stderr, r.stderr)
    r = ours.do("unpublish", THIRD, "--yes", "--remove", "--set", "smp.user=ap2", "--set", f"smp.secret_file={lab.net}/ap2.secret")
    row("... unpublished by another user", f"HTTP {http_status(r)}, {outcome(r)}", "HTTP 403, exit 77, publish.forbidden")
    smp.is_now("read-only")
    for verb in ("publish", "unpublish"):
        r = ours.do(verb, THIRD, *other, *(["--yes"] if verb == "unpublish" else []))
        row(f"writable interface off: {verb}", f"HTTP {http_status(r)}, {outcome(r)}", "HTTP 412, exit 1, publish.read-only")
    smp.is_now("writable")
    r = ours.publish(THIRD, "--set", f"smp.url={smp.url}/no/such/path")
    result("wrong path | refused, smp.url to be checked", r.returncode == 1 and "check smp.url" in r.stderr, r.stderr)
    result("after all refusals | it serves what it did", without_signature(ours.served(ORDER)) == without_signature(before), ours.served(ORDER))


def http_status(r):
    return (re.findall(r"HTTP (\d+)", r.stderr) or [None])[0]


def without_signature(text):
    return text.split("<Signature")[0]


def removal(lab, smp, ours):
    theirs = f"https://localhost:{lab.port('ap2')}/as4"
    ours.put(ORDER, information((ORDERING, endpoint(lab, theirs, "ap2"))))
    r = ours.do("unpublish", THIRD, "--yes")
    row("unpublish, another's entry stays", f"{outcome(r)}, {ours.verdicts(THIRD)}", "exit 0, invoice missing, order other-ap")
    r = ours.do("unpublish", THIRD, "--yes", "--remove")
    o = ours.check(THIRD)
    row("unpublish --remove", f"{outcome(r)}, in the SMP {o['in_smp']}", "exit 0, in the SMP False")
    row("... lookup by another access point", ours.looked_up(THIRD, "--doctype", "invoice").get("error", {}).get("what"), "doctype.not-supported")  # the DNS still leads to it
    n = len(smp.changes())
    r = ours.do("unpublish", THIRD, "--yes", "--json")
    row("unpublish again", f"{json.loads(r.stdout)['changes']} changes, {len(smp.changes()) - n} requests", "0 changes, 0 requests")
    r = ours.do("unpublish", PINT, "--yes")
    row("the only entry goes, and the group", f"{outcome(r)}, HTTP {smp.request('GET', path(PINT))[0]}", "exit 0, HTTP 404")
    r = ours.publish(THIRD)
    row("published once more", outcome(r) + ", " + ours.verdicts(THIRD), "exit 0, invoice same, order same")
    smp.end()
    row("it is down", outcome(ours.publish(THIRD)), "exit 69, http.connect")


folder = peer.build("phoss", "phoss-smp")
peer.way = "aviso and phoss-smp"
with Lab() as lab:
    subprocess.run([TOP + "/certs/make-pki", "--java", lab.net + "/pki"], check=True, capture_output=True)
    lab.stop_ap2()
    smp = Phoss(lab, folder)
    ours = Ours(lab, smp)
    lab.serve(1)
    lab.serve(2)
    first(lab, smp, ours)
    roll_over(lab, ours)
    wildcard(lab, ours)
    beside(lab, ours)
    refusals(lab, smp, ours)
    removal(lab, smp, ours)
sys.exit(1 if peer.failures else 0)
