#include "ap/daemon/setup.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ap/daemon/node.h"

struct setup *setup_new(const struct config *c, struct config *owned)
{
    struct setup *s = calloc(1, sizeof(*s));

    if (s)
        *s = (struct setup){.refs = 1, .cfg = c, .owned = owned};
    return s;
}

struct setup *setup_ref(struct setup *s)
{
    __atomic_add_fetch(&s->refs, 1, __ATOMIC_RELAXED);
    return s;
}

void setup_unref(struct setup *s)
{
    if (!s || __atomic_sub_fetch(&s->refs, 1, __ATOMIC_ACQ_REL))
        return;
    deliver_close(&s->routes);
    for (size_t i = 0; i < s->nkeys; i++)
        key_close(s->keys[i]);
    config_free(s->owned);
    free(s);
}

/* ---- keys ---- */

struct keyring_place setup_key_place(char dir[KEYRING_PATH], const struct config *c)
{
    (void)snprintf(dir, KEYRING_PATH, "%s/keys", c->spool);
    return (struct keyring_place){
        dir, c->key_file, c->cert_file, c->old_key_file, c->old_cert_file};
}

static struct key *key_in(const struct setup *s, const struct cert *c)
{
    for (size_t i = 0; s && i < s->nkeys; i++)
        if (cert_same(key_cert(s->keys[i]), c) && key_alive(s->keys[i]))
            return s->keys[i];
    return NULL;
}

static int add_key(struct setup *s, struct key_launcher *l, const struct setup *old,
    const struct keyring_entry *x, struct err *e)
{
    struct key *k = key_in(old, x->cert);

    if (k)
        (void)key_ref(k);
    else if (key_open_keyd(&k, l, x->key_file, x->cert_file, e))
        return s->nkeys ? err_wrap(e, "a key that decrypts: ") : -1;
    s->keys[s->nkeys++] = k;
    return 0;
}

int setup_keys(struct setup *s, struct key_launcher *l, const struct setup *old, struct err *e)
{
    char dir[KEYRING_PATH];
    struct keyring_place place = setup_key_place(dir, s->cfg);
    struct keyring ring;
    int rc = 0;

    if (keyring_read(&ring, &place, e))
        return -1;
    for (size_t i = 0; !rc && i < ring.n; i++)
        rc = add_key(s, l, old, &ring.entry[i], e);
    keyring_free(&ring);
    return rc;
}

/* ---- routes ---- */

int setup_routes(struct setup *s, struct err *e)
{
    const struct config *c = s->cfg;

    if (deliver_open(&s->routes, c->routes_file, c->drop_folder, c->spool, e))
        return -1;
    if (!*c->route || deliver_find(&s->routes, c->route))
        return 0;
    return err_set(e, ERR_CONFIG, "config.value", "",
        "deliver.route = %s: there is no such route; see deliver.routes_file", c->route);
}

/* ---- the ways out and in ---- */

/* Our MessageIds end in a name of ours: the public host, else the seat. RFC 2822 dot-atom. */
static void name_host(struct setup *s)
{
    const char *url = s->cfg->public_url, *host = strstr(url, "://");
    size_t len;

    host = host ? host + 3 : "";
    len = strcspn(host, ":/");
    if (len && len < sizeof(s->host) && host[0] != '[')
        (void)snprintf(s->host, sizeof(s->host), "%.*s", (int)len, host);
    else
        (void)snprintf(s->host, sizeof(s->host), "%s.aviso",
            s->nkeys ? key_cert(s->keys[0])->cn : "localhost");
}

static void fill_out(struct setup *s)
{
    const struct config *c = s->cfg;

    s->out.key = s->keys[0];
    s->out.host = s->host;
    s->out.policy = (struct out_policy){.deliver_by = c->deliver_by,
        .horizon = c->retry_horizon,
        .retry_first = c->retry_first,
        .retry_max = c->retry_max,
        .connect = c->connect_timeout,
        .answer = c->answer_timeout,
        .after_max = c->retry_after_max,
        .min_free = (uint64_t)c->spool_min_free,
        .unknown_resend = c->unknown_resend,
        .refuse_twin = c->refuse_twin,
        .max_payload = (uint64_t)c->max_inflated};
}

static void fill_in(struct setup *s)
{
    const struct config *c = s->cfg;

    s->in.key = s->keys[0];
    s->in.seat = s->nkeys ? key_cert(s->keys[0])->cn : NULL;
    s->in.routes = &s->routes;
    s->in.route = *c->route ? c->route : *c->drop_folder ? "folder" : "inbox";
    s->in.max_document = (uint64_t)c->max_inflated;
    s->in.retry_ms = c->retry_first;
    s->in.rx.keys = s->keys;
    s->in.rx.nkeys = s->nkeys;
    s->in.rx.max_inflated = (uint64_t)c->max_inflated;
    s->in.rx.max_ratio = (unsigned)c->max_ratio;
}

void setup_fill(struct setup *s, const struct node *n, const struct setup *old)
{
    if (old) {
        s->out = old->out;
        s->in = old->in;
    } else {
        s->out = (struct out_env){.store = n->store,
            .lookup = n->lookup,
            .http = n->http,
            .pki = n->pki,
            .lists = n->lists};
        s->in = (struct in_env){.store = n->store,
            .rx = {.trust = n->pki,
                .tmp_dirfd = n->store ? store_tmp_dirfd(n->store) : -1,
                .max_uncompressed_xml = 16u << 20}};
    }
    name_host(s);
    fill_out(s);
    fill_in(s);
}
