/* Nodes, paths and findings. */

#include "ap/base/enc.h"
#include "ubl/atomic/datetime.h"
#include "ubl/atomic/ucs.h"
#include "ubl/invoice/invoice_priv.h"

#define PATH_MAX_DEEP 16

struct invoice *invoice_new(struct arena *a)
{
    struct invoice *v = arena_alloc(a, sizeof(*v));

    if (!v)
        return NULL;
    *v = (struct invoice){.a = a, .scheme = STR("VAT"), .places = 2};
    v->root = arena_alloc(a, sizeof(*v->root));
    if (!v->root)
        return NULL;
    v->root->id = INV_DOC;
    v->root->line = 1;
    return v;
}

bool invoice_is_credit_note(const struct invoice *v)
{
    return v->credit;
}

struct inv_node *inv_add(
    struct invoice *v, struct inv_node *in, enum inv_id id, struct str text, uint32_t line)
{
    struct inv_node *n = arena_alloc(v->a, sizeof(*n)), **at = &in->first;

    if (!n) {
        v->nomem = true;
        return NULL;
    }
    *n = (struct inv_node){.id = id, .line = line, .text = text, .parent = in};
    if (in->last && in->last->id <= id)
        at = &in->last->next;
    else if (in->recent && in->recent->id <= id) /* so that a list in any place is not walked */
        at = &in->recent->next;
    while (*at && (*at)->id <= id)
        at = &(*at)->next;
    n->next = *at;
    *at = n;
    if (!n->next)
        in->last = n;
    in->recent = n;
    return n;
}

void inv_remove(struct inv_node *n)
{
    struct inv_node **at = &n->parent->first, *last = NULL;

    while (*at != n) {
        last = *at;
        at = &(*at)->next;
    }
    *at = n->next;
    if (!n->next)
        n->parent->last = last;
    n->parent->recent = last;
}

static struct inv_node *child(const struct inv_node *in, enum inv_id id)
{
    struct inv_node *n = in->first;

    while (n && n->id < id)
        n = n->next;
    return n && n->id == id ? n : NULL;
}

struct inv_node *inv_find(const struct inv_node *in, enum inv_id id)
{
    enum inv_id group = inv_terms[id].group;

    if (group != in->id && group != INV_NONE)
        in = inv_find(in, group);
    return in && group != INV_NONE ? child(in, id) : NULL;
}

struct inv_node *inv_need_node(struct invoice *v, struct inv_node *in, enum inv_id id)
{
    enum inv_id group = inv_terms[id].group;
    struct inv_node *n;

    if (group != in->id && !(in = inv_need_node(v, in, group)))
        return NULL;
    n = child(in, id);
    if (!n && (n = inv_add(v, in, id, STR(""), in->line)))
        n->made = true;
    return n;
}

struct str inv_text(const struct inv_node *in, enum inv_id id)
{
    const struct inv_node *n = inv_find(in, id);

    return n ? n->text : STR("");
}

struct inv_node *inv_same(const struct inv_node *n)
{
    return n->next && n->next->id == n->id ? n->next : NULL;
}

void inv_fill(struct invoice *v, struct inv_node *in, enum inv_id id, struct str text)
{
    struct inv_node *n = inv_need_node(v, in, id);

    if (n)
        n->text = text;
}

static struct str value_below(const struct inv_node *in, const char *bt)
{
    for (const struct inv_node *n = in->first; n; n = n->next) {
        struct str s = inv_terms[n->id].type == IT_GROUP ? value_below(n, bt) : n->text;
        if (s.n && (inv_terms[n->id].type == IT_GROUP || strcmp(inv_terms[n->id].bt, bt) == 0))
            return s;
    }
    return STR("");
}

struct str invoice_value(const struct invoice *v, const char *bt)
{
    return value_below(v->root, bt);
}

/* ---- paths ---- */

static unsigned position(const struct inv_node *n)
{
    unsigned at = 0;

    for (const struct inv_node *s = n->parent->first; s && s != n; s = s->next)
        at += s->id == n->id;
    return at;
}

static void add_name(struct buf *b, enum inv_id id)
{
    buf_printf(b, "%s%s", b->n ? "." : "", inv_terms[id].name);
}

/* The groups from `top` (not itself) down to `id`. */
static void add_more(struct buf *b, enum inv_id top, enum inv_id id)
{
    if (id == INV_NONE || id == top)
        return;
    add_more(b, top, inv_terms[id].group);
    add_name(b, id);
}

const char *inv_path(struct invoice *v, const struct inv_node *n, enum inv_id more)
{
    const struct inv_node *chain[PATH_MAX_DEEP];
    const char *copy;
    size_t deep = 0;
    struct buf b;

    if (v->n_findings >= INVOICE_FINDINGS) /* it will not be listed, and counting costs */
        return "";
    buf_init(&b, 1024);
    for (const struct inv_node *x = n; x && x->parent && deep < PATH_MAX_DEEP; x = x->parent)
        chain[deep++] = x;
    while (deep--) {
        add_name(&b, chain[deep]->id);
        if (inv_terms[chain[deep]->id].many)
            buf_printf(&b, "[%u]", position(chain[deep]));
    }
    if (n && more != INV_NONE)
        add_more(&b, n->id, more);
    copy = arena_dup(v->a, buf_view(&b));
    buf_free(&b);
    if (!copy)
        v->nomem = true;
    return copy ? copy : "";
}

/* ---- findings ---- */

const struct invoice_finding *invoice_findings(const struct invoice *v, size_t *n)
{
    *n = v->n_findings;
    return v->findings;
}

size_t invoice_faults(const struct invoice *v)
{
    return v->faults;
}

size_t invoice_unlisted(const struct invoice *v)
{
    return v->all_findings - v->n_findings;
}

/* Room for one more, or for none: most invoices have no finding. */
static bool room(struct invoice *v, enum invoice_severity severity)
{
    size_t most = severity == INVOICE_BEYOND ? INVOICE_BEYOND_LISTED : INVOICE_FINDINGS;
    size_t cap = v->cap_findings ? v->cap_findings * 2 : 4;
    struct invoice_finding *p;

    if (v->n_findings >= most)
        return false;
    if (v->n_findings < v->cap_findings)
        return true;
    if (!(p = arena_alloc(v->a, cap * sizeof(*p)))) {
        v->nomem = true;
        return false;
    }
    if (v->n_findings)
        memcpy(p, v->findings, v->n_findings * sizeof(*p));
    v->findings = p;
    v->cap_findings = cap;
    return true;
}

struct err *inv_finding(
    struct invoice *v, enum invoice_severity severity, const char *path, uint32_t line)
{
    struct invoice_finding *f = &v->spare;

    v->faults += severity == INVOICE_FAULT;
    v->all_findings++;
    if (room(v, severity))
        f = &v->findings[v->n_findings++];
    *f = (struct invoice_finding){.severity = severity, .path = path, .line = line};
    return &f->err;
}

static const struct inv_node *written(const struct inv_node *n)
{
    while (n->made && n->parent)
        n = n->parent;
    return n;
}

struct err *inv_fault(struct invoice *v, const struct inv_node *n, enum inv_id more)
{
    return inv_finding(v, INVOICE_FAULT, inv_path(v, n, more), written(n)->line);
}

struct err *inv_warn(struct invoice *v, const struct inv_node *n, enum inv_id more)
{
    return inv_finding(v, INVOICE_WARNING, inv_path(v, n, more), written(n)->line);
}

/* ---- values ---- */

static bool check_number(struct invoice *v, const struct inv_node *n)
{
    if (n->text.n > INVOICE_NUMBER_MAX) {
        (void)err_set(inv_fault(v, n, INV_NONE), ERR_INPUT, "invoice.limit", "",
            "a number of %zu characters; at most %d", n->text.n, INVOICE_NUMBER_MAX);
        return false;
    }
    if (!dec_castable(n->text) || n->text.p[0] == '+') {
        (void)err_set(inv_fault(v, n, INV_NONE), ERR_INPUT, "invoice.value", "",
            "\"%.*s\" is no decimal number; write it as 1234.50: a point, no thousands, no "
            "exponent",
            STR_FMT(str_sub(n->text, 0, INVOICE_NUMBER_MAX)));
        return false;
    }
    return true;
}

static bool check_date(struct invoice *v, const struct inv_node *n)
{
    struct dt d;

    if (n->text.n == 10 && dt_parse(DT_DATE, n->text, &d) == XERR_NONE)
        return true;
    (void)err_set(inv_fault(v, n, INV_NONE), ERR_INPUT, "invoice.value", "",
        "\"%.*s\" is no date; write it as 2026-11-20", STR_FMT(str_sub(n->text, 0, 40)));
    return false;
}

static bool check_file(struct invoice *v, const struct inv_node *n)
{
    struct err why = ERR_INIT;
    struct buf b;
    bool ok;

    if (n->text.n / 4 * 3 > INVOICE_FILE_MAX) {
        (void)err_set(inv_fault(v, n, INV_NONE), ERR_INPUT, "invoice.limit", "",
            "an attachment of about %zu MB; at most %zu MB", n->text.n / 4 * 3 >> 20,
            INVOICE_FILE_MAX >> 20);
        return false;
    }
    buf_init(&b, INVOICE_FILE_MAX + 3);
    ok = enc_unb64(&b, n->text, &why) == 0 && b.n > 0;
    buf_free(&b);
    if (!ok)
        (void)err_set(inv_fault(v, n, INV_NONE), ERR_INPUT, "invoice.value", "",
            "the content is no base64 of a file");
    return ok;
}

static bool check_text(struct invoice *v, const struct inv_node *n)
{
    bool blank = str_trim(n->text).n == 0;

    if (!blank && n->text.n <= INVOICE_VALUE_MAX && ucs_valid_xml(n->text))
        return true;
    if (blank)
        (void)err_set(inv_fault(v, n, INV_NONE), ERR_INPUT, "invoice.value", "PEPPOL-EN16931-R008",
            "is empty; leave it out");
    else if (n->text.n > INVOICE_VALUE_MAX)
        (void)err_set(inv_fault(v, n, INV_NONE), ERR_INPUT, "invoice.limit", "",
            "a text of %zu bytes; at most %u", n->text.n, INVOICE_VALUE_MAX);
    else
        (void)err_set(inv_fault(v, n, INV_NONE), ERR_INPUT, "invoice.value", "",
            "contains a control character, which XML cannot carry");
    return false;
}

bool inv_check_value(struct invoice *v, struct inv_node *n)
{
    const struct inv_term *t = &inv_terms[n->id];

    if (t->type != IT_TEXT)
        n->text = str_trim(n->text);
    if (t->type == IT_BINARY)
        return check_file(v, n);
    if (!check_text(v, n))
        return false;
    if (inv_is_number(t))
        return check_number(v, n);
    return t->type != IT_DATE || check_date(v, n);
}
