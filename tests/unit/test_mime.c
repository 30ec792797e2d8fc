/* The reader and writer of multipart/related: what docs/mime.md says is taken or refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "ap/base/hash.h"
#include "ap/mime/mime.h"

#define TYPE "multipart/related; boundary=\"b1\"; type=\"application/soap+xml\""
#define ROOT "Content-Type: application/soap+xml\r\nContent-ID: <root@x>\r\n\r\n<soap/>"
#define ATT "Content-Type: application/octet-stream\r\nContent-ID: <att@x>\r\n\r\nDATA"
#define GOOD "--b1\r\n" ROOT "\r\n--b1\r\n" ATT "\r\n--b1--\r\n"

static struct arena *arena;
static struct mime_msg msg;
static struct err err;

static int read_as(const char *type, const void *body, size_t n)
{
    struct blob b = blob_mem(body, n);

    arena_free(arena);
    arena = arena_new(4 << 20);
    assert_non_null(arena);
    err = (struct err)ERR_INIT;
    return mime_read(&msg, arena, &b, str_z(type), &err);
}

static int read_z(const char *body)
{
    return read_as(TYPE, body, strlen(body));
}

static int done(void **state)
{
    (void)state;
    arena_free(arena);
    arena = NULL;
    return 0;
}

static void assert_body(size_t i, const char *want)
{
    struct buf got;

    buf_init(&got, 1 << 20);
    assert_int_equal(blob_load(&got, &msg.parts[i].body, &err), 0);
    assert_int_equal(got.n, strlen(want));
    assert_memory_equal(buf_view(&got).p, want, got.n);
    buf_free(&got);
}

static void assert_str(struct str s, const char *want)
{
    assert_int_equal(s.n, strlen(want));
    assert_memory_equal(s.p, want, s.n);
}

/* ---- what is refused ---- */

struct refusal {
    const char *name, *type, *body;
    bool hides_root; /* HTTP 400 or 415; else EBMS:0007 */
};

#define NOT_AFTER(x) "--b1\r\n" ROOT "\r\n--b1\r\n" x "\r\n--b1--\r\n"
static const struct refusal REFUSED[] = {
    {"empty body", TYPE, "", true},
    {"no boundary in the body", TYPE, "hello", true},
    {"only the closing delimiter", TYPE, "--b1--\r\n", true},
    {"root does not end", TYPE, "--b1\r\n" ROOT, true},
    {"root's header does not end", TYPE, "--b1\r\nContent-Type: text/xml\r\n--b1--\r\n", true},
    {"no closing boundary", TYPE, "--b1\r\n" ROOT "\r\n--b1\r\n" ATT "\r\n", false},
    {"closing boundary is an opening one", TYPE, "--b1\r\n" ROOT "\r\n--b1\r\n" ATT "\r\n--b1\r\n",
        false},
    {"longer boundary at a line's start", TYPE, NOT_AFTER(ATT "\r\n--b1x\r\n"), false},
    {"LF before a delimiter of a CRLF message", TYPE,
        "--b1\r\n" ROOT "\r\n--b1\r\n" ATT "\n--b1--\r\n", false},
    {"CR before a delimiter", TYPE, "--b1\r\n" ROOT "\r\n--b1\r\n" ATT "\r--b1--\r\n", false},
    {"LF behind one delimiter only", TYPE, "--b1\r\n" ROOT "\r\n--b1\n" ATT "\r\n--b1--\r\n", true},
    {"same Content-ID", TYPE, NOT_AFTER("Content-ID: <root@x>\r\n\r\n"), false},
    {"same Content-ID in other case", TYPE, NOT_AFTER("Content-ID: <ROOT@x>\r\n\r\n"), false},
    {"same Content-ID percent-coded", TYPE, NOT_AFTER("Content-ID: <root%40x>\r\n\r\n"), false},
    {"same Content-ID without brackets", TYPE, NOT_AFTER("Content-ID: root@x\r\n\r\n"), false},
    {"part without Content-ID", TYPE, NOT_AFTER("Content-Type: a/b\r\n\r\nx"), false},
    {"empty Content-ID", TYPE, NOT_AFTER("Content-ID: <>\r\n\r\nx"), false},
    {"Content-ID with a space", TYPE, NOT_AFTER("Content-ID: <a b>\r\n\r\nx"), false},
    {"Content-ID with a coded space", TYPE, NOT_AFTER("Content-ID: <a%20b>\r\n\r\nx"), false},
    {"8-bit Content-ID", TYPE, NOT_AFTER("Content-ID: <\xc3\xa9@x>\r\n\r\nx"), false},
    {"Content-ID twice", TYPE, NOT_AFTER("Content-ID: <a@x>\r\nContent-Id: <b@x>\r\n\r\nx"), false},
    {"Content-Type twice", TYPE,
        NOT_AFTER("Content-Type: a/b\r\nContent-Type: a/c\r\nContent-ID: <a@x>\r\n\r\n"), false},
    {"nested multipart", TYPE,
        NOT_AFTER("Content-Type: multipart/mixed; boundary=c\r\nContent-ID: <a@x>\r\n\r\n"), false},
    {"message in a part", TYPE,
        NOT_AFTER("Content-Type: message/rfc822\r\nContent-ID: <a@x>\r\n\r\n"), false},
    {"unknown encoding", TYPE,
        NOT_AFTER("Content-Transfer-Encoding: x-uu\r\nContent-ID: <a@x>\r\n\r\n"), false},
    {"header line without colon", TYPE, NOT_AFTER("Content-ID: <a@x>\r\nhello\r\n\r\n"), false},
    {"blank before the colon", TYPE, NOT_AFTER("Content-ID : <a@x>\r\n\r\n"), false},
    {"folded line first", TYPE, NOT_AFTER(" x\r\nContent-ID: <a@x>\r\n\r\n"), false},
    {"bare CR in a header", TYPE, NOT_AFTER("X: a\rb\r\nContent-ID: <a@x>\r\n\r\n"), false},
    {"part without a header block", TYPE, "--b1\r\n" ROOT "\r\n--b1\r\n--b1--\r\n", false},
    {"start names no part", TYPE "; start=\"<other@x>\"", GOOD, true},
    {"no Content-Type", "", GOOD, true},
    {"not multipart", "application/soap+xml", GOOD, true},
    {"multipart/mixed", "multipart/mixed; boundary=b1", GOOD, true},
    {"no boundary", "multipart/related; type=\"application/soap+xml\"", GOOD, true},
    {"empty boundary", "multipart/related; boundary=\"\"", GOOD, true},
    {"boundary twice", TYPE "; boundary=b2", GOOD, true},
    {"boundary split", "multipart/related; boundary*0=b; boundary*1=1", GOOD, true},
    {"boundary ends in a blank", "multipart/related; boundary=\"b1 \"", GOOD, true},
    {"boundary over 70 characters",
        "multipart/related; boundary="
        "12345678901234567890123456789012345678901234567890123456789012345678901",
        GOOD, true},
    {"quoted value does not end", "multipart/related; boundary=\"b1", GOOD, true},
    {"text behind a value", "multipart/related; boundary=\"b1\"x", GOOD, true},
    {"comment", "multipart/related (hi); boundary=b1", GOOD, true},
    {"SOAP 1.1 root", "multipart/related; boundary=b1; type=\"text/xml\"", GOOD, true},
    {"MTOM root", "multipart/related; boundary=b1; type=\"application/xop+xml\"", GOOD, true},
};

static void doubtful_messages_are_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(REFUSED) / sizeof(REFUSED[0]); i++) {
        const struct refusal *r = &REFUSED[i];
        if (read_as(r->type, r->body, strlen(r->body)) != -1)
            fail_msg("%s: was taken", r->name);
        if (err.class != ERR_INPUT || strncmp(err.code, "mime.", 5) != 0)
            fail_msg("%s: %s %s", r->name, err.code, err.msg);
        if (r->hides_root != (err.ebms[0] == '\0') || r->hides_root != (msg.n == 0))
            fail_msg("%s: ebms \"%s\", %zu parts", r->name, err.ebms, msg.n);
    }
}

static void nul_in_a_header_is_refused(void **state)
{
    static const char body[] = NOT_AFTER("X: a\0b\r\nContent-ID: <a@x>\r\n\r\n");
    (void)state;
    assert_int_equal(read_as(TYPE, body, sizeof(body) - 1), -1);
    assert_string_equal(err.ebms, "EBMS:0007");
}

static void a_message_cut_anywhere_is_refused(void **state)
{
    static const char body[] = "preamble\r\n" GOOD;
    (void)state;
    assert_int_equal(read_as(TYPE, body, sizeof(body) - 1), 0);
    for (size_t n = 0; n < sizeof(body) - 1 - 2; n++) /* the last CRLF may be missing */
        if (read_as(TYPE, body, n) != -1)
            fail_msg("cut at %zu: was taken", n);
}

static void seventeen_parts_are_refused(void **state)
{
    char body[8192] = "";
    size_t n = 0;
    (void)state;
    for (int i = 0; i < 17; i++) {
        n += (size_t)snprintf(
            body + n, sizeof(body) - n, "--b1\r\nContent-ID: <p%d@x>\r\n\r\nx\r\n", i);
        if (i == 15) {
            (void)snprintf(body + n, sizeof(body) - n, "--b1--");
            assert_int_equal(read_z(body), 0);
            assert_int_equal(msg.n, 16);
        }
    }
    (void)snprintf(body + n, sizeof(body) - n, "--b1--");
    assert_int_equal(read_z(body), -1);
    assert_string_equal(err.ebms, "EBMS:0007");
}

static void a_header_over_its_limit_is_refused(void **state)
{
    size_t n = MIME_MAX_HEADER + 100;
    char *body = malloc(n + 200);
    (void)state;
    assert_non_null(body);
    memcpy(body, "--b1\r\nX: ", 9);
    memset(body + 9, 'y', n);
    (void)snprintf(body + 9 + n, 190, "\r\nContent-ID: <r@x>\r\n\r\n<soap/>\r\n--b1--");
    assert_int_equal(read_z(body), -1);
    for (size_t i = 0; i < n; i += 2) /* one-byte folds: must not cost the square of it */
        memcpy(body + 9 + i, i % 4 ? " y" : "\r\n", 2);
    assert_int_equal(read_z(body), -1);
    free(body);
}

static void a_boundary_all_over_the_content_is_given_up(void **state)
{
    size_t n = 3 << 20, k = 0;
    char *body = malloc(n + 1);
    (void)state;
    assert_non_null(body);
    k = (size_t)snprintf(body, n, "--b\r\n\r\n");
    while (k + 3 < n)
        k += (size_t)snprintf(body + k, n - k, "--b");
    assert_int_equal(read_as("multipart/related; boundary=b", body, k), -1);
    free(body);
}

/* ---- what is taken ---- */

static void a_plain_message_is_read(void **state)
{
    (void)state;
    assert_int_equal(read_z(GOOD), 0);
    assert_int_equal(msg.n, 2);
    assert_int_equal(msg.root, 0);
    assert_str(msg.parts[0].content_type, "application/soap+xml");
    assert_str(msg.parts[1].content_id, "att@x");
    assert_int_equal(msg.parts[1].cte, MIME_BINARY);
    assert_body(0, "<soap/>");
    assert_body(1, "DATA");
}

static void odd_but_legal_messages_are_read(void **state)
{
    static const struct {
        const char *name, *type, *body, *data;
    } t[] = {
        {"preamble and epilogue", TYPE, "hi\r\nthere\r\n" GOOD "bye\r\n--b1\r\nx", "DATA"},
        {"preamble with LF", TYPE, "hi\n" GOOD, "DATA"},
        {"empty line first", TYPE, "\r\n" GOOD, "DATA"},
        {"no line end at the end", TYPE, "--b1\r\n" ROOT "\r\n--b1\r\n" ATT "\r\n--b1--", "DATA"},
        {"unquoted boundary", "multipart/related;boundary=b1", GOOD, "DATA"},
        {"unquoted everything",
            "Multipart/Related; BOUNDARY=b1; type=application/soap+xml; start=<root@x>;", GOOD,
            "DATA"},
        {"escaped boundary", "multipart/related; boundary=\"\\b1\"", GOOD, "DATA"},
        {"unknown parameters", TYPE "; start-info=\"x/y\"; foo=bar", GOOD, "DATA"},
        {"type with parameters",
            "multipart/related; type=\"application/soap+xml; action=\\\"x\\\"\"; boundary=b1", GOOD,
            "DATA"},
        {"as CXF writes it",
            "multipart/related; type=\"application/soap+xml\"; boundary=\"uuid:480dc24b\"; "
            "start=\"<root@x>\"; start-info=\"application/soap+xml\"",
            "\r\n--uuid:480dc24b\r\nContent-Type: application/soap+xml; charset=UTF-8; "
            "action=\"x\";\r\nContent-Transfer-Encoding: binary\r\nContent-ID: "
            "<root@x>\r\n\r\n<soap/>\r\n--uuid:480dc24b\r\nContent-Type: "
            "application/octet-stream\r\nContent-Transfer-Encoding: binary\r\nContent-ID: "
            "<att@x>\r\n\r\nDATA\r\n--uuid:480dc24b--",
            "DATA"},
        {"as phase4 wrote it once", TYPE "; charset=UTF-8", GOOD, "DATA"},
        {"start without brackets, coded", TYPE "; start=\"root%40x\"", GOOD, "DATA"},
        {"LF only", TYPE,
            "--b1\nContent-ID: <root@x>\n\n<soap/>\n--b1\nContent-ID: <att@x>\n\nDATA\n--b1--\n",
            "DATA"},
        {"LF only, content ends in CR", TYPE,
            "--b1\nContent-ID: <root@x>\n\n<soap/>\n--b1\nContent-ID: <att@x>\n\nDATA\r\n--b1--\n",
            "DATA\r"},
        {"padding behind the boundary", TYPE,
            "--b1 \t\r\n" ROOT "\r\n--b1  \r\n" ATT "\r\n--b1-- \r\n", "DATA"},
        {"boundary inside a line", TYPE,
            "--b1\r\n" ROOT "\r\n--b1\r\nContent-ID: <att@x>\r\n\r\nD--b1\r\nx\r\n--b1--",
            "D--b1\r\nx"},
        {"folded, mixed case, other fields", TYPE,
            "--b1\r\n" ROOT "\r\n--b1\r\ncontent-id:\r\n\t<att@x>\r\nX-\xc3: \xc3\r\nX-A: "
            "\xc3\r\n\r\nDATA\r\n--b1--",
            NULL},
        {"folded fields", TYPE,
            "--b1\r\n" ROOT "\r\n--b1\r\ncontent-id:\r\n\t<att@x>\r\nCONTENT-TYPE: text/xml;\r\n "
            "charset=utf-8\r\nX-A: \xc3\r\n\r\nDATA\r\n--b1--",
            "DATA"},
        {"empty part", TYPE, "--b1\r\n" ROOT "\r\n--b1\r\nContent-ID: <att@x>\r\n\r\n--b1--", ""},
        {"empty part, own line end", TYPE,
            "--b1\r\n" ROOT "\r\n--b1\r\nContent-ID: <att@x>\r\n\r\n\r\n--b1--", ""},
        {"content of line ends", TYPE,
            "--b1\r\n" ROOT "\r\n--b1\r\nContent-ID: <att@x>\r\n\r\n\r\n\r\n\r\n--b1--",
            "\r\n\r\n"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
        int rc = read_as(t[i].type, t[i].body, strlen(t[i].body));
        if (!t[i].data) {
            assert_int_equal(rc, -1);
            continue;
        }
        if (rc)
            fail_msg("%s: %s", t[i].name, err.msg);
        assert_int_equal(msg.n, 2);
        assert_str(msg.parts[1].content_id, "att@x");
        assert_body(0, "<soap/>");
        assert_body(1, t[i].data);
    }
}

/*= RFC 2387 3.2 "without start the first part is the root" */
static void the_root_is_where_start_says(void **state)
{
    (void)state;
    assert_int_equal(
        read_as(TYPE "; start=\"<root@x>\"", "--b1\r\n" ATT "\r\n--b1\r\n" ROOT "\r\n--b1--",
            sizeof("--b1\r\n" ATT "\r\n--b1\r\n" ROOT "\r\n--b1--") - 1),
        0);
    assert_int_equal(msg.root, 1);
    assert_body(1, "<soap/>");
}

static void the_root_found_before_the_damage_is_left_for_the_answer(void **state)
{
    (void)state;
    assert_int_equal(read_z("--b1\r\n" ROOT "\r\n--b1\r\n" ATT), -1);
    assert_int_equal(msg.n, 1);
    assert_body(msg.root, "<soap/>");
    assert_string_equal(err.ebms, "EBMS:0007");
}

static void type_and_charset_are_read(void **state)
{
    struct str type, charset;
    (void)state;
    (void)read_z("");
    assert_int_equal(
        mime_type_read(&type, &charset, arena, STR("Application/SOAP+xml;charset=\"UTF-8\""), &err),
        0);
    assert_str(type, "application/soap+xml");
    assert_str(charset, "UTF-8");
    assert_int_equal(mime_type_read(&type, &charset, arena, STR("soap"), &err), -1);
    assert_string_equal(err.code, "mime.content-type");
}

/* ---- encodings ---- */

static int decode(struct buf *out, enum mime_cte cte, const char *p, size_t n)
{
    struct mime_part part = {.cte = cte, .body = blob_mem(p, n)};
    struct sink s = sink_buf(out);

    buf_free(out);
    buf_init(out, 1 << 20);
    err = (struct err)ERR_INIT;
    return mime_part_decode(&s, &part, &err);
}

static void encoded_parts_are_decoded_or_refused(void **state)
{
    static const struct {
        enum mime_cte cte;
        const char *in, *out;
    } t[] = {
        {MIME_BASE64, "REFU\r\nQQ==\r\n", "DATA"},
        {MIME_BASE64, " R E F\tU Q Q = = ", "DATA"},
        {MIME_BASE64, "", ""},
        {MIME_BASE64, "REFUQ", NULL},
        {MIME_BASE64, "REFUQQ=", NULL},
        {MIME_BASE64, "REFUQQ==REFU", NULL},
        {MIME_BASE64, "RE*U", NULL},
        {MIME_BASE64, "R===", NULL},
        {MIME_BASE64, "=AAA", NULL},
        {MIME_QUOTED_PRINTABLE, "a=3Db=\r\nc \t\r\nd", "a=bc\r\nd"},
        {MIME_QUOTED_PRINTABLE, "=c3=A9", "\xc3\xa9"},
        {MIME_QUOTED_PRINTABLE, "a= \nb", "ab"},
        {MIME_QUOTED_PRINTABLE, "a=", "a"},
        {MIME_QUOTED_PRINTABLE, "a b ", "a b"},
        {MIME_QUOTED_PRINTABLE, "a=3", NULL},
        {MIME_QUOTED_PRINTABLE, "a=3G", NULL},
        {MIME_QUOTED_PRINTABLE, "a=3\r\nD", NULL},
        {MIME_QUOTED_PRINTABLE, "a\rb", NULL},
        {MIME_QUOTED_PRINTABLE, "\xc3", NULL},
        {MIME_BINARY, "a=3D", "a=3D"},
    };
    struct buf out;
    (void)state;
    buf_init(&out, 1);
    for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
        int rc = decode(&out, t[i].cte, t[i].in, strlen(t[i].in));
        if (!t[i].out) {
            if (rc == 0)
                fail_msg("\"%s\" was decoded", t[i].in);
            assert_string_equal(err.code, "mime.encoding");
            assert_string_equal(err.ebms, "EBMS:0007");
            continue;
        }
        if (rc)
            fail_msg("\"%s\": %s", t[i].in, err.msg);
        assert_str(buf_view(&out), t[i].out);
    }
    buf_free(&out);
}

static void base64_is_the_same_in_pieces(void **state)
{
    size_t n = 200000;
    char *in = malloc(n + n / 76 * 2 + 4);
    struct buf out;
    size_t k = 0;
    (void)state;
    assert_non_null(in);
    for (size_t i = 0; i < n; i++) { /* lines of 76 put every group at every offset of a piece */
        in[k++] = "Zm9v"[i % 4];
        if (i % 76 == 75)
            in[k++] = '\n';
    }
    buf_init(&out, 1);
    assert_int_equal(decode(&out, MIME_BASE64, in, k), 0);
    assert_int_equal(out.n, n / 4 * 3);
    for (size_t i = 0; i < out.n; i++)
        assert_int_equal(out.p[i], "foo"[i % 3]);
    buf_free(&out);
    free(in);
}

/* ---- in a file, and writing ---- */

/* Delimiters at every offset around the border of the pieces in which a file is read. */
static void a_boundary_across_pieces_is_found(void **state)
{
    FILE *f = tmpfile();
    (void)state;
    assert_non_null(f);
    for (size_t pad = 65536 - 160; pad < 65536 + 20; pad++) {
        struct blob b;
        char *filler = calloc(1, pad);
        assert_non_null(filler);
        memset(filler, '-', pad);
        rewind(f);
        assert_int_equal(ftruncate(fileno(f), 0), 0);
        fprintf(f, "--b1\r\nContent-ID: <r@x>\r\n\r\n");
        assert_int_equal(fwrite(filler, 1, pad, f), pad);
        fprintf(f, "\r\n--b1\r\n" ATT "\r\n--b1--\r\n");
        fflush(f);
        free(filler);
        arena_free(arena);
        arena = arena_new(1 << 20);
        b = blob_fd(fileno(f), 0, (uint64_t)ftell(f));
        assert_int_equal(mime_read(&msg, arena, &b, STR(TYPE), &err), 0);
        assert_int_equal(msg.n, 2);
        assert_int_equal(msg.parts[0].body.len, pad);
        assert_body(1, "DATA");
    }
    fclose(f);
}

static void what_is_written_is_read_back(void **state)
{
    struct mime_out w;
    struct buf all;
    (void)state;
    (void)read_z("");
    assert_int_equal(
        mime_write(&w, STR("<soap/>"), STR("soap@aviso"), STR("payload@aviso"), &err), 0);
    buf_init(&all, 4096);
    buf_str(&all, buf_view(&w.head));
    buf_puts(&all, "\r\nDA--TA\n\r\n");
    buf_str(&all, buf_view(&w.tail));
    assert_int_equal(read_as(w.content_type, all.p, all.n), 0);
    assert_int_equal(msg.n, 2);
    assert_int_equal(msg.root, 0);
    assert_str(msg.parts[0].content_id, "soap@aviso");
    assert_str(msg.parts[0].content_type, "application/soap+xml");
    assert_str(msg.parts[1].content_id, "payload@aviso");
    assert_str(msg.parts[1].content_type, "application/octet-stream");
    assert_body(0, "<soap/>");
    assert_body(1, "\r\nDA--TA\n\r\n");
    buf_free(&all);
    mime_out_free(&w);
    assert_int_equal(mime_write(&w, STR("<soap/>"), STR("a b"), STR("c"), &err), -1);
    mime_out_free(&w);
}

int main(void)
{
    const struct CMUnitTest t[] = {
        cmocka_unit_test(doubtful_messages_are_refused),
        cmocka_unit_test(nul_in_a_header_is_refused),
        cmocka_unit_test(a_message_cut_anywhere_is_refused),
        cmocka_unit_test(seventeen_parts_are_refused),
        cmocka_unit_test(a_header_over_its_limit_is_refused),
        cmocka_unit_test(a_boundary_all_over_the_content_is_given_up),
        cmocka_unit_test(a_plain_message_is_read),
        cmocka_unit_test(odd_but_legal_messages_are_read),
        cmocka_unit_test(the_root_is_where_start_says),
        cmocka_unit_test(the_root_found_before_the_damage_is_left_for_the_answer),
        cmocka_unit_test(type_and_charset_are_read),
        cmocka_unit_test(encoded_parts_are_decoded_or_refused),
        cmocka_unit_test(base64_is_the_same_in_pieces),
        cmocka_unit_test(a_boundary_across_pieces_is_found),
        cmocka_unit_test(what_is_written_is_read_back),
    };
    return cmocka_run_group_tests(t, NULL, done);
}
