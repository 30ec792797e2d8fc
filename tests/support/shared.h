/* shared.h - the developers' shared folder: $AVISO_SHARED, else ../shared. Tests that read it are
 * skipped, and say so, where it is not. One thread. */
#ifndef TESTS_SUPPORT_SHARED_H
#define TESTS_SUPPORT_SHARED_H

#include <stdbool.h>

/* The path of what lies there; good until four more were asked for. */
const char *shared(const char *what);
bool shared_has(const char *what);

/* In a cmocka test: skipped unless it can be read. */
#define NEEDS_SHARED(what)                                                                         \
    do {                                                                                           \
        if (!shared_has(what)) {                                                                   \
            print_message("[  SKIPPED ] %s: no %s\n", __func__, shared(what));                     \
            skip();                                                                                \
        }                                                                                          \
    } while (0)

#endif
