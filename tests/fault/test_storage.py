#!/usr/bin/env python3
"""The disk as it is in bad days: its reserve is used up (S2), it takes seconds for each fsync (S15), it can be read alone
(S6), a bit of it flips (S7), what it held since the last backup is gone (R9). Judged from outside: nothing is lost, doubled or called failed.

AVISO_FAULTS=all takes five seconds for each fsync, else one and a half."""
import os, shutil, sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../support"))
from lab import *
from checker import *
from hostile import *
from shim import *

SLOW_MS = 5000 if os.environ.get("AVISO_FAULTS") == "all" else 1500
FAST = ["--set", "retry.first=1s", "--set", "retry.max=1s", "--set", "retry.after_max=1s", "--set", "alarm.pause=0s"]
PLAIN = ["--set", "listen.plain=loopback"]
FULL = ["--set", "store.spool_min_free=900000G"]


def send(lab, number, *args, **kw):
    path = f"{lab.dir}/{number}.xml"
    if not os.path.exists(path):
        lab.invoice(number)
    return lab.ap(1, "send", path, "--key", number, "--json", *args, wait=300, **kw)


def state(lab, number):
    found = lab.json(1, "status", number)
    return found[-1]["state"] if found else None


def reserve_of_the_sender(lab, c):
    """Both were accepted while there was room, and go on; nothing new is taken."""
    c.witness.does(answer(503))
    sender = lab.serve(1, *FAST)
    for number in ("S2-A", "S2-B"):
        send(lab, number)
        c.accepted(number)
    until(lambda: c.witness.seen)
    lab.end(sender)
    sender = lab.serve(1, *FAST, *FULL)
    c.witness.does(forward)
    say(until(lambda: all(state(lab, n) == "RECEIPTED" for n in ("S2-A", "S2-B"))), "S2 the reserve is used up: what was accepted is sent")
    r = send(lab, "S2-NEW")
    say(r.returncode == 74 and "spool.space" in r.stdout + r.stderr and lab.ap(1, "status", "S2-NEW").returncode != 0, "S2 ... nothing new is accepted: 74", f"{r.returncode} {r.stdout} {r.stderr}")
    say(until(lambda: "spool.space" in lab.ap(1, "alarms", "--json").stdout), "S2 ... and an alarm tells of it", lab.ap(1, "alarms").stdout)
    lab.end(sender)
    sender = lab.serve(1, *FAST)
    c.accepted("S2-NEW")
    say(send(lab, "S2-NEW", "--wait=20s").returncode == 0, "S2 with room again it is taken")
    say(until(lambda: "spool.space" not in lab.ap(1, "alarms", "--json").stdout), "S2 ... and the alarm is over", lab.ap(1, "alarms", "--json").stdout)
    return sender


def reserve_of_the_receiver(lab, c, receiver):
    lab.end(receiver)
    receiver = lab.serve(2, *PLAIN, *FULL)
    wire = len(c.witness.answers)
    send(lab, "S2-IN")
    c.accepted("S2-IN")
    until(lambda: len(c.witness.answers) > wire)
    answers = c.witness.answers[wire:]
    say(answers and all(a[1:] == (503, "") for a in answers), "S2 the receiver answers 503, and no receipt", answers)
    lab.end(receiver)
    receiver = lab.serve(2, *PLAIN)
    say(until(lambda: state(lab, "S2-IN") == "RECEIPTED"), "S2 with room again it takes the same message", state(lab, "S2-IN"))
    return receiver


def slow_disks(lab, c, one, two, sender, receiver):
    """Every fsync of both takes long: latency, and nothing else."""
    lab.end(sender)
    lab.end(receiver)
    sender, receiver = lab.serve(1, *FAST, env=one.env()), lab.serve(2, *PLAIN, env=two.env())
    wire = len(c.witness.answers)
    for shim in (one, two):
        shim.set(FSYNC, SLOW, at=1, lasting=1, delay_ms=SLOW_MS)
    began = time.monotonic()
    r = send(lab, "S15", "--wait=100s")
    took = time.monotonic() - began
    c.accepted("S15")
    slept = one.failed, two.failed
    for shim in (one, two):
        shim.off()
    answers = c.witness.answers[wire:]
    say(r.returncode == 0 and min(slept) >= 1, f"S15 a slow disk is latency only: proven", f"{r.returncode} {took:.0f} s, fsyncs {slept}, {r.stdout} {r.stderr}")
    say([a[1:] for a in answers] == [(200, "receipt")], "S15 ... sent once, answered once", answers)
    say(until(lambda: c.handed().get("S15") == 1), "S15 ... and handed over once", c.handed())
    return sender, receiver


def read_only(lab, c, shim, ap, service, number):
    """Mounted anew for reading, as after a fault of the disk: nothing can be written any more."""
    lab.end(service)
    service = lab.serve(ap, *(FAST if ap == 1 else PLAIN), env=shim.env())
    shim.set(FILES, errno.EROFS, at=1, lasting=1)
    wire = len(c.witness.answers)
    r = send(lab, number, "--wait=1s")
    c.accepted(number)
    say(until(lambda: service.poll() is not None, 20) is not None and service.returncode == 74 and shim.failed, f"S6 access point {ap}, read-only: it ends with 74", f"{service.poll()} {r.stderr}")
    answers = c.witness.answers[wire:]
    say(not any(a[2] for a in answers), "S6 ... without a receipt or an error for anybody", answers)
    r = lab.ap(ap, "serve", *PLAIN, env=shim.env())
    say(r.returncode in (73, 74, 78) and "Read-only" in r.stderr, "S6 ... it does not start, and says why", f"{r.returncode} {r.stderr}")
    r = lab.ap(ap, "doctor", "--quick")
    say(r.returncode == 1 and "no service" in r.stdout, "S6 ... doctor is red", f"{r.returncode} {r.stdout}")
    shim.off()
    service = lab.serve(ap, *(FAST if ap == 1 else PLAIN))
    r = send(lab, number, "--wait=30s")
    say(r.returncode == 0 and until(lambda: c.handed().get(number) == 1), "S6 ... writable again, nothing is lost", f"{r.returncode} {r.stdout} {c.handed().get(number)}")
    return service


def flip(lab, known):
    """A bit in the middle of each payload file that is new."""
    files = [f for f in sorted(os.listdir(lab.net + "/ap1/spool/payload")) if f not in known]
    for f in files:
        with open(f"{lab.net}/ap1/spool/payload/{f}", "r+b") as x:
            x.seek(150000)
            byte = x.read(1)[0] ^ 1
            x.seek(150000)
            x.write(bytes([byte]))
    return files


def flipped(lab, c):
    """Of a document that is still to be composed; of a message whose answer is owed."""
    for number, away in (("S7-DOCUMENT", True), ("S7-MESSAGE", False)):
        known = os.listdir(lab.net + "/ap1/spool/payload")
        lab.invoice(number, lambda s: s.replace("</Invoice>", f"<!-- {os.urandom(300000).hex()} --></Invoice>"))
        if away:
            lab.register(BUYER, "http://localhost:9/as4")
        c.witness.does(answer(503))
        lab.json(1, "queue", "run")
        send(lab, number)
        c.accepted(number)
        until(lambda: state(lab, number) in ("WAITING", "UNKNOWN"))
        files = flip(lab, known)
        sent = len(c.witness.seen)
        c.witness.serve(BUYER)
        c.witness.does(forward)
        lab.json(1, "queue", "run")
        held = until(lambda: state(lab, number) == "HELD")
        asked = [r for r in c.witness.seen[sent:]]
        say(held and len(files) == 2, f"S7 {number}: a flipped bit is found before sending, and it is held", f"{state(lab, number)} {files} {open(lab.services[-1].log).read()[-300:]}")
        alarm = [a for a in lab.json(1, "alarms") if a["kind"] == "damaged" and a["invoice"] == number]
        say(alarm and alarm[0]["error"]["what"] == "store.damaged", "S7 ... an alarm tells", lab.json(1, "alarms"))
        say(c.handed().get(number, 0) == 0 and not [r for r in asked if r.id == lab.json(1, "status", number)[-1]["as4_id"]], "S7 ... nothing of it was sent", len(asked))
        flip(lab, known)
        lab.ap(1, "queue", "release", number)
        say(until(lambda: state(lab, number) == "RECEIPTED") and until(lambda: c.handed().get(number) == 1), "S7 mended and released, it is proven", lab.json(1, "status", number))
        say(not [a for a in lab.json(1, "alarms") if a["kind"] == "damaged"], "S7 ... and the alarm is over", lab.json(1, "alarms"))


def lost_receipts(lab, c, sender):
    """The disk is lost after everything was proven; the backup is of the moment when half of it was."""
    spool = f"{lab.net}/ap1/spool"
    lab.end(sender)
    numbers = [f"R9-{i}" for i in range(6)]
    for number in numbers:
        c.accepted(number)
    for number in numbers[:3]:
        send(lab, number, "--wait=20s", *FAST)
    c.witness.does(swallow)
    sender = lab.serve(1, *FAST, "--set", "retry.first=30m", "--set", "retry.max=30m")
    for number in numbers[3:]:
        send(lab, number)
    until(lambda: all(state(lab, n) == "UNKNOWN" for n in numbers[3:]))
    lab.end(sender)
    shutil.copytree(spool, f"{lab.dir}/backup", ignore=lambda d, names: [n for n in names if n.endswith(".sock")])
    c.witness.does(forward)
    for number in numbers:
        send(lab, number, "--wait=20s", *FAST)
    proven = {n: state(lab, n) for n in numbers}
    say(set(proven.values()) == {"RECEIPTED"}, "R9 six documents are proven", proven)
    shutil.rmtree(spool)
    shutil.copytree(f"{lab.dir}/backup", spool)
    sender = lab.serve(1, *FAST)
    held = {n: state(lab, n) for n in numbers}
    say([held[n] for n in numbers] == ["RECEIPTED"] * 3 + ["HELD"] * 3, "R9 the disk is lost: by the backup three of them are not, and held", held)
    wire = len(c.witness.answers)
    for number in numbers[3:]:
        lab.ap(1, "queue", "release", lab.json(1, "status", number)[-1]["id"])
    say(until(lambda: all(state(lab, n) == "RECEIPTED" for n in numbers)), "R9 released, the resend brings the proof back", {n: state(lab, n) for n in numbers})
    again = c.witness.answers[wire:]
    say(len(again) == 3 and all(a[2] == "receipt" for a in again), "R9 ... by one exchange each", again)
    say(all(c.handed().get(n) == 1 for n in numbers), "R9 ... and none lies at C4 twice", c.handed())
    return sender


with Lab() as lab:
    lab.stop_ap2()
    one, two = Shim(lab.net + "/ap1"), Shim(lab.net + "/ap2")
    receiver = lab.serve(2, *PLAIN)
    witness = Witness(lab).serve(BUYER)
    c = Checker(lab, witness)
    sender = reserve_of_the_sender(lab, c)
    receiver = reserve_of_the_receiver(lab, c, receiver)
    sender, receiver = slow_disks(lab, c, one, two, sender, receiver)
    receiver = read_only(lab, c, two, 2, receiver, "S6-IN")
    sender = read_only(lab, c, one, 1, sender, "S6-OUT")
    flipped(lab, c)
    sender = lost_receipts(lab, c, sender)
    wrong = c.count()
    say(not any(wrong.values()), "nothing is lost, doubled, stuck or claimed falsely", wrong)
    lab.end(sender)
    lab.end(receiver)
    witness.close()
    one.close()
    two.close()
done()
