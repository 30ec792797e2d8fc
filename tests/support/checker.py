"""The outside checker: what was accepted, what the wire carried, what lies at C4, compared. It reads only output of
commands, wire answers and the disk.

    witness = Witness(lab)             # a Hostile before the receiver that remembers its answers
    c = Checker(lab, witness)
    c.accepted(number)                 # the program said so
    c.count()                          # {"lost": [..], "doubled": [..], "stuck": [..], "false": [..]}"""
import collections, json, os, time

from hostile import Hostile

FINAL = ("RECEIPTED", "REFUSED", "CANCELLED", "EXPIRED_UNSENT", "EXPIRED_UNKNOWN", "REJECTED")


class Witness(Hostile):
    def __init__(self, lab, *acts):
        super().__init__(lab, *([acts] if acts else []))
        self.answers = []  # (MessageId, status, what: receipt, error or "")

    def honest(self, r):
        try:
            status, body, ctype = super().honest(r)
        except OSError:
            self.answers.append((r.id, 0, ""))
            raise
        what = "receipt" if b":Receipt" in body or b"<Receipt" in body else "error" if b"errorCode" in body else ""
        self.answers.append((r.id, status, what))
        return status, body, ctype

    def receipted(self):
        return {i for i, status, what in self.answers if what == "receipt"}


class Checker:
    def __init__(self, lab, witness=None):
        self.lab, self.witness, self.numbers, self.said_proven = lab, witness, set(), set()
        self.read = {}  # what each file at C4 says: they do not change

    def accepted(self, number):
        self.numbers.add(number)

    def proven(self, number):
        """The program said that this one is receipted."""
        self.said_proven.add(number)

    def handed(self):
        """number -> how often it lies at C4"""
        folder = self.lab.net + "/ap2/inbox"
        for f in os.listdir(folder):
            if f.endswith(".json") and f not in self.read:
                with open(os.path.join(folder, f)) as j:
                    self.read[f] = json.load(j).get("invoice")
        return collections.Counter(self.read.values())

    def listed(self, ap, *args):
        return self.lab.json(ap, "list", "--limit", "1000000", *args, wait=300)

    def count(self, seconds=60):
        """Once both access points run without faults: what is wrong after so long."""
        end = time.monotonic() + seconds
        while True:
            docs, at_c4 = self.listed(1), self.handed()
            if all(d["state"] in FINAL for d in docs) and self.numbers <= set(at_c4) or time.monotonic() > end:
                break
            time.sleep(0.5)
        state = {d["invoice"]: d["state"] for d in docs}
        times = collections.Counter(d["invoice"] for d in docs)
        claimed = {n for n, s in state.items() if s == "RECEIPTED"} | self.said_proven
        wrong = {
            "lost": sorted(n for n in self.numbers if n not in state or n not in at_c4),
            "doubled": sorted({n for n, k in at_c4.items() if k > 1} | {n for n, k in times.items() if k > 1}),
            "stuck": sorted(n for n in self.numbers & set(state) if state[n] not in FINAL),
            "false": sorted(n for n in claimed if n not in at_c4)}
        if self.witness:  # a receipt that left is a promise, whoever read it
            here = {d["as4_id"] for d in self.listed(2, "--inbound")}
            wrong["false"] += sorted(i for i in self.witness.receipted() if i not in here)
        return wrong


def sums(wrong):
    return ", ".join(f"{k} {len(v)}" for k, v in wrong.items()) + " claims"
