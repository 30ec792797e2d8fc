#!/bin/sh
# schemas/install without a network: it takes packages from a folder, lays them out once, and names what is
# missing or altered; what it lays out loads with the drivers and needs nothing from outside.
set -u
cd "$(dirname "$0")/../.."
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
result() { if [ "$2" = 0 ]; then echo "ok $1"; else echo "not ok $1"; cat "$tmp/log"; fi; }
try() { "$@" >"$tmp/log" 2>&1; }

schemas/install --fetch "$tmp/packages" || { echo "no artefacts here and none to be fetched"; exit 1; }
export AVISO_ARTEFACTS="$tmp/packages" XDG_CACHE_HOME="$tmp/cache"

mv "$tmp/packages/ph-sbdh-6.1.0.jar" "$tmp/kept.jar"
! try schemas/install "$tmp/data" && grep -q 'ph-sbdh-6.1.0.jar is not in AVISO_ARTEFACTS' "$tmp/log" && [ ! -e "$tmp/data" ]
result missing_package_is_named_and_nothing_laid_out $?

{ cat "$tmp/kept.jar"; echo; } >"$tmp/packages/ph-sbdh-6.1.0.jar"
! try schemas/install "$tmp/data" && grep -q 'ph-sbdh-6.1.0.jar is altered: its sha256 is' "$tmp/log" && [ ! -e "$tmp/data" ]
result altered_package_is_named_and_nothing_laid_out $?

mv "$tmp/kept.jar" "$tmp/packages/ph-sbdh-6.1.0.jar"
try schemas/install "$tmp/data" && try schemas/install --check "$tmp/data"
result artefacts_are_laid_out_from_a_folder $?

mkdir "$tmp/mine" && echo kept >"$tmp/mine/file"
! try schemas/install "$tmp/mine" && grep -q 'mine is not empty and holds no artefacts' "$tmp/log" && [ "$(cat "$tmp/mine/file")" = kept ]
result folder_with_something_else_is_left_alone $?

rm -rf "$tmp/packages"
try schemas/install "$tmp/data" && [ ! -s "$tmp/log" ]
result second_run_has_nothing_to_do $?
try schemas/install "$tmp/data2" && try schemas/install --check "$tmp/data2"
result another_folder_is_filled_from_the_cache_alone $?

echo >>"$tmp/cache/aviso/artefacts/ph-ubl21-10.2.0.jar"
! try schemas/install "$tmp/data3" && grep -q 'ph-ubl21-10.2.0.jar is not the pinned package' "$tmp/log"
result altered_package_in_the_cache_is_not_used $?

echo '<!-- -->' >>"$tmp/data/rules/openpeppol/2026.5/PEPPOL-EN16931-UBL.xslt"
rm "$tmp/data/trust/test/ap-ca.pem"
! try schemas/install --check "$tmp/data" && grep -q '2026.5/PEPPOL-EN16931-UBL.xslt is altered' "$tmp/log" &&
    grep -q 'trust/test/ap-ca.pem is missing' "$tmp/log"
result altered_and_missing_files_are_named $?

d=$tmp/data2
[ "$(find "$d/rules" -name '*.xslt' | wc -l)" = 260 ]
result all_rule_sets_are_there $?

while IFS='	' read -r mode role fingerprint name; do
    case $mode in \#*) continue ;; esac
    f=$(openssl x509 -in "$d/trust/$mode/$role.pem" -noout -fingerprint -sha256 | sed 's/.*=//; s/://g')
    [ "$f" = "$fingerprint" ] && openssl verify -CAfile "$d/trust/$mode/root.pem" "$d/trust/$mode/$role.pem" || echo "$name: $f"
done <certs/anchors >"$tmp/log" 2>&1
[ "$(grep -c ': OK$' "$tmp/log")" = 6 ] && ! grep -qv ': OK$' "$tmp/log"
result trust_anchors_have_the_listed_fingerprints $?

# xmllint refuses the root element, and says nothing else: then the whole schema was understood.
echo '<nothing/>' >"$tmp/nothing.xml"
loads() {
    for x in "$@"; do
        xmllint --nonet --noout --schema "$x" "$tmp/nothing.xml" 2>&1 | grep -vE 'No matching global declaration|fails to validate$' &&
            { echo "$x"; return 1; }
    done
    return 0
}
loads "$d"/xsd/ubl-2.1/*.xsd >"$tmp/log" && [ "$(ls "$d"/xsd/ubl-2.1/*.xsd | wc -l)" = 65 ]
result every_ubl_2_1_document_schema_loads $?
loads "$d"/xsd/ubl-2.3/Order*.xsd "$d/xsd/ubl-2.3/TransportationStatus.xsd" >"$tmp/log"
result ubl_2_3_order_schemas_load $?
loads "$d"/xsd/*.xsd "$d"/xsd/peppol/*.xsd "$d/xsd/sbdh/StandardBusinessDocumentHeader.xsd" \
    "$d/xsd/cii-d16b/data/standard/CrossIndustryInvoice_100pD16B.xsd" >"$tmp/log"
result the_other_schemas_load $?
