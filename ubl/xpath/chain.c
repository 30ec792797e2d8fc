/* chain.c - paths of plain names: ../cac:Party/cbc:ID/@schemeID, most of what rules ask. They run
 * as loops over numbers, without a focus and a sink for each step. */
#include "ubl/xpath/names_priv.h"
#include "ubl/xpath/parse_priv.h"

struct chain { /* of one evaluation */
    struct xp_ctx *c;
    const struct xchain *x;
    struct xsink *out;
    uint32_t want[XCHAIN_MAX]; /* the document's names */
};

static int level(struct chain *r, uint32_t node, uint32_t i);

static int take(struct chain *r, uint32_t node, uint32_t i)
{
    struct xp_item it = xnode(node);

    if (xtick(r->c) < 0)
        return -1;
    return i + 1 < r->x->n ? level(r, node, i + 1) : r->out->put(r->out, r->c, &it);
}

static int attributes(struct chain *r, uint32_t node, uint32_t i)
{
    const struct tree_node *nd = r->c->nd;

    for (uint32_t k = node + 1; k <= node + nd[node].nattr; k++)
        if (nd[k].name == r->want[i])
            return take(r, k, i);
    return 0;
}

/* From a node to those of step i. */
static int level(struct chain *r, uint32_t node, uint32_t i)
{
    struct xbelow b;
    int s = 0;

    if (r->c->nd[node].kind > TREE_ELEMENT)
        return 0;
    if (i + 1 == r->x->n && r->x->attribute)
        return attributes(r, node, i);
    xbelow_children(&b, r->c, node, r->want[i], 1u << TREE_ELEMENT);
    for (uint32_t k; s == 0 && (k = xbelow_next(&b)) != TREE_NONE;)
        s = take(r, k, i);
    return s;
}

int xev_chain(struct xp_ctx *c, const struct xn *n, struct xsink *s)
{
    struct chain r = {.c = c, .x = n->chain, .out = s};
    uint32_t node;

    if (c->f->none || c->f->item.type != XP_NODE)
        return xev(c, n->k[0], s);
    for (uint32_t i = 0; i < r.x->n; i++)
        if (!(r.want[i] = c->name_map[r.x->name[i]]))
            return 0; /* the document does not use this name */
    node = r.x->root ? 0 : c->f->item.node;
    for (uint32_t up = r.x->up; up; up--)
        if ((node = c->nd[node].parent) == TREE_NONE)
            return 0;
    return level(&r, node, 0);
}

/* ---- compiling ---- */
static bool is_parent(const struct xn *n)
{
    return n->op == OP_STEP && n->sub == AX_PARENT && n->nk == 0 && n->test.how == NT_ANY &&
           n->test.kinds == 0x3F;
}

static bool add_step(struct xchain *x, const struct xn *n)
{
    bool attribute = n->sub == AX_ATTRIBUTE;

    if (is_parent(n)) {
        x->up++;
        return x->n == 0 && !x->root;
    }
    if (n->op != OP_STEP || n->nk || n->test.how != NT_NAME || x->attribute || x->n == XCHAIN_MAX ||
        (!attribute && n->sub != AX_CHILD) ||
        n->test.kinds != 1 << (attribute ? TREE_ATTRIBUTE : TREE_ELEMENT))
        return false;
    x->attribute = attribute;
    x->name[x->n++] = n->test.name;
    return true;
}

static bool read_chain(struct xchain *x, const struct xn *n)
{
    if (n->op == OP_PATH)
        return n->sub == 0 && read_chain(x, n->k[0]) && add_step(x, n->k[1]);
    if (n->op == OP_ROOT)
        return x->root = true;
    return add_step(x, n);
}

static int make_chain(struct xn *n, const struct xchain *x, struct xparse *p)
{
    struct xchain *own = arena_alloc(p->env->a, sizeof(*own));

    if (!own || xwrap(n, OP_CHAIN, p) < 0)
        return err_nomem(p->e);
    *own = *x;
    n->chain = own;
    return 0;
}

/* The longest ones; a last step behind something else stays with it (path.c looks at its name). */
int xchains(struct xn *n, struct xparse *p)
{
    struct xchain x = {.n = 0};

    if ((n->op == OP_PATH || n->op == OP_STEP) && read_chain(&x, n) && x.n)
        return make_chain(n, &x, p);
    if (n->op == OP_CHAIN)
        return 0;
    for (uint32_t i = 0; i < n->nk; i++)
        if (!(n->op == OP_PATH && i == 1 && n->k[1]->op == OP_STEP) && xchains(n->k[i], p) < 0)
            return -1;
    if (n->op == OP_PATH && n->k[1]->op == OP_STEP)
        for (uint32_t i = 0; i < n->k[1]->nk; i++)
            if (xchains(n->k[1]->k[i], p) < 0)
                return -1;
    return 0;
}
