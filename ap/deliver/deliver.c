#include "ap/deliver/deliver.h"

#include "ap/deliver/deliver_priv.h"

const char *deliver_kind_word(enum deliver_kind k)
{
    static const char *const words[] = {"inbox", "folder", "command", "push", "canary"};

    return words[k];
}

/* Its receiver is registered as any: what somebody else sends there is a document for a person. */
static enum deliver_outcome to_self(const struct deliver_item *item, struct err *why)
{
    if (item->canary)
        return DELIVER_TAKEN;
    (void)err_set(why, ERR_PEER, "handover.refused", "",
        "the route canary takes what we send to ourselves, and this is from %.100s", item->sender);
    (void)err_next(why, "aviso inbox reroute --to another route, then aviso inbox release");
    return DELIVER_REFUSED;
}

enum deliver_outcome deliver(const struct deliver_routes *all, const struct deliver_route *r,
    const struct deliver_item *item, int64_t *again, struct err *why)
{
    *again = 0;
    switch (r->kind) {
    case DELIVER_FOLDER:
        return deliver_to_folder(r, item, why);
    case DELIVER_COMMAND:
        return deliver_to_command(all, r, item, why);
    case DELIVER_PUSH:
        return deliver_by_push(r, item, again, why);
    case DELIVER_SELF:
        return to_self(item, why);
    case DELIVER_INBOX:
        break;
    }
    (void)err_set(
        why, ERR_BUG, "deliver.route", "", "route %s is fetched from, not handed to", r->name);
    return DELIVER_LATER;
}
