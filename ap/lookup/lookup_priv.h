/* lookup_priv.h - a lookup's parts, for the files of this folder. */
#ifndef AP_LOOKUP_LOOKUP_PRIV_H
#define AP_LOOKUP_LOOKUP_PRIV_H

#include <pthread.h>

#include "ap/lookup/lookup_cache.h"
#include "ap/lookup/sml.h"

struct lookup {
    struct lookup_cfg cfg;
    pthread_mutex_t lock; /* of cfg.times */
    struct sml *sml;
    struct lookup_cache *cache;
    unsigned long saved; /* changes of the cache that lookup_save has written */
};

#endif
