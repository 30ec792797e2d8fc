#!/bin/sh
# make install puts everything under DESTDIR and prefix, and make uninstall takes all of it away.
set -u
cd "$(dirname "$0")/../.."
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
result() { if [ "$2" = 0 ]; then echo "ok $1"; else cat "$tmp/log"; echo "not ok $1"; fi; }
run() { env -u MAKEFLAGS -u MAKELEVEL make --no-print-directory "$@" >"$tmp/log" 2>&1; }

! run V=nonsense program && grep -q 'no such variant; known: release' "$tmp/log"
result unknown_variant_is_refused $?
run help && grep -q '^make check' "$tmp/log"
result help_lists_the_targets $?
run install DESTDIR="$tmp/root" prefix=/usr
result install_succeeds $?
[ -x "$tmp/root/usr/bin/aviso" ] && cmp build/release/aviso "$tmp/root/usr/bin/aviso" >"$tmp/log" 2>&1
result program_is_installed $?
schemas/install --check "$tmp/root/usr/share/aviso" >"$tmp/log" 2>&1
result artefacts_are_installed_whole $?
installed=$tmp/root/usr/bin/aviso
env -u AVISO_DATA "$installed" rules verify >"$tmp/log" 2>&1
result installed_program_finds_its_artefacts $?
rm -rf "$tmp/root/usr/share/aviso" # e.g. to be made anew, by a program that has no sources beside it
env -u AVISO_DATA "$installed" rules install >"$tmp/log" 2>&1 && schemas/install --check "$tmp/root/usr/share/aviso" >>"$tmp/log" 2>&1
result installed_program_lays_them_out_again $?
for f in docs/man/*.[1-8] build/man/aviso.1 build/man/aviso.conf.5 build/man/aviso-errors.7; do
    case $f in *'*'*) continue ;; esac
    [ -f "$tmp/root/usr/share/man/man${f##*.}/${f##*/}" ] || echo "$f"
done >"$tmp/log"
[ ! -s "$tmp/log" ]
result manual_pages_are_installed $?
[ -f "$tmp/root/usr/share/doc/aviso/LICENSE" ] && [ -z "$(find "$tmp/root" -path "$tmp/root/usr" -prune -o -type f -print)" ]
result nothing_is_installed_outside_the_prefix $?
run uninstall DESTDIR="$tmp/root" prefix=/usr && find "$tmp/root" -type f >"$tmp/log" && [ ! -s "$tmp/log" ]
result uninstall_leaves_no_file $?
