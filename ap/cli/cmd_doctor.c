/* aviso doctor: is anything wrong here? A list with verdicts; exit 1 when one is red. */
#include <stdlib.h>
#include <string.h>

#include "ap/base/clock.h"
#include "ap/base/json.h"
#include "ap/base/log.h"
#include "ap/cli/commands.h"
#include "ap/daemon/node.h"
#include "ap/doctor/doctor.h"

static const struct {
    const char *word;
    unsigned groups;
} topics[] = {{"cert", DOCTOR_CERT}, {"dns", DOCTOR_DNS}, {"clock", DOCTOR_CLOCK | DOCTOR_DNS},
    {"spool", DOCTOR_SPOOL}, {"smp", DOCTOR_DNS | DOCTOR_SMP}, {"peer", 0}};

static unsigned groups_of(const char *word, bool *known)
{
    *known = true;
    for (size_t i = 0; i < sizeof(topics) / sizeof(topics[0]); i++)
        if (strcmp(word, topics[i].word) == 0)
            return topics[i].groups;
    *known = false;
    return 0;
}

static void print(struct cli *c, const struct doctor_finding *f)
{
    static const char *const colors[] = {"\033[32m", "\033[33m", "\033[31m"};

    (void)printf("%s%-7s%s %-11s %s\n", c->color ? colors[f->verdict] : "",
        doctor_verdict_word(f->verdict), c->color ? "\033[0m" : "", f->check, f->text);
    if (f->next[0])
        (void)printf("%20snext: %s\n", "", f->next);
}

static void print_json(struct cli *c, const struct doctor *d)
{
    struct json_object *o = json_object_new_object(), *list = json_object_new_array();

    json_add_bool(o, "ok", !d->count[DOCTOR_RED]);
    json_add_given(o, "mode", config_mode_word(c->config->mode));
    for (size_t k = 0; k < 3; k++)
        (void)json_object_object_add(o, doctor_verdict_word((enum doctor_verdict)k),
            json_object_new_int64((int64_t)d->count[k]));
    for (size_t i = 0; i < d->n; i++) {
        const struct doctor_finding *f = &d->findings[i];
        struct json_object *x = json_object_new_object();
        json_add_given(x, "check", f->check);
        json_add_given(x, "verdict", doctor_verdict_word(f->verdict));
        json_add_given(x, "text", f->text);
        (void)json_object_object_add(
            x, "next", f->next[0] ? json_object_new_string(f->next) : NULL);
        (void)json_object_array_add(list, x);
    }
    (void)json_object_object_add(o, "checks", list);
    cli_json(o);
}

static void report(struct cli *c, const struct doctor *d)
{
    if (c->json) {
        print_json(c, d);
        return;
    }
    for (size_t i = 0; i < d->n; i++)
        if (!c->quiet || d->findings[i].verdict != DOCTOR_GREEN)
            print(c, &d->findings[i]);
    if (d->lost)
        (void)printf("%zu more findings are not shown\n", d->lost);
    if (!c->quiet)
        (void)printf("%zu green, %zu yellow, %zu red; mode %s\n", d->count[DOCTOR_GREEN],
            d->count[DOCTOR_YELLOW], d->count[DOCTOR_RED], config_mode_word(c->config->mode));
}

/* What cannot be opened is a finding like any other: the rest is checked all the same. */
static void note(struct doctor *d, const char *check, const struct err *e)
{
    struct doctor_finding *f = &d->findings[d->n++];

    *f = (struct doctor_finding){.check = check, .verdict = DOCTOR_RED};
    d->count[DOCTOR_RED]++;
    (void)snprintf(f->text, sizeof(f->text), "%s: %s", e->code, e->msg);
    (void)snprintf(
        f->next, sizeof(f->next), "%s", e->next[0] ? e->next : "aviso explain says more");
}

struct parts {
    struct node key, net;
    bool has_key, has_net;
    struct store *store;
};

static void open_parts(struct parts *p, struct doctor *d, unsigned groups, const char *peer)
{
    struct store_cfg s = {.path = d->c->spool, .mode = STORE_READ};
    struct err e = ERR_INIT;
    bool net = peer || (!d->quick && (groups & (DOCTOR_DNS | DOCTOR_SMP)));

    if (config_check(d->c, &e))
        note(d, "config", &e);
    if (groups & (DOCTOR_CERT | DOCTOR_SMP)) {
        p->has_key = node_open(&p->key, d->c, NODE_KEY, &e) == 0;
        if (!p->has_key)
            note(d, "key", &e);
    }
    if (net || (groups & DOCTOR_CERT)) {
        p->has_net = node_open(&p->net, d->c, NODE_NET, &e) == 0;
        if (!p->has_net)
            note(d, "network", &e);
    }
    if (store_open(&p->store, &s, &e) && groups)
        note(d, "spool", &e);
    d->store = p->store;
    d->key = p->has_key ? p->key.setup->keys[0] : NULL;
    d->keys = p->has_key ? p->key.setup->keys : NULL;
    d->nkeys = p->has_key ? p->key.setup->nkeys : 0;
    d->pki = p->has_net ? p->net.pki : NULL;
    d->http = p->has_net ? p->net.http : NULL;
    d->lookup = p->has_net && net ? p->net.lookup : NULL;
}

static void close_parts(struct parts *p)
{
    store_close(p->store);
    if (p->has_net)
        node_close(&p->net);
    if (p->has_key)
        node_close(&p->key);
}

int cmd_doctor(struct cli *c)
{
    const char *word = c->nargs ? c->args[0] : NULL, *peer = NULL;
    bool quick = cli_has(c, "quick"), known = true;
    unsigned groups = word ? groups_of(word, &known) : quick ? DOCTOR_QUICK : DOCTOR_ALL;
    struct doctor *d;
    struct parts p = {0};
    struct err e = ERR_INIT;
    int code;

    if (!known)
        return cli_usage(
            c, "there is no check \"%s\": cert, dns, clock, spool, smp, peer URL", word);
    if (word && strcmp(word, "peer") == 0)
        peer = c->nargs == 2 ? c->args[1] : "";
    if ((peer && !*peer) || (!peer && c->nargs > 1))
        return cli_usage(c, peer ? "doctor peer needs a URL" : "expected at most one check");
    if (cli_config(c, false, &e))
        return cli_fail(c, NULL, &e);
    if (!(d = calloc(1, sizeof(*d))))
        return cli_nomem(c);
    d->c = c->config;
    d->now = clock_now();
    d->quick = quick;
    d->deep = word != NULL && !quick;
    open_parts(&p, d, groups, peer);
    if (peer)
        doctor_peer(d, peer);
    else
        doctor_run(d, groups);
    report(c, d);
    code = d->count[DOCTOR_RED] ? EXIT_NO : EXIT_OK;
    close_parts(&p);
    free(d);
    return code;
}
