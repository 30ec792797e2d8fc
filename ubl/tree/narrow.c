/* narrow.c - a document taken out of its envelope: one element becomes the root of the tree.
 *
 * Rules and schemas speak of the document from its root, so a payload inside a
 * StandardBusinessDocument must look as if it had come alone; lines stay those of the file. */
#include "ubl/tree/tree_priv.h"

#include <stdlib.h>
#include <string.h>

static bool is_declared(const struct tree_nsdecl *v, uint32_t n, uint16_t prefix)
{
    for (uint32_t i = 0; i < n; i++)
        if (v[i].prefix == prefix)
            return true;
    return false;
}

/* Declarations of the new root: its own, and those of its ancestors that are in scope there. */
static uint32_t scope(const struct tree *t, uint32_t root, struct tree_nsdecl *out)
{
    uint32_t n = 0;

    for (uint32_t at = root; at != 0 && at != TREE_NONE; at = t->nodes[at].parent)
        for (uint32_t i = 0; i < t->n_nsdecls; i++)
            if (t->nsdecls[i].node == at && !is_declared(out, n, t->nsdecls[i].prefix))
                out[n++] = (struct tree_nsdecl){1, t->nsdecls[i].uri_id, t->nsdecls[i].prefix};
    return n;
}

static struct tree_nsdecl *move_nsdecls(const struct tree *t, uint32_t root, uint32_t *n)
{
    struct tree_nsdecl *v = calloc((size_t)t->n_nsdecls + 1, sizeof(*v));

    if (!v)
        return NULL;
    *n = scope(t, root, v);
    for (uint32_t i = 0; i < t->n_nsdecls; i++) {
        const struct tree_nsdecl *d = &t->nsdecls[i];
        if (d->node > root && d->node < t->nodes[root].end)
            v[(*n)++] = (struct tree_nsdecl){d->node - root + 1, d->uri_id, d->prefix};
    }
    return v;
}

static void move_nodes(const struct tree *t, uint32_t root, struct tree_node *out, uint32_t count)
{
    const struct tree_node *x = &t->nodes[root];

    out[0] = (struct tree_node){
        .parent = TREE_NONE, .end = count, .val = x->val, .len = x->len, .kind = TREE_DOCUMENT};
    for (uint32_t i = 1; i < count; i++) {
        out[i] = x[i - 1];
        out[i].parent = i == 1 ? 0 : x[i - 1].parent - root + 1;
        out[i].end = x[i - 1].end - root + 1;
    }
}

/* Name lists again, for the nodes that are left. */
static void index_again(struct tree *t, uint32_t *by, struct tree_name *names)
{
    uint32_t at = 0;

    for (uint32_t i = 0; i < t->n_names; i++)
        names[i].count = 0;
    for (uint32_t i = 0; i < t->n; i++)
        names[t->nodes[i].name].count++;
    names[0].count = 0;
    for (uint32_t i = 0; i < t->n_names; i++) {
        names[i].first = at;
        at += names[i].count;
        names[i].count = 0;
    }
    for (uint32_t i = 0; i < t->n; i++)
        if (t->nodes[i].name)
            by[names[t->nodes[i].name].first + names[t->nodes[i].name].count++] = i;
}

int tree_narrow(struct tree *t, uint32_t root, struct err *e)
{
    uint32_t count = t->nodes[root].end - root + 1, n_decls = 0;
    struct tree_node *nodes = calloc(count, sizeof(*nodes));
    struct tree_nsdecl *decls = move_nsdecls(t, root, &n_decls);

    if (!nodes || !decls) {
        free(nodes);
        free(decls);
        return err_nomem(e);
    }
    move_nodes(t, root, nodes, count);
    free((void *)(uintptr_t)t->nodes);
    free((void *)(uintptr_t)t->nsdecls);
    t->nodes = nodes;
    t->n = count;
    t->nsdecls = decls;
    t->n_nsdecls = n_decls;
    /* these two were allocated by the builder for at least as many entries */
    index_again(t, (uint32_t *)(uintptr_t)t->by_name, (struct tree_name *)(uintptr_t)t->names);
    return 0;
}
