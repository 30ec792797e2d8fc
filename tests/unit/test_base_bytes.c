/* Bytes: encodings, blobs and spools, gzip limits, clock. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <string.h>
#include <stdlib.h>
#include <unistd.h>

#include "ap/base/clock.h"
#include "ap/base/enc.h"
#include "ap/base/fsx.h"
#include "ap/base/gz.h"
#include "ap/base/hash.h"
#include "ap/base/json.h"
#include "ap/base/rnd.h"

static char dir[] = "/tmp/aviso-test-XXXXXX";
static int dirfd_;

static int setup(void **state)
{
    struct err e = ERR_INIT;

    (void)state;
    if (!mkdtemp(dir))
        return -1;
    dirfd_ = fsx_open_dir(dir, &e);
    return dirfd_ < 0;
}

static void utf_8_is_told_from_other_bytes(void **state)
{
    static const char *const good[] = {"", "a", "\xc2\x80", "\xe0\xa0\x80", "\xed\x9f\xbf",
        "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"};
    static const char *const bad[] = {"\x80", "\xc1\xbf", "\xe0\x9f\xbf", "\xed\xa0\x80", "a\xe9",
        "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xe2\x82", "\xc3("};

    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        assert_true(str_is_utf8(str_z(good[i])));
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_false(str_is_utf8(str_z(bad[i])));
    assert_int_equal(str_utf8(STR("\xe2\x82\xac"
                                  "x")),
        3);
}

static void json_is_utf_8_whatever_names_are(void **state)
{
    struct json_object *o = json_object_new_object();
    struct buf b;

    (void)state;
    buf_init(&b, 1000);
    json_add(o, "input", "caf\xe9/\xc3\xa9\\.xml");
    json_write(&b, o);
    assert_string_equal(b.p, "{\"input\":\"caf\\\\xe9/\xc3\xa9\\\\.xml\"}");
    buf_free(&b);
    (void)json_object_put(o);
}

static void base64_refuses_what_is_not(void **state)
{
    static const char *const bad[] = {"a", "ab=", "ab", "a===", "====", "ab==c", "ab$=", "abcd="};
    struct err e = ERR_INIT;
    struct buf b;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        buf_init(&b, 100);
        if (enc_unb64(&b, str_z(bad[i]), &e) == 0)
            fail_msg("taken: %s", bad[i]);
        assert_string_equal(e.code, "enc.base64");
        buf_free(&b);
    }
}

static void base64_round_trips_every_length(void **state)
{
    struct err e = ERR_INIT;

    (void)state;
    for (size_t n = 0; n < 70; n++) {
        char raw[70];
        struct buf t, back;
        rnd_bytes(raw, sizeof(raw));
        buf_init(&t, 200);
        buf_init(&back, 200);
        enc_b64(&t, raw, n);
        assert_int_equal(enc_unb64(&back, buf_view(&t), &e), 0);
        assert_int_equal(back.n, n);
        if (n)
            assert_memory_equal(back.p, raw, n);
        buf_free(&t);
        buf_free(&back);
    }
}

static void spool_spills_links_and_is_readable(void **state)
{
    struct err e = ERR_INIT;
    struct spool s;
    char piece[5000], back[5000];
    uint8_t a[HASH_LEN], b[HASH_LEN];
    struct blob whole, part;

    (void)state;
    rnd_bytes(piece, sizeof(piece));
    spool_init(&s, dirfd_, 1000, 20000);
    for (int i = 0; i < 4; i++)
        assert_int_equal(spool_write(&s, piece, sizeof(piece), &e), 0);
    assert_int_equal(spool_write(&s, "x", 1, &e), -1);
    assert_string_equal(e.code, "limit.size");
    whole = spool_blob(&s);
    assert_null(whole.mem);
    part = blob_sub(whole, 15000, 99999);
    assert_int_equal(part.len, 5000);
    assert_int_equal(blob_read(&part, 0, back, 5000, &e), 0);
    assert_memory_equal(back, piece, 5000);
    assert_int_equal(blob_read(&part, 1, back, 5000, &e), -1);
    assert_int_equal(spool_link(&s, dirfd_, "kept", &e), 0);
    assert_int_equal(spool_link(&s, dirfd_, "kept", &e), -1);
    assert_int_equal(hash_blob(a, &part, &e), 0);
    assert_int_equal(hash_of(b, piece, sizeof(piece), &e), 0);
    assert_memory_equal(a, b, HASH_LEN);
    spool_free(&s);
    assert_int_equal(fsx_remove(dirfd_, "kept", &e), 0);
}

static struct blob gzipped(struct buf *out, const char *p, size_t n)
{
    struct err e = ERR_INIT;
    struct sink s = sink_buf(out);
    struct blob in = blob_mem(p, n);

    buf_init(out, 1 << 20);
    assert_int_equal(gz_compress(&s, &in, &e), 0);
    return blob_mem(out->p, out->n);
}

static void inflate(struct blob in, const struct gz_limits *l, int rc, const char *code)
{
    struct err e = ERR_INIT;
    struct buf out;
    struct sink s = sink_buf(&out);

    buf_init(&out, 64 << 20);
    assert_int_equal(gz_inflate(&s, &in, l, &e), rc);
    if (rc) {
        assert_string_equal(e.code, code);
        assert_string_equal(e.ebms, "EBMS:0303");
    }
    buf_free(&out);
}

static void gzip_is_refused_at_every_cut_and_with_a_tail(void **state)
{
    const struct gz_limits l = {1 << 20, 0};
    struct buf z;
    struct blob in = gzipped(&z, "some payload some payload", 25);

    (void)state;
    inflate(in, &l, 0, "");
    for (uint64_t n = 0; n < in.len; n++)
        inflate(blob_sub(in, 0, n), &l, -1, "gzip.broken");
    buf_puts(&z, "tail");
    inflate(blob_mem(z.p, z.n), &l, -1, "gzip.broken");
    z.p[in.len - 5] ^= 1;
    inflate(blob_mem(z.p, (size_t)in.len), &l, -1, "gzip.broken");
    buf_free(&z);
}

static void gzip_bombs_stop_at_size_and_ratio(void **state)
{
    const struct gz_limits by_size = {1 << 20, 0}, by_ratio = {1ull << 40, 100};
    char *zeros = calloc(1, 8 << 20);
    struct buf z;
    struct blob in;

    (void)state;
    assert_non_null(zeros);
    in = gzipped(&z, zeros, 8 << 20);
    inflate(in, &by_size, -1, "gzip.bomb");
    inflate(in, &by_ratio, -1, "gzip.bomb");
    buf_free(&z);
    free(zeros);
}

static void date_times_are_read_strictly(void **state)
{
    static const char *const bad[] = {"", "2026-11-22", "2026-13-01T00:00:00Z",
        "2026-02-29T00:00:00Z", "2026-01-01T24:00:01Z", "2026-01-01T00:00:00+15:00",
        "2026-01-01T00:00:00.Z", "2026-01-01T00:00:00Zx", "26-01-01T00:00:00Z"};
    int64_t ms;
    bool zone;
    char text[CLOCK_TEXT];

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        if (clock_parse(str_z(bad[i]), &ms, &zone))
            fail_msg("taken: %s", bad[i]);
    assert_true(clock_parse(STR(" 2026-11-22T11:15:30.1239+01:00 "), &ms, &zone));
    assert_true(zone);
    clock_utc(text, ms);
    assert_string_equal(text, "2026-11-22T10:15:30.123Z");
    assert_true(clock_parse(STR("2024-02-29T24:00:00"), &ms, &zone));
    assert_false(zone);
    clock_utc(text, ms);
    assert_string_equal(text, "2024-03-01T00:00:00.000Z");
    clock_utc(text, -1);
    assert_string_equal(text, "1969-12-31T23:59:59.999Z");
}

static void same_instant(const char *text, const char *utc)
{
    char again[CLOCK_TEXT];
    int64_t ms;
    bool zone;

    assert_true(clock_parse(str_z(text), &ms, &zone));
    clock_utc(again, ms);
    assert_string_equal(again, utc);
}

/* Where clocks are put forward and back: our zone has no part in it. A leap second is in no schema:
 * refused. */
static void t6_utc_is_right_in_every_zone_and_century(void **state)
{
    static const char *const zones[] = {"Europe/Brussels", "CET-1CEST,M3.5.0,M10.5.0/3", "ABC+11"};
    int64_t ms;
    bool zone;

    (void)state;
    for (size_t i = 0; i < sizeof(zones) / sizeof(zones[0]); i++) {
        assert_int_equal(setenv("TZ", zones[i], 1), 0);
        tzset();
        same_instant("2026-03-29T02:30:00+01:00", "2026-03-29T01:30:00.000Z"); /* is skipped */
        same_instant("2026-10-25T02:30:00+02:00", "2026-10-25T00:30:00.000Z"); /* comes twice */
        same_instant("2026-10-25T02:30:00+01:00", "2026-10-25T01:30:00.000Z");
        same_instant("2038-01-19T03:14:08Z", "2038-01-19T03:14:08.000Z");
        same_instant("2106-02-07T06:28:16Z", "2106-02-07T06:28:16.000Z");
        same_instant("9999-12-31T23:59:59.999Z", "9999-12-31T23:59:59.999Z");
        same_instant("1900-01-01T00:00:00+14:00", "1899-12-31T10:00:00.000Z");
        assert_false(clock_parse(STR("2016-12-31T23:59:60Z"), &ms, &zone));
    }
    assert_int_equal(unsetenv("TZ"), 0);
    tzset();
}

static void two_locks_exclude_each_other(void **state)
{
    struct err e = ERR_INIT;
    int fd = fsx_lock(dirfd_, "lock", &e);

    (void)state;
    assert_true(fd >= 0);
    assert_int_equal(fsx_lock(dirfd_, "lock", &e), -1);
    assert_string_equal(e.code, "spool.locked");
    (void)close(fd);
    fd = fsx_lock(dirfd_, "lock", &e);
    assert_true(fd >= 0);
    (void)close(fd);
    assert_int_equal(fsx_remove(dirfd_, "lock", &e), 0);
}

static int teardown(void **state)
{
    (void)state;
    (void)close(dirfd_);
    return rmdir(dir);
}

int main(void)
{
    const struct CMUnitTest t[] = {
        cmocka_unit_test(utf_8_is_told_from_other_bytes),
        cmocka_unit_test(json_is_utf_8_whatever_names_are),
        cmocka_unit_test(base64_refuses_what_is_not),
        cmocka_unit_test(base64_round_trips_every_length),
        cmocka_unit_test(spool_spills_links_and_is_readable),
        cmocka_unit_test(gzip_is_refused_at_every_cut_and_with_a_tail),
        cmocka_unit_test(gzip_bombs_stop_at_size_and_ratio),
        cmocka_unit_test(date_times_are_read_strictly),
        cmocka_unit_test(t6_utc_is_right_in_every_zone_and_century),
        cmocka_unit_test(two_locks_exclude_each_other),
    };
    return cmocka_run_group_tests(t, setup, teardown);
}
