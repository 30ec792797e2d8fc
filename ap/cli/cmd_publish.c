/* aviso participant check|publish|unpublish: our participants in the SMP and the SML. */
#include <string.h>

#include "ap/base/clock.h"
#include "ap/base/json.h"
#include "ap/cli/act.h"
#include "ap/cli/commands.h"
#include "ap/cli/publish_view.h"

#define ARENA_MAX (64u << 20)
#define PAGE 50
#define VERIFY_MS 30000
#define VERIFY_PAUSE_MS 1000

struct job {
    struct cli *c;
    struct act act;
    struct store *store;
    struct node net;
    struct keyring ring;
    struct publish_door door;
    bool has_net, has_door;
    char description[128], contact[512];
    struct publish_ours ours; /* what is the same for all participants */
    int64_t wait;
    int (*one)(struct job *j, const struct store_participant *p, struct arena *a, struct err *e);
    int code;
};

/* ---- what all three need ---- */

static int fill_ours(struct job *j, struct err *e)
{
    const struct config *c = j->c->config;
    char dir[KEYRING_PATH];
    const struct keyring_place place = setup_key_place(dir, c);
    const char *given = cli_get(j->c, "certificate");
    char serial[CERT_SERIAL];
    const char *host = strstr(c->public_url, "://");

    if (!*c->public_url || !host)
        return err_set(e, ERR_CONFIG, "config.missing", "",
            "listen.public_url is not set: it is what an SMP entry names");
    if (keyring_read(&j->ring, &place, e))
        return -1;
    for (size_t i = 0; i < j->ring.n; i++)
        j->ours.certs[i] = j->ring.entry[i].cert;
    j->ours.ncerts = j->ring.n;
    keyring_id(serial, given ? given : "");
    if (publish_choose(&j->ours, given ? serial : NULL, clock_now(), e))
        return -1;
    (void)snprintf(
        j->description, sizeof(j->description), "Peppol access point %s", j->ours.certs[0]->cn);
    (void)snprintf(j->contact, sizeof(j->contact), "%.*s",
        (int)(host + 3 - c->public_url + (long)strcspn(host + 3, "/")), c->public_url);
    j->ours.url = c->public_url;
    j->ours.description = *c->smp_description ? c->smp_description : j->description;
    j->ours.contact = *c->smp_contact ? c->smp_contact : j->contact;
    return 0;
}

static int open_job(struct job *j, bool need_door, struct err *e)
{
    struct cli *c = j->c;

    if (cli_config(c, false, e) || fill_ours(j, e) || node_open(&j->net, c->config, NODE_NET, e))
        return -1;
    j->has_net = true;
    if (act_store(&j->act, &j->store, e))
        return -1;
    if (!need_door && !*c->config->smp_url)
        return 0;
    if (publish_open(
            &j->door, c->config, j->net.connect_to[0] ? j->net.connect_to : NULL, clock_now(), e))
        return -1;
    j->door.smp.pki = j->net.pki;
    j->has_door = true;
    return 0;
}

static void close_job(struct job *j)
{
    if (j->has_door)
        publish_close(&j->door);
    if (j->has_net)
        node_close(&j->net);
    keyring_free(&j->ring);
    act_close(&j->act);
}

static void failed(struct job *j, const char *who, const struct err *e)
{
    int code = cli_fail(j->c, who, e);

    j->code = j->code ? cli_worse(j->code, code) : code;
}

static void show(struct job *j, const struct publish_view *v, const char *verified)
{
    struct json_object *o;

    if (!j->c->json) {
        if (!j->c->quiet)
            publish_view_text(stdout, v);
        return;
    }
    if (!(o = publish_view_json(v)))
        return;
    json_add_some(o, "verified", verified);
    cli_json(o);
}

/* ---- check ---- */

static struct publish_smp public_smp(const struct job *j, const char *base)
{
    return (struct publish_smp){.url = base,
        .http = j->net.http,
        .pki = j->net.pki,
        .plain_ok = j->c->config->mode == MODE_LAB,
        .now = clock_now()};
}

/* As a sender finds it: the SML, then the SMP that it names. 0 with *base "": not registered. */
static int look(char base[LOOKUP_URL], struct publish_state *s, struct job *j,
    const struct publish_ours *ours, struct arena *a, struct err *e)
{
    struct publish_smp smp;

    *base = '\0';
    if (lookup_smp(base, j->net.lookup, &ours->participant, e) == 0) {
        smp = public_smp(j, base);
        return publish_compare(s, &smp, ours, a, e);
    }
    if (strcmp(e->code, "participant.not-registered") != 0)
        return -1;
    return publish_compare(s, j->has_door ? &j->door.smp : NULL, ours, a, e);
}

static int check_one(
    struct job *j, const struct store_participant *p, struct arena *a, struct err *e)
{
    struct publish_ours ours = j->ours;
    struct publish_state s;
    char base[LOOKUP_URL];
    struct publish_view v = {.ours = &ours, .state = &s, .sml = base, .tense = PUBLISH_IS};

    if (publish_ours_read(&ours, p, j->net.lists, clock_now(), a, e) ||
        look(base, &s, j, &ours, a, e))
        return -1;
    v.registered = *base != '\0';
    v.smp = v.registered ? base : j->has_door ? j->door.url : "-";
    if (!(publish_is_same(&s) && (v.registered || p->disabled)) && !j->code)
        j->code = EXIT_NO;
    show(j, &v, NULL);
    return 0;
}

/* ---- publish ---- */

/* Who encrypts for a certificate that the running service does not hold is refused there. */
static int check_loaded(const struct job *j, struct err *e)
{
    struct json_object *rq = json_object_new_object(), *answer = NULL, *keys;
    const char *serial = j->ours.certs[0]->serial;
    bool held = true;
    int rc;

    json_add_given(rq, "op", "health");
    rc = control_ask(&answer, j->c->config->spool, rq, -1, e);
    if (rc == 1 && json_object_object_get_ex(answer, "keys", &keys)) {
        held = false;
        for (size_t i = 0; i < json_object_array_length(keys); i++)
            held = held ||
                   strcmp(json_object_get_string(json_object_array_get_idx(keys, i)), serial) == 0;
    }
    (void)json_object_put(answer);
    (void)json_object_put(rq);
    if (rc < 0 || held)
        return rc < 0 ? -1 : 0;
    (void)err_set(e, ERR_CONFIG, "publish.key-not-loaded", "",
        "the running service does not decrypt with the certificate %s yet", serial);
    return err_next(e, "aviso reload tells why; or --certificate SERIAL");
}

static bool is_served(const struct publish_state *s)
{
    return s->group && publish_count(s, PUBLISH_SAME) + publish_count(s, PUBLISH_NOT_HELD) == s->n;
}

/* DNS and caches of the SMP take their time. */
static int verify(struct job *j, const struct publish_ours *ours, struct arena *a, struct err *e)
{
    int64_t until = clock_mono() + j->wait;
    char base[LOOKUP_URL], why[200];
    struct publish_state s;

    for (;;) {
        struct arena_mark m = arena_mark(a);
        struct err last = ERR_INIT;
        int rc = look(base, &s, j, ours, a, &last);
        bool served = !rc && *base && is_served(&s);
        arena_rewind(a, m);
        if (served)
            return 0;
        (void)snprintf(why, sizeof(why), "%s",
            rc       ? last.msg
            : !*base ? "the SML does not know the participant"
                     : "the SMP serves something else");
        if (clock_mono() + VERIFY_PAUSE_MS > until)
            break;
        clock_sleep(VERIFY_PAUSE_MS);
    }
    (void)err_set(e, ERR_RETRY, "publish.not-visible", "", "published, but not found yet: %s", why);
    (void)err_where(e, "SML and SMP %.120s", *base ? base : j->door.url);
    return err_next(e, "aviso participant check %s, in a few minutes", ours->participant.value);
}

static int publish_one(
    struct job *j, const struct store_participant *p, struct arena *a, struct err *e)
{
    unsigned also = (cli_has(j->c, "replace") ? PUBLISH_REPLACE : 0) |
                    (cli_has(j->c, "remove") ? PUBLISH_REMOVE_REST : 0);
    bool dry = cli_has(j->c, "dry-run"), look_after = !cli_has(j->c, "no-verify");
    struct publish_ours ours = j->ours;
    struct publish_state s;
    struct publish_view v = {.ours = &ours, .state = &s, .smp = j->door.url};

    if (publish_ours_read(&ours, p, j->net.lists, clock_now(), a, e) ||
        publish_compare(&s, &j->door.smp, &ours, a, e) || publish_plan(&s, &ours, also, e))
        return -1;
    v.tense = dry ? PUBLISH_WOULD : PUBLISH_DONE;
    if (!dry && publish_changes(&s) &&
        (check_loaded(j, e) || publish_apply(&s, &j->door.smp, &ours, a, e)))
        return -1;
    if (!dry && look_after && verify(j, &ours, a, e)) {
        show(j, &v, "no");
        return -1;
    }
    show(j, &v, dry ? NULL : look_after ? "yes" : "not asked");
    if (!j->c->json && !j->c->quiet && !dry)
        (void)printf("  %-12s %s\n", look_after ? "verified" : "not verified",
            look_after ? "the SML and the SMP serve it as it should be" : "--no-verify");
    return 0;
}

/* ---- unpublish ---- */

static int warn(struct job *j, const struct store_participant *p, struct err *e)
{
    int64_t sent, received;

    if (store_participant_open(&sent, &received, j->store, p->identifier, e))
        return -1;
    if (sent)
        (void)fprintf(stderr,
            "%s: %lld documents that it sent are not settled: no answer to them can arrive any "
            "more\n",
            p->identifier, (long long)sent);
    if (received)
        (void)fprintf(stderr, "%s: %lld received documents are not handed over yet; they stay\n",
            p->identifier, (long long)received);
    return 0;
}

static int unpublish_one(
    struct job *j, const struct store_participant *p, struct arena *a, struct err *e)
{
    bool dry = cli_has(j->c, "dry-run");
    struct publish_ours ours = j->ours;
    struct publish_state s;
    struct publish_view v = {.ours = &ours, .state = &s, .smp = j->door.url};
    int code;

    if (publish_ours_read(&ours, p, j->net.lists, clock_now(), a, e))
        return -1;
    ours.disabled = false; /* what it had is ours all the same */
    if (publish_compare(&s, &j->door.smp, &ours, a, e))
        return -1;
    publish_plan_removal(&s, cli_has(j->c, "remove") ? PUBLISH_REMOVE_REST : 0);
    v.tense = dry ? PUBLISH_WOULD : PUBLISH_DONE;
    if (!dry && publish_changes(&s)) {
        if (warn(j, p, e))
            return -1;
        code = cli_confirm(j->c, "take %s out of the SMP %s? Nobody can send to it then.",
            ours.participant.value, j->door.url);
        if (code) {
            j->code = code;
            return 0;
        }
        if (publish_apply(&s, &j->door.smp, &ours, a, e))
            return -1;
    }
    show(j, &v, NULL);
    return 0;
}

/* ---- which participants ---- */

static void named(struct job *j, const char *text)
{
    struct arena *a = arena_new(ARENA_MAX);
    struct participant given, lower;
    struct store_participant p;
    struct err e = ERR_INIT;
    struct buf id;
    int rc = -1;

    buf_init(&id, 512);
    if (!a)
        (void)err_nomem(&e);
    else if (participant_parse(&given, str_z(text), &e) == 0) {
        participant_canonical(&lower, &given);
        participant_text(&id, &lower);
        rc = store_participant_get(&p, j->store, id.p, a, &e);
    }
    if (rc == 0)
        (void)err_set(
            &e, ERR_PEER, "participant.unknown", "", "%s is no participant of ours", text);
    if (rc != 1 || j->one(j, &p, a, &e))
        failed(j, text, &e);
    buf_free(&id);
    arena_free(a);
}

static void all(struct job *j)
{
    char after[256] = "";
    struct err e = ERR_INIT;
    size_t n = PAGE;

    while (n == PAGE) {
        struct arena *a = arena_new(ARENA_MAX);
        struct store_participant *p = a ? arena_alloc(a, PAGE * sizeof(*p)) : NULL;
        n = 0;
        if (!p)
            (void)err_nomem(&e);
        if (!p || store_participant_list(p, PAGE, &n, j->store, *after ? after : NULL, a, &e)) {
            failed(j, NULL, &e);
            n = 0;
        }
        for (size_t i = 0; i < n; i++) {
            (void)snprintf(after, sizeof(after), "%s", p[i].identifier);
            if (!p[i].disabled || j->one == check_one)
                named(j, p[i].identifier);
        }
        arena_free(a);
    }
}

static int run(struct job *j, bool need_door)
{
    struct err e = ERR_INIT;

    act_init(&j->act, j->c);
    if (open_job(j, need_door, &e))
        failed(j, NULL, &e);
    else if (!j->c->nargs)
        all(j);
    for (size_t i = 0; i < j->c->nargs && j->store && (!need_door || j->has_door); i++)
        named(j, j->c->args[i]);
    close_job(j);
    return j->code;
}

int cmd_participant_check(struct cli *c)
{
    struct job j = {.c = c, .one = check_one};

    return run(&j, false);
}

int cmd_participant_publish(struct cli *c)
{
    struct job j = {.c = c, .one = publish_one, .wait = VERIFY_MS};
    const char *wait = cli_get(c, "wait");

    if (!c->nargs != cli_has(c, "all"))
        return cli_usage(c, "expected participants, or --all");
    if (wait && !clock_parse_span(str_z(wait), &j.wait))
        return cli_usage(c, "--wait %s: expected a time such as 30s", wait);
    return run(&j, true);
}

int cmd_participant_unpublish(struct cli *c)
{
    struct job j = {.c = c, .one = unpublish_one};

    if (!c->nargs)
        return cli_usage(c, "expected participants");
    return run(&j, true);
}
