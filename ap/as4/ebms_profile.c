/* ebms_profile.c - what the Peppol AS4 profile 2.0.3 demands of a UserMessage's values.
 *
 * Not here: whether From is the signer, whether To is us, whether participant, document type and
 * process are served: those need more than the header. */
#include "ap/as4/ebms.h"

static int profile(struct err *e, const char *clause, const char *why)
{
    (void)err_set(e, ERR_INPUT, "ebms.profile", clause, "%s", why);
    return err_ebms(e, "EBMS:0004");
}

static bool is_atext(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c && strchr("!#$%&'*+-/=?^_`{|}~", c));
}

static bool is_dot_atom(struct str s)
{
    bool dot = true; /* none at the start, none twice */

    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '.' ? dot : !is_atext(s.p[i]))
            return false;
        dot = s.p[i] == '.';
    }
    return s.n > 0 && !dot;
}

static bool is_literal(struct str s)
{
    if (s.n < 2 || s.p[0] != '[' || s.p[s.n - 1] != ']')
        return false;
    for (size_t i = 1; i < s.n - 1; i++)
        if (s.p[i] <= 0x20 || s.p[i] >= 0x7f || strchr("[]\\", s.p[i]))
            return false;
    return true;
}

bool ebms_message_id_ok(struct str id)
{
    size_t at = str_find(id, STR("@"));
    struct str right = str_sub(id, at + 1, id.n);

    return id.n < EBMS_ID && at < id.n && is_dot_atom(str_sub(id, 0, at)) &&
           (is_dot_atom(right) || is_literal(right));
}

bool ebms_message_id_printable(struct str id)
{
    for (size_t i = 0; i < id.n; i++)
        if (id.p[i] <= 0x20 || id.p[i] >= 0x7f)
            return false;
    return id.n > 0 && id.n < EBMS_ID;
}

/*= EBMS3 5.2.2.8 "a test message is not delivered" */
bool ebms_is_test(const struct ebms_user_message *um)
{
    return str_eqz(um->service, EBMS_TEST_SERVICE) && str_eqz(um->action, EBMS_TEST_ACTION);
}

/*= PEPPOL-AS4 4.5 "PartyId is typed" */
/*= PEPPOL-AS4 4.5 "initiator and responder" */
static int check_parties(const struct ebms_user_message *um, struct err *e)
{
    /*= PEPPOL-AS4 4.5 "exactly one PartyId element" */
    if (um->from_ids != 1 || um->to_ids != 1)
        return profile(e, "PEPPOL-AS4 4.5", "From and To must hold one PartyId each");
    if (!str_eqz(um->from_type, EBMS_PARTY_TYPE) || !str_eqz(um->to_type, EBMS_PARTY_TYPE))
        return profile(e, "PEPPOL-AS4 4.5", "PartyId/@type must be " EBMS_PARTY_TYPE);
    if (!str_eqz(um->from_role, EBMS_INITIATOR) || !str_eqz(um->to_role, EBMS_RESPONDER))
        return profile(e, "PEPPOL-AS4 4.5", "Role must be initiator in From, responder in To");
    return 0;
}

/*= PEPPOL-AS4 4.5 "trackingIdentifier is not used" */
/*= PEPPOL-AS4 4.9 "originalSender and finalRecipient" */
static int check_properties(const struct ebms_user_message *um, struct err *e)
{
    for (size_t i = 0; i < um->nproperties; i++)
        if (str_eqz(um->properties[i].name, "trackingIdentifier"))
            return profile(e, "PEPPOL-AS4 4.5", "property trackingIdentifier must not be used");
    if (!um->original_sender.n || !um->final_recipient.n)
        return profile(
            e, "PEPPOL-AS4 4.9", "properties originalSender and finalRecipient are mandatory");
    if (!um->original_sender_type.n || !um->final_recipient_type.n)
        return profile(
            e, "PEPPOL-AS4 4.9", "originalSender and finalRecipient must have the attribute type");
    return 0;
}

/*= PEPPOL-AS4 4 "there is a payload part" */
/*= AS4 3.1 "PartInfo has a MimeType" */
static int check_parts(const struct ebms_user_message *um, struct err *e)
{
    if (!um->nparts)
        return profile(e, "PEPPOL-AS4 4", "there is no payload");
    for (size_t i = 0; i < um->nparts; i++)
        if (!um->parts[i].mime_type.n)
            return profile(e, "AS4 3.1", "PartInfo without the property MimeType");
    return 0;
}

int ebms_profile_check(const struct ebms_user_message *um, struct err *e)
{
    if (check_parties(um, e))
        return -1;
    /*= PEPPOL-AS4 4.1 "One-Way/Push" */
    if (um->ref_to_message_id.p)
        return profile(e, "PEPPOL-AS4 4.1", "a user message must not have a RefToMessageId");
    if (ebms_is_test(um))
        return 0;
    if (!str_eqz(um->agreement_ref, EBMS_AGREEMENT) || um->agreement_has_attributes) {
        (void)err_set(e, ERR_INPUT, "ebms.agreement", "PEPPOL-AS4 4.3",
            "AgreementRef must be " EBMS_AGREEMENT " without attributes");
        return err_ebms(e, "EBMS:0001");
    }
    if (!um->service.n || !um->service_type.n)
        return profile(
            e, "PEPPOL-AS4 4.6", "Service must be a process id with its scheme in @type");
    if (!um->action.n || !um->conversation_id.n)
        return profile(e, "PEPPOL-AS4 4.6", "Action and ConversationId must not be empty");
    return check_properties(um, e) || check_parts(um, e) ? -1 : 0;
}
