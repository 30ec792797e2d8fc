#!/usr/bin/env python3
"""What our sender and our receiver really put on a socket, judged by tests/unit/check_wire.py (lxml, cryptography), xmlsec1, and
xmllint with the official schema. A peer in Python ends the TLS of a running sender and passes every octet on to a running receiver."""
import http.client, json, os, re, shutil, socket, ssl, sys, threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../support"))
from lab import *

CHECK = os.path.join(TOP, "tests/unit/check_wire.py")
XSD = os.path.join(os.environ.get("AVISO_SHARED", ""), "spec/data/xsd")
ACTION = ("busdox-docid-qns::urn:oasis:names:specification:ubl:schema:xsd:Invoice-2::Invoice##urn:cen.eu:en16931:2017#compliant#"
          "urn:fdc:peppol.eu:2017:poacc:billing:3.0::2.1")


class Tap:
    """TLS in, TLS out; `seen` holds (request head, request body, answer) and what the handshake said."""

    def __init__(self, lab):
        self.lab, self.seen, self.names = lab, [], []
        c = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        c.load_cert_chain(lab.net + "/pki/tls.chain.pem", lab.net + "/pki/tls.key")
        c.sni_callback = lambda s, name, _: self.names.append(name)
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"https://localhost:{self.socket.getsockname()[1]}/as4"
        threading.Thread(target=self.run, args=(c,), daemon=True).start()

    def run(self, c):
        while True:
            s, _ = self.socket.accept()
            threading.Thread(target=self.one, args=(c, s), daemon=True).start()

    def one(self, c, s):
        with c.wrap_socket(s, server_side=True) as t:
            data = b""
            while b"\r\n\r\n" not in data:
                piece = t.recv(65536)
                if not piece:
                    return
                data += piece
            head, _, body = data.partition(b"\r\n\r\n")
            size = int(re.search(rb"(?i)content-length: *(\d+)", head).group(1))
            while len(body) < size:
                body += t.recv(65536)
            out = ssl.create_default_context()
            out.check_hostname, out.verify_mode = False, ssl.CERT_NONE
            far = http.client.HTTPSConnection("127.0.0.1", self.lab.port("ap2"), timeout=60, context=out)
            far.request("POST", "/as4", body=body, headers={"Content-Type": re.search(rb"(?i)content-type: *([^\r]*)", head).group(1).decode()})
            a = far.getresponse()
            answer = a.read()
            self.seen.append((head, body, a.status, a.getheader("Content-Type"), answer))
            t.sendall(f"HTTP/1.1 {a.status} x\r\nContent-Type: {a.getheader('Content-Type')}\r\nContent-Length: {len(answer)}\r\nConnection: close\r\n\r\n".encode() + answer)


def tool(name):
    return shutil.which(name)


def folder(lab, n, seen, document, answers, **more):
    d = os.path.join(lab.dir, f"wire{n}")
    os.makedirs(d)
    head, body, _, _, answer = seen
    files = {"request.type": re.search(rb"(?i)content-type: *([^\r]*)", head).group(1), "request.body": body, "payload": open(document, "rb").read(),
             answers + ".xml": answer, "soap.xml": re.search(rb"<\?xml.*?Envelope>", body, re.S).group(0),
             "expect.json": json.dumps({"sender": SUPPLIER, "receiver": BUYER, "action": ACTION, "envelope": True, "answers": [answers], **more}).encode()}
    for name, data in files.items():
        open(os.path.join(d, name), "wb").write(data)
    for name in ("ap1.pem", "ap2.pem", "ap2.key"):
        shutil.copy(f"{lab.net}/pki/{name}", d)
    return d


def judged(d):
    return subprocess.run([sys.executable, CHECK, d], capture_output=True, text=True)


def xmlsec(d, answer):
    return subprocess.run(["xmlsec1", "--verify", "--pubkey-cert-pem", d + "/ap2.pem", "--id-attr:Id", "http://docs.oasis-open.org/ebxml-msg/ebms/v3.0/ns/core/200704/:Messaging",
                           "--id-attr:Id", "http://www.w3.org/2003/05/soap-envelope:Body", "--node-xpath", "/*/*/*[local-name()='Security']/*[local-name()='Signature']",
                           f"{d}/{answer}.xml"], capture_output=True).returncode


def schema(path):
    return subprocess.run(["xmllint", "--nonet", "--noout", "--schema", XSD + "/as4-driver.xsd", path], capture_output=True, text=True,
                          env={**os.environ, "XML_CATALOG_FILES": XSD + "/catalog.xml"})


def check(lab, n, name, seen, document, answer, **more):
    d = folder(lab, n, seen, document, answer, **more)
    r = judged(d)
    if r.returncode == 77:
        print("skip " + name + ": " + r.stdout.strip())
        return
    say(r.returncode == 0, name + ": every field, digest, signature and key of the request and its " + answer, r.stderr)
    if tool("xmlsec1"):
        say(xmlsec(d, answer) == 0, f"{name}: xmlsec1 verifies the {answer}")
    else:
        print(f"skip {name}_by_xmlsec1: no xmlsec1 command")
    if tool("xmllint") and os.path.exists(XSD + "/as4-driver.xsd"):
        for f in ("soap", answer):
            r = schema(f"{d}/{f}.xml")
            say(r.returncode == 0, f"{name}: {f}.xml is valid by the schema", r.stderr)
    else:
        print(f"skip {name}_by_schema: no schema or no xmllint")
    data = open(d + "/request.body", "rb").read()
    open(d + "/request.body", "wb").write(data.replace(b"POP000001</", b"POP000003</", 1))
    say(judged(d).returncode not in (0, 77), name + ": a change is seen")


def main(lab):
    tap = Tap(lab)
    lab.register(BUYER, tap.url)
    documents = [lab.invoice("WIRE-1"), lab.invoice("WIRE-2", lambda s: s.replace("</cac:InvoiceLine>", "</cac:InvoiceLine><!-- " + os.urandom(500000).hex() + " -->", 1))]
    for name, path in zip(("an invoice", "an invoice of 1 MB"), documents):
        r = lab.json(1, "send", path, "--wait=30s", "--set", "lookup.cache=0s")[-1]
        say(r["state"] == "RECEIPTED", name + " is receipted through the tap", r)
    head = tap.seen[0][0].decode()
    say(head.startswith("POST /as4 HTTP/1.1\r\n"), "the request is a POST of HTTP/1.1", head)
    say(not re.search("(?i)^(expect|transfer-encoding|accept-encoding|soapaction):", head, re.M), "no header that peers stumble over", head)
    say(set(tap.names) == {"localhost"}, "the handshake names the host (SNI)", tap.names)
    #= eDelivery AS4 1.14 "receipts and errors come in the response"
    say(all(s[2] == 200 and s[3].lower().startswith("application/soap+xml") for s in tap.seen), "answers are SOAP with HTTP 200", [s[2:4] for s in tap.seen])
    for i, name in enumerate(("an invoice", "an invoice of 1 MB")):
        check(lab, i, name, tap.seen[i], documents[i], "receipt")
    # a receiver that the second access point does not serve
    lab.ap(2, "participant", "disable", BUYER)
    third = lab.invoice("WIRE-3")
    r = lab.json(1, "send", third, "--wait=0s", "--set", "lookup.cache=0s")[-1]
    say(b"NOT_SERVICED" in tap.seen[2][4], "who is not served is answered so", r)
    check(lab, 2, "who is not served", tap.seen[2], third, "error")


# the ebMS code; a message that has it (tests/support/foreign.py)
BAD = [
    ("EBMS:0001", {"edits": [("<eb:AgreementRef>", '<eb:AgreementRef type="x">')]}),
    ("EBMS:0004", {"edits": [(">POP000002<", ">POP000009<")]}),
    ("EBMS:0007", {"href": "nowhere"}),
    ("EBMS:0009", {"edits": [("@foreign.example</eb:MessageId>", "</eb:MessageId>")]}),
    ("EBMS:0101", {"damage": [("ConversationId>c", "ConversationId>d")]}),
    ("EBMS:0102", {"framing": [(b"binary\r\nContent-ID: <att@foreign.example>\r\n\r\n", b"binary\r\nContent-ID: <att@foreign.example>\r\n\r\nx")]}),
    ("EBMS:0103", {"refs": ("messaging", "cid")}),
    ("EBMS:0303", {"edits": [(">application/gzip<", ">application/zip<")]}),
]


#= EBMS3 6.7 "each kind of fault has its error code"
def errors(lab):
    """Each kind of error that our receiver sends: signed by the certificate in its token, which chains; of the schema."""
    try:
        import foreign
    except ImportError as e:
        print(f"skip errors: {e}")
        return
    foreign.Message.invoice, foreign.PKI = open(INVOICE, "rb").read(), lab.net + "/pki"
    d = os.path.join(lab.dir, "errors")
    os.makedirs(d)
    shutil.copy(lab.net + "/pki/ap2.pem", d)
    for code, how in BAD:
        m = foreign.Message(**how)
        ctype, body = m.wire()
        out = ssl.create_default_context(cafile=lab.net + "/pki/tlsca.pem")
        far = http.client.HTTPSConnection("localhost", lab.port("ap2"), timeout=60, context=out)
        far.request("POST", "/as4", body=body, headers={"Content-Type": ctype})
        answer = far.getresponse().read()
        open(d + "/error.xml", "wb").write(answer)
        told = [x.decode() for x in re.findall(rb'errorCode="([^"]*)"|RefToMessageId>([^<]*)<|severity="([^"]*)"', answer) for x in x if x]
        ref = m.id if code != "EBMS:0009" else m.id.split("@")[0]
        say(told == [ref, code, "failure"], f"{code}: one error of its kind, for this message", told)
        token = re.search(rb"BinarySecurityToken[^>]*>([^<]*)<", answer).group(1)
        open(d + "/token.pem", "wb").write(b"-----BEGIN CERTIFICATE-----\n" + token + b"\n-----END CERTIFICATE-----\n")
        r = subprocess.run(["openssl", "verify", "-CAfile", lab.net + "/pki/root.pem", "-untrusted", lab.net + "/pki/apca.pem", d + "/token.pem"],
                           capture_output=True, text=True)
        say(r.returncode == 0, f"{code}: openssl verifies the certificate in the token", r.stderr)
        if tool("xmlsec1"):
            say(xmlsec(d, "error") == 0, f"{code}: xmlsec1 verifies the signature")
        if tool("xmllint") and os.path.exists(XSD + "/as4-driver.xsd"):
            say((r := schema(d + "/error.xml")).returncode == 0, f"{code}: it is valid by the schema", r.stderr)


with Lab() as lab:
    main(lab)
    errors(lab)
done()
