/* The pipeline: tree, type, choice, schema, rules. On a cold start the schema (the dearest part,
 * tens of milliseconds in libxml2) is loaded by a second thread while this one loads the rules.
 * When the schema layer finds errors the rules are not run: they are written for documents of that
 * schema, and what they would say about others is noise. */
#include "ubl/validate.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "ubl/tree/tree.h"
#include "ubl/xpath/xpath.h"

#define BYTES_MAX ((size_t)256 << 20)

struct ubl_worker {
    struct xp_ctx *ctx;
};

struct work {
    struct ubl_report *out;
    struct rules *r;
    struct ubl_worker *w;
    const struct ubl_options *o;
    struct arena *a;
    struct tree *t;
    uint32_t root;
    struct rules_choice choice;
    struct ubl_layer *layers;
    struct ubl_finding *findings;
    uint32_t n_layers, n, cap;
    const struct xsd *xsd;
    struct err *e;
};

const char *ubl_verdict_word(enum ubl_verdict v)
{
    static const char *const words[] = {"valid", "invalid", "error"};

    return words[v];
}

const char *ubl_severity_word(enum ubl_severity s)
{
    static const char *const words[] = {"error", "warning", "info"};

    return words[s];
}

const char *ubl_layer_word(enum ubl_layer_state s)
{
    static const char *const words[] = {"passed", "failed", "stopped", "not run"};

    return words[s];
}

int ubl_worker_new(struct ubl_worker **out, struct err *e)
{
    struct ubl_worker *w = calloc(1, sizeof(*w));

    *out = NULL;
    if (!w)
        return err_nomem(e);
    if (xp_ctx_new(&w->ctx, NULL, e)) {
        free(w);
        return -1;
    }
    *out = w;
    return 0;
}

void ubl_worker_free(struct ubl_worker *w)
{
    if (w)
        xp_ctx_free(w->ctx);
    free(w);
}

/* ---- the document's type ---- */

static struct str kept(struct work *k, struct str s)
{
    char *p = arena_dup(k->a, s);

    return (struct str){p ? p : "", p ? s.n : 0};
}

/* The first child element of that name, whatever its namespace. */
static uint32_t child(const struct tree *t, uint32_t n, const char *local)
{
    uint32_t c;

    if (n == TREE_NONE)
        return n;
    for (c = tree_first_child(t, n); c != TREE_NONE; c = tree_next_sibling(t, c))
        if (tree_kind_of(t, c) == TREE_ELEMENT && str_eqz(tree_local(t, c), local))
            break;
    return c;
}

static struct str child_text(const struct tree *t, uint32_t n, const char *local)
{
    uint32_t c = child(t, n, local);

    return c == TREE_NONE ? (struct str){"", 0} : str_trim(tree_string(t, c));
}

/* The business document inside a StandardBusinessDocument: its last child that is not the header.
 */
static uint32_t payload(const struct tree *t, uint32_t root)
{
    uint32_t found = TREE_NONE;

    if (!str_eqz(tree_local(t, root), "StandardBusinessDocument"))
        return TREE_NONE;
    for (uint32_t c = tree_first_child(t, root); c != TREE_NONE; c = tree_next_sibling(t, c))
        if (tree_kind_of(t, c) == TREE_ELEMENT &&
            !str_eqz(tree_local(t, c), "StandardBusinessDocumentHeader"))
            found = c;
    return found;
}

static int detect(struct work *k)
{
    struct ubl_report *o = k->out;
    uint32_t inner, context;

    k->root = tree_root_element(k->t);
    inner = k->o->n_extra ? TREE_NONE : payload(k->t, k->root); /* given rules see what was given */
    if (inner != TREE_NONE) {
        if (tree_narrow(k->t, inner, k->e))
            return -1;
        k->root = tree_root_element(k->t);
        o->enveloped = true;
    }
    o->root_uri = kept(k, tree_uri(k->t, k->root));
    o->root_local = kept(k, tree_local(k->t, k->root));
    if (str_eqz(o->root_local, "CrossIndustryInvoice")) {
        context = child(k->t, k->root, "ExchangedDocumentContext");
        o->customization = child_text(
            k->t, child(k->t, context, "GuidelineSpecifiedDocumentContextParameter"), "ID");
        o->profile = child_text(
            k->t, child(k->t, context, "BusinessProcessSpecifiedDocumentContextParameter"), "ID");
        o->id = child_text(k->t, child(k->t, k->root, "ExchangedDocument"), "ID");
    } else {
        o->customization = child_text(k->t, k->root, "CustomizationID");
        o->profile = child_text(k->t, k->root, "ProfileID");
        o->id = child_text(k->t, k->root, "ID");
    }
    o->customization = kept(k, o->customization);
    o->profile = kept(k, o->profile);
    o->id = kept(k, o->id);
    return 0;
}

/* ---- findings ---- */

static struct ubl_finding *add(struct work *k, struct ubl_layer *l, enum ubl_severity sev)
{
    if (k->n == k->cap) {
        uint32_t cap = k->cap ? k->cap * 2 : 32;
        struct ubl_finding *v = arena_alloc(k->a, cap * sizeof(*v));
        if (!v)
            return NULL;
        if (k->n)
            memcpy(v, k->findings, k->n * sizeof(*v));
        k->findings = v;
        k->cap = cap;
    }
    l->errors += sev == UBL_SEV_ERROR;
    l->warnings += sev == UBL_SEV_WARNING;
    l->n++;
    k->findings[k->n] = (struct ubl_finding){.ruleset = l->name, .severity = sev};
    return &k->findings[k->n++];
}

static struct str value_of(struct work *k, uint32_t node)
{
    const struct tree *t = k->t;
    const char *cut;
    struct str s;

    if (tree_kind_of(t, node) == TREE_ELEMENT)
        for (uint32_t c = tree_first_child(t, node); c != TREE_NONE; c = tree_next_sibling(t, c))
            if (tree_kind_of(t, c) == TREE_ELEMENT)
                return (struct str){"", 0};
    if (tree_kind_of(t, node) == TREE_DOCUMENT)
        return (struct str){"", 0};
    s = tree_string(t, node); /* as it stands: white space may be the fault */
    if (s.n <= UBL_VALUE_MAX)
        return kept(k, s);
    s.n = UBL_VALUE_MAX;
    while (s.n && ((unsigned char)s.p[s.n] & 0xc0) == 0x80)
        s.n--; /* not inside a character */
    cut = arena_printf(k->a, "%.*s…", STR_FMT(s));
    return str_z(cut ? cut : "");
}

static struct ubl_layer *add_layer(struct work *k, const char *name, const char *path)
{
    struct ubl_layer *l = &k->layers[k->n_layers++];

    *l = (struct ubl_layer){.name = name,
        .path = path,
        .sha256 = k->r ? rules_sha256(k->r, path) : "",
        .state = UBL_NOT_RUN,
        .first = k->n};
    return l;
}

static void stop(struct work *k, struct ubl_layer *l, const struct err *why)
{
    l->state = UBL_STOPPED;
    l->error = *why;
    if (k->out->verdict == UBL_ERROR)
        return;
    k->out->verdict = UBL_ERROR;
    k->out->error = *why;
    k->out->error_layer = l->name;
}

static void finish_layer(struct work *k, struct ubl_layer *l)
{
    l->state = l->errors ? UBL_FAILED : UBL_PASSED;
    k->out->errors += l->errors;
    k->out->warnings += l->warnings;
    if (l->errors && k->out->verdict == UBL_VALID)
        k->out->verdict = UBL_INVALID;
}

/* ---- layers ---- */

static int run_schema(struct work *k, struct ubl_layer *l)
{
    struct xsd_report rep;

    l->first = k->n;
    if (xsd_validate(&rep, k->xsd, k->t, k->root, k->a, k->e))
        return -1;
    for (uint32_t i = 0; i < rep.n_errors; i++) {
        const struct xsd_error *x = &rep.errors[i];
        struct ubl_finding *f = add(k, l, UBL_SEV_ERROR);
        char *location = sch_location(k->t, x->node, k->a);
        if (!f || !location)
            return err_nomem(k->e);
        f->kind = "schema";
        f->location = str_z(location);
        f->line = x->line;
        f->text = x->text;
        f->value = value_of(k, x->node);
    }
    l->errors = rep.n;
    finish_layer(k, l);
    return 0;
}

static enum ubl_severity severity_of(const struct sch_finding *f)
{
    if (sch_is_error(f))
        return UBL_SEV_ERROR;
    return sch_is_warning(f) ? UBL_SEV_WARNING : UBL_SEV_INFO;
}

static int stopped_where(struct work *k, struct ubl_layer *l, const struct sch_result *res)
{
    const char *location;

    l->stopped_id = kept(k, res->stopped_id);
    if (res->stopped_node == TREE_NONE)
        return 0;
    if (!(location = sch_location(k->t, res->stopped_node, k->a)))
        return err_nomem(k->e);
    l->stopped_at = str_z(location);
    l->stopped_line = k->t->nodes[res->stopped_node].line;
    return 0;
}

static int run_rules(struct work *k, struct ubl_layer *l, const struct xp_now *now)
{
    struct sch_run_options opt = {.trace = k->o->trace, .max_findings = k->o->max_findings};
    struct sch_result res;

    l->first = k->n;
    if (sch_run(&res, l->sch, k->w->ctx, k->t, now, &opt, k->a, k->e))
        return -1;
    l->fired_rules = res.fired_rules;
    if (res.stopped) {
        stop(k, l, &res.error);
        return stopped_where(k, l, &res);
    }
    l->events = res.events;
    l->n_events = res.n_events;
    for (uint32_t i = 0; i < res.n; i++) {
        const struct sch_finding *x = &res.findings[i];
        struct ubl_finding *f = add(k, l, severity_of(x));
        if (!f)
            return err_nomem(k->e);
        f->kind = x->kind == SCH_ASSERT ? "failed-assert" : "successful-report";
        f->id = x->id;
        f->flag = x->flag;
        f->role = x->role;
        f->location = x->location;
        f->text = x->text;
        f->test = x->test;
        f->line = x->line;
        f->value = value_of(k, x->node);
        f->notes = x->notes;
        f->n_notes = x->n_notes;
    }
    finish_layer(k, l);
    return 0;
}

/* ---- loading, the schema beside the rules ---- */

struct schema_job {
    struct work *k;
    int rc;
    struct err e;
};

static void *load_schema(void *p)
{
    struct schema_job *j = p;

    j->rc = rules_schema(&j->k->xsd, j->k->r, j->k->choice.schema, &j->e);
    return NULL;
}

static int add_rule_layers(struct work *k)
{
    const struct rules_version *v = k->choice.version;

    for (size_t i = 0; i < k->o->n_extra; i++) {
        struct sch_info f = sch_info(k->o->extra[i]);
        struct ubl_layer *l = add_layer(k, f.name, f.path);
        l->sch = k->o->extra[i];
        l->sha256 = f.sha256;
    }
    for (size_t i = 0; !k->o->n_extra && v && i < v->n_layers; i++) {
        const struct sch *s;
        if (rules_schematron(&s, k->r, v->layer[i], k->e))
            return -1;
        add_layer(k, sch_info(s).name, v->layer[i])->sch = s;
    }
    return 0;
}

static int load(struct work *k)
{
    struct schema_job job = {.k = k};
    bool schema = k->choice.schema[0] != '\0' && !k->o->no_xsd, threaded = false;
    pthread_t thread;
    int rc;

    if (schema) {
        add_layer(k, "xsd", k->choice.schema_buf);
        k->layers[0].path = arena_dup(k->a, str_z(k->choice.schema));
        if (!k->layers[0].path)
            return err_nomem(k->e);
        threaded = !rules_is_loaded(k->r, k->choice.schema) &&
                   pthread_create(&thread, NULL, load_schema, &job) == 0;
        if (!threaded)
            (void)load_schema(&job);
    }
    rc = add_rule_layers(k);
    if (threaded)
        (void)pthread_join(thread, NULL);
    if (job.rc && !rc) {
        *k->e = job.e;
        rc = -1;
    }
    return rc;
}

static const char *note_for(const struct work *k)
{
    if (k->o->n_extra)
        return k->o->no_xsd ? "" : "rules given by the caller";
    if (!k->choice.set)
        return "unknown document: no schema and no rules here, only checked to be well-formed";
    if (!k->choice.version)
        return k->choice.schema[0] ? "no rules for this customization here: checked by schema only"
                                   : "no rules and no schema for this document here";
    if (!k->choice.schema[0])
        return "asked for by name, but not made for this document: no schema, rules only";
    if (strncmp(k->choice.set->name, "en16931-", 8) == 0 &&
        !str_eqz(k->out->customization, "urn:cen.eu:en16931:2017"))
        return "rules of this CIUS are not here: checked by EN 16931 only";
    return "";
}

static int choose(struct work *k)
{
    struct ubl_report *o = k->out;

    o->set = o->set_title = o->version = "";
    k->choice.schema = "";
    if (!k->r)
        return 0;
    if (rules_choose(&k->choice, k->r, o->root_uri, o->root_local, o->customization, k->o->rules,
            o->at, k->e))
        return -1;
    if (k->choice.set && !k->o->n_extra) {
        o->set = k->choice.set->name;
        o->set_title = k->choice.set->title;
        o->chosen = k->o->rules != NULL;
        o->version = k->choice.version ? k->choice.version->version : "";
    }
    return 0;
}

static int run_layers(struct work *k)
{
    const struct xp_now now = {.sec = k->out->at};
    bool go_on = true;

    for (uint32_t i = 0; i < k->n_layers; i++) {
        struct ubl_layer *l = &k->layers[i];
        l->first = k->n;
        if (!go_on)
            continue;
        if (l->sch ? run_rules(k, l, &now) : run_schema(k, l))
            return -1;
        if (!l->sch)
            go_on = l->state == UBL_PASSED;
    }
    return 0;
}

static int validate_tree(struct work *k)
{
    if (detect(k) || choose(k))
        return -1;
    k->layers =
        arena_alloc(k->a, (1 + RULES_LAYERS_MAX + k->o->n_extra) * sizeof(struct ubl_layer));
    if (!k->layers)
        return err_nomem(k->e);
    k->out->note = note_for(k);
    if (load(k) || run_layers(k))
        return -1;
    k->out->layers = k->layers;
    k->out->n_layers = k->n_layers;
    k->out->findings = k->findings;
    k->out->n_findings = k->n;
    return 0;
}

/* What found no room in the report's memory may be missing anywhere in it: nothing of it counts. */
static int incomplete(struct ubl_report *out, struct arena *a, struct err *e)
{
    const int64_t at = out->at;

    if (!arena_full(a))
        return err_nomem(e);
    *out = (struct ubl_report){.verdict = UBL_ERROR,
        .error_layer = "",
        .set = "",
        .set_title = "",
        .version = "",
        .note = "",
        .at = at};
    (void)err_set(&out->error, ERR_INPUT, "schematron.limit", "",
        "the report needs more memory than allowed");
    return 0;
}

int ubl_validate(struct ubl_report *out, struct rules *r, struct ubl_worker *w, struct str bytes,
    const struct ubl_options *o, struct arena *a, struct err *e)
{
    static const struct ubl_options none = {.at = INT64_MIN};
    struct tree_limits lim = tree_limits_default;
    struct work k = {.out = out, .r = r, .w = w, .o = o ? o : &none, .a = a, .e = e};
    struct err bad = ERR_INIT;
    int rc;

    *out = (struct ubl_report){.set = "",
        .set_title = "",
        .version = "",
        .note = "",
        .error_layer = "",
        .at = k.o->at == INT64_MIN ? (int64_t)time(NULL) : k.o->at};
    lim.bytes = k.o->max_bytes ? k.o->max_bytes : BYTES_MAX;
    if (tree_parse(&k.t, bytes, k.o->uri, &lim, NULL, &bad)) {
        if (bad.class != ERR_INPUT) {
            *e = bad;
            return -1;
        }
        out->verdict = UBL_ERROR;
        out->error = bad;
        return 0;
    }
    rc = validate_tree(&k);
    tree_free(k.t);
    return arena_exhausted(a) ? incomplete(out, a, e) : rc;
}
