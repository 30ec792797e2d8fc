/* referee.h - xmlsec1 as the referee of WS-Security signatures: its verdict on one that we made or
 * took by hand (ap/wss). Only for tests; one thread. */
#ifndef TESTS_SUPPORT_REFEREE_H
#define TESTS_SUPPORT_REFEREE_H

#include <libxml/tree.h>
#include <stdbool.h>

#include "ap/crypto/cert.h"

/* What a `cid:` Reference stands for: the octets that its transform gives. */
struct referee_part {
    const char *uri; /* "cid:...", percent-decoded */
    struct str octets;
};

/* After wss_init. Ids are registered (xml_ids_register). True: every digest and the value hold, and
 * every part was named. */
bool referee_holds(
    xmlNode *signature, const struct cert *signer, const struct referee_part *parts, size_t n);

#endif
