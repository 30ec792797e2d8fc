/* xml_tags.h - what must be known of a document's tags before libxml2 sees them. Any thread.
 *
 * libxml2 compares each attribute of a tag with each before it tells of any: a tag with a million
 * of them would take minutes. So they are counted first: in a tag every `=` outside quotes belongs
 * to one. */
#ifndef AP_XML_XML_TAGS_H
#define AP_XML_XML_TAGS_H

#include <stdbool.h>

#include "ap/base/str.h"

/* No tag of `text` has more than `max` attributes. Reads as the parser does up to the first fault,
 * and there the parser stops; bytes that are not ASCII-compatible must be refused before. */
bool xml_tags_are_short(struct str text, unsigned max);

#endif
