/* http_trust_priv.h - the authorities of TLS peers, parsed once for a client.
 *
 * libcurl parses the bundle again for each connection (140 certificates, 20 ms of CPU): far more
 * than the handshake. Here one X509_STORE is shared by all connections and read again once a day.
 * Any thread. */
#ifndef AP_HTTP_HTTP_TRUST_PRIV_H
#define AP_HTTP_HTTP_TRUST_PRIV_H

#include <curl/curl.h>

#include "ap/base/err.h"

struct http_trust;

/* `file`: a PEM bundle instead of the system's, or NULL; `extra`: another one to be taken as well,
 * or NULL. Strings are copied. Files are parsed at the first connection; that the extra one can be
 * read is checked now. */
int http_trust_open(
    struct http_trust **out, const char *file, const char *extra, struct err *e) MUST_CHECK;
void http_trust_close(struct http_trust *t);
/* For CURLOPT_SSL_CTX_FUNCTION; ctx is the trust. */
CURLcode http_trust_use(CURL *h, void *ssl_ctx, void *ctx);

#endif
