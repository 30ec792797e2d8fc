/* publish.c - the plan, and carrying it out. */
#include "ap/publish/publish.h"

#include <stdio.h>

#include "ap/lookup/smp_write.h"
#include "ap/publish/publish_priv.h"
#include "ap/xml/xml.h"

/* ---- the plan ---- */

static int plan_row(struct publish_row *r, unsigned also, struct err *e)
{
    switch (r->verdict) {
    case PUBLISH_SAME:
        return 0;
    case PUBLISH_MISSING:
    case PUBLISH_DIFFERS:
        r->act = PUBLISH_PUT;
        break;
    case PUBLISH_OTHER_AP:
        if (!(also & PUBLISH_REPLACE)) {
            (void)err_set(e, ERR_INPUT, "publish.other-ap", "",
                "%.120s is published at another access point (%s)", r->doctype.value, r->seat);
            return err_next(e, "have it unpublished there, or take it over with --replace");
        }
        r->act = PUBLISH_PUT;
        break;
    case PUBLISH_REDIRECTED:
        (void)err_set(e, ERR_INPUT, "publish.redirected", "SMP 1.4.0 4.3",
            "%.120s is redirected to another SMP: %.120s", r->doctype.value, r->redirect);
        return err_next(e, "publish it there, or have the redirect removed");
    case PUBLISH_NOT_HELD:
        r->act = also & PUBLISH_REMOVE_REST ? PUBLISH_REMOVE : PUBLISH_KEEP;
        break;
    }
    if (r->act == PUBLISH_PUT && !r->process.value[0]) {
        (void)err_set(e, ERR_INPUT, "publish.no-process", "SMP 1.4.0 4.3",
            "an SMP entry needs a process, and the record has none for %.120s", r->doctype.value);
        return err_next(e, "aviso participant add --doctype \"ID PROCESS\"");
    }
    return 0;
}

/* What the code lists have taken out stays where it stands, but is not published anew. */
static int check_codes(const struct publish_row *r, const struct publish_ours *o, struct err *e)
{
    if (r->act != PUBLISH_PUT)
        return 0;
    return codelist_check_participant(o->lists, &o->participant, o->on, e) ||
                   codelist_check_doctype(o->lists, &r->doctype, o->on, e) ||
                   codelist_check_process(o->lists, &r->process, o->on, e)
               ? -1
               : 0;
}

int publish_plan(
    struct publish_state *s, const struct publish_ours *ours, unsigned also, struct err *e)
{
    if (ours->disabled) {
        (void)err_set(e, ERR_INPUT, "participant.disabled", "", "%s is disabled here",
            ours->participant.value);
        return err_next(e, "aviso participant disable --enable, or unpublish it");
    }
    if (ours->n == 0) {
        (void)err_set(e, ERR_INPUT, "publish.nothing", "",
            "the record of %s names no document type", ours->participant.value);
        return err_next(e, "aviso participant add --doctype");
    }
    for (size_t i = 0; i < s->n; i++)
        if (plan_row(&s->rows[i], also, e) || check_codes(&s->rows[i], ours, e))
            return err_who(e, ours->participant.value);
    s->group_act = s->group ? PUBLISH_KEEP : PUBLISH_PUT;
    return 0;
}

/* The group goes with its last entry. */
void publish_plan_removal(struct publish_state *s, unsigned also)
{
    size_t kept = s->beside + s->odd;

    for (size_t i = 0; i < s->n; i++) {
        struct publish_row *r = &s->rows[i];
        bool ours = r->verdict == PUBLISH_SAME || r->verdict == PUBLISH_DIFFERS;
        bool rest = r->verdict != PUBLISH_MISSING && (also & PUBLISH_REMOVE_REST);
        r->act = ours || rest ? PUBLISH_REMOVE : PUBLISH_KEEP;
        kept += r->verdict != PUBLISH_MISSING && r->act == PUBLISH_KEEP;
    }
    s->group_act = s->group && !kept ? PUBLISH_REMOVE : PUBLISH_KEEP;
}

size_t publish_changes(const struct publish_state *s)
{
    size_t n = s->group_act != PUBLISH_KEEP;

    for (size_t i = 0; i < s->n; i++)
        n += s->rows[i].act != PUBLISH_KEEP;
    return n;
}

/* ---- carrying it out ---- */

static int put_group(
    const struct publish_smp *smp, const struct participant *p, struct arena *a, struct err *e)
{
    const char *url = publish_url(smp, p, NULL, a, e);
    struct buf b;
    int rc;

    if (!url)
        return -1;
    buf_init(&b, SMP_MAX_BYTES);
    rc = smp_write_group(&b, smp->url, p, NULL, 0, e) ? -1 : publish_put(smp, url, &b, e);
    buf_free(&b);
    return rc;
}

static int send_metadata(
    const struct publish_smp *smp, const char *url, xmlNode *metadata, struct err *e)
{
    struct buf b;
    int rc;

    if (publish_edit_is_empty(metadata))
        return publish_delete(smp, url, e);
    buf_init(&b, SMP_MAX_BYTES);
    rc = xml_write_node(&b, metadata, e) ? -1 : publish_put(smp, url, &b, e);
    buf_free(&b);
    return rc;
}

/* With phoss-smp an entry may lie beneath the redirect, and is what the first DELETE takes out. */
static int remove_redirect(const struct publish_smp *smp, const char *url,
    const struct participant *p, const struct doctype *d, struct arena *a, struct err *e)
{
    xmlNode *left;
    int rc;

    if (publish_delete(smp, url, e))
        return -1;
    rc = publish_get_metadata(&left, NULL, smp, p, d, a, e);
    return rc == 1 ? publish_delete(smp, url, e) : rc;
}

/* All rows of one document type in one request. */
static int change_type(const struct publish_state *s, const struct doctype *d,
    const struct publish_smp *smp, const struct publish_ours *ours, struct arena *a, struct err *e)
{
    const char *url = publish_url(smp, &ours->participant, d, a, e);
    struct smp_redirect to;
    xmlNode *metadata;
    int rc = url ? publish_get_metadata(&metadata, NULL, smp, &ours->participant, d, a, e) : -1;

    if (rc < 0)
        return -1;
    if (rc == 0 && publish_edit_new(&metadata, &ours->participant, d, a, e))
        return -1;
    if ((rc = smp_read_redirect(&to, metadata, a, e)) != 0)
        return rc < 0 ? -1 : remove_redirect(smp, url, &ours->participant, d, a, e);
    for (size_t i = 0; i < s->n; i++) {
        const struct publish_row *r = &s->rows[i];
        if (!doctype_same(&r->doctype, d))
            continue;
        if (r->act == PUBLISH_PUT && publish_edit_put(metadata, ours, r, smp->now, a, e))
            return -1;
        if (r->act == PUBLISH_REMOVE)
            publish_edit_remove(metadata, r, smp->now, a);
    }
    return send_metadata(smp, url, metadata, e);
}

static bool first_change(const struct publish_state *s, size_t at)
{
    if (s->rows[at].act == PUBLISH_KEEP)
        return false;
    for (size_t i = 0; i < at; i++)
        if (s->rows[i].act != PUBLISH_KEEP &&
            doctype_same(&s->rows[i].doctype, &s->rows[at].doctype))
            return false;
    return true;
}

int publish_apply(const struct publish_state *s, const struct publish_smp *smp,
    const struct publish_ours *ours, struct arena *a, struct err *e)
{
    if (s->group_act == PUBLISH_REMOVE) {
        const char *url = publish_url(smp, &ours->participant, NULL, a, e);
        return url ? publish_delete(smp, url, e) : -1;
    }
    if (s->group_act == PUBLISH_PUT && put_group(smp, &ours->participant, a, e))
        return -1;
    for (size_t i = 0; i < s->n; i++) {
        struct arena_mark m = arena_mark(a);
        int rc = first_change(s, i) ? change_type(s, &s->rows[i].doctype, smp, ours, a, e) : 0;
        arena_rewind(a, m);
        if (rc)
            return -1;
    }
    return 0;
}
