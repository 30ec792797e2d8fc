#!/usr/bin/env python3
"""Every system call on the spool fails once, or from some moment on, under a sender and a receiver that are real
processes; then every call on the files that a large payload streams through. Judged from outside: 0 lost, 0 doubled,
0 false claims, exit codes and answers that say what was.

AVISO_FAULTS=all tries every call with every error (make torture); else each place with one of them, and a part of the
many writes. Most of it is waiting for a timer: several networks share the faults and work at once."""
import collections, errno, multiprocessing, os, random, sys, time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../support"))
from lab import *
from checker import *
from shim import *

ALL = os.environ.get("AVISO_FAULTS") == "all"
NETWORKS = 3 * (os.cpu_count() or 1)
ERRORS = {WRITE: (errno.ENOSPC, errno.EIO, errno.EDQUOT, errno.EROFS, errno.EFBIG, SHORT), FSYNC: (errno.EIO,),
          RENAME: (errno.ENOSPC, errno.EIO), LINK: (errno.ENOSPC, errno.EDQUOT),
          OPEN: (errno.EMFILE, errno.ENOSPC, errno.EROFS, errno.EACCES), CLOSE: (errno.EIO,),
          TRUNCATE: (errno.EIO, errno.ENOSPC)}
CODES = {0, 1, 69, 70, 71, 73, 74, 75, 78}
FAST = ["--set", "retry.first=1s", "--set", "retry.max=1s", "--set", "retry.after_max=1s", "--set", "retry.answer_timeout=4s"]
LEASE = 300  # seconds, of what is being validated
SMALL, LARGE = "small", "large"
KINDS = [(side, size) for size in (SMALL, LARGE) for side in ("sender", "receiver")]
Fault = collections.namedtuple("Fault", "side size op at error lasting")


def places(op, n):
    """Which of the n calls fail, with what, and whether all later ones do too."""
    every = 1 if ALL else max(1, n // 12)
    for i, at in enumerate(range(1, n + 1, every)):
        for k, error in enumerate(ERRORS[op]):
            if ALL or k == i % len(ERRORS[op]):
                for lasting in (0, 1) if ALL else (i // len(ERRORS[op]) % 2,):
                    yield at, error, lasting


def word(f):
    return f"{NAMES[f.op]} {f.at}{' and on' if f.lasting else ''}: {'short' if f.error == SHORT else errno.errorcode[f.error]}"


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


class Network:
    """A sender and a receiver of their own."""

    def __init__(self, lab):
        self.lab = lab
        lab.stop_ap2()
        self.one, self.two = Shim(lab.net + "/ap1", lazy=1), Shim(lab.net + "/ap2", lazy=1)
        self.witness = Witness(lab).serve(BUYER)
        self.c = Checker(lab, self.witness)
        self.service = Service(lab, self.two)
        self.send("FIRST", SMALL)

    def close(self):
        self.lab.end(self.service.process)
        self.witness.close()
        self.one.close()
        self.two.close()

    def send(self, number, size, seconds=8):
        path = self.lab.dir + f"/{number}.xml"
        if not os.path.exists(path):  # a large one does not shrink below what goes through files
            self.lab.invoice(number, lambda s: s if size == SMALL else s.replace("</Invoice>", f"<!-- {os.urandom(300000).hex()} --></Invoice>"))
        return self.lab.ap(1, "send", path, "--key", number, f"--wait={seconds}s", "--json", *FAST, env=self.one.env())

    def count(self, side, size):
        """How many calls of each sort a plain exchange makes."""
        shim, number = {"sender": self.one, "receiver": self.two}[side], f"N-{side}-{size}"
        shim.set(FILES, payload=size == LARGE)
        self.send(number, size)
        until(lambda: self.c.handed().get(number), 10)
        time.sleep(0.5)
        return shim.each()

    def settle(self, number, size, leased=False):
        """Handed in again, with the same key, until it is proven: then it is at C4 once, and one document. When the end of
        a step could not be written either, its claim lasts until the lease ends: count() waits for that."""
        for _ in range(6):
            self.service.alive()
            r = self.send(number, size)
            if r.returncode == 0:
                break
        if r.returncode:
            return f"not proven: exit {r.returncode} {r.stdout[-300:]} {r.stderr[-300:]}"
        self.c.accepted(number)
        until(lambda: self.service.alive() or self.c.handed().get(number), 2 if leased else 30)
        n = self.c.handed().get(number, 0)
        os.unlink(self.lab.dir + f"/{number}.xml")
        return "" if n == 1 or leased and n == 0 else f"at C4 {n} times"

    # both: what is wrong, and how many calls failed

    def sender(self, f, number):
        shim, c = self.one, self.c
        shim.set(f.op, f.error, at=f.at, lasting=f.lasting, payload=f.size == LARGE)
        r = self.send(number, f.size, seconds=3)
        shim.off()
        lines, why = r.stdout.strip().splitlines(), ""
        said = json.loads(lines[-1]) if lines else {}
        if r.returncode not in CODES or (r.returncode and not r.stderr and not r.stdout):
            why = f"exit {r.returncode} {r.stderr[-300:]}"
        elif r.returncode == 0 and not until(lambda: c.handed().get(number) == 1, 30):
            why = "it claims what is not so"
        elif said.get("id") and not self.lab.json(1, "status", said["id"]):
            why = f"it accepted what is not there: {said}"
        elif said.get("exit", r.returncode) != r.returncode:
            why = f"the line says another code: {said}"
        elif not said.get("id") and r.returncode not in (0, 75) and [d for d in self.lab.json(1, "status", number) if "state" in d]:
            why = f"it holds what it says it did not take: {said}"
        elif f.op == WRITE and f.error == errno.ENOSPC and not said.get("id") and r.returncode != 74:
            why = "S1 a full disk before it is accepted is 74"
        elif shim.again:
            why = "fsync again after a failed one"
        why = why or self.settle(number, f.size)
        return why and f"{why} [{r.returncode} {r.stderr[-200:]}]", shim.failed

    def receiver(self, f, number):
        shim, c, service = self.two, self.c, self.service
        service.alive()
        wire, ends = len(c.witness.answers), len(service.ends)
        shim.set(f.op, f.error, at=f.at, lasting=f.lasting, payload=f.size == LARGE)
        r = self.send(number, f.size, seconds=2)
        until(lambda: shim.failed, 3)
        time.sleep(0.1)
        failed, again, journal = shim.failed, shim.again, shim.journal
        shim.off()
        # our own passing faults are 503, never an error of the message
        wrong = [a for a in c.witness.answers[wire:] if a[2] == "error" or a[1] not in (0, 200, 503)]
        why = f"answers {wrong}" if wrong else "fsync again after a failed one" if again else ""
        why = why or self.settle(number, f.size, f.lasting)
        if not why and journal:
            until(lambda: service.alive() or len(service.ends) > ends, 30)
            why = "" if len(service.ends) > ends else "it goes on after a failed fsync"
        return why and f"{why} [{c.witness.answers[wire:]} {r.stderr[-200:]}]", failed


def share(n, most, ready, folder):
    """The n-th network: counts the calls, then tries its share of the faults; what it found is in a file."""
    with Lab() as lab:
        net, found = Network(lab), []
        for i, kind in enumerate(KINDS):
            counted = net.count(*kind)
            with most.get_lock():
                for k, op in enumerate(ERRORS):
                    most[i * len(ERRORS) + k] = max(most[i * len(ERRORS) + k], counted[op])
        ready.wait(300)  # the most that any of them counted is tried by all
        for f in faults(most)[n::NETWORKS]:
            why, failed = getattr(net, f.side)(f, "-".join(map(str, (f.side[0].upper(), f.size[0].upper(), *f[2:]))))
            found.append((f.side, f.size, f.op, failed, why and f"{word(f)}: {why}"))
        wrong = net.c.count(LEASE + 60)
        net.close()
    with open(f"{folder}/{n}", "w") as out:
        json.dump({"found": found, "wrong": wrong, "failures": lab_failures()}, out)


def faults(most):
    """All of them, mixed the same way in each network: some sorts take longer than others."""
    found = [Fault(side, size, op, *place) for i, (side, size) in enumerate(KINDS) for k, op in enumerate(ERRORS)
             for place in places(op, most[i * len(ERRORS) + k])]
    random.Random(1).shuffle(found)
    return found


def lab_failures():
    return sys.modules["lab"].failures


def tell(most, results):
    met = 0
    for i, (side, size) in enumerate(KINDS):
        for k, op in enumerate(ERRORS):
            n = most[i * len(ERRORS) + k]
            mine = [x for r in results for x in r["found"] if x[:3] == [side, size, op]]
            bad, hits = [x[4] for x in mine if x[4]], sum(x[3] > 0 for x in mine)
            met += sum(x[3] for x in mine)
            say(not bad and (hits or not n), f"{side}: each of {n} calls of {NAMES[op]} fails" + (", of a large payload's files" if size == LARGE else ""),
                " | ".join(bad) or "no call failed")
            if mine:
                print(f"  {len(mine)} faults, {hits} met")
        say(size == SMALL or most[i * len(ERRORS) + list(ERRORS).index(LINK)], f"{side}: a large payload streams through files")
    wrong = {k: sorted(x for r in results for x in r["wrong"][k]) for k in results[0]["wrong"]}
    say(not any(wrong.values()), "nothing is lost, doubled, stuck or claimed falsely", wrong)
    print(f"{met} system calls failed; {sums(wrong)}")


def main():
    began, folder = time.monotonic(), tempfile.mkdtemp(prefix="aviso-syscalls-")
    most, ready = multiprocessing.Array("i", len(KINDS) * len(ERRORS)), multiprocessing.Barrier(NETWORKS)
    work = [multiprocessing.Process(target=share, args=(n, most, ready, folder)) for n in range(NETWORKS)]
    for p in work:
        p.start()
    for p in work:
        p.join()
    results = [json.load(open(f"{folder}/{n}")) for n in range(NETWORKS) if os.path.exists(f"{folder}/{n}")]
    say(len(results) == NETWORKS and not any(r["failures"] for r in results), "every network did its share", f"{len(results)} of {NETWORKS}")
    shutil.rmtree(folder)
    if results:
        tell(most, results)
    print(f"{NETWORKS} networks, {time.monotonic() - began:.0f} s")


main()
done()
