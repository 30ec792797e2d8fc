/* Target functions: as4_reply_read, as4_expect_read. The input's first line is the Content-Type and
 * the rest the HTTP body; or it is "sign" and an envelope that ap2 signs first; or "expect" and the
 * text of an expectation. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ap/xml/xml.h"
#include "tests/support/as4msg.h"
#include "tests/support/testpki.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Digests of 32 times 0x11 and 0x22: the seeds repeat them. */
static struct as4_expect expectation(void)
{
    struct as4_expect x = {
        .message_id = STR("id-1@ap1.example"), .recipient_cn = STR("POP000002"), .nrefs = 2};

    x.refs[0].uri = STR("#messaging");
    x.refs[1].uri = STR("cid:payload");
    memset(x.refs[0].digest, 0x11, HASH_LEN);
    memset(x.refs[1].digest, 0x22, HASH_LEN);
    return x;
}

static void judge(struct arena *a, struct str type, struct str body, bool we_signed)
{
    struct as4_expect x = expectation();
    struct as4_reply r;
    struct err e = ERR_INIT;

    if (as4_reply_read(&r, &x, type, body, as4msg_receiver()->trust, TESTPKI_NOW, a, &e)) {
        if (strcmp(e.code, "memory.exhausted") != 0)
            abort();
        return;
    }
    if (r.kind == AS4_REPLY_RECEIPT && (!r.is_signed || !we_signed))
        abort(); /* nobody can sign in a raw input */
    if ((r.kind == AS4_REPLY_NOTHING) != (r.why.class == ERR_UNKNOWN))
        abort();
}

static void sign_and_judge(struct arena *a, struct str envelope)
{
    struct wss_proof proof = {0};
    struct err e = ERR_INIT;
    struct buf soap;
    xmlDoc *d;

    buf_init(&soap, 2 << 20);
    if (xml_parse(&d, a, envelope.p, envelope.n, NULL, &e) == 0 &&
        wss_sign(&proof, d, NULL, 0, as4msg_key("ap2"), a, &e) == 0 && xml_write(&soap, d, &e) == 0)
        judge(a, STR(AS4_REPLY_CONTENT_TYPE), buf_view(&soap), true);
    cert_unref(proof.signer);
    buf_free(&soap);
}

static void read_expectation(struct arena *a, struct str text)
{
    struct as4_expect x;
    struct err e = ERR_INIT;
    struct buf again;

    if (as4_expect_read(&x, a, text, &e))
        return;
    buf_init(&again, text.n + 1);
    if (as4_expect_write(&again, &x, &e) || again.n != text.n)
        abort();
    buf_free(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str in = {(const char *)data, size}, rest;
    size_t lf = str_find(in, STR("\n"));
    struct arena *a = arena_new(16 << 20);

    as4msg_setup();
    rest = str_sub(in, lf + 1, size);
    if (a && str_eqz(str_sub(in, 0, lf), "sign"))
        sign_and_judge(a, rest);
    else if (a && str_eqz(str_sub(in, 0, lf), "expect"))
        read_expectation(a, rest);
    else if (a)
        judge(a, str_sub(in, 0, lf), rest, false);
    arena_free(a);
    return 0;
}
