/* xsd_base64.c - elements of type xs:base64Binary, from the text of the schema files.
 *
 * Only what decides is read: the names and bases of elements and types, with their namespaces.
 * Limits: 64 prefixes a file, nesting 64 (deeper declarations are not told apart from their
 * parents); files and their number are the loader's matter. */
#include "ubl/xsd_priv.h"

#include <stdlib.h>
#include <string.h>

#define XS "http://www.w3.org/2001/XMLSchema"
#define PREFIXES 64
#define NEST 64
#define BYTES ((size_t)64 << 20)

struct name {
    struct str uri, local;
};

struct decl { /* an element or a type, and what it is made from */
    struct name name, base;
    bool element, yes;
    struct decl *next, *same; /* the next one with `yes` of its kind */
};

struct xsd_base64 {
    struct arena *a;
    struct decl *decls, *types, *elements; /* the latter two: what is base64, few */
    bool nomem;
};

/* ---- reading a file ---- */
struct reader {
    struct xsd_base64 *b;
    struct str target;
    struct name prefix[PREFIXES]; /* local = the prefix */
    size_t n_prefix;
    struct decl *owner[NEST]; /* whose type is being defined */
    size_t depth;
};

static struct str keep(struct reader *r, struct str s)
{
    char *p = arena_strndup(r->b->a, s.n ? s.p : "", s.n);

    r->b->nomem = r->b->nomem || !p;
    return p ? (struct str){p, s.n} : STR("");
}

/* The next attribute of a tag, taken off *s. */
static bool attribute(struct str *s, struct str *name, struct str *value)
{
    size_t eq = str_find(*s, STR("="));
    struct str rest = str_trim(str_sub(*s, eq + 1, s->n));
    const char *end;

    if (eq >= s->n || rest.n < 2 || (rest.p[0] != '"' && rest.p[0] != '\'') ||
        !(end = memchr(rest.p + 1, rest.p[0], rest.n - 1)))
        return false;
    *name = str_trim(str_sub(*s, 0, eq));
    *value = (struct str){rest.p + 1, (size_t)(end - rest.p) - 1};
    *s = str_sub(rest, value->n + 2, rest.n);
    return true;
}

static struct str get(struct str attributes, const char *want)
{
    struct str name, value;

    while (attribute(&attributes, &name, &value))
        if (str_eqz(name, want))
            return str_trim(value);
    return STR("");
}

static void read_schema(struct reader *r, struct str attributes)
{
    struct str name, value, rest = attributes;

    r->target = keep(r, get(attributes, "targetNamespace"));
    while (attribute(&rest, &name, &value)) {
        bool plain = str_eqz(name, "xmlns");
        if (r->n_prefix == PREFIXES || (!plain && (name.n < 7 || memcmp(name.p, "xmlns:", 6) != 0)))
            continue;
        r->prefix[r->n_prefix++] =
            (struct name){keep(r, value), plain ? STR("") : keep(r, str_sub(name, 6, name.n))};
    }
}

static struct name resolve(const struct reader *r, struct str qname)
{
    size_t colon = str_find(qname, STR(":"));
    struct str prefix = colon < qname.n ? str_sub(qname, 0, colon) : STR("");
    struct str local = colon < qname.n ? str_sub(qname, colon + 1, qname.n) : qname;

    for (size_t i = 0; i < r->n_prefix; i++)
        if (str_eq(r->prefix[i].local, prefix))
            return (struct name){r->prefix[i].uri, local};
    return (struct name){STR(""), local};
}

static struct decl *declare(struct reader *r, struct str name, bool element)
{
    struct decl *d = arena_alloc(r->b->a, sizeof(*d));

    if (!d) {
        r->b->nomem = true;
        return NULL;
    }
    *d = (struct decl){.name = {r->target, keep(r, name)}, .element = element};
    d->next = r->b->decls;
    r->b->decls = d;
    return d;
}

static void set_base(struct reader *r, struct decl *d, struct str qname)
{
    struct name n = resolve(r, qname);

    if (d && qname.n && !d->base.local.n)
        d->base = (struct name){n.uri, keep(r, n.local)};
}

static struct decl *owner(const struct reader *r)
{
    return r->depth && r->depth <= NEST ? r->owner[r->depth - 1] : NULL;
}

/* One start tag: its local name and attributes. */
static void start(struct reader *r, struct str tag, struct str attributes, bool empty)
{
    bool element = str_eqz(tag, "element");
    bool type = str_eqz(tag, "complexType") || str_eqz(tag, "simpleType");
    struct str name = get(attributes, "name");
    struct decl *d = owner(r);

    if (str_eqz(tag, "schema"))
        read_schema(r, attributes);
    else if (element)
        d = name.n ? declare(r, name, true) : NULL;
    else if (type && name.n)
        d = declare(r, name, false);
    else if (str_eqz(tag, "extension") || str_eqz(tag, "restriction"))
        set_base(r, d, get(attributes, "base"));
    else if (str_eqz(tag, "attribute"))
        d = NULL;
    if (element)
        set_base(r, d, get(attributes, "type"));
    if (empty)
        return;
    if (r->depth < NEST)
        r->owner[r->depth] = d;
    r->depth++;
}

static void markup(struct reader *r, struct str s)
{
    bool empty = s.n && s.p[s.n - 1] == '/';
    size_t n = 0, colon;

    if (s.n && s.p[0] == '/') {
        r->depth -= r->depth > 0;
        return;
    }
    while (n < s.n && !strchr(" \t\r\n/", s.p[n]))
        n++;
    colon = str_find(str_sub(s, 0, n), STR(":"));
    start(r, colon < n ? str_sub(s, colon + 1, n - colon - 1) : str_sub(s, 0, n),
        str_sub(s, n, s.n), empty);
}

static size_t skip_to(struct str s, const char *what)
{
    size_t at = str_find(s, str_z(what));

    return at < s.n ? at + strlen(what) : s.n;
}

void xsd_base64_source(struct xsd_base64 *b, struct str file)
{
    struct reader r = {.b = b};

    for (size_t at = 0; at < file.n && !b->nomem;) {
        struct str rest = str_sub(file, at, file.n), in;
        size_t open = str_find(rest, STR("<")), end;
        if (open >= rest.n)
            return;
        rest = str_sub(rest, open + 1, rest.n);
        at += open + 1;
        if (rest.n && (rest.p[0] == '!' || rest.p[0] == '?')) {
            at += skip_to(rest, rest.p[0] == '?'                 ? "?>"
                                : rest.n > 1 && rest.p[1] == '-' ? "-->"
                                                                 : ">");
            continue;
        }
        end = str_find(rest, STR(">"));
        in = str_sub(rest, 0, end);
        markup(&r, in);
        at += end + 1;
    }
}

/* ---- what derives from what ---- */
static bool has(const struct decl *list, const struct name *n)
{
    for (const struct decl *d = list; d; d = d->same)
        if (str_eq(d->name.local, n->local) && str_eq(d->name.uri, n->uri))
            return true;
    return false;
}

/* Takes what is made from base64 into its list; were there any? */
static bool take(struct xsd_base64 *b, bool elements, struct decl **list)
{
    static const struct name base64 = {STR(XS), STR("base64Binary")};
    bool any = false;

    for (struct decl *d = b->decls; d; d = d->next) {
        if (d->yes || d->element != elements || !d->base.local.n)
            continue;
        if (!has(b->types, &d->base) &&
            (!str_eq(d->base.local, base64.local) || !str_eq(d->base.uri, base64.uri)))
            continue;
        d->same = *list;
        *list = d;
        any = d->yes = true;
    }
    return any;
}

int xsd_base64_done(struct xsd_base64 *b)
{
    while (take(b, false, &b->types)) {
    }
    (void)take(b, true, &b->elements);
    return b->nomem ? -1 : 0;
}

bool xsd_base64_is(const struct xsd_base64 *b, struct str uri, struct str local)
{
    return has(b->elements, &(struct name){uri, local});
}

size_t xsd_base64_stray(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!letter && c != '+' && c != '/' && c != '=' && c != ' ' && c != '\n' && c != '\r' &&
            c != '\t')
            return i + 1;
    }
    return 0;
}

struct xsd_base64 *xsd_base64_new(void)
{
    struct xsd_base64 *b = calloc(1, sizeof(*b));

    if (b && !(b->a = arena_new(BYTES))) {
        free(b);
        b = NULL;
    }
    return b;
}

void xsd_base64_free(struct xsd_base64 *b)
{
    if (!b)
        return;
    arena_free(b->a);
    free(b);
}
