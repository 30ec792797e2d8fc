/* Running a plan over one document, as the compiled stylesheet would be run: pattern by pattern,
 * nodes in document order, in each pattern the first rule that matches, its checks in order. The
 * first dynamic error ends the run. Texts are made when a check fires, not before. */
#include "ubl/schematron/plan_priv.h"

#include <time.h>

#include "ap/base/buf.h"

#define FINDINGS_MAX 1000000u
#define TEXT_MAX ((size_t)16 << 20)

struct run {
    const struct sch *s;
    struct xp_ctx *c;
    const struct tree *t;
    struct arena *a;
    const struct sch_run_options *opt;
    struct sch_locator *locator;
    struct sch_finding *findings;
    struct sch_event *events;
    uint32_t n, cap, n_events, cap_events, max;
    uint32_t patterns, rules;
    struct str stopped_id;
    uint32_t stopped_node;
    struct err *e;
};

static int add_event(struct run *r, struct sch_event ev)
{
    struct sch_event *v;

    if (!r->opt || !r->opt->trace)
        return 0;
    if (!(v = arena_grow(r->a, r->events, r->n_events, &r->cap_events, sizeof(*v))))
        return err_nomem(r->e);
    r->events = v;
    v[r->n_events++] = ev;
    return 0;
}

/* A message with its expressions put in; NULL out = only evaluate. */
static int text_of(struct run *r, const struct sch_text *t, struct str *out)
{
    struct buf b;
    struct str s;
    int rc = 0;

    if (t->first && !t->first->next && !t->first->value) {
        if (out)
            *out = sch_collapse(t->first->text, r->a);
        return 0;
    }
    buf_init(&b, TEXT_MAX);
    for (const struct sch_part *p = t->first; p && !rc; p = p->next) {
        s = p->text;
        if (p->value)
            rc = xp_string(&s, r->c, p->value, p->separator, r->e);
        if (!rc)
            buf_str(&b, s);
    }
    if (!rc && b.full)
        rc = err_set(
            r->e, ERR_INPUT, "schematron.limit", "", "a message of more than %zu bytes", TEXT_MAX);
    if (!rc)
        rc = buf_check(&b, r->e);
    if (!rc && out)
        *out = sch_collapse(buf_view(&b), r->a);
    buf_free(&b);
    return rc;
}

static int add_notes(struct run *r, const struct sch_check *c, struct sch_finding *f)
{
    struct sch_note *v;

    if (c->n_diags == 0)
        return 0;
    if (!(v = arena_alloc(r->a, c->n_diags * sizeof(*v))))
        return err_nomem(r->e);
    f->notes = v;
    for (const struct sch_diag *d = c->diags; d; d = d->next) {
        v[f->n_notes].id = d->id;
        if (text_of(r, &d->text, &v[f->n_notes++].text))
            return -1;
    }
    return 0;
}

static int fire(struct run *r, const struct sch_check *c, uint32_t node)
{
    struct sch_finding *v, f = {.kind = c->kind,
                               .id = c->id,
                               .flag = c->flag,
                               .role = c->role,
                               .test = c->shown_test,
                               .node = node,
                               .line = r->t->nodes[node].line};

    if (r->n >= r->max)
        return err_set(r->e, ERR_INPUT, "schematron.limit", "", "more than %u findings", r->max);
    f.location = sch_locate(r->locator, node, r->a);
    if (text_of(r, &c->text, &f.text) || add_notes(r, c, &f))
        return -1;
    if (!(v = arena_grow(r->a, r->findings, r->n, &r->cap, sizeof(*v))))
        return err_nomem(r->e);
    r->findings = v;
    v[r->n] = f;
    return add_event(r, (struct sch_event){.kind = SCH_FINDING, .finding = r->n++});
}

static int stopped(struct run *r, const struct sch_check *c, uint32_t node)
{
    r->stopped_id = c->id;
    r->stopped_node = node;
    return err_where(r->e, "%s:%u", c->file, c->line);
}

static int run_rule(
    struct run *r, const struct sch_rule *rule, uint32_t node, struct xp_visit visit)
{
    r->rules++;
    if (add_event(r, (struct sch_event){.kind = SCH_FIRED_RULE,
                         .id = rule->id,
                         .context = rule->context,
                         .role = rule->role}))
        return -1;
    xp_focus_visited(r->c, rule->scope, node, visit);
    for (const struct sch_test *t = rule->tests; t->test; t++) {
        bool yes;
        if (xp_test(&yes, r->c, t->test, r->e) || (yes == t->fires && fire(r, t->check, node)))
            return stopped(r, t->check, node);
    }
    return 0;
}

static int run_pattern(struct run *r, const struct sch_pattern *p)
{
    struct xp_visit visit = {r->s->visit, XP_VISIT_TOP};
    uint32_t node = 0;
    size_t which = 0;

    r->patterns++;
    if (add_event(r, (struct sch_event){.kind = SCH_ACTIVE_PATTERN, .id = p->id, .name = p->name}))
        return -1;
    for (;; node++) {
        if (xp_dispatch_next(r->c, p->dispatch, visit, &node, &which, r->e))
            return -1;
        if (node == TREE_NONE)
            return 0;
        if (node == 0) /* its rule goes on with the traversal, not with the built-in template */
            visit.top = visit.kinds;
        if (run_rule(r, p->rules[which], node, visit))
            return -1;
        if (node + 1 >= r->t->n)
            return 0;
    }
}

static int run_all(struct run *r)
{
    if (r->s->header.first) {
        xp_focus(r->c, NULL, 0);
        if (text_of(r, &r->s->header, NULL))
            return -1;
    }
    for (const struct sch_pattern *p = r->s->first; p; p = p->next)
        if (run_pattern(r, p))
            return -1;
    return 0;
}

static struct xp_now clock_now(void)
{
    struct timespec ts;

    (void)clock_gettime(CLOCK_REALTIME, &ts);
    return (struct xp_now){.sec = ts.tv_sec, .nano = (uint32_t)ts.tv_nsec, .tz = 0};
}

/* A text that found no memory is empty: then nothing counts. */
static int whole(struct arena *a, struct err *e)
{
    return arena_exhausted(a) ? err_nomem(e) : 0;
}

/* Not memory was short: there is more to tell than is kept. */
static void name_limit(struct arena *a, struct err *e)
{
    if (strcmp(e->code, "memory.exhausted") == 0 && arena_full(a))
        (void)err_set(
            e, ERR_INPUT, "schematron.limit", "", "the findings need more memory than allowed");
}

int sch_run(struct sch_result *out, const struct sch *s, struct xp_ctx *c, const struct tree *t,
    const struct xp_now *now, const struct sch_run_options *opt, struct arena *a, struct err *e)
{
    struct xp_now clock = now ? *now : clock_now();
    struct err stop = ERR_INIT;
    struct run r = {.s = s,
        .c = c,
        .t = t,
        .a = a,
        .opt = opt,
        .stopped_id = {"", 0},
        .stopped_node = TREE_NONE,
        .e = &stop};

    memset(out, 0, sizeof(*out));
    r.max = opt && opt->max_findings ? opt->max_findings : FINDINGS_MAX;
    if (!(r.locator = sch_locator_new(t, a)))
        return err_nomem(e);
    if (xp_bind(c, s->env, t, &clock, &stop) == 0 && run_all(&r) == 0 && whole(a, &stop) == 0) {
        out->findings = r.findings;
        out->n = r.n;
        out->events = r.events;
        out->n_events = r.n_events;
    } else if (stop.class == ERR_BUG) {
        *e = stop;
        return -1;
    } else {
        name_limit(a, &stop);
        out->stopped = true;
        out->error = stop;
        out->stopped_id = r.stopped_id;
        out->stopped_node = r.stopped_node;
    }
    out->active_patterns = r.patterns;
    out->fired_rules = r.rules;
    return 0;
}

static bool is_any(struct str s, const char *const *words)
{
    for (; *words; words++)
        if (str_ieq(s, str_z(*words)))
            return true;
    return false;
}

static struct str severity(const struct sch_finding *f)
{
    return f->flag.n ? f->flag : f->role;
}

bool sch_is_warning(const struct sch_finding *f)
{
    static const char *const words[] = {"warning", "warn", NULL};

    return is_any(severity(f), words);
}

bool sch_is_error(const struct sch_finding *f)
{
    static const char *const mild[] = {
        "warning", "warn", "information", "info", "hint", "notice", "debug", "trace", NULL};

    if (severity(f).n == 0)
        return f->kind == SCH_ASSERT;
    return !is_any(severity(f), mild);
}
