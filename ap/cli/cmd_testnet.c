/* aviso testnet up|down|status|net: a Peppol network on this machine. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ap/base/json.h"
#include "ap/base/log.h"
#include "ap/cli/commands.h"
#include "ap/cli/script.h"
#include "ap/daemon/node.h"
#include "ap/testnet/testnet.h"
#include "ap/wss/wss.h"

struct place {
    struct testnet_cfg cfg;
    char dir[PATH_MAX], program[PATH_MAX], make_pki[PATH_MAX + 64], data[PATH_MAX];
};

static void default_dir(char out[PATH_MAX])
{
    const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");

    if (state && *state)
        (void)snprintf(out, PATH_MAX, "%s/aviso/testnet", state);
    else
        (void)snprintf(out, PATH_MAX, "%s/.local/state/aviso/testnet", home ? home : "");
}

static void find(struct cli *c, struct place *p)
{
    const char *dir = cli_get(c, "dir");
    char given[PATH_MAX], cwd[PATH_MAX] = "";
    ssize_t n = readlink("/proc/self/exe", p->program, sizeof(p->program) - 1);

    p->program[n > 0 ? n : 0] = '\0';
    if (dir)
        (void)snprintf(given, sizeof(given), "%s", dir);
    else
        default_dir(given);
    if (given[0] != '/' && !getcwd(cwd, sizeof(cwd)))
        cwd[0] = '\0';
    (void)snprintf(p->dir, sizeof(p->dir), "%s%s%s", cwd, cwd[0] ? "/" : "", given);
    node_data_dir(p->data, sizeof(p->data), NULL);
    if (!script_find(p->make_pki, sizeof(p->make_pki), "certs/make-pki"))
        (void)snprintf(p->make_pki, sizeof(p->make_pki), "certs/make-pki"); /* what is missing */
    p->cfg = (struct testnet_cfg){p->dir, p->program, p->make_pki, p->data};
}

int cmd_testnet_up(struct cli *c)
{
    struct err e = ERR_INIT;
    struct place p;

    find(c, &p);
    if (testnet_up(&p.cfg, c->quiet || c->json ? NULL : stdout, &e))
        return cli_fail(c, NULL, &e);
    return c->json ? cmd_testnet_status(c) : EXIT_OK;
}

int cmd_testnet_down(struct cli *c)
{
    struct err e = ERR_INIT;
    struct place p;

    find(c, &p);
    return testnet_down(&p.cfg, c->quiet || c->json ? NULL : stdout, &e) ? cli_fail(c, NULL, &e)
                                                                         : EXIT_OK;
}

int cmd_testnet_status(struct cli *c)
{
    struct testnet_state s;
    struct err e = ERR_INIT;
    struct place p;

    find(c, &p);
    if (testnet_look(&s, &p.cfg, &e))
        return cli_fail(c, NULL, &e);
    if (c->json) {
        struct json_object *o = json_object_new_object();
        json_add_given(o, "dir", p.dir);
        json_add_int(o, "net", s.net);
        json_add_int(o, "ap2", s.ap2);
        json_add_int(o, "dns_port", (int)s.dns_port);
        json_add_int(o, "smp_port", (int)s.smp_port);
        json_add_int(o, "ap1_port", (int)s.ap1_port);
        json_add_int(o, "ap2_port", (int)s.ap2_port);
        cli_json(o);
    } else {
        (void)printf("folder  %s\n", p.dir);
        (void)printf(
            "net     %s (DNS %u, SMP %u)\n", s.net ? "running" : "stopped", s.dns_port, s.smp_port);
        (void)printf("ap2     %s (port %u)\n", s.ap2 ? "running" : "stopped", s.ap2_port);
    }
    return s.net && s.ap2 ? EXIT_OK : EXIT_NO;
}

int cmd_testnet_net(struct cli *c)
{
    const char *dir = cli_get(c, "dir"), *dns = cli_get(c, "dns-port"),
               *smp = cli_get(c, "smp-port"), *crl = cli_get(c, "crl-port");
    unsigned long long d, s, l;
    struct err e = ERR_INIT;

    if (!dir || !dns || !smp || !crl || !str_to_u64(str_z(dns), 65535, &d) ||
        !str_to_u64(str_z(smp), 65535, &s) || !str_to_u64(str_z(crl), 65535, &l))
        return cli_usage(c, "expected --dir DIR --dns-port N --smp-port N --crl-port N");
    log_setup(LOG_INFO, false);
    if (wss_init(&e) || testnet_net_run(dir, (unsigned)d, (unsigned)s, (unsigned)l, &e))
        return cli_fail(c, NULL, &e);
    return EXIT_OK;
}
