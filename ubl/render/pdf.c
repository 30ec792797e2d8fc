/* The page as PDF, by a program made for it: a child process with a folder, an environment and a
 * deadline of its own. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ap/base/fsx.h"
#include "ubl/render/render.h"

#define ARGS 24

struct work {
    char dir[64], html[96], pdf[96], log[96];
    char tool[1024];
    char url[128], out[128], profile[128], home[128], path[4096];
};

/* The first of the programs on $PATH; its kind in *chromium. */
static bool find_tool(char *out, size_t n, bool *chromium)
{
    static const char *const names[] = {
        "weasyprint", "chromium", "chromium-browser", "google-chrome"};
    const char *path = getenv("PATH");

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        for (const char *p = path; p && *p; p += strcspn(p, ":"), p += *p == ':') {
            int dir = (int)strcspn(p, ":");
            if (dir && snprintf(out, n, "%.*s/%s", dir, p, names[i]) < (int)n &&
                access(out, X_OK) == 0) {
                *chromium = i > 0;
                return true;
            }
        }
    }
    return false;
}

static int open_work(struct work *w, struct err *e)
{
    const char *tmp = getenv("TMPDIR");

    if (snprintf(w->dir, sizeof(w->dir), "%s/aviso-render-XXXXXX",
            tmp && strlen(tmp) < 40 ? tmp : "/tmp") < 0 ||
        !mkdtemp(w->dir))
        return err_errno(e, "io.open", "mkdtemp", tmp ? tmp : "/tmp");
    (void)snprintf(w->html, sizeof(w->html), "%s/page.html", w->dir);
    (void)snprintf(w->pdf, sizeof(w->pdf), "%s/page.pdf", w->dir);
    (void)snprintf(w->log, sizeof(w->log), "%s/log", w->dir);
    (void)snprintf(w->home, sizeof(w->home), "HOME=%s", w->dir);
    (void)snprintf(w->path, sizeof(w->path), "PATH=%s", getenv("PATH"));
    (void)snprintf(w->url, sizeof(w->url), "file://%s", w->html);
    (void)snprintf(w->out, sizeof(w->out), "--print-to-pdf=%s", w->pdf);
    (void)snprintf(w->profile, sizeof(w->profile), "--user-data-dir=%s/profile", w->dir);
    return 0;
}

/* A browser leaves folders behind. */
static void remove_tree(const char *path, unsigned deep)
{
    char inner[1024];
    struct dirent *d;
    struct stat st;
    DIR *dir = deep < 16 ? opendir(path) : NULL;

    while (dir && (d = readdir(dir))) {
        if (strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0 ||
            snprintf(inner, sizeof(inner), "%s/%s", path, d->d_name) >= (int)sizeof(inner) ||
            lstat(inner, &st))
            continue;
        if (S_ISDIR(st.st_mode))
            remove_tree(inner, deep + 1);
        else
            (void)unlink(inner);
    }
    if (dir)
        (void)closedir(dir);
    (void)rmdir(path);
}

static void arguments(const char *argv[ARGS], struct work *w, bool chromium)
{
    static const char *const browser[] = {"--headless", "--disable-gpu", "--no-first-run",
        "--disable-quic", "--disable-sync", "--disable-background-networking",
        "--disable-component-update", "--disable-extensions", "--no-pdf-header-footer"};
    size_t n = 0;

    argv[n++] = w->tool;
    if (chromium) {
        for (size_t i = 0; i < sizeof(browser) / sizeof(browser[0]); i++)
            argv[n++] = browser[i];
        if (geteuid() == 0) /* it refuses to run as root otherwise */
            argv[n++] = "--no-sandbox";
        argv[n++] = w->profile;
        argv[n++] = w->out;
        argv[n++] = w->url;
    } else {
        argv[n++] = "-q";
        argv[n++] = w->html;
        argv[n++] = w->pdf;
    }
    argv[n] = NULL;
}

/* The page names nothing outside; that there is no network either is a second lock, where the
 * kernel gives it. */
static _Noreturn void child(struct work *w, const char *const argv[], int log, bool chromium)
{
    const char *const env[] = {w->home, w->path, "LANG=C.UTF-8", NULL};
    union { /* execve changes neither */
        const char *const *in;
        char *const *out;
    } args = {argv}, vars = {env};
    int null = open("/dev/null", O_RDONLY);

    (void)setpgid(0, 0);
    if (unshare(CLONE_NEWNET) &&
        !chromium) /* who is not root needs a user namespace too; Chromium makes its own */
        (void)unshare(CLONE_NEWUSER | CLONE_NEWNET);
    if (null < 0 || dup2(null, 0) < 0 || dup2(log, 1) < 0 || dup2(log, 2) < 0)
        _exit(126);
    (void)execve(argv[0], args.out, vars.out);
    _exit(127);
}

/* Its exit status, or -1 when the deadline had to end it. */
static int wait_for(pid_t pid, unsigned seconds)
{
    int fd = pidfd_open(pid, 0), status = 0, rc = 0;
    struct pollfd p = {fd, POLLIN, 0};

    while (fd >= 0 && (rc = poll(&p, 1, (int)seconds * 1000)) < 0 && errno == EINTR)
        ;
    (void)kill(-pid, SIGKILL); /* and whatever it started */
    (void)kill(pid, SIGKILL);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    if (fd >= 0)
        (void)close(fd);
    return rc > 0 && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void last_words(char *out, size_t n, const char *log)
{
    struct buf b;
    struct err e;
    size_t from;

    out[0] = 0;
    buf_init(&b, 1 << 20);
    if (fsx_read_file(&b, log, &e) == 0) {
        struct str s = str_trim(buf_view(&b));
        from = str_rfind(s, STR("\n"));
        s = from < s.n ? str_sub(s, from + 1, s.n) : s;
        (void)snprintf(out, n, ": %.*s", (int)(s.n < 200 ? s.n : 200), s.p);
    }
    buf_free(&b);
}

static int run(struct work *w, bool chromium, unsigned seconds, struct err *e)
{
    const char *argv[ARGS];
    char words[220];
    int log = open(w->log, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600), status;
    pid_t pid;

    if (log < 0)
        return err_errno(e, "io.open", "open", w->log);
    arguments(argv, w, chromium);
    pid = fork();
    if (pid == 0)
        child(w, argv, log, chromium);
    (void)close(log);
    if (pid < 0)
        return err_errno(e, "io.exec", "fork", w->tool);
    status = wait_for(pid, seconds);
    last_words(words, sizeof(words), w->log);
    if (status < 0)
        return err_set(e, ERR_CONFIG, "render.pdf", "", "%s did not end within %u s%s", w->tool,
            seconds, words);
    if (status > 0)
        return err_set(
            e, ERR_CONFIG, "render.pdf", "", "%s failed with status %d%s", w->tool, status, words);
    return 0;
}

static int take(struct buf *out, const struct work *w, struct err *e)
{
    size_t before = out->n;

    if (access(w->pdf, R_OK) || fsx_read_file(out, w->pdf, e) ||
        !str_has_prefix(str_sub(buf_view(out), before, out->n), STR("%PDF-"))) {
        out->n = before;
        return err_set(e, ERR_CONFIG, "render.pdf", "", "%s wrote no PDF", w->tool);
    }
    return 0;
}

int render_pdf(struct buf *out, struct str html, unsigned seconds, struct err *e)
{
    struct work w;
    bool chromium;
    int rc, dir;

    if (!find_tool(w.tool, sizeof(w.tool), &chromium))
        return err_set(e, ERR_CONFIG, "render.no-tool", "",
            "no program on this machine makes a PDF: neither weasyprint nor chromium is on $PATH");
    if (open_work(&w, e))
        return -1;
    rc = dir = fsx_open_dir(w.dir, e);
    if (dir >= 0) {
        rc = fsx_replace(dir, "page.html", html.p, html.n, 0600, e);
        (void)close(dir);
    }
    if (!rc)
        rc = run(&w, chromium, seconds, e);
    if (!rc)
        rc = take(out, &w, e);
    remove_tree(w.dir, 0);
    return rc;
}
