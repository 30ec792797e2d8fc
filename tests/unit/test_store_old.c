/* A spool that an older program left with work in it, and one of a newer program (reliability A5).
 *
 * What this program put into a spool is copied into tables as an older schema had them. An upgrade
 * is killed at many steps of SQLite's machine: the spool is the old one or the new one (K15). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ap/store/store_priv.h"
#include "tests/support/store_kit.h"

#define T KIT_T0
#define QUEUED 200
#define RECEIVED 20

/* Some of everything: waiting, being sent, of unknown outcome, proven, received. */
static void fill(struct kit *k)
{
    struct out_claim c;
    struct in_accepted in;
    struct err e = ERR_INIT;
    int64_t attempt;

    for (unsigned i = 0; i < 4; i++) {
        (void)kit_add(k, i + 1, T);
        c = kit_claim(k, T);
        attempt = kit_begin(k, &c, i + 1, T);
        if (i == 1)
            (void)kit_end(k, attempt, ATTEMPT_UNKNOWN, OUT_UNKNOWN, T + 1000, T);
    }
    for (unsigned i = 0; i < QUEUED; i++)
        (void)kit_add(k, i + 100, T);
    for (unsigned i = 0; i < RECEIVED; i++) {
        struct in_new n = kit_in(i + 1, T);
        assert_int_equal(store_in_accept(&in, k->s, &n, k->a, &e), 0);
    }
}

static void run(sqlite3 *h, const char *sql)
{
    char *why = NULL;

    if (sqlite3_exec(h, sql, NULL, NULL, &why) != SQLITE_OK)
        fail_msg("%s: %s", sql, why);
}

/* The columns that the older table has, from the table of today. */
static int copy_table(void *ctx, int n, char **v, char **names)
{
    static const char columns[] =
        "SELECT group_concat('\"'||name||'\"') FROM main.pragma_table_info('%s')";
    sqlite3 *h = ctx;
    sqlite3_stmt *st;
    char sql[8192];

    (void)n;
    (void)names;
    (void)snprintf(sql, sizeof(sql), columns, v[0]);
    assert_int_equal(sqlite3_prepare_v2(h, sql, -1, &st, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(st), SQLITE_ROW);
    (void)snprintf(sql, sizeof(sql), "INSERT INTO main.\"%s\"(%s) SELECT %s FROM today.\"%s\"",
        v[0], (const char *)sqlite3_column_text(st, 0), (const char *)sqlite3_column_text(st, 0),
        v[0]);
    (void)sqlite3_finalize(st);
    run(h, sql);
    return 0;
}

static void make_old(const char *dir, const char *today, int64_t version)
{
    char path[128], sql[256];
    struct db db;
    struct err e = ERR_INIT;

    (void)snprintf(path, sizeof(path), "%s/aviso.db", dir);
    (void)snprintf(sql, sizeof(sql), "ATTACH '%s/aviso.db' AS today", today);
    assert_int_equal(mkdir(dir, 0700), 0);
    assert_int_equal(db_open(&db, path, STORE_WRITE, &e), 0);
    (void)sqlite3_limit(db.h, SQLITE_LIMIT_ATTACHED, 1);
    run(db.h, "PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF; PRAGMA foreign_keys=OFF");
    assert_int_equal(schema_migrate(&db, 0, version, &e), 0);
    run(db.h, sql);
    assert_int_equal(sqlite3_exec(db.h, "SELECT name FROM main.sqlite_schema WHERE type='table'",
                         copy_table, db.h, NULL),
        SQLITE_OK);
    run(db.h, "DELETE FROM meta WHERE name='place'");
    db_close(&db);
}

static int64_t version_of(struct store *s)
{
    int64_t v = 0;
    struct err e = ERR_INIT;

    assert_int_equal(db_int(&v, &s->writer, &e, "PRAGMA user_version", NULL, 0), 1);
    return v;
}

static size_t claim_all(struct store *s)
{
    struct out_claim c[16];
    struct err e = ERR_INIT;
    size_t n, all = 0;

    do {
        assert_int_equal(store_out_claim(c, 16, &n, s, T + 10000, KIT_LEASE, NULL, &e), 0);
        all += n;
    } while (n);
    return all;
}

static void opens_with_all_of_its_queue(struct kit *k, const char *dir)
{
    struct store *s;
    struct store_recovered r;
    struct store_counts n;
    struct err e = ERR_INIT;

    if (kit_open(&s, dir, STORE_WRITE, &e) || store_recover(&r, s, T + 5000, &e))
        fail_msg("%s: %s", e.code, e.msg);
    assert_int_equal(version_of(s), version_of(k->s));
    assert_int_equal(kit_findings(s), 0);
    assert_int_equal(store_count(&n, s, &e), 0);
    assert_int_equal(n.out[OUT_ACCEPTED], QUEUED);
    assert_int_equal(n.out[OUT_UNKNOWN], 4); /* three were being sent */
    assert_int_equal(n.in[IN_RECEIVED], RECEIVED);
    assert_int_equal(claim_all(s), QUEUED + 4);
    store_close(s);
}

static void a5_an_older_spool_with_a_full_queue_is_opened(void **state)
{
    char dir[80];
    struct kit k;

    (void)state;
    kit_start(&k);
    fill(&k);
    for (int64_t v = 1; v <= version_of(k.s); v++) {
        (void)snprintf(dir, sizeof(dir), "%s-%d", k.dir, (int)v);
        make_old(dir, k.dir, v);
        opens_with_all_of_its_queue(&k, dir);
        kit_remove(dir);
    }
    kit_stop(&k);
}

/* ---- killed while it is upgraded ---- */

static int steps; /* of SQLite's machine, before the end */

static int step(void *ctx)
{
    (void)ctx;
    return --steps > 0 ? 0 : raise(SIGKILL);
}

static int arm(sqlite3 *h, char **why, const struct sqlite3_api_routines *api)
{
    (void)why;
    (void)api;
    sqlite3_progress_handler(h, 1, step, NULL);
    return SQLITE_OK;
}

/* True when the child was killed; else it has opened the spool. */
static bool killed_after(int n, const char *dir)
{
    struct err e = ERR_INIT;
    struct store *s;
    int status;
    pid_t child = fork();

    if (child == 0) {
        steps = n;
        (void)sqlite3_auto_extension((void (*)(void))arm);
        _exit(kit_open(&s, dir, STORE_WRITE, &e) ? 1 : 0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true((WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) || status == 0);
    return WIFSIGNALED(status);
}

/* As the file says, before anybody mends it. */
static int64_t version_on_disk(const char *dir)
{
    char path[128];
    struct db db;
    struct err e = ERR_INIT;
    int64_t v = 0;

    (void)snprintf(path, sizeof(path), "%s/aviso.db", dir);
    assert_int_equal(db_open(&db, path, STORE_WRITE, &e), 0);
    assert_int_equal(db_int(&v, &db, &e, "PRAGMA user_version", NULL, 0), 1);
    db_close(&db);
    return v;
}

static void k15_killed_while_it_is_upgraded_it_is_the_old_or_the_new(void **state)
{
    unsigned kills = 0;
    bool killed = true;
    char dir[80];
    struct kit k;

    (void)state;
    kit_start(&k);
    fill(&k);
    for (int n = 40; killed; n += n / 4) {
        (void)snprintf(dir, sizeof(dir), "%s-%d", k.dir, n);
        make_old(dir, k.dir, 1);
        killed = killed_after(n, dir);
        kills += killed;
        if (killed)
            assert_true(version_on_disk(dir) == 1 || version_on_disk(dir) == version_of(k.s));
        opens_with_all_of_its_queue(&k, dir);
        kit_remove(dir);
    }
    assert_true(kills > 10);
    kit_stop(&k);
}

static void a5_a_newer_spool_is_refused_and_left_alone(void **state)
{
    struct kit k;
    struct store *s;
    struct err e = ERR_INIT;
    char sql[64];
    int64_t version;

    (void)state;
    kit_start(&k);
    fill(&k);
    version = version_of(k.s);
    (void)snprintf(sql, sizeof(sql), "PRAGMA user_version=%lld", (long long)version + 1);
    assert_int_equal(db_exec(&k.s->writer, sql, &e), 0);
    store_close(k.s);
    for (int mode = STORE_READ; mode <= STORE_WRITE; mode++) {
        assert_int_equal(kit_open(&s, k.dir, (enum store_mode)mode, &e), -1);
        assert_string_equal(e.code, "store.schema");
        assert_int_equal(e.class, ERR_CONFIG);
        assert_non_null(strstr(e.next, "newer"));
    }
    arena_free(k.a);
    kit_remove(k.dir);
}

int main(void)
{
    const struct CMUnitTest t[] = {
        cmocka_unit_test(a5_an_older_spool_with_a_full_queue_is_opened),
        cmocka_unit_test(a5_a_newer_spool_is_refused_and_left_alone),
        cmocka_unit_test(k15_killed_while_it_is_upgraded_it_is_the_old_or_the_new),
    };

    return cmocka_run_group_tests_name("store-old", t, NULL, NULL);
}
