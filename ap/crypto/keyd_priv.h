/* keyd_priv.h - what the tests of keyd need to know of its socket and its cell. */
#ifndef AP_CRYPTO_KEYD_PRIV_H
#define AP_CRYPTO_KEYD_PRIV_H

#include "ap/crypto/key_priv.h"

/* Requests: uint32_t op, uint32_t len, len bytes. */
enum keyd_op { KEYD_SIGN = 1, KEYD_UNWRAP = 2 };

/* From here on only the allow-list of system calls; anything else kills this process (SIGSYS). */
int keyd_confine(struct err *e) MUST_CHECK;

#endif
