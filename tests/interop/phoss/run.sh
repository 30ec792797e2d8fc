#!/bin/sh
# usage: run.sh --pki DIR --data DIR --users NAME:PASSWORD,... [--own smp1] [--token TOKEN]
D=$(cd "$(dirname "$0")" && pwd)
exec java ${JAVA_OPTS:-} -cp "$D/target/phoss.jar:$D/target/lib/*" phoss.Phoss "$@"
