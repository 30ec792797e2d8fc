#!/bin/sh
# The development PKI has the profile of Peppol's, and its bad certificates are bad in the way they are named.
set -u
cd "$(dirname "$0")/../.."
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
p=${AVISO_PKI:-build/pki}
[ -f "$p/version" ] || certs/make-pki "$p" || exit 1
result() { if [ "$2" = 0 ]; then echo "ok $1"; else echo "not ok $1"; cat "$tmp/log"; fi; }
verify() { # certificate, authority
    openssl verify -CAfile "$p/root.pem" -untrusted "$p/$2.pem" -crl_check -CRLfile "$p/$2.crl.pem" "$p/$1.pem" >"$tmp/log" 2>&1
}
refused() { ! verify "$1" "$2" && grep -q "$3" "$tmp/log"; }

for c in ap1 ap1next ap2; do verify $c apca; result "${c}_chains_to_the_access_point_ca" $?; done
verify smp1 smpca; result smp1_chains_to_the_smp_ca $?
refused expired apca 'has expired'; result expired_has_expired $?
refused future apca 'not yet valid'; result future_is_not_yet_valid $?
refused revoked apca 'certificate revoked'; result revoked_is_revoked $?
refused rogue apca 'unable to get local issuer'; result rogue_has_no_trusted_issuer $?
refused wrongca apca 'unable to get local issuer'; result wrongca_is_not_of_the_access_point_ca $?
verify wrongca smpca; result wrongca_is_of_the_smp_ca $?
openssl verify -CAfile "$p/tlsca.pem" -purpose sslserver -verify_ip 127.0.0.1 "$p/tls.pem" >"$tmp/log" 2>&1
result tls_serves_the_loopback_address $?

openssl x509 -in "$p/ap1.pem" -noout -subject -nameopt RFC2253,-dn_rev -ext keyUsage,extendedKeyUsage,basicConstraints >"$tmp/log" 2>&1
grep -q '^subject=C=BE,O=aviso AP One,OU=PEPPOL TEST AP,CN=POP000001$' "$tmp/log"
result subject_order_and_seat_id_are_peppols $?
tr -d '\n' <"$tmp/log" | grep -q 'Key Usage: critical *Digital Signature, Key Encipherment, Data Encipherment' &&
    tr -d '\n' <"$tmp/log" | grep -q 'Extended Key Usage: critical *TLS Web Client Authentication' &&
    tr -d '\n' <"$tmp/log" | grep -q 'Basic Constraints: critical *CA:FALSE'
result usages_are_peppols $?
[ "$(openssl x509 -in "$p/ap1.pem" -noout -pubkey | sha256sum)" = "$(openssl pkey -in "$p/ap1.key" -pubout | sha256sum)" ]
result key_and_certificate_match $?
[ -z "$(find "$p" -name '*.key' -perm /077)" ]
result keys_are_readable_by_their_owner_only $?
before=$(cat "$p/ap1.pem")
certs/make-pki "$p" >"$tmp/log" 2>&1 && [ ! -s "$tmp/log" ] && [ "$(cat "$p/ap1.pem")" = "$before" ]
result second_run_keeps_the_keys $?
git ls-files 2>/dev/null | grep -E '\.(key|p12|jks)$' >"$tmp/log" && result no_key_is_committed 1 || result no_key_is_committed 0
