/* Target functions: ebms_user_message_read, ebms_profile_check, ebms_signal_read. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "ap/as4/ebms.h"
#include "ap/xml/xml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_signals(struct arena *a, const xmlNode *messaging)
{
    const xmlNode *n = xml_child(messaging, EBMS_NS, "SignalMessage");
    struct ebms_signal s;
    struct err e = ERR_INIT;

    for (; n; n = xml_next(n, EBMS_NS, "SignalMessage"))
        if (ebms_signal_read(&s, a, n, &e) && e.class == ERR_BUG)
            abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *a = arena_new(8 << 20);
    struct ebms_user_message um;
    struct err e = ERR_INIT;
    xmlDoc *d;

    xml_init();
    if (!a)
        return 0;
    if (xml_parse(&d, a, data, size, NULL, &e) == 0) {
        xmlNode *root = xmlDocGetRootElement(d);
        if (ebms_user_message_read(&um, a, root, &e)) {
            if (!e.ebms[0] && e.class == ERR_INPUT)
                abort();
        } else if (!um.message_id.n || !um.from.p || um.nparts > EBMS_MAX_PARTS) {
            abort();
        } else if (ebms_profile_check(&um, &e) && !e.ebms[0]) {
            abort();
        }
        if (ebms_check(root, &e) == 0)
            read_signals(a, root);
    }
    arena_free(a);
    return 0;
}
