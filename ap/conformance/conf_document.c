/* conf_document.c - the documents of a rehearsal: an invoice over 0.00, as large as wanted, and its
 * envelope, whole or broken on purpose. */
#include <stdio.h>
#include <string.h>

#include "ap/base/clock.h"
#include "ap/base/enc.h"
#include "ap/canary/canary.h"
#include "ap/conformance/conf_priv.h"
#include "ap/peppol/sbdh.h"

#define COMMENT_LINES 512 /* readers limit one comment, so there are many */

/* Random hexadecimal in comments before the end tag: it must not vanish in compression. */
static void pad(struct buf *b, uint64_t size)
{
    static const char end[] = "</Invoice>";
    uint8_t noise[512];
    char hex[2 * sizeof(noise) + 1];
    size_t at = str_rfind(buf_view(b), STR(end));
    struct buf whole;

    if (at >= b->n || size <= b->n)
        return;
    buf_init(&whole, b->max);
    buf_add(&whole, b->p, at);
    for (unsigned line = 0; whole.n < size && buf_ok(&whole); line++) {
        buf_puts(&whole, line == 0 ? "<!--" : line % COMMENT_LINES == 0 ? "--><!--" : "");
        rnd_bytes(noise, sizeof(noise));
        enc_hex(hex, noise, sizeof(noise));
        buf_puts(&whole, hex);
        buf_putc(&whole, '\n');
    }
    buf_puts(&whole, "-->");
    buf_add(&whole, b->p + at, b->n - at);
    buf_free(b);
    *b = whole;
}

static int make_invoice(
    struct conf_document *doc, const struct conf_message *m, struct arena *a, struct err *e)
{
    struct store_participant to = *m->from;
    struct buf name;

    buf_init(&name, 512);
    participant_text(&name, &doc->named);
    to.identifier = arena_dup(a, buf_view(&name));
    buf_free(&name);
    if (!to.identifier)
        return err_nomem(e);
    if (canary_document(&doc->invoice, m->from, &to, m->number, clock_now(), e))
        return -1;
    pad(&doc->invoice, m->size);
    return buf_check(&doc->invoice, e);
}

int conf_document_make(struct conf_document *doc, const struct conf_run *r,
    const struct conf_message *m, struct arena *a, struct err *e)
{
    struct blob blob = m->document;

    *doc = (struct conf_document){0};
    buf_init(&doc->invoice, CONF_WIRE_MAX);
    spool_init(&doc->recoded, -1, 0, CONF_WIRE_MAX);
    if (participant_parse(&doc->sender, str_z(m->from->identifier), e) ||
        participant_parse(&doc->receiver, str_z(m->to), e) ||
        participant_parse(
            &doc->named, str_z(m->receiver_in_header ? m->receiver_in_header : m->to), e))
        return -1;
    if (!blob.len) {
        if (make_invoice(doc, m, a, e))
            return -1;
        blob = blob_str(buf_view(&doc->invoice));
    }
    return document_read(&doc->d, &doc->recoded, &blob, r->lists, a, e);
}

int conf_document_retype(struct conf_document *doc, struct arena *a, struct err *e)
{
    struct str v = str_z(doc->d.doctype.value);
    size_t at = str_rfind(v, STR("::"));
    const char *other = arena_printf(a, "%.*s:conformance-rehearsal%s", (int)at, v.p, v.p + at);
    const char *scheme = doctype_scheme_text(doc->d.doctype.scheme);

    if (!other)
        return err_nomem(e);
    return doctype_make(&doc->d.doctype, str_z(scheme), str_z(other), false, e);
}

void conf_document_free(struct conf_document *doc)
{
    buf_free(&doc->invoice);
    spool_free(&doc->recoded);
}

/* ---- the envelope ---- */

static int write_whole(struct sink *to, struct conf_document *doc, const struct conf_message *m,
    struct arena *a, struct err *e)
{
    struct sbdh *h = arena_alloc(a, sizeof(*h));

    if (!h)
        return err_nomem(e);
    *h = (struct sbdh){.sender = doc->sender,
        .receiver = doc->named,
        .doctype = doc->d.doctype,
        .process = doc->d.process,
        .created = clock_now()};
    h->instance_id = str_z(doc->instance);
    (void)snprintf(h->country_c1, sizeof(h->country_c1), "%s", m->from->country);
    return sbdh_write(to, h, &doc->d, e);
}

static int write_without(
    const struct sink *out, struct str all, size_t begin, size_t end, struct err *e)
{
    struct str rest = str_sub(all, end, all.n);

    if (begin == all.n || end <= begin)
        return err_set(e, ERR_BUG, "conformance.damage", "", "our own envelope lacks a part");
    return sink_write(out, all.p, begin, e) || sink_write(out, rest.p, rest.n, e) ? -1 : 0;
}

static int write_broken(
    const struct sink *out, struct str whole, enum conf_envelope how, struct err *e)
{
    static const char head[] = "</StandardBusinessDocumentHeader>";
    static const struct {
        const char *begin, *end;
    } gone[] = {[CONF_ENVELOPE_NO_COUNTRY] = {"<Scope><Type>COUNTRY_C1", "</Scope>"},
        [CONF_ENVELOPE_NO_TYPE] = {"<Scope><Type>DOCUMENTID", "</Scope>"},
        [CONF_ENVELOPE_NO_PROCESS] = {"<Scope><Type>PROCESSID", "</Scope>"},
        [CONF_ENVELOPE_NO_ID] = {"<InstanceIdentifier>", "</InstanceIdentifier>"}};
    size_t begin, end;

    if (how == CONF_ENVELOPE_EMPTY) {
        begin = str_find(whole, STR(head)) + strlen(head);
        end = str_rfind(whole, STR("</StandardBusinessDocument>"));
    } else {
        begin = str_find(whole, str_z(gone[how].begin));
        end = begin + str_find(str_sub(whole, begin, whole.n), str_z(gone[how].end)) +
              strlen(gone[how].end);
    }
    return write_without(out, whole, begin, end, e);
}

int conf_document_wrap(struct spool *sbd, struct conf_document *doc, const struct conf_message *m,
    struct arena *a, struct err *e)
{
    struct sink to = spool_sink(sbd), whole;
    struct buf b;
    int rc;

    rnd_uuid(doc->instance);
    if (m->envelope == CONF_ENVELOPE_WHOLE)
        return write_whole(&to, doc, m, a, e);
    if (m->envelope == CONF_ENVELOPE_NONE)
        return blob_copy(&doc->d.root, &to, e);
    buf_init(&b, CONF_WIRE_MAX);
    whole = sink_buf(&b);
    rc = write_whole(&whole, doc, m, a, e);
    if (!rc)
        rc = write_broken(&to, buf_view(&b), m->envelope, e);
    buf_free(&b);
    return rc;
}
