#!/usr/bin/env python3
"""Random invoices: each valid by the official rules, and every sum the one of an independent calculation in
Python's decimal. AVISO_RANDOM=10000 says how many (default 250), AVISO_SEED=n which."""
import json
import os
import random
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET
from decimal import ROUND_HALF_UP, Decimal as D

AVISO = os.environ["AVISO"]
COUNT = int(os.environ.get("AVISO_RANDOM", "250"))
SEED = int(os.environ.get("AVISO_SEED", "1"))
BATCH = 250
CAC = "{urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2}"
CBC = "{urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2}"
ZERO_RATED = {"Z", "E", "AE", "K", "G"}
MODES = {"home": ["S", "S", "S", "Z", "E"], "AE": ["AE"], "K": ["K"], "G": ["G"], "O": ["O"], "L": ["L"], "M": ["M"], "B": ["B"]}
RATES = {"S": ["21", "12", "6.00", "5.5", "19"], "L": ["7", "0", "3.0"], "M": ["4", "0.5"], "B": ["22", "10"]}


def cut(x, places):
    return x.quantize(D(1).scaleb(-places), ROUND_HALF_UP)


def digits(r, whole, places):
    p = r.randint(0, places)
    return str(D(r.randint(1, 10 ** whole * 10 ** p)).scaleb(-p))


def party(country, vat):
    p = {"endpoint": {"id": "0848934496", "scheme": "0208"}, "name": "Näme & <Söhne>", "legal_registration": {"id": "0848934496", "scheme": "0208"},
         "address": {"line1": "Street 1", "city": "Town", "post_code": "1000", "country": country}}
    if vat:
        p["vat_id"] = vat
    return p


class Invoice:
    """Chooses at random, and adds up what it chose."""

    def __init__(self, r, number):
        self.r = r
        self.mode = r.choice(list(MODES) + ["home"] * 4)
        self.currency = r.choice(["EUR"] * 5 + ["SEK", "JPY", "KWD"])
        self.places = 2
        self.groups = {}  # (category, rate) -> taxable amount
        kind = r.choice(["380"] * 6 + ["381", "381", "389", "261"])
        cc = {"L": "ES", "M": "ES", "B": "IT"}.get(self.mode, "BE")
        vat = {"ES": "ESB12345674", "IT": "IT12345670017"}.get(cc, "BE0848934496")
        out = self.mode == "O"
        d = self.doc = {"number": number, "issue_date": "2026-11-20", "type_code": kind, "currency": self.currency, "buyer_reference": "r",
                        "seller": party(cc, None if out else vat), "buyer": party(cc, None if out else vat),
                        "payment_means": [{"code": "30", "account": {"id": "BE68539007547034"}}], "due_date": "2026-12-20"}
        if self.mode == "K":
            d["buyer"] = party("DE", "DE136695976")
            d["delivery"] = {"date": "2026-11-18", "address": {"country": "DE"}}
        if self.mode == "AE":
            d["buyer"] = party("DE", "DE136695976")
        self.sum_lines = self.sum_allowances = self.sum_charges = D(0)
        d["lines"] = [self.line() for _ in range(r.choice([1, 1, 2, 3, 5, 12]))]
        for name, sign in (("allowances", -1), ("charges", 1)):
            if r.random() < 0.3:
                d[name] = [self.document_ac(sign) for _ in range(r.randint(1, 2))]
        self.finish()

    def vat(self):
        c = self.r.choice(MODES[self.mode])
        v = {"category": c}
        if c in RATES:
            v["rate"] = self.r.choice(RATES[c])
        elif c in ZERO_RATED and self.r.random() < 0.5:
            v["rate"] = "0"
        return v

    def key(self, v):
        return v["category"], None if v["category"] == "O" else D(v.get("rate", "0"))

    def amount(self, ac):
        """An allowance's or charge's amount; as it is, or by percentage."""
        r = self.r
        ac["reason"] = "reason"
        if r.random() < 0.5:
            ac["amount"] = str(cut(D(digits(r, 3, 2)), self.places))
            return D(ac["amount"])
        ac["percent"], ac["base_amount"] = digits(r, 2, 2), str(cut(D(digits(r, 4, 2)), self.places))
        a = cut(D(ac["percent"]) * D(ac["base_amount"]) / 100, self.places)
        if r.random() < 0.3:
            ac["amount"] = str(a)
        return a

    def document_ac(self, sign):
        ac = {"vat": self.vat()}
        a = self.amount(ac)
        if sign < 0:
            self.sum_allowances += a
        else:
            self.sum_charges += a
        self.groups[self.key(ac["vat"])] = self.groups.get(self.key(ac["vat"]), D(0)) + sign * a
        return ac

    def line(self):
        r = self.r
        q, p = D(digits(r, 4, 4)) * r.choice([1, 1, 1, -1]), D(digits(r, 4, 6))
        l = {"quantity": str(q), "unit": "C62", "item": {"name": "Thing"}, "vat": self.vat(), "price": {"net": str(p)}}
        base = D(1)
        if r.random() < 0.3:
            base = D(digits(r, 3, 1))
            l["price"]["base_quantity"] = str(base)
        if r.random() < 0.3:
            off = D(digits(r, 2, 3))
            l["price"] = {**l["price"], "gross": str(p + off), "discount": str(off)}
            if r.random() < 0.5:
                del l["price"]["net"]
        net = cut(q * p / base, self.places)
        for name, sign in (("allowances", -1), ("charges", 1)):
            if r.random() < 0.2:
                ac = {}
                net += sign * self.amount(ac)
                l[name] = [ac]
        if r.random() < 0.2:
            l["net"] = str(net)
        self.sum_lines += net
        self.groups[self.key(l["vat"])] = self.groups.get(self.key(l["vat"]), D(0)) + net
        return l

    def finish(self):
        r, d = self.r, self.doc
        if any(k[0] == "E" for k in self.groups):
            d["vat_breakdown"] = [{"category": "E", "exemption_reason": "exempt"}]
        self.tax = {k: cut(t * (k[1] or 0) / 100, self.places) for k, t in self.groups.items()}
        self.without = self.sum_lines - self.sum_allowances + self.sum_charges
        self.vat_total = sum(self.tax.values(), D(0))
        t = {}
        self.prepaid = self.rounding = D(0)
        if r.random() < 0.2:
            self.prepaid = cut(D(digits(r, 4, 2)), self.places)
            t["prepaid"] = str(self.prepaid)
        if r.random() < 0.2:
            self.rounding = cut(D(r.randint(-49, 49)) / 100, self.places)
            t["rounding"] = str(self.rounding)
        self.due = self.without + self.vat_total - self.prepaid + self.rounding
        if r.random() < 0.3:
            t["due"] = str(self.due)
        if r.random() < 0.3:
            t["lines"] = str(self.sum_lines)
        if r.random() < 0.2:
            d["vat_currency"] = "DKK"
            t["vat_in_vat_currency"] = str(cut(self.vat_total * D("7.46"), 2))
        if t:
            d["totals"] = t


def check(inv, root):
    """What the document says, against what was added up; a list of differences."""
    wrong = []

    def same(what, text, want):
        if D(text or "0") != want or (text and -D(text).as_tuple().exponent > 2):
            wrong.append(f"{what}: {text}, not {want}")

    total = root.find(CAC + "LegalMonetaryTotal")
    for name, want in (("LineExtensionAmount", inv.sum_lines), ("AllowanceTotalAmount", inv.sum_allowances), ("ChargeTotalAmount", inv.sum_charges),
                       ("TaxExclusiveAmount", inv.without), ("TaxInclusiveAmount", inv.without + inv.vat_total), ("PrepaidAmount", inv.prepaid),
                       ("PayableRoundingAmount", inv.rounding), ("PayableAmount", inv.due)):
        same(name, total.findtext(CBC + name), want)
    first = root.find(CAC + "TaxTotal")
    same("TaxAmount", first.findtext(CBC + "TaxAmount"), inv.vat_total)
    seen = {}
    for s in first.findall(CAC + "TaxSubtotal"):
        c = s.find(CAC + "TaxCategory")
        rate = c.findtext(CBC + "Percent")
        k = (c.findtext(CBC + "ID"), None if rate is None else D(rate))
        seen[k] = True
        same(f"taxable {k}", s.findtext(CBC + "TaxableAmount"), inv.groups.get(k, D("NaN")))
        same(f"tax {k}", s.findtext(CBC + "TaxAmount"), inv.tax.get(k, D("NaN")))
    if set(seen) != set(inv.groups):
        wrong.append(f"breakdown {sorted(map(str, seen))}, not {sorted(map(str, inv.groups))}")
    return wrong


def batch(r, first, n, tmp):
    made = {}
    for i in range(first, first + n):
        number = f"R-{i}"
        made[number] = Invoice(r, number)
        json.dump(made[number].doc, open(f"{tmp}/{number}.json", "w"), indent=1)
    files = [f"{tmp}/{number}.json" for number in made]
    p = subprocess.run([AVISO, "build", "--json", "-o", f"{tmp}/out", *files], capture_output=True, text=True)
    bad = []
    if p.returncode:
        for line in p.stdout.splitlines():
            o = json.loads(line)
            faults = [(f["path"], f["error"]["text"]) for f in o.get("findings", []) if f["severity"] == "error"] or o
            bad.append(f"{o.get('invoice')} (seed {SEED}): {faults}")
    else:
        for number, inv in made.items():
            wrong = check(inv, ET.parse(f"{tmp}/out/{number}.xml").getroot())
            if wrong:
                bad.append(f"{number} (seed {SEED}): {wrong}")
    return bad


rng, problems = random.Random(SEED), []
for start in range(0, COUNT, BATCH):
    with tempfile.TemporaryDirectory() as folder:
        problems += batch(rng, start, min(BATCH, COUNT - start), folder)
print(("not ok " if problems else "ok ") + f"{COUNT} random invoices are valid and their sums exact")
for p in problems[:10]:
    print(p, file=sys.stderr)
sys.exit(1 if problems else 0)
