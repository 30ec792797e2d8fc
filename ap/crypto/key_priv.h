/* key_priv.h - one key, in this process (rsa) or behind keyd's socket (fd). */
#ifndef AP_CRYPTO_KEY_PRIV_H
#define AP_CRYPTO_KEY_PRIV_H

#include <pthread.h>
#include <stdatomic.h>
#include <sys/types.h>

#include "ap/crypto/rsa_priv.h"

/* Longer than a stall that a busy machine recovers from, shorter than a peer waits for an answer.
 */
#define KEYD_WAIT_MS 15000

struct key {
    struct cert *cert;
    unsigned refs;        /* atomic */
    atomic_bool revoked;  /* its certificate */
    pthread_mutex_t lock; /* one operation at a time */
    struct rsa rsa;       /* used when fd < 0 and pid is 0 */
    int fd;               /* keyd's socket, -1: none (any more) */
    pid_t pid;            /* keyd, 0: the key is here */
    int process;          /* its pidfd, -1: none */
    int64_t wait_ms;      /* longest time for an operation, waiting for the turn included */
    bool owed;            /* keyd still has to answer a request that nobody waits for any more */
    uint64_t cpu_us;
};

/* keyd as the one that talks to it has it. */
struct keyd_child {
    int fd, process; /* its socket; its pidfd */
    pid_t pid;
};
/* Fork keyd for this certificate. `orphan`: its life hangs on the socket alone, not on us. */
int keyd_fork(struct keyd_child *out, const struct cert *c, const char *key_pem, bool orphan,
    struct err *e) MUST_CHECK;
void keyd_child_close(struct keyd_child *c);
/* Not to be seen, traced or ended by accident, and no file but the socket, which becomes
 * KEYD_SOCKET. `parent` 0: lives on when its parent ends. */
#define KEYD_SOCKET 3
int keyd_isolate(int fd, pid_t parent, const char *name, struct err *e) MUST_CHECK;
int launcher_fork(struct keyd_child *out, struct key_launcher *l, const struct cert *c,
    const char *key_pem, struct err *e) MUST_CHECK;

/* Start keyd for k->cert and wait for it to report; fills fd, process and pid. */
int keyd_start(
    struct key *k, struct key_launcher *l, const char *key_pem, struct err *e) MUST_CHECK;
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
