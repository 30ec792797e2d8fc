/* scan.c - what must be known of the bytes before libxml2 sees them.
 *
 * Encodings in which an ASCII character could be written in other bytes (UTF-7, EBCDIC …) are
 * refused, since such a document could hide its tags. */
#include "ubl/tree/tree_priv.h"

#include <stdlib.h>

#include "ap/xml/xml_tags.h"

static bool is_any(struct str name, const char *const *list)
{
    for (; *list; list++)
        if (str_has_prefix(name, str_z(*list)))
            return true;
    return false;
}

/* The encoding named in the XML declaration, in upper case; empty when there is none. */
static struct str declared(struct str s, char *room, size_t n)
{
    struct str head = str_sub(s, 0, 300), value;
    size_t at;

    if (str_has_prefix(head, STR("\xef\xbb\xbf")))
        head = str_sub(head, 3, head.n);
    if (!str_has_prefix(head, STR("<?xml")))
        return STR("");
    head = str_sub(head, 0, str_find(head, STR("?>")));
    if ((at = str_find(head, STR("encoding"))) == head.n)
        return STR("");
    value = str_trim(str_sub(head, at + 8, head.n));
    if (value.n == 0 || value.p[0] != '=')
        return STR("");
    value = str_trim(str_sub(value, 1, value.n));
    if (value.n < 2)
        return STR("");
    value = str_sub(value, 1, str_find(str_sub(value, 1, value.n), (struct str){value.p, 1}));
    if (value.n >= n)
        return STR("?");
    for (size_t i = 0; i < value.n; i++)
        room[i] = (char)(value.p[i] >= 'a' && value.p[i] <= 'z' ? value.p[i] - 32 : value.p[i]);
    return (struct str){room, value.n};
}

/* Bytes of a character: 4 UTF-32, 2 UTF-16, 1 the rest; *low: which of them is the low one. */
static size_t width_of(struct str s, size_t *low)
{
    static const struct {
        const char *head;
        size_t n, width, low;
    } forms[] = {{"\xff\xfe\0\0", 4, 4, 0}, {"\0\0\xfe\xff", 4, 4, 3}, {"<\0\0\0", 4, 4, 0},
        {"\0\0\0<", 4, 4, 3}, {"\xff\xfe", 2, 2, 0}, {"\xfe\xff", 2, 2, 1}, {"<\0", 2, 2, 0},
        {"\0<", 2, 2, 1}};

    *low = 0;
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
        if (s.n >= forms[i].n && memcmp(s.p, forms[i].head, forms[i].n) == 0) {
            *low = forms[i].low;
            return forms[i].width;
        }
    return 1;
}

/* Each wide character as its ASCII one, or as 'x'. */
static char *narrow(struct str s, size_t width, size_t low, size_t *n)
{
    char *out = malloc(s.n / width + 1);

    *n = s.n / width;
    for (size_t i = 0; out && i < *n; i++) {
        const char *c = s.p + i * width;
        bool ascii = true;
        for (size_t k = 0; k < width; k++)
            ascii &= k == low ? (unsigned char)c[k] < 0x80 : c[k] == 0;
        out[i] = c[low];
        if (!ascii)
            out[i] = 'x';
    }
    return out;
}

int tree_scan(struct str s, const struct tree_limits *l, struct err *e)
{
    static const char *const known[] = {"UTF-8", "UTF8", "UTF-16", "UTF-32", "UCS-4", "ISO-10646",
        "US-ASCII", "ASCII", "ISO-8859-", "ISO8859-", "ISO_8859-", "LATIN", "WINDOWS-125", "CP125",
        NULL};
    char room[32], *wide = NULL;
    size_t low, n = s.n, width = width_of(s, &low);
    struct str name = width == 1 ? declared(s, room, sizeof(room)) : STR("");
    const char *p = s.p;
    bool good;

    if (name.n && !is_any(name, known))
        return err_set(e, ERR_INPUT, "xml.encoding", "XML 1.0 4.3.3",
            "encoding %.*s is not taken: write UTF-8", STR_FMT(name));
    if (width > 1 && !(p = wide = narrow(s, width, low, &n)))
        return err_nomem(e);
    good = xml_tags_are_short((struct str){p, n}, l->attributes);
    free(wide);
    return good ? 0
                : err_set(e, ERR_INPUT, "xml.limit", "", "more than %u attributes in one tag",
                      l->attributes);
}
