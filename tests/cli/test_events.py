#!/usr/bin/env python3
"""aviso events: a sequence without gaps, one JSON object a line, followed without polling."""
import os, sys, threading
sys.path.insert(0, os.path.join(os.environ.get("TOP", "."), "tests/support"))
from lab import *

FIELDS = ["seq", "at", "direction", "id", "invoice", "what", "from", "to", "detail"]


def main(lab):
    say(run("events", "--after", "x").returncode == 64, "a sequence number that is none is wrong usage")
    say(run("events", "--limit", "0").returncode == 64, "a limit of none is wrong usage")
    r = run("events", "--set", f"store.spool={lab.dir}/none")
    say(r.returncode == 78 and "store.missing" in r.stderr, "a spool that is not there", r.stderr)

    lab.ap(1, "send", lab.invoice("EV-1"), "--wait")
    events = lab.json(1, "events")
    say([e["seq"] for e in events] == list(range(1, len(events) + 1)), "sequence numbers are 1, 2, 3 ...", events)
    say(all(list(e) == FIELDS for e in events), "each event has the documented fields, in order", events[0])
    text = open(os.path.join(TOP, "docs/events.md")).read()
    say(all(f"`{f}`" in text for f in FIELDS) and all(f"`{e['what']}`" in text for e in events),
        "docs/events.md names every field and kind that came")
    steps = [(e["from"], e["to"]) for e in events if e["invoice"] == "EV-1" and e["what"] == "state"]
    say(steps == [(None, "ACCEPTED"), ("ACCEPTED", "SENDING"), ("SENDING", "RECEIPTED")], "a document's states, in order", steps)
    last = events[-1]["seq"]
    say([e["seq"] for e in lab.json(1, "events", "--after", "2", "--limit", "2")] == [3, 4], "a part of it by --after and --limit")
    say(lab.ap(1, "events", "--after", str(last)).stdout == "", "nothing after the last")
    r = lab.ap(1, "events", "--after", str(last + 1), "--follow")
    say(r.returncode == 65 and "events.ahead" in r.stderr and f"--after {last}" in r.stderr, "who knows more than the journal read another one", r.stderr)

    follower = subprocess.Popen([AVISO, "events", "--follow", "--after", str(last), "--config", lab.conf(1)],
                                stdout=subprocess.PIPE, text=True)
    lab.services.append(follower)
    got = []
    threading.Thread(target=lambda: got.extend(json.loads(l) for l in follower.stdout), daemon=True).start()
    time.sleep(0.5)
    say(not got and follower.poll() is None, "a follower waits")
    before = cpu(follower.pid)
    time.sleep(1.5)
    say(cpu(follower.pid) - before <= 1, "... without working", f"{cpu(follower.pid) - before} ticks")
    lab.ap(1, "send", lab.invoice("EV-2"), "--wait")  # by a command of its own, without a service
    until(lambda: any(e["to"] == "RECEIPTED" for e in got), 5)
    daemon = lab.serve(1)
    lab.ap(1, "send", lab.invoice("EV-3"), "--wait")
    until(lambda: sum(e["to"] == "RECEIPTED" for e in got) == 2, 5)
    lab.end(daemon)
    seqs = [e["seq"] for e in got]
    say(sum(e["to"] == "RECEIPTED" for e in got) == 2 and seqs == list(range(last + 1, last + 1 + len(seqs))),
        "what commands and a service commit comes at once and without gaps", seqs)
    say(follower.poll() is None, "the end of the service does not end the follower")
    piped = subprocess.Popen(f"'{AVISO}' events --follow --after {got[-1]['seq']} --config {lab.conf(1)} | head -n 1",
                             shell=True, stdout=subprocess.PIPE, text=True)
    lab.ap(1, "send", lab.invoice("EV-4"), "--wait")
    lab.ap(1, "send", lab.invoice("EV-5"), "--wait")
    say("EV-4" in piped.communicate(timeout=20)[0], "a follower whose reader is gone ends")


def cpu(pid):
    return sum(map(int, open(f"/proc/{pid}/stat").read().split()[13:15]))


with Lab() as the_lab:
    main(the_lab)
done()
