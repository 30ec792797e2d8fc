import java.io.*;
import java.nio.charset.StandardCharsets;
import java.nio.file.*;
import java.util.*;
import javax.xml.transform.stream.StreamSource;
import net.sf.saxon.s9api.*;

/** What Saxon says. usage: Verdicts PLAN OUT
 *  PLAN: lines "rule file TAB document". OUT: for each "= TAB rule file TAB document TAB OK|ERROR TAB code TAB message",
 *  then its findings in SVRL order, "+ TAB FA|SR TAB id TAB flag TAB role TAB location TAB text". */
public class Verdicts {
    static String clean(String s) {
        return s == null ? "" : s.replaceAll("[ \\t\\r\\n]+", " ").trim();
    }

    static void findings(XdmNode svrl, Writer out) throws IOException {
        for (XdmNode n : svrl.children()) {
            if (n.getNodeKind() != XdmNodeKind.ELEMENT) continue;
            String name = n.getNodeName().getLocalName();
            if (!name.equals("failed-assert") && !name.equals("successful-report")) continue;
            StringBuilder text = new StringBuilder();
            for (XdmNode k : n.children())
                if (k.getNodeKind() == XdmNodeKind.ELEMENT && k.getNodeName().getLocalName().equals("text"))
                    text.append(k.getStringValue());
            out.write("+\t" + (name.startsWith("f") ? "FA" : "SR"));
            for (String a : new String[] {"id", "flag", "role", "location"})
                out.write("\t" + clean(n.attribute(a)));
            out.write("\t" + clean(text.toString()) + "\n");
        }
    }

    static void run(Processor p, XsltExecutable rules, String file, String doc, Writer out) throws IOException {
        String head = "=\t" + file + "\t" + doc + "\t";
        try {
            XsltTransformer t = rules.load();
            XdmDestination d = new XdmDestination();
            t.setErrorReporter(e -> {});
            t.setMessageHandler(m -> {});
            t.setInitialContextNode(p.newDocumentBuilder().build(new StreamSource(new File(doc))));
            t.setDestination(d);
            t.transform();
            out.write(head + "OK\t\t\n");
            for (XdmNode n : d.getXdmNode().children())
                if (n.getNodeKind() == XdmNodeKind.ELEMENT) findings(n, out);
        } catch (SaxonApiException e) {
            String code = e.getErrorCode() == null ? "" : e.getErrorCode().getLocalName();
            out.write(head + "ERROR\t" + code + "\t" + clean(e.getMessage()) + "\n");
        }
    }

    public static void main(String[] a) throws Exception {
        Processor p = new Processor(false);
        Map<String, XsltExecutable> rules = new HashMap<>();
        try (Writer out = new OutputStreamWriter(Files.newOutputStream(Paths.get(a[1])), StandardCharsets.UTF_8)) {
            for (String line : Files.readAllLines(Paths.get(a[0]))) {
                String[] f = line.split("\t");
                XsltExecutable x = rules.get(f[0]);
                if (x == null) {
                    XsltCompiler c = p.newXsltCompiler();
                    c.setErrorReporter(e -> {});
                    rules.put(f[0], x = c.compile(new StreamSource(new File(f[0]))));
                }
                run(p, x, f[0], f[1], out);
            }
        }
    }
}
