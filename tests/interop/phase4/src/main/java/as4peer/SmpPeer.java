package as4peer;

import java.io.StringReader;
import java.io.StringWriter;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;

import javax.xml.crypto.dsig.CanonicalizationMethod;
import javax.xml.crypto.dsig.DigestMethod;
import javax.xml.crypto.dsig.Reference;
import javax.xml.crypto.dsig.SignedInfo;
import javax.xml.crypto.dsig.Transform;
import javax.xml.crypto.dsig.XMLSignatureFactory;
import javax.xml.crypto.dsig.dom.DOMSignContext;
import javax.xml.crypto.dsig.keyinfo.KeyInfo;
import javax.xml.crypto.dsig.keyinfo.KeyInfoFactory;
import javax.xml.crypto.dsig.spec.C14NMethodParameterSpec;
import javax.xml.crypto.dsig.spec.TransformParameterSpec;
import javax.xml.transform.TransformerFactory;
import javax.xml.transform.dom.DOMSource;
import javax.xml.transform.stream.StreamResult;
import javax.xml.transform.stream.StreamSource;

import org.w3c.dom.Document;

import com.helger.datetime.xml.XMLOffsetDateTime;
import com.helger.http.basicauth.BasicAuthClientCredentials;
import com.helger.peppol.smp.ESMPTransportProfile;
import com.helger.peppolid.simple.doctype.SimpleDocumentTypeIdentifier;
import com.helger.peppolid.simple.participant.SimpleParticipantIdentifier;
import com.helger.peppolid.simple.process.SimpleProcessIdentifier;
import com.helger.smpclient.peppol.SMPClient;
import com.helger.smpclient.peppol.SMPClientReadOnly;
import com.helger.smpclient.peppol.marshal.SMPMarshallerSignedServiceMetadataType;
import com.helger.smpclient.peppol.utils.SMPExtensionConverter;
import com.helger.xsds.peppol.smp1.EndpointType;
import com.helger.xsds.peppol.smp1.ProcessListType;
import com.helger.xsds.peppol.smp1.ProcessType;
import com.helger.xsds.peppol.smp1.RedirectType;
import com.helger.xsds.peppol.smp1.ServiceEndpointList;
import com.helger.xsds.peppol.smp1.ServiceInformationType;
import com.helger.xsds.peppol.smp1.ServiceMetadataType;
import com.helger.xsds.peppol.smp1.SignedServiceMetadataType;

import jakarta.xml.ws.wsaddressing.W3CEndpointReference;

/**
 * An SMP's data by peppol-commons. "make": signed metadata of many kinds, a file each. "client": another operator's
 * software that registers a participant at an SMP over REST, reads it back with its signature checked, and removes it.
 */
public final class SmpPeer {
  private static final String AS4 = "peppol-transport-as4-v2_0", EXC = CanonicalizationMethod.EXCLUSIVE,
      C14N = CanonicalizationMethod.INCLUSIVE, SHA256 = DigestMethod.SHA256,
      RSA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256";

  private final Map<String, String> o;
  private final Path pki;
  private final SimpleParticipantIdentifier participant;
  private final SimpleDocumentTypeIdentifier doctype;
  private final String process;

  private SmpPeer(Map<String, String> o) {
    this.o = o;
    pki = Path.of(o.get("pki"));
    participant = new SimpleParticipantIdentifier("iso6523-actorid-upis", o.get("participant"));
    String[] d = o.get("doctype").split("::", 2);
    doctype = new SimpleDocumentTypeIdentifier(d[0], d[1]);
    process = o.get("process");
  }

  // ---- what is published ----

  private EndpointType endpoint(String profile, XMLOffsetDateTime from, XMLOffsetDateTime to) throws Exception {
    EndpointType e = new EndpointType();
    e.setTransportProfile(profile);
    e.setEndpointReference(new W3CEndpointReference(new StreamSource(new StringReader( // its builder wants a whole web services stack
        "<EndpointReference xmlns='http://www.w3.org/2005/08/addressing'><Address>" + o.get("url") + "</Address></EndpointReference>"))));
    e.setRequireBusinessLevelSignature(false);
    e.setServiceActivationDate(from);
    e.setServiceExpirationDate(to);
    e.setCertificate(Base64.getEncoder().encodeToString(Dev.cert(pki.resolve("ap2.pem")).getEncoded()));
    e.setServiceDescription("made by peppol-commons: <&> \u00e9");
    e.setTechnicalContactUrl("https://example.org/contact");
    return e;
  }

  private static ProcessType process(String id, EndpointType... endpoints) {
    ProcessType p = new ProcessType();
    ServiceEndpointList l = new ServiceEndpointList();
    for (EndpointType e : endpoints) l.addEndpoint(e);
    p.setProcessIdentifier(new SimpleProcessIdentifier("cenbii-procid-ubl", id));
    p.setServiceEndpointList(l);
    return p;
  }

  private ServiceMetadataType information(ProcessType... processes) {
    ServiceInformationType i = new ServiceInformationType();
    ProcessListType l = new ProcessListType();
    ServiceMetadataType m = new ServiceMetadataType();
    for (ProcessType p : processes) l.addProcess(p);
    i.setParticipantIdentifier(participant);
    i.setDocumentIdentifier(doctype);
    i.setProcessList(l);
    m.setServiceInformation(i);
    return m;
  }

  private ServiceMetadataType plain() throws Exception {
    return information(process(process, endpoint(AS4, null, null)));
  }

  private ServiceMetadataType redirect(String href) {
    ServiceMetadataType m = new ServiceMetadataType();
    RedirectType r = new RedirectType();
    r.setHref(href);
    r.setCertificateUID("PSM000001");
    m.setRedirect(r);
    return m;
  }

  // ---- how it is signed ----

  /** As SMPs do it: one enveloped signature at the end of the root element. */
  private String signed(ServiceMetadataType m, String by, boolean formatted, String c14n, String method, String digest,
                        String... transforms) throws Exception {
    SignedServiceMetadataType s = new SignedServiceMetadataType();
    s.setServiceMetadata(m);
    Document doc = new SMPMarshallerSignedServiceMetadataType().setFormattedOutput(formatted).setUseSchema(false).getAsDocument(s);
    KeyStore ks = Dev.keyStore(pki.resolve(by + ".p12"));
    X509Certificate cert = (X509Certificate) ks.getCertificate("cert");
    XMLSignatureFactory f = XMLSignatureFactory.getInstance("DOM");
    List<Transform> steps = new ArrayList<>();
    for (String t : transforms) steps.add(f.newTransform(t, (TransformParameterSpec) null));
    Reference ref = f.newReference("", f.newDigestMethod(digest, null), steps, null, null);
    SignedInfo info = f.newSignedInfo(f.newCanonicalizationMethod(c14n, (C14NMethodParameterSpec) null),
                                      f.newSignatureMethod(method, null), List.of(ref));
    KeyInfoFactory k = f.getKeyInfoFactory();
    KeyInfo key = k.newKeyInfo(List.of(k.newX509Data(List.of(cert.getSubjectX500Principal().getName(), cert))));
    DOMSignContext context = new DOMSignContext((PrivateKey) ks.getKey("cert", Dev.PW), doc.getDocumentElement());
    context.setProperty("org.jcp.xml.dsig.secureValidation", false); // the odd algorithms are wanted here
    f.newXMLSignature(info, key).sign(context);
    StringWriter out = new StringWriter();
    TransformerFactory.newInstance().newTransformer().transform(new DOMSource(doc), new StreamResult(out));
    return out.toString();
  }

  private String signed(ServiceMetadataType m) throws Exception {
    return signed(m, "smp1", false, C14N, RSA256, SHA256, Transform.ENVELOPED);
  }

  private void write(String name, String text) throws Exception {
    Files.writeString(Path.of(o.get("dir"), name + ".xml"), text);
    System.out.println(name);
  }

  private void writeBoth(String name, String text) throws Exception {
    write(name, text);
    write("tampered-" + name, text.replace("example.org/contact", "example.org/c0ntact"));
  }

  // ---- the kinds ----

  private static XMLOffsetDateTime utc(int days) {
    return XMLOffsetDateTime.of(OffsetDateTime.now(ZoneOffset.ofHours(5)).plusDays(days));
  }

  private static XMLOffsetDateTime local(int days) {
    return XMLOffsetDateTime.of(LocalDateTime.now(ZoneOffset.UTC).plusDays(days));
  }

  private void signatures() throws Exception {
    writeBoth("good-as-specified", signed(plain()));
    writeBoth("good-formatted", signed(plain(), "smp1", true, C14N, RSA256, SHA256, Transform.ENVELOPED));
    writeBoth("good-exclusive", signed(plain(), "smp1", false, EXC, RSA256, SHA256, Transform.ENVELOPED, EXC));
    writeBoth("good-exclusive-signed-info", signed(plain(), "smp1", false, EXC, RSA256, SHA256, Transform.ENVELOPED));
    writeBoth("good-inclusive-transform", signed(plain(), "smp1", false, C14N, RSA256, SHA256, Transform.ENVELOPED, C14N));
    write("refused-sha1-digest", signed(plain(), "smp1", false, C14N, RSA256, DigestMethod.SHA1, Transform.ENVELOPED));
    write("refused-sha1-signature", signed(plain(), "smp1", false, C14N, "http://www.w3.org/2000/09/xmldsig#rsa-sha1", SHA256, Transform.ENVELOPED));
    write("untrusted-access-point", signed(plain(), "ap1", false, C14N, RSA256, SHA256, Transform.ENVELOPED));
    write("untrusted-other-authority", signed(plain(), "roguesmp", false, C14N, RSA256, SHA256, Transform.ENVELOPED));
  }

  private void contents() throws Exception {
    EndpointType ok = endpoint(AS4, null, null), folded = endpoint(AS4, null, null), armoured = endpoint(AS4, null, null);
    ServiceMetadataType extended = plain();

    writeBoth("good-processes", signed(information(process("urn:other:1", ok), process(process, ok), process("urn:other:2", ok))));
    writeBoth("good-endpoints", signed(information(process(process, endpoint("busdox-transport-as2-ver1p0", null, null),
        endpoint(AS4, null, utc(-1)), endpoint(AS4, utc(2), null), endpoint(AS4, utc(-2), utc(2))))));
    writeBoth("good-dates-without-zone", signed(information(process(process, endpoint(AS4, local(-1), local(1))))));
    write("expired-dates", signed(information(process(process, endpoint(AS4, null, utc(-1))))));
    write("inactive-dates", signed(information(process(process, endpoint(AS4, local(1), null)))));
    write("no-as4", signed(information(process(process, endpoint("busdox-transport-as2-ver1p0", null, null)))));
    write("no-process", signed(information(process("urn:other:1", ok))));
    folded.setCertificate(ok.getCertificate().replaceAll("(.{64})", "$1\n"));
    writeBoth("good-certificate-folded", signed(information(process(process, folded))));
    armoured.setCertificate("-----BEGIN CERTIFICATE-----\n" + folded.getCertificate() + "\n-----END CERTIFICATE-----\n");
    writeBoth("good-certificate-pem", signed(information(process(process, armoured))));
    extended.getServiceInformation().setExtension(SMPExtensionConverter.convert("<x:more xmlns:x='urn:x'><x:y a='1'/></x:more>"));
    writeBoth("good-extension", signed(extended));
    write("redirect-once", signed(redirect(o.get("smp") + "/redirected")));
    write("redirect-plain-http", signed(redirect("ftp://localhost/redirected")));
  }

  // ---- another operator's client ----

  private static void say(boolean ok, String name) {
    System.out.println((ok ? "ok " : "not ok ") + name);
  }

  private void client() throws Exception {
    BasicAuthClientCredentials who = new BasicAuthClientCredentials(o.get("user"), o.get("password"));
    SMPClient c = new SMPClient(URI.create(o.get("smp")));
    SimpleProcessIdentifier p = new SimpleProcessIdentifier("cenbii-procid-ubl", process);

    c.httpClientSettings().setSSLContextTrustAll(); // the lab's certificate; the signature is what is checked
    c.setTrustStore(Dev.keyStore(pki.resolve("truststore.p12")));
    c.setXMLSchemaValidation(true);
    try {
      c.saveServiceGroup(participant, new BasicAuthClientCredentials(o.get("user"), "wrong"));
      say(false, "a wrong password is refused");
    } catch (com.helger.smpclient.exception.SMPClientException e) {
      say(true, "a wrong password is refused");
    }
    c.saveServiceGroup(participant, who);
    say(c.getServiceGroupOrNull(participant) != null, "the group is there");
    c.saveServiceInformation(plain().getServiceInformation(), who);
    SignedServiceMetadataType got = c.getServiceMetadata(participant, doctype, null);
    EndpointType e = SMPClientReadOnly.getEndpoint(got, p, ESMPTransportProfile.TRANSPORT_PROFILE_PEPPOL_AS4_V2);
    say(e != null && o.get("url").equals(SMPClientReadOnly.getEndpointAddress(e)), "signed metadata verify, with schema, and name the URL");
    say(SMPClientReadOnly.getAllDocumentTypes(c.getServiceGroup(participant)).size() == 1, "the group lists the document type");
    if (o.containsKey("keep")) return;
    c.deleteServiceRegistration(participant, doctype, who);
    say(c.getServiceMetadataOrNull(participant, doctype, null) == null, "the document type is gone");
    c.deleteServiceGroup(participant, who);
    say(c.getServiceGroupOrNull(participant) == null, "the group is gone");
  }

  private void read() throws Exception {
    SMPClientReadOnly c = new SMPClientReadOnly(URI.create(o.get("smp")));
    SimpleProcessIdentifier p = new SimpleProcessIdentifier("cenbii-procid-ubl", process);

    c.httpClientSettings().setSSLContextTrustAll();
    c.setTrustStore(Dev.keyStore(pki.resolve("truststore.p12")));
    c.setXMLSchemaValidation(true);
    EndpointType e = SMPClientReadOnly.getEndpoint(c.getServiceMetadata(participant, doctype, null), p,
                                                   ESMPTransportProfile.TRANSPORT_PROFILE_PEPPOL_AS4_V2);
    say(e != null && o.get("url").equals(SMPClientReadOnly.getEndpointAddress(e)), "what we published verifies, with schema, and names the URL");
  }

  public static void main(String[] args) throws Exception {
    Map<String, String> o = Dev.options(args, "do pki dir smp url participant doctype process user password keep");
    SmpPeer peer = new SmpPeer(o);

    switch (o.getOrDefault("do", "")) {
      case "make":
        peer.signatures();
        peer.contents();
        break;
      case "client":
        peer.client();
        break;
      case "read":
        peer.read();
        break;
      default:
        Dev.usage("--do make, client or read");
    }
  }
}
