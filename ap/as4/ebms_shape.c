/* ebms_shape.c - the ebMS 3.0 header schema (with the correction that eb:Property may have @type)
 * as tables, and the walk that holds a header to them.
 *
 * A test holds the walk and the schema against each other on a corpus of changed headers. Stricter
 * than the schema in two points: xsi:type and xsi:nil are refused, and a year has four digits. The
 * walk recurses as deep as the tables go: five levels. */
#include <libxml/parserInternals.h>
#include <libxml/uri.h>

#include "ap/as4/ebms.h"
#include "ap/base/clock.h"
#include "ap/xml/xml.h"

#define S11 "http://schemas.xmlsoap.org/soap/envelope/"
#define S12 "http://www.w3.org/2003/05/soap-envelope"
#define XSI "http://www.w3.org/2001/XMLSchema-instance"
#define XML "http://www.w3.org/XML/1998/namespace"

enum type { ANY_TEXT, NON_EMPTY, DATE_TIME, BIT, BOOLEAN, NC_NAME, URI, LANGUAGE };
enum content { TEXT, ELEMENTS, NOTHING };
#define MANY 0xffffu

struct attribute {
    const char *ns, *name;
    enum type type;
    bool required;
};
struct shape;
struct child {
    const char *name;
    const struct shape *shape;
    unsigned min, max;
};
struct shape {
    enum content content;
    enum type text;                     /* of TEXT */
    const struct attribute *attributes; /* ends with a NULL name */
    const struct child *children;       /* in this order; ends with a NULL name */
    bool foreign_attributes;            /* any of other namespaces */
    bool foreign_elements;              /* any of other namespaces behind the children */
    bool foreign_required;
};

static const struct attribute NONE[] = {{0}};
static const struct attribute TYPE[] = {{NULL, "type", NON_EMPTY, false}, {0}};
static const struct attribute MPC[] = {{NULL, "mpc", URI, false}, {0}};
static const struct attribute AGREEMENT[] = {
    {NULL, "type", NON_EMPTY, false}, {NULL, "pmode", NON_EMPTY, false}, {0}};
static const struct attribute PROPERTY[] = {
    {NULL, "name", NON_EMPTY, true}, {NULL, "type", NON_EMPTY, false}, {0}};
static const struct attribute HREF[] = {{NULL, "href", ANY_TEXT, false}, {0}};
static const struct attribute LANG[] = {{XML, "lang", LANGUAGE, true}, {0}};
static const struct attribute SCHEMA[] = {{NULL, "location", URI, true},
    {NULL, "version", NON_EMPTY, false}, {NULL, "namespace", NON_EMPTY, false}, {0}};
static const struct attribute ERROR[] = {{NULL, "category", ANY_TEXT, false},
    {NULL, "refToMessageInError", ANY_TEXT, false}, {NULL, "errorCode", ANY_TEXT, true},
    {NULL, "origin", ANY_TEXT, false}, {NULL, "severity", ANY_TEXT, true},
    {NULL, "shortDescription", ANY_TEXT, false}, {0}};
static const struct attribute MESSAGING[] = {{NULL, "id", NC_NAME, false},
    {S11, "mustUnderstand", BIT, false}, {S12, "mustUnderstand", BOOLEAN, false}, {0}};

static const struct shape text = {TEXT, NON_EMPTY, NONE, NULL, 0, 0, 0};
static const struct shape any_text = {TEXT, ANY_TEXT, NONE, NULL, 0, 0, 0};
static const struct shape typed_text = {TEXT, NON_EMPTY, TYPE, NULL, 0, 0, 0};
static const struct shape date_time = {TEXT, DATE_TIME, NONE, NULL, 0, 0, 0};
static const struct shape agreement_ref = {TEXT, NON_EMPTY, AGREEMENT, NULL, 0, 0, 0};
static const struct shape property = {TEXT, NON_EMPTY, PROPERTY, NULL, 0, 0, 0};
static const struct shape description = {TEXT, NON_EMPTY, LANG, NULL, 0, 0, 0};
static const struct shape schema = {NOTHING, ANY_TEXT, SCHEMA, NULL, 0, 0, 0};

static const struct child MESSAGE_INFO[] = {{"Timestamp", &date_time, 1, 1},
    {"MessageId", &text, 1, 1}, {"RefToMessageId", &text, 0, 1}, {0}};
static const struct shape message_info = {ELEMENTS, 0, NONE, MESSAGE_INFO, 0, 0, 0};
static const struct child PARTY[] = {{"PartyId", &typed_text, 1, MANY}, {"Role", &text, 1, 1}, {0}};
static const struct shape party = {ELEMENTS, 0, NONE, PARTY, 0, 0, 0};
static const struct child PARTY_INFO[] = {{"From", &party, 1, 1}, {"To", &party, 1, 1}, {0}};
static const struct shape party_info = {ELEMENTS, 0, NONE, PARTY_INFO, 0, 0, 0};
static const struct child COLLABORATION_INFO[] = {{"AgreementRef", &agreement_ref, 0, 1},
    {"Service", &typed_text, 1, 1}, {"Action", &any_text, 1, 1},
    {"ConversationId", &any_text, 1, 1}, {0}};
static const struct shape collaboration_info = {ELEMENTS, 0, NONE, COLLABORATION_INFO, 0, 0, 0};
static const struct child PROPERTIES[] = {{"Property", &property, 1, MANY}, {0}};
static const struct shape properties = {ELEMENTS, 0, NONE, PROPERTIES, 0, 0, 0};
static const struct child PART_INFO[] = {{"Schema", &schema, 0, 1},
    {"Description", &description, 0, 1}, {"PartProperties", &properties, 0, 1}, {0}};
static const struct shape part_info = {ELEMENTS, 0, HREF, PART_INFO, 0, 0, 0};
static const struct child PAYLOAD_INFO[] = {{"PartInfo", &part_info, 1, MANY}, {0}};
static const struct shape payload_info = {ELEMENTS, 0, NONE, PAYLOAD_INFO, 0, 0, 0};
static const struct child USER_MESSAGE[] = {{"MessageInfo", &message_info, 1, 1},
    {"PartyInfo", &party_info, 1, 1}, {"CollaborationInfo", &collaboration_info, 1, 1},
    {"MessageProperties", &properties, 0, 1}, {"PayloadInfo", &payload_info, 0, 1}, {0}};
static const struct shape user_message = {ELEMENTS, 0, MPC, USER_MESSAGE, 0, 0, 0};

static const struct child EMPTY[] = {{0}};
static const struct shape pull_request = {ELEMENTS, 0, MPC, EMPTY, true, true, false};
static const struct shape receipt = {ELEMENTS, 0, NONE, EMPTY, false, true, true};
static const struct child ERROR_CHILDREN[] = {
    {"Description", &description, 0, 1}, {"ErrorDetail", &any_text, 0, 1}, {0}};
static const struct shape error = {ELEMENTS, 0, ERROR, ERROR_CHILDREN, 0, 0, 0};
static const struct child SIGNAL_MESSAGE[] = {{"MessageInfo", &message_info, 1, 1},
    {"PullRequest", &pull_request, 0, 1}, {"Receipt", &receipt, 0, 1}, {"Error", &error, 0, MANY},
    {0}};
static const struct shape signal_message = {ELEMENTS, 0, NONE, SIGNAL_MESSAGE, false, true, false};
static const struct child MESSAGING_CHILDREN[] = {
    {"SignalMessage", &signal_message, 0, MANY}, {"UserMessage", &user_message, 0, MANY}, {0}};
static const struct shape messaging_shape = {
    ELEMENTS, 0, MESSAGING, MESSAGING_CHILDREN, true, true, false};

static const char *name_of(const xmlNode *n)
{
    return (const char *)n->name;
}

static int wrong(struct err *e, const xmlNode *n, const char *what, const char *which)
{
    (void)err_set(
        e, ERR_INPUT, "ebms.header", "EBMS3 5.2", "eb:%.40s: %s %.60s", name_of(n), what, which);
    return err_ebms(e, "EBMS:0009");
}

static bool is_boolean(struct str s)
{
    return str_eqz(s, "0") || str_eqz(s, "1") || str_eqz(s, "true") || str_eqz(s, "false");
}

/* xs:anyURI: what a URI is once the characters it may not hold are escaped. */
static bool is_uri(struct str s)
{
    char *copy = (char *)xmlStrndup(BAD_CAST s.p, (int)s.n); /* at most XML_DEFAULT.max_bytes */
    xmlURI *uri;

    if (!copy)
        return false;
    for (char *c = copy; *c; c++)
        if ((unsigned char)*c <= 0x20 || (unsigned char)*c >= 0x7f || strchr("<>\"{}|\\^`", *c))
            *c = '_';
    uri = xmlParseURI(copy);
    xmlFreeURI(uri);
    xmlFree(copy);
    return uri != NULL;
}

/* xs:language: [a-zA-Z]{1,8}(-[a-zA-Z0-9]{1,8})* */
static bool is_language(struct str s)
{
    size_t run = 0;
    bool first = true;

    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (c == '-' && run) {
            run = 0;
            first = false;
        } else if (!(letter || (!first && c >= '0' && c <= '9')) || ++run > 8) {
            return false;
        }
    }
    return run > 0;
}

static bool value_ok(enum type t, struct str s)
{
    struct str value = str_trim(s);
    int64_t ms;
    bool zone;

    switch (t) {
    case ANY_TEXT:
        return true;
    case NON_EMPTY:
        return s.n > 0;
    case DATE_TIME:
        return clock_parse(value, &ms, &zone);
    case BIT:
        return str_eqz(value, "0") || str_eqz(value, "1");
    case BOOLEAN:
        return is_boolean(value);
    case NC_NAME: /* an attribute value: NUL-terminated in the tree */
        return xmlValidateNCName(BAD_CAST s.p, 1) == 0;
    case URI:
        return is_uri(value);
    case LANGUAGE:
        return !s.n || is_language(value);
    }
    return false;
}

static const struct attribute *attribute_rule(const struct shape *s, const xmlAttr *at)
{
    for (const struct attribute *r = s->attributes; r->name; r++)
        if (xmlStrEqual(at->name, BAD_CAST r->name) &&
            (r->ns ? at->ns && xmlStrEqual(at->ns->href, BAD_CAST r->ns) : !at->ns))
            return r;
    return NULL;
}

static bool is_foreign(const xmlNs *ns)
{
    return ns && !xmlStrEqual(ns->href, BAD_CAST EBMS_NS);
}

static bool is_schema_hint(const xmlAttr *at)
{
    return xmlStrEqual(at->name, BAD_CAST "schemaLocation") ||
           xmlStrEqual(at->name, BAD_CAST "noNamespaceSchemaLocation");
}

static int check_attribute(
    const xmlNode *n, const xmlAttr *at, const struct shape *s, struct err *e)
{
    const struct attribute *rule = attribute_rule(s, at);
    xmlChar *v;
    bool ok;

    if (at->ns && xmlStrEqual(at->ns->href, BAD_CAST XSI))
        return is_schema_hint(at) ? 0 : wrong(e, n, "not taken: xsi", (const char *)at->name);
    if (!rule)
        return s->foreign_attributes && is_foreign(at->ns)
                   ? 0
                   : wrong(e, n, "unknown attribute", (const char *)at->name);
    v = xmlNodeListGetString(n->doc, at->children, 1);
    ok = value_ok(rule->type, str_z((const char *)v));
    xmlFree(v);
    return ok ? 0 : wrong(e, n, "bad value of", rule->name);
}

static int check_attributes(const xmlNode *n, const struct shape *s, struct err *e)
{
    for (const xmlAttr *at = n->properties; at; at = at->next)
        if (check_attribute(n, at, s, e))
            return -1;
    for (const struct attribute *r = s->attributes; r->name; r++) {
        bool there = false;
        for (const xmlAttr *at = n->properties; at; at = at->next)
            there = there || attribute_rule(s, at) == r;
        if (r->required && !there)
            return wrong(e, n, "missing attribute", r->name);
    }
    return 0;
}

static bool is_blank_text(const xmlNode *n)
{
    return n->type != XML_TEXT_NODE || str_trim(str_z((const char *)n->content)).n == 0;
}

static int check_text(const xmlNode *n, enum type t, struct err *e)
{
    struct arena *scratch = arena_new(XML_DEFAULT.max_bytes * 2);
    struct str s;
    int rc = -1;

    if (!scratch)
        return err_nomem(e);
    if (xml_text(&s, scratch, n, e)) {
        if (!e || e->class == ERR_INPUT)
            (void)wrong(e, n, "must hold only", "text");
    } else {
        rc = value_ok(t, s) ? 0 : wrong(e, n, "bad", "value");
    }
    arena_free(scratch);
    return rc;
}

static int check_shape(const xmlNode *n, const struct shape *s, struct err *e);

/* The children named by the table, in its order; *next is the first element behind them. */
static int check_children(
    const xmlNode *n, const struct shape *s, const xmlNode **next, struct err *e)
{
    const xmlNode *at = xml_first_element(n);

    for (const struct child *c = s->children; c->name; c++) {
        unsigned count = 0;
        for (; at && count < c->max && xml_is(at, EBMS_NS, c->name); at = xml_next_element(at)) {
            if (check_shape(at, c->shape, e))
                return -1;
            count++;
        }
        if (count < c->min)
            return wrong(e, n, "missing, or out of order:", c->name);
    }
    *next = at;
    return 0;
}

static int check_elements(const xmlNode *n, const struct shape *s, struct err *e)
{
    const xmlNode *at;

    for (at = n->children; at; at = at->next)
        if (!is_blank_text(at))
            return wrong(e, n, "text between", "elements");
    if (check_children(n, s, &at, e))
        return -1;
    if (s->foreign_required && !at)
        return wrong(e, n, "is", "empty");
    for (; at; at = xml_next_element(at))
        if (!s->foreign_elements || !is_foreign(at->ns))
            return wrong(e, n, "unknown, repeated or out of order:", name_of(at));
    return 0;
}

static int check_nothing(const xmlNode *n, struct err *e)
{
    for (const xmlNode *at = n->children; at; at = at->next)
        if (at->type == XML_ELEMENT_NODE || at->type == XML_TEXT_NODE)
            return wrong(e, n, "must be", "empty");
    return 0;
}

static int check_shape(const xmlNode *n, const struct shape *s, struct err *e)
{
    if (check_attributes(n, s, e))
        return -1;
    switch (s->content) {
    case TEXT:
        return check_text(n, s->text, e);
    case ELEMENTS:
        return check_elements(n, s, e);
    case NOTHING:
        return check_nothing(n, e);
    }
    return -1;
}

/*= EBMS3 5.2 "valid by the schema" */
int ebms_check(const xmlNode *messaging, struct err *e)
{
    if (!xml_is(messaging, EBMS_NS, "Messaging")) {
        (void)err_set(e, ERR_INPUT, "ebms.header", "EBMS3 5.2", "eb:Messaging is missing");
        return err_ebms(e, "EBMS:0009");
    }
    return check_shape(messaging, &messaging_shape, e);
}
