#include "ap/base/csv.h"

#include <iconv.h>
#include <string.h>

/* ---- bytes to UTF-8 ---- */

static int convert(struct buf *out, struct str in, const char *from, struct err *e)
{
    iconv_t cd = iconv_open("UTF-8", from);
    size_t left = in.n;
    union { /* iconv does not write to its input */
        const char *in;
        char *p;
    } at = {in.p};
    int rc = 0;

    if (cd == (iconv_t)-1)
        return err_errno(e, "csv.text", "convert from", from);
    while (left && !rc) {
        char piece[4096], *to = piece;
        size_t room = sizeof(piece), before = left;
        size_t got = iconv(cd, &at.p, &left, &to, &room);
        buf_add(out, piece, sizeof(piece) - room);
        if (got == (size_t)-1 && left == before)
            rc = err_set(e, ERR_INPUT, "csv.text", "", "the list is no whole %s text", from);
    }
    (void)iconv_close(cd);
    return rc || buf_check(out, e) ? -1 : 0;
}

static int decode(struct buf *out, struct str bytes, struct err *e)
{
    if (bytes.n > CSV_MAX)
        return err_set(e, ERR_INPUT, "csv.text", "", "the list is larger than 128 MiB");
    if (str_has_prefix(bytes, STR("\xff\xfe")))
        return convert(out, str_sub(bytes, 2, bytes.n), "UTF-16LE", e);
    if (str_has_prefix(bytes, STR("\xfe\xff")))
        return convert(out, str_sub(bytes, 2, bytes.n), "UTF-16BE", e);
    if (str_has_prefix(bytes, STR("\xef\xbb\xbf")))
        bytes = str_sub(bytes, 3, bytes.n);
    if (!str_is_utf8(bytes))
        return convert(out, bytes, "WINDOWS-1252", e);
    buf_str(out, bytes);
    return buf_check(out, e);
}

/* ---- separator ---- */

static struct str first_line(struct str text)
{
    bool quoted = false;
    size_t i = 0;

    for (; i < text.n && (quoted || text.p[i] != '\n'); i++)
        quoted ^= text.p[i] == '"';
    return str_sub(text, 0, i);
}

static char find_separator(struct str line)
{
    static const char candidates[] = ";,\t|";
    size_t most = 0;
    char best = '\0';

    for (const char *c = candidates; *c; c++) {
        bool quoted = false;
        size_t n = 0;
        for (size_t i = 0; i < line.n; i++) {
            quoted ^= line.p[i] == '"';
            n += !quoted && line.p[i] == *c;
        }
        if (n > most) {
            most = n;
            best = *c;
        }
    }
    return best;
}

int csv_open(struct csv *c, struct str bytes, struct err *e)
{
    struct str line;

    *c = (struct csv){.line = 1};
    buf_init(&c->text, 2 * (size_t)CSV_MAX);
    if (decode(&c->text, bytes, e))
        return -1;
    if (c->text.n && memchr(c->text.p, '\0', c->text.n))
        return err_set(
            e, ERR_INPUT, "csv.text", "", "the list has NUL bytes: a spreadsheet file, no CSV?");
    line = str_trim(first_line(buf_view(&c->text)));
    if (line.n == 5 && str_has_prefix(line, STR("sep="))) { /* Excel's own first line */
        c->sep = line.p[4];
        c->at = first_line(buf_view(&c->text)).n + 1;
        c->line = 2;
    } else {
        c->sep = find_separator(line);
    }
    return 0;
}

void csv_close(struct csv *c)
{
    buf_free(&c->text);
}

/* ---- rows ---- */

static bool ends(const struct csv *c, size_t at)
{
    return at >= c->text.n || c->text.p[at] == '\n' || (c->sep && c->text.p[at] == c->sep);
}

static int quoted(struct str *out, struct csv *c, struct arena *a, struct err *e)
{
    int line = c->line;
    struct buf b;

    buf_init(&b, CSV_CELL);
    for (c->at++; c->at < c->text.n; c->at++) {
        char ch = c->text.p[c->at];
        if (ch == '"' && (c->at + 1 >= c->text.n || c->text.p[c->at + 1] != '"'))
            break;
        c->at += ch == '"';
        c->line += ch == '\n';
        buf_putc(&b, ch);
    }
    if (c->at >= c->text.n) {
        buf_free(&b);
        return err_set(
            e, ERR_INPUT, "csv.quote", "RFC 4180 2", "line %d: a quote is never closed", line);
    }
    if (!buf_ok(&b) && !b.full)
        return err_nomem(e);
    if (!buf_ok(&b))
        return err_set(e, ERR_INPUT, "csv.size", "", "line %d: a cell is larger than 64 KiB", line);
    for (c->at++; !ends(c, c->at); c->at++) /* what stands between quote and separator */
        if (!strchr(" \t\r", c->text.p[c->at])) {
            buf_free(&b);
            return err_set(
                e, ERR_INPUT, "csv.quote", "RFC 4180 2", "line %d: text behind a quote", line);
        }
    out->p = arena_dup(a, str_trim(buf_view(&b)));
    out->n = out->p ? strlen(out->p) : 0;
    buf_free(&b);
    return out->p ? 0 : err_nomem(e);
}

static int cell(struct str *out, struct csv *c, struct arena *a, struct err *e)
{
    size_t from = c->at;

    while (c->at < c->text.n && c->text.p[c->at] == ' ' && !ends(c, c->at))
        c->at++;
    if (c->at < c->text.n && c->text.p[c->at] == '"')
        return quoted(out, c, a, e);
    while (!ends(c, c->at))
        c->at++;
    *out = str_trim(str_sub(buf_view(&c->text), from, c->at - from));
    return out->n <= CSV_CELL ? 0
                              : err_set(e, ERR_INPUT, "csv.size", "",
                                    "line %d: a cell is larger than 64 KiB", c->line);
}

static int one_row(struct csv_row *row, struct csv *c, struct arena *a, struct err *e)
{
    row->n = 0;
    row->line = c->line;
    for (;;) {
        if (row->n == CSV_CELLS)
            return err_set(
                e, ERR_INPUT, "csv.size", "", "line %d: more than %d cells", row->line, CSV_CELLS);
        if (cell(&row->cell[row->n++], c, a, e))
            return -1;
        if (c->at >= c->text.n || c->text.p[c->at] == '\n')
            break;
        c->at++; /* the separator */
    }
    c->at++;
    c->line++;
    return 0;
}

int csv_next(struct csv_row *row, struct csv *c, struct arena *a, struct err *e)
{
    while (c->at < c->text.n) {
        if (one_row(row, c, a, e))
            return -1;
        for (size_t i = 0; i < row->n; i++)
            if (row->cell[i].n)
                return 1;
    }
    return 0;
}
