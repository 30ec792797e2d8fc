#!/usr/bin/env python3
"""Every system call on the spool fails once, or from some moment on, under a sender and a receiver that are real
processes. Judged from outside: 0 lost, 0 doubled, 0 false claims, exit codes and answers that say what was.

AVISO_FAULTS=all tries every call with every error (make torture); else each place with one of them, and a part of the
many writes."""
import errno, os, sys, time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../support"))
from lab import *
from checker import *
from shim import *

ALL = os.environ.get("AVISO_FAULTS") == "all"
ERRORS = {WRITE: (errno.ENOSPC, errno.EIO, errno.EDQUOT, errno.EROFS, errno.EFBIG, SHORT), FSYNC: (errno.EIO,),
          RENAME: (errno.ENOSPC, errno.EIO), LINK: (errno.ENOSPC, errno.EDQUOT),
          OPEN: (errno.EMFILE, errno.ENOSPC, errno.EROFS, errno.EACCES), CLOSE: (errno.EIO,),
          TRUNCATE: (errno.EIO, errno.ENOSPC)}
CODES = {0, 1, 69, 70, 71, 73, 74, 75, 78}
FAST = ["--set", "retry.first=1s", "--set", "retry.max=1s", "--set", "retry.after_max=1s", "--set", "retry.answer_timeout=4s"]
met = 0


def places(op, n):
    """Which of the n calls fail, with what, and whether all later ones do too."""
    every = 1 if ALL else max(1, n // 12)
    for i, at in enumerate(range(1, n + 1, every)):
        for k, error in enumerate(ERRORS[op]):
            if ALL or k == i % len(ERRORS[op]):
                for lasting in (0, 1) if ALL else (i // len(ERRORS[op]) % 2,):
                    yield at, error, lasting


def word(op, at, error, lasting):
    return f"{NAMES[op]} {at}{' and on' if lasting else ''}: {'short' if error == SHORT else errno.errorcode[error]}"


def send(lab, number, seconds=8, **kw):
    path = lab.dir + f"/{number}.xml"
    if not os.path.exists(path):
        lab.invoice(number)
    return lab.ap(1, "send", path, "--key", number, f"--wait={seconds}s", "--json", *FAST, **kw)


def last(r):
    lines = r.stdout.strip().splitlines()
    return json.loads(lines[-1]) if lines else {}


def settle(lab, c, number, alive=lambda: None):
    """Handed in again, with the same key, until it is proven: then it is at C4 once, and one document."""
    for _ in range(6):
        alive()
        r = send(lab, number)
        if r.returncode == 0:
            break
    if r.returncode:
        return f"not proven: exit {r.returncode} {r.stdout[-300:]} {r.stderr[-300:]}"
    until(lambda: alive() or c.handed().get(number), 10)
    n = c.handed().get(number, 0)
    return "" if n == 1 else f"at C4 {n} times"


def calls(lab, shim, op, number, **kw):
    """How many calls a plain exchange makes."""
    shim.set(op)
    send(lab, number, **kw)
    time.sleep(0.5)
    return shim.seen


def sender(lab, c, shim):
    global met
    for op in ERRORS:
        n, bad = calls(lab, shim, op, f"SN-{op}", env=shim.env()), []
        for at, error, lasting in places(op, n):
            number = f"S-{op}-{at}-{error}-{lasting}"
            shim.set(op, error, at=at, lasting=lasting)
            r = send(lab, number, seconds=3, env=shim.env())
            shim.off()
            met += shim.failed
            why = ""
            if r.returncode not in CODES or (r.returncode and not r.stderr and not r.stdout):
                why = f"exit {r.returncode} {r.stderr[-300:]}"
            elif r.returncode == 0 and c.handed().get(number) != 1 and not until(lambda: c.handed().get(number) == 1, 5):
                why = "it claims what is not so"
            elif last(r).get("id") and not lab.json(1, "status", last(r)["id"]):
                why = f"it accepted what is not there: {last(r)}"
            elif shim.again:
                why = "fsync again after a failed one"
            why = why or settle(lab, c, number)
            if why:
                bad.append(f"{word(op, at, error, lasting)}: {why} [{r.returncode} {r.stderr[-200:]}]")
        say(not bad, f"sender: each of {n} calls of {NAMES[op]} fails", " | ".join(bad))


class Service:
    """The receiver, started anew when it ended; how it ended is kept."""

    def __init__(self, lab, shim):
        self.lab, self.shim, self.ends = lab, shim, []
        self.start()

    def start(self):
        self.shim.set()
        self.process = self.lab.serve(2, "--set", "listen.plain=loopback", env=self.shim.env())

    def alive(self):
        if self.process.poll() is None:
            return
        self.ends.append(self.process.returncode)
        if self.process.returncode != 74:
            say(False, "it ends with 74", f"{self.process.returncode}: {open(self.process.log).read()[-300:]}")
        self.start()


def judge_answers(answers):
    """Our own passing faults are 503, never an error of the message."""
    wrong = [a for a in answers if a[2] == "error" or a[1] not in (0, 200, 503)]
    return f"answers {wrong}" if wrong else ""


def receiver(lab, c, shim, service):
    global met
    for op in ERRORS:
        service.alive()
        n, bad = calls(lab, shim, op, f"RN-{op}"), []
        for at, error, lasting in places(op, n):
            number = f"R-{op}-{at}-{error}-{lasting}"
            wire, ends = len(c.witness.answers), len(service.ends)
            shim.set(op, error, at=at, lasting=lasting)
            r = send(lab, number, seconds=2)
            time.sleep(0.3)
            failed, again, journal = shim.failed, shim.again, shim.journal
            shim.off()
            met += failed
            why = judge_answers(c.witness.answers[wire:]) or ("fsync again after a failed one" if again else "")
            why = why or settle(lab, c, number, service.alive)
            if not why and journal:
                until(lambda: service.alive() or len(service.ends) > ends, 10)
                why = "" if len(service.ends) > ends else "it goes on after a failed fsync"
            if why:
                bad.append(f"{word(op, at, error, lasting)}: {why} [{c.witness.answers[wire:]} {r.stderr[-200:]}]")
        say(not bad, f"receiver: each of {n} calls of {NAMES[op]} fails", " | ".join(bad))


with Lab() as lab:
    lab.stop_ap2()
    one, two = Shim(lab.net + "/ap1"), Shim(lab.net + "/ap2")
    witness = Witness(lab).serve(BUYER)
    c = Checker(lab, witness)
    service = Service(lab, two)
    send(lab, "FIRST")
    sender(lab, c, one)
    receiver(lab, c, two, service)
    wrong = c.count()
    say(not any(wrong.values()), "nothing is lost, doubled, stuck or claimed falsely", wrong)
    print(f"{met} system calls failed; {sums(wrong)}")
    lab.end(service.process)
    witness.close()
    one.close()
    two.close()
done()
