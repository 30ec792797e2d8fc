/* ucs_priv.h - the generated tables; all sorted by code point. */
#ifndef UBL_ATOMIC_UCS_PRIV_H
#define UBL_ATOMIC_UCS_PRIV_H

#include <stddef.h>
#include <stdint.h>

/* first, first + stride, ... last map to themselves + delta */
struct ucs_case {
    uint32_t first, last;
    uint32_t stride;
    int32_t delta;
};
/* a code point that becomes two or three (0 = no third) */
struct ucs_special {
    uint32_t cp;
    uint16_t to[3];
};
struct ucs_decomposition {
    uint32_t cp;
    uint16_t at; /* in ucs_decomposed */
    uint8_t n;
    uint8_t compat; /* only for NFKC, NFKD */
};
struct ucs_class {
    uint32_t first, last;
    uint8_t ccc;
};
struct ucs_pair {
    uint32_t a, b, composed;
};

extern const struct ucs_case ucs_uppers[], ucs_lowers[];
extern const struct ucs_special ucs_upper_special[], ucs_lower_special[];
extern const struct ucs_decomposition ucs_decompositions[];
extern const uint32_t ucs_decomposed[];
extern const struct ucs_class ucs_classes[];
extern const struct ucs_pair ucs_pairs[];
extern const size_t ucs_uppers_count, ucs_lowers_count, ucs_upper_special_count,
    ucs_lower_special_count, ucs_decompositions_count, ucs_classes_count, ucs_pairs_count;

#endif
