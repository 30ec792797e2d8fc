/* testnet.c - folder, ports, processes: what testnet.h promises. One thread; all files are
 * rewritten whole, so a broken-off `up` is mended by the next. */
#include "ap/testnet/testnet.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ap/base/clock.h"
#include "ap/base/fsx.h"
#include "ap/base/log.h"
#include "ap/base/rnd.h"
#include "ap/crypto/cert.h"
#include "ap/peppol/document.h"
#include "ap/testnet/crl.h"
#include "ap/testnet/dns.h"
#include "ap/testnet/smp.h"

#define START_MS 15000
#define PATH 4300

extern char **environ;

static const char *const APS[] = {"ap1", "ap2"};

/* Who lives in the lab: the supplier at our own access point (ap1), the buyer at the other (ap2).
 */
static const struct {
    const char *id, *ap, *name, *country;
} TESTNET_PARTICIPANTS[] = {
    {"0208:0848934496", "ap1", "Example Supplier BV", "BE"},
    {"0208:0403170701", "ap2", "Example Buyer NV", "BE"},
};
#define NPARTICIPANTS (sizeof(TESTNET_PARTICIPANTS) / sizeof(TESTNET_PARTICIPANTS[0]))
static const char *const SERVED[] = {"invoice", "credit-note"};

struct lab {
    const struct testnet_cfg *c;
    struct testnet_state s;
    FILE *tell;
};

static void path(char out[PATH], const struct lab *l, const char *name)
{
    (void)snprintf(out, PATH, "%s/%s", l->c->dir, name);
}

/* ---- processes ---- */

static pid_t running(const struct lab *l, const char *name)
{
    char file[PATH];
    struct buf b;
    long pid = 0;

    (void)snprintf(file, sizeof(file), "%s/%s.pid", l->c->dir, name);
    buf_init(&b, 64);
    if (fsx_read_file(&b, file, NULL) == 0 && b.n)
        pid = strtol(b.p, NULL, 10);
    buf_free(&b);
    return pid > 1 && kill((pid_t)pid, 0) == 0 ? (pid_t)pid : 0;
}

static int write_text(
    const struct lab *l, const char *name, const char *text, unsigned mode, struct err *e)
{
    int fd = fsx_open_dir(l->c->dir, e), rc;

    if (fd < 0)
        return -1;
    rc = fsx_replace(fd, name, text, strlen(text), mode, e);
    (void)close(fd);
    return rc;
}

/* In a session of its own, so that it outlives this command; output goes to NAME.log. */
static int launch(const struct lab *l, const char *name, const char *const *argv, struct err *e)
{
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attr;
    char log[PATH], text[32];
    union { /* argv is not changed by posix_spawn */
        const char *const *in;
        char *const *out;
    } args = {argv};
    pid_t pid = 0;
    int rc;

    (void)snprintf(log, sizeof(log), "%s/%s.log", l->c->dir, name);
    (void)posix_spawn_file_actions_init(&files);
    (void)posix_spawnattr_init(&attr);
    (void)posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
    (void)posix_spawn_file_actions_addopen(&files, 1, log, O_WRONLY | O_CREAT | O_APPEND, 0600);
    (void)posix_spawn_file_actions_adddup2(&files, 1, 2);
    (void)posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSID);
    rc = posix_spawn(&pid, argv[0], &files, &attr, args.out, environ);
    (void)posix_spawn_file_actions_destroy(&files);
    (void)posix_spawnattr_destroy(&attr);
    if (rc) {
        errno = rc;
        return err_errno(e, "testnet.start", "start", argv[0]);
    }
    (void)snprintf(log, sizeof(log), "%s.pid", name);
    (void)snprintf(text, sizeof(text), "%d\n", (int)pid);
    return write_text(l, log, text, 0644, e);
}

/* ---- what lies in the folder ---- */

static unsigned free_port(void)
{
    struct sockaddr_in a = {.sin_family = AF_INET};
    socklen_t n = sizeof(a);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    unsigned port = 0;

    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd >= 0 && bind(fd, (struct sockaddr *)&a, sizeof(a)) == 0 &&
        getsockname(fd, (struct sockaddr *)&a, &n) == 0)
        port = ntohs(a.sin_port);
    if (fd >= 0)
        (void)close(fd);
    return port;
}

static int read_ports(struct lab *l)
{
    char file[PATH];
    struct buf b;
    int got = 0;

    path(file, l, "ports");
    buf_init(&b, 256);
    if (fsx_read_file(&b, file, NULL) == 0 && b.p)
        got = sscanf(b.p, "dns %u smp %u ap1 %u ap2 %u crl %u", &l->s.dns_port, &l->s.smp_port,
            &l->s.ap1_port, &l->s.ap2_port, &l->s.crl_port);
    buf_free(&b);
    return got == 5 ? 0 : -1;
}

/* Chosen once and kept, so that configurations and registrations stay true over restarts. */
static int choose_ports(struct lab *l, struct err *e)
{
    char text[128];

    if (read_ports(l) == 0)
        return 0;
    l->s.dns_port = free_port();
    l->s.smp_port = free_port();
    l->s.ap1_port = free_port();
    l->s.ap2_port = free_port();
    l->s.crl_port = free_port();
    if (!l->s.dns_port || !l->s.smp_port || !l->s.ap1_port || !l->s.ap2_port || !l->s.crl_port)
        return err_set(e, ERR_RETRY, "testnet.start", "", "no free port on 127.0.0.1");
    (void)snprintf(text, sizeof(text), "dns %u smp %u ap1 %u ap2 %u crl %u\n", l->s.dns_port,
        l->s.smp_port, l->s.ap1_port, l->s.ap2_port, l->s.crl_port);
    return write_text(l, "ports", text, 0644, e);
}

static int make_pki(const struct lab *l, struct err *e)
{
    char dir[PATH], cmd_log[PATH];
    posix_spawn_file_actions_t files;
    char *argv[3];
    union {
        const char *in;
        char *out;
    } script = {l->c->make_pki};
    pid_t pid;
    int rc, status = 0;

    path(dir, l, "pki");
    path(cmd_log, l, "pki.log");
    argv[0] = script.out;
    argv[1] = dir;
    argv[2] = NULL;
    (void)posix_spawn_file_actions_init(&files);
    (void)posix_spawn_file_actions_addopen(&files, 2, cmd_log, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    rc = posix_spawn(&pid, script.out, &files, NULL, argv, environ);
    (void)posix_spawn_file_actions_destroy(&files);
    if (rc == 0)
        rc = waitpid(pid, &status, 0) < 0 || !WIFEXITED(status) || WEXITSTATUS(status);
    return rc ? err_set(e, ERR_CONFIG, "testnet.pki", "", "%s failed; see %s", script.out, cmd_log)
              : 0;
}

static int write_conf(const struct lab *l, const char *ap, const char *name, unsigned port,
    bool folder, struct err *e)
{
    struct buf b;
    int rc;

    buf_init(&b, 65536);
    buf_printf(&b,
        "# made by aviso testnet up\n[ap]\nmode = lab\nkey_file = %s/pki/%s.key\n"
        "cert_file = %s/pki/%s.pem\nanchor_dir = %s/pki/trust\ndata_dir = %s\n",
        l->c->dir, ap, l->c->dir, ap, l->c->dir, l->c->data_dir);
    buf_printf(&b,
        "\n[listen]\nas4 = 127.0.0.1:%u\ntls_cert_file = %s/pki/tls.chain.pem\n"
        "tls_key_file = %s/pki/tls.key\npublic_url = https://localhost:%u/as4\n",
        port, l->c->dir, l->c->dir, port);
    buf_printf(&b,
        "\n[store]\nspool = %s/%s/spool\nallow_volatile_spool = yes\n"
        "spool_min_free = 64M\n",
        l->c->dir, ap);
    buf_printf(&b,
        "\n[lookup]\nsml_zone = " TESTNET_ZONE "\nresolver = 127.0.0.1@%u\n"
        "tls_ca_file = %s/pki/tlsca.pem\n"
        "connect_to = " TESTNET_CRL_HOST ":80:127.0.0.1:%u\n",
        l->s.dns_port, l->c->dir, l->s.crl_port);
    buf_printf(&b,
        "\n[smp]\nurl = https://localhost:%u\nuser = %s\nsecret_file = %s/%s.secret\n"
        "ca_file = %s/pki/tlsca.pem\n",
        l->s.smp_port, strcmp(ap, APS[0]) == 0 ? ap : "", l->c->dir, ap, l->c->dir);
    buf_puts(&b, "\n[retry]\nfirst = 2s\nmax = 60s\n");
    if (folder)
        buf_printf(&b, "\n[deliver]\ndrop_folder = %s/%s/inbox\n", l->c->dir, ap);
    rc = buf_check(&b, e) ? -1 : write_text(l, name, b.p, 0644, e);
    buf_free(&b);
    return rc;
}

/* Users of the SMP: the access points, each with a secret that stays. */
static int write_users(const struct lab *l, struct err *e)
{
    char file[PATH], name[32], secret[RND_UUID];
    struct buf users;
    int rc = 0;

    path(file, l, "smp.users");
    if (access(file, F_OK) == 0)
        return 0;
    buf_init(&users, 4096);
    for (size_t i = 0; !rc && i < sizeof(APS) / sizeof(APS[0]); i++) {
        rnd_uuid(secret);
        buf_printf(&users, "%s\t%s\n", APS[i], secret);
        (void)snprintf(name, sizeof(name), "%s.secret", APS[i]);
        rc = write_text(l, name, secret, 0600, e);
    }
    if (!rc)
        rc = buf_check(&users, e) ? -1 : write_text(l, "smp.users", users.p, 0600, e);
    buf_free(&users);
    return rc;
}

/* Once: afterwards it belongs to who edits it, and to the users of the SMP. */
static int write_registry(const struct lab *l, struct err *e)
{
    char file[PATH];
    struct buf b;
    int rc;

    path(file, l, "registry.tsv");
    if (access(file, F_OK) == 0)
        return 0;
    buf_init(&b, 1 << 20);
    buf_puts(&b, "# participant, document type, process, url, certificate: tab-separated\n");
    for (size_t i = 0; i < NPARTICIPANTS; i++)
        for (size_t k = 0; k < sizeof(SERVED) / sizeof(SERVED[0]); k++) {
            const char *ap = TESTNET_PARTICIPANTS[i].ap;
            struct doctype d;
            struct process p;
            if (!document_by_name(&d, &p, SERVED[k]))
                continue;
            buf_printf(&b, "%s\t", TESTNET_PARTICIPANTS[i].id);
            doctype_text(&b, &d);
            buf_putc(&b, '\t');
            process_text(&b, &p);
            buf_printf(&b, "\thttps://localhost:%u/as4\t%s/pki/%s.pem\n",
                strcmp(ap, "ap1") == 0 ? l->s.ap1_port : l->s.ap2_port, l->c->dir, ap);
        }
    rc = buf_check(&b, e) ? -1 : write_text(l, "registry.tsv", b.p, 0644, e);
    buf_free(&b);
    return rc;
}

/* With the program itself, as an operator would: `aviso participant add`. */
static int add_participants(const struct lab *l, const char *ap, const char *conf, struct err *e)
{
    char config[PATH];

    path(config, l, conf);
    for (size_t i = 0; i < NPARTICIPANTS; i++) {
        const char *argv[] = {l->c->program, "participant", "add", TESTNET_PARTICIPANTS[i].id,
            "--country", TESTNET_PARTICIPANTS[i].country, "--name", TESTNET_PARTICIPANTS[i].name,
            "--doctype", SERVED[0], "--doctype", SERVED[1], "--quiet", "--config", config, NULL};
        union {
            const char *const *in;
            char *const *out;
        } args = {argv};
        pid_t pid;
        int status = 0;
        if (strcmp(TESTNET_PARTICIPANTS[i].ap, ap) != 0)
            continue;
        if (posix_spawn(&pid, argv[0], NULL, NULL, args.out, environ) ||
            waitpid(pid, &status, 0) < 0 || !WIFEXITED(status) || WEXITSTATUS(status))
            return err_set(e, ERR_CONFIG, "testnet.start", "", "cannot register %s at %s",
                TESTNET_PARTICIPANTS[i].id, ap);
    }
    return 0;
}

static int prepare(struct lab *l, struct err *e)
{
    char dir[PATH], inbox[PATH], mine[PATH];

    path(dir, l, "ap2");
    path(inbox, l, "ap2/inbox");
    path(mine, l, "ap1");
    if (fsx_mkdirs(l->c->dir, 0700, e) || fsx_mkdirs(dir, 0700, e) || fsx_mkdirs(inbox, 0700, e) ||
        fsx_mkdirs(mine, 0700, e) || choose_ports(l, e) || make_pki(l, e))
        return -1;
    return write_conf(l, "ap1", "aviso.conf", l->s.ap1_port, false, e) ||
                   write_conf(l, "ap2", "ap2.conf", l->s.ap2_port, true, e) ||
                   write_registry(l, e) || write_users(l, e)
               ? -1
               : 0;
}

/* ---- up, down, look ---- */

static bool answers(unsigned port)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool ok;

    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ok = fd >= 0 && connect(fd, (struct sockaddr *)&a, sizeof(a)) == 0;
    if (fd >= 0)
        (void)close(fd);
    return ok;
}

static int wait_for(const struct lab *l, const char *name, unsigned port, struct err *e)
{
    int64_t until = clock_mono() + START_MS;

    while (!answers(port)) {
        (void)waitpid(-1, NULL, WNOHANG); /* a child that ended at once must not look alive */
        if (!running(l, name) || clock_mono() > until)
            return err_set(e, ERR_CONFIG, "testnet.start", "",
                "%s does not answer on port %u; see %s/%s.log", name, port, l->c->dir, name);
        clock_sleep(20);
    }
    return 0;
}

static int start_net(struct lab *l, struct err *e)
{
    char dns[16], smp[16], crl[16];
    const char *argv[] = {l->c->program, "testnet", "net", "--dir", l->c->dir, "--dns-port", dns,
        "--smp-port", smp, "--crl-port", crl, NULL};

    (void)snprintf(dns, sizeof(dns), "%u", l->s.dns_port);
    (void)snprintf(smp, sizeof(smp), "%u", l->s.smp_port);
    (void)snprintf(crl, sizeof(crl), "%u", l->s.crl_port);
    if (!running(l, "net") && launch(l, "net", argv, e))
        return -1;
    return wait_for(l, "net", l->s.dns_port, e) || wait_for(l, "net", l->s.smp_port, e) ||
                   wait_for(l, "net", l->s.crl_port, e)
               ? -1
               : 0;
}

static int start_ap2(struct lab *l, struct err *e)
{
    char config[PATH];
    const char *argv[] = {l->c->program, "serve", "--config", config, NULL};

    path(config, l, "ap2.conf");
    if (!running(l, "ap2")) {
        if (add_participants(l, "ap2", "ap2.conf", e) || launch(l, "ap2", argv, e))
            return -1;
    }
    return wait_for(l, "ap2", l->s.ap2_port, e);
}

int testnet_up(const struct testnet_cfg *c, FILE *tell, struct err *e)
{
    struct lab l = {.c = c, .tell = tell};

    if (prepare(&l, e) || start_net(&l, e) || start_ap2(&l, e) ||
        add_participants(&l, "ap1", "aviso.conf", e))
        return -1;
    if (!tell)
        return 0;
    (void)fprintf(tell, "SML    %s, DNS on 127.0.0.1 port %u\n", TESTNET_ZONE, l.s.dns_port);
    (void)fprintf(tell, "SMP    https://localhost:%u\n", l.s.smp_port);
    for (size_t i = 0; i < NPARTICIPANTS; i++)
        (void)fprintf(tell, "%s    %s  %s, https://localhost:%u/as4\n", TESTNET_PARTICIPANTS[i].ap,
            TESTNET_PARTICIPANTS[i].id, TESTNET_PARTICIPANTS[i].name,
            strcmp(TESTNET_PARTICIPANTS[i].ap, "ap1") == 0 ? l.s.ap1_port : l.s.ap2_port);
    (void)fprintf(
        tell, "\nap1 is yours: aviso --config %s/aviso.conf send|serve|status ...\n", c->dir);
    return 0;
}

static void end(const struct lab *l, const char *name, pid_t pid)
{
    int64_t until = clock_mono() + 30000;

    if (!pid)
        return;
    (void)kill(pid, SIGTERM);
    while (kill(pid, 0) == 0 && clock_mono() < until)
        clock_sleep(20);
    if (l->tell)
        (void)fprintf(l->tell, "%s ended\n", name);
}

int testnet_down(const struct testnet_cfg *c, FILE *tell, struct err *e)
{
    struct lab l = {.c = c, .tell = tell};

    if (testnet_look(&l.s, c, e))
        return -1;
    end(&l, "ap2", l.s.ap2);
    end(&l, "net", l.s.net);
    return 0;
}

int testnet_look(struct testnet_state *out, const struct testnet_cfg *c, struct err *e)
{
    struct lab l = {.c = c};

    if (read_ports(&l))
        return err_set(e, ERR_INPUT, "testnet.missing", "", "there is no testnet in %s", c->dir);
    l.s.net = running(&l, "net");
    l.s.ap2 = running(&l, "ap2");
    *out = l.s;
    return 0;
}

int testnet_net_run(
    const char *dir, unsigned dns_port, unsigned smp_port, unsigned crl_port, struct err *e)
{
    struct dns_server *dns = NULL;
    struct smp_server *smp = NULL;
    struct crl_server *crl = NULL;
    char url[64];
    sigset_t set;
    int sig, rc;

    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGTERM);
    (void)sigaddset(&set, SIGINT);
    (void)pthread_sigmask(SIG_BLOCK, &set, NULL);
    (void)snprintf(url, sizeof(url), "https://localhost:%u", smp_port);
    rc = smp_start(&smp, dir, smp_port, e) || crl_start(&crl, dir, crl_port, e) ||
         dns_start(&dns, dir, dns_port, TESTNET_ZONE, url, e);
    if (!rc) {
        log_event(LOG_INFO, "testnet.ready", "smp", url, NULL);
        while (sigwait(&set, &sig) == EINTR)
            ;
    }
    dns_stop(dns);
    smp_stop(smp);
    crl_stop(crl);
    return rc ? -1 : 0;
}
