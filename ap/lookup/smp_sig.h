/* smp_sig.h - the enveloped signature of SignedServiceMetadata (SMP 1.4.0 5.5.1).
 *
 * Taken when verifying: exactly one ds:Signature, child of the root; one Reference URI="" with the
 * enveloped transform and at most one c14n; C14N 1.0 or exclusive C14N; RSA-SHA256; SHA-256; the
 * signer's certificate in KeyInfo, alone or with its chain. Everything else, SHA-1 first of all, is
 * refused. What is signed is the whole document but the signature, so the root element is the
 * verified node. */
#ifndef AP_LOOKUP_SMP_SIG_H
#define AP_LOOKUP_SMP_SIG_H

#include <libxml/tree.h>

#include "ap/base/arena.h"
#include "ap/base/err.h"
#include "ap/crypto/cert.h"
#include "ap/crypto/key.h"

/* *signer is the caller's (cert_unref). smp.signature (ERR_PEER): a security event. */
int smp_verify(struct cert **signer, xmlDoc *doc, struct arena *a, struct err *e) MUST_CHECK;
/* Append the signature to the root: inclusive C14N, RSA-SHA256, X509Certificate. */
int smp_sign(xmlDoc *doc, struct key *k, struct arena *a, struct err *e) MUST_CHECK;

#endif
