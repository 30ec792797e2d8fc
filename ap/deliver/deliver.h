/* deliver.h - one received document given to C4's system, on one of the operator's routes.
 *
 * inbox: C4's system fetches and acknowledges by itself; nothing is done here. folder: a file and a
 * sidecar JSON, durable. command: a program of the operator. push: an HTTP request, signed. Each is
 * at least once: a document whose outcome nobody knows is given again, with `redelivered`. What
 * failed, and whose fault it is, decides what is tried next: the document alone, or the whole
 * route. Any thread; a route is shared by its workers. docs/handover.md is the contract for C4's
 * side. */
#ifndef AP_DELIVER_DELIVER_H
#define AP_DELIVER_DELIVER_H

#include <stdbool.h>
#include <stdint.h>

#include "ap/base/arena.h"
#include "ap/base/blob.h"
#include "ap/base/err.h"
#include "ap/http/http_client.h"
#include "ap/http/webhook.h"

#define DELIVER_ROUTES 64
#define DELIVER_WORKERS 16 /* of one route */
#define DELIVER_NAME 64

enum deliver_kind { DELIVER_INBOX, DELIVER_FOLDER, DELIVER_COMMAND, DELIVER_PUSH, DELIVER_SELF };

struct deliver_route {
    const char *name;
    enum deliver_kind kind;
    const char *folder;      /* folder: where to */
    const char *const *argv; /* command: what to run; the document's path is added with by_file */
    bool by_file;            /* command: else the document is its standard input */
    const char *url;         /* push */
    bool bare;               /* push: the body is the document alone, not JSON around it */
    bool sbd;                /* what is given is the whole envelope, not the document in it */
    struct webhook_secrets secrets;
    const char *authorization; /* push: whole header line, or NULL */
    struct http_client *http;  /* push: of this route alone */
    int64_t deadline;          /* ms, of one hand-over */
    int64_t give_up;           /* ms: set aside when not taken by then */
    unsigned workers;
};
struct deliver_routes {
    struct deliver_route *route;
    size_t n;
    struct arena *a;
    char work_dir[4096]; /* files for commands */
};

/* "inbox", "canary", with a drop folder "folder", and what `file` (may be "" or NULL) says: INI, a
 * section a route. `spool`: where the work folder is made; NULL: only read, nothing is made.
 * config.* (ERR_CONFIG) with file and line. Close in any case. */
int deliver_open(struct deliver_routes *out, const char *file, const char *drop_folder,
    const char *spool, struct err *e) MUST_CHECK;
/* Remove files of commands that a crash cut off: their documents are given again. Only while no
 * hand-over runs. */
void deliver_clean(const struct deliver_routes *r);
void deliver_close(struct deliver_routes *r); /* no hand-over may be running; zeroed is fine */
struct deliver_route *deliver_find(const struct deliver_routes *r, const char *name); /* or NULL */
const char *deliver_kind_word(enum deliver_kind k);

struct deliver_item {
    const char *id; /* our id: names of files, webhook-id */
    const char *sender, *receiver, *invoice;
    struct str sidecar;                 /* one JSON object */
    const char *media_type, *extension; /* of what is written: "application/pdf", "pdf" */
    bool redelivered;
    bool canary;      /* sent by ourselves to ourselves: what the route canary takes */
    unsigned attempt; /* 1, 2, ... */
    /* Writes the document, as often as asked. */
    int (*write)(void *ctx, struct sink *to, struct err *e);
    void *ctx;
    int tmp_dirfd; /* for what does not fit into memory */
    uint64_t max;  /* bytes of a document */
    int64_t now;
};
enum deliver_outcome {
    DELIVER_TAKEN,
    DELIVER_LATER,   /* not now; others may have more luck */
    DELIVER_DOWN,    /* the route serves nobody now */
    DELIVER_REFUSED, /* C4's system says: never this document */
    DELIVER_CRASHED  /* the program died of it */
};
/* `why`: what happened, unless TAKEN. *again: a time the other side asked for (ms from now), or 0.
 */
enum deliver_outcome deliver(const struct deliver_routes *all, const struct deliver_route *r,
    const struct deliver_item *item, int64_t *again, struct err *why);

#endif
