/* fuzz_wss.c - a received message: an envelope, a NUL, and the octets of its attachment p@x, if
 * any.
 *
 * The header is verified and the attachment decrypted whether or not the signature held, since
 * almost no change of a message leaves it valid. Holds that what is accepted was signed by one of
 * our two access points and that the nodes handed out are the header's own. FUZZ_WSS_SEEDS=FOLDER
 * writes seeds, made with the test PKI. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ap/xml/xml.h"
#include "tests/support/testpki.h"
#include "tests/support/wssmsg.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct pki *trust;
static struct key *ap1, *ap2;

static void write_seed(const char *dir, const char *name, const struct wssmsg *m)
{
    char path[512];
    FILE *f;

    (void)snprintf(path, sizeof(path), "%s/%s", dir, name);
    if (!(f = fopen(path, "wb")))
        abort();
    (void)fwrite(m->soap.p, 1, m->soap.n, f);
    if (m->n)
        (void)fwrite("", 1, 1, f);
    if (m->n)
        (void)fwrite(m->sealed[0].p, 1, m->sealed[0].n, f);
    (void)fclose(f);
}

static void write_seeds(const char *dir)
{
    struct wss_part zip = wssmsg_part("p@x", "application/gzip", "\x1f\x8b\x08 and so on", 14);
    struct wss_part xml = wssmsg_part("p@x", "application/xml", "<a b='1'><!-- c -->d</a>", 24);
    struct wss_part text = wssmsg_part("p@x", "text/plain", "a\nb\r\n", 5);
    struct wssmsg m;

    wssmsg_make(&m, &zip, 1, ap1, key_cert(ap2));
    write_seed(dir, "gzip", &m);
    wssmsg_free(&m);
    wssmsg_make(&m, &xml, 1, ap1, key_cert(ap2));
    write_seed(dir, "xml", &m);
    wssmsg_free(&m);
    wssmsg_make(&m, &text, 1, ap1, key_cert(ap2));
    write_seed(dir, "text", &m);
    wssmsg_free(&m);
    wssmsg_make(&m, NULL, 0, ap2, NULL);
    write_seed(dir, "signal", &m);
    wssmsg_free(&m);
}

static void start(void)
{
    xml_init();
    if (wss_init(NULL))
        abort();
    trust = testpki_open();
    ap1 = testpki_key_file("ap1");
    ap2 = testpki_key_file("ap2");
    if (getenv("FUZZ_WSS_SEEDS"))
        write_seeds(getenv("FUZZ_WSS_SEEDS"));
}

/* Every refusal has a wire code, but for our own lack of memory. */
static void refused(const struct err *e)
{
    if (e->class != ERR_RETRY && !e->ebms[0])
        abort();
}

static void accepted(const struct wss_proof *p, const xmlDoc *env)
{
    const xmlNode *root = xmlDocGetRootElement((xmlDoc *)(uintptr_t)env);

    if (!cert_same(p->signer, key_cert(ap1)) && !cert_same(p->signer, key_cert(ap2)))
        abort();
    if (p->messaging->parent->parent != root || p->body->parent != root || p->nrefs < 2)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *nul = size ? memchr(data, 0, size) : NULL;
    size_t soap_n = nul ? (size_t)(nul - data) : size, n = nul ? 1 : 0;
    struct wss_part part =
        wssmsg_part("p@x", "", nul ? nul + 1 : data, nul ? size - soap_n - 1 : 0);
    struct arena *a = arena_new(16 << 20);
    struct wss_proof proof = {0};
    struct err e = ERR_INIT;
    struct str type = {0};
    struct buf clear;
    struct sink out;
    xmlDoc *env;
    int header;

    if (!trust)
        start();
    buf_init(&clear, 16 << 20);
    out = sink_buf(&clear);
    if (a && !xml_parse(&env, a, data, soap_n, NULL, &e)) {
        struct key *const ours[] = {ap1, ap2};
        header = wss_verify_header(&proof, env, trust, TESTPKI_NOW, a, &e);
        if (header)
            refused(&e);
        if (n && wss_decrypt(&type, &out, env, &part, n, ours, 2, a, &e)) {
            refused(&e);
        } else {
            part.mime_type = type;
            part.data = blob_str(buf_view(&clear));
            if (!header)
                accepted(&proof, env);
            if (!header && wss_verify(&proof, env, &part, n, a, &e))
                refused(&e);
        }
        cert_unref(proof.signer);
    }
    buf_free(&clear);
    arena_free(a);
    return 0;
}
