/* publish_view.h - what an SMP has of a participant, as people and programs see it. One thread. */
#ifndef AP_CLI_PUBLISH_VIEW_H
#define AP_CLI_PUBLISH_VIEW_H

#include "ap/cli/cli.h"
#include "ap/publish/publish.h"

enum publish_tense { PUBLISH_IS, PUBLISH_WOULD, PUBLISH_DONE }; /* compared; planned; carried out */

struct publish_view {
    const struct publish_ours *ours;
    const struct publish_state *state;
    const char *smp; /* base URL that was asked */
    bool registered; /* the SML names an SMP */
    const char *sml; /* its URL; "" when not registered, NULL when it was not asked */
    enum publish_tense tense;
};

void publish_view_text(FILE *out, const struct publish_view *v);
/* NULL when memory is out. */
struct json_object *publish_view_json(const struct publish_view *v);

#endif
