/* fds.h - how many descriptors this process may have open (RLIMIT_NOFILE). */
#ifndef AP_BASE_FDS_H
#define AP_BASE_FDS_H

#include <stdbool.h>
#include <stddef.h>

/* Raise the soft limit to `want` or as far as the hard one lets it; a higher one stays. What is
 * allowed now; what is started later inherits it. Any thread. */
size_t fds_allow(size_t want);

#define FDS_SPARE_MAX 32u
/* May n more (at most FDS_SPARE_MAX) be opened now? For what fares badly without; others may take
 * them before it does. Any thread. */
bool fds_spare(size_t n);

#endif
