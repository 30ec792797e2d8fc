#!/usr/bin/env python3
"""Nothing waits without a word: what is late, cannot be validated, has no route, is damaged or came with a copied spool
is seen by whoever asks, service or not, and is an alarm where one runs."""
import glob, os, sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../support"))
from lab import *

DATA = os.environ["AVISO_DATA"]


def kinds(lab, ap):
    return {a["kind"]: a for a in lab.json(ap, "alarms")}


def doctor(lab, ap, check):
    found = json.loads(lab.ap(ap, "doctor", "--quick", "--json").stdout)["checks"]
    return [(c["verdict"], c["text"]) for c in found if c["check"] == check]


def received(lab, number):
    """Its number is known only once it was validated."""
    return [d for d in lab.json(2, "status", number) if d.get("direction") == "inbound"]


def late_without_service(lab):
    lab.stop_ap2()
    lab.ap(1, "send", lab.invoice("SIL-TIME"))
    lab.ap(1, "send", lab.invoice("SIL-LATE"), "--deliver-by", "1s")
    time.sleep(1.2)
    r = lab.ap(1, "list", "--late")
    say("SIL-LATE" in r.stdout and "LATE" in r.stdout and "SIL-TIME" not in r.stdout, "no service: list --late names it all the same", r.stdout)
    say([d["late"] for d in lab.json(1, "list", "--late")] == [True], "... and says so to a script")
    r = lab.ap(1, "status")
    say(r.returncode == 1 and re.search(r"^late +1$", r.stdout, re.M), "... status counts it, and exits 1", r.stdout)
    say([v for v, _ in doctor(lab, 1, "late")] == ["red"], "... doctor is red", doctor(lab, 1, "late"))
    say("LATE" in lab.ap(1, "status", "SIL-LATE").stdout, "... status of it says LATE")
    until(lambda: lab.ap(1, "alarms").returncode == 1, 15)
    r = lab.ap(1, "alarms")
    say(r.returncode == 1 and "1 more documents" in r.stderr and "no alarms" not in r.stdout, "alarms says that nobody raised its alarm", r.stdout + r.stderr)
    s = lab.serve(1)
    say(until(lambda: "late" in kinds(lab, 1), 15), "a service raises it")
    lab.ap(1, "ack", "--all")
    r = lab.ap(1, "status")
    say(r.returncode == 0 and "(1 acknowledged)" in r.stdout, "acknowledged: no reason to exit 1 any more", r.stdout)
    say([v for v, _ in doctor(lab, 1, "late")] == ["yellow"] and "SIL-LATE" in lab.ap(1, "list", "--late").stdout, "... doctor is yellow, and it is still listed", doctor(lab, 1, "late"))
    lab.end(s)


def validation(lab):
    data = os.path.join(lab.dir, "data")
    shutil.copytree(DATA, data, symlinks=True)
    s = lab.serve(2, "--set", "ap.data_dir=" + data)
    lab.ap(1, "send", lab.invoice("SIL-1"), "--wait")
    say(until(lambda: received(lab, "SIL-1"), 10), "validated and handed over: the usual way")
    say(not doctor(lab, 2, "validation"), "... doctor has nothing to say of it")
    lab.end(s)
    rules = os.path.join(data, "rules/openpeppol")
    os.rename(rules, rules + ".away")
    s = lab.serve(2, "--set", "ap.data_dir=" + data)
    r = lab.ap(1, "send", lab.invoice("SIL-2"), "--wait")
    say(r.returncode == 0, "rules that are not there: it is received all the same", r.stderr)
    red = until(lambda: [why for verdict, why in doctor(lab, 2, "validation") if verdict == "red"], 10)
    say(red and "rules.missing" in red[0], "... doctor is red and says why", doctor(lab, 2, "validation"))
    alarm = until(lambda: kinds(lab, 2).get("validation"), 45)
    say(alarm and "1 received document is not validated" in alarm["error"]["text"] and "rules.missing" in alarm["error"]["text"] and
        alarm["error"]["next"], "... and it is an alarm", alarm)
    os.rename(rules + ".away", rules)
    say(until(lambda: received(lab, "SIL-2"), 60), "mended: it is validated and handed over by itself")
    say(until(lambda: "validation" not in kinds(lab, 2), 45), "... and the alarm goes")
    lab.end(s)


def orphan(lab):
    routes = os.path.join(lab.dir, "routes.conf")
    open(routes, "w").write(f"[books]\nkind = folder\nfolder = {lab.dir}/books\n")
    os.makedirs(lab.dir + "/books")
    s = lab.serve(2, "--set", "deliver.routes_file=" + routes)
    lab.ap(2, "participant", "add", BUYER, "--route", "books", "--country", "BE", "--set", "deliver.routes_file=" + routes)
    lab.end(s)
    s = lab.serve(2)
    lab.ap(1, "send", lab.invoice("SIL-3"), "--wait")
    alarm = until(lambda: kinds(lab, 2).get("route"), 45)
    say(alarm and alarm["error"]["what"] == "handover.no-route" and "route books" in alarm["error"]["text"], "a route that nobody configured is an alarm", alarm)
    r = lab.ap(2, "inbox", "reroute", "--from", "books", "--to", "folder")
    say(r.returncode == 0 and until(lambda: "route" not in kinds(lab, 2), 45), "... until what waits goes another way", r.stderr)
    lab.ap(2, "participant", "add", BUYER, "--route", "folder", "--country", "BE")
    lab.end(s)


def flip(path):
    with open(path, "r+b") as f:
        f.seek(1000)
        byte = f.read(1)
        f.seek(1000)
        f.write(bytes([byte[0] ^ 1]))


def damage(lab):
    """Payloads that are files, by their size: what was stored is not what is read."""
    note = "<cbc:Note>" + "x" * 300000 + "</cbc:Note>"
    big = lambda n: lab.invoice(n, lambda s: s.replace("<cbc:InvoiceTypeCode>380</cbc:InvoiceTypeCode>", "<cbc:InvoiceTypeCode>380</cbc:InvoiceTypeCode>" + note))
    files = lambda: set(glob.glob(lab.net + "/ap1/spool/payload/*"))
    before = files()
    r = lab.ap(1, "send", big("SIL-BIG"))
    new = files() - before
    say(len(new) == 1, "a large document is a file", r.stdout + r.stderr + str(new))
    flip(new.pop())
    s = lab.serve(2)
    one = lab.serve(1)
    held = lambda: (lab.json(1, "status", "SIL-BIG") or [{}])[0]
    say(until(lambda: held().get("state") == "HELD", 20), "a flipped bit: it is held, not sent", held())
    alarm = until(lambda: kinds(lab, 1).get("damaged"), 5)
    say(alarm and alarm["invoice"] == "SIL-BIG" and alarm["error"]["next"], "... and is an alarm with what to do", alarm)
    text = lab.ap(1, "status", "SIL-BIG").stdout
    say("held by       aviso" in text and "damaged" in text, "... status says who holds it, and why", text)
    say(held().get("held_by") == "aviso" and "damaged" in held().get("held_why", ""), "... to a script, too", held())
    say(not received(lab, "SIL-BIG"), "the receiver has nothing of it")
    lab.end(one)
    lab.end(s)


def moved(lab):
    lab.ap(1, "send", lab.invoice("SIL-MOVED"))
    spool = lab.net + "/ap1/spool"
    os.rename(spool, spool + ".old")
    shutil.copytree(spool + ".old", spool)
    s = lab.serve(1)
    alarm = kinds(lab, 1).get("moved")
    say(alarm and "open documents are held" in alarm["error"]["text"], "a copied spool starts held, and is an alarm", alarm)
    say(lab.ap(1, "status").returncode == 1, "... so status exits 1")
    text = lab.ap(1, "status", "SIL-MOVED").stdout
    say("HELD" in text and "restored backup" in text, "... status of a document says why it is held", text)
    lab.end(s)


with Lab() as lab:
    late_without_service(lab)
    validation(lab)
    orphan(lab)
    damage(lab)
    moved(lab)
done()
