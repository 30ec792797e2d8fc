/* keyring.h - our keys on disk while one takes over from the other.
 *
 * The key of the configuration (ap.key_file, ap.cert_file, and the old pair) and those imported
 * into a folder. All decrypt; one signs, the active one: what the folder says, else the
 * configuration's. Each step is one atomic file operation, so a crash leaves the state before it or
 * after it:
 *
 *   import    ID.key, then ID.pem        the pair counts from ID.pem on
 *   activate  active                     holds the ID that signs
 *   retire    ID.retired, then removed   not loaded any more; the active one cannot be retired
 *
 * The files that a killed step has left, halves and unpaired keys, are removed by the next step.
 * ID is the certificate's serial number in hex, which people may give in capitals and with colons,
 * as openssl shows it. One thread; steps of several processes exclude each
 * other by a lock in the folder. A service takes the folder up at its start and at each reload. */
#ifndef AP_CRYPTO_KEYRING_H
#define AP_CRYPTO_KEYRING_H

#include "ap/crypto/cert.h"

#define KEYRING_MAX 6 /* keys in use at once */
#define KEYRING_PATH 4224

struct keyring_place {
    const char *dir; /* SPOOL/keys; need not exist */
    const char *key_file, *cert_file, *old_key_file, *old_cert_file; /* "" = not set */
};
struct keyring_entry {
    struct cert *cert;
    char key_file[KEYRING_PATH], cert_file[KEYRING_PATH];
    bool active, configured;
};
struct keyring {
    struct keyring_entry entry[KEYRING_MAX]; /* the active one first */
    size_t n;
};

/* At least the active key, or key.none, key.limit, cert.malformed (ERR_CONFIG). */
int keyring_read(struct keyring *out, const struct keyring_place *p, struct err *e) MUST_CHECK;
void keyring_free(struct keyring *k);

/* A certificate and its private key out of PEM texts (`key` may be empty: both in `file`) or a
 * PKCS#12 file; of several certificates the one that the key fits. `password` may be NULL.
 * *key_pem: PKCS#8 without password, buf_wipe. key.unreadable, key.password, key.mismatch,
 * key.size, cert.malformed (ERR_INPUT). */
int keyring_parse(struct cert **cert, struct buf *key_pem, struct str file, struct str key,
    const char *password, struct err *e) MUST_CHECK;

/* The ID as we write it; at most CERT_SERIAL - 1 characters, the rest is cut. */
void keyring_id(char out[CERT_SERIAL], const char *given);

/* From here on it decrypts. A second import of the same is fine. */
int keyring_import(const struct keyring_place *p, const struct cert *c, struct str key_pem,
    struct err *e) MUST_CHECK;
/* key.none (ERR_INPUT): there is no such key. */
int keyring_activate(const struct keyring_place *p, const char *id, struct err *e) MUST_CHECK;
/* key.active (ERR_INPUT): it signs. */
int keyring_retire(const struct keyring_place *p, const char *id, struct err *e) MUST_CHECK;

#endif
