import java.io.*;
import java.nio.charset.StandardCharsets;
import java.nio.file.*;
import java.util.*;
import javax.xml.transform.Source;
import javax.xml.transform.stream.StreamSource;
import net.sf.saxon.s9api.*;

/** What Saxon says. usage: Verdicts PLAN OUT
 *  PLAN: lines "rule file TAB document". OUT: for each "= TAB rule file TAB document TAB OK|ERROR|REFUSED TAB code TAB
 *  message" (REFUSED: the rule file does not compile),
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

    static final String ISO = "/external/schematron/20100710-xslt2/";

    /** An error message names the first thing that is wrong. */
    static XsltExecutable compile(Processor p, Source source) throws SaxonApiException {
        XsltCompiler c = p.newXsltCompiler();
        XmlProcessingError[] first = new XmlProcessingError[1];
        c.setErrorReporter(e -> { if (first[0] == null && !e.isWarning()) first[0] = e; });
        try {
            return c.compile(source);
        } catch (SaxonApiException | RuntimeException e) {
            throw first[0] == null ? new SaxonApiException(e) : new SaxonApiException(first[0].getErrorCode().getLocalName() + " " + first[0].getMessage());
        }
    }

    /** Raw Schematron goes through the three steps of the ISO skeleton first. */
    static XsltExecutable rules(Processor p, String file) throws SaxonApiException {
        if (!file.endsWith(".sch")) return compile(p, new StreamSource(new File(file)));
        XdmNode n = p.newDocumentBuilder().build(new StreamSource(new File(file)));
        for (String step : new String[] {"iso_dsdl_include", "iso_abstract_expand", "iso_svrl_for_xslt2"}) {
            java.net.URL u = Verdicts.class.getResource(ISO + step + ".xsl");
            XsltTransformer t = compile(p, new StreamSource(u.toString())).load();
            XdmDestination d = new XdmDestination();
            d.setBaseURI(new File(file).toURI());
            t.setErrorReporter(e -> {});
            t.setMessageHandler(m -> {});
            t.setInitialContextNode(n);
            t.setDestination(d);
            t.transform();
            n = d.getXdmNode();
        }
        return compile(p, n.asSource());
    }

    public static void main(String[] a) throws Exception {
        Processor p = new Processor(false);
        Map<String, XsltExecutable> rules = new HashMap<>();
        try (Writer out = new OutputStreamWriter(Files.newOutputStream(Paths.get(a[1])), StandardCharsets.UTF_8)) {
            for (String line : Files.readAllLines(Paths.get(a[0]))) {
                String[] f = line.split("\t");
                XsltExecutable x = rules.get(f[0]);
                try {
                    if (x == null) rules.put(f[0], x = rules(p, f[0]));
                } catch (SaxonApiException e) {
                    String code = e.getErrorCode() == null ? "" : e.getErrorCode().getLocalName();
                    out.write("=\t" + f[0] + "\t" + f[1] + "\tREFUSED\t" + code + "\t" + clean(e.getMessage()) + "\n");
                    continue;
                }
                run(p, x, f[0], f[1], out);
            }
        }
    }
}
