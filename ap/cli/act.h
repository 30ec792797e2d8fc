/* act.h - a command's request carried out: by the daemon when one listens, else here, under the
 * lock. One thread. */
#ifndef AP_CLI_ACT_H
#define AP_CLI_ACT_H

#include "ap/cli/cli.h"
#include "ap/control/control.h"
#include "ap/daemon/node.h"

struct act {
    struct cli *c;
    struct node node;
    bool local;           /* node is open: we own the spool */
    struct store *reader; /* beside a daemon */
};

void act_init(struct act *a, struct cli *c);
void act_close(struct act *a);
/* 0 and *answer, also when the answer says no (see control_error); -1: nobody could do it. `parts`:
 * what must be open when we do it ourselves. */
int act_request(struct act *a, struct json_object *request, int fd, unsigned parts,
    struct json_object **answer, struct err *e) MUST_CHECK;
/* The same for a request that carries no file; an answer that says no is -1 and *e. *answer is the
 * caller's in any case (may be NULL). */
int act_do(struct act *a, struct json_object *request, unsigned parts, struct json_object **answer,
    struct err *e) MUST_CHECK;
/* A long list: `page` prints one page of it with an arena of its own, until it says that there is
 * no *more. An exit code. */
int act_pages(struct act *a,
    int (*page)(void *ctx, struct store *s, bool *more, struct arena *a, struct err *e), void *ctx);
/* For looking things up: our own store, or a reader beside the daemon. */
int act_store(struct act *a, struct store **out, struct err *e) MUST_CHECK;

#endif
