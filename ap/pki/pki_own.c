#include "ap/pki/pki_own.h"

static void learn(struct key *k, int rc, const struct err *why)
{
    if (!rc || strcmp(why->code, "cert.revoked") == 0)
        key_set_revoked(k, rc != 0);
}

int pki_own_look(struct pki *p, struct key *k, int64_t now, struct err *e)
{
    int rc = pki_check(p, key_cert(k), PKI_AP, now, e);

    learn(k, rc, e);
    return rc;
}

int pki_own_may_send(struct pki *p, struct key *k, int64_t now, struct err *e)
{
    struct err why = ERR_INIT;

    (void)!pki_own_look(p, k, now, &why);
    return key_check_usable(k, now, e);
}

/*= PEPPOL-PKI 4 "unknown is not good" */
int pki_own_may_answer(struct pki *p, struct key *k, int64_t now, struct err *e)
{
    struct err why = ERR_INIT;
    const char *how;
    int rc = pki_check_received(&how, p, key_cert(k), PKI_AP, now, &why);

    learn(k, rc, &why);
    if (key_check_usable(k, now, e))
        return -1;
    if (!rc || why.class != ERR_RETRY)
        return 0;
    (void)err_set(e, ERR_RETRY, "key.revocation-unknown", "PEPPOL-AS4 4.7",
        "our own certificate: %s", why.msg);
    return err_next(e, "tried again; check the way to the CRL server (port 80)");
}
