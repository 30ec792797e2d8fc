/* view.h - documents as people and programs see them: one text, one JSON object, everywhere alike.
 */
#ifndef AP_CLI_VIEW_H
#define AP_CLI_VIEW_H

#include "ap/cli/cli.h"
#include "ap/store/store.h"

/* Name to show: the invoice number, else a short form of our id. In the arena. */
const char *view_name(struct arena *a, const char *invoice, const char *id);
/* interfaces.md 2: id, invoice, state, proven, level, deliver_by, attempts, next, ids, error ...
 * NULL when memory is out or the store cannot be read (*e). */
struct json_object *view_out_json(
    struct store *s, const struct out_row *r, bool attempts, struct arena *a, struct err *e);
struct json_object *view_in_json(const struct in_row *r);
/* Several lines: state and since when, proof, ids, attempts, next step. */
int view_out_text(
    FILE *out, struct store *s, const struct out_row *r, struct arena *a, struct err *e) MUST_CHECK;
void view_in_text(FILE *out, const struct in_row *r);
/* Somebody works on it just now: when it is due again is not known yet. */
bool view_in_hand(const struct out_row *r);
/* One line of a list. */
void view_out_line(FILE *out, const struct out_row *r);
void view_in_line(FILE *out, const struct in_row *r);
/* Numbers over all, for status without an id; an exit code: 1 when something is late or alarmed. */
int status_summary(struct cli *c, struct store *s);
/* Every document of a filter, newest first, as lines or JSON lines; an exit code. */
int list_documents(struct cli *c, struct store *s, struct store_filter *f, bool inbound);

/* The received document that carries this id. Errors: status.not-found, status.ambiguous. */
int inbox_find(
    struct in_row *row, struct store *s, const char *id, struct arena *a, struct err *e) MUST_CHECK;

#endif
