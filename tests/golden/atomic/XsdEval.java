import java.io.*;
import java.nio.charset.StandardCharsets;
import java.util.*;
import javax.xml.XMLConstants;
import javax.xml.transform.stream.StreamSource;
import javax.xml.validation.*;

/* type <TAB> value (escaped) on stdin; true or false, as the JDK's Xerces says, on stdout. */
public class XsdEval {
    static Schema schema(String type) {
        try {
            return SchemaFactory.newInstance(XMLConstants.W3C_XML_SCHEMA_NS_URI).newSchema(new StreamSource(new StringReader(
                "<s:schema xmlns:s='http://www.w3.org/2001/XMLSchema'><s:element name='e' type='s:" + type + "'/></s:schema>")));
        } catch (org.xml.sax.SAXException e) {
            throw new RuntimeException(e);
        }
    }

    public static void main(String[] args) throws Exception {
        Map<String, Schema> schemas = new HashMap<>();
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line; (line = in.readLine()) != null;) {
            int tab = line.indexOf('\t');
            StringBuilder xml = new StringBuilder("<e>");
            for (char c : SaxonEval.unescape(line.substring(tab + 1)).toCharArray())
                xml.append("&#").append((int) c).append(';');
            boolean valid = true;
            try {
                schemas.computeIfAbsent(line.substring(0, tab), XsdEval::schema).newValidator()
                    .validate(new StreamSource(new StringReader(xml + "</e>")));
            } catch (org.xml.sax.SAXException e) {
                valid = false;
            }
            System.out.println(valid);
        }
    }
}
