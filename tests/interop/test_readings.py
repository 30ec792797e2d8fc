#!/usr/bin/env python3
"""How our running service reads phase4's answers: every row of docs/STATES.md, "What is sent again, and as what". phase4 is
made to fail in each way (tests/interop/phase4, --control), or its answer is lost, cut, late or changed by a relay of ours.
Seen from outside: the state and proof that the command line tells, the results of the attempts, what the relay counted, and
what lies in phase4's folder."""
import gzip, os, re, sys, time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../support"))
import peer
from lab import *
from hostile import *
from peer import row

SHORT = ["retry.first=1s", "retry.max=2s", "retry.answer_timeout=8s", "retry.connect_timeout=2s", "lookup.cache=0s"]


class Case:
    """One document for a receiver of its own, behind a relay of its own."""
    made = 0

    def __init__(self, bench, name, want, *acts, cert="ap2"):
        Case.made += 1
        self.bench, self.name, self.want, self.number = bench, name, want, f"READ-{Case.made}"
        self.relay = Hostile(bench.lab, acts, to=bench.phase4.port)
        self.relay.case = self
        self.to = peer.enterprise(1000000 + Case.made)
        bench.lab.register(self.to, self.relay.url(), cert)
        r = bench.lab.ap(1, "send", bench.lab.invoice(self.number), "--to", self.to, "--json")
        if r.returncode not in (0, 75):
            raise SystemExit(r.stdout + r.stderr)

    def seen(self):
        """State and proof, what the attempts ended in (the same in a row told once), what was sent, what lies at phase4."""
        s = self.bench.lab.json(1, "status", self.number)[-1]
        results = [a["result"] for a in s["attempts"]]
        told = ", ".join(r for i, r in enumerate(results) if i == 0 or results[i - 1] != r)
        ids, octets = {r.id for r in self.relay.seen}, {r.digest for r in self.relay.seen}
        sent = "one message" if len(octets) == 1 else "new messages" if len(ids) == len(self.relay.seen) else f"{len(ids)} ids"
        lies = [sbd for sbd in self.bench.phase4.stored().values() if f">{self.number}<".encode() in sbd]
        instances = {re.search(rb"DocumentIdentification>.*?InstanceIdentifier>([^<]*)", sbd, re.S).group(1) for sbd in lies}
        return f"{s['state']}, {s['level']}: {told}; {sent}; {len(lies)} at phase4" + (f" as {len(instances)}" if len(lies) > 1 else "")

    def check(self):
        until(lambda: time.sleep(0.3) or self.seen() == self.want, 40)
        row(self.name, self.seen(), self.want)


class Bench:
    def __init__(self, lab):
        self.lab = lab
        self.phase4 = peer.Receiver(lab.net + "/pki", os.path.join(lab.dir, "phase4"), None)
        lab.serve(1, *[w for s in SHORT for w in ("--set", s)])


# ---- acts on phase4's own answer ----

def changed(how):
    def act(p, r, s):
        status, body, ctype = p.honest(r)
        reply(s, status, how(body), ctype)
    return act


def unsigned(body):
    return re.sub(rb"<(\w+:)?Security\b.*</\1Security>", b"", body, flags=re.S)


def with_status(status):
    def act(p, r, s):
        reply(s, status, *p.honest(r)[1:])
    return act


def zipped(p, r, s):
    status, body, ctype = p.honest(r)
    reply(s, status, gzip.compress(body), ctype, ["Content-Encoding: gzip"])


def chunked(p, r, s):
    status, body, ctype = p.honest(r)
    pieces = [body[i:i + 700] for i in range(0, len(body), 700)]
    s.sendall(f"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 {status} x\r\nContent-Type: {ctype}\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
              + b"".join(b"%x\r\n%s\r\n" % (len(c), c) for c in pieces) + b"0\r\n\r\n")


def old(p, r, s):
    status, body, ctype = p.honest(r)
    s.sendall(f"HTTP/1.0 {status} x\r\nContent-Type: {ctype}\r\n\r\n".encode() + body)


def mended(p, r, s):
    """The SMP says another certificate from now on."""
    forward(p, r, s)
    p.case.bench.lab.register(p.case.to, p.url())


def while_it(word, then=forward):
    """phase4 does this for one message."""
    def act(p, r, s):
        p.case.bench.phase4.does(word)
        then(p, r, s)
        p.case.bench.phase4.does("take")
    return act


def forgotten(p, r, s):
    swallow(p, r, s)
    p.case.bench.phase4.does("forget")


def proven(results, sent="one message", lies="1 at phase4"):
    return f"RECEIPTED, receipted: {results}; {sent}; {lies}"


def unproven(results):
    return f"UNKNOWN, none: {results}; one message; 1 at phase4"


def side_by_side(b):
    digest = lambda body: re.sub(rb"(DigestValue>)(.)", lambda m: m[1] + (b"A" if m[2] != b"A" else b"B"), body, count=1)
    make = lambda name, want, *acts, **kw: Case(b, name, want, *acts, **kw)
    return [
        make("a receipt in gzip, unasked", proven("receipt"), zipped),
        make("a receipt in chunks, after 100 Continue", proven("receipt"), chunked),
        make("a receipt by HTTP/1.0, ended by closing", proven("receipt"), old),
        make("a receipt with HTTP 500", proven("receipt"), with_status(500)),
        make("HTTP 404 without SOAP, then a receipt", proven("http-refused, receipt"), answer(404, b"<html/>", "text/html"), forward),
        make("HTTP 413 without SOAP, then a receipt", proven("http-refused, receipt"), answer(413), forward),
        make("HTTP 500 without SOAP, then a receipt", proven("http, receipt"), answer(500), forward),
        make("HTTP 503 with Retry-After, then a receipt", proven("http, receipt"), answer(503, headers=["Retry-After: 2"]), forward),
        make("HTTP 204, then a receipt", proven("http, receipt"), answer(204), forward),
        make("HTTP 200 with a page, then a receipt", proven("http, receipt"), answer(200, b"<html/>", "text/html"), forward),
        make("a redirect, then a receipt", proven("http, receipt"), answer(307, headers=["Location: http://localhost:9/"]), forward),
        make("lost before phase4, then a receipt", proven("silence, receipt"), drop, forward),
        make("EBMS:0102 for a stale certificate, then a fresh lookup", proven("error, receipt", "new messages"), mended, forward, cert="ap1next"),
        make("the answer lost; the repeat is a duplicate", unproven("silence, duplicate"), swallow, forward),
        make("half the answer; the repeat is a duplicate", unproven("silence, duplicate"), half, forward),
        make("a receipt without signature; the repeat is a duplicate", unproven("http, duplicate"), changed(unsigned), forward),
        make("a receipt changed on the way; the repeat is a duplicate", unproven("forged, duplicate"), changed(digest), forward),
    ]


def one_by_one(b):
    """phase4 as a whole is told what to do."""
    for name, want, *acts in (
            ("phase4 fails once it has noted the id", proven("error, receipt", "new messages"), while_it("fail"), while_it("fail"), forward),
            ("phase4 fails once it has stored the document", proven("error, receipt", "new messages", "2 at phase4 as 1"), while_it("fail-late"), forward),
            ("phase4 takes too long; the repeat is a duplicate", unproven("silence, duplicate"), while_it("slow"), forward),
            ("the answer lost and the id forgotten", proven("silence, receipt"), forgotten, forward),
            ("NOT_SERVICED, after a fresh lookup again", "REFUSED, none: error; new messages; 0 at phase4", while_it("refuse")),
            ("NOT_SERVICED three times, unsigned", proven("error, receipt", "new messages"), *[while_it("refuse", changed(unsigned))] * 3, forward),
            ("EBMS:0103", "REFUSED, none: error; one message; 0 at phase4", while_it("policy"))):
        Case(b, name, want, *acts).check()


def main():
    peer.build_phase4()
    peer.way = "aviso to phase4"
    with Lab() as lab:
        subprocess.run([os.path.join(TOP, "certs/make-pki"), "--java", lab.net + "/pki"], check=True)
        b = Bench(lab)
        first = Case(b, "a receipt", "", forward)  # phase4 is slow at first: asked as often as it takes
        until(lambda: first.seen().startswith(("RECEIPTED", "UNKNOWN, none: silence, dup")), 60)
        Case(b, "a receipt", proven("receipt"), forward).check()
        cases = side_by_side(b)
        for c in cases:
            c.check()
        one_by_one(b)
        asked = max(len(c.relay.seen) for c in cases if "duplicate" in c.want)
        row("of an unproven message were sent at most", f"{asked} times", "2 times")
        b.phase4.kill()
    sys.exit(peer.failures > 0)


main()
