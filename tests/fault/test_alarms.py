#!/usr/bin/env python3
"""Alarms: on by default, told by every channel, again until somebody acknowledges them; a channel that is down is
tried again, told of by the others, and seen (A1). The replays of reliability A7 that concern sending, each with the
time to its first alarm."""
import base64, hashlib, hmac, http.server, os, stat, sys, threading, time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../support"))
from lab import *
from hostile import *

SECRET = base64.b64encode(b"a secret of thirty-two bytes....").decode()
FAST = ["--set", "retry.first=1s", "--set", "retry.max=2s", "--set", "retry.answer_timeout=4s", "--set",
        "retry.connect_timeout=2s", "--set", "alarm.slow_after=3s", "--set", "alarm.pause=0s", "--set", "alarm.repeat=2s", "--set", "lookup.cache=1s"]


class Hook:
    """A webhook's other side; what it was told, signatures checked."""

    def __init__(self):
        self.told, self.bad, self.status = [], [], 200
        hook = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                h = {k.lower(): v for k, v in self.headers.items()}
                signed = f"{h.get('webhook-id')}.{h.get('webhook-timestamp')}.".encode() + body
                want = base64.b64encode(hmac.new(base64.b64decode(SECRET), signed, hashlib.sha256).digest()).decode()
                if "v1," + want not in h.get("webhook-signature", "").split() or abs(int(h["webhook-timestamp"]) - time.time()) > 30:
                    hook.bad.append(h)
                hook.told.append((time.time(), json.loads(body)))
                self.send_response(hook.status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/alarms"

    def alarms(self, kind=None):
        return [(at, a) for at, n in list(self.told) for a in n["data"]["alarms"] if kind in (None, a["kind"])]

    def about(self, number, kind=None):
        return [(at, a) for at, a in self.alarms(kind) if a["invoice"] == number]


def program(lab, name, text):
    path = os.path.join(lab.dir, name)
    with open(path, "w") as f:
        f.write("#!/bin/sh\n" + text)
    os.chmod(path, 0o700)
    return path


def state(lab, number):
    found = lab.json(1, "status", number)
    return found[-1] if found else {}


def a1(lab, hook, peer):
    """Every channel tells; the command fails at first."""
    notes = os.path.join(lab.dir, "notes")
    mail = os.path.join(lab.dir, "mail")
    gate = os.path.join(lab.dir, "gate")
    command = program(lab, "hook.sh", f"[ -e {gate} ] || {{ echo no gate >&2; exit 3; }}\ncat >>{notes}; echo >>{notes}\n")
    sendmail = program(lab, "sendmail.sh", f'[ "$*" = "-t -i" ] || exit 64\ncat >>{mail}\n')
    secret = os.path.join(lab.dir, "secret")
    open(secret, "w").write("whsec_" + SECRET + "\n")
    s = lab.serve(1, *FAST, "--set", "alarm.command=" + command, "--set", "alarm.webhook=" + hook.url, "--set",
                  "alarm.webhook_secret_file=" + secret, "--set", "alarm.mail_to=ops@example.org", "--set",
                  "alarm.sendmail=" + sendmail)
    peer.does(answer(503))
    began = time.time()
    lab.ap(1, "send", lab.invoice("LATE-1"), "--deliver-by", "2s")
    say(lab.ap(1, "status").returncode == 0, "nothing is wrong yet: status exits 0")
    say(until(lambda: hook.about("LATE-1", "late"), 15), "late: an alarm, by default", hook.told[-1:])
    first = hook.about("LATE-1", "late")[0][0] - began
    say(1.9 <= first < 10, f"... {first:.1f} s after acceptance, 2 s were given")
    say(not hook.bad, "the webhook's signature holds", hook.bad)
    one = hook.about("LATE-1", "late")[0][1]
    e = one["error"]
    say(e["what"] == "out.late" and "UNKNOWN" in e["text"] and all(e[k] for k in ("where", "who", "class", "next", "text")), "five parts: what, where, who, class, next", one)
    say(until(lambda: os.path.exists(mail) and "out.late" in open(mail).read(), 10), "mail is told too")
    text = open(mail).read()
    say("\nTo: ops@example.org\n" in "\n" + text and "\nSubject: aviso: " in text and "aviso ack" in text, "... a whole mail", text[:300])

    say(until(lambda: hook.alarms("channel"), 10), "A1 the command failed: the other channels tell", hook.told[-1:])
    text = hook.alarms("channel")[0][1]["error"]["text"]
    say("command" in text and "no gate" in text, "... with what it said", text)
    r = lab.ap(1, "alarms")
    say(r.returncode == 1 and "channel command has failed" in r.stdout, "... alarms shows it", r.stdout[-300:])
    r = lab.ap(1, "status", "--json")
    say(r.returncode == 1 and json.loads(r.stdout)["channels_down"] == 1 and json.loads(r.stdout)["late"] == 1, "... status shows it and exits 1", r.stdout)
    open(gate, "w").close()
    say(until(lambda: os.path.exists(notes) and "LATE-1" in open(notes).read(), 30), "... it is tried again, and tells then")
    say(until(lambda: '"channels_down":0' in lab.ap(1, "status", "--json").stdout, 5), "... and is well again")
    say(lab.json(1, "alarms", "--all")[-1] and not [a for a in lab.json(1, "alarms") if a["kind"] == "channel"], "... its own alarm is over", lab.json(1, "alarms"))

    n = len(hook.about("LATE-1", "late"))
    say(until(lambda: len(hook.about("LATE-1", "late")) >= n + 2, 15), "told again and again")
    r = lab.ap(1, "ack", "LATE-1", "--who", "night shift")
    say(r.returncode == 0 and "acknowledged" in r.stdout, "acknowledged by the document's number", r.stdout + r.stderr)
    time.sleep(1)
    n = len(hook.about("LATE-1"))
    time.sleep(5)
    say(len(hook.about("LATE-1")) == n, "... it is quiet", len(hook.about("LATE-1")) - n)
    past = [a for a in lab.json(1, "alarms", "--all") if a["kind"] == "late"]
    say(past[0]["acknowledged_by"] == "night shift" and past[0]["told"] >= 4, "... who and how often is kept", past)
    say(any(d["invoice"] == "LATE-1" for d in lab.json(1, "list", "--late")), "... list --late still has it")
    lines = [l for l in open(s.log) if "alarm kind" in l or "msg=alarm " in l or " alarm " in l]
    say(any("LATE-1" in l for l in lines), "the log tells it too", open(s.log).read()[-400:])
    peer.does(forward)
    lab.ap(1, "queue", "run")
    say(until(lambda: state(lab, "LATE-1")["state"] == "RECEIPTED" and not state(lab, "LATE-1")["late"], 20), "proven late, it is late no more", state(lab, "LATE-1"))
    r = lab.ap(1, "ack", "--all")
    say(lab.ap(1, "alarms").returncode == 0 and lab.ap(1, "status").returncode == 0, "nothing is wrong: alarms and status exit 0", lab.ap(1, "alarms").stdout)
    say(lab.ap(1, "ack", "a99999").returncode == 1, "an alarm that is none is said")
    say(lab.ap(1, "ack").returncode == 64, "ack needs an id or --all")
    return s


def delay_one_in_five(seconds):
    """Every fifth message is answered 503 until it is that old; the others are taken at once."""
    first, order = {}, []

    def act(p, r, s):
        if r.id not in first:
            first[r.id] = time.time()
            order.append(r.id)
        slow = order.index(r.id) % 5 == 2 and time.time() - first[r.id] < seconds
        answer(503)(p, r, s) if slow else forward(p, r, s)
    return act


def a7_drift(lab, hook, peer):
    """002: one in five is taken late, the others at once: told of as drift, with figures; over when it is over."""
    began = time.time()
    peer.does(delay_one_in_five(8))
    for i in range(18):
        lab.ap(1, "send", lab.invoice(f"SEED-002-{i}"), "--deliver-by", "1h")
    ok = until(lambda: hook.alarms("drift"), 60)
    told = hook.alarms("drift")
    first = f"first alarm after {told[0][0] - began:.1f} s" if told else "no alarm"
    text = told[0][1]["error"]["text"] if told else ""
    say(ok and "POP000002 delays some documents" in text and "longer than 3 s" in text, f"A7-002 one in five is delayed: told of as drift; {first}", text)
    slow = ["--set", "alarm.slow_after=3s"]  # as the service was started
    r = lab.ap(1, "partner", "show", "POP000002", *slow)
    pace = lab.json(1, "partner", "show", "POP000002", *slow)[0]["pace"]
    say(pace["drifts"] and pace["delayed"] >= 3 and pace["usual_ms"] < 3000, "... partner show has the figures", pace)
    say("it delays some and takes others" in r.stdout and "usually after" in r.stdout, "... for people too", r.stdout)
    found = [f for f in lab.json(1, "doctor", "--quick", *slow)[0]["checks"] if f.get("check") == "pace"]
    say(found and found[0]["verdict"] == "yellow" and "POP000002" in found[0]["text"], "... doctor is yellow", found)
    say("pace" not in lab.json(1, "partner", "show", BUYER)[0], "... nothing of it stands at a receiver")
    peer.does(forward)
    for i in range(20):
        lab.ap(1, "send", lab.invoice(f"SEED-002-b{i}"), "--deliver-by", "1h")
    say(until(lambda: not [a for a in lab.json(1, "alarms", "--all") if a["kind"] == "drift" and not a["cleared"]], 60), "... twenty good ones later the alarm is over", lab.json(1, "alarms"))


def a7(lab, hook, peer):
    def first(number, began):
        told = hook.about(number)
        return f"first alarm after {told[0][0] - began:.1f} s" if told else "no alarm"

    # 000: taken and receipted, C4 never gets it: the level asked for is not reached
    began = time.time()
    peer.does(forward)
    lab.ap(1, "send", lab.invoice("SEED-000"), "--level", "handed-over", "--deliver-by", "3s")
    ok = until(lambda: hook.about("SEED-000", "late"), 15)
    d = state(lab, "SEED-000")
    say(ok and d["state"] == "RECEIPTED" and d["late"] and not d["proven"], f"A7-000 receipted, never handed over: late, not proven; {first('SEED-000', began)}", d)

    # 001: ghost doubles: answers are lost again and again, the peer takes each repeat for new or for old
    began = time.time()
    peer.seen.clear()
    peer.does(swallow, swallow, swallow, forward)
    lab.ap(1, "queue", "run")
    lab.ap(1, "send", lab.invoice("SEED-001"), "--deliver-by", "1s")
    ok = until(lambda: state(lab, "SEED-001").get("state") == "RECEIPTED", 25)
    time.sleep(0.5)
    inbox = [json.load(open(os.path.join(lab.net, "ap2/inbox", f))) for f in os.listdir(lab.net + "/ap2/inbox") if f.endswith(".json")]
    say(ok and len({r.digest for r in peer.seen}) == 1 and [d["invoice"] for d in inbox].count("SEED-001") == 1, f"A7-001 ghost doubles: one document; {first('SEED-001', began)}", f"{len(peer.seen)} requests")

    # 003: accepted, then silently set aside: nothing more is heard; the evidence names who took it
    began = time.time()
    peer.does(forward)
    lab.ap(1, "send", lab.invoice("SEED-003"), "--level", "confirmed", "--deliver-by", "2s")
    ok = until(lambda: hook.about("SEED-003", "late"), 15)
    d = state(lab, "SEED-003")
    say(ok and d["access_point"] == "POP000002" and d["attempts"][-1]["result"] == "receipt", f"A7-003 taken and set aside: alarm at the deadline, and who took it is named; {first('SEED-003', began)}", d)

    # 004: three hops blame each other: each attempt says which one it was
    began = time.time()
    lab.register(BUYER, "http://localhost:9/as4")
    lab.ap(1, "queue", "run")
    time.sleep(1.2)
    lab.ap(1, "send", lab.invoice("SEED-004"), "--deliver-by", "2s")
    ok = until(lambda: len(state(lab, "SEED-004").get("attempts", [])) > 0, 15)
    peer.does(answer(404, b"nobody here"))
    peer.serve(BUYER)
    lab.ap(1, "queue", "run")
    ok = ok and until(lambda: any(a.get("error", {}).get("what") == "http.refused" for a in state(lab, "SEED-004")["attempts"]), 20)
    peer.does(error("EBMS:0004", "Other", "backend away"))
    lab.ap(1, "queue", "run")
    ok = ok and until(lambda: any(a.get("error", {}).get("what") == "as4.peer-error" for a in state(lab, "SEED-004")["attempts"]), 20)
    ok = ok and until(lambda: hook.about("SEED-004"), 10)
    a = state(lab, "SEED-004")["attempts"]
    whats = [(x["error"]["what"], x["error"]["where"]) for x in a if "error" in x]
    say(ok and {"http.connect", "http.refused", "as4.peer-error"} <= {w for w, _ in whats} and all(w for _, w in whats), f"A7-004 each hop's own words are kept; {first('SEED-004', began)}", whats)
    peer.does(forward)
    lab.ap(1, "queue", "run")
    say(until(lambda: state(lab, "SEED-004").get("state") == "RECEIPTED", 25), "... and it arrives", state(lab, "SEED-004"))


def refused_configurations(lab):
    r = lab.ap(1, "serve", "--set", "alarm.command=/no/such/program")
    say(r.returncode == 78 and "alarm.config" in r.stderr, "a command that is not there: the service does not start", r.stderr)
    secret = os.path.join(lab.dir, "short")
    open(secret, "w").write("short\n")
    r = lab.ap(1, "serve", "--set", "alarm.webhook=http://127.0.0.1:9/", "--set", "alarm.webhook_secret_file=" + secret)
    say(r.returncode == 78 and "webhook.secret" in r.stderr, "nor with a secret that is none", r.stderr)


with Lab() as lab:
    lab.stop_ap2()
    lab.serve(2, "--set", "listen.plain=loopback")
    peer, hook = Hostile(lab), Hook()
    peer.serve(BUYER)
    refused_configurations(lab)
    sender = a1(lab, hook, peer)
    a7(lab, hook, peer)
    a7_drift(lab, hook, peer)
    peer.close()
    say(lab.end(sender) == 0, "the sender ends cleanly", open(sender.log).read()[-300:])
done()
