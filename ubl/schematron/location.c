/* Where a finding is, in the words of the skeleton's mode schematron-select-full-path:
 * for each element a slash and *:Name[namespace-uri()='…'][n], or name[n] where there is no
 * namespace. That mode has a template for elements only, so by XSLT's built-in rules an attribute's
 * location is its value, and the document node's that of its root element.
 *
 * [n] counts the siblings before that have the same name. Findings come in document order, so the
 * locator keeps for each depth the last sibling it counted to and goes on from there: a run over a
 * document with thousands of lines stays linear. */
#include "ubl/schematron/plan_priv.h"

#include "ap/base/buf.h"

#define DEPTH_MAX 4096 /* of a tree; beyond it nothing is remembered */
#define REMEMBER 64
#define LOCATION_MAX ((size_t)16 << 20)

struct seen {
    uint32_t parent, name, node, index;
};

struct sch_locator {
    const struct tree *t;
    struct seen seen[REMEMBER];
};

struct sch_locator *sch_locator_new(const struct tree *t, struct arena *a)
{
    struct sch_locator *l = arena_alloc(a, sizeof(*l));

    if (!l)
        return NULL;
    l->t = t;
    for (size_t i = 0; i < REMEMBER; i++)
        l->seen[i].parent = TREE_NONE;
    return l;
}

static uint32_t position(struct sch_locator *l, uint32_t node, size_t depth)
{
    const struct tree *t = l->t;
    uint32_t parent = t->nodes[node].parent, name = t->nodes[node].name;
    struct seen *s = depth < REMEMBER ? &l->seen[depth] : NULL;
    uint32_t at = tree_first_child(t, parent), index = 0;

    if (s && s->parent == parent && s->name == name && s->node <= node) {
        at = s->node;
        index = s->index - 1;
    }
    for (; at != TREE_NONE; at = tree_next_sibling(t, at)) {
        if (t->nodes[at].name == name && tree_kind_of(t, at) == TREE_ELEMENT)
            index++;
        if (at == node)
            break;
    }
    if (s)
        *s = (struct seen){parent, name, node, index};
    return index;
}

static void step(struct sch_locator *l, struct buf *b, uint32_t node, size_t depth)
{
    const struct tree *t = l->t;
    struct str uri = tree_uri(t, node);

    buf_putc(b, '/');
    if (uri.n)
        buf_puts(b, "*:");
    buf_str(b, tree_local(t, node));
    if (uri.n) {
        buf_puts(b, "[namespace-uri()='");
        buf_str(b, uri);
        buf_puts(b, "']");
    }
    buf_printf(b, "[%u]", position(l, node, depth));
}

static void element_path(struct sch_locator *l, struct buf *b, uint32_t node)
{
    uint32_t path[DEPTH_MAX];
    size_t n = 0;

    for (; node != 0 && n < DEPTH_MAX; node = l->t->nodes[node].parent)
        path[n++] = node;
    for (size_t i = n; i > 0; i--)
        step(l, b, path[i - 1], n - i);
}

struct str sch_collapse(struct str s, struct arena *a)
{
    char *p;
    size_t n = 0;
    bool gap = false;

    s = str_trim(s);
    if (s.n == 0 || !(p = arena_alloc(a, s.n + 1)))
        return (struct str){"", 0};
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
            gap = true;
            continue;
        }
        if (gap)
            p[n++] = ' ';
        gap = false;
        p[n++] = c;
    }
    return (struct str){p, n};
}

struct str sch_locate(struct sch_locator *l, uint32_t node, struct arena *a)
{
    const struct tree *t = l->t;
    struct str out = {"", 0};
    struct buf b;
    char *p;

    if (tree_kind_of(t, node) == TREE_ATTRIBUTE || tree_kind_of(t, node) == TREE_TEXT)
        return sch_collapse(tree_string(t, node), a);
    if (tree_kind_of(t, node) == TREE_DOCUMENT)
        node = tree_root_element(t);
    if (tree_kind_of(t, node) != TREE_ELEMENT)
        return out;
    buf_init(&b, LOCATION_MAX);
    element_path(l, &b, node);
    if (buf_ok(&b) && (p = arena_dup(a, buf_view(&b))))
        out = (struct str){p, b.n};
    buf_free(&b);
    return out;
}

char *sch_location(const struct tree *t, uint32_t node, struct arena *a)
{
    struct sch_locator *l = sch_locator_new(t, a);

    return l ? arena_dup(a, sch_locate(l, node, a)) : NULL;
}
