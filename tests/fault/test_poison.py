#!/usr/bin/env python3
"""A received document that kills the process that validates it: after the second time it is set aside, and others go on.
One that merely was in hand when the service was killed is none of that kind. A message that kills the process while it is
read is told by the next one, and refused after the second time."""
import os, sys
sys.path.insert(0, os.path.join(os.environ.get("TOP", "."), "tests/support"))
from lab import *

FAULT = os.environ.get("AVISO_FAULT_BUILD", "")
if not os.path.exists(FAULT):
    print("no program with fault points")
    sys.exit(77)


def row(lab, number):
    rows = [r for r in lab.json(2, "list", "--inbound") if number in (r["invoice"], r["state"])]
    return rows[0] if rows else {"state": None}


def main(lab):
    lab.stop_ap2()
    arm = lab.dir + "/armed"
    env = {**os.environ, "AVISO_FAULT": "in.judging=kill@1", "AVISO_FAULT_ARM": arm}
    service = lab.serve(2, program=FAULT, env=env)
    open(arm, "w").close()
    r = lab.ap(1, "send", lab.invoice("POISON"), "--wait")
    say(r.returncode == 0, "its sender has its receipt", r.stdout + r.stderr)
    say(until(lambda: service.poll() is not None) is not None and service.returncode == -9, "Q5 validating it kills the service", service.returncode)
    service = lab.serve(2, program=FAULT, env=env)  # still armed: the trial dies as well
    os.unlink(arm)
    d = row(lab, "QUARANTINED")
    say(d["state"] == "QUARANTINED" and d["error"]["what"] == "in.poison" and "signal 9" in d["error"]["text"], "Q5 the second time it is set aside, with the reason", d)
    lab.ap(1, "send", lab.invoice("GOOD-1"), "--wait")
    say(until(lambda: row(lab, "GOOD-1")["state"] == "HANDED_OVER"), "Q5 others go on", row(lab, "GOOD-1"))
    lab.end(service)
    service = lab.serve(2, program=FAULT)
    say(row(lab, "QUARANTINED")["state"] == "QUARANTINED", "... it stays there over restarts")
    x = lab.ap(2, "inbox", "release", d["id"])
    say(x.returncode == 0 and until(lambda: not row(lab, "QUARANTINED")["state"] and [r for r in lab.json(2, "list", "--inbound") if r["id"] == d["id"]][0]["state"] == "HANDED_OVER"),
        "... until a person releases it: handed over unchecked", x.stderr)
    lab.end(service)

    service = lab.serve(2, program=FAULT, env={**os.environ, "AVISO_FAULT": "in.judging=delay20000"})
    lab.ap(1, "send", lab.invoice("INNOCENT"), "--wait")
    time.sleep(1)
    lab.end(service, signal.SIGKILL)
    service = lab.serve(2, program=FAULT)
    say(until(lambda: row(lab, "INNOCENT")["state"] == "HANDED_OVER"), "a document that was in hand when the service was killed is validated and handed over", row(lab, "INNOCENT"))
    say("trial.passed" in open(service.log).read(), "... after a trial of its own")
    lab.end(service)


FAST = ["--set", "retry.first=1s", "--set", "retry.max=1s", "--set", "retry.after_max=1s"]


def crashes(lab):
    """A message that kills the process while it is read: nothing of it is on disk."""
    arm = lab.dir + "/armed"
    env = {**os.environ, "AVISO_FAULT": "in.reading=abort@1", "AVISO_FAULT_ARM": arm}
    sent = lambda seconds: lab.ap(1, "send", f"{lab.dir}/CRASH.xml", "--key", "CRASH", f"--wait={seconds}s", *FAST)
    lab.invoice("CRASH")
    for n in (1, 2):
        service = lab.serve(2, program=FAULT, env=env)
        open(arm, "w").close()
        sent(3)
        say(until(lambda: service.poll() is not None) is not None and service.returncode == -6, f"Q5 reading it ends the service ({n})", service.returncode)
        os.unlink(arm)
    service = lab.serve(2, program=FAULT)
    told = [a["error"]["text"] + a["error"]["who"] for a in lab.json(2, "alarms") if a["kind"] == "crash"]
    say(len(told) == 1 and "@" in told[0] and "127.0.0.1" in told[0], "Q5 an alarm tells of the message, and from where it came", told)
    say(sent(3).returncode != 0 and "in.crash" in open(service.log).read() and service.poll() is None, "Q5 it is refused then, and the service lives", open(service.log).read()[-300:])
    say(lab.ap(1, "send", lab.invoice("AFTER"), "--wait=20s", *FAST).returncode == 0, "Q5 others are taken")
    lab.end(service)
    os.unlink(f"{lab.net}/ap2/spool/receiving")
    service = lab.serve(2, program=FAULT)
    say(sent(20).returncode == 0, "... and it too once it is forgotten")
    lab.end(service)


with Lab() as the_lab:
    main(the_lab)
    crashes(the_lab)
done()
