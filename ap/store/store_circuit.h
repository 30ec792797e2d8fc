/* store_circuit.h - destinations that take nothing (ap/out/out_flow.h), remembered over a restart.
 * Conventions of store.h. */
#ifndef AP_STORE_STORE_CIRCUIT_H
#define AP_STORE_STORE_CIRCUIT_H

#include "ap/store/store.h"

struct store_circuit {
    char name[STORE_DEST];
    unsigned opens;       /* in a row; at least 1 */
    int64_t since, until; /* when it opened first; when it may be probed */
};
int store_circuit_put(struct store *s, const struct store_circuit *c, struct err *e) MUST_CHECK;
/* It works again; one that is not there is fine. */
int store_circuit_drop(struct store *s, const char *name, struct err *e) MUST_CHECK;
/* Those that documents wait for, at most max; *n: how many there are. The others are forgotten. */
int store_circuits(
    struct store_circuit *out, size_t max, size_t *n, struct store *s, struct err *e) MUST_CHECK;

#endif
