/* xml.h - libxml2 behind one hardened door: SOAP headers, SMP answers, anything small and hostile.
 *
 * A DOCTYPE is refused where it stands (nothing of it is expanded or fetched), depth, size,
 * attribute and node counts are bounded, nothing touches the network. Documents that carry payload
 * are never parsed here (see ap/peppol/sbdh.h, ubl/tree). Trees belong to the arena and to one
 * thread. */
#ifndef AP_XML_XML_H
#define AP_XML_XML_H

#include <libxml/tree.h>

#include "ap/base/arena.h"
#include "ap/base/buf.h"
#include "ap/base/err.h"
#include "ap/base/str.h"

struct xml_limits {
    size_t max_bytes;   /* default 1 MiB */
    unsigned max_depth; /* default 64 */
    unsigned max_attrs; /* in one element; default 64 */
    unsigned max_nodes; /* elements, comments, processing instructions; default 20,000 */
};
extern const struct xml_limits XML_DEFAULT;

/* Once, before threads: libxml2 set up, its error printing silenced. */
void xml_init(void);

/* Parse a whole document; the tree is freed with the arena. White space and prefixes are kept as
 * received (c14n depends on it). Only UTF-8. xml.malformed, xml.doctype, xml.encoding, xml.limit:
 * all ERR_INPUT. */
int xml_parse(xmlDoc **out, struct arena *a, const void *p, size_t n, const struct xml_limits *l,
    struct err *e) MUST_CHECK;
/* Does this name of an encoding, or none, mean bytes that can be read as UTF-8? */
bool xml_is_utf8_name(struct str name);
int xml_new(xmlDoc **out, struct arena *a, struct err *e) MUST_CHECK;

bool xml_is(const xmlNode *n, const char *ns, const char *local); /* ns NULL: no namespace */
/* First child element of that name, or NULL. `after`: the next one following it. */
xmlNode *xml_child(const xmlNode *parent, const char *ns, const char *local);
xmlNode *xml_next(const xmlNode *after, const char *ns, const char *local);
xmlNode *xml_first_element(const xmlNode *parent);
xmlNode *xml_next_element(const xmlNode *after);
/* Exactly one such child; none or several is xml.missing / xml.repeated (ERR_INPUT). */
int xml_only_child(xmlNode **out, const xmlNode *parent, const char *ns, const char *local,
    struct err *e) MUST_CHECK;
/* All character data below n, comments left out and the pieces joined, white space kept; in the
 * arena. An element child makes it xml.mixed. */
int xml_text(struct str *out, struct arena *a, const xmlNode *n, struct err *e) MUST_CHECK;
/* The same, trimmed of white space. */
int xml_text_trim(struct str *out, struct arena *a, const xmlNode *n, struct err *e) MUST_CHECK;
/* Attribute value in the arena; absent: *out = {NULL,0} and 0. */
int xml_attr(struct str *out, struct arena *a, const xmlNode *n, const char *ns, const char *local,
    struct err *e) MUST_CHECK;

/* Register every wsu:Id, Id and xml:id so that "#id" finds one node. The same value twice in the
 * document is xml.duplicate-id: signature wrapping lives on that. */
int xml_ids_register(xmlDoc *d, struct err *e) MUST_CHECK;
xmlNode *xml_by_id(const xmlDoc *d, const char *id); /* NULL when absent */

/* Building. `n` must be able to see the namespace prefix. NULL when memory is out. */
xmlNode *xml_add(xmlNode *parent, xmlNs *ns, const char *local);
xmlNode *xml_add_text(xmlNode *parent, xmlNs *ns, const char *local, struct str text);
int xml_set(xmlNode *n, xmlNs *ns, const char *local, const char *value); /* 0 or -1 (memory) */

enum xml_c14n { XML_C14N_10, XML_C14N_EXC };
/* Canonical form of the subtree at n, without comments, appended to out. `inclusive_prefixes`:
 * InclusiveNamespaces PrefixList for XML_C14N_EXC, NULL-terminated, or NULL. */
int xml_c14n(struct buf *out, xmlNode *n, enum xml_c14n how, char *const *inclusive_prefixes,
    struct err *e) MUST_CHECK;
/* The same of a whole document, processing instructions around the root included. */
int xml_c14n_doc(struct buf *out, xmlDoc *d, enum xml_c14n how, struct err *e) MUST_CHECK;
/* Character data and attribute values as canonical XML writes them. */
void xml_c14n_text(struct buf *out, const char *s);
void xml_c14n_attr(struct buf *out, const char *s);
/* The document as UTF-8 with an XML declaration, not reformatted. */
int xml_write(struct buf *out, xmlDoc *d, struct err *e) MUST_CHECK;
/* The bytes of one element with the namespaces it needs (for keeping a signed part). */
int xml_write_node(struct buf *out, xmlNode *n, struct err *e) MUST_CHECK;

#endif
