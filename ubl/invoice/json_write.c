/* json_write.c - the terms as JSON, in the table's order, two blanks a level. */
#include "ubl/invoice/invoice_priv.h"

static void indent(struct buf *b, unsigned deep)
{
    buf_putc(b, '\n');
    while (deep--)
        buf_puts(b, "  ");
}

static void string(struct buf *b, struct str s)
{
    const char *end = s.p + s.n, *from = s.p;

    buf_putc(b, '"');
    for (const char *p = s.p; p < end; p++) {
        unsigned char c = (unsigned char)*p;
        if (c >= 0x20 && c != '"' && c != '\\')
            continue;
        buf_add(b, from, (size_t)(p - from));
        from = p + 1;
        if (c == '\n')
            buf_puts(b, "\\n");
        else if (c < 0x20)
            buf_printf(b, "\\u%04x", c);
        else
            buf_printf(b, "\\%c", c);
    }
    buf_add(b, from, (size_t)(end - from));
    buf_putc(b, '"');
}

static void group(struct buf *b, const struct inv_node *n, unsigned deep);

static void value(struct buf *b, const struct inv_node *n, unsigned deep)
{
    if (inv_terms[n->id].type == IT_GROUP)
        group(b, n, deep);
    else
        string(b, n->text);
}

static void list(struct buf *b, const struct inv_node *n, unsigned deep)
{
    buf_putc(b, '[');
    for (; n; n = inv_same(n)) {
        indent(b, deep + 1);
        value(b, n, deep + 1);
        buf_puts(b, inv_same(n) ? "," : "");
    }
    indent(b, deep);
    buf_putc(b, ']');
}

static void group(struct buf *b, const struct inv_node *n, unsigned deep)
{
    buf_putc(b, '{');
    for (const struct inv_node *c = n->first, *after; c; c = after) {
        indent(b, deep + 1);
        buf_printf(b, "\"%s\": ", inv_terms[c->id].name);
        for (after = c->next; after && after->id == c->id;)
            after = after->next;
        if (inv_terms[c->id].many)
            list(b, c, deep + 1);
        else
            value(b, c, deep + 1);
        buf_puts(b, after ? "," : "");
    }
    indent(b, deep);
    buf_putc(b, '}');
}

int invoice_write_json(struct buf *out, const struct invoice *v, struct err *e)
{
    group(out, v->root, 0);
    buf_putc(out, '\n');
    return buf_check(out, e);
}
