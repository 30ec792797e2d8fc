/* as4_expect.c - what a sent message's receipt must say, as text for the store.
 *
 *   aviso-expect 1
 *   message-id 20dc7fd2-b5ab-45d8-b0c5-c5ae50ec4230@ap.example
 *   recipient POP000002
 *   refs 3
 *   ref 3c9f...64 hex digits... #messaging-...
 *   ref 8a01...                 cid:payload-...@aviso
 *
 * Lines in this order, each ended by LF, as many `ref` as told. Another version is refused: an
 * expectation that cannot be read whole proves nothing. */
#include "ap/as4/as4_priv.h"
#include "ap/base/enc.h"

#define FIRST_LINE "aviso-expect 1"
#define WORD_MAX 1024

static bool is_word(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.p[i] <= 0x20 || s.p[i] == 0x7f)
            return false;
    return s.n > 0 && s.n < WORD_MAX;
}

int as4_expect_write(struct buf *out, const struct as4_expect *x, struct err *e)
{
    char hex[HASH_HEX];

    if (!is_word(x->message_id) || !is_word(x->recipient_cn) || !x->nrefs)
        return err_set(e, ERR_BUG, "as4.expect", "", "an expectation is not complete");
    buf_printf(out, FIRST_LINE "\nmessage-id %.*s\nrecipient %.*s\nrefs %zu\n",
        STR_FMT(x->message_id), STR_FMT(x->recipient_cn), x->nrefs);
    for (size_t i = 0; i < x->nrefs; i++) {
        if (!is_word(x->refs[i].uri))
            return err_set(e, ERR_BUG, "as4.expect", "", "a reference has no URI");
        enc_hex(hex, x->refs[i].digest, HASH_LEN);
        buf_printf(out, "ref %s %.*s\n", hex, STR_FMT(x->refs[i].uri));
    }
    return buf_check(out, e);
}

static int broken(struct err *e)
{
    return err_set(e, ERR_BUG, "as4.expect", "", "a stored expectation cannot be read");
}

/* The value of the line "key value" at the start of *in, or nothing. */
static bool take(struct str *value, struct str *in, struct str key)
{
    size_t lf = str_find(*in, STR("\n"));
    struct str line = str_sub(*in, 0, lf);

    if (lf == in->n || !str_has_prefix(line, key))
        return false;
    *value = str_sub(line, key.n, line.n);
    *in = str_sub(*in, lf + 1, in->n);
    return true;
}

static bool read_ref(struct wss_ref *out, struct str v)
{
    *out = (struct wss_ref){0};
    if (v.n < HASH_HEX + 1 || v.p[HASH_HEX - 1] != ' ')
        return false;
    out->uri = str_sub(v, HASH_HEX, v.n);
    return enc_unhex(out->digest, HASH_LEN, str_sub(v, 0, HASH_HEX - 1)) && is_word(out->uri);
}

int as4_expect_read(struct as4_expect *out, struct arena *a, struct str text, struct err *e)
{
    char *copy = arena_dup(a, text);
    struct str in = {copy, text.n}, v;
    unsigned long long n;

    *out = (struct as4_expect){0};
    if (!copy)
        return err_nomem(e);
    if (!take(&v, &in, STR(FIRST_LINE)) || v.n ||
        !take(&out->message_id, &in, STR("message-id ")) ||
        !take(&out->recipient_cn, &in, STR("recipient ")) || !is_word(out->message_id) ||
        !is_word(out->recipient_cn))
        return broken(e);
    if (!take(&v, &in, STR("refs ")) || !str_to_u64(v, WSS_MAX_REFS, &n) || n == 0)
        return broken(e);
    for (; out->nrefs < n; out->nrefs++)
        if (!take(&v, &in, STR("ref ")) || !read_ref(&out->refs[out->nrefs], v))
            return broken(e);
    return in.n ? broken(e) : 0;
}
