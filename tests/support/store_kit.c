#include "tests/support/store_kit.h"

#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#define RING 64 /* texts that live until 64 more were made */

static const char *name(const char *before, unsigned n, const char *after)
{
    static _Thread_local char ring[RING][80];
    static _Thread_local unsigned at;
    char *t = ring[at++ % RING];

    (void)snprintf(t, sizeof(ring[0]), "%s%u%s", before, n, after);
    return t;
}

static const uint8_t *sha(unsigned n, uint8_t salt)
{
    static _Thread_local uint8_t ring[RING][HASH_LEN];
    static _Thread_local unsigned at;
    uint8_t *h = ring[at++ % RING];

    memset(h, salt, HASH_LEN);
    memcpy(h, &n, sizeof(n));
    return h;
}

static const uint8_t *sha_of(const char *text)
{
    static _Thread_local uint8_t ring[RING][HASH_LEN];
    static _Thread_local unsigned at;
    uint8_t *h = ring[at++ % RING];

    assert_int_equal(hash_of(h, text, strlen(text), NULL), 0);
    return h;
}

int kit_open(struct store **out, const char *dir, enum store_mode mode, struct err *e)
{
    const struct store_cfg c = {
        .path = dir, .mode = mode, .ap_mode = "lab", .allow_volatile = true};

    return store_open(out, &c, e);
}

static void must(int rc, const struct err *e)
{
    if (rc < 0)
        fail_msg("%s: %s (%s:%d)", e->code, e->msg, e->file, e->line);
}

void kit_start(struct kit *k)
{
    const char *tmp = getenv("TMPDIR");
    struct store_recovered r;
    struct err e = ERR_INIT;

    memset(k, 0, sizeof(*k));
    (void)snprintf(
        k->dir, sizeof(k->dir), "%s/aviso-store-XXXXXX", tmp && strlen(tmp) < 30 ? tmp : "/tmp");
    assert_non_null(mkdtemp(k->dir));
    k->a = arena_new(64u << 20);
    assert_non_null(k->a);
    must(kit_open(&k->s, k->dir, STORE_WRITE, &e), &e);
    must(store_recover(&r, k->s, KIT_T0, &e), &e);
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *f)
{
    (void)st;
    (void)kind;
    (void)f;
    return remove(path);
}

void kit_remove(const char *dir)
{
    (void)nftw(dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

void kit_stop(struct kit *k)
{
    store_close(k->s);
    arena_free(k->a);
    kit_remove(k->dir);
}

int kit_setup(void **state)
{
    static struct kit k;

    kit_start(&k);
    *state = &k;
    return 0;
}

int kit_teardown(void **state)
{
    struct kit *k = *state;

    assert_int_equal(kit_findings(k->s), 0);
    kit_stop(k);
    return 0;
}

void kit_refused(int rc, const struct err *e, const char *code)
{
    assert_int_equal(rc, -1);
    assert_string_equal(e->code, code);
}

void kit_reopen(struct kit *k, struct store_recovered *out)
{
    struct err e = ERR_INIT;

    store_close(k->s);
    k->s = NULL;
    must(kit_open(&k->s, k->dir, STORE_WRITE, &e), &e);
    must(store_recover(out, k->s, KIT_T0, &e), &e);
}

struct out_new kit_out(unsigned n, int64_t now)
{
    return (struct out_new){.tenant = "acme",
        .invoice = name("INV-", n, ""),
        .supplier = "0208:0123456789",
        .issue_date = "2026-11-22",
        .document_sha256 = sha(n, 1),
        .document_len = 9,
        .instance = name("instance-", n, ""),
        .sender = "iso6523-actorid-upis::0208:0123456789",
        .receiver = "iso6523-actorid-upis::0208:0987654321",
        .doctype = "busdox-docid-qns::invoice",
        .process = "cenbii-procid-ubl::billing",
        .country_c1 = "BE",
        .end_user = "acme",
        .rule_sets = "peppol-bis3 2026.5",
        .require = PROOF_RECEIPTED,
        .now = now,
        .deliver_by = now + 3600000,
        .expire_at = now + 5 * 86400000LL,
        .dest = "POP000123",
        .sbd = {.blob = blob_mem("<Invoice/>", 10)}};
}

struct message_new kit_message(unsigned n, const char *wire)
{
    return (struct message_new){.message_id = name("message-", n, "@test"),
        .conversation_id = "1",
        .content_type = "multipart/related",
        .expect = "expect",
        .endpoint = "https://ap.example/as4",
        .seat = "POP000123",
        .transport_profile = "peppol-transport-as4-v2_0",
        .peer_serial = "01",
        .own_serial = "02",
        .lookup = "sml",
        .eb_timestamp = KIT_T0,
        .wire = {.blob = blob_mem(wire, strlen(wire))}};
}

struct proof_new kit_proof(enum proof_level level)
{
    return (struct proof_new){.kind = level == PROOF_RECEIPTED ? PROOF_BY_RECEIPT : PROOF_BY_MLS,
        .level = level,
        .raw = blob_mem("<Receipt/>", 10),
        .signal_id = "signal-1@peer",
        .signer = "POP000123",
        .signer_serial = "01",
        .not_revoked_by = "crl",
        .signal_time = KIT_T0,
        .verified_at = KIT_T0};
}

struct in_new kit_in(unsigned n, int64_t now)
{
    const char *text = name("<Invoice n='", n, "'/>");

    return (struct in_new){.message_id = name("in-", n, "@peer"),
        .signed_info = sha(n, 2),
        .seat = "POP000456",
        .cert_serial = "0a",
        .own_serial = "02",
        .instance = name("in-instance-", n, ""),
        .sender = "iso6523-actorid-upis::0208:1111111111",
        .receiver = "iso6523-actorid-upis::0208:0123456789",
        .doctype = "busdox-docid-qns::invoice",
        .process = "cenbii-procid-ubl::billing",
        .country_c1 = "DE",
        .country_c4 = "BE",
        .end_user = "acme",
        .tenant = "acme",
        .route = "folder",
        .eb_timestamp = now,
        .now = now,
        .wire_len = 100,
        .document_sha256 = sha(n, 3),
        .document_len = 10,
        .sbd = {.blob = blob_str(str_z(text)), .sha256 = sha_of(text)},
        .receipt = blob_str(str_z(name("<Receipt n='", n, "'/>"))),
        .receipt_id = name("receipt-", n, "@us")};
}

struct err kit_why(enum err_class c, const char *code)
{
    struct err e = ERR_INIT;

    (void)err_set(&e, c, code, "", "test");
    return e;
}

int64_t kit_add(struct kit *k, unsigned n, int64_t now)
{
    struct out_new x = kit_out(n, now);
    struct out_added a;
    struct err e = ERR_INIT;

    must(store_out_add(&a, k->s, &x, &e), &e);
    return a.row;
}

struct out_claim kit_claim(struct kit *k, int64_t now)
{
    struct out_claim c;
    struct err e = ERR_INIT;
    size_t n;

    must(store_out_claim(&c, 1, &n, k->s, now, KIT_LEASE, NULL, &e), &e);
    assert_int_equal(n, 1);
    return c;
}

int64_t kit_begin(struct kit *k, const struct out_claim *c, unsigned message, int64_t now)
{
    struct message_new m = kit_message(message, "wire bytes");
    struct err e = ERR_INIT;
    int64_t attempt = 0;

    must(store_attempt_begin(&attempt, k->s, c, message ? &m : NULL, KIT_LEASE, now, &e), &e);
    return attempt;
}

enum out_state kit_end(struct kit *k, int64_t attempt, enum attempt_outcome o, enum out_state to,
    int64_t next_at, int64_t now)
{
    struct err why = kit_why(ERR_RETRY, "http.connect"), e = ERR_INIT;
    struct proof_new p = kit_proof(PROOF_RECEIPTED);
    struct attempt_result r = {.outcome = o,
        .to = to,
        .result = "test",
        .why = to == OUT_RECEIPTED ? NULL : &why,
        .proof = to == OUT_RECEIPTED ? &p : NULL,
        .http_status = 200,
        .ms = 12,
        .address = "192.0.2.1",
        .answer_type = "text/plain",
        .answer = blob_mem("answer", 6),
        .next_at = next_at,
        .now = now};
    enum out_state ended = OUT_STATES;

    must(store_attempt_end(&ended, k->s, attempt, &r, &e), &e);
    return ended;
}

struct out_row kit_get(struct kit *k, int64_t row)
{
    struct out_row r;
    struct err e = ERR_INIT;

    must(store_out_get(&r, k->s, row, k->a, &e), &e);
    return r;
}

struct in_row kit_in_get(struct kit *k, int64_t row)
{
    struct in_row r;
    struct err e = ERR_INIT;

    must(store_in_get(&r, k->s, row, k->a, &e), &e);
    return r;
}

static void tell(void *ctx, const char *line)
{
    (void)ctx;
    print_error("store_check: %s\n", line);
}

unsigned long kit_findings(struct store *s)
{
    struct err e = ERR_INIT;
    unsigned long n = 0;

    must(store_check(s, true, tell, NULL, &n, &e), &e);
    return n;
}
