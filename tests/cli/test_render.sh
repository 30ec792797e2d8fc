#!/bin/sh
# aviso render as a user meets it; what the pages look like is measured in the programs that show and print them.
set -u
[ -x "${AVISO:-}" ] || { echo "no program"; exit 77; }
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
max=$TOP/tests/golden/render/invoice.xml
. "$TOP/tests/support/expect"
unset DBUS_SESSION_BUS_ADDRESS

quiet() { # succeeds and says nothing
    said=$("$@" 2>&1 </dev/null) && [ -z "$said" ] || { printf '%s\n' "$said" | sed 's/^/  /'; false; }
}
same() { # TEXT WANTED
    [ "$1" = "$2" ] || { echo "  got $1, not $2"; false; }
}
none() { # no file of that name, nor a temporary one
    [ -z "$(ls -A "$dir/out" 2>/dev/null)" ]
}
mkdir "$dir/out" && cd "$dir/out" || exit 1 # pages must not depend on the folder

printf 'no XML' >"$dir/bad.xml"
printf '<Order xmlns="urn:oasis:names:specification:ubl:schema:xsd:Order-2"/>' >"$dir/order.xml"
printf '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>' >"$dir/doctype.xml"
expect "help has examples" 0 "inbox get" "$AVISO" render --help
expect "no file is wrong usage" 64 "expected one file" "$AVISO" render
expect "two files are wrong usage" 64 "expected one file" "$AVISO" render a b
expect "an unknown language names those there are" 64 "en, nl, fr, de, sv" "$AVISO" render "$max" --lang xx
expect "a file that is not there" 66 "io.missing" "$AVISO" render "$dir/nope.xml" -o page.html
expect "not XML" 65 "xml.malformed" "$AVISO" render "$dir/bad.xml" -o page.html
expect "not an invoice" 65 'render.kind' "$AVISO" render "$dir/order.xml" -o page.html
expect "a DOCTYPE" 65 "xml.doctype" "$AVISO" render "$dir/doctype.xml" -o page.pdf
expect "a folder that is not there" 78 "io.open" "$AVISO" render "$max" -o "$dir/none/page.html"
check "... and no file is left behind" none
expect "no program for PDF says what to install" 78 "weasyprint" env PATH=/nonexistent "$AVISO" render "$max" -o page.pdf
check "... and no file is left behind either" none
expect "JSON needs a file" 64 "needs -o" "$AVISO" render "$max" --json

expect "a page on standard output" 0 '^<!DOCTYPE html' "$AVISO" render "$max"
expect "a document on standard input" 0 '<title>Facture MAX-1' sh -c "'$AVISO' render - --lang fr <'$max'"
expect "a page in a file" 0 '"ok":true' "$AVISO" render "$max" -o page.html --json
check "... is the page" grep -q '<title>Invoice MAX-1 – Seller Trading</title>' page.html
check "... is written over" quiet "$AVISO" render "$max" --lang de -o page.html
check "... in the other language" grep -q '<title>Rechnung MAX-1' page.html
check "... whole" same "$(tail -c 8 page.html | tr -d '\n')" "</html>"
check "a device is written to, not replaced" quiet "$AVISO" render "$max" -o /dev/null
check "... and stays one" test -c /dev/null

# Every business term has a place of its own: nothing of our examples, which use all terms, is left for the list at the end.
for f in "$TOP"/ubl/examples/*.json; do
    doc=${f##*/} doc=${doc%.json}
    check "$doc is built" quiet "$AVISO" build "$f" -q -o "$dir/$doc.xml"
    check "... and shown" quiet "$AVISO" render "$dir/$doc.xml" -o "$dir/$doc.html"
    check "... all of it in its place" same "$(grep -c 'class="further"' "$dir/$doc.html")" 0
done

# PDF by weasyprint, and what a phone's camera reads from it.
if command -v weasyprint >/dev/null; then
    check "a PDF" quiet "$AVISO" render "$max" -o page.pdf
    check "... is one" same "$(head -c 5 page.pdf)" "%PDF-"
    if command -v pdftotext >/dev/null && command -v zbarimg >/dev/null; then
        pdftotext -layout page.pdf page.txt
        check "... with its text" grep -q '1,363.00' page.txt
        pdftoppm -r 150 -png page.pdf scan
        same "$(for f in scan-*.png; do zbarimg -q --raw "$f" 2>/dev/null; done | tr '\n' ';')" \
            "BCD;002;1;SCT;GEBABEBB;Account name;BE68539007547034;EUR1363.00;;RF18539007547034;"
        check "... and its payment code" [ $? -eq 0 ]
    else
        echo "skip the text and code of the PDF: no pdftotext or zbarimg"
    fi
else
    echo "skip a PDF: no weasyprint"
fi

# No page is wider than a phone: frames of 390 and 320 pixels tell how wide their contents are.
browser() {
    timeout 60 chromium --headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking \
        --disable-component-update --disable-sync --user-data-dir="$dir/profile" "$@" 2>/dev/null
}
if command -v chromium >/dev/null && command -v python3 >/dev/null; then
    for lang in en nl fr de sv; do "$AVISO" render "$max" --lang $lang -o $lang.html; done
    sed 's/Long description 1/http:\/\/example.com\/'"$(printf 'x%.0s' $(seq 300))"'/; s/Seller Trading/'"$(printf 'W%.0s' $(seq 120))"'/g; s/>1050.00</>123456789012345678.00</' \
        "$max" >"$dir/wide.xml"
    "$AVISO" render "$dir/wide.xml" --lang de -o wide.html
    python3 - "$dir" >"$dir/frames.html" <<'PY'
import html, sys
print("<!DOCTYPE html><body>")
for name in "en nl fr de sv wide".split():
    page = open(name + ".html", encoding="utf-8").read()
    for width in (390, 320):
        print(f'<iframe title="{name}" width={width} height=800 srcdoc="{html.escape(page)}"></iframe>')
print("""<pre id=out></pre><script>onload = () => { for (const f of document.querySelectorAll("iframe")) {
  const d = f.contentDocument, style = getComputedStyle(d.querySelector("h1")).marginTop;
  out.textContent += `${f.title} ${f.width} ${d.documentElement.scrollWidth <= f.width ? "fits" : d.documentElement.scrollWidth} ${style}\\n`; } }</script>""")
PY
    browser --dump-dom "file://$dir/frames.html" | sed -n 's/<[^>]*>//g; /^[a-z]* [0-9]* [a-z0-9]* [0-9]*px$/p' >"$dir/widths"
    check "a browser showed the pages, styled" same "$(grep -c ' 0px$' "$dir/widths")" 12
    check "no page scrolls sideways on a phone" same "$(grep -v ' fits ' "$dir/widths")" ""
    browser --no-pdf-header-footer --print-to-pdf="$dir/print.pdf" "file://$dir/out/de.html" >/dev/null
    if command -v pdfinfo >/dev/null; then
        check "it prints on A4" grep -q 'Page size:.*A4' <<EOF
$(pdfinfo "$dir/print.pdf" 2>/dev/null)
EOF
    fi
    mkdir "$dir/bin" && ln -s /usr/bin/* "$dir/bin" && rm -f "$dir/bin/weasyprint" # a machine with chromium alone
    check "a PDF by chromium" quiet env PATH="$dir/bin" "$AVISO" render "$max" -o other.pdf
    check "... is one too" same "$(head -c 5 other.pdf)" "%PDF-"
else
    echo "skip the width of pages on a phone: no chromium or python3"
fi
exit $bad
