/* xml_tags.c - see xml_tags.h. */
#include "ap/xml/xml_tags.h"

#include <string.h>

/* Behind the markup at p that is no tag (a comment, CDATA section, processing instruction,
 * DOCTYPE); p itself when it is a tag; end when the parser will not get past it. */
static const char *skip_other(const char *p, const char *end)
{
    static const struct {
        struct str open, close;
    } kinds[] = {{{"<!--", 4}, {"-->", 3}}, {{"<![CDATA[", 9}, {"]]>", 3}}, {{"<?", 2}, {"?>", 2}}};
    struct str rest = {p, (size_t)(end - p)};

    if (rest.n < 2 || (p[1] != '!' && p[1] != '?'))
        return p;
    for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
        if (str_has_prefix(rest, kinds[i].open)) {
            rest = str_sub(rest, kinds[i].open.n, rest.n);
            size_t at = str_find(rest, kinds[i].close);
            return at == rest.n ? end : rest.p + at + kinds[i].close.n;
        }
    return str_has_prefix(rest, STR("<!")) ? end : p;
}

bool xml_tags_are_short(struct str text, unsigned max)
{
    const char *p = text.p, *end = p + text.n;

    while (p < end && (p = memchr(p, '<', (size_t)(end - p)))) {
        const char *tag = p, *next;
        unsigned seen = 0;
        char quote = 0;
        if ((p = skip_other(tag, end)) != tag)
            continue;
        /* no tag goes past the next one: what is not longer than max has not more attributes */
        next = memchr(tag + 1, '<', (size_t)(end - tag - 1));
        p = next ? next : end;
        if ((size_t)(p - tag) <= max)
            continue;
        p = tag;
        for (p++; p < end && (quote || *p != '>'); p++) {
            if (quote)
                quote = *p == quote ? 0 : quote;
            else if (*p == '"' || *p == '\'')
                quote = *p;
            else if (*p == '=' && ++seen > max)
                return false;
        }
    }
    return true;
}
