#!/bin/sh
# The commands as a user meets them: exit codes, five-part errors, JSON, the whole way over the testnet.
set -u
[ -x "${AVISO:-}" ] && [ -d "${AVISO_PKI:-}" ] || { echo "no program or no development PKI"; exit 77; }
dir=$(mktemp -d)
net=$dir/net
mkdir "$net" && cp -r "$AVISO_PKI" "$net/pki"
invoice=$TOP/ubl/examples/invoice.xml
trap '"$AVISO" testnet down --dir "$net" --quiet 2>/dev/null; rm -rf "$dir"' EXIT
. "$TOP/tests/support/expect"

inv() { sed "s/INV-1042/$1/" "$invoice" >"$dir/$1.xml"; echo "$dir/$1.xml"; }
ap1() { "$AVISO" --config "$net/aviso.conf" "$@"; }
ap2() { "$AVISO" --config "$net/ap2.conf" "$@"; }

expect "help has examples first" 0 "Examples:" "$AVISO" send --help
expect "no command is wrong usage" 64 "Commands:" "$AVISO"
expect "an unknown command names the nearest" 64 'nearest is "send"' "$AVISO" sned
expect "or the nearest group" 64 'nearest is "participant"' "$AVISO" partcipant list
expect "one that is like none" 64 'there is no command "foo"$' "$AVISO" foo
expect "an unknown flag is wrong usage" 64 "no flag --wat" "$AVISO" send x --wat
expect "a flag without its value is wrong usage" 64 "needs a value" "$AVISO" send x --to
expect "the version" 0 "^aviso [0-9]" "$AVISO" --version
expect "no mode, no start" 78 "config.mode" "$AVISO" serve --set store.spool="$dir/none"
expect "an unknown option names file, line and nearest" 78 "store.spool" "$AVISO" config check --set store.spol=x
expect "an error name is explained" 0 "exit code" "$AVISO" explain spool.locked
mkdir -p "$dir/closed/spool"
chmod 700 "$dir/closed"
chmod 755 "$dir"
somebody() { setpriv --reuid 65534 --regid 65534 --clear-groups "$@"; }
if somebody "$AVISO" --version >/dev/null 2>&1 && somebody ls "$dir" >/dev/null 2>&1; then # root, and a way there
    expect "a spool of somebody else is not one that is not there" 78 "Permission denied" \
        somebody "$AVISO" list --set store.spool="$dir/closed/spool"
fi
expect "a spool that is not there" 78 "store.missing" "$AVISO" list --set store.spool="$dir/none"

expect "a whole network comes up" 0 "SMP" "$AVISO" testnet up --dir "$net"
expect "... once more does no harm" 0 "SMP" "$AVISO" testnet up --dir "$net"
expect "... and says that it runs" 0 "running" "$AVISO" testnet status --dir "$net"

expect "lookup explains its steps" 0 "POP000002" ap1 lookup 0208:0403170701 --doctype invoice --explain
expect "lookup of nobody is a no" 1 "participant.not-registered" ap1 lookup 0208:0123456749 --doctype invoice
expect "lookup of nonsense is wrong input" 65 "id.participant" ap1 lookup 12345

expect "dry run sends nothing" 0 "would send" ap1 send "$(inv DRY-1)" --dry-run
expect "... and stores nothing" 1 "status.not-found" ap1 status DRY-1
expect "send waits for its receipt" 0 "receipted .* signed by POP000002" ap1 send "$(inv CLI-1)" --wait
expect "status by invoice number" 0 "RECEIPTED" ap1 status CLI-1
id=$(ap1 status CLI-1 --json | sed 's/.*"sbdh_id":"\([^"]*\)".*/\1/')
expect "status by SBDH id" 0 "CLI-1" ap1 status "$id"
id=$(ap1 status CLI-1 --json | sed 's/.*"as4_id":"\([^"]*\)".*/\1/')
expect "status by AS4 id" 0 "CLI-1" ap1 status "$id"
sha=$(ap1 status CLI-1 --json | sed 's/.*"sha256":"\([^"]*\)".*/\1/')
expect "status by SHA-256" 0 "CLI-1" ap1 status "$sha"
expect "status of nothing is a no" 1 "status.not-found" ap1 status NOPE

expect "not there" 66 "io.missing" ap1 send "$dir/nope.xml"
echo hello >"$dir/text.xml"
expect "not XML" 65 "xml\.|document\." ap1 send "$dir/text.xml"
echo '<a xmlns="urn:x"/>' >"$dir/other.xml"
expect "not a known document" 65 "document.unknown" ap1 send "$dir/other.xml"
printf '<!DOCTYPE a [<!ENTITY x "y">]><a/>' >"$dir/dtd.xml"
expect "a DOCTYPE" 65 "xml.doctype" ap1 send "$dir/dtd.xml"
sed '/EndpointID schemeID="0208">0403170701/d' "$invoice" >"$dir/noone.xml"
expect "no receiver" 65 "document.no-receiver" ap1 send "$dir/noone.xml"
expect "a sender that is not ours" 77 "participant.unknown" ap1 send "$(inv CLI-2)" --from 0208:0123456749
sed 's/0403170701/0123456749/g; s/INV-1042/CLI-3/' "$invoice" >"$dir/unreg.xml"
expect "an unregistered receiver is refused" 1 "participant.not-registered" ap1 send "$dir/unreg.xml" --wait
expect "... and stays known" 0 "REFUSED" ap1 status CLI-3

sed 's/INV-1042/CLI-10/; s/>1331.00</>1332.00</' "$invoice" >"$dir/wrong.xml"
expect "an invalid document is refused by its rules" 1 "BR-CO" ap1 send "$dir/wrong.xml"
expect "... and kept as REJECTED, so that it is known" 0 "REJECTED" ap1 status CLI-10

# a whole envelope goes as it is, when it says what our records say
envelope() { # COUNTRY INSTANCE
    cat <<SBD
<StandardBusinessDocument xmlns="http://www.unece.org/cefact/namespaces/StandardBusinessDocumentHeader"><StandardBusinessDocumentHeader><HeaderVersion>1.0</HeaderVersion><Sender><Identifier Authority="iso6523-actorid-upis">0208:0848934496</Identifier></Sender><Receiver><Identifier Authority="iso6523-actorid-upis">0208:0403170701</Identifier></Receiver><DocumentIdentification><Standard>urn:oasis:names:specification:ubl:schema:xsd:Invoice-2</Standard><TypeVersion>2.1</TypeVersion><InstanceIdentifier>$2</InstanceIdentifier><Type>Invoice</Type><CreationDateAndTime>2026-11-22T10:15:30Z</CreationDateAndTime></DocumentIdentification><BusinessScope><Scope><Type>DOCUMENTID</Type><InstanceIdentifier>urn:oasis:names:specification:ubl:schema:xsd:Invoice-2::Invoice##urn:cen.eu:en16931:2017#compliant#urn:fdc:peppol.eu:2017:poacc:billing:3.0::2.1</InstanceIdentifier><Identifier>busdox-docid-qns</Identifier></Scope><Scope><Type>PROCESSID</Type><InstanceIdentifier>urn:fdc:peppol.eu:2017:poacc:billing:01:1.0</InstanceIdentifier><Identifier>cenbii-procid-ubl</Identifier></Scope><Scope><Type>COUNTRY_C1</Type><InstanceIdentifier>$1</InstanceIdentifier></Scope></BusinessScope></StandardBusinessDocumentHeader>
SBD
    sed '1d; s/INV-1042/CLI-11/' "$invoice"
    echo '</StandardBusinessDocument>'
}
envelope BE 5b1f2d0e-0000-4000-8000-000000000011 >"$dir/sbd.xml"
expect "a prebuilt envelope is sent as it is" 0 "receipted" ap1 send "$dir/sbd.xml" --sbd --wait
expect "... under its own InstanceIdentifier" 0 "CLI-11" ap1 status 5b1f2d0e-0000-4000-8000-000000000011
envelope NL 5b1f2d0e-0000-4000-8000-000000000012 >"$dir/sbd-nl.xml"
expect "... unless its COUNTRY_C1 is not our record's" 65 "sbdh.country" ap1 send "$dir/sbd-nl.xml" --sbd
expect "an envelope without --sbd is said to be one" 65 "sbd|envelope" ap1 send "$dir/sbd.xml"

expect "a key makes a document one" 0 "accepted" ap1 send "$(inv CLI-4)" --key k4
expect "... the same again is the same" 0 "submitted before" ap1 send "$(inv CLI-4)" --key k4
expect "... other bytes are refused" 1 "store.key-conflict" ap1 send "$(inv CLI-5)" --key k4
[ "$(ap1 list --json | grep -c CLI-4)" -eq 1 ] && echo "ok one document of one key" || { echo "not ok one document of one key"; bad=1; }

expect "several inputs: each is told, the worst counts" 66 '"input":".*CLI-6' ap1 send "$(inv CLI-6)" "$dir/nope.xml" --json
expect "standard input" 0 "accepted" sh -c "\"$AVISO\" --config \"$net/aviso.conf\" send - <\"$(inv CLI-7)\""

sleep 1
expect "the other side has it" 0 "CLI-1" ap2 inbox list
in=$(ap2 inbox list --json | grep '"invoice":"CLI-1"' | sed 's/.*"id":"\([^"]*\)".*/\1/')
ap2 inbox get "$in" -o "$dir/got.xml"
got=$(sha256sum "$dir/got.xml" | cut -c1-64)
[ "$got" = "$sha" ] && echo "ok the document handed over is the one handed in" || { echo "not ok other bytes: $got $sha"; bad=1; }
expect "acknowledge" 0 "acknowledged" ap2 inbox ack "$in"
ap2 inbox list --json | grep -q '"invoice":"CLI-1"' && { echo "not ok acknowledged documents leave the queue"; bad=1; } || echo "ok acknowledged documents leave the queue"

"$AVISO" serve --config "$net/aviso.conf" >"$dir/serve.log" 2>&1 &
daemon=$!
i=0; until grep -q '^ready' "$dir/serve.log"; do i=$((i + 1)); [ $i -lt 200 ] || break; sleep 0.05; done
expect "with a daemon the document is handed to it" 0 "receipted" ap1 send "$(inv CLI-8)" --wait
expect "a second daemon is refused" 69 "spool.locked" "$AVISO" serve --config "$net/aviso.conf"
kill $daemon; wait $daemon
[ $? -eq 0 ] && echo "ok SIGTERM ends it cleanly" || { echo "not ok SIGTERM: exit $?"; bad=1; }

"$AVISO" testnet down --dir "$net" --quiet
expect "a dead network: accepted, not proven, exit 75" 75 "do not send it again" ap1 send "$(inv CLI-9)" --wait=1s
expect "... and kept waiting" 0 "WAITING" ap1 status CLI-9
exit $bad
