/* aviso rules: what is here, in which versions, and whether it is what was published. */
#include "ap/cli/commands.h"
#include "ap/cli/script.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ap/base/clock.h"
#include "ap/base/json.h"
#include "ubl/rules.h"

static int open_rules(struct cli *c, struct rules **r)
{
    struct err e = ERR_INIT;

    return rules_open(r, NULL, &e) ? cli_fail(c, NULL, &e) : 0;
}

static const char *from_text(const struct rules_version *v)
{
    return v->from == INT64_MIN ? "" : v->from_text;
}

static const struct rules_version *in_force(const struct rules_set *s, int64_t at)
{
    const struct rules_version *v = NULL;

    for (size_t i = 0; i < s->n_versions; i++)
        if (i == 0 || s->versions[i].from <= at)
            v = &s->versions[i];
    return v;
}

static struct json_object *version_json(const struct rules *r, const struct rules_version *v)
{
    struct json_object *o = json_object_new_object(), *layers = json_object_new_array();

    json_add_given(o, "version", v->version);
    (void)json_object_object_add(
        o, "mandatory_from", v->from == INT64_MIN ? NULL : json_object_new_string(v->from_text));
    for (size_t i = 0; i < v->n_layers; i++) {
        struct json_object *l = json_object_new_object();
        json_add_given(l, "path", v->layer[i]);
        json_add_given(l, "sha256", rules_sha256(r, v->layer[i]));
        (void)json_object_array_add(layers, l);
    }
    (void)json_object_object_add(o, "layers", layers);
    return o;
}

static void add_str(struct json_object *o, const char *key, struct str s)
{
    (void)json_object_object_add(o, key, json_object_new_string_len(s.p, (int)s.n));
}

static struct json_object *document_json(const struct rules_document *d)
{
    struct json_object *o = json_object_new_object();

    add_str(o, "namespace", d->uri);
    add_str(o, "root", d->local);
    add_str(o, "customization", d->customization);
    add_str(o, "schema", d->schema);
    return o;
}

/* `only`: of the versions this one; NULL: all. */
static struct json_object *set_json(const struct rules *r, const struct rules_set *s,
    const struct rules_version *now, const struct rules_version *only)
{
    struct json_object *o = json_object_new_object(), *versions = json_object_new_array();
    struct json_object *documents = json_object_new_array();

    json_add_given(o, "name", s->name);
    json_add_given(o, "title", s->title);
    (void)json_object_object_add(o, "in_force", now ? json_object_new_string(now->version) : NULL);
    for (size_t i = 0; i < s->n_documents; i++)
        (void)json_object_array_add(documents, document_json(&s->documents[i]));
    (void)json_object_object_add(o, "documents", documents);
    for (size_t i = 0; i < s->n_versions; i++)
        if (!only || only == &s->versions[i])
            (void)json_object_array_add(versions, version_json(r, &s->versions[i]));
    (void)json_object_object_add(o, "versions", versions);
    return o;
}

/* The flag --at, else now. */
static int instant(struct cli *c, int64_t *at)
{
    const char *word = cli_get(c, "at");
    struct err e = ERR_INIT;

    *at = clock_now() / 1000;
    if (word && rules_instant(at, str_z(word), &e))
        return cli_usage(c, "--at: %s", e.msg);
    return 0;
}

int cmd_rules_list(struct cli *c)
{
    struct rules *r;
    const struct rules_set *s;
    size_t n;
    int64_t at;
    int code = instant(c, &at);

    if (!code)
        code = open_rules(c, &r);
    if (code)
        return code;
    s = rules_sets(r, &n);
    for (size_t i = 0; i < n; i++) {
        const struct rules_version *v = in_force(&s[i], at);
        if (c->json)
            cli_json(set_json(r, &s[i], v, NULL));
        else
            (void)printf("%-34s %-9s %-10s  %s\n", s[i].name, v ? v->version : "-",
                v ? from_text(v) : "", s[i].title);
    }
    rules_free(r);
    return EXIT_OK;
}

static void show(
    const struct rules *r, const struct rules_set *s, int64_t at, const struct rules_version *only)
{
    const struct rules_version *now = in_force(s, at);

    (void)printf("%s: %s\n", s->name, s->title);
    for (size_t i = 0; i < s->n_documents; i++)
        (void)printf("  document  %.*s  %.*s\n", STR_FMT(s->documents[i].local),
            STR_FMT(s->documents[i].customization));
    for (size_t i = s->n_versions; i-- > 0;) {
        const struct rules_version *v = &s->versions[i];
        if (only && only != v)
            continue;
        (void)printf("  version   %s%s%s%s\n", v->version,
            v->from == INT64_MIN ? "" : "  mandatory from ", from_text(v),
            v == now ? "  (in force)" : "");
        for (size_t k = 0; k < v->n_layers; k++)
            (void)printf("    %s\n      sha256 %s\n", v->layer[k], rules_sha256(r, v->layer[k]));
    }
}

/* NAME, NAME@VERSION or NAME@latest */
static int show_one(struct cli *c, const struct rules *r, const char *word, int64_t at)
{
    const size_t cut = str_find(str_z(word), STR("@"));
    const struct rules_set *s = rules_set_find(r, str_sub(str_z(word), 0, cut));
    const char *version = word[cut] ? word + cut + 1 : NULL;
    const struct rules_version *only = NULL;
    struct err e = ERR_INIT;

    for (size_t i = 0; s && version && i < s->n_versions; i++)
        if (strcmp(s->versions[i].version, version) == 0 || strcmp(version, "latest") == 0)
            only = &s->versions[i];
    if (!s || (version && !only)) {
        (void)err_set(&e, ERR_INPUT, "rules.unknown", "", "%s: no such %s", word,
            s ? "version (aviso rules show tells those there)" : "rule set (aviso rules list)");
        return cli_fail(c, word, &e);
    }
    if (c->json)
        cli_json(set_json(r, s, in_force(s, at), only));
    else
        show(r, s, at, only);
    return EXIT_OK;
}

int cmd_rules_show(struct cli *c)
{
    struct rules *r;
    int64_t at;
    int code = instant(c, &at);

    if (!code && c->nargs == 0)
        return cli_usage(c, "which rule set? (aviso rules list)");
    if (!code)
        code = open_rules(c, &r);
    if (code)
        return code;
    for (size_t i = 0; i < c->nargs; i++)
        code = cli_worse(code, show_one(c, r, c->args[i], at));
    rules_free(r);
    return code;
}

static void say_bad(void *self, const char *path, const char *why)
{
    struct cli *c = self;
    struct json_object *o;

    if (!c->json) {
        (void)printf("%s\n", why);
        return;
    }
    o = json_object_new_object();
    json_add_given(o, "path", path);
    json_add_bool(o, "ok", 0);
    json_add_given(o, "reason", why);
    cli_json(o);
}

/* The last line, also where nothing is wrong. */
static void verified_json(const char *data, size_t checked, int bad)
{
    struct json_object *o = json_object_new_object();

    json_add_given(o, "data", data);
    json_add_bool(o, "ok", bad == 0);
    json_add_int(o, "checked", (int64_t)checked);
    json_add_int(o, "bad", bad);
    cli_json(o);
}

int cmd_rules_verify(struct cli *c)
{
    struct rules *r;
    struct err e = ERR_INIT;
    size_t checked = 0;
    int bad, code = open_rules(c, &r);

    if (code)
        return code;
    bad = rules_verify(r, say_bad, c, &checked, &e);
    if (bad < 0)
        code = cli_fail(c, NULL, &e);
    else if (c->json)
        verified_json(rules_data(r), checked, bad);
    else
        (void)printf(
            "%zu files checked in %s: %d missing or altered\n", checked, rules_data(r), bad);
    rules_free(r);
    return bad > 0 ? EXIT_SETUP : code;
}

/* The script has told people; programs are told here. */
static int installed_ok(struct cli *c, bool ok, const char *folder)
{
    struct json_object *o;

    if (c->json) {
        o = json_object_new_object();
        json_add_some(o, "data", folder);
        json_add_bool(o, "ok", ok);
        cli_json(o);
    }
    return ok ? EXIT_OK : EXIT_SETUP;
}

int cmd_rules_install(struct cli *c)
{
    char script[PATH_MAX], installed[PATH_MAX];
    const char *folder = c->nargs ? c->args[0] : rules_data_dir();
    struct err e = ERR_INIT;
    int status;
    pid_t pid;

    if (c->nargs > 1)
        return cli_usage(c, "one FOLDER, not also \"%s\"", c->args[1]);
    if (!folder && script_data_dir(installed, sizeof(installed)))
        folder = installed;
    if (!script_find(script, sizeof(script), "schemas/install")) {
        (void)err_set(&e, ERR_CONFIG, "rules.data", "",
            "schemas/install is neither in ../lib/aviso nor in the sources of this program");
        return cli_fail(c, NULL, &e);
    }
    if ((pid = fork()) == 0) {
        if (folder)
            (void)execl(script, script, folder, (char *)NULL);
        else
            (void)execl(script, script, (char *)NULL);
        _exit(127);
    }
    while (pid > 0 && waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            pid = -1;
    if (pid < 0) {
        (void)err_errno(&e, "io.exec", "run", script);
        return cli_fail(c, NULL, &e);
    }
    return installed_ok(c, WIFEXITED(status) && WEXITSTATUS(status) == 0, folder);
}
