import java.io.*;
import java.nio.charset.StandardCharsets;
import java.nio.file.*;
import javax.xml.transform.stream.StreamSource;
import net.sf.saxon.s9api.*;

/** What Saxon makes of expressions. usage: Expressions DOCUMENT LIST OUT
 *  LIST: one expression a line, escaped. OUT: the form of tests/xpath/cases.tsv, those alone whose answer does not
 *  depend on the optimizer: Saxon evaluates constants and checks types while it compiles, also in what is never reached. */
public class Expressions {
    static String escape(String s) {
        return s.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t");
    }

    static String unescape(String s) {
        StringBuilder b = new StringBuilder();
        for (int i = 0; i < s.length(); i++) {
            char c = s.charAt(i);
            if (c == '\\') {
                c = s.charAt(++i);
                c = c == 'n' ? '\n' : c == 'r' ? '\r' : c == 't' ? '\t' : c;
            }
            b.append(c);
        }
        return b.toString();
    }

    static String show(XdmItem i) {
        if (i instanceof XdmNode) {
            XdmNode k = (XdmNode) i;
            String name = k.getNodeName() == null ? "" : k.getNodeName().toString();
            return k.getNodeKind().toString().toLowerCase() + "(" + name + ")=" + escape(k.getStringValue());
        }
        XdmAtomicValue v = (XdmAtomicValue) i;
        return v.getPrimitiveTypeName().getLocalName() + ":" + escape(v.getStringValue());
    }

    /** "-" for what is no verdict on the expression's value: a type error (or a constant's error) found by compiling. */
    static String evaluate(Processor p, XdmNode root, String expression) throws Exception {
        XPathCompiler c = p.newXPathCompiler();
        c.setLanguageVersion("3.1");
        c.declareNamespace("p", "urn:p");
        c.declareNamespace("q", "urn:q");
        c.setWarningHandler(w -> {});
        boolean compiled = false;
        try {
            XPathSelector s = c.compile(expression).load();
            compiled = true;
            s.setContextItem(root);
            StringBuilder b = new StringBuilder();
            for (XdmItem i : s.evaluate())
                b.append(b.length() > 0 ? " | " : "").append(show(i));
            return "OK\t" + (b.length() > 0 ? b : "()");
        } catch (SaxonApiException x) {
            String code = x.getErrorCode() == null ? "?" : x.getErrorCode().getLocalName();
            return compiled || code.startsWith("XPST") || code.startsWith("FORX") ? "ERR\t" + code : "-";
        } catch (StackOverflowError | RuntimeException x) {
            return "-";
        }
    }

    static XdmNode load(Processor p, String file) throws Exception {
        for (XdmNode n : p.newDocumentBuilder().build(new StreamSource(new File(file))).children())
            if (n.getNodeKind() == XdmNodeKind.ELEMENT) return n;
        throw new IOException(file);
    }

    public static void main(String[] a) throws Exception {
        Processor p = new Processor(false), plain = new Processor(false);
        plain.setConfigurationProperty(net.sf.saxon.lib.Feature.OPTIMIZATION_LEVEL, "0");
        for (Processor x : new Processor[] {p, plain})
            x.setConfigurationProperty(net.sf.saxon.lib.Feature.DEFAULT_LANGUAGE, "en");
        XdmNode root = load(p, a[0]), plainRoot = load(plain, a[0]);
        int kept = 0, all = 0;
        try (Writer out = new OutputStreamWriter(Files.newOutputStream(Paths.get(a[2])), StandardCharsets.UTF_8)) {
            out.write("expression\tstatus\tresult\n");
            for (String line : Files.readAllLines(Paths.get(a[1]), StandardCharsets.UTF_8)) {
                String r = evaluate(p, root, unescape(line));
                all++;
                if (r.equals("-") || !r.equals(evaluate(plain, plainRoot, unescape(line)))) continue;
                out.write(line + "\t" + r + "\n");
                kept++;
            }
        }
        System.out.println(kept + " of " + all + " expressions have one answer, with and without Saxon's optimizer");
    }
}
