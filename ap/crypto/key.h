/* key.h - the access point's private RSA key: sign a digest, unwrap one content key, nothing else.
 *
 * The operations run in a process of their own (keyd), so that the process that parses network
 * bytes never holds the key. key_open_file() keeps it in this process: for tests and for tools that
 * sign nothing but test data. Several keys (old and new during rollover) are several struct key.
 * Any thread; calls on one key are serialised over its socket. */
#ifndef AP_CRYPTO_KEY_H
#define AP_CRYPTO_KEY_H

#include "ap/base/buf.h"
#include "ap/base/err.h"
#include "ap/base/hash.h"
#include "ap/crypto/cert.h"

struct key;
struct key_launcher;

#define KEY_CEK_MAX 32 /* bytes of a content key: AES-128 needs 16 */

/* PEM files: private key (PKCS#8 or PKCS#1) and its certificate; they must belong together
 * (key.mismatch). key.unreadable, key.size (below RSA-2048): all ERR_CONFIG. */
int key_open_file(
    struct key **out, const char *key_pem, const char *cert_pem, struct err *e) MUST_CHECK;
/* Start keyd with this key. Without a launcher it is forked here: before threads and network, from
 * a thread that lives as long as the process. keyd alone reads the key file; it closes all but its
 * socket, drops to no-new-privileges, not dumpable, seccomp allow-list; it ends with us. Other
 * errors: key.process. */
int key_open_keyd(struct key **out, struct key_launcher *l, const char *key_pem,
    const char *cert_pem, struct err *e) MUST_CHECK;
struct key *key_ref(struct key *k);
void key_close(struct key *k);              /* the last one waits for keyd's end; NULL is fine */
struct cert *key_cert(const struct key *k); /* borrowed */
bool key_alive(struct key *k);              /* false: keyd has ended, every operation fails */

/* A process of one thread that starts keyd for a service whose threads already run, where a fork
 * would copy locks that somebody holds. To be started as keyd itself is; what it started goes on
 * without it. Any thread may open keys through it. */
int key_launcher_start(struct key_launcher **out, struct err *e) MUST_CHECK;
void key_launcher_stop(struct key_launcher *l); /* NULL is fine */

/* May it sign now? Else key.expired or key.revoked (ERR_RETRY): what is to be signed waits for a
 * new one (reliability P2), and nothing is received that no receipt could be signed for. */
int key_check_usable(const struct key *k, int64_t now, struct err *e) MUST_CHECK;
/* What the revocation lists say of its certificate, see ap/daemon/prefetch.c. Any thread. */
void key_set_revoked(struct key *k, bool revoked);

/* RSASSA-PKCS1-v1_5 with SHA-256 over a digest. keyd gone: key.unavailable; no answer within 15 s,
 * the wait for other threads' turns included: key.timeout (both ERR_RETRY). A keyd that was only
 * slow is used again. */
int key_sign_sha256(
    struct key *k, struct buf *sig, const uint8_t digest[HASH_LEN], struct err *e) MUST_CHECK;
/* RSA-OAEP, SHA-256, MGF1-SHA-256, empty label. Every failure that depends on the ciphertext is the
 * one error key.unwrap (EBMS:0102) in the same time as far as OpenSSL gives it. out: KEY_CEK_MAX.
 */
int key_unwrap_oaep(
    struct key *k, uint8_t *out, size_t *out_n, const void *ct, size_t n, struct err *e) MUST_CHECK;
/* CPU time spent in the private operations so far (ms * 1000), for the bench; 0 when not known. */
uint64_t key_cpu_us(struct key *k);

/* The public halves. Is `sig` this certificate's RSASSA-PKCS1-v1_5 with SHA-256 over the digest?
 * Else key.verify. And: wrap a content key for a recipient's certificate. */
int rsa_verify_sha256(const struct cert *signer, const uint8_t digest[HASH_LEN], const void *sig,
    size_t n, struct err *e) MUST_CHECK;
int oaep_wrap(struct buf *out, const struct cert *recipient, const void *cek, size_t n,
    struct err *e) MUST_CHECK;

#endif
