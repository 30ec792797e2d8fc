/* ubl_write.c - the terms as UBL: the plan is walked, and what holds nothing is taken back. */
#include "ubl/invoice/invoice_priv.h"

#include <stdlib.h>

#define LINES_MAX 50000000u

struct writer {
    struct invoice *v;
    struct buf *b;
    unsigned deep;
    size_t line;
};

static void new_line(struct writer *w, struct inv_node *from)
{
    struct invoice *v = w->v;

    buf_putc(w->b, '\n');
    for (unsigned i = 0; i < w->deep; i++)
        buf_puts(w->b, "  ");
    w->line++;
    if (w->line >= v->cap_lines) {
        size_t cap = v->cap_lines ? v->cap_lines * 2 : 1024;
        struct inv_node **p =
            cap > LINES_MAX ? NULL : arena_alloc(v->a, cap * sizeof(struct inv_node *));
        if (!p) {
            v->nomem = true;
            return;
        }
        if (v->cap_lines)
            memcpy(p, v->lines, v->cap_lines * sizeof(struct inv_node *));
        v->lines = p;
        v->cap_lines = cap;
    }
    v->lines[w->line] = from;
    v->n_lines = w->line + 1;
}

/* The node whose members a term is found in: the instance itself or one around it. NULL when it
 * lies around and this instance of a list is not the first: it is written once. */
static struct inv_node *holder_of(struct inv_node *in, enum inv_id id)
{
    while (!inv_below(id, in->id)) {
        if (inv_terms[in->id].many && inv_find(in->parent, in->id) != in)
            return NULL;
        in = in->parent;
    }
    return in;
}

static struct inv_node *value_of(struct inv_node *in, enum inv_id id)
{
    struct inv_node *h = id == INV_NONE ? NULL : holder_of(in, id);

    return h ? inv_find(h, id) : NULL;
}

static void attributes(struct writer *w, const struct inv_step *s, struct inv_node *in)
{
    for (const struct inv_step *c = s->first; c && c->name.p[0] == '@'; c = c->next) {
        struct inv_node *n = value_of(in, c->value);
        struct str text = n ? n->text : inv_resolve(w->v, c->fixed);
        if (!text.n)
            continue;
        buf_printf(w->b, " %.*s=\"", (int)c->name.n - 1, c->name.p + 1);
        buf_xml(w->b, text);
        buf_putc(w->b, '"');
    }
}

static bool element(struct writer *w, const struct inv_step *s, struct inv_node *in);

/* True when something of the document was written inside. */
static bool children(struct writer *w, const struct inv_step *s, struct inv_node *in)
{
    bool any = false;

    w->deep++;
    for (const struct inv_step *c = s->first; c; c = c->next)
        if (c->name.p[0] != '@' && element(w, c, in) && !c->constant)
            any = true;
    w->deep--;
    return any;
}

/* One element; `n`: the value it holds, or NULL. */
static bool write_one(
    struct writer *w, const struct inv_step *s, struct inv_node *in, struct inv_node *n)
{
    size_t size = w->b->n, line = w->line;
    struct str text = n ? n->text : inv_resolve(w->v, s->fixed);
    bool any = n || s->constant;

    new_line(w, n ? n : in);
    buf_printf(w->b, "<%.*s", STR_FMT(s->name));
    attributes(w, s, in);
    buf_putc(w->b, '>');
    if (s->value != INV_NONE || s->fixed.n) {
        buf_xml(w->b, text);
    } else {
        any |= children(w, s, in);
        buf_putc(w->b, '\n');
        for (unsigned i = 0; i < w->deep; i++)
            buf_puts(w->b, "  ");
        w->line++;
        if (w->line < w->v->cap_lines)
            w->v->lines[w->line] = in;
    }
    buf_printf(w->b, "</%.*s>", STR_FMT(s->name));
    if (!any && buf_ok(w->b)) {
        w->b->n = size;
        w->line = line;
    }
    return any;
}

static bool element(struct writer *w, const struct inv_step *s, struct inv_node *in)
{
    enum inv_id id = s->group != INV_NONE ? s->group : s->value;
    struct inv_node *n = value_of(in, id);
    bool any = false;

    if (id == INV_NONE)
        return write_one(w, s, in, NULL);
    if (!n)
        return s->group != INV_NONE && !inv_terms[id].many ? write_one(w, s, in, NULL) : false;
    for (; n; n = inv_terms[id].many ? inv_same(n) : NULL)
        any |= s->group == INV_NONE ? write_one(w, s, in, n)
                                    : write_one(w, s, n, value_of(n, s->value));
    return any;
}

int invoice_write_ubl(struct buf *out, struct invoice *v, struct err *e)
{
    const char *kind = v->credit ? "CreditNote" : "Invoice";
    const struct inv_step *plan = inv_plan(v->credit);
    struct writer w = {.v = v, .b = out, .line = 1};

    if (!plan)
        return err_nomem(e);
    buf_puts(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>");
    new_line(&w, v->root);
    buf_printf(out,
        "<%s xmlns=\"" INV_ROOT_NS "%s-2\" xmlns:cac=\"" INV_CAC "\" xmlns:cbc=\"" INV_CBC "\">",
        kind, kind);
    (void)children(&w, plan, v->root);
    buf_printf(out, "\n</%s>\n", kind);
    return v->nomem ? err_nomem(e) : buf_check(out, e);
}
