package phoss;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

import org.eclipse.jetty.ee10.servlet.ServletContextHandler;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.SecureRequestCustomizer;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.server.SslConnectionFactory;
import org.eclipse.jetty.util.ssl.SslContextFactory;

import com.helger.peppol.sml.ESML;
import com.helger.phoss.smp.domain.SMPMetaManager;
import com.helger.phoss.smp.rest.SMPRestFilter;
import com.helger.phoss.smp.servlet.SMPStatusServlet;
import com.helger.phoss.smp.servlet.SMPWebAppListener;
import com.helger.photon.security.mgr.PhotonSecurityManager;
import com.helger.photon.security.user.IUser;

import jakarta.servlet.DispatcherType;

/** phoss-smp on 127.0.0.1 without its pages: its listener and its REST filter, in a Jetty of ours. Options: README.md. */
public final class Phoss {
  private static final String PW = "peppol";

  private static Map<String, String> options(String[] args) {
    Map<String, String> o = new HashMap<>();
    for (int i = 0; i < args.length; i += 2) {
      if (!List.of("--pki", "--data", "--own", "--users", "--token").contains(args[i]) || i + 1 == args.length) {
        System.err.println("unexpected argument " + args[i]);
        System.exit(2);
      }
      o.put(args[i].substring(2), args[i + 1]);
    }
    return o;
  }

  private static ServerConnector tls(Server server, Path pki) throws Exception {
    SslContextFactory.Server ssl = new SslContextFactory.Server();
    ssl.setKeyStorePath(pki.resolve("tls.p12").toString());
    ssl.setKeyStorePassword(PW);
    HttpConfiguration http = new HttpConfiguration();
    http.addCustomizer(new SecureRequestCustomizer(false)); // no SNI check: clients call us by IP address
    ServerConnector c = new ServerConnector(server, new SslConnectionFactory(ssl, "http/1.1"), new HttpConnectionFactory(http));
    c.setHost("127.0.0.1");
    c.open(); // the port must be known before phoss-smp starts: its answers name it
    return c;
  }

  /** phoss-smp reads system properties before its application.properties, which only the WAR has. */
  private static void configure(Map<String, String> o, Path pki, int port) {
    Map<String, String> keys = Map.ofEntries(
        Map.entry("global.debug", "false"), Map.entry("global.production", "true"), Map.entry("webapp.datapath", o.get("data")),
        Map.entry("smp.backend", "xml"), Map.entry("smp.rest.type", "peppol"), Map.entry("smp.identifiertype", "peppol"),
        Map.entry("smp.forceroot", "true"), Map.entry("smp.publicurl", "https://localhost:" + port), Map.entry("sml.smpid", "TEST-SMP"),
        Map.entry("smp.keystore.type", "pkcs12"), Map.entry("smp.keystore.path", pki.resolve(o.getOrDefault("own", "smp1") + ".p12").toString()),
        Map.entry("smp.keystore.password", PW), Map.entry("smp.keystore.key.alias", "cert"), Map.entry("smp.keystore.key.password", PW),
        Map.entry("smp.truststore.type", "pkcs12"), Map.entry("smp.truststore.path", pki.resolve("truststore.p12").toString()),
        Map.entry("smp.truststore.password", PW));
    keys.forEach(System::setProperty);
  }

  /** No SML and no directory: nothing leaves this machine. */
  private static void settings(boolean readOnly) {
    SMPMetaManager.getSettingsMgr().updateSettings(readOnly, false, false, false, "", false, false, ESML.DEVELOPMENT_LOCAL.getID());
  }

  private static void users(String list, String token) {
    IUser user = null;
    for (String pair : list.split(",")) {
      String[] p = pair.split(":", 2);
      user = PhotonSecurityManager.getUserMgr().createNewUser(p[0], p[0] + "@example.org", p[1], null, p[0], null, Locale.US, null, false);
    }
    if (token != null) PhotonSecurityManager.getUserTokenMgr().createUserToken(token, null, user, "of the last user");
  }

  /** A word a line, each repeated when it holds; the end of input ends the SMP. */
  private static void obey() throws IOException {
    BufferedReader in = new BufferedReader(new InputStreamReader(System.in));
    for (String word; (word = in.readLine()) != null;) {
      settings(word.equals("read-only"));
      System.out.println("now " + word);
    }
    System.exit(0);
  }

  public static void main(String[] args) throws Exception {
    Map<String, String> o = options(args);
    Path pki = Path.of(o.get("pki"));
    Server server = new Server();
    ServerConnector c = tls(server, pki);
    ServletContextHandler context = new ServletContextHandler("/");

    configure(o, pki, c.getLocalPort());
    context.setBaseResourceAsPath(Path.of(o.get("data"))); // phoss-smp asks for a folder where a WAR's files would lie
    context.addEventListener(new SMPWebAppListener());
    context.addFilter(SMPRestFilter.class, "/*", EnumSet.of(DispatcherType.REQUEST));
    context.addServlet(SMPStatusServlet.class, "/smp-status/*");
    server.addConnector(c);
    server.setHandler(context);
    server.start();
    settings(false);
    users(o.get("users"), o.get("token"));
    System.out.println("ready https://localhost:" + c.getLocalPort());
    obey();
  }
}
