/* conf_send.c - one exchange beside the queue: look up, wrap, compose, send, judge, keep. */
#include <stdio.h>
#include <string.h>

#include "ap/base/clock.h"
#include "ap/base/enc.h"
#include "ap/base/rnd.h"
#include "ap/canary/canary.h"
#include "ap/conformance/conf_priv.h"
#include "ap/peppol/document.h"
#include "ap/peppol/sbdh.h"

#define WIRE_MAX (512ull << 20)
#define KEEP_MAX (2u << 20) /* of a request, as evidence */

struct sending {
    struct conf_run *r;
    struct conf_case *k;
    const struct conf_message *m;
    struct arena *a;
    struct document d;
    struct participant sender, receiver, named;
    struct buf invoice;
    struct spool recoded, sbd, wire;
    struct as4_sent sent;
    char instance[RND_UUID], message_id[RND_UUID + 200];
};

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

static int make_document(struct sending *s, struct err *e)
{
    struct store_participant to = *s->m->from;
    struct blob blob = s->m->document;
    struct buf name;

    if (participant_parse(&s->sender, str_z(s->m->from->identifier), e) ||
        participant_parse(&s->receiver, str_z(s->m->to), e) ||
        participant_parse(
            &s->named, str_z(s->m->receiver_in_header ? s->m->receiver_in_header : s->m->to), e))
        return -1;
    if (!blob.len) {
        buf_init(&name, 512);
        participant_text(&name, &s->named);
        to.identifier = arena_dup(s->a, buf_view(&name));
        buf_free(&name);
        if (!to.identifier)
            return err_nomem(e);
        if (canary_document(&s->invoice, s->m->from, &to, s->m->number, clock_now(), e))
            return -1;
        pad(&s->invoice, s->m->size);
        if (buf_check(&s->invoice, e))
            return -1;
        blob = blob_str(buf_view(&s->invoice));
    }
    return document_read(&s->d, &s->recoded, &blob, s->r->lists, s->a, e);
}

static int wrap(struct sending *s, struct err *e)
{
    struct sbdh *h = arena_alloc(s->a, sizeof(*h));
    struct sink to = spool_sink(&s->sbd);

    if (!h)
        return err_nomem(e);
    *h = (struct sbdh){.sender = s->sender,
        .receiver = s->named,
        .doctype = s->d.doctype,
        .process = s->d.process,
        .created = clock_now()};
    rnd_uuid(s->instance);
    h->instance_id = str_z(s->instance);
    (void)snprintf(h->country_c1, sizeof(h->country_c1), "%s", s->m->from->country);
    return sbdh_write(&to, h, &s->d, e);
}

static int compose(struct sending *s, const struct endpoint *ep, struct err *e)
{
    struct as4_message m = {.timestamp = clock_now(),
        .document_scheme = str_z(doctype_scheme_text(s->d.doctype.scheme)),
        .document_id = str_z(s->d.doctype.value),
        .process_scheme = str_z(s->d.process.scheme),
        .process_id = str_z(s->d.process.value),
        .sender = str_z(s->sender.value),
        .receiver = str_z(s->named.value),
        .payload_type = STR("application/xml"),
        .payload = spool_blob(&s->sbd),
        .recipient = ep->cert,
        .compress = !s->m->uncompressed};
    char id[RND_UUID];

    rnd_uuid(id);
    (void)snprintf(s->message_id, sizeof(s->message_id), "%s@%s", id, s->r->host);
    m.message_id = str_z(s->message_id);
    m.conversation_id = str_z(s->instance);
    return as4_compose(&s->sent, &s->wire, &m, s->m->key ? s->m->key : s->r->key, s->a, e);
}

/* The ciphertext ends a boundary before the end of the message. */
static int damage(struct buf *wire, enum conf_damage how, struct err *e)
{
    size_t at = str_rfind(buf_view(wire), STR("\r\n--"));

    if (how == CONF_WHOLE)
        return 0;
    if (at < 100 || at >= wire->n)
        return err_set(e, ERR_BUG, "conformance.damage", "", "our own message has no part");
    wire->p[at - 50] ^= 1;
    return 0;
}

static int keep_request(struct sending *s, const struct buf *wire, struct err *e)
{
    struct buf b;
    char name[32];
    int rc;

    if (wire->n > KEEP_MAX)
        return 0;
    buf_init(&b, KEEP_MAX + 4096);
    buf_printf(&b, "POST /as4 HTTP/1.1\r\nContent-Type: %s\r\nContent-Length: %zu\r\n\r\n",
        s->sent.content_type, wire->n);
    buf_add(&b, wire->p, wire->n);
    (void)snprintf(name, sizeof(name), "%zu-request.http", s->k->nfiles + 1);
    rc = buf_check(&b, e) ? -1 : conf_keep(s->r, s->k, name, buf_view(&b), e);
    buf_free(&b);
    return rc;
}

static int post_once(struct conf_exchange *x, struct sending *s, const struct buf *wire,
    struct http_answer *ans, struct err *e)
{
    struct blob body = blob_str(buf_view(wire));
    struct http_request rq = {.url = x->ep.url,
        .content_type = s->sent.content_type,
        .body = &body,
        .connect_ms = s->r->c->connect_timeout,
        .deadline_ms = s->r->c->answer_timeout,
        .hop = "AP"};

    (void)e;
    return http_post(ans, s->r->http, &rq, &x->why);
}

static int exchange(
    struct conf_exchange *x, struct sending *s, const struct buf *wire, struct err *e)
{
    struct http_answer ans = {0}, again = {0};
    char name[32];
    int rc = 0;

    if (post_once(x, s, wire, &ans, e) == 0) {
        x->answered = x->same_again = true;
        x->status = ans.status;
        buf_add(&x->answer, ans.body.p, ans.body.n);
        (void)snprintf(name, sizeof(name), "%zu-answer.xml", s->k->nfiles + 1);
        rc = conf_keep(s->r, s->k, name, buf_view(&x->answer), e) ||
                     as4_reply_read(&x->reply, &s->sent.expect, str_z(ans.content_type),
                         buf_view(&x->answer), s->r->pki, clock_now(), s->a, e)
                 ? -1
                 : 0;
    }
    for (unsigned i = 0; rc == 0 && x->answered && i < s->m->repeats; i++) {
        if (post_once(x, s, wire, &again, e) ||
            !str_eq(buf_view(&again.body), buf_view(&x->answer)))
            x->same_again = false;
        http_answer_free(&again);
    }
    http_answer_free(&ans);
    return rc;
}

static int send_it(struct conf_exchange *x, struct sending *s, struct err *e)
{
    struct lookup_query q = {.participant = &s->receiver,
        .doctype = &s->d.doctype,
        .process = &s->d.process,
        .fresh = true};
    struct blob b;
    struct buf wire;
    int rc;

    if (make_document(s, e))
        return -1;
    if (lookup_endpoint(&x->ep, s->r->lookup, &q, s->a, &x->why))
        return 0;
    x->found = true;
    if (wrap(s, e) || compose(s, &x->ep, e))
        return -1;
    b = spool_blob(&s->wire);
    buf_init(&wire, WIRE_MAX);
    rc = blob_load(&wire, &b, e) || damage(&wire, s->m->damage, e) || keep_request(s, &wire, e) ||
                 exchange(x, s, &wire, e)
             ? -1
             : 0;
    buf_free(&wire);
    return rc;
}

int conf_send(struct conf_exchange *x, struct conf_run *r, struct conf_case *k,
    const struct conf_message *m, struct arena *a, struct err *e)
{
    struct sending *s = arena_alloc(a, sizeof(*s));
    int64_t began = clock_mono();
    int rc;

    *x = (struct conf_exchange){.why = ERR_INIT};
    buf_init(&x->answer, 1 << 20);
    if (!s)
        return err_nomem(e);
    *s = (struct sending){.r = r, .k = k, .m = m, .a = a};
    buf_init(&s->invoice, WIRE_MAX);
    spool_init(&s->recoded, -1, 0, WIRE_MAX);
    spool_init(&s->sbd, -1, 0, WIRE_MAX);
    spool_init(&s->wire, -1, 0, WIRE_MAX);
    rc = send_it(x, s, e);
    buf_free(&s->invoice);
    spool_free(&s->recoded);
    spool_free(&s->sbd);
    spool_free(&s->wire);
    x->ms = clock_mono() - began;
    return rc;
}

void conf_exchange_free(struct conf_exchange *x)
{
    endpoint_free(&x->ep);
    buf_free(&x->answer);
}

static bool reached(struct conf_case *k, const struct conf_exchange *x)
{
    if (!conf_check(
            k, x->found, "the receiver is found: %.200s", x->found ? x->ep.url : x->why.msg))
        return false;
    return conf_check(k, x->answered, "the access point answers: %s%.200s",
        x->answered ? "HTTP " : x->why.code, x->answered ? "" : x->why.msg);
}

bool conf_expect_receipt(struct conf_case *k, const struct conf_exchange *x, const char *what)
{
    const struct as4_reply *y = &x->reply;

    if (!reached(k, x))
        return false;
    if (y->kind != AS4_REPLY_RECEIPT)
        return conf_check(k, false, "%s has a signed receipt: HTTP %d, %s %.150s", what, x->status,
            y->kind == AS4_REPLY_NOTHING ? y->why.code : y->error.code,
            y->kind == AS4_REPLY_NOTHING ? y->why.msg : y->error.detail);
    return conf_check(k, true, "%s has a receipt signed by %s with all digests, in %lld ms", what,
        y->signer_cn, (long long)x->ms);
}

bool conf_expect_error(
    struct conf_case *k, const struct conf_exchange *x, const char *code, const char *detail)
{
    const struct as4_reply *y = &x->reply;
    bool is = y->kind == AS4_REPLY_ERROR && strcmp(y->error.code, code) == 0 &&
              (!detail || strcmp(y->error.detail, detail) == 0);

    if (!reached(k, x))
        return false;
    if (y->kind == AS4_REPLY_RECEIPT)
        return conf_check(k, false, "it is refused with %s: a receipt came", code);
    return conf_check(k, is, "it is refused with %s%s%s: HTTP %d, %s %.150s", code,
        detail ? " " : "", detail ? detail : "", x->status,
        y->kind == AS4_REPLY_NOTHING ? y->why.code : y->error.code,
        y->kind == AS4_REPLY_NOTHING ? y->why.msg : y->error.detail);
}
