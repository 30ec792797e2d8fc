#include "ap/peppol/codelist.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "ap/base/arena.h"
#include "ap/base/clock.h"
#include "ap/base/fsx.h"
#include "ap/xml/xml.h"

#define LIST_BYTES (4u << 20) /* of one file; version 9.7's largest has 215 KiB */
#define LIST_NODES 20000u
#define VERSION_TEXT 24

enum which { PARTICIPANTS, DOCTYPES, PROCESSES, TRANSPORTS, LISTS };

/* A list is known by its root element; attributes of its rows hold scheme, code and name. */
static const struct shape {
    const char *root, *scheme, *value, *name;
} shapes[LISTS] = {
    [PARTICIPANTS] = {"participant-identifier-schemes", NULL, "iso6523", "scheme-name"},
    [DOCTYPES] = {"document-types", "scheme", "value", "name"},
    [PROCESSES] = {"processes", "scheme", "value", "value"},
    [TRANSPORTS] = {"transport-profiles", NULL, "profile-id", "profile-id"},
};

struct row {
    const char *scheme, *value, *name;
    struct code_info info;
};

struct list {
    struct row *rows;
    size_t n;
    char version[VERSION_TEXT];
};

struct codelists {
    struct arena *a;
    struct list list[LISTS];
};

const char *code_state_word(enum code_state s)
{
    switch (s) {
    case CODE_UNKNOWN:
        return "unknown";
    case CODE_ACTIVE:
        return "active";
    case CODE_DEPRECATED:
        return "deprecated";
    case CODE_REMOVED:
        return "removed";
    }
    return "unknown";
}

static const char *NOTHING = "";

/* Attribute in the arena, "" when absent; NULL when memory is out. */
static const char *text_of(struct arena *a, const xmlNode *n, const char *name)
{
    struct str v = {NULL, 0};

    if (!name)
        return NOTHING;
    if (xml_attr(&v, a, n, NULL, name, NULL))
        return NULL;
    return v.p ? v.p : NOTHING;
}

/*= PFUOI 4.4.0 POLICY 23a "states of the code list" */
static enum code_state state_of(const char *word)
{
    if (strcmp(word, "active") == 0)
        return CODE_ACTIVE;
    if (strcmp(word, "deprecated") == 0)
        return CODE_DEPRECATED;
    return strcmp(word, "removed") == 0 ? CODE_REMOVED : CODE_UNKNOWN;
}

static int64_t date_of(const char *day)
{
    char text[CLOCK_TEXT];
    int64_t ms = 0;
    bool zone;

    if (snprintf(text, sizeof(text), "%.12sT00:00:00Z", day) < 0 ||
        !clock_parse(str_z(text), &ms, &zone))
        return 0;
    return ms;
}

static int read_processes(struct code_info *info, const xmlNode *row, struct arena *a)
{
    const xmlNode *first = xml_child(row, NULL, "process-id"), *n;
    struct process *all;

    for (n = first; n; n = xml_next(n, NULL, "process-id"))
        info->nprocesses++;
    if (!(all = arena_alloc(a, (info->nprocesses + 1) * sizeof(*all))))
        return -1;
    info->processes = all;
    for (n = first; n; n = xml_next(n, NULL, "process-id"), all++) {
        const char *scheme = text_of(a, n, "scheme"), *value = text_of(a, n, "value");
        if (!scheme || !value)
            return -1;
        if (process_make(all, str_z(scheme), str_z(value), NULL))
            memset(all, 0, sizeof(*all));
    }
    if (info->nprocesses == 1)
        info->process = info->processes[0];
    return 0;
}

static int read_row(
    struct row *r, const struct shape *s, const xmlNode *n, struct arena *a, struct err *e)
{
    const char *state = text_of(a, n, "state"), *removal = text_of(a, n, "removal-date"),
               *is_abstract = text_of(a, n, "abstract");

    r->scheme = text_of(a, n, s->scheme);
    r->value = text_of(a, n, s->value);
    r->name = text_of(a, n, s->name);
    if (!state || !removal || !is_abstract || !r->scheme || !r->value || !r->name)
        return err_nomem(e);
    r->info.state = state_of(state);
    r->info.removal = date_of(removal);
    r->info.name = r->name;
    r->info.is_abstract = strcmp(is_abstract, "true") == 0;
    return read_processes(&r->info, n, a) ? err_nomem(e) : 0;
}

static int read_rows(struct codelists *c, enum which w, const xmlNode *root, struct err *e)
{
    struct list *l = &c->list[w];
    size_t n = 0;

    for (const xmlNode *x = xml_first_element(root); x; x = xml_next_element(x))
        n++;
    if (!(l->rows = arena_alloc(c->a, (n ? n : 1) * sizeof(*l->rows))))
        return err_nomem(e);
    l->n = 0;
    for (const xmlNode *x = xml_first_element(root); x; x = xml_next_element(x)) {
        if (read_row(&l->rows[l->n], &shapes[w], x, c->a, e))
            return -1;
        l->rows[l->n++].info.version = l->version;
    }
    return 0;
}

/* "9.10" is above "9.7". */
static bool newer(const char *a, const char *b)
{
    while (*a || *b) {
        char *ea, *eb;
        unsigned long na = strtoul(a, &ea, 10), nb = strtoul(b, &eb, 10);
        if (na != nb)
            return na > nb;
        if (ea == a && eb == b)
            return false;
        a = *ea == '.' ? ea + 1 : ea;
        b = *eb == '.' ? eb + 1 : eb;
    }
    return false;
}

static int read_list(struct codelists *c, const xmlNode *root, struct err *e)
{
    for (int w = 0; w < LISTS; w++) {
        const char *version;
        if (!xml_is(root, NULL, shapes[w].root))
            continue;
        if (!(version = text_of(c->a, root, "version")))
            return err_nomem(e);
        if (c->list[w].n && !newer(version, c->list[w].version))
            return 0;
        (void)snprintf(c->list[w].version, VERSION_TEXT, "%s", version);
        return read_rows(c, (enum which)w, root, e);
    }
    return 0; /* another list: not needed here */
}

static int read_file(struct codelists *c, const char *path, struct err *e)
{
    const struct xml_limits limits = {LIST_BYTES, 8, 64, LIST_NODES};
    struct arena *a = arena_new(4u << 20);
    struct buf b;
    xmlDoc *d;
    int rc = -1;

    buf_init(&b, LIST_BYTES);
    if (!a)
        (void)err_nomem(e);
    else if (fsx_read_file(&b, path, e) == 0 && xml_parse(&d, a, b.p, b.n, &limits, e) == 0)
        rc = read_list(c, xmlDocGetRootElement(d), e);
    if (rc && e && e->class == ERR_INPUT)
        rc = err_set(
            e, ERR_CONFIG, "codelist.unreadable", "", "code list %s is not readable XML", path);
    buf_free(&b);
    arena_free(a);
    return rc;
}

static int read_dir(struct codelists *c, DIR *d, const char *dir, struct err *e)
{
    char path[PATH_MAX];
    struct dirent *f;

    while ((f = readdir(d)) != NULL) {
        if (f->d_name[0] == '.' || !str_has_suffix(str_z(f->d_name), STR(".xml")))
            continue;
        if (snprintf(path, sizeof(path), "%s/%s", dir, f->d_name) >= (int)sizeof(path))
            return err_set(e, ERR_CONFIG, "codelist.unreadable", "", "path too long in %s", dir);
        if (read_file(c, path, e))
            return -1;
    }
    return 0;
}

int codelists_open(struct codelists **out, const char *dir, struct err *e)
{
    struct codelists *c = calloc(1, sizeof(*c));
    struct err own = ERR_INIT;
    DIR *d;
    int rc;

    *out = NULL;
    e = e ? e : &own;
    if (!c || !(c->a = arena_new(16u << 20))) {
        free(c);
        return err_nomem(e);
    }
    d = opendir(dir);
    rc = !d ? err_errno(e, "codelist.unreadable", "opendir", dir) : read_dir(c, d, dir, e);
    if (d)
        (void)closedir(d);
    if (rc) {
        codelists_close(c);
        return -1;
    }
    *out = c;
    return 0;
}

void codelists_close(struct codelists *c)
{
    if (!c)
        return;
    arena_free(c->a);
    free(c);
}

static struct code_info find(
    const struct codelists *c, enum which w, struct str scheme, struct str value, int64_t on)
{
    struct code_info info = {.state = CODE_UNKNOWN, .name = "", .version = ""};

    if (!c || value.n == 0)
        return info;
    info.version = c->list[w].version;
    for (size_t i = 0; i < c->list[w].n; i++) {
        const struct row *r = &c->list[w].rows[i];
        if (!str_eqz(value, r->value) || !str_eqz(scheme, r->scheme))
            continue;
        info = r->info;
        if (info.state == CODE_DEPRECATED && info.removal && info.removal <= on)
            info.state = CODE_REMOVED;
        if (info.state == CODE_REMOVED && info.removal > on)
            info.state = CODE_DEPRECATED; /* judged for a day before its removal */
        return info;
    }
    return info;
}

struct code_info codelist_participant(
    const struct codelists *c, const struct participant *p, int64_t on)
{
    return find(c, PARTICIPANTS, (struct str){"", 0}, participant_code(p), on);
}

struct code_info codelist_doctype(const struct codelists *c, const struct doctype *d, int64_t on)
{
    return find(c, DOCTYPES, str_z(doctype_scheme_text(d->scheme)), str_z(d->value), on);
}

struct code_info codelist_process(const struct codelists *c, const struct process *p, int64_t on)
{
    return find(c, PROCESSES, str_z(p->scheme), str_z(p->value), on);
}

struct code_info codelist_transport(const struct codelists *c, const char *profile, int64_t on)
{
    return find(c, TRANSPORTS, (struct str){"", 0}, str_z(profile), on);
}

/* ---- what may be used no more ---- */

static int check(const struct code_info *info, const char *spec, const char *what,
    const char *value, struct err *e)
{
    char day[CLOCK_TEXT] = "";

    if (info->state != CODE_REMOVED)
        return 0;
    if (info->removal) {
        clock_utc(day, info->removal);
        day[10] = '\0';
    }
    return err_set(e, ERR_INPUT, "code.removed", spec,
        "%s %.150s was removed from Peppol's code list %s%s%s", what, value, info->version,
        *day ? " on " : "", day);
}

/*= PFUOI 4.4.0 POLICY 4a "removed schemes are not used" */
int codelist_check_participant(
    const struct codelists *c, const struct participant *p, int64_t on, struct err *e)
{
    struct code_info info = codelist_participant(c, p, on);

    return check(&info, "PFUOI POLICY 4a", "the scheme of participant", p->value, e);
}

/*= PFUOI 4.4.0 POLICY 23a "removed document types are not used" */
int codelist_check_doctype(
    const struct codelists *c, const struct doctype *d, int64_t on, struct err *e)
{
    struct code_info info = codelist_doctype(c, d, on);

    /*= PFUOI 4.4.0 POLICY 23b "abstract document types are registered with a star alone" */
    if (info.is_abstract)
        return err_set(e, ERR_INPUT, "code.abstract", "PFUOI POLICY 23b",
            "document type %.200s is abstract: no document is of it, only a registration that ends "
            "in *",
            d->value);
    return check(&info, "PFUOI POLICY 23a", "document type", d->value, e);
}

int codelist_check_process(
    const struct codelists *c, const struct process *p, int64_t on, struct err *e)
{
    struct code_info info = codelist_process(c, p, on);

    return check(&info, "PFUOI POLICY 25", "process", p->value, e);
}

const char *codelist_version_of(
    const struct codelists *c, struct str root_ns, struct str root_local, struct str customization)
{
    const char *found = "";

    for (size_t i = 0; c && i < c->list[DOCTYPES].n; i++) {
        const struct row *r = &c->list[DOCTYPES].rows[i];
        struct str v = str_z(r->value);
        if (r->info.state == CODE_REMOVED || !str_has_prefix(v, root_ns))
            continue;
        v = str_sub(v, root_ns.n, v.n);
        if (!str_has_prefix(v, STR("::")))
            continue;
        v = str_sub(v, 2, v.n);
        if (!str_has_prefix(v, root_local))
            continue;
        v = str_sub(v, root_local.n, v.n);
        if (!str_has_prefix(v, STR("##")))
            continue;
        v = str_sub(v, 2, v.n);
        if (!str_has_prefix(v, customization) || v.n <= customization.n + 2)
            continue;
        v = str_sub(v, customization.n, v.n);
        if (!str_has_prefix(v, STR("::")) || str_find(str_sub(v, 2, v.n), STR("::")) < v.n - 2)
            continue;
        if (*found && strcmp(found, v.p + 2) != 0)
            return "";
        found = v.p + 2;
    }
    return found;
}

/* ---- names for people ---- */

/* "France Factur-X" becomes "france-factur-x". */
static void hyphenate(char out[CODELIST_NAME], const char *name)
{
    size_t n = 0;

    for (; *name && n + 2 < CODELIST_NAME; name++) {
        char c = *name >= 'A' && *name <= 'Z' ? (char)(*name - 'A' + 'a') : *name;
        if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
            out[n++] = c;
        else if (n && out[n - 1] != '-')
            out[n++] = '-';
    }
    while (n && out[n - 1] == '-')
        n--;
    out[n] = '\0';
}

bool codelist_doctype_at(const struct codelists *c, size_t i, struct doctype *d,
    char name[CODELIST_NAME], struct code_info *info)
{
    const struct row *r;

    if (!c || i >= c->list[DOCTYPES].n)
        return false;
    r = &c->list[DOCTYPES].rows[i];
    *info = r->info;
    hyphenate(name, r->name);
    if (doctype_make(d, str_z(r->scheme), str_z(r->value), true, NULL))
        memset(d, 0, sizeof(*d));
    return true;
}

/* 0 not at all, 1 as a part between hyphens, 2 exactly. */
static int fits(const char *name, const char *wanted)
{
    size_t n = strlen(wanted);

    if (strcmp(name, wanted) == 0)
        return 2;
    for (const char *at = strstr(name, wanted); at; at = strstr(at + 1, wanted))
        if ((at == name || at[-1] == '-') && (at[n] == '\0' || at[n] == '-'))
            return 1;
    return 0;
}

struct naming { /* the best so far */
    int fit;
    enum code_state state;
    size_t n;
    char names[200];
};

/* An exact name is better than a part, an active type than a deprecated one. */
static bool better(struct naming *best, int fit, enum code_state state)
{
    if (fit < best->fit || (fit == best->fit && state > best->state))
        return false;
    if (fit > best->fit || state < best->state)
        *best = (struct naming){.fit = fit, .state = state};
    return true;
}

int codelist_named(struct doctype *out, const struct codelists *c, const char *name, struct err *e)
{
    struct naming best = {.state = CODE_REMOVED};
    char own[CODELIST_NAME];
    struct code_info info;
    struct doctype d;

    for (size_t i = 0; *name && codelist_doctype_at(c, i, &d, own, &info); i++) {
        int fit = fits(own, name);
        size_t at;
        if (!fit || (fit == 1 && info.state != CODE_ACTIVE) || info.state == CODE_REMOVED ||
            info.is_abstract || !d.value[0] || !better(&best, fit, info.state))
            continue;
        *out = d;
        at = strlen(best.names);
        (void)snprintf(best.names + at, sizeof(best.names) - at, "%s%s", best.n++ ? ", " : "", own);
    }
    if (best.n == 1)
        return 0;
    (void)err_set(e, ERR_INPUT, "id.doctype", "", "%.80s is %s: %s", name,
        best.n ? "the name of several document types" : "no document type",
        best.n ? best.names : "neither an identifier (...##...::...) nor a name of the code list");
    return err_next(e, "aviso doctypes lists names and identifiers");
}
