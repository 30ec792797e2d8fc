/* publish_compare.c - what an SMP has of a participant, row by row against what we hold. */
#include <stdio.h>

#include "ap/publish/publish_priv.h"

#define ROOM (PUBLISH_MAX_ROWS * sizeof(struct publish_row))

const char *publish_verdict_word(enum publish_verdict v)
{
    static const char *const words[] = {
        "same", "missing", "differs", "other-ap", "redirected", "not-held"};

    return words[v];
}

size_t publish_count(const struct publish_state *s, enum publish_verdict v)
{
    size_t n = 0;

    for (size_t i = 0; i < s->n; i++)
        n += s->rows[i].verdict == v;
    return n;
}

bool publish_is_same(const struct publish_state *s)
{
    if (s->disabled)
        return s->n == 0;
    return s->group && s->n && !s->odd && publish_count(s, PUBLISH_SAME) == s->n;
}

/* ---- what we hold ---- */

static int read_service(struct publish_service *out, const struct store_service *s,
    const struct codelists *lists, int64_t now, struct err *e)
{
    struct str text = str_z(s->doctype);
    size_t colon = str_find(text, STR("::"));

    *out = (struct publish_service){0};
    if (doctype_make(
            &out->doctype, str_sub(text, 0, colon), str_sub(text, colon + 2, text.n), true, e))
        return -1;
    if (s->process && *s->process)
        return process_parse(&out->process, str_z(s->process), e);
    out->process = codelist_doctype(lists, &out->doctype, now).process;
    return 0;
}

int publish_ours_read(struct publish_ours *out, const struct store_participant *p,
    const struct codelists *lists, int64_t now, struct arena *a, struct err *e)
{
    struct publish_service *list = arena_alloc(a, (p->nservices + 1) * sizeof(*list));

    if (!list)
        return err_nomem(e);
    if (participant_parse(&out->participant, str_z(p->identifier), e))
        return -1;
    for (size_t i = 0; i < p->nservices; i++)
        if (read_service(&list[i], &p->services[i], lists, now, e))
            return err_wrap(e, "the record of %s: ", p->identifier);
    out->services = list;
    out->lists = lists;
    out->on = now;
    out->n = p->nservices;
    out->disabled = p->disabled;
    return 0;
}

int publish_ours_keys(
    struct publish_ours *o, struct key *const *keys, size_t n, int64_t now, struct err *e)
{
    for (o->ncerts = 0; o->ncerts < n && o->ncerts < PUBLISH_MAX_CERTS; o->ncerts++)
        o->certs[o->ncerts] = key_cert(keys[o->ncerts]);
    return publish_choose(o, NULL, now, e);
}

static bool better(const struct cert *a, const struct cert *b, int64_t now)
{
    bool valid_a = a->not_before <= now && now < a->not_after;
    bool valid_b = b->not_before <= now && now < b->not_after;

    if (valid_a != valid_b)
        return valid_a;
    return a->not_before != b->not_before ? a->not_before > b->not_before
                                          : a->not_after > b->not_after;
}

int publish_choose(struct publish_ours *o, const char *serial, int64_t now, struct err *e)
{
    const struct cert *first = NULL;
    size_t at = 0;

    for (size_t i = 0; i < o->ncerts; i++) {
        const struct cert *c = o->certs[i];
        if (serial ? strcmp(c->serial, serial) == 0 : !first || better(c, first, now)) {
            first = c;
            at = i;
        }
    }
    if (!first)
        return err_set(e, ERR_INPUT, "key.none", "", "there is no key %.64s; see aviso keys list",
            serial ? serial : "");
    o->certs[at] = o->certs[0];
    o->certs[0] = first;
    return 0;
}

static bool holds(const struct publish_ours *o, const struct doctype *d, const struct process *p)
{
    if (o->disabled)
        return false;
    for (size_t i = 0; i < o->n; i++)
        if (doctype_same(&o->services[i].doctype, d) &&
            (!o->services[i].process.value[0] || process_same(&o->services[i].process, p)))
            return true;
    return o->n == 0;
}

/* ---- one row ---- */

static struct publish_row *add_row(struct publish_state *s, const struct doctype *d,
    const struct process *p, enum publish_verdict v)
{
    struct publish_row *r;

    if (s->n == PUBLISH_MAX_ROWS) {
        s->odd++;
        return NULL;
    }
    r = &s->rows[s->n++];
    *r = (struct publish_row){.doctype = *d, .verdict = v};
    if (p)
        r->process = *p;
    return r;
}

static void copy(char *out, size_t room, struct str s)
{
    (void)snprintf(out, room, "%.*s", s.n < room ? (int)s.n : (int)room - 1, s.p);
}

int publish_pick(struct smp_endpoint *out, xmlNode *metadata, const struct process *p, int64_t now,
    struct arena *a, struct err *e)
{
    if (smp_select(out, metadata, p, TRANSPORT_AS4, now, a, e) == 0)
        return 0;
    return smp_select(out, metadata, p, TRANSPORT_AS4, 0, a, e);
}

/* A certificate of our seat that is none of ours is our own entry gone stale; of another seat, it
 * is another access point's. */
static void judge_certificate(
    struct publish_row *r, const struct publish_ours *o, const struct cert *c)
{
    copy(r->seat, sizeof(r->seat), str_z(c->cn));
    copy(r->serial, sizeof(r->serial), str_z(c->serial));
    r->not_after = c->not_after;
    for (size_t i = 0; i < o->ncerts; i++)
        if (cert_same(c, o->certs[i])) {
            r->differences |= i ? PUBLISH_CERT_OLD : 0;
            return;
        }
    r->differences |= PUBLISH_CERT;
    if (strcmp(c->cn, o->certs[0]->cn) != 0)
        r->verdict = PUBLISH_OTHER_AP;
}

static void judge(
    struct publish_row *r, const struct publish_ours *o, const struct smp_endpoint *ep, int64_t now)
{
    enum publish_verdict before = r->verdict;
    struct cert *c;

    copy(r->url, sizeof(r->url), ep->address);
    r->activation = ep->activation;
    r->expiry = ep->expiry;
    if (*o->url && strcmp(r->url, o->url) != 0)
        r->differences |= PUBLISH_URL;
    if ((ep->activation && now < ep->activation) || (ep->expiry && now >= ep->expiry))
        r->differences |= PUBLISH_DATES;
    if (cert_from_text(&c, ep->certificate, NULL)) {
        r->differences |= PUBLISH_CERT;
    } else {
        judge_certificate(r, o, c);
        cert_unref(c);
    }
    if (before == PUBLISH_NOT_HELD)
        r->verdict = before;
    else if (r->verdict == PUBLISH_SAME && r->differences)
        r->verdict = PUBLISH_DIFFERS;
}

/* ---- one document type ---- */

static void compare_processes(struct publish_state *s, const struct publish_ours *o,
    const struct doctype *d, xmlNode *metadata, int64_t now, struct arena *a)
{
    const xmlNode *at = NULL;
    struct err why = ERR_INIT;
    struct process p;

    while (smp_next_process(&p, &at, metadata, a)) {
        bool held = holds(o, d, &p);
        struct smp_endpoint ep;
        struct publish_row *r;
        if (publish_pick(&ep, metadata, &p, now, a, &why)) {
            s->beside += strcmp(why.code, "endpoint.no-as4") == 0;
            s->odd += strcmp(why.code, "endpoint.no-as4") != 0;
            continue;
        }
        r = add_row(s, d, &p, held ? PUBLISH_SAME : PUBLISH_NOT_HELD);
        if (r)
            judge(r, o, &ep, now);
    }
}

static int compare_redirect(struct publish_state *s, const struct publish_ours *o,
    const struct doctype *d, const struct smp_redirect *to)
{
    bool held = o->n == 0;
    struct publish_row *r;

    for (size_t i = 0; i < o->n; i++)
        held = held || doctype_same(&o->services[i].doctype, d);
    r = add_row(s, d, NULL, held ? PUBLISH_REDIRECTED : PUBLISH_NOT_HELD);
    if (r)
        copy(r->redirect, sizeof(r->redirect), to->href);
    return 0;
}

static int compare_type(struct publish_state *s, const struct publish_smp *smp,
    const struct publish_ours *o, const struct doctype *d, struct arena *a, struct err *e)
{
    struct smp_redirect to;
    xmlNode *metadata;
    int rc = publish_get_metadata(&metadata, s->signer, smp, &o->participant, d, a, e);

    if (rc <= 0)
        return rc;
    rc = smp_read_redirect(&to, metadata, a, e);
    if (rc == 1)
        return compare_redirect(s, o, d, &to);
    if (rc == 0)
        compare_processes(s, o, d, metadata, smp->now, a);
    return rc;
}

static bool has_row(const struct publish_state *s, const struct doctype *d, const struct process *p)
{
    for (size_t i = 0; i < s->n; i++) {
        const struct publish_row *r = &s->rows[i];
        if (doctype_same(&r->doctype, d) &&
            (r->verdict == PUBLISH_REDIRECTED || !p->value[0] || process_same(&r->process, p)))
            return true;
    }
    return false;
}

/* ---- the whole ---- */

/* Ours first, then what the group lists beyond: a list may be incomplete. */
static int types_of(struct doctype **out, size_t *n, struct publish_state *s,
    const struct publish_smp *smp, const struct publish_ours *o, struct arena *a, struct err *e)
{
    const char *url = publish_url(smp, &o->participant, NULL, a, e);
    struct doctype *all = arena_alloc(a, PUBLISH_MAX_TYPES * sizeof(*all)), *listed = NULL;
    size_t count = 0, nlisted = 0, max = o->n < PUBLISH_MAX_TYPES ? o->n : PUBLISH_MAX_TYPES;
    struct buf body;
    int rc;

    if (!url || !all)
        return err_nomem(e);
    rc = publish_get(&body, smp, url, e);
    if (rc == 1 &&
        smp_read_group(&listed, &nlisted, &s->odd, a, buf_view(&body), &o->participant, e))
        rc = -1;
    buf_free(&body);
    if (rc < 0)
        return err_where(e, "SMP %.140s", url);
    s->group = rc == 1;
    for (size_t i = 0; i < max + nlisted; i++) {
        const struct doctype *d = i < max ? &o->services[i].doctype : &listed[i - max];
        size_t k = 0;
        while (k < count && !doctype_same(&all[k], d))
            k++;
        if (k == count && count < PUBLISH_MAX_TYPES)
            all[count++] = *d;
        else if (k == count)
            s->odd++;
    }
    *out = all;
    *n = count;
    return 0;
}

int publish_compare(struct publish_state *out, const struct publish_smp *smp,
    const struct publish_ours *o, struct arena *a, struct err *e)
{
    struct doctype *types = NULL;
    size_t n = 0;

    memset(out, 0, sizeof(*out));
    if (!(out->rows = arena_alloc(a, ROOM)))
        return err_nomem(e);
    if (smp && types_of(&types, &n, out, smp, o, a, e))
        return -1;
    for (size_t i = 0; out->group && i < n; i++) {
        struct arena_mark m = arena_mark(a);
        int rc = compare_type(out, smp, o, &types[i], a, e);
        arena_rewind(a, m);
        if (rc < 0)
            return -1;
    }
    out->disabled = o->disabled;
    for (size_t i = 0; i < o->n && !o->disabled; i++)
        if (!has_row(out, &o->services[i].doctype, &o->services[i].process))
            (void)add_row(out, &o->services[i].doctype, &o->services[i].process, PUBLISH_MISSING);
    return 0;
}
