#!/usr/bin/env python3
"""Writes the generated tables of ubl/atomic.

    ubl/atomic/gen_ucs.py >ubl/atomic/ucs_data.c                case mappings, decompositions, compositions
    ubl/atomic/gen_ucs.py Blocks.txt >ubl/atomic/regex_blocks.c names for \\p{Is...}

The source is Python's unicodedata; the committed file was made by Python 3.11 (Unicode 14). Case mappings are those
of each code point alone (SpecialCasing without conditions), which is what Saxon does with upper-case and lower-case. Blocks.txt is Unicode's (Perl installs it under unicore/; the
committed file was made from 14.0); blocks of 15.0 and 15.1 and the older names of XSD 1.0 are added here.
"""
import sys
import unicodedata as u

CODEPOINTS = [c for c in range(0x110000) if not 0xD800 <= c < 0xE000]


def ranges(mapping):
    """{cp: delta} as (first, last, stride, delta)."""
    out = []
    for c in sorted(mapping):
        d = mapping[c]
        if out:
            first, last, stride, delta = out[-1]
            step = c - last
            if d == delta and step <= 2 and (stride in (0, step)):
                out[-1] = (first, c, step, delta)
                continue
        out.append((c, c, 0, d))
    return [(a, b, s or 1, d) for a, b, s, d in out]


def cases(fold):
    simple, special = {}, {}
    for c in CODEPOINTS:
        t = fold(chr(c))
        if t == chr(c):
            continue
        if len(t) == 1:
            simple[c] = ord(t) - c
        else:
            special[c] = [ord(x) for x in t] + [0] * (3 - len(t))
    return ranges(simple), special


def rows(items, per_line):
    for i in range(0, len(items), per_line):
        print("    " + " ".join(items[i:i + per_line]))


def table(decl, items, per_line=14):
    print(f"{decl} = {{")
    rows([x + "," for x in items], per_line)
    print("};")


LATER_BLOCKS = {
    "ArabicExtended-C": (0x10EC0, 0x10EFF), "DevanagariExtended-A": (0x11B00, 0x11B5F), "Kawi": (0x11F00, 0x11F5F),
    "KaktovikNumerals": (0x1D2C0, 0x1D2DF), "CyrillicExtended-D": (0x1E030, 0x1E08F), "NagMundari": (0x1E4D0, 0x1E4FF),
    "CJKUnifiedIdeographsExtensionI": (0x2EBF0, 0x2EE5F), "CJKUnifiedIdeographsExtensionH": (0x31350, 0x323AF),
}
OLD_NAMES = {"Greek": "GreekandCoptic", "CombiningMarksforSymbols": "CombiningDiacriticalMarksforSymbols",
             "PrivateUse": "PrivateUseArea"}


def blocks(path):
    known = dict(LATER_BLOCKS)
    for line in open(path, encoding="utf-8"):
        line = line.split("#")[0].strip()
        if line:
            span, name = line.split(";")
            known[name.strip().replace(" ", "")] = tuple(int(x, 16) for x in span.split(".."))
    for old, new in OLD_NAMES.items():
        known[old] = known[new]
    print("/* regex_blocks.c - Unicode block names, sorted bytewise. Made by gen_ucs.py, not to be edited. */")
    print("/* clang-format off */")
    print('#include "ubl/atomic/regex_priv.h"\n')
    table("const struct regex_block regex_blocks[]", ['{"%s", 0x%X, 0x%X}' % (n, *known[n]) for n in sorted(known)], 3)
    print(f"const size_t regex_blocks_count = {len(known)};")


def main():
    if len(sys.argv) == 2:
        return blocks(sys.argv[1])
    print("/* ucs_data.c - Unicode %s for ucs.c and ucs_normalize.c. Made by gen_ucs.py, not to be edited.\n */" % u.unidata_version)
    print("/* clang-format off */")
    print('#include "ubl/atomic/ucs_priv.h"\n')
    for name, fold in (("upper", str.upper), ("lower", str.lower)):
        simple, special = cases(fold)
        table(f"const struct ucs_case ucs_{name}s[]", ["{0x%x, 0x%x, %d, %d}" % x for x in simple])
        print(f"const size_t ucs_{name}s_count = {len(simple)};")
        table(f"const struct ucs_special ucs_{name}_special[]",
              ["{0x%x, {%s}}" % (c, ", ".join(hex(x) for x in s)) for c, s in sorted(special.items())], 10)
        print(f"const size_t ucs_{name}_special_count = {len(special)};\n")

    pool, at, entries = [], {}, []
    for c in CODEPOINTS:
        d = u.decomposition(chr(c)).split()
        if not d:
            continue
        compat = d[0].startswith("<")
        seq = tuple(int(x, 16) for x in (d[1:] if compat else d))
        if seq not in at:
            at[seq] = len(pool)
            pool.extend(seq)
        entries.append("{0x%x, %d, %d, %d}" % (c, at[seq], len(seq), compat))
    table("const struct ucs_decomposition ucs_decompositions[]", entries)
    print(f"const size_t ucs_decompositions_count = {len(entries)};")
    table("const uint32_t ucs_decomposed[]", ["0x%x" % x for x in pool], 40)
    print()

    classes = []
    for c in CODEPOINTS:
        k = u.combining(chr(c))
        if not k:
            continue
        if classes and classes[-1][1] == c - 1 and classes[-1][2] == k:
            classes[-1][1] = c
        else:
            classes.append([c, c, k])
    table("const struct ucs_class ucs_classes[]", ["{0x%x, 0x%x, %d}" % tuple(x) for x in classes])
    print(f"const size_t ucs_classes_count = {len(classes)};\n")

    pairs = []
    for c in CODEPOINTS:
        d = u.decomposition(chr(c)).split()
        # what NFC does not compose again (exclusions) shows by NFC of the pair
        if len(d) == 2 and not d[0].startswith("<"):
            a, b = (int(x, 16) for x in d)
            if u.normalize("NFC", chr(a) + chr(b)) == chr(c):
                pairs.append((a, b, c))
    table("const struct ucs_pair ucs_pairs[]", ["{0x%x, 0x%x, 0x%x}" % x for x in sorted(pairs)])
    print(f"const size_t ucs_pairs_count = {len(pairs)};")


if __name__ == "__main__":
    sys.exit(main())
