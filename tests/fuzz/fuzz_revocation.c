/* fuzz_revocation.c - revocation lists and OCSP answers as they come over plain HTTP. The first
 * byte says which: 0 a list of the access points' CA, else an answer about ap1. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ap/pki/crl_priv.h"
#include "ap/pki/ocsp_priv.h"
#include "tests/support/testpki.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct cert *ca, *leaf;
static struct ocsp_question *question;

static void open_once(void)
{
    struct err e = ERR_INIT;
    struct buf der;

    if (leaf)
        return;
    buf_init(&der, OCSP_MAX);
    leaf = testpki_cert("ap1");
    (void)testpki_dir();
    if (cert_from_pem_file(&ca, testpki_path("ap-ca.pem"), &e) ||
        ocsp_ask(&question, &der, leaf, ca, &e))
        abort();
    buf_free(&der);
}

static void use(const struct crl *c)
{
    for (size_t i = 1; i < c->n; i++)
        if (memcmp(&c->serials[i - 1], &c->serials[i], sizeof(c->serials[i])) > 0)
            abort();
    (void)crl_lists(c, leaf);
    (void)crl_covers(c, ca);
    if (crl_is_fresh(c, TESTPKI_NOW) && c->next_update <= TESTPKI_NOW)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str s = {(const char *)data + 1, size ? size - 1 : 0};
    struct err e = ERR_INIT;
    struct crl *c = NULL;
    int64_t until = 0;

    open_once();
    if (!size)
        return 0;
    if (data[0] == 0 && crl_read(&c, s, ca, &e) == 0)
        use(c);
    else if (data[0] && ocsp_judge(&until, question, s, TESTPKI_NOW, &e) == 0 &&
             until <= TESTPKI_NOW)
        abort();
    else if (data[0] && e.class == ERR_PEER && strcmp(e.code, "cert.revoked") != 0)
        abort();
    crl_free(c);
    return 0;
}
