/* compile.c - expressions and sequence constructors to analysed trees; calls of user functions. */
#include "ubl/xpath/parse_priv.h"
#include "ubl/xpath/xpath_priv.h"

void xparse_init(struct xparse *p, struct xp_env *env, const struct xp_scope *scope, struct err *e)
{
    *p = (struct xparse){.env = env, .scope = scope, .e = e};
    for (size_t i = 0; i < 64; i++) {
        p->slot_types[i] = T_ANY;
        p->slot_card[i] = CARD_ANY;
    }
}

static int analyse(struct xn **n, struct xparse *p)
{
    if (xstatic(n, p) < 0)
        return -1;
    return xshare(n, p);
}

int xcompile_expr(struct xn **out, struct xparse *p, struct str expr)
{
    if (xparse_expr(out, p, expr) < 0)
        return -1;
    return analyse(out, p);
}

/* ---- constructors: parsed whole, analysed once at the top ---- */
static struct xn *constant(struct xparse *p, struct str s)
{
    struct xn *n = xparse_node(p, OP_CONST, 0);
    struct xp_item *it = arena_alloc(p->env->a, sizeof(*it));

    if (!n || !it) {
        (void)err_nomem(p->e);
        return NULL;
    }
    *it = xstring(s);
    n->seq = (struct xp_seq){it, 1};
    return n;
}

static struct xn *select_of(struct xparse *p, struct str expr)
{
    struct xn *n = NULL;

    if (!expr.p) {
        (void)err_set(p->e, ERR_INPUT, "XTSE0010", "XSLT 2.0", "select or test is missing");
        return NULL;
    }
    return xparse_expr(&n, p, expr) < 0 ? NULL : n;
}

static struct xn *list(struct xparse *p, const struct xp_instr *i);

/* Instructions that follow each other lie in each other, as the branches of xsl:choose do. */
static bool too_deep(struct xparse *p)
{
    if (++p->deep <= XP_DEEP_MAX)
        return false;
    (void)err_set(p->e, ERR_INPUT, "xpath.limit.depth", "",
        "more than %u instructions follow each other", XP_DEEP_MAX);
    return true;
}

static struct xn *text_node(struct xparse *p, struct xn *value, struct str separator)
{
    struct xn *n = value ? xparse_node(p, OP_VALUE_OF, 2) : NULL;

    if (!n)
        return NULL;
    n->k[0] = value;
    return (n->k[1] = constant(p, separator)) ? n : NULL;
}

static struct xn *choose(struct xparse *p, const struct xp_instr *w)
{
    struct xn *n;

    if (!w)
        return xparse_node(p, OP_CONST, 0);
    if (w->kind == XP_OTHERWISE)
        return list(p, w->body);
    if (too_deep(p) || !(n = xparse_node(p, OP_IF, 3)) || !(n->k[0] = select_of(p, w->select)) ||
        !(n->k[1] = list(p, w->body)) || !(n->k[2] = choose(p, w->next)))
        return NULL;
    p->deep--;
    return n;
}

static struct xn *instruction(struct xparse *p, const struct xp_instr *i)
{
    struct xn *n;

    p->t = NULL;
    switch (i->kind) {
    case XP_SEQUENCE:
        return select_of(p, i->select);
    case XP_VALUE_OF:
        return text_node(p, i->select.p ? select_of(p, i->select) : list(p, i->body),
            i->text.p ? i->text : STR(" "));
    case XP_TEXT:
        return text_node(p, constant(p, i->text.p ? i->text : STR("")), STR(""));
    case XP_CHOOSE:
        return choose(p, i->body);
    case XP_FOR_EACH:
        if (!(n = xparse_node(p, OP_EACH, 2)) || !(n->k[0] = select_of(p, i->select)) ||
            !(n->k[1] = list(p, i->body)))
            return NULL;
        return n;
    case XP_VARIABLE:
    case XP_WHEN:
    case XP_OTHERWISE:
        break;
    }
    (void)err_set(p->e, ERR_INPUT, "XTSE0010", "XSLT 2.0", "instruction out of place");
    return NULL;
}

static struct xn *converted(struct xparse *p, struct xn *value, struct stype *type)
{
    struct xn *n = value ? xparse_node(p, OP_CONVERT, 1) : NULL;

    if (!n)
        return NULL;
    n->k[0] = value;
    n->st = type;
    return n;
}

/* The value of xsl:variable. XSLT 2.0 9.3: select; or body, a temporary tree unless there is `as`;
 * or the empty string. */
static struct xn *variable(struct xparse *p, const struct xp_instr *v)
{
    struct xn *n, *doc;
    struct stype *type = NULL;

    if (v->select.p)
        n = select_of(p, v->select);
    else if (!v->body)
        n = constant(p, STR(""));
    else
        n = list(p, v->body);
    if (!n)
        return NULL;
    if (v->as.p && str_trim(v->as).n) {
        if (!(type = arena_alloc(p->env->a, sizeof(*type)))) {
            (void)err_nomem(p->e);
            return NULL;
        }
        return xparse_type(type, p, v->as) < 0 ? NULL : converted(p, n, type);
    }
    if (v->select.p || !v->body)
        return n;
    if (!(doc = xparse_node(p, OP_DOCNODE, 1)))
        return NULL;
    doc->k[0] = n;
    return doc;
}

static struct xn *bind_rest(struct xparse *p, const struct xp_instr *i)
{
    struct xlocal *saved = p->locals, *v;
    struct str uri, local;
    struct xn *value = variable(p, i), *n;

    if (!value)
        return NULL;
    if (xparse_split_qname(p, str_trim(i->name), false, &uri, &local) < 0 ||
        !(v = xparse_bind(p, uri, local)) || !(n = xparse_node(p, OP_BIND, 2)))
        return NULL;
    n->slot = v->slot;
    n->k[0] = value;
    n->k[1] = list(p, i->next);
    p->locals = saved;
    p->n_slots--;
    return n->k[1] ? n : NULL;
}

static struct xn *list(struct xparse *p, const struct xp_instr *i)
{
    struct xn *head, *rest, *n;

    p->t = NULL;
    if (!i)
        return xparse_node(p, OP_CONST, 0);
    if (too_deep(p))
        return NULL;
    if (i->kind == XP_VARIABLE) {
        n = bind_rest(p, i);
    } else if (!(head = instruction(p, i)) || !i->next) {
        n = head;
    } else if (!(rest = list(p, i->next)) || !(n = xparse_node(p, OP_COMMA, 2))) {
        return NULL;
    } else {
        n->k[0] = head;
        n->k[1] = rest;
    }
    p->deep--;
    return n;
}

int xcompile_value(struct xn **out, struct xparse *p, const struct xp_instr *v)
{
    if (!(*out = variable(p, v)))
        return -1;
    return analyse(out, p);
}

int xcompile_body(struct xn **out, struct xparse *p, const struct xp_instr *body)
{
    if (!(*out = list(p, body)))
        return -1;
    return analyse(out, p);
}

int xcompile_convert(struct xn **n, struct xparse *p, struct stype *type)
{
    if (!(*n = converted(p, *n, type)))
        return -1;
    xtypes(*n, p);
    return 0;
}

/* ---- user functions ---- */
/* The result is complete before it goes on: the consumer needs its own frame and focus. */
int xev_ucall(struct xp_ctx *c, const struct xn *n, struct xp_seq *out)
{
    const struct ufn *u = n->ufn;
    struct xfocus none = {.none = true}, *f = c->f, *cur = c->cur;
    struct xslot *caller = c->frame, *frame = NULL;
    int r;

    if (c->calls >= c->lim.depth)
        return xlimit(c, "xpath.limit.depth", "function calls nested too deeply");
    if (u->frame && !(frame = arena_alloc(c->a, u->frame * sizeof(*frame))))
        return xnomem(c);
    for (uint32_t i = 0; i < n->nk; i++)
        frame[i] = (struct xslot){
            .state = LV_THUNK, .thunk = n->k[i], .frame = caller, .focus = f, .cur = cur};
    c->calls++;
    c->frame = frame;
    c->f = &none;
    c->cur = NULL;
    r = xev_seq(c, u->body, out);
    c->calls--;
    c->frame = caller;
    c->f = f;
    c->cur = cur;
    return r;
}

/* ---- public ---- */
static int compile(struct xp **out, struct xp_env *env, const struct xp_scope *scope,
    struct str expr, struct err *late, struct err *e)
{
    struct xp *x = arena_alloc(env->a, sizeof(*x));
    struct xparse p;

    if (env->sealed)
        return err_set(e, ERR_BUG, "xpath.order", "", "compiled after xp_env_seal");
    if (!x)
        return err_nomem(e);
    if (xp_declare_done(env, e) < 0)
        return -1;
    xparse_init(&p, env, scope, e);
    p.late = late;
    if (xcompile_expr(&x->root, &p, expr) < 0)
        return -1;
    x->absent = xabsent(x->root, &x->absent_value);
    x->frame = p.max_slots;
    x->text = p.expr;
    x->scope = scope;
    *out = x;
    return 0;
}

int xp_compile(struct xp **out, struct xp_env *env, const struct xp_scope *scope, struct str expr,
    struct err *e)
{
    return compile(out, env, scope, expr, NULL, e);
}

int xp_compile_unused(struct xp **out, struct xp_env *env, const struct xp_scope *scope,
    struct str expr, struct err *e)
{
    struct err late = ERR_INIT;

    return compile(out, env, scope, expr, &late, e);
}

bool xp_is_constant(const struct xp *x, bool value)
{
    const struct xn *n = x->root;

    return n->op == OP_CONST && n->seq.n == 1 && n->seq.v->type == XP_BOOLEAN &&
           n->seq.v->b == value;
}

int xp_compile_test(struct xp **out, struct xp_env *env, const struct xp_scope *scope,
    struct str expr, struct err *e)
{
    struct err late = ERR_INIT;
    struct xparse p;

    if (compile(out, env, scope, expr, &late, e) < 0)
        return -1;
    xparse_init(&p, env, scope, e);
    p.expr = (*out)->text;
    if (xcheck_test((*out)->root, &p) < 0)
        return -1;
    if (late.class == ERR_NONE)
        return 0;
    if (e)
        *e = late;
    return -1;
}

struct xp_scope *xp_scope_new(struct xp_env *env)
{
    struct xp_scope *s = arena_alloc(env->a, sizeof(*s));

    if (s)
        s->env = env;
    return s;
}

static int let_slot(struct xp_env *env, struct xlet *let, struct err *e)
{
    struct xlet **v = arena_grow(env->a, env->let_list, env->n_lets, &env->cap_lets, sizeof(*v));

    if (!v)
        return err_nomem(e);
    env->let_list = v;
    let->slot = env->n_lets++;
    v[let->slot] = let;
    return 0;
}

static int keep_late(struct xlet *let, const struct err *late, struct xp_env *env)
{
    struct err *kept = arena_alloc(env->a, sizeof(*kept));

    if (!kept)
        return -1;
    *kept = *late;
    let->late = kept;
    return 0;
}

int xp_scope_let(struct xp_scope *s, const struct xp_instr *value, struct err *e)
{
    struct xp_env *env = s->env;
    struct xlet *let = arena_alloc(env->a, sizeof(*let));
    struct str name = xenv_dup(env, str_trim(value->name));
    struct err late = ERR_INIT;
    struct xparse p;

    if (!let || !name.p)
        return err_nomem(e);
    if (xp_declare_done(env, e) < 0)
        return -1;
    xparse_init(&p, env, s, e);
    if (xparse_split_qname(&p, name, false, &let->uri, &let->local) < 0)
        return -1;
    xparse_init(&p, env, s, e);
    p.late = &late;
    if (xcompile_value(&let->value, &p, value) < 0)
        return err_wrap(e, "variable %.*s: ", STR_FMT(let->local));
    if (late.class != ERR_NONE && keep_late(let, &late, env) < 0)
        return err_nomem(e);
    let->frame = p.max_slots;
    if (let_slot(env, let, e) < 0)
        return -1;
    let->prev = s->last;
    s->last = let;
    s->n++;
    return 0;
}
