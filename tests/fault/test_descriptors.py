#!/usr/bin/env python3
"""S13: no descriptors left. A service that can open nothing more finishes what it has, does not spin, and takes up again
by itself; a command that may open too few files says so as something that passes; nothing is lost or claimed falsely.
AVISO_FAULTS=all tries every number of descriptors (make torture)."""
import errno, os, resource, sys, threading, time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../support"))
from lab import *
from checker import *
from shim import *

ALL = os.environ.get("AVISO_FAULTS") == "all"
LIMITS = range(3, 60, 1 if ALL else 4)
FAST = ["--set", "retry.first=1s", "--set", "retry.max=1s", "--set", "retry.after_max=1s", "--set", "retry.answer_timeout=4s"]
NOFILE = resource.RLIMIT_NOFILE
HARD = resource.getrlimit(NOFILE)[1]


def limited(n):
    """For Popen: the program may open descriptors below n."""
    return {"preexec_fn": lambda: resource.setrlimit(NOFILE, (n, n))}


def send(lab, number, seconds, **kw):
    return lab.ap(1, "send", lab.invoice(number), "--key", number, f"--wait={seconds}s", "--quiet", *FAST, **kw)


def text(service):
    return open(service.log).read()


def accept_fails(lab, c, shim, service):
    """accept() fails for two seconds: it is asked again, but not in a loop."""
    shim.set(ACCEPT, errno.EMFILE, at=1, lasting=1)
    result = []
    sender = threading.Thread(target=lambda: result.append(send(lab, "WAITS", 30)))
    sender.start()
    until(lambda: shim.seen, 10)
    time.sleep(2)
    asked = shim.seen
    shim.off()
    sender.join()
    c.accepted("WAITS")
    say(0 < asked < 30, "S13 who cannot be accepted is asked for again with pauses", f"{asked} times in two seconds")
    say(result[0].returncode == 0, "S13 ... and served once there are descriptors", result[0].stderr)
    say("accept.paused" in text(service) and "accept.resumed" in text(service), "S13 ... both are in the log", text(service)[-500:])


def service_runs_out(lab, c, service):
    """The service may open nothing, one more, two more ... while documents come, small and large."""
    padding = lambda s: s.replace("</Invoice>", "<!-- " + os.urandom(300000).hex() + " --></Invoice>")  # goes through files
    bad = []
    for more in range(7) if ALL else (0, 1, 3):
        for size, change in (("S", lambda s: s), ("L", padding)):
            number = f"F-{more}-{size}"
            lab.invoice(number, change)
            top = max(int(f) for f in os.listdir(f"/proc/{service.pid}/fd"))
            resource.prlimit(service.pid, NOFILE, (top + 1 + more, HARD))
            path = f"{lab.dir}/{number}.xml"
            ask = lambda seconds: lab.ap(1, "send", path, "--key", number, f"--wait={seconds}s", "--quiet", *FAST)
            first = ask(2)
            resource.prlimit(service.pid, NOFILE, (HARD, HARD))
            c.accepted(number)
            r = until(lambda: (lambda r: r if r.returncode == 0 else None)(ask(10)), 30)
            if service.poll() is not None:
                return say(False, "S13 the service goes on", text(service)[-300:])
            if not r or first.returncode not in (0, 75, 76, 69):
                bad.append(f"{number}: first {first.returncode} {first.stderr[-200:]}, then {r and r.returncode}")
    say(not bad, "S13 a service that may open no more files takes the documents once it may", " | ".join(bad))


def command_runs_out(lab, c, name, make, wrong):
    """A command that may open n files: it works, or says what passes."""
    bad, met = [], 0
    for n in LIMITS:
        r = subprocess.run([AVISO, *make(n), "--config", lab.conf(1)], capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL, **limited(n))
        met += r.returncode != 0
        if r.returncode < 0 or r.returncode in wrong or r.returncode and n > 5 and not r.stderr:
            bad.append(f"{n}: {r.returncode} {r.stderr[-200:]}")
    say(not bad and met > 0, f"S13 {name} with too few descriptors", " | ".join(bad) or "it never wanted any")


def too_few(lab):
    r = subprocess.run([AVISO, "serve", "--config", lab.conf(2)], capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL, **limited(64))
    say(r.returncode == 78 and "serve.descriptors" in r.stderr, "S13 a service that may open far too few files does not start, and says why", f"{r.returncode} {r.stderr}")
    service = lab.serve(2, **limited(500))
    r = lab.ap(2, "doctor", "--quick")
    say("connections at once, not 256" in r.stdout and "LimitNOFILE" in r.stdout, "S13 one that may open few takes fewer connections; doctor tells", r.stdout + r.stderr)
    lab.end(service)


with Lab() as lab:
    lab.stop_ap2()
    too_few(lab)
    shim = Shim(lab.net + "/ap2")
    c = Checker(lab)
    service = lab.serve(2, env=shim.env())
    accept_fails(lab, c, shim, service)
    service_runs_out(lab, c, service)

    def document(n):
        lab.invoice(f"C-{n}")
        return ["send", f"{lab.dir}/C-{n}.xml", "--key", f"C-{n}", "--wait=3s", *FAST]

    command_runs_out(lab, c, "validating", lambda n: ["validate", INVOICE], (1, 65))
    command_runs_out(lab, c, "sending", document, (1, 65, 68))
    for n in LIMITS:
        c.accepted(f"C-{n}")
        until(lambda: lab.ap(1, *document(n)).returncode == 0, 20)
    wrong = c.count()
    say(not any(wrong.values()), "S13 nothing is lost, doubled, stuck or claimed falsely", wrong)
    lab.end(service)
    shim.close()
done()
