/* str.h - a borrowed slice of bytes. Never owns; not NUL-terminated unless said. */
#ifndef AP_BASE_STR_H
#define AP_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct str {
    const char *p;
    size_t n;
};

#define STR(lit) ((struct str){(lit), sizeof(lit) - 1})
#define STR_FMT(s) (int)(s).n, (s).p /* for "%.*s" */

static inline struct str str_z(const char *z) /* NULL gives the empty string */
{
    return (struct str){z ? z : "", z ? strlen(z) : 0};
}
static inline bool str_eq(struct str a, struct str b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}
static inline bool str_eqz(struct str a, const char *z)
{
    return str_eq(a, str_z(z));
}
bool str_ieq(struct str a, struct str b); /* ASCII case-insensitive */
bool str_has_prefix(struct str s, struct str prefix);
bool str_has_suffix(struct str s, struct str suffix);
/* Index of the first / last occurrence, or s.n when absent. An empty needle is at 0 / s.n. */
size_t str_find(struct str s, struct str needle);
size_t str_rfind(struct str s, struct str needle);
struct str str_sub(struct str s, size_t from, size_t n); /* clipped to s */
struct str str_trim(struct str s);                       /* XML white space: space tab CR LF */

/* Bytes of the first character when it is UTF-8 as RFC 3629 has it, else 0. */
size_t str_utf8(struct str s);
bool str_is_utf8(struct str s);

/* Levenshtein distance, for "the nearest name is"; 99 when one is 64 bytes or longer. */
size_t str_distance(struct str a, struct str b);

/* Decimal digits only, no sign, no space; false on anything else or past max. */
bool str_to_u64(struct str s, unsigned long long max, unsigned long long *out);

#endif
