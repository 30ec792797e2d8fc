/* httpd.h - a small HTTP server on loopback that answers as told, well or badly: for tests of what
 * calls out. One thread a connection; plain or TLS (testpki's root signs it). Every failure of its
 * own aborts. */
#ifndef TESTS_SUPPORT_HTTPD_H
#define TESTS_SUPPORT_HTTPD_H

#include <stddef.h>

struct httpd;

enum httpd_act {
    HTTPD_ANSWER,        /* `text` whole: status line, headers, body; connection kept */
    HTTPD_ANSWER_CLOSE,  /* the same, then close */
    HTTPD_SILENT,        /* read all, never answer */
    HTTPD_RESET_ACCEPT,  /* reset at once (any path) */
    HTTPD_RESET_HEADERS, /* reset after the request's headers, before its body */
    HTTPD_RESET_BODY,    /* reset in the middle of the request's body */
    HTTPD_RESET_AFTER,   /* reset after the request's body */
    HTTPD_CUT,           /* `text`, then reset in the middle of the answer */
    HTTPD_DRIP,          /* headers, then a byte of body every 50 ms for ever */
    HTTPD_DRIP_HEADERS,  /* header lines for ever */
    HTTPD_ENDLESS        /* headers, then body for ever, fast */
};

/* tls: NULL for plain HTTP, else the CN of the certificate: `smp.example`. */
struct httpd *httpd_start(const char *tls);
void httpd_stop(struct httpd *h); /* waits for its threads */
int httpd_port(const struct httpd *h);
/* From now on, what is asked for `path` (exactly, with query) is answered so; "*": everything else.
 * An unknown path gets 404. `text` is copied. */
void httpd_set(struct httpd *h, const char *path, enum httpd_act act, const char *text, size_t n);
/* A whole 200 answer with this body. */
void httpd_put(struct httpd *h, const char *path, const char *type, const char *body, size_t n);
unsigned httpd_hits(struct httpd *h, const char *path); /* requests for it so far */
unsigned httpd_connections(struct httpd *h);
unsigned httpd_resumed(struct httpd *h); /* of them, with a TLS session of an earlier one */
size_t httpd_last_body(struct httpd *h); /* bytes of the last request's body */
/* Copy of the last request's head; free(). */
char *httpd_last_head(struct httpd *h);

#endif
