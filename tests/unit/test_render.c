/* The page of an invoice: everything of the document is on it, and nothing of the document acts on
 * it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sched.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <libxml/HTMLparser.h>
#include <libxml/parser.h>

#include "ap/base/fsx.h"
#include "ap/xml/xml.h"
#include "ubl/render/render.h"
#include "ubl/render/render_priv.h"

#define LANGS 5
#define RLO "\xe2\x80\xae"

static struct err e;

static void load(struct buf *b, const char *path)
{
    buf_init(b, 64u << 20);
    if (fsx_read_file(b, path, &e))
        fail_msg("%s: %s", path, e.msg);
}

static int page_of(struct buf *out, struct str doc, enum render_lang lang)
{
    struct blob in = blob_str(doc);

    buf_init(out, 256u << 20);
    return render_html(out, &in, lang, &e);
}

static void page_of_file(struct buf *out, const char *path, enum render_lang lang)
{
    struct buf doc;

    load(&doc, path);
    if (page_of(out, buf_view(&doc), lang))
        fail_msg("%s: %s %s", path, e.code, e.msg);
    buf_free(&doc);
}

static bool has(const struct buf *page, const char *text)
{
    return str_find(buf_view(page), str_z(text)) < page->n;
}

/* `s` with the first `from` as `to`; it must be there. */
static void replaced(struct buf *out, struct str s, const char *from, const char *to)
{
    size_t i = str_find(s, str_z(from));

    assert_true(i < s.n);
    buf_init(out, 64u << 20);
    buf_add(out, s.p, i);
    buf_puts(out, to);
    buf_add(out, s.p + i + strlen(from), s.n - i - strlen(from));
    assert_true(buf_ok(out));
}

/* ---- what the page says ---- */

/* The text of the page as a reader sees it: of every element but the style. */
static void text_below(struct buf *out, const xmlNode *n)
{
    for (; n; n = n->next) {
        if (n->type == XML_TEXT_NODE)
            buf_puts(out, (const char *)n->content);
        else if (n->type == XML_ELEMENT_NODE && strcmp((const char *)n->name, "style") != 0)
            text_below(out, n->children);
    }
}

static htmlDocPtr parse_page(const struct buf *page)
{
    htmlDocPtr d = htmlReadMemory(page->p, (int)page->n, NULL, "UTF-8",
        HTML_PARSE_NONET | HTML_PARSE_NOERROR | HTML_PARSE_NOWARNING | 1 << 19 /* HUGE */);
    assert_non_null(d);
    return d;
}

static void text_of(struct buf *out, const struct buf *page)
{
    htmlDocPtr d = parse_page(page);

    buf_init(out, 256u << 20);
    text_below(out, xmlDocGetRootElement(d));
    assert_true(buf_ok(out));
    xmlFreeDoc(d);
}

static bool says(const struct buf *text, struct str s)
{
    return str_find(buf_view(text), s) < text->n || s.n == 0;
}

static bool is_name_of(const struct buf *text, struct str code, enum render_lang lang)
{
    static const char *const lists[] = {
        "type", "vat", "means", "period", "reason", "unit", "country"};
    char id[128];

    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        const char *name;
        (void)snprintf(id, sizeof(id), "%s.%.*s", lists[i], STR_FMT(code));
        name = render_label(lang, id);
        if (name && says(text, str_z(name)))
            return true;
    }
    return false;
}

/* As it stands, as a number, as a date, or the name of a code. */
static bool is_told(const struct buf *text, struct str s, enum render_lang lang)
{
    struct buf b;
    bool told = says(text, s) || is_name_of(text, s, lang);

    buf_init(&b, 1 << 20);
    render_number(&b, s, lang);
    told = told || says(text, buf_view(&b));
    buf_clear(&b);
    render_date(&b, s, lang);
    told = told || says(text, buf_view(&b));
    buf_free(&b);
    return told;
}

/* What has no business meaning of its own, or is told by a heading: "charge", "VAT" of a VAT
 * number, the type of a line's object reference, the name of an exchange scheme. */
static bool needs_no_words(const xmlNode *n, struct str s)
{
    const char *name = (const char *)n->name, *parent = (const char *)n->parent->name;

    return strcmp(name, "ChargeIndicator") == 0 ||
           (strcmp(parent, "TaxScheme") == 0 && str_eqz(s, "VAT")) ||
           (strcmp(name, "ID") == 0 && strstr(parent, "TaxCategory") && str_eqz(s, "S")) ||
           (strcmp(name, "DocumentTypeCode") == 0);
}

static unsigned silent_values(
    const struct buf *text, const xmlNode *n, enum render_lang lang, const char *of)
{
    static const char *const attributes[] = {
        "schemeID", "unitCode", "mimeCode", "filename", "listID", "listVersionID", "name"};
    unsigned silent = 0;

    for (; n; n = n->next) {
        bool tax =
            strstr((const char *)n->parent->name, "Tax") != NULL; /* its codes are of one list */
        xmlChar *s;
        if (n->type != XML_ELEMENT_NODE || strcmp((const char *)n->name, "UBLExtensions") == 0)
            continue;
        for (size_t i = 0; i < sizeof(attributes) / sizeof(attributes[0]); i++) {
            s = xmlGetNoNsProp(n, (const xmlChar *)attributes[i]);
            bool list = strncmp(attributes[i], "list", 4) == 0 &&
                        strcmp((const char *)n->name, "ItemClassificationCode") != 0;
            if (s && n->children && !tax && !list &&
                !is_told(text, str_trim(str_z((char *)s)), lang) &&
                !xmlFirstElementChild((xmlNode *)(uintptr_t)n) &&
                strcmp((const char *)n->name, "InvoiceTypeCode") != 0) {
                print_message(
                    "%s: %s/@%s \"%s\" is not on the page\n", of, n->name, attributes[i], s);
                silent++;
            }
            xmlFree(s);
        }
        if (xmlFirstElementChild((xmlNode *)(uintptr_t)n)) {
            silent += silent_values(text, n->children, lang, of);
            continue;
        }
        s = xmlNodeGetContent(n);
        if (strcmp((const char *)n->name, "EmbeddedDocumentBinaryObject") != 0 &&
            !needs_no_words(n, str_trim(str_z((char *)s))) &&
            !is_told(text, str_trim(str_z((char *)s)), lang)) {
            print_message("%s: %s/%s \"%s\" is not on the page\n", of, n->parent->name, n->name, s);
            silent++;
        }
        xmlFree(s);
    }
    return silent;
}

static unsigned silent_in(const char *path, enum render_lang lang)
{
    xmlDoc *d = xmlReadFile(path, NULL, XML_PARSE_NONET | XML_PARSE_HUGE | XML_PARSE_NOERROR);
    struct buf page, text;
    unsigned silent;

    assert_non_null(d);
    page_of_file(&page, path, lang);
    text_of(&text, &page);
    silent = silent_values(&text, xmlDocGetRootElement(d)->children, lang, path);
    buf_free(&text);
    buf_free(&page);
    xmlFreeDoc(d);
    return silent;
}

static void every_business_term_is_on_the_page(void **unused)
{
    static const char *const docs[] = {"tests/golden/render/invoice.xml",
        "tests/golden/render/credit-note.xml", "ubl/examples/invoice.xml"};
    struct buf page;

    (void)unused;
    for (size_t i = 0; i < 3; i++)
        for (int lang = 0; lang < LANGS; lang++) {
            assert_int_equal(silent_in(docs[i], (enum render_lang)lang), 0);
            page_of_file(&page, docs[i], (enum render_lang)lang);
            assert_false(has(&page, "class=\"further\""));
            buf_free(&page);
        }
}

static void what_has_no_place_is_listed_at_the_end(void **unused)
{
    struct buf doc, more, page;

    (void)unused;
    load(&doc, "ubl/examples/invoice.xml");
    replaced(&more, buf_view(&doc), "<cac:AccountingSupplierParty>",
        "<cac:Signature><cbc:ID>a signature's id</cbc:ID></cac:Signature><x:New "
        "xmlns:x=\"urn:x\">of tomorrow</x:New>"
        "<cac:AccountingSupplierParty>");
    assert_int_equal(page_of(&page, buf_view(&more), RENDER_EN), 0);
    assert_true(has(&page, "Further data"));
    assert_true(has(&page, "Signature / ID</dt><dd><bdi>a signature's id"));
    assert_true(has(&page, "of tomorrow"));
    buf_free(&page);
    buf_free(&more);
    replaced(&more, buf_view(&doc), "<cbc:CustomizationID>",
        "<e:UBLExtensions "
        "xmlns:e=\"urn:oasis:names:specification:ubl:schema:xsd:CommonExtensionComponents-2\">"
        "<e:UBLExtension><e:ExtensionContent><secret>x1y2</secret></e:ExtensionContent></"
        "e:UBLExtension>"
        "</e:UBLExtensions><cbc:CustomizationID>");
    assert_int_equal(page_of(&page, buf_view(&more), RENDER_EN), 0);
    assert_false(has(&page, "x1y2"));
    assert_true(has(&page, "extensions, which are not shown"));
    buf_free(&page);
    buf_free(&more);
    buf_free(&doc);
}

static bool is_billing(const char *path)
{
    struct buf b;
    bool is = false;

    buf_init(&b, 64u << 20);
    if (fsx_read_file(&b, path, &e) == 0)
        is = has(&b, "specification:ubl:schema:xsd:Invoice-2\"") ||
             has(&b, "specification:ubl:schema:xsd:CreditNote-2\"");
    is = is && !has(&b, "<!DOCTYPE") && !has(&b, "testSet");
    buf_free(&b);
    return is;
}

static void every_document_of_the_corpus_tells_all(void **unused)
{
    static const char *const folders[] = {
        "peppol-bis", "ubl-misc", "pint-eu", "pint-sg", "pint-jp", "pint-ae", "aunz-peppol"};
    const char *shared = getenv("AVISO_SHARED");
    char path[600];
    unsigned pages = 0, silent = 0;
    struct dirent *d;
    DIR *dir;

    (void)unused;
    for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
        (void)snprintf(path, sizeof(path), "%s/corpus/dev/%s", shared ? shared : "", folders[i]);
        dir = opendir(path);
        while (dir && (d = readdir(dir))) {
            if (d->d_name[0] == '.')
                continue;
            (void)snprintf(
                path, sizeof(path), "%s/corpus/dev/%s/%.80s", shared, folders[i], d->d_name);
            if (!is_billing(path))
                continue;
            silent += silent_in(path, (enum render_lang)(pages++ % LANGS));
        }
        if (dir)
            (void)closedir(dir);
    }
    if (!pages) {
        print_message("[ SKIPPED ] every_document_of_the_corpus_tells_all: no corpus\n");
        skip();
    }
    print_message("%u pages\n", pages);
    assert_int_equal(silent, 0);
    assert_true(pages > 100);
}

static void the_title_says_what_it_is(void **unused)
{
    static const struct {
        const char *doc, *from, *to;
        enum render_lang lang;
        const char *title;
    } x[] = {
        {"invoice", ">380<", ">380<", RENDER_EN, "<title>Invoice MAX-1"},
        {"invoice", ">380<", ">384<", RENDER_EN, "<title>Corrective invoice MAX-1"},
        {"invoice", ">380<", ">389<", RENDER_EN, "<title>Self-billed invoice MAX-1"},
        {"invoice", ">380<", ">386<", RENDER_SV, "<title>Förskottsfaktura MAX-1"},
        {"invoice", ">380<", ">777<", RENDER_NL, "<title>Factuur MAX-1"},
        {"invoice", ">380<", ">777<", RENDER_NL, "Typecode: <bdi>777</bdi>"},
        {"credit-note", ">381<", ">381<", RENDER_FR, "<title>Avoir MAX-1"},
        {"credit-note", ">381<", ">261<", RENDER_EN, "<title>Self-billed credit note MAX-1"},
        {"credit-note", ">381<", ">381<", RENDER_EN, "Amount credited"},
        {"invoice", ">BE</", ">QX</", RENDER_EN, "<bdi>QX</bdi>"},
        {"invoice", "unitCode=\"HUR\"", "unitCode=\"Q99\"", RENDER_EN, "<bdi>Q99</bdi>"},
    };
    char path[200];

    (void)unused;
    for (size_t i = 0; i < sizeof(x) / sizeof(x[0]); i++) {
        struct buf doc, changed, page;
        (void)snprintf(path, sizeof(path), "tests/golden/render/%s.xml", x[i].doc);
        load(&doc, path);
        replaced(&changed, buf_view(&doc), x[i].from, x[i].to);
        assert_int_equal(page_of(&page, buf_view(&changed), x[i].lang), 0);
        if (!has(&page, x[i].title))
            fail_msg("no %s", x[i].title);
        buf_free(&page);
        buf_free(&changed);
        buf_free(&doc);
    }
}

static void each_language_has_its_words_and_numbers(void **unused)
{
    static const char *const want[LANGS] = {"1,363.00", "1.363,00",
        "1\xe2\x80\xaf"
        "363,00",
        "1.363,00",
        "1\xc2\xa0"
        "363,00"};
    static const char *const date[LANGS] = {"20\xc2\xa0November\xc2\xa0"
                                            "2026",
        "20\xc2\xa0november\xc2\xa0"
        "2026",
        "20\xc2\xa0novembre\xc2\xa0"
        "2026",
        "20.\xc2\xa0November\xc2\xa0"
        "2026",
        "20\xc2\xa0november\xc2\xa0"
        "2026"};
    static const char *const lang[LANGS] = {"<html lang=\"en\">", "<html lang=\"nl\">",
        "<html lang=\"fr\">", "<html lang=\"de\">", "<html lang=\"sv\">"};
    struct str labels = render_labels_xml();
    xmlDoc *d = xmlReadMemory(labels.p, (int)labels.n, NULL, NULL, 0);

    (void)unused;
    for (int i = 0; i < LANGS; i++) {
        struct buf page;
        page_of_file(&page, "tests/golden/render/invoice.xml", (enum render_lang)i);
        assert_true(has(&page, want[i]));
        assert_true(has(&page, date[i]));
        assert_true(has(&page, lang[i]));
        buf_free(&page);
    }
    assert_non_null(d);
    for (xmlNode *n = xmlDocGetRootElement(d)->children; n; n = n->next) {
        xmlChar *id = n->type == XML_ELEMENT_NODE ? xmlGetNoNsProp(n, (const xmlChar *)"id") : NULL;
        for (int i = 0; id && i < LANGS; i++) {
            const char *text = render_label((enum render_lang)i, (const char *)id);
            assert_non_null(text);
            assert_true(*text || strcmp((const char *)id, "day.dot") == 0);
        }
        xmlFree(id);
    }
    xmlFreeDoc(d);
}

/* ---- what the document may not do ---- */

static const char *const ELEMENTS[] = {"html", "head", "meta", "title", "style", "body", "main",
    "header", "div", "p", "h1", "h2", "section", "article", "address", "dl", "dt", "dd", "bdi",
    "span", "time", "br", "table", "thead", "tbody", "tfoot", "tr", "th", "td", "ul", "li",
    "figure", "figcaption", "svg", "path", "footer"};
static const char *const ATTRIBUTES[] = {"lang", "http-equiv", "content", "name", "class", "role",
    "scope", "data-l", "hidden", "xmlns", "viewbox", "viewBox", "aria-label", "shape-rendering",
    "d", "fill"};

static bool listed(const xmlChar *name, const char *const *list, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp((const char *)name, list[i]) == 0)
            return true;
    return false;
}

static void only_known_markup(const xmlNode *n, bool isolated)
{
    for (; n; n = n->next) {
        bool bdi = n->type == XML_ELEMENT_NODE && strcmp((const char *)n->name, "bdi") == 0;
        if (n->type == XML_TEXT_NODE && strstr((const char *)n->content, RLO))
            assert_true(isolated);
        if (n->type != XML_ELEMENT_NODE)
            continue;
        if (!listed(n->name, ELEMENTS, sizeof(ELEMENTS) / sizeof(ELEMENTS[0])))
            fail_msg("element %s", n->name);
        for (const xmlAttr *a = n->properties; a; a = a->next) {
            if (!listed(a->name, ATTRIBUTES, sizeof(ATTRIBUTES) / sizeof(ATTRIBUTES[0])))
                fail_msg("attribute %s", a->name);
            if (a->children && strstr((const char *)a->children->content, "EVIL"))
                fail_msg("text of the document in attribute %s", a->name);
        }
        only_known_markup(n->children, isolated || bdi);
    }
}

/* Every text and every attribute's value but namespaces, replaced. */
static void poison(struct buf *out, struct str s, const char *with)
{
    buf_init(out, 64u << 20);
    for (size_t i = 0; i < s.n; i++) {
        size_t end = i;
        buf_putc(out, s.p[i]);
        if (i < 300) /* the declaration and the root's namespaces */
            continue;
        if (s.p[i] == '>' && i + 1 < s.n && s.p[i + 1] != '<' && s.p[i + 1] != '\n' &&
            s.p[i + 1] != '\r')
            end = i + 1 + strcspn(s.p + i + 1, "<");
        else if (s.p[i] == '"' && s.p[i - 1] == '=')
            end = i + 1 + strcspn(s.p + i + 1, "\"");
        if (end > i) {
            buf_puts(out, with);
            i = end - 1;
        }
    }
    assert_true(buf_ok(out));
}

static void hostile_text_stays_text(void **unused)
{
    static const char *const payloads[] = {"EVIL &lt;script&gt;alert(1)&lt;/script&gt;",
        "javascript:alert('EVIL')", "EVIL&quot; onload=&quot;alert(1)",
        "EVIL&lt;/style&gt;&lt;/title&gt;&lt;img src=x onerror=alert(1)&gt;", RLO "EVIL 00.1" RLO,
        "EVIL]]&gt;&lt;!-- &amp;amp; --&gt;", "{EVIL}&#10;url(http://evil.example/)"};
    struct buf doc, bad, page;

    (void)unused;
    load(&doc, "tests/golden/render/invoice.xml");
    for (size_t i = 0; i < sizeof(payloads) / sizeof(payloads[0]); i++) {
        htmlDocPtr d;
        poison(&bad, buf_view(&doc), payloads[i]);
        if (page_of(&page, buf_view(&bad), RENDER_EN))
            fail_msg("%s", e.msg);
        assert_true(has(&page, "EVIL"));
        assert_false(has(&page, "<script") || has(&page, "<img"));
        d = parse_page(&page);
        only_known_markup(xmlDocGetRootElement(d), false);
        xmlFreeDoc(d);
        buf_free(&page);
        buf_free(&bad);
    }
    buf_free(&doc);
}

static void the_page_needs_nothing_from_outside(void **unused)
{
    struct buf page;

    (void)unused;
    page_of_file(&page, "tests/golden/render/invoice.xml", RENDER_EN);
    assert_true(has(&page, "<!DOCTYPE html"));
    assert_true(
        has(&page, "default-src 'none'; base-uri 'none'; form-action 'none'; style-src 'sha256-"));
    assert_false(
        has(&page, "@import") || has(&page, "url(") || has(&page, "<link") || has(&page, "<a "));
    assert_true(has(&page, "<th scope=\"col\""));
    assert_true(has(&page, "<th scope=\"row\""));
    buf_free(&page);
}

/* ---- what is not taken ---- */

static void expect_error(struct str doc, const char *code)
{
    struct buf page;

    assert_int_equal(page_of(&page, doc, RENDER_EN), -1);
    assert_string_equal(e.code, code);
    assert_int_equal(e.class, ERR_INPUT);
    assert_int_equal(page.n, 0);
    buf_free(&page);
}

static void what_is_no_invoice_is_refused(void **unused)
{
    (void)unused;
    expect_error(STR(""), "xml.malformed");
    expect_error(STR("no XML"), "xml.malformed");
    expect_error(STR("<Invoice/>"), "render.kind");
    expect_error(STR("<Order xmlns='urn:oasis:names:specification:ubl:schema:xsd:Order-2'/>"),
        "render.kind");
    expect_error(STR("<Invoice xmlns='urn:oasis:names:specification:ubl:schema:xsd:Invoice-2'>"),
        "xml.malformed");
    expect_error(STR("<!DOCTYPE x [<!ENTITY a 'b'>]><Invoice "
                     "xmlns='urn:oasis:names:specification:ubl:schema:xsd:Invoice-2'/>"),
        "xml.doctype");
    expect_error(
        STR("<StandardBusinessDocument "
            "xmlns='http://www.unece.org/cefact/namespaces/StandardBusinessDocumentHeader'>"
            "<x><Invoice "
            "xmlns='urn:oasis:names:specification:ubl:schema:xsd:Invoice-2'/></x></"
            "StandardBusinessDocument>"),
        "render.kind");
}

static void too_large_documents_are_refused(void **unused)
{
    struct buf b;

    (void)unused;
    buf_init(&b, 64u << 20);
    buf_puts(&b, "<Invoice xmlns='urn:oasis:names:specification:ubl:schema:xsd:Invoice-2'>");
    for (unsigned i = 0; i < RENDER_ELEMENTS + 1; i++)
        buf_puts(&b, "<a/>");
    buf_puts(&b, "</Invoice>");
    expect_error(buf_view(&b), "render.limit");
    buf_clear(&b);
    buf_puts(&b, "<Invoice xmlns='urn:oasis:names:specification:ubl:schema:xsd:Invoice-2'><a>");
    for (unsigned i = 0; i < (5u << 20) / 16; i++)
        buf_puts(&b, "0123456789abcdef");
    buf_puts(&b, "</a></Invoice>");
    expect_error(buf_view(&b), "render.limit");
    buf_free(&b);
}

static void an_envelope_is_opened(void **unused)
{
    struct buf doc, env, page;
    struct str s;

    (void)unused;
    load(&doc, "ubl/examples/invoice.xml");
    s = buf_view(&doc);
    s = str_sub(s, str_find(s, STR("<Invoice")), s.n);
    buf_init(&env, 1 << 20);
    buf_puts(&env, "<StandardBusinessDocument "
                   "xmlns='http://www.unece.org/cefact/namespaces/StandardBusinessDocumentHeader'>"
                   "<StandardBusinessDocumentHeader><HeaderVersion>1.0</HeaderVersion></"
                   "StandardBusinessDocumentHeader>");
    buf_str(&env, s);
    buf_puts(&env, "</StandardBusinessDocument>");
    assert_int_equal(page_of(&page, buf_view(&env), RENDER_EN), 0);
    assert_true(has(&page, "<title>Invoice INV-1042"));
    assert_false(has(&page, "HeaderVersion"));
    buf_free(&page);
    buf_free(&env);
    buf_free(&doc);
}

/* ---- details ---- */

static void numbers_keep_their_digits(void **unused)
{
    static const struct {
        const char *in, *en, *de;
    } x[] = {{"0", "0", "0"},
        {"-0.5",
            "\xe2\x88\x92"
            "0.5",
            "\xe2\x88\x92"
            "0,5"},
        {"1234567.890", "1,234,567.890", "1.234.567,890"},
        {"123456789012345678901234567890.10", "123,456,789,012,345,678,901,234,567,890.10",
            "123.456.789.012.345.678.901.234.567.890,10"},
        {"+5", "5", "5"}, {".5", "0.5", "0,5"}, {"5.", "5", "5"}, {"1e3", "1e3", "1e3"},
        {"-", "-", "-"}, {"", "", ""}, {"1,5", "1,5", "1,5"}, {"1 2", "1 2", "1 2"},
        {"--1", "--1", "--1"}, {"NaN", "NaN", "NaN"}};
    struct buf b;

    (void)unused;
    buf_init(&b, 4096);
    for (size_t i = 0; i < sizeof(x) / sizeof(x[0]); i++) {
        buf_clear(&b);
        render_number(&b, str_z(x[i].in), RENDER_EN);
        assert_true(str_eqz(buf_view(&b), x[i].en));
        buf_clear(&b);
        render_number(&b, str_z(x[i].in), RENDER_DE);
        assert_true(str_eqz(buf_view(&b), x[i].de));
    }
    buf_free(&b);
}

static void what_is_no_plain_date_stays_as_it_is(void **unused)
{
    static const char *const x[] = {"2026-13-01", "2026-00-01", "2026-01-00", "2026-01-32",
        "2026-01-01Z", "2026-1-1", "20260101", "", "yesterday"};
    struct buf b;

    (void)unused;
    buf_init(&b, 4096);
    for (size_t i = 0; i < sizeof(x) / sizeof(x[0]); i++) {
        buf_clear(&b);
        render_date(&b, str_z(x[i]), RENDER_FR);
        assert_true(str_eqz(buf_view(&b), x[i]));
    }
    buf_clear(&b);
    render_date(&b, STR("2026-03-01"), RENDER_FR);
    assert_true(str_eqz(buf_view(&b), "1er\xc2\xa0mars\xc2\xa0"
                                      "2026"));
    buf_free(&b);
}

static void sizes_are_rounded(void **unused)
{
    static const struct {
        unsigned long long bytes;
        const char *text;
    } x[] = {{0, "0\xc2\xa0"
                 "B"},
        {999, "999\xc2\xa0"
              "B"},
        {1000, "1.0\xc2\xa0kB"}, {12345, "12.3\xc2\xa0kB"}, {999949, "999.9\xc2\xa0kB"},
        {999950, "1.0\xc2\xa0MB"}, {52428800, "52.4\xc2\xa0MB"}, {3000000000ULL, "3.0\xc2\xa0GB"}};
    struct buf b;

    (void)unused;
    buf_init(&b, 4096);
    for (size_t i = 0; i < sizeof(x) / sizeof(x[0]); i++) {
        buf_clear(&b);
        render_size(&b, x[i].bytes, RENDER_EN);
        assert_string_equal(b.p, x[i].text);
    }
    buf_free(&b);
}

/* The text of the code of the maximal invoice with one change, or "" when there is none. */
static void epc_with(struct buf *out, const char *doc, const char *from, const char *to)
{
    struct buf b, changed;
    struct blob in;
    xmlDoc *d;
    const xmlNode *n;

    load(&b, doc);
    replaced(&changed, buf_view(&b), from, to);
    in = blob_str(buf_view(&changed));
    assert_int_equal(render_load(&d, &in, &e), 0);
    n = xmlDocGetRootElement(d)->children;
    while (n && strcmp((const char *)n->name, "PaymentMeans") != 0)
        n = n->next;
    assert_non_null(n);
    buf_init(out, 4096);
    if (!render_epc(out, xmlDocGetRootElement(d), n))
        buf_clear(out);
    xmlFreeDoc(d);
    buf_free(&changed);
    buf_free(&b);
}

static void payment_codes_follow_epc069_12(void **unused)
{
    static const struct {
        const char *from, *to, *code;
    } x[] = {
        {"MAX-1", "MAX-1",
            "BCD\n002\n1\nSCT\nGEBABEBB\nAccount "
            "name\nBE68539007547034\nEUR1363.00\n\nRF18539007547034"},
        {">RF18539007547034<", ">+++090/9337/55493+++<",
            "BCD\n002\n1\nSCT\nGEBABEBB\nAccount "
            "name\nBE68539007547034\nEUR1363.00\n\n\n+++090/9337/55493+++"},
        {"<cbc:PaymentID>RF18539007547034</cbc:PaymentID>", "",
            "BCD\n002\n1\nSCT\nGEBABEBB\nAccount name\nBE68539007547034\nEUR1363.00\n\n\nMAX-1"},
        {"<cbc:Name>Account name</cbc:Name>", "",
            "BCD\n002\n1\nSCT\nGEBABEBB\nPayee "
            "name\nBE68539007547034\nEUR1363.00\n\nRF18539007547034"},
        {">GEBABEBB<", ">nonsense-bic<",
            "BCD\n002\n1\nSCT\n\nAccount name\nBE68539007547034\nEUR1363.00\n\nRF18539007547034"},
        {">BE68539007547034<", ">BE68 5390 0754 7034<",
            "BCD\n002\n1\nSCT\nGEBABEBB\nAccount "
            "name\nBE68539007547034\nEUR1363.00\n\nRF18539007547034"},
        {">1363.00<", ">0001363.5000<",
            "BCD\n002\n1\nSCT\nGEBABEBB\nAccount "
            "name\nBE68539007547034\nEUR1363.50\n\nRF18539007547034"},
        {">BE68539007547034<", ">CH9300762011623852957<",
            "BCD\n002\n1\nSCT\nGEBABEBB\nAccount "
            "name\nCH9300762011623852957\nEUR1363.00\n\nRF18539007547034"},
        {">1363.00<", ">1363.005<", ""},
        {">1363.00<", ">0.00<", ""},
        {">1363.00<", ">-5.00<", ""},
        {">1363.00<", ">1000000000.00<", ""},
        {">1363.00<", ">1,00<", ""},
        {"<cbc:DocumentCurrencyCode>EUR<", "<cbc:DocumentCurrencyCode>SEK<", ""},
        {">BE68539007547034<", ">BE68539007547035<", ""},
        {">BE68539007547034<", ">AE070331234567890123456<", ""},
        {">380<", ">381<", ""},
        {">30</cbc:PaymentMeansCode", ">59</cbc:PaymentMeansCode", ""},
    };
    struct buf b;

    (void)unused;
    for (size_t i = 0; i < sizeof(x) / sizeof(x[0]); i++) {
        epc_with(&b, "tests/golden/render/invoice.xml", x[i].from, x[i].to);
        if (!str_eqz(buf_view(&b), x[i].code))
            fail_msg("%s: %s", x[i].to, b.p);
        buf_free(&b);
    }
    epc_with(&b, "tests/golden/render/credit-note.xml", "MAX-1", "MAX-1");
    assert_int_equal(b.n, 0);
    buf_free(&b);
}

/* ---- PDF: programs of ours in the place of the real ones ---- */

static char bin[64];

static void put_tool(const char *script)
{
    char path[100];
    FILE *f;

    (void)snprintf(path, sizeof(path), "%s/weasyprint", bin);
    f = fopen(path, "we");
    assert_non_null(f);
    assert_true(fprintf(f, "#!/bin/sh\n%s\n", script) > 0);
    assert_int_equal(fclose(f), 0);
    assert_int_equal(chmod(path, 0700), 0);
}

static int pdf(struct buf *out)
{
    char *path = strdup(getenv("PATH")), mine[200];
    int rc;

    (void)snprintf(mine, sizeof(mine), "%s", bin);
    assert_int_equal(setenv("PATH", mine, 1), 0);
    buf_init(out, 1 << 20);
    rc = render_pdf(out, STR("<html></html>"), 1, &e);
    assert_int_equal(setenv("PATH", path, 1), 0);
    free(path);
    if (rc)
        buf_free(out);
    return rc;
}

/* Whether the kernel lets this user have a network of its own. */
static bool may_unshare(void)
{
    int status = -1;
    pid_t pid = fork();

    if (pid == 0)
        _exit(unshare(CLONE_NEWNET) && unshare(CLONE_NEWUSER | CLONE_NEWNET));
    return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
}

static void the_program_has_no_network(void **unused)
{
    char dir[] = "/tmp/aviso-render-test-XXXXXX", path[100];
    struct buf out;

    (void)unused;
    if (!may_unshare()) {
        print_message(
            "[ SKIPPED ] the_program_has_no_network: this kernel gives no network namespace\n");
        skip();
    }
    assert_non_null(mkdtemp(dir));
    (void)snprintf(bin, sizeof(bin), "%s", dir);
    put_tool("printf '%%PDF-' >\"$3\"; /bin/cat /proc/net/dev >>\"$3\"");
    assert_int_equal(pdf(&out), 0);
    assert_true(has(&out, "lo:"));
    assert_true(str_find(buf_view(&out), STR(":")) ==
                str_rfind(buf_view(&out), STR(":"))); /* and no other */
    (void)snprintf(path, sizeof(path), "%s/weasyprint", dir);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(dir), 0);
    buf_free(&out);
}

static void a_pdf_is_made_by_a_child_with_a_deadline(void **unused)
{
    struct buf out;
    char path[100];

    (void)unused;
    (void)snprintf(bin, sizeof(bin), "/tmp/aviso-render-test-XXXXXX");
    assert_non_null(mkdtemp(bin));
    (void)snprintf(path, sizeof(path), "%s/weasyprint", bin);
    put_tool("printf '%%PDF-1.7 of %s' \"$(/bin/cat \"$2\")\" >\"$3\"");
    assert_int_equal(pdf(&out), 0);
    assert_string_equal(out.p, "%PDF-1.7 of <html></html>");
    buf_free(&out);
    put_tool("/bin/sleep 60 & /bin/sleep 60");
    assert_int_equal(pdf(&out), -1);
    assert_string_equal(e.code, "render.pdf");
    assert_non_null(strstr(e.msg, "did not end within 1 s"));
    put_tool("echo one; echo the last words >&2; exit 3");
    assert_int_equal(pdf(&out), -1);
    assert_non_null(strstr(e.msg, "status 3: the last words"));
    put_tool("echo no >\"$3\"");
    assert_int_equal(pdf(&out), -1);
    assert_non_null(strstr(e.msg, "wrote no PDF"));
    assert_int_equal(unlink(path), 0);
    assert_int_equal(pdf(&out), -1);
    assert_string_equal(e.code, "render.no-tool");
    assert_int_equal(rmdir(bin), 0);
}

int main(void)
{
    const struct CMUnitTest t[] = {
        cmocka_unit_test(what_is_no_invoice_is_refused),
        cmocka_unit_test(too_large_documents_are_refused),
        cmocka_unit_test(hostile_text_stays_text),
        cmocka_unit_test(the_page_needs_nothing_from_outside),
        cmocka_unit_test(every_business_term_is_on_the_page),
        cmocka_unit_test(what_has_no_place_is_listed_at_the_end),
        cmocka_unit_test(every_document_of_the_corpus_tells_all),
        cmocka_unit_test(the_title_says_what_it_is),
        cmocka_unit_test(each_language_has_its_words_and_numbers),
        cmocka_unit_test(an_envelope_is_opened),
        cmocka_unit_test(numbers_keep_their_digits),
        cmocka_unit_test(what_is_no_plain_date_stays_as_it_is),
        cmocka_unit_test(sizes_are_rounded),
        cmocka_unit_test(payment_codes_follow_epc069_12),
        cmocka_unit_test(the_program_has_no_network),
        cmocka_unit_test(a_pdf_is_made_by_a_child_with_a_deadline),
    };

    xml_init();
    return cmocka_run_group_tests(t, NULL, NULL);
}
