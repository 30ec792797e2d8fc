/* The tree is played to libxml2's SAX validator. A value it refuses as "not a valid value of the
 * type" is looked at again: XSD collapses the white space of every type that can be refused so
 * (strings never are), and a decimal has no greatest length. When there is such a value the
 * document is played once more with the value in a form that libxml2 understands, and that run's
 * errors count. The other way round, stray characters in base64 are found by us: xsd_base64.c. */
#include "ubl/xsd.h"

#include <libxml/parser.h>
#include <libxml/xmlIO.h>
#include <libxml/xmlschemas.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "ap/base/buf.h"
#include "ap/base/fsx.h"
#include "ubl/atomic/decimal.h"
#include "ubl/xsd_priv.h"

#define LIBXML_DECIMAL_DIGITS 24
#define MENDED_MAX 100000u
#define SCHEMA_MAX ((size_t)64 << 20) /* of one schema file */

struct xsd {
    xmlSchema *schema;
    struct xsd_base64 *base64;
};

/* ---- loading ---- */

static PRINTF(2, 3) void keep_first(void *self, const char *fmt, ...)
{
    struct err *e = self;
    va_list ap;
    size_t n;

    if (e->msg[0])
        return;
    va_start(ap, fmt);
    (void)vsnprintf(e->msg, sizeof(e->msg), fmt, ap);
    va_end(ap);
    for (n = strlen(e->msg); n && e->msg[n - 1] == '\n'; n--)
        e->msg[n - 1] = '\0';
}

static PRINTF(2, 3) void ignore_message(void *self, const char *fmt, ...)
{
    (void)self;
    (void)fmt;
}

/* Nine tenths of the UBL schemas are documentation in xs:annotation, which libxml2 would build
 * trees of to throw them away: while a schema loads, its files are read without it (half the time).
 * Files stay as published; whatever cannot be read so is left to libxml2's own reader. */
struct source {
    struct buf bytes;
    size_t at;
};

/* What is learnt from the files of the schema that this thread loads. */
struct loading {
    struct xsd_base64 *base64;
    struct err trouble; /* a file could not be read now, and may be later */
};
static _Thread_local struct loading *loading;
static pthread_once_t input_once = PTHREAD_ONCE_INIT;

/* The end of an annotation that begins at p, or NULL. */
static const char *annotation_end(const char *p, const char *end)
{
    static const struct {
        const char *open, *close;
    } forms[] = {
        {"<xsd:annotation>", "</xsd:annotation>"}, {"<xs:annotation>", "</xs:annotation>"}};

    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        size_t n = strlen(forms[i].open), m = strlen(forms[i].close);
        const char *close;
        if ((size_t)(end - p) < n || memcmp(p, forms[i].open, n) != 0)
            continue;
        close = memmem(p, (size_t)(end - p), forms[i].close, m);
        return close ? close + m : NULL;
    }
    return NULL;
}

static void strip_annotations(struct buf *b)
{
    const char *in = b->p, *end = b->p + b->n;
    char *out = b->p;

    while (in < end) {
        const char *tag = memchr(in, '<', (size_t)(end - in)), *after;
        size_t n = (size_t)((tag ? tag : end) - in);
        (void)memmove(out, in, n);
        out += n;
        in += n;
        if (!tag)
            break;
        if ((after = annotation_end(in, end)))
            in = after;
        else
            *out++ = *in++;
    }
    b->n = (size_t)(out - b->p);
}

static int source_match(const char *name)
{
    (void)name;
    return loading != NULL;
}

static void *source_open(const char *name)
{
    struct source *s = calloc(1, sizeof(*s));
    struct err e = ERR_INIT;

    if (!s) {
        (void)err_nomem(&loading->trouble);
        return NULL;
    }
    buf_init(&s->bytes, SCHEMA_MAX);
    if (fsx_read_file(&s->bytes, name, &e) || s->bytes.n == 0) {
        if (e.class == ERR_RETRY)
            loading->trouble = e;
        buf_free(&s->bytes);
        free(s);
        return NULL;
    }
    strip_annotations(&s->bytes);
    xsd_base64_source(loading->base64, buf_view(&s->bytes));
    return s;
}

static int source_read(void *self, char *out, int n)
{
    struct source *s = self;
    size_t left = s->bytes.n - s->at, k = n < 0 ? 0 : (size_t)n;

    k = k < left ? k : left;
    (void)memcpy(out, s->bytes.p + s->at, k);
    s->at += k;
    return (int)k;
}

static int source_close(void *self)
{
    struct source *s = self;

    buf_free(&s->bytes);
    free(s);
    return 0;
}

static void input_init(void)
{
    xmlInitParser();
    (void)xmlRegisterInputCallbacks(source_match, source_open, source_read, source_close);
}

int xsd_load(struct xsd **out, const char *path, struct err *e)
{
    struct loading now = {.trouble = ERR_INIT};
    struct err first = ERR_INIT;
    xmlSchemaParserCtxt *c = NULL;
    struct xsd *x = calloc(1, sizeof(*x));
    int rc = -1;

    *out = NULL;
    (void)pthread_once(&input_once, input_init);
    if (!x || !(x->base64 = xsd_base64_new()) || !(c = xmlSchemaNewParserCtxt(path))) {
        (void)err_nomem(e);
        goto done;
    }
    if (access(path, R_OK) != 0) {
        (void)err_errno(e, "xsd.schema", "read", path);
        goto done;
    }
    xmlSetGenericErrorFunc(NULL, ignore_message); /* of this thread: files that are imported */
    xmlSchemaSetParserErrors(c, keep_first, ignore_message, &first);
    now.base64 = x->base64;
    loading = &now;
    x->schema = xmlSchemaParse(c);
    loading = NULL;
    xmlSetGenericErrorFunc(NULL, NULL);
    if (now.trouble.class == ERR_RETRY) { /* libxml2 would go on without an imported file */
        *e = now.trouble;
        goto done;
    }
    if (!x->schema) {
        (void)err_set(e, ERR_CONFIG, "xsd.schema", "", "schema %s cannot be read: %s", path,
            first.msg[0] ? first.msg : "no file, or not a schema");
        goto done;
    }
    if (xsd_base64_done(x->base64) < 0) {
        (void)err_nomem(e);
        goto done;
    }
    *out = x;
    x = NULL;
    rc = 0;
done:
    if (c)
        xmlSchemaFreeParserCtxt(c);
    xsd_free(x);
    return rc;
}

void xsd_free(struct xsd *x)
{
    if (!x)
        return;
    if (x->schema)
        xmlSchemaFree(x->schema);
    xsd_base64_free(x->base64);
    free(x);
}

/* ---- playing a tree ---- */

struct mended { /* a value to be given in another form; attr = the attribute's node, or the element
                 */
    uint32_t node;
    struct str value;
};

struct player {
    const struct tree *t;
    struct arena *a;
    xmlSAXHandler *sax;
    void *user;
    const xmlChar **local, **uri, **prefix;
    bool *base64; /* by name: the element has that type */
    struct xsd_error *errors;
    uint32_t n_errors, n, at;
    struct mended *mend;
    uint32_t n_mend, cap_mend;
    bool second, nomem;
};

static const xmlChar *zstr(struct player *p, struct str s)
{
    char *z = s.n ? arena_dup(p->a, s) : NULL;

    if (s.n && !z)
        p->nomem = true;
    return (const xmlChar *)z;
}

static int make_names(struct player *p, const struct xsd *x)
{
    const struct tree *t = p->t;

    p->local = arena_alloc(p->a, t->n_names * sizeof(*p->local));
    p->base64 = arena_alloc(p->a, t->n_names * sizeof(*p->base64));
    p->uri = arena_alloc(p->a, t->n_uris * sizeof(*p->uri));
    p->prefix = arena_alloc(p->a, t->n_prefixes * sizeof(*p->prefix));
    if (!p->local || !p->base64 || !p->uri || !p->prefix)
        return -1;
    for (uint32_t i = 0; i < t->n_names; i++) {
        p->local[i] = zstr(p, t->names[i].local);
        p->base64[i] = xsd_base64_is(x->base64, t->names[i].uri, t->names[i].local);
    }
    for (uint32_t i = 0; i < t->n_uris; i++)
        p->uri[i] = zstr(p, t->uris[i]);
    for (uint32_t i = 0; i < t->n_prefixes; i++)
        p->prefix[i] = zstr(p, t->prefixes[i]);
    return p->nomem ? -1 : 0;
}

static int by_node(const void *x, const void *y)
{
    uint32_t a = ((const struct mended *)x)->node, b = ((const struct mended *)y)->node;

    return (a > b) - (a < b);
}

static const struct mended *mended_value(const struct player *p, uint32_t node)
{
    const struct mended key = {.node = node};

    if (!p->second)
        return NULL;
    return bsearch(&key, p->mend, p->n_mend, sizeof(key), by_node);
}

/* libxml2 2.9 takes a sign with white space behind it for a decimal, but not one without. */
static struct str bare_sign(struct str s)
{
    struct str t;

    if (s.n > 1 && *s.p != '+' && *s.p != '-' && (unsigned char)*s.p > ' ')
        return s;
    t = str_trim(s);
    return t.n == 1 && (*t.p == '+' || *t.p == '-') ? t : s;
}

/* Room for the arrays that SAX2 wants, on the stack for usual elements. */
#define SOME 32

static void start(struct player *p, uint32_t n)
{
    const struct tree *t = p->t;
    const struct tree_node *x = &t->nodes[n];
    const xmlChar *attr_room[SOME * 5], *ns_room[SOME * 2];
    const xmlChar **attrs = attr_room, **ns = ns_room;
    uint32_t ndecl = 0, lo = 0, hi = t->n_nsdecls;

    while (lo < hi) { /* the first declaration of this element */
        uint32_t mid = lo + (hi - lo) / 2;
        if (t->nsdecls[mid].node < n)
            lo = mid + 1;
        else
            hi = mid;
    }
    while (lo + ndecl < t->n_nsdecls && t->nsdecls[lo + ndecl].node == n)
        ndecl++;
    if (x->nattr > SOME)
        attrs = arena_alloc(p->a, x->nattr * 5 * sizeof(*attrs));
    if (ndecl > SOME)
        ns = arena_alloc(p->a, ndecl * 2 * sizeof(*ns));
    if (!attrs || !ns) {
        p->nomem = true;
        return;
    }
    for (uint32_t i = 0; i < ndecl; i++) {
        ns[2 * i] = p->prefix[t->nsdecls[lo + i].prefix];
        ns[2 * i + 1] = p->uri[t->nsdecls[lo + i].uri_id];
    }
    for (uint32_t i = 0; i < x->nattr; i++) {
        const struct tree_node *y = &t->nodes[n + 1 + i];
        const struct mended *m = mended_value(p, n + 1 + i);
        struct str v = m ? m->value : bare_sign(tree_string(t, n + 1 + i));
        attrs[5 * i] = p->local[y->name];
        attrs[5 * i + 1] = p->prefix[y->prefix];
        attrs[5 * i + 2] = p->uri[t->names[y->name].uri_id];
        attrs[5 * i + 3] = (const xmlChar *)v.p;
        attrs[5 * i + 4] = (const xmlChar *)v.p + v.n;
    }
    p->at = n;
    p->sax->startElementNs(p->user, p->local[x->name], p->prefix[x->prefix],
        p->uri[t->names[x->name].uri_id], (int)ndecl, ns, x->nattr, 0, attrs);
}

static void characters(struct player *p, struct str s)
{
    while (s.n) { /* libxml2 counts in int */
        size_t n = s.n < (1u << 30) ? s.n : (1u << 30);
        p->sax->characters(p->user, (const xmlChar *)s.p, (int)n);
        s = (struct str){s.p + n, s.n - n};
    }
}

static void add_error(struct player *p, int code, struct str text);

static void check_base64(struct player *p, uint32_t n)
{
    struct str uri = tree_uri(p->t, n), local = tree_local(p->t, n);
    size_t at = xsd_base64_stray(tree_string(p->t, n));
    char text[400];

    if (!at)
        return;
    (void)snprintf(text, sizeof(text),
        "Element '{%.*s}%.*s': character %zu is none of a value of the atomic type "
        "'xs:base64Binary'.",
        STR_FMT(str_sub(uri, 0, 150)), STR_FMT(str_sub(local, 0, 80)), at);
    add_error(p, XML_SCHEMAV_CVC_DATATYPE_VALID_1_2_1, str_z(text));
}

static void end(struct player *p, uint32_t n)
{
    const struct tree_node *x = &p->t->nodes[n];
    const struct mended *m = mended_value(p, n);
    uint32_t before = p->n;

    p->at = n;
    if (m)
        characters(p, m->value);
    p->sax->endElementNs(
        p->user, p->local[x->name], p->prefix[x->prefix], p->uri[p->t->names[x->name].uri_id]);
    if (p->base64[x->name] && p->n == before)
        check_base64(p, n);
}

static void play(struct player *p, uint32_t root)
{
    const struct tree *t = p->t;
    uint32_t open = TREE_NONE, stop = t->nodes[root].end;

    for (uint32_t i = root; i < stop && !p->nomem;) {
        while (open != TREE_NONE && t->nodes[open].end <= i) {
            end(p, open);
            open = t->nodes[open].parent;
        }
        switch (tree_kind_of(t, i)) {
        case TREE_ELEMENT:
            start(p, i);
            open = i;
            i += t->nodes[i].nattr;
            break;
        case TREE_TEXT:
            if (!mended_value(p, open))
                characters(p, bare_sign(tree_string(t, i)));
            break;
        default:
            break;
        }
        i++;
    }
    for (; open != TREE_NONE && !p->nomem; open = open == root ? TREE_NONE : t->nodes[open].parent)
        end(p, open);
}

/* ---- errors, and which of them are none ---- */

/* A decimal of more digits than libxml2 can hold, for which the point counts as one. */
static bool long_decimal(struct str s)
{
    size_t places = 0;

    if (s.n <= LIBXML_DECIMAL_DIGITS)
        return false;
    for (size_t i = 0; i < s.n; i++)
        places += s.p[i] != '+' && s.p[i] != '-';
    return places > LIBXML_DECIMAL_DIGITS && dec_castable(s);
}

/* Sign and as many digits as libxml2 can hold, from the left; the point where it was, or before one
 * more digit (an integer has none). No digit but 0 is lost in sight of a bound, since bounds have
 * few digits. */
static struct str shortened(struct player *p, struct str s)
{
    char *out = arena_alloc(p->a, LIBXML_DECIMAL_DIGITS + 3);
    size_t n = 0, digits = 0, i = 0;

    if (!out)
        return (struct str){NULL, 0};
    if (s.p[i] == '-' || s.p[i] == '+')
        out[n++] = s.p[i++];
    while (i + 1 < s.n && s.p[i] == '0' && s.p[i + 1] != '.')
        i++;
    for (; i < s.n && digits < LIBXML_DECIMAL_DIGITS - 1; i++) {
        digits += s.p[i] != '.';
        out[n++] = s.p[i];
    }
    if (memchr(s.p + i, '.', s.n - i)) {
        out[n++] = '.';
        out[n++] = '1';
    } else if (n && out[n - 1] == '.') {
        out[n++] = '1';
    }
    return (struct str){out, n};
}

static void mend(struct player *p, uint32_t node)
{
    struct str raw = tree_string(p->t, node), s = str_trim(raw);

    if (p->n_mend >= MENDED_MAX)
        return;
    if (long_decimal(s))
        s = shortened(p, s);
    else if (s.n == raw.n || s.n == 0)
        return;
    if (p->n_mend == p->cap_mend) {
        uint32_t cap = p->cap_mend ? p->cap_mend * 2 : 16;
        struct mended *v = arena_alloc(p->a, cap * sizeof(*v));
        if (!v) {
            p->nomem = true;
            return;
        }
        if (p->n_mend)
            memcpy(v, p->mend, p->n_mend * sizeof(*v));
        p->mend = v;
        p->cap_mend = cap;
    }
    p->mend[p->n_mend++] = (struct mended){node, s};
}

/* An error about an attribute says so in its text, but not which node it is: try them all. */
static void suspect(struct player *p, const char *text)
{
    if (!strstr(text, ", attribute '")) {
        mend(p, p->at);
        return;
    }
    for (uint32_t i = 1; i <= p->t->nodes[p->at].nattr; i++)
        mend(p, p->at + i);
}

static void add_error(struct player *p, int code, struct str s)
{
    char *copy;

    p->n++;
    if (p->n_errors == XSD_ERRORS_MAX)
        return;
    if (!p->errors)
        p->errors = arena_alloc(p->a, XSD_ERRORS_MAX * sizeof(*p->errors));
    copy = arena_dup(p->a, s);
    if (!p->errors || !copy) {
        p->nomem = true;
        return;
    }
    p->errors[p->n_errors++] = (struct xsd_error){
        .node = p->at, .line = p->t->nodes[p->at].line, .code = code, .text = {copy, s.n}};
}

static void on_error(void *self, xmlError *x)
{
    struct player *p = self;
    struct str s = str_trim(str_z(x->message));

    if (!p->second && x->code == XML_SCHEMAV_CVC_DATATYPE_VALID_1_2_1)
        suspect(p, s.p);
    add_error(p, x->code, s);
}

static int run(struct player *p, const struct xsd *x, uint32_t root, struct err *e)
{
    xmlSchemaValidCtxt *v = xmlSchemaNewValidCtxt(x->schema);
    xmlSchemaSAXPlugPtr plug = NULL;
    int rc = -1;

    p->sax = NULL;
    p->user = NULL;
    p->n = p->n_errors = 0;
    if (!v)
        return err_nomem(e);
    xmlSchemaSetValidStructuredErrors(v, on_error, p);
    if (!(plug = xmlSchemaSAXPlug(v, &p->sax, &p->user))) {
        (void)err_nomem(e);
        goto done;
    }
    play(p, root);
    rc = p->nomem ? err_nomem(e) : 0;
done:
    if (plug)
        (void)xmlSchemaSAXUnplug(plug);
    xmlSchemaFreeValidCtxt(v);
    return rc;
}

int xsd_validate(struct xsd_report *out, const struct xsd *x, const struct tree *t, uint32_t root,
    struct arena *a, struct err *e)
{
    struct player p = {.t = t, .a = a};

    memset(out, 0, sizeof(*out));
    if (make_names(&p, x))
        return err_nomem(e);
    if (run(&p, x, root, e))
        return -1;
    if (p.n_mend) {
        uint32_t before = p.n;
        p.second = true;
        qsort(p.mend, p.n_mend, sizeof(*p.mend), by_node);
        if (run(&p, x, root, e))
            return -1;
        out->forgiven = before > p.n ? before - p.n : 0;
    }
    out->errors = p.errors;
    out->n_errors = p.n_errors;
    out->n = p.n;
    return 0;
}
