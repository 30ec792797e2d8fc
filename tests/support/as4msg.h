/* as4msg.h - AS4 requests of any kind, right and wrong, signed and encrypted as told: for the tests
 * and fuzz targets of ap/as4. Failures abort. Uses testpki.h: ap1 (POP000001) sends to ap2
 * (POP000002). */
#ifndef TESTS_SUPPORT_AS4MSG_H
#define TESTS_SUPPORT_AS4MSG_H

#include "ap/as4/as4.h"

#define AS4MSG_PARTS 4
#define AS4MSG_EDITS 4

struct as4msg_part {
    const char *cid;       /* NULL: no such part */
    const char *data;      /* before compression */
    size_t n;              /* 0: strlen(data) */
    const char *mime_type; /* of EncryptedData and digest; default application/gzip */
    bool plain;            /* not compressed */
    const char *cte;       /* "base64": encoded on the wire; default binary */
};
struct as4msg_edit {
    const char *from, *to; /* NULL from: none; from must be there */
};
/* What to make; zero values mean the usual message. */
struct as4msg {
    struct as4msg_part parts[AS4MSG_PARTS]; /* none given: one XML document, compressed */
    bool no_parts;
    struct as4msg_edit before[AS4MSG_EDITS];  /* in the envelope's text before signing */
    struct as4msg_edit after[AS4MSG_EDITS];   /* in its text when signed and encrypted */
    struct as4msg_edit framing[AS4MSG_EDITS]; /* in the finished MIME text */
    const char *signer;                       /* a testpki name: "ap1" */
    const char *recipient;                    /* "ap2" */
    bool unsigned_, clear;                    /* leave out the signature, the encryption */
    size_t unsigned_parts;                    /* so many last parts are not given to the signer */
    size_t clear_parts;                       /* so many last parts are not encrypted */
    bool flip;                                /* one bit of the first part's ciphertext */
    size_t drop_part;         /* n > 0: leave the n-th part out of the MIME message */
    const char *content_type; /* HTTP header; default multipart/related with the boundary "b1" */
    struct cert *signer_cert; /* with signer: another certificate of its key */
};
#define AS4MSG_TYPE "multipart/related; boundary=\"b1\"; type=\"application/soap+xml\""
#define AS4MSG_DOCUMENT                                                                            \
    "<sbd:StandardBusinessDocument xmlns:sbd=\"urn:sbd\">invoice</sbd:StandardBusinessDocument>"
#define AS4MSG_ID "id-1@ap1.example"

/* The HTTP body, owned by the caller. */
void as4msg_make(struct buf *body, const struct as4msg *m);
const char *as4msg_type(const struct as4msg *m);

/* What as4_compose takes for an everyday message of ap1 to `recipient`, compressed; payload and ids
 * as wanted. */
struct as4_message as4msg_everyday(const char *message_id, struct cert *recipient);

/* The receiver ap2 with its trust, keys and limits; opened on first use, closed at exit. */
const struct as4_receiver *as4msg_receiver(void);
struct key *as4msg_key(const char *name); /* kept until exit */
void as4msg_setup(void);                  /* xml_init, wss_init; once */

#endif
