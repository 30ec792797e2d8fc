/* url_priv.h - may this URL, told by DNS or an SMP, be called at all? */
#ifndef AP_LOOKUP_URL_PRIV_H
#define AP_LOOKUP_URL_PRIV_H

#include <stdbool.h>

/* https (or plain_ok: http too), a host name, port 443 (or plain_ok: any), no user, no fragment, no
 * query unless query_ok, only URL characters. NULL, or what is wrong as words behind "the URL". */
const char *url_fault(const char *url, bool plain_ok, bool query_ok);

#endif
