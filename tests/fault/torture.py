#!/usr/bin/env python3
"""Both access points as real processes under load, with everything that goes wrong at once: kill -9 of either one every
50 to 500 ms, system calls on both spools that fail, a network that drops, halves, delays and refuses. Then the faults
end, all drains, and the outside checker counts.

SEED (1) draws all of it; DOCS (10000) documents are handed in; TIME (600) seconds of faults at most. Processes run when
the machine lets them, so a seed repeats the faults drawn, not the microsecond they strike at."""
import errno, os, random, sys, threading, time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../support"))
from lab import *
from checker import *
from hostile import *
from shim import *

SEED, DOCS, TIME = (int(os.environ.get(k) or d) for k, d in (("SEED", 1), ("DOCS", 10000), ("TIME", 600)))
BATCH = max(2, min(40, DOCS // 50))  # documents of one command at most
FAST = ["--set", "retry.first=1s", "--set", "retry.max=2s", "--set", "retry.after_max=1s", "--set",
        "retry.answer_timeout=4s", "--set", "listen.plain=loopback", "--set", "alarm.pause=0s"]
CODES = {0, 69, 70, 71, 73, 74, 75, 78, -signal.SIGKILL}
STORAGE = [(WRITE, errno.ENOSPC), (WRITE, errno.EIO), (WRITE, SHORT), (FSYNC, errno.EIO), (OPEN, errno.EMFILE),
           (CLOSE, errno.EIO), (LINK, errno.EDQUOT), (RENAME, errno.ENOSPC), (TRUNCATE, errno.EIO), (FSYNC, SLOW),
           (ACCEPT, errno.EMFILE)]


class Side:
    """One access point: kept running, whatever ends it."""

    def __init__(self, lab, ap):
        self.lab, self.ap, self.shim, self.odd, self.kills, self.failed = lab, ap, Shim(f"{lab.net}/ap{ap}"), [], 0, 0
        self.log = open(f"{lab.dir}/side{ap}.log", "a")
        self.lock = threading.Lock()
        self.start()

    def start(self):
        self.process = subprocess.Popen([AVISO, "serve", "--config", self.lab.conf(self.ap), *FAST], stdout=self.log,
                                        stderr=self.log, stdin=subprocess.DEVNULL, env=self.shim.env())

    def revive(self):
        with self.lock:
            code = self.process.poll()
            if code is None:
                return
            if code not in CODES:
                self.odd.append(code)
            self.start()

    def kill(self):
        with self.lock:
            self.process.kill()
            self.process.wait()
            self.kills += 1
            self.start()

    def answers(self):
        try:
            socket.create_connection(("127.0.0.1", self.lab.port(f"ap{self.ap}")), 1).close()
            return True
        except OSError:
            return False

    def fault(self, rng):
        ops, error = rng.choice(STORAGE)
        self.shim.set(ops, error, rate=rng.choice((2000, 10000, 100000)), seed=rng.getrandbits(31), delay_ms=300)

    def calm(self):
        self.shim.off()
        self.failed += self.shim.failed
        self.shim.set()


def every(stop, rng, low, high):
    while not stop.wait(rng.uniform(low, high)):
        yield


def killer(stop, sides):
    """Most are killed at work; one in five soon after its start, whatever it does then."""
    rng = random.Random(SEED * 7 + 1)
    for _ in every(stop, rng, 0.05, 0.5):
        side = rng.choice(sides)
        if rng.random() < 0.8:
            until(lambda: side.answers() or stop.is_set(), 3)
            stop.wait(rng.uniform(0.05, 0.5))
        side.kill()


def keeper(stop, sides):
    while not stop.wait(0.05):
        for s in sides:
            s.revive()


def breaker(stop, side):
    rng = random.Random(SEED * 7 + 1 + side.ap)
    for _ in every(stop, rng, 0.1, 1):
        side.fault(rng)
        stop.wait(rng.uniform(0.05, 0.5))
        side.calm()


def network(faults):
    """What happens to a request, drawn for each."""
    rng, lock = random.Random(SEED * 7 + 5), threading.Lock()
    bad = (swallow, drop, half, late(1), answer(503), answer(502, b"<html/>", "text/html"))

    def act(p, r, s):
        with lock:
            what = rng.choice(bad) if rng.random() < faults["share"] else forward
            faults["n"] += what is not forward
        what(p, r, s)
    return act


def accepted(line):
    """What a line of `send --json` says: taken now, or held already under this supplier, number and date."""
    d = json.loads(line)
    return d.get("ok") or d.get("error", {}).get("what") == "store.twin"


def hand_in(lab, c, stop, numbers):
    """One by its key, several by --refuse-twin: said again until the program says that it holds each."""
    left = {lab.invoice(n): n for n in numbers}
    again = ["--key", numbers[0]] if len(numbers) == 1 else ["--refuse-twin"]
    while left and not stop.is_set():
        r = lab.ap(1, "send", *left, *again, "--json", "--quiet", wait=120)
        for path, line in zip(list(left), r.stdout.splitlines()):
            if accepted(line):
                c.accepted(left.pop(path))
                os.unlink(path)
        if r.returncode not in CODES | {1, 64}:
            say(False, f"sending {numbers[0]} ends with {r.returncode}", r.stdout + r.stderr)
        time.sleep(0.05)


def submitter(lab, c, stop, first, step):
    """Its share of the numbers, spread over the time, so that the faults meet all of them."""
    began, rng, rest = time.monotonic(), random.Random(SEED * 7 + 10 + first), range(first, DOCS, step)
    while rest and not stop.is_set():
        n = 1 if rng.random() < 0.3 else rng.randint(2, BATCH)
        stop.wait(max(0, began + rest[0] * TIME * 0.9 / DOCS - time.monotonic()))
        hand_in(lab, c, stop, [f"T-{SEED}-{k}" for k in rest[:n]])
        rest = rest[n:]


def torture(lab):
    faults = {"share": 0.2, "n": 0}
    witness = Witness(lab, network(faults)).serve(BUYER)
    sides, stop, c = [Side(lab, 1), Side(lab, 2)], threading.Event(), Checker(lab, witness)
    began = time.monotonic()
    work = [threading.Thread(target=submitter, args=(lab, c, stop, i, 3)) for i in range(3)]
    drained = threading.Event()  # a store that broke in the last moment ends its service a second later
    keeps = threading.Thread(target=keeper, args=(drained, sides))
    keeps.start()
    evil = [threading.Thread(target=killer, args=(stop, sides)), *(threading.Thread(target=breaker, args=(stop, s)) for s in sides)]
    for t in work + evil:
        t.start()
    for t in work:
        t.join(max(0, TIME - (time.monotonic() - began)))
    stop.set()
    for t in work + evil:
        t.join(120)
    took = time.monotonic() - began
    faults["share"] = 0
    for s in sides:
        s.calm()
    wrong = c.count(60 + len(c.numbers) / 10)
    drained.set()
    keeps.join()
    for s in sides:
        say(lab.end(s.process) == 0 and not s.odd, f"access point {s.ap} only ended as it may", s.odd)
    say(bool(c.numbers) and not any(wrong.values()), "nothing is lost, doubled, stuck or claimed falsely", {k: v[:5] for k, v in wrong.items()})
    print(f"torture: {len(c.numbers)} documents, {sum(s.kills for s in sides)} kills, {sum(s.failed for s in sides)} system "
          f"calls failed, {faults['n']} requests spoilt: {sums(wrong)} (seed {SEED}, {took:.0f} s of faults)")
    witness.close()
    for s in sides:
        s.shim.close()


with Lab() as the_lab:
    the_lab.stop_ap2()
    torture(the_lab)
done()
