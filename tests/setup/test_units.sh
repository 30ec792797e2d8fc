#!/bin/sh
# The systemd units are ones that systemd takes; the example configuration is one that aviso takes, whole.
set -u
cd "$(dirname "$0")/../.."
[ -x "${AVISO:-}" ] || { echo "no program"; exit 77; }
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
bad=0
result() { if [ "$2" = 0 ]; then echo "ok $1"; else head -c 2000 "$tmp/log"; echo "not ok $1"; bad=1; fi; }

"$AVISO" help-source example >"$tmp/aviso.conf"
"$AVISO" config show --config "$tmp/aviso.conf" >"$tmp/a" 2>"$tmp/log" && "$AVISO" config show --config /dev/null >"$tmp/b" 2>>"$tmp/log"
cmp "$tmp/a" "$tmp/b" >>"$tmp/log" 2>&1
result "the example configuration changes nothing" $?
sed 's/^#\([a-z_0-9]* =\)/\1/' "$tmp/aviso.conf" | grep -v '^mode = *$' >"$tmp/all.conf"
"$AVISO" config show --config "$tmp/all.conf" >"$tmp/a" 2>"$tmp/log"
cmp "$tmp/a" "$tmp/b" >>"$tmp/log" 2>&1
result "... also with every option written out: they are the defaults" $?
[ "$(grep -c '^#[a-z_0-9]* =' "$tmp/aviso.conf")" -eq "$(grep -c '^[a-z_0-9]* =' "$tmp/b")" ]
result "... and it has them all" $?
mkdir -p "$tmp/etc" "$tmp/live"
echo key >"$tmp/live/privkey.pem" && echo chain >"$tmp/live/fullchain.pem"
sed -n '\,^    #!/bin/sh$,,/^$/s/^    //p' docs/trust.md | sed "s|-o aviso -g aviso||; s|/etc/aviso|$tmp/etc|g; s|^systemctl.*|echo reload|" >"$tmp/hook"
RENEWED_LINEAGE=$tmp/live sh "$tmp/hook" >"$tmp/log" 2>&1 && [ "$(cat "$tmp/log")" = reload ] &&
    cmp "$tmp/live/privkey.pem" "$tmp/etc/tls-privkey.pem" && cmp "$tmp/live/fullchain.pem" "$tmp/etc/tls-fullchain.pem" &&
    [ "$(stat -c %a "$tmp/etc/tls-privkey.pem")" = 400 ] && [ "$(ls "$tmp/etc" | wc -l)" = 2 ]
result "the renewal hook of docs/trust.md puts both files in place" $?
if command -v systemd-analyze >/dev/null; then
    mkdir -p "$tmp/root/usr/lib/systemd/system" "$tmp/root/usr/bin" "$tmp/root/bin"
    for f in packaging/systemd/*.service packaging/systemd/*.timer; do
        sed "s|@bindir@|$(dirname "$AVISO")|; s|^Documentation=.*||" "$f" >"$tmp/${f##*/}"
    done
    systemd-analyze verify "$tmp"/aviso.service "$tmp"/aviso-doctor.service "$tmp"/aviso-doctor.timer >"$tmp/log" 2>&1
    grep -E "aviso[^ ]*\.(service|timer)" "$tmp/log" | grep -vE "Failed to (create|prepare|connect)|Unit .* not found" >"$tmp/found"
    mv "$tmp/found" "$tmp/log"
    [ ! -s "$tmp/log" ]
    result "systemd finds nothing wrong with the units" $?
else
    echo "skip systemd finds nothing wrong with the units: no systemd-analyze"
fi
exit $bad
