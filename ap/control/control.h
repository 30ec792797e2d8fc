/* control.h - what a command asks of whoever owns the spool: the daemon, or the command itself.
 *
 * A request is one JSON object, optionally with an open file (the payload, passed as a descriptor);
 * the answer is one JSON object. With a daemon it goes over the Unix socket SPOOL/control.sock
 * (mode 0600: the folder's owner decides who may submit); without one the command takes the spool
 * lock and calls control_do() itself. So both ways are one code. Requests and answers are at most 1
 * MiB.
 *
 * Requests: {"op":"submit", ...struct out_request...}, {"op":"participant-put", ...},
 * {"op":"participant-disable","identifier":...,"disabled":true}, {"op":"inbox-handed","id":...},
 * {"op":"inbox-ack","id":...,"who":...},
 * {"op":"inbox-quarantine","id":...,"why":...}, {"op":"inbox-release","id":...,"who":...},
 * {"op":"inbox-reroute","id":... or "from":ROUTE,"to":ROUTE,"who":...},
 * {"op":"canary","from":...,"to":...},
 * {"op":"queue-hold|release|cancel|resolve|retry","id":...,"who":...,"why":...},
 * {"op":"queue-run","partner":...}, {"op":"queue-flows"},
 * {"op":"partner-set|hold|release","partner":...}, {"op":"alarm-ack","alarm":n or "id":...},
 * {"op":"reload","keys":true}, {"op":"ping"}, {"op":"health"} (it signs, its journal takes writes;
 * "connections":n that it takes at once, "keys": serial numbers that it decrypts with). Answers:
 * {"ok":true, ...} or
 * {"ok":false,"error":{"code":...,"class":...,...}}. */
#ifndef AP_CONTROL_CONTROL_H
#define AP_CONTROL_CONTROL_H

#include <json-c/json.h>

#include "ap/in/in.h"
#include "ap/out/out.h"

#define CONTROL_MAX (1u << 20)
#define CONTROL_SOCKET "control.sock"

struct control_env {
    const struct out_env *out;    /* for submit; its store is used for everything */
    const struct in_env *in;      /* its routes are those that a participant may have; NULL: any */
    const char *mode;             /* "lab" ... for ping */
    unsigned connections;         /* that the service takes at once, for health; 0: it is none */
    void (*submitted)(void *ctx); /* something new waits for a sender; may be NULL */
    /* Around each request of the server: fill `out` and `in` with what is in force, held until the
     * end. May be NULL. */
    void (*enter)(struct control_env *mine), (*leave)(struct control_env *mine);
    void *held;
    /* Take over the configuration as it is now, or with keys_only our keys alone. `restart`: names
     * of options that changed and wait for a restart. NULL: no service runs here. */
    int (*reload)(void *ctx, bool keys_only, struct buf *restart, struct err *e);
    void *ctx;
};

/* Do one request here. `fd`: the payload or -1; not closed. Always an answer; free with
 * json_object_put. NULL only when memory is out. */
struct json_object *control_do(const struct control_env *env, struct json_object *request, int fd);

/* Ask the daemon. 1: *answer is there; 0: no daemon listens (nothing was asked); -1: it listens but
 * the exchange broke: control.broken (ERR_UNKNOWN when the request was sent). */
int control_ask(struct json_object **answer, const char *spool, struct json_object *request, int fd,
    struct err *e) MUST_CHECK;
/* The error inside an answer that is not ok. */
void control_error(struct err *out, struct json_object *answer);

/* The daemon's side: a thread that serves one connection after the other's request, at most 16 at a
 * time. The socket is made when starting and removed when stopping. */
struct control_server;
int control_start(struct control_server **out, const char *spool, const struct control_env *env,
    struct err *e) MUST_CHECK;
void control_stop(struct control_server *s);

#endif
