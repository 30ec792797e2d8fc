/* dbl_priv.h - reading doubles from text, for the parsers and for decimal to double. */
#ifndef UBL_ATOMIC_DBL_PRIV_H
#define UBL_ATOMIC_DBL_PRIV_H

#include <stddef.h>

/* "-123e-45": nearest, whatever the process locale. */
double dbl_from_text(const char *z);
float flt_from_text(const char *z);
/* printf's %.*e, likewise. */
int dbl_format(double v, int digits, char *out, size_t size);

#endif
