/* aviso participant add|list|show|disable: who may send and receive here. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ap/base/clock.h"
#include "ap/base/json.h"
#include "ap/cli/act.h"
#include "ap/cli/commands.h"
#include "ap/peppol/document.h"
#include "ap/peppol/sbdh.h"

#define ARENA_MAX (16u << 20)
#define PAGE 100

static int canonical(struct buf *out, const char *text, struct err *e)
{
    struct participant p, lower;

    if (participant_parse(&p, str_z(text), e))
        return -1;
    participant_canonical(&lower, &p);
    participant_text(out, &lower);
    return buf_check(out, e);
}

/* --doctype NAME-or-id[ PROCESS]: names ("invoice", "factur-x") bring their only process along. */
static int add_service(
    struct json_object *list, const char *text, const struct codelists *lists, struct err *e)
{
    struct json_object *s = json_object_new_object();
    struct doctype d;
    struct process p = {0};
    struct buf b;

    (void)json_object_array_add(list, s);
    if (!strstr(text, "##")) {
        if (document_type_read(&d, &p, text, lists, e))
            return -1;
    } else {
        struct str all = str_z(text);
        size_t space = str_find(all, STR(" "));
        struct str id = str_sub(all, 0, space), scheme = STR("");
        size_t colon = str_find(id, STR("::"));
        if (str_has_prefix(id, STR(DOCTYPE_BUSDOX_SCHEME "::")) ||
            str_has_prefix(id, STR(DOCTYPE_WILDCARD_SCHEME "::"))) {
            scheme = str_sub(id, 0, colon);
            id = str_sub(id, colon + 2, id.n);
        } else if (str_find(id, STR("##urn:peppol:pint:")) < id.n) {
            scheme = STR(DOCTYPE_WILDCARD_SCHEME);
        }
        if (doctype_make(&d, scheme, id, true, e))
            return -1;
        if (space < all.n && process_parse(&p, str_sub(all, space + 1, all.n), e))
            return -1;
    }
    if (codelist_check_doctype(lists, &d, clock_now(), e) ||
        codelist_check_process(lists, &p, clock_now(), e))
        return -1;
    buf_init(&b, 1024);
    doctype_text(&b, &d);
    json_add_given(s, "document_type", b.p);
    buf_clear(&b);
    if (p.value[0])
        process_text(&b, &p);
    json_add_given(s, "process", b.n ? b.p : "");
    buf_free(&b);
    return 0;
}

static int services(struct cli *c, struct json_object *rq, struct err *e)
{
    struct json_object *list = json_object_new_array();
    struct codelists *lists;
    const char *text;
    int rc = 0;

    (void)json_object_object_add(rq, "services", list);
    if (!cli_has(c, "doctype"))
        return 0;
    if (cli_config(c, false, e) || node_codelists(&lists, c->config, e))
        return -1;
    for (size_t i = 0; !rc && (text = cli_get_nth(c, "doctype", i)); i++)
        if (add_service(list, text, lists, e))
            rc = err_wrap(e, "--doctype %s: ", text);
    codelists_close(lists);
    return rc;
}

static int put_request(struct cli *c, struct json_object *rq, struct err *e)
{
    const char *country = cli_get(c, "country"), *route = cli_get(c, "route");
    char today[CLOCK_TEXT];
    struct buf id;

    if (!country || !sbdh_country_ok(str_z(country)))
        return err_set(e, ERR_INPUT, "participant.country", "PEPPOL-SBDH 2.6",
            "--country CC is needed: the legal domicile as two capital letters");
    buf_init(&id, 512);
    if (canonical(&id, c->args[0], e)) {
        buf_free(&id);
        return -1;
    }
    clock_utc(today, clock_now());
    today[10] = '\0';
    json_add_given(rq, "op", "participant-put");
    json_add_given(rq, "identifier", id.p);
    json_add_given(rq, "country", country);
    json_add_given(rq, "tenant", cli_get(c, "tenant") ? cli_get(c, "tenant") : "default");
    json_add_given(rq, "end_user", cli_get(c, "end-user") ? cli_get(c, "end-user") : id.p);
    json_add_given(rq, "name", cli_get(c, "name"));
    json_add_given(
        rq, "identified_on", cli_get(c, "identified-on") ? cli_get(c, "identified-on") : today);
    json_add_given(rq, "route", route);
    buf_free(&id);
    return services(c, rq, e);
}

static int ask(struct cli *c, struct json_object *rq, const char *done)
{
    struct json_object *answer = NULL, *ok;
    struct err e = ERR_INIT;
    struct act act;
    int code = EXIT_OK;

    act_init(&act, c);
    if (act_request(&act, rq, -1, NODE_STORE, &answer, &e)) {
        code = cli_fail(c, c->args[0], &e);
    } else if (!(json_object_object_get_ex(answer, "ok", &ok) && json_object_get_boolean(ok))) {
        control_error(&e, answer);
        code = cli_fail(c, c->args[0], &e);
    } else if (c->json) {
        cli_json(json_object_get(answer));
    } else if (!c->quiet) {
        (void)printf("%s  %s\n", c->args[0], done);
    }
    (void)json_object_put(answer);
    act_close(&act);
    return code;
}

int cmd_participant_add(struct cli *c)
{
    struct json_object *rq;
    struct err e = ERR_INIT;
    int code;

    if (c->nargs != 1)
        return cli_usage(c, "expected one participant identifier, for instance 0208:0848934496");
    rq = json_object_new_object();
    code = put_request(c, rq, &e) ? cli_fail(c, c->args[0], &e) : ask(c, rq, "is a participant");
    (void)json_object_put(rq);
    return code;
}

int cmd_participant_disable(struct cli *c)
{
    struct json_object *rq;
    struct err e = ERR_INIT;
    struct buf id;
    int code;

    if (c->nargs != 1)
        return cli_usage(c, "expected one participant identifier");
    buf_init(&id, 512);
    rq = json_object_new_object();
    if (canonical(&id, c->args[0], &e)) {
        code = cli_fail(c, c->args[0], &e);
    } else {
        json_add_given(rq, "op", "participant-disable");
        json_add_given(rq, "identifier", id.p);
        json_add_bool(rq, "disabled", !cli_has(c, "enable"));
        code = ask(c, rq, cli_has(c, "enable") ? "is enabled" : "is disabled");
    }
    (void)json_object_put(rq);
    buf_free(&id);
    return code;
}

static void show(struct cli *c, const struct store_participant *p, bool all)
{
    if (c->json) {
        struct json_object *o = json_object_new_object(), *list = json_object_new_array();
        json_add_given(o, "identifier", p->identifier);
        json_add_given(o, "name", p->name);
        json_add_given(o, "country", p->country);
        json_add_given(o, "tenant", p->tenant);
        json_add_given(o, "end_user", p->end_user);
        json_add_given(o, "identified_on", p->identified_on);
        json_add_given(o, "route", p->route);
        json_add_bool(o, "disabled", p->disabled);
        for (size_t i = 0; i < p->nservices; i++) {
            struct json_object *s = json_object_new_object();
            json_add_given(s, "document_type", p->services[i].doctype);
            json_add_given(s, "process", p->services[i].process);
            (void)json_object_array_add(list, s);
        }
        (void)json_object_object_add(o, "services", list);
        cli_json(o);
        return;
    }
    (void)printf("%-40s %s  %-10s %s%s\n", p->identifier, p->country, p->tenant, p->name,
        p->disabled ? "  DISABLED" : "");
    if (!all)
        return;
    (void)printf("  legal entity   %s\n  identified on  %s\n  route          %s\n", p->end_user,
        p->identified_on, *p->route ? p->route : "as configured");
    for (size_t i = 0; i < p->nservices; i++)
        (void)printf("  receives       %s\n                 %s\n", p->services[i].doctype,
            p->services[i].process);
    if (!p->nservices)
        (void)puts("  receives       every document type");
}

int cmd_participant_show(struct cli *c)
{
    struct arena *a;
    struct store_participant p;
    struct err e = ERR_INIT;
    struct store *s;
    struct act act;
    struct buf id;
    int found = -1, code = EXIT_OK;

    if (c->nargs != 1)
        return cli_usage(c, "expected one participant identifier");
    if (!(a = arena_new(ARENA_MAX)))
        return cli_nomem(c);
    act_init(&act, c);
    buf_init(&id, 512);
    if (canonical(&id, c->args[0], &e) == 0 && act_store(&act, &s, &e) == 0)
        found = store_participant_get(&p, s, id.p, a, &e);
    if (found == 0)
        (void)err_set(
            &e, ERR_PEER, "participant.unknown", "", "%s is no participant of ours", id.p);
    if (found == 1)
        show(c, &p, true);
    else
        code = found ? cli_fail(c, c->args[0], &e) : (cli_fail(c, c->args[0], &e), EXIT_NO);
    buf_free(&id);
    act_close(&act);
    arena_free(a);
    return code;
}

struct listing {
    struct cli *c;
    char after[256];
    bool any;
};

static int list_page(void *ctx, struct store *s, bool *more, struct arena *a, struct err *e)
{
    struct listing *x = ctx;
    struct store_participant *p = arena_alloc(a, PAGE * sizeof(*p));
    size_t n = 0;

    if (!p || store_participant_list(p, PAGE, &n, s, *x->after ? x->after : NULL, a, e))
        return p ? -1 : err_nomem(e);
    for (size_t i = 0; i < n; i++) {
        show(x->c, &p[i], false);
        (void)snprintf(x->after, sizeof(x->after), "%s", p[i].identifier);
        x->any = true;
    }
    *more = n == PAGE;
    return 0;
}

int cmd_participant_list(struct cli *c)
{
    struct listing x = {.c = c};
    struct act act;
    int code;

    act_init(&act, c);
    code = act_pages(&act, list_page, &x);
    if (!code && !x.any && !c->json)
        (void)printf("no participants: aviso participant add\n");
    act_close(&act);
    return code;
}
