#!/usr/bin/env python3
"""What phase4 answers to single messages of our AS4 layer (tests/interop/as4_peer.c), also to such as our service never sends:
uncompressed, changed, for another key, by an untrusted signer. Each line of output is one exchange."""
import http.client
import os
import re
import shutil
import subprocess
import sys
import tempfile
import uuid

sys.dont_write_bytecode = True
import peer
from peer import PHASE4, PKI, TOP, big_invoice, result

PEER = os.path.join(TOP, "build/release/tests/interop/as4_peer")
SENDER, RECEIVER = "0088:7300010000001", "0088:7300010000002"

SBD = """<?xml version="1.0" encoding="UTF-8"?>
<sh:StandardBusinessDocument xmlns:sh="http://www.unece.org/cefact/namespaces/StandardBusinessDocumentHeader"><sh:StandardBusinessDocumentHeader><sh:HeaderVersion>1.0</sh:HeaderVersion><sh:Sender><sh:Identifier Authority="iso6523-actorid-upis">{sender}</sh:Identifier></sh:Sender><sh:Receiver><sh:Identifier Authority="iso6523-actorid-upis">{receiver}</sh:Identifier></sh:Receiver><sh:DocumentIdentification><sh:Standard>urn:oasis:names:specification:ubl:schema:xsd:Invoice-2</sh:Standard><sh:TypeVersion>2.1</sh:TypeVersion><sh:InstanceIdentifier>{id}</sh:InstanceIdentifier><sh:Type>Invoice</sh:Type><sh:CreationDateAndTime>2026-11-22T10:00:00Z</sh:CreationDateAndTime></sh:DocumentIdentification><sh:BusinessScope><sh:Scope><sh:Type>DOCUMENTID</sh:Type><sh:InstanceIdentifier>urn:oasis:names:specification:ubl:schema:xsd:Invoice-2::Invoice##urn:cen.eu:en16931:2017#compliant#urn:fdc:peppol.eu:2017:poacc:billing:3.0::2.1</sh:InstanceIdentifier><sh:Identifier>busdox-docid-qns</sh:Identifier></sh:Scope><sh:Scope><sh:Type>PROCESSID</sh:Type><sh:InstanceIdentifier>urn:fdc:peppol.eu:2017:poacc:billing:01:1.0</sh:InstanceIdentifier><sh:Identifier>cenbii-procid-ubl</sh:Identifier></sh:Scope><sh:Scope><sh:Type>COUNTRY_C1</sh:Type><sh:InstanceIdentifier>NL</sh:InstanceIdentifier></sh:Scope></sh:BusinessScope></sh:StandardBusinessDocumentHeader>{invoice}</sh:StandardBusinessDocument>
"""


class Sender:
    def __init__(self, tmp, port):
        self.tmp, self.port = tmp, port

    def document(self, invoice, receiver):
        text = open(invoice, encoding="utf-8").read()
        text = re.sub(r"^<\?xml.*?\?>\s*|<!--.*?-->\s*", "", text)
        path = os.path.join(self.tmp, "sbd.xml")
        with open(path, "w", encoding="utf-8") as f:
            f.write(SBD.format(sender=SENDER, receiver=receiver, id=uuid.uuid4(), invoice=text))
        return path

    def send(self, own="ap1", to="ap2", receiver=RECEIVER, invoice=None, message_id=None, change=None, plain=False):
        """What as4_judge says of the answer."""
        expect = os.path.join(self.tmp, "expect")
        document = self.document(invoice or os.path.join(PHASE4, "sample-invoice.xml"), receiver)
        args = [PEER, "compose", PKI, own, to, document, expect, message_id or f"{uuid.uuid4()}@aviso.example", SENDER, receiver]
        p = subprocess.run(args + (["plain"] if plain else []), capture_output=True, cwd=self.tmp, check=True)
        ctype, _, body = p.stdout.partition(b"\n")
        self.sent = open(document, "rb").read()
        c = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        c.request("POST", "/as4", change(body) if change else body, {"Content-Type": ctype.decode()})
        r = c.getresponse()
        args = [PEER, "judge", PKI, expect, r.getheader("Content-Type", "")]
        return subprocess.run(args, input=r.read(), capture_output=True, cwd=self.tmp, check=True).stdout.decode().strip()


def flip(body):
    i = len(body) - 200
    return body[:i] + bytes([body[i] ^ 1]) + body[i + 1 :]


def to_phase4(tmp):
    peer.way = "aviso to phase4"
    phase4 = peer.Receiver(PKI, os.path.join(tmp, "phase4-store"), [RECEIVER])
    try:
        exchanges_to_phase4(Sender(tmp, phase4.port), tmp, phase4)
    finally:
        phase4.kill()


def exchanges_to_phase4(s, tmp, phase4):
    def says(name, want, **options):
        said = s.send(**options)
        result(name, said.startswith(want), said)

    says("phase4_receipt_for_our_message_is_proof", "receipt POP000002")
    got = list(phase4.stored().values())
    result("phase4_stored_what_we_sent", got == [s.sent], f"{len(got)} files")
    says("phase4_receipt_for_an_uncompressed_message_is_proof", "receipt POP000002", plain=True)
    says("phase4_receipt_for_10_mb_is_proof", "receipt POP000002", invoice=big_invoice(tmp, 10_000_000)[0])
    says("first_message_with_an_id_is_proof", "receipt POP000002", message_id="twice@aviso.example")
    says("second_message_with_an_id_is_a_duplicate", "duplicate EBMS:0004", message_id="twice@aviso.example")
    says("unknown_participant_is_not_serviced", "error EBMS:0004 PEPPOL:NOT_SERVICED", receiver="0088:9999999999999")
    says("phase4_cannot_decrypt_for_another_key", "error EBMS:0102", to="ap1next")
    says("phase4_refuses_a_changed_attachment", "error EBMS:0102", change=flip)
    says("phase4_refuses_an_untrusted_signer", "error EBMS:0102", own="rogue")
    says("phase4_answer_to_garbage_is_nothing", "nothing reply.empty", change=lambda b: b.replace(b"</S12:Envelope>", b""))


def main():
    if not os.path.exists(PEER):
        peer.skip("as4_peer is not built (make peers)")
    peer.build_phase4()
    subprocess.run([os.path.join(TOP, "certs/make-pki"), "--java", PKI], check=True)
    tmp = tempfile.mkdtemp(prefix="aviso-interop-")
    try:
        to_phase4(tmp)
    finally:
        shutil.rmtree(tmp)
    sys.exit(peer.failures > 0)


main()
