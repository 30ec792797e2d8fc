import java.io.*;
import java.nio.file.*;
import java.util.*;
import java.util.concurrent.Callable;
import javax.xml.transform.stream.StreamSource;
import net.sf.saxon.s9api.*;

/** Saxon warm: parse, every stylesheet, SVRL as text. usage: Peers DOCUMENT SECONDS STYLESHEET... */
public class Peers {
    static double[] run(Callable<Void> one, double seconds) throws Exception {
        List<Double> ms = new ArrayList<>();
        long end = System.nanoTime() + (long) (seconds * 1e9);
        do {
            long began = System.nanoTime();
            one.call();
            ms.add((System.nanoTime() - began) / 1e6);
        } while (System.nanoTime() < end);
        Collections.sort(ms);
        return new double[] {ms.get(ms.size() / 2), ms.size()};
    }

    static String peak() throws IOException {
        for (String l : Files.readAllLines(Paths.get("/proc/self/status")))
            if (l.startsWith("VmHWM")) return String.format("%.0f MB", Double.parseDouble(l.replaceAll("\\D", "")) / 1024);
        return "?";
    }

    public static void main(String[] a) throws Exception {
        byte[] doc = Files.readAllBytes(Paths.get(a[0]));
        double seconds = Double.parseDouble(a[1]);
        Processor p = new Processor(false);
        List<XsltExecutable> rules = new ArrayList<>();
        for (int i = 2; i < a.length; i++) {
            XsltCompiler c = p.newXsltCompiler();
            c.setErrorReporter(e -> {});
            rules.add(c.compile(new StreamSource(new File(a[i]))));
        }
        Callable<Void> one = () -> {
            XdmNode n = p.newDocumentBuilder().build(new StreamSource(new ByteArrayInputStream(doc)));
            for (XsltExecutable x : rules) {
                XsltTransformer t = x.load();
                t.setInitialContextNode(n);
                t.setDestination(p.newSerializer(new ByteArrayOutputStream(1 << 16)));
                t.transform();
            }
            return null;
        };
        run(one, 2 * seconds); // the compiler learns
        double[] r = run(one, seconds);
        System.out.printf("  Saxon-HE %s, warm: parse + 2 rule sets       %10.3f ms  (%.0f runs, peak %s)%n", p.getSaxonProductVersion(), r[0], r[1], peak());
    }
}
