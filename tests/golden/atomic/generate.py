#!/usr/bin/env python3
"""Vectors for ubl/atomic: random and chosen operations with the answers of Saxon.

    generate.py SAXON-CLASSPATH [--seed N] [--count N] [--out DIR] [FAMILY...]

Needs java and javac, and Saxon-HE 13.1 with its dependencies on the class path (a directory of jars). Each family
makes DIR/FAMILY.tsv, one line an operation: name, arguments, result, separated by tabs. Without --out the committed
files beside this script are written, always with the same seed and count.
"""
import argparse, os, random, subprocess, sys, tempfile

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


FAMILIES = {"decimal": (decimals, 60), "double": (doubles, 60)}


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
        subprocess.run(["javac", "-cp", cp, "-d", tmp, os.path.join(HERE, "SaxonEval.java")], check=True)
        for name in a.family or FAMILIES:
            make, count = FAMILIES[name]
            lines = list(make(random.Random(f"{name} {a.seed}"), a.count or count))
            run = subprocess.run(["java", "-cp", cp + os.pathsep + tmp, "SaxonEval"], check=True, stdout=subprocess.PIPE,
                                 input="".join(esc(x[2]) + "\n" for x in lines).encode())
            got = run.stdout.decode().split("\n")[:-1]
            assert len(got) == len(lines)
            with open(os.path.join(a.out, name + ".tsv"), "w", encoding="utf-8") as f:
                f.write(f"# made by generate.py with Saxon-HE 13.1, seed {a.seed}\n")
                for (op, args, _), result in zip(lines, got):
                    f.write("\t".join([op] + [esc(x) for x in args] + [result]) + "\n")


if __name__ == "__main__":
    sys.exit(main())
