#!/usr/bin/env python3
"""Vectors for ubl/atomic: random and chosen operations with the answers of Saxon.

    generate.py SAXON-CLASSPATH [--seed N] [--count N] [--out DIR] [FAMILY...]

Needs java and javac, and Saxon-HE 13.1 with its dependencies on the class path (a directory of jars). Each family
makes DIR/FAMILY.tsv (xsd: DIR/../xsd/types.tsv), one line an operation: name, arguments, result, separated by tabs. Without --out the committed
files beside this script are written, always with the same seed and count.
"""
import argparse, os, random, re, subprocess, sys, tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
LINES = {}  # family -> list of (op, args, expression)


def lit(s):
    return "'" + s.replace("'", "''") + "'"


def esc(s):
    return s.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t")


# ---- decimal and double -----------------------------------------------------------------------------------------

def dec(s):
    return f"xs:decimal({lit(s)})"


def dbl(s):
    return f"xs:double({lit(s)})"


def flt(s):
    return f"xs:float({lit(s)})"


DECIMAL = {
    "dec.add": lambda a, b: f"{dec(a)} + {dec(b)}",
    "dec.sub": lambda a, b: f"{dec(a)} - {dec(b)}",
    "dec.mul": lambda a, b: f"{dec(a)} * {dec(b)}",
    "dec.div": lambda a, b: f"{dec(a)} div {dec(b)}",
    "dec.idiv": lambda a, b: f"{dec(a)} idiv {dec(b)}",
    "dec.mod": lambda a, b: f"{dec(a)} mod {dec(b)}",
    "dec.neg": lambda a: f"-{dec(a)}",
    "dec.abs": lambda a: f"abs({dec(a)})",
    "dec.floor": lambda a: f"floor({dec(a)})",
    "dec.ceiling": lambda a: f"ceiling({dec(a)})",
    "dec.trunc": lambda a: f"xs:integer({dec(a)})",
    "dec.parse": lambda a: dec(a),
    "dec.round": lambda a, p: f"round({dec(a)}, {p})",
    "dec.round-even": lambda a, p: f"round-half-to-even({dec(a)}, {p})",
    "dec.cmp": lambda a, b: f"for $x in {dec(a)}, $y in {dec(b)} return if ($x lt $y) then -1 else if ($x gt $y) then 1 else 0",
    "dec.double": lambda a: f"xs:double({dec(a)})",
    "dec.float": lambda a: f"xs:float({dec(a)})",
    "int.parse": lambda a: f"xs:integer({lit(a)})",
}
DOUBLE = {
    "double": dbl,
    "float": flt,
    "double.decimal": lambda a: f"xs:decimal({dbl(a)})",
    "double.integer": lambda a: f"xs:integer({dbl(a)})",
    "double.round": lambda a: f"round({dbl(a)})",
    "double.round2": lambda a, p: f"round({dbl(a)}, {p})",
    "double.round-even": lambda a, p: f"round-half-to-even({dbl(a)}, {p})",
    "float.round2": lambda a, p: f"round({flt(a)}, {p})",
    "float.round-even": lambda a, p: f"round-half-to-even({flt(a)}, {p})",
    "double.mod": lambda a, b: f"{dbl(a)} mod {dbl(b)}",
    "double.idiv": lambda a, b: f"{dbl(a)} idiv {dbl(b)}",
}


def some_decimal(r):
    kind = r.random()
    sign = r.choice(["", "", "", "-", "+"])
    if kind < 0.45:  # amounts
        s = str(r.randrange(10 ** r.randint(1, 8)))
        return sign + s + ("." + "".join(r.choice("0123456789") for _ in range(r.randint(1, 4))) if r.random() < 0.7 else "")
    if kind < 0.6:  # round ones: trailing zeros matter in division
        return sign + str(r.randrange(1, 1000)) + "0" * r.randint(0, 25) + r.choice(["", ".", ".0", ".00"])
    if kind < 0.7:
        return sign + "0." + "0" * r.randint(0, 45) + str(r.randrange(1, 10 ** r.randint(1, 5)))
    if kind < 0.8:  # around the limits of 64 and 128 bits
        return sign + str(2 ** r.choice([31, 32, 53, 63, 64, 126, 127, 128]) + r.randint(-2, 2)) + r.choice(["", ".5", ".0000001"])
    n = r.randint(15, 60)
    s = "".join(r.choice("0123456789") for _ in range(n))
    at = r.randint(0, n)
    return sign + s[:at] + "." + s[at:]


def some_double(r):
    kind = r.random()
    if kind < 0.3:
        return repr(r.randrange(-10 ** r.randint(1, 9), 10 ** r.randint(1, 9)) / 10 ** r.randint(0, 5))
    if kind < 0.6:
        return repr(float.fromhex("%s0x1.%013xp%d" % (r.choice(["", "-"]), r.randrange(2 ** 52), r.randint(-1020, 1023))))
    if kind < 0.75:
        return repr(float.fromhex("0x1.%013xp%d" % (r.randrange(2 ** 52), r.randint(-25, 25))))
    if kind < 0.85:
        return "%de%d" % (r.randrange(1, 10 ** r.randint(1, 18)), r.randint(-325 if r.random() < 0.1 else -300, 300))
    if kind < 0.92:
        return repr(r.randrange(-100, 100) + r.choice([0.5, 0.25, 0.125]))
    return r.choice(["0", "-0", "INF", "-INF", "NaN", "1e23", "8.41e21", "4.9e-324", "2.2250738585072014e-308",
                     "1.7976931348623157e308", "9007199254740993", "0.49999999999999994", "4503599627370497.5", "1e6",
                     "999999.9999999999", "1e-6", "9.999999999999999e-7", "1e400", "1e-400", "2e-323"])


def mutate(r, s, alphabet):
    s = list(s)
    for _ in range(r.randint(1, 2)):
        at = r.randint(0, len(s))
        what = r.random()
        if what < 0.5:
            s.insert(at, r.choice(alphabet))
        elif what < 0.8 and s:
            del s[min(at, len(s) - 1)]
        elif s:
            s[min(at, len(s) - 1)] = r.choice(alphabet)
    return "".join(s)


def decimals(r, count):
    for op, fn in DECIMAL.items():
        n = fn.__code__.co_argcount if fn is not dec else 1
        for _ in range(count):
            if "round" in op:
                args = [some_decimal(r), str(r.choice([0, 0, 1, 2, 2, 3, 5, 10, -1, -2, -5, 40, -40, -400]))]
                if "." not in args[0] and int(args[1]) < -18:  # overflows in Saxon
                    args[0] += ".0"
            elif op.endswith("parse"):
                args = [mutate(r, some_decimal(r), "0123456789.+-eE ,") if r.random() < 0.5 else some_decimal(r)]
                args = [r.choice(["", " ", "\n", "\t "]) + args[0] + r.choice(["", " ", "\r"])]
            elif op == "dec.cmp" and r.random() < 0.4:
                a = some_decimal(r)
                args = [a, a + ("0" if "." in a else ".0")]
            else:
                args = [some_decimal(r) for _ in range(n)]
            yield op, args, fn(*args)
    for a, b in [("1", "3"), ("2", "3"), ("1", "524288"), ("3", "524288"), ("-1", "524288"), ("0.5", "3"), ("1.01", "3"),
                 ("1.01", "300"), ("1.01", "300.0"), ("1", "0"), ("1.5", "0.0"), ("7", "7000.0"), ("1", "7000"),
                 ("9223372036854775807", "1"), ("-9223372036854775808", "-1"), ("1000000000000000000000", "3"),
                 ("0.000000000000000000001", "3"), ("1", "0.000000000000000000003"), ("1.01", "1000000"), ("0", "5.0"), ("1.01", "    300    \n      "), ("1.01", "300000000000000"), ("1.01", "3000000000000000"),
                 ("1.01", "-30000000000000"), ("1.01", "+300000000000000"), ("1.01", "+3000000000000000"), ("1.01", "-300000000000000"), ("1", "2147483640"), ("1", "2147483650"),
                 ("588623", "-591980"), ("2147483648", "70"), ("99999999999999999990", "-700")]:
        for op in ("dec.div", "dec.idiv", "dec.mod"):
            yield op, [a, b], DECIMAL[op](a, b)


def doubles(r, count):
    for op, fn in DOUBLE.items():
        n = fn.__code__.co_argcount if fn not in (dbl, flt) else 1
        for _ in range(count):
            if "round2" in op or "even" in op:
                args = [some_double(r), str(r.choice([0, 1, 2, 2, 3, 5, 10, 17, -1, -2, -5, 400, -400]))]
            elif op in ("double", "float"):
                a = some_double(r)
                args = [r.choice(["", " "]) + (mutate(r, a, "0123456789.+-eEINFa ") if r.random() < 0.3 else a)]
            else:
                args = [some_double(r) for _ in range(n)]
            yield op, args, fn(*args)


# ---- dates, times, durations ------------------------------------------------------------------------------------

KINDS = ["dateTime", "date", "time", "gYear", "gYearMonth", "gMonth", "gMonthDay", "gDay"]


def ctor(kind, s):
    return f"xs:{kind}({lit(s)})"


def compare(kind, a, b):
    return (f"for $x in {ctor(kind, a)}, $y in {ctor(kind, b)} return "
            "if ($x lt $y) then -1 else if ($x gt $y) then 1 else 0")


def some_year(r):
    k = r.random()
    if k < 0.7:
        return "%04d" % r.choice([r.randint(1990, 2030), r.randint(0, 9999), r.choice([1900, 2000, 2100, 2020, 4, 0])])
    if k < 0.8:
        return str(r.randint(10000, 1000000))
    if k < 0.95:
        return "-%04d" % r.choice([r.randint(1, 9999), 4, 1, 100, 400])
    return r.choice(["2147483647", "2147483648", "02020", "-0000", "202", "+2020", "99999999999999999999"])


def some_fraction(r):
    n = r.choice([0, 0, 0, 1, 2, 3, 6, 9, 10, 12, 18])
    return "." + "".join(r.choice("0123456789") for _ in range(n)) if n else ""


def some_timezone(r):
    return r.choice(["", "", "", "Z", "Z", "+00:00", "-00:00", "%s%02d:%02d" % (r.choice("+-"), r.randint(0, 14), r.choice([0, 0, 30, 45, 59])),
                     "+14:00", "-14:00", "+14:01", "+15:00", "+13:60"])


def some_day(r):
    return "%02d" % r.choice([r.randint(1, 28), 28, 29, 30, 31, 31, 0, 32] if r.random() < 0.4 else [r.randint(1, 28)])


def some_month(r):
    return "%02d" % (r.randint(1, 12) if r.random() < 0.9 else r.choice([0, 2, 2, 13]))


def some_clock(r):
    if r.random() < 0.1:
        return r.choice(["24:00:00", "24:00:00.0", "24:00:00.1", "24:00:01", "00:00:00", "23:59:59.999999999", "12:60:00", "12:00:60", "25:00:00"])
    return "%02d:%02d:%02d%s" % (r.randint(0, 23), r.randint(0, 59), r.randint(0, 59), some_fraction(r))


def some_dated(r, kind):
    y, m, d, t = some_year(r), some_month(r), some_day(r), some_clock(r)
    s = {"dateTime": f"{y}-{m}-{d}T{t}", "date": f"{y}-{m}-{d}", "time": t, "gYear": y, "gYearMonth": f"{y}-{m}",
         "gMonth": f"--{m}", "gMonthDay": f"--{m}-{d}", "gDay": f"---{d}"}[kind] + some_timezone(r)
    return s


def some_daytime(r, big=False):
    s = r.choice(["", "", "-"]) + "P"
    if r.random() < 0.6:
        s += f"{r.randint(0, 10 ** r.randint(1, 9 if big else 4))}D"
    if r.random() < 0.7 or s.endswith("P"):
        s += "T"
        if r.random() < 0.4:
            s += f"{r.randint(0, 50)}H"
        if r.random() < 0.4:
            s += f"{r.randint(0, 200)}M"
        if r.random() < 0.6 or s.endswith("T"):
            s += f"{r.randint(0, 10 ** r.randint(1, 5))}{some_fraction(r)}S"
    return s


def some_yearmonth(r):
    y, m = r.randint(0, 10 ** r.randint(1, 3)), r.randint(0, 50)
    return r.choice(["", "", "-"]) + "P" + r.choice([f"{y}Y", f"{m}M", f"{y}Y{m}M"])


def some_duration(r, kind, big=False):
    if kind == "dayTimeDuration":
        return some_daytime(r, big)
    if kind == "yearMonthDuration":
        return some_yearmonth(r)
    a, b = some_yearmonth(r), some_daytime(r).lstrip("-")
    return r.choice([a, b, a + b[1:]])


def datetimes(r, count):
    for kind in KINDS:
        for _ in range(count):
            a = some_dated(r, kind)
            if r.random() < 0.2:
                a = mutate(r, a, "0123456789-+:.TZ ")
            a = r.choice(["", " ", "\n"]) + a + r.choice(["", " "])
            yield kind, [a], ctor(kind, a)
            a, b = some_dated(r, kind), some_dated(r, kind)
            if r.random() < 0.5:
                b = a.rstrip("Z") + r.choice(["Z", "+01:00"]) if r.random() < 0.5 else a
            yield kind + ".eq", [a, b], f"{ctor(kind, a)} eq {ctor(kind, b)}"
        for _ in range(count // 4):
            a = some_dated(r, kind)
            if kind in KINDS[:3]:
                yield kind + ".timezone", [a], f"timezone-from-{kind}({ctor(kind, a)})"
    for kind in KINDS[:3]:
        for _ in range(count):
            a, b = some_dated(r, kind), some_dated(r, kind)
            if r.random() < 0.5:
                b = a[:-1] + r.choice("0123456789Z") if r.random() < 0.5 else a.rstrip("Z") + "Z"
            yield kind + ".cmp", [a, b], compare(kind, a, b)
            a, b = some_dated(r, kind), some_dated(r, kind)
            yield kind + ".sub", [a, b], f"{ctor(kind, a)} - {ctor(kind, b)}"
            a, b = some_dated(r, kind), some_daytime(r)
            yield kind + ".add", [a, b], f"{ctor(kind, a)} + xs:dayTimeDuration({lit(b)})"
            a, b = some_dated(r, kind), r.choice(["", "PT0S", "-PT0S", "PT14H", "-PT14H", "PT14H1M", "PT30S", "P1D",
                                                  f"PT{r.randint(0, 14)}H{r.randint(0, 59)}M", f"-PT{r.randint(0, 14)}H", "PT1M0.5S"])
            yield (kind + ".adjust", [a, b],
                   f"adjust-{kind}-to-timezone({ctor(kind, a)}, {'xs:dayTimeDuration(%s)' % lit(b) if b else '()'})")
    for _ in range(count):
        for kind in KINDS[:2]:
            a, b = some_dated(r, kind), some_yearmonth(r)
            yield kind + ".add-months", [a, b], f"{ctor(kind, a)} + xs:yearMonthDuration({lit(b)})"
            to = r.choice([k for k in KINDS if k != kind and not (kind == "date" and k == "time")])
            a = some_dated(r, kind)
            yield f"{kind}.to-{to}", [a], f"xs:{to}({ctor(kind, a)})"
        a, b = some_dated(r, "dateTime"), some_dated(r, "time")
        yield "dateTime.seconds", [a], f"seconds-from-dateTime({ctor('dateTime', a)})"
        yield "time.seconds", [b], f"seconds-from-time({ctor('time', b)})"
        a, b = some_dated(r, "date"), some_dated(r, "time")
        yield "dateTime.combine", [a, b], f"dateTime({ctor('date', a)}, {ctor('time', b)})"


def durations(r, count):
    for kind in ("duration", "dayTimeDuration", "yearMonthDuration"):
        def some(big=False):
            return some_duration(r, kind, big)
        for _ in range(count):
            a = some(True)
            if r.random() < 0.4:
                a = mutate(r, a, "0123456789PYMDTHS.-+ ")
            yield kind, [a], ctor(kind, a)
            a, b = some(), some()
            if r.random() < 0.3:
                b = a
            yield kind + ".eq", [a, b], f"{ctor(kind, a)} eq {ctor(kind, b)}"
            a = some()
            parts = ["years", "months", "days", "hours", "minutes", "seconds"]
            yield kind + ".parts", [a], "for $d in %s return (%s)" % (ctor(kind, a), ", ".join(f"{p}-from-duration($d)" for p in parts))
            if kind == "duration":
                continue
            a, b = some(), some()
            yield kind + ".add", [a, b], f"{ctor(kind, a)} + {ctor(kind, b)}"
            yield kind + ".sub", [a, b], f"{ctor(kind, a)} - {ctor(kind, b)}"
            yield kind + ".cmp", [a, b], compare(kind, a, b)
            yield kind + ".div-dur", [a, b], f"{ctor(kind, a)} div {ctor(kind, b)}"
            d = r.choice(["INF", "-INF", "NaN", "0", "-0", "1e-10", "1e300"]) if r.random() < 0.2 else repr(round(r.uniform(-10, 10), r.randint(0, 6)))
            yield kind + ".mul", [a, d], f"{ctor(kind, a)} * {dbl(d)}"
            yield kind + ".div", [b, d], f"{ctor(kind, b)} div {dbl(d)}"
            d = repr(round(r.uniform(-10, 10), r.randint(0, 6))) if r.random() < 0.7 else str(r.randint(-1000, 1000))
            if "e" not in d:
                yield kind + ".mul-decimal", [a, d], f"{ctor(kind, a)} * {dec(d)}"
                yield kind + ".div-decimal", [b, d], f"{ctor(kind, b)} div {dec(d)}"
            a = some_duration(r, "duration")
            yield kind + ".from-duration", [a], f"xs:{kind}({ctor('duration', a)})"


# ---- strings ----------------------------------------------------------------------------------------------------

ALPHABETS = ["abcABC", "abcxyz ABC019-._~", " \t\n\r ab", "éÉßöÖŉǆİıſΑΣσςάᾳᾼﬃ", "é\u0301\u0316\u0327\u0345aeo\u030a",
             "가각힣ㄱ\u1100\u1161\u11a8", "ﬁ²½Ⅷ㎏Å\u212b\u1e9b\u0323\u0307", "😀𐐀𐐨👍🏽a", "\u00a0\u3000 \u2003x", "%<>\"{}|\\^`#[]/?é ~"]


def some_text(r, longest=12):
    return "".join(r.choice(r.choice(ALPHABETS) if r.random() < 0.2 else a) for a in [r.choice(ALPHABETS)] for _ in range(r.randint(0, longest)))


def strings(r, count):
    one = ["upper-case", "lower-case", "normalize-space", "encode-for-uri", "iri-to-uri", "escape-html-uri", "string-length"]
    for _ in range(count):
        for fn in one:
            a = some_text(r)
            yield fn, [a], f"{fn}({lit(a)})"
        for fn in ["substring-before", "substring-after", "contains", "starts-with", "ends-with", "compare"]:
            a = some_text(r)
            at = r.randint(0, len(a))
            b = r.choice([a[:at], a[at:], a[at:at + 1], some_text(r, 2)])
            yield fn, [a, b], f"{fn}({lit(a)}, {lit(b)})"
        a, b, c = some_text(r), some_text(r, 6), some_text(r, 6)
        yield "translate", [a, b, c], f"translate({lit(a)}, {lit(b)}, {lit(c)})"
        a, b = some_text(r), r.choice(["NFC", "NFD", "NFKC", "NFKD", "nfc", " NFKD ", "", "NFX"])
        yield "normalize-unicode", [a, b], f"normalize-unicode({lit(a)}, {lit(b)})"
        a = some_text(r)
        # Saxon 13.1 itself fails on infinite and very large lengths; those are in test_atomic_string.c
        b = r.choice(["1", "2", "0", "-1", "1.5", "2.5", "-0.5", "3", "INF", "NaN", "-1000"])
        c = r.choice(["1", "2", "0", "0.5", "1.5", "2.5", "-1", "NaN", "-INF", "1000", "1001.5"])
        yield "substring", [a, b, c], f"substring({lit(a)}, {dbl(b)}, {dbl(c)})"
        n = [r.choice([r.randint(32, 126), r.randint(128, 0xd7ff), r.randint(0x10000, 0x10ffff), 9, 10, 13, 0xfffd]) for _ in range(r.randint(0, 4))]
        if r.random() < 0.2:
            n.append(r.choice([0, 1, 11, 0xd800, 0xdfff, 0xfffe, 0xffff, 0x110000, -1]))
        yield "codepoints-to-string", [" ".join(map(str, n))], f"codepoints-to-string(({', '.join(map(str, n))}))"


# ---- regular expressions ----------------------------------------------------------------------------------------

CHARS = ["a", "b", "c", "A", "B", "1", "2", "-", " ", "\n", "\r", "é", "É", "ß", "_", ".", ",", "😀", "٣", "k", "\u212a", "i", "ı", "Ω"]
ESCAPES = r"\d \D \s \S \w \W \i \I \c \C \n \r \t \. \- \\ \$ \^ \p{L} \P{L} \p{Lu} \P{Lu} \p{Ll} \p{N} \p{Nd} \P{Nd} \p{P} \p{Z}".split()
ESCAPES += r"\p{IsBasicLatin} \P{IsBasicLatin} \p{IsGreek} \p{IsArabic} \p{IsEmoticons} \p{So} \p{Sc}".split()


def some_class(r, depth=0):
    s = "[" + r.choice(["", "", "", "^"])
    for _ in range(r.randint(1, 4)):
        k = r.random()
        if k < 0.4:
            s += r.choice(["a", "b", "c", "A", "1", "é", " ", ".", "$", "😀", "k", r"\-", r"\]", r"\^"])
        elif k < 0.7:
            s += r.choice(["a-c", "A-Z", "a-z", "0-9", "b-b", "à-ü", " -~", "1-2", r"\n-\r", "Α-Ω", "+-/"])
        elif k < 0.9:
            s += r.choice(ESCAPES)
        else:
            s += r.choice(["-", "^", "[", "z-a", "--", r"a-\d", "&&"])
    if r.random() < 0.2 and depth < 3:
        s += "-" + some_class(r, depth + 1)
    return s + "]"


def some_regex(r, depth=0):
    out = []
    for _ in range(r.randint(1, 3) if depth else r.randint(1, 4)):
        k = r.random()
        if k < 0.4:
            a = r.choice(["a", "b", "c", "ab", "1", "é", "ß", "k", "i", "_", ",", "-", "😀", " "])
        elif k < 0.5:
            a = "."
        elif k < 0.62:
            a = r.choice(ESCAPES)
        elif k < 0.75:
            a = some_class(r)
        elif k < 0.9 and depth < 3:
            a = r.choice(["(", "(", "(?:"]) + some_regex(r, depth + 1) + ")"
        elif k < 0.95:
            a = r.choice(["^", "$"])
        else:
            a = r.choice([r"\1", r"\2", r"\11", r"(a)\1", r"(a|b)\1", "()"])
        if r.random() < 0.35:
            a += r.choice(["*", "+", "?", "{2}", "{1,2}", "{0,1}", "{1,}", "*?", "+?", "??", "{0}"])
        out.append(a)
    s = "".join(out)
    if r.random() < 0.25:
        s += "|" + (some_regex(r, depth + 1) if depth < 3 and r.random() < 0.8 else "")
    return s


def some_subject(r):
    return "".join(r.choice(CHARS if r.random() < 0.4 else "abcABab1é") for _ in range(r.randint(0, 8)))


def some_flags(r):
    return r.choice(["", "", "", "", "i", "s", "m", "x", "si", "mi", "q", "smix"] if r.random() < 0.98 else ["j", "S", "ii"])


def regexes(r, count):
    for _ in range(count * 4):
        p = some_regex(r)
        if r.random() < 0.15:
            p = mutate(r, p, "()[]{}*+?|\\^$-,.:0123ab")
        if r.random() < 0.5:
            p = "^(?:" + p + ")$" if r.random() < 0.5 else "^" + p + "$"
        f = some_flags(r)
        for _ in range(3):
            s = some_subject(r)
            yield "matches", [s, p, f], f"matches({lit(s)}, {lit(p)}, {lit(f)})"
    for _ in range(count):
        p, f = some_regex(r), some_flags(r)
        s = some_subject(r)
        by = "".join(r.choice(["x", "$1", "$0", "$2", "$12", "\\$", "\\\\", "[", "]"] if r.random() < 0.9 else ["$", "\\", "$a", "\\1"])
                     for _ in range(r.randint(0, 3)))
        yield "replace", [s, p, by, f], f"replace({lit(s)}, {lit(p)}, {lit(by)}, {lit(f)})"
        s = some_subject(r)
        yield "tokenize", [s, p, f], f"tokenize({lit(s)}, {lit(p)}, {lit(f)})"
        p = r.choice([r"\s", r"\s+", ",", "-", "a", r"\.", r"\|", "b+", ":"])
        yield "tokenize", [s, p, ""], f"tokenize({lit(s)}, {lit(p)})"
    if count > 100:  # the fixed ones are in the committed file
        return
    for p in SYNTAX:
        for s in ("a", "-", ""):
            yield "matches", [s, p, ""], f"matches({lit(s)}, {lit(p)}, '')"
    for p in CLASSES:
        for s in "abcde-^&59 ]\\":
            yield "matches", [s, p, ""], f"matches({lit(s)}, {lit(p)}, '')"
    for a, b in CASES:
        yield "matches", [a, b, "i"], f"matches({lit(a)}, {lit(b)}, 'i')"
    for s, p, by in REPLACEMENTS:
        yield "replace", [s, p, by, ""], f"replace({lit(s)}, {lit(p)}, {lit(by)}, '')"


SYNTAX = r"""} ] a} a] a{1} a{1,} a{1,2} a{,2} a{2,1} a{0,0} a{01} a{} a{a} { a{1 a{2147483648} ^* $* ^+ $? ^{2} (^)* () ()* (|a) a| |a | || a||b
(a|) ( (a a) ) (? (?: (?:a (?=a) (?!a) (?i)a (?<n>a) (?>a) (?#a) * + ? a** a+* a+? a*? a?? a??? a{1}? a{1,2}? a{1}?? a*+ a++ a?+ a{1}{2} (a*)*
(a*)+ \ a\ \a \b \B \A \z \Z \G \x41 \u0041 \e \f \v \h \R \X \Q \E \0 \1 (a)\1 (a)\2 (a\1) (a)\11 \1(a) [\1] (a)[\1] ((a)\1) (a)\10
(a)(b)(c)(d)(e)(f)(g)(h)(i)(j)\10 \/ \_ \, \: \" \# \% \& \@ \! \~ \` \< \= \; \' \p{L} \pL \p \p{ \p{} \p{l} \p{Foo} \p{Cs} \p{Cn} \p{Co} \p{LC}
\p{L&} \p{^L} \p{IsFoo} \p{isBasicLatin} \p{IsBASICLATIN} \p{IsHighSurrogates} \P{IsHighSurrogates} \p{BasicLatin} \p{IsPrivateUse} \p{IsTags}
[ [] [^] [a [a- [-[a]] []a] [a]] [[] [a[b] [[a]] [\] [\a] [a-\d] [z-a] [--] [---] [a--b] [+--] [!--] [a-z-[]] [a-z-[a]x] [a-z-[a]-[b]] [a-[b]c] [a-\]]
^^ $$ a^ $a ^$ a$b .* a.c \p{Is \P{IsGreek} \p{IsCJKUnifiedIdeographsExtensionI}""".split()
CLASSES = r"""[a-c-e] [a-c-e-g] [\d-z] [\d-] [-\d] [a-c-] [^a-] [^-a] [\s-\d] [a\-c] [+-\-] [\--a] [\--/] [,-.] [a-c\-e] [&&a] [a-c-\d] [\da-c]
[a-c-[b]] [a-[b]] [-a-[b]] [a--[b]] [a\--[b]] [\d-[5]] [\d-[5-[5]]] [^a-[b]] [^\d-[a]] [^\D-[5]] [^^] [a^] [^a^] [-] [^-] [a-b-] [a-a] [\]a] [\[-\]]
[a-c--e] [ab--c] [a-c--[b]] [\d--] [\d--a] [\d-a-c] [-a-c] [a-c-e-[b]] [^a-c-[b]] [--a] [-a--] [a-] [a-c\d-e] [\\-a] [a-\\] [-b-d] [b-d-]""".split()
CASES = [(a, b) for g in ("kK\u212a", "sSſ", "ßẞ", "σςΣ", "iIİı", "ǆǅǄ", "µμΜ", "Ωω\u2126", "θϑΘ", "åÅ\u212b", "ﬁF", "ÿŸ", "ẛṡṠ", "ι\u0345\u0399\u1fbe", "ᾳᾼ")
         for a in g for b in g]
REPLACEMENTS = [("abc", "(b)", x) for x in ("[$1]", "[$2]", "[$11]", "[$10]", "[$01]", "$", "$x", "\\", "\\x", "\\$", "\\\\", "\\1", "a$", "$$", "[$0]")]
REPLACEMENTS += [("abracadabra", "bra", "*"), ("abracadabra", "a.*a", "*"), ("abracadabra", "a.*?a", "*"), ("abracadabra", "a", ""),
                 ("abracadabra", "a(.)", "a$1$1"), ("abracadabra", ".*?", "$1"), ("AAAA", "A+", "b"), ("AAAA", "A+?", "b"),
                 ("darted", "^(.*?)d(.*)$", "$1c$2"), ("abcd", "(ab)|(a)", "[1=$1][2=$2]"), ("abc", "", "x"), ("", "a", "b"), ("a", "^", "x"),
                 ("aaaaaaaaaaab", "(a)(a)(a)(a)(a)(a)(a)(a)(a)(a)(a)(b)", "$12$11$13$120"), ("abc", "x", "$")]


# ---- XSD lexical forms, by Xerces -------------------------------------------------------------------------------

XSD_VALUES = {
    "date": """2020-02-29 2019-02-29 0000-01-01 -0000-01-01 -0001-01-01 -0004-02-29 -0005-02-29 10000-01-01 010000-01-01 02020-01-01
2020-13-01 2020-00-01 2020-04-31 2020-1-1 20200101 +2020-01-01 2020-01-01Z 2020-01-01z 2020-01-01+14:00 2020-01-01-14:00 2020-01-01+14:01
2020-01-01+13:60 2020-01-01+15:00 2020-01-01+01 2020-01-01T00:00:00 202-01-01 1900-02-29 2000-02-29""".split(),
    "time": """12:00:00 24:00:00 24:00:00.0 24:00:00.1 24:00:01 24:01:00 23:59:60 23:60:00 25:00:00 12:00 12:00:00. .5 12:00:00Z
12:00:00.123456789012345678901234567890 12:00:00+14:00 12:00:00+14:01 12:00:00+24:00 12:00:0 1:00:00 12:00:00,5 -12:00:00""".split(),
    "dateTime": """2020-01-01T12:00:00 2020-01-01T24:00:00 2020-12-31T24:00:00Z 2020-01-01T24:00:01 2020-01-01 2020-01-01t12:00:00 0000-01-01T00:00:00
-0001-12-31T24:00:00 2020-01-01T12:00:00+14:01 2020-01-01T12:00:00.5-14:00""".split(),
    "decimal": ["1", "+1", "-.5", "5.", ".", "+", "", "1e2", "INF", "1,5", "--1", "1" * 30, "0." + "1" * 30, "-" + "9" * 100, "1 2", "00012.100",
                "-0", "٣", "1.2.3", "123456789012345678901234567890.12", "+ ", "-\n", "9" * 30 + ".", "9" * 23 + ".", "9" * 24 + ".5"],
    "integer": ["1", "+1", "-1", "1.0", "", "9" * 40, "-", "0x1", " 7 ", "+ ", "9" * 30 + ".99", "9" * 30 + ".00", "9" * 30 + "."],
}


def xsd(r, count):
    for kind, values in XSD_VALUES.items():
        for v in values:
            yield "xsd." + kind, [v], kind + "\t" + esc(v)
            v = r.choice([" ", "\n", "\t", "\r", "      ", "\u00a0"]) + v + r.choice(["", " ", "\n  ", "\r\n"])
            yield "xsd." + kind, [v], kind + "\t" + esc(v)
        for _ in range(count):
            v = mutate(r, r.choice(values), "0123456789-+:Z. T")
            if kind.startswith("date") and re.match(r"\s*-?[0-9]{10}", v):  # Xerces stops at year 2^31, the standard does not
                continue
            yield "xsd." + kind, [v], kind + "\t" + esc(v)


FAMILIES = {"decimal": (decimals, 60), "double": (doubles, 60), "datetime": (datetimes, 40), "duration": (durations, 40), "string": (strings, 60), "regex": (regexes, 60), "xsd": (xsd, 100)}


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("classpath")
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--count", type=int, help="operations of each kind")
    p.add_argument("--out", default=HERE)
    p.add_argument("family", nargs="*")
    a = p.parse_args()
    cp = os.path.join(a.classpath, "*")
    with tempfile.TemporaryDirectory() as tmp:
        subprocess.run(["javac", "-cp", cp, "-d", tmp, os.path.join(HERE, "SaxonEval.java"),
                        os.path.join(HERE, "XsdEval.java")], check=True)
        for name in a.family or FAMILIES:
            make, count = FAMILIES[name]
            lines = list(make(random.Random(f"{name} {a.seed}"), a.count or count))
            judge = "XsdEval" if name == "xsd" else "SaxonEval"
            run = subprocess.run(["java", "-Duser.timezone=UTC", "-cp", cp + os.pathsep + tmp, judge], check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                 input="".join((x[2] if name == "xsd" else esc(x[2])) + "\n" for x in lines).encode())
            got = run.stdout.decode().split("\n")[:-1]
            assert len(got) == len(lines)
            with open(os.path.join(a.out, "../xsd/types.tsv" if name == "xsd" else name + ".tsv"), "w", encoding="utf-8") as f:
                f.write(f"# made by generate.py with {'the Xerces of JDK 17' if name == 'xsd' else 'Saxon-HE 13.1'}, seed {a.seed}\n")
                for (op, args, _), result in zip(lines, got):
                    f.write("\t".join([op] + [esc(x) for x in args] + [result]) + "\n")


if __name__ == "__main__":
    sys.exit(main())
