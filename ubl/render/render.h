/* render.h - a UBL invoice or credit note as a page for people: HTML through libxslt.
 *
 * The page stands alone: no script, no link, nothing fetched (its CSP says so too); text of the
 * document stays text, each piece isolated so that direction marks do not reach beyond it. Every
 * value of the document is on it: what the layout has no place for is listed under "Further data".
 * The stylesheet, its CSS and the labels are compiled into the program: a page needs no installed
 * data, and nobody can put another stylesheet in its place. Any thread. */
#ifndef UBL_RENDER_RENDER_H
#define UBL_RENDER_RENDER_H

#include <stdbool.h>

#include "ap/base/blob.h"
#include "ap/base/buf.h"
#include "ap/base/err.h"

#define RENDER_ELEMENTS 1000000u       /* of the document */
#define RENDER_TEXT ((size_t)64 << 20) /* bytes of text in it; embedded files do not count */
#define RENDER_QR 4                    /* payment codes on one page */
#define RENDER_LANGUAGES "en, nl, fr, de, sv"

enum render_lang { RENDER_EN, RENDER_NL, RENDER_FR, RENDER_DE, RENDER_SV };
/* "en" or "nl-BE"; false when there are no labels in that language. */
bool render_lang_of(enum render_lang *out, const char *tag);

/* Append the page of the document in `in`: an Invoice or CreditNote, alone or in a
 * StandardBusinessDocument. A document need not be valid. Errors: those of xml_stream; render.kind,
 * render.limit (ERR_INPUT); memory.exhausted (past out's maximum); render.page (ERR_BUG). */
int render_html(
    struct buf *out, const struct blob *in, enum render_lang lang, struct err *e) MUST_CHECK;

/* Append the PDF of such a page. A program does it, the first found on $PATH of weasyprint,
 * chromium, chromium-browser and google-chrome: a child process without network where the kernel
 * allows, ended after `seconds`. render.no-tool, render.pdf (ERR_CONFIG), io.* for the temporary
 * folder. */
int render_pdf(struct buf *out, struct str html, unsigned seconds, struct err *e) MUST_CHECK;

#endif
