/* aviso validate: many documents, several threads, one report each, in the order given.
 *
 * Workers take the next input, print through a gate that keeps the order, and wait when they are
 * WINDOW reports ahead of the printer: memory does not grow with the number of files. */
#include "ap/cli/commands.h"

#include "ap/cli/file.h"
#include "ap/cli/inputs.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ap/base/buf.h"
#include "ap/base/clock.h"
#include "ap/base/fsx.h"
#include "ubl/report.h"
#include "ubl/rules.h"
#include "ubl/validate.h"

#define INPUT_MAX ((size_t)256 << 20)
#define REPORT_MAX ((size_t)512 << 20)
#define ARENA_MAX ((size_t)2 << 30)
#define URI_MAX 16384
#define JOBS_MAX 64
#define EXTRA_MAX 60
#define WINDOW 64

struct job {
    struct cli *c;
    struct rules *rules;
    struct sch *extra[EXTRA_MAX];
    struct ubl_options opt;
    enum report_format format;
    const char *output; /* folder for the reports, or NULL: standard output */
    bool fail_on_warning;
    struct inputs in;
    pthread_mutex_t lock;
    pthread_cond_t turn;
    size_t next, printed;
    size_t invalid, stopped;
    int worst;
    int64_t began, shown;
    bool progress;
    struct err e; /* a failure that ends the whole command */
    bool failed;
};

/* ---- one document ---- */

struct done { /* what a worker hands to the printer */
    struct buf text;
    int code;
    bool invalid, stopped;
};

static int exit_of(const struct job *j, const struct ubl_report *r)
{
    switch (r->verdict) {
    case UBL_VALID:
        return j->fail_on_warning && r->warnings ? EXIT_NO : EXIT_OK;
    case UBL_INVALID:
        return EXIT_NO;
    case UBL_ERROR:
        if (strcmp(r->error.code, "memory.exhausted") == 0)
            return error_exit_code(&r->error);
        return r->error_layer[0] ? EXIT_NO : EXIT_INPUT;
    }
    return EXIT_BUG;
}

static void say_next(struct ubl_report *r)
{
    if (!r->error.next[0])
        (void)err_next(&r->error, "%s", cli_next_step(&r->error));
}

/* A document that could not even be read or judged still has its report: its error. */
static void report_failure(struct ubl_report *r, const struct err *e)
{
    *r = (struct ubl_report){.verdict = UBL_ERROR,
        .error = *e,
        .error_layer = "",
        .set = "",
        .set_title = "",
        .version = "",
        .note = "",
        .at = clock_now() / 1000};
}

/* Named after the document; below a folder that was given, in the same folders. */
static int write_to_folder(struct job *j, const struct input *in, struct buf *b, struct err *e)
{
    const char *name = in->path + in->name;
    char *path = NULL, *slash;
    int rc = 0;

    if (asprintf(&path, "%s/%s%s", j->output, strcmp(name, "-") == 0 ? "stdin" : name,
            report_extension(j->format)) < 0)
        return err_nomem(e);
    if (strchr(name, '/') && (slash = strrchr(path, '/'))) {
        *slash = '\0';
        rc = fsx_mkdirs(path, 0777, e);
        *slash = '/';
    }
    if (!rc)
        rc = file_put(path, buf_view(b), e);
    buf_clear(b);
    free(path);
    return rc;
}

/* What could not be read at all is missing; what is too large is not. */
static int unreadable(const struct err *e)
{
    return strncmp(e->code, "io.", 3) == 0 ? EXIT_MISSING : error_exit_code(e);
}

static void validate_one(
    struct job *j, struct ubl_worker *w, const struct input *input, struct done *out)
{
    const char *file = input->path;
    const struct report_style style = {.file = file,
        .color = j->c->color && j->format == REPORT_TEXT && !j->output,
        .quiet = j->c->quiet,
        .verbose = j->c->verbose > 0};
    struct arena *a = arena_new(ARENA_MAX);
    struct ubl_options opt = j->opt;
    struct ubl_report r;
    struct err e = ERR_INIT;
    struct buf in, uri;

    buf_init(&in, INPUT_MAX);
    buf_init(&uri, URI_MAX);
    file_uri(&uri, file);
    opt.uri = buf_ok(&uri) && uri.n ? uri.p : NULL;
    buf_init(&out->text, REPORT_MAX);
    if (file_load(&in, file, &e)) {
        report_failure(&r, &e);
        out->code = unreadable(&e);
    } else if (!a ? err_nomem(&e) : ubl_validate(&r, j->rules, w, buf_view(&in), &opt, a, &e)) {
        report_failure(&r, &e);
        out->code = error_exit_code(&e);
    } else {
        out->code = exit_of(j, &r);
    }
    out->invalid = r.verdict == UBL_INVALID;
    out->stopped = r.verdict == UBL_ERROR;
    if (out->stopped)
        say_next(&r);
    if (report_write(&out->text, &r, j->format, &style, &e) ||
        (j->output && write_to_folder(j, input, &out->text, &e))) {
        out->code = cli_worse(out->code, error_exit_code(&e));
        (void)fprintf(stderr, "aviso: %s: %s: %s\n", file, e.code, e.msg);
    }
    buf_free(&in);
    buf_free(&uri);
    arena_free(a);
}

/* ---- the threads ---- */

static void show_progress(struct job *j, bool last)
{
    int64_t now = clock_mono();

    if (!j->progress || now - j->began < 1000 || (!last && now - j->shown < 200))
        return;
    j->shown = now;
    (void)fprintf(stderr, "\r\033[K%zu/%zu · %zu invalid · %zu without verdict", j->printed,
        j->in.n, j->invalid, j->stopped);
    if (last)
        (void)fputs("\r\033[K", stderr);
    (void)fflush(stderr);
}

/* Called with the lock held, in the order of the inputs. */
static void print(struct job *j, struct done *d)
{
    j->invalid += d->invalid;
    j->stopped += d->stopped;
    j->worst = j->printed == 0 ? d->code : cli_worse(j->worst, d->code);
    if (j->progress && d->text.n)
        (void)fputs("\r\033[K", stderr);
    if (d->text.n && fwrite(d->text.p, 1, d->text.n, stdout) != d->text.n)
        j->worst = cli_worse(j->worst, EXIT_SPOOL);
    (void)fflush(stdout);
    j->printed++;
    show_progress(j, false);
}

static void *work(void *p)
{
    struct job *j = p;
    struct ubl_worker *w = NULL;
    struct err e = ERR_INIT;

    if (ubl_worker_new(&w, &e)) {
        (void)pthread_mutex_lock(&j->lock);
        j->e = e;
        j->failed = true;
        (void)pthread_cond_broadcast(&j->turn);
        (void)pthread_mutex_unlock(&j->lock);
        return NULL;
    }
    (void)pthread_mutex_lock(&j->lock);
    while (!j->failed && j->next < j->in.n) {
        struct done d = {0};
        size_t i = j->next++;
        while (!j->failed && i >= j->printed + WINDOW)
            (void)pthread_cond_wait(&j->turn, &j->lock);
        (void)pthread_mutex_unlock(&j->lock);
        validate_one(j, w, &j->in.v[i], &d);
        (void)pthread_mutex_lock(&j->lock);
        while (!j->failed && j->printed != i)
            (void)pthread_cond_wait(&j->turn, &j->lock);
        print(j, &d);
        buf_free(&d.text);
        (void)pthread_cond_broadcast(&j->turn);
    }
    (void)pthread_mutex_unlock(&j->lock);
    ubl_worker_free(w);
    return NULL;
}

static int run_all(struct job *j, size_t threads)
{
    pthread_t t[JOBS_MAX];
    size_t started = 0;

    (void)pthread_mutex_init(&j->lock, NULL);
    (void)pthread_cond_init(&j->turn, NULL);
    j->began = clock_mono();
    while (started + 1 < threads && pthread_create(&t[started], NULL, work, j) == 0)
        started++;
    (void)work(j);
    for (size_t i = 0; i < started; i++)
        (void)pthread_join(t[i], NULL);
    show_progress(j, true);
    (void)pthread_mutex_destroy(&j->lock);
    (void)pthread_cond_destroy(&j->turn);
    return j->failed ? cli_fail(j->c, NULL, &j->e) : j->worst;
}

/* ---- the command ---- */

static size_t threads_for(const struct job *j, const char *word)
{
    unsigned long long n = 0;
    long cores = sysconf(_SC_NPROCESSORS_ONLN);

    if (word && str_to_u64(str_z(word), JOBS_MAX, &n) && n > 0)
        return n < j->in.n ? (size_t)n : j->in.n;
    n = cores > 0 ? (unsigned long long)cores : 1;
    n = n < JOBS_MAX ? n : JOBS_MAX;
    return n < j->in.n ? (size_t)n : j->in.n;
}

static int load_extra(struct job *j, char *name, size_t size, struct err *e)
{
    const struct sch_options opt = {.phase = cli_get(j->c, "phase")};
    const char *path;
    bool phases = false;

    for (size_t i = 0; (path = cli_get_nth(j->c, "schematron", i)) && i < EXTRA_MAX; i++) {
        const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;
        const char *dot = strrchr(base, '.');
        (void)snprintf(name, size, "%.*s", dot ? (int)(dot - base) : (int)strlen(base), base);
        if (sch_load(&j->extra[i], path, name, &opt, e))
            return -1;
        j->opt.n_extra++;
        phases |= !sch_info(j->extra[i]).compiled;
    }
    if (opt.phase && !phases)
        return err_set(e, ERR_INPUT, "rules.phase", "ISO 19757-3 5.4.10",
            "--phase %s: a compiled stylesheet has no phases to choose from", opt.phase);
    return 0;
}

static int read_flags(struct job *j)
{
    struct cli *c = j->c;
    const char *format = cli_get(c, "report"), *fail = cli_get(c, "fail-on"), *jobs;
    unsigned long long n;
    struct stat st;
    struct err e = ERR_INIT;

    if (!format)
        format = cli_get(c, "format");
    if (!format)
        format = c->json ? "json" : "text";
    if (!report_format_of(&j->format, format))
        return cli_usage(c, "--report is text, json, svrl or html, not %s", format);
    if (fail && strcmp(fail, "error") != 0 && strcmp(fail, "warning") != 0)
        return cli_usage(c, "--fail-on is error or warning, not %s", fail);
    j->fail_on_warning = fail && strcmp(fail, "warning") == 0;
    if ((jobs = cli_get(c, "jobs")) && (!str_to_u64(str_z(jobs), JOBS_MAX, &n) || n == 0))
        return cli_usage(c, "--jobs is 1 to %d, not %s", JOBS_MAX, jobs);
    j->opt = (struct ubl_options){.at = INT64_MIN,
        .rules = cli_get(c, "rules"),
        .no_xsd = cli_has(c, "no-xsd"),
        .trace = j->format == REPORT_SVRL};
    if (j->opt.rules && cli_get(c, "schematron"))
        return cli_usage(
            c, "--rules chooses official rules, --schematron replaces them: one of both");
    if (cli_get(c, "phase") && !cli_get(c, "schematron"))
        return cli_usage(c, "--phase is for a .sch given by --schematron");
    if (cli_get(c, "at") && rules_instant(&j->opt.at, str_z(cli_get(c, "at")), &e))
        return cli_usage(c, "--at: %s", e.msg);
    j->output = cli_get(c, "output");
    if (j->output && (stat(j->output, &st) != 0 || !S_ISDIR(st.st_mode)))
        return cli_usage(c, "--output %s is no folder", j->output);
    return 0;
}

/* A given rule set cannot be loaded: no document has a verdict, and the JSON of each says why. */
static int refuse(struct job *j, const char *ruleset, const struct err *e)
{
    struct err failed = ERR_INIT;
    struct ubl_report r;
    struct buf b;
    int code = error_exit_code(e);

    if (j->format != REPORT_JSON || j->output)
        return cli_fail(j->c, NULL, e);
    report_failure(&r, e);
    r.error_layer = ruleset;
    say_next(&r);
    buf_init(&b, REPORT_MAX);
    for (size_t i = 0; i < j->in.n; i++)
        if (report_write(&b, &r, j->format, &(const struct report_style){.file = j->in.v[i].path},
                &failed)) {
            code = cli_fail(j->c, NULL, &failed);
            buf_clear(&b);
            break;
        }
    (void)fwrite(b.p, 1, b.n, stdout);
    buf_free(&b);
    return code;
}

static int prepare(struct job *j)
{
    struct err e = ERR_INIT;
    char name[256] = "";

    for (size_t i = 0; i < j->c->nargs; i++)
        if (inputs_add(&j->in, j->c->args[i], &e))
            return cli_fail(j->c, j->c->args[i], &e);
    if (j->in.n == 0)
        return cli_usage(j->c, j->c->nargs ? "no .xml files there" : "which FILE?");
    if (j->in.n > 1 && !j->output && (j->format == REPORT_SVRL || j->format == REPORT_HTML))
        return cli_usage(j->c, "several SVRL or HTML reports need --output FOLDER");
    if (j->output && inputs_check_names(&j->in, &e))
        return cli_fail(j->c, NULL, &e);
    if (load_extra(j, name, sizeof(name), &e))
        return refuse(j, name, &e);
    j->opt.extra = (const struct sch *const *)j->extra;
    if (j->opt.n_extra && j->opt.no_xsd)
        return 0;
    if (rules_open(&j->rules, NULL, &e))
        return cli_fail(j->c, NULL, &e);
    return 0;
}

static void summary(const struct job *j)
{
    if (j->in.n < 2 || j->c->quiet || j->format == REPORT_JSON)
        return;
    (void)fprintf(stderr, "%zu files: %zu valid, %zu invalid, %zu without verdict\n", j->in.n,
        j->in.n - j->invalid - j->stopped, j->invalid, j->stopped);
}

/* The process ends after this: giving a schema's 17 MB back piece by piece would take a sixth of a
 * cold run. */
static struct rules *kept;

int cmd_validate(struct cli *c)
{
    struct job *j = calloc(1, sizeof(*j));
    int code;

    rules_free(kept);
    if (!j)
        return cli_nomem(c);
    j->c = c;
    code = read_flags(j);
    if (!code)
        code = prepare(j);
    if (!code) {
        j->progress = j->in.n > 1 && !c->quiet && isatty(STDERR_FILENO);
        code = run_all(j, threads_for(j, cli_get(c, "jobs")));
        summary(j);
    }
    inputs_free(&j->in);
    for (size_t i = 0; i < EXTRA_MAX; i++)
        sch_free(j->extra[i]);
    kept = j->rules;
    free(j);
    return code;
}
