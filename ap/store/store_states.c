#include "ap/store/store_states.h"

#include <strings.h>

static const char *const out_words[OUT_STATES] = {"ACCEPTED", "SENDING", "WAITING", "UNKNOWN",
    "HELD", "RECEIPTED", "REFUSED", "EXPIRED_UNSENT", "EXPIRED_UNKNOWN", "CANCELLED", "REJECTED"};
static const char *const in_words[IN_STATES] = {
    "RECEIVED", "VALIDATED", "HANDED_OVER", "ACKNOWLEDGED", "QUARANTINED", "RELEASED"};
static const char *const level_words[PROOF_LEVELS] = {
    "none", "receipted", "handed-over", "confirmed", "answered"};
static const char *const kind_words[PROOF_KINDS] = {"receipt", "mls", "response"};

/* The whole contract: what is not a line here cannot happen. Why each line is there, and what a
 * crash at it leaves: docs/STATES.md. */
const struct store_step out_steps[] = {
    {STEP_START, OUT_ACCEPTED, "out_add"},
    {STEP_START, OUT_REJECTED, "out_reject"},
    {OUT_ACCEPTED, OUT_SENDING, "attempt_begin"},
    {OUT_ACCEPTED, OUT_WAITING, "out_wait"},
    {OUT_ACCEPTED, OUT_REFUSED, "out_refuse"},
    {OUT_ACCEPTED, OUT_HELD, "out_hold recover"},
    {OUT_ACCEPTED, OUT_CANCELLED, "out_cancel"},
    {OUT_ACCEPTED, OUT_EXPIRED_UNSENT, "out_sweep"},
    {OUT_WAITING, OUT_SENDING, "attempt_begin"},
    {OUT_WAITING, OUT_REFUSED, "out_refuse out_disprove out_sweep"},
    {OUT_WAITING, OUT_HELD, "out_hold recover"},
    {OUT_WAITING, OUT_CANCELLED, "out_cancel"},
    {OUT_WAITING, OUT_RECEIPTED, "out_prove attempt_end"},
    {OUT_WAITING, OUT_EXPIRED_UNSENT, "out_sweep"},
    {OUT_WAITING, OUT_EXPIRED_UNKNOWN, "out_sweep"},
    {OUT_SENDING, OUT_RECEIPTED, "attempt_end out_prove"},
    {OUT_SENDING, OUT_UNKNOWN, "attempt_end out_sweep recover"},
    {OUT_SENDING, OUT_WAITING, "attempt_end"},
    {OUT_SENDING, OUT_REFUSED, "attempt_end out_disprove"},
    {OUT_UNKNOWN, OUT_SENDING, "attempt_begin"},
    {OUT_UNKNOWN, OUT_HELD, "out_hold recover"},
    {OUT_UNKNOWN, OUT_RECEIPTED, "out_prove attempt_end"},
    {OUT_UNKNOWN, OUT_REFUSED, "out_disprove out_resolve"},
    {OUT_UNKNOWN, OUT_EXPIRED_UNKNOWN, "out_sweep"},
    {OUT_HELD, OUT_ACCEPTED, "out_release"},
    {OUT_HELD, OUT_WAITING, "out_release"},
    {OUT_HELD, OUT_UNKNOWN, "out_release"},
    {OUT_HELD, OUT_CANCELLED, "out_cancel"},
    {OUT_HELD, OUT_RECEIPTED, "out_prove attempt_end"},
    {OUT_HELD, OUT_REFUSED, "out_disprove out_resolve out_sweep"},
    {OUT_HELD, OUT_EXPIRED_UNSENT, "out_sweep"},
    {OUT_HELD, OUT_EXPIRED_UNKNOWN, "out_sweep"},
    {OUT_RECEIPTED, OUT_REFUSED, "out_disprove"},
    {OUT_REFUSED, OUT_RECEIPTED, "out_prove attempt_end"},
    {OUT_EXPIRED_UNKNOWN, OUT_RECEIPTED, "out_prove attempt_end"},
    {OUT_EXPIRED_UNKNOWN, OUT_REFUSED, "out_disprove out_resolve"},
    {OUT_EXPIRED_UNKNOWN, OUT_UNKNOWN, "out_retry"},
};
const size_t out_steps_n = sizeof(out_steps) / sizeof(out_steps[0]);

const struct store_step in_steps[] = {
    {STEP_START, IN_RECEIVED, "in_accept"},
    {IN_RECEIVED, IN_VALIDATED, "in_validated"},
    {IN_RECEIVED, IN_QUARANTINED, "in_quarantine"},
    {IN_VALIDATED, IN_HANDED_OVER, "in_handed"},
    {IN_VALIDATED, IN_ACKNOWLEDGED, "in_taken"},
    {IN_VALIDATED, IN_QUARANTINED, "in_quarantine"},
    {IN_QUARANTINED, IN_RELEASED, "in_release"},
    {IN_QUARANTINED, IN_ACKNOWLEDGED, "in_ack"},
    {IN_RELEASED, IN_HANDED_OVER, "in_handed"},
    {IN_RELEASED, IN_ACKNOWLEDGED, "in_taken"},
    {IN_RELEASED, IN_QUARANTINED, "in_quarantine"},
    {IN_HANDED_OVER, IN_ACKNOWLEDGED, "in_ack"},
};
const size_t in_steps_n = sizeof(in_steps) / sizeof(in_steps[0]);

static bool listed(const struct store_step *t, size_t n, int from, int to)
{
    for (size_t i = 0; i < n; i++)
        if (t[i].from == from && t[i].to == to)
            return true;
    return false;
}

bool out_may(int from, enum out_state to)
{
    return listed(out_steps, out_steps_n, from, (int)to);
}

bool in_may(int from, enum in_state to)
{
    return listed(in_steps, in_steps_n, from, (int)to);
}

const char *out_state_word(enum out_state s)
{
    return (unsigned)s < OUT_STATES ? out_words[s] : "?";
}

const char *in_state_word(enum in_state s)
{
    return (unsigned)s < IN_STATES ? in_words[s] : "?";
}

const char *proof_level_word(enum proof_level l)
{
    return (unsigned)l < PROOF_LEVELS ? level_words[l] : "?";
}

const char *proof_kind_word(enum proof_kind k)
{
    return (unsigned)k < PROOF_KINDS ? kind_words[k] : "?";
}

static bool same_word(const char *a, const char *b)
{
    for (; *a && *b; a++, b++) {
        bool dash = (*a == '-' || *a == '_') && (*b == '-' || *b == '_');
        if (!dash && strncasecmp(a, b, 1) != 0)
            return false;
    }
    return *a == *b;
}

static int word_index(const char *const *words, int n, const char *word)
{
    for (int i = 0; word && i < n; i++)
        if (same_word(words[i], word))
            return i;
    return -1;
}

bool out_state_parse(const char *word, enum out_state *out)
{
    int i = word_index(out_words, OUT_STATES, word);

    if (i >= 0)
        *out = (enum out_state)i;
    return i >= 0;
}

bool in_state_parse(const char *word, enum in_state *out)
{
    int i = word_index(in_words, IN_STATES, word);

    if (i >= 0)
        *out = (enum in_state)i;
    return i >= 0;
}

bool proof_level_parse(const char *word, enum proof_level *out)
{
    int i = word_index(level_words, PROOF_LEVELS, word);

    if (i >= 0)
        *out = (enum proof_level)i;
    return i >= 0;
}
