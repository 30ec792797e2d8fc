#include "ap/cli/publish_view.h"

#include <string.h>

#include "ap/base/clock.h"
#include "ap/base/json.h"
#include "ap/peppol/document.h"

/* "invoice" for those that have a short name, NULL for the others. */
static const char *short_name(const struct publish_row *r)
{
    struct doctype d;
    struct process p;
    const char *name;

    for (unsigned i = 0; (name = document_name(i)); i++)
        if (document_by_name(&d, &p, name) && doctype_same(&d, &r->doctype) &&
            (!r->process.value[0] || process_same(&p, &r->process)))
            return name;
    return NULL;
}

static const char *word(const struct publish_row *r, enum publish_tense t)
{
    static const char *const would[] = {"", "would add", "would change", "would remove"};
    static const char *const done[] = {"", "added", "changed", "removed"};
    int at = r->act == PUBLISH_REMOVE        ? 3
             : r->act == PUBLISH_KEEP        ? 0
             : r->verdict == PUBLISH_MISSING ? 1
                                             : 2;

    if (t == PUBLISH_IS || !at)
        return publish_verdict_word(r->verdict);
    return t == PUBLISH_WOULD ? would[at] : done[at];
}

static void day(char out[CLOCK_TEXT], int64_t ms)
{
    clock_utc(out, ms);
    out[10] = '\0';
}

static void certificate(
    FILE *out, const char *what, const char *cn, const char *serial, int64_t not_after)
{
    char until[CLOCK_TEXT];

    day(until, not_after);
    (void)fprintf(out, "%15s%s %s, %s, until %s\n", "", what, serial, cn, until);
}

static void differences(FILE *out, const struct publish_row *r, const struct publish_ours *o)
{
    char from[CLOCK_TEXT], until[CLOCK_TEXT];

    if (*r->redirect)
        (void)fprintf(out, "%15sredirected to %s\n", "", r->redirect);
    if (r->verdict != PUBLISH_SAME && *r->url && (r->differences & PUBLISH_URL))
        (void)fprintf(out, "%15snames the URL %s, ours is %s\n", "", r->url, o->url);
    if (r->differences & (PUBLISH_CERT | PUBLISH_CERT_OLD))
        certificate(out,
            r->differences & PUBLISH_CERT_OLD ? "names our other certificate"
                                              : "names the certificate",
            *r->seat ? r->seat : "unreadable", r->serial, r->not_after);
    if (r->differences & PUBLISH_DATES) {
        day(from, r->activation);
        day(until, r->expiry);
        (void)fprintf(out, "%15sis not in force: from %s to %s\n", "",
            r->activation ? from : "ever", r->expiry ? until : "ever");
    }
}

void publish_view_text(FILE *out, const struct publish_view *v)
{
    const struct publish_state *s = v->state;
    const char *name;

    (void)fprintf(out, "%s  SMP %s\n", v->ours->participant.value, v->smp);
    if (s->disabled)
        (void)fprintf(out, "  %-12s here: nothing should be published\n", "disabled");
    else if (v->sml && !v->registered)
        (void)fprintf(out, "  %-12s not in the SML: nobody can find it\n", "missing");
    if (!s->group && !s->disabled)
        (void)fprintf(out, "  %-12s the SMP does not know the participant\n",
            s->group_act == PUBLISH_PUT && v->tense == PUBLISH_DONE ? "added" : "missing");
    if (s->group_act == PUBLISH_REMOVE)
        (void)fprintf(out, "  %-12s the participant; the SMP takes it out of the SML\n",
            v->tense == PUBLISH_DONE ? "removed" : "would remove");
    for (size_t i = 0; i < s->n; i++) {
        const struct publish_row *r = &s->rows[i];
        name = short_name(r);
        (void)fprintf(out, "  %-12s %s\n", word(r, v->tense), name ? name : r->doctype.value);
        if (!name && *r->process.value)
            (void)fprintf(out, "%15sin %s\n", "", r->process.value);
        differences(out, r, v->ours);
    }
    if (s->odd)
        (void)fprintf(out, "  %-12s %zu entries cannot be read, or are too many\n", "odd", s->odd);
    if (s->beside)
        (void)fprintf(
            out, "  %-12s %zu processes with another transport profile\n", "left alone", s->beside);
    if (v->tense == PUBLISH_IS || publish_changes(s))
        certificate(out, "our certificate:", v->ours->certs[0]->cn, v->ours->certs[0]->serial,
            v->ours->certs[0]->not_after);
}

static struct json_object *row_json(const struct publish_row *r, enum publish_tense t)
{
    static const char *const words[] = {"url", "certificate", "old-certificate", "dates"};
    static const char *const acts[] = {NULL, "put", "remove"};
    struct json_object *o = json_object_new_object(), *why = json_object_new_array();

    json_add(o, "name", short_name(r));
    json_add_given(o, "document_type_scheme", doctype_scheme_text(r->doctype.scheme));
    json_add_given(o, "document_type", r->doctype.value);
    json_add(o, "process", r->process.value);
    json_add_given(o, "verdict", publish_verdict_word(r->verdict));
    for (unsigned i = 0; i < 4; i++)
        if (r->differences & (1u << i))
            (void)json_object_array_add(why, json_object_new_string(words[i]));
    (void)json_object_object_add(o, "differences", why);
    if (t != PUBLISH_IS)
        json_add(o, "act", acts[r->act]);
    json_add_some(o, "redirect", r->redirect);
    json_add_some(o, "url", r->url);
    json_add_some(o, "access_point", r->seat);
    json_add_some(o, "certificate", r->serial);
    if (r->not_after)
        json_add_time(o, "certificate_until", r->not_after);
    if (r->activation)
        json_add_time(o, "active_from", r->activation);
    if (r->expiry)
        json_add_time(o, "expires", r->expiry);
    return o;
}

struct json_object *publish_view_json(const struct publish_view *v)
{
    static const char *const acts[] = {NULL, "put", "remove"};
    const struct publish_state *s = v->state;
    struct json_object *o = json_object_new_object(), *list = json_object_new_array();

    if (!o || !list)
        return NULL;
    json_add_given(o, "participant", v->ours->participant.value);
    json_add_given(o, "smp", v->smp);
    json_add_some(o, "smp_signer", s->signer);
    if (v->sml) {
        json_add_bool(o, "in_sml", v->registered);
        json_add(o, "sml_names", v->sml);
    }
    json_add_bool(o, "in_smp", s->group);
    json_add_bool(o, "disabled", s->disabled);
    json_add_bool(o, "same", publish_is_same(s));
    json_add_given(o, "url", v->ours->url);
    json_add_given(o, "certificate", v->ours->certs[0]->serial);
    json_add_given(o, "access_point", v->ours->certs[0]->cn);
    if (v->tense != PUBLISH_IS) {
        json_add_bool(o, "dry_run", v->tense == PUBLISH_WOULD);
        json_add(o, "act", acts[s->group_act]);
        json_add_int(o, "changes", (int64_t)publish_changes(s));
    }
    for (size_t i = 0; i < s->n; i++)
        (void)json_object_array_add(list, row_json(&s->rows[i], v->tense));
    (void)json_object_object_add(o, "services", list);
    json_add_int(o, "odd", (int64_t)s->odd);
    json_add_int(o, "other_transports", (int64_t)s->beside);
    return o;
}
