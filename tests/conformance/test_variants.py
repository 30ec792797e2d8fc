#!/usr/bin/env python3
"""Odd but legal messages and answers of a foreign access point (tests/support/foreign.py): each is taken, and the message
nearest to it that is not legal is refused with its own answer. `--table` prints the table of docs/as4.md."""
import http.client, os, sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../support"))
WSU = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"
S12 = "http://www.w3.org/2003/05/soap-envelope"
HOLODECK = f'xmlns:mustUnderstand="{S12}" mustUnderstand:mustUnderstand="true"'
TYPE = 'multipart/related; boundary="b0undary"'
THIRD = lambda: foreign.token("smp1", "third")
UNUSED = [("Envelope xmlns", 'Envelope xmlns:un="urn:un" xmlns')]


def v(name, options, miss, miss_options, want):
    return name, options, miss, {**options, **miss_options}, want


# what is taken; how it is made; the near miss; what differs in it; its answer: an ebMS code, or an HTTP status
MESSAGES = [
    v("other prefixes (`soapenv`, `eb3`)", {"soap": "soapenv", "eb": "eb3"}, "a prefix changed after signing", {"damage": [("xmlns:soapenv", "xmlns:soapenw"), ("<soapenv:Envelope", "<soapenw:Envelope"), ("</soapenv:Envelope", "</soapenw:Envelope")]}, 400),
    v("eb as the default namespace", {"eb": ""}, "Messaging without namespace", {"edits": [('Messaging xmlns:wsu', 'Messaging xmlns:x'), (f'xmlns="{"http://docs.oasis-open.org/ebxml-msg/ebms/v3.0/ns/core/200704/"}"', 'xmlns="urn:x"'), ('wsu:Id="messaging"', f'xmlns:wsu="{WSU}" wsu:Id="messaging"')]}, 500),
    v("`mustUnderstand` as prefix (Holodeck)", {"must": HOLODECK}, "the prefix made usual after signing", {"damage": [(HOLODECK, 'S12:mustUnderstand="true"')]}, "EBMS:0101"),
    v("`mustUnderstand=\"1\"`", {"must": '{soap}:mustUnderstand="1"'}, "a mandatory header that nobody knows", {"header": '<x:x xmlns:x="urn:x" S12:mustUnderstand="1"/>'}, 500),
    v("InclusiveNamespaces in CanonicalizationMethod and Transforms", {"prefixes": "un S12", "edits": UNUSED}, "a prefix taken from the list after signing", {"damage": [('PrefixList="un S12"', 'PrefixList="S12"')]}, "EBMS:0101"),
    v("`Id` on Body", {"body_ids": "Id"}, "the same id as a `wsu:Id` elsewhere", {"header": f'<x:x xmlns:x="urn:x" xmlns:wsu="{WSU}" wsu:Id="body"/>'}, "EBMS:0009"),
    v("`xml:id` on Messaging and Body", {"ids": "xml:id", "body_ids": "xml:id"}, "the id in other case", {"damage": [('xml:id="body"', 'xml:id="Body"')]}, "EBMS:0103"),
    v("`id` on Messaging beside `wsu:Id` (Domibus)", {"edits": [('wsu:Id="messaging"', 'id="m" wsu:Id="messaging"')]}, "`Id`, which its schema has not", {"edits": [('wsu:Id="messaging"', 'Id="m" wsu:Id="messaging"')]}, "EBMS:0009"),
    v("references in the order cid, Body, Messaging (Oxalis)", {"refs": ("cid", "body", "messaging")}, "Body not signed", {"refs": ("cid", "messaging")}, "EBMS:0103"),
    v("several BinarySecurityTokens", {"tokens": THIRD}, "the signature points to another's", {"token_id": "third"}, "EBMS:0101"),
    v("the elements of Security in another order", {"order": ("tokens", "signature", "data", "key", "key-token")}, "EncryptedKey missing", {"order": ("tokens", "signature", "data", "key-token")}, "EBMS:0103"),
    v("base64 in lines of 64", {"width": 64}, "a character outside the alphabet", {"damage": [("<ds:SignatureValue>", "<ds:SignatureValue>*")]}, "EBMS:0101"),
    v("a wsu:Timestamp in Security", {"edits": [("</wsse:Security>", "<wsu:Timestamp><wsu:Created>2026-11-22T10:15:30Z</wsu:Created></wsu:Timestamp></wsse:Security>")]}, "a wsu:Timestamp that is none", {"edits": [("</wsse:Security>", "<wsu:Timestamp><wsu:Created>today</wsu:Created></wsu:Timestamp></wsse:Security>")]}, "EBMS:0103"),
    v("uncompressed XML, digested in exclusive c14n", {"compress": False}, "digested as it stands", {"raw_digest": True}, "EBMS:0101"),
    v("`text/xml` for `application/xml`", {"compress": False, "mime": "text/xml"}, "no MimeType", {"edits": [('name="MimeType"', 'name="Mime"')]}, "EBMS:0004"),
    v("attachment in base64", {"cte": "base64"}, "a character outside the alphabet", {"framing": [(b"Content-ID: <att@foreign.example>\r\n\r\n", b"Content-ID: <att@foreign.example>\r\n\r\n*")]}, "EBMS:0007"),
    v("attachment in quoted-printable", {"cte": "quoted-printable"}, "an escape that is none", {"framing": [(b"Content-ID: <att@foreign.example>\r\n\r\n=", b"Content-ID: <att@foreign.example>\r\n\r\n=G")]}, "EBMS:0007"),
    v("`start` missing", {"ctype": TYPE + '; type="application/soap+xml"'}, "`start` names no part", {"ctype": TYPE + '; start="<other@x>"'}, 400),
    v("`type` missing, boundary without quotes", {"ctype": "multipart/related;boundary=b0undary"}, "`type` of SOAP 1.1", {"ctype": TYPE + '; type="text/xml"'}, 415),
    v("parameters inside `type`, unknown ones beside it", {"ctype": TYPE + '; type="application/soap+xml; action=\\"x\\""; start-info="x"; foo=bar'}, "boundary told twice", {"ctype": TYPE + "; boundary=b1"}, 415),
    v("LF for CRLF", {"lf": True, "cte": "base64"}, "one boundary with CRLF among them", {"framing": [(b"\n--b0undary\nContent-Type: application/octet", b"\n--b0undary\r\nContent-Type: application/octet")]}, 400),
    v("folded part headers", {"framing": [(b"Content-ID: <att", b"Content-ID:\r\n\t<att")]}, "the fold without its blank", {"framing": [(b"Content-ID: <att", b"Content-ID:\r\n<att")]}, "EBMS:0007"),
    v("part headers in any case", {"framing": [(b"Content-ID: <att", b"CONTENT-id: <att"), (b"Content-Transfer-Encoding: binary", b"content-transfer-encoding: BINARY")]}, "Content-ID twice", {"framing": [(b"Content-ID: <att", b"Content-ID: <b@x>\r\nContent-ID: <att")]}, "EBMS:0007"),
    v("Content-Disposition", {"framing": [(b"Content-ID: <att", b'Content-Disposition: attachment; filename="x.pdf"\r\nContent-ID: <att')]}, "named by it and by no Content-ID", {"framing": [(b"Content-ID: <att@foreign.example>", b'Content-Disposition: attachment; filename="att@foreign.example"')]}, "EBMS:0007"),
    v("preamble and epilogue", {"framing": [(b"--b0undary\r\n", b"hello\r\n--b0undary\r\n"), (b"--b0undary--\r\n", b"--b0undary--\r\nbye")]}, "no closing boundary", {"framing": [(b"\r\n--b0undary--\r\n", b"")]}, "EBMS:0007"),
    v("BOM before the XML", {"prolog": '\ufeff<?xml version="1.0" encoding="UTF-8"?>\n'}, "two of them", {"prolog": '\ufeff\ufeff<?xml version="1.0" encoding="UTF-8"?>\n'}, 400),
    v("no XML declaration", {"prolog": ""}, "another encoding declared", {"prolog": '<?xml version="1.0" encoding="ISO-8859-1"?>'}, 400),
    v("`cid:` percent-coded", {"href": "att%40foreign.example"}, "`cid:` in other case", {"href": "Att@foreign.example"}, "EBMS:0007"),
    v("`mpc` told", {"user": ' mpc="http://docs.oasis-open.org/ebxml-msg/ebms/v3.0/ns/core/200704/defaultMPC"'}, "AgreementRef with a type", {"edits": [("<eb:AgreementRef>", '<eb:AgreementRef type="x">')]}, "EBMS:0001"),
    v("blanks and comments in values", {"edits": [(">POP000002<", ">\n POP0<!-- x -->00002 <")]}, "another value", {"edits": [(">POP000002<", ">POP0 00002<")]}, "EBMS:0004"),
    v("further message properties", {"properties": '<eb:Property name="x">y</eb:Property>'}, "trackingIdentifier", {"properties": '<eb:Property name="trackingIdentifier">y</eb:Property>'}, "EBMS:0004"),
]

# what is taken; the answer's status, type and body from the request; the near miss; its answer; then the states of our message
ANSWERS = [
    ("foreign elements beside NonRepudiationInformation", lambda r: (200, None, foreign.receipt(r.body, extra='<x:y xmlns:x="urn:x">1</x:y>')), "RECEIPTED",
     "added after signing", lambda r: (200, None, foreign.receipt(r.body, damage=[("</eb:Receipt>", "<x/></eb:Receipt>")])), "UNKNOWN"),
    ("two BinarySecurityTokens, the first the signer's", lambda r: (200, None, foreign.receipt(r.body, tokens=THIRD())), "RECEIPTED",
     "the signature points to the other", lambda r: (200, None, foreign.receipt(r.body, tokens=THIRD(), token_id="third")), "UNKNOWN"),
    ("references in another order", lambda r: (200, None, foreign.receipt(r.body, turn=True)), "RECEIPTED",
     "one of them missing", lambda r: (200, None, foreign.receipt(r.body, drop=1)), "UNKNOWN"),
    ("a receipt with HTTP 500", lambda r: (500, None, foreign.receipt(r.body)), "RECEIPTED",
     "HTTP 500 without SOAP", lambda r: (500, "text/html", b"<html/>"), "UNKNOWN"),
    ("a receipt with HTTP 400 as text/xml", lambda r: (400, "text/xml", foreign.receipt(r.body)), "RECEIPTED",
     "a receipt by another access point", lambda r: (200, None, foreign.receipt(r.body, signer="ap1")), "UNKNOWN"),
    ("an unsigned error with HTTP 500", lambda r: (500, None, foreign.error(r.id, "EBMS:0004", "Other", "no space")), "WAITING",
     "an unsigned receipt", lambda r: (200, None, foreign.receipt(r.body, signer=None)), "UNKNOWN"),
    ("a signed error with HTTP 200", lambda r: (200, None, foreign.error(r.id, "EBMS:0101", "FailedAuthentication", signer="ap2")), "WAITING",
     "an error for another message", lambda r: (200, None, foreign.error("other@x.example", "EBMS:0101", "FailedAuthentication")), "UNKNOWN"),
]


def table():
    say = {400: "HTTP 400", 415: "HTTP 415", 500: "SOAP fault"}
    rows = ["| taken | the nearest that is not | answer |", "|---|---|---|"]
    rows += [f"| {name} | {miss} | {say.get(want, want)} |" for name, _, miss, _, want in MESSAGES]
    rows += ["", "Answers that our sender takes, and how it reads the nearest one:", "", "| taken | as | the nearest that is not | as |", "|---|---|---|---|"]
    rows += [f"| {a[0]} | {a[2]} | {a[3]} | {a[5]} |" for a in ANSWERS]
    return "\n".join(rows) + "\n"


if "--table" in sys.argv:
    print(table(), end="")
    sys.exit(0)
try:
    import foreign
except ImportError as e:
    print(e)
    sys.exit(77)
from hostile import Hostile, SOAP, reply
from lab import *


def post(port, message):
    ctype, body = message.wire()
    c = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    c.request("POST", "/as4", body=body, headers={"Content-Type": ctype})
    a = c.getresponse()
    data = a.read()
    c.close()
    code = re.search(rb'errorCode="([^"]*)"', data)
    return a.status, code.group(1).decode() if code else "receipt" if b"Receipt" in data else ""


def messages(lab, port):
    made = lambda options: foreign.Message(**{k: x() if callable(x) else x for k, x in options.items()})
    for name, options, miss, other, want in MESSAGES:
        got = post(port, made(options))
        say(got == (200, "receipt"), f"{name}: taken", got)
        got = post(port, made(other))
        say(got == ((200, want) if isinstance(want, str) else (want, "")), f"{name}, but {miss}: refused", f"{got} instead of {want}")


def answers(lab):
    peer = Hostile(lab)
    peer.serve(BUYER)
    n = 0
    for name, act, state, miss, other, missed in ANSWERS:
        for what, how, want in ((f"{name}: read", act, state), (f"{name}, but {miss}: read", other, missed)):
            def answer(p, r, s, how=how):
                status, ctype, body = how(r)
                reply(s, status, body, ctype or SOAP)
            peer.does(answer)
            n += 1
            r = lab.json(1, "send", lab.invoice(f"VAR-{n}"), "--wait=0s", "--set", "lookup.cache=0s")[-1]
            say(r["state"] == want, f"{what} as {want}", f"{r['state']} {r.get('error')}")
            lab.ap(1, "cancel", f"VAR-{n}")
    peer.close()


with Lab() as lab:
    foreign.Message.invoice = open(INVOICE, "rb").read()
    lab.stop_ap2()
    lab.serve(2, "--set", "listen.plain=loopback")
    messages(lab, lab.port("ap2"))
    answers(lab)
done()
