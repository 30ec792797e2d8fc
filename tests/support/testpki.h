/* testpki.h - a Peppol-like PKI made in memory: root, AP CA, SMP CA and leaves, the same bytes on
 * every run.
 *
 * Keys are grown from their name (primes found from its SHA-256), so fuzz corpora made with them
 * stay good and no private key lies in the repository. Nobody's secret: for tests only. Every
 * failure aborts: a test without keys is no test. Not for threads. */
#ifndef TESTS_SUPPORT_TESTPKI_H
#define TESTS_SUPPORT_TESTPKI_H

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "ap/crypto/cert.h"
#include "ap/crypto/key.h"
#include "ap/pki/pki.h"

#define TESTPKI_NOW 1795305600000 /* 2026-11-22T00:00:00Z: inside every validity below */

/* What a leaf is to be, or with is_ca an authority; zero values mean the usual. */
struct testpki_leaf {
    const char *name;      /* of the key: "ap1"; also the file name */
    const char *cn;        /* "POP000001" */
    const char *issuer;    /* "ap-ca" (default), "smp-ca", "rogue-ca", or any key name */
    const char *from, *to; /* "20260101000000Z" */
    int bits;              /* 2048 */
    bool is_ca, no_digital_signature;
    const char *crl_url, *ocsp_url; /* NULL: none */
    /* For what no good authority makes: */
    const struct cert *by; /* the issuer's name is that of this one; `issuer` is still its key */
    int issuer_bits;       /* of that key: 2048 */
    bool self;             /* signed by itself, whatever `issuer` says */
    const char *md;        /* "SHA256" */
    unsigned serial;       /* 0: made of name, cn, from and is_ca */
    /* Instead of the usual extensions, as openssl's configuration writes them, "" none at all:
     * "keyUsage=critical,keyCertSign\nnameConstraints=permitted;dirName:dn\n[dn]\nC=NO\n". */
    const char *extensions;
};

/* The key and the certificate of a name: "root", "ap-ca", "smp-ca", "rogue-ca" are CAs; kept until
 * the end of the program. */
EVP_PKEY *testpki_key(const char *name, int bits);
X509 *testpki_ca(const char *name);
struct cert *testpki_leaf(const struct testpki_leaf *l); /* cert_unref */
/* Another root, AP CA or SMP CA than testpki_ca's, with the name and by the key of that one; what
 * `l` sets differs. */
struct cert *testpki_authority(const char *name, struct testpki_leaf l);
/* ap1 (POP000001), ap2 (POP000002), smp1, rogue (POP000099 under rogue-ca): cert_unref. */
struct cert *testpki_cert(const char *name);
/* The folder all of it is written to on first use: root.pem, ap-ca.pem, smp-ca.pem, ap1.pem,
 * ap1.key ...; removed at exit. */
const char *testpki_dir(void);
const char *testpki_path(const char *file);     /* in that folder; valid until the 8th next call */
struct pki *testpki_open(void);                 /* pki_close */
struct key *testpki_key_file(const char *name); /* key_open_file; key_close */

#endif
