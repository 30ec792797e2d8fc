/* ebms_read.c - a header of the right shape into values.
 *
 * What could be read in two ways (a property that we use standing twice) is refused here, since
 * every later reader would have to choose. */
#include <stdio.h>

#include "ap/as4/ebms.h"
#include "ap/base/clock.h"
#include "ap/base/enc.h"
#include "ap/xml/xml.h"

static int text_of(
    struct str *out, struct arena *a, const xmlNode *parent, const char *name, struct err *e)
{
    const xmlNode *n = xml_child(parent, EBMS_NS, name);

    *out = (struct str){NULL, 0};
    return n ? xml_text_trim(out, a, n, e) : 0;
}

static int id_of(
    struct str *out, struct arena *a, const xmlNode *parent, const char *name, struct err *e)
{
    const xmlNode *n = xml_child(parent, EBMS_NS, name);

    *out = (struct str){NULL, 0};
    return n ? xml_text(out, a, n, e) : 0;
}

static int ambiguous(struct err *e, const char *what)
{
    (void)err_set(e, ERR_INPUT, "ebms.ambiguous", "EBMS3 5.2", "property %s stands twice", what);
    return err_ebms(e, "EBMS:0003");
}

static int header(struct err *e, const char *why)
{
    (void)err_set(e, ERR_INPUT, "ebms.header", "EBMS3 5.2", "%s", why);
    return err_ebms(e, "EBMS:0009");
}

/* Fills a value that may be told once. */
static int once(struct str *slot, struct str value, const char *name, struct err *e)
{
    if (slot->p)
        return ambiguous(e, name);
    *slot = value;
    return 0;
}

static int read_timestamp(
    struct str *text, int64_t *ms, struct arena *a, const xmlNode *info, struct err *e)
{
    bool zone;

    if (text_of(text, a, info, "Timestamp", e))
        return -1;
    return clock_parse(*text, ms, &zone) ? 0 : header(e, "eb:Timestamp is not a time");
}

struct party {
    struct str id, type, role;
    size_t ids;
};

static int read_party(struct party *out, struct arena *a, const xmlNode *n, struct err *e)
{
    const xmlNode *id = xml_child(n, EBMS_NS, "PartyId");

    *out = (struct party){0};
    if (xml_text_trim(&out->id, a, id, e) || xml_attr(&out->type, a, id, NULL, "type", e))
        return -1;
    for (; id; id = xml_next(id, EBMS_NS, "PartyId"))
        out->ids++;
    return text_of(&out->role, a, n, "Role", e);
}

static int read_parties(
    struct ebms_user_message *out, struct arena *a, const xmlNode *info, struct err *e)
{
    struct party from, to;

    if (read_party(&from, a, xml_child(info, EBMS_NS, "From"), e) ||
        read_party(&to, a, xml_child(info, EBMS_NS, "To"), e))
        return -1;
    out->from = from.id;
    out->from_type = from.type;
    out->from_role = from.role;
    out->from_ids = from.ids;
    out->to = to.id;
    out->to_type = to.type;
    out->to_role = to.role;
    out->to_ids = to.ids;
    return 0;
}

static int read_collaboration(
    struct ebms_user_message *out, struct arena *a, const xmlNode *info, struct err *e)
{
    const xmlNode *agreement = xml_child(info, EBMS_NS, "AgreementRef");

    out->agreement_has_attributes = agreement && agreement->properties;
    if (text_of(&out->agreement_ref, a, info, "AgreementRef", e) ||
        text_of(&out->service, a, info, "Service", e) ||
        xml_attr(&out->service_type, a, xml_child(info, EBMS_NS, "Service"), NULL, "type", e) ||
        text_of(&out->action, a, info, "Action", e))
        return -1;
    return text_of(&out->conversation_id, a, info, "ConversationId", e);
}

static int read_property(
    struct ebms_property *out, struct arena *a, const xmlNode *n, struct err *e)
{
    if (xml_text_trim(&out->value, a, n, e) || xml_attr(&out->name, a, n, NULL, "name", e))
        return -1;
    return xml_attr(&out->type, a, n, NULL, "type", e);
}

static int read_message_properties(
    struct ebms_user_message *out, struct arena *a, const xmlNode *props, struct err *e)
{
    const xmlNode *n = xml_child(props, EBMS_NS, "Property");

    for (; n; n = xml_next(n, EBMS_NS, "Property")) {
        struct ebms_property *p = &out->properties[out->nproperties];
        if (out->nproperties == EBMS_MAX_PROPERTIES)
            return header(e, "more than 64 message properties");
        if (read_property(p, a, n, e))
            return -1;
        out->nproperties++;
        if (str_eqz(p->name, "originalSender")) {
            if (once(&out->original_sender, p->value, "originalSender", e))
                return -1;
            out->original_sender_type = p->type;
        } else if (str_eqz(p->name, "finalRecipient")) {
            if (once(&out->final_recipient, p->value, "finalRecipient", e))
                return -1;
            out->final_recipient_type = p->type;
        }
    }
    return 0;
}

static int read_part_properties(
    struct ebms_part_info *out, struct arena *a, const xmlNode *props, struct err *e)
{
    const xmlNode *n = xml_child(props, EBMS_NS, "Property");

    for (; n; n = xml_next(n, EBMS_NS, "Property")) {
        struct ebms_property p;
        int rc = 0;
        if (read_property(&p, a, n, e))
            return -1;
        if (str_eqz(p.name, "MimeType"))
            rc = once(&out->mime_type, p.value, "MimeType", e);
        else if (str_eqz(p.name, "CompressionType"))
            rc = once(&out->compression_type, p.value, "CompressionType", e);
        else if (str_eqz(p.name, "CharacterSet"))
            rc = once(&out->character_set, p.value, "CharacterSet", e);
        if (rc)
            return -1;
    }
    return 0;
}

static int bad_href(struct err *e, const char *why)
{
    (void)err_set(e, ERR_INPUT, "ebms.href", "EBMS3 5.2.2.12", "PartInfo: %s", why);
    return err_ebms(e, "EBMS:0007");
}

/* "cid:a%40b" into a@b. A '%' that begins no escape stands for itself, as in a Content-ID. */
/*= RFC 2392 2 "cid URLs are percent-decoded" */
static int read_href(struct str *out, struct arena *a, const xmlNode *part, struct err *e)
{
    struct str href, scheme;
    struct buf plain;
    char *p;

    if (xml_attr(&href, a, part, NULL, "href", e))
        return -1;
    href = str_trim(href);
    scheme = str_sub(href, 0, 4);
    if (!href.n)
        return bad_href(e, "no href: payload in the SOAP Body is not taken");
    if (!str_ieq(scheme, STR("cid:")) || href.n == 4)
        return bad_href(e, "href is not a cid: of this message");
    href = str_sub(href, 4, href.n);
    buf_init(&plain, href.n + 1);
    if (enc_unpct(&plain, href, NULL) == 0)
        href = buf_view(&plain);
    p = arena_dup(a, href);
    *out = (struct str){p, href.n};
    buf_free(&plain);
    return p ? 0 : err_nomem(e);
}

static int read_parts(
    struct ebms_user_message *out, struct arena *a, const xmlNode *payload, struct err *e)
{
    const xmlNode *n = xml_child(payload, EBMS_NS, "PartInfo");

    for (; n; n = xml_next(n, EBMS_NS, "PartInfo")) {
        struct ebms_part_info *p = &out->parts[out->nparts];
        if (out->nparts == EBMS_MAX_PARTS)
            return header(e, "more than 16 PartInfo");
        if (read_href(&p->href, a, n, e) ||
            read_part_properties(p, a, xml_child(n, EBMS_NS, "PartProperties"), e))
            return -1;
        for (size_t i = 0; i < out->nparts; i++)
            if (str_eq(out->parts[i].href, p->href))
                return bad_href(e, "two of them name the same part");
        out->nparts++;
    }
    return 0;
}

/*= PEPPOL-AS4 4.8 "default MPC, told or not" */
int ebms_user_message_read(
    struct ebms_user_message *out, struct arena *a, xmlNode *messaging, struct err *e)
{
    const xmlNode *um, *info;

    *out = (struct ebms_user_message){0};
    if (ebms_check(messaging, e))
        return -1;
    um = xml_child(messaging, EBMS_NS, "UserMessage");
    /*= EBMS3 5.2 "only one instance of either eb:UserMessage or eb:SignalMessage" */
    if (!um || xml_next(um, EBMS_NS, "UserMessage") ||
        xml_child(messaging, EBMS_NS, "SignalMessage"))
        return header(e, "eb:Messaging does not hold one eb:UserMessage and nothing else");
    info = xml_child(um, EBMS_NS, "MessageInfo");
    if (id_of(&out->message_id, a, info, "MessageId", e) ||
        id_of(&out->ref_to_message_id, a, info, "RefToMessageId", e) ||
        read_timestamp(&out->timestamp_text, &out->timestamp, a, info, e) ||
        xml_attr(&out->mpc, a, um, NULL, "mpc", e) ||
        read_parties(out, a, xml_child(um, EBMS_NS, "PartyInfo"), e) ||
        read_collaboration(out, a, xml_child(um, EBMS_NS, "CollaborationInfo"), e) ||
        read_message_properties(out, a, xml_child(um, EBMS_NS, "MessageProperties"), e))
        return -1;
    return read_parts(out, a, xml_child(um, EBMS_NS, "PayloadInfo"), e);
}

/* At most size-1 octets, cut between UTF-8 characters. */
static void copy(char *out, size_t size, struct str s)
{
    size_t n = s.n < size ? s.n : size - 1;

    if (n < s.n)
        while (n && ((unsigned char)s.p[n] & 0xc0) == 0x80)
            n--;
    if (n)
        memcpy(out, s.p, n);
    out[n] = '\0';
}

static int copy_attr(
    char *out, size_t size, struct arena *a, const xmlNode *n, const char *name, struct err *e)
{
    struct str s;

    if (xml_attr(&s, a, n, NULL, name, e))
        return -1;
    copy(out, size, str_trim(s));
    return 0;
}

static int copy_text(
    char *out, size_t size, struct arena *a, const xmlNode *n, const char *name, struct err *e)
{
    struct str s;

    if (text_of(&s, a, n, name, e))
        return -1;
    copy(out, size, s);
    return 0;
}

static int read_error(struct ebms_error *out, struct arena *a, const xmlNode *n, struct err *e)
{
    *out = (struct ebms_error){0};
    if (copy_attr(out->code, sizeof(out->code), a, n, "errorCode", e) ||
        copy_attr(out->severity, sizeof(out->severity), a, n, "severity", e) ||
        copy_attr(
            out->short_description, sizeof(out->short_description), a, n, "shortDescription", e) ||
        copy_attr(out->ref_to_message_id, sizeof(out->ref_to_message_id), a, n,
            "refToMessageInError", e) ||
        copy_text(out->description, sizeof(out->description), a, n, "Description", e))
        return -1;
    return copy_text(out->detail, sizeof(out->detail), a, n, "ErrorDetail", e);
}

int ebms_signal_read(
    struct ebms_signal *out, struct arena *a, const xmlNode *signal_message, struct err *e)
{
    const xmlNode *info = xml_child(signal_message, EBMS_NS, "MessageInfo");
    const xmlNode *n = xml_child(signal_message, EBMS_NS, "Error");
    struct str when;

    *out = (struct ebms_signal){.receipt = xml_child(signal_message, EBMS_NS, "Receipt")};
    for (; n && out->nerrors < EBMS_MAX_ERRORS; n = xml_next(n, EBMS_NS, "Error"))
        if (read_error(&out->errors[out->nerrors++], a, n, e))
            return -1;
    if (text_of(&out->message_id, a, info, "MessageId", e) ||
        text_of(&out->ref_to_message_id, a, info, "RefToMessageId", e))
        return -1;
    return read_timestamp(&when, &out->timestamp, a, info, e);
}
