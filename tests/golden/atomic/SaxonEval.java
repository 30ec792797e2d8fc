import java.io.*;
import java.nio.charset.StandardCharsets;
import net.sf.saxon.s9api.*;

/* XPath expressions on stdin, one a line with \t \n \r \\ escaped; string value or !CODE of each on stdout. */
public class SaxonEval {
    static String escape(String s) {
        return s.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t");
    }

    static String unescape(String s) {
        StringBuilder b = new StringBuilder();
        for (int i = 0; i < s.length(); i++) {
            char c = s.charAt(i);
            if (c == '\\' && i + 1 < s.length()) {
                c = s.charAt(++i);
                c = c == 'n' ? '\n' : c == 't' ? '\t' : c == 'r' ? '\r' : c;
            }
            b.append(c);
        }
        return b.toString();
    }

    public static void main(String[] args) throws Exception {
        Processor p = new Processor(false);
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        PrintStream out = new PrintStream(new FileOutputStream(FileDescriptor.out), false, "UTF-8");
        for (String line; (line = in.readLine()) != null;) {
            XPathCompiler c = p.newXPathCompiler();
            c.setLanguageVersion("3.1");
            c.declareNamespace("xs", "http://www.w3.org/2001/XMLSchema");
            c.setWarningHandler(w -> { });
            try {
                StringBuilder b = new StringBuilder();
                int n = 0;
                for (XdmItem i : c.compile(unescape(line)).load().evaluate())
                    b.append(n++ > 0 ? "|" : "").append(escape(i.getStringValue()));
                out.print(b.append('\n'));
            } catch (SaxonApiException e) {
                out.print("!" + (e.getErrorCode() == null ? "?" : e.getErrorCode().getLocalName()) + "\n");
            } catch (Throwable e) {
                out.print("!" + e.getClass().getSimpleName() + "\n");
            }
        }
        out.flush();
    }
}
