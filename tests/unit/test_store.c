#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ap/base/enc.h"
#include "ap/store/store_alarm.h"
#include "ap/store/store_priv.h"
#include "tests/support/store_kit.h"

#define T KIT_T0
#define MIN 60000

/* ---- opening ---- */

static void a_second_writer_is_refused(void **state)
{
    struct kit *k = *state;
    struct store *other;
    struct err e = ERR_INIT;

    kit_refused(kit_open(&other, k->dir, STORE_WRITE, &e), &e, "spool.locked");
    assert_null(other);
}

/* The lock is held by an open file: the pid in it, here of a process that lives, is only told. */
static void s11_a_stale_pid_locks_nobody_out(void **state)
{
    struct kit *k = *state;
    struct store_recovered r;
    char path[128];
    FILE *f;

    (void)snprintf(path, sizeof(path), "%s/lock", k->dir);
    f = fopen(path, "we");
    assert_non_null(f);
    assert_true(fprintf(f, "%d\n", (int)getppid()) > 0);
    assert_int_equal(fclose(f), 0);
    kit_reopen(k, &r);
    assert_false(r.moved);
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
    kit_refused(store_open(&s, &c, &e), &e, "store.volatile");
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

    kit_refused(store_open(&s, &c, &e), &e, "store.mode");
}

static void a_newer_schema_is_refused(void **state)
{
    struct kit *k = *state;
    struct store *s;
    struct err e = ERR_INIT;

    assert_int_equal(db_exec(&k->s->writer, "PRAGMA user_version=99", &e), 0);
    kit_refused(kit_open(&s, k->dir, STORE_READ, &e), &e, "store.schema");
    assert_int_equal(db_exec(&k->s->writer, "PRAGMA user_version=1", &e), 0);
}

static void reading_where_nothing_is_says_so(void **state)
{
    struct store *s;
    struct err e = ERR_INIT;

    (void)state;
    kit_refused(kit_open(&s, "/nonexistent/spool", STORE_READ, &e), &e, "store.missing");
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
    kit_refused(store_out_add(&a, s, &n, &e), &e, "store.state");
    store_close(s);
}

static void only_the_owner_reads_the_spool(void **state)
{
    static const char *const files[] = {"aviso.db", "aviso.db-wal", "aviso.db-shm", "lock"};
    struct kit *k = *state;
    struct stat st;

    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        assert_int_equal(fstatat(k->s->dirfd, files[i], &st, 0), 0);
        assert_int_equal(st.st_mode & 0777, 0600);
    }
    assert_int_equal(fstat(k->s->payload_dirfd, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
}

/* ---- a million rows: what was asked above is asked here again, of the planner ---- */

static void plan_of(struct db *db, const char *sql)
{
    sqlite3_stmt *st = NULL;
    char explain[4000];

    (void)snprintf(explain, sizeof(explain), "EXPLAIN QUERY PLAN %s", sql);
    assert_int_equal(sqlite3_prepare_v2(db->h, explain, -1, &st, NULL), SQLITE_OK);
    while (sqlite3_step(st) == SQLITE_ROW) {
        const char *step = (const char *)sqlite3_column_text(st, 3);
        bool whole = strncmp(step, "SCAN ", 5) == 0 && strcmp(step, "SCAN CONSTANT ROW") != 0;
        /* counting, dest and the partial index of leases may be walked; what a subquery with a
         * LIMIT gave, too: its own steps are lines of their own */
        if (whole && !strstr(step, "USING COVERING INDEX") && !strstr(step, "dest") &&
            !strstr(step, "document_lease") && !strstr(step, "(subquery-"))
            fail_msg("%s: %s", step, sql);
    }
    (void)sqlite3_finalize(st);
}

static void no_statement_reads_a_whole_table(void **state)
{
    struct kit *k = *state;
    struct store_filter f[8];
    struct out_row r[2];
    struct in_row ir[2];
    struct out_swept sw;
    struct in_new in = kit_in(1, T);
    struct in_accepted got;
    struct in_claim ic;
    struct store_event ev[2];
    struct store_hit h[2];
    struct store_counts counts;
    struct in_unjudged unjudged;
    unsigned long overdue;
    int64_t left;
    struct store_recovered rec;
    struct proof_row p[2];
    struct attempt_row at[2];
    struct out_claim c;
    struct err e = ERR_INIT;
    size_t n, seen = 0;
    int64_t row = kit_add(k, 1, T);

    for (size_t i = 0; i < 8; i++)
        f[i] = (struct store_filter)STORE_FILTER_ALL;
    f[1].invoice = "INV-1";
    f[2].late = true;
    f[3].partner = "x";
    f[4].out_state = f[4].in_state = 1;
    f[5].open = true;
    f[6].tenant = "acme";
    f[7].since = T;
    c = kit_claim(k, T);
    (void)kit_end(k, kit_begin(k, &c, 1, T), ATTEMPT_NOT_LEFT, OUT_WAITING, T, T);
    c = kit_claim(k, T);
    (void)kit_begin(k, &c, 1, T);
    assert_int_equal(store_recover(&rec, k->s, T, &e), 0);
    assert_int_equal(store_out_sweep(&sw, k->s, T + 6 * 86400000LL, 0, &e), 0);
    assert_int_equal(sw.expired, 1);
    assert_int_equal(store_in_accept(&got, k->s, &in, k->a, &e), 0);
    assert_int_equal(store_in_claim(&ic, 1, &n, k->s, false, NULL, T, MIN, &e), 0);
    assert_int_equal(store_in_claim(&ic, 1, &n, k->s, true, "x", T + MIN, MIN, &e), 0);
    for (size_t i = 0; i < 8; i++) {
        assert_int_equal(store_out_list(r, 2, &n, k->s, &f[i], k->a, &e), 0);
        assert_int_equal(store_in_list(ir, 2, &n, k->s, &f[i], k->a, &e), 0);
    }
    assert_int_equal(store_events(ev, 2, &n, k->s, 0, k->a, &e), 0);
    assert_int_equal(store_find(h, 2, &n, k->s, "abcd", &e), 0);
    assert_int_equal(store_count(&counts, k->s, &e), 0);
    assert_int_equal(store_count_overdue(&overdue, k->s, T, &e), 0);
    assert_int_equal(store_in_unjudged(&unjudged, k->s, &e), 0);
    assert_int_equal(store_message_first_left(&left, k->s, row, 1, 0, &e), 0);
    assert_int_equal(store_proofs(p, 2, &n, k->s, row, k->a, &e), 0);
    assert_int_equal(store_attempts(at, 2, &n, k->s, row, k->a, &e), 0);
    for (size_t i = 0; i < DB_STATEMENTS; i++) {
        const struct db *dbs[] = {&k->s->writer, k->s->pool};
        for (size_t d = 0; d < 2; d++)
            if (dbs[d]->cache[i].sql && strncmp(dbs[d]->cache[i].sql, "PRAGMA", 6) != 0) {
                plan_of(&k->s->writer, dbs[d]->cache[i].sql);
                seen++;
            }
    }
    assert_true(seen > 40);
    assert_true(seen < DB_STATEMENTS); /* both caches together: room enough in each */
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
    kit_refused(store_out_add(&a, k->s, &other, &e), &e, "store.key-conflict");
    kit_refused(store_out_add(&a, k->s, &to, &e), &e, "store.key-conflict");
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
    kit_refused(store_out_add(&b, k->s, &twin, &e), &e, "store.twin");
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
    kit_refused(store_out_add(&a, k->s, &n, &e), &e, "store.instance");
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
    kit_refused(store_out_add(&a, k->s, &n, &e), &e, "store.value");
    assert_int_equal(e.class, ERR_INPUT);
    n = kit_out(1, T);
    n.dest = big;
    kit_refused(store_out_add(&a, k->s, &n, &e), &e, "store.value");
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
    kit_refused(store_blob_open(&b, k->s, kit_get(k, a.row).sbd, &e), &e, "store.damaged");
    assert_int_equal(store_check(k->s, true, NULL, NULL, &findings, &e), 0);
    assert_int_equal(findings, 1);
    assert_int_equal(pwrite(fd, "\0", 1, 777), 1);
    (void)close(fd);
}

/* The kind of the only alarm there is, or "". */
static const char *loud(struct kit *k)
{
    struct alarm_row r[2];
    struct err e = ERR_INIT;
    size_t n;

    assert_int_equal(store_alarms(r, 2, &n, k->s, false, 0, k->a, &e), 0);
    assert_true(n <= 1);
    return n ? r[0].kind : "";
}

static void damage_found_before_sending_holds_and_is_loud(void **state)
{
    struct kit *k = *state;
    int64_t row = kit_add(k, 1, T);
    struct out_claim c = kit_claim(k, T), old;
    struct err e = ERR_INIT;

    old = c;
    assert_int_equal(store_out_damaged(k->s, &c, T, &e), 0);
    assert_int_equal(kit_get(k, row).state, OUT_HELD);
    assert_string_equal(kit_get(k, row).held_by, "aviso");
    assert_string_equal(kit_get(k, row).reason.code, "store.damaged");
    assert_string_equal(loud(k), "damaged");
    kit_refused(store_out_damaged(k->s, &old, T, &e), &e, "store.lease-lost");
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
    assert_string_equal(kit_get(k, a.row).reason.code, "store.damaged");
    assert_string_equal(loud(k), "damaged");
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
    enc_hex(hex, in.document_sha256, HASH_LEN);
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
    kit_refused(
        store_out_add(&a, k->s, &twice, &e), &e, "store.instance"); /* rolled back: no gap */
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
    kit_refused(store_participant_disable(k->s, "nobody", true, T, &e), &e, "store.not-found");
    p.tenant = "other";
    kit_refused(store_participant_put(k->s, &p, T, &e), &e, "store.tenant");
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
    assert_string_equal(loud(k), "moved");
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
    kit_refused(store_out_add(&a, k->s, &x, &e), &e, "store.instance");
    (void)kit_add(k, 2, T);
    assert_false(store_is_broken(k->s));
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, kit_setup, kit_teardown)
    const struct CMUnitTest t[] = {
        TEST(a_second_writer_is_refused),
        TEST(s11_a_stale_pid_locks_nobody_out),
        TEST(a_volatile_spool_is_refused_unless_allowed),
        TEST(another_mode_is_refused),
        TEST(a_newer_schema_is_refused),
        TEST(reading_where_nothing_is_says_so),
        TEST(the_database_is_durable_by_its_settings),
        TEST(a_reader_beside_the_writer_sees_what_is_committed),
        TEST(only_the_owner_reads_the_spool),
        TEST(no_statement_reads_a_whole_table),
        TEST(everything_given_is_read_back),
        TEST(the_same_key_and_bytes_give_the_same_document),
        TEST(the_same_key_with_other_bytes_is_refused),
        TEST(a_twin_is_told_or_refused),
        TEST(a_used_instance_identifier_is_refused),
        TEST(a_rejected_document_is_known_but_never_sent),
        TEST(an_overlong_value_is_refused_and_spoils_nothing),
        TEST(large_payloads_are_files_small_ones_are_rows),
        TEST(s7_a_flipped_bit_is_found_before_sending),
        TEST(damage_found_before_sending_holds_and_is_loud),
        TEST(a_missing_file_holds_its_document_at_start),
        TEST(orphans_go_after_a_day_others_stay),
        TEST(every_id_finds_its_document),
        TEST(lists_page_by_cursor_and_filter),
        TEST(events_have_no_gaps_and_say_every_step),
        TEST(participants_are_put_read_and_disabled),
        TEST(s12_a_copied_spool_starts_held),
        TEST(one_failing_change_does_not_spoil_its_group),
    };

    return cmocka_run_group_tests_name("store", t, NULL, NULL);
}
