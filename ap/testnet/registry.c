/* registry.c - reads and changes registry.tsv. */
#include "ap/testnet/registry.h"

#include <stdio.h>
#include <unistd.h>

#include "ap/base/fsx.h"

#define MAX_ENTRIES 512

static struct str cut(struct str *line)
{
    size_t tab = str_find(*line, STR("\t"));
    struct str field = str_sub(*line, 0, tab);

    *line = str_sub(*line, tab + 1, line->n);
    return field;
}

/* A registration may end in `*`: doctype_make, not doctype_parse. */
static int read_doctype(struct doctype *out, struct str text, struct err *e)
{
    size_t colon = str_find(text, STR("::"));

    return doctype_make(out, str_sub(text, 0, colon), str_sub(text, colon + 2, text.n), true, e);
}

static int read_line(struct registry_entry *out, struct str line, struct arena *a, struct err *e)
{
    struct str first = cut(&line);

    *out = (struct registry_entry){0};
    if (str_eqz(first, "group")) {
        out->owner = arena_dup(a, cut(&line));
        return !out->owner ? err_nomem(e) : participant_parse(&out->participant, str_trim(line), e);
    }
    if (participant_parse(&out->participant, first, e) ||
        read_doctype(&out->doctype, cut(&line), e))
        return -1;
    if (str_has_prefix(line, STR("@"))) {
        out->metadata = arena_dup(a, str_trim(str_sub(line, 1, line.n)));
        return out->metadata ? 0 : err_nomem(e);
    }
    if (process_parse(&out->process, cut(&line), e))
        return -1;
    out->url = arena_dup(a, cut(&line));
    out->cert_file = arena_dup(a, str_trim(line));
    return out->url && out->cert_file ? 0 : err_nomem(e);
}

static struct str next_line(struct str *rest)
{
    size_t end = str_find(*rest, STR("\n"));
    struct str line = str_sub(*rest, 0, end);

    *rest = str_sub(*rest, end + 1, rest->n);
    return line;
}

static bool is_entry(struct str line)
{
    return str_trim(line).n && line.p[0] != '#';
}

static int load(struct buf *text, const char *dir, char path[4200], struct err *e)
{
    buf_init(text, 1 << 20);
    (void)snprintf(path, 4200, "%s/registry.tsv", dir);
    return fsx_read_file(text, path, e);
}

int registry_read(
    struct registry_entry **out, size_t *n, const char *dir, struct arena *a, struct err *e)
{
    struct registry_entry *rows = arena_alloc(a, sizeof(*rows) * MAX_ENTRIES);
    char path[4200];
    struct str rest;
    struct buf text;
    int line = 0, rc;

    rc = load(&text, dir, path, e);
    if (!rows)
        rc = err_nomem(e);
    *n = 0;
    for (rest = buf_view(&text); !rc && rest.n;) {
        struct str one = next_line(&rest);
        line++;
        if (!is_entry(one))
            continue;
        if (*n == MAX_ENTRIES)
            rc = err_set(
                e, ERR_CONFIG, "testnet.registry", "", "%s: at most %d lines", path, MAX_ENTRIES);
        else if ((rc = read_line(&rows[(*n)++], one, a, e)))
            (void)err_wrap(e, "%s:%d: ", path, line);
    }
    buf_free(&text);
    *out = rows;
    return rc;
}

static bool is_about(struct str line, const struct participant *p, const struct doctype *d)
{
    struct arena *a = arena_new(1 << 16);
    struct registry_entry row;
    bool yes = a && is_entry(line) && read_line(&row, line, a, NULL) == 0 &&
               participant_same(&row.participant, p) && (!d || doctype_same(&row.doctype, d));

    arena_free(a);
    return yes;
}

int registry_change(const char *dir, const struct participant *p, const struct doctype *d,
    const char *line, struct err *e)
{
    struct buf text, fresh;
    char path[4200];
    struct str rest;
    int rc, fd = -1;

    buf_init(&fresh, 1 << 20);
    rc = load(&text, dir, path, e);
    for (rest = buf_view(&text); !rc && rest.n;) {
        struct str one = next_line(&rest);
        if (!is_about(one, p, d)) {
            buf_str(&fresh, one);
            buf_putc(&fresh, '\n');
        }
    }
    if (line)
        buf_printf(&fresh, "%s\n", line);
    if (!rc && !(rc = buf_check(&fresh, e)) && (rc = fd = fsx_open_dir(dir, e)) >= 0)
        rc = fsx_replace(fd, "registry.tsv", fresh.p, fresh.n, 0644, e);
    if (fd >= 0)
        (void)close(fd);
    buf_free(&text);
    buf_free(&fresh);
    return rc < 0 ? -1 : rc;
}
