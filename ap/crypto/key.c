#include "ap/crypto/key_priv.h"

#include <poll.h>
#include <stdlib.h>
#include <time.h>

uint64_t key_thread_us(void)
{
    struct timespec t = {0};

    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

static int key_new(struct key **out, const char *cert_pem, struct err *e)
{
    struct key *k = calloc(1, sizeof(*k));

    if (!k)
        return err_nomem(e);
    if (cert_from_pem_file(&k->cert, cert_pem, e)) {
        if (e)
            e->class = ERR_CONFIG;
        free(k);
        return err_wrap(e, "own certificate: ");
    }
    k->refs = 1;
    k->fd = k->process = -1;
    k->wait_ms = KEYD_WAIT_MS;
    (void)pthread_mutex_init(&k->lock, NULL);
    *out = k;
    return 0;
}

int key_open_file(struct key **out, const char *key_pem, const char *cert_pem, struct err *e)
{
    struct key *k;

    if (key_new(&k, cert_pem, e))
        return -1;
    if (rsa_load(&k->rsa, key_pem, k->cert, e)) {
        key_close(k);
        return -1;
    }
    *out = k;
    return 0;
}

int key_open_keyd(struct key **out, struct key_launcher *l, const char *key_pem,
    const char *cert_pem, struct err *e)
{
    struct key *k;

    if (key_new(&k, cert_pem, e))
        return -1;
    if (keyd_start(k, l, key_pem, e)) {
        key_close(k);
        return -1;
    }
    *out = k;
    return 0;
}

struct key *key_ref(struct key *k)
{
    __atomic_add_fetch(&k->refs, 1, __ATOMIC_RELAXED);
    return k;
}

void key_close(struct key *k)
{
    if (!k || __atomic_sub_fetch(&k->refs, 1, __ATOMIC_ACQ_REL))
        return;
    keyd_stop(k);
    rsa_free(&k->rsa);
    cert_unref(k->cert);
    (void)pthread_mutex_destroy(&k->lock);
    free(k);
}

bool key_alive(struct key *k)
{
    struct pollfd p = {.fd = k->process, .events = POLLIN};

    return !k->pid || poll(&p, 1, 0) == 0;
}

struct cert *key_cert(const struct key *k)
{
    return k->cert;
}

/*= RELIABILITY P2 "expires mid-queue: queue waits for new key, then re-signs" */
int key_check_usable(const struct key *k, int64_t now, struct err *e)
{
    bool revoked = atomic_load(&k->revoked);

    if (!revoked && now >= k->cert->not_before && now < k->cert->not_after + 1000)
        return 0;
    (void)err_set(e, ERR_RETRY, revoked ? "key.revoked" : "key.expired",
        revoked ? "RFC 5280 5" : "RFC 5280 4.1.2.5", "our own certificate (%s, serial %s) is %s",
        k->cert->cn, k->cert->serial, revoked ? "revoked" : "not valid now");
    return err_next(e, "aviso keys import and activate a new one: what waits is signed with it");
}

void key_set_revoked(struct key *k, bool revoked)
{
    atomic_store(&k->revoked, revoked);
}

int key_sign_sha256(struct key *k, struct buf *sig, const uint8_t digest[HASH_LEN], struct err *e)
{
    uint8_t out[RSA_MAX_BYTES];
    size_t n = 0;
    uint64_t start;
    int rc;

    if (k->pid) {
        rc = keyd_sign(k, out, &n, digest, e);
    } else {
        pthread_mutex_lock(&k->lock);
        start = key_thread_us();
        rc = rsa_sign(&k->rsa, out, &n, digest, e);
        k->cpu_us += key_thread_us() - start;
        pthread_mutex_unlock(&k->lock);
    }
    if (rc)
        return -1;
    buf_add(sig, out, n);
    return buf_check(sig, e);
}

int key_unwrap_oaep(
    struct key *k, uint8_t *out, size_t *out_n, const void *ct, size_t n, struct err *e)
{
    uint64_t start;
    int rc;

    *out_n = 0;
    if (n == 0 || n > RSA_MAX_BYTES)
        return rsa_unwrap_failed(e);
    if (k->pid)
        return keyd_unwrap(k, out, out_n, ct, n, e);
    pthread_mutex_lock(&k->lock);
    start = key_thread_us();
    rc = rsa_unwrap(&k->rsa, out, out_n, ct, n, e);
    k->cpu_us += key_thread_us() - start;
    pthread_mutex_unlock(&k->lock);
    return rc;
}

uint64_t key_cpu_us(struct key *k)
{
    uint64_t us;

    pthread_mutex_lock(&k->lock);
    us = k->cpu_us;
    pthread_mutex_unlock(&k->lock);
    return us;
}
