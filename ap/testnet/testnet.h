/* testnet.h - a whole Peppol network on loopback: SML zone, SMP, a second access point, a PKI.
 *
 * Everything lies in one folder: pki/ (development certificates), registry.tsv (who receives what,
 * where), net.* (DNS authority, SMP and revocation lists,
 * one process), smp/ and smp.users (what was PUT to the SMP, who may), ap2/ (the second access
 * point: its configuration, spool, log), aviso.conf (for the user's own access point, ap1). Only
 * loopback addresses, mode lab. */
#ifndef AP_TESTNET_TESTNET_H
#define AP_TESTNET_TESTNET_H

#include <stdio.h>
#include <sys/types.h>

#include "ap/base/err.h"

#define TESTNET_ZONE "sml.testnet.aviso"

struct testnet_cfg {
    const char *dir;      /* made when missing */
    const char *program;  /* this program, for the second access point */
    const char *make_pki; /* certs/make-pki */
    const char *data_dir;
};

/* Start what does not run yet; returns when the network answers. testnet.start, testnet.pki. Two
 * registered participants each: see TESTNET_PARTICIPANTS in testnet.c. */
int testnet_up(const struct testnet_cfg *c, FILE *tell, struct err *e) MUST_CHECK;
/* End the processes; the folder stays unless `remove_spools`. */
int testnet_down(const struct testnet_cfg *c, FILE *tell, struct err *e) MUST_CHECK;

struct testnet_state {
    pid_t net, ap2; /* 0: not running */
    unsigned dns_port, smp_port, ap1_port, ap2_port, crl_port;
};
int testnet_look(struct testnet_state *out, const struct testnet_cfg *c, struct err *e) MUST_CHECK;

/* The DNS authority, the SMP and the revocation lists, until SIGTERM: what `aviso testnet net`
 * runs. */
int testnet_net_run(const char *dir, unsigned dns_port, unsigned smp_port, unsigned crl_port,
    struct err *e) MUST_CHECK;

#endif
