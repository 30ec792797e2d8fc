#!/usr/bin/env python3
"""Writes ubl/atomic/ucs_data.c: case mappings, decompositions, combining classes and compositions.

    ubl/atomic/gen_ucs.py >ubl/atomic/ucs_data.c

The source is Python's unicodedata; the committed file was made by Python 3.11 (Unicode 14). Case mappings are those
of each code point alone (SpecialCasing without conditions), which is what Saxon does with upper-case and lower-case.
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


def main():
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
