/* Building the plan: each part is compiled as it is added, so that an expression's error is told
 * with the line it stands on. Lists while loading, arrays where the runner needs an index. */
#include "ubl/schematron/plan_priv.h"

struct sch_pattern *sch_pattern_add(struct sch_load *l, struct str id, struct str name)
{
    struct sch_pattern *p = arena_alloc(l->a, sizeof(*p));

    if (!p) {
        (void)err_nomem(l->e);
        return NULL;
    }
    p->id = sch_keep(l, id);
    p->name = sch_keep_collapsed(l, name);
    if (l->s->last)
        l->s->last->next = p;
    else
        l->s->first = p;
    l->s->last = p;
    l->s->info.patterns++;
    return p;
}

struct sch_rule *sch_rule_add(
    struct sch_load *l, struct sch_pattern *p, struct at x, struct str context)
{
    struct sch_rule *r = arena_alloc(l->a, sizeof(*r));

    if (!r || !(r->scope = xp_scope_new(l->s->env))) {
        (void)err_nomem(l->e);
        return NULL;
    }
    l->dead = false;
    r->context = sch_keep(l, context);
    r->file = x.f->path;
    r->line = x.f->tree->nodes[x.n].line;
    if (xp_pattern_compile(&r->match, l->s->env, context, l->e)) {
        (void)sch_at(l, x);
        return NULL;
    }
    if (p->last)
        p->last->next = r;
    else
        p->first = r;
    p->last = r;
    p->n_rules++;
    l->s->info.rules++;
    return r;
}

struct sch_check *sch_check_add(
    struct sch_load *l, struct sch_rule *r, struct at x, enum sch_kind kind, struct str test)
{
    struct sch_check *c = arena_alloc(l->a, sizeof(*c));
    struct xp *compiled = NULL;

    if (!c) {
        (void)err_nomem(l->e);
        return NULL;
    }
    c->kind = kind;
    c->file = x.f->path;
    c->line = x.f->tree->nodes[x.n].line;
    c->shown_test = sch_keep_collapsed(l, test);
    if (xp_compile_test(&compiled, l->s->env, r->scope, test, l->e)) {
        (void)sch_at(l, x);
        return NULL;
    }
    c->test = compiled;
    l->dead = xp_is_constant(compiled, kind == SCH_ASSERT);
    if (r->last)
        r->last->next = c;
    else
        r->first = c;
    r->last = c;
    r->n_checks++;
    *(kind == SCH_ASSERT ? &l->s->info.asserts : &l->s->info.reports) += 1;
    return c;
}

struct sch_diag *sch_diag_add(struct sch_load *l, struct sch_check *c, struct str id)
{
    struct sch_diag *d = arena_alloc(l->a, sizeof(*d));

    if (!d) {
        (void)err_nomem(l->e);
        return NULL;
    }
    d->id = sch_keep(l, id);
    if (c->last_diag)
        c->last_diag->next = d;
    else
        c->diags = d;
    c->last_diag = d;
    c->n_diags++;
    return d;
}

static struct sch_part *part_add(struct sch_load *l, struct sch_text *t)
{
    struct sch_part *p = arena_alloc(l->a, sizeof(*p));

    if (!p) {
        (void)err_nomem(l->e);
        return NULL;
    }
    if (t->last)
        t->last->next = p;
    else
        t->first = p;
    return t->last = p;
}

int sch_text_add(struct sch_load *l, struct sch_text *t, struct str text)
{
    struct sch_part *p;

    if (text.n == 0)
        return 0;
    if (!(p = part_add(l, t)))
        return -1;
    p->text = sch_keep(l, text);
    return 0;
}

int sch_value_add(struct sch_load *l, struct sch_text *t, const struct xp_scope *scope, struct at x,
    struct str select, struct str separator)
{
    struct sch_part *p = part_add(l, t);
    struct xp *value = NULL;

    if (!p)
        return -1;
    if ((l->dead ? xp_compile_unused : xp_compile)(&value, l->s->env, scope, select, l->e))
        return sch_at(l, x);
    p->value = value;
    p->separator = sch_keep(l, separator);
    return 0;
}

static int rule_index(struct sch_load *l, struct sch_rule *r)
{
    struct sch_test *v = arena_alloc(l->a, (r->n_checks + 1) * sizeof(*v));

    if (!v)
        return err_nomem(l->e);
    r->tests = v;
    for (const struct sch_check *c = r->first; c; c = c->next)
        *v++ = (struct sch_test){c->test, c, c->kind == SCH_REPORT};
    return 0;
}

static int pattern_index(struct sch_load *l, struct sch_pattern *p)
{
    struct xp_pattern **match = arena_alloc(l->tmp, (p->n_rules + 1) * sizeof(struct xp_pattern *));
    size_t i = 0;

    p->rules = arena_alloc(l->a, (p->n_rules + 1) * sizeof(struct sch_rule *));
    if (!p->rules || !match)
        return err_nomem(l->e);
    for (struct sch_rule *r = p->first; r; r = r->next) {
        if (rule_index(l, r))
            return -1;
        p->rules[i] = r;
        match[i++] = r->match;
    }
    return xp_dispatch_new(&p->dispatch, l->s->env, match, p->n_rules, l->e);
}

int sch_plan_finish(struct sch_load *l)
{
    for (struct sch_pattern *p = l->s->first; p; p = p->next)
        if (pattern_index(l, p))
            return -1;
    return xp_env_seal(l->s->env, l->e);
}
