#!/usr/bin/env python3
"""Odd but legal messages and answers of a foreign access point (tests/support/foreign.py): each is taken, and the message
nearest to it that is not legal is refused with its own answer. `--table` prints the table of docs/as4.md."""
import gzip, http.client, os, re, socket, sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../support"))
WSU = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"
S12 = "http://www.w3.org/2003/05/soap-envelope"
HOLODECK = f'xmlns:mustUnderstand="{S12}" mustUnderstand:mustUnderstand="true"'
TYPE = 'multipart/related; boundary="b0undary"'
SBDH, SCOPE = "http://www.unece.org/cefact/namespaces/StandardBusinessDocumentHeader", "<Scope><Type>COUNTRY_C1</Type>"
STAMP = "2026-11-22T10:15:30.123Z"
OASIS_WSS = "http://docs.oasis-open.org/wss/oasis-wss-"
KEY_TYPE = f' xmlns:wsse11="{OASIS_WSS}wssecurity-secext-1.1.xsd" wsse11:TokenType="{OASIS_WSS}soap-message-security-1.1#EncryptedKey"'
KEY_INFO = f'<ds:KeyInfo><wsse:SecurityTokenReference{KEY_TYPE}><wsse:Reference URI="#ek"/></wsse:SecurityTokenReference></ds:KeyInfo>'
THIRD = lambda: foreign.token("smp1", "third")
SIG_POINTER = f'<wsse:Reference URI="#key-token" ValueType="{"http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-"}x509-token-profile-1.0#X509v3"/>'
SENDER = 'Property name="originalSender" type="iso6523-actorid-upis"'
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
    v("`CharacterSet`, Schema and Description of a part", {"edits": [("<eb:PartProperties>", '<eb:Schema location="urn:x"/><eb:Description xml:lang="en">x</eb:Description><eb:PartProperties><eb:Property name="CharacterSet">utf-8</eb:Property>')]}, "Schema behind Description", {"edits": [("<eb:PartProperties>", '<eb:Description xml:lang="en">x</eb:Description><eb:Schema location="urn:x"/><eb:PartProperties>')]}, "EBMS:0009"),
    v("a Timestamp with an offset, without fractions", {"edits": [(STAMP, "2026-11-22T11:15:30+01:00")]}, "a blank for the T", {"edits": [(STAMP, "2026-11-22 11:15:30+01:00")]}, "EBMS:0009"),
    v("header blocks of others, not mandatory here", {"header": f'<a:Action xmlns:a="http://www.w3.org/2005/08/addressing">x</a:Action><x:x xmlns:x="urn:x" S12:role="{S12}/role/none" S12:mustUnderstand="1"/>'}, "mandatory for the last receiver", {"header": f'<x:x xmlns:x="urn:x" S12:role="{S12}/role/ultimateReceiver" S12:mustUnderstand="1"/>'}, 500),
    v("Security for the last receiver by its role", {"edits": [("<wsse:Security ", f'<wsse:Security S12:role="{S12}/role/ultimateReceiver" ')]}, "for the role none", {"edits": [("<wsse:Security ", f'<wsse:Security S12:role="{S12}/role/none" ')]}, "EBMS:0101"),
    v("white space in Body", {"edits": [('wsu:Id="body"/>', 'wsu:Id="body">\n </S12:Body>')]}, "an element in Body", {"edits": [('wsu:Id="body"/>', 'wsu:Id="body"><x/></S12:Body>')]}, "EBMS:0004"),
    v("`application/octet-stream` as type of the encrypted gzip (peppol-py)", {"edits": [('MimeType="application/gzip" Type', 'MimeType="application/octet-stream" Type')]}, "`application/xml`: digested in c14n then", {"edits": [('MimeType="application/gzip" Type', 'MimeType="application/xml" Type')]}, "EBMS:0101"),
    v("an encrypted part that no KeyInfo but the key's ReferenceList leads to", {"edits": [(KEY_INFO, "")]}, "neither of them", {"edits": [(KEY_INFO, ""), ('<xenc:DataReference URI="#ed"/>', '<xenc:DataReference URI="#other"/>')]}, "EBMS:0103"),
    v("no TokenType, no ReferenceList", {"edits": [(KEY_TYPE, ""), ('<xenc:ReferenceList><xenc:DataReference URI="#ed"/></xenc:ReferenceList>', "")]}, "KeyInfo names no key", {"edits": [('URI="#ek"/>', 'URI="#other"/>')]}, "EBMS:0103"),
    v("a second attachment, encrypted with a key of its own", {"second": "one\ntwo\n"}, "no PartInfo names it", {"second_named": False}, "EBMS:0007"),
    v("MessageId with a domain literal", {"right": "[192.0.2.1]"}, "in angle brackets", {"right": "foreign.example", "edits": [("<eb:MessageId>", "<eb:MessageId>&lt;"), ("@foreign.example</eb:MessageId>", "@foreign.example&gt;</eb:MessageId>")]}, "EBMS:0009"),
    v("a reference to the token without its type", {"edits": [(SIG_POINTER, '<wsse:Reference URI="#key-token"/>')]}, "by issuer and serial number", {"edits": [(SIG_POINTER, "<ds:X509Data><ds:X509IssuerSerial><ds:X509IssuerName>CN=x</ds:X509IssuerName><ds:X509SerialNumber>1</ds:X509SerialNumber></ds:X509IssuerSerial></ds:X509Data>")]}, "EBMS:0103"),
    v("types of properties in any order of attributes", {"edits": [(SENDER, 'Property type="iso6523-actorid-upis" name="originalSender"')]}, "originalSender without type", {"edits": [(SENDER, 'Property name="originalSender"')]}, "EBMS:0004"),
    v("SOAP part with 8bit", {"framing": [(b"charset=UTF-8\r\n", b"charset=UTF-8\r\nContent-Transfer-Encoding: 8bit\r\n")]}, "an encoding that is none", {"framing": [(b"charset=UTF-8\r\n", b"charset=UTF-8\r\nContent-Transfer-Encoding: x-uuencode\r\n")]}, 400),
    v("SOAP part with quoted charset and action", {"root_type": 'application/soap+xml; charset="utf-8"; action="x"'}, "another charset", {"root_type": "application/soap+xml; charset=iso-8859-1"}, 400),
    v("Multipart/Related, `start` without `<>`", {"ctype": 'Multipart/Related; boundary=b0undary; type=application/soap+xml; start="root@foreign.example"'}, "`start` in other case", {"ctype": TYPE + '; start="<ROOT@foreign.example>"'}, 400),
    v("Content-ID without `<>`", {"framing": [(b"Content-ID: <att@foreign.example>", b"Content-ID: att@foreign.example")]}, "Content-ID of another part", {"framing": [(b"Content-ID: <att@foreign.example>", b"Content-ID: att2@foreign.example")]}, "EBMS:0007"),
    v("attachment as `application/gzip`, without Content-Transfer-Encoding", {"framing": [(b"Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: binary\r\n", b"X-Part: 1\r\nContent-Type: application/gzip\r\n")]}, "an encoding that is none", {"framing": [(b"Content-Transfer-Encoding: binary", b"Content-Transfer-Encoding: x-uuencode")]}, "EBMS:0007"),
    v("comments, `'` and standalone in the prolog", {"prolog": "<?xml version='1.0' encoding='utf-8' standalone='yes'?>\n<?p i?><!-- c -->\n"}, "a DOCTYPE", {"prolog": '<?xml version="1.0"?><!DOCTYPE x>'}, 400),
    v("envelope with prefix, comments and a BOM", {"envelope": [("<?xml", "\ufeff<?xml"), ("<StandardBusinessDocument xmlns=", f'<sh:StandardBusinessDocument xmlns:sh="{SBDH}" xmlns='), ("</StandardBusinessDocument>", "</sh:StandardBusinessDocument>"), ("<HeaderVersion", "<!-- c --><?p i?><HeaderVersion")]}, "a DOCTYPE", {"envelope": [("<StandardBusinessDocument ", "<!DOCTYPE x><StandardBusinessDocument ")]}, "EBMS:0004"),
    v("envelope in UTF-16", {"envelope": [('encoding="UTF-8"', 'encoding="UTF-16"')], "charset": "utf-16"}, "UTF-16 declared, UTF-8 sent", {"charset": "utf-8"}, "EBMS:0004"),
    v("blanks around the envelope's values", {"envelope": [(">0208:0848934496<", ">\n 0208:0848934496\t<"), (">BE</Inst", "> BE </Inst")]}, "a blank inside", {"envelope": [(">0208:0848934496<", ">0208: 0848934496<")]}, "EBMS:0004"),
    v("scopes without their scheme", {"envelope": [("<Identifier>busdox-docid-qns</Identifier>", ""), ("<Identifier>cenbii-procid-ubl</Identifier>", "")]}, "another scheme", {"envelope": [("<Identifier>busdox-docid-qns</Identifier>", "<Identifier>other</Identifier>")]}, "EBMS:0004"),
    v("further scopes (MLS_TO, unknown ones)", {"envelope": [(SCOPE, SCOPE.replace("COUNTRY_C1", "X") + '<InstanceIdentifier>y</InstanceIdentifier></Scope><Scope><Type>MLS_TO</Type><InstanceIdentifier>0242:123456</InstanceIdentifier><Identifier>iso6523-actorid-upis</Identifier></Scope>' + SCOPE)]}, "COUNTRY_C1 twice", {"envelope": [(SCOPE, SCOPE + "<InstanceIdentifier>NL</InstanceIdentifier></Scope>" + SCOPE)]}, "EBMS:0004"),
    v("ContactInformation, MultipleType, fractions and offset in the envelope", {"envelope": [("</Identifier></Sender>", "</Identifier><ContactInformation><Contact>x</Contact></ContactInformation></Sender>"), ("<CreationDate", "<MultipleType>false</MultipleType><CreationDate"), ("2026-11-22T10:15:30Z", "2026-11-22T10:15:30.5+01:00")]}, "a time without zone", {"envelope": [("2026-11-22T10:15:30Z", "2026-11-22T10:15:30")]}, "EBMS:0004"),
]



def request(line="POST /as4 HTTP/1.1", host="Host: localhost", type="Content-Type: {}", length="Content-Length: {}", more="", chunk="%x"):
    """Makes a request's octets of a message: lines that are "" are left out; without a length it goes in chunks."""
    def octets(ctype, body):
        lines = [line, host, type.format(ctype), length.format(len(body)) or "Transfer-Encoding: chunked", more]
        pieces = [body[i:i + 5000] for i in range(0, len(body), 5000)]
        sent = body if length else b"".join((chunk % len(p)).encode() + b"\r\n" + p + b"\r\n" for p in pieces) + b"0\r\nX-End: 1\r\n\r\n"
        return "\r\n".join(l for l in lines if l).encode() + b"\r\n\r\n" + sent
    return octets


# what is taken; how the request is made; the near miss; how it is made; its HTTP status
REQUESTS = [
    ("in chunks, with extensions and a trailer", request(length="", chunk='%x;a="b"'), "a size that is no number", request(length="", chunk="%xz"), 400),
    ("`Expect: 100-continue`", request(more="Expect: 100-continue"), "`Content-Encoding: gzip`", request(more="Content-Encoding: gzip"), 415),
    ("HTTP/1.0", request("POST /as4 HTTP/1.0"), "without Host", request("POST /as4 HTTP/1.0", host=""), 400),
    ("the absolute form of the URL", request("POST http://localhost/as4 HTTP/1.1"), "Host twice", request(more="Host: other"), 400),
    ("a query behind the path", request("POST /as4?a=b HTTP/1.1"), "a path behind it", request("POST /as4/x HTTP/1.1"), 404),
    ("names in any case, blanks around values", request(host="hOST:localhost", type="CONTENT-TYPE:   {}  ", length="content-length:{}"), "a blank before the colon", request(type="Content-Type : {}"), 400),
    ("SOAPAction and other headers", request(more='SOAPAction: ""\r\nVia: 1.1 proxy'), "Content-Type twice", request(more="Content-Type: text/xml"), 400),
]

WARNING = '<eb:Error errorCode="EBMS:0002" severity="warning" category="Content" shortDescription="FeatureNotSupported"/>'
FAULT = (f'<e:Envelope xmlns:e="{S12}"><e:Body><e:Fault><e:Code><e:Value>e:Receiver</e:Value></e:Code><e:Reason><e:Text xml:lang="en">no</e:Text>'
         "</e:Reason></e:Fault></e:Body></e:Envelope>").encode()

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
    ("InclusiveNamespaces", lambda r: (200, None, foreign.receipt(r.body, prefixes="env")), "RECEIPTED",
     "taken away after signing", lambda r: (200, None, foreign.receipt(r.body, prefixes="env", damage=[('PrefixList="env"', 'PrefixList=""')])), "UNKNOWN"),
    ("BOM and comment before the Envelope", lambda r: (200, None, "\ufeff<!-- c -->\n".encode() + foreign.receipt(r.body)), "RECEIPTED",
     "a DOCTYPE", lambda r: (200, None, b"<!DOCTYPE x>" + foreign.receipt(r.body)), "UNKNOWN"),
    ("a receipt as a multipart", lambda r: (200, 'multipart/related; boundary=b; type="application/soap+xml"', b"--b\r\nContent-Type: application/soap+xml\r\n\r\n" + foreign.receipt(r.body) + b"\r\n--b--\r\n"), "RECEIPTED",
     "cut in the middle", lambda r: (200, 'multipart/related; boundary=b; type="application/soap+xml"', b"--b\r\nContent-Type: application/soap+xml\r\n\r\n" + foreign.receipt(r.body)[:900]), "UNKNOWN"),
    ("coded in gzip, though nobody asked", lambda r: (200, None, gzip.compress(foreign.receipt(r.body)), "gzip"), "RECEIPTED",
     "cut", lambda r: (200, None, gzip.compress(foreign.receipt(r.body))[:-20], "gzip"), "UNKNOWN"),
    ("HTTP 202 with the receipt", lambda r: (202, None, foreign.receipt(r.body)), "RECEIPTED",
     "HTTP 202 without anything", lambda r: (202, None, b""), "UNKNOWN"),
    ("by another certificate of the same seat", lambda r: (200, None, foreign.receipt(r.body, signer="ap2next")), "RECEIPTED",
     "by one that has expired", lambda r: (200, None, foreign.receipt(r.body, signer="expired")), "UNKNOWN"),
    ("a wsu:Timestamp beside the signature", lambda r: (200, None, foreign.receipt(r.body, damage=[("</wsse:Security>", "<wsu:Timestamp><wsu:Created>2026-11-22T10:15:30Z</wsu:Created></wsu:Timestamp></wsse:Security>")])), "RECEIPTED",
     "no signature but a Timestamp", lambda r: (200, None, foreign.receipt(r.body, signer=None, damage=[("</env:Header>", f'<x:Security xmlns:x="{foreign.WSSE}" xmlns:wsu="{WSU}"><wsu:Timestamp/></x:Security></env:Header>')])), "UNKNOWN"),
    ("a warning beside the receipt", lambda r: (200, None, foreign.receipt(r.body, edits=[("</eb:Receipt>", "</eb:Receipt>" + WARNING)])), "RECEIPTED",
     "a warning alone", lambda r: (200, None, foreign.signal(WARNING, r.id)), "UNKNOWN"),
    ("an error of an unknown code", lambda r: (200, None, foreign.error(r.id, "OTHER:1", "Odd", signer="ap2")), "WAITING",
     "a SOAP fault without an ebMS error", lambda r: (500, None, FAULT), "UNKNOWN"),
]


def table():
    say = {400: "HTTP 400", 415: "HTTP 415", 500: "SOAP fault"}
    rows = ["| taken | the nearest that is not | answer |", "|---|---|---|"]
    rows += [f"| {name} | {miss} | {say.get(want, want)} |" for name, _, miss, _, want in MESSAGES]
    rows += ["", "Requests by HTTP that carry them, and the nearest that is not taken:", "", "| taken | the nearest that is not | answer |", "|---|---|---|"]
    rows += [f"| {name} | {miss} | HTTP {status} |" for name, _, miss, _, status in REQUESTS]
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


def asked(port, octets):
    """The last status line of what comes back, and whether it is a receipt."""
    with socket.create_connection(("127.0.0.1", port), 60) as s:
        s.sendall(octets)
        data = b""
        while b"</" not in data and not re.search(rb"HTTP/1.1 [4-5]\d\d", data) and (piece := s.recv(65536)):
            data += piece
    return int(re.findall(rb"HTTP/1.1 (\d+)", data)[-1]), b"Receipt" in data


def requests(port):
    for name, good, miss, bad, status in REQUESTS:
        got = asked(port, good(*foreign.Message().wire()))
        say(got == (200, True), f"{name}: taken", got)
        got = asked(port, bad(*foreign.Message().wire()))
        say(got == (status, False), f"{name}, but {miss}: refused", got)


def answers(lab):
    peer = Hostile(lab)
    peer.serve(BUYER)
    n = 0
    for name, act, state, miss, other, missed in ANSWERS:
        for what, how, want in ((f"{name}: read", act, state), (f"{name}, but {miss}: read", other, missed)):
            def answer(p, r, s, how=how):
                status, ctype, body, *coding = how(r)
                reply(s, status, body, ctype or SOAP, [f"Content-Encoding: {c}" for c in coding])
            peer.does(answer)
            n += 1
            r = lab.json(1, "send", lab.invoice(f"VAR-{n}"), "--wait=0s", "--set", "lookup.cache=0s")[-1]
            say(r["state"] == want, f"{what} as {want}", f"{r['state']} {r.get('error')}")
            lab.ap(1, "cancel", f"VAR-{n}")
    peer.close()


with Lab() as lab:
    foreign.Message.invoice, foreign.PKI = open(INVOICE, "rb").read(), lab.net + "/pki"
    lab.stop_ap2()
    lab.serve(2, "--set", "listen.plain=loopback")
    messages(lab, lab.port("ap2"))
    requests(lab.port("ap2"))
    answers(lab)
done()
