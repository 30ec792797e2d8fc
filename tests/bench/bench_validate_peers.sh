#!/bin/sh
# The same documents (build/bench, written by bench_validate) in what the field runs: Saxon and phive, warm
# and cold. Both from their Maven coordinates, fetched once; without Java there is nothing to compare with.
# PEERS_LINES="0 1000" leaves out the longest.
set -eu
cd "$(dirname "$0")/../.."
if ! command -v java >/dev/null || ! command -v mvn >/dev/null; then echo 'no Java here (make deps-interop installs it)'; exit 0; fi
[ -f build/bench/invoice-0.xml ] || { echo 'run bench_validate first'; exit 0; }
data=${AVISO_DATA:-build/data}
rules="$data/rules/openpeppol/2026.5/CEN-EN16931-UBL.xslt $data/rules/openpeppol/2026.5/PEPPOL-EN16931-UBL.xslt"
lib=build/bench/peers
if [ ! -d $lib ]; then
    echo 'fetching Saxon and phive with Maven (once)' >&2
    cat >build/bench/pom.xml <<X
<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion><groupId>aviso</groupId><artifactId>peers</artifactId><version>1</version><dependencies>
<dependency><groupId>net.sf.saxon</groupId><artifactId>Saxon-HE</artifactId><version>13.1</version></dependency>
<dependency><groupId>com.helger.phive.rules</groupId><artifactId>phive-rules-peppol</artifactId><version>4.3.7</version></dependency>
<dependency><groupId>com.helger.phive</groupId><artifactId>phive-xml</artifactId><version>12.0.3</version></dependency>
<dependency><groupId>org.glassfish.jaxb</groupId><artifactId>jaxb-runtime</artifactId><version>4.0.5</version></dependency>
</dependencies></project>
X
    rm -rf $lib.part
    mvn -q -B -f build/bench/pom.xml dependency:copy-dependencies -DoutputDirectory="$(pwd)/$lib.part" </dev/null || { echo 'the peers could not be fetched'; rm -rf $lib.part; exit 0; }
    mv $lib.part $lib
fi
cold() { # label, command...
    label=$1; shift
    began=$(date +%s%N)
    "$@" >/dev/null 2>&1 || true
    echo "$label $(date +%s%N) $began" | awk '{ printf "  %-44s %10.0f ms\n", l, ($(NF - 1) - $NF) / 1e6 }' l="$label"
}
peers() { # of one document
    # shellcheck disable=SC2086
    java -cp "$lib/*" tests/bench/Peers.java $doc $seconds $rules
    for r in $rules; do cold "Saxon, cold process: ${r##*/}" java -cp "$lib/*" net.sf.saxon.Transform "-s:$doc" "-xsl:$r"; done
    [ "$lines" -eq 10000 ] || java -cp "$lib/*" tests/bench/PhivePeer.java $doc $seconds 2>/dev/null | grep phive || echo '  phive: no result'
}
# Beside each time, how many times ours it is: a warm one of our full verdict (schema too), a cold one of our process;
# beside a peak, what part of it ours is.
ratios() {
    awk -v lines="$lines" 'NR == FNR { if ($1 == lines) { warm = $2; cold = $3; peak = $4 } next }
        { ours = /cold/ ? cold : warm; line = $0
          for (i = 2; i <= NF; i++) {
              if ($i == "ms" && ours > 0) line = line sprintf("  %.1f x aviso", $(i - 1) / ours)
              if ($i ~ /^MB/ && $(i - 2) == "peak" && peak > 0) line = line sprintf("  aviso: %.0f MB, 1/%.1f of its memory", peak, $(i - 1) / peak)
          }
          print line }' build/bench/aviso.tsv -
}
for lines in ${PEERS_LINES:-0 1000 10000}; do
    doc=build/bench/invoice-$lines.xml seconds=4
    [ $lines -ne 0 ] && echo "$lines lines" || echo 'typical (2 lines)'
    peers | ratios
done
