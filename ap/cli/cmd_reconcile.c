/* aviso reconcile: the list of what should have been sent against what the journal can prove. */
#include <string.h>

#include "ap/base/clock.h"
#include "ap/base/fsx.h"
#include "ap/base/json.h"
#include "ap/cli/act.h"
#include "ap/cli/commands.h"
#include "ap/cli/view.h"
#include "ap/reconcile/reconcile.h"

#define LIST_ARENA ((size_t)1 << 30)
#define ARENA_MAX (64u << 20)
#define PAGE 100

struct job {
    struct cli *c;
    struct reconcile_cfg cfg;
    struct reconcile_list list;
    size_t count[RECONCILE_CLASSES], twice, unlisted;
};

static int options(struct job *j)
{
    const char *level = cli_get(j->c, "level"), *since = cli_get(j->c, "since");
    enum proof_level l;
    int64_t span;
    bool zone;

    j->cfg.level = -1;
    j->cfg.now = clock_now();
    j->cfg.tenant = cli_get(j->c, "tenant");
    if (level && (!proof_level_parse(level, &l) || l == PROOF_NONE))
        return cli_usage(j->c, "--level: receipted, handed-over, confirmed or answered");
    if (level)
        j->cfg.level = (int)l;
    if (since && clock_parse_span(str_z(since), &span))
        j->cfg.since = j->cfg.now - span;
    else if (since && !clock_parse(str_z(since), &j->cfg.since, &zone))
        return cli_usage(j->c,
            "--since %s: expected a span such as 24h, or an instant such as "
            "2026-12-01T10:00:00Z",
            since);
    if (cli_has(j->c, "unlisted") && !since)
        return cli_usage(j->c, "--unlisted needs --since: from when on is the list complete?");
    return 0;
}

static int read_list(struct job *j, const char *path, struct arena *a, struct err *e)
{
    struct buf bytes;
    int rc;

    buf_init(&bytes, CSV_MAX);
    rc = fsx_read_file(&bytes, strcmp(path, "-") == 0 ? "/dev/stdin" : path, e) ||
         reconcile_read(&j->list, buf_view(&bytes), cli_get(j->c, "column"), a, e);
    buf_free(&bytes);
    return rc ? -1 : 0;
}

/* ---- telling ---- */

static void tell_json(const struct reconcile_item *item, const struct reconcile_found *f)
{
    struct json_object *o = json_object_new_object();
    bool there = f->class != RECONCILE_NEVER;

    (void)json_object_object_add(
        o, "invoice", json_object_new_string_len(item->number.p, (int)item->number.n));
    json_add(o, "class", reconcile_class_word(f->class));
    json_add_bool(o, "reached", f->class == RECONCILE_REACHED);
    json_add(o, "level", there ? proof_level_word(f->doc.level) : NULL);
    json_add(o, "state", there ? out_state_word(f->doc.state) : NULL);
    json_add(o, "id", f->doc.id);
    json_add(o, "receiver", f->doc.receiver);
    json_add_int(o, "line", (size_t)item->line);
    json_add_int(o, "listed", item->listed);
    json_add_int(o, "documents", f->documents);
    json_add_int(o, "reached_documents", f->reached);
    if (there && f->doc.reason.class != ERR_NONE)
        (void)json_object_object_add(o, "error", cli_error_json(&f->doc.reason));
    cli_json(o);
}

static void tell_text(const struct reconcile_item *item, const struct reconcile_found *f)
{
    bool there = f->class != RECONCILE_NEVER;

    (void)printf("%-24.*s  %-15s  %-12s", STR_FMT(item->number), reconcile_class_word(f->class),
        there ? proof_level_word(f->doc.level) : "");
    if (there)
        (void)printf(" %-15s  %.8s", out_state_word(f->doc.state), f->doc.id);
    if (f->reached > 1)
        (void)printf("  REACHED BY %zu DOCUMENTS", f->reached);
    if (there && f->doc.reason.class != ERR_NONE)
        (void)printf("  %s", f->doc.reason.code);
    (void)putchar('\n');
}

static int find_all(struct job *j, struct arena *a, struct err *e)
{
    struct reconcile_found f;

    for (size_t i = 0; i < j->list.n; i++) {
        struct arena_mark m = arena_mark(a);
        const struct reconcile_item *item = &j->list.items[i];
        if (reconcile_find(&f, &j->cfg, item, a, e))
            return -1;
        j->count[f.class]++;
        j->twice += f.reached > 1;
        if (j->c->json)
            tell_json(item, &f);
        else if (!j->c->quiet || f.class != RECONCILE_REACHED)
            tell_text(item, &f);
        arena_rewind(a, m);
    }
    return 0;
}

static void tell_unlisted(struct job *j, const struct out_row *r, struct arena *a)
{
    if (reconcile_lists(&j->list, r->invoice))
        return;
    j->unlisted++;
    if (j->c->json) {
        struct json_object *o = json_object_new_object();
        json_add(o, "invoice", r->invoice);
        json_add(o, "class", "unlisted");
        json_add(o, "level", proof_level_word(r->level));
        json_add(o, "state", out_state_word(r->state));
        json_add(o, "id", r->id);
        json_add(o, "receiver", r->receiver);
        cli_json(o);
        return;
    }
    (void)printf("%-24s  %-15s  %-12s %-15s  %.8s\n", view_name(a, r->invoice, r->id), "unlisted",
        proof_level_word(r->level), out_state_word(r->state), r->id);
}

static int find_unlisted(struct job *j, struct arena *a, struct err *e)
{
    struct store_filter f = STORE_FILTER_ALL;
    size_t n = PAGE;

    f.since = j->cfg.since;
    f.tenant = j->cfg.tenant;
    while (n == PAGE) {
        struct arena_mark m = arena_mark(a);
        struct out_row *rows = arena_alloc(a, PAGE * sizeof(*rows));
        if (!rows || store_out_list(rows, PAGE, &n, j->cfg.store, &f, a, e))
            return rows ? -1 : err_nomem(e);
        for (size_t i = 0; i < n; i++) {
            f.before = rows[i].row;
            tell_unlisted(j, &rows[i], a);
        }
        arena_rewind(a, m);
    }
    return 0;
}

static void summary(const struct job *j)
{
    struct json_object *o, *counts;

    if (j->c->json) {
        o = json_object_new_object();
        counts = json_object_new_object();
        for (size_t k = 0; k < RECONCILE_CLASSES; k++)
            json_add_int(
                counts, reconcile_class_word((enum reconcile_class)k), (int64_t)j->count[k]);
        json_add_bool(o, "ok", j->count[RECONCILE_REACHED] == j->list.n);
        json_add_int(o, "listed", j->list.n);
        json_add_int(o, "duplicate_lines", j->list.duplicates);
        json_add_int(o, "lines_without_number", j->list.passed);
        json_add_int(o, "reached_twice", j->twice);
        if (cli_has(j->c, "unlisted"))
            json_add_int(o, "unlisted", j->unlisted);
        (void)json_object_object_add(o, "classes", counts);
        cli_json(o);
        return;
    }
    (void)printf("%zu listed", j->list.n);
    for (size_t k = 0; k < RECONCILE_CLASSES; k++)
        if (j->count[k] || k == RECONCILE_REACHED)
            (void)printf(", %zu %s", j->count[k], reconcile_class_word((enum reconcile_class)k));
    if (j->list.duplicates)
        (void)printf("; %zu lines said again what was listed", j->list.duplicates);
    if (j->list.passed)
        (void)printf("; %zu lines without a number", j->list.passed);
    if (cli_has(j->c, "unlisted"))
        (void)printf("; %zu not on the list", j->unlisted);
    (void)putchar('\n');
}

int cmd_reconcile(struct cli *c)
{
    const char *path = cli_get(c, "expected");
    struct job j = {.c = c};
    struct arena *list = NULL, *a = NULL;
    struct err e = ERR_INIT;
    struct act act;
    int code = options(&j);

    if (code)
        return code;
    if (!path || c->nargs)
        return cli_usage(c, "expected --expected LIST and nothing else");
    act_init(&act, c);
    if (!(list = arena_new(LIST_ARENA)) || !(a = arena_new(ARENA_MAX))) {
        (void)err_nomem(&e);
        code = cli_fail(c, path, &e);
    } else if (read_list(&j, path, list, &e) || act_store(&act, &j.cfg.store, &e) ||
               find_all(&j, a, &e) || (cli_has(c, "unlisted") && find_unlisted(&j, a, &e))) {
        code = cli_fail(c, path, &e);
    } else {
        summary(&j);
        code = j.count[RECONCILE_REACHED] == j.list.n ? EXIT_OK : EXIT_NO;
    }
    act_close(&act);
    arena_free(a);
    arena_free(list);
    return code;
}
