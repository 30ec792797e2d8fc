/* store_kit.h - a spool in a temporary folder, and documents, messages and proofs to put into it.
 */
#ifndef TESTS_SUPPORT_STORE_KIT_H
#define TESTS_SUPPORT_STORE_KIT_H

#include "ap/store/store.h"

#define KIT_T0 1800000000000 /* ms: where the tests' time starts */
#define KIT_LEASE 60000

struct kit {
    char dir[64];
    struct store *s;
    struct arena *a;
};

void kit_start(struct kit *k); /* fresh folder, opened for writing, recovered */
void kit_stop(struct kit *k);  /* closed and removed */
void kit_reopen(struct kit *k, struct store_recovered *out); /* closed, opened, recovered */
/* The same for cmocka: *state is a kit; at the end nothing may be found wrong in it. */
int kit_setup(void **state);
int kit_teardown(void **state);
/* A call that must fail under this name. */
void kit_refused(int rc, const struct err *e, const char *code);
int kit_open(struct store **out, const char *dir, enum store_mode mode, struct err *e);
void kit_remove(const char *dir);

/* The n-th document, its fields told apart by n; `now` is when it is given. */
struct out_new kit_out(unsigned n, int64_t now);
struct message_new kit_message(unsigned n, const char *wire);
struct proof_new kit_proof(enum proof_level level);
struct in_new kit_in(unsigned n, int64_t now);
struct err kit_why(enum err_class c, const char *code);

/* Shorthands that must work (asserted). */
int64_t kit_add(struct kit *k, unsigned n, int64_t now);
struct out_claim kit_claim(struct kit *k, int64_t now); /* the one that is due */
int64_t kit_begin(struct kit *k, const struct out_claim *c, unsigned message, int64_t now);
enum out_state kit_end(struct kit *k, int64_t attempt, enum attempt_outcome o, enum out_state to,
    int64_t next_at, int64_t now);
struct out_row kit_get(struct kit *k, int64_t row);
struct in_row kit_in_get(struct kit *k, int64_t row);
/* store_check with hashes; prints what it finds; the number of findings. */
unsigned long kit_findings(struct store *s);

#endif
