#!/bin/sh
# packaging/deps names what is missing, installs only that, and asks nothing when all is there.
set -u
cd "$(dirname "$0")/../.."
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
result() { if [ "$2" = 0 ]; then echo "ok $1"; else cat "$tmp/log"; echo "not ok $1"; fi; }
mkdir "$tmp/bin"
tool() { printf '#!/bin/sh\n%s\n' "$2" >"$tmp/bin/$1"; chmod +x "$tmp/bin/$1"; }
run() { PATH="$tmp/bin:$PATH" packaging/deps "$@" >"$tmp/log" 2>&1; }

packaging/deps --list build test >"$tmp/log" 2>&1 && [ ! -s "$tmp/log" ]
result this_build_lacks_nothing $?
! run nonsense && grep -q 'no group nonsense' "$tmp/log"
result unknown_group_is_refused $?

# A machine where one library is not installed by any way, and apt-get as told.
tool dpkg-query 'case "$*" in *libgmp-dev*) exit 1 ;; esac; echo "install ok installed"'
tool pkg-config 'case "$*" in *gmp*) exit 1 ;; esac; exit 0'
tool id 'echo 0'
run --list build && [ "$(cat "$tmp/log")" = libgmp-dev ]
result missing_package_is_listed $?
tool apt-get "echo \"\$@\" >>$tmp/asked"
: >"$tmp/asked"
run build && grep -q 'installing Debian packages: libgmp-dev$' "$tmp/log" && [ "$(grep -c 'install -y.* libgmp-dev$' "$tmp/asked")" = 1 ]
result only_the_missing_package_is_installed $?
tool apt-get 'exit 100'
! run build && grep -q 'could not install: libgmp-dev' "$tmp/log"
result failed_installation_is_an_error $?
tool id 'echo 1000'
tool apt-get "echo \"apt-get \$@\" >>$tmp/asked"
tool sudo "echo \"sudo \$@\" >>$tmp/asked; shift; exec \"\$@\""
: >"$tmp/asked"
run build && grep -q '^sudo -E apt-get' "$tmp/asked"
result user_goes_through_sudo $?
