/* Target functions: as4_receive, as4_receipt_write, as4_error_write. The input's first line is the
 * Content-Type and the rest the HTTP body; or the first line is "sign" and the rest an envelope
 * that is signed and encrypted first, so that what lies behind the signature is reached too. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ap/xml/xml.h"
#include "tests/support/as4msg.h"
#include "tests/support/testpki.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool is_code(const char *ebms)
{
    return strncmp(ebms, "EBMS:0", 6) == 0 && strlen(ebms) == 9;
}

static void check_error(const struct as4_received *got, const struct err *e)
{
    if (got->payload.len || got->payload.fd >= 0 || e->class == ERR_NONE || e->class == ERR_BUG)
        abort();
    if ((got->http_status == 200) != is_code(e->ebms))
        abort();
}

static void answer(const struct as4_received *got, int rc, const struct err *why, struct arena *a)
{
    struct err e = ERR_INIT;
    char id[EBMS_ID];
    struct buf out;

    buf_init(&out, 1 << 20);
    if (rc == 0 ? as4_receipt_write(&out, id, got, NULL, TESTPKI_NOW, a, &e)
                : why->ebms[0] && as4_error_write(&out, id, why, got->ref_to_message_id, NULL,
                                      TESTPKI_NOW, a, &e))
        if (strcmp(e.code, "memory.exhausted") != 0)
            abort();
    buf_free(&out);
}

static void receive(struct str type, struct str body)
{
    struct arena *a = arena_new(16 << 20);
    struct blob b = blob_str(body);
    struct as4_received got;
    struct err e = ERR_INIT;
    int rc;

    if (!a)
        return;
    rc = as4_receive(&got, as4msg_receiver(), type, &b, TESTPKI_NOW, a, &e);
    if (rc)
        check_error(&got, &e);
    else if (!got.proof.signer || !got.um.message_id.n || got.http_status != 200)
        abort();
    answer(&got, rc, &e, a);
    as4_received_free(&got);
    arena_free(a);
}

static void sign_and_receive(struct str envelope)
{
    struct wss_part part = {
        STR("att@x"), STR("application/octet-stream"), blob_str(STR("payload"))};
    struct arena *a = arena_new(16 << 20);
    struct cert *ap2 = testpki_cert("ap2");
    struct wss_proof proof = {0};
    struct buf sealed, body, soap;
    struct sink s = sink_buf(&sealed);
    struct err e = ERR_INIT;
    xmlDoc *d;

    buf_init(&sealed, 1 << 16);
    buf_init(&soap, 2 << 20);
    buf_init(&body, 4 << 20);
    if (a && xml_parse(&d, a, envelope.p, envelope.n, NULL, &e) == 0 &&
        wss_sign(&proof, d, &part, 1, as4msg_key("ap1"), a, &e) == 0 &&
        wss_encrypt(d, &part, &s, 1, ap2, a, &e) == 0 && xml_write(&soap, d, &e) == 0) {
        buf_puts(&body, "--b1\r\nContent-Type: application/soap+xml\r\n\r\n");
        buf_str(&body, buf_view(&soap));
        buf_puts(&body, "\r\n--b1\r\nContent-ID: <att@x>\r\n\r\n");
        buf_str(&body, buf_view(&sealed));
        buf_puts(&body, "\r\n--b1--\r\n");
        receive(STR(AS4MSG_TYPE), buf_view(&body));
    }
    cert_unref(proof.signer);
    cert_unref(ap2);
    buf_free(&sealed);
    buf_free(&soap);
    buf_free(&body);
    arena_free(a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str in = {(const char *)data, size};
    size_t lf = str_find(in, STR("\n"));

    as4msg_setup();
    if (str_eqz(str_sub(in, 0, lf), "sign"))
        sign_and_receive(str_sub(in, lf + 1, size));
    else
        receive(str_sub(in, 0, lf), str_sub(in, lf + 1, size));
    return 0;
}
