/* tree_priv.h - the builder that SAX events fill; becomes the struct tree at the end. */
#ifndef UBL_TREE_TREE_PRIV_H
#define UBL_TREE_TREE_PRIV_H

#include "ubl/tree/tree.h"

/* A growing array: one realloc rule for nodes, text and the small tables. */
struct tree_vec {
    void *p;
    size_t n, cap, size; /* items in use, room for, bytes of one */
};

/* libxml2 gives interned names: equal strings have equal addresses, so this table hashes addresses.
 */
struct tree_slot {
    const void *local, *uri;
    uint32_t id;
};

struct tree_builder {
    const struct tree_limits *l;
    struct err *e;
    struct _xmlParserCtxt *ctxt;
    bool failed, text_open;
    uint32_t cur, depth;
    struct tree_vec nodes, names, uris, prefixes, nsdecls, text, misc;
    const void **prefix_ptr; /* parser's address of each prefix, same index */
    struct tree_slot *slots;
    size_t slots_cap;
};

/* Encoding and number of attributes, looked at in the bytes: scan.c. xml.encoding, xml.limit. */
int tree_scan(struct str bytes, const struct tree_limits *l, struct err *e);

struct _xmlSAXHandler;
void tree_builder_sax(struct _xmlSAXHandler *sax); /* fill in the handlers */
int tree_builder_init(struct tree_builder *b, size_t input_bytes);
void tree_builder_free(struct tree_builder *b);
int tree_builder_finish(struct tree_builder *b, const char *uri, struct tree **out);

#endif
