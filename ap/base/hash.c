#include "ap/base/hash.h"

#include <openssl/evp.h>

void hash_init(struct hash *h)
{
    *h = (struct hash){.md = EVP_MD_CTX_new()};
    if (h->md && EVP_DigestInit_ex(h->md, EVP_sha256(), NULL) != 1)
        hash_drop(h);
}

void hash_drop(struct hash *h)
{
    EVP_MD_CTX_free(h->md);
    h->md = NULL;
}

void hash_add(struct hash *h, const void *p, size_t n)
{
    if (h->md && EVP_DigestUpdate(h->md, p, n) != 1)
        hash_drop(h);
}

int hash_final(struct hash *h, uint8_t out[HASH_LEN], struct err *e)
{
    int ok = h->md && EVP_DigestFinal_ex(h->md, out, NULL) == 1;

    hash_drop(h);
    return ok ? 0 : err_nomem(e);
}

static int digest_and_pass(void *ctx, const void *p, size_t n, struct err *e)
{
    struct hash *h = ctx;

    hash_add(h, p, n);
    return h->next.write ? sink_write(&h->next, p, n, e) : 0;
}

struct sink hash_sink(struct hash *h, struct sink next)
{
    h->next = next;
    return (struct sink){digest_and_pass, h};
}

int hash_of(uint8_t out[HASH_LEN], const void *p, size_t n, struct err *e)
{
    return EVP_Digest(p, n, out, NULL, EVP_sha256(), NULL) == 1 ? 0 : err_nomem(e);
}

int hash_blob(uint8_t out[HASH_LEN], const struct blob *b, struct err *e)
{
    struct hash h;
    struct sink s;

    hash_init(&h);
    s = hash_sink(&h, (struct sink){0});
    if (blob_copy(b, &s, e)) {
        hash_drop(&h);
        return -1;
    }
    return hash_final(&h, out, e);
}
