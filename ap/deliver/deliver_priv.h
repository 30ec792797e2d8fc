/* deliver_priv.h - the kinds of routes. */
#ifndef AP_DELIVER_DELIVER_PRIV_H
#define AP_DELIVER_DELIVER_PRIV_H

#include "ap/deliver/deliver.h"

enum deliver_outcome deliver_to_folder(
    const struct deliver_route *r, const struct deliver_item *item, struct err *why);
enum deliver_outcome deliver_to_command(const struct deliver_routes *all,
    const struct deliver_route *r, const struct deliver_item *item, struct err *why);
enum deliver_outcome deliver_by_push(const struct deliver_route *r, const struct deliver_item *item,
    int64_t *again, struct err *why);

#endif
