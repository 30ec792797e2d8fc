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

static int check_own(struct pki *pki, const struct setup *s, struct err *e)
{
    struct err why = ERR_INIT;

    for (size_t i = 0; i < s->nkeys; i++) {
        if (pki_check(pki, key_cert(s->keys[i]), PKI_AP, clock_now(), &why) == 0)
            continue;
        if (i == 0 && strcmp(why.code, "cert.expired") != 0) {
            *e = why;
            e->class = ERR_CONFIG;
            (void)err_next(e, "check ap.mode, ap.cert_file and ap.anchor_dir");
            return err_wrap(e, "our own certificate: ");
        }
        log_err(LOG_WARN, "own-certificate", &why, "next",
            i ? "aviso keys retire" : "aviso keys import", NULL);
    }
    return 0;
}

int node_trust(struct pki **out, const struct node *n, const struct setup *s, struct err *e)
{
    const char *mode = config_mode_word(s->cfg->mode);
    char anchors[4200];

    (void)snprintf(anchors, sizeof(anchors), "%s/trust/%s", n->data_dir, mode);
    if (*s->cfg->anchor_dir)
        (void)snprintf(anchors, sizeof(anchors), "%s", s->cfg->anchor_dir);
    if (trust_check(anchors, mode, e) || pki_open(out, anchors, e))
        return -1;
    if (check_own(*out, s, e) == 0)
        return 0;
    pki_close(*out);
    *out = NULL;
    return -1;
}

static struct revocation_policy revocation_policy(const struct config *c)
{
    return (struct revocation_policy){.off = c->revocation == REVOCATION_OFF,
        .grace_ms = c->revocation == REVOCATION_SOFT ? c->revocation_grace : 0,
        .refresh_ms = c->revocation_refresh};
}

static struct lookup_times lookup_times(const struct config *c)
{
    return (struct lookup_times){.total_ms = c->lookup_timeout,
        .cache_ms = c->lookup_cache ? c->lookup_cache : -1,
        .last_known_good_ms = c->last_known_good};
}

void node_follow(struct node *n, const struct config *c)
{
    const struct revocation_policy r = revocation_policy(c);
    const struct lookup_times t = lookup_times(c);

    revocation_follow(n->revocation, &r);
    lookup_follow(n->lookup, &t);
}

/* After our own certificate was checked: a start needs no network. Without a spool of ours (a
 * look-up by another user) lists are kept in memory. */
static int open_revocation(struct node *n, struct err *e)
{
    const struct config *c = n->cfg;
    char dir[4200];
    struct revocation_cfg r = {.http = n->http,
        .dir = access(c->spool, W_OK) == 0 ? dir : NULL,
        .policy = revocation_policy(c)};

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
    struct http_cfg h = {.extra_ca_file = *c->tls_ca_file ? c->tls_ca_file : NULL,
        .user_agent = "aviso",
        .egress = {lab, lab, lab}};
    struct lookup_cfg l = {.resolver = *c->resolver ? c->resolver : NULL,
        .resolver2 = *c->resolver2 ? c->resolver2 : NULL,
        .trust_anchor = *c->dnssec_anchor_file ? c->dnssec_anchor_file : NULL,
        .times = lookup_times(c),
        .plain_ok = lab};

    if (split_connect_to(n, e))
        return -1;
    h.connect_to = n->connect_to[0] ? n->connect_to : NULL;
    if (node_trust(&n->pki, n, n->setup, e) || http_client_open(&n->http, &h, e) ||
        open_revocation(n, e) || node_codelists(&n->lists, c, e))
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
    (void)pthread_mutex_init(&n->lock, NULL);
    node_data_dir(n->data_dir, sizeof(n->data_dir), c);
    if (!(n->setup = setup_new(c, NULL))) {
        (void)err_nomem(e);
        goto fail;
    }
    if ((parts & NODE_LAUNCHER) && key_launcher_start(&n->launcher, e))
        goto fail;
    if ((parts & NODE_KEY) && setup_keys(n->setup, n->launcher, NULL, e))
        goto fail;
    if ((parts & (NODE_KEY | NODE_NET)) && wss_init(e))
        goto fail;
    if ((parts & NODE_NET) && open_net(n, e))
        goto fail;
    if ((parts & NODE_STORE) && (open_store(n, e) || setup_routes(n->setup, e)))
        goto fail;
    if (n->lookup && n->store)
        load_lookup(n);
    if (parts & NODE_STORE)
        deliver_clean(&n->setup->routes); /* the lock is ours: these files are nobody's */
    setup_fill(n->setup, n, NULL);
    return 0;
fail:
    node_close(n);
    return -1;
}

void node_close(struct node *n)
{
    node_keep_lookup(n);
    setup_unref(n->setup);
    key_launcher_stop(n->launcher);
    store_close(n->store);
    lookup_close(n->lookup);
    codelists_close(n->lists);
    if (n->pki)
        pki_close(n->pki);
    revocation_close(n->revocation);
    http_client_close(n->http);
    (void)pthread_mutex_destroy(&n->lock);
    memset(n, 0, sizeof(*n));
}

struct setup *node_setup(struct node *n)
{
    struct setup *s;

    (void)pthread_mutex_lock(&n->lock);
    s = setup_ref(n->setup);
    (void)pthread_mutex_unlock(&n->lock);
    return s;
}

bool node_setup_is(struct node *n, const struct setup *s)
{
    bool is;

    (void)pthread_mutex_lock(&n->lock);
    is = n->setup == s;
    (void)pthread_mutex_unlock(&n->lock);
    return is;
}

void node_exchange(struct node *n, struct setup *fresh)
{
    struct setup *old;

    (void)pthread_mutex_lock(&n->lock);
    old = n->setup;
    n->setup = fresh;
    (void)pthread_mutex_unlock(&n->lock);
    setup_unref(old);
}
