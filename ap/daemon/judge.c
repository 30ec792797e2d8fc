/* judge.c - ubl_validate() as out/ and in/ want it: a verdict with names, a report as JSON.
 *
 * A worker (one thread's memory) is taken from a small stock and given back, so that memory follows
 * the number of validations running at once, not the number of threads. */
#include "ap/daemon/judge.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "ubl/report.h"
#include "ubl/rules.h"
#include "ubl/validate.h"

#define STOCK 16
#define ARENA_MAX (1024u << 20)
#define NAME_ROOM 72  /* for one more name in out_verdict.rule_ids */
#define NAMES_BACK 64 /* findings looked at for the same name */
#define PLACE_MAX 65536

static struct {
    pthread_mutex_t lock;
    struct rules *rules;
    struct ubl_worker *stock[STOCK];
    size_t n;
    uint64_t max; /* limits.validate_max */
    char data[4096];
} shared = {.lock = PTHREAD_MUTEX_INITIALIZER};

static uint64_t largest(void)
{
    return __atomic_load_n(&shared.max, __ATOMIC_RELAXED);
}

static int take(struct rules **r, struct ubl_worker **w, struct err *e)
{
    int rc = 0;

    *w = NULL;
    (void)pthread_mutex_lock(&shared.lock);
    if (!shared.rules)
        rc = rules_open(&shared.rules, shared.data, e);
    if (!rc && shared.n)
        *w = shared.stock[--shared.n];
    *r = shared.rules;
    (void)pthread_mutex_unlock(&shared.lock);
    return rc || *w ? rc : ubl_worker_new(w, e);
}

static void give(struct ubl_worker *w)
{
    (void)pthread_mutex_lock(&shared.lock);
    if (shared.n < STOCK) {
        shared.stock[shared.n++] = w;
        w = NULL;
    }
    (void)pthread_mutex_unlock(&shared.lock);
    ubl_worker_free(w);
}

/* One document judged; `use` sees the report while it lives. */
static int judge(const struct blob *document, void (*use)(void *ctx, const struct ubl_report *r),
    void *ctx, struct err *e)
{
    struct ubl_options o = {.at = INT64_MIN};
    struct arena *a = arena_new(ARENA_MAX);
    struct ubl_worker *w = NULL;
    struct ubl_report report;
    struct rules *r;
    struct buf bytes;
    int rc;

    buf_init(&bytes, (size_t)document->len + 1);
    if (!a)
        return err_nomem(e);
    rc = take(&r, &w, e) || blob_load(&bytes, document, e) ||
         ubl_validate(&report, r, w, buf_view(&bytes), &o, a, e);
    if (!rc)
        use(ctx, &report);
    if (w)
        give(w);
    buf_free(&bytes);
    arena_free(a);
    return rc ? -1 : 0;
}

static void name_sets(char *out, size_t n, const struct ubl_report *r)
{
    if (*r->set && *r->version)
        (void)snprintf(out, n, "%s %s", r->set, r->version);
    else
        (void)snprintf(out, n, "%s", *r->note ? r->note : "no rules for this document type");
}

static bool too_large(char *out, size_t n, const struct blob *document)
{
    if (document->len <= largest())
        return false;
    (void)snprintf(out, n, "larger than limits.validate_max: structural checks only");
    return true;
}

/* "xsd line 8 (IssueDate)" */
static size_t name_place(char *out, size_t n, const struct ubl_finding *f)
{
    struct buf place;
    const char *slash, *name;

    buf_init(&place, PLACE_MAX);
    report_short_location(&place, f->location);
    slash = place.p ? strrchr(place.p, '/') : NULL;
    name = slash ? slash + 1 : "";
    (void)snprintf(out, n, "%s line %u%s%.*s%s", f->ruleset, f->line, *name ? " (" : "",
        NAME_ROOM / 3, name, *name ? ")" : "");
    buf_free(&place);
    return strlen(out);
}

static bool named_before(const struct ubl_report *r, uint32_t i)
{
    for (uint32_t k = i > NAMES_BACK ? i - NAMES_BACK : 0; k < i; k++)
        if (r->findings[k].severity == UBL_SEV_ERROR &&
            str_eq(r->findings[k].id, r->findings[i].id))
            return true;
    return false;
}

/* Rules by their ids, each once; what has none (the schema) by line and element. */
static void name_errors(struct out_verdict *v, const struct ubl_report *r)
{
    size_t at = 0, room = sizeof(v->rule_ids) - NAME_ROOM;

    for (uint32_t i = 0; i < r->n_findings && at < room; i++) {
        const struct ubl_finding *f = &r->findings[i];
        if (f->severity != UBL_SEV_ERROR || (f->id.n && named_before(r, i)))
            continue;
        at += (size_t)snprintf(v->rule_ids + at, sizeof(v->rule_ids) - at, "%s", at ? ", " : "");
        if (f->id.n)
            at += (size_t)snprintf(v->rule_ids + at, sizeof(v->rule_ids) - at, "%.*s",
                STR_FMT(str_sub(f->id, 0, NAME_ROOM / 2)));
        else
            at += name_place(v->rule_ids + at, sizeof(v->rule_ids) - at, f);
    }
}

static void use_out(void *ctx, const struct ubl_report *r)
{
    struct out_verdict *v = ctx;

    name_sets(v->rule_sets, sizeof(v->rule_sets), r);
    v->checked = r->n_layers > 0;
    v->valid = r->verdict == UBL_VALID;
    v->errors = r->errors;
    v->warnings = r->warnings;
    if (r->verdict == UBL_ERROR) {
        v->no_memory = strcmp(r->error.code, "memory.exhausted") == 0;
        v->errors = v->errors ? v->errors : 1;
        (void)snprintf(v->rule_ids, sizeof(v->rule_ids), "%s: %.120s", r->error.code, r->error.msg);
        return;
    }
    name_errors(v, r);
}

static int validate_out(void *ctx, struct out_verdict *out, const struct blob *document,
    const struct document *d, struct err *e)
{
    (void)ctx;
    (void)d;
    if (too_large(out->rule_sets, sizeof(out->rule_sets), document)) {
        out->valid = true;
        return 0;
    }
    if (judge(document, use_out, out, e))
        return -1;
    /* no verdict, and none against the document */
    return out->no_memory ? err_nomem(e) : 0;
}

static void use_in(void *ctx, const struct ubl_report *r)
{
    struct in_verdict_report *v = ctx;
    struct report_style style = {.file = "document"};
    struct ubl_report shown = *r;
    struct err e = ERR_INIT;

    name_sets(v->rule_sets, sizeof(v->rule_sets), r);
    v->checked = *r->set || r->n_layers;
    v->valid = r->verdict == UBL_VALID;
    while (report_write(&v->report, &shown, REPORT_JSON, &style, &e) && shown.n_findings) {
        size_t max = v->report.max; /* too many findings to keep: the first ones */
        buf_free(&v->report);
        buf_init(&v->report, max);
        style.cut = true;
        shown.n_findings /= 2;
    }
}

static int validate_in(
    void *ctx, struct in_verdict_report *out, const struct blob *document, struct err *e)
{
    (void)ctx;
    return too_large(out->rule_sets, sizeof(out->rule_sets), document)
               ? 0
               : judge(document, use_in, out, e);
}

void judge_follow(struct setup *s)
{
    __atomic_store_n(&shared.max, (uint64_t)s->cfg->validate_max, __ATOMIC_RELAXED);
    s->out.validate = s->cfg->validate ? validate_out : NULL;
    s->in.validate = validate_in;
}

void judge_attach(struct node *n)
{
    (void)snprintf(shared.data, sizeof(shared.data), "%s", n->data_dir);
    judge_follow(n->setup);
}

void judge_detach(void)
{
    while (shared.n)
        ubl_worker_free(shared.stock[--shared.n]);
    rules_free(shared.rules);
    shared.rules = NULL;
}
