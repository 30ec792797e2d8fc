/* aviso conformance run: a rehearsal of the testbed's cases, with a report and evidence. */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "ap/base/clock.h"
#include "ap/base/fsx.h"
#include "ap/base/json.h"
#include "ap/cli/commands.h"
#include "ap/conformance/conformance.h"
#include "ap/control/control.h"
#include "ap/daemon/node.h"

#define DOCUMENT_MAX (64u << 20)

struct rehearsal {
    struct cli *c;
    struct conf_run *run;
    struct node key, net;
    bool has_key, has_net;
    struct store *store;
    struct buf document;
};

static void tell(void *ctx, const struct conf_case *k)
{
    static const char *const colors[] = {"\033[32m", "\033[31m", "\033[33m"};
    const struct rehearsal *h = ctx;
    bool color = h->c->color;

    if (h->c->json || (h->c->quiet && k->verdict != CONF_FAILED))
        return;
    (void)printf("%s%-8s%s %-30s %s%s%s\n", color ? colors[k->verdict] : "",
        conf_verdict_word(k->verdict), color ? "\033[0m" : "", k->id, k->title,
        *k->bed ? " · " : "", k->bed);
    if (*k->why)
        (void)printf("%9s%s\n", "", k->why);
    for (size_t i = 0; i < k->nchecks; i++)
        if (!k->checks[i].ok || h->c->verbose)
            (void)printf("%9s%s %s\n", "", k->checks[i].ok ? "yes:" : "no: ", k->checks[i].text);
}

static int copy_fd(int *fd, const struct blob *document, struct err *e)
{
    struct fsx_file file = {memfd_create("document", MFD_CLOEXEC), "memfd"};
    struct sink to = fsx_sink(&file);

    *fd = file.fd;
    return file.fd < 0 ? err_errno(e, "io.open", "memfd", "document") : blob_copy(document, &to, e);
}

static int ask_service(
    struct rehearsal *h, struct json_object *rq, int fd, int64_t *row, struct err *e)
{
    struct json_object *answer = NULL, *v;
    int asked = control_ask(&answer, h->c->config->spool, rq, fd, e), rc = asked == 1 ? 0 : -1;

    if (asked == 0)
        (void)err_set(e, ERR_CONFIG, "control.nobody", "", "the service does not run: aviso serve");
    if (!rc && !(json_object_object_get_ex(answer, "ok", &v) && json_object_get_boolean(v))) {
        control_error(e, answer);
        rc = -1;
    }
    if (!rc && json_object_object_get_ex(answer, "row", &v))
        *row = json_object_get_int64(v);
    (void)json_object_put(answer);
    return rc;
}

static int submit(void *ctx, int64_t *row, const struct blob *document, const char *from,
    const char *to, struct err *e)
{
    struct json_object *rq = json_object_new_object();
    int fd = -1, rc;

    json_add_some(rq, "op", "submit");
    json_add_some(rq, "from", from);
    json_add_some(rq, "to", to);
    rc = copy_fd(&fd, document, e) || ask_service(ctx, rq, fd, row, e) ? -1 : 0;
    (void)json_object_put(rq);
    if (fd >= 0)
        (void)close(fd);
    return rc;
}

/* TLS alone is judged without key or spool: also before there is a certificate. */
static int open_parts(struct rehearsal *h, struct err *e)
{
    struct store_cfg s = {.path = h->c->config->spool, .mode = STORE_READ};
    const char *only = cli_get(h->c, "case");

    if (only && strncmp(only, "tls", 3) == 0)
        return 0;
    if (cli_config(h->c, true, e))
        return -1;
    if (node_open(&h->key, h->c->config, NODE_KEY, e))
        return -1;
    h->has_key = true;
    if (node_open(&h->net, h->c->config, NODE_NET, e))
        return -1;
    h->has_net = true;
    return store_open(&h->store, &s, e);
}

static void close_parts(struct rehearsal *h)
{
    store_close(h->store);
    if (h->has_net)
        node_close(&h->net);
    if (h->has_key)
        node_close(&h->key);
    buf_free(&h->document);
    if (h->run && h->run->dirfd >= 0)
        (void)close(h->run->dirfd);
    free(h->run);
}

static int prepare(
    struct rehearsal *h, const char *folder, unsigned long long megabytes, struct err *e)
{
    struct conf_run *r = h->run;
    const char *file = cli_get(h->c, "wildcard-document");

    if (fsx_mkdirs(folder, 0700, e) || (r->dirfd = fsx_open_dir(folder, e)) < 0)
        return -1;
    if (file && fsx_read_file(&h->document, file, e))
        return -1;
    if (open_parts(h, e))
        return -1;
    r->c = h->c->config;
    r->program = "aviso " AVISO_VERSION;
    r->store = h->store;
    if (h->has_key) {
        r->keys = h->key.setup->keys;
        r->nkeys = h->key.setup->nkeys;
    }
    r->pki = h->net.pki;
    r->http = h->net.http;
    r->lookup = h->net.lookup;
    r->lists = h->net.lists;
    if (h->has_net)
        r->host = h->net.setup->host;
    r->own = cli_get(h->c, "own");
    r->to = cli_get(h->c, "to");
    r->revoked = cli_get(h->c, "revoked");
    r->migrated = cli_get(h->c, "migrated");
    r->wildcard = cli_get(h->c, "wildcard");
    r->wildcard_document = blob_str(buf_view(&h->document));
    r->large = megabytes * 1000000;
    r->only = cli_get(h->c, "case");
    r->submit = submit;
    r->submit_ctx = h;
    r->told = tell;
    r->told_ctx = h;
    return 0;
}

static int finish(struct rehearsal *h, const char *folder)
{
    const struct conf_run *r = h->run;
    struct err e = ERR_INIT;

    if (!r->n)
        return cli_usage(h->c, "--case %s: no case begins so", r->only);
    if (conf_report(r, &e))
        return cli_fail(h->c, NULL, &e);
    if (h->c->json)
        cli_json(conf_json(r));
    else
        (void)printf("%zu passed, %zu failed, %zu skipped; report and evidence in %s\n",
            r->count[CONF_PASSED], r->count[CONF_FAILED], r->count[CONF_SKIPPED], folder);
    return r->count[CONF_FAILED] ? EXIT_NO : EXIT_OK;
}

int cmd_conformance_run(struct cli *c)
{
    struct rehearsal h = {.c = c, .run = calloc(1, sizeof(*h.run))};
    const char *folder = cli_get(c, "dir"), *large = cli_get(c, "large");
    unsigned long long megabytes = 10;
    struct err e = ERR_INIT;
    int code;

    if (!h.run)
        return EXIT_BUG;
    h.run->dirfd = -1;
    buf_init(&h.document, DOCUMENT_MAX);
    folder = folder ? folder : "conformance";
    if (!str_to_u64(str_z(large ? large : "10"), 500, &megabytes)) {
        code = cli_usage(c, "--large: expected megabytes, 0 to 500");
    } else if (cli_config(c, false, &e) || prepare(&h, folder, megabytes, &e)) {
        code = cli_fail(c, NULL, &e);
    } else {
        conf_run(h.run);
        code = finish(&h, folder);
    }
    close_parts(&h);
    return code;
}
