/* node.h - an access point opened from its configuration: key, trust, store, lookup, ways in and
 * out.
 *
 * The daemon and every command that acts in its place open the same thing. node_open() forks keyd
 * first, before any thread exists. Owned by one thread; the parts inside are shared as each says.
 */
#ifndef AP_DAEMON_NODE_H
#define AP_DAEMON_NODE_H

#include "ap/config/config.h"
#include "ap/crypto/keyring.h"
#include "ap/in/in.h"
#include "ap/out/out.h"

enum node_part {
    NODE_STORE = 1, /* opened for writing: takes the lock, recovers */
    NODE_KEY = 2,   /* keyd */
    NODE_NET = 4,   /* trust, HTTP client, lookup */
    NODE_ALL = 7
};

#define NODE_SUSPECTS 16

struct node {
    const struct config *cfg;      /* borrowed */
    struct key *keys[KEYRING_MAX]; /* the active one first; all decrypt */
    size_t nkeys;
    struct pki *pki;
    struct revocation *revocation; /* NULL: off */
    struct http_client *http;
    struct lookup *lookup;
    struct store *store;
    struct codelists *lists;
    struct store_recovered recovered;
    int64_t suspects[NODE_SUSPECTS]; /* in hand when the last process ended: see in_trial */
    size_t nsuspects;
    struct deliver_routes routes; /* with NODE_STORE */
    char host[160];               /* right side of our MessageIds */
    char data_dir[4096];
    const char *connect_to[33]; /* lookup.connect_to in lines, as http_cfg has them */
    char connect_text[4096];
    struct out_env out;
    struct in_env in;
};

/* Where our keys lie; `dir` (KEYRING_PATH) receives the folder's name, which the place borrows. */
struct keyring_place node_keys(char dir[KEYRING_PATH], const struct config *c);
int node_open(struct node *n, const struct config *c, unsigned parts, struct err *e) MUST_CHECK;
void node_close(struct node *n);
/* What the SMPs answered, into the spool: for the next start. Also by node_close. Any thread. */
void node_keep_lookup(struct node *n);
/* The routes that a configuration names; nothing of what is in hand on others is touched. */
int node_routes(struct deliver_routes *out, const struct config *c, struct err *e) MUST_CHECK;
const char *node_default_route(const struct config *c);
/* The folder with schemas, rules, code lists and trust: configured, else $AVISO_DATA, else `data`
 * beside the program, else the installed one. */
void node_data_dir(char *out, size_t n, const struct config *c);
/* The code lists of that folder; `c` may be NULL. */
int node_codelists(struct codelists **out, const struct config *c, struct err *e) MUST_CHECK;

#endif
