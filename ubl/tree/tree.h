/* tree.h - a compact, immutable XML document: arrays in document order, 32-bit node numbers.
 *
 * Built in one pass from libxml2's SAX2 events, never through its DOM (measured: the DOM of a
 * 10,000-line invoice costs seven times its SAX parse). Node 0 is the document node; a node's
 * attributes follow it directly, then its children; nodes[n].end is one past the last descendant,
 * so a subtree is a range and the next sibling is found without a pointer. All character data lies
 * in one block in document order: the string value of *any* element is a slice of it, never a copy.
 * Names are interned per document (names[0] is "no name"); by_name lists the nodes of each name.
 * A tree is read-only once parsed: any number of threads may read it. XDM 2.0 §6. */
#ifndef UBL_TREE_TREE_H
#define UBL_TREE_TREE_H

#include <stdint.h>

#include "ap/base/err.h"
#include "ap/base/str.h"

enum tree_kind {
    TREE_DOCUMENT,
    TREE_ELEMENT,
    TREE_ATTRIBUTE,
    TREE_TEXT,
    TREE_COMMENT,
    TREE_PI /* name = target (no namespace) */
};

#define TREE_NONE UINT32_MAX /* "no such node" */

struct tree_node {
    uint32_t name;   /* into names[]; 0 = none */
    uint32_t parent; /* TREE_NONE for the document node */
    uint32_t end;    /* one past the last descendant or attribute */
    uint32_t line;   /* 1-based line where the start tag ends; 0 = unknown */
    uint32_t val;    /* string value: offset into text (document, element, text) or misc (others) */
    uint32_t len;
    uint16_t nattr; /* attributes of an element; they are nodes n+1 … n+nattr */
    uint16_t prefix;
    uint8_t kind; /* enum tree_kind */
};

struct tree_name {
    struct str local, uri;
    uint32_t hash;   /* tree_name_hash(uri, local) */
    uint32_t uri_id; /* into uris[] */
    uint32_t
        first; /* by_name[first … first+count): its elements and attributes in document order */
    uint32_t count;
};

struct tree_nsdecl { /* in document order of `node` */
    uint32_t node;
    uint32_t uri_id;
    uint16_t prefix;
};

struct tree {
    const struct tree_node *nodes;
    uint32_t n;
    uint32_t n_names, n_uris, n_prefixes, n_nsdecls;
    const struct tree_name *names;
    const struct str *uris;     /* uris[0] = "" */
    const struct str *prefixes; /* prefixes[0] = "" */
    const uint32_t *by_name;
    const struct tree_nsdecl *nsdecls;
    const char *text; /* all text nodes, one after the other */
    const char *misc; /* attribute values, comments, processing instructions */
    size_t text_n, misc_n;
    struct str uri; /* document URI given to tree_parse, or "" */
};

/* Past any of these the parse stops with xml.limit (class ERR_INPUT). */
struct tree_limits {
    size_t bytes;        /* of the input; default 256 MiB */
    size_t attr_bytes;   /* of one attribute value; default 1 MiB */
    uint32_t depth;      /* default 256 */
    uint32_t attributes; /* of one element; default 1,000 */
    uint32_t names;      /* distinct expanded names; default 10,000 */
    uint32_t nodes;      /* default 50,000,000 */
};
extern const struct tree_limits tree_limits_default;

/* A second listener on the same pass, such as XSD validation: attach is called after the parser
 * context is made and may wrap the SAX handler and its user data (as xmlSchemaSAXPlug does); detach
 * is called, once, after the parse and before the parser context is freed, whatever happened.
 * Errors set by attach stop the parse. */
struct _xmlParserCtxt;
struct _xmlSAXHandler;
struct tree_plug {
    void *self;
    int (*attach)(void *self, struct _xmlParserCtxt *ctxt, struct _xmlSAXHandler **sax, void **user,
        struct err *e);
    void (*detach)(void *self);
};

/* Parse one document. No network, no DTD (a DOCTYPE is refused at once: xml.doctype), no entities
 * but the five built-in ones, UTF-8, UTF-16, UTF-32, Latin and Windows encodings. `uri` may be
 * NULL; `l` NULL = defaults; `plug` may be NULL. Errors: xml.malformed (with line and column),
 * xml.doctype, xml.limit (ERR_INPUT), memory.exhausted. The input is not kept. Free with tree_free.
 * Reentrant. */
int tree_parse(struct tree **out, struct str bytes, const char *uri, const struct tree_limits *l,
    const struct tree_plug *plug, struct err *e) MUST_CHECK;
void tree_free(struct tree *t); /* NULL is fine */

/* Take a document out of its envelope: element `root` becomes the root of the tree, as if it had
 * come alone, with the namespaces in scope there; lines stay. Node numbers change. Before any
 * sharing. */
int tree_narrow(struct tree *t, uint32_t root, struct err *e) MUST_CHECK;

uint32_t tree_name_hash(struct str uri, struct str local);
/* The document's number of a name, 0 when the document does not use it. */
uint32_t tree_name_find(const struct tree *t, struct str uri, struct str local);
/* Namespace of a prefix in scope at an element ("" = default namespace); false when not bound. */
bool tree_ns_lookup(const struct tree *t, uint32_t node, struct str prefix, struct str *uri);

/* ---- reading, all O(1) ---- */
static inline enum tree_kind tree_kind_of(const struct tree *t, uint32_t n)
{
    return (enum tree_kind)t->nodes[n].kind;
}
static inline struct str tree_string(const struct tree *t, uint32_t n)
{
    const struct tree_node *x = &t->nodes[n];
    bool text = x->kind <= TREE_TEXT && x->kind != TREE_ATTRIBUTE;
    return (struct str){(text ? t->text : t->misc) + x->val, x->len};
}
static inline struct str tree_local(const struct tree *t, uint32_t n)
{
    return t->names[t->nodes[n].name].local;
}
static inline struct str tree_uri(const struct tree *t, uint32_t n)
{
    return t->names[t->nodes[n].name].uri;
}
static inline struct str tree_prefix(const struct tree *t, uint32_t n)
{
    return t->prefixes[t->nodes[n].prefix];
}
static inline uint32_t tree_first_child(const struct tree *t, uint32_t n)
{
    const struct tree_node *x = &t->nodes[n];
    uint32_t c = n + 1 + x->nattr;
    return c < x->end ? c : TREE_NONE;
}
static inline uint32_t tree_next_sibling(const struct tree *t, uint32_t n)
{
    const struct tree_node *x = &t->nodes[n];
    if (x->parent == TREE_NONE || x->kind == TREE_ATTRIBUTE || x->end >= t->nodes[x->parent].end)
        return TREE_NONE;
    return x->end;
}
static inline uint32_t tree_root_element(const struct tree *t)
{
    for (uint32_t c = tree_first_child(t, 0); c != TREE_NONE; c = tree_next_sibling(t, c))
        if (t->nodes[c].kind == TREE_ELEMENT)
            return c;
    return TREE_NONE;
}

#endif
