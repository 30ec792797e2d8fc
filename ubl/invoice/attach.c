/* attach.c - BG-24: which kinds of files may be embedded, and embedding one. */
#include <string.h>

#include "ap/base/enc.h"
#include "ubl/atomic/ucs.h"
#include "ubl/invoice/invoice_priv.h"

#define PDF_HEAD 1024 /* bytes in which a PDF must say what it is: readers allow bytes before */
#define ODS_AT 30     /* where a ZIP archive whose first entry is "mimetype" names it */

#define ODS "application/vnd.oasis.opendocument.spreadsheet"

static const struct { /* PEPPOL-EN16931-CL001 */
    const char *suffix, *media;
} kinds[] = {{".pdf", "application/pdf"}, {".png", "image/png"}, {".jpg", "image/jpeg"},
    {".jpeg", "image/jpeg"}, {".csv", "text/csv"},
    {".xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}, {".ods", ODS}};
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

bool inv_media_allowed(struct str media)
{
    for (size_t i = 0; i < KINDS; i++)
        if (str_eqz(media, kinds[i].media))
            return true;
    return false;
}

static const char *media_of(struct str name)
{
    for (size_t i = 0; i < KINDS; i++) {
        struct str suffix = str_z(kinds[i].suffix);
        if (name.n > suffix.n && str_ieq(str_sub(name, name.n - suffix.n, suffix.n), suffix))
            return kinds[i].media;
    }
    return NULL;
}

/* What the bytes say they are; a table is known by being nothing else. */
static bool looks_like(const char *media, struct str s)
{
    bool zip = str_has_prefix(s, STR("PK\x03\x04"));

    if (strcmp(media, "application/pdf") == 0)
        return str_find(str_sub(s, 0, PDF_HEAD), STR("%PDF-")) < (s.n < PDF_HEAD ? s.n : PDF_HEAD);
    if (strcmp(media, "image/png") == 0)
        return str_has_prefix(s, STR("\x89PNG\r\n\x1a\n"));
    if (strcmp(media, "image/jpeg") == 0)
        return str_has_prefix(s, STR("\xff\xd8\xff"));
    if (strcmp(media, "text/csv") == 0)
        return !zip && !str_has_prefix(s, STR("%PDF-")) &&
               (!memchr(s.p, '\0', s.n) || str_has_prefix(s, STR("\xff\xfe")) ||
                   str_has_prefix(s, STR("\xfe\xff")));
    return zip && str_has_prefix(str_sub(s, ODS_AT, s.n), STR("mimetype" ODS)) ==
                      (strcmp(media, ODS) == 0);
}

/* Bytes of what is embedded already, about. */
static size_t embedded(const struct invoice *v)
{
    size_t n = 0;

    for (struct inv_node *a = inv_find(v->root, INV_ATTACHMENT); a; a = inv_same(a))
        n += inv_text(a, INV_ATTACHMENT_CONTENT).n / 4 * 3;
    return n;
}

static const char *check(const struct invoice *v, struct str name, struct str bytes, struct err *e)
{
    const char *media = media_of(name);
    size_t before = embedded(v);

    if (!media || (bytes.n && !looks_like(media, bytes)))
        (void)err_set(e, ERR_INPUT, "invoice.attachment", "PEPPOL-EN16931-CL001",
            "%s; .pdf, .png, .jpg, .jpeg, .csv, .xlsx and .ods may be attached",
            media ? "the content is not what the name says" : "a file of this name may not be");
    else if (!ucs_valid_xml(name))
        (void)err_set(e, ERR_INPUT, "invoice.attachment", "BT-125-2",
            "the file's name is not text in UTF-8, which the document would carry it in");
    else if (!bytes.n)
        (void)err_set(e, ERR_INPUT, "invoice.attachment", "BT-125", "the file is empty");
    else if (bytes.n > INVOICE_FILE_MAX || before > INVOICE_FILE_MAX - bytes.n)
        (void)err_set(e, ERR_INPUT, "invoice.limit", "BG-24",
            "attachments of more than %zu MiB, the most for one invoice", INVOICE_FILE_MAX >> 20);
    else
        return media;
    return NULL;
}

static struct str base64(struct invoice *v, struct str bytes)
{
    struct str text = STR("");
    struct buf b;

    buf_init(&b, INVOICE_FILE_MAX / 3 * 4 + 4);
    enc_b64(&b, bytes.p, bytes.n);
    if (buf_ok(&b) && (text.p = arena_dup(v->a, buf_view(&b))))
        text.n = b.n;
    buf_free(&b);
    return text;
}

int invoice_attach(struct invoice *v, struct str path, struct str bytes, struct err *e)
{
    size_t slash = str_rfind(path, STR("/"));
    struct str name = str_trim(slash == path.n ? path : str_sub(path, slash + 1, path.n));
    const char *media = check(v, name, bytes, e);
    const struct {
        enum inv_id id;
        struct str text;
    } members[] = {{INV_ATTACHMENT_ID, name}, {INV_ATTACHMENT_MIME, str_z(media)},
        {INV_ATTACHMENT_FILE, name}};
    struct inv_node *in;
    struct str content;

    if (!media)
        return -1;
    content = base64(v, bytes);
    in = content.n ? inv_add(v, v->root, INV_ATTACHMENT, STR(""), 0) : NULL;
    if (!in || !inv_add(v, in, INV_ATTACHMENT_CONTENT, content, 0))
        return err_nomem(e);
    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
        if (!inv_add(v, in, members[i].id, members[i].text, 0))
            return err_nomem(e);
    return 0;
}
