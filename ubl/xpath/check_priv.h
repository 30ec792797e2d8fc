/* check_priv.h - type errors told while compiling: check.c (operators, conditions), check_args.c
 * (arguments and operands). All return 0, or -1 and the error in p->e. */
#ifndef UBL_XPATH_CHECK_PRIV_H
#define UBL_XPATH_CHECK_PRIV_H

#include "ubl/xpath/parse_priv.h"
#include "ubl/xpath/xpath_priv.h"

#define T_GREGORIAN (T(XP_GYEAR) | T(XP_GYEARMONTH) | T(XP_GMONTH) | T(XP_GMONTHDAY) | T(XP_GDAY))
#define T_UNORDERED (T(XP_QNAME) | T_GREGORIAN)
#define T_BINARY (T(XP_HEXBINARY) | T(XP_BASE64BINARY))
#define T_NUMERIC_ARG (T_NUM | T(XP_UNTYPED))

bool xcheck_vague(const struct xn *n); /* nothing is said of its type */
uint32_t xcheck_atomized(const struct xn *n);
bool xcheck_may_be_empty(const struct xn *n);
/* An error where the expression is used: at once, or kept in p->late. */
int xcheck_late(struct xparse *p, const char *code, uint32_t pos, const char *fmt, ...)
    PRINTF(4, 5);

int xcheck_call(const struct xn *n, struct xparse *p);
int xcheck_convert(const struct xn *n, struct xparse *p);
/* Each is of one of the types wanted, and as many as `occurs` says: . ? or *. */
int xcheck_operands(
    const struct xn *n, uint32_t want, char occurs, struct xparse *p, const char *what);
int xcheck_path(const struct xn *n, struct xparse *p);

#endif
