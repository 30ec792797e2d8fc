/* The catalogue is a text table of some hundred lines; finding the set for a document is a walk
 * over it, a few microseconds. What is loaded is kept in a list under one mutex; a loading entry is
 * waited for, so that a schema is never parsed twice at the same time. */
#include "ubl/rules.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "ap/base/arena.h"
#include "ap/base/buf.h"
#include "ap/base/clock.h"
#include "ap/base/fsx.h"
#include "ap/base/hash.h"

#define CATALOGUE_MAX ((size_t)4 << 20)
#define RULE_FILE_MAX ((size_t)64 << 20)
#define LINES_MAX 20000u
#define AGAIN_MS 2000 /* a file that is wrong is not read for each document */
#define FIELDS_MAX (RULES_LAYERS_MAX + 3)

enum loaded_state { LOADING, LOADED, FAILED };

struct loaded {
    struct loaded *next;
    const char *path;
    enum loaded_state state;
    struct sch *sch;
    struct xsd *xsd;
    struct err error;
    int64_t failed_at; /* monotonic */
};

struct pinned { /* a line of manifest.tsv */
    const char *path, *sha256;
};

struct rules {
    struct arena *arena;
    char *data;
    struct rules_set *sets;
    size_t n_sets;
    struct pinned *pinned;
    size_t n_pinned;
    pthread_mutex_t lock;
    pthread_cond_t change;
    struct loaded *loaded;
};

/* ---- where the data is ---- */

static char data_dir[PATH_MAX];
static pthread_once_t data_once = PTHREAD_ONCE_INIT;

static bool has_catalogue(const char *dir)
{
    char path[PATH_MAX];
    int n = snprintf(path, sizeof(path), "%s/catalogue", dir);

    return n > 0 && (size_t)n < sizeof(path) && access(path, R_OK) == 0;
}

static void find_data_dir(void)
{
    static const char *const beside[] = {"../data", "../../../data", "data", "../share/aviso"};
    const char *env = getenv("AVISO_DATA");
    char exe[PATH_MAX - 32], *slash;
    ssize_t n;

    if (env && *env) {
        (void)snprintf(data_dir, sizeof(data_dir), "%s", env);
        return;
    }
    if ((n = readlink("/proc/self/exe", exe, sizeof(exe) - 1)) <= 0)
        return;
    exe[n] = '\0';
    if (!(slash = strrchr(exe, '/')))
        return;
    *slash = '\0';
    for (size_t i = 0; i < sizeof(beside) / sizeof(beside[0]); i++) {
        (void)snprintf(data_dir, sizeof(data_dir), "%s/%s", exe, beside[i]);
        if (has_catalogue(data_dir))
            return;
    }
    data_dir[0] = '\0';
}

const char *rules_data_dir(void)
{
    (void)pthread_once(&data_once, find_data_dir);
    return data_dir[0] ? data_dir : NULL;
}

/* ---- reading the tables ---- */

int rules_instant(int64_t *out, struct str s, struct err *e)
{
    char text[64];
    int64_t ms;
    bool zone;
    bool day = memchr(s.p, 'T', s.n) == NULL;
    int n = snprintf(text, sizeof(text), "%.*s%s", STR_FMT(s), day ? "T00:00:00Z" : "");

    if (n < 0 || (size_t)n >= sizeof(text) ||
        !clock_parse((struct str){text, (size_t)n}, &ms, &zone))
        return err_set(e, ERR_INPUT, "usage.instant", "",
            "%.*s is no date (2026-08-17) and no instant (2026-08-17T12:00:00Z)", STR_FMT(s));
    *out = ms / 1000;
    return 0;
}

struct table { /* a file of tab-separated lines, one line at a time */
    char *at, *end;
    const char *path;
    unsigned line;
    char *field[FIELDS_MAX];
    size_t n;
};

static bool next_line(struct table *t)
{
    while (t->at < t->end) {
        char *eol = memchr(t->at, '\n', (size_t)(t->end - t->at)), *p = t->at;
        if (!eol)
            eol = t->end; /* the buffer ends with a NUL */
        *eol = '\0';
        t->at = eol + 1;
        t->line++;
        if (*p == '#' || *p == '\0')
            continue;
        for (t->n = 0; p && t->n < FIELDS_MAX; t->n++) {
            char *tab = strchr(p, '\t');
            t->field[t->n] = p;
            if (tab)
                *tab++ = '\0';
            p = tab;
        }
        if (p)
            t->n = FIELDS_MAX + 1; /* too many: the caller refuses */
        return true;
    }
    return false;
}

static int bad_line(const struct table *t, struct err *e)
{
    return err_set(
        e, ERR_CONFIG, "rules.data", "", "%s:%u: this line cannot be read", t->path, t->line);
}

/* Keeps the message: which file, and why it cannot be read. */
static int not_installed(struct err *e)
{
    const struct err why = *e;

    return err_set(e, ERR_CONFIG, "rules.data", "", "%s", why.msg);
}

static int open_table(struct rules *r, const char *name, struct table *t, struct err *e)
{
    char *path = arena_printf(r->arena, "%s/%s", r->data, name);
    struct buf b;
    int rc = -1;

    *t = (struct table){.path = path};
    buf_init(&b, CATALOGUE_MAX);
    if (!path)
        (void)err_nomem(e);
    else if (fsx_read_file(&b, path, e))
        rc = strcmp(e->code, "memory.exhausted") == 0 ? -1 : not_installed(e);
    else if (!(t->at = arena_dup(r->arena, buf_view(&b))))
        (void)err_nomem(e);
    else {
        t->end = t->at + b.n;
        rc = 0;
    }
    buf_free(&b);
    return rc;
}

static int read_manifest(struct rules *r, struct err *e)
{
    struct table t;
    size_t cap = 1024;

    if (open_table(r, "manifest.tsv", &t, e))
        return -1;
    if (!(r->pinned = arena_alloc(r->arena, cap * sizeof(*r->pinned))))
        return err_nomem(e);
    while (next_line(&t)) {
        if (t.n < 2 || strlen(t.field[1]) != 2 * HASH_LEN || r->n_pinned >= LINES_MAX)
            return bad_line(&t, e);
        if (r->n_pinned == cap) {
            struct pinned *v = arena_alloc(r->arena, cap * 2 * sizeof(*v));
            if (!v)
                return err_nomem(e);
            memcpy(v, r->pinned, cap * sizeof(*v));
            r->pinned = v;
            cap *= 2;
        }
        r->pinned[r->n_pinned++] = (struct pinned){t.field[0], t.field[1]};
    }
    return 0;
}

/* Counted first, so that the arrays are made once. */
static void count_lines(struct table t, size_t *sets, size_t *documents, size_t *versions)
{
    *sets = *documents = *versions = 0;
    for (char *p = t.at; p < t.end;) {
        char *eol = memchr(p, '\n', (size_t)(t.end - p));
        *sets += strncmp(p, "set\t", 4) == 0;
        *documents += strncmp(p, "document\t", 9) == 0;
        *versions += strncmp(p, "version\t", 8) == 0;
        p = eol ? eol + 1 : t.end;
    }
}

static int read_document(struct table *t, struct rules_document *d, struct err *e)
{
    char *close = strrchr(t->field[1], '}');

    if (t->n != 4 || t->field[1][0] != '{' || !close)
        return bad_line(t, e);
    d->uri = (struct str){t->field[1] + 1, (size_t)(close - t->field[1] - 1)};
    d->local = str_z(close + 1);
    d->customization = str_z(t->field[2]);
    d->schema = str_z(t->field[3]);
    return 0;
}

static int read_version(struct table *t, struct rules_version *v, struct err *e)
{
    if (t->n < 4 || t->n > FIELDS_MAX)
        return bad_line(t, e);
    v->version = t->field[1];
    v->from_text = t->field[2];
    v->from = INT64_MIN;
    if (strcmp(t->field[2], "-") != 0 && rules_instant(&v->from, str_z(t->field[2]), e))
        return bad_line(t, e);
    for (size_t i = 3; i < t->n; i++)
        v->layer[v->n_layers++] = t->field[i];
    return 0;
}

static int read_catalogue(struct rules *r, struct err *e)
{
    struct table t;
    struct rules_set *s = NULL;
    struct rules_document *d;
    struct rules_version *v;
    size_t ns, nd, nv;

    if (open_table(r, "catalogue", &t, e))
        return -1;
    count_lines(t, &ns, &nd, &nv);
    r->sets = arena_alloc(r->arena, (ns + 1) * sizeof(*s));
    d = arena_alloc(r->arena, (nd + 1) * sizeof(*d));
    v = arena_alloc(r->arena, (nv + 1) * sizeof(*v));
    if (!r->sets || !d || !v)
        return err_nomem(e);
    while (next_line(&t)) {
        if (strcmp(t.field[0], "set") == 0 && t.n == 3) {
            s = &r->sets[r->n_sets++];
            *s = (struct rules_set){t.field[1], t.field[2], d, 0, v, 0};
        } else if (s && strcmp(t.field[0], "document") == 0 && t.n == 4) {
            if (read_document(&t, d++, e))
                return -1;
            s->n_documents++;
        } else if (s && strcmp(t.field[0], "version") == 0) {
            if (read_version(&t, v++, e))
                return -1;
            s->n_versions++;
        } else {
            return bad_line(&t, e);
        }
    }
    return 0;
}

int rules_open(struct rules **out, const char *data, struct err *e)
{
    struct rules *r = NULL;

    *out = NULL;
    if (!data)
        data = rules_data_dir();
    if (!data)
        return err_set(e, ERR_CONFIG, "rules.data", "",
            "no data folder: set AVISO_DATA to it (make installs it in build/data)");
    if (!(r = calloc(1, sizeof(*r))) || !(r->arena = arena_new((size_t)64 << 20)) ||
        !(r->data = arena_dup(r->arena, str_z(data)))) {
        if (r)
            arena_free(r->arena);
        free(r);
        return err_nomem(e);
    }
    (void)pthread_mutex_init(&r->lock, NULL);
    (void)pthread_cond_init(&r->change, NULL);
    if (read_manifest(r, e) || read_catalogue(r, e)) {
        rules_free(r);
        return -1;
    }
    *out = r;
    return 0;
}

void rules_free(struct rules *r)
{
    if (!r)
        return;
    for (struct loaded *l = r->loaded, *next; l; l = next) {
        next = l->next;
        sch_free(l->sch);
        xsd_free(l->xsd);
        free(l);
    }
    (void)pthread_mutex_destroy(&r->lock);
    (void)pthread_cond_destroy(&r->change);
    arena_free(r->arena);
    free(r);
}

const char *rules_data(const struct rules *r)
{
    return r->data;
}

const struct rules_set *rules_sets(const struct rules *r, size_t *n)
{
    *n = r->n_sets;
    return r->sets;
}

const struct rules_set *rules_set_find(const struct rules *r, struct str name)
{
    for (size_t i = 0; i < r->n_sets; i++)
        if (str_eqz(name, r->sets[i].name))
            return &r->sets[i];
    return NULL;
}

/* ---- choosing ---- */

/* "a*b" against s: one star at most. */
static bool glob(struct str pattern, struct str s)
{
    size_t star = str_find(pattern, STR("*"));
    struct str head = str_sub(pattern, 0, star), tail;

    if (star == pattern.n)
        return str_eq(pattern, s);
    tail = str_sub(pattern, star + 1, pattern.n);
    return s.n >= head.n + tail.n && str_has_prefix(s, head) && str_has_suffix(s, tail);
}

/* How exactly an entry fits: 0 not at all; more for each character that is given. */
static size_t fit(
    const struct rules_document *d, struct str uri, struct str local, struct str customization)
{
    size_t score = 1;

    if (!glob(d->uri, uri) || !glob(d->local, local))
        return 0;
    score += str_find(d->local, STR("*")) == d->local.n;
    if (str_eqz(d->customization, "*"))
        return score;
    if (!glob(d->customization, customization))
        return 0;
    if (str_find(d->customization, STR("*")) == d->customization.n)
        return score + 100000;
    return score + 10 * d->customization.n;
}

static const struct rules_version *version_at(const struct rules_set *s, int64_t at)
{
    const struct rules_version *v = NULL;

    for (size_t i = 0; i < s->n_versions; i++)
        if (s->versions[i].from <= at || i == 0) /* before the first: still the first */
            v = &s->versions[i];
    return v;
}

static int wanted_version(
    struct rules_choice *out, const char *want, struct str version, struct err *e)
{
    const struct rules_set *s = out->set;

    if (str_eqz(version, "latest")) {
        out->version = s->n_versions ? &s->versions[s->n_versions - 1] : NULL;
        return 0;
    }
    for (size_t i = 0; i < s->n_versions; i++)
        if (str_eqz(version, s->versions[i].version)) {
            out->version = &s->versions[i];
            return 0;
        }
    return err_set(e, ERR_INPUT, "rules.unknown", "",
        "%s: %s has no such version (aviso rules show %s)", want, s->name, s->name);
}

static void set_schema(struct rules_choice *out, const struct rules *r,
    const struct rules_document *d, struct str local)
{
    struct str mark = STR("@LOCAL@");
    size_t i = str_find(d->schema, mark);
    struct str tail = str_sub(d->schema, i + mark.n, d->schema.n);

    out->schema = out->schema_buf;
    if (i == d->schema.n)
        (void)snprintf(out->schema_buf, sizeof(out->schema_buf), "%.*s", STR_FMT(d->schema));
    else
        (void)snprintf(out->schema_buf, sizeof(out->schema_buf), "%.*s%.*s%.*s", (int)i,
            d->schema.p, STR_FMT(local), STR_FMT(tail));
    if (!*rules_sha256(r, out->schema))
        out->schema_buf[0] = '\0'; /* such as a root that UBL does not know */
}

int rules_choose(struct rules_choice *out, const struct rules *r, struct str uri, struct str local,
    struct str customization, const char *want, int64_t at, struct err *e)
{
    const struct rules_document *best = NULL;
    struct str name = str_z(want), version = STR("");
    size_t best_fit = 0, split = str_find(name, STR("@"));
    bool latest = want && strcmp(want, "latest") == 0;

    *out = (struct rules_choice){.schema = ""};
    if (want && split < name.n) {
        version = str_sub(name, split + 1, name.n);
        name = str_sub(name, 0, split);
    }
    for (size_t i = 0; i < r->n_sets; i++) {
        const struct rules_set *s = &r->sets[i];
        if (want && !latest && !str_eqz(name, s->name))
            continue;
        if (want && !latest)
            out->set = s;
        for (size_t k = 0; k < s->n_documents; k++) {
            const struct rules_document *d = &s->documents[k];
            size_t f = fit(d, uri, local, customization);
            if (!f && want && !latest && !best && glob(d->uri, uri) && glob(d->local, local))
                f = 1; /* asked for by name: another CustomizationID is the rules' own affair */
            if (f > best_fit) {
                best_fit = f;
                best = d;
                out->set = s;
            }
        }
    }
    if (want && !latest && !out->set)
        return err_set(
            e, ERR_INPUT, "rules.unknown", "", "%s: no such rule set (aviso rules list)", want);
    if (!out->set)
        return 0;
    if (best)
        set_schema(out, r, best, local);
    out->version = version_at(out->set, at);
    if (latest)
        version = STR("latest");
    return version.n ? wanted_version(out, want, version, e) : 0;
}

/* ---- loading ---- */

const char *rules_sha256(const struct rules *r, const char *path)
{
    for (size_t i = 0; i < r->n_pinned; i++)
        if (strcmp(r->pinned[i].path, path) == 0)
            return r->pinned[i].sha256;
    return "";
}

static int check_hash(const char *want, struct str bytes, const char *path, struct err *e)
{
    uint8_t sum[HASH_LEN];
    char hex[HASH_HEX];

    if (hash_of(sum, bytes.p, bytes.n, e))
        return -1;
    for (size_t i = 0; i < HASH_LEN; i++)
        (void)snprintf(hex + 2 * i, 3, "%02x", sum[i]);
    if (strcmp(hex, want) == 0)
        return 0;
    return err_set(e, ERR_CONFIG, "rules.altered", "",
        "%s is not the published file: sha256 %s, pinned is %s", path, hex, want);
}

/* The layer's short name: the file's, without folder and extension. */
static const char *short_name(const char *path, char *out, size_t n)
{
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    const char *dot = strrchr(name, '.');

    (void)snprintf(out, n, "%.*s", dot ? (int)(dot - name) : (int)strlen(name), name);
    return out;
}

static int load_schematron(struct rules *r, struct loaded *l)
{
    char path[PATH_MAX], name[256];
    const char *want = rules_sha256(r, l->path);
    struct buf b;
    int rc;

    if (snprintf(path, sizeof(path), "%s/%s", r->data, l->path) >= (int)sizeof(path))
        return err_set(&l->error, ERR_CONFIG, "rules.missing", "", "%s: path too long", l->path);
    buf_init(&b, RULE_FILE_MAX);
    rc = fsx_read_file(&b, path, &l->error);
    if (rc && l->error.class != ERR_RETRY)
        rc = err_set(&l->error, ERR_CONFIG, "rules.missing", "",
            "rule file %s is not there (aviso rules install)", path);
    else if (!rc && *want)
        rc = check_hash(want, buf_view(&b), path, &l->error);
    if (!rc)
        rc = sch_load_bytes(
            &l->sch, buf_view(&b), path, short_name(path, name, sizeof(name)), NULL, &l->error);
    buf_free(&b);
    return rc;
}

static int load_schema(struct rules *r, struct loaded *l)
{
    char path[PATH_MAX];

    if (snprintf(path, sizeof(path), "%s/%s", r->data, l->path) >= (int)sizeof(path) ||
        (access(path, R_OK) != 0 && errno == ENOENT))
        return err_set(&l->error, ERR_CONFIG, "rules.missing", "",
            "schema %s is not there (aviso rules install)", l->path);
    return xsd_load(&l->xsd, path, &l->error);
}

static struct loaded *find_loaded(struct rules *r, const char *path)
{
    for (struct loaded *l = r->loaded; l; l = l->next)
        if (strcmp(l->path, path) == 0)
            return l;
    return NULL;
}

static struct loaded *add_loaded(struct rules *r, const char *path, struct err *e)
{
    struct loaded *l = calloc(1, sizeof(*l));

    if (!l || !(l->path = arena_dup(r->arena, str_z(path)))) {
        free(l);
        (void)err_nomem(e);
        return NULL;
    }
    l->next = r->loaded;
    r->loaded = l;
    return l;
}

/* With the lock, which is given up meanwhile. */
static void load_now(
    struct rules *r, struct loaded *l, int (*load)(struct rules *, struct loaded *))
{
    int rc;

    l->state = LOADING;
    l->error = (struct err)ERR_INIT;
    (void)pthread_mutex_unlock(&r->lock);
    rc = load(r, l);
    (void)pthread_mutex_lock(&r->lock);
    l->state = rc ? FAILED : LOADED;
    l->failed_at = rc ? clock_mono() : 0;
    (void)pthread_cond_broadcast(&r->change);
}

/* No memory, no descriptor: that passes. A file that is missing or altered, somebody may mend while
 * documents wait. A construct that we do not know stays unknown. */
static bool may_load_now(const struct loaded *l)
{
    if (l->state != FAILED)
        return false;
    return l->error.class == ERR_RETRY ||
           (l->error.class == ERR_CONFIG && clock_mono() - l->failed_at >= AGAIN_MS);
}

/* The entry of a path, loaded by the first who asks; the others wait. A failure is kept, too. */
static struct loaded *get(
    struct rules *r, const char *path, int (*load)(struct rules *, struct loaded *), struct err *e)
{
    struct loaded *l;
    bool again;

    (void)pthread_mutex_lock(&r->lock);
    l = find_loaded(r, path);
    again = l && may_load_now(l);
    if (again || (!l && (l = add_loaded(r, path, e))))
        load_now(r, l, load);
    while (l && l->state == LOADING)
        (void)pthread_cond_wait(&r->change, &r->lock);
    if (l && l->state == FAILED) {
        *e = l->error;
        l = NULL;
    }
    (void)pthread_mutex_unlock(&r->lock);
    return l;
}

int rules_schematron(const struct sch **out, struct rules *r, const char *path, struct err *e)
{
    struct loaded *l = get(r, path, load_schematron, e);

    *out = l ? l->sch : NULL;
    return l ? 0 : -1;
}

int rules_schema(const struct xsd **out, struct rules *r, const char *path, struct err *e)
{
    struct loaded *l = get(r, path, load_schema, e);

    *out = l ? l->xsd : NULL;
    return l ? 0 : -1;
}

bool rules_is_loaded(struct rules *r, const char *path)
{
    struct loaded *l;
    bool yes;

    (void)pthread_mutex_lock(&r->lock);
    l = find_loaded(r, path);
    yes = l && l->state == LOADED;
    (void)pthread_mutex_unlock(&r->lock);
    return yes;
}

int rules_verify(struct rules *r, void (*bad)(void *self, const char *path, const char *why),
    void *self, size_t *checked, struct err *e)
{
    int wrong = 0;

    for (*checked = 0; *checked < r->n_pinned; ++*checked) {
        const struct pinned *p = &r->pinned[*checked];
        struct err why = ERR_INIT;
        char path[PATH_MAX];
        struct buf b;
        buf_init(&b, RULE_FILE_MAX);
        if (snprintf(path, sizeof(path), "%s/%s", r->data, p->path) >= (int)sizeof(path)) {
            buf_free(&b);
            return err_set(e, ERR_CONFIG, "rules.data", "", "%s: path too long", p->path);
        }
        if (fsx_read_file(&b, path, &why) || check_hash(p->sha256, buf_view(&b), path, &why)) {
            bad(self, p->path, why.msg);
            wrong++;
        }
        buf_free(&b);
    }
    return wrong;
}
