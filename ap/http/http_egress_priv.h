/* http_egress_priv.h - which addresses, schemes and ports may be called. */
#ifndef AP_HTTP_HTTP_EGRESS_PRIV_H
#define AP_HTTP_HTTP_EGRESS_PRIV_H

#include <stdbool.h>
#include <sys/socket.h>

#include "ap/http/http_client.h"

bool http_sockaddr_is_public(const struct sockaddr *sa);
/* Scheme, port, no user part; `key` ("https://host:443") names the peer. http.url, http.egress. */
#define HTTP_KEY 320
int http_egress_check(char key[HTTP_KEY], const char *url, const struct http_egress *g,
    bool plain_ok, struct err *e) MUST_CHECK;

#endif
