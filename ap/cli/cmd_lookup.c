/* aviso lookup: DNS, SMP, endpoint, certificate: each step with its time and verdict. */
#include <string.h>

#include "ap/base/clock.h"
#include "ap/base/json.h"
#include "ap/cli/commands.h"
#include "ap/daemon/node.h"
#include "ap/peppol/document.h"

#define ARENA_MAX (64u << 20)

struct ask {
    struct participant p;
    struct doctype d;
    struct process proc;
    bool endpoint; /* else: only what the participant receives */
};

static int read_doctype(struct cli *c, struct ask *q, const char *text, struct err *e)
{
    struct codelists *lists;
    int rc;

    if (node_codelists(&lists, c->config, e))
        return -1;
    rc = document_type_read(&q->d, &q->proc, text, lists, e);
    codelists_close(lists);
    return rc ? err_wrap(e, "--doctype: ") : 0;
}

static int read_question(struct cli *c, struct ask *q, struct err *e)
{
    const char *doctype = cli_get(c, "doctype"), *process = cli_get(c, "process");

    if (participant_parse(&q->p, str_z(c->args[0]), e))
        return -1;
    q->endpoint = doctype != NULL;
    if (doctype && read_doctype(c, q, doctype, e))
        return -1;
    if (process && process_parse(&q->proc, str_z(process), e))
        return err_wrap(e, "--process: ");
    if (doctype && !q->proc.value[0])
        return err_set(e, ERR_INPUT, "id.process", "",
            "--process is needed: this document type has several, or is not listed");
    return 0;
}

/* With --json the object says how far it got, and the error beside it why no further. */
static void print_json(struct json_object *o, const struct err *why)
{
    if (!o)
        return;
    if (why)
        (void)json_object_object_add(o, "error", cli_error_json(why));
    json_add_bool(o, "ok", !why);
    cli_json(o);
}

static int endpoint(struct cli *c, struct node *n, const struct ask *q, struct arena *a,
    struct buf *out, struct err *e)
{
    struct lookup_query lq = {&q->p, &q->d, &q->proc, cli_has(c, "fresh"), 0};
    struct endpoint ep;
    int rc = lookup_endpoint(&ep, n->lookup, &lq, a, e);

    if (c->json)
        print_json(lookup_endpoint_json(&lq, &ep), rc ? e : NULL);
    else if (cli_has(c, "explain"))
        lookup_explain(out, ep.steps, ep.nsteps);
    if (!c->json && !rc)
        lookup_endpoint_text(out, &lq, &ep);
    endpoint_free(&ep);
    return rc;
}

static int services(struct cli *c, struct node *n, const struct ask *q, struct arena *a,
    struct buf *out, struct err *e)
{
    struct lookup_services s;
    int rc = lookup_services(&s, n->lookup, &q->p, a, e);

    if (c->json)
        print_json(lookup_services_json(&q->p, &s, n->lists, clock_now()), rc ? e : NULL);
    else if (cli_has(c, "explain"))
        lookup_explain(out, s.steps, s.nsteps);
    if (!c->json && !rc)
        lookup_services_text(out, &q->p, &s, n->lists, clock_now());
    return rc;
}

int cmd_lookup(struct cli *c)
{
    struct arena *a;
    struct err e = ERR_INIT;
    struct ask q = {0};
    struct node n;
    struct buf out;
    int code = EXIT_OK;

    if (c->nargs != 1)
        return cli_usage(c, "expected one participant identifier, for instance 0208:0848934496");
    if (!(a = arena_new(ARENA_MAX)))
        return cli_nomem(c);
    buf_init(&out, 8 << 20);
    if (cli_config(c, false, &e) || read_question(c, &q, &e) ||
        node_open(&n, c->config, NODE_NET, &e)) {
        code = cli_fail(c, c->args[0], &e);
    } else {
        int rc = q.endpoint ? endpoint(c, &n, &q, a, &out, &e) : services(c, &n, &q, a, &out, &e);
        if (out.p)
            (void)fputs(out.p, stdout);
        (void)fflush(stdout);
        if (rc)
            code = c->json ? error_exit_code(&e) : cli_fail(c, c->args[0], &e);
        node_close(&n);
    }
    buf_free(&out);
    arena_free(a);
    return code;
}
