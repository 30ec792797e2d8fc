/* ebms.h - the eb:Messaging header: UserMessage, Receipt and Error as values. ebMS 3.0 core,
 * AS4 1.0, Peppol AS4 profile 2.0.3.
 *
 * Reading has two steps: the shape that the (corrected) ebMS schema demands, and the rules of the
 * Peppol profile on the values. Values are trimmed of white space, ids are not. Trees belong to the
 * caller; strings lie in the arena. One thread per message. */
#ifndef AP_AS4_EBMS_H
#define AP_AS4_EBMS_H

#include <libxml/tree.h>

#include "ap/base/arena.h"
#include "ap/base/err.h"
#include "ap/base/str.h"
#include "ap/wss/wss.h"

#define EBMS_NS "http://docs.oasis-open.org/ebxml-msg/ebms/v3.0/ns/core/200704/"
#define EBMS_ID 256 /* longest MessageId taken, with NUL */
#define EBMS_MAX_PARTS 16
#define EBMS_MAX_PROPERTIES 64
#define EBMS_MAX_ERRORS 4

/* PEPPOL-AS4 4 and 5: the fixed values */
#define EBMS_AGREEMENT "urn:fdc:peppol.eu:2017:agreements:tia:ap_provider"
#define EBMS_PARTY_TYPE "urn:fdc:peppol.eu:2017:identifiers:ap"
#define EBMS_INITIATOR EBMS_NS "initiator"
#define EBMS_RESPONDER EBMS_NS "responder"
#define EBMS_TEST_SERVICE EBMS_NS "service"
#define EBMS_TEST_ACTION EBMS_NS "test"

struct ebms_property {
    struct str name, type, value;
};
struct ebms_part_info {
    struct str href; /* cid, percent-decoded, without "cid:" */
    struct str mime_type, compression_type, character_set;
};
struct ebms_user_message { /* absent: {NULL,0} */
    struct str message_id, ref_to_message_id, conversation_id;
    struct str timestamp_text;
    int64_t timestamp;
    struct str from, from_type, from_role, to, to_type, to_role; /* first PartyId, @type, Role */
    size_t from_ids, to_ids;                                     /* how many PartyId */
    struct str agreement_ref, service, service_type, action, mpc;
    bool agreement_has_attributes; /* @type or @pmode */
    struct str original_sender, original_sender_type, final_recipient, final_recipient_type;
    struct ebms_property properties[EBMS_MAX_PROPERTIES];
    size_t nproperties;
    struct ebms_part_info parts[EBMS_MAX_PARTS];
    size_t nparts;
};
struct ebms_error {
    char code[16]; /* EBMS:0004 */
    char severity[16], short_description[64], description[256], detail[256];
    char ref_to_message_id[EBMS_ID]; /* refToMessageInError */
};
struct ebms_signal {
    struct str message_id, ref_to_message_id;
    int64_t timestamp;
    xmlNode *receipt; /* eb:Receipt, or NULL */
    struct ebms_error errors[EBMS_MAX_ERRORS];
    size_t nerrors; /* later ones are left out */
};

/* Order, counts, types and attributes of eb:Messaging as the schema has them: ebms.header,
 * EBMS:0009. */
int ebms_check(const xmlNode *messaging, struct err *e) MUST_CHECK;
/* ebms_check, and: one UserMessage and no signal. ebms.header; ebms.ambiguous (a property we use
 * twice, EBMS:0003); ebms.href (a part that is no cid: or none, EBMS:0007). */
int ebms_user_message_read(
    struct ebms_user_message *out, struct arena *a, xmlNode *messaging, struct err *e) MUST_CHECK;
/* One SignalMessage of a Messaging that passed ebms_check. */
int ebms_signal_read(struct ebms_signal *out, struct arena *a, const xmlNode *signal_message,
    struct err *e) MUST_CHECK;

/* The Peppol profile on the values: ebms.agreement (EBMS:0001), ebms.profile (EBMS:0004). A test
 * message (ebms_is_test) is held to the parties only. */
int ebms_profile_check(const struct ebms_user_message *um, struct err *e) MUST_CHECK;
bool ebms_is_test(const struct ebms_user_message *um);
/* RFC 2822 msg-id without <>: dot-atom@dot-atom, or dot-atom@[literal]; shorter than EBMS_ID. */
bool ebms_message_id_ok(struct str id);
/* What a lenient receiver takes: printable ASCII without blanks, shorter than EBMS_ID. */
bool ebms_message_id_printable(struct str id);

#endif
