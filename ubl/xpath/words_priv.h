/* words_priv.h - which of many words end here, while a text is read: the automaton of Aho and
 * Corasick, over numbers instead of characters.
 *
 * Words are added, then it is done and from then on read-only: any thread may step. Its memory is
 * the arena's; false or NULL: there is no more of it, or there are too many words. */
#ifndef UBL_XPATH_WORDS_PRIV_H
#define UBL_XPATH_WORDS_PRIV_H

#include <stdbool.h>
#include <stdint.h>

struct arena;
struct xwords;

struct xwords *xwords_new(struct arena *a);
/* At least one symbol. Values ascend from word to word; a word may come again. */
bool xwords_add(struct xwords *w, const uint32_t *word, uint32_t n, uint32_t value);
bool xwords_done(struct xwords *w);

/* The state after one more symbol; a text begins in state 0. */
uint32_t xwords_step(const struct xwords *w, uint32_t state, uint32_t symbol);
uint32_t xwords_states(const struct xwords *w);
/* The values of all words that the text ends with in this state, ascending. */
const uint32_t *xwords_values(const struct xwords *w, uint32_t state, uint32_t *n);

#endif
