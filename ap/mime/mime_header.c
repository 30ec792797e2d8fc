/* mime_header.c - the three header fields of a body part that mean something to AS4, and the
 * parameters of Content-Type (RFC 2045 5, RFC 2046 5.1.1, RFC 2392).
 *
 * Other fields are skipped (their values may hold anything but NUL and bare CR). Of the three, each
 * may stand once; what two readers could take for two different values is refused. */
#include "ap/mime/mime_priv.h"

#include "ap/base/enc.h"

#define BOUNDARY_MAX 70

static bool is_lwsp(char c)
{
    return c == ' ' || c == '\t';
}

static bool is_visible(char c)
{
    return c > 0x20 && c < 0x7f;
}

/* RFC 2045 5.1 token */
static bool is_token(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (!is_visible(s.p[i]) || memchr("()<>@,;:\\\"/[]?=", s.p[i], 15))
            return false;
    return s.n > 0;
}

static struct str lwsp_trim(struct str s)
{
    while (s.n && is_lwsp(s.p[0]))
        s = str_sub(s, 1, s.n - 1);
    while (s.n && is_lwsp(s.p[s.n - 1]))
        s.n--;
    return s;
}

static int lower(struct str *out, struct arena *a, struct str s, struct err *e)
{
    char *p = arena_dup(a, s);

    if (!p)
        return err_nomem(e);
    for (size_t i = 0; i < s.n; i++)
        if (p[i] >= 'A' && p[i] <= 'Z')
            p[i] = (char)(p[i] + ('a' - 'A'));
    *out = (struct str){p, s.n};
    return 0;
}

static int bad_type(struct err *e, const char *why)
{
    return err_set(e, ERR_INPUT, "mime.content-type", "RFC 2045 5.1", "Content-Type: %s", why);
}

static int bad_field(struct err *e, const char *why)
{
    return err_set(e, ERR_INPUT, "mime.malformed", "RFC 2045", "MIME part: %s", why);
}

/* A quoted string at the start of *in, unescaped into the arena; *in moves behind it. */
static int quoted(struct str *out, struct arena *a, struct str *in, struct err *e)
{
    char *p = arena_alloc(a, in->n + 1);
    size_t n = 0, i = 1;

    if (!p)
        return err_nomem(e);
    for (; i < in->n && in->p[i] != '"'; i++) {
        if (in->p[i] == '\\' && ++i == in->n)
            break;
        p[n++] = in->p[i];
    }
    if (i >= in->n)
        return bad_type(e, "a quoted value does not end");
    *out = (struct str){p, n};
    *in = str_sub(*in, i + 1, in->n);
    return 0;
}

/* Unquoted values are taken up to ';' although RFC 2045 wants quotes around '/', '=', '<': senders
 * forget them and nothing else can be meant. */
static int unquoted(struct str *out, struct str *in, struct err *e)
{
    size_t n = 0;

    while (n < in->n && in->p[n] != ';' && !is_lwsp(in->p[n])) {
        if (!is_visible(in->p[n]) || memchr("\"\\(),", in->p[n], 5))
            return bad_type(e, "a value needs quotes");
        n++;
    }
    *out = str_sub(*in, 0, n);
    *in = str_sub(*in, n, in->n);
    return n ? 0 : bad_type(e, "a parameter has no value");
}

static struct str *known_param(struct mime_type *t, struct str name)
{
    if (str_ieq(name, STR("boundary")))
        return &t->boundary;
    if (str_ieq(name, STR("start")))
        return &t->start;
    if (str_ieq(name, STR("type")))
        return &t->root_type;
    if (str_ieq(name, STR("charset")))
        return &t->charset;
    return NULL;
}

/* RFC 2231 pieces ("boundary*0=") of a parameter we use: no AS4 sender splits it, and readers
 * disagree about it. */
static bool is_split_param(struct mime_type *t, struct str name)
{
    size_t star = str_find(name, STR("*"));

    return star < name.n && known_param(t, str_sub(name, 0, star));
}

static int param(struct mime_type *t, struct arena *a, struct str *in, struct err *e)
{
    size_t eq = str_find(*in, STR("="));
    struct str name = str_sub(*in, 0, eq), value, *slot;

    if (!is_token(name) || eq == in->n)
        return bad_type(e, "a parameter is not name=value");
    *in = str_sub(*in, eq + 1, in->n);
    if (in->n && in->p[0] == '"' ? quoted(&value, a, in, e) : unquoted(&value, in, e))
        return -1;
    if (is_split_param(t, name))
        return bad_type(e, "a parameter is split (RFC 2231)");
    if (!(slot = known_param(t, name)))
        return 0;
    if (slot->p)
        return bad_type(e, "a parameter stands twice");
    *slot = value;
    return 0;
}

static bool boundary_ok(struct str b)
{
    for (size_t i = 0; i < b.n; i++)
        if (!is_visible(b.p[i]) && b.p[i] != ' ')
            return false;
    return b.n >= 1 && b.n <= BOUNDARY_MAX && b.p[b.n - 1] != ' ';
}

int mime_type_parse(struct mime_type *out, struct arena *a, struct str value, struct err *e)
{
    struct str rest = lwsp_trim(value), type;
    size_t end = str_find(rest, STR(";")), slash;

    *out = (struct mime_type){0};
    type = lwsp_trim(str_sub(rest, 0, end));
    slash = str_find(type, STR("/"));
    if (!is_token(str_sub(type, 0, slash)) || !is_token(str_sub(type, slash + 1, type.n)))
        return bad_type(e, value.n ? "not type/subtype" : "missing");
    if (lower(&out->type, a, type, e))
        return -1;
    rest = str_sub(rest, end, rest.n);
    while (rest.n) {
        if (rest.p[0] != ';')
            return bad_type(e, "text behind a value");
        rest = lwsp_trim(str_sub(rest, 1, rest.n));
        if (rest.n && rest.p[0] != ';' &&
            param(out, a, &rest, e)) /* "a/b;" and ";;" are harmless */
            return -1;
        rest = lwsp_trim(rest);
    }
    if (out->boundary.p && !boundary_ok(out->boundary))
        return bad_type(e, "the boundary is not 1 to 70 printable characters");
    return 0;
}

int mime_type_read(
    struct str *type, struct str *charset, struct arena *a, struct str value, struct err *e)
{
    struct mime_type t;

    if (mime_type_parse(&t, a, value, e))
        return -1;
    *type = t.type;
    *charset = t.charset;
    return 0;
}

int mime_cid_parse(struct str *out, struct arena *a, struct str value, struct err *e)
{
    struct str s = lwsp_trim(value);
    struct buf plain;
    char *p = NULL;

    if (s.n >= 2 && s.p[0] == '<' && s.p[s.n - 1] == '>')
        s = str_sub(s, 1, s.n - 2);
    for (size_t i = 0; i < s.n; i++)
        if (!is_visible(s.p[i]) || s.p[i] == '<' || s.p[i] == '>')
            return err_set(e, ERR_INPUT, "mime.content-id", "RFC 2392", "Content-ID is not an id");
    if (!s.n)
        return err_set(e, ERR_INPUT, "mime.content-id", "RFC 2392", "Content-ID is empty");
    buf_init(&plain, s.n + 1);
    if (enc_unpct(&plain, s, NULL) == 0) /* else: no escape, a plain '%' */
        s = buf_view(&plain);
    p = arena_dup(a, s);
    *out = (struct str){p, s.n};
    buf_free(&plain);
    if (!p)
        return err_nomem(e);
    for (size_t i = 0; i < out->n; i++)
        if ((unsigned char)p[i] <= 0x20 || p[i] == 0x7f)
            return err_set(e, ERR_INPUT, "mime.content-id", "RFC 2392", "Content-ID is not an id");
    return 0;
}

static int cte_parse(enum mime_cte *out, struct str v, struct err *e)
{
    if (str_ieq(v, STR("base64")))
        *out = MIME_BASE64;
    else if (str_ieq(v, STR("quoted-printable")))
        *out = MIME_QUOTED_PRINTABLE;
    else if (str_ieq(v, STR("binary")) || str_ieq(v, STR("7bit")) || str_ieq(v, STR("8bit")))
        *out = MIME_BINARY;
    else
        return bad_field(e, "unknown Content-Transfer-Encoding");
    return 0;
}

struct seen {
    bool type, id, cte;
};

static int first_time(bool *seen, const char *name, struct err *e)
{
    if (*seen)
        return err_set(e, ERR_INPUT, "mime.malformed", "RFC 2045", "MIME part: %s twice", name);
    *seen = true;
    return 0;
}

static int type_field(struct mime_part *out, struct arena *a, struct str v, struct err *e)
{
    struct mime_type t;
    struct err why = ERR_INIT;

    if (mime_type_parse(&t, a, v, &why)) {
        if (why.class == ERR_INPUT)
            return bad_field(e, why.msg);
        if (e)
            *e = why;
        return -1;
    }
    if (str_has_prefix(t.type, STR("multipart/")) || str_has_prefix(t.type, STR("message/")))
        return bad_field(e, "a multipart inside the multipart");
    out->content_type = t.type;
    out->charset = t.charset;
    return 0;
}

/*= PEPPOL-AS4 4.10 "Content-Disposition has no meaning" */
static int one_field(struct mime_part *out, struct seen *seen, struct arena *a, struct str name,
    struct str value, struct err *e)
{
    if (str_ieq(name, STR("Content-Type")))
        return first_time(&seen->type, "Content-Type", e) || type_field(out, a, value, e) ? -1 : 0;
    if (str_ieq(name, STR("Content-ID")))
        return first_time(&seen->id, "Content-ID", e) ||
                       mime_cid_parse(&out->content_id, a, value, e)
                   ? -1
                   : 0;
    if (str_ieq(name, STR("Content-Transfer-Encoding")))
        return first_time(&seen->cte, "Content-Transfer-Encoding", e) ||
                       cte_parse(&out->cte, lwsp_trim(value), e)
                   ? -1
                   : 0;
    return 0;
}

/* Where the line at `from` ends, behind its line feed. */
static size_t line_end(struct str in, size_t from)
{
    size_t lf = str_find(str_sub(in, from, in.n), STR("\n"));

    return from + lf < in.n ? from + lf + 1 : in.n;
}

/* One field with its folded lines joined; a fold stays as the white space that begins it. */
static int next_field(struct str *field, struct arena *a, struct str *in, struct err *e)
{
    size_t end = line_end(*in, 0), n = 0;
    char *p;

    while (end < in->n && is_lwsp(in->p[end]))
        end = line_end(*in, end);
    if (!(p = arena_alloc(a, end + 1)))
        return err_nomem(e);
    for (size_t i = 0; i < end; i++) {
        bool cr = in->p[i] == '\r' && i + 1 < end && in->p[i + 1] == '\n';
        if (in->p[i] == '\0' || (in->p[i] == '\r' && !cr))
            return bad_field(e, "NUL or bare CR in a header field");
        if (!cr && in->p[i] != '\n')
            p[n++] = in->p[i];
    }
    *field = (struct str){p, n};
    *in = str_sub(*in, end, in->n);
    return 0;
}

int mime_fields_parse(struct mime_part *out, struct arena *a, struct str fields, struct err *e)
{
    struct seen seen = {0};
    struct str field;

    while (fields.n) {
        size_t colon;
        if (next_field(&field, a, &fields, e))
            return -1;
        colon = str_find(field, STR(":"));
        if (colon == field.n || !is_token(str_sub(field, 0, colon)))
            return bad_field(e, "a header field is not name: value");
        if (one_field(
                out, &seen, a, str_sub(field, 0, colon), str_sub(field, colon + 1, field.n), e))
            return -1;
    }
    if (!out->content_type.p)
        out->content_type = STR("text/plain"); /* RFC 2045 5.2 */
    return 0;
}
