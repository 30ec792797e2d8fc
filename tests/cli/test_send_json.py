#!/usr/bin/env python3
"""aviso send with JSON: built, judged and sent in one call; what is wrong is told about the JSON, and nothing is accepted."""
import os, sys
sys.path.insert(0, os.path.join(os.environ.get("TOP", "."), "tests/support"))
from lab import *

EXAMPLE = os.path.join(TOP, "ubl/examples/standard.json")


def variant(lab, name, old, new):
    path = os.path.join(lab.dir, name + ".json")
    text = open(EXAMPLE).read()
    assert old in text
    open(path, "w").write(text.replace(old, new))
    return path


def main(lab):
    bad = [("unknown member", '"buyer_reference"', '"buyer_referense"', "line 7"),
           ("missing term", '"issue_date": "2026-11-20",', "", "issue_date"),
           ("official rule", '"C62"', '"PIECE"', "lines[1].unit")]
    for name, old, new, where in bad:
        r = lab.ap(1, "send", variant(lab, "bad", old, new))
        say(r.returncode == 65 and where in r.stderr, f"{name}: exit 65, and its place in the JSON", r.stderr)
    r = lab.ap(1, "send", variant(lab, "stranger", '"endpoint": {\n      "id": "0848934496"', '"endpoint": {\n      "id": "0403019261"'))
    say(r.returncode not in (0, 75) and "0403019261" in r.stderr, "a sender that is no participant of ours is refused", r.stderr)
    say(lab.ap(1, "list", "--json").stdout.strip() in ("", "[]"), "nothing was accepted of all this")
    r = lab.ap(1, "send", "--dry-run", EXAMPLE)
    say(r.returncode == 0 and "INV-2001" in r.stdout, "--dry-run shows what would be sent", r.stdout + r.stderr)
    r = lab.ap(1, "send", EXAMPLE, "--wait")
    say(r.returncode == 0 and "receipted" in r.stdout, "JSON is sent and receipted", r.stdout + r.stderr)
    got = fetched(lab, "INV-2001")
    say("<cbc:ID>INV-2001</cbc:ID>" in got, "the receiver has the UBL", got)


def fetched(lab, number):
    """What C4 takes out, once it is validated."""
    until(lambda: [x for x in lab.json(2, "inbox", "list") if x["invoice"] == number and x["state"] != "RECEIVED"])
    return lab.ap(2, "inbox", "get", number).stdout


def attached(lab):
    path = os.path.join(lab.dir, "proof.pdf")
    open(path, "wb").write(b"%PDF-1.7\nproof")
    r = lab.ap(1, "send", variant(lab, "attached", "INV-2001", "INV-2101"), "--attach", path, "--wait")
    say(r.returncode == 0 and "receipted" in r.stdout, "JSON is sent with a file", r.stdout + r.stderr)
    got = fetched(lab, "INV-2101")
    say('filename="proof.pdf"' in got, "the receiver has the file", got[:200])
    for args, code, name in (((INVOICE,), 64, "--attach to XML"), ((EXAMPLE, EXAMPLE), 64, "--attach with two inputs")):
        r = lab.ap(1, "send", *args, "--attach", path)
        say(r.returncode == code and "attach" in r.stderr, f"{name} is a wrong usage", r.stderr)
    r = lab.ap(1, "send", EXAMPLE, "--attach", path + ".none")
    say(r.returncode == 66 and "proof.pdf.none" in r.stderr, "a file that is not there is named", r.stderr)


def table(numbers, change=lambda row: row):
    """EXAMPLE's one line, for several invoices, as a list."""
    flat = {}

    def walk(v, path):
        for key, x in (v.items() if isinstance(v, dict) else enumerate(v)):
            at = path if isinstance(v, list) else f"{path}.{key}" if path else key
            if isinstance(x, (dict, list)):
                if not (isinstance(v, list) and key):
                    walk(x, at)
            elif not (isinstance(v, list) and key):
                flat[at] = str(x)
    data = json.load(open(EXAMPLE))
    for key in ("totals", "vat_breakdown"):
        data.pop(key, None)
    walk(data, "")
    rows = [change({**flat, "number": n}) for n in numbers]
    return "\n".join(";".join('"' + c.replace('"', '""') + '"' for c in line) for line in [list(flat), *[list(r.values()) for r in rows]]) + "\n"


def lists(lab):
    path = os.path.join(lab.dir, "list.csv")
    open(path, "w").write(table(["C-1", "C-2"], lambda r: {**r, "issue_date": "never"} if r["number"] == "C-2" else r))
    r = lab.ap(1, "send", path, "--wait")
    say(r.returncode == 65 and "issue_date" in r.stderr and not [x for x in lab.json(1, "list") if x["invoice"] == "C-1"], "a fault in one invoice of a list: none is sent", r.stderr)
    open(path, "w").write(table(["C-1", "C-2"]))
    r = lab.ap(1, "send", path, "--key", "k")
    say(r.returncode == 65 and "send.list" in r.stderr, "--key for a list is refused", r.stderr)
    r = lab.ap(1, "send", path, "--wait", "--json")
    lines = [json.loads(l) for l in r.stdout.splitlines()]
    say(r.returncode == 0 and [l["invoice"] for l in lines] == ["C-1", "C-2"] and all(l["state"] == "RECEIPTED" for l in lines), "a list is sent, each invoice told on its own", r.stdout[:300] + r.stderr)


def names(lab):
    """Names that are not UTF-8: JSON is, all the same."""
    odd = os.path.join(os.fsencode(lab.dir), b"caf\xe9.xml")
    with open(odd, "wb") as f:
        f.write(open(INVOICE, "rb").read())
    for words in (["send", "--dry-run"], ["validate"], ["read", "-o", lab.dir + "/out.json"]):
        r = subprocess.run([AVISO, *words, odd, "--json", "--config", lab.conf(1)], capture_output=True, timeout=60)
        line = json.loads(r.stdout.decode("utf-8"))
        say("caf\\xe9.xml" in (line.get("input") or line.get("file") or ""), f"{words[0]} --json shows a name that is no UTF-8", line)
    r = subprocess.run(f"{AVISO} doctypes --all | true", shell=True, capture_output=True, text=True)
    say(r.stderr == "" or "io.closed" in r.stderr, "a reader that has gone is named", r.stderr)


with Lab() as the_lab:
    main(the_lab)
    attached(the_lab)
    lists(the_lab)
    names(the_lab)
done()
