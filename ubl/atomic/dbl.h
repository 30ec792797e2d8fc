/* dbl.h - what XPath asks of xs:double and xs:float beyond C: lexical forms, text, rounding, idiv
 * and mod.
 *
 * Plain double and float values; + - * / and comparisons are C's own. Independent of the process
 * locale. Pure functions, any thread. */
#ifndef UBL_ATOMIC_DBL_H
#define UBL_ATOMIC_DBL_H

#include <stdint.h>

#include "ap/base/err.h"
#include "ap/base/str.h"
#include "ubl/atomic/decimal.h"
#include "ubl/atomic/xerr.h"

#define DBL_TEXT_MAX 32

/* XSD lexical forms with INF, -INF, +INF, NaN; white space around allowed. XERR_FORG0001 otherwise;
 * fn:number gives NaN then. */
enum xerr dbl_parse(struct str s, double *out) MUST_CHECK;
enum xerr flt_parse(struct str s, float *out) MUST_CHECK;

/* XPath string form: shortest digits that read back the same (of powers of two, as Saxon, sometimes
 * the neighbour); decimal notation for 1e-6 <= |v| <
 * 1e6, "1.0E6" beyond. NUL-terminated; returns the length. */
size_t dbl_print(double v, char out[DBL_TEXT_MAX]);
size_t flt_print(float v, char out[DBL_TEXT_MAX]);

double dbl_round(double v);                              /* fn:round: half toward +INF, keeps -0 */
double dbl_round_to(double v, int32_t precision);        /* fn:round#2 of XPath 3.1, as Saxon */
double dbl_round_half_even(double v, int32_t precision); /* fn:round-half-to-even */
float flt_round(float v);
float flt_round_to(float v, int32_t precision);
float flt_round_half_even(float v, int32_t precision);

double dbl_mod(double x, double y); /* XPath mod = C fmod */
/* x idiv y. XERR_FOAR0001 when y is 0, XERR_FOAR0002 for NaN or infinite x. */
enum xerr dbl_idiv(struct arena *a, double x, double y, struct dec *out) MUST_CHECK;

#endif
