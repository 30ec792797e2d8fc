#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <dirent.h>
#include <fcntl.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ap/base/fsx.h"
#include "ap/crypto/keyring.h"
#include "tests/support/testpki.h"

static struct err e;
static char dir[32];
static struct keyring_place place;
static struct cert *ours, *next;
static struct keyring ring;

static int set_up(void **state)
{
    (void)state;
    (void)snprintf(dir, sizeof(dir), "/tmp/aviso-ring-XXXXXX");
    assert_non_null(mkdtemp(dir));
    place = (struct keyring_place){dir, testpki_path("ap1.key"), testpki_path("ap1.pem"), "", ""};
    ours = testpki_cert("ap1");
    next = testpki_leaf(&(struct testpki_leaf){.name = "ap1next", .cn = "POP000001"});
    return 0;
}

static void drop(const char *folder)
{
    char path[400];
    DIR *d = opendir(folder);

    for (struct dirent *f; d && (f = readdir(d));) {
        (void)snprintf(path, sizeof(path), "%s/%s", folder, f->d_name);
        (void)unlink(path);
    }
    if (d)
        (void)closedir(d);
    (void)rmdir(folder);
}

static int tear_down(void **state)
{
    (void)state;
    keyring_free(&ring);
    drop(dir);
    cert_unref(ours);
    cert_unref(next);
    return 0;
}

static void key_text(struct buf *out, const char *name, const char *password)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *p;
    long n;

    buf_init(out, 65536);
    assert_int_equal(PEM_write_bio_PKCS8PrivateKey(bio, testpki_key(name, 0),
                         password ? EVP_aes_128_cbc() : NULL, password,
                         password ? (int)strlen(password) : 0, NULL, NULL),
        1);
    n = BIO_get_mem_data(bio, &p);
    buf_add(out, p, (size_t)n);
    BIO_free(bio);
}

static void cert_text(struct buf *out, const struct cert *c)
{
    buf_init(out, 65536);
    buf_puts(out, "friendlyName: x\n-----BEGIN CERTIFICATE-----\n");
    cert_b64(out, c);
    buf_puts(out, "\n-----END CERTIFICATE-----\n");
}

static void parsed(struct str file, struct str key, const char *password, const char *code)
{
    struct cert *c;
    struct buf pem;

    buf_init(&pem, 65536);
    e = (struct err){0};
    assert_int_equal(keyring_parse(&c, &pem, file, key, password, &e), code ? -1 : 0);
    assert_string_equal(e.code, code ? code : "");
    if (code) {
        assert_int_equal(e.class, ERR_INPUT);
        assert_null(c);
    } else {
        assert_true(cert_same(c, next));
        assert_non_null(strstr(pem.p, "BEGIN PRIVATE KEY"));
    }
    cert_unref(c);
    buf_wipe(&pem);
}

static void pem_is_read_from_one_file_or_two(void **state)
{
    struct buf key, locked, wrong, cert, both;

    (void)state;
    key_text(&key, "ap1next", NULL);
    key_text(&locked, "ap1next", "secret");
    key_text(&wrong, "ap2", NULL);
    cert_text(&cert, next);
    buf_init(&both, 65536);
    buf_str(&both, buf_view(&cert));
    buf_str(&both, buf_view(&key));
    parsed(buf_view(&cert), buf_view(&key), NULL, NULL);
    parsed(buf_view(&both), STR(""), NULL, NULL);
    parsed(buf_view(&cert), buf_view(&locked), "secret", NULL);
    parsed(buf_view(&cert), buf_view(&locked), "other", "key.password");
    parsed(buf_view(&cert), buf_view(&locked), NULL, "key.password");
    parsed(buf_view(&cert), buf_view(&wrong), NULL, "key.mismatch");
    parsed(buf_view(&cert), STR(""), NULL, "key.unreadable");
    parsed(buf_view(&key), STR(""), NULL, "cert.malformed");
    parsed(STR(""), STR(""), NULL, "key.unreadable");
    parsed(STR("0\x82\x01"), STR(""), NULL, "key.unreadable");
    buf_free(&key);
    buf_free(&locked);
    buf_free(&wrong);
    buf_free(&cert);
    buf_free(&both);
}

static void pkcs12_is_read_with_its_password(void **state)
{
    PKCS12 *p =
        PKCS12_create("secret", "x", testpki_key("ap1next", 0), next->x, NULL, 0, 0, 0, 0, 0);
    PKCS12 *bare = PKCS12_create("secret", "x", NULL, next->x, NULL, 0, 0, 0, 0, 0);
    unsigned char *der = NULL, *der2 = NULL;
    int n = i2d_PKCS12(p, &der), n2 = i2d_PKCS12(bare, &der2);

    (void)state;
    parsed((struct str){(char *)der, (size_t)n}, STR(""), "secret", NULL);
    parsed((struct str){(char *)der, (size_t)n}, STR(""), "Secret", "key.password");
    parsed((struct str){(char *)der, (size_t)n}, STR(""), NULL, "key.password");
    parsed((struct str){(char *)der, (size_t)n - 9}, STR(""), "secret", "key.unreadable");
    parsed((struct str){(char *)der2, (size_t)n2}, STR(""), "secret", "key.unreadable");
    OPENSSL_free(der);
    OPENSSL_free(der2);
    PKCS12_free(p);
    PKCS12_free(bare);
}

static void read_ring(size_t n, const struct cert *active)
{
    keyring_free(&ring);
    assert_int_equal(keyring_read(&ring, &place, &e), 0);
    assert_int_equal(ring.n, n);
    assert_true(cert_same(ring.entry[0].cert, active));
    for (size_t i = 0; i < n; i++)
        assert_int_equal(ring.entry[i].active, i == 0);
}

static void import_next(void)
{
    struct buf key;

    key_text(&key, "ap1next", NULL);
    assert_int_equal(keyring_import(&place, next, buf_view(&key), &e), 0);
    buf_free(&key);
}

static void one_key_takes_over_from_the_other_in_steps(void **state)
{
    struct stat st;
    struct key *k;

    (void)state;
    read_ring(1, ours);
    import_next();
    import_next();
    read_ring(2, ours);
    assert_int_equal(stat(ring.entry[1].key_file, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(key_open_file(&k, ring.entry[1].key_file, ring.entry[1].cert_file, &e), 0);
    key_close(k);
    assert_int_equal(keyring_activate(&place, next->serial, &e), 0);
    read_ring(2, next);
    assert_int_equal(keyring_retire(&place, next->serial, &e), -1);
    assert_string_equal(e.code, "key.active");
    assert_int_equal(keyring_retire(&place, ours->serial, &e), 0);
    read_ring(1, next);
    /* what the configuration still names does not come back by itself */
    assert_int_equal(keyring_activate(&place, ours->serial, &e), -1);
    assert_string_equal(e.code, "key.none");
    place.cert_file = place.key_file = ""; /* and it may be gone from there */
    read_ring(1, next);
}

static void the_old_one_can_take_over_again_before_it_is_retired(void **state)
{
    char path[400];

    (void)state;
    import_next();
    assert_int_equal(keyring_activate(&place, next->serial, &e), 0);
    assert_int_equal(keyring_activate(&place, ours->serial, &e), 0);
    read_ring(2, ours);
    assert_int_equal(keyring_retire(&place, next->serial, &e), 0);
    read_ring(1, ours);
    (void)snprintf(path, sizeof(path), "%s/%s.key", dir, next->serial);
    assert_int_equal(access(path, F_OK), -1);
}

/* A crash between the two files of an import, or after the marker of a retirement. */
/* As root: the folder lies in the spool of another user. */
static void what_root_writes_is_the_services(void **state)
{
    struct keyring_place outer = place;
    char inner[64], key[200];
    struct stat st;

    (void)state;
    if (geteuid() != 0) {
        print_message("[  SKIPPED ] %s: needs root\n", __func__);
        skip();
    }
    assert_int_equal(chown(dir, 65534, 65534), 0);
    (void)snprintf(inner, sizeof(inner), "%s/keys", dir);
    place.dir = inner;
    import_next();
    place = outer;
    (void)snprintf(key, sizeof(key), "%s/%s.key", inner, next->serial);
    assert_int_equal(stat(key, &st), 0);
    assert_int_equal(st.st_uid, 65534);
    assert_int_equal(stat(inner, &st), 0);
    assert_int_equal(st.st_uid, 65534);
    drop(inner);
}

static void a_step_cut_off_leaves_the_state_before_it_or_after_it(void **state)
{
    char path[400];

    (void)state;
    import_next();
    (void)snprintf(path, sizeof(path), "%s/%s.pem", dir, next->serial);
    assert_int_equal(unlink(path), 0);
    read_ring(1, ours);
    import_next();
    (void)snprintf(path, sizeof(path), "%s/%s.retired", dir, next->serial);
    assert_int_equal(close(open(path, O_CREAT | O_WRONLY, 0600)), 0);
    read_ring(1, ours);
}

static void a_folder_that_names_a_key_that_is_not_there_is_a_configuration_error(void **state)
{
    static const char *const bad[] = {"", "\n", "../../etc/passwd", "ABC", "0a"};
    char path[400];

    (void)state;
    (void)snprintf(path, sizeof(path), "%s/active", dir);
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        FILE *f = fopen(path, "w");
        assert_non_null(f);
        (void)fputs(bad[i], f);
        (void)fclose(f);
        assert_int_equal(keyring_read(&ring, &place, &e), -1);
        assert_string_equal(e.code, "key.none");
        assert_int_equal(e.class, ERR_CONFIG);
    }
    assert_int_equal(keyring_activate(&place, "../x", &e), -1);
}

#define WITH_FOLDER(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
int main(void)
{
    const struct CMUnitTest t[] = {
        WITH_FOLDER(pem_is_read_from_one_file_or_two),
        WITH_FOLDER(pkcs12_is_read_with_its_password),
        WITH_FOLDER(one_key_takes_over_from_the_other_in_steps),
        WITH_FOLDER(the_old_one_can_take_over_again_before_it_is_retired),
        WITH_FOLDER(what_root_writes_is_the_services),
        WITH_FOLDER(a_step_cut_off_leaves_the_state_before_it_or_after_it),
        WITH_FOLDER(a_folder_that_names_a_key_that_is_not_there_is_a_configuration_error),
    };
    return cmocka_run_group_tests(t, NULL, NULL);
}
