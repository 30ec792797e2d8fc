/* trust.c - the fingerprints of certs/anchors, compiled in: replacing a file must not replace
 * trust. */
#include "ap/peppol/trust.h"

#include <stdio.h>
#include <string.h>

#include "ap/base/enc.h"
#include "ap/crypto/cert.h"

static const struct {
    const char *stage, *file, *sha256;
} anchors[] = {
    {"production", "root.pem", "b6075b9f8655e756777f182d1407c0049442d3a2f57dff9781523828f331f211"},
    {"production", "ap-ca.pem", "b65e375a5826ada16517b2aa8a881b6fcaff5e48e7559b9e96bba5c64921f900"},
    {"production", "smp-ca.pem",
        "d9e17467c69e51fc4f5c5263542fc68d2abba5dfaae62e87fbd6829f1de621c4"},
    {"test", "root.pem", "8b4e0e5dc7c8208cba88edebfad31e064740d896ab6e18de0b03386fd24be734"},
    {"test", "ap-ca.pem", "d2445a0f115ee64cc141a849fe142927fe5701b7d9b58d3e6f53993162115cc0"},
    {"test", "smp-ca.pem", "eb78dabb622bbc701592f085bc27ab817fe1c0d4753ae829682e8127b3b00ce7"},
};

/*= PEPPOL-PKI 1 "stages are never mixed" */
static int check_one(const char *dir, size_t i, struct err *e)
{
    char path[4200], hex[HASH_HEX];
    struct cert *c;

    (void)snprintf(path, sizeof(path), "%s/%s", dir, anchors[i].file);
    if (cert_from_pem_file(&c, path, e))
        return -1;
    enc_hex(hex, c->sha256, HASH_LEN);
    cert_unref(c);
    if (strcmp(hex, anchors[i].sha256) == 0)
        return 0;
    return err_set(e, ERR_CONFIG, "trust.stage", "PEPPOL-PKI G3",
        "%s is not the anchor of stage %s (its SHA-256 is %s)", path, anchors[i].stage, hex);
}

int trust_check(const char *dir, const char *stage, struct err *e)
{
    for (size_t i = 0; i < sizeof(anchors) / sizeof(anchors[0]); i++)
        if (strcmp(anchors[i].stage, stage) == 0 && check_one(dir, i, e))
            return -1;
    return 0;
}
