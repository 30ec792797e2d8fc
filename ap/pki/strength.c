#include "ap/pki/strength_priv.h"

/*= PEPPOL-PKI 2 "RSA-2048, sha256WithRSA" */
const char *strength_of_key(const struct cert *c)
{
    return EVP_PKEY_is_a(c->pub, "RSA") && EVP_PKEY_get_bits(c->pub) >= 2048
               ? NULL
               : "the key is not RSA of 2048 bits or more";
}

const char *strength_of_signature(const struct cert *c)
{
    int md = NID_undef, pk = NID_undef;

    return X509_get_signature_info(c->x, &md, &pk, NULL, NULL) == 1 &&
                   (md == NID_sha256 || md == NID_sha384 || md == NID_sha512) &&
                   pk == NID_rsaEncryption
               ? NULL
               : "not signed with RSA and SHA-256 or better";
}
