#include "ap/cli/inputs.h"

#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

struct walk {
    struct inputs *in;
    size_t given; /* bytes of what was given and its slash */
    unsigned deep;
    struct {
        dev_t dev;
        ino_t ino;
    } above[INPUTS_DEEP]; /* the folders we are in: a link back to one of them is not followed */
    struct err *e;
};

static int add(struct walk *w, const char *path, size_t name)
{
    struct inputs *in = w->in;

    if (in->n == in->cap) {
        size_t cap = in->cap ? in->cap * 2 : 64;
        struct input *v = cap > INPUTS_MAX ? NULL : realloc(in->v, cap * sizeof(*v));
        if (!v)
            return err_nomem(w->e);
        in->v = v;
        in->cap = cap;
    }
    if (!(in->v[in->n].path = strdup(path)))
        return err_nomem(w->e);
    in->v[in->n++].name = name;
    return 0;
}

static size_t base(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? (size_t)(slash + 1 - path) : 0;
}

static int visible(const struct dirent *d)
{
    return d->d_name[0] != '.';
}

static bool is_xml(const char *name)
{
    size_t n = strlen(name);

    return n > 4 && strcasecmp(name + n - 4, ".xml") == 0;
}

static int folder(struct walk *w, const char *path, const struct stat *st);

/* What is no regular file (a pipe, a device) is only read when it is given by name. */
static int entry(struct walk *w, const char *path)
{
    struct stat st;

    if (stat(path, &st))
        return is_xml(path) ? add(w, path, w->given) : 0;
    if (S_ISDIR(st.st_mode))
        return folder(w, path, &st);
    return S_ISREG(st.st_mode) && is_xml(path) ? add(w, path, w->given) : 0;
}

static int folder(struct walk *w, const char *path, const struct stat *st)
{
    const char *slash = path[strlen(path) - 1] == '/' ? "" : "/";
    struct dirent **v = NULL;
    int n, rc = 0;

    for (unsigned i = 0; i < w->deep; i++)
        if (w->above[i].dev == st->st_dev && w->above[i].ino == st->st_ino)
            return 0;
    if (w->deep == INPUTS_DEEP)
        return err_set(w->e, ERR_INPUT, "limit.folders", "", "%s lies more than %u folders deep",
            path, INPUTS_DEEP);
    if ((n = scandir(path, &v, visible, alphasort)) < 0)
        return add(w, path, base(path));
    w->above[w->deep].dev = st->st_dev;
    w->above[w->deep++].ino = st->st_ino;
    for (int i = 0; i < n; i++) {
        char *inner = NULL;
        if (!rc)
            rc = asprintf(&inner, "%s%s%s", path, slash, v[i]->d_name) < 0 ? err_nomem(w->e)
                                                                           : entry(w, inner);
        free(inner);
        free(v[i]);
    }
    free(v);
    w->deep--;
    return rc;
}

int inputs_add(struct inputs *in, const char *path, struct err *e)
{
    struct walk w = {.in = in, .given = strlen(path), .e = e};
    struct stat st;

    if (strcmp(path, "-") != 0 && stat(path, &st) == 0 && S_ISDIR(st.st_mode)) {
        w.given += path[w.given - 1] != '/';
        return folder(&w, path, &st);
    }
    return add(&w, path, base(path));
}

static int by_name(const void *x, const void *y)
{
    const struct input *const *a = x, *const *b = y;

    return strcmp((*a)->path + (*a)->name, (*b)->path + (*b)->name);
}

int inputs_check_names(const struct inputs *in, struct err *e)
{
    const struct input **v = malloc((in->n + 1) * sizeof(*v));
    int rc = 0;

    if (!v)
        return err_nomem(e);
    for (size_t i = 0; i < in->n; i++)
        v[i] = &in->v[i];
    qsort(v, in->n, sizeof(*v), by_name);
    for (size_t i = 1; !rc && i < in->n; i++)
        if (by_name(&v[i - 1], &v[i]) == 0)
            rc = err_set(e, ERR_INPUT, "inputs.same-name", "",
                "%s and %s: the report of one would replace the other's", v[i - 1]->path,
                v[i]->path);
    free(v);
    return rc;
}

void inputs_free(struct inputs *in)
{
    for (size_t i = 0; i < in->n; i++)
        free(in->v[i].path);
    free(in->v);
}
