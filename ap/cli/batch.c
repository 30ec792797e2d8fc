#include "ap/cli/batch.h"

#include "ubl/rules.h"

#define ARENA_MAX ((size_t)4 << 30)
#define UBL_MAX ((size_t)512 << 20)

static int read_list(struct batch *b, const struct cli *c, struct str text, struct err *e)
{
    if (invoice_read_csv(&b->v, &b->n, text, b->a, e))
        return -1;
    if (b->n < 2 || (!cli_has(c, "key") && !cli_has(c, "attach")))
        return 0;
    return err_set(e, ERR_INPUT, "send.list", "", "%s is for one invoice, and the list has %zu",
        cli_has(c, "key") ? "--key" : "--attach", b->n);
}

static int read_json(struct batch *b, struct str text, struct err *e)
{
    if (!(b->v = arena_alloc(b->a, sizeof(struct invoice *))) || !(b->v[0] = invoice_new(b->a)))
        return err_nomem(e);
    b->n = 1;
    return invoice_read_json(b->v[0], text, e);
}

static int make_all(struct batch *b, struct err *e)
{
    if (rules_open(&b->rules, NULL, e))
        return -1;
    if (!(b->ubl = arena_alloc(b->a, (b->n + 1) * sizeof(*b->ubl))))
        return err_nomem(e);
    for (size_t i = 0; i < b->n; i++) {
        buf_init(&b->ubl[i], UBL_MAX);
        if (invoice_make(&b->ubl[i], b->v[i], NULL, b->rules, e))
            return -1;
    }
    return 0;
}

int batch_build(
    struct batch *b, const struct cli *c, const char **input, struct str text, struct err *e)
{
    bool csv = invoice_is_csv(c, *input);
    const char *given = *input;

    *b = (struct batch){.a = arena_new(ARENA_MAX)};
    if (!b->a)
        return err_nomem(e);
    if (csv ? read_list(b, c, text, e) : read_json(b, text, e))
        return -1;
    if (b->n && invoice_attach_given(b->v[0], c, input, e))
        return -1;
    *input = given;
    return make_all(b, e);
}

void batch_free(struct batch *b)
{
    for (size_t i = 0; b->ubl && i < b->n; i++)
        buf_free(&b->ubl[i]);
    rules_free(b->rules);
    arena_free(b->a);
}
