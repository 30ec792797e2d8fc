/* json_read.c - from JSON to terms: what the table does not know is a finding with its line. */
#include "ubl/invoice/invoice_priv.h"
#include "ubl/invoice/json_priv.h"

struct reader {
    struct invoice *v;
    struct json j;
    bool broken;
};

static bool group(struct reader *r, struct inv_node *n);

static const char *bt_of(enum inv_id id)
{
    return inv_terms[id].bt;
}

/* The text itself is broken: said once, and the end of the reading. */
static bool stop(struct reader *r, const struct inv_node *at)
{
    if (!r->broken) {
        struct err *e =
            inv_finding(r->v, INVOICE_FAULT, inv_path(r->v, at, INV_NONE), r->j.token_line);
        if (strcmp(r->j.code, "invoice.encoding") == 0)
            (void)err_set(e, ERR_INPUT, "invoice.encoding", "RFC 8259 8.1", "%s", r->j.why);
        else if (strcmp(r->j.code, "invoice.limit") == 0)
            (void)err_set(e, ERR_INPUT, "invoice.limit", "", "%s: more than %d levels", r->j.why,
                INVOICE_DEPTH_MAX - 1);
        else
            (void)err_set(e, ERR_INPUT, "invoice.json", "RFC 8259", "not JSON: %s", r->j.why);
        r->v->nomem |= strcmp(r->j.code, "memory.exhausted") == 0;
    }
    r->broken = true;
    return false;
}

/* Passes over a value whose first token was `k`. */
static bool skip(struct reader *r, enum json_kind k, const struct inv_node *at)
{
    unsigned deep = k == JSON_OBJECT || k == JSON_LIST;

    while (deep && k != JSON_BROKEN) {
        k = json_next(&r->j);
        deep += k == JSON_OBJECT || k == JSON_LIST;
        deep -= k == JSON_OBJECT_END || k == JSON_LIST_END;
    }
    return k == JSON_BROKEN ? stop(r, at) : true;
}

static bool wrong_type(struct reader *r, struct inv_node *in, enum inv_id id, enum json_kind k,
    uint32_t line, const char *want)
{
    (void)err_set(inv_finding(r->v, INVOICE_FAULT, inv_path(r->v, in, id), line), ERR_INPUT,
        "invoice.type", bt_of(id), "%s where %s should stand", json_kind_word(k), want);
    return skip(r, k, in);
}

static bool leaf(struct reader *r, struct inv_node *in, enum inv_id id, enum json_kind k)
{
    const struct inv_term *t = &inv_terms[id];
    bool digits = inv_is_number(t) || t->type == IT_CODE;
    struct inv_node *n;

    if (k != JSON_STRING && !(k == JSON_NUMBER && digits))
        return wrong_type(r, in, id, k, r->j.token_line,
            inv_is_number(t)   ? "a number"
            : k == JSON_NUMBER ? "a text, in quotes,"
                               : "a text");
    n = inv_add(r->v, in, id, r->j.text, r->j.token_line);
    if (!n)
        return false;
    (void)inv_check_value(r->v, n);
    return true;
}

/* One value or one element of a list. */
static bool single(struct reader *r, struct inv_node *in, enum inv_id id, enum json_kind k)
{
    struct inv_node *n;

    if (inv_terms[id].type != IT_GROUP)
        return leaf(r, in, id, k);
    if (k != JSON_OBJECT)
        return wrong_type(r, in, id, k, r->j.token_line, "an object {...}");
    n = inv_add(r->v, in, id, STR(""), r->j.token_line);
    return n && group(r, n);
}

static bool list(struct reader *r, struct inv_node *in, enum inv_id id)
{
    size_t n = 0;

    for (;;) {
        enum json_kind k = json_next(&r->j);
        if (k == JSON_LIST_END)
            return true;
        if (k == JSON_BROKEN)
            return stop(r, in);
        if (n++ == INVOICE_LIST_MAX) {
            (void)err_set(inv_finding(r->v, INVOICE_FAULT, inv_path(r->v, in, id), r->j.token_line),
                ERR_INPUT, "invoice.limit", "", "a list of more than %d members", INVOICE_LIST_MAX);
            r->broken = true;
            return false;
        }
        if (!single(r, in, id, k))
            return false;
    }
}

static bool unknown(struct reader *r, const struct inv_node *in, struct str name)
{
    const struct inv_term *near = inv_nearest(in->id, name);
    struct err *e = inv_finding(r->v, INVOICE_FAULT, inv_path(r->v, in, INV_NONE), r->j.token_line);

    (void)err_set(e, ERR_INPUT, "invoice.member", "", "unknown member \"%.*s\"%s%s%s",
        STR_FMT(str_sub(name, 0, 60)), near ? "; nearest: \"" : "", near ? near->name : "",
        near ? "\"" : "");
    return skip(r, json_next(&r->j), in);
}

static bool member(
    struct reader *r, struct inv_node *in, const bool *seen, const struct inv_term *t)
{
    uint32_t line = r->j.token_line;
    enum json_kind k;

    if (seen[t->id]) {
        (void)err_set(inv_finding(r->v, INVOICE_FAULT, inv_path(r->v, in, t->id), line), ERR_INPUT,
            "invoice.duplicate", "RFC 8259 4", "the member \"%s\" stands twice in this object",
            t->name);
        return skip(r, json_next(&r->j), in);
    }
    k = json_next(&r->j);
    if (k == JSON_BROKEN)
        return stop(r, in);
    if (k == JSON_NULL)
        return true; /* as good as absent */
    if (!t->many)
        return single(r, in, t->id, k);
    if (k != JSON_LIST)
        return wrong_type(r, in, t->id, k, r->j.token_line, "a list [...]");
    return list(r, in, t->id);
}

/* The members of an object whose { was read. */
static bool group(struct reader *r, struct inv_node *n)
{
    bool seen[INV_TERMS] = {false};

    for (;;) {
        enum json_kind k = json_next(&r->j);
        const struct inv_term *t;
        if (k == JSON_OBJECT_END)
            return true;
        if (k == JSON_BROKEN)
            return stop(r, n);
        t = inv_member(n->id, r->j.text);
        if (!(t ? member(r, n, seen, t) : unknown(r, n, r->j.text)))
            return false;
        if (t)
            seen[t->id] = true;
    }
}

int invoice_read_json(struct invoice *v, struct str json, struct err *e)
{
    struct reader r = {.v = v};
    enum json_kind k;

    if (json.n > INVOICE_TEXT_MAX) {
        (void)err_set(inv_finding(v, INVOICE_FAULT, "", 0), ERR_INPUT, "invoice.limit", "",
            "%zu bytes; at most %zu", json.n, INVOICE_TEXT_MAX);
        return 0;
    }
    json_start(&r.j, json, v->a);
    k = json_next(&r.j);
    v->root->line = r.j.token_line;
    if (k == JSON_OBJECT && group(&r, v->root))
        k = json_next(&r.j);
    if (k == JSON_BROKEN)
        (void)stop(&r, v->root);
    else if (k != JSON_OBJECT && k != JSON_END)
        (void)err_set(inv_finding(v, INVOICE_FAULT, "", r.j.token_line), ERR_INPUT, "invoice.type",
            "", "%s where the invoice should stand, an object {...}", json_kind_word(k));
    return v->nomem || arena_exhausted(v->a) ? err_nomem(e) : 0;
}
