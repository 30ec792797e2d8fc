/* opt.c - rewriting: constants folded, // to descendant, sorting only where needed, code lists to
 * hash tables. What is computed once is found afterwards: share.c.
 *
 * Every rewrite keeps results and errors as they were; each says under which condition. */
#include "ubl/xpath/parse_priv.h"
#include "ubl/xpath/xpath_priv.h"

#include <stdlib.h>

static struct xn *new_node(struct xparse *p, enum xop op, uint32_t kids, uint32_t pos)
{
    struct xn *n = xparse_node(p, op, kids);

    if (n)
        n->pos = pos;
    return n;
}

static bool is_const_str(const struct xn *n, struct str *out)
{
    if (n->op != OP_CONST || n->seq.n != 1 || n->seq.v->type != XP_STRING)
        return false;
    *out = n->seq.v->s;
    return true;
}

/* ---- order ---- */
static int put_sort(struct xn **n, struct xparse *p)
{
    struct xn *s;

    if (((*n)->ord & ORD_SORTED) || !((*n)->types & T_NODE) || !((*n)->card & CARD_N))
        return 0;
    if (!(s = new_node(p, OP_SORT, 1, (*n)->pos)))
        return -1;
    s->k[0] = *n;
    xtypes(s, p);
    *n = s;
    return 0;
}

/* The consumer only asks whether something is there, or compares with each. */
static struct xn *unordered(struct xn *n)
{
    struct xn *l;

    if (n->op == OP_SORT)
        n = n->k[0];
    if (n->op == OP_UNION)
        n->flags |= NF_UNORDERED;
    if (n->op != OP_PATH || (n->k[1]->deps & (DEP_POS | DEP_LAST)))
        return n;
    l = n->k[0]; /* a reverse step has no duplicates to multiply */
    if (l->op == OP_SORT && l->k[0]->op == OP_STEP && (l->k[0]->ord & ORD_REVERSE))
        n->k[0] = l->k[0];
    if (l->op == OP_UNION)
        l->flags |= NF_UNORDERED;
    return n;
}

/* A variable whose value is constant is that constant. */
static int opt_var(struct xn **n, struct xparse *p)
{
    const struct xn *v = NULL;

    if ((*n)->op == OP_GLOBAL && p->env->global_list && p->env->global_list[(*n)->slot])
        v = p->env->global_list[(*n)->slot]->value;
    else if ((*n)->op == OP_LET)
        v = p->env->let_list[(*n)->slot]->value;
    else if ((*n)->op == OP_LOCAL && (*n)->slot < 64)
        v = p->slot_const[(*n)->slot];
    if (!v || v->op != OP_CONST)
        return 0;
    (*n)->sub = (*n)->op == OP_GLOBAL ? CONST_CALL : CONST_WRITTEN;
    (*n)->op = OP_CONST;
    (*n)->seq = v->seq;
    xtypes(*n, p);
    return 0;
}

/* ---- paths ---- */
static bool positional(const struct xn *n, uint32_t first)
{
    for (uint32_t i = first; i < n->nk; i++)
        if (!(n->k[i]->flags & NF_BOOLPRED) || (n->k[i]->deps & (DEP_POS | DEP_LAST)))
            return true;
    return false;
}

static bool is_deep(const struct xn *n)
{
    return n->op == OP_STEP && n->sub == AX_DESCENDANT_OR_SELF && n->nk == 0 &&
           n->test.kinds == 0x3F && n->test.how == NT_ANY;
}

static bool deepen(struct xn *s, bool apply)
{
    if (s->op == OP_STEP && !positional(s, 0)) {
        if (s->sub == AX_CHILD || s->sub == AX_DESCENDANT) {
            if (apply)
                s->sub = AX_DESCENDANT;
            return true;
        }
        if (s->sub == AX_ATTRIBUTE) {
            if (apply)
                s->sub = AX_DESCENDANT_ATTRIBUTE;
            return true;
        }
        return false;
    }
    if (s->op == OP_UNION || (s->op == OP_FILTER && !positional(s, 1))) {
        uint32_t n = s->op == OP_UNION ? s->nk : 1;
        for (uint32_t i = 0; i < n; i++)
            if (!deepen(s->k[i], apply))
                return false;
        return true;
    }
    return false;
}

static void retype_deep(struct xn *s, struct xparse *p)
{
    if (s->op == OP_UNION || s->op == OP_FILTER)
        for (uint32_t i = 0; i < (s->op == OP_UNION ? s->nk : 1); i++)
            retype_deep(s->k[i], p);
    xtypes(s, p);
}

static int index_slot(struct xp_env *env, struct xn *n, struct xparse *p)
{
    struct xn **v;

    for (uint32_t i = 0; i < env->n_indexes; i++)
        if (xtest_equal(&env->indexed[i]->test, &n->test) &&
            xn_equal(env->indexed[i]->k[0], n->k[0])) {
            n->slot = i;
            return 0;
        }
    v = arena_grow(env->a, env->indexed, env->n_indexes, &env->cap_indexed, sizeof(*v));
    if (!v)
        return err_nomem(p->e);
    env->indexed = v;
    n->slot = env->n_indexes;
    env->indexed[env->n_indexes++] = n;
    return 0;
}

/* //name[E = 'constant'], E of the node alone: rule sets ask this for one constant after the other.
 */
static int opt_indexed(struct xn **n, struct xparse *p)
{
    struct xn *x = *n, *step = x->k[1], *eq, *e, *s;

    if (x->op != OP_PATH || x->k[0]->op != OP_ROOT || step->op != OP_STEP || !step->nk ||
        step->sub != AX_DESCENDANT || step->test.how != NT_NAME ||
        step->test.kinds != 1 << TREE_ELEMENT || positional(step, 0) || p->no_focus)
        return 0;
    eq = step->k[0];
    e = eq->op == OP_GCMP ? eq->k[0] : NULL;
    if (!e || eq->sub != CMP_EQ || eq->k[1]->op != OP_CONST || eq->k[1]->seq.n != 1 ||
        eq->k[1]->seq.v->type != XP_STRING || (e->types & ~(T_NODE | T_STRINGY)) ||
        !(e->deps & DEP_FOCUS) || (e->deps & (DEP_POS | DEP_LAST | DEP_RULE)) || e->locals)
        return 0;
    if (!(s = new_node(p, OP_INDEXED, step->nk + 2, x->pos)))
        return -1;
    s->test = step->test;
    s->k[0] = e;
    s->k[1] = x;
    s->k[2] = eq->k[1];
    for (uint32_t i = 1; i < step->nk; i++)
        s->k[i + 2] = step->k[i];
    xtypes(s, p);
    *n = s;
    return index_slot(p->env, s, p);
}

static int opt_path(struct xn **n, struct xparse *p)
{
    struct xn *x = *n, *l = x->k[0], *r = x->k[1];

    if (x->sub) /* E1 ! E2 */
        return 0;
    /* x/descendant-or-self::node()/child::y = x/descendant::y unless y counts positions */
    if (l->op == OP_SORT)
        l = l->k[0];
    if (l->op == OP_PATH && is_deep(l->k[1]) && deepen(r, false)) {
        (void)deepen(r, true);
        retype_deep(r, p);
        x->k[0] = l->k[0];
        xtypes(x, p);
    } else if (is_deep(l) && deepen(r, false)) { /* .//y */
        struct xn *dot = new_node(p, OP_DOT, 0, l->pos);
        if (!dot)
            return -1;
        (void)deepen(r, true);
        retype_deep(r, p);
        xtypes(dot, p);
        x->k[0] = dot;
        xtypes(x, p);
    }
    if (x->k[1]->op == OP_DOT && (x->k[0]->types & ~T_NODE) == 0) {
        *n = x->k[0];
        return 0;
    }
    if (opt_indexed(n, p) < 0)
        return -1;
    return put_sort(n, p);
}

/* ---- code lists ---- */
static bool all_strings(const struct xn *n)
{
    if (n->op != OP_CONST || n->seq.n < 1)
        return false;
    for (size_t i = 0; i < n->seq.n; i++)
        if (n->seq.v[i].type != XP_STRING)
            return false;
    return true;
}

static int make_inset(struct xn **n, struct xparse *p, struct xn *value, const struct xn *list)
{
    struct xn *s = new_node(p, OP_INSET, 1, (*n)->pos);

    if (!s || !(s->set = xset_new(p->env->a, list->seq)))
        return s ? err_nomem(p->e) : -1;
    s->k[0] = unordered(value);
    xtypes(s, p);
    *n = s;
    return 0;
}

/* preceding::N = E, E one node or string: by an index of values */
static bool seen_step(const struct xn *n)
{
    return n->op == OP_STEP && n->nk == 0 && (n->sub == AX_PRECEDING || n->sub == AX_FOLLOWING) &&
           n->test.how == NT_NAME && n->test.kinds == 1 << TREE_ELEMENT;
}

static int opt_gcmp(struct xn **n, struct xparse *p)
{
    struct xn *x = *n;

    x->k[0] = unordered(x->k[0]);
    x->k[1] = unordered(x->k[1]);
    if (x->sub != CMP_EQ)
        return 0;
    if (all_strings(x->k[1]) && x->k[1]->seq.n > 1)
        return make_inset(n, p, x->k[0], x->k[1]);
    if (all_strings(x->k[0]) && x->k[0]->seq.n > 1)
        return make_inset(n, p, x->k[1], x->k[0]);
    for (int i = 0; i < 2; i++) {
        struct xn *step = x->k[i], *v = x->k[1 - i], *s;
        if (!seen_step(step) || (v->types & ~(T_NODE | T_STRINGY)) || (v->card & CARD_N))
            if (!seen_step(step) || v->op != OP_DOT)
                continue;
        if (!(s = new_node(p, OP_SEENBEFORE, 1, x->pos)))
            return -1;
        s->test = step->test;
        s->sub = step->sub == AX_FOLLOWING;
        s->k[0] = v;
        xtypes(s, p);
        s->deps |= DEP_FOCUS;
        *n = s;
        return 0;
    }
    return 0;
}

static bool uses_slot(const struct xn *n, uint32_t slot)
{
    return slot < 63 ? (n->locals >> slot & 1) != 0 : n->locals != 0;
}

static struct xn *truth(struct xparse *p, bool value, uint32_t pos)
{
    struct xn *n = new_node(p, OP_CONST, 0, pos);
    struct xp_item *it = arena_alloc(p->env->a, sizeof(*it));

    if (!n || !it)
        return NULL;
    *it = xbool(value);
    n->seq = (struct xp_seq){it, 1};
    xtypes(n, p);
    return n;
}

/* The boolean value of what is written as a constant: 1, 0; -1: another expression. */
static int written(const struct xn *n)
{
    const struct xp_item *v = n->seq.v;

    if (n->op != OP_CONST || n->sub != CONST_WRITTEN || n->seq.n > 1)
        return -1;
    if (!n->seq.n)
        return 0;
    if (v->type == XP_BOOLEAN)
        return v->b;
    if (v->type == XP_INTEGER || v->type == XP_DECIMAL)
        return dec_sign(v->dec) != 0;
    return v->type == XP_STRING ? v->s.n > 0 : -1;
}

/* some $x in E satisfies false(), every $x in E satisfies true(): as in Saxon E is not evaluated */
static int opt_foregone(struct xn **n, struct xparse *p)
{
    struct xn *x = *n;
    int is = written(x->k[1]);

    if (is != (x->op == OP_EVERY))
        return 0;
    return (*n = truth(p, is, x->pos)) ? 0 : -1;
}

/* some $c in (constants) satisfies E = $c, E without $c: E = (constants). Both evaluate E at least
 * once, compare the same pairs and stop at the first true one. */
static int opt_some(struct xn **n, struct xparse *p)
{
    struct xn *x = *n, *list = x->k[0], *body = x->k[1], *cmp;

    if (opt_foregone(n, p) < 0)
        return -1;
    if (*n != x)
        return 0;
    x->k[0] = list = unordered(list);
    if (x->op != OP_SOME || body->op != OP_GCMP || body->sub != CMP_EQ || !all_strings(list))
        return 0;
    for (int i = 0; i < 2; i++) {
        struct xn *v = body->k[1 - i];
        if (body->k[i]->op != OP_LOCAL || body->k[i]->slot != x->slot || uses_slot(v, x->slot))
            continue;
        if (!(cmp = new_node(p, OP_GCMP, 2, x->pos)))
            return -1;
        cmp->k[0] = v;
        cmp->k[1] = list;
        xtypes(cmp, p);
        *n = cmp;
        return opt_gcmp(n, p);
    }
    return 0;
}

/* for $x in E return $x; let $x := constant return what no longer asks for it */
static int opt_binding(struct xn **n, struct xparse *p)
{
    struct xn *x = *n, *body = x->k[1];

    (void)p;
    if (x->op == OP_FOR && body->op == OP_LOCAL && body->slot == x->slot)
        *n = x->k[0];
    else if (x->op == OP_BIND && x->k[0]->op == OP_CONST && !uses_slot(body, x->slot))
        *n = body;
    return 0;
}

/* contains(' A B ', concat(' ', E, ' ')) */
static int opt_contains(struct xn **n, struct xparse *p)
{
    struct xn *x = *n, *cat, *s;
    struct xset *set;
    struct str hay, l, r;

    if (x->nk != 2 || !is_const_str(x->k[0], &hay) || !xfn_is(cat = x->k[1], "concat") ||
        cat->nk != 3 || !is_const_str(cat->k[0], &l) || !is_const_str(cat->k[2], &r) ||
        !str_eqz(l, " ") || !str_eqz(r, " "))
        return 0;
    if (!(s = new_node(p, OP_TOKENSET, 1, x->pos)))
        return -1;
    if (!(set = xset_new(p->env->a, (struct xp_seq){NULL, 0})))
        return err_nomem(p->e);
    set->hay = hay;
    for (size_t i = 0, from = hay.n; i < hay.n; i++)
        if (hay.p[i] == ' ') {
            if (from < i && !xset_add(set, p->env->a, (struct str){hay.p + from, i - from}))
                return err_nomem(p->e);
            from = i + 1;
        }
    s->set = set;
    s->k[0] = cat->k[1];
    xtypes(s, p);
    *n = s;
    return 0;
}

/* ---- constants ---- */
static bool foldable(const struct xn *n)
{
    switch ((enum xop)n->op) {
    case OP_COMMA:
    case OP_FILTER:
    case OP_OR:
    case OP_AND:
    case OP_GCMP:
    case OP_VCMP:
    case OP_ARITH:
    case OP_NEG:
    case OP_IF:
    case OP_INSTANCE:
    case OP_CASTABLE:
        break;
    case OP_CAST:
        if (n->st->prim == XP_QNAME)
            return false;
        break;
    case OP_CALL:
        if (n->deps || xfn_is(n, "error") || xfn_is(n, "trace"))
            return false;
        break;
    default:
        return false;
    }
    for (uint32_t i = 0; i < n->nk; i++)
        if (n->k[i]->op != OP_CONST || n->k[i]->seq.n > 100000)
            return false;
    return true;
}

static int constant_value(const struct xn *n, struct xparse *p, struct xp_seq *out, struct err *why)
{
    static const struct xp_limits lim = {.operations = 10000000,
        .memory = 64 << 20,
        .items = 1000000,
        .string_bytes = 1 << 20,
        .depth = 10};
    struct xp_ctx c = {.env = p->env, .a = p->env->a, .lim = lim, .e = why};
    int r;

    c.f = &c.top;
    c.top.none = true;
    r = xev_seq(&c, n, out);
    xregex_free(&c);
    return r;
}

int xopt_constant(const struct xn *n, struct xparse *p, struct err *why)
{
    struct xp_seq seq;

    return constant_value(n, p, &seq, why) >= 0;
}

static uint8_t origin(const struct xn *n)
{
    if (n->op == OP_COMMA || xfn_is(n, "true") || xfn_is(n, "false"))
        return CONST_WRITTEN;
    if (n->op != OP_CALL)
        return CONST_FOLDED;
    return !n->fn->types ? CONST_CALL : n->card != CARD_1 ? CONST_MAYBE : CONST_FOLDED;
}

/* What fails stays as it is and fails when, and if, it is evaluated. */
static int fold(struct xn **n, struct xparse *p)
{
    struct err why = ERR_INIT;
    struct xp_seq seq;
    struct xn *k;

    if (!foldable(*n))
        return 0;
    if (constant_value(*n, p, &seq, &why) < 0) {
        if (!p->eager || strcmp(why.code, "FOCH0002") != 0)
            return 0;
        return xp_static_error(p->e, why.code, p->expr, (*n)->pos, "%s", why.msg);
    }
    if (!(k = new_node(p, OP_CONST, 0, (*n)->pos)))
        return -1;
    k->seq = seq;
    k->sub = origin(*n);
    xtypes(k, p);
    *n = k;
    return 0;
}

/* A regular expression that is constant is compiled here. */
static int opt_regex(struct xn *x, uint32_t flags_at, struct xparse *p)
{
    struct str pattern, flags = STR("");

    if (x->nk < 2 || !is_const_str(x->k[1], &pattern) ||
        (x->nk > flags_at && !is_const_str(x->k[flags_at], &flags)))
        return 0;
    return xregex_constant(x, pattern, flags, p);
}

/* E[false()] */
static int opt_filter(struct xn **n, struct xparse *p)
{
    for (uint32_t i = 1; i < (*n)->nk; i++)
        if (written((*n)->k[i]) == 0) {
            *n = new_node(p, OP_CONST, 0, (*n)->pos);
            if (!*n)
                return -1;
            xtypes(*n, p);
            return 0;
        }
    return 0;
}

static int opt_call(struct xn **n, struct xparse *p)
{
    struct xn *x = *n;

    if (x->nk >= 1 && (xfn_is(x, "exists") || xfn_is(x, "empty") || xfn_is(x, "not") ||
                          xfn_is(x, "boolean") || xfn_is(x, "min") || xfn_is(x, "max")))
        x->k[0] = unordered(x->k[0]);
    if ((xfn_is(x, "exists") || xfn_is(x, "empty")) && !(x->k[0]->card & CARD_0))
        return (*n = truth(p, xfn_is(x, "exists"), x->pos)) ? 0 : -1; /* as Saxon: not evaluated */
    if (xfn_is(x, "contains"))
        return opt_contains(n, p);
    if (xfn_is(x, "matches") || xfn_is(x, "tokenize"))
        return opt_regex(x, 2, p);
    return xfn_is(x, "replace") ? opt_regex(x, 3, p) : 0;
}

/* As Saxon does: a constant true among the operands of or (false: and) decides, whatever stands
 * before it. */
static int opt_logic(struct xn **n, struct xparse *p)
{
    struct xn *x = *n;

    (void)p;
    for (uint32_t i = 0; i < x->nk; i++) {
        struct xn *k = x->k[i] = unordered(x->k[i]);
        if (k->op == OP_CONST && k->seq.n == 1 && k->seq.v->type == XP_BOOLEAN &&
            k->seq.v->b == (x->op == OP_OR)) {
            *n = k;
            return 0;
        }
    }
    return 0;
}

int xopt(struct xn **n, struct xparse *p)
{
    struct xn *x = *n;

    if (fold(n, p) < 0)
        return -1;
    if (*n != x)
        return 0;
    switch ((enum xop)x->op) {
    case OP_GLOBAL:
    case OP_LET:
    case OP_LOCAL:
        return opt_var(n, p);
    case OP_FOR:
    case OP_BIND:
        return opt_binding(n, p);
    case OP_PATH:
        return opt_path(n, p);
    case OP_STEP:
        return put_sort(n, p);
    case OP_FILTER:
        return opt_filter(n, p);
    case OP_GCMP:
        return opt_gcmp(n, p);
    case OP_SOME:
    case OP_EVERY:
        return opt_some(n, p);
    case OP_AND:
    case OP_OR:
        return opt_logic(n, p);
    case OP_IF:
        x->k[0] = unordered(x->k[0]);
        return 0;
    case OP_UNION:
    case OP_INTERSECT:
    case OP_EXCEPT:
        for (uint32_t i = 0; i < x->nk; i++)
            x->k[i] = unordered(x->k[i]);
        return 0;
    case OP_CALL:
        return opt_call(n, p);
    default:
        return 0;
    }
}
