#!/usr/bin/env python3
"""The canary: a document to ourselves through lookup, AS4 and hand-over; its silence is told; the heartbeat to an outside
monitor stops with it."""
import http.server, os, sys, threading
sys.path.insert(0, os.path.join(os.environ.get("TOP", "."), "tests/support"))
from lab import *

SECOND = "0208:0123456749"


class Monitor(http.server.BaseHTTPRequestHandler):
    beats, status = 0, 200

    def do_GET(self):
        Monitor.beats += 1
        self.send_response(Monitor.status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args):
        pass


def strangers(lab):
    """The canary's receiver is registered as any: what somebody else sends there is not taken for a canary."""
    for number in ("REAL-1", "CANARY-1"):
        r = lab.ap(2, "send", lab.invoice(number, lambda s: s.replace(SUPPLIER[5:], BUYER[5:], 1).replace(BUYER[5:], SECOND[5:], 2).replace(SECOND[5:], BUYER[5:], 1)),
                   "--from", BUYER, "--to", SECOND, "--wait")
        row = until(lambda: [d for d in lab.json(1, "status", number) if d.get("state") == "QUARANTINED"])
        say(row and row[0]["error"]["next"].startswith("aviso inbox reroute"), f"{number} of somebody else is set aside, not taken", (r.stdout, r.stderr, lab.json(1, "status", number)))
    say({a["invoice"] for a in lab.json(1, "alarms") if a.get("kind") == "quarantined"} == {"REAL-1", "CANARY-1"}, "... with an alarm each")
    r = lab.ap(1, "inbox", "get", "REAL-1")
    say(r.returncode == 65 and not r.stdout and "--look" in r.stderr, "what is set aside is not got, not a byte of it", (r.returncode, r.stdout[:80], r.stderr))
    say(lab.ap(1, "inbox", "get", "REAL-1", "--look").stdout.startswith("<Invoice") and lab.json(1, "status", "REAL-1")[0]["state"] == "QUARANTINED",
        "... it may be looked at, which hands nothing over")
    lab.ap(1, "inbox", "reroute", "REAL-1", "--to", "inbox")
    lab.ap(1, "inbox", "release", "REAL-1")
    say(lab.ap(1, "inbox", "get", "REAL-1").stdout.startswith("<Invoice"), "... and can be had by another route")
    lab.ap(1, "inbox", "ack", "REAL-1", "CANARY-1")


def main(lab):
    monitor = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Monitor)
    threading.Thread(target=monitor.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{monitor.server_address[1]}/ping"
    conf = open(lab.conf(1)).read()
    r = lab.ap(1, "canary", "status")
    say(r.returncode == 78 and "canary.config" in r.stderr, "without configuration it says so", r.stderr)
    say(lab.ap(1, "canary", "install", "--to", SECOND).returncode == 64, "install without its flags is wrong usage")
    for sender, to, why in ((BUYER, SECOND, "no participant of ours"), (SUPPLIER, SUPPLIER, "the same")):
        r = lab.ap(1, "canary", "install", "--from", sender, "--to", to, "--country", "BE")
        say(r.returncode == 78 and why in r.stderr, f"install: {why} is refused", (r.returncode, r.stdout, r.stderr))
    say(lab.json(1, "participant", "list")[0]["name"] == "Example Supplier BV", "... and nobody's record has changed", lab.json(1, "participant", "list"))
    open(lab.conf(1), "a").write(f"\n[canary]\nfrom = {SUPPLIER}\nto = {SECOND}\n")
    r = lab.ap(1, "canary", "run")
    say(r.returncode == 69 and "canary.no-service" in r.stderr, "run without a service: nothing is sent, exit 69", r.stderr)
    service = lab.serve(1)
    r = lab.ap(1, "canary", "run", "--wait=1s")
    say(r.returncode == 78 and "canary.config" in r.stderr, "a receiver that is not ours is refused", r.stderr)
    lab.ap(1, "participant", "add", SECOND, "--country", "BE", "--route", "inbox")
    r = lab.ap(1, "canary", "run", "--wait=1s")
    say(r.returncode == 78 and "route canary" in r.stderr, "a receiver with another route is refused: nobody shall book it", r.stderr)
    install = ("canary", "install", "--from", SUPPLIER, "--to", SECOND, "--country", "BE")
    r = lab.ap(1, *install)
    say(r.returncode == 78 and "receives documents already" in r.stderr, "install: one that receives documents is not taken for it", (r.returncode, r.stderr))
    lab.ap(1, "participant", "add", SECOND, "--country", "BE", "--route", "canary")
    r = lab.ap(1, *install)
    say(r.returncode == 0 and f"to = {SECOND}" in r.stdout, "install registers it and says what to write", r.stdout + r.stderr)
    r = lab.ap(1, "canary", "run", "--wait=2s")
    say(r.returncode == 1 and "participant.not-registered" in r.stderr, "not registered in the SMP: run says at once where it ended, exit 1", (r.returncode, r.stderr))
    say(lab.ap(1, "canary", "status").stdout.startswith("none came back yet"), "status: not alive before one was back", lab.ap(1, "canary", "status").stdout)

    path = lab.net + "/registry.tsv"
    text = open(path).read()
    registered = text + "".join(l.replace(SUPPLIER, SECOND) + "\n" for l in text.splitlines() if l.startswith(SUPPLIER))
    open(path, "w").write(registered)
    run_once = lambda: lab.ap(1, "canary", "run", "--json")
    r = until(lambda: r if (r := run_once()).returncode == 0 else None) or run_once()  # DNS forgets that it was not there
    d = json.loads(r.stdout or "{}")
    say(r.returncode == 0 and d.get("ok") and d["trip_ms"] > 0, "registered: it comes back", r.stdout + r.stderr)
    rows = [x for x in lab.json(1, "list") if x["invoice"] == d["number"]]
    say(rows and rows[0]["proven"] and rows[0]["rule_sets"].startswith("peppol-bis3"), "it was valid, sent and proven like any document", rows)
    rows = [x for x in lab.json(1, "list", "--inbound") if x["invoice"] == d["number"]]
    say(rows and rows[0]["state"] == "ACKNOWLEDGED" and rows[0]["handed_how"] == "canary", "... and taken by the service itself", rows)
    say(lab.ap(1, "canary", "status").stdout.startswith("alive"), "status: alive")
    strangers(lab)
    say("came back" in lab.ap(1, "doctor", "--quick").stdout, "doctor tells when")
    lab.end(service)

    # on a schedule, with a heartbeat to a monitor
    open(lab.conf(1), "w").write(conf + f"\n[canary]\nfrom = {SUPPLIER}\nto = {SECOND}\nevery = 1s\nsilence = 4s\n"
                                 f"\n[heartbeat]\nurl = {url}\nevery = 1s\n")
    service = lab.serve(1, "--set", "lookup.cache=0s")
    say(until(lambda: len([e for e in lab.json(1, "events") if e["what"] == "canary"]) >= 3), "A3 nothing else to send: it comes back on its schedule")
    say(until(lambda: Monitor.beats >= 2), "the monitor outside is asked while all is well", Monitor.beats)
    open(path, "w").write(text)
    say(until(lambda: [e for e in lab.json(1, "events") if e["what"] == "canary-silent"], 20), "A3 its silence is told")
    r = lab.ap(1, "canary", "status")
    say(r.returncode == 1 and r.stdout.startswith("SILENT"), "... by status", r.stdout)
    r = lab.ap(1, "doctor", "--quick")
    say(r.returncode == 1 and re.search("red +canary", r.stdout), "... by doctor", r.stdout)
    kinds = lambda: [a["kind"] for a in lab.json(1, "alarms") if "kind" in a]
    say("canary" in kinds(), "... by an alarm", kinds())
    before = Monitor.beats
    time.sleep(3)
    say(Monitor.beats <= before + 1, "... and the heartbeat stops", Monitor.beats - before)
    silent = len([e for e in lab.json(1, "events") if e["what"] == "canary-silent"])
    say(silent == 1, "... told once", silent)
    open(path, "w").write(registered)
    say(until(lambda: lab.ap(1, "canary", "status").returncode == 0), "registered again: alive again")
    say("canary" not in kinds(), "... and the alarm is gone", kinds())
    before = Monitor.beats
    say(until(lambda: Monitor.beats > before + 1), "... and so is the heartbeat")
    lab.end(service, signal.SIGKILL)
    time.sleep(0.5)
    before = Monitor.beats
    time.sleep(3)
    say(Monitor.beats == before, "A2 the service is killed: the monitor is not asked any more")


def pings(lab, conf):
    """Where no second legal entity of ours is registered: a ping to our own access point, through the network."""
    open(lab.conf(1), "w").write(conf + f"\n[canary]\nmode = ping\nto = {SUPPLIER}\nevery = 1s\nsilence = 4s\n")
    path = lab.net + "/registry.tsv"
    text = open(path).read()
    before = len(lab.json(1, "list")) + len(lab.json(1, "list", "--inbound"))
    service = lab.serve(1, "--set", "lookup.cache=0s")
    r = lab.ap(1, "canary", "run", "--json")
    d = json.loads(r.stdout or "{}")
    say(r.returncode == 0 and d["mode"] == "ping" and d["number"].startswith("PING-"), "ping: it comes back", r.stdout + r.stderr)
    backs = lambda: [e for e in lab.json(1, "events") if e["what"] == "canary" and e["detail"].startswith("PING-")]
    say(until(lambda: len(backs()) >= 3), "ping: on its schedule", backs())
    say(len(lab.json(1, "list")) + len(lab.json(1, "list", "--inbound")) == before, "ping: no document is sent or received")
    open(path, "w").write("".join(l + "\n" for l in text.splitlines() if not l.startswith(SUPPLIER)))
    kinds = lambda: [a["kind"] for a in lab.json(1, "alarms") if "kind" in a]
    say(until(lambda: "canary" in kinds(), 20), "ping: its silence is an alarm", kinds())
    say(lab.ap(1, "canary", "status").stdout.startswith("SILENT"), "ping: ... and status says so")
    r = lab.ap(1, "canary", "run")
    say(r.returncode == 1 and "participant.not-registered" in r.stderr, "ping: run tells where it stops", (r.returncode, r.stderr))
    open(path, "w").write(text)
    say(until(lambda: lab.ap(1, "canary", "status").returncode == 0 and "canary" not in kinds()), "ping: alive again, the alarm is gone", kinds())
    lab.end(service)
    r = lab.ap(1, "canary", "run", "--set", "canary.to=what")
    say(r.returncode in (65, 69, 78), "ping: nothing goes without a service", (r.returncode, r.stderr))


with Lab() as the_lab:
    plain = open(the_lab.conf(1)).read()
    main(the_lab)
    pings(the_lab, plain)
done()
