#!/usr/bin/env python3
"""S14: memory runs out at the n-th time that the program asks for it: a clean error or none, never a crash, nothing
lost and nothing doubled. Of what the program's own code asks for, a part of the places, and all of them with
AVISO_FAULTS=all (make torture)."""
import errno, os, sys, time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../support"))
from lab import *
from checker import *
from shim import *

ALL = os.environ.get("AVISO_FAULTS") == "all"
CODES = {0, 1, 65, 68, 69, 70, 71, 74, 75, 77, 78}
FAST = ["--set", "retry.first=1s", "--set", "retry.max=1s", "--set", "retry.after_max=1s", "--set", "retry.answer_timeout=4s"]
failed = 0


def places(n, few):
    step = 1 if ALL else max(1, n // few)
    return range(1, n + 1, step)


def crash(r):
    """What is wrong with how it ended."""
    if r.returncode not in CODES:
        return f"ends with {r.returncode}"
    return "" if r.returncode in (0, 1) or r.stderr or r.stdout else "says nothing"


def command(lab, shim, name, few, make):
    """A command, as often as it asks for memory; make(i) is its arguments."""
    global failed
    shim.set(MALLOC, own=1)
    r = lab.ap(1, *make("count"), env=shim.env())
    n, bad = shim.seen, [] if r.returncode == 0 else [f"plain: {r.returncode} {r.stderr}"]
    for at in places(n, few):
        for lasting in (0, 1) if ALL else (at // max(1, n // few) % 2,):
            shim.set(MALLOC, errno.ENOMEM, at=at, lasting=lasting, own=1)
            r = lab.ap(1, *make(f"{at}-{lasting}"), env=shim.env())
            shim.off()
            failed += shim.failed
            why = crash(r)
            if why:
                bad.append(f"{at} of {n}{' and on' if lasting else ''}: {why} {r.stderr[-200:]}")
    say(not bad, f"S14 {name}: the n-th of {n} requests for memory fails", " | ".join(bad))


def receiving(lab, c, shim, few):
    global failed
    service = lab.serve(2, "--set", "listen.plain=loopback", env=shim.env())
    send = lambda number, seconds: lab.ap(1, "send", lab.invoice(number), "--key", number, f"--wait={seconds}s", "--quiet", *FAST)
    shim.set(MALLOC, own=1)
    send("M-COUNT", 8)
    time.sleep(0.5)
    n, bad = shim.seen, []
    for at in places(n, few):
        wire = len(c.witness.answers)
        shim.set(MALLOC, errno.ENOMEM, at=at, own=1)
        send(f"M-{at}", 3)
        time.sleep(0.1)
        shim.off()
        failed += shim.failed
        c.accepted(f"M-{at}")
        odd = [a for a in c.witness.answers[wire:] if a[1] not in (0, 200, 503) or a[2] == "error"]
        if odd or service.poll() is not None:
            bad.append(f"{at}: {odd} {service.returncode} {open(service.log).read()[-300:] if service.returncode else ''}")
        if service.poll() is not None:
            service = lab.serve(2, "--set", "listen.plain=loopback", env=shim.env())
    say(not bad, f"S14 receiving: the n-th of {n} requests for memory fails", " | ".join(bad))
    return service, send


with Lab() as lab:
    lab.stop_ap2()
    one, two = Shim(lab.net + "/ap1"), Shim(lab.net + "/ap2")
    witness = Witness(lab).serve(BUYER)
    c = Checker(lab, witness)
    command(lab, one, "validate", 25, lambda i: ["validate", INVOICE, "--quiet"])
    command(lab, one, "lookup", 25, lambda i: ["lookup", BUYER])
    service, send = receiving(lab, c, two, 20)

    def document(i):
        c.accepted(f"O-{i}")
        return ["send", lab.invoice(f"O-{i}"), "--key", f"O-{i}", "--wait=3s", "--quiet", *FAST]

    command(lab, one, "sending", 40, document)
    for number in sorted(c.numbers):  # who was told no hands it in again, with its key
        until(lambda: send(number, 8).returncode == 0, 20)
    wrong = c.count()
    say(not any(wrong.values()), "S14 nothing is lost, doubled, stuck or claimed falsely", wrong)
    print(f"{failed} requests for memory failed; {sums(wrong)}")
    lab.end(service)
    witness.close()
    one.close()
    two.close()
done()
