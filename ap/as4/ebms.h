/* ebms.h - the eb:Messaging header: UserMessage, Receipt and Error as values. ebMS 3.0 core,
 * AS4 1.0. */
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

struct ebms_property {
    struct str name, type, value;
};
struct ebms_part_info {
    struct str href; /* cid, percent-decoded, without "cid:" */
    struct str mime_type, compression_type, character_set;
};
struct ebms_user_message {
    struct str message_id, ref_to_message_id, conversation_id;
    struct str timestamp_text;
    int64_t timestamp;
    struct str from, from_type, from_role, to, to_type, to_role; /* PartyId, @type, Role */
    struct str agreement_ref, service, service_type, action, mpc;
    struct str original_sender, original_sender_type, final_recipient, final_recipient_type;
    struct ebms_property properties[EBMS_MAX_PROPERTIES];
    size_t nproperties;
    struct ebms_part_info parts[EBMS_MAX_PARTS];
    size_t nparts;
};
struct ebms_error {
    char code[16]; /* EBMS:0004 */
    char severity[16], short_description[64], description[256], detail[256];
    char ref_to_message_id[EBMS_ID];
};
struct ebms_signal {
    struct str message_id, ref_to_message_id;
    int64_t timestamp;
    xmlNode *receipt; /* eb:Receipt, or NULL */
    struct ebms_error errors[4];
    size_t nerrors;
};

/* Shape of the header: counts, order, types, lengths as the (corrected) ebMS schema has them.
 * ebms.header, EBMS:0009. `messaging` must be the verified node. */
int ebms_user_message_read(
    struct ebms_user_message *out, struct arena *a, xmlNode *messaging, struct err *e) MUST_CHECK;
int ebms_signal_read(
    struct ebms_signal *out, struct arena *a, xmlNode *messaging, struct err *e) MUST_CHECK;
/* RFC 2822 msg-id without <>: dot-atom@dot-atom. */
bool ebms_message_id_ok(struct str id);

#endif
