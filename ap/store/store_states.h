/* store_states.h - the states, who may follow whom, and by which function. docs/STATES.md holds the
 * same tables for people; a test compares both, and each line has a fault test. */
#ifndef AP_STORE_STORE_STATES_H
#define AP_STORE_STORE_STATES_H

#include <stdbool.h>
#include <stddef.h>

enum out_state {
    OUT_ACCEPTED,
    OUT_SENDING,
    OUT_WAITING,
    OUT_UNKNOWN,
    OUT_HELD,
    OUT_RECEIPTED,
    OUT_REFUSED,
    OUT_EXPIRED_UNSENT,
    OUT_EXPIRED_UNKNOWN,
    OUT_CANCELLED,
    OUT_REJECTED,
    OUT_STATES
};
enum in_state {
    IN_RECEIVED,
    IN_VALIDATED,
    IN_HANDED_OVER,
    IN_ACKNOWLEDGED,
    IN_QUARANTINED,
    IN_RELEASED,
    IN_STATES
};
enum proof_level {
    PROOF_NONE,
    PROOF_RECEIPTED,
    PROOF_HANDED_OVER,
    PROOF_CONFIRMED,
    PROOF_ANSWERED,
    PROOF_LEVELS
};
enum proof_kind { PROOF_BY_RECEIPT, PROOF_BY_MLS, PROOF_BY_RESPONSE, PROOF_KINDS };

/* The words of docs/STATES.md: "ACCEPTED", "handed-over", "mls". */
const char *out_state_word(enum out_state s);
const char *in_state_word(enum in_state s);
const char *proof_level_word(enum proof_level l);
const char *proof_kind_word(enum proof_kind k);
/* Any case; '-' and '_' alike. False when it is none of them. */
bool out_state_parse(const char *word, enum out_state *out);
bool in_state_parse(const char *word, enum in_state *out);
bool proof_level_parse(const char *word, enum proof_level *out);

#define STEP_START (-1) /* `from` of the step that makes the row */
struct store_step {
    int from, to;   /* enum out_state or in_state */
    const char *by; /* the functions that make it, space-separated, without "store_" */
};
extern const struct store_step out_steps[], in_steps[];
extern const size_t out_steps_n, in_steps_n;
bool out_may(int from, enum out_state to);
bool in_may(int from, enum in_state to);

#endif
