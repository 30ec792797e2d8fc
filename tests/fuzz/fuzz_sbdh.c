/* Targets: sbdh_read, sbdh_extract, document_read, xml_stream. An envelope that is taken gives a
 * document that is well-formed alone, and its header can be written again around it. */
#include <stdint.h>
#include <stdlib.h>

#include "ap/peppol/sbdh.h"
#include "ap/xml/xml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok)
{
    if (!ok)
        abort();
}

/* Additional scopes may repeat or be reserved when read, but not when written. */
static void write_again(const struct sbdh_envelope *x, const struct document *d, struct arena *a)
{
    static struct sbdh_envelope back;
    struct sbdh h = x->h;
    struct err e = ERR_INIT;
    struct spool tmp;
    struct buf b;
    struct sink s;
    struct blob again;

    h.nmore = 0;
    buf_init(&b, 8u << 20);
    s = sink_buf(&b);
    if (h.instance_id.n < 256 && sbdh_write(&s, &h, d, &e) == 0) {
        again = blob_mem(b.p, b.n);
        spool_init(&tmp, -1, 0, 1 << 20);
        must(sbdh_read(&back, &tmp, &again, a, &e) == 0);
        must(memcmp(back.document_sha256, d->sha256, HASH_LEN) == 0);
        spool_free(&tmp);
    }
    buf_free(&b);
}

static void check_payload(const struct sbdh_envelope *x, struct arena *a)
{
    struct document d;
    struct err e = ERR_INIT;
    struct spool tmp;
    struct buf b;
    struct sink s;
    struct blob alone;
    uint8_t digest[HASH_LEN];

    buf_init(&b, 8u << 20);
    s = sink_buf(&b);
    spool_init(&tmp, -1, 0, 1 << 20);
    must(sbdh_extract(&s, x, &e) == 0);
    if (x->kind != SBDH_XML) {
        must(hash_of(digest, b.p, b.n, &e) == 0 && b.n == x->document_len);
        must(memcmp(digest, x->document_sha256, HASH_LEN) == 0);
    } else {
        alone = blob_mem(b.p, b.n);
        must(document_read(&d, &tmp, &alone, NULL, a, &e) == 0);
        must(d.root.len == b.n);
        must(str_eq(d.root_ns, x->root_ns) && str_eq(d.root_local, x->root_local));
        write_again(x, &d, a);
    }
    spool_free(&tmp);
    buf_free(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct sbdh_envelope x;
    struct arena *a = arena_new(8u << 20);
    struct blob in = blob_mem(data, size);
    struct document d;
    struct spool tmp;
    struct err e = ERR_INIT;

    xml_init();
    spool_init(&tmp, -1, 0, 8u << 20);
    if (sbdh_read(&x, &tmp, &in, a, &e) == 0)
        check_payload(&x, a);
    spool_free(&tmp);
    if (document_read(&d, &tmp, &in, NULL, a, &e) == 0)
        must(document_check(&d, &e) == 0 || e.class == ERR_INPUT);
    spool_free(&tmp);
    arena_free(a);
    return 0;
}
