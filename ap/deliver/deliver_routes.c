/* deliver_routes.c - the operator's routes, read from one INI file: a section a route. */
#include <dirent.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "ap/base/clock.h"
#include "ap/base/fsx.h"
#include "ap/base/ini.h"
#include "ap/deliver/deliver_priv.h"

#define ARENA_MAX (4u << 20)
#define ARGS_MAX 64
#define DEADLINE_MS 60000
#define GIVE_UP_MS (5 * (int64_t)86400000)

struct reading {
    struct deliver_routes *out;
    struct deliver_route *at; /* the section being read */
    const char *name;
    bool has_kind;
};

static int bad(const struct reading *r, int line, const char *why, struct err *e)
{
    return err_set(e, ERR_CONFIG, "config.value", "", "%s:%d: [%s] %s", r->name, line,
        r->at ? r->at->name : "", why);
}

static struct deliver_route *add(struct deliver_routes *out, const char *name)
{
    struct deliver_route *r = &out->route[out->n];

    if (out->n == DELIVER_ROUTES || !name)
        return NULL;
    out->n++;
    *r = (struct deliver_route){
        .name = name, .deadline = DEADLINE_MS, .give_up = GIVE_UP_MS, .workers = 1};
    return r;
}

struct deliver_route *deliver_find(const struct deliver_routes *r, const char *name)
{
    for (size_t i = 0; i < r->n; i++)
        if (strcmp(r->route[i].name, name) == 0)
            return &r->route[i];
    return NULL;
}

/* ---- values ---- */

static int set_kind(struct reading *r, struct str v, int line, struct err *e)
{
    static const enum deliver_kind kinds[] = {
        DELIVER_INBOX, DELIVER_FOLDER, DELIVER_COMMAND, DELIVER_PUSH};

    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if (str_eqz(v, deliver_kind_word(kinds[i]))) {
            r->at->kind = kinds[i];
            r->has_kind = true;
            return 0;
        }
    return bad(r, line, "kind is inbox, folder, command or push", e);
}

/* Words apart by spaces; "double quotes" keep spaces inside a word. No shell reads it. */
static int set_command(struct reading *r, struct str v, int line, struct err *e)
{
    const char **argv = arena_alloc(r->out->a, (ARGS_MAX + 1) * sizeof(*argv));
    size_t n = 0;

    if (!argv)
        return err_nomem(e);
    while (v.n) {
        char end = ' ';
        size_t len;
        while (v.n && v.p[0] == ' ')
            v = str_sub(v, 1, v.n);
        if (!v.n)
            break;
        if (v.p[0] == '"') {
            end = '"';
            v = str_sub(v, 1, v.n);
        }
        len = str_find(v, (struct str){&end, 1});
        if ((end == '"' && len == v.n) || n == ARGS_MAX)
            return bad(r, line, "command: a quote is not closed, or more than 64 words", e);
        if (!(argv[n++] = arena_dup(r->out->a, str_sub(v, 0, len))))
            return err_nomem(e);
        v = str_sub(v, len + 1, v.n);
    }
    if (!n || argv[0][0] != '/')
        return bad(r, line, "command: the first word is the full path of a program", e);
    if (access(argv[0], X_OK))
        return err_set(e, ERR_CONFIG, "config.value", "",
            "%s:%d: [%s] command: %.200s is no program that can be run", r->name, line, r->at->name,
            argv[0]);
    r->at->argv = argv;
    return 0;
}

static int set_token(struct reading *r, struct str v, int line, struct err *e)
{
    const char *path = arena_dup(r->out->a, v);
    struct buf b;
    int rc = -1;

    buf_init(&b, 4096);
    if (path && fsx_read_file(&b, path, e) == 0) {
        struct str token = str_trim(buf_view(&b));
        if (!token.n || memchr(token.p, '\n', token.n))
            rc = bad(r, line, "token_file holds one line", e);
        else if ((r->at->authorization =
                         arena_printf(r->out->a, "Authorization: Bearer %.*s", STR_FMT(token))))
            rc = 0;
    }
    buf_wipe(&b);
    return rc;
}

static int set_span(
    struct reading *r, int64_t *out, struct str v, int64_t max, int line, struct err *e)
{
    if (clock_parse_span(v, out) && *out > 0 && *out <= max)
        return 0;
    return bad(r, line, "expected a time such as 30s, 10m, 5d", e);
}

static int set_workers(struct reading *r, struct str v, int line, struct err *e)
{
    unsigned long long n;

    if (!str_to_u64(v, DELIVER_WORKERS, &n) || !n)
        return bad(r, line, "workers: 1 to 16", e);
    r->at->workers = (unsigned)n;
    return 0;
}

static int set_client(struct reading *r, const char *ca_file, struct err *e)
{
    /* the operator's own system: it may be on a private address */
    const struct http_cfg c = {.extra_ca_file = ca_file, .egress = {true, true, true}};

    http_client_close(r->at->http);
    r->at->http = NULL;
    return http_client_open(&r->at->http, &c, e);
}

static int set_word(struct reading *r, bool *out, struct str v, const char *yes, const char *no,
    int line, struct err *e)
{
    char hint[80];

    *out = str_eqz(v, yes);
    if (*out || str_eqz(v, no))
        return 0;
    (void)snprintf(hint, sizeof(hint), "expected %s or %s", no, yes);
    return bad(r, line, hint, e);
}

static int set_text(struct reading *r, const char **out, struct str v, struct err *e)
{
    *out = arena_dup(r->out->a, v);
    return *out ? 0 : err_nomem(e);
}

static int set_secret(struct reading *r, struct str v, struct err *e)
{
    const char *path = NULL;

    return set_text(r, &path, v, e) || webhook_read(&r->at->secrets, path, e) ? -1 : 0;
}

static int set_ca(struct reading *r, struct str v, struct err *e)
{
    const char *path = NULL;

    return set_text(r, &path, v, e) || set_client(r, path, e) ? -1 : 0;
}

static int set(struct reading *r, struct str key, struct str v, int line, struct err *e)
{
    if (str_eqz(key, "kind"))
        return set_kind(r, v, line, e);
    if (str_eqz(key, "folder"))
        return set_text(r, &r->at->folder, v, e);
    if (str_eqz(key, "command"))
        return set_command(r, v, line, e);
    if (str_eqz(key, "input"))
        return set_word(r, &r->at->by_file, v, "file", "stdin", line, e);
    if (str_eqz(key, "url"))
        return set_text(r, &r->at->url, v, e);
    if (str_eqz(key, "format"))
        return set_word(r, &r->at->bare, v, "document", "json", line, e);
    if (str_eqz(key, "content"))
        return set_word(r, &r->at->sbd, v, "sbd", "document", line, e);
    if (str_eqz(key, "secret_file"))
        return set_secret(r, v, e);
    if (str_eqz(key, "token_file"))
        return set_token(r, v, line, e);
    if (str_eqz(key, "ca_file"))
        return set_ca(r, v, e);
    if (str_eqz(key, "deadline"))
        return set_span(r, &r->at->deadline, v, 3600000, line, e);
    if (str_eqz(key, "give_up"))
        return set_span(r, &r->at->give_up, v, 365 * (int64_t)86400000, line, e);
    if (str_eqz(key, "workers"))
        return set_workers(r, v, line, e);
    return err_set(e, ERR_CONFIG, "config.unknown-key", "",
        "%s:%d: there is no option %.*s of a route; see docs/handover.md", r->name, line,
        STR_FMT(key));
}

/* ---- routes ---- */

/* What each kind cannot do without. Without a secret anybody could push: it is required. */
static int complete(struct reading *r, struct err *e)
{
    const struct deliver_route *x = r->at;
    const char *lacks = NULL;

    if (!x)
        return 0;
    if (!r->has_kind)
        lacks = "kind";
    else if (x->kind == DELIVER_FOLDER && !x->folder)
        lacks = "folder";
    else if (x->kind == DELIVER_COMMAND && !x->argv)
        lacks = "command";
    else if (x->kind == DELIVER_PUSH && (!x->url || strncmp(x->url, "http", 4) != 0))
        lacks = "url";
    else if (x->kind == DELIVER_PUSH && !x->secrets.n)
        lacks = "secret_file";
    if (lacks) {
        (void)err_set(
            e, ERR_CONFIG, "config.missing", "", "%s: [%s] has no %s", r->name, x->name, lacks);
        return err_next(e, "set it in that section; docs/handover.md has them all");
    }
    return x->kind == DELIVER_PUSH && !x->http ? set_client(r, NULL, e) : 0;
}

static bool name_ok(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.", s.p[i]))
            return false;
    return s.n > 0 && s.n < DELIVER_NAME;
}

static int begin(struct reading *r, struct str section, int line, struct err *e)
{
    const char *name = arena_dup(r->out->a, section);

    if (complete(r, e))
        return -1;
    r->at = NULL;
    r->has_kind = false;
    if (!name_ok(section))
        return bad(r, line, "a route's name: letters, digits, - _ . and at most 63", e);
    if (name && deliver_find(r->out, name))
        return err_set(e, ERR_CONFIG, "config.value", "", "%s:%d: the route %s is there already",
            r->name, line, name);
    r->at = add(r->out, name);
    return r->at ? 0 : bad(r, line, "more than 64 routes", e);
}

static int on_pair(
    void *ctx, struct str section, struct str key, struct str value, int line, struct err *e)
{
    struct reading *r = ctx;

    if ((!r->at || !str_eqz(section, r->at->name)) && begin(r, section, line, e))
        return -1;
    return set(r, key, value, line, e);
}

static int read_file(struct deliver_routes *out, const char *path, struct err *e)
{
    struct reading r = {.out = out, .name = path};
    struct buf text;
    int rc;

    buf_init(&text, 1 << 20);
    rc = fsx_read_file(&text, path, e) || ini_read(path, buf_view(&text), on_pair, &r, e) ||
         complete(&r, e);
    buf_free(&text);
    if (rc && e && e->class != ERR_CONFIG)
        e->class = ERR_CONFIG;
    return rc ? -1 : 0;
}

static int make_work_dir(struct deliver_routes *out, const char *spool, struct err *e)
{
    (void)snprintf(out->work_dir, sizeof(out->work_dir), "%s/hand-over", spool);
    return fsx_mkdirs(out->work_dir, 0700, e);
}

void deliver_clean(const struct deliver_routes *r)
{
    DIR *d = opendir(r->work_dir);
    struct dirent *f;

    while (d && (f = readdir(d)))
        if (f->d_name[0] != '.')
            (void)unlinkat(dirfd(d), f->d_name, 0);
    if (d)
        (void)closedir(d);
}

int deliver_open(struct deliver_routes *out, const char *file, const char *drop_folder,
    const char *spool, struct err *e)
{
    struct deliver_route *r;

    memset(out, 0, sizeof(*out));
    if (!(out->a = arena_new(ARENA_MAX)) ||
        !(out->route = arena_alloc(out->a, DELIVER_ROUTES * sizeof(*out->route))) ||
        !(r = add(out, "inbox")))
        return err_nomem(e);
    r->kind = DELIVER_INBOX;
    if (!(r = add(out, "canary")))
        return err_nomem(e);
    r->kind = DELIVER_SELF;
    if (drop_folder && *drop_folder) {
        if (!(r = add(out, "folder")))
            return err_nomem(e);
        r->kind = DELIVER_FOLDER;
        if (!(r->folder = arena_dup(out->a, str_z(drop_folder))))
            return err_nomem(e);
    }
    if (file && *file && read_file(out, file, e))
        return -1;
    return spool ? make_work_dir(out, spool, e) : 0;
}

void deliver_close(struct deliver_routes *r)
{
    for (size_t i = 0; i < r->n; i++) {
        http_client_close(r->route[i].http);
        webhook_wipe(&r->route[i].secrets);
    }
    arena_free(r->a);
    memset(r, 0, sizeof(*r));
}
