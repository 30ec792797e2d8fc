/* render_priv.h - what the parts of the renderer share: the slim tree, its functions, its labels.
 */
#ifndef UBL_RENDER_RENDER_PRIV_H
#define UBL_RENDER_RENDER_PRIV_H

#include <libxml/tree.h>
#include <libxslt/xsltInternals.h>

#include "ubl/render/render.h"

#define RENDER_NS "urn:aviso:render"
#define RENDER_CAC "urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2"
#define RENDER_CBC "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2"
#define RENDER_EXT "urn:oasis:names:specification:ubl:schema:xsd:CommonExtensionComponents-2"

/* Compiled in from the files of these names. */
struct str render_page_xsl(void), render_page_css(void), render_labels_xml(void);

const char *render_lang_tag(enum render_lang lang); /* "nl" */
/* The label in this language, or NULL. Kept for the life of the program. */
const char *render_label(enum render_lang lang, const char *id);

/* The document as a tree without white space, extensions and the bytes of embedded files: those
 * have r:bytes instead, their length. The caller frees it with xmlFreeDoc. */
int render_load(xmlDoc **out, const struct blob *in, struct err *e) MUST_CHECK;

/* r:qr and r:qrsize on each PaymentMeans that a SEPA credit transfer can settle. */
int render_add_codes(xmlNode *root, struct err *e) MUST_CHECK;
/* The text of the code of one of them (EPC069-12 version 2); false: the data do not allow one. */
bool render_epc(struct buf *out, const xmlNode *root, const xmlNode *means);

/* "1.234,50" of the decimal "1234.50", its digits unchanged; anything else as it is. */
void render_number(struct buf *out, struct str s, enum render_lang lang);
/* "20 november 2026" of "2026-11-20"; anything else as it is. */
void render_date(struct buf *out, struct str s, enum render_lang lang);
void render_size(struct buf *out, unsigned long long bytes, enum render_lang lang); /* "12.3 kB" */

/* The functions of page.xsl, in `ctx`. */
int render_functions(xsltTransformContext *ctx, const enum render_lang *lang);

#endif
