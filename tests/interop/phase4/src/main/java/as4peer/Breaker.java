package as4peer;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.time.ZoneOffset;
import java.util.Map;
import java.util.function.Consumer;

import org.unece.cefact.namespaces.sbdh.StandardBusinessDocument;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.Node;

import com.helger.base.io.stream.HasInputStream;
import com.helger.datetime.xml.XMLOffsetDateTime;
import com.helger.phase4.CAS4;
import com.helger.phase4.attachment.AS4OutgoingAttachment;
import com.helger.phase4.attachment.WSS4JAttachment;
import com.helger.phase4.client.AS4ClientUserMessage;
import com.helger.phase4.client.IAS4ClientBuildMessageCallback;
import com.helger.phase4.crypto.AS4CryptParams;
import com.helger.phase4.crypto.AS4SigningParams;
import com.helger.phase4.crypto.ECryptoAlgorithmCrypt;
import com.helger.phase4.crypto.ECryptoAlgorithmSign;
import com.helger.phase4.crypto.ECryptoAlgorithmSignDigest;
import com.helger.phase4.crypto.ECryptoKeyEncryptionAlgorithm;
import com.helger.phase4.crypto.ECryptoKeyIdentifierType;
import com.helger.phase4.messaging.mime.AS4MimeMessage;
import com.helger.phase4.peppol.Phase4PeppolSender;
import com.helger.phase4.util.AS4ResourceHelper;

import jakarta.mail.MessagingException;
import jakarta.mail.internet.MimeMultipart;

/** phase4's Peppol sender with one thing wrong in what it sends, by name (--break; README.md lists them). */
final class Breaker extends Phase4PeppolSender.PeppolUserMessageBuilder {
  private static final String STRANGER = "POP000009";
  private static final XMLOffsetDateTime LONG_AGO = XMLOffsetDateTime.of(2026, 1, 2, 3, 4, 5, 0, ZoneOffset.UTC);

  private static final Map<String, Consumer<AS4SigningParams>> SIGNING = Map.of(
      "unsigned", p -> p.setAlgorithmSign(null),
      "sign-sha512", p -> p.setAlgorithmSign(ECryptoAlgorithmSign.RSA_SHA_512),
      "digest-sha512", p -> p.setAlgorithmSignDigest(ECryptoAlgorithmSignDigest.DIGEST_SHA_512),
      "sign-serial", p -> p.setKeyIdentifierType(ECryptoKeyIdentifierType.ISSUER_SERIAL));

  private static final Map<String, Consumer<AS4CryptParams>> CRYPT = Map.of(
      "unencrypted", p -> p.setAlgorithmCrypt(null),
      "aes256", p -> p.setAlgorithmCrypt(ECryptoAlgorithmCrypt.AES_256_GCM),
      "aes-cbc", p -> p.setAlgorithmCrypt(ECryptoAlgorithmCrypt.AES_128_CBC),
      "rsa15", p -> p.setKeyEncAlgorithm(ECryptoKeyEncryptionAlgorithm.RSA15),
      "oaep-sha1", p -> p.setDigestAlgorithm("http://www.w3.org/2000/09/xmldsig#sha1"),
      "key-ski", p -> p.setKeyIdentifierType(ECryptoKeyIdentifierType.SKI_KEY_IDENTIFIER));

  /** Before signing: what phase4 then signs. */
  private static final Map<String, Consumer<Document>> UNSIGNED = Map.of(
      "must-understand", d -> must(header(d).appendChild(d.createElementNS("urn:unknown", "u:Unknown")), "true"),
      "href", d -> eb(d, "PartInfo").setAttribute("href", "cid:nowhere"),
      "from", d -> party(d, "From").setTextContent(STRANGER),
      "to", d -> party(d, "To").setTextContent(STRANGER),
      "agreement", d -> eb(d, "AgreementRef").setTextContent("urn:other"),
      "id", d -> eb(d, "MessageId").setTextContent("no message id"));

  /** After signing. */
  private static final Map<String, Consumer<Document>> SIGNED = Map.of(
      "signature", d -> d.getElementsByTagNameNS(CAS4.DS_NS, "SignatureValue").item(0).setTextContent(
          other(d.getElementsByTagNameNS(CAS4.DS_NS, "SignatureValue").item(0).getTextContent())),
      "digest", d -> eb(d, "ConversationId").setTextContent("changed"),
      "no-messaging", d -> header(d).removeChild(eb(d, "Messaging")),
      "two-messagings", d -> header(d).appendChild(eb(d, "Messaging").cloneNode(true)),
      "shape", d -> eb(d, "UserMessage").removeChild(eb(d, "MessageInfo")));

  private static final Map<String, Consumer<StandardBusinessDocument>> ENVELOPE = Map.of(
      "sbdh-receiver", s -> s.getStandardBusinessDocumentHeader().getReceiverAtIndex(0).getIdentifier().setValue("9915:other"),
      "sbdh-sender", s -> s.getStandardBusinessDocumentHeader().getSenderAtIndex(0).getIdentifier().setValue("9915:other"),
      "no-country", s -> s.getStandardBusinessDocumentHeader().getBusinessScope().getScope().removeIf(x -> "COUNTRY_C1".equals(x.getType())),
      "sbdh-version", s -> s.getStandardBusinessDocumentHeader().setHeaderVersion("9.9"),
      "content-mime", s -> content(s).removeAttribute("mimeType"),
      "content-base64", s -> content(s).setTextContent("JVB=E"),
      "content-empty", s -> content(s).setTextContent(""),
      "content-element", s -> content(s).appendChild(content(s).getOwnerDocument().createElementNS("urn:x", "x")));

  private static Element content(StandardBusinessDocument s) {
    return (Element) s.getAny();
  }

  private final String what;

  Breaker(String what) {
    this.what = what;
    if (!what.equals("none") && !SIGNING.containsKey(what) && !CRYPT.containsKey(what) && !UNSIGNED.containsKey(what)
        && !SIGNED.containsKey(what) && !ENVELOPE.containsKey(what) && !what.matches("gzip|bomb|ciphertext|no-attachment"))
      Dev.usage("--break does not know " + what);
    buildMessageCallback(new Callback());
    if (ENVELOPE.containsKey(what)) sbdDocumentConsumer(s -> ENVELOPE.get(what).accept(s));
  }

  /** The same envelope whenever it is sent. */
  void sameEnvelope(String instance) {
    sbdhInstanceIdentifier(instance);
    sbdDocumentConsumer(s -> s.getStandardBusinessDocumentHeader().getDocumentIdentification().setCreationDateAndTime(LONG_AGO));
  }

  @Override
  protected void applyToUserMessage(AS4ClientUserMessage m) {
    super.applyToUserMessage(m);
    SIGNING.getOrDefault(what, p -> {}).accept(m.signingParams());
    CRYPT.getOrDefault(what, p -> {}).accept(m.cryptParams());
  }

  /** What follows the gzip header is no deflate stream; or far more than was sent comes out of it. */
  @Override
  protected WSS4JAttachment createMainAttachment(AS4OutgoingAttachment payload, AS4ResourceHelper help) throws IOException {
    WSS4JAttachment a = super.createMainAttachment(payload, help);
    if (what.equals("gzip")) replace(a, Dev.gzip(new byte[5000], 20));
    if (what.equals("bomb")) replace(a, Dev.gzip(new byte[64 << 20], Integer.MAX_VALUE));
    return a;
  }

  private static void replace(WSS4JAttachment a, byte[] with) {
    a.setSourceStreamProvider(HasInputStream.multiple(() -> new ByteArrayInputStream(with)));
  }

  private final class Callback implements IAS4ClientBuildMessageCallback {
    @Override
    public void onSoapDocument(Document d) {
      UNSIGNED.getOrDefault(what, x -> {}).accept(d);
    }

    @Override
    public void onSignedSoapDocument(Document d) {
      SIGNED.getOrDefault(what, x -> {}).accept(d);
    }

    @Override
    public void onEncryptedMimeMessage(AS4MimeMessage m) {
      try {
        MimeMultipart parts = (MimeMultipart) m.getContent();
        if (what.equals("no-attachment")) parts.removeBodyPart(1);
        if (what.equals("ciphertext")) Dev.flip(parts.getBodyPart(1));
      } catch (MessagingException | IOException e) {
        throw new IllegalStateException(e);
      }
    }
  }

  private static Element header(Document d) {
    return (Element) d.getElementsByTagNameNS("http://www.w3.org/2003/05/soap-envelope", "Header").item(0);
  }

  private static Element eb(Document d, String name) {
    return (Element) d.getElementsByTagNameNS(CAS4.EBMS_NS, name).item(0);
  }

  private static Element party(Document d, String side) {
    return (Element) eb(d, side).getElementsByTagNameNS(CAS4.EBMS_NS, "PartyId").item(0);
  }

  private static void must(Node n, String value) {
    ((Element) n).setAttributeNS("http://www.w3.org/2003/05/soap-envelope", "S12:mustUnderstand", value);
  }

  private static String other(String base64) {
    return base64.substring(0, 10) + (base64.charAt(10) == 'A' ? 'B' : 'A') + base64.substring(11);
  }
}
