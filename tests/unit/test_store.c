#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <fcntl.h>

#include "ap/base/enc.h"
#include "ap/store/store_priv.h"
#include "tests/support/store_kit.h"

#define T KIT_T0
#define MIN 60000

static int start(void **state)
{
    static struct kit k;

    kit_start(&k);
    *state = &k;
    return 0;
}

static int stop(void **state)
{
    struct kit *k = *state;

    assert_int_equal(kit_findings(k->s), 0);
    kit_stop(k);
    return 0;
}

static void refused(int rc, const struct err *e, const char *code)
{
    assert_int_equal(rc, -1);
    assert_string_equal(e->code, code);
}

/* ---- opening ---- */

static void a_second_writer_is_refused(void **state)
{
    struct kit *k = *state;
    struct store *other;
    struct err e = ERR_INIT;

    refused(kit_open(&other, k->dir, STORE_WRITE, &e), &e, "spool.locked");
    assert_null(other);
}

static void a_volatile_spool_is_refused_unless_allowed(void **state)
{
    char dir[] = "/dev/shm/aviso-store-XXXXXX";
    struct store_cfg c = {.path = dir, .mode = STORE_WRITE, .ap_mode = "lab"};
    struct store *s;
    struct err e = ERR_INIT;

    (void)state;
    if (access("/dev/shm", W_OK) || !mkdtemp(dir)) {
        print_message("[ SKIPPED ] a_volatile_spool_is_refused_unless_allowed: no /dev/shm\n");
        skip();
    }
    refused(store_open(&s, &c, &e), &e, "store.volatile");
    c.allow_volatile = true;
    assert_int_equal(store_open(&s, &c, &e), 0);
    store_close(s);
    kit_remove(dir);
}

static void another_mode_is_refused(void **state)
{
    struct kit *k = *state;
    struct store_cfg c = {
        .path = k->dir, .mode = STORE_READ, .ap_mode = "production", .allow_volatile = true};
    struct store *s;
    struct err e = ERR_INIT;

    refused(store_open(&s, &c, &e), &e, "store.mode");
}

static void a_newer_schema_is_refused(void **state)
{
    struct kit *k = *state;
    struct store *s;
    struct err e = ERR_INIT;

    assert_int_equal(db_exec(&k->s->writer, "PRAGMA user_version=99", &e), 0);
    refused(kit_open(&s, k->dir, STORE_READ, &e), &e, "store.schema");
    assert_int_equal(db_exec(&k->s->writer, "PRAGMA user_version=1", &e), 0);
}

static void reading_where_nothing_is_says_so(void **state)
{
    struct store *s;
    struct err e = ERR_INIT;

    (void)state;
    refused(kit_open(&s, "/nonexistent/spool", STORE_READ, &e), &e, "store.missing");
}

static void the_database_is_durable_by_its_settings(void **state)
{
    struct kit *k = *state;
    int64_t v = 0;
    char mode[16] = "";
    sqlite3_stmt *st;
    struct err e = ERR_INIT;

    assert_int_equal(db_int(&v, &k->s->writer, &e, "PRAGMA synchronous", NULL, 0), 1);
    assert_int_equal(v, 2); /* FULL */
    assert_int_equal(db_int(&v, &k->s->writer, &e, "PRAGMA foreign_keys", NULL, 0), 1);
    assert_int_equal(v, 1);
    st = db_query(&k->s->writer, &e, "PRAGMA journal_mode", NULL, 0);
    assert_int_equal(db_step(&k->s->writer, st, &e), 1);
    (void)snprintf(mode, sizeof(mode), "%s", (const char *)sqlite3_column_text(st, 0));
    db_done(st);
    assert_string_equal(mode, "wal");
}

static void a_reader_beside_the_writer_sees_what_is_committed(void **state)
{
    struct kit *k = *state;
    int64_t row = kit_add(k, 1, T);
    struct store *s;
    struct out_row r;
    struct err e = ERR_INIT;
    struct out_new n = kit_out(2, T);
    struct out_added a;

    assert_int_equal(kit_open(&s, k->dir, STORE_READ, &e), 0);
    assert_int_equal(store_out_get(&r, s, row, k->a, &e), 0);
    assert_string_equal(r.invoice, "INV-1");
    refused(store_out_add(&a, s, &n, &e), &e, "store.state");
    store_close(s);
}

/* ---- submission ---- */

static void everything_given_is_read_back(void **state)
{
    struct kit *k = *state;
    struct out_row r = kit_get(k, kit_add(k, 7, T));

    assert_int_equal(r.state, OUT_ACCEPTED);
    assert_int_equal(r.level, PROOF_NONE);
    assert_false(r.late || r.settled || r.left || r.maybe);
    assert_string_equal(r.tenant, "acme");
    assert_string_equal(r.key, "");
    assert_string_equal(r.invoice, "INV-7");
    assert_string_equal(r.instance, "instance-7");
    assert_string_equal(r.receiver, "iso6523-actorid-upis::0208:0987654321");
    assert_string_equal(r.country_c1, "BE");
    assert_string_equal(r.dest, "POP000123");
    assert_int_equal(r.accepted_at, T);
    assert_int_equal(r.next_at, T);
    assert_int_equal(r.deliver_by, T + 3600000);
    assert_int_equal(r.reason.class, ERR_NONE);
    assert_int_equal(r.sbd_len, 10);
    assert_int_equal(r.message.row, 0);
}

static void the_same_key_and_bytes_give_the_same_document(void **state)
{
    struct kit *k = *state;
    struct out_new n = kit_out(1, T), again = kit_out(1, T + 5);
    struct out_added a, b;
    struct err e = ERR_INIT;

    n.key = again.key = "key-1";
    again.instance = "instance-other"; /* made anew by the caller: not used */
    assert_int_equal(store_out_add(&a, k->s, &n, &e), 0);
    assert_int_equal(store_out_add(&b, k->s, &again, &e), 0);
    assert_false(a.existed);
    assert_true(b.existed);
    assert_int_equal(a.row, b.row);
    assert_string_equal(a.id, b.id);
}

static void the_same_key_with_other_bytes_is_refused(void **state)
{
    struct kit *k = *state;
    struct out_new n = kit_out(1, T), other = kit_out(2, T), to = kit_out(1, T);
    struct out_added a;
    struct err e = ERR_INIT;

    n.key = other.key = to.key = "key-1";
    to.receiver = "iso6523-actorid-upis::0208:555";
    assert_int_equal(store_out_add(&a, k->s, &n, &e), 0);
    refused(store_out_add(&a, k->s, &other, &e), &e, "store.key-conflict");
    refused(store_out_add(&a, k->s, &to, &e), &e, "store.key-conflict");
    other.tenant = "other"; /* keys belong to a tenant */
    assert_int_equal(store_out_add(&a, k->s, &other, &e), 0);
}

static void a_twin_is_told_or_refused(void **state)
{
    struct kit *k = *state;
    struct out_new n = kit_out(1, T), twin = kit_out(2, T);
    struct out_added a, b;
    struct err e = ERR_INIT;

    assert_int_equal(store_out_add(&a, k->s, &n, &e), 0);
    twin.invoice = n.invoice;
    twin.refuse_twin = true;
    refused(store_out_add(&b, k->s, &twin, &e), &e, "store.twin");
    twin.refuse_twin = false;
    assert_int_equal(store_out_add(&b, k->s, &twin, &e), 0);
    assert_int_equal(b.twin, a.row);
    assert_false(b.twin_same);
    twin = kit_out(3, T);
    twin.document_sha256 = n.document_sha256;
    assert_int_equal(store_out_add(&b, k->s, &twin, &e), 0);
    assert_true(b.twin_same);
}

static void a_used_instance_identifier_is_refused(void **state)
{
    struct kit *k = *state;
    struct out_new n = kit_out(2, T);
    struct out_added a;
    struct err e = ERR_INIT;

    (void)kit_add(k, 1, T);
    n.instance = "instance-1";
    refused(store_out_add(&a, k->s, &n, &e), &e, "store.instance");
}

static void a_rejected_document_is_known_but_never_sent(void **state)
{
    struct kit *k = *state;
    struct out_new n = kit_out(1, T);
    struct err why = kit_why(ERR_INPUT, "validate.rules"), e = ERR_INIT;
    struct out_added a;
    struct out_row r;
    int64_t due;

    n.key = "key-1";
    assert_int_equal(store_out_reject(&a, k->s, &n, &why, &e), 0);
    r = kit_get(k, a.row);
    assert_int_equal(r.state, OUT_REJECTED);
    assert_string_equal(r.reason.code, "validate.rules");
    assert_int_equal(r.sbd, 0);
    assert_true(r.settled);
    assert_int_equal(store_out_next_due(&due, k->s, &e), 0);
    assert_int_equal(due, 0);
    assert_int_equal(store_out_add(&a, k->s, &n, &e), 0); /* the key is still free */
}

static void an_overlong_value_is_refused_and_spoils_nothing(void **state)
{
    struct kit *k = *state;
    static char big[(1 << 20) + 10];
    struct out_new n = kit_out(1, T);
    struct out_added a;
    struct err e = ERR_INIT;

    memset(big, 'x', sizeof(big) - 1);
    n.rule_sets = big;
    refused(store_out_add(&a, k->s, &n, &e), &e, "store.value");
    assert_int_equal(e.class, ERR_INPUT);
    n = kit_out(1, T);
    n.dest = big;
    refused(store_out_add(&a, k->s, &n, &e), &e, "store.value");
    (void)kit_add(k, 1, T);
}

/* ---- bytes ---- */

static void read_bytes(struct kit *k, int64_t ref, char *out, size_t max)
{
    struct store_blob b;
    struct err e = ERR_INIT;

    assert_int_equal(store_blob_open(&b, k->s, ref, &e), 0);
    assert_true(b.blob.len < max);
    assert_int_equal(blob_read(&b.blob, 0, out, (size_t)b.blob.len, &e), 0);
    out[b.blob.len] = '\0';
    store_blob_close(&b);
}

static void large_payloads_are_files_small_ones_are_rows(void **state)
{
    struct kit *k = *state;
    static char big[STORE_INLINE_MAX + 1], back[sizeof(big) + 1];
    struct out_new n = kit_out(1, T), m = kit_out(2, T);
    struct out_added a;
    struct err e = ERR_INIT;
    struct spool sp;
    int64_t files = 0;

    memset(big, 'b', sizeof(big));
    n.sbd.blob = blob_mem(big, STORE_INLINE_MAX);
    assert_int_equal(store_out_add(&a, k->s, &n, &e), 0);
    assert_int_equal(db_int(&files, &k->s->writer, &e,
                         "SELECT count(*) FROM blob WHERE file IS NOT NULL", NULL, 0),
        1);
    assert_int_equal(files, 0);
    spool_init(&sp, store_tmp_dirfd(k->s), 1000, sizeof(big));
    assert_int_equal(spool_write(&sp, big, sizeof(big), &e), 0);
    m.sbd = (struct store_bytes){.spool = &sp};
    assert_int_equal(store_out_add(&a, k->s, &m, &e), 0);
    spool_free(&sp);
    read_bytes(k, kit_get(k, a.row).sbd, back, sizeof(back));
    assert_memory_equal(back, big, sizeof(big));
    assert_int_equal(db_int(&files, &k->s->writer, &e,
                         "SELECT count(*) FROM blob WHERE file IS NOT NULL", NULL, 0),
        1);
    assert_int_equal(files, 1);
}

static char *only_file(struct kit *k, struct err *e)
{
    static char name[STORE_ID];
    sqlite3_stmt *st =
        db_query(&k->s->writer, e, "SELECT file FROM blob WHERE file IS NOT NULL", NULL, 0);

    assert_int_equal(db_step(&k->s->writer, st, e), 1);
    (void)snprintf(name, sizeof(name), "%s", (const char *)sqlite3_column_text(st, 0));
    db_done(st);
    return name;
}

static void s7_a_flipped_bit_is_found_before_sending(void **state)
{
    struct kit *k = *state;
    static char big[STORE_INLINE_MAX + 1];
    struct out_new n = kit_out(1, T);
    struct out_added a;
    struct store_blob b;
    struct err e = ERR_INIT;
    unsigned long findings = 0;
    int fd;

    n.sbd.blob = blob_mem(big, sizeof(big));
    assert_int_equal(store_out_add(&a, k->s, &n, &e), 0);
    fd = openat(store_tmp_dirfd(k->s), only_file(k, &e), O_WRONLY);
    assert_int_equal(pwrite(fd, "!", 1, 777), 1);
    refused(store_blob_open(&b, k->s, kit_get(k, a.row).sbd, &e), &e, "store.damaged");
    assert_int_equal(store_check(k->s, true, NULL, NULL, &findings, &e), 0);
    assert_int_equal(findings, 1);
    assert_int_equal(pwrite(fd, "\0", 1, 777), 1);
    (void)close(fd);
}

static void a_missing_file_holds_its_document_at_start(void **state)
{
    struct kit *k = *state;
    static char big[STORE_INLINE_MAX + 1];
    struct out_new n = kit_out(1, T);
    struct out_added a;
    struct store_recovered r;
    struct err e = ERR_INIT;
    char away[64];

    n.sbd.blob = blob_mem(big, sizeof(big));
    assert_int_equal(store_out_add(&a, k->s, &n, &e), 0);
    (void)kit_add(k, 2, T);
    (void)snprintf(away, sizeof(away), ".%s", only_file(k, &e));
    assert_int_equal(renameat(store_tmp_dirfd(k->s), away + 1, store_tmp_dirfd(k->s), away), 0);
    kit_reopen(k, &r);
    assert_int_equal(r.damaged, 1);
    assert_int_equal(kit_get(k, a.row).state, OUT_HELD);
    assert_int_equal(kit_get(k, a.row + 1).state, OUT_ACCEPTED);
    assert_int_equal(renameat(store_tmp_dirfd(k->s), away, store_tmp_dirfd(k->s), away + 1), 0);
}

static void orphans_go_after_a_day_others_stay(void **state)
{
    struct kit *k = *state;
    static char big[STORE_INLINE_MAX + 1];
    struct out_new n = kit_out(1, T);
    struct out_added a;
    struct store_recovered r;
    struct err e = ERR_INIT;
    int fd = openat(store_tmp_dirfd(k->s), "orphan", O_CREAT | O_WRONLY, 0600);

    assert_true(fd >= 0);
    (void)close(fd);
    n.sbd.blob = blob_mem(big, sizeof(big));
    assert_int_equal(store_out_add(&a, k->s, &n, &e), 0);
    assert_int_equal(store_recover(&r, k->s, 1000, &e), 0); /* "now" long before */
    assert_int_equal(r.orphans, 0);
    assert_int_equal(store_recover(&r, k->s, 4000000000000, &e), 0); /* and long after */
    assert_int_equal(r.orphans, 1);
    assert_int_equal(faccessat(store_tmp_dirfd(k->s), "orphan", F_OK, 0), -1);
    assert_int_equal(kit_findings(k->s), 0);
}

/* ---- sending ---- */

static void an_attempt_ends_with_its_proof(void **state)
{
    struct kit *k = *state;
    int64_t row = kit_add(k, 1, T);
    struct out_claim c = kit_claim(k, T);
    int64_t at = kit_begin(k, &c, 1, T + 1);
    struct out_row r = kit_get(k, row);
    struct proof_row p[2];
    struct attempt_row t[2];
    struct err e = ERR_INIT;
    char raw[64];
    size_t n;

    assert_int_equal(r.state, OUT_SENDING);
    assert_string_equal(r.message.message_id, "message-1@test");
    assert_string_equal(r.message.expect, "expect");
    read_bytes(k, r.message.wire, raw, sizeof(raw));
    assert_string_equal(raw, "wire bytes");
    assert_int_equal(kit_end(k, at, ATTEMPT_ANSWERED, OUT_RECEIPTED, 0, T + 20), OUT_RECEIPTED);
    r = kit_get(k, row);
    assert_int_equal(r.state, OUT_RECEIPTED);
    assert_int_equal(r.level, PROOF_RECEIPTED);
    assert_int_equal(r.proven_at, T + 20);
    assert_int_equal(r.next_at, 0);
    assert_true(r.settled && r.left && r.message.answered);
    assert_int_equal(store_proofs(p, 2, &n, k->s, row, k->a, &e), 0);
    assert_int_equal(n, 1);
    assert_string_equal(p[0].signer, "POP000123");
    read_bytes(k, p[0].raw, raw, sizeof(raw));
    assert_string_equal(raw, "<Receipt/>");
    assert_int_equal(store_attempts(t, 2, &n, k->s, row, k->a, &e), 0);
    assert_int_equal(n, 1);
    assert_string_equal(t[0].result, "test");
    assert_string_equal(t[0].endpoint, "https://ap.example/as4");
    assert_string_equal(t[0].address, "192.0.2.1");
    read_bytes(k, t[0].answer, raw, sizeof(raw));
    assert_string_equal(raw, "answer");
}

static void an_open_message_is_only_sent_again_as_it_is(void **state)
{
    struct kit *k = *state;
    int64_t row = kit_add(k, 1, T), attempt;
    struct out_claim c = kit_claim(k, T);
    struct message_new m = kit_message(2, "other bytes");
    struct err e = ERR_INIT;
    char raw[64];

    (void)kit_end(k, kit_begin(k, &c, 1, T), ATTEMPT_UNKNOWN, OUT_UNKNOWN, T + MIN, T + 1);
    c = kit_claim(k, T + MIN);
    assert_int_equal(c.state, OUT_UNKNOWN);
    refused(store_attempt_begin(&attempt, k->s, &c, &m, KIT_LEASE, T + MIN, &e), &e,
        "store.message-open");
    attempt = kit_begin(k, &c, 0, T + MIN);
    assert_string_equal(kit_get(k, row).message.message_id, "message-1@test");
    read_bytes(k, kit_get(k, row).message.wire, raw, sizeof(raw));
    assert_string_equal(raw, "wire bytes");
    assert_int_equal(kit_get(k, row).attempts, 2);
    (void)kit_end(k, attempt, ATTEMPT_ANSWERED, OUT_RECEIPTED, 0, T + MIN + 1);
}

static void an_answered_message_is_spent(void **state)
{
    struct kit *k = *state;
    int64_t row = kit_add(k, 1, T), attempt;
    struct out_claim c = kit_claim(k, T);
    struct message_new m = kit_message(1, "the spent id");
    struct err e = ERR_INIT;

    assert_int_equal(
        kit_end(k, kit_begin(k, &c, 1, T), ATTEMPT_ANSWERED, OUT_WAITING, T + MIN, T + 1),
        OUT_WAITING);
    c = kit_claim(k, T + MIN);
    refused(store_attempt_begin(&attempt, k->s, &c, NULL, KIT_LEASE, T + MIN, &e), &e,
        "store.message-used");
    refused(store_attempt_begin(&attempt, k->s, &c, &m, KIT_LEASE, T + MIN, &e), &e,
        "store.message-used");
    (void)kit_begin(k, &c, 2, T + MIN);
    assert_string_equal(kit_get(k, row).message.message_id, "message-2@test");
}

static void what_never_left_is_composed_anew(void **state)
{
    struct kit *k = *state;
    int64_t row = kit_add(k, 1, T), blobs = 0;
    struct out_claim c = kit_claim(k, T);
    struct err e = ERR_INIT;

    assert_int_equal(
        kit_end(k, kit_begin(k, &c, 1, T), ATTEMPT_NOT_LEFT, OUT_WAITING, T + MIN, T + 1),
        OUT_WAITING);
    assert_false(kit_get(k, row).left);
    c = kit_claim(k, T + MIN);
    (void)kit_begin(k, &c, 1, T + MIN); /* even under the same id */
    assert_int_equal(kit_get(k, row).attempts, 2);
    assert_int_equal(db_int(&blobs, &k->s->writer, &e, "SELECT count(*) FROM blob", NULL, 0), 1);
    assert_int_equal(blobs, 3); /* document, wire, first answer: the old wire is gone */
}

static void unknown_stays_unknown_when_the_repeat_does_not_get_through(void **state)
{
    struct kit *k = *state;
    int64_t row = kit_add(k, 1, T);
    struct out_claim c = kit_claim(k, T);

    (void)kit_end(k, kit_begin(k, &c, 1, T), ATTEMPT_UNKNOWN, OUT_UNKNOWN, T + MIN, T + 1);
    c = kit_claim(k, T + MIN);
    assert_int_equal(kit_end(k, kit_begin(k, &c, 0, T + MIN), ATTEMPT_NOT_LEFT, OUT_WAITING,
                         T + 2 * MIN, T + MIN + 1),
        OUT_UNKNOWN);
    c = kit_claim(k, T + 2 * MIN);
    assert_int_equal(kit_end(k, kit_begin(k, &c, 0, T + 2 * MIN), ATTEMPT_NOT_TAKEN, OUT_REFUSED,
                         T + 3 * MIN, T + 2 * MIN + 1),
        OUT_UNKNOWN);
    assert_int_equal(kit_get(k, row).state, OUT_UNKNOWN);
    assert_int_equal(kit_get(k, row).next_at, T + 3 * MIN);
}

static void a_late_result_is_kept_and_only_a_proof_counts(void **state)
{
    struct kit *k = *state;
    int64_t row = kit_add(k, 1, T), first, second;
    struct out_claim c = kit_claim(k, T);
    struct out_swept sw;
    struct attempt_row t[4];
    struct err e = ERR_INIT;
    size_t n;

    first = kit_begin(k, &c, 1, T);
    assert_int_equal(store_out_sweep(&sw, k->s, T + KIT_LEASE, 100, &e), 0);
    assert_int_equal(sw.unknown, 1);
    c = kit_claim(k, T + KIT_LEASE);
    second = kit_begin(k, &c, 0, T + KIT_LEASE);
    /* the first comes back with an error: noted, nothing moves */
    assert_int_equal(
        kit_end(k, first, ATTEMPT_ANSWERED, OUT_REFUSED, 0, T + KIT_LEASE + 1), OUT_SENDING);
    assert_int_equal(
        kit_end(k, second, ATTEMPT_ANSWERED, OUT_RECEIPTED, 0, T + KIT_LEASE + 2), OUT_RECEIPTED);
    assert_int_equal(store_attempts(t, 4, &n, k->s, row, k->a, &e), 0);
    assert_int_equal(n, 2);
    assert_int_equal(t[0].ended_at, T + KIT_LEASE + 1);
}

static void an_attempt_ends_once(void **state)
{
    struct kit *k = *state;
    struct out_claim c;
    struct err why = kit_why(ERR_RETRY, "http.connect"), e = ERR_INIT;
    struct attempt_result r = {
        .outcome = ATTEMPT_NOT_LEFT, .to = OUT_WAITING, .result = "x", .why = &why, .now = T};
    int64_t at;

    (void)kit_add(k, 1, T);
    c = kit_claim(k, T);
    at = kit_begin(k, &c, 1, T);
    assert_int_equal(store_attempt_end(NULL, k->s, at, &r, &e), 0);
    refused(store_attempt_end(NULL, k->s, at, &r, &e), &e, "store.not-found");
}

static void no_receipted_without_proof(void **state)
{
    struct kit *k = *state;
    struct out_claim c;
    struct proof_new p = kit_proof(PROOF_RECEIPTED);
    struct attempt_result r = {
        .outcome = ATTEMPT_ANSWERED, .to = OUT_RECEIPTED, .result = "x", .now = T};
    struct err e = ERR_INIT;
    int64_t at;

    (void)kit_add(k, 1, T);
    c = kit_claim(k, T);
    at = kit_begin(k, &c, 1, T);
    refused(store_attempt_end(NULL, k->s, at, &r, &e), &e, "store.value");
    p.raw.len = 0; /* and no answer: no bytes at all */
    r.proof = &p;
    refused(store_attempt_end(NULL, k->s, at, &r, &e), &e, "store.value");
    r.answer = blob_mem("<R/>", 4); /* the answer is the proof */
    assert_int_equal(store_attempt_end(NULL, k->s, at, &r, &e), 0);
}

static void a_lost_lease_is_told(void **state)
{
    struct kit *k = *state;
    struct out_claim c, d;
    struct err e = ERR_INIT, why = kit_why(ERR_RETRY, "smp.timeout");
    struct message_new m = kit_message(1, "w");
    int64_t at;

    (void)kit_add(k, 1, T);
    c = kit_claim(k, T);
    d = kit_claim(k, T + KIT_LEASE);
    refused(store_out_wait(k->s, &c, &why, T + MIN, NULL, T, &e), &e, "store.lease-lost");
    refused(store_attempt_begin(&at, k->s, &c, &m, KIT_LEASE, T, &e), &e, "store.lease-lost");
    refused(store_out_refuse(k->s, &c, &why, T, &e), &e, "store.lease-lost");
    assert_int_equal(store_out_wait(k->s, &d, &why, T + 2 * MIN, "POP000999", T, &e), 0);
    assert_string_equal(kit_get(k, d.row).dest, "POP000999");
    assert_int_equal(kit_get(k, d.row).state, OUT_WAITING);
    assert_string_equal(kit_get(k, d.row).reason.code, "smp.timeout");
}

static void giving_back_without_a_reason_changes_nothing_else(void **state)
{
    struct kit *k = *state;
    int64_t row = kit_add(k, 1, T);
    struct out_claim c = kit_claim(k, T);
    struct err e = ERR_INIT;

    assert_int_equal(store_out_wait(k->s, &c, NULL, T + MIN, NULL, T, &e), 0);
    assert_int_equal(kit_get(k, row).state, OUT_ACCEPTED);
    assert_int_equal(kit_get(k, row).attempts, 0);
    assert_int_equal(kit_get(k, row).next_at, T + MIN);
}

/* ---- fairness ---- */

struct gate {
    const char *closed;
    unsigned n;
    int64_t again;
    int asked;
};

static unsigned may(void *ctx, const char *dest, int64_t *again)
{
    struct gate *g = ctx;

    g->asked++;
    *again = g->again;
    return g->closed && strcmp(dest, g->closed) == 0 ? 0 : g->n;
}

static void q1_a_backlog_takes_turns_with_the_others(void **state)
{
    struct kit *k = *state;
    struct out_claim c[8];
    struct err e = ERR_INIT;
    struct out_added a;
    size_t n;

    for (unsigned i = 0; i < 40; i++) {
        struct out_new x = kit_out(i, T);
        x.dest = i < 38 ? "busy" : i == 38 ? "small" : "tiny";
        assert_int_equal(store_out_add(&a, k->s, &x, &e), 0);
    }
    assert_int_equal(store_out_claim(c, 8, &n, k->s, T + 10, KIT_LEASE, NULL, &e), 0);
    assert_int_equal(n, 3); /* one of each */
    assert_int_equal(store_out_claim(c, 8, &n, k->s, T + 11, KIT_LEASE, NULL, &e), 0);
    assert_int_equal(n, 1);
    assert_int_equal(kit_get(k, c[0].row).state, OUT_ACCEPTED);
    assert_string_equal(kit_get(k, c[0].row).dest, "busy");
    /* a newcomer elsewhere is next, however long the backlog */
    {
        struct out_new x = kit_out(50, T + 12);
        x.dest = "new";
        assert_int_equal(store_out_add(&a, k->s, &x, &e), 0);
    }
    assert_int_equal(store_out_claim(c, 2, &n, k->s, T + 12, KIT_LEASE, NULL, &e), 0);
    assert_int_equal(n, 2);
    assert_string_equal(kit_get(k, c[1].row).dest, "new");
}

static void a_closed_destination_is_put_off_whole(void **state)
{
    struct kit *k = *state;
    struct gate g = {"POP000123", 4, T + MIN, 0};
    const struct out_gate gate = {may, &g};
    struct out_claim c[8];
    struct err e = ERR_INIT;
    int64_t due;
    size_t n;

    for (unsigned i = 0; i < 6; i++)
        (void)kit_add(k, i, T);
    assert_int_equal(store_out_claim(c, 8, &n, k->s, T, KIT_LEASE, &gate, &e), 0);
    assert_int_equal(n, 0);
    assert_int_equal(store_out_next_due(&due, k->s, &e), 0);
    assert_int_equal(due, T + MIN);
    assert_int_equal(store_out_claim(c, 8, &n, k->s, T + 1, KIT_LEASE, &gate, &e), 0);
    assert_int_equal(g.asked, 1); /* not asked again before its time */
    g.closed = NULL;
    assert_int_equal(store_out_claim(c, 8, &n, k->s, T + MIN, KIT_LEASE, &gate, &e), 0);
    assert_int_equal(n, 4);
    assert_int_equal(kit_get(k, c[0].row).attempts, 0);
}

static void many_destinations_are_all_served(void **state)
{
    struct kit *k = *state;
    struct out_claim c[200];
    struct err e = ERR_INIT;
    struct out_added a;
    size_t n;

    for (unsigned i = 0; i < 150; i++) {
        struct out_new x = kit_out(i, T);
        char dest[16];
        (void)snprintf(dest, sizeof(dest), "d%u", i);
        x.dest = dest;
        assert_int_equal(store_out_add(&a, k->s, &x, &e), 0);
    }
    assert_int_equal(store_out_claim(c, 200, &n, k->s, T, KIT_LEASE, NULL, &e), 0);
    assert_int_equal(n, 150);
}

/* ---- people and clocks ---- */

static void cancel_only_before_a_byte_has_left(void **state)
{
    struct kit *k = *state;
    int64_t row = kit_add(k, 1, T), other;
    struct out_claim c = kit_claim(k, T);
    struct err e = ERR_INIT;
    int64_t at = kit_begin(k, &c, 1, T);

    refused(store_out_cancel(k->s, row, "me", "typo", T, &e), &e, "store.left");
    (void)kit_end(k, at, ATTEMPT_ANSWERED, OUT_WAITING, T + MIN, T);
    refused(store_out_cancel(k->s, row, "me", "typo", T, &e), &e, "store.left");
    other = kit_add(k, 2, T);
    assert_int_equal(store_out_cancel(k->s, other, "me", "typo", T, &e), 0);
    assert_int_equal(kit_get(k, other).state, OUT_CANCELLED);
    assert_string_equal(kit_get(k, other).reason.who, "me");
    refused(store_out_release(k->s, other, "me", T, &e), &e, "store.state");
}

static void a_held_document_is_not_claimed_and_comes_back_as_it_was(void **state)
{
    struct kit *k = *state;
    int64_t row = kit_add(k, 1, T);
    struct out_claim c = kit_claim(k, T), none;
    struct err e = ERR_INIT;
    size_t n;

    (void)kit_end(k, kit_begin(k, &c, 1, T), ATTEMPT_UNKNOWN, OUT_UNKNOWN, T + MIN, T);
    assert_int_equal(store_out_hold(k->s, row, "ann", "asked by phone", T, &e), 0);
    assert_string_equal(kit_get(k, row).held_by, "ann");
    assert_string_equal(kit_get(k, row).held_why, "asked by phone");
    assert_int_equal(store_out_claim(&none, 1, &n, k->s, T + MIN, KIT_LEASE, NULL, &e), 0);
    assert_int_equal(n, 0);
    assert_int_equal(store_out_release(k->s, row, "ann", T + MIN, &e), 0);
    assert_int_equal(kit_claim(k, T + MIN).state, OUT_UNKNOWN);
}

static void release_does_not_restart_what_had_stopped(void **state)
{
    struct kit *k = *state;
    int64_t row = kit_add(k, 1, T);
    struct out_claim c = kit_claim(k, T);
    struct err e = ERR_INIT;
    size_t n;

    (void)kit_end(k, kit_begin(k, &c, 1, T), ATTEMPT_UNKNOWN, OUT_UNKNOWN, 0, T); /* "duplicate" */
    assert_int_equal(store_out_hold(k->s, row, "ann", "", T, &e), 0);
    assert_int_equal(store_out_release(k->s, row, "ann", T, &e), 0);
    assert_int_equal(store_out_claim(&c, 1, &n, k->s, T + MIN, KIT_LEASE, NULL, &e), 0);
    assert_int_equal(n, 0);
    assert_int_equal(store_out_retry(k->s, row, "ann", 0, T + MIN, &e), 0); /* a person may */
    assert_int_equal(kit_claim(k, T + MIN).state, OUT_UNKNOWN);
}

static void the_sweep_flags_late_whatever_the_state(void **state)
{
    struct kit *k = *state;
    int64_t row = kit_add(k, 1, T), held = kit_add(k, 2, T);
    struct out_swept sw;
    struct err e = ERR_INIT;
    struct out_claim c;

    assert_int_equal(store_out_hold(k->s, held, "ann", "", T, &e), 0);
    assert_int_equal(store_out_sweep(&sw, k->s, T + 3600000 - 1, 0, &e), 0);
    assert_int_equal(sw.late, 0);
    assert_int_equal(store_out_sweep(&sw, k->s, T + 3600000, 0, &e), 0);
    assert_int_equal(sw.late, 2);
    assert_true(kit_get(k, row).late);
    assert_true(kit_get(k, held).late);
    assert_int_equal(store_out_sweep(&sw, k->s, T + 3600001, 0, &e), 0);
    assert_int_equal(sw.late, 0); /* once */
    c = kit_claim(k, T + 3600001);
    (void)kit_end(
        k, kit_begin(k, &c, 1, T + 3600001), ATTEMPT_ANSWERED, OUT_RECEIPTED, 0, T + 3600002);
    assert_false(kit_get(k, row).late);
}

static void the_horizon_says_what_is_true(void **state)
{
    struct kit *k = *state;
    const int64_t end = T + 5 * 86400000LL;
    int64_t unsent = kit_add(k, 1, T), unknown, refused_row;
    struct out_swept sw;
    struct err e = ERR_INIT;
    struct out_claim c = kit_claim(k, T);

    (void)kit_end(k, kit_begin(k, &c, 1, T), ATTEMPT_NOT_LEFT, OUT_WAITING, end * 2, T);
    unknown = kit_add(k, 2, T);
    c = kit_claim(k, T);
    (void)kit_end(k, kit_begin(k, &c, 2, T), ATTEMPT_UNKNOWN, OUT_UNKNOWN, end * 2, T);
    refused_row = kit_add(k, 3, T);
    c = kit_claim(k, T);
    (void)kit_end(k, kit_begin(k, &c, 3, T), ATTEMPT_ANSWERED, OUT_WAITING, end * 2, T);
    assert_int_equal(store_out_sweep(&sw, k->s, end, 0, &e), 0);
    assert_int_equal(sw.expired, 3);
    assert_int_equal(kit_get(k, unsent).state, OUT_EXPIRED_UNSENT);
    assert_int_equal(kit_get(k, unknown).state, OUT_EXPIRED_UNKNOWN);
    assert_int_equal(kit_get(k, refused_row).state, OUT_REFUSED);
    assert_string_equal(kit_get(k, refused_row).reason.code, "http.connect");
    assert_true(kit_get(k, unknown).late);
}

static void proof_raises_the_level_and_never_lowers_it(void **state)
{
    struct kit *k = *state;
    struct out_new x = kit_out(1, T);
    struct out_added a;
    struct out_claim c;
    struct proof_new p;
    struct err e = ERR_INIT, why = kit_why(ERR_PEER, "mls.rejected");

    x.require = PROOF_HANDED_OVER;
    assert_int_equal(store_out_add(&a, k->s, &x, &e), 0);
    c = kit_claim(k, T);
    (void)kit_end(k, kit_begin(k, &c, 1, T), ATTEMPT_ANSWERED, OUT_RECEIPTED, 0, T);
    assert_false(kit_get(k, a.row).settled); /* more is asked for */
    p = kit_proof(PROOF_CONFIRMED);
    assert_int_equal(store_out_prove(k->s, a.row, &p, T + 1, &e), 0);
    assert_true(kit_get(k, a.row).settled);
    p = kit_proof(PROOF_HANDED_OVER);
    assert_int_equal(store_out_prove(k->s, a.row, &p, T + 2, &e), 0);
    assert_int_equal(kit_get(k, a.row).level, PROOF_CONFIRMED);
    assert_int_equal(store_out_disprove(k->s, a.row, &p, &why, T + 3, &e), 0);
    assert_int_equal(kit_get(k, a.row).state, OUT_REFUSED);
    assert_string_equal(kit_get(k, a.row).reason.code, "mls.rejected");
    assert_int_equal(store_out_prove(k->s, a.row, &p, T + 4, &e), 0); /* the last signed one wins */
    assert_int_equal(kit_get(k, a.row).state, OUT_RECEIPTED);
}

/* ---- finding ---- */

static void every_id_finds_its_document(void **state)
{
    struct kit *k = *state;
    int64_t row = kit_add(k, 1, T);
    struct out_claim c = kit_claim(k, T);
    struct out_row r;
    struct in_new in = kit_in(1, T);
    struct in_accepted got;
    struct store_hit h[4];
    struct err e = ERR_INIT;
    char hex[HASH_HEX], prefix[9], upper[9];
    size_t n;

    (void)kit_begin(k, &c, 1, T);
    r = kit_get(k, row);
    enc_hex(hex, r.document_sha256, HASH_LEN);
    (void)snprintf(prefix, sizeof(prefix), "%s", r.id);
    for (size_t i = 0; i < sizeof(upper); i++)
        upper[i] = prefix[i] >= 'a' ? (char)(prefix[i] - 32) : prefix[i];
    const char *const ids[] = {r.id, prefix, upper, "INV-1", "instance-1", "message-1@test", hex};
    for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
        assert_int_equal(store_find(h, 4, &n, k->s, ids[i], &e), 0);
        assert_int_equal(n, 1);
        assert_false(h[0].inbound);
        assert_int_equal(h[0].row, row);
        assert_string_equal(h[0].id, r.id);
    }
    assert_int_equal(store_in_accept(&got, k->s, &in, k->a, &e), 0);
    enc_hex(hex, in.sbd.sha256, HASH_LEN);
    const char *const in_ids[] = {got.id, "in-1@peer", "in-instance-1", hex};
    for (size_t i = 0; i < sizeof(in_ids) / sizeof(in_ids[0]); i++) {
        assert_int_equal(store_find(h, 4, &n, k->s, in_ids[i], &e), 0);
        assert_int_equal(n, 1);
        assert_true(h[0].inbound);
        assert_int_equal(h[0].row, got.row);
    }
    assert_int_equal(store_find(h, 4, &n, k->s, "no such thing", &e), 0);
    assert_int_equal(n, 0);
    assert_int_equal(store_find(h, 4, &n, k->s, "", &e), 0);
    assert_int_equal(n, 0);
}

static void lists_page_by_cursor_and_filter(void **state)
{
    struct kit *k = *state;
    struct store_filter f = STORE_FILTER_ALL;
    struct out_row r[4];
    struct err e = ERR_INIT;
    size_t n;

    for (unsigned i = 1; i <= 7; i++)
        (void)kit_add(k, i, T + i);
    assert_int_equal(store_out_list(r, 4, &n, k->s, &f, k->a, &e), 0);
    assert_int_equal(n, 4);
    assert_string_equal(r[0].invoice, "INV-7");
    f.before = r[3].row;
    assert_int_equal(store_out_list(r, 4, &n, k->s, &f, k->a, &e), 0);
    assert_int_equal(n, 3);
    assert_string_equal(r[2].invoice, "INV-1");
    f = (struct store_filter)STORE_FILTER_ALL;
    f.since = T + 6;
    assert_int_equal(store_out_list(r, 4, &n, k->s, &f, k->a, &e), 0);
    assert_int_equal(n, 2);
    f.since = T + 100;
    assert_int_equal(store_out_list(r, 4, &n, k->s, &f, k->a, &e), 0);
    assert_int_equal(n, 0);
    assert_int_equal(store_out_cancel(k->s, 3, "me", "", T, &e), 0);
    f = (struct store_filter)STORE_FILTER_ALL;
    f.out_state = OUT_CANCELLED;
    assert_int_equal(store_out_list(r, 4, &n, k->s, &f, k->a, &e), 0);
    assert_int_equal(n, 1);
    f.partner = "nobody";
    assert_int_equal(store_out_list(r, 4, &n, k->s, &f, k->a, &e), 0);
    assert_int_equal(n, 0);
    f = (struct store_filter)STORE_FILTER_ALL;
    f.invoice = "INV-5";
    f.open = true;
    assert_int_equal(store_out_list(r, 4, &n, k->s, &f, k->a, &e), 0);
    assert_int_equal(n, 1);
    f = (struct store_filter)STORE_FILTER_ALL;
    f.late = true;
    assert_int_equal(store_out_list(r, 4, &n, k->s, &f, k->a, &e), 0);
    assert_int_equal(n, 0);
}

static void events_have_no_gaps_and_say_every_step(void **state)
{
    struct kit *k = *state;
    int64_t row = kit_add(k, 1, T);
    struct out_claim c = kit_claim(k, T);
    struct store_event v[16];
    struct store_counts count;
    struct out_new twice = kit_out(1, T);
    struct out_added a;
    struct err e = ERR_INIT;
    size_t n;

    (void)kit_end(k, kit_begin(k, &c, 1, T), ATTEMPT_ANSWERED, OUT_RECEIPTED, 0, T);
    refused(store_out_add(&a, k->s, &twice, &e), &e, "store.instance"); /* rolled back: no gap */
    assert_int_equal(store_event_add(k->s, false, 0, "alarm", "clock", T, &e), 0);
    assert_int_equal(store_events(v, 16, &n, k->s, 0, k->a, &e), 0);
    assert_int_equal(n, 4);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(v[i].seq, v[0].seq + (int64_t)i);
    assert_string_equal(v[0].to, "ACCEPTED");
    assert_string_equal(v[0].from, "");
    assert_string_equal(v[1].from, "ACCEPTED");
    assert_string_equal(v[1].to, "SENDING");
    assert_string_equal(v[2].to, "RECEIPTED");
    assert_int_equal(v[2].row, row);
    assert_string_equal(v[2].id, c.id);
    assert_string_equal(v[3].what, "alarm");
    assert_int_equal(store_events(v, 16, &n, k->s, v[2].seq, k->a, &e), 0);
    assert_int_equal(n, 1);
    assert_int_equal(store_count(&count, k->s, &e), 0);
    assert_int_equal(count.out[OUT_RECEIPTED], 1);
    assert_int_equal(count.oldest_unproven, 0);
    assert_int_equal(count.last_event, v[0].seq);
}

/* ---- participants ---- */

static void participants_are_put_read_and_disabled(void **state)
{
    struct kit *k = *state;
    const struct store_service sv[] = {{"invoice", "billing"}, {"creditnote", NULL}};
    struct store_participant p = {.identifier = "iso6523-actorid-upis::0208:1",
        .tenant = "acme",
        .end_user = "le-1",
        .name = "Acme",
        .country = "BE",
        .identified_on = "2026-01-02",
        .route = "folder",
        .services = sv,
        .nservices = 2};
    struct store_participant got[4];
    struct err e = ERR_INIT;
    size_t n;

    assert_int_equal(store_participant_get(got, k->s, p.identifier, k->a, &e), 0);
    assert_int_equal(store_participant_put(k->s, &p, T, &e), 0);
    assert_int_equal(store_participant_get(got, k->s, p.identifier, k->a, &e), 1);
    assert_string_equal(got[0].country, "BE");
    assert_int_equal(got[0].nservices, 2);
    assert_string_equal(got[0].services[0].doctype, "creditnote");
    assert_string_equal(got[0].services[0].process, "");
    assert_false(got[0].disabled);
    p.nservices = 1;
    p.country = "NL";
    assert_int_equal(store_participant_put(k->s, &p, T, &e), 0);
    assert_int_equal(store_participant_list(got, 4, &n, k->s, NULL, k->a, &e), 0);
    assert_int_equal(n, 1);
    assert_string_equal(got[0].country, "NL");
    assert_int_equal(got[0].nservices, 1);
    assert_int_equal(store_participant_disable(k->s, p.identifier, true, T, &e), 0);
    assert_int_equal(store_participant_get(got, k->s, p.identifier, k->a, &e), 1);
    assert_true(got[0].disabled);
    refused(store_participant_disable(k->s, "nobody", true, T, &e), &e, "store.not-found");
    p.tenant = "other";
    refused(store_participant_put(k->s, &p, T, &e), &e, "store.tenant");
}

/* ---- a restored backup ---- */

static void s12_a_copied_spool_starts_held(void **state)
{
    struct kit *k = *state;
    int64_t waiting = kit_add(k, 1, T), sending;
    struct out_claim c = kit_claim(k, T);
    struct store_recovered r;
    struct err e = ERR_INIT;

    (void)kit_begin(k, &c, 1, T);
    sending = waiting;
    waiting = kit_add(k, 2, T);
    /* as a restore would leave it: the same content, another file */
    assert_int_equal(
        db_exec(&k->s->writer, "UPDATE meta SET value='1:2.3' WHERE name='place'", &e), 0);
    kit_reopen(k, &r);
    assert_true(r.moved);
    assert_int_equal(r.unknown, 1);
    assert_int_equal(kit_get(k, waiting).state, OUT_HELD);
    assert_int_equal(kit_get(k, sending).state, OUT_HELD);
    assert_int_equal(store_out_release(k->s, sending, "ann", T, &e), 0);
    assert_int_equal(kit_get(k, sending).state, OUT_UNKNOWN);
    kit_reopen(k, &r); /* once is enough */
    assert_false(r.moved);
    assert_int_equal(kit_get(k, sending).state, OUT_UNKNOWN);
}

static void one_failing_change_does_not_spoil_its_group(void **state)
{
    /* Groups form by themselves under load (test_store_thr); here the savepoint alone. */
    struct kit *k = *state;
    struct out_new x = kit_out(1, T);
    struct out_added a;
    struct err e = ERR_INIT;

    (void)kit_add(k, 1, T);
    refused(store_out_add(&a, k->s, &x, &e), &e, "store.instance");
    (void)kit_add(k, 2, T);
    assert_false(store_is_broken(k->s));
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, start, stop)
    const struct CMUnitTest t[] = {
        TEST(a_second_writer_is_refused),
        TEST(a_volatile_spool_is_refused_unless_allowed),
        TEST(another_mode_is_refused),
        TEST(a_newer_schema_is_refused),
        TEST(reading_where_nothing_is_says_so),
        TEST(the_database_is_durable_by_its_settings),
        TEST(a_reader_beside_the_writer_sees_what_is_committed),
        TEST(everything_given_is_read_back),
        TEST(the_same_key_and_bytes_give_the_same_document),
        TEST(the_same_key_with_other_bytes_is_refused),
        TEST(a_twin_is_told_or_refused),
        TEST(a_used_instance_identifier_is_refused),
        TEST(a_rejected_document_is_known_but_never_sent),
        TEST(an_overlong_value_is_refused_and_spoils_nothing),
        TEST(large_payloads_are_files_small_ones_are_rows),
        TEST(s7_a_flipped_bit_is_found_before_sending),
        TEST(a_missing_file_holds_its_document_at_start),
        TEST(orphans_go_after_a_day_others_stay),
        TEST(an_attempt_ends_with_its_proof),
        TEST(an_open_message_is_only_sent_again_as_it_is),
        TEST(an_answered_message_is_spent),
        TEST(what_never_left_is_composed_anew),
        TEST(unknown_stays_unknown_when_the_repeat_does_not_get_through),
        TEST(a_late_result_is_kept_and_only_a_proof_counts),
        TEST(an_attempt_ends_once),
        TEST(no_receipted_without_proof),
        TEST(a_lost_lease_is_told),
        TEST(giving_back_without_a_reason_changes_nothing_else),
        TEST(q1_a_backlog_takes_turns_with_the_others),
        TEST(a_closed_destination_is_put_off_whole),
        TEST(many_destinations_are_all_served),
        TEST(cancel_only_before_a_byte_has_left),
        TEST(a_held_document_is_not_claimed_and_comes_back_as_it_was),
        TEST(release_does_not_restart_what_had_stopped),
        TEST(the_sweep_flags_late_whatever_the_state),
        TEST(the_horizon_says_what_is_true),
        TEST(proof_raises_the_level_and_never_lowers_it),
        TEST(every_id_finds_its_document),
        TEST(lists_page_by_cursor_and_filter),
        TEST(events_have_no_gaps_and_say_every_step),
        TEST(participants_are_put_read_and_disabled),
        TEST(s12_a_copied_spool_starts_held),
        TEST(one_failing_change_does_not_spoil_its_group),
    };

    return cmocka_run_group_tests_name("store", t, NULL, NULL);
}
