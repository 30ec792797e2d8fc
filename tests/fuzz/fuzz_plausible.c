/* Targets: plausible_id, plausible_vat, plausible_iban, plausible_bic,
 * plausible_creditor_reference. A verdict has its reason exactly when it is a no. */
#include <stdint.h>
#include <stdlib.h>

#include "ubl/plausible/plausible.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(struct plausibility p)
{
    if ((p.verdict == PLAUSIBLE_NOT) != (p.why[0] != 0) ||
        (p.verdict == PLAUSIBLE_UNKNOWN) != (p.kind[0] == 0) ||
        (p.checked && p.verdict != PLAUSIBLE_OK))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str s = {(const char *)data, size}, scheme, id;
    size_t space = str_find(s, STR(" "));

    scheme = str_sub(s, 0, space);
    id = str_sub(s, space + 1, size);
    check(plausible_id(scheme, id));
    check(plausible_vat(id));
    check(plausible_iban(id));
    check(plausible_bic(id));
    check(plausible_creditor_reference(id));
    return 0;
}
