/* node.c - opens and closes the parts in the order they need each other. */
#include "ap/daemon/node.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ap/base/clock.h"
#include "ap/base/fsx.h"
#include "ap/base/log.h"
#include "ap/peppol/trust.h"
#include "ap/pki/revocation.h"
#include "ap/wss/wss.h"

#ifndef AVISO_DATADIR
#define AVISO_DATADIR "/usr/share/aviso"
#endif

void node_data_dir(char *out, size_t n, const struct config *c)
{
    const char *env = getenv("AVISO_DATA");
    char exe[4000];
    ssize_t len;

    if (c && *c->data_dir) {
        (void)snprintf(out, n, "%s", c->data_dir);
        return;
    }
    if (env && *env) {
        (void)snprintf(out, n, "%s", env);
        return;
    }
    len = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
    exe[len > 0 ? len : 0] = '\0';
    for (int up = 0; up < 2 && strrchr(exe, '/'); up++) { /* build/release/aviso: build/data */
        *strrchr(exe, '/') = '\0';
        (void)snprintf(out, n, "%s/data", exe);
        if (access(out, R_OK) == 0)
            return;
    }
    (void)snprintf(out, n, AVISO_DATADIR);
}

struct keyring_place node_keys(char dir[KEYRING_PATH], const struct config *c)
{
    (void)snprintf(dir, KEYRING_PATH, "%s/keys", c->spool);
    return (struct keyring_place){
        dir, c->key_file, c->cert_file, c->old_key_file, c->old_cert_file};
}

static int open_keys(struct node *n, struct err *e)
{
    char dir[KEYRING_PATH];
    struct keyring_place place = node_keys(dir, n->cfg);
    struct keyring ring;
    int rc = 0;

    if (keyring_read(&ring, &place, e))
        return -1;
    for (size_t i = 0; !rc && i < ring.n; i++) {
        const struct keyring_entry *x = &ring.entry[i];
        rc = key_open_keyd(&n->keys[i], x->key_file, x->cert_file, e);
        n->nkeys += !rc;
        if (rc && i)
            (void)err_wrap(e, "a key that decrypts: ");
    }
    keyring_free(&ring);
    return rc;
}

/* Our MessageIds end in a name of ours: the public host, else the seat. RFC 2822 dot-atom. */
static void name_host(struct node *n)
{
    const char *url = n->cfg->public_url, *host = strstr(url, "://");
    size_t len;

    host = host ? host + 3 : "";
    len = strcspn(host, ":/");
    if (len && len < sizeof(n->host) && host[0] != '[')
        (void)snprintf(n->host, sizeof(n->host), "%.*s", (int)len, host);
    else
        (void)snprintf(n->host, sizeof(n->host), "%s.aviso",
            n->nkeys ? key_cert(n->keys[0])->cn : "localhost");
}

static int split_connect_to(struct node *n, struct err *e)
{
    char *save = NULL;
    size_t k = 0;

    if (strlen(n->cfg->connect_to) >= sizeof(n->connect_text))
        return err_set(e, ERR_CONFIG, "config.value", "", "lookup.connect_to is too long");
    (void)snprintf(n->connect_text, sizeof(n->connect_text), "%s", n->cfg->connect_to);
    for (char *p = strtok_r(n->connect_text, ", ", &save); p; p = strtok_r(NULL, ", ", &save)) {
        if (k == 32)
            return err_set(e, ERR_CONFIG, "config.value", "", "lookup.connect_to: at most 32");
        n->connect_to[k++] = p;
    }
    n->connect_to[k] = NULL;
    return 0;
}

/* With a certificate of another stage or role every peer would refuse us, one message at a time. */
static int check_own(const struct node *n, struct err *e)
{
    struct err why = ERR_INIT;

    for (size_t i = 1; i < n->nkeys; i++) /* one that only decrypts may end before it is retired */
        if (pki_check(n->pki, key_cert(n->keys[i]), PKI_AP, clock_now(), &why))
            log_err(LOG_WARN, "own-certificate", &why, "next", "aviso keys retire", NULL);
    if (!n->nkeys || pki_check(n->pki, key_cert(n->keys[0]), PKI_AP, clock_now(), e) == 0)
        return 0;
    if (e)
        e->class = ERR_CONFIG;
    (void)err_next(e, "check ap.mode, ap.cert_file and ap.anchor_dir");
    return err_wrap(e, "our own certificate: ");
}

/* After our own certificate was checked: a start needs no network. Without a spool of ours (a
 * look-up by another user) lists are kept in memory. */
static int open_revocation(struct node *n, struct err *e)
{
    const struct config *c = n->cfg;
    bool soft = c->revocation == REVOCATION_SOFT;
    char dir[4200];
    struct revocation_cfg r = {.http = n->http,
        .dir = access(c->spool, W_OK) == 0 ? dir : NULL,
        .grace_ms = soft ? c->revocation_grace : 0,
        .refresh_ms = c->revocation_refresh};

    if (c->revocation == REVOCATION_OFF)
        return 0;
    (void)snprintf(dir, sizeof(dir), "%s/crl", c->spool);
    if (revocation_open(&n->revocation, &r, e))
        return err_wrap(e, "revocation lists: ");
    pki_set_revocation(n->pki, revocation_check, n->revocation);
    return 0;
}

int node_codelists(struct codelists **out, const struct config *c, struct err *e)
{
    char data[4096], lists[4200];

    node_data_dir(data, sizeof(data), c);
    (void)snprintf(lists, sizeof(lists), "%s/codelists", data);
    return codelists_open(out, lists, e);
}

static int open_net(struct node *n, struct err *e)
{
    const struct config *c = n->cfg;
    bool lab = c->mode == MODE_LAB;
    char anchors[4200];
    struct http_cfg h = {.extra_ca_file = *c->tls_ca_file ? c->tls_ca_file : NULL,
        .user_agent = "aviso",
        .egress = {lab, lab, lab}};
    struct lookup_cfg l = {.resolver = *c->resolver ? c->resolver : NULL,
        .resolver2 = *c->resolver2 ? c->resolver2 : NULL,
        .trust_anchor = *c->dnssec_anchor_file ? c->dnssec_anchor_file : NULL,
        .last_known_good_ms = c->last_known_good,
        .total_ms = c->lookup_timeout,
        .cache_ms = c->lookup_cache ? c->lookup_cache : -1,
        .plain_ok = lab};

    (void)snprintf(anchors, sizeof(anchors), "%s/trust/%s", n->data_dir, config_mode_word(c->mode));
    if (split_connect_to(n, e))
        return -1;
    h.connect_to = n->connect_to[0] ? n->connect_to : NULL;
    if (*c->anchor_dir)
        (void)snprintf(anchors, sizeof(anchors), "%s", c->anchor_dir);
    if (trust_check(anchors, config_mode_word(c->mode), e) || pki_open(&n->pki, anchors, e) ||
        check_own(n, e) || http_client_open(&n->http, &h, e) || open_revocation(n, e) ||
        node_codelists(&n->lists, c, e))
        return -1;
    l.zone = *c->sml_zone                 ? c->sml_zone
             : c->mode == MODE_PRODUCTION ? LOOKUP_ZONE_PRODUCTION
                                          : LOOKUP_ZONE_TEST;
    l.pki = n->pki;
    l.http = n->http;
    return lookup_open(&n->lookup, &l, e);
}

static int open_store(struct node *n, struct err *e)
{
    const struct config *c = n->cfg;
    struct store_cfg s = {.path = c->spool,
        .mode = STORE_WRITE,
        .ap_mode = config_mode_word(c->mode),
        .allow_volatile = c->allow_volatile_spool};
    struct log_num a, b, d, cut;

    if (store_open(&n->store, &s, e) ||
        store_in_suspects(n->suspects, NODE_SUSPECTS, &n->nsuspects, n->store, e) ||
        store_recover(&n->recovered, n->store, clock_now(), e))
        return -1;
    if (n->recovered.cut)
        log_event(LOG_WARN, "store.cut", "bytes", log_n(&cut, (long long)n->recovered.cut), "why",
            "the last commit was cut off; nobody was told of it", NULL);
    if (n->recovered.unknown + n->recovered.returned + n->recovered.damaged || n->recovered.moved)
        log_event(LOG_WARN, "store.recovered", "unknown",
            log_n(&a, (long long)n->recovered.unknown), "returned",
            log_n(&b, (long long)n->recovered.returned), "damaged",
            log_n(&d, (long long)n->recovered.damaged), "moved", n->recovered.moved ? "yes" : NULL,
            NULL);
    return 0;
}

int node_routes(struct deliver_routes *out, const struct config *c, struct err *e)
{
    if (deliver_open(out, c->routes_file, c->drop_folder, c->spool, e))
        return -1;
    if (!*c->route || deliver_find(out, c->route))
        return 0;
    return err_set(e, ERR_CONFIG, "config.value", "",
        "deliver.route = %s: there is no such route; see deliver.routes_file", c->route);
}

const char *node_default_route(const struct config *c)
{
    return *c->route ? c->route : *c->drop_folder ? "folder" : "inbox";
}

static void fill_out(struct node *n)
{
    const struct config *c = n->cfg;

    n->out = (struct out_env){.store = n->store,
        .lookup = n->lookup,
        .http = n->http,
        .pki = n->pki,
        .key = n->keys[0],
        .lists = n->lists,
        .host = n->host,
        .policy = {.deliver_by = c->deliver_by,
            .horizon = c->retry_horizon,
            .retry_first = c->retry_first,
            .retry_max = c->retry_max,
            .connect = c->connect_timeout,
            .answer = c->answer_timeout,
            .after_max = c->retry_after_max,
            .min_free = (uint64_t)c->spool_min_free,
            .unknown_resend = c->unknown_resend,
            .max_payload = (uint64_t)c->max_inflated}};
}

static void fill_in(struct node *n)
{
    const struct config *c = n->cfg;

    n->in = (struct in_env){.store = n->store,
        .key = n->keys[0],
        .routes = &n->routes,
        .route = node_default_route(c),
        .max_document = (uint64_t)c->max_inflated,
        .retry_ms = c->retry_first,
        .rx = {.trust = n->pki,
            .keys = n->keys,
            .nkeys = n->nkeys,
            .tmp_dirfd = n->store ? store_tmp_dirfd(n->store) : -1,
            .max_inflated = (uint64_t)c->max_inflated,
            .max_ratio = (unsigned)c->max_ratio,
            .max_uncompressed_xml = 16u << 20}};
}

/* ---- SMP answers over a restart: a help, never a reason not to start ---- */

#define LOOKUP_FILE "lookup.kept"

static void load_lookup(struct node *n)
{
    char path[4200];
    struct err e = ERR_INIT;

    (void)snprintf(path, sizeof(path), "%s/" LOOKUP_FILE, n->cfg->spool);
    if (lookup_load(n->lookup, path, &e))
        log_err(LOG_WARN, "lookup.not-kept", &e, NULL);
}

void node_keep_lookup(struct node *n)
{
    struct err e = ERR_INIT;
    int dirfd;

    if (!n->lookup || !n->store || store_is_broken(n->store))
        return;
    dirfd = fsx_open_dir(n->cfg->spool, &e);
    if (dirfd < 0 || lookup_save(n->lookup, dirfd, LOOKUP_FILE, &e))
        log_err(LOG_WARN, "lookup.not-kept", &e, NULL);
    if (dirfd >= 0)
        (void)close(dirfd);
}

int node_open(struct node *n, const struct config *c, unsigned parts, struct err *e)
{
    memset(n, 0, sizeof(*n));
    n->cfg = c;
    node_data_dir(n->data_dir, sizeof(n->data_dir), c);
    if ((parts & NODE_KEY) && open_keys(n, e))
        goto fail;
    if ((parts & (NODE_KEY | NODE_NET)) && wss_init(e))
        goto fail;
    if ((parts & NODE_NET) && open_net(n, e))
        goto fail;
    if ((parts & NODE_STORE) && (open_store(n, e) || node_routes(&n->routes, c, e)))
        goto fail;
    if (n->lookup && n->store)
        load_lookup(n);
    if (parts & NODE_STORE)
        deliver_clean(&n->routes); /* the lock is ours: these files are nobody's */
    name_host(n);
    fill_out(n);
    fill_in(n);
    return 0;
fail:
    node_close(n);
    return -1;
}

void node_close(struct node *n)
{
    node_keep_lookup(n);
    deliver_close(&n->routes);
    store_close(n->store);
    lookup_close(n->lookup);
    codelists_close(n->lists);
    if (n->pki)
        pki_close(n->pki);
    revocation_close(n->revocation);
    http_client_close(n->http);
    for (size_t i = 0; i < n->nkeys; i++)
        key_close(n->keys[i]);
    memset(n, 0, sizeof(*n));
}
