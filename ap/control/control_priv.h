/* control_priv.h - framing of requests and answers on the socket: 4 bytes length, JSON; the
 * descriptor travels with the first byte. */
#ifndef AP_CONTROL_CONTROL_PRIV_H
#define AP_CONTROL_CONTROL_PRIV_H

#include "ap/control/control.h"

/* fd -1: none. */
int control_send(int sock, struct json_object *o, int fd, struct err *e) MUST_CHECK;
/* *fd (may be NULL: then a descriptor is closed) is -1 when none came. 1 got one, 0 the other side
 * closed before the first byte, -1. */
int control_recv(int sock, struct json_object **out, int *fd, struct err *e) MUST_CHECK;

struct json_object *control_error_json(const struct err *e); /* {"ok":false,"error":{...}} */

#endif
