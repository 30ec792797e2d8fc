/* sbdh_model.c - the StandardBusinessDocumentHeader schema 1.3 as tables, and the automaton over
 * them. Equivalent to the XSD for what may stand in a header; the rules of the Peppol envelope come
 * on top, in sbdh_read.c. xsi:type and xsi:nil are refused, the schema has no use for them. */
#include <stddef.h>

#include "ap/base/clock.h"
#include "ap/peppol/sbdh_priv.h"

#define XSI "http://www.w3.org/2001/XMLSchema-instance"
#define END                                                                                        \
    {                                                                                              \
        NULL, 0, 0, NULL, SBDH_NOTHING                                                             \
    }

static const struct sbdh_type STRING = {SBDH_STRING, NULL, NULL};
static const struct sbdh_type BOOLEAN = {SBDH_BOOLEAN, NULL, NULL};
static const struct sbdh_type DATETIME = {SBDH_DATETIME, NULL, NULL};
static const struct sbdh_type INTEGER = {SBDH_INTEGER, NULL, NULL};

static const char *const AUTHORITY[] = {"Authority", NULL};
static const struct sbdh_type IDENTIFIER = {SBDH_STRING, NULL, AUTHORITY};

static const struct sbdh_particle CONTACT_P[] = {{"Contact", 1, 1, &STRING, SBDH_NOTHING},
    {"EmailAddress", 0, 1, &STRING, SBDH_NOTHING}, {"FaxNumber", 0, 1, &STRING, SBDH_NOTHING},
    {"TelephoneNumber", 0, 1, &STRING, SBDH_NOTHING},
    {"ContactTypeIdentifier", 0, 1, &STRING, SBDH_NOTHING}, END};
static const struct sbdh_type CONTACT = {SBDH_ELEMENTS, CONTACT_P, NULL};

static const struct sbdh_particle SENDER_P[] = {{"Identifier", 1, 1, &IDENTIFIER, SBDH_SENDER},
    {"ContactInformation", 0, 0, &CONTACT, SBDH_NOTHING}, END};
static const struct sbdh_particle RECEIVER_P[] = {{"Identifier", 1, 1, &IDENTIFIER, SBDH_RECEIVER},
    {"ContactInformation", 0, 0, &CONTACT, SBDH_NOTHING}, END};
static const struct sbdh_type SENDER = {SBDH_ELEMENTS, SENDER_P, NULL};
static const struct sbdh_type RECEIVER = {SBDH_ELEMENTS, RECEIVER_P, NULL};

static const struct sbdh_particle DOCUMENT_P[] = {{"Standard", 1, 1, &STRING, SBDH_STANDARD},
    {"TypeVersion", 1, 1, &STRING, SBDH_TYPE_VERSION},
    {"InstanceIdentifier", 1, 1, &STRING, SBDH_INSTANCE}, {"Type", 1, 1, &STRING, SBDH_TYPE},
    {"MultipleType", 0, 1, &BOOLEAN, SBDH_NOTHING},
    {"CreationDateAndTime", 1, 1, &DATETIME, SBDH_CREATED}, END};
static const struct sbdh_type DOCUMENT = {SBDH_ELEMENTS, DOCUMENT_P, NULL};

static const struct sbdh_particle ITEM_P[] = {
    {"MimeTypeQualifierCode", 1, 1, &STRING, SBDH_NOTHING},
    {"UniformResourceIdentifier", 1, 1, &STRING, SBDH_NOTHING},
    {"Description", 0, 1, &STRING, SBDH_NOTHING}, {"LanguageCode", 0, 1, &STRING, SBDH_NOTHING},
    END};
static const struct sbdh_type ITEM = {SBDH_ELEMENTS, ITEM_P, NULL};
static const struct sbdh_particle MANIFEST_P[] = {{"NumberOfItems", 1, 1, &INTEGER, SBDH_NOTHING},
    {"ManifestItem", 1, 0, &ITEM, SBDH_NOTHING}, END};
static const struct sbdh_type MANIFEST = {SBDH_ELEMENTS, MANIFEST_P, NULL};

static const struct sbdh_particle CORRELATION_P[] = {
    {"RequestingDocumentCreationDateTime", 0, 1, &DATETIME, SBDH_NOTHING},
    {"RequestingDocumentInstanceIdentifier", 0, 1, &STRING, SBDH_NOTHING},
    {"ExpectedResponseDateTime", 0, 1, &DATETIME, SBDH_NOTHING}, END};
static const struct sbdh_type CORRELATION = {SBDH_ELEMENTS, CORRELATION_P, NULL};
static const char *const TRANSACTION_A[] = {"TypeOfServiceTransaction", "IsNonRepudiationRequired",
    "IsAuthenticationRequired", "IsNonRepudiationOfReceiptRequired", "IsIntelligibleCheckRequired",
    "IsApplicationErrorResponseRequested", "TimeToAcknowledgeReceipt",
    "TimeToAcknowledgeAcceptance", "TimeToPerform", "Recurrence", NULL};
static const struct sbdh_particle NONE_P[] = {END};
static const struct sbdh_type TRANSACTION = {SBDH_ELEMENTS, NONE_P, TRANSACTION_A};
static const struct sbdh_particle SERVICE_P[] = {
    {"BusinessServiceName", 0, 1, &STRING, SBDH_NOTHING},
    {"ServiceTransaction", 0, 1, &TRANSACTION, SBDH_NOTHING}, END};
static const struct sbdh_type SERVICE = {SBDH_ELEMENTS, SERVICE_P, NULL};

/* The last two substitute for the abstract ScopeInformation, in any order (see next_place). */
static const struct sbdh_particle SCOPE_P[] = {{"Type", 1, 1, &STRING, SBDH_SCOPE_TYPE},
    {"InstanceIdentifier", 1, 1, &STRING, SBDH_SCOPE_INSTANCE},
    {"Identifier", 0, 1, &STRING, SBDH_SCOPE_IDENTIFIER},
    {"CorrelationInformation", 0, 0, &CORRELATION, SBDH_NOTHING},
    {"BusinessService", 0, 0, &SERVICE, SBDH_NOTHING}, END};
static const struct sbdh_type SCOPE = {SBDH_ELEMENTS, SCOPE_P, NULL};
static const struct sbdh_particle BUSINESS_P[] = {{"Scope", 0, 0, &SCOPE, SBDH_NOTHING}, END};
static const struct sbdh_type BUSINESS = {SBDH_ELEMENTS, BUSINESS_P, NULL};

static const struct sbdh_particle HEADER_P[] = {
    {"HeaderVersion", 1, 1, &STRING, SBDH_HEADER_VERSION}, {"Sender", 1, 0, &SENDER, SBDH_NOTHING},
    {"Receiver", 1, 0, &RECEIVER, SBDH_NOTHING},
    {"DocumentIdentification", 1, 1, &DOCUMENT, SBDH_NOTHING},
    {"Manifest", 0, 1, &MANIFEST, SBDH_NOTHING}, {"BusinessScope", 0, 1, &BUSINESS, SBDH_NOTHING},
    END};
const struct sbdh_type SBDH_HEADER = {SBDH_ELEMENTS, HEADER_P, NULL};

static const char *const BINARY_A[] = {"mimeType", "encoding", NULL};
static const char *const TEXT_A[] = {"mimeType", NULL};
const struct sbdh_type SBDH_BINARY_CONTENT = {SBDH_STRING, NULL, BINARY_A};
const struct sbdh_type SBDH_TEXT_CONTENT_TYPE = {SBDH_STRING, NULL, TEXT_A};

int sbdh_attributes(const struct sbdh_type *type, const struct xml_stream_tag *t, struct err *e)
{
    for (size_t i = 0; i < t->nattr; i++) {
        const struct xml_stream_attr *a = &t->attr[i];
        bool known = a->ns && strcmp(a->ns, XSI) == 0 &&
                     (strcmp(a->local, "schemaLocation") == 0 ||
                         strcmp(a->local, "noNamespaceSchemaLocation") == 0);
        for (size_t k = 0; !a->ns && type->attrs && type->attrs[k] && !known; k++)
            known = strcmp(type->attrs[k], a->local) == 0;
        if (!known)
            return err_set(e, ERR_INPUT, "sbdh.order", "SBDH 1.3",
                "attribute %.60s may not stand in %s", a->local, t->local);
        if (!a->ns && strcmp(a->local, "TypeOfServiceTransaction") == 0 &&
            !str_eqz(a->value, "RequestingServiceTransaction") &&
            !str_eqz(a->value, "RespondingServiceTransaction"))
            return err_set(e, ERR_INPUT, "sbdh.value", "SBDH 1.3",
                "TypeOfServiceTransaction has an unknown value");
    }
    return 0;
}

static bool is_choice(const struct sbdh_particle *p)
{
    return p->type == &CORRELATION || p->type == &SERVICE;
}

/*= Envelope 2.0.2 2 "valid by the envelope's schema" */
int sbdh_enter(struct sbdh_cursor *c, const struct xml_stream_tag *t,
    const struct sbdh_particle **found, struct err *e)
{
    const struct sbdh_particle *p = c->frame[c->n - 1].at;
    unsigned count = c->frame[c->n - 1].count;

    if (!p)
        return err_set(e, ERR_INPUT, "sbdh.order", "SBDH 1.3", "%.60s may not stand in %s",
            t->local, c->frame[c->n - 1].local);
    if (p->local && is_choice(p)) /* their order among themselves is free */
        p = &SCOPE_P[3];
    while (p->local && (strcmp(p->local, t->local) != 0 || (p->max && count >= p->max))) {
        if (count < p->min)
            return err_set(e, ERR_INPUT, "sbdh.missing", "SBDH 1.3",
                "%s is missing in %s (found %.60s)", p->local, c->frame[c->n - 1].local, t->local);
        p++;
        count = 0;
    }
    if (!p->local)
        return err_set(e, ERR_INPUT, "sbdh.order", "SBDH 1.3", "%.60s may not stand here in %s",
            t->local, c->frame[c->n - 1].local);
    if (c->n == SBDH_FRAMES)
        return err_set(e, ERR_BUG, "sbdh.order", "", "header model too deep");
    c->frame[c->n - 1].at = p;
    c->frame[c->n - 1].count = count + 1;
    c->frame[c->n].type = p->type;
    c->frame[c->n].at = p->type->particle;
    c->frame[c->n].count = 0;
    c->frame[c->n].local = p->local;
    c->n++;
    *found = p;
    return sbdh_attributes(p->type, t, e);
}

int sbdh_leave(struct sbdh_cursor *c, struct err *e)
{
    const struct sbdh_particle *p = c->frame[c->n - 1].at;
    unsigned count = c->frame[c->n - 1].count;

    for (; p && p->local; p++, count = 0)
        if (count < p->min)
            return err_set(e, ERR_INPUT, "sbdh.missing", "SBDH 1.3", "%s is missing in %s",
                p->local, c->frame[c->n - 1].local);
    c->n--;
    return 0;
}

static bool is_integer(struct str s)
{
    size_t i = s.n && (s.p[0] == '-' || s.p[0] == '+') ? 1 : 0;

    if (i == s.n)
        return false;
    for (; i < s.n; i++)
        if (s.p[i] < '0' || s.p[i] > '9')
            return false;
    return true;
}

int sbdh_simple_ok(const struct sbdh_type *t, struct str text, const char *local, struct err *e)
{
    struct str s = str_trim(text);
    bool ok = true, zone;
    int64_t ms;

    switch (t->content) {
    case SBDH_ELEMENTS: /* where no element may stand, white space may not either */
        if (s.n || (text.n && !t->particle->local))
            return err_set(
                e, ERR_INPUT, "sbdh.order", "SBDH 1.3", "text between elements in %s", local);
        return 0;
    case SBDH_STRING:
        return 0;
    case SBDH_BOOLEAN:
        ok = str_eqz(s, "true") || str_eqz(s, "false") || str_eqz(s, "1") || str_eqz(s, "0");
        break;
    case SBDH_DATETIME:
        ok = clock_parse(s, &ms, &zone);
        break;
    case SBDH_INTEGER:
        ok = is_integer(s);
    }
    return ok ? 0
              : err_set(e, ERR_INPUT, "sbdh.value", "SBDH 1.3",
                    "%s has the malformed value \"%.*s\"", local, s.n > 60 ? 60 : (int)s.n, s.p);
}

static bool xml_char(uint32_t c)
{
    return c == 9 || c == 10 || c == 13 || (c >= 0x20 && c < 0xD800) ||
           (c >= 0xE000 && c <= 0xFFFD) || (c >= 0x10000 && c <= 0x10FFFF);
}

bool sbdh_utf8_feed(struct sbdh_utf8 *u, const void *p, size_t n)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    const unsigned char *s = p;

    for (size_t i = 0; i < n; i++) {
        unsigned char c = s[i];
        if (u->need) {
            if ((c & 0xC0) != 0x80)
                return false;
            u->cp = u->cp << 6 | (c & 0x3F);
            if (--u->need == 0 && (u->cp < least[u->len] || !xml_char(u->cp)))
                return false;
            continue;
        }
        u->len = c < 0x80                ? 1
                 : c >= 0xF0 && c < 0xF8 ? 4
                 : c >= 0xE0 && c < 0xF0 ? 3
                 : c >= 0xC0 && c < 0xE0 ? 2
                                         : 0;
        if (u->len == 0 || (u->len == 1 && !xml_char(c)))
            return false;
        u->need = u->len - 1;
        u->cp = u->len == 1 ? c : c & (0xFFu >> (u->len + 1));
    }
    return true;
}

bool sbdh_text_ok(struct str s)
{
    struct sbdh_utf8 u = {0};

    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.p[i] < 0x20)
            return false;
    return sbdh_utf8_feed(&u, s.p, s.n) && u.need == 0;
}

bool sbdh_country_ok(struct str c)
{
    if (c.n != 2)
        return false;
    for (size_t i = 0; i < 2; i++)
        if (!((c.p[i] >= 'A' && c.p[i] <= 'Z') || (c.p[i] >= '0' && c.p[i] <= '9')))
            return false;
    return true;
}
