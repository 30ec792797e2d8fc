/* fuzz_cert.c - certificates as they come in a BinarySecurityToken or from an SMP (text), and as
 * DER. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/testpki.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void use(struct pki *p, struct cert *c)
{
    struct err e = ERR_INIT;
    struct cert *again = NULL;
    struct buf text;

    for (int role = 0; role < 2; role++)
        if (pki_check(p, c, role ? PKI_SMP : PKI_AP, TESTPKI_NOW, &e) && !e.code[0])
            abort(); /* refused without a reason */
    buf_init(&text, 1 << 20);
    cert_b64(&text, c);
    if (cert_from_text(&again, buf_view(&text), &e) || !cert_same(c, again))
        abort();
    cert_unref(again);
    buf_free(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct pki *p;
    struct str s = {(const char *)data, size};
    struct cert *c = NULL;

    if (!p)
        p = testpki_open();
    if (!cert_from_der(&c, s, NULL)) {
        use(p, c);
        cert_unref(c);
    }
    if (!cert_from_text(&c, s, NULL)) {
        use(p, c);
        cert_unref(c);
    }
    return 0;
}
