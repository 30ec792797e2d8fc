#!/usr/bin/env python3
"""Validation where documents come and go: send refuses what is invalid and keeps a record; what is received is judged after acceptance,
handed over with its verdict, and its report can be read; what is not judged says so."""
import os, sys
sys.path.insert(0, os.path.join(os.environ.get("TOP", "."), "tests/support"))
from lab import *


def wrong_sum(s):
    return s.replace('<cbc:PayableAmount currencyID="EUR">', '<cbc:PayableAmount currencyID="EUR">9')


def wrong_date(s):
    return re.sub(r"<cbc:IssueDate>[^<]*<", "<cbc:IssueDate>2026-13-13<", s)


def refused(lab):
    for number, change, named in (("V-1", wrong_sum, "BR-CO-16"), ("V-2", wrong_date, "xsd line 7 (IssueDate)")):
        r = lab.ap(1, "send", lab.invoice(number, change))
        say(r.returncode == 1 and "document.invalid" in r.stderr and named in r.stderr, f"send refuses an invalid document and names {named}", r.stderr)
        row = lab.json(1, "status", number)[0]
        say(row["state"] == "REJECTED" and len(row["sha256"]) == 64 and named in row["error"]["text"], "and keeps a record with number, hash and rule", row)
    r = lab.ap(1, "send", "--dry-run", lab.invoice("V-3", wrong_date))
    say(r.returncode == 1 and "xsd line 7" in r.stderr and lab.ap(1, "status", "V-3").returncode == 1, "--dry-run says the same and keeps nothing", r.stderr)


def received(lab):
    for number, change in (("V-10", wrong_sum), ("V-11", wrong_date), ("V-12", lambda s: s)):
        r = lab.ap(1, "send", lab.invoice(number, change), "--wait", "--set", "validate.on_send=no")
        say(r.returncode == 0 and "unchecked" in r.stdout, "sent without being judged, which is told", r.stdout + r.stderr)
    handed = lambda: {x["invoice"]: x for x in lab.json(2, "list", "--inbound") if x["state"] == "HANDED_OVER"}
    until(lambda: len(handed()) == 3)
    rows = handed()
    say({k: v["verdict"] for k, v in rows.items()} == {"V-10": "invalid", "V-11": "invalid", "V-12": "valid"}, "what is received is judged and handed over", rows)
    o = lab.json(2, "inbox", "report", "V-10")[0]
    say(o["verdict"] == "invalid" and [f["id"] for f in o["findings"]] == ["BR-CO-16"] and len(o["layers"][1]["sha256"]) == 64, "its report is kept with it: rule, rule set, hash", o)
    r = lab.ap(2, "inbox", "report", "V-10")
    lab.ap(2, "inbox", "get", "V-10", "-o", lab.dir + "/got.xml")
    one = run("validate", lab.dir + "/got.xml")
    say(r.returncode == 0 and r.stdout.splitlines()[1:] == one.stdout.splitlines()[1:] and "BR-CO-16" in r.stdout, "as text it is what validate prints of the document that C4 has", r.stdout + r.stderr)
    r = lab.ap(2, "inbox", "report", "V-11")
    say("IssueDate" in r.stdout and "not run" in r.stdout, "also what the schema says", r.stdout)
    r = lab.ap(2, "inbox", "report", "V-12", "--report", "html")
    say(r.returncode == 0 and '<span class="valid">' in r.stdout, "and as HTML", r.stdout)
    say("inbox report" in lab.ap(2, "status", rows["V-10"]["id"]).stdout, "status says where the reasons are")
    say([lab.ap(2, "inbox", "report", *a).returncode for a in (("V-99",), (), ("V-10", "--report", "svrl"))] == [1, 64, 64], "an unknown id, none, a format without a record")


def unchecked(lab):
    r = lab.ap(1, "send", lab.invoice("V-20"), "--wait", "--set", "limits.validate_max=1K")
    say(r.returncode == 0 and "limits.validate_max" in r.stdout, "a document above validate_max passes and says so", r.stdout + r.stderr)
    lab.ap(1, "send", lab.invoice("V-21", lambda s: re.sub(r"<cbc:CustomizationID>[^<]*<", "<cbc:CustomizationID>urn:example:own<", s)), "--doctype", "invoice", "--wait")
    row = lab.json(1, "status", "V-21")
    say(row and row[0]["state"] == "RECEIPTED", "a customization without rules here is sent by its schema alone", row)
    o = until(lambda: [x for x in lab.json(2, "inbox", "report", "V-21") if x.get("layers")])
    say(o and o[0]["rules"]["set"] == "ubl" and "schema only" in o[0]["note"], "and its report says that no rules were run", o)


with Lab() as the_lab:
    refused(the_lab)
    received(the_lab)
    unchecked(the_lab)
done()
