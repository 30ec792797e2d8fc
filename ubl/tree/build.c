/* build.c - SAX2 events to node arrays.
 *
 * Runs inside libxml2's callbacks, so a failure is remembered in the builder and the parser
 * stopped. Every table has a limit from struct tree_limits; offsets are 32 bits, so text stops at 4
 * GiB. */
#include "ubl/tree/tree_priv.h"

#include <libxml/parser.h>
#include <libxml/parserInternals.h>
#include <stdlib.h>
#include <string.h>

static void fail(struct tree_builder *b, const char *code, const char *spec, const char *what)
{
    if (!b->failed) {
        b->failed = true;
        (void)err_set(b->e, ERR_INPUT, code, spec, "line %d: %s",
            b->ctxt && b->ctxt->input ? b->ctxt->input->line : 0, what);
    }
    if (b->ctxt)
        xmlStopParser(b->ctxt);
}

static void nomem(struct tree_builder *b)
{
    if (!b->failed)
        (void)err_nomem(b->e);
    b->failed = true;
    if (b->ctxt)
        xmlStopParser(b->ctxt);
}

static bool vec_room(struct tree_vec *v, size_t more)
{
    size_t cap = v->cap;
    void *p;

    if (v->cap - v->n >= more)
        return true;
    if (more > UINT32_MAX - 1 - v->n)
        return false;
    while (cap - v->n < more)
        cap += cap / 2 + 64;
    if (!(p = realloc(v->p, cap * v->size)))
        return false;
    v->p = p;
    v->cap = cap;
    return true;
}

static bool add_bytes(struct tree_builder *b, struct tree_vec *v, const void *p, size_t n)
{
    if (!vec_room(v, n)) {
        nomem(b);
        return false;
    }
    if (n)
        memcpy((char *)v->p + v->n, p, n);
    v->n += n;
    return true;
}

static struct tree_node *node_at(struct tree_builder *b, uint32_t n)
{
    return (struct tree_node *)b->nodes.p + n;
}

static struct tree_node *add_node(struct tree_builder *b, enum tree_kind kind)
{
    struct tree_node *x;

    if (b->nodes.n >= b->l->nodes) {
        fail(b, "xml.limit", "", "too many nodes");
        return NULL;
    }
    if (!vec_room(&b->nodes, 1)) {
        nomem(b);
        return NULL;
    }
    x = node_at(b, (uint32_t)b->nodes.n++);
    *x = (struct tree_node){.parent = b->cur,
        .end = (uint32_t)b->nodes.n,
        .line = (uint32_t)(b->ctxt && b->ctxt->input ? b->ctxt->input->line : 0),
        .kind = (uint8_t)kind};
    b->text_open = kind == TREE_TEXT;
    return x;
}

/* ---- interning ---- */
uint32_t tree_name_hash(struct str uri, struct str local)
{
    uint32_t h = 2166136261u;

    for (size_t i = 0; i < local.n; i++)
        h = (h ^ (unsigned char)local.p[i]) * 16777619u;
    h = (h ^ 0x7b) * 16777619u;
    for (size_t i = uri.n > 12 ? uri.n - 12 : 0; i < uri.n; i++)
        h = (h ^ (unsigned char)uri.p[i]) * 16777619u;
    return (h ^ (uint32_t)uri.n) * 16777619u;
}

static bool copy_str(struct tree_builder *b, const xmlChar *z, struct str *out)
{
    size_t n = z ? strlen((const char *)z) : 0;
    char *p = n ? malloc(n) : NULL;

    if (n && !p) {
        nomem(b);
        return false;
    }
    if (n)
        memcpy(p, z, n);
    *out = (struct str){n ? p : "", n};
    return true;
}

static uint32_t intern_uri(struct tree_builder *b, const xmlChar *uri)
{
    struct str want = str_z((const char *)uri), *all = b->uris.p;

    for (size_t i = 0; i < b->uris.n; i++)
        if (str_eq(all[i], want))
            return (uint32_t)i;
    if (b->uris.n >= b->l->names) {
        fail(b, "xml.limit", "", "too many namespaces");
        return 0;
    }
    if (!vec_room(&b->uris, 1)) {
        nomem(b);
        return 0;
    }
    all = b->uris.p;
    if (!copy_str(b, uri, &all[b->uris.n]))
        return 0;
    return (uint32_t)b->uris.n++;
}

static uint16_t intern_prefix(struct tree_builder *b, const xmlChar *prefix)
{
    const void **ptr;
    struct str *all;

    if (!prefix)
        return 0;
    for (size_t i = 1; i < b->prefixes.n; i++)
        if (b->prefix_ptr[i] == prefix)
            return (uint16_t)i;
    if (b->prefixes.n >= 4096) {
        fail(b, "xml.limit", "", "too many namespace prefixes");
        return 0;
    }
    if (!vec_room(&b->prefixes, 1) ||
        !(ptr = realloc(b->prefix_ptr, (b->prefixes.n + 1) * sizeof(*ptr)))) {
        nomem(b);
        return 0;
    }
    b->prefix_ptr = ptr;
    ptr[b->prefixes.n] = prefix;
    all = b->prefixes.p;
    if (!copy_str(b, prefix, &all[b->prefixes.n]))
        return 0;
    return (uint16_t)b->prefixes.n++;
}

static size_t slot_of(const struct tree_builder *b, const void *local, const void *uri)
{
    uintptr_t h = ((uintptr_t)local >> 2) * 0x9E3779B97F4A7C15u ^ ((uintptr_t)uri >> 3) * 31;
    size_t i = (size_t)(h >> 17) & (b->slots_cap - 1);

    while (b->slots[i].local && (b->slots[i].local != local || b->slots[i].uri != uri))
        i = (i + 1) & (b->slots_cap - 1);
    return i;
}

static bool slots_grow(struct tree_builder *b)
{
    struct tree_slot *old = b->slots;
    size_t n = b->slots_cap;

    if (!(b->slots = calloc(n * 2, sizeof(*old)))) {
        b->slots = old;
        nomem(b);
        return false;
    }
    b->slots_cap = n * 2;
    for (size_t i = 0; i < n; i++)
        if (old[i].local)
            b->slots[slot_of(b, old[i].local, old[i].uri)] = old[i];
    free(old);
    return true;
}

static uint32_t add_name(struct tree_builder *b, const xmlChar *local, const xmlChar *uri)
{
    struct tree_name *x;
    uint32_t uri_id = intern_uri(b, uri);

    if (b->names.n > b->l->names) {
        fail(b, "xml.limit", "", "too many distinct names");
        return 0;
    }
    if (b->failed)
        return 0;
    if (!vec_room(&b->names, 1)) {
        nomem(b);
        return 0;
    }
    x = (struct tree_name *)b->names.p + b->names.n;
    *x = (struct tree_name){.uri_id = uri_id, .uri = ((struct str *)b->uris.p)[uri_id]};
    if (!copy_str(b, local, &x->local))
        return 0;
    x->hash = tree_name_hash(x->uri, x->local);
    return (uint32_t)b->names.n++;
}

static uint32_t intern_name(struct tree_builder *b, const xmlChar *local, const xmlChar *uri)
{
    size_t i = slot_of(b, local, uri);

    if (b->slots[i].local)
        return b->slots[i].id;
    if (b->names.n * 2 >= b->slots_cap) {
        if (!slots_grow(b))
            return 0;
        i = slot_of(b, local, uri);
    }
    b->slots[i] = (struct tree_slot){local, uri, add_name(b, local, uri)};
    return b->slots[i].id;
}

/* ---- events ---- */
static void add_nsdecls(struct tree_builder *b, int n, const xmlChar **ns)
{
    for (int i = 0; i < n && !b->failed; i++) {
        struct tree_nsdecl d = {.node = (uint32_t)b->nodes.n - 1};
        d.prefix = intern_prefix(b, ns[2 * i]);
        d.uri_id = intern_uri(b, ns[2 * i + 1]);
        if (!vec_room(&b->nsdecls, 1)) {
            nomem(b);
            return;
        }
        ((struct tree_nsdecl *)b->nsdecls.p)[b->nsdecls.n++] = d;
    }
}

static void add_attributes(struct tree_builder *b, int n, const xmlChar **at)
{
    for (int i = 0; i < n; i++, at += 5) {
        size_t len = (size_t)(at[4] - at[3]);
        struct tree_node *x;

        if (len > b->l->attr_bytes) {
            fail(b, "xml.limit", "", "attribute value too long");
            return;
        }
        if (!(x = add_node(b, TREE_ATTRIBUTE)))
            return;
        x->val = (uint32_t)b->misc.n;
        x->len = (uint32_t)len;
        x->name = intern_name(b, at[0], at[2]);
        x->prefix = intern_prefix(b, at[1]);
        if (b->failed || !add_bytes(b, &b->misc, at[3], len))
            return;
    }
}

static void on_start(void *user, const xmlChar *local, const xmlChar *prefix, const xmlChar *uri,
    int n_ns, const xmlChar **ns, int n_at, int n_default, const xmlChar **at)
{
    struct tree_builder *b = user;
    struct tree_node *x;
    uint32_t self = (uint32_t)b->nodes.n;

    (void)n_default;
    if (b->failed)
        return;
    if (b->depth >= b->l->depth || (uint32_t)n_at > b->l->attributes || n_at > UINT16_MAX) {
        fail(b, "xml.limit", "",
            b->depth >= b->l->depth ? "elements nested too deeply" : "too many attributes");
        return;
    }
    if (!(x = add_node(b, TREE_ELEMENT)))
        return;
    x->val = (uint32_t)b->text.n;
    x->nattr = (uint16_t)n_at;
    x->prefix = intern_prefix(b, prefix);
    x->name = intern_name(b, local, uri);
    b->cur = self;
    b->depth++;
    add_nsdecls(b, n_ns, ns);
    add_attributes(b, n_at, at);
    b->text_open = false;
}

static void close_node(struct tree_builder *b)
{
    struct tree_node *x = node_at(b, b->cur);

    x->end = (uint32_t)b->nodes.n;
    x->len = (uint32_t)(b->text.n - x->val);
    b->cur = x->parent;
    b->text_open = false;
}

static void on_end(void *user, const xmlChar *local, const xmlChar *prefix, const xmlChar *uri)
{
    struct tree_builder *b = user;

    (void)local, (void)prefix, (void)uri;
    if (b->failed)
        return;
    b->depth--;
    close_node(b);
}

static void on_text(void *user, const xmlChar *p, int n)
{
    struct tree_builder *b = user;
    struct tree_node *x;

    if (b->failed || n <= 0)
        return;
    if (!b->text_open) {
        if (!(x = add_node(b, TREE_TEXT)))
            return;
        x->val = (uint32_t)b->text.n;
    }
    if (add_bytes(b, &b->text, p, (size_t)n))
        node_at(b, (uint32_t)b->nodes.n - 1)->len += (uint32_t)n;
}

static void on_comment(void *user, const xmlChar *z)
{
    struct tree_builder *b = user;
    struct tree_node *x;
    size_t n = strlen((const char *)z);

    if (b->failed || !(x = add_node(b, TREE_COMMENT)))
        return;
    x->val = (uint32_t)b->misc.n;
    x->len = (uint32_t)n;
    (void)add_bytes(b, &b->misc, z, n);
}

static void on_pi(void *user, const xmlChar *target, const xmlChar *data)
{
    struct tree_builder *b = user;
    struct tree_node *x;
    size_t n = data ? strlen((const char *)data) : 0;

    if (b->failed || !(x = add_node(b, TREE_PI)))
        return;
    x->val = (uint32_t)b->misc.n;
    x->len = (uint32_t)n;
    x->name = intern_name(b, target, NULL);
    (void)add_bytes(b, &b->misc, data, n);
}

static void on_doctype(void *user, const xmlChar *n, const xmlChar *e, const xmlChar *s)
{
    (void)n, (void)e, (void)s;
    fail(user, "xml.doctype", "", "a DOCTYPE is not allowed");
}

static void on_reference(void *user, const xmlChar *name)
{
    (void)name;
    fail(user, "xml.doctype", "", "an entity reference is not allowed");
}

void tree_builder_sax(struct _xmlSAXHandler *sax)
{
    *sax = (xmlSAXHandler){.initialized = XML_SAX2_MAGIC,
        .internalSubset = on_doctype,
        .reference = on_reference,
        .startElementNs = on_start,
        .endElementNs = on_end,
        .characters = on_text,
        .ignorableWhitespace = on_text,
        .cdataBlock = on_text,
        .comment = on_comment,
        .processingInstruction = on_pi};
}

/* ---- start and end ---- */
int tree_builder_init(struct tree_builder *b, size_t input)
{
    struct {
        struct tree_vec *v;
        size_t size, cap;
    } all[] = {{&b->nodes, sizeof(struct tree_node), input / 20 + 32},
        {&b->names, sizeof(struct tree_name), 128}, {&b->uris, sizeof(struct str), 8},
        {&b->prefixes, sizeof(struct str), 8}, {&b->nsdecls, sizeof(struct tree_nsdecl), 8},
        {&b->text, 1, input / 3 + 256}, {&b->misc, 1, input / 16 + 256}};

    b->slots_cap = 512;
    b->slots = calloc(b->slots_cap, sizeof(*b->slots));
    b->prefix_ptr = calloc(1, sizeof(*b->prefix_ptr));
    if (!b->slots || !b->prefix_ptr)
        return err_nomem(b->e);
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        all[i].v->size = all[i].size;
        if (!vec_room(all[i].v, all[i].cap))
            return err_nomem(b->e);
    }
    *(struct tree_name *)b->names.p = (struct tree_name){.local = STR(""), .uri = STR("")};
    *(struct str *)b->uris.p = *(struct str *)b->prefixes.p = STR("");
    b->names.n = b->uris.n = b->prefixes.n = 1;
    b->cur = TREE_NONE;
    if (!add_node(b, TREE_DOCUMENT))
        return -1;
    b->cur = 0;
    return 0;
}

static void free_strs(struct tree_vec *v)
{
    struct str *s = v->p;

    for (size_t i = 0; i < v->n; i++)
        if (s[i].n) {
            const void *p = s[i].p;
            free((void *)(uintptr_t)p);
        }
    free(v->p);
}

static void free_names(struct tree_name *x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (x[i].local.n)
            free((void *)(uintptr_t)x[i].local.p);
    free(x);
}

void tree_builder_free(struct tree_builder *b)
{
    free_names(b->names.p, b->names.p ? b->names.n : 0);
    free_strs(&b->uris);
    free_strs(&b->prefixes);
    free(b->nodes.p);
    free(b->nsdecls.p);
    free(b->text.p);
    free(b->misc.p);
    free(b->prefix_ptr);
    free(b->slots);
}

/* Nodes of each name in document order: count, prefix sums, fill. */
static uint32_t *index_names(struct tree_builder *b)
{
    struct tree_name *names = b->names.p;
    const struct tree_node *x = b->nodes.p;
    uint32_t *by = malloc((b->nodes.n + 1) * sizeof(*by)), at = 0;

    if (!by)
        return NULL;
    for (size_t i = 0; i < b->nodes.n; i++)
        names[x[i].name].count++;
    names[0].count = 0;
    for (size_t i = 0; i < b->names.n; i++) {
        names[i].first = at;
        at += names[i].count;
        names[i].count = 0;
    }
    for (size_t i = 0; i < b->nodes.n; i++)
        if (x[i].name)
            by[names[x[i].name].first + names[x[i].name].count++] = (uint32_t)i;
    return by;
}

int tree_builder_finish(struct tree_builder *b, const char *uri, struct tree **out)
{
    struct tree *t = calloc(1, sizeof(*t));
    uint32_t *by = NULL;
    char *u = strdup(uri ? uri : "");

    b->ctxt = NULL;
    close_node(b);
    if (!t || !u || !(by = index_names(b))) {
        free(t);
        free(u);
        free(by);
        return err_nomem(b->e);
    }
    *t = (struct tree){.nodes = b->nodes.p,
        .n = (uint32_t)b->nodes.n,
        .names = b->names.p,
        .n_names = (uint32_t)b->names.n,
        .uris = b->uris.p,
        .n_uris = (uint32_t)b->uris.n,
        .prefixes = b->prefixes.p,
        .n_prefixes = (uint32_t)b->prefixes.n,
        .nsdecls = b->nsdecls.p,
        .n_nsdecls = (uint32_t)b->nsdecls.n,
        .by_name = by,
        .text = b->text.p,
        .text_n = b->text.n,
        .misc = b->misc.p,
        .misc_n = b->misc.n,
        .uri = {u, strlen(u)}};
    free(b->slots);
    free(b->prefix_ptr);
    *out = t;
    return 0;
}

void tree_free(struct tree *t)
{
    struct tree_vec uris, prefixes;

    if (!t)
        return;
    uris = (struct tree_vec){.p = (void *)(uintptr_t)t->uris, .n = t->n_uris};
    prefixes = (struct tree_vec){.p = (void *)(uintptr_t)t->prefixes, .n = t->n_prefixes};
    free_names((struct tree_name *)(uintptr_t)t->names, t->n_names);
    free_strs(&uris);
    free_strs(&prefixes);
    free((void *)(uintptr_t)t->nodes);
    free((void *)(uintptr_t)t->nsdecls);
    free((void *)(uintptr_t)t->by_name);
    free((void *)(uintptr_t)t->text);
    free((void *)(uintptr_t)t->misc);
    free((void *)(uintptr_t)t->uri.p);
    free(t);
}
