/* The table as data, and questions to it. */
#include "ubl/invoice/invoice_priv.h"

/* clang-format off */
const struct inv_term inv_terms[INV_TERMS] = {
#define TERM(id, group, bt, name, type, need, many, path, credit, text)                            \
    {INV_##id, INV_##group, bt, name, IT_##type, INV_##need, MANY_##many, path, credit, text,     \
        sizeof(name) - 1},
#define MANY_ONE false
#define MANY_MANY true
#include "ubl/invoice/terms_priv.h"
#undef TERM
};
/* clang-format on */

#define NEAR 3 /* letters that a misspelt name may differ in */

bool inv_below(enum inv_id id, enum inv_id group)
{
    for (; id != INV_NONE; id = inv_terms[id].group)
        if (inv_terms[id].group == group)
            return true;
    return false;
}

/* Members of a group follow it; the first term outside it ends them. */
enum inv_id inv_next_member(enum inv_id group, enum inv_id after)
{
    for (unsigned i = (after == INV_NONE ? group : after) + 1; i < INV_TERMS; i++) {
        if (inv_terms[i].group == group)
            return (enum inv_id)i;
        if (inv_terms[i].group < group)
            break;
    }
    return INV_NONE;
}

const struct inv_term *inv_member(enum inv_id group, struct str name)
{
    for (enum inv_id i = inv_next_member(group, INV_NONE); i != INV_NONE;
         i = inv_next_member(group, i))
        if (inv_terms[i].name_n == name.n && memcmp(inv_terms[i].name, name.p, name.n) == 0)
            return &inv_terms[i];
    return NULL;
}

const struct inv_term *inv_nearest(enum inv_id group, struct str name)
{
    const struct inv_term *best = NULL;
    size_t least = NEAR + 1;

    for (enum inv_id i = inv_next_member(group, INV_NONE); i != INV_NONE;
         i = inv_next_member(group, i)) {
        size_t d = str_distance(name, str_z(inv_terms[i].name));
        if (d < least && d < name.n) {
            least = d;
            best = &inv_terms[i];
        }
    }
    return best;
}
