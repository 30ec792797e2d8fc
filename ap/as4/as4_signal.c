/* as4_signal.c - what we answer with: a signed Receipt, an ebMS Error, a SOAP fault.
 *
 * A Receipt repeats every ds:Reference of the message it answers, node for node, so that the sender
 * can lay them beside its own. An Error tells its code's fixed sentence (Description) and the one
 * line of what was wrong (ErrorDetail); nothing of this machine is in it. */
#include <stdio.h>

#include "ap/as4/as4_priv.h"
#include "ap/base/rnd.h"

#define DETAIL_MAX 300

/* ebMS 3.0 6.7, AS4 3.1: code, short description, category, sentence. */
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

struct signal_out {
    struct soap_out env;
    xmlNode *message; /* eb:SignalMessage, MessageInfo in it */
};

static int begin(struct signal_out *out, char signal_id[EBMS_ID], struct str ref_to, struct key *k,
    int64_t now, struct arena *a, struct err *e)
{
    char uuid[RND_UUID];
    bool bad = false;

    rnd_uuid(uuid);
    (void)snprintf(signal_id, EBMS_ID, "%s@%s", uuid, k ? key_cert(k)->cn : "aviso");
    if (soap_new(&out->env, a, str_z(signal_id), e))
        return -1;
    out->message = soap_add(&bad, out->env.messaging, out->env.eb, "SignalMessage", STR(""));
    soap_message_info(&bad, out->message, out->env.eb, now, str_z(signal_id), ref_to);
    return bad ? err_nomem(e) : 0;
}

/* Sign (unless there is no key) and write. */
static int finish(
    struct buf *out, struct signal_out *s, struct key *k, struct arena *a, struct err *e)
{
    if (k) {
        struct wss_proof *proof = arena_alloc(a, sizeof(*proof));
        if (!proof)
            return err_nomem(e);
        if (wss_sign(proof, s->env.doc, NULL, 0, k, a, e))
            return -1;
        cert_unref(proof->signer);
    }
    return xml_write(out, s->env.doc, e);
}

/*= AS4 5.1.8 "the ds:Reference elements from the received message" */
static int add_reference(xmlNode *list, xmlNs *ebbp, const xmlNode *reference, struct err *e)
{
    xmlNode *part = xml_add(list, ebbp, "MessagePartNRInformation"), *copy;
    union {
        const xmlNode *in;
        xmlNode *out; /* libxml2 2.9 takes a non-const node and only reads it */
    } u = {reference};

    copy = part ? xmlDocCopyNode(u.out, list->doc, 1) : NULL;
    if (!copy)
        return err_nomem(e);
    if (!xmlAddChild(part, copy)) {
        xmlFreeNode(copy);
        return err_nomem(e);
    }
    return xmlReconciliateNs(list->doc, copy) < 0 ? err_nomem(e) : 0;
}

static int add_receipt(struct signal_out *s, const struct wss_proof *proof, struct err *e)
{
    bool bad = false;
    xmlNode *receipt = soap_add(&bad, s->message, s->env.eb, "Receipt", STR(""));
    xmlNode *list = soap_add(&bad, receipt, NULL, "NonRepudiationInformation", STR(""));
    xmlNs *ebbp = bad ? NULL : xmlNewNs(list, BAD_CAST EBBP_NS, BAD_CAST "ebbp");

    if (!ebbp)
        return err_nomem(e);
    xmlSetNs(list, ebbp);
    for (size_t i = 0; i < proof->nrefs; i++)
        if (add_reference(list, ebbp, proof->refs[i].node, e))
            return -1;
    return 0;
}

int as4_receipt_write(struct buf *out, char signal_id[EBMS_ID], const struct as4_received *r,
    struct key *k, int64_t now, struct arena *a, struct err *e)
{
    struct signal_out s;

    if (begin(&s, signal_id, r->um.message_id, k, now, a, e) || add_receipt(&s, &r->proof, e))
        return -1;
    return finish(out, &s, k, a, e);
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
    xmlNode *n, *description;
    bool bad = false;

    if (!row)
        return err_set(
            e, ERR_BUG, "as4.error-code", "EBMS3 6.7", "no ebMS error \"%s\"", why->ebms);
    make_detail(detail, why);
    n = soap_add(&bad, s->message, s->env.eb, "Error", STR(""));
    soap_set(&bad, n, "errorCode", row->code);
    soap_set(&bad, n, "severity", "failure");
    soap_set(&bad, n, "category", row->category);
    soap_set(&bad, n, "origin", "ebMS");
    soap_set(&bad, n, "shortDescription", row->short_description);
    if (ref_to[0])
        soap_set(&bad, n, "refToMessageInError", ref_to);
    description = soap_add(&bad, n, s->env.eb, "Description", str_z(row->description));
    (void)soap_add(&bad, n, s->env.eb, "ErrorDetail", str_z(detail));
    if (bad)
        return err_nomem(e);
    xmlNodeSetLang(description, BAD_CAST "en");
    return 0;
}

int as4_error_write(struct buf *out, char signal_id[EBMS_ID], const struct err *why,
    struct str ref_to_message_id, struct key *k, int64_t now, struct arena *a, struct err *e)
{
    char *ref_to = arena_dup(a, ref_to_message_id);
    struct signal_out s;

    if (!ref_to)
        return err_nomem(e);
    if (begin(&s, signal_id, ref_to_message_id, k, now, a, e) || add_error(&s, why, ref_to, e))
        return -1;
    return finish(out, &s, k, a, e);
}

int as4_fault_write(struct buf *out, struct err *e)
{
    /*= SOAP12 5.4.8 "env:MustUnderstand" */
    buf_puts(out,
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<S12:Envelope xmlns:S12=\"" S12_NS
        "\"><S12:Body><S12:Fault><S12:Code><S12:Value>S12:MustUnderstand</S12:Value>"
        "</S12:Code><S12:Reason><S12:Text xml:lang=\"en\">A mandatory header block is not "
        "understood</S12:Text></S12:Reason></S12:Fault></S12:Body></S12:Envelope>\n");
    return buf_check(out, e);
}
