/* What we write, checked by others: a Python script on lxml and cryptography, the xmlsec1 command,
 * and the official schema. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "ap/base/fsx.h"
#include "tests/support/as4msg.h"
#include "tests/support/shared.h"
#include "tests/support/testpki.h"

#define DOCUMENT                                                                                   \
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<a:x xmlns:a=\"urn:a\" b='1' "                    \
    "a='2'><y/>&#xe9;\n</a:x>\n"

static struct err err;
static char dir[64];

static void put(const char *name, const void *p, size_t n)
{
    char path[128];
    FILE *f;

    (void)snprintf(path, sizeof(path), "%s/%s", dir, name);
    f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(p, 1, n, f), n);
    assert_int_equal(fclose(f), 0);
}

static void put_file(const char *name)
{
    struct buf b;

    buf_init(&b, 1 << 16);
    assert_int_equal(fsx_read_file(&b, testpki_path(name), &err), 0);
    put(name, b.p, b.n);
    buf_free(&b);
}

static void put_error(const struct as4_received *got, struct arena *a)
{
    struct err why = ERR_INIT;
    struct buf out;
    char id[EBMS_ID];

    (void)err_set(&why, ERR_INPUT, "as4.not-serviced", "PEPPOL-AS4 4.4", "0088:1 is unknown");
    (void)err_ebms(&why, "EBMS:0004");
    buf_init(&out, 1 << 20);
    assert_int_equal(as4_error_write(&out, id, &why, got->um.message_id, as4msg_key("ap2"),
                         TESTPKI_NOW, a, &err),
        0);
    put("error.xml", out.p, out.n);
    buf_free(&out);
}

/* One exchange, everything that was on the wire put into `dir`. */
static void write_exchange(bool compress)
{
    struct cert *ap2 = testpki_cert("ap2");
    struct arena *a = arena_new(16 << 20);
    struct as4_received got;
    struct as4_sent sent;
    struct spool wire;
    struct blob body;
    struct buf receipt;
    char id[EBMS_ID];
    struct as4_message m = as4msg_everyday("id-1@ap1.example", ap2);

    m.payload = blob_str(STR(DOCUMENT));
    m.compress = compress;

    spool_init(&wire, -1, 0, 1 << 20);
    if (as4_compose(&sent, &wire, &m, as4msg_key("ap1"), a, &err))
        fail_msg("%s", err.msg);
    body = spool_blob(&wire);
    put("request.type", sent.content_type, strlen(sent.content_type));
    put("request.body", body.mem, body.len);
    put("payload", DOCUMENT, sizeof(DOCUMENT) - 1);
    if (as4_receive(&got, as4msg_receiver(), str_z(sent.content_type), &body, TESTPKI_NOW, a, &err))
        fail_msg("%s", err.msg);
    buf_init(&receipt, 1 << 20);
    assert_int_equal(
        as4_receipt_write(&receipt, id, &got, as4msg_key("ap2"), TESTPKI_NOW, a, &err), 0);
    put("receipt.xml", receipt.p, receipt.n);
    put_error(&got, a);
    buf_free(&receipt);
    as4_received_free(&got);
    spool_free(&wire);
    arena_free(a);
    cert_unref(ap2);
}

static int setup(void **state)
{
    (void)state;
    as4msg_setup();
    (void)snprintf(dir, sizeof(dir), "/tmp/aviso-wire-XXXXXX");
    if (!mkdtemp(dir))
        return -1;
    put_file("ap1.pem");
    put_file("ap2.pem");
    put_file("ap2.key");
    return 0;
}

static int done(void **state)
{
    static const char *const names[] = {"ap1.pem", "ap2.pem", "ap2.key", "request.type",
        "request.body", "payload", "receipt.xml", "error.xml"};
    char path[128];

    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        (void)snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
        (void)unlink(path);
    }
    return rmdir(dir);
}

/* Exit status of a shell command, run with D as the folder. */
static int run(const char *command)
{
    int rc = setenv("D", dir, 1) ? -1 : system(command);

    return WIFEXITED(rc) ? WEXITSTATUS(rc) : -1;
}

/*= PEPPOL-AS4 5 "compressed, then signed, then encrypted" */
/*= AS4 5.1.8 "the ds:Reference elements from the received message" */
static void python_decodes_and_verifies_what_we_write(void **state)
{
    (void)state;
    for (int compress = 0; compress < 2; compress++) {
        int rc;
        write_exchange(compress);
        rc = run("python3 tests/unit/check_wire.py $D");
        if (rc == 77 || rc == 127) {
            print_message("[ SKIPPED ] python_decodes_and_verifies_what_we_write: needs python3 "
                          "with lxml and cryptography\n");
            skip();
        }
        assert_int_equal(rc, 0);
    }
}

#define XMLSEC                                                                                     \
    "xmlsec1 --verify --pubkey-cert-pem $D/ap2.pem --id-attr:Id " EBMS_NS                          \
    ":Messaging --id-attr:Id http://www.w3.org/2003/05/soap-envelope:Body --node-xpath "           \
    "\"/*/*/*[local-name()='Security']/*[local-name()='Signature']\" "
static void the_script_sees_a_change(void **state)
{
    static const char *const changes[] = {"sed -i s/c-1/c-2/ $D/request.body", "echo >>$D/payload",
        "sed -i 's/<ds:DigestValue>./<ds:DigestValue>A/' $D/receipt.xml",
        "sed -i s/PEPPOL:NOT_SERVICED/PEPPOL:NOT_SERVED/ $D/error.xml"};
    (void)state;
    for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
        int rc;
        write_exchange(true);
        assert_int_equal(run(changes[i]), 0);
        rc = run("python3 tests/unit/check_wire.py $D 2>/dev/null");
        if (rc == 77 || rc == 127) {
            print_message("[ SKIPPED ] the_script_sees_a_change: needs python3 with lxml and "
                          "cryptography\n");
            skip();
        }
        if (rc == 0)
            fail_msg("%s: not seen", changes[i]);
    }
}

/*= AS4 5.1.8 "receipts are signed" */
static void xmlsec1_verifies_our_signals(void **state)
{
    (void)state;
    if (system("command -v xmlsec1 >/dev/null") != 0) {
        print_message("[ SKIPPED ] xmlsec1_verifies_our_signals: no xmlsec1 command\n");
        skip();
    }
    write_exchange(true);
    assert_int_equal(run(XMLSEC "$D/receipt.xml >/dev/null 2>&1"), 0);
    assert_int_equal(run(XMLSEC "$D/error.xml >/dev/null 2>&1"), 0);
    assert_int_equal(run("sed -i s/id-1@/id-2@/ $D/error.xml"), 0);
    assert_int_not_equal(run(XMLSEC "$D/error.xml >/dev/null 2>&1"), 0);
}

#define SCHEMA                                                                                     \
    "XML_CATALOG_FILES=\"$S/catalog.xml\" xmllint --nonet --noout --schema \"$S/as4-driver.xsd\" "
static void what_we_write_is_valid_by_the_schema(void **state)
{
    const char *xsd = shared("spec/data/xsd");

    (void)state;
    NEEDS_SHARED("spec/data/xsd/as4-driver.xsd");
    if (system("command -v xmllint >/dev/null") != 0) {
        print_message("[  SKIPPED ] what_we_write_is_valid_by_the_schema: no xmllint\n");
        skip();
    }
    write_exchange(true);
    assert_int_equal(setenv("S", xsd, 1), 0);
    assert_int_equal(run(SCHEMA "$D/receipt.xml $D/error.xml 2>&1"), 0);
    /* the SOAP part of the request lies between the first empty line and the next boundary */
    assert_int_equal(
        run("tr -d '\\r' <$D/request.body | sed -n '/^<?xml/,/Envelope>$/p' >$D/payload"), 0);
    assert_int_equal(run(SCHEMA "$D/payload 2>&1"), 0);
}

int main(void)
{
    const struct CMUnitTest t[] = {
        cmocka_unit_test(python_decodes_and_verifies_what_we_write),
        cmocka_unit_test(the_script_sees_a_change),
        cmocka_unit_test(xmlsec1_verifies_our_signals),
        cmocka_unit_test(what_we_write_is_valid_by_the_schema),
    };
    return cmocka_run_group_tests(t, setup, done);
}
