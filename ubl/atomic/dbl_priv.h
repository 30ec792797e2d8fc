/* dbl_priv.h - reading doubles from text, for the parsers and for decimal to double. */
#ifndef UBL_ATOMIC_DBL_PRIV_H
#define UBL_ATOMIC_DBL_PRIV_H

#include <stddef.h>
#include <stdint.h>

/* "-123e-45": nearest, whatever the process locale. */
double dbl_from_text(const char *z);
float flt_from_text(const char *z);
/* printf's %.*e, likewise. */
int dbl_format(double v, int digits, char *out, size_t size);
/* The fewest digits that read back as v, as an integer: v = digits × 10^exp. v is finite. */
void dbl_shortest(double v, int64_t *digits, int *exp);

#endif
