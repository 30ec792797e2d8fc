/* as4_peer.c - our AS4 layer as a filter, for the live tests against other access points. The
 * network around it is the test script's.
 *
 *   as4_peer compose PKI OWN RECIPIENT FILE EXPECT MESSAGE-ID FROM TO [plain] >request
 *       the first output line is the Content-Type, then the body; EXPECT gets the expectation
 *   as4_peer judge PKI EXPECT CONTENT-TYPE <answer
 *       prints "receipt CN", "duplicate CODE", "error CODE DETAIL" or "nothing NAME"
 *
 * PKI is a folder made by certs/make-pki; OWN and RECIPIENT are names in it. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ap/as4/as4.h"
#include "ap/base/clock.h"
#include "ap/base/fsx.h"
#include "ap/xml/xml.h"

static struct err e;
static struct arena *arena;

static _Noreturn void fail(const char *what)
{
    fprintf(stderr, "as4_peer: %s: %s %s\n", what, e.code, e.msg);
    exit(1);
}
#define NEED(x)                                                                                    \
    do {                                                                                           \
        if (!(x))                                                                                  \
            fail(#x);                                                                              \
    } while (0)

static const char *in_pki(const char *pki, const char *name, const char *suffix)
{
    return arena_printf(arena, "%s/%s%s", pki, name, suffix);
}

static struct pki *open_trust(const char *pki)
{
    struct pki *p;

    NEED(pki_open(&p, in_pki(pki, "trust", ""), &e) == 0);
    return p;
}

static struct key *open_key(const char *pki, const char *name)
{
    struct key *k;

    NEED(key_open_file(&k, in_pki(pki, name, ".key"), in_pki(pki, name, ".pem"), &e) == 0);
    return k;
}

static struct blob standard_input(void)
{
    static struct spool s;
    char piece[65536];
    ssize_t n;

    spool_init(&s, fsx_open_dir(".", &e), 1 << 20, 1ull << 30);
    while ((n = read(STDIN_FILENO, piece, sizeof(piece))) > 0)
        NEED(spool_write(&s, piece, (size_t)n, &e) == 0);
    return spool_blob(&s);
}

static int file_write(void *f, const void *p, size_t n, struct err *why)
{
    return fwrite(p, 1, n, f) == n ? 0 : err_errno(why, "io.write", "write", "output");
}

static void put_blob(FILE *f, struct blob b)
{
    struct sink s = {file_write, f};

    NEED(blob_copy(&b, &s, &e) == 0);
}

static void put_file(const char *path, struct blob b)
{
    FILE *f = fopen(path, "wb");

    NEED(f);
    put_blob(f, b);
    NEED(fclose(f) == 0);
}

static struct str slice(const char *whole, const char *until, const char **rest)
{
    size_t n = str_find(str_z(whole), str_z(until));

    *rest = whole + n + strlen(until);
    return (struct str){whole, n};
}

static int do_compose(int argc, char **argv)
{
    const char *document =
        "busdox-docid-qns::urn:oasis:names:specification:ubl:schema:xsd:Invoice-2::Invoice##"
        "urn:cen.eu:en16931:2017#compliant#urn:fdc:peppol.eu:2017:poacc:billing:3.0::2.1";
    struct key *k = open_key(argv[0], argv[1]);
    struct as4_message m = {.conversation_id = STR("conversation-1"),
        .timestamp = clock_now(),
        .process_scheme = STR("cenbii-procid-ubl"),
        .process_id = STR("urn:fdc:peppol.eu:2017:poacc:billing:01:1.0"),
        .payload_type = STR("application/xml"),
        .compress = argc <= 8};
    int fd = open(argv[3], O_RDONLY | O_CLOEXEC);
    struct cert *recipient;
    struct as4_sent sent;
    struct spool wire;
    struct buf text;
    struct stat st;

    NEED(fd >= 0 && fstat(fd, &st) == 0);
    NEED(cert_from_pem_file(&recipient, in_pki(argv[0], argv[2], ".pem"), &e) == 0);
    m.payload = blob_fd(fd, 0, (uint64_t)st.st_size);
    m.recipient = recipient;
    m.message_id = str_z(argv[5]);
    m.sender = str_z(argv[6]);
    m.receiver = str_z(argv[7]);
    m.document_scheme = slice(document, "::", &document);
    m.document_id = str_z(document);
    spool_init(&wire, fsx_open_dir(".", &e), 1 << 20, 1ull << 30);
    NEED(as4_compose(&sent, &wire, &m, k, arena, &e) == 0);
    buf_init(&text, 1 << 16);
    NEED(as4_expect_write(&text, &sent.expect, &e) == 0);
    put_file(argv[4], blob_str(buf_view(&text)));
    printf("%s\n", sent.content_type);
    put_blob(stdout, spool_blob(&wire));
    buf_free(&text);
    spool_free(&wire);
    cert_unref(recipient);
    key_close(k);
    return 0;
}

static int do_judge(int argc, char **argv)
{
    struct pki *trust = open_trust(argv[0]);
    struct blob body = standard_input();
    struct as4_expect x;
    struct as4_reply r;
    struct buf text, bytes;

    (void)argc;
    buf_init(&text, 1 << 16);
    buf_init(&bytes, 4 << 20);
    NEED(fsx_read_file(&text, argv[1], &e) == 0);
    NEED(as4_expect_read(&x, arena, buf_view(&text), &e) == 0);
    NEED(blob_load(&bytes, &body, &e) == 0);
    NEED(as4_reply_read(&r, &x, str_z(argv[2]), buf_view(&bytes), trust, clock_now(), arena, &e) ==
         0);
    switch (r.kind) {
    case AS4_REPLY_RECEIPT:
        printf("receipt %s\n", r.signer_cn);
        break;
    case AS4_REPLY_DUPLICATE:
        printf("duplicate %s\n", r.error.code);
        break;
    case AS4_REPLY_ERROR:
        printf("error %s %s\n", r.error.code, r.error.detail);
        break;
    case AS4_REPLY_NOTHING:
        printf("nothing %s %s\n", r.why.code, r.why.msg);
        break;
    }
    buf_free(&text);
    buf_free(&bytes);
    pki_close(trust);
    return 0;
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        int min, (*run)(int argc, char **argv);
    } commands[] = {{"compose", 8, do_compose}, {"judge", 3, do_judge}};

    xml_init();
    arena = arena_new(64 << 20);
    NEED(arena && wss_init(&e) == 0);
    for (size_t i = 0; argc > 1 && i < sizeof(commands) / sizeof(commands[0]); i++)
        if (strcmp(argv[1], commands[i].name) == 0 && argc - 2 >= commands[i].min)
            return commands[i].run(argc - 2, argv + 2);
    fputs("usage: as4_peer compose|judge ... (see as4_peer.c)\n", stderr);
    return 2;
}
