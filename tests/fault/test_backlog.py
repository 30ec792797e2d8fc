#!/usr/bin/env python3
"""A backlog, and a network that comes back. Q2: a million queued documents (AVISO_BACKLOG=1000000 for this alone; here 20,000): start,
memory, fairness. N16: everything down with a queue, then up. N17: every tenth answer is lost. N15: a partner is down for
four days and twenty hours (by a shifted clock). Judged from outside: nothing lost, nothing doubled, never a herd."""
import collections, os, random, sqlite3, sys, time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../support"))
from lab import *
from hostile import *

N = int(os.environ.get("AVISO_BACKLOG", "20000"))
SEED = int(os.environ.get("AVISO_SEED", "17"))
RECEIVERS = 50
FAULT = os.environ.get("AVISO_FAULT_BUILD", "")
SHORT = ["--set", "retry.first=1s", "--set", "retry.max=2s", "--set", "retry.answer_timeout=4s", "--set",
         "retry.connect_timeout=2s", "--set", "alarm.pause=0s", "--set", "trust.revocation=off", "--set", "lookup.cache=1s"]


def inbox(lab):
    names = [f for f in os.listdir(lab.net + "/ap2/inbox") if f.endswith(".json")]
    return collections.Counter(json.load(open(os.path.join(lab.net, "ap2/inbox", f)))["invoice"] for f in names)


def private_mb(pid):
    return sum(int(re.search(k + r":\s+(\d+)", open(f"/proc/{pid}/status").read()).group(1)) for k in ("RssAnon", "RssShmem")) / 1000


def clone(lab, n):
    """n documents more, copies of the one there is: other ids, other receivers, the same bytes."""
    db = sqlite3.connect(lab.net + "/ap1/spool/aviso.db", isolation_level=None)
    columns = [c[1] for c in db.execute("PRAGMA table_info(document)")]
    made = {"n": "NULL", "id": "printf('%08x-0000-4000-8000-%012x',i,i)", "instance": "'clone-'||i", "key": "NULL", "invoice": "'CLONE-'||i",
            "receiver": f"'iso6523-actorid-upis::0208:2'||printf('%09d',i%{RECEIVERS})", "state": "'ACCEPTED'", "lease": "NULL",
            "dest": f"'iso6523-actorid-upis::0208:2'||printf('%09d',i%{RECEIVERS})", "message": "NULL", "attempt": "NULL", "attempts": "0",
            "settled": "0", "late": "0", "level": "0", "has_left": "0", "maybe": "0", "next_at": "accepted_at", "why": "NULL", "proven_at": "NULL"}
    chosen = ",".join(made.get(c, c) for c in columns)
    db.execute("BEGIN")
    db.execute(f"WITH RECURSIVE k(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM k WHERE i<{n}) INSERT INTO document({','.join(columns)}) "
               f"SELECT {chosen} FROM (SELECT * FROM document ORDER BY n LIMIT 1), k")
    db.execute("INSERT OR REPLACE INTO dest(name,head) SELECT dest,min(next_at) FROM document WHERE state='ACCEPTED' GROUP BY dest")
    db.execute("COMMIT")
    db.close()


def q2(lab, peer):
    peer.serve(BUYER)  # what came before left it where nobody answers
    r = lab.ap(1, "send", lab.invoice("FIRST"))
    peer.does(forward)
    clone(lab, N)
    for i in range(RECEIVERS):
        lab.register(f"0208:2{i:09d}", peer.url())
        lab.ap(2, "participant", "add", f"0208:2{i:09d}", "--country", "BE", "--name", "B", "--doctype", "invoice")
    peer.does(lambda p, r, s: (p.release.wait(0.05), reply(s, 503))[1])
    began = time.monotonic()
    s = lab.serve(1, *SHORT)
    took = time.monotonic() - began
    say(took < 60, f"Q2 {N} queued: ready after {took:.1f} s, 60 are allowed", took)
    until(lambda: len(peer.seen) > 30, 10)
    mb = private_mb(s.pid)
    say(mb < 80, f"... {mb:.0f} MB private, 80 are allowed", mb)
    shape = lab.json(1, "queue", "shape", wait=120)
    say(sum(q["total"] for q in shape) >= N, "... queue shape counts them", sum(q["total"] for q in shape))
    peer.does(forward)
    lab.ap(1, "queue", "run", wait=300)
    lab.ap(1, "send", lab.invoice("URGENT"), "--priority", "urgent")
    ok = until(lambda: lab.json(1, "status", "URGENT")[-1]["state"] == "RECEIPTED", 120)
    left = sum(q["total"] for q in lab.json(1, "queue", "shape", wait=120))
    say(ok and left > N / 2, f"Q6 urgent mail is proven while {left} wait", left)
    db = sqlite3.connect(f"file:{lab.net}/ap1/spool/aviso.db?mode=ro", uri=True)
    until(lambda: db.execute("SELECT count(DISTINCT receiver) FROM document WHERE attempts>0").fetchone()[0] > RECEIVERS / 2, 60)
    by = dict(db.execute("SELECT receiver,count(*) FROM document WHERE attempts>0 GROUP BY receiver"))
    db.close()
    say(len(by) > RECEIVERS / 2, f"... and {len(by)} receivers have had a turn", by)
    lab.end(s)


def n16_n17(lab, peer):
    """A queue while nothing answers; then a network that loses every tenth answer."""
    dice = random.Random(SEED)
    lab.register(BUYER, "http://localhost:9/as4")
    count = 120
    s = lab.serve(1, *SHORT)
    lab.ap(1, "send", *(lab.invoice(f"NET-{i}") for i in range(count)), wait=120)
    waiting = lambda: sum(d["state"] == "RECEIPTED" for d in lab.json(1, "list"))
    say(waiting() == 0, "the whole network is down: nothing is proven")
    states = {d["state"] for d in lab.json(1, "list")}
    say(states <= {"WAITING", "ACCEPTED", "SENDING"}, "... nothing has become final", states)
    spent = sum(len(lab.json(1, "status", f"NET-{i}")[-1]["attempts"]) for i in range(0, count, 10))
    say(spent < 12 * 4, "... circuits are open: few attempts are spent", spent)

    def lossy(p, r, s):
        (swallow if dice.random() < 0.1 else forward)(p, r, s)
    peer.does(lossy)
    peer.seen.clear()
    peer.most = 0
    peer.serve(BUYER)
    began = time.monotonic()
    ok = until(lambda: waiting() == count, 300)
    say(ok, f"N16 back again, {count} drain: {time.monotonic() - began:.0f} s, 300 are allowed", collections.Counter(d["state"] for d in lab.json(1, "list")))
    say(peer.most <= 10, f"... never more than the window at once ({peer.most})", peer.most)
    lost = len(peer.seen) - count
    until(lambda: len(inbox(lab)) >= count, 20)
    time.sleep(0.5)
    seen = {n: c for n, c in inbox(lab).items() if n.startswith("NET-")}
    say(lost > 0 and len(seen) == count and set(seen.values()) == {1}, f"N17 {lost} answers lost on the way (seed {SEED}): all proven, none doubled", [n for n, c in seen.items() if c != 1])
    lab.end(s)


def n15(lab, peer):
    if not os.path.exists(FAULT):
        print("skip N15: no program with fault points")
        return
    day = 86400000

    def at(ms):
        return lab.serve(1, *SHORT, program=FAULT, env=dict(os.environ, AVISO_CLOCK_OFFSET_MS=str(int(ms))))

    peer.seen.clear()
    peer.does(drop)
    lab.register(BUYER, "http://localhost:9/as4")
    time.sleep(1.5)  # what the SMP said is kept over a restart: lookup.cache
    s = at(0)
    lab.ap(1, "send", lab.invoice("FAR-1"))
    state = lambda: lab.json(1, "status", "FAR-1")[-1]
    say(until(lambda: state()["state"] == "WAITING", 15), "N15 the partner is down: waiting", state())
    lab.end(s)
    s = at(1.1 * day)
    say(until(lambda: state()["late"], 15), "... a day later it is late")
    say(any(a["invoice"] == "FAR-1" and a["kind"] == "late" for a in lab.json(1, "alarms")), "... and an alarm is raised at the deadline", lab.json(1, "alarms"))
    lab.end(s)
    s = at(4 * day + 20 * day / 24 - 60000)
    time.sleep(2)
    say(state()["state"] in ("WAITING", "SENDING"), "... after four days and twenty hours nothing is final", state())
    peer.does(forward)
    peer.serve(BUYER)
    say(until(lambda: state()["state"] == "RECEIPTED", 20) and not state()["late"], "... then up: delivered", state())
    lab.end(s)
    lab.register(BUYER, "http://localhost:9/as4")
    s = at(0)
    lab.ap(1, "send", lab.invoice("FAR-2"))
    until(lambda: lab.json(1, "status", "FAR-2")[-1]["state"] == "WAITING", 15)
    lab.end(s)
    s = at(5.1 * day)
    far = lambda: lab.json(1, "status", "FAR-2")[-1]
    say(until(lambda: far()["state"] == "EXPIRED_UNSENT", 15), "... and past the horizon it has expired, unsent", far())
    lab.end(s)


with Lab() as lab:
    lab.stop_ap2()
    lab.serve(2, "--set", "listen.plain=loopback", "--set", "trust.revocation=off")
    peer = Hostile(lab).serve(BUYER)
    if "AVISO_BACKLOG" not in os.environ:
        n16_n17(lab, peer)
        n15(lab, peer)
    q2(lab, peer)
    peer.close()
done()
