/* wssmsg.h - a small AS4-like message, signed and encrypted, for the tests of ap/wss, its fuzz
 * targets and its bench. Failures abort. Uses testpki.h. */
#ifndef TESTS_SUPPORT_WSSMSG_H
#define TESTS_SUPPORT_WSSMSG_H

#include "ap/wss/wss.h"

#define WSSMSG_PARTS 4

struct wssmsg {
    struct arena *a;
    xmlDoc *env;
    struct wss_proof proof;
    struct wss_part clear[WSSMSG_PARTS]; /* as given to the signer */
    struct buf sealed[WSSMSG_PARTS];     /* ciphertexts */
    size_t n;
    struct buf soap; /* the envelope as bytes */
};

/* The text of an envelope with a Messaging header and an empty Body, about as long as a real one.
 */
const char *wssmsg_envelope(void);
/* Signed with k over these parts; encrypted too when `recipient` is given; soap written. */
void wssmsg_make(struct wssmsg *m, const struct wss_part *parts, size_t n, struct key *k,
    const struct cert *recipient);
void wssmsg_free(struct wssmsg *m);
/* What came of receiving one. */
struct wssgot {
    struct arena *a;
    xmlDoc *env;
    struct wss_proof proof;
    struct str type[WSSMSG_PARTS];
    struct buf clear[WSSMSG_PARTS];
    struct err e;
};
/* The steps of a receiver over these bytes: 0, or -1 and g->e. wssgot_free in any case. */
int wssmsg_receive(struct wssgot *g, struct str soap, const struct wss_part *wire, size_t n,
    struct pki *trust, struct key *const *keys, size_t nkeys);
/* The wire parts of a message made here; returns their number. */
size_t wssmsg_wire(struct wss_part wire[WSSMSG_PARTS], const struct wssmsg *m);
void wssgot_free(struct wssgot *g);

struct wss_part wssmsg_part(const char *cid, const char *type, const void *p, size_t n);

#endif
