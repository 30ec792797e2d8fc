#!/usr/bin/env python3
"""Reads what test_plausible wrote, "SCHEME NUMBER VERDICT" lines, and asks python-stdnum. What it holds valid may be
implausible to us only for the kinds in THEY_TAKE, what it refuses plausible only for those in LENIENT, each with its reason.
usage: plausible_diff.py FILE"""
import importlib
import sys
from collections import Counter

from stdnum.util import get_cc_module

SCHEMES = {"0002": "fr.siren", "0007": "se.orgnr", "0009": "fr.siret", "0088": "ean", "0151": "au.abn", "0158": "sk.ico",
           "0183": "ch.uid", "0188": "jp.cn", "0191": "ee.registrikood", "0192": "no.orgnr", "0199": "lei",
           "0208": "be.vat", "0211": "it.iva", "IBAN": "iban"}
LENIENT = {
    "VATIT": "the province of the office is not judged", "0211": "the province of the office is not judged",
    "VATES": "a digit and a letter of control are taken of every kind of entity",
    "VATFR": "numbers of Monaco, without Luhn digit", "0009": "establishments of La Poste",
    "VATSE": "any unit number", "IBAN": "national account numbers are not judged",
}
THEY_TAKE = {
    "VATBE": "98, 99 and 00 for 01, 02 and 97", "VATSK": "birth numbers, which are no VAT numbers in VIES",
}


def module(kind):
    if kind.startswith("VAT"):
        return get_cc_module({"EL": "gr", "CH": "ch"}.get(kind[3:], kind[3:].lower()), "vat")
    try:
        return importlib.import_module("stdnum." + SCHEMES[kind])
    except (ImportError, KeyError):
        return None


modules, seen, valid, bad = {}, Counter(), Counter(), []
with open(sys.argv[1], encoding="ascii") as lines:
    for line in lines:
        scheme, number, ours = line.split()
        kind = scheme + number[:2] if scheme == "VAT" else scheme
        if kind not in modules:
            modules[kind] = module(kind)
        if modules[kind] is None:
            continue
        theirs = modules[kind].is_valid(number)
        seen[kind] += 1
        valid[kind] += theirs
        if theirs != (ours == "1") and kind not in (THEY_TAKE if theirs else LENIENT):
            bad.append(f"{kind} {number}: ours {ours}, theirs {theirs}")
if bad:
    print("\n".join(bad[:40]), f"\n{len(bad)} disagreements", Counter(b.split()[0] for b in bad))
print(f"{sum(seen.values())} numbers of {len(seen)} kinds, {sum(valid.values())} of them valid; kinds without a valid one:",
      [k for k in seen if not valid[k]])
sys.exit(bool(bad) or not seen or any(not valid[k] for k in seen))
