/* registry.c - reads registry.tsv. */
#include "ap/testnet/registry.h"

#include <stdio.h>

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
    if (participant_parse(&out->participant, cut(&line), e) ||
        read_doctype(&out->doctype, cut(&line), e) || process_parse(&out->process, cut(&line), e))
        return -1;
    out->url = arena_dup(a, cut(&line));
    out->cert_file = arena_dup(a, str_trim(line));
    return out->url && out->cert_file ? 0 : err_nomem(e);
}

int registry_read(
    struct registry_entry **out, size_t *n, const char *dir, struct arena *a, struct err *e)
{
    struct registry_entry *rows = arena_alloc(a, sizeof(*rows) * MAX_ENTRIES);
    char path[4200];
    struct str rest;
    struct buf text;
    int line = 0, rc;

    buf_init(&text, 1 << 20);
    (void)snprintf(path, sizeof(path), "%s/registry.tsv", dir);
    rc = rows ? fsx_read_file(&text, path, e) : err_nomem(e);
    *n = 0;
    for (rest = buf_view(&text); !rc && rest.n;) {
        size_t end = str_find(rest, STR("\n"));
        struct str one = str_sub(rest, 0, end);
        rest = str_sub(rest, end + 1, rest.n);
        line++;
        if (!str_trim(one).n || one.p[0] == '#')
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
