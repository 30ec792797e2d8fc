/* setup.h - what one configuration amounts to in a running service: keys, routes, limits, and the
 * ways out and in made of them.
 *
 * Unchanged while anybody holds it: whoever works on a message or a request takes the one in force
 * (node_setup) and lets go of it afterwards; a reload puts another in its place. So an old key
 * process ends when the last message that began with it is done. Counted; any thread. */
#ifndef AP_DAEMON_SETUP_H
#define AP_DAEMON_SETUP_H

#include "ap/config/config.h"
#include "ap/crypto/keyring.h"
#include "ap/in/in.h"
#include "ap/out/out.h"

struct node;

struct setup {
    unsigned refs; /* atomic */
    const struct config *cfg;
    struct config *owned;          /* NULL: cfg is borrowed */
    struct key *keys[KEYRING_MAX]; /* the active one first; all decrypt */
    size_t nkeys;
    struct deliver_routes routes;
    char host[160]; /* right side of our MessageIds */
    struct out_env out;
    struct in_env in;
};

/* `owned` is c or NULL; it is freed with the setup. NULL: no memory, and nothing is freed. */
struct setup *setup_new(const struct config *c, struct config *owned);
struct setup *setup_ref(struct setup *s);
void setup_unref(struct setup *s); /* NULL is fine */

/* Our keys as the disk has them. Those that `old` (may be NULL) has too are shared with it. */
int setup_keys(
    struct setup *s, struct key_launcher *l, const struct setup *old, struct err *e) MUST_CHECK;
/* The routes that the configuration names; nothing of what is in hand on others is touched. */
int setup_routes(struct setup *s, struct err *e) MUST_CHECK;
/* The ways out and in. Without `old`: of the node's parts; else as they were, but for what the
 * configuration says. */
void setup_fill(struct setup *s, const struct node *n, const struct setup *old);

/* Where our keys lie; `dir` (KEYRING_PATH) receives the folder's name, which the place borrows. */
struct keyring_place setup_key_place(char dir[KEYRING_PATH], const struct config *c);

#endif
