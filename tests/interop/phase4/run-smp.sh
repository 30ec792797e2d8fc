#!/bin/sh
# usage: run-smp.sh --do make|client|read --pki DIR --participant ID --doctype SCHEME::ID --process ID --url ENDPOINT --smp URL
#   [--dir OUT] [--user NAME --password SECRET] [--keep]
. "$(dirname "$0")/jvm.sh"
peer as4peer.SmpPeer "$@"
