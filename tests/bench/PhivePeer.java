import com.helger.phive.api.execute.ValidationExecutionManager;
import com.helger.phive.api.executorset.ValidationExecutorSetRegistry;
import com.helger.phive.api.validity.IValidityDeterminator;
import com.helger.phive.peppol.*;
import com.helger.phive.xml.source.*;
import com.helger.xml.serialize.read.DOMReader;
import java.nio.file.*;
import java.util.*;

/** phive warm: DOM, schema, both rule sets. usage: PhivePeer DOCUMENT SECONDS */
public class PhivePeer {
    public static void main(String[] a) throws Exception {
        byte[] doc = Files.readAllBytes(Paths.get(a[0]));
        double seconds = Double.parseDouble(a[1]);
        ValidationExecutorSetRegistry<IValidationSourceXML> all = new ValidationExecutorSetRegistry<>();
        PeppolValidation.initStandard(all);
        var set = all.getOfID(PeppolValidation2026_05.VID_OPENPEPPOL_INVOICE_UBL_V3);
        List<Double> ms = new ArrayList<>();
        for (double s : new double[] {2 * seconds, seconds}) {
            long end = System.nanoTime() + (long) (s * 1e9);
            ms.clear();
            do {
                long began = System.nanoTime();
                var source = ValidationSourceXML.create("x", DOMReader.readXMLDOM(doc));
                ValidationExecutionManager.executeValidation(IValidityDeterminator.createDefault(), set, source);
                ms.add((System.nanoTime() - began) / 1e6);
            } while (System.nanoTime() < end);
        }
        Collections.sort(ms);
        System.out.printf("  phive, warm: DOM + XSD + 2 rule sets          %10.3f ms  (%d runs)%n", ms.get(ms.size() / 2), ms.size());
        System.exit(0);
    }
}
