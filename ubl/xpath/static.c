/* static.c - what is known of an expression before it runs: item types, cardinality, order of
 * nodes, and what it depends on. Bottom up, one node from its kids.
 *
 * Order: a path is in document order without duplicates when its left side is and the right side
 * stays inside each node's subtree; where that cannot be told, OP_SORT is put around (opt.c). */
#include "ubl/xpath/parse_priv.h"
#include "ubl/xpath/xpath_priv.h"

static uint64_t slot_bit(uint32_t slot)
{
    return 1ull << (slot < 63 ? slot : 63);
}

static void from_kids(struct xn *n)
{
    for (uint32_t i = 0; i < n->nk; i++) {
        n->deps |= n->k[i]->deps;
        n->locals |= n->k[i]->locals;
    }
}

static void result(struct xn *n, uint32_t types, uint8_t card)
{
    n->types = types;
    n->card = card;
}

/* Predicates see another focus; what they ask of it does not reach outside. */
static void from_predicates(struct xn *n, uint32_t first)
{
    for (uint32_t i = first; i < n->nk; i++) {
        struct xn *p = n->k[i];
        n->deps |= p->deps & (DEP_RULE | DEP_DOC);
        n->locals |= p->locals;
        if (p->op == OP_CONST && p->seq.n == 1 && p->seq.v->type == XP_INTEGER) {
            int64_t at;
            p->flags |= NF_POSCONST;
            p->slot =
                dec_to_i64(p->seq.v->dec, &at) && at > 0 && at < UINT32_MAX ? (uint32_t)at : 0;
            n->card &= CARD_OPT;
        } else if (!(p->types & T_NUM)) {
            p->flags |= NF_BOOLPRED;
        } else {
            p->flags |= NF_NUMPRED;
        }
        if (p->deps & DEP_LAST)
            n->flags |= NF_NODES;
        n->card |= CARD_0;
    }
}

static void types_step(struct xn *n)
{
    bool named = n->test.how == NT_NAME;

    result(n, T_NODE, CARD_ANY);
    n->deps = DEP_FOCUS;
    switch ((enum xaxis)n->sub) {
    case AX_ATTRIBUTE:
        n->card = named ? CARD_OPT : CARD_ANY;
        n->ord = ORD_SORTED | ORD_PEER | ORD_DOWN;
        break;
    case AX_CHILD:
        n->ord = ORD_SORTED | ORD_PEER | ORD_DOWN;
        break;
    case AX_SELF:
        n->card = CARD_OPT;
        n->ord = ORD_SORTED | ORD_PEER | ORD_DOWN;
        break;
    case AX_DESCENDANT:
    case AX_DESCENDANT_OR_SELF:
        n->ord = ORD_SORTED | ORD_DOWN;
        break;
    case AX_DESCENDANT_ATTRIBUTE:
        n->ord = ORD_SORTED | ORD_PEER | ORD_DOWN;
        break;
    case AX_PARENT:
        n->card = CARD_OPT;
        n->ord = ORD_SORTED | ORD_PEER;
        break;
    case AX_FOLLOWING_SIBLING:
        n->ord = ORD_SORTED | ORD_PEER;
        break;
    case AX_FOLLOWING:
        n->ord = ORD_SORTED;
        break;
    case AX_ANCESTOR:
    case AX_ANCESTOR_OR_SELF:
    case AX_PRECEDING:
    case AX_PRECEDING_SIBLING:
    case AX_NAMESPACE:
        n->ord = ORD_REVERSE;
        break;
    }
    from_predicates(n, 0);
    if (n->card == CARD_OPT)
        n->ord = (n->ord & ORD_DOWN) | ORD_SORTED | ORD_PEER;
}

static uint8_t path_order(const struct xn *l, const struct xn *r)
{
    uint8_t down = l->ord & r->ord & ORD_DOWN;

    if (!(l->card & CARD_N))
        return (uint8_t)((r->ord & ~ORD_DOWN) | down);
    if ((l->ord & ORD_SORTED) && (l->ord & ORD_PEER) && (r->ord & ORD_DOWN) &&
        (r->ord & ORD_SORTED))
        return (uint8_t)(ORD_SORTED | (r->ord & ORD_PEER) | down);
    if ((l->ord & ORD_SORTED) && r->op == OP_STEP && r->sub == AX_ATTRIBUTE)
        return (uint8_t)(ORD_SORTED | ORD_PEER | down);
    if ((l->ord & ORD_SORTED) && r->op == OP_STEP && r->sub == AX_SELF)
        return (uint8_t)(ORD_SORTED | (l->ord & ORD_PEER) | down);
    return 0;
}

static void types_path(struct xn *n)
{
    const struct xn *l = n->k[0], *r = n->k[1];

    n->types = r->types;
    n->card = (uint8_t)((l->card | r->card) & CARD_N             ? CARD_ANY
                        : l->card == CARD_1 && r->card == CARD_1 ? CARD_1
                                                                 : CARD_OPT);
    n->deps = l->deps | (r->deps & (DEP_RULE | DEP_DOC));
    n->locals = l->locals | r->locals;
    n->ord = path_order(l, r);
}

static void types_union(struct xn *n)
{
    uint8_t all = ORD_SORTED | ORD_PEER | ORD_DOWN;

    from_kids(n);
    result(n, T_NODE, CARD_ANY);
    for (uint32_t i = 0; i < n->nk; i++) {
        all &= n->k[i]->ord | ORD_SORTED;
        if (n->k[i]->op != OP_STEP || (n->k[i]->sub != AX_CHILD && n->k[i]->sub != AX_ATTRIBUTE))
            all &= (uint8_t)~ORD_PEER;
    }
    n->ord = all | ORD_SORTED;
}

static void note_slot(struct xparse *p, uint32_t slot, uint32_t types, uint8_t card)
{
    if (slot < 64) {
        p->slot_types[slot] = types;
        p->slot_card[slot] = card;
    }
}

/* Called between the analysis of kid 0 and of the body. */
static void bind_slot(struct xn *n, struct xparse *p)
{
    const struct xn *v = n->k[0];

    if (n->slot < 64)
        p->slot_const[n->slot] = n->op == OP_BIND && v->op == OP_CONST ? v : NULL;
    if (n->op == OP_BIND)
        note_slot(p, n->slot, v->types, v->card);
    else
        note_slot(p, n->slot, v->types, CARD_1);
}

static uint8_t for_card(uint8_t in, uint8_t body)
{
    if (!((in | body) & CARD_N))
        return in & body & CARD_1 && !((in | body) & CARD_0) ? CARD_1 : CARD_OPT;
    return (in | body) & CARD_0 ? CARD_ANY : CARD_MANY1;
}

static void types_binding(struct xn *n)
{
    const struct xn *v = n->k[0], *body = n->k[1];
    uint64_t hide = n->slot < 63 ? ~slot_bit(n->slot) : ~0ull;

    n->deps = v->deps | body->deps;
    n->locals = v->locals | (body->locals & hide);
    if (n->op == OP_BIND)
        result(n, body->types, body->card);
    else if (n->op == OP_FOR)
        result(n, body->types, for_card(v->card, body->card));
    else
        result(n, T_BOOL, CARD_1);
}

static const struct xlet *find_let(const struct xparse *p, uint32_t slot)
{
    const struct xlet *v = p->scope ? p->scope->last : NULL;

    while (v && v->slot != slot)
        v = v->prev;
    return v;
}

static void types_var(struct xn *n, const struct xparse *p)
{
    const struct xlet *let = n->op == OP_LET ? find_let(p, n->slot) : NULL;

    result(n, T_ANY, CARD_ANY);
    if (n->op == OP_LOCAL) {
        n->locals = slot_bit(n->slot);
        if (n->slot < 64)
            result(n, p->slot_types[n->slot], p->slot_card[n->slot]);
    } else if (n->op == OP_LET) {
        n->deps = DEP_RULE;
        if (let && let->value)
            result(n, let->value->types, let->value->card);
    } else {
        n->deps = DEP_DOC;
    }
    n->ord = n->card & CARD_N ? 0 : ORD_SORTED | ORD_PEER;
}

static uint32_t atomized(uint32_t types)
{
    uint32_t t = types & T_ATOMIC;

    return types & T_NODE ? t | T(XP_UNTYPED) | T_STR : t;
}

/* Functions that give the empty sequence for an empty first argument and for nothing else. */
static bool empty_with_first(const struct xn *n)
{
    static const char *const names[] = {"abs", "ceiling", "floor", "round", "round-half-to-even",
        "adjust-date-to-timezone", "adjust-dateTime-to-timezone", "adjust-time-to-timezone",
        "resolve-QName"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (xfn_is(n, names[i]))
            return true;
    if (str_has_prefix(str_z(n->fn->name), STR("timezone-"))) /* there may be none */
        return false;
    return strstr(n->fn->name, "-from-date") || strstr(n->fn->name, "-from-time") ||
           strstr(n->fn->name, "-from-duration");
}

static void types_call(struct xn *n)
{
    const struct xfn *fn = n->fn;

    from_kids(n);
    result(n, fn->types ? fn->types : n->nk ? n->k[0]->types : T_ANY, fn->card);
    if (fn->card == CARD_OPT && n->nk && n->k[0]->card == CARD_1 && empty_with_first(n))
        n->card = CARD_1;
    if (!fn->types && fn->card == 0)
        n->card = n->nk ? n->k[0]->card | CARD_0 : CARD_ANY;
    if ((int)n->nk == fn->min && fn->focus0)
        n->deps |= DEP_FOCUS;
    n->deps |= fn->deps;
}

static uint32_t stype_types(const struct stype *st)
{
    if (st->any)
        return T_ANY;
    if (!st->atomic)
        return T_NODE;
    return st->any_atomic ? T_ATOMIC : T(st->prim);
}

/* What comes out of the pairs of types that go together; of none: an error when it is evaluated. */
static uint32_t arith_types(enum xarith op, uint32_t x, uint32_t y)
{
    const uint32_t number = T_NUM | T(XP_UNTYPED);
    uint32_t out = 0;

    x = atomized(x);
    y = atomized(y);
    if ((x & number) && (y & number))
        out |= T_NUM;
    if (op == AR_ADD || op == AR_SUB) {
        if (y & T_DURATION)
            out |= x & (T_INSTANT | T_DURATION);
        if (x & T_DURATION)
            out |= y & (T_DURATION | (op == AR_ADD ? T_INSTANT : 0));
        if (op == AR_SUB && (x & T_INSTANT) && (y & T_INSTANT))
            out |= T(XP_DAYTIMEDURATION);
    }
    if ((op == AR_MUL || op == AR_DIV) && (y & number))
        out |= x & T_DURATION;
    if (op == AR_MUL && (x & number))
        out |= y & T_DURATION;
    if (op == AR_DIV && (x & T_DURATION) && (y & T_DURATION))
        out |= T_NUM;
    return out ? out : T_NUM;
}

static void types_cast(struct xn *n)
{
    from_kids(n);
    result(n, T(n->st->prim), n->st->occ & n->k[0]->card & CARD_0 ? CARD_OPT : CARD_1);
}

static void types_alternatives(struct xn *n, uint32_t first)
{
    uint8_t ord = 0xFF;

    from_kids(n);
    for (uint32_t i = first; i < n->nk; i++) {
        n->types |= n->k[i]->types;
        n->card |= n->k[i]->card;
        ord &= n->k[i]->card == CARD_0 ? 0xFF : n->k[i]->ord;
    }
    n->ord = ord;
}

static void types_const(struct xn *n)
{
    n->card = n->seq.n == 0 ? CARD_0 : n->seq.n == 1 ? CARD_1 : CARD_N;
    for (size_t i = 0; i < n->seq.n; i++)
        n->types |= T(n->seq.v[i].type);
    n->ord = ORD_SORTED | ORD_PEER;
}

static void types_filter(struct xn *n)
{
    const struct xn *b = n->k[0];

    n->deps = b->deps;
    n->locals = b->locals;
    result(n, b->types, b->card);
    n->ord = b->ord;
    from_predicates(n, 1);
}

static void types_comma(struct xn *n)
{
    uint32_t least = 0;

    from_kids(n);
    for (uint32_t i = 0; i < n->nk; i++) {
        n->types |= n->k[i]->types;
        least += n->k[i]->card & CARD_0 ? 0 : n->k[i]->card == CARD_N ? 2 : 1;
    }
    n->card = !n->nk ? CARD_0 : least > 1 ? CARD_N : least ? CARD_MANY1 : CARD_ANY;
}

/* Node paths and tests of them: nothing to cast, no cardinality to break. What is not listed may
 * fail. */
static bool is_safe(const struct xn *n)
{
    switch ((enum xop)n->op) {
    case OP_CONST:
    case OP_DOT:
    case OP_ROOT:
    case OP_STEP:
    case OP_SORT:
    case OP_CACHED:
    case OP_MEMO:
    case OP_CHAIN:
    case OP_OR:
    case OP_AND:
        break;
    case OP_PATH:
    case OP_FILTER:
        if (n->k[0]->types & ~T_NODE)
            return false;
        break;
    case OP_UNION:
        for (uint32_t i = 0; i < n->nk; i++)
            if (n->k[i]->types & ~T_NODE)
                return false;
        break;
    case OP_GCMP:
    case OP_INSET:
        for (uint32_t i = 0; i < n->nk; i++)
            if (n->k[i]->types & ~(T_NODE | T_STRINGY))
                return false;
        break;
    case OP_INDEXED:
        return (n->k[1]->flags & NF_SAFE) != 0;
    case OP_CALL:
        if (!xfn_is(n, "exists") && !xfn_is(n, "empty") && !xfn_is(n, "not") &&
            !xfn_is(n, "count") && !xfn_is(n, "true") && !xfn_is(n, "false"))
            return false;
        if (xfn_is(n, "not") && (n->k[0]->types & ~(T_NODE | T_BOOL)))
            return false;
        break;
    default:
        return false;
    }
    if (n->op == OP_OR || n->op == OP_AND)
        for (uint32_t i = 0; i < n->nk; i++)
            if (n->k[i]->types & ~(T_NODE | T_BOOL))
                return false;
    for (uint32_t i = 0; i < n->nk; i++) {
        const struct xn *k = n->k[i];
        bool pred = n->op == OP_STEP || (n->op == OP_FILTER && i > 0);
        if (!(k->flags & NF_SAFE))
            return false;
        if (pred && (k->types & ~(T_NODE | T_BOOL)) && !(k->flags & NF_POSCONST))
            return false;
    }
    return true;
}

static bool is_light(const struct xn *n)
{
    switch ((enum xop)n->op) {
    case OP_CONST:
    case OP_DOT:
    case OP_ROOT:
    case OP_PATH:
    case OP_FILTER:
    case OP_OR:
    case OP_AND:
    case OP_CACHED:
    case OP_MEMO:
    case OP_CHAIN:
    case OP_INSET:
    case OP_SEENBEFORE:
        break;
    case OP_STEP:
        if (n->sub == AX_PRECEDING_SIBLING)
            return false;
        break;
    case OP_GCMP:
        if ((n->k[0]->card & CARD_N) && (n->k[1]->card & CARD_N))
            return false;
        for (uint32_t i = 0; i < 2; i++)
            if (n->k[i]->types & ~(T_NODE | T_STRINGY | T_BOOL | T_NUM))
                return false;
        break;
    case OP_CALL:
        if (!xfn_is(n, "exists") && !xfn_is(n, "empty") && !xfn_is(n, "not") &&
            !xfn_is(n, "count") && !xfn_is(n, "true") && !xfn_is(n, "false") &&
            !xfn_is(n, "string-length") && !xfn_is(n, "contains") && !xfn_is(n, "starts-with"))
            return false;
        break;
    default:
        return false;
    }
    if (n->flags & NF_NODES)
        return false;
    for (uint32_t i = 0; i < n->nk; i++)
        if (!(n->k[i]->flags & NF_LIGHT))
            return false;
    return true;
}

static void infer(struct xn *n, struct xparse *p);

/* count(E) against a small constant: the constant goes into slot. */
static void with_count(struct xn *n)
{
    const struct xn *k = n->k[1];
    int64_t v;

    if (k->op == OP_CONST && k->seq.n == 1 && k->seq.v->type == XP_INTEGER &&
        xfn_is(n->k[0], "count") && dec_to_i64(k->seq.v->dec, &v) && v >= 0 && v < 1000000) {
        n->flags |= NF_COUNT;
        n->slot = (uint32_t)v;
    }
}

void xtypes(struct xn *n, struct xparse *p)
{
    infer(n, p);
    if (n->op == OP_GCMP)
        with_count(n);
    n->flags &= (uint8_t) ~(NF_SAFE | NF_LIGHT);
    if (is_safe(n))
        n->flags |= NF_SAFE;
    if (is_light(n))
        n->flags |= NF_LIGHT;
}

static void types_dot(struct xn *n)
{
    result(n, T_ANY, CARD_1);
    n->deps = DEP_FOCUS;
    n->ord = ORD_SORTED | ORD_PEER | ORD_DOWN;
}

static uint8_t range_card(const struct xn *n)
{
    int64_t end[2];

    for (uint32_t i = 0; i < 2; i++)
        if (n->k[i]->op != OP_CONST || n->k[i]->seq.n != 1 || n->k[i]->seq.v->type != XP_INTEGER ||
            !dec_to_i64(n->k[i]->seq.v->dec, &end[i]))
            return CARD_ANY;
    return end[0] > end[1] ? CARD_0 : end[0] == end[1] ? CARD_1 : CARD_N;
}

static void types_ucall(struct xn *n)
{
    from_kids(n);
    n->deps |= DEP_DOC;
    result(n, n->ufn->type ? stype_types(n->ufn->type) : T_ANY,
        n->ufn->type ? n->ufn->type->occ : CARD_ANY);
}

static void types_of_kids(struct xn *n, uint32_t types, uint8_t card)
{
    from_kids(n);
    result(n, types, card);
}

/* Another way to the same value. */
static void types_as(struct xn *n, const struct xn *same)
{
    n->deps = same->deps;
    n->locals = same->locals;
    n->ord = same->ord;
    result(n, same->types, same->card);
}

static void infer(struct xn *n, struct xparse *p)
{
    n->types = 0;
    n->card = n->ord = n->deps = 0;
    n->locals = 0;
    switch ((enum xop)n->op) {
    case OP_CONST:
        types_const(n);
        return;
    case OP_COMMA:
        types_comma(n);
        return;
    case OP_LOCAL:
    case OP_LET:
    case OP_GLOBAL:
        types_var(n, p);
        return;
    case OP_DOT:
        types_dot(n);
        return;
    case OP_ROOT:
        result(n, T_NODE, CARD_1);
        n->deps = DEP_DOC;
        n->ord = ORD_SORTED | ORD_PEER;
        return;
    case OP_STEP:
        types_step(n);
        return;
    case OP_PATH:
        types_path(n);
        return;
    case OP_FILTER:
        types_filter(n);
        return;
    case OP_SORT:
        from_kids(n);
        result(n, n->k[0]->types, n->k[0]->card);
        n->ord = ORD_SORTED | (n->k[0]->ord & ORD_DOWN);
        return;
    case OP_UNION:
        types_union(n);
        return;
    case OP_INTERSECT:
    case OP_EXCEPT:
        from_kids(n);
        result(n, T_NODE, CARD_ANY);
        n->ord = ORD_SORTED | (n->k[0]->ord & ORD_DOWN);
        return;
    case OP_OR:
    case OP_AND:
    case OP_GCMP:
    case OP_INSTANCE:
    case OP_CASTABLE:
    case OP_INSET:
    case OP_TOKENSET:
    case OP_SEENBEFORE:
        from_kids(n);
        result(n, T_BOOL, CARD_1);
        return;
    case OP_VCMP:
    case OP_NCMP:
        from_kids(n);
        result(n, T_BOOL, n->k[0]->card == CARD_1 && n->k[1]->card == CARD_1 ? CARD_1 : CARD_OPT);
        return;
    case OP_RANGE:
        types_of_kids(n, T_INT, range_card(n));
        return;
    case OP_ARITH:
        from_kids(n);
        result(n, arith_types((enum xarith)n->sub, n->k[0]->types, n->k[1]->types),
            n->k[0]->card == CARD_1 && n->k[1]->card == CARD_1 ? CARD_1 : CARD_OPT);
        return;
    case OP_NEG:
        from_kids(n);
        result(n, T_NUM, n->k[0]->card == CARD_1 ? CARD_1 : CARD_OPT);
        return;
    case OP_IF:
        types_alternatives(n, 1);
        return;
    case OP_FOR:
    case OP_SOME:
    case OP_EVERY:
    case OP_BIND:
        types_binding(n);
        return;
    case OP_TREAT:
    case OP_CONVERT:
        from_kids(n);
        result(n, stype_types(n->st), n->st->occ);
        return;
    case OP_CAST:
        types_cast(n);
        return;
    case OP_CALL:
        types_call(n);
        return;
    case OP_UCALL:
        types_ucall(n);
        return;
    case OP_VALUE_OF:
    case OP_DOCNODE:
        types_of_kids(n, T(n->op == OP_VALUE_OF ? XP_TEXT_NODE : XP_DOC_NODE), CARD_1);
        return;
    case OP_EACH:
        from_kids(n);
        n->deps |= n->k[0]->deps;
        result(n, n->k[1]->types, CARD_ANY);
        return;
    case OP_INDEXED:
        types_as(n, n->k[1]);
        return;
    case OP_CACHED:
    case OP_MEMO:
    case OP_CHAIN:
        types_as(n, n->k[0]);
        return;
    case OP_N:
        return;
    }
}

/* What kid `i` sees as context item: 0 unless that is known to be no node. */
static uint32_t focus_for(const struct xn *x, uint32_t i, uint32_t outer)
{
    bool changes = x->op == OP_STEP || (i > 0 && (x->op == OP_FILTER || x->op == OP_PATH)) ||
                   (i > 0 && x->op == OP_EACH);

    if (!changes)
        return outer;
    if (x->op == OP_PATH && !x->sub) /* a / whose left side is no node is an error of its own */
        return 0;
    return x->op == OP_STEP || (x->k[0]->types & T_NODE) ? 0 : x->k[0]->types;
}

/* () + x, x eq (): the answer is (), and as in Saxon x is not looked at. */
static struct xn *empty_operand(const struct xn *x)
{
    if (x->op != OP_ARITH && x->op != OP_VCMP && x->op != OP_NCMP)
        return NULL;
    for (uint32_t i = 0; i < x->nk; i++)
        if (x->k[i]->op == OP_CONST && !x->k[i]->seq.n)
            return x->k[i];
    return NULL;
}

int xstatic(struct xn **n, struct xparse *p)
{
    struct xn *empty;
    struct xn *x = *n;
    uint32_t outer = p->focus_types;
    int r = 0;

    if (++p->deep > XP_DEEP_MAX)
        return xp_static_error(p->e, "xpath.limit.depth", p->expr, x->pos,
            "more than %u operations build on each other", XP_DEEP_MAX);
    for (uint32_t i = 0; i < x->nk && r == 0; i++) {
        p->focus_types = focus_for(x, i, outer);
        r = xstatic(&x->k[i], p);
        if (r == 0 && i == 0 && x->op >= OP_FOR && x->op <= OP_BIND)
            bind_slot(x, p);
    }
    p->focus_types = outer;
    p->deep--;
    if (r < 0)
        return -1;
    xtypes(x, p);
    if (x->op == OP_DOT && outer)
        x->types = outer;
    if (xcheck(x, p) < 0)
        return -1;
    if ((empty = empty_operand(x))) {
        *n = empty;
        return 0;
    }
    return xopt(n, p);
}
