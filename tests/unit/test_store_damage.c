/* A journal that the disk has not kept: what is cut, what is refused, what is told (reliability S8,
 * S9). */
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

#include "ap/base/fsx.h"
#include "ap/store/store_priv.h"
#include "tests/support/store_kit.h"

#define T KIT_T0
#define DOCUMENTS 8
#define HEAD 32
#define FRAME (24 + 4096)

/* The spool as a kill leaves it after each of some commits: their ends in the log. */
struct copy {
    struct kit k; /* of the original */
    char dir[64];
    struct buf db, wal;
    size_t end[DOCUMENTS];
};

static void read_all(struct buf *out, const char *dir, const char *name)
{
    char path[128];
    struct err e = ERR_INIT;

    (void)snprintf(path, sizeof(path), "%s/%s", dir, name);
    buf_free(out);
    buf_init(out, 64 << 20);
    if (fsx_read_file(out, path, &e))
        fail_msg("%s", e.msg);
}

static void write_all(const char *dir, const char *name, const char *p, size_t n)
{
    char path[128];
    FILE *f;

    (void)snprintf(path, sizeof(path), "%s/%s", dir, name);
    f = fopen(path, "w");
    assert_non_null(f);
    assert_int_equal(fwrite(p, 1, n, f), n);
    assert_int_equal(fclose(f), 0);
}

static int start(void **state)
{
    static struct copy c;

    memset(&c, 0, sizeof(c));
    kit_start(&c.k);
    for (unsigned i = 0; i < DOCUMENTS; i++) {
        (void)kit_add(&c.k, i + 1, T);
        read_all(&c.wal, c.k.dir, "aviso.db-wal");
        c.end[i] = c.wal.n;
    }
    read_all(&c.db, c.k.dir, "aviso.db");
    (void)snprintf(c.dir, sizeof(c.dir), "%s-copy", c.k.dir);
    *state = &c;
    return 0;
}

static int stop(void **state)
{
    struct copy *c = *state;

    kit_stop(&c->k);
    kit_remove(c->dir);
    buf_free(&c->db);
    buf_free(&c->wal);
    return 0;
}

/* The copy, with n bytes of log, opened. */
static int open_copy(struct store **s, struct copy *c, const char *wal, size_t n, struct err *e)
{
    kit_remove(c->dir);
    assert_int_equal(mkdir(c->dir, 0700), 0);
    write_all(c->dir, "aviso.db", c->db.p, c->db.n);
    write_all(c->dir, "aviso.db-wal", wal, n);
    return kit_open(s, c->dir, STORE_WRITE, e);
}

/* Opened, and what it holds: documents, and the bytes that were cut. */
static unsigned long documents(struct copy *c, const char *wal, size_t n, uint64_t *cut)
{
    struct store_recovered r;
    struct store_counts count;
    struct store *s;
    struct err e = ERR_INIT;

    if (open_copy(&s, c, wal, n, &e) || store_recover(&r, s, T, &e))
        fail_msg("%s: %s", e.code, e.msg);
    assert_int_equal(store_count(&count, s, &e), 0);
    assert_int_equal(kit_findings(s), 0);
    store_close(s);
    *cut = r.cut;
    return count.out[OUT_HELD]; /* a copy starts held */
}

static void s8_a_torn_last_record_is_cut_and_told(void **state)
{
    struct copy *c = *state;
    size_t from = c->end[DOCUMENTS - 2], to = c->end[DOCUMENTS - 1];
    uint64_t cut;

    assert_int_equal(documents(c, c->wal.p, to, &cut), DOCUMENTS);
    assert_int_equal(cut, 0);
    assert_int_equal(documents(c, c->wal.p, from, &cut), DOCUMENTS - 1);
    assert_int_equal(cut, 0);
    for (size_t n = from + 1; n < to; n += 1 + (to - from) / 23) {
        assert_int_equal(documents(c, c->wal.p, n, &cut), DOCUMENTS - 1);
        assert_int_equal(cut, n - from);
    }
}

static void s8_a_last_record_with_a_lost_sector_is_cut(void **state)
{
    struct copy *c = *state;
    size_t from = c->end[DOCUMENTS - 2], to = c->end[DOCUMENTS - 1];
    uint64_t cut;

    for (size_t at = from; at + 512 < to; at += 1 + (to - from) / 11) {
        char *torn = malloc(to);
        memcpy(torn, c->wal.p, to);
        memset(torn + at, 0xa5, 512);
        assert_int_equal(documents(c, torn, to, &cut), DOCUMENTS - 1);
        assert_true(cut > 0 && cut <= to - from);
        free(torn);
    }
}

static void s9_a_damaged_record_in_the_middle_is_refused(void **state)
{
    struct copy *c = *state;
    size_t from = c->end[1], to = c->end[2];

    for (size_t at = from; at < to; at += 1 + (to - from) / 37) {
        struct store *s;
        struct err e = ERR_INIT;
        c->wal.p[at] ^= 4;
        assert_int_equal(open_copy(&s, c, c->wal.p, c->wal.n, &e), -1);
        assert_string_equal(e.code, "store.damaged");
        assert_non_null(strstr(e.msg, "commits behind it"));
        c->wal.p[at] ^= 4;
    }
}

static void s9_a_damaged_head_of_the_log_is_refused(void **state)
{
    struct copy *c = *state;

    for (size_t at = 0; at < 16; at++) {
        struct store *s;
        struct err e = ERR_INIT;
        c->wal.p[at] ^= 1;
        assert_int_equal(open_copy(&s, c, c->wal.p, c->wal.n, &e), -1);
        assert_string_equal(e.code, "store.damaged");
        c->wal.p[at] ^= 1;
    }
}

static void an_older_log_behind_the_end_is_no_damage(void **state)
{
    struct copy *c = *state;
    struct buf old;
    uint64_t cut;

    buf_init(&old, 64 << 20);
    buf_add(&old, c->wal.p, c->end[0]); /* this log: one commit */
    buf_add(&old, c->wal.p + c->end[0], c->wal.n - c->end[0]);
    for (size_t at = c->end[0]; at < old.n; at += FRAME)
        old.p[at + 8] ^= 1; /* of the one before: other salts */
    assert_int_equal(documents(c, old.p, old.n, &cut), 1);
    assert_int_equal(cut, 0);
    buf_free(&old);
}

/* ---- a damaged page of the database ---- */

struct told {
    const char *id;
    unsigned named, lines;
};

static void tell(void *ctx, const char *line)
{
    struct told *t = ctx;

    t->lines++;
    t->named += strstr(line, "document that cannot be read") && strstr(line, t->id);
}

/* The leaf of the table that holds the document; its header is overwritten. */
static void damage(char *db, size_t n, const char *id)
{
    for (size_t at = 4096; at < n; at += 4096)
        if (db[at] == 0x0d && memmem(db + at, 4096, id, strlen(id))) {
            memset(db + at, 0xff, 8);
            return;
        }
    fail_msg("there is no page with %s", id);
}

static void s9_a_document_that_cannot_be_read_stops_the_start_and_is_named(void **state)
{
    struct copy *c = *state;
    struct out_row row = kit_get(&c->k, 3);
    struct told told = {.id = row.id};
    struct store_recovered r;
    struct store *s;
    struct err e = ERR_INIT;
    unsigned long findings;

    kit_reopen(&c->k, &r); /* all of the log into the database */
    read_all(&c->db, c->k.dir, "aviso.db");
    damage(c->db.p, c->db.n, row.id);
    assert_int_equal(open_copy(&s, c, "", 0, &e), 0);
    assert_int_equal(store_recover(&r, s, T, &e), -1);
    assert_string_equal(e.code, "store.damaged");
    assert_non_null(strstr(e.next, "aviso doctor spool"));
    store_close(s);
    assert_int_equal(kit_open(&s, c->dir, STORE_READ, &e), 0);
    if (store_check(s, true, tell, &told, &findings, &e)) /* it need not come to its end */
        assert_string_equal(e.code, "store.damaged");
    assert_true(findings > 0 && told.lines == findings);
    assert_int_equal(told.named, 1);
    store_close(s);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, start, stop)
    const struct CMUnitTest t[] = {
        TEST(s8_a_torn_last_record_is_cut_and_told),
        TEST(s8_a_last_record_with_a_lost_sector_is_cut),
        TEST(s9_a_damaged_record_in_the_middle_is_refused),
        TEST(s9_a_damaged_head_of_the_log_is_refused),
        TEST(an_older_log_behind_the_end_is_no_damage),
        TEST(s9_a_document_that_cannot_be_read_stops_the_start_and_is_named),
    };

    return cmocka_run_group_tests_name("store-damage", t, NULL, NULL);
}
