/* fn.c - finding a built-in function, and its arguments under the function conversion rules. */
#include "ubl/xpath/xpath_priv.h"

const struct xfn *xfn_find(struct str local, size_t arity, bool *name_known)
{
    const struct xfn *const tables[] = {xfn_string, xfn_number, xfn_date, xfn_node, xfn_seq};

    *name_known = false;
    for (size_t t = 0; t < sizeof(tables) / sizeof(tables[0]); t++)
        for (const struct xfn *f = tables[t]; f->name; f++) {
            if (!str_eqz(local, f->name))
                continue;
            *name_known = true;
            if ((int)arity >= f->min && (f->max < 0 || (int)arity <= f->max))
                return f;
        }
    return NULL;
}

int xfn_is(const struct xn *n, const char *name)
{
    return n->op == OP_CALL && strcmp(n->fn->name, name) == 0;
}

/* xs:string? */
int xev_str(struct xp_ctx *c, const struct xn *n, struct str *out)
{
    struct xp_item it;
    int r = xev_one(c, n, &it);

    *out = STR("");
    if (r <= 0)
        return r;
    if (it.type == XP_NODE) {
        *out = tree_string(c->t, it.node);
        return 1;
    }
    if (it.type > XP_ANYURI)
        return xfail(c, "XPTY0004", "%s where xs:string is required", xtype_name(it.type));
    *out = it.s;
    return 1;
}

struct converted {
    struct xsink s;
    xconvert_fn *convert;
    const struct stype *to;
    struct xp_item *out;
    int n;
};

static int converted_put(struct xsink *s, struct xp_ctx *c, const struct xp_item *it)
{
    struct converted *o = (struct converted *)s;
    struct xp_item v;

    if (o->convert(c, o->to, it, o->n ? &v : o->out, "an argument") < 0)
        return -1;
    if (o->n++)
        return xfail(c, "XPTY0004", "a sequence of more than one item where one is expected");
    return 0;
}

int xev_converted(struct xp_ctx *c, const struct xn *n, xconvert_fn *convert,
    const struct stype *to, struct xp_item *out)
{
    struct converted s = {.s.put = converted_put, .convert = convert, .to = to, .out = out};
    struct xp_item it;
    int r;

    if (n->card & CARD_N)
        return xev(c, n, &s.s) < 0 ? -1 : s.n;
    r = xev_one(c, n, &it);
    return r <= 0 ? r : convert(c, to, &it, out, "an argument") < 0 ? -1 : 1;
}

int xev_int(struct xp_ctx *c, const struct xn *n, int64_t *out)
{
    static const struct stype want = {.atomic = 1, .prim = XP_INTEGER, .occ = CARD_OPT};
    struct xp_item v;
    int r = xev_converted(c, n, xconvert_item, &want, &v);

    if (r > 0 && !dec_to_i64(v.dec, out))
        *out = dec_sign(v.dec) < 0 ? INT64_MIN : INT64_MAX;
    return r;
}

int xev_dbl(struct xp_ctx *c, const struct xn *n, double *out)
{
    static const struct stype want = {.atomic = 1, .prim = XP_DOUBLE, .occ = CARD_OPT};
    struct xp_item v;
    int r = xev_converted(c, n, xconvert_item, &want, &v);

    if (r > 0)
        *out = v.d;
    return r;
}

struct str xword_next(struct str *s)
{
    struct str word = str_trim(*s);
    size_t n = 0;

    while (n < word.n && !memchr(" \t\r\n", word.p[n], 4))
        n++;
    *s = str_sub(word, n, word.n);
    return str_sub(word, 0, n);
}

int xgive_buf(struct xp_ctx *c, struct buf *b, struct xp_item *out)
{
    bool fits = buf_ok(b);
    char *p = fits ? arena_strndup(c->a, b->p ? b->p : "", b->n) : NULL;

    *out = xstring((struct str){p, b->n});
    buf_free(b);
    if (!fits)
        return xlimit(c, "xpath.limit.string", "a string of more bytes than allowed");
    return p ? 1 : xnomem(c);
}

int xarg_or_dot_str(struct xp_ctx *c, const struct xn *n, uint32_t i, struct str *out)
{
    if (i < n->nk)
        return xev_str(c, n->k[i], out);
    if (c->f->none)
        return xfail(c, "XPDY0002", "there is no context item");
    *out = xitem_text(c, &c->f->item);
    return out->p ? 1 : xnomem(c);
}

/* Only the code point collation is known. */
int xcollation(struct xp_ctx *c, const struct xn *n, uint32_t i)
{
    struct str s;
    int r;

    if (i >= n->nk)
        return 0;
    if ((r = xev_str(c, n->k[i], &s)) < 0)
        return -1;
    if (r == 0)
        return xfail(c, "XPTY0004", "an empty sequence where a collation is required");
    if (str_eqz(s, "http://www.w3.org/2005/xpath-functions/collation/codepoint"))
        return 0;
    return xfail(c, "FOCH0002", "unknown collation %.*s", STR_FMT(str_sub(s, 0, 80)));
}
