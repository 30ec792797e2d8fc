/* key_priv.h - one key, in this process (rsa) or behind keyd's socket (fd). */
#ifndef AP_CRYPTO_KEY_PRIV_H
#define AP_CRYPTO_KEY_PRIV_H

#include <pthread.h>
#include <sys/types.h>

#include "ap/crypto/rsa_priv.h"

/* Longer than a stall that a busy machine recovers from, shorter than a peer waits for an answer.
 */
#define KEYD_WAIT_MS 15000

struct key {
    struct cert *cert;
    pthread_mutex_t lock; /* one operation at a time */
    struct rsa rsa;       /* used when fd < 0 and pid is 0 */
    int fd;               /* keyd's socket, -1: none (any more) */
    pid_t pid;            /* keyd, 0: the key is here */
    int64_t wait_ms;      /* longest time for an operation, waiting for the turn included */
    bool owed;            /* keyd still has to answer a request that nobody waits for any more */
    uint64_t cpu_us;
};

/* Fork keyd for k->cert and wait for it to report; fills fd and pid. */
int keyd_start(struct key *k, const char *key_pem, struct err *e) MUST_CHECK;
/* One operation by keyd. Failing, it has closed k->fd when keyd cannot go on. */
int keyd_sign(struct key *k, uint8_t out[RSA_MAX_BYTES], size_t *out_n,
    const uint8_t digest[HASH_LEN], struct err *e) MUST_CHECK;
int keyd_unwrap(struct key *k, uint8_t out[KEY_CEK_MAX], size_t *out_n, const void *ct, size_t n,
    struct err *e) MUST_CHECK;
/* Waits a moment for keyd's end, then kills it. */
void keyd_stop(struct key *k);

/* CPU time of this thread, in microseconds. */
uint64_t key_thread_us(void);

#endif
