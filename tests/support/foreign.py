"""Messages and signals of an access point that nobody here wrote: made from text with lxml and cryptography, in whatever
spelling the standards allow. Elements are digested as parsed from the finished text, so what is signed is what is sent.

    m = Message(soap="env", refs=("cid", "body", "messaging"))      # options below
    ctype, body = m.wire()
    receipt(request_body, extra="<x xmlns='urn:x'/>")               # an answer, signed by ap2"""
import base64, gzip, hashlib, os, re, uuid

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from lxml import etree

PKI = os.environ.get("AVISO_PKI", "")
S12, OASIS = "http://www.w3.org/2003/05/soap-envelope", "http://docs.oasis-open.org/"
EB, EBBP = OASIS + "ebxml-msg/ebms/v3.0/ns/core/200704/", OASIS + "ebxml-bp/ebbp-signals-2.0"
TOKEN, SWA = OASIS + "wss/2004/01/oasis-200401-wss-", OASIS + "wss/oasis-wss-SwAProfile-1.1#"
WSSE, WSU = TOKEN + "wssecurity-secext-1.0.xsd", TOKEN + "wssecurity-utility-1.0.xsd"
WSSE11, KEYTYPE = OASIS + "wss/oasis-wss-wssecurity-secext-1.1.xsd", OASIS + "wss/oasis-wss-soap-message-security-1.1#EncryptedKey"
DS, XENC, X11 = "http://www.w3.org/2000/09/xmldsig#", "http://www.w3.org/2001/04/xmlenc#", "http://www.w3.org/2009/xmlenc11#"
EXC = "http://www.w3.org/2001/10/xml-exc-c14n#"
NS = f'xmlns:ds="{DS}" xmlns:xenc="{XENC}" xmlns:wsse="{WSSE}" xmlns:wsu="{WSU}"'
AGREEMENT, PARTY = "urn:fdc:peppol.eu:2017:agreements:tia:ap_provider", "urn:fdc:peppol.eu:2017:identifiers:ap"


def b64(data, width=0):
    text = base64.b64encode(data).decode()
    return "\n".join(text[i:i + width] for i in range(0, len(text), width)) if width else text


def sha(data):
    return b64(hashlib.sha256(data).digest())


def key_of(name):
    with open(f"{PKI}/{name}.key", "rb") as f:
        return serialization.load_pem_private_key(f.read(), None)


def cert_of(name):
    with open(f"{PKI}/{name}.pem", "rb") as f:
        return x509.load_pem_x509_certificate(f.read())


def c14n(node, prefixes=""):
    """Exclusive, of an element as it stands in its document: written out with its namespaces in scope and read again."""
    alone = etree.fromstring(etree.tostring(node, with_tail=False))
    return etree.tostring(alone, method="c14n", exclusive=True, with_comments=False, inclusive_ns_prefixes=prefixes.split() or None)


def inclusive(prefixes):
    return f'<ec:InclusiveNamespaces xmlns:ec="{EXC}" PrefixList="{prefixes}"/>' if prefixes else ""


def reference(uri, transform, digest, prefixes=""):
    return (f'<ds:Reference URI="{uri}"><ds:Transforms><ds:Transform Algorithm="{transform}">{inclusive(prefixes)}</ds:Transform></ds:Transforms>'
            f'<ds:DigestMethod Algorithm="{XENC}sha256"/><ds:DigestValue>{digest}</ds:DigestValue></ds:Reference>')


def token(name, id, width=0, kind="X509v3"):
    der = cert_of(name).public_bytes(serialization.Encoding.DER)
    return (f'<wsse:BinarySecurityToken EncodingType="{TOKEN}soap-message-security-1.0#Base64Binary" '
            f'ValueType="{TOKEN}x509-token-profile-1.0#{kind}" wsu:Id="{id}">{b64(der, width)}</wsse:BinarySecurityToken>')


def pointer(id, kind="x509-token-profile-1.0#X509v3"):
    return f'<ds:KeyInfo><wsse:SecurityTokenReference><wsse:Reference URI="#{id}" ValueType="{TOKEN}{kind}"/></wsse:SecurityTokenReference></ds:KeyInfo>'


def by_id(doc, id):
    return doc.xpath("//*[@*[local-name()='Id' or local-name()='id']=$i]", i=id)[0]


def sign(text, signer, refs, attached, prefixes="", token_id="sig-token", width=0):
    """`text` with @SIGNATURE@ replaced. refs: ids of elements and names of `attached` {cid: digest}, in their order."""
    doc = etree.fromstring(text.replace("@SIGNATURE@", "").encode())
    made = []
    for r in refs:
        if r in attached:
            made.append(reference("cid:" + r, SWA + "Attachment-Content-Signature-Transform", attached[r]))
        else:
            made.append(reference("#" + r, EXC, sha(c14n(by_id(doc, r), prefixes)), prefixes))
    info = (f'<ds:SignedInfo><ds:CanonicalizationMethod Algorithm="{EXC}">{inclusive(prefixes)}</ds:CanonicalizationMethod>'
            f'<ds:SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"/>{"".join(made)}</ds:SignedInfo>')
    signature = f'<ds:Signature xmlns:ds="{DS}" Id="sig">{info}<ds:SignatureValue>@VALUE@</ds:SignatureValue>{pointer(token_id)}</ds:Signature>'
    text = text.replace("@SIGNATURE@", signature)
    node = etree.fromstring(text.encode()).find(f".//{{{DS}}}SignedInfo")
    return text.replace("@VALUE@", b64(key_of(signer).sign(c14n(node, prefixes), padding.PKCS1v15(), hashes.SHA256()), width))


def envelope_of(invoice):
    """A business document in its envelope, as any sender would wrap it."""
    root = etree.fromstring(invoice)
    cbc = "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2"
    custom, process = root.findtext(f"{{{cbc}}}CustomizationID"), root.findtext(f"{{{cbc}}}ProfileID")
    q = etree.QName(root)
    doctype = f"{q.namespace}::{q.localname}##{custom}::2.1"
    scope = lambda kind, value, more="": f"<Scope><Type>{kind}</Type><InstanceIdentifier>{value}</InstanceIdentifier>{more}</Scope>"
    party = lambda side, id: f'<{side}><Identifier Authority="iso6523-actorid-upis">{id}</Identifier></{side}>'
    body = etree.tostring(root).decode()
    return doctype, process, (
        '<?xml version="1.0" encoding="UTF-8"?>\n<StandardBusinessDocument xmlns="http://www.unece.org/cefact/namespaces/StandardBusinessDocumentHeader">'
        "<StandardBusinessDocumentHeader><HeaderVersion>1.0</HeaderVersion>" + party("Sender", "0208:0848934496") + party("Receiver", "0208:0403170701") +
        f"<DocumentIdentification><Standard>{q.namespace}</Standard><TypeVersion>2.1</TypeVersion><InstanceIdentifier>{uuid.uuid4()}</InstanceIdentifier>"
        f"<Type>{q.localname}</Type><CreationDateAndTime>2026-11-22T10:15:30Z</CreationDateAndTime></DocumentIdentification><BusinessScope>" +
        scope("DOCUMENTID", doctype, "<Identifier>busdox-docid-qns</Identifier>") + scope("PROCESSID", process, "<Identifier>cenbii-procid-ubl</Identifier>") +
        scope("COUNTRY_C1", "BE") + f"</BusinessScope></StandardBusinessDocumentHeader>{body}</StandardBusinessDocument>").encode()


class Message:
    """One UserMessage from ap1 to ap2. Every option has the usual form as its default; `edits` change the finished SOAP text
    before signing, `damage` after it, `framing` the finished MIME bytes, `envelope` the document's: lists of (old, new), each of
    which must occur."""
    invoice = None  # bytes of a document; the test sets it

    def __init__(self, **options):
        self.soap, self.eb = "S12", "eb"
        self.must = '{soap}:mustUnderstand="true"'
        self.ids = self.body_ids = "wsu:Id"  # the attributes of Messaging and Body that are referred to
        self.prefixes = ""              # of CanonicalizationMethod and of the elements' transforms
        self.refs = ("messaging", "body", "cid")
        self.cid, self.href = "att@foreign.example", None
        self.compress, self.mime, self.raw_digest = True, "application/xml", False
        self.tokens, self.token_id, self.signer = "", "sig-token", "ap1"
        self.width = 0                  # of base64 lines in the header
        self.right = "foreign.example"  # of the MessageId
        self.order = ("key-token", "key", "data", "tokens", "signature")
        self.header = ""                # further header blocks
        self.properties = ""            # further message properties
        self.user = ""                  # attributes of eb:UserMessage
        self.prolog = '<?xml version="1.0" encoding="UTF-8"?>\n'
        self.cte = "binary"
        self.root_type, self.ctype = 'application/soap+xml; charset=UTF-8', 'multipart/related; boundary="b0undary"; type="application/soap+xml"; start="<root@foreign.example>"'
        self.lf = False
        self.edits, self.damage, self.framing, self.envelope = (), (), (), ()
        self.charset = "utf-8"          # of the document
        self.second, self.second_named = None, True  # a text of a further attachment, with a content key of its own
        for k, v in options.items():
            getattr(self, k)
            setattr(self, k, v)
        self.id = f"{uuid.uuid4()}@{self.right}"

    @staticmethod
    def change(text, edits):
        for old, new in edits:
            if old not in text:
                raise SystemExit(f"foreign: {old!r} does not occur")
            text = text.replace(old, new, 1)
        return text

    def payload(self):
        doctype, process, sbd = envelope_of(self.invoice)
        sbd = self.change(sbd.decode(), self.envelope).encode(self.charset)
        data = gzip.compress(sbd) if self.compress else sbd
        octets = data if self.compress or self.raw_digest else c14n(etree.fromstring(data))
        return doctype, process, data, sha(octets)

    def messaging(self, doctype, process):
        e, s = self.eb + ":" if self.eb else "", self.soap
        ns = f'xmlns{":" + self.eb if self.eb else ""}="{EB}"'
        prop = lambda name, value: f'<{e}Property name="{name}" type="iso6523-actorid-upis">{value}</{e}Property>'
        party = lambda side, seat, role: f'<{e}{side}><{e}PartyId type="{PARTY}">{seat}</{e}PartyId><{e}Role>{EB}{role}</{e}Role></{e}{side}>'
        part = f'<{e}Property name="MimeType">{self.mime}</{e}Property>'
        if self.compress:
            part += f'<{e}Property name="CompressionType">application/gzip</{e}Property>'
        return (f'<{e}Messaging {ns} {self.must.format(soap=s)} {self.ids}="messaging"><{e}UserMessage{self.user}><{e}MessageInfo><{e}Timestamp>2026-11-22T10:15:30.123Z</{e}Timestamp>'
                f'<{e}MessageId>{self.id}</{e}MessageId></{e}MessageInfo><{e}PartyInfo>{party("From", "POP000001", "initiator")}{party("To", "POP000002", "responder")}</{e}PartyInfo>'
                f'<{e}CollaborationInfo><{e}AgreementRef>{AGREEMENT}</{e}AgreementRef><{e}Service type="cenbii-procid-ubl">{process}</{e}Service>'
                f'<{e}Action>busdox-docid-qns::{doctype}</{e}Action><{e}ConversationId>c-1</{e}ConversationId></{e}CollaborationInfo>'
                f'<{e}MessageProperties>{prop("originalSender", "0208:0848934496")}{prop("finalRecipient", "0208:0403170701")}{self.properties}</{e}MessageProperties>'
                f'<{e}PayloadInfo><{e}PartInfo href="cid:{self.href or self.cid}"><{e}PartProperties>{part}</{e}PartProperties></{e}PartInfo>{self.second_info(e)}</{e}PayloadInfo></{e}UserMessage></{e}Messaging>')

    def second_info(self, e):
        return (f'<{e}PartInfo href="cid:two@foreign.example"><{e}PartProperties><{e}Property name="MimeType">text/plain</{e}Property></{e}PartProperties></{e}PartInfo>'
                if self.second is not None and self.second_named else "")

    def sealed(self, cek, n="", cid=None, mime="text/plain"):
        """EncryptedKey and EncryptedData of one attachment."""
        wrapped = cert_of("ap2").public_key().encrypt(cek, padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None))
        return ((f'<xenc:EncryptedKey Id="ek{n}"><xenc:EncryptionMethod Algorithm="{X11}rsa-oaep"><ds:DigestMethod Algorithm="{XENC}sha256"/><x11:MGF xmlns:x11="{X11}" Algorithm="{X11}mgf1sha256"/>'
                 f'</xenc:EncryptionMethod>{pointer("key-token")}<xenc:CipherData><xenc:CipherValue>{b64(wrapped, self.width)}</xenc:CipherValue></xenc:CipherData>'
                 f'<xenc:ReferenceList><xenc:DataReference URI="#ed{n}"/></xenc:ReferenceList></xenc:EncryptedKey>'),
                (f'<xenc:EncryptedData Id="ed{n}" MimeType="{mime}" Type="{SWA}Attachment-Content-Only"><xenc:EncryptionMethod Algorithm="{X11}aes128-gcm"/>'
                 f'<ds:KeyInfo><wsse:SecurityTokenReference xmlns:wsse11="{WSSE11}" wsse11:TokenType="{KEYTYPE}"><wsse:Reference URI="#ek{n}"/></wsse:SecurityTokenReference></ds:KeyInfo>'
                 f'<xenc:CipherData><xenc:CipherReference URI="cid:{cid}"><xenc:Transforms><ds:Transform Algorithm="{SWA}Attachment-Ciphertext-Transform"/></xenc:Transforms></xenc:CipherReference></xenc:CipherData></xenc:EncryptedData>'))

    def security(self, cek, cek2):
        key, data = self.sealed(cek, "", self.cid, "application/gzip" if self.compress else self.mime)
        if self.second is not None:
            key, data = (a + b for a, b in zip((key, data), self.sealed(cek2, "2", "two@foreign.example")))
        pieces = {
            "key-token": token("ap2", "key-token", self.width),
            "key": key,
            "data": data,
            "tokens": token(self.signer, "sig-token", self.width) + self.tokens,
            "signature": "@SIGNATURE@",
        }
        return f'<wsse:Security {NS} {self.soap}:mustUnderstand="true">{"".join(pieces[p] for p in self.order)}</wsse:Security>'

    def encode(self, data):
        if self.cte == "base64":
            return b64(data, 76).replace("\n", "\r\n").encode()
        if self.cte == "quoted-printable":
            return b"=\r\n".join(b"".join(b"=%02X" % b for b in data[i:i + 24]) for i in range(0, len(data), 24))
        return data

    def wire(self):
        """(Content-Type, body)"""
        doctype, process, data, digest = self.payload()
        cek, iv, cek2, iv2 = os.urandom(16), os.urandom(12), os.urandom(16), os.urandom(12)
        s = self.soap
        text = (f'<{s}:Envelope xmlns:{s}="{S12}"><{s}:Header>{self.messaging(doctype, process)}{self.header}{self.security(cek, cek2)}</{s}:Header>'
                f'<{s}:Body xmlns:wsu="{WSU}" {self.body_ids}="body"/></{s}:Envelope>').replace("Messaging ", f'Messaging xmlns:wsu="{WSU}" ', 1)
        text = self.change(text, self.edits)
        refs = [self.cid if r == "cid" else r for r in self.refs]
        digests = {self.cid: digest}
        if self.second is not None:  # SwA: text is digested with CR LF
            refs.append("two@foreign.example")
            digests["two@foreign.example"] = sha(self.second.replace("\n", "\r\n").encode())
        text = self.change(sign(text, self.signer, refs, digests, self.prefixes, self.token_id, self.width), self.damage)
        head = "--b0undary\r\nContent-Type: " + self.root_type + "\r\nContent-ID: <root@foreign.example>\r\n\r\n"
        part = f"\r\n--b0undary\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: {self.cte}\r\nContent-ID: <{self.cid}>\r\n\r\n"
        body = head.encode() + (self.prolog + text).encode() + part.encode() + self.encode(iv + AESGCM(cek).encrypt(iv, data, None))
        if self.second is not None:
            body += b"\r\n--b0undary\r\nContent-Type: text/plain\r\nContent-ID: <two@foreign.example>\r\n\r\n" + iv2 + AESGCM(cek2).encrypt(iv2, self.second.encode(), None)
        body += b"\r\n--b0undary--\r\n"
        if self.lf:  # only where no octet of the payload can be meant
            body = body.replace(b"\r\n", b"\n")
        return self.ctype, self.change(body, self.framing)


# ---- answers ----

def signal(content, message_id, signer="ap2", tokens="", token_id="sig-token", prefixes="", edits=(), damage=()):
    text = (f'<env:Envelope xmlns:env="{S12}"><env:Header><eb:Messaging xmlns:eb="{EB}" xmlns:wsu="{WSU}" env:mustUnderstand="true" wsu:Id="messaging"><eb:SignalMessage>'
            f'<eb:MessageInfo><eb:Timestamp>2026-11-22T10:15:31Z</eb:Timestamp><eb:MessageId>{uuid.uuid4()}@foreign.example</eb:MessageId>'
            f'<eb:RefToMessageId>{message_id}</eb:RefToMessageId></eb:MessageInfo>{content}</eb:SignalMessage></eb:Messaging>@SECURITY@</env:Header>'
            f'<env:Body xmlns:wsu="{WSU}" wsu:Id="body"/></env:Envelope>')
    text = Message.change(text, edits)
    if signer:
        text = text.replace("@SECURITY@", f'<wsse:Security {NS} env:mustUnderstand="true">{token(signer, "sig-token")}{tokens}@SIGNATURE@</wsse:Security>')
        text = sign(text, signer, ("body", "messaging"), {}, prefixes, token_id)
    return Message.change(text.replace("@SECURITY@", ""), damage).encode()


def receipt(request, extra="", turn=False, drop=0, **kw):
    """The receipt for a request's body: its references, in the other order or with some left out."""
    soap = request[request.index(b"<", request.index(b"\r\n\r\n")):]
    soap = soap[:re.search(rb"</\w+:Envelope>", soap).end()]
    doc = etree.fromstring(soap)
    refs = [c14n(r).decode() for r in doc.findall(f".//{{{DS}}}SignedInfo/{{{DS}}}Reference")]
    refs = (refs[::-1] if turn else refs)[drop:]
    parts = "".join(f"<ebbp:MessagePartNRInformation>{r}</ebbp:MessagePartNRInformation>" for r in refs)
    return signal(f'<eb:Receipt><ebbp:NonRepudiationInformation xmlns:ebbp="{EBBP}">{parts}</ebbp:NonRepudiationInformation>{extra}</eb:Receipt>',
                  doc.findtext(f".//{{{EB}}}MessageId"), **kw)


def error(message_id, code, short, detail="", signer=None, **kw):
    return signal(f'<eb:Error errorCode="{code}" severity="failure" category="Content" origin="ebMS" shortDescription="{short}" refToMessageInError="{message_id}">'
                  f'<eb:Description xml:lang="en">{short}</eb:Description><eb:ErrorDetail>{detail}</eb:ErrorDetail></eb:Error>', message_id, signer, **kw)
