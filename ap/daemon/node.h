/* node.h - an access point opened from its configuration: key, trust, store, lookup, ways in and
 * out.
 *
 * The daemon and every command that acts in its place open the same thing. node_open() forks keyd
 * first, before any thread exists. Owned by one thread; the parts inside are shared as each says,
 * and what a reload exchanges is the setup (setup.h).
 */
#ifndef AP_DAEMON_NODE_H
#define AP_DAEMON_NODE_H

#include <pthread.h>

#include "ap/daemon/setup.h"

enum node_part {
    NODE_STORE = 1, /* opened for writing: takes the lock, recovers */
    NODE_KEY = 2,   /* keyd */
    NODE_NET = 4,   /* trust, HTTP client, lookup */
    NODE_ALL = 7,
    NODE_LAUNCHER = 8 /* keys can be opened later on, while threads run */
};

#define NODE_SUSPECTS 16

struct node {
    const struct config *cfg;      /* of the start; borrowed */
    struct key_launcher *launcher; /* NULL without NODE_LAUNCHER */
    pthread_mutex_t lock;          /* of `setup` */
    struct setup *setup;           /* the one in force: node_setup() where threads run */
    struct pki *pki;
    struct revocation *revocation;
    struct http_client *http;
    struct lookup *lookup;
    struct store *store;
    struct codelists *lists;
    struct store_recovered recovered;
    int64_t suspects[NODE_SUSPECTS]; /* in hand when the last process ended: see in_trial */
    size_t nsuspects;
    char data_dir[4096];
    const char *connect_to[33]; /* lookup.connect_to in lines, as http_cfg has them */
    char connect_text[4096];
};

int node_open(struct node *n, const struct config *c, unsigned parts, struct err *e) MUST_CHECK;
void node_close(struct node *n);
/* What the SMPs answered, into the spool: for the next start. Also by node_close. Any thread. */
void node_keep_lookup(struct node *n);

struct setup *node_setup(struct node *n);                  /* setup_unref; any thread */
bool node_setup_is(struct node *n, const struct setup *s); /* still in force? any thread */
void node_exchange(struct node *n, struct setup *fresh);   /* takes over the caller's */
/* The trust anchors that a configuration names, held to our own certificates: of another stage or
 * role, every peer would refuse us. One that is over is no reason to fail: what waits is held. */
int node_trust(
    struct pki **out, const struct node *n, const struct setup *s, struct err *e) MUST_CHECK;
/* What lookup and revocation take from the configuration while they work. */
void node_follow(struct node *n, const struct config *c);
/* The folder with schemas, rules, code lists and trust: configured, else $AVISO_DATA, else `data`
 * beside the program, else the installed one. */
void node_data_dir(char *out, size_t n, const struct config *c);
/* The code lists of that folder; `c` may be NULL. */
int node_codelists(struct codelists **out, const struct config *c, struct err *e) MUST_CHECK;

#endif
