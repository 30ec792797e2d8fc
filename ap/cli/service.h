/* service.h - what a command asks of the running service itself, not of its spool. One thread. */
#ifndef AP_CLI_SERVICE_H
#define AP_CLI_SERVICE_H

#include "ap/cli/cli.h"

/* Take over the configuration, or with keys_only our keys alone. 1: done, *answer is the caller's;
 * 0: no service runs; -1: it refused, and goes on as it was. */
int service_reload(
    struct json_object **answer, struct cli *c, bool keys_only, struct err *e) MUST_CHECK;

#endif
