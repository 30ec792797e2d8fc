/* in.h - the way in: a UserMessage becomes a durable document of C4, and only then a Receipt.
 *
 * in_receive() is the AS4 endpoint without HTTP: bytes in, answer out. Order of checks and the
 * answer to each cause: docs/STATES.md, "What we answer". in_work() validates what was accepted
 * (never a reason to take a receipt back); in_lane_work() hands it over, each route by itself, so
 * that one that stands still holds up no other. Any thread. */
#ifndef AP_IN_IN_H
#define AP_IN_IN_H

#include <pthread.h>

#include "ap/as4/as4.h"
#include "ap/deliver/deliver.h"
#include "ap/in/in_crash.h"
#include "ap/peppol/document.h"
#include "ap/peppol/sbdh.h"
#include "ap/store/store.h"

struct in_verdict_report { /* what a validation said, from whoever validates */
    bool checked, valid;
    char rule_sets[200];
    struct buf report; /* JSON; at most 256 KiB, cut short findings and all */
};

struct in_env { /* shared by all threads, unchanged while work goes on */
    struct store *store;
    struct as4_receiver rx;
    struct key *key;                     /* signs receipts and errors: the active one */
    const char *seat;                    /* ours: canaries come from there */
    const struct deliver_routes *routes; /* how C4's systems are reached */
    const char *route;     /* of participants that have none of their own; NULL: "inbox" */
    int64_t retry_ms;      /* first pause after what failed; 0: 60 s; doubles up to an hour */
    uint64_t max_document; /* bytes; 0: 512 MB */
    /* NULL: documents become VALIDATED as "unchecked". -1 only for our own trouble. */
    int (*validate)(
        void *ctx, struct in_verdict_report *out, const struct blob *document, struct err *e);
    void *validate_ctx;
    void (*accepted)(void *ctx); /* something new waits for in_work; may be NULL */
    void *accepted_ctx;
    struct in_crash *crash; /* notes what is being read; NULL: nothing does */
};

struct in_answer { /* body initialised by the caller (1 MiB) */
    int status;
    const char *content_type;
    int retry_after; /* seconds or 0 */
    struct buf body;
};

/* Never fails: what goes wrong is an answer. `remote` is for the log. */
void in_receive(struct in_answer *out, const struct in_env *env, struct str content_type,
    const struct blob *body, const char *remote);

/* Validate one document: 1 something was done, 0 nothing is due, -1 our own trouble. */
int in_work(const struct in_env *env, struct err *e) MUST_CHECK;

/* Before any thread: validate a document in a process of its own, at most ms milliseconds, since
 * the service died while it was in hand. It is QUARANTINED (in.poison) when that dies too. */
int in_trial(const struct in_env *env, int64_t row, int64_t ms, struct err *e) MUST_CHECK;

/* A route at work, shared by its workers. When it serves nobody it rests, longer each time, and
 * tries again with the document that is due first. */
struct in_lane {
    const struct deliver_route *route;
    pthread_mutex_t lock;
    unsigned failures;  /* in a row, of the route as a whole */
    bool proven;        /* it took a document since the start */
    int64_t rest_until; /* clock_mono() */
};
void in_lane_init(struct in_lane *l, const struct deliver_route *route);
void in_lane_done(struct in_lane *l);
int64_t in_lane_rests(struct in_lane *l); /* ms from now; 0: it is at work */
/* Hand over one document of the route: 1 it was tried, 0 nothing is due, -1 our own trouble. Taken:
 * HANDED_OVER (command and push: ACKNOWLEDGED in the same commit). Refused, given up or twice
 * crashed: QUARANTINED. Else due again. An event tells when the route goes down and comes up. */
int in_lane_work(const struct in_env *env, struct in_lane *l, struct err *e) MUST_CHECK;

/* An envelope of the store, read. After a 0: in_close(). */
struct in_envelope {
    struct spool recoded; /* it again in UTF-8, when it came otherwise */
    struct sbdh_envelope e;
};
struct in_document {
    struct store_blob sbd;
    struct in_envelope envelope;
};
int in_open(struct in_document *d, struct store *s, const struct in_row *row, struct arena *a,
    struct err *e) MUST_CHECK;
void in_close(struct in_document *d);
/* As C4 gets it: XML from the root's start tag to its end tag, in UTF-8, preceded by nothing; of
 * BinaryContent and TextContent what they stand for. With `sbd` the whole envelope as it came. */
int in_extract(struct sink *out, const struct in_document *d, bool sbd, struct err *e) MUST_CHECK;
struct str in_media_type(const struct in_document *d);
/* The sidecar: everything C4's system wants to know, one JSON object. */
int in_sidecar(struct buf *out, const struct in_row *row, const struct in_document *d,
    bool redelivered, struct err *e) MUST_CHECK;

#endif
