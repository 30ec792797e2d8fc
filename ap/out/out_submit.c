/* From bytes to an ACCEPTED row: everything that can be refused is refused here, by name. */
#include "ap/out/out_priv.h"

#include <stdio.h>
#include <string.h>

#include "ap/base/clock.h"
#include "ap/base/fault.h"
#include "ap/base/rnd.h"
#include "ap/peppol/content.h"

#define KEEP (256u * 1024u)

struct submit { /* what the steps share */
    const struct out_env *env;
    const struct out_request *rq;
    struct out_submitted *out;
    struct arena *a;
    struct spool recoded, sbd;  /* the document again in UTF-8; the envelope */
    struct sbdh_envelope given; /* with is_sbd */
    struct content content;     /* how a document that is not XML travels */
    struct store_participant owner;
    uint64_t len; /* of the document: what its digest is of */
    char instance[RND_UUID];
    int64_t now;
};

static const char *text_of(
    struct arena *a, void (*write)(struct buf *, const void *), const void *value)
{
    struct buf b;
    char *copy;

    buf_init(&b, 2048);
    write(&b, value);
    copy = buf_ok(&b) ? arena_dup(a, buf_view(&b)) : NULL;
    buf_free(&b);
    return copy;
}

static void write_participant(struct buf *b, const void *v)
{
    struct participant canonical;

    participant_canonical(&canonical, v);
    participant_text(b, &canonical);
}

static void write_doctype(struct buf *b, const void *v)
{
    doctype_text(b, v);
}

static void write_process(struct buf *b, const void *v)
{
    process_text(b, v);
}

struct flags { /* "" where the call does not say */
    struct participant from, to;
    struct doctype doctype;
    struct process process;
};

static int read_flags(struct flags *f, const struct submit *s, struct err *e)
{
    const struct out_request *rq = s->rq;

    memset(f, 0, sizeof(*f));
    if (rq->from && participant_parse(&f->from, str_z(rq->from), e))
        return err_wrap(e, "--from: ");
    if (rq->to && participant_parse(&f->to, str_z(rq->to), e))
        return err_wrap(e, "--to: ");
    if (rq->doctype && document_type_read(&f->doctype, &f->process, rq->doctype, s->env->lists, e))
        return err_wrap(e, "--doctype: ");
    if (rq->mime_type && !rq->doctype)
        return err_set(e, ERR_INPUT, "document.unknown", "",
            "what is not XML does not say what it is: --mime-type needs --doctype");
    if (rq->process && process_parse(&f->process, str_z(rq->process), e))
        return err_wrap(e, "--process: ");
    return 0;
}

/* The flags of the call win over what the document says; of what a document type brings along the
 * process is only for those that name none. */
static void apply_flags(struct submit *s, const struct flags *f)
{
    struct document *d = &s->out->document;

    if (f->from.value[0])
        d->sender = f->from;
    if (f->to.value[0])
        d->receiver = f->to;
    if (f->doctype.value[0])
        d->doctype = f->doctype;
    if (f->process.value[0] && (s->rq->process || !d->process.value[0]))
        d->process = f->process;
}

static int read_envelope(struct submit *s, struct err *e)
{
    struct document *d = &s->out->document;

    if (sbdh_read(&s->given, &s->recoded, &s->rq->payload, s->a, e))
        return -1;
    if (s->given.kind == SBDH_XML) {
        if (document_read(d, &s->recoded, &s->given.payload, s->env->lists, s->a, e))
            return -1;
    } else if (document_opaque(d, &s->given.payload, e)) {
        return -1;
    }
    /* it is sent as it is: it decides */
    memcpy(d->sha256, s->given.document_sha256, HASH_LEN);
    s->content.kind = s->given.kind;
    s->len = s->given.document_len;
    d->sender = s->given.h.sender;
    d->receiver = s->given.h.receiver;
    d->doctype = s->given.h.doctype;
    d->process = s->given.h.process;
    return 0;
}

static int read_document(struct submit *s, const struct flags *f, struct err *e)
{
    struct document *d = &s->out->document;
    const struct out_request *rq = s->rq;

    if (f->doctype.value[0] &&
        content_of(&s->content, &f->doctype, rq->mime_type, rq->encoding, &rq->payload, s->a, e))
        return -1;
    if (s->content.kind == SBDH_XML) {
        if (document_read(d, &s->recoded, &rq->payload, s->env->lists, s->a, e))
            return -1;
    } else if (document_opaque(d, &rq->payload, e)) {
        return -1;
    }
    s->len = d->root.len;
    apply_flags(s, f);
    return 0;
}

/* A type with several processes does not say which: name them. */
static int choose_process(const struct submit *s, struct err *e)
{
    struct code_info info = codelist_doctype(s->env->lists, &s->out->document.doctype, s->now);
    char names[300] = "";
    size_t at = 0;

    for (unsigned i = 0; i < info.nprocesses && at + 1 < sizeof(names); i++)
        at += (size_t)snprintf(names + at, sizeof(names) - at, "%s--process %s", i ? ", " : "",
            info.processes[i].value);
    (void)err_set(e, ERR_INPUT, "document.no-process", "",
        "this document type has several processes, and nothing says which");
    return err_next(e, "one of: %s", names);
}

/* What the code lists have taken out is accepted no more, whoever made the envelope. */
static int check_codes(const struct submit *s, struct err *e)
{
    const struct codelists *l = s->env->lists;
    const struct document *d = &s->out->document;

    return codelist_check_participant(l, &d->sender, s->now, e) ||
                   codelist_check_participant(l, &d->receiver, s->now, e) ||
                   codelist_check_doctype(l, &d->doctype, s->now, e) ||
                   codelist_check_process(l, &d->process, s->now, e)
               ? -1
               : 0;
}

static int read_payload(struct submit *s, struct err *e)
{
    struct document *d = &s->out->document;
    struct flags f;

    if (read_flags(&f, s, e) || (s->rq->is_sbd ? read_envelope(s, e) : read_document(s, &f, e)))
        return -1;
    if (d->doctype.value[0] && !d->process.value[0] &&
        codelist_doctype(s->env->lists, &d->doctype, s->now).nprocesses > 1)
        return choose_process(s, e);
    if (s->content.kind != SBDH_XML && s->rq->number)
        d->number = str_z(s->rq->number);
    return document_check(d, e) || check_codes(s, e) ? -1 : 0;
}

static int find_owner(struct submit *s, struct err *e)
{
    const char *id = text_of(s->a, write_participant, &s->out->document.sender);
    int found;

    if (!id)
        return err_nomem(e);
    found = store_participant_get(&s->owner, s->env->store, id, s->a, e);
    if (found < 0)
        return -1;
    if (found && !s->owner.disabled)
        return 0;
    (void)err_set(e, ERR_CONFIG, found ? "participant.disabled" : "participant.unknown",
        "PEPPOL-SBDH 2.1", "the sender %s is %s", s->out->document.sender.value,
        found ? "disabled here" : "no participant of ours");
    return err_next(e, "aviso participant add %s ... registers it", s->out->document.sender.value);
}

static int validate(struct submit *s, struct err *e)
{
    struct out_verdict *v = &s->out->verdict;

    *v = (struct out_verdict){.valid = true};
    (void)snprintf(
        v->rule_sets, sizeof(v->rule_sets), "validation is switched off (validate.on_send)");
    if (s->content.kind != SBDH_XML)
        (void)snprintf(v->rule_sets, sizeof(v->rule_sets), CONTENT_UNCHECKED);
    if (!s->env->validate || s->content.kind != SBDH_XML)
        return 0;
    return s->env->validate(s->env->validate_ctx, v, &s->out->document.root, &s->out->document, e);
}

static int wrap(struct submit *s, struct err *e)
{
    const struct document *d = &s->out->document;
    struct sink to = spool_sink(&s->sbd);
    struct sbdh h = {.sender = d->sender,
        .receiver = d->receiver,
        .doctype = d->doctype,
        .process = d->process,
        .created = s->now};

    if (s->rq->is_sbd) {
        struct blob sbd = s->given.sbd;
        if (strcmp(s->given.h.country_c1, s->owner.country) != 0)
            return err_set(e, ERR_INPUT, "sbdh.country", "PEPPOL-SBDH 2.6",
                "COUNTRY_C1 is %s in the envelope and %s in the record of %s",
                s->given.h.country_c1, s->owner.country, d->sender.value);
        (void)snprintf(s->instance, sizeof(s->instance), "%.*s", STR_FMT(s->given.h.instance_id));
        return blob_copy(&sbd, &to, e);
    }
    rnd_uuid(s->instance);
    h.instance_id = str_z(s->instance);
    /* the country comes from the record, never from the document (states.md 5) */
    (void)snprintf(h.country_c1, sizeof(h.country_c1), "%s", s->owner.country);
    if (s->rq->mls_to && participant_parse(&h.mls_to, str_z(s->rq->mls_to), e))
        return err_wrap(e, "MLS_TO: ");
    h.mls_type = s->rq->mls_always ? SBDH_MLS_ALWAYS_SEND : SBDH_MLS_ABSENT;
    if (s->content.kind != SBDH_XML) {
        h.type = s->content.type;
        h.type_version = s->content.type_version;
        return sbdh_write_content(
            &to, &h, s->content.kind, s->content.mime_type, s->content.encoding, &d->root, e);
    }
    if (!doctype_is_xml(&d->doctype)) { /* XML by agreement: its root is what the header names */
        h.standard = d->root_ns;
        h.type = d->root_local;
    }
    return sbdh_write(&to, &h, d, e);
}

/* Deadline, level of proof and queue: what the call says, else the partner's terms. */
static int agree(struct submit *s, struct out_new *n, struct err *e)
{
    struct out_terms t;
    int64_t horizon = s->now + s->env->policy.horizon;

    if (out_terms_read(&t, s->env, n->receiver, NULL, s->a, e))
        return -1;
    if (s->rq->require || t.require)
        n->require = s->rq->require ? s->rq->require : t.require;
    if (!n->deliver_by)
        n->deliver_by = s->now + t.policy.deliver_by;
    n->expire_at = horizon > n->deliver_by ? horizon : n->deliver_by;
    n->dest = s->rq->lane ? arena_printf(s->a, "%c%s", s->rq->lane, n->receiver) : n->receiver;
    s->out->deliver_by = n->deliver_by;
    return n->dest ? 0 : err_nomem(e);
}

static int row_of(struct submit *s, struct out_new *n, struct err *e)
{
    const struct document *d = &s->out->document;

    *n = (struct out_new){.tenant = s->owner.tenant,
        .key = s->rq->key,
        .invoice = arena_dup(s->a, d->number),
        .supplier = s->owner.end_user,
        .issue_date = arena_dup(s->a, d->issue_date),
        .document_sha256 = d->sha256,
        .document_len = s->len,
        .instance = s->instance,
        .sender = text_of(s->a, write_participant, &d->sender),
        .receiver = text_of(s->a, write_participant, &d->receiver),
        .doctype = text_of(s->a, write_doctype, &d->doctype),
        .process = text_of(s->a, write_process, &d->process),
        .country_c1 = s->owner.country,
        .end_user = s->owner.end_user,
        .rule_sets = s->out->verdict.rule_sets,
        .require = PROOF_RECEIPTED,
        .now = s->now,
        .deliver_by = s->rq->deliver_by,
        .refuse_twin = s->rq->refuse_twin || s->env->policy.refuse_twin,
        .sbd = {.spool = &s->sbd}};
    if (!n->invoice || !n->issue_date || !n->sender || !n->receiver || !n->doctype || !n->process)
        return err_nomem(e);
    return agree(s, n, e);
}

/* Kept so that `reconcile` knows the document was offered: number, hash, rule ids, no payload. */
static int reject(struct submit *s, struct err *e)
{
    struct err why = ERR_INIT;
    struct out_new n;

    (void)err_set(&why, ERR_INPUT, "document.invalid", "", "refused by %s, %u error%s: %s",
        s->out->verdict.rule_sets, s->out->verdict.errors, s->out->verdict.errors == 1 ? "" : "s",
        s->out->verdict.rule_ids);
    (void)err_next(&why, "correct the document and submit it again; aviso validate tells more");
    if (row_of(s, &n, e))
        return -1;
    n.sbd = (struct store_bytes){0};
    n.instance = NULL;
    if (store_out_reject(&s->out->added, s->env->store, &n, &why, e))
        return -1;
    s->out->rejected = true;
    if (e)
        *e = why;
    return -1;
}

/* What is not XML grows by a third as base64. */
static int check_size(const struct submit *s, uint64_t bytes, struct err *e)
{
    if (bytes <= s->env->policy.max_payload)
        return 0;
    return err_set(e, ERR_INPUT, "limit.size", "", "%llu bytes; at most %llu are sent",
        (unsigned long long)bytes, (unsigned long long)s->env->policy.max_payload);
}

static int steps(struct submit *s, bool dry, struct err *e)
{
    struct out_new n;

    if (check_size(s, s->rq->payload.len, e))
        return -1;
    if (store_free_bytes(s->env->store) < s->env->policy.min_free + 2 * s->rq->payload.len) {
        (void)err_set(e, ERR_RETRY, "spool.space", "",
            "too little space where the spool lies: nothing was accepted");
        return err_next(e, "make room (store.spool_min_free), then submit it again");
    }
    if (read_payload(s, e) ||
        (s->content.kind == SBDH_BINARY && check_size(s, s->len / 3 * 4, e)) || find_owner(s, e) ||
        validate(s, e))
        return -1;
    s->out->sender = s->out->document.sender;
    s->out->receiver = s->out->document.receiver;
    s->out->doctype = s->out->document.doctype;
    s->out->process = s->out->document.process;
    if (!s->out->verdict.valid) {
        if (!dry)
            return reject(s, e);
        return err_set(e, ERR_INPUT, "document.invalid", "", "refused by %s: %s",
            s->out->verdict.rule_sets, s->out->verdict.rule_ids);
    }
    if (wrap(s, e) || row_of(s, &n, e))
        return -1;
    if (dry)
        return 0;
    (void)FAULT("out.before_accept");
    if (store_out_add(&s->out->added, s->env->store, &n, e))
        return -1;
    s->out->deliver_by = s->out->added.deliver_by;
    (void)FAULT("out.accepted");
    return 0;
}

int out_submit(struct out_submitted *out, const struct out_env *env, const struct out_request *rq,
    bool dry, struct arena *a, struct err *e)
{
    struct submit s = {.env = env, .rq = rq, .out = out, .a = a, .now = clock_now()};
    int tmp = store_tmp_dirfd(env->store), rc;

    memset(out, 0, sizeof(*out));
    spool_init(&s.recoded, tmp, KEEP, env->policy.max_payload * 2);
    spool_init(&s.sbd, tmp, KEEP, env->policy.max_payload + (1u << 20));
    rc = steps(&s, dry, e);
    out->document.root = (struct blob){0}; /* its bytes end with the spool */
    spool_free(&s.recoded);
    spool_free(&s.sbd);
    return rc;
}
