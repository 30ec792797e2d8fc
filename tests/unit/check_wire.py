#!/usr/bin/env python3
"""Checks what we write with lxml and cryptography, independent of our code and of any AS4 stack.
usage: check_wire.py FOLDER     (made by test_as4_wire.c, or of what was on a socket by tests/conformance/test_wire.py)
  request.type, request.body   an AS4 request        payload       the document sent
  receipt.xml, error.xml       signed answers        ap1.pem, ap2.pem, ap2.key
  expect.json                  what differs from EXPECT; "envelope": true when payload went inside an SBDH; answers, of these two
Exit 0: all holds; 77: a Python module is missing; else the first thing that does not."""
import base64
import email.parser
import gzip
import hashlib
import json
import os
import sys
import urllib.parse

try:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import padding
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    from lxml import etree
except ImportError as e:
    print(e)
    sys.exit(77)

OASIS = "http://docs.oasis-open.org/"
SWA = OASIS + "wss/oasis-wss-SwAProfile-1.1#"
TOKEN = OASIS + "wss/2004/01/oasis-200401-wss-"
N = {
    "S": "http://www.w3.org/2003/05/soap-envelope",
    "eb": OASIS + "ebxml-msg/ebms/v3.0/ns/core/200704/",
    "ds": "http://www.w3.org/2000/09/xmldsig#",
    "xenc": "http://www.w3.org/2001/04/xmlenc#",
    "x11": "http://www.w3.org/2009/xmlenc11#",
    "wsse": TOKEN + "wssecurity-secext-1.0.xsd",
    "wsu": TOKEN + "wssecurity-utility-1.0.xsd",
    "wsse11": OASIS + "wss/oasis-wss-wssecurity-secext-1.1.xsd",
    "ebbp": OASIS + "ebxml-bp/ebbp-signals-2.0",
}
EXC = "http://www.w3.org/2001/10/xml-exc-c14n#"
SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"
SBDH = "http://www.unece.org/cefact/namespaces/StandardBusinessDocumentHeader"
EXPECT = {
    "sender": "0088:7300010000001", "receiver": "0088:7300010000002", "service": "urn:fdc:peppol.eu:2017:poacc:billing:01:1.0",
    "action": "busdox-docid-qns::urn:x::Invoice##urn:y::2.1", "country": "BE", "envelope": False, "answers": ["receipt", "error"],
}
folder = sys.argv[1]


def read(name):
    with open(os.path.join(folder, name), "rb") as f:
        return f.read()


def expected():
    try:
        return {**EXPECT, **json.loads(read("expect.json"))}
    except FileNotFoundError:
        return EXPECT


def need(what, ok):
    if not ok:
        sys.exit(f"check_wire: {what}")


def same(what, got, want):
    if got != want:
        sys.exit(f"check_wire: {what}: {got!r} instead of {want!r}")


def x(node, path):
    return node.xpath(path, namespaces=N)


def one(node, path):
    found = x(node, path)
    same(f"count of {path}", len(found), 1)
    return found[0]


def names(node):
    return [etree.QName(c).localname for c in node]


def c14n(node, method):
    """exc-c14n with the prefix list said below a CanonicalizationMethod or Transform."""
    prefixes = x(method, "./*[local-name()='InclusiveNamespaces']/@PrefixList")
    return etree.tostring(node, method="c14n", exclusive=True, inclusive_ns_prefixes=prefixes[0].split() if prefixes else None)


def certificate(doc, reference):
    uri = reference.get("URI")
    same("token's ValueType in the reference", reference.get("ValueType"), TOKEN + "x509-token-profile-1.0#X509v3")
    bst = one(doc, f"/S:Envelope/S:Header/wsse:Security/wsse:BinarySecurityToken[@wsu:Id='{uri[1:]}']")
    same("EncodingType", bst.get("EncodingType"), TOKEN + "soap-message-security-1.0#Base64Binary")
    same("ValueType", bst.get("ValueType"), TOKEN + "x509-token-profile-1.0#X509v3")
    return x509.load_der_x509_certificate(base64.b64decode(bst.text))


def signed_octets(doc, ref, parts):
    uri, transforms = ref.get("URI"), x(ref, "./ds:Transforms/ds:Transform")
    same("transforms of a reference", len(transforms), 1)
    if uri.startswith("cid:"):
        same("transform of a part", transforms[0].get("Algorithm"), SWA + "Attachment-Content-Signature-Transform")
        mime, data = parts.pop(urllib.parse.unquote(uri[4:]))
        if mime in ("application/xml", "text/xml"):
            data = etree.tostring(etree.fromstring(data), method="c14n", exclusive=True)
        return data
    same("transform of an element", transforms[0].get("Algorithm"), EXC)
    return c14n(one(doc, f"//*[@wsu:Id='{uri[1:]}']"), transforms[0])


def verify(doc, signer_pem, parts):
    """The signature over Messaging, Body and these parts; returns the ds:Reference elements."""
    for bst in x(doc, "//*[@wsu:Id]"):
        same("ids are single", len(x(doc, f"//*[@wsu:Id='{bst.get('{%s}Id' % N['wsu'])}']")), 1)
    sig = one(doc, "/S:Envelope/S:Header/wsse:Security/ds:Signature")
    info = one(sig, "./ds:SignedInfo")
    method = one(info, "./ds:CanonicalizationMethod")
    same("c14n", method.get("Algorithm"), EXC)
    same("signature method", one(info, "./ds:SignatureMethod").get("Algorithm"), "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256")
    cert = certificate(doc, one(sig, "./ds:KeyInfo/wsse:SecurityTokenReference/wsse:Reference"))
    same("signer", cert, x509.load_pem_x509_certificate(read(signer_pem)))
    cert.public_key().verify(base64.b64decode(one(sig, "./ds:SignatureValue").text), c14n(info, method), padding.PKCS1v15(), hashes.SHA256())
    refs = x(info, "./ds:Reference")
    left, uris = dict(parts), []
    for ref in refs:
        same("digest method", one(ref, "./ds:DigestMethod").get("Algorithm"), SHA256)
        digest = hashlib.sha256(signed_octets(doc, ref, left)).digest()
        same("digest of " + ref.get("URI"), base64.b64decode(one(ref, "./ds:DigestValue").text), digest)
        uris.append(ref.get("URI"))
    same("unsigned parts", left, {})
    for path in ("/S:Envelope/S:Header/eb:Messaging", "/S:Envelope/S:Body"):
        need(path + " is not signed", "#" + one(doc, path).get("{%s}Id" % N["wsu"]) in uris)
    same("number of references", len(refs), 2 + len(parts))
    return refs


def decrypt(doc, parts):
    key = serialization.load_pem_private_key(read("ap2.key"), None)
    ek = one(doc, "/S:Envelope/S:Header/wsse:Security/xenc:EncryptedKey")
    how = one(ek, "./xenc:EncryptionMethod")
    same("key transport", how.get("Algorithm"), "http://www.w3.org/2009/xmlenc11#rsa-oaep")
    same("OAEP digest", one(how, "./ds:DigestMethod").get("Algorithm"), SHA256)
    same("OAEP MGF", one(how, "./x11:MGF").get("Algorithm"), "http://www.w3.org/2009/xmlenc11#mgf1sha256")
    same("OAEP label", len(x(how, "./xenc:OAEPparams")), 0)
    same("recipient", certificate(doc, one(ek, "./ds:KeyInfo/wsse:SecurityTokenReference/wsse:Reference")), x509.load_pem_x509_certificate(read("ap2.pem")))
    wrapped = base64.b64decode(one(ek, "./xenc:CipherData/xenc:CipherValue").text)
    cek = key.decrypt(wrapped, padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None))
    same("content key", len(cek), 16)
    clear = {}
    for ed in x(doc, "/S:Envelope/S:Header/wsse:Security/xenc:EncryptedData"):
        same("Type", ed.get("Type"), SWA + "Attachment-Content-Only")
        same("cipher", one(ed, "./xenc:EncryptionMethod").get("Algorithm"), "http://www.w3.org/2009/xmlenc11#aes128-gcm")
        need("DataReference", "#" + ed.get("Id") in x(ek, "./xenc:ReferenceList/xenc:DataReference/@URI"))
        str_ = one(ed, "./ds:KeyInfo/wsse:SecurityTokenReference")
        same("TokenType", str_.get("{%s}TokenType" % N["wsse11"]), OASIS + "wss/oasis-wss-soap-message-security-1.1#EncryptedKey")
        same("key of the data", one(str_, "./wsse:Reference").get("URI"), "#" + ek.get("Id"))
        ref = one(ed, "./xenc:CipherData/xenc:CipherReference")
        same("ciphertext transform", one(ref, "./xenc:Transforms/ds:Transform").get("Algorithm"), SWA + "Attachment-Ciphertext-Transform")
        cid = urllib.parse.unquote(ref.get("URI")[4:])
        c = parts.pop(cid)
        clear[cid] = (ed.get("MimeType"), AESGCM(cek).decrypt(c[:12], c[12:], None))
    same("parts that are not encrypted", parts, {})
    return clear


def check_header(doc, cid):
    m = one(doc, "/S:Envelope/S:Header/eb:Messaging")
    same("mustUnderstand", m.get("{%s}mustUnderstand" % N["S"]), "true")
    same("Messaging", names(m), ["UserMessage"])
    um = m[0]
    same("UserMessage", names(um), ["MessageInfo", "PartyInfo", "CollaborationInfo", "MessageProperties", "PayloadInfo"])
    same("MessageInfo", names(um[0]), ["Timestamp", "MessageId"])
    need("Timestamp is UTC", um[0][0].text.endswith("Z"))
    need("MessageId has no brackets", "@" in um[0][1].text and "<" not in um[0][1].text)
    for side, seat, role in ((0, "POP000001", "initiator"), (1, "POP000002", "responder")):
        party = um[1][side]
        same("party", names(party), ["PartyId", "Role"])
        same("PartyId", (party[0].text, dict(party[0].attrib)), (seat, {"type": "urn:fdc:peppol.eu:2017:identifiers:ap"}))
        same("Role", party[1].text, N["eb"] + role)
    info = um[2]
    same("CollaborationInfo", names(info), ["AgreementRef", "Service", "Action", "ConversationId"])
    same("AgreementRef", (info[0].text, dict(info[0].attrib)), ("urn:fdc:peppol.eu:2017:agreements:tia:ap_provider", {}))
    same("Service", (info[1].text, dict(info[1].attrib)), (expect["service"], {"type": "cenbii-procid-ubl"}))
    same("Action", info[2].text, expect["action"])
    props = [(p.get("name"), p.get("type"), p.text) for p in um[3]]
    same("MessageProperties", props, [("originalSender", "iso6523-actorid-upis", expect["sender"]), ("finalRecipient", "iso6523-actorid-upis", expect["receiver"])])
    part = one(um, "./eb:PayloadInfo/eb:PartInfo")
    same("href", part.get("href"), "cid:" + cid)
    return {p.get("name"): p.text for p in x(part, "./eb:PartProperties/eb:Property")}


def check_body(doc):
    body = one(doc, "/S:Envelope/S:Body")
    need("the Body is empty", len(body) == 0 and not body.text)


def document_range(data, root):
    """From the root's start tag to its end tag."""
    start = data.index(b"<" + root)
    return data[start:data.rindex(b"</" + root) + len(root) + 3]


#= Envelope 2.0.2 2.3 "InstanceIdentifier is not the MessageId"
def check_envelope(data, message_id):
    """The SBDH against the AS4 header, and the document in it against the one handed to the sender, octet for octet."""
    sbd = etree.fromstring(data)
    same("envelope", sbd.tag, "{%s}StandardBusinessDocument" % SBDH)
    same("what is in the envelope", len(sbd), 2)
    header, document = sbd
    h = lambda path: header.xpath(path, namespaces={"s": SBDH})
    text = lambda path: [e.text for e in h(path)]
    same("SBDH", names(header), ["HeaderVersion", "Sender", "Receiver", "DocumentIdentification", "BusinessScope"])
    same("HeaderVersion", header[0].text, "1.0")
    for side, id in (("Sender", expect["sender"]), ("Receiver", expect["receiver"])):
        same(side, [(e.text, dict(e.attrib)) for e in h(f"s:{side}/s:Identifier")], [(id, {"Authority": "iso6523-actorid-upis"})])
    info = header[3]
    same("DocumentIdentification", names(info), ["Standard", "TypeVersion", "InstanceIdentifier", "Type", "CreationDateAndTime"])
    q = etree.QName(document)
    same("Standard and Type", (info[0].text, info[3].text), (q.namespace, q.localname))
    need("InstanceIdentifier, and not the MessageId", info[2].text and info[2].text != message_id and info[2].text != message_id.split("@")[0])
    need("CreationDateAndTime has a zone", info[4].text.endswith("Z"))
    scheme, _, doctype = expect["action"].partition("::")
    same("TypeVersion", info[1].text, doctype.rpartition("::")[2])
    scopes = [tuple(c.text for c in s) for s in header[4]]
    need("children of Scope", all(names(s) == ["Type", "InstanceIdentifier", "Identifier"][:len(s)] for s in header[4]))
    same("scopes", scopes[:3], [("DOCUMENTID", doctype, scheme), ("PROCESSID", expect["service"], "cenbii-procid-ubl"), ("COUNTRY_C1", expect["country"])])
    root = (document.prefix + ":" if document.prefix else "").encode() + q.localname.encode()
    same("document in the envelope", document_range(data, root), document_range(read("payload"), root))


#= Envelope 2.0.2 2.8 "application/xml or text/xml"
def check_request():
    head = b"Content-Type: " + read("request.type") + b"\r\n\r\n"
    m = email.parser.BytesParser().parsebytes(head + read("request.body"))
    same("type of the message", m.get_content_type(), "multipart/related")
    same("type of the root", m.get_param("type"), "application/soap+xml")
    root, att = m.get_payload()
    same("root", (root.get_content_type(), root["Content-ID"]), ("application/soap+xml", m.get_param("start")))
    same("attachment", (att.get_content_type(), att["Content-Transfer-Encoding"]), ("application/octet-stream", "binary"))
    doc = etree.fromstring(root._payload.encode("ascii", "surrogateescape")).getroottree()
    cid = att["Content-ID"].strip("<>")
    same("Security", names(one(doc, "/S:Envelope/S:Header/wsse:Security")), ["BinarySecurityToken", "EncryptedKey", "EncryptedData", "BinarySecurityToken", "Signature"])
    same("Security must be understood", one(doc, "//wsse:Security").get("{%s}mustUnderstand" % N["S"]), "true")
    check_body(doc)
    props = check_header(doc, cid)
    clear = decrypt(doc, {cid: att._payload.encode("ascii", "surrogateescape")})
    same("MimeType", props.pop("MimeType"), "application/xml")
    mime, data = clear[cid]
    if props.pop("CompressionType", None):
        same("type of what was encrypted", mime, "application/gzip")
        data = gzip.decompress(data)
    else:
        same("type of what was encrypted", mime, "application/xml")
    same("other part properties", props, {})
    if expect["envelope"]:
        check_envelope(data, x(doc, "//eb:MessageId")[0].text)
    else:
        same("payload", data, read("payload"))
    return x(doc, "//eb:MessageId")[0].text, verify(doc, "ap1.pem", clear)


def signal(name, message_id):
    doc = etree.fromstring(read(name)).getroottree()
    check_body(doc)
    s = one(doc, "/S:Envelope/S:Header/eb:Messaging/eb:SignalMessage")
    same("MessageInfo", names(s[0]), ["Timestamp", "MessageId", "RefToMessageId"])
    same("RefToMessageId", s[0][2].text, message_id)
    same("signed references", len(verify(doc, "ap2.pem", {})), 2)
    return s


def check_receipt(message_id, refs):
    s = signal("receipt.xml", message_id)
    same("signal", names(s), ["MessageInfo", "Receipt"])
    nri = one(s, "./eb:Receipt/ebbp:NonRepudiationInformation")
    copies = x(nri, "./ebbp:MessagePartNRInformation/ds:Reference")
    same("children", len(nri), len(copies))
    same("receipt's references", [etree.tostring(r, method="c14n", exclusive=True) for r in copies], [etree.tostring(r, method="c14n", exclusive=True) for r in refs])


def check_error(message_id):
    s = signal("error.xml", message_id)
    same("signal", names(s), ["MessageInfo", "Error"])
    e = s[1]
    same("error", dict(e.attrib), {"errorCode": "EBMS:0004", "severity": "failure", "category": "Content", "origin": "ebMS", "shortDescription": "Other", "refToMessageInError": message_id})
    same("children", names(e), ["Description", "ErrorDetail"])
    same("language", e[0].get("{http://www.w3.org/XML/1998/namespace}lang"), "en")
    same("ErrorDetail", e[1].text, "PEPPOL:NOT_SERVICED")


expect = expected()
message_id, references = check_request()
if "receipt" in expect["answers"]:
    check_receipt(message_id, references)
if "error" in expect["answers"]:
    check_error(message_id)
