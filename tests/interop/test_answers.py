#!/usr/bin/env python3
"""What our running service answers to phase4: every row of docs/STATES.md, "What we answer", and of the repeats. phase4 itself
makes the bad message (tests/interop/phase4, --break) and gives its verdict on our answer: it read the signal, the signature
holds, it is by POP000002 and for this message. Below HTTP phase4's own octets are sent again, changed where it must be."""
import http.client, os, re, sys, threading

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../support"))
import peer
from lab import *
from hostile import Hostile
from peer import row

INVOICE_2 = "urn:oasis:names:specification:ubl:schema:xsd:Invoice-2::Invoice##"
UNSERVED = peer.enterprise(1234567)


class Tap(Hostile):
    """Between phase4 and our service: keeps the last request and its answer."""

    def honest(self, r):
        self.request, self.answer = r, super().honest(r)
        return self.answer


class Bench:
    def __init__(self, lab, service):
        self.lab, self.service, self.tap = lab, service, Tap(lab)
        self.phase4 = peer.Sender(lab.net + "/pki")
        self.taken = []  # MessageIds that must lie at C4

    def send(self, *options):
        lines, _ = self.phase4.send("--url", f"http://localhost:{self.tap.port}/as4", "--to", BUYER, *options)
        return lines[0]

    def verdict(self, one, readable=True):
        """What phase4 says of our answer: its kind, and whether it holds."""
        signed = (one["signer"] or "").startswith("CN=POP000002,")
        ours = one["ref"] == one["messageId"] if readable else one["ref"] is None
        if one["ok"] and one["nrr"] == "ok":
            return "signed receipt" if signed and ours else f"receipt {one}"
        if one["status"] == "as4-error-msg-received":
            codes = [e["code"] + (" " + e["detail"] if e["detail"].startswith("PEPPOL:") else "") for e in one["errors"]]
            said = " ".join(codes) + (", signed" if signed else ", unsigned") + ("" if ours else f", for {one['ref']}")
            return said if one["http"] == 200 else f"{said} with HTTP {one['http']}"
        return f"HTTP {one['http']}"

    def refuses(self, case, want, *options, readable=True):
        row(case, self.verdict(self.send(*options), readable), want + (", signed" if want.startswith("EBMS") else ""))

    def takes(self, case, *options):
        one = self.send(*options)
        self.taken.append(one["messageId"])
        row(case, self.verdict(one), "signed receipt")

    def post(self, body, content_type, path="/as4", method="POST", headers=()):
        c = http.client.HTTPConnection("127.0.0.1", self.lab.port("ap2"), timeout=60)
        c.request(method, path, body, {"Content-Type": content_type, **dict(headers)} if content_type else {})
        a = c.getresponse()
        out = a.status, a.read(), a
        c.close()
        return out

    def inbox(self):
        return self.lab.json(2, "inbox", "list", "--all")


def headers(b):
    b.send("--break", "must-understand")
    status, body, _ = b.tap.answer
    told = b"S12:MustUnderstand<" in body and b'qname="n:Unknown"' in body
    row("a mandatory header that nobody knows", f"HTTP {status}" + (", a fault that names it" if told else ""), "HTTP 500, a fault that names it")
    b.refuses("eb:Messaging is missing", "EBMS:0009", "--break", "no-messaging", readable=False)
    b.refuses("eb:Messaging stands twice", "EBMS:0009", "--break", "two-messagings")
    b.refuses("eb:Messaging is not of the schema", "EBMS:0009", "--break", "shape", readable=False)
    b.refuses("MessageId without @", "EBMS:0009", "--message-id", "no-message-id")
    b.refuses("PartInfo names no part", "EBMS:0007", "--break", "href")
    b.refuses("the attachment is missing", "EBMS:0007", "--break", "no-attachment")
    b.refuses("another agreement", "EBMS:0001", "--break", "agreement")


def security(b):
    b.refuses("not signed", "EBMS:0101", "--break", "unsigned")
    b.refuses("SignatureValue changed", "EBMS:0101", "--break", "signature")
    b.refuses("header changed after signing", "EBMS:0101", "--break", "digest")
    b.refuses("signer under another root", "EBMS:0101", "--own", "rogue")
    b.refuses("signer of the SMP CA", "EBMS:0101", "--own", "smp1")
    b.refuses("an access point's certificate by the SMP CA", "EBMS:0101", "--own", "wrongca")
    b.refuses("signer expired", "EBMS:0101", "--own", "expired")
    b.refuses("signer revoked", "EBMS:0101", "--own", "revoked")
    b.refuses("From is not the signer", "EBMS:0101", "--break", "from")
    b.refuses("not encrypted", "EBMS:0102", "--break", "unencrypted")
    b.refuses("encrypted for another key", "EBMS:0102", "--receiver-cert", b.lab.net + "/pki/ap1next.pem")
    b.refuses("ciphertext changed", "EBMS:0102", "--break", "ciphertext")
    for case, name in (("signed with RSA-SHA512", "sign-sha512"), ("digests of SHA-512", "digest-sha512"),
                       ("signer told by issuer and serial", "sign-serial"), ("encrypted with AES-256-GCM", "aes256"),
                       ("encrypted with AES-128-CBC", "aes-cbc"), ("key wrapped with RSA 1.5", "rsa15"),
                       ("key wrapped with OAEP and SHA-1", "oaep-sha1"), ("key told by its identifier", "key-ski")):
        b.refuses(case, "EBMS:0103", "--break", name)


def payloads(b):
    b.refuses("gzip cut short", "EBMS:0303", "--break", "gzip")
    b.refuses("64 MB of zeros in gzip", "EBMS:0303", "--break", "bomb")
    b.refuses("receiver of the envelope is not finalRecipient", "EBMS:0004", "--break", "sbdh-receiver")
    b.refuses("sender of the envelope is not originalSender", "EBMS:0004", "--break", "sbdh-sender")
    b.refuses("envelope without COUNTRY_C1", "EBMS:0004", "--break", "no-country")
    b.refuses("envelope of another version", "EBMS:0004", "--break", "sbdh-version")
    b.refuses("To is not us", "EBMS:0004", "--break", "to")
    b.refuses("participant not served", "EBMS:0004 PEPPOL:NOT_SERVICED", "--to", UNSERVED)
    b.refuses("document type not served", "EBMS:0004 PEPPOL:NOT_SERVICED", "--doctype", INVOICE_2 + "urn:other::2.1")
    b.refuses("process not served", "EBMS:0004 PEPPOL:NOT_SERVICED", "--process", "urn:other")


def repeats(b):
    b.takes("a message", "--message-id", "first@as4peer", "--instance", "11111111-1111-4111-8111-111111111111")
    first, (_, receipt, _) = b.tap.request, b.tap.answer
    again = [b.post(first.body, first.content_type)[:2] for _ in range(2)]
    row("the same octets again", "the first receipt" if again == [(200, receipt)] * 2 else again, "the first receipt")
    many = []
    threads = [threading.Thread(target=lambda: many.append(b.post(first.body, first.content_type)[:2])) for _ in range(20)]
    [t.start() for t in threads]
    [t.join() for t in threads]
    row("twenty of them at once", "the first receipt" if many == [(200, receipt)] * 20 else len(many), "the first receipt")
    one = b.send("--message-id", "first@as4peer", "--instance", "11111111-1111-4111-8111-111111111111")
    fresh = b.tap.answer[1] != receipt and b.tap.request.body != first.body
    row("signed anew, same id, same document", b.verdict(one) + (", a fresh one" if fresh else ", the first"), "signed receipt, a fresh one")
    b.refuses("same id, another document", "EBMS:0004", "--message-id", "first@as4peer")
    one = b.send("--instance", "11111111-1111-4111-8111-111111111111")
    row("another id, same document", b.verdict(one), "signed receipt")
    kept = [d["as4_id"] for d in b.inbox() if d["sbdh_id"] == "11111111-1111-4111-8111-111111111111"]
    row("of all these lie at C4", f"{len(kept)}: {kept[:1]}", "1: ['first@as4peer']")
    b.taken.append(b.send("--no-compress", "--instance", "11111111-1111-4111-8111-111111111111", "--to", BUYER, "--file", b.lab.invoice("OTHER-1"))["messageId"])
    flagged = [d["instance_reused"] for d in b.inbox() if d["as4_id"] == b.taken[-1]]
    row("another document under a known InstanceIdentifier", f"taken, flagged {flagged}", "taken, flagged [True]")


def below_ebms(b):
    good, ctype = b.tap.request.body, b.tap.request.content_type
    status = lambda *a, **k: f"HTTP {b.post(*a, **k)[0]}"
    row("GET", status(None, None, method="GET"), "HTTP 405")
    row("another path", status(good, ctype, path="/other"), "HTTP 404")
    row("no Content-Type", status(good, None), "HTTP 415")
    row("Content-Type of a form", status(good, "application/x-www-form-urlencoded"), "HTTP 415")
    row("SOAP that is not XML", status(re.sub(rb"<S12:Envelope", b"<<", good, count=1), ctype), "HTTP 400")
    row("a DOCTYPE", status(re.sub(rb"(<S12:Envelope)", rb"<!DOCTYPE x>\1", good, count=1), ctype), "HTTP 400")
    row("no part at all", status(b"nothing", ctype), "HTTP 400")
    both = [("Transfer-Encoding", "chunked"), ("Content-Length", str(len(good)))]
    row("both Content-Length and chunked", status(good, ctype, headers=both), "HTTP 400")


def too_much(b):
    big, _ = peer.big_invoice(b.lab.dir, 5_000_000)
    one = b.send("--file", big, "--url", f"http://localhost:{b.lab.port('ap2')}/as4")
    row("over the size limit", b.verdict(one), "HTTP 413")
    big, _ = peer.big_invoice(b.lab.dir, 17_000_000)
    b.lab.end(b.service)
    b.service = b.lab.serve(2, "--set", "listen.plain=loopback")
    b.refuses("uncompressed XML over its limit", "HTTP 413", "--no-compress", "--file", big)


def busy(b):
    keyd = key_processes(b.service.pid)
    [os.kill(k, signal.SIGSTOP) for k in keyd]
    one = b.send()
    after = b.post(b.tap.request.body, b.tap.request.content_type)[2].getheader("Retry-After")
    [os.kill(k, signal.SIGCONT) for k in keyd]
    row("the key process stands still", b.verdict(one) + (", Retry-After" if after else ""), "HTTP 503, Retry-After")
    b.takes("the next message after that")


def nothing_else(b):
    until(lambda: all(d["state"] == "HANDED_OVER" for d in b.inbox()))
    got = sorted(d["as4_id"] for d in b.inbox())
    row("of all refused messages lie at C4", len(set(got) - set(b.taken)), 0)
    row("of all receipted ones are missing there", len(set(b.taken) - set(got)) + len(got) - len(set(got)), 0)


def main():
    peer.build_phase4()
    peer.way = "phase4 to aviso"
    with Lab() as lab:
        subprocess.run([os.path.join(TOP, "certs/make-pki"), "--java", lab.net + "/pki"], check=True)
        lab.stop_ap2()
        b = Bench(lab, lab.serve(2, "--set", "listen.plain=loopback", "--set", "limits.max_payload=2M"))
        b.takes("a message that is right")
        for part in (headers, security, payloads, repeats, below_ebms, busy, too_much, nothing_else):
            part(b)
        b.phase4.close()
        b.tap.close()
    sys.exit(peer.failures > 0)


main()
