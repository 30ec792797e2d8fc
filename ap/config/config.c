/* config.c - the option table and its readers. */
#include "ap/config/config.h"

#include <dirent.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ap/base/clock.h"
#include "ap/base/fsx.h"
#include "ap/base/ini.h"

/* SOME_...: not zero, where nothing would go on. */
enum kind { TEXT, BOOL, COUNT, SOME_COUNT, BYTES, SOME_BYTES, SPAN, SOME_SPAN, WORD };

struct word {
    const char *text;
    int64_t value;
};
static const struct word modes[] = {
    {"lab", MODE_LAB}, {"test", MODE_TEST}, {"production", MODE_PRODUCTION}, {NULL, 0}};
static const struct word plains[] = {
    {"no", PLAIN_NO}, {"loopback", PLAIN_LOOPBACK}, {"behind-proxy", PLAIN_PROXY}, {NULL, 0}};
static const struct word revocations[] = {
    {"hard", REVOCATION_HARD}, {"soft", REVOCATION_SOFT}, {"off", REVOCATION_OFF}, {NULL, 0}};
static const struct word formats[] = {{"logfmt", 0}, {"json", 1}, {NULL, 0}};
static const struct word levels[] = {
    {"error", 0}, {"warn", 1}, {"info", 2}, {"debug", 3}, {NULL, 0}};
static const struct word canaries[] = {{"document", 0}, {"ping", 1}, {NULL, 0}};
static const struct word twins[] = {{"warn", 0}, {"refuse", 1}, {NULL, 0}};
static const struct word unknowns[] = {{"hold", 0}, {"resend", 1}, {NULL, 0}};

static const struct option {
    const char *section, *key;
    size_t at;
    const char *def; /* as written in a file; NULL: not set */
    const struct word *words;
    const char *help;
    enum kind kind;
    bool at_start; /* a reload keeps the old value */
} options[] = {
#define LINE(sec, key, kind, member, def, words, help, start)                                      \
    {                                                                                              \
        sec, key, offsetof(struct config, member), def, words, help, kind, start                   \
    }
#define O(sec, key, kind, member, def, help) LINE(sec, key, kind, member, def, NULL, help, false)
#define W(sec, key, member, def, words, help) LINE(sec, key, WORD, member, def, words, help, false)
/* The same for what a running service has built itself on. */
#define OS(sec, key, kind, member, def, help) LINE(sec, key, kind, member, def, NULL, help, true)
#define WS(sec, key, member, def, words, help) LINE(sec, key, WORD, member, def, words, help, true)
    WS("ap", "mode", mode, NULL, modes,
        "lab, test or production. There is no default: anchors, zones and addresses follow it"),
    O("ap", "key_file", TEXT, key_file, "", "PEM file of the access point's private key"),
    O("ap", "cert_file", TEXT, cert_file, "", "PEM file of its Peppol certificate"),
    O("ap", "old_key_file", TEXT, old_key_file, "", "previous key, still decrypting"),
    O("ap", "old_cert_file", TEXT, old_cert_file, "", "certificate of the previous key"),
    OS("ap", "data_dir", TEXT, data_dir, "", "official schemas, rules and code lists"),
    O("ap", "anchor_dir", TEXT, anchor_dir, "",
        "root.pem, ap-ca.pem, smp-ca.pem; default: data_dir/trust/MODE"),
    OS("listen", "as4", TEXT, listen, "127.0.0.1:8443",
        "address:port of the AS4 endpoint; several with commas between: 0.0.0.0:443, [::]:443"),
    O("listen", "path", TEXT, path, "/as4", "path of the AS4 endpoint"),
    O("listen", "public_url", TEXT, public_url, "", "URL that our SMP entries name"),
    O("listen", "tls_cert_file", TEXT, tls_cert_file, "", "PEM chain of the web certificate"),
    O("listen", "tls_key_file", TEXT, tls_key_file, "", "PEM key of the web certificate"),
    WS("listen", "plain", plain, "no", plains,
        "plain HTTP: no, loopback (lab) or behind-proxy (a proxy on this host does TLS)"),
    OS("store", "spool", TEXT, spool, "/var/lib/aviso", "folder of database and payloads"),
    OS("store", "allow_volatile_spool", BOOL, allow_volatile_spool, "no",
        "accept a spool on tmpfs or overlayfs"),
    O("store", "spool_min_free", BYTES, spool_min_free, "256M",
        "below this much free space nothing new is accepted"),
    OS("lookup", "sml_zone", TEXT, sml_zone, "", "DNS zone; default follows the mode"),
    OS("lookup", "resolver", TEXT, resolver, "", "DNS server ADDRESS@PORT; default: the system's"),
    OS("lookup", "resolver2", TEXT, resolver2, "",
        "asked as well when the first says that a participant is not registered"),
    OS("lookup", "dnssec_anchor_file", TEXT, dnssec_anchor_file, "",
        "root key file: SML answers are validated by DNSSEC; default: not validated here"),
    OS("lookup", "connect_to", TEXT, connect_to, "",
        "lab only: HOST:PORT:ADDRESS:PORT,... as curl's --connect-to"),
    OS("lookup", "tls_ca_file", TEXT, tls_ca_file, "", "lab only: CA for SMP and AP web servers"),
    O("lookup", "timeout", SOME_SPAN, lookup_timeout, "15s", "for one lookup as a whole"),
    O("lookup", "cache", SPAN, lookup_cache, "15m", "how long an SMP answer is used again"),
    O("lookup", "last_known_good", SPAN, last_known_good, "24h",
        "how old an SMP answer may be that is used because nothing answers; 0s: never"),
    O("smp", "url", TEXT, smp_url, "",
        "base of the REST interface of our SMP, for aviso participant publish; https, or http on "
        "this machine"),
    O("smp", "user", TEXT, smp_user, "",
        "user name for HTTP basic authentication; not set: the secret is a bearer token"),
    O("smp", "secret_file", TEXT, smp_secret_file, "",
        "file whose first line is password or token"),
    O("smp", "ca_file", TEXT, smp_ca_file, "", "a further CA for the SMP's own certificate"),
    O("smp", "timeout", SOME_SPAN, smp_timeout, "30s", "for one request to it"),
    O("smp", "description", TEXT, smp_description, "",
        "ServiceDescription of our endpoints; default: Peppol access point SEAT"),
    O("smp", "contact", TEXT, smp_contact, "",
        "TechnicalContactUrl of our endpoints: https: or mailto:; default: the host of public_url"),
    O("smp", "check_every", SPAN, smp_check_every, "1h",
        "the service compares what SML and SMP say of our participants with what we hold: at the "
        "start, after a reload, and so often; 0s: never"),
    W("trust", "revocation", revocation, "hard", revocations,
        "when the status of a certificate is not to be had: hard (wait), soft (what was received "
        "is "
        "taken by the last good list) or off (lab only: nothing is asked)"),
    O("trust", "revocation_grace", SPAN, revocation_grace, "24h",
        "soft: how long after its end the last good list is taken"),
    O("trust", "revocation_refresh", SOME_SPAN, revocation_refresh, "1h",
        "revocation lists are fetched anew after this time"),
    O("retry", "deliver_by", SOME_SPAN, deliver_by, "24h", "a document not proven by then is late"),
    O("retry", "horizon", SOME_SPAN, retry_horizon, "5d",
        "attempts go on this long, or to the deadline if that is later"),
    O("retry", "first", SOME_SPAN, retry_first, "30s", "first pause after a passing fault"),
    O("retry", "max", SOME_SPAN, retry_max, "30m", "longest pause"),
    O("retry", "after_max", SPAN, retry_after_max, "1h", "a peer's Retry-After counts up to this"),
    O("retry", "window", SOME_COUNT, retry_window, "10",
        "most exchanges with one access point at once; fewer while it fails"),
    O("retry", "connect_timeout", SOME_SPAN, connect_timeout, "10s", "to connect and shake hands"),
    O("retry", "answer_timeout", SOME_SPAN, answer_timeout, "5m", "for a whole exchange"),
    W("retry", "unknown", unknown_resend, "resend", unknowns,
        "an exchange without a valid answer: resend the same bytes, or hold"),
    O("deliver", "drop_folder", TEXT, drop_folder, "",
        "route folder: received documents are put here with a sidecar JSON"),
    O("deliver", "routes_file", TEXT, routes_file, "",
        "INI file of further routes to invoicing systems: commands, HTTP push, folders"),
    O("deliver", "route", TEXT, route, "",
        "route of participants that have none; default: folder, else inbox"),
    W("canary", "mode", canary_ping, "document", canaries,
        "document: an invoice from us to us; ping: a message to the test service, which is not "
        "delivered"),
    O("canary", "from", TEXT, canary_from, "", "participant of ours that sends the canary"),
    O("canary", "to", TEXT, canary_to, "",
        "participant that receives it, of ours (ping: any); not set: there is none. See aviso "
        "canary "
        "install"),
    O("canary", "every", SOME_SPAN, canary_every, "1h", "time between two"),
    O("canary", "silence", SPAN, canary_silence, "0",
        "none came back for so long: told as canary-silent; 0: three times every"),
    O("heartbeat", "url", TEXT, heartbeat_url, "",
        "a monitor outside, asked (GET) only while this service is well"),
    O("heartbeat", "every", SOME_SPAN, heartbeat_every, "1m", "time between two"),
    O("validate", "on_send", BOOL, validate, "yes", "refuse invalid documents when sending"),
    W("validate", "twin", refuse_twin, "warn", twins,
        "a second document with the supplier, number and date of one that was not refused, or with "
        "its bytes, and without its key: warn or refuse"),
    O("limits", "max_payload", SOME_BYTES, max_payload, "100M", "compressed, both directions"),
    O("limits", "max_inflated", SOME_BYTES, max_inflated, "512M", "an envelope after inflating"),
    O("limits", "max_ratio", SOME_COUNT, max_ratio, "200", "inflated size over compressed size"),
    OS("limits", "max_connections", SOME_COUNT, max_connections, "256",
        "open at once; fewer where the process may open too few files (aviso doctor tells)"),
    OS("limits", "heavy", COUNT, heavy, "0", "messages processed at once; 0: twice the cores"),
    OS("limits", "senders", SOME_COUNT, senders, "32", "most sender threads, started when needed"),
    O("limits", "validate_max", BYTES, validate_max, "64M",
        "larger documents get structural checks only"),
    O("limits", "body_rate", BYTES, body_rate, "1K", "slowest request body taken, bytes a second"),
    O("limits", "request_deadline", SOME_SPAN, request_deadline, "10m",
        "for receiving one request"),
    O("limits", "drain", SPAN, drain, "20s", "time to finish what is in hand at the end"),
    O("alarm", "command", TEXT, alarm_command, "",
        "program that gets each notice as JSON on standard input"),
    O("alarm", "webhook", TEXT, alarm_webhook, "", "URL that each notice is posted to"),
    O("alarm", "webhook_secret_file", TEXT, alarm_webhook_secret_file, "",
        "file with the secret that signs it (Standard Webhooks)"),
    O("alarm", "mail_to", TEXT, alarm_mail_to, "", "address that notices are mailed to"),
    O("alarm", "mail_from", TEXT, alarm_mail_from, "", "their sender; default: sendmail's"),
    O("alarm", "sendmail", TEXT, alarm_sendmail, "/usr/sbin/sendmail", "program that takes mail"),
    O("alarm", "repeat", SOME_SPAN, alarm_repeat, "4h", "told again until it is acknowledged"),
    O("alarm", "pause", SPAN, alarm_pause, "1m", "least time between two notices of a channel"),
    O("alarm", "timeout", SOME_SPAN, alarm_timeout, "30s", "for telling by one channel"),
    O("alarm", "circuit_after", SPAN, alarm_circuit_after, "1h",
        "an access point that takes nothing for so long is an alarm"),
    O("alarm", "slow_after", SPAN, alarm_slow_after, "1h",
        "a document that waits so long for its proof while others are taken is a delay"),
    O("alarm", "smp_after", SPAN, alarm_smp_after, "1h",
        "what SML and SMP say of our participants cannot be learned for so long: an alarm"),
    W("log", "format", log_json, "logfmt", formats, "logfmt or json"),
    W("log", "level", log_level, "info", levels, "error, warn, info or debug"),
#undef WS
#undef OS
#undef W
#undef O
#undef LINE
};
#define NOPTIONS (sizeof(options) / sizeof(options[0]))

static void *member(struct config *c, const struct option *o)
{
    return (char *)c + o->at;
}

static const char *text_of(const struct config *c, const struct option *o)
{
    const char *p;

    memcpy(&p, (const char *)c + o->at, sizeof(p));
    return p;
}

static int64_t number_of(const struct config *c, const struct option *o)
{
    int64_t v;

    memcpy(&v, (const char *)c + o->at, sizeof(v));
    return v;
}

static bool parse_bytes(struct str s, int64_t *out)
{
    unsigned long long v, unit = 1;

    if (s.n && (s.p[s.n - 1] == 'K' || s.p[s.n - 1] == 'M' || s.p[s.n - 1] == 'G')) {
        unit = s.p[s.n - 1] == 'K' ? 1000 : s.p[s.n - 1] == 'M' ? 1000000 : 1000000000;
        s.n--;
    }
    if (!str_to_u64(s, 1000000000000ull, &v) || v > 1000000000000000ull / unit)
        return false;
    *out = (int64_t)(v * unit);
    return true;
}

static bool parse_word(const struct word *w, struct str s, int64_t *out)
{
    for (; w->text; w++)
        if (str_eqz(s, w->text)) {
            *out = w->value;
            return true;
        }
    return false;
}

static bool parse_number(const struct option *o, struct str s, int64_t *out)
{
    static const struct word yes_no[] = {
        {"yes", 1}, {"no", 0}, {"true", 1}, {"false", 0}, {"on", 1}, {"off", 0}, {NULL, 0}};
    unsigned long long v;

    switch (o->kind) {
    case TEXT:
        return false;
    case BOOL:
        return parse_word(yes_no, s, out);
    case COUNT:
    case SOME_COUNT:
        if (!str_to_u64(s, 1000000, &v) || (!v && o->kind == SOME_COUNT))
            return false;
        *out = (int64_t)v;
        return true;
    case BYTES:
    case SOME_BYTES:
        return parse_bytes(s, out) && (*out || o->kind == BYTES);
    case SPAN:
    case SOME_SPAN:
        return clock_parse_span(s, out) && (*out || o->kind == SPAN);
    case WORD:
        return parse_word(o->words, s, out);
    }
    return false;
}

static const char *kind_hint(const struct option *o)
{
    static const char *const hints[] = {"text", "yes or no", "a number", "a number of 1 or more",
        "bytes such as 64K, 100M, 2G", "bytes such as 64K, 100M, 2G, and not 0",
        "a time such as 30s, 10m, 5d", "a time such as 30s, 10m, 5d, and not 0"};

    return o->kind == WORD ? o->help : hints[o->kind];
}

static int set(struct config *c, size_t i, struct str value, const char *origin, struct err *e)
{
    const struct option *o = &options[i];
    int64_t v;
    char *copy;

    if (o->kind == TEXT) {
        if (!(copy = arena_dup(c->arena, value)))
            return err_nomem(e);
        memcpy(member(c, o), &copy, sizeof(copy));
    } else {
        if (!parse_number(o, value, &v))
            return err_set(e, ERR_CONFIG, "config.value", "", "%s: %s.%s = %.*s: expected %s",
                origin, o->section, o->key, STR_FMT(value), kind_hint(o));
        memcpy(member(c, o), &v, sizeof(v));
    }
    c->origin[i] = arena_dup(c->arena, str_z(origin));
    return c->origin[i] ? 0 : err_nomem(e);
}

static int unknown(struct str section, struct str key, const char *origin, struct err *e)
{
    size_t best = 99, at = 0;

    for (size_t i = 0; i < NOPTIONS; i++) {
        size_t d = str_distance(str_z(options[i].key), key) +
                   2 * str_distance(str_z(options[i].section), section);
        if (d < best) {
            best = d;
            at = i;
        }
    }
    return err_set(e, ERR_CONFIG, "config.unknown-key", "",
        "%s: there is no option %.*s.%.*s; the nearest is %s.%s", origin, STR_FMT(section),
        STR_FMT(key), options[at].section, options[at].key);
}

static int set_named(struct config *c, struct str section, struct str key, struct str value,
    const char *origin, struct err *e)
{
    for (size_t i = 0; i < NOPTIONS; i++)
        if (str_eqz(section, options[i].section) && str_eqz(key, options[i].key))
            return set(c, i, value, origin, e);
    return unknown(section, key, origin, e);
}

struct reading {
    struct config *c;
    const char *name;
};

static int on_pair(
    void *ctx, struct str section, struct str key, struct str value, int line, struct err *e)
{
    struct reading *r = ctx;
    char origin[4200];

    (void)snprintf(origin, sizeof(origin), "%s:%d", r->name, line);
    return set_named(r->c, section, key, value, origin, e);
}

static int read_file(struct config *c, const char *path, struct err *e)
{
    struct reading r = {c, path};
    struct buf text;
    int rc;

    buf_init(&text, 1 << 20);
    rc = fsx_read_file(&text, path, e) ? -1 : ini_read(path, buf_view(&text), on_pair, &r, e);
    if (rc && e && e->class != ERR_CONFIG)
        e->class = ERR_CONFIG;
    buf_free(&text);
    return rc;
}

static int only_conf(const struct dirent *d)
{
    return str_has_suffix(str_z(d->d_name), STR(".conf"));
}

static int read_folder(struct config *c, const char *path, struct err *e)
{
    struct dirent **list = NULL;
    char name[4096];
    int rc = 0, n;

    (void)snprintf(name, sizeof(name), "%s.d", path);
    n = scandir(name, &list, only_conf, alphasort);
    for (int i = 0; i < n; i++) {
        (void)snprintf(name, sizeof(name), "%s.d/%s", path, list[i]->d_name);
        if (!rc)
            rc = read_file(c, name, e);
        free(list[i]);
    }
    free(list);
    return rc;
}

static int read_environment(struct config *c, struct err *e)
{
    for (size_t i = 0; i < NOPTIONS; i++) {
        char name[80], origin[100];
        const char *v;
        (void)snprintf(name, sizeof(name), "AVISO_%s_%s", options[i].section, options[i].key);
        for (char *p = name; *p; p++)
            if (*p >= 'a' && *p <= 'z')
                *p = (char)(*p - ('a' - 'A'));
        (void)snprintf(origin, sizeof(origin), "environment %s", name);
        if ((v = getenv(name)) && set(c, i, str_trim(str_z(v)), origin, e))
            return -1;
    }
    return 0;
}

static int read_flag(struct config *c, const char *flag, struct err *e)
{
    struct str s = str_z(flag);
    size_t eq = str_find(s, STR("=")), dot = str_find(str_sub(s, 0, eq), STR("."));

    if (eq == s.n || dot == eq)
        return err_set(
            e, ERR_CONFIG, "config.flag", "", "expected section.key=value, not %s", flag);
    return set_named(c, str_sub(s, 0, dot), str_sub(s, dot + 1, eq - dot - 1),
        str_sub(s, eq + 1, s.n), "command line", e);
}

static const char *default_path(void)
{
    const char *p = getenv("AVISO_CONFIG");

    if (p && *p)
        return p;
    if (access("aviso.conf", R_OK) == 0)
        return "aviso.conf";
    return access("/etc/aviso/aviso.conf", R_OK) == 0 ? "/etc/aviso/aviso.conf" : NULL;
}

static int load(
    struct config *c, const char *path, const char *const *flags, size_t nflags, struct err *e)
{
    for (size_t i = 0; i < NOPTIONS; i++)
        if (options[i].def && set(c, i, str_z(options[i].def), "default", e))
            return -1;
    if (!path)
        path = default_path();
    if (path && (read_file(c, path, e) || read_folder(c, path, e)))
        return -1;
    if (read_environment(c, e))
        return -1;
    for (size_t i = 0; i < nflags; i++)
        if (read_flag(c, flags[i], e))
            return -1;
    /* each command would look for it from where it is called */
    if (c->spool[0] != '/')
        return err_set(e, ERR_CONFIG, "config.value", "",
            "store.spool = %s: expected a path from the root", c->spool);
    return 0;
}

int config_load(
    struct config **out, const char *path, const char *const *flags, size_t nflags, struct err *e)
{
    struct arena *a = arena_new(4 << 20);
    struct config *c = a ? arena_alloc(a, sizeof(*c)) : NULL;

    if (!c || !(c->origin = arena_alloc(a, NOPTIONS * sizeof(*c->origin)))) {
        arena_free(a);
        return err_nomem(e);
    }
    c->refs = 1;
    c->arena = a;
    if (load(c, path, flags, nflags, e)) {
        arena_free(a);
        return -1;
    }
    *out = c;
    return 0;
}

struct config *config_ref(struct config *c)
{
    __atomic_add_fetch(&c->refs, 1, __ATOMIC_RELAXED);
    return c;
}

void config_free(struct config *c)
{
    if (c && __atomic_sub_fetch(&c->refs, 1, __ATOMIC_ACQ_REL) == 0)
        arena_free(c->arena);
}

const char *config_mode_word(int64_t mode)
{
    for (const struct word *w = modes; w->text; w++)
        if (w->value == mode)
            return w->text;
    return "unset";
}

static int need_file(const char *path, const char *option, struct err *e)
{
    if (!*path)
        return err_set(e, ERR_CONFIG, "config.missing", "", "%s is not set", option);
    if (access(path, R_OK))
        return err_errno(e, "config.file", option, path);
    return 0;
}

/*= PEPPOL-TLS 1.1.0 4 "checks are not relaxed" */
static int lab_only(const struct config *c, const char *value, const char *option, struct err *e)
{
    if (!*value || c->mode == MODE_LAB)
        return 0;
    return err_set(e, ERR_CONFIG, "config.lab-only", "", "%s is for mode = lab only", option);
}

static int check_url(const char *url, const char *option, struct err *e)
{
    struct str s = str_z(url);

    if (!s.n || str_has_prefix(s, STR("https://")) || str_has_prefix(s, STR("http://")))
        return 0;
    return err_set(
        e, ERR_CONFIG, "config.value", "", "%s = %s: expected an https: or http: URL", option, url);
}

/* What an SMP entry names. No access point calls anything else, so it would be found out late. */
/*= PEPPOL-AS4 4.2 "port 443" */
static int check_public_url(const struct config *c, struct err *e)
{
    struct str s = str_z(c->public_url), host, port;
    size_t end, in;

    if (!s.n || c->mode == MODE_LAB)
        return check_url(c->public_url, "listen.public_url", e);
    s = str_has_prefix(s, STR("https://")) ? str_sub(s, strlen("https://"), s.n) : STR("");
    end = str_find(s, STR("/"));
    host = str_sub(s, 0, end);
    in = host.n && host.p[0] == '[' ? str_find(host, STR("]")) : 0;
    port = str_sub(host, in + str_find(str_sub(host, in, host.n), STR(":")), host.n);
    if (host.n > port.n && (!port.n || str_eqz(port, ":443")) && str_find(s, STR("@")) == s.n &&
        str_find(s, STR("?")) == s.n && str_find(s, STR("#")) == s.n)
        return 0;
    return err_set(e, ERR_CONFIG, "config.value", "PEPPOL-AS4 4.2",
        "listen.public_url = %s: peers call https://HOST/PATH on port 443 and nothing else",
        c->public_url);
}

/* Options that contradict each other, or that only some other makes useful. */
static int check_together(const struct config *c, struct err *e)
{
    if (c->retry_max < c->retry_first)
        return err_set(e, ERR_CONFIG, "config.value", "",
            "retry.max is less than retry.first: the longest pause is not below the first");
    if (*c->canary_to && !*c->canary_from && !c->canary_ping)
        return err_set(e, ERR_CONFIG, "config.missing", "",
            "canary.to is set and canary.from is not: see aviso canary install");
    return check_public_url(c, e) || check_url(c->heartbeat_url, "heartbeat.url", e) ||
                   check_url(c->alarm_webhook, "alarm.webhook", e)
               ? -1
               : 0;
}

int config_check(const struct config *c, struct err *e)
{
    if (c->mode == MODE_UNSET)
        return err_set(e, ERR_CONFIG, "config.mode", "",
            "ap.mode is not set: lab, test or production; it has no default");
    if (need_file(c->key_file, "ap.key_file", e) || need_file(c->cert_file, "ap.cert_file", e))
        return -1;
    if (lab_only(c, c->connect_to, "lookup.connect_to", e) ||
        lab_only(c, c->tls_ca_file, "lookup.tls_ca_file", e))
        return -1;
    if (c->revocation == REVOCATION_OFF && c->mode != MODE_LAB)
        return err_set(
            e, ERR_CONFIG, "config.lab-only", "", "trust.revocation = off is for mode = lab only");
    if (c->plain == PLAIN_LOOPBACK && c->mode != MODE_LAB)
        return err_set(e, ERR_CONFIG, "config.lab-only", "",
            "listen.plain = loopback is for mode = lab only; use behind-proxy");
    if (c->plain == PLAIN_NO && (need_file(c->tls_cert_file, "listen.tls_cert_file", e) ||
                                    need_file(c->tls_key_file, "listen.tls_key_file", e)))
        return -1;
    return check_together(c, e);
}

static void print_value(struct buf *out, const struct config *c, const struct option *o)
{
    switch (o->kind) {
    case TEXT:
        buf_puts(out, text_of(c, o));
        break;
    case BOOL:
        buf_puts(out, number_of(c, o) ? "yes" : "no");
        break;
    case COUNT:
    case SOME_COUNT:
    case BYTES:
    case SOME_BYTES:
        buf_printf(out, "%lld", (long long)number_of(c, o));
        break;
    case SPAN:
    case SOME_SPAN:
        buf_printf(out, "%llds", (long long)number_of(c, o) / 1000);
        break;
    case WORD:
        for (const struct word *w = o->words; w->text; w++)
            if (w->value == number_of(c, o)) {
                buf_puts(out, w->text);
                break;
            }
        break;
    }
}

static bool same_value(const struct config *a, const struct config *b, const struct option *o)
{
    return o->kind == TEXT ? strcmp(text_of(a, o), text_of(b, o)) == 0
                           : number_of(a, o) == number_of(b, o);
}

void config_keep(struct buf *changed, struct config *fresh, const struct config *running)
{
    for (size_t i = 0; i < NOPTIONS; i++) {
        const struct option *o = &options[i];
        if (!o->at_start || same_value(fresh, running, o))
            continue;
        buf_printf(changed, "%s%s.%s", changed->n ? " " : "", o->section, o->key);
        memcpy(member(fresh, o), (const char *)running + o->at,
            o->kind == TEXT ? sizeof(char *) : sizeof(int64_t));
    }
}

void config_print(struct buf *out, const struct config *c, bool origin)
{
    const char *section = "";

    for (size_t i = 0; i < NOPTIONS; i++) {
        if (strcmp(section, options[i].section) != 0) {
            section = options[i].section;
            buf_printf(out, "%s[%s]\n", i ? "\n" : "", section);
        }
        if (origin)
            buf_printf(out, "# %s\n", c->origin[i] ? c->origin[i] : "not set");
        buf_printf(out, "%s = ", options[i].key);
        print_value(out, c, &options[i]);
        buf_putc(out, '\n');
    }
}

void config_print_example(struct buf *out)
{
    const char *section = "";

    buf_puts(out,
        "# /etc/aviso/aviso.conf: every option, with its default. Take away the # of those that "
        "you "
        "set.\n# aviso config check tells what is missing; aviso.conf(5) is the manual.\n");
    for (size_t i = 0; i < NOPTIONS; i++) {
        const struct option *o = &options[i];
        if (strcmp(section, o->section) != 0)
            buf_printf(out, "\n[%s]\n", section = o->section);
        buf_printf(out, "# %s\n#%s = %s\n", o->help, o->key, o->def ? o->def : "");
    }
}

void config_print_manual(struct buf *out)
{
    const char *section = "";

    for (size_t i = 0; i < NOPTIONS; i++) {
        const struct option *o = &options[i];
        if (strcmp(section, o->section) != 0) {
            if (i)
                buf_puts(out, ".El\n");
            section = o->section;
            buf_printf(out, ".Ss [%s]\n.Bl -tag -width Ds\n", section);
        }
        buf_printf(out, ".It Ic %s\n%s.\n", o->key, o->help);
        if (o->at_start)
            buf_puts(out, "Read when the service starts.\n");
        if (o->def && *o->def)
            buf_printf(out, "Default: %s.\n", o->def);
    }
    buf_puts(out, ".El\n");
}
