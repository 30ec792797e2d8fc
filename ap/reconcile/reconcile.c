/* reconcile.c - one number against the journal. */
#include "ap/reconcile/reconcile.h"

#define PAGE 64

static const char *const words[RECONCILE_CLASSES] = {"reached", "waiting", "late", "unknown",
    "expired", "refused", "cancelled", "rejected", "never-handed-in"};

const char *reconcile_class_word(enum reconcile_class c)
{
    return words[c];
}

static enum reconcile_class classify(const struct out_row *r, const struct reconcile_cfg *c)
{
    enum proof_level need = c->level < 0 ? r->require : (enum proof_level)c->level;

    switch (r->state) {
    case OUT_REFUSED:
        return RECONCILE_REFUSED;
    case OUT_REJECTED:
        return RECONCILE_REJECTED;
    case OUT_CANCELLED:
        return RECONCILE_CANCELLED;
    case OUT_EXPIRED_UNSENT:
        return RECONCILE_EXPIRED;
    default:
        break;
    }
    if (r->level >= need && r->level > PROOF_NONE)
        return RECONCILE_REACHED;
    if (r->state == OUT_UNKNOWN || r->state == OUT_EXPIRED_UNKNOWN)
        return RECONCILE_UNKNOWN;
    return store_is_late(r, c->now) ? RECONCILE_LATE : RECONCILE_WAITING;
}

/* Participants are kept with their scheme; a list has them as people write them. */
static bool is_supplier(const struct out_row *r, struct str wanted)
{
    struct str sender = str_z(r->sender), supplier = str_z(r->supplier);
    size_t colon = str_find(sender, STR("::"));

    return !wanted.n || str_ieq(wanted, sender) || str_ieq(wanted, supplier) ||
           (colon < sender.n && str_ieq(wanted, str_sub(sender, colon + 2, sender.n)));
}

struct best { /* of one supplier */
    const char *sender;
    enum reconcile_class class;
    const struct out_row *doc;
};
struct search {
    struct best by[PAGE];
    size_t n;
};

static void judge(struct search *x, const struct out_row *r, const struct reconcile_cfg *c)
{
    enum reconcile_class class = classify(r, c);
    size_t i = 0;

    while (i < x->n && !str_eqz(str_z(x->by[i].sender), r->sender))
        i++;
    if (i == PAGE)
        return; /* the newest suppliers of this number are enough to say no */
    if (i == x->n || class < x->by[i].class)
        x->by[i] = (struct best){r->sender, class, r};
    x->n += i == x->n;
}

int reconcile_find(struct reconcile_found *out, const struct reconcile_cfg *c,
    const struct reconcile_item *item, struct arena *a, struct err *e)
{
    struct store_filter f = STORE_FILTER_ALL;
    struct search x = {.n = 0};
    size_t n = PAGE;

    *out = (struct reconcile_found){.class = RECONCILE_NEVER};
    f.tenant = c->tenant;
    f.since = c->since;
    if (!(f.invoice = arena_dup(a, item->number)))
        return err_nomem(e);
    while (n == PAGE) {
        struct out_row *rows = arena_alloc(a, PAGE * sizeof(*rows));
        if (!rows || store_out_list(rows, PAGE, &n, c->store, &f, a, e))
            return rows ? -1 : err_nomem(e);
        for (size_t i = 0; i < n; i++) {
            f.before = rows[i].row;
            if (!is_supplier(&rows[i], item->supplier))
                continue;
            out->documents++;
            out->reached += classify(&rows[i], c) == RECONCILE_REACHED;
            judge(&x, &rows[i], c);
        }
    }
    for (size_t i = 0; i < x.n; i++)
        if (i == 0 || x.by[i].class > out->class) {
            out->class = x.by[i].class;
            out->doc = *x.by[i].doc;
        }
    return 0;
}
