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
    got = lab.json(2, "inbox", "list")
    got = lab.ap(2, "inbox", "get", (got if isinstance(got, dict) else got[0])["id"]).stdout
    say("<cbc:ID>INV-2001</cbc:ID>" in got, "the receiver has the UBL", got)


with Lab() as the_lab:
    main(the_lab)
done()
