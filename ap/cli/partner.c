#include "ap/cli/partner.h"

#include <stdio.h>
#include <string.h>

#include "ap/peppol/participant.h"

int partner_name(char out[STORE_DEST], const char *text, struct err *e)
{
    struct participant p, canonical, seat;
    struct err ignored = ERR_INIT;
    struct buf b;
    int rc;

    if (participant_spis_from_seat(&seat, text, &ignored) == 0) {
        (void)snprintf(out, STORE_DEST, "%s", text);
        return 0;
    }
    if (participant_parse(&p, str_z(text), e))
        return err_next(e, "give a participant (0208:0123456789) or a Seat ID (POP000123)");
    participant_canonical(&canonical, &p);
    buf_init(&b, STORE_DEST);
    participant_text(&b, &canonical);
    rc = buf_check(&b, e);
    if (!rc)
        (void)snprintf(out, STORE_DEST, "%s", b.p);
    buf_free(&b);
    return rc;
}
