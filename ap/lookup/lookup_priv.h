/* lookup_priv.h - a lookup's parts, for the files of this folder. */
#ifndef AP_LOOKUP_LOOKUP_PRIV_H
#define AP_LOOKUP_LOOKUP_PRIV_H

#include "ap/lookup/lookup_cache.h"
#include "ap/lookup/sml.h"

struct lookup {
    struct lookup_cfg cfg;
    struct sml *sml;
    struct lookup_cache *cache; /* NULL: none */
    unsigned long saved;        /* changes of the cache that lookup_save has written */
};

#endif
