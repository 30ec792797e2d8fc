/* The payment code of a SEPA credit transfer: EPC069-12 version 2, as a QR code of error correction
 * M. */
#include <qrencode.h>
#include <string.h>

#include "ubl/plausible/plausible.h"
#include "ubl/render/render_priv.h"

#define EPC_MAX 331 /* bytes (EPC069-12 3.2) */
#define NAME_MAX_CHARS 70
#define TEXT_MAX_CHARS 140
#define QUIET 4 /* modules of margin */

static const xmlNode *child(const xmlNode *n, const char *name)
{
    const xmlNode *c = n ? n->children : NULL;

    while (c && !(c->type == XML_ELEMENT_NODE && strcmp((const char *)c->name, name) == 0))
        c = c->next;
    return c;
}

/* The text at this path of names, "" when there is none. */
static struct str at(const xmlNode *n, const char *const *path)
{
    for (; n && *path; path++)
        n = child(n, *path);
    return str_trim(str_z(n && n->children && n->children->type == XML_TEXT_NODE
                              ? (const char *)n->children->content
                              : ""));
}
#define AT(n, ...) at((n), (const char *const[]){__VA_ARGS__, NULL})

static bool one_of(struct str s, const char *list) /* words with a space after each */
{
    const char *p = list;

    for (; s.n && *p; p += strcspn(p, " ") + 1)
        if (strcspn(p, " ") == s.n && memcmp(p, s.p, s.n) == 0)
            return true;
    return false;
}

/* Countries of SEPA; outside the EEA the BIC is needed (EPC409-09, EPC069-12). */
static bool in_sepa(const char *iban, bool has_bic)
{
    struct str country = str_sub(str_z(iban), 0, 2);

    return one_of(country, "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IS IT LI LT LU LV MT NL "
                           "NO PL PT RO SE SI SK ") ||
           (has_bic && one_of(country, "AD AL CH GB GI MC MD ME MK RS SM VA "));
}

/* "EUR12.30" of "12.3": two decimals, 0.01 to 999999999.99. */
static bool add_amount(struct buf *out, struct str s)
{
    size_t point = str_find(s, STR("."));
    struct str part = str_sub(s, point + 1, s.n);
    unsigned long long euro, cents = 0;

    while (part.n > 2 && part.p[part.n - 1] == '0')
        part.n--;
    if (part.n > 2 || !str_to_u64(str_sub(s, 0, point), 999999999, &euro) ||
        (part.n && !str_to_u64(part, 99, &cents)))
        return false;
    if (part.n == 1)
        cents *= 10;
    buf_printf(out, "EUR%llu.%02llu", euro, cents);
    return euro || cents;
}

/* At most `max` characters of UTF-8, a line end as a space. */
static void add_text(struct buf *out, struct str s, size_t max)
{
    for (size_t i = 0, chars = 0; i < s.n; i++) {
        chars += ((unsigned char)s.p[i] & 0xc0) != 0x80;
        if (chars > max)
            return;
        buf_putc(out, (unsigned char)s.p[i] < ' ' ? ' ' : s.p[i]);
    }
}

/* Without the blanks of print. False when it is none. */
static bool read_iban(char out[40], struct str s)
{
    size_t n = 0;

    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == ' ')
            continue;
        if (n == 34)
            return false;
        out[n++] = s.p[i];
    }
    out[n] = 0;
    return plausible_iban(str_z(out)).verdict == PLAUSIBLE_OK;
}

static struct str beneficiary(const xmlNode *root, const xmlNode *means)
{
    const xmlNode *seller = child(child(root, "AccountingSupplierParty"), "Party");
    struct str s = AT(means, "PayeeFinancialAccount", "Name");

    if (!s.n)
        s = AT(root, "PayeeParty", "PartyName", "Name");
    if (!s.n)
        s = AT(seller, "PartyLegalEntity", "RegistrationName");
    return s.n ? s : AT(seller, "PartyName", "Name");
}

bool render_epc(struct buf *out, const xmlNode *root, const xmlNode *means)
{
    char iban[40];
    struct str reference = AT(means, "PaymentID"),
               bic = AT(means, "PayeeFinancialAccount", "FinancialInstitutionBranch", "ID"),
               name = beneficiary(root, means);

    if (plausible_bic(bic).verdict != PLAUSIBLE_OK)
        bic = STR("");
    if (strcmp((const char *)root->name, "Invoice") != 0 ||
        one_of(AT(root, "InvoiceTypeCode"), "81 83 261 381 396 532 ") ||
        !one_of(AT(means, "PaymentMeansCode"), "30 42 58 ") ||
        !str_eqz(AT(root, "DocumentCurrencyCode"), "EUR") ||
        !read_iban(iban, AT(means, "PayeeFinancialAccount", "ID")) || !in_sepa(iban, bic.n) ||
        !name.n)
        return false;
    buf_printf(out, "BCD\n002\n1\nSCT\n%.*s\n", STR_FMT(bic));
    add_text(out, name, NAME_MAX_CHARS);
    buf_printf(out, "\n%s\n", iban);
    if (!add_amount(out, AT(root, "LegalMonetaryTotal", "PayableAmount")))
        return false;
    buf_puts(out, "\n\n");
    if (plausible_creditor_reference(reference).verdict == PLAUSIBLE_OK) {
        buf_str(out, reference);
    } else {
        buf_putc(out, '\n');
        add_text(out, reference.n ? reference : AT(root, "ID"), TEXT_MAX_CHARS);
    }
    return buf_ok(out) && out->n <= EPC_MAX;
}

/* The dark modules as one path: a rectangle for each run of a row. */
static void draw(struct buf *path, const QRcode *qr)
{
    for (int y = 0; y < qr->width; y++)
        for (int x = 0, run; x < qr->width; x += run + 1) {
            for (run = 0; x + run < qr->width && qr->data[y * qr->width + x + run] & 1; run++)
                ;
            if (run)
                buf_printf(path, "M%d %dh%dv1h-%dz", x + QUIET, y + QUIET, run, run);
        }
}

static int add_code(xmlNode *root, xmlNode *means, const char *text, struct err *e)
{
    QRcode *qr = QRcode_encodeString8bit(text, 0, QR_ECLEVEL_M);
    xmlNs *ns = xmlSearchNsByHref(root->doc, root, (const xmlChar *)RENDER_NS);
    struct buf path;
    char size[16];
    int rc;

    if (!qr)
        return err_nomem(e);
    buf_init(&path, 1 << 20);
    draw(&path, qr);
    (void)snprintf(size, sizeof(size), "%d", qr->width + 2 * QUIET);
    QRcode_free(qr);
    rc = buf_check(&path, e);
    if (!rc && (!xmlNewNsProp(means, ns, (const xmlChar *)"qr", (const xmlChar *)path.p) ||
                   !xmlNewNsProp(means, ns, (const xmlChar *)"qrsize", (const xmlChar *)size)))
        rc = err_nomem(e);
    buf_free(&path);
    return rc;
}

int render_add_codes(xmlNode *root, struct err *e)
{
    unsigned codes = 0;
    struct buf text;
    int rc = 0;

    buf_init(&text, 4096);
    for (xmlNode *n = root->children; n && !rc && codes < RENDER_QR; n = n->next) {
        if (n->type != XML_ELEMENT_NODE || strcmp((const char *)n->name, "PaymentMeans") != 0)
            continue;
        buf_clear(&text);
        if (render_epc(&text, root, n)) {
            rc = add_code(root, n, text.p, e);
            codes++;
        }
    }
    buf_free(&text);
    return rc;
}
