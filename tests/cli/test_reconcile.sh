#!/bin/sh
# aviso reconcile as a user meets it: the list of what should have been sent, each number with its exact class.
set -u
[ -x "${AVISO:-}" ] && [ -d "${AVISO_PKI:-}" ] || { echo "no program or no development PKI"; exit 77; }
dir=$(mktemp -d)
net=$dir/net
mkdir "$net" && cp -r "$AVISO_PKI" "$net/pki"
invoice=$TOP/ubl/examples/invoice.xml
trap '"$AVISO" testnet down --dir "$net" --quiet 2>/dev/null; rm -rf "$dir"' EXIT
. "$TOP/tests/support/expect"

ap1() { "$AVISO" --config "$net/aviso.conf" "$@"; }
inv() { sed "s/INV-1042/$1/" "$invoice" >"$dir/$1.xml"; echo "$dir/$1.xml"; }

"$AVISO" testnet up --dir "$net" --quiet || exit 1
expect "no list is wrong usage" 64 "--expected" ap1 reconcile
expect "a level that is none is wrong usage" 64 "handed-over" ap1 reconcile --expected x --level sent
expect "--unlisted without --since is wrong usage" 64 "--since" ap1 reconcile --expected x --unlisted
expect "a list that is not there" 66 "io.missing" ap1 reconcile --expected "$dir/none.csv"
printf 'a;b\n1;2\n' >"$dir/odd.csv"
: >"$dir/empty.csv"
expect "an empty list is no list of nothing" 65 "reconcile.empty" ap1 reconcile --expected "$dir/empty.csv"
printf 'invoice\n1\n' >"$dir/one.csv"
expect "a column that no line has" 65 "reconcile.column" ap1 reconcile --expected "$dir/one.csv" --column 9
expect "a list without a column of numbers" 65 "reconcile.column" ap1 reconcile --expected "$dir/odd.csv"
printf 'PK\003\004\000' >"$dir/x.xlsx"
expect "a spreadsheet file" 65 "csv.text" ap1 reconcile --expected "$dir/x.xlsx"

ap1 send "$(inv A6-1)" --wait --quiet
sed 's/INV-1042/A6-BAD/; s/>1331.00</>1332.00</' "$invoice" >"$dir/bad.xml"
ap1 send "$dir/bad.xml" --quiet >/dev/null 2>&1
sed 's/0403170701/0123456749/g; s/INV-1042/A6-NO/' "$invoice" >"$dir/no.xml"
ap1 send "$dir/no.xml" --wait --quiet >/dev/null 2>&1
"$AVISO" testnet down --dir "$net" --quiet
ap1 send "$(inv A6-LATE)" --wait=1s --deliver-by 1s --quiet >/dev/null 2>&1
ap1 send "$(inv A6-NEW)" --wait=1s --quiet >/dev/null 2>&1
sleep 1

printf '\357\273\277Invoice number;amount\r\nA6-1;1\r\nA6-BAD;2\r\nA6-NO;3\r\nA6-LATE;4\r\nA6-NEW;5\r\nA6-NEVER;6\r\nA6-1;1\r\n' >"$dir/list.csv"
ap1 reconcile --expected "$dir/list.csv" --json >"$dir/out"
[ $? -eq 1 ] && echo "ok not all reached is a no" || { echo "not ok not all reached is a no"; bad=1; }
for want in A6-1:reached A6-BAD:rejected A6-NO:refused A6-LATE:late A6-NEW:waiting A6-NEVER:never-handed-in; do
    expect "A6 $want" 0 "\"class\":\"${want#*:}\"" grep "\"invoice\":\"${want%:*}\"" "$dir/out"
done
expect "the last line counts" 0 '"ok":false,"listed":6,"duplicate_lines":1,' tail -n 1 "$dir/out"
expect "text says it as well" 1 "6 listed, 1 reached, 1 waiting, 1 late, 1 refused, 1 rejected, 1 never-handed-in; 1 lines" \
    ap1 reconcile --expected "$dir/list.csv"
expect "... quietly only what is missing" 1 "^A6-BAD" ap1 reconcile --expected "$dir/list.csv" --quiet
printf 'A6-1\n' >"$dir/good.csv"
expect "all reached is a yes" 0 "1 listed, 1 reached" ap1 reconcile --expected "$dir/good.csv"
expect "... but not at a higher level" 1 "waiting" ap1 reconcile --expected "$dir/good.csv" --level confirmed
expect "... from standard input" 0 "1 reached" sh -c "\"$AVISO\" --config \"$net/aviso.conf\" reconcile --expected - <\"$dir/good.csv\""
expect "what is not on the list is named" 0 "A6-NEW +unlisted" ap1 reconcile --expected "$dir/good.csv" --since 1h --unlisted
expect "documents of before count not" 1 "never-handed-in" ap1 reconcile --expected "$dir/good.csv" --since 2099-01-01T00:00:00Z
exit $bad
