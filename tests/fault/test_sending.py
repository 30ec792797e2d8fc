#!/usr/bin/env python3
"""docs/STATES.md, "What is sent again, and as what", row by row, against peers that behave like the known ones; what
is lost, late, halved or wrong on the way; holds, moves and stalls. Judged from outside: what the peer saw, what the
commands say, what lies at C4. Nothing may be lost, doubled, or claimed without proof."""
import os, sys, time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../support"))
from lab import *
from hostile import *

SHORT = ["--set", "retry.first=1s", "--set", "retry.max=2s", "--set", "retry.answer_timeout=4s",
         "--set", "retry.connect_timeout=2s", "--set", "alarm.pause=0s", "--set", "lookup.cache=15m"]


class Case:
    """One document and what became of it."""

    def __init__(self, lab, number, *flags):
        self.lab, self.number = lab, number
        r = lab.ap(1, "send", lab.invoice(number), "--json", *flags)
        self.code, self.out = r.returncode, r.stdout + r.stderr

    def status(self):
        found = self.lab.json(1, "status", self.number)
        return found[-1] if found else {}

    def reaches(self, state, seconds=25):
        until(lambda: self.status().get("state") == state, seconds)
        return self.status().get("state") == state

    def stays(self, state, seconds):
        time.sleep(seconds)
        return self.status().get("state") == state

    def handed(self):
        return sum(json.load(open(os.path.join(self.lab.net, "ap2/inbox", f))).get("invoice") == self.number
                   for f in os.listdir(self.lab.net + "/ap2/inbox") if f.endswith(".json"))

    def once(self):
        until(self.handed, 10)
        time.sleep(0.2)
        return self.handed() == 1

    def alarms(self):
        return {a["kind"] for a in self.lab.json(1, "alarms", "--all") if a["invoice"] == self.number}


def proven(c, peer, name, same=None, requests=None):
    """RECEIPTED at last, at C4 once; same: whether every request was the same message."""
    ok = c.reaches("RECEIPTED") and c.once()
    ids, digests = {r.id for r in peer.seen}, {r.digest for r in peer.seen}
    if same is True:
        ok = ok and len(ids) == len(digests) == 1 and len(peer.seen) > 1
    if same is False:
        ok = ok and len(ids) == len(peer.seen) > 1
    if requests:
        ok = ok and len(peer.seen) == requests
    say(ok, name, f"{c.status().get('state')} {c.status().get('error')} handed {c.handed()}, {len(peer.seen)} requests, ids {ids} {c.out[-200:]}")


def rows_of_the_table(lab, peer):
    def case(number, *acts, flags=()):
        lab.json(1, "queue", "run")
        peer.seen.clear()
        peer.does(*acts)
        return Case(lab, number, *flags)

    lab.register(BUYER, "http://localhost:9/as4")
    c = Case(lab, "ROW-CONNECT")
    say(c.reaches("WAITING") and all(not a["left"] for a in c.status()["attempts"]), "N7 nothing left: waiting, not unknown", c.status())
    first = c.status()["as4_id"]
    peer.seen.clear()
    peer.does(forward)
    peer.serve(BUYER)
    proven(c, peer, "no body byte left: composed anew, same document", requests=1)
    say(peer.seen[0].id != first, "... under a new MessageId")

    c = case("ROW-ERROR", error("EBMS:0004", "Other"), forward)
    proven(c, peer, "an ebMS error: a new MessageId", same=False, requests=2)
    say(c.status()["sbdh_id"] == lab.json(2, "status", "ROW-ERROR")[-1]["sbdh_id"], "phoss-ap ... and the same InstanceIdentifier", c.status())
    say("peer-error" in c.alarms(), "... which alarms early", c.alarms())

    c = case("ROW-SWALLOW", swallow, forward)
    proven(c, peer, "an answer that is lost: the same bytes again, one invoice at C4", same=True, requests=2)
    c = case("ROW-HALF", half, forward)
    proven(c, peer, "half an answer: the same bytes again", same=True)
    c = case("ROW-DROP", drop, drop, forward)
    proven(c, peer, "N8 no answer after the body: the same bytes again", same=True, requests=3)
    c = case("ROW-LATE", late(6), forward)
    proven(c, peer, "an answer after our patience: the same bytes again", same=True)

    c = case("ROW-4XX", answer(404, b"not here"), forward)
    proven(c, peer, "HTTP 4xx without SOAP: the same MessageId and bytes", same=True, requests=2)
    say("not-taken" in c.alarms(), "... which alarms early", c.alarms())
    c = case("ROW-5XX", answer(500, b"oops"), answer(502), answer(200, b"<html>ok</html>", "text/html"), answer(202), forward)
    proven(c, peer, "N10 5xx, and 2xx without a valid signal: the same bytes again", same=True, requests=5)

    other = Hostile(lab, (forward,))
    c = case("ROW-REDIRECT", answer(307, headers=[f"Location: {other.url()}"]), forward)
    proven(c, peer, "N9 a redirect is reported, not followed", same=True)
    say(not other.seen, "... nobody asked the other address", len(other.seen))
    other.close()


#= eDelivery AS4 1.14 "IPv4 and IPv6"
def ipv6(lab):
    try:
        six = Hostile(lab, ip="::1").serve(MOVER)
    except OSError as e:
        print(f"skip ipv6: {e}")
        return
    c = Case(lab, "ROW-IPV6", "--to", MOVER)
    proven(c, six, "N14 a peer that has IPv6 alone", requests=1)
    say(c.status()["attempts"][-1]["address"] == "::1", "... and the attempt says where", c.status()["attempts"][-1])
    six.close()


def known_peers(lab, peer):
    def case(number, act):
        lab.json(1, "queue", "run")
        peer.seen.clear()
        peer.does(act)
        return Case(lab, number)

    c = case("PHASE4-BURNT", phase4(error("EBMS:0004", "Other", "processing failed")))
    until(lambda: len(peer.seen) >= 3)
    say(len({r.id for r in peer.seen}) == len(peer.seen) >= 3, "phase4 burns an id before it processes: each retry has its own", [r.id for r in peer.seen])
    peer.does(forward)
    proven(c, peer, "... and is proven when it processes", same=False)

    c = case("PHASE4-DUP", phase4(swallow, forget=2))
    ok = until(lambda: len(peer.seen) >= 2) and c.reaches("UNKNOWN")
    ok = ok and c.stays("UNKNOWN", 5)
    say(ok and len(peer.seen) == 2 and len({r.digest for r in peer.seen}) == 1, "R4 a duplicate's error: unknown, and sending stops before the peer forgets", f"{c.status()} {len(peer.seen)}")
    s = c.status()
    say(s["level"] == "none" and not s["proven"] and s["next"] is None and s["error"]["what"] == "as4.duplicate", "... never success, never failure", s)
    say("unproven" in c.alarms() and c.once(), "... an alarm says so; it is at C4 once", c.alarms())
    lab.ap(1, "queue", "resolve", "PHASE4-DUP", "--why", "test", "--yes")
    say(c.status()["state"] == "REFUSED", "... until a person resolves it", c.status())

    c = case("OXALIS-500", error("EBMS:0004", "Other", "PEPPOL:NOT_SERVICED", status=500))
    until(lambda: len(peer.seen) >= 3)
    s = c.status()
    say(s["state"] in ("WAITING", "SENDING") and len({r.id for r in peer.seen}) == len(peer.seen), "Oxalis: an unsigned error with HTTP 500 is never final", s)
    peer.does(forward)
    proven(c, peer, "... and passes", same=False)


def on_the_wire(lab, peer):
    def case(number, *acts):
        lab.json(1, "queue", "run")
        peer.seen.clear()
        peer.does(*acts)
        return Case(lab, number)

    peer.cut = 3000
    c = case("CUT", forward)
    say(c.reaches("UNKNOWN"), "K5 cut in the body: unknown", c.status())
    first = c.status()["as4_id"]
    peer.cut = None
    proven(c, peer, "... then the same message, once at C4")
    say(peer.seen[0].id == first, "... under the same id", [first, peer.seen[0].id])

    for name, act in (("DRIP", drip), ("ENDLESS", endless)):
        c = case("WIRE-" + name, act, forward)
        say(until(lambda: c.status().get("state") == "UNKNOWN", 12), f"N11 an answer that does not end ({name.lower()}) has a deadline: unknown", c.status())
        proven(c, peer, "... then the same bytes", same=True)

    c = case("RETRY-AFTER", answer(503, headers=["Retry-After: 4"]), forward)
    proven(c, peer, "N10 Retry-After is waited for", same=True)
    gap = peer.seen[1].at - peer.seen[0].at
    say(gap >= 3.9, "... all of it", gap)

    lab.json(1, "queue", "run")
    peer.seen.clear()
    peer.does(error("EBMS:0102", "FailedDecryption"), forward)
    c = Case(lab, "STALE-CERT", "--to", OTHER)
    until(lambda: peer.seen)
    lab.register(OTHER, peer.url(), cert="ap2")
    proven(c, peer, "P4 EBMS:0102: one fresh lookup, rebuilt for the new certificate", same=False)
    say(c.status()["access_point"] == "POP000002" and len(c.status()["attempts"]) == 2, "... with the first retry", c.status())


def moves(lab, peer):
    lab.json(1, "queue", "run")
    old, new = Hostile(lab, (drop,)), Hostile(lab, (forward,))
    old.serve(MOVER)
    c = Case(lab, "MOVED", "--to", MOVER)
    until(lambda: old.seen)
    old.close()
    new.serve(MOVER)
    ok = c.reaches("RECEIPTED") and c.once()
    say(ok and new.seen and new.seen[0].digest == old.seen[0].digest, "the URL moved, the certificate did not: the same bytes follow", c.status())
    say(c.status()["attempts"][-1]["endpoint"] == new.url(), "... and the attempt says where", c.status()["attempts"][-1])
    new.close()


def people(lab, peer):
    lab.json(1, "queue", "run")
    peer.seen.clear()
    peer.does(forward)
    r = lab.ap(1, "queue", "hold", "--partner", BUYER, "--why", "they asked", "--json")
    c = Case(lab, "HELD-1")
    say(c.reaches("HELD") and not peer.seen, "a held partner gets nothing", c.status())
    say(lab.json(1, "partner", "show", BUYER)[0]["held"], "... and partner show says so")
    shape = lab.json(1, "queue", "shape")
    say(sum(q["held"] for q in shape) == 1, "queue shape counts it", shape)
    r = lab.ap(1, "queue", "release", "--partner", BUYER)
    proven(c, peer, "released, it goes", requests=1)

    lab.ap(1, "queue", "hold", "--partner", "POP000002")
    c = Case(lab, "HELD-2")
    say(c.reaches("HELD"), "an access point can be held as well", c.status())
    r = lab.ap(1, "queue", "cancel", "HELD-2")
    say(r.returncode == 64 and c.status()["state"] == "HELD", "cancel without --yes and without a terminal is refused", r.stderr)
    r = lab.ap(1, "queue", "cancel", "HELD-2", "--yes", "--why", "typed twice")
    say(r.returncode == 0 and c.status()["state"] == "CANCELLED", "cancelled before a byte has left", r.stderr)
    r = lab.ap(1, "queue", "release", "HELD-2")
    say(r.returncode == 65 and "store.state" in r.stderr, "what is cancelled is not released", r.stderr)
    lab.ap(1, "queue", "release", "--partner", "POP000002")
    r = lab.ap(1, "queue", "hold", "no-such-number")
    say(r.returncode == 1, "an id that nobody has is said", f"{r.returncode} {r.stderr}")
    r = lab.ap(1, "partner", "set", "what?")
    say(r.returncode == 65, "a partner that cannot be is refused", r.stderr)


def fairness(lab, peer):
    """Q1: one partner stalls; what others get is counted, not timed."""
    stalled = Hostile(lab, (stall,))
    lab.register(STALLER, stalled.url(), cert="ap1")
    lab.json(1, "queue", "run")
    peer.seen.clear()
    peer.does(forward)
    for i in range(12):
        Case(lab, f"STALL-{i}", "--to", STALLER)
    until(lambda: stalled.open >= 3, 15)
    sending = [d for d in lab.json(1, "list", "--state", "sending") if d["invoice"].startswith("STALL-")]
    say(sending and all(d["in_hand"] and d["next"] is None and d["tried_until"] for d in sending), "what is in hand has no next time, only an end", sending[:1])
    say("in hand" in lab.ap(1, "queue", "show").stdout, "... as people are shown", lab.ap(1, "queue", "show").stdout[:300])
    good = [Case(lab, f"FAIR-{i}") for i in range(20)]
    done_ = until(lambda: all(c.status().get("state") == "RECEIPTED" for c in good), 30)
    states = [c.status().get("state") for c in good]
    say(bool(done_) and stalled.most >= 3, "Q1 a stalled partner leaves the others alone", states)
    say(stalled.most <= 10, "... and never has more than its window", stalled.most)
    say(until(lambda: "circuit open: POP000001" in lab.ap(1, "queue", "show", "--partner", STALLER).stdout, 20), "its circuit opens", lab.ap(1, "queue", "show").stdout[-300:])
    attempts = [len(lab.json(1, "status", f"STALL-{i}")[-1]["attempts"]) for i in range(12)]
    say(0 in attempts, "an open circuit spends no attempts", attempts)
    stalled.close()
    for i in range(12):
        lab.ap(1, "queue", "hold", f"STALL-{i}")


def restarts(lab, peer, sender):
    """A dead access point, documents in its queue: a restart spends no attempt on them before the circuit's time."""
    lab.end(sender)
    slow = ["--set", "retry.first=15s", "--set", "retry.max=15s", "--set", "lookup.cache=1s"]
    sender = lab.serve(1, *slow)
    peer.does(answer(503))
    cases = [Case(lab, f"DEAD-{i}") for i in range(8)]
    opened = lambda: "circuit open: POP000002" in lab.ap(1, "queue", "show").stdout
    say(until(opened, 15), "(a dead access point: its circuit opens)", lab.ap(1, "queue", "show").stdout[-300:])
    flow = [q["flow"] for q in lab.json(1, "queue", "shape") if q["queue"] == "POP000002"]
    say(flow and flow[0] and flow[0]["open_ms"] > 0 and flow[0]["window"] >= 1, "... a script sees it in queue shape --json", flow)
    lab.end(sender, signal.SIGKILL)
    peer.seen.clear()
    sender = lab.serve(1, *slow)
    time.sleep(3)
    say(opened() and not peer.seen, "a killed service's circuit is open at the next start: no attempt is spent", f"{len(peer.seen)} requests")
    peer.does(forward)
    lab.ap(1, "queue", "run")
    done_ = until(lambda: all(c.status().get("state") == "RECEIPTED" for c in cases), 30)
    say(bool(done_), "... and a person closes it", [c.status().get("state") for c in cases])
    return sender


OTHER, MOVER, STALLER = "0208:1000000001", "0208:1000000002", "0208:1000000003"
with Lab() as lab:
    lab.stop_ap2()
    lab.serve(2, "--set", "listen.plain=loopback")
    for p in (OTHER, MOVER):
        lab.ap(2, "participant", "add", p, "--country", "BE", "--name", "Other", "--doctype", "invoice")
    sender = lab.serve(1, *SHORT)
    peer = Hostile(lab).serve(BUYER)
    lab.register(OTHER, peer.url(), cert="ap1")
    ipv6(lab)
    for part in (rows_of_the_table, known_peers, on_the_wire, moves, people, fairness):
        part(lab, peer)
    sender = restarts(lab, peer, sender)
    peer.close()
    say(lab.end(sender) == 0, "the sender ends cleanly", open(sender.log).read()[-300:])
done()
