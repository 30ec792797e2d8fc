#!/usr/bin/env python3
"""Random vectors for ubl/atomic/decimal.h, computed by Python's integers and fractions: a second opinion.

    decimal_python.py SEED COUNT

Writes lines as tests/support/vectors.h describes. Also sizes that Saxon is slow with: up to 600 digits.
"""
import random
import sys
from fractions import Fraction

r = random.Random(int(sys.argv[1]))


def text(q, whole=False):
    """Canonical text of a fraction whose denominator has only 2 and 5."""
    sign, q = ("-" if q < 0 else ""), abs(q)
    scale = 0
    while (q * 10 ** scale).denominator != 1:
        scale += 1
    digits = str((q * 10 ** scale).numerator).rjust(scale + 1, "0")
    return sign + (digits[:-scale] + "." + digits[-scale:] if scale else digits)


def some():
    n = r.choice([1, 2, 3, 5, 9, 17, 18, 19, 20, 37, 38, 39, 40, 60, 120, 600])
    n = r.randint(1, n)
    digits = "".join(r.choice("0123456789") for _ in range(n))
    if r.random() < 0.3:
        digits = r.choice(["1", "9", "5", "17"]) + digits[:1] * r.randint(0, n)
    if r.random() < 0.3:
        digits += "0" * r.randint(0, 30)
    at = r.randint(0, len(digits))
    s = digits if r.random() < 0.3 else digits[:at] + "." + digits[at:]
    if r.random() < 0.1:
        s = "0." + "0" * r.randint(0, 60) + digits
    return r.choice(["", "-", "+"]) + s


def value(s):
    return Fraction(s if s[-1] != "." else s + "0") if s.lstrip("+-")[0] != "." else Fraction(s.replace(".", "0.", 1))


def round_to(q, places, how):
    scaled = q * Fraction(10) ** places
    down = scaled.numerator // scaled.denominator
    rest = scaled - down
    if how == "ceiling-half":
        up = rest >= Fraction(1, 2)
    elif how == "even":
        up = rest > Fraction(1, 2) or (rest == Fraction(1, 2) and down % 2 == 1)
    elif how == "away":
        up = rest > Fraction(1, 2) or (rest == Fraction(1, 2) and q >= 0)
    else:  # half down: toward zero
        up = rest > Fraction(1, 2) or (rest == Fraction(1, 2) and q < 0)
    return (down + up) / Fraction(10) ** places


def java_scale(s):
    """Scale of the stripped value; of what Saxon keeps as an integer, 0."""
    body = s.lstrip("+")
    if "." not in s and len(body) <= 15:
        return 0
    q = value(s)
    if q == 0:
        return 0
    scale = 0
    while (q * Fraction(10) ** scale).denominator != 1:
        scale += 1
    while scale <= 0 and (q * Fraction(10) ** scale / 10).denominator == 1:
        scale -= 1
    return scale


def integer(s):
    return "." not in s and len(s.lstrip("+")) <= 15


def divide(a, b):
    x, y = value(a), value(b)
    if y == 0:
        return "!FOAR0001"
    sa, sb = java_scale(a), java_scale(b)
    if integer(a) and integer(b):
        if (x / y).denominator == 1:
            return text(x / y)
        if not (0 <= x < 2 ** 31 and 0 <= y < 2 ** 31):
            sa, sb = java_scale(a + "."), java_scale(b + ".")
    return text(round_to(x / y, max(18, sa - sb + 18), "down"))


def trunc(q):
    n = abs(q.numerator) // q.denominator
    return -n if q < 0 else n


def out(op, args, result):
    print("\t".join([op, *args, result]))


def line():
    a, b = some(), some()
    x, y = value(a), value(b)
    op = r.choice(["add", "sub", "mul", "div", "idiv", "mod", "neg", "abs", "floor", "ceiling", "trunc", "round",
                   "round-even", "round-away", "div-round", "cmp", "double", "float", "parse"])
    if op in ("add", "sub", "mul"):
        out("dec." + op, [a, b], text({"add": x + y, "sub": x - y, "mul": x * y}[op]))
    elif op == "div":
        out("dec.div", [a, b], divide(a, b))
    elif op in ("idiv", "mod"):
        q = None if y == 0 else trunc(x / y)
        out("dec." + op, [a, b], "!FOAR0001" if q is None else text(Fraction(q) if op == "idiv" else x - q * y))
    elif op in ("neg", "abs", "parse"):
        out("dec." + op, [a], text({"neg": -x, "abs": abs(x), "parse": x}[op]))
    elif op in ("floor", "ceiling", "trunc"):
        down = x.numerator // x.denominator
        out("dec." + op, [a], str({"floor": down, "ceiling": -(-x.numerator // x.denominator), "trunc": trunc(x)}[op]))
    elif op.startswith("round"):
        p = r.choice([0, 1, 2, 2, 3, 7, 18, 40, 100, -1, -2, -20, -50, -700])
        how = {"round": "ceiling-half", "round-even": "even", "round-away": "away"}[op]
        if r.random() < 0.3:  # a tie
            a = text(Fraction(2 * r.randint(-10 ** 20, 10 ** 20) + 1, 2) / Fraction(10) ** p)
        out("dec." + op, [a, str(p)], text(round_to(value(a), p, how)))
    elif op == "div-round":
        p = r.randint(0, 18)
        out("dec.div-round", [a, b, str(p)], "!FOAR0001" if y == 0 else text(round_to(x / y, p, "away")))
    elif op == "cmp":
        if r.random() < 0.3:
            b = text(x)
            y = x
        out("dec.cmp", [a, b], str((x > y) - (x < y)))
    elif op == "double":
        try:
            out("dec.double-bits", [a], (x.numerator / x.denominator).hex())
        except OverflowError:
            out("dec.double-bits", [a], "-inf" if x < 0 else "inf")
    elif op == "float":
        v = r.choice([r.random() * 10 ** r.randint(-30, 30), float(r.randint(-2 ** 60, 2 ** 60)), r.random() * 2.0 ** -1060])
        out("double.decimal", [repr(v)], text(Fraction(v)))


for _ in range(int(sys.argv[2])):
    line()
