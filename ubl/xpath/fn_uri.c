/* fn_uri.c - resolve-uri(): F&O 8.1. As Saxon on Java: by RFC 2396, in which a query alone replaces
 * the file and steps above the root stay. No base URI is known, so the one-argument form fails for
 * what is relative. */
#include "ubl/xpath/xpath_priv.h"

struct uri {
    struct str scheme, authority, path, tail; /* tail: query and fragment with their marks */
    bool has_scheme, has_authority;
};

static bool is_hex(char ch)
{
    return (ch >= '0' && ch <= '9') || ((ch | 0x20) >= 'a' && (ch | 0x20) <= 'f');
}

static bool legal(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (strchr("\"<>\\^`{|}", s.p[i]))
            return false;
        if (s.p[i] == '%' && (i + 2 >= s.n || !is_hex(s.p[i + 1]) || !is_hex(s.p[i + 2])))
            return false;
    }
    return true;
}

static size_t scheme_length(struct str s)
{
    size_t n = 0;

    while (n < s.n && (((s.p[n] | 0x20) >= 'a' && (s.p[n] | 0x20) <= 'z') ||
                          (n && strchr("0123456789+-.", s.p[n]))))
        n++;
    return n < s.n && s.p[n] == ':' ? n : 0;
}

static size_t until(struct str s, const char *marks)
{
    size_t n = 0;

    while (n < s.n && !strchr(marks, s.p[n]))
        n++;
    return n;
}

static bool parse(struct uri *u, struct str s)
{
    size_t n = scheme_length(s);
    bool relative = n == 0;

    *u = (struct uri){.has_scheme = n > 0, .scheme = str_sub(s, 0, n)};
    if (!legal(s))
        return false;
    s = str_sub(s, n + (n > 0), s.n);
    if (str_has_prefix(s, STR("//"))) {
        u->has_authority = true;
        s = str_sub(s, 2, s.n);
        n = until(s, "/?#");
        u->authority = str_sub(s, 0, n);
        if (n == s.n && n == 0)
            return false;
        if (str_find(u->authority, STR("[")) < n && str_find(u->authority, STR("]")) == n)
            return false;
        s = str_sub(s, n, s.n);
    }
    n = until(s, "?#");
    u->path = str_sub(s, 0, n);
    u->tail = str_sub(s, n, s.n);
    if (!relative && s.n == 0 && !u->has_authority)
        return false;
    return !relative || u->has_authority ||
           str_find(str_sub(u->path, 0, until(u->path, "/")), STR(":")) == until(u->path, "/");
}

/* Removes "." and "x/.."; text of n bytes at p, returns what is left. A ".." above all stays. */
static size_t normalize(char *p, size_t n)
{
    size_t out = 0, i = n && p[0] == '/', low = i;

    while (i < n) {
        size_t end = i;
        while (end < n && p[end] != '/')
            end++;
        struct str part = {p + i, end - i};
        bool slash = end < n, up = str_eqz(part, "..");
        if (up && out) {
            out--;
            while (out && p[low + out - 1] != '/')
                out--;
        } else if (!str_eqz(part, ".") && (part.n || slash)) {
            memmove(p + low + out, p + i, part.n);
            out += part.n;
            if (slash)
                p[low + out++] = '/';
            if (up)
                low += out, out = 0; /* never taken back */
        }
        i = end + slash;
    }
    return low + out;
}

static int join(
    struct xp_ctx *c, const struct uri *base, const struct uri *r, struct str text, struct buf *b)
{
    struct str dir = str_sub(base->path, 0, str_rfind(base->path, STR("/")) + 1);
    size_t start;

    if (str_rfind(base->path, STR("/")) == base->path.n)
        dir = STR("");
    buf_str(b, base->scheme);
    buf_putc(b, ':');
    if (r->has_authority) {
        buf_str(b, text);
        return 0;
    }
    if (base->has_authority) {
        buf_puts(b, "//");
        buf_str(b, base->authority);
    }
    if (!r->path.n && (!r->tail.n || r->tail.p[0] == '#')) {
        buf_str(b, base->path);
        buf_str(b, str_sub(base->tail, 0, until(base->tail, "#")));
        buf_str(b, r->tail);
        return 0;
    }
    start = b->n;
    if (!str_has_prefix(r->path, STR("/")))
        buf_str(b, dir.n || !base->has_authority ? dir : STR("/"));
    buf_str(b, r->path);
    if (!buf_ok(b))
        return xlimit(c, "xpath.limit.string", "a string of more bytes than allowed");
    b->n = start + normalize(b->p + start, b->n - start);
    buf_str(b, r->tail);
    return 0;
}

int xfn_resolve_uri(struct xp_ctx *c, const struct xn *n, struct xp_item *out)
{
    struct str text, base_text = STR("");
    struct uri relative, base;
    struct buf b;
    int r;

    if ((r = xev_str(c, n->k[0], &text)) <= 0 ||
        (n->nk > 1 && (r = xev_str(c, n->k[1], &base_text)) < 0))
        return r;
    text = str_trim(text);
    if (!parse(&relative, text))
        return xfail(c, "FORG0002", "%.*s is no URI", STR_FMT(str_sub(text, 0, 80)));
    *out = (struct xp_item){.type = XP_ANYURI, .s = text};
    if (relative.has_scheme)
        return 1;
    base_text = str_trim(base_text);
    if (!parse(&base, base_text) || !base.has_scheme ||
        (!base.has_authority && !str_has_prefix(base.path, STR("/"))))
        return xfail(c, "FORG0002", "%.*s is no base URI", STR_FMT(str_sub(base_text, 0, 80)));
    buf_init(&b, c->lim.string_bytes);
    if (join(c, &base, &relative, text, &b) < 0) {
        buf_free(&b);
        return -1;
    }
    r = xgive_buf(c, &b, out);
    out->type = XP_ANYURI;
    return r;
}
