/* as4_signal.c - what we answer with: a signed Receipt, an ebMS Error, a SOAP fault.
 *
 * A Receipt repeats every ds:Reference of the message it answers, node for node, so that the sender
 * can lay them beside its own. An Error tells its code's fixed sentence (Description) and the one
 * line of what was wrong (ErrorDetail); nothing of this machine is in it. */
#include <stdio.h>

#include "ap/as4/as4_priv.h"
#include "ap/base/clock.h"
#include "ap/base/rnd.h"

#define DETAIL_MAX 300
#define SIGNAL_MAX (256u * 1024u) /* 20 References and their URIs */

/* ebMS 3.0 6.7, AS4 3.1: code, short description, category, sentence. */
/*= EBMS3 6.7 "each kind of fault has its error code" */
static const struct error_row {
    const char *code, *short_description, *category, *description;
} ERRORS[] = {
    {"EBMS:0001", "ValueNotRecognized", "Content", "A value of the header is not recognised here"},
    {"EBMS:0002", "FeatureNotSupported", "Content", "A feature is not supported here"},
    {"EBMS:0003", "ValueInconsistent", "Content", "Values of the header do not agree"},
    {"EBMS:0004", "Other", "Content", "The message cannot be taken"},
    {"EBMS:0007", "MimeInconsistency", "Unpackaging", "The MIME message is not consistent"},
    {"EBMS:0009", "InvalidHeader", "Unpackaging", "The ebMS header is not valid"},
    {"EBMS:0010", "ProcessingModeMismatch", "Processing", "The message does not fit the P-Mode"},
    {"EBMS:0011", "ExternalPayloadError", "Content", "A payload outside the message was not had"},
    {"EBMS:0101", "FailedAuthentication", "Processing",
        "The signature or its signer does not hold"},
    {"EBMS:0102", "FailedDecryption", "Processing", "The payload cannot be decrypted"},
    {"EBMS:0103", "PolicyNoncompliance", "Processing", "The security header is outside the policy"},
    {"EBMS:0202", "DeliveryFailure", "Communication", "The message cannot be handed on"},
    {"EBMS:0303", "DecompressionFailure", "Communication", "The payload cannot be decompressed"},
};

static const struct error_row *error_row(const char *code)
{
    size_t n = sizeof(ERRORS) / sizeof(ERRORS[0]);

    for (size_t i = 0; i < n; i++)
        if (strcmp(ERRORS[i].code, code) == 0)
            return &ERRORS[i];
    return NULL;
}

/* A signal being written: eb:Messaging as text in exclusive canonical form, which is how it is
 * signed and sent. Namespaces stand where they are first used, attributes in order of their name.
 */
struct signal_out {
    struct buf text;
    struct wss_signal ids;
};

static void put(struct signal_out *s, const char *name, const char *value)
{
    buf_printf(&s->text, "<eb:%s>", name);
    xml_c14n_text(&s->text, value);
    buf_printf(&s->text, "</eb:%s>", name);
}

/*= EBMS3 5.2.2.1 "RefToMessageId names the message" */
static int begin(struct signal_out *s, char signal_id[EBMS_ID], const char *ref_to, struct key *k,
    int64_t now, struct err *e)
{
    char uuid[RND_UUID], when[CLOCK_TEXT];

    buf_init(&s->text, SIGNAL_MAX);
    rnd_uuid(uuid);
    clock_utc(when, now);
    (void)snprintf(signal_id, EBMS_ID, "%s@%s", uuid, k ? key_cert(k)->cn : "aviso");
    if (soap_ids(s->ids.messaging_id, s->ids.body_id, str_z(signal_id), e))
        return -1;
    buf_printf(&s->text,
        "<eb:Messaging xmlns:S12=\"" S12_NS "\" xmlns:eb=\"" EBMS_NS "\" xmlns:wsu=\"" WSU_NS
        "\" wsu:Id=\"%s\" S12:mustUnderstand=\"true\"><eb:SignalMessage><eb:MessageInfo>",
        s->ids.messaging_id);
    put(s, "Timestamp", when);
    put(s, "MessageId", signal_id);
    if (*ref_to)
        put(s, "RefToMessageId", ref_to);
    buf_puts(&s->text, "</eb:MessageInfo>");
    return 0;
}

/* Sign (unless there is no key) and write. */
static int finish(struct buf *out, struct signal_out *s, struct key *k, struct err *e)
{
    buf_puts(&s->text, "</eb:SignalMessage></eb:Messaging>");
    if (buf_check(&s->text, e))
        return -1;
    s->ids.messaging = buf_view(&s->text);
    return wss_write_signal(out, &s->ids, k, e);
}

/*= AS4 5.1.8 "the ds:Reference elements from the received message" */
static int add_receipt(struct signal_out *s, const struct wss_proof *proof, struct err *e)
{
    buf_puts(&s->text, "<eb:Receipt><ebbp:NonRepudiationInformation xmlns:ebbp=\"" EBBP_NS "\">");
    for (size_t i = 0; i < proof->nrefs; i++) {
        buf_puts(&s->text, "<ebbp:MessagePartNRInformation>");
        if (xml_c14n(&s->text, proof->refs[i].node, XML_C14N_EXC, NULL, e))
            return -1;
        buf_puts(&s->text, "</ebbp:MessagePartNRInformation>");
    }
    buf_puts(&s->text, "</ebbp:NonRepudiationInformation></eb:Receipt>");
    return 0;
}

/*= AS4 5.1.8 "receipts are signed" */
int as4_receipt_write(struct buf *out, char signal_id[EBMS_ID], const struct as4_received *r,
    struct key *k, int64_t now, struct arena *a, struct err *e)
{
    const char *ref_to = arena_dup(a, r->um.message_id);
    struct signal_out s;
    int rc;

    if (!ref_to)
        return err_nomem(e);
    rc = begin(&s, signal_id, ref_to, k, now, e) || add_receipt(&s, &r->proof, e) ||
         finish(out, &s, k, e);
    buf_free(&s.text);
    return rc ? -1 : 0;
}

/* One line of printable ASCII: an error's text may quote what the peer sent. */
static void make_detail(char out[DETAIL_MAX], const struct err *why)
{
    /*= PEPPOL-AS4 4.4 "PEPPOL:NOT_SERVICED" */
    if (strcmp(why->code, "as4.not-serviced") == 0)
        (void)snprintf(out, DETAIL_MAX, "PEPPOL:NOT_SERVICED");
    else
        (void)snprintf(out, DETAIL_MAX, "%s: %s", why->code, why->msg);
    for (char *c = out; *c; c++)
        if (*c < 0x20 || *c > 0x7e)
            *c = '?';
}

static int add_error(struct signal_out *s, const struct err *why, const char *ref_to, struct err *e)
{
    const struct error_row *row = error_row(why->ebms);
    char detail[DETAIL_MAX];

    if (!row)
        return err_set(
            e, ERR_BUG, "as4.error-code", "EBMS3 6.7", "no ebMS error \"%s\"", why->ebms);
    make_detail(detail, why);
    buf_printf(&s->text, "<eb:Error category=\"%s\" errorCode=\"%s\" origin=\"ebMS\"",
        row->category, row->code);
    if (*ref_to) {
        buf_puts(&s->text, " refToMessageInError=\"");
        xml_c14n_attr(&s->text, ref_to);
        buf_puts(&s->text, "\"");
    }
    buf_printf(&s->text,
        " severity=\"failure\" shortDescription=\"%s\"><eb:Description xml:lang=\"en\">%s"
        "</eb:Description>",
        row->short_description, row->description);
    put(s, "ErrorDetail", detail);
    buf_puts(&s->text, "</eb:Error>");
    return 0;
}

int as4_error_write(struct buf *out, char signal_id[EBMS_ID], const struct err *why,
    struct str ref_to_message_id, struct key *k, int64_t now, struct arena *a, struct err *e)
{
    const char *ref_to = arena_dup(a, ref_to_message_id);
    struct signal_out s;
    int rc;

    if (!ref_to)
        return err_nomem(e);
    rc = begin(&s, signal_id, ref_to, k, now, e) || add_error(&s, why, ref_to, e) ||
         finish(out, &s, k, e);
    buf_free(&s.text);
    return rc ? -1 : 0;
}

/* The name as an attribute of type xs:QName: its prefix is declared beside it. */
static void put_not_understood(struct buf *out, const xmlNode *block)
{
    const char *ns = block->ns ? (const char *)block->ns->href : NULL;

    buf_puts(out, "<S12:NotUnderstood");
    if (ns) {
        buf_puts(out, " xmlns:n=\"");
        xml_c14n_attr(out, ns);
        buf_puts(out, "\"");
    }
    buf_printf(out, " qname=\"%s%s\"/>", ns ? "n:" : "", (const char *)block->name);
}

int as4_fault_write(struct buf *out, const xmlNode *not_understood, struct err *e)
{
    /*= SOAP12 5.4.8 "env:MustUnderstand" */
    buf_puts(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<S12:Envelope xmlns:S12=\"" S12_NS
                  "\"><S12:Header>");
    put_not_understood(out, not_understood);
    buf_puts(out,
        "</S12:Header><S12:Body><S12:Fault><S12:Code><S12:Value>S12:MustUnderstand</S12:Value>"
        "</S12:Code><S12:Reason><S12:Text xml:lang=\"en\">A mandatory header block is not "
        "understood</S12:Text></S12:Reason></S12:Fault></S12:Body></S12:Envelope>\n");
    return buf_check(out, e);
}
