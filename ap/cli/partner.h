/* partner.h - how people name the other side: a participant, or an access point's Seat ID. */
#ifndef AP_CLI_PARTNER_H
#define AP_CLI_PARTNER_H

#include "ap/base/err.h"
#include "ap/store/store.h"

/* As the store knows it: "iso6523-actorid-upis::0208:..." in canonical case, or "POP000123".
 * id.participant (ERR_INPUT) when it is neither. */
int partner_name(char out[STORE_DEST], const char *text, struct err *e) MUST_CHECK;

#endif
