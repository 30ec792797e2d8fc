#!/usr/bin/env python3
"""P9 The service compares what the SML and the SMP publish of our participants with what it holds: at the start, after a reload
and on a schedule. What misleads a sender is an alarm until it is right again; an SMP that does not answer proves nothing."""
import os, sys, threading
sys.path.insert(0, os.path.join(os.environ.get("TOP", "."), "tests/support"))
from lab import *

SOON = ("--set", "smp.check_every=1s", "--set", "alarm.pause=0s", "--set", "alarm.repeat=2s")
OTHERS = [f"0208:3{i:09d}" for i in range(6)]


class Way:
    """The way to the SMP: open, closed (every connection is ended), or hanging."""

    def __init__(self, port):
        self.port, self.state, self.asked, self.held = port, "open", 0, []
        self.s = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self.take, daemon=True).start()

    def flag(self):
        """For a service that shall go this way."""
        return "--set", f"lookup.connect_to=localhost:{self.port}:127.0.0.1:{self.s.getsockname()[1]}"

    def take(self):
        while True:
            c, _ = self.s.accept()
            self.asked += 1
            self.held.append(c)
            if self.state == "closed":
                c.close()
            elif self.state == "open":
                there = socket.create_connection(("127.0.0.1", self.port))
                self.held.append(there)
                for a, b in ((c, there), (there, c)):
                    threading.Thread(target=self.pass_on, args=(a, b), daemon=True).start()

    def pass_on(self, a, b):
        try:
            while data := a.recv(65536):
                b.sendall(data)
        except OSError:
            pass
        for s in (a, b):
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def to(self, state):
        self.state = state
        for s in self.held:  # also connections that are kept
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        self.held, self.asked = [], 0


def alarms(lab, kind="smp-entry", every=False):
    return [a for a in lab.json(1, "alarms", *(["--all"] if every else [])) if a.get("kind") == kind]


def whats(lab, kind="smp-entry"):
    return [a["error"]["what"] for a in alarms(lab, kind)]


def text(lab, kind="smp-entry"):
    return " / ".join(a["error"]["text"] for a in alarms(lab, kind))


def serial(lab, name):
    r = subprocess.run(["openssl", "x509", "-in", f"{lab.net}/pki/{name}.pem", "-noout", "-serial"], capture_output=True, text=True)
    return r.stdout.strip().split("=")[1].lower()


def ours(lab):
    return f"https://localhost:{lab.port('ap1')}/as4"


def log(service):
    return open(service.log).read()


def right(lab, name):
    """The SMP as it should be: the alarm goes by itself."""
    lab.register(SUPPLIER, ours(lab), "ap1")
    say(until(lambda: not alarms(lab), 10), name + ": put right, the alarm is over", text(lab))


def at_start(lab):
    """With every option at its default."""
    lab.register(SUPPLIER, "https://old.example/as4", "ap1")
    ap1 = lab.serve(1)
    say(until(lambda: alarms(lab), 10), "P9 the start tells an entry that names another URL", log(ap1)[-300:])
    e = (alarms(lab) or [{"error": {}}])[0]["error"]
    say(e.get("what") == "smp-entry.url" and "https://old.example/as4, not " + ours(lab) in e["text"] and e["where"].startswith("SMP https://localhost")
        and e["who"] == SUPPLIER and e["class"] == "permanent" and "participant publish" in e["next"], "... what, where, who, class, next", e)
    say(lab.ap(1, "status").returncode == 1, "... status exits 1")
    r = lab.ap(1, "doctor", "--quick")
    say(r.returncode == 1 and "1 alarms" in r.stdout, "... doctor is red", r.stdout)
    say(until(lambda: "kind=smp-entry" in log(ap1), 10), "... the log tells it", log(ap1)[-300:])
    lab.end(ap1)
    lab.register(SUPPLIER, ours(lab), "ap1")
    ap1 = lab.serve(1)
    say(until(lambda: not alarms(lab), 10) and "wrong=0" in log(ap1), "right at the next start: over", log(ap1)[-300:])
    return ap1


def by_reload(lab, ap1):
    """The period is an option like others."""
    conf = open(lab.conf(1)).read()
    lab.register(SUPPLIER, "https://old.example/as4", "ap1")
    time.sleep(2)
    say(not alarms(lab), "within the hour of smp.check_every nobody looks", text(lab))
    open(lab.conf(1), "w").write(conf.replace("[smp]", "[smp]\ncheck_every = 1s"))
    r = lab.ap(1, "reload")
    say(r.returncode == 0 and "restart" not in r.stdout and until(lambda: alarms(lab), 10), "a reload looks at once", r.stdout + r.stderr)
    right(lab, "... and by the new period")
    lab.register(SUPPLIER, "https://old.example/as4", "ap1")
    until(lambda: alarms(lab), 10)
    open(lab.conf(1), "w").write(conf.replace("[smp]", "[smp]\ncheck_every = 0s"))
    r = lab.ap(1, "reload")
    say(r.returncode == 0 and until(lambda: not alarms(lab), 10), "0s: nobody looks, so nothing stands", text(lab))
    open(lab.conf(1), "w").write(conf)
    lab.register(SUPPLIER, ours(lab), "ap1")
    lab.end(ap1)


def told(lab):
    """Told again until somebody acknowledges it; the next fault is another alarm."""
    ap1 = lab.serve(1, *SOON)
    until(lambda: "entries.compared" in log(ap1))
    lab.register(SUPPLIER, ours(lab), "ap2")
    say(until(lambda: whats(lab) == ["smp-entry.other-ap"], 10) and serial(lab, "ap2") in text(lab) and "POP000002" in text(lab),
        "another access point's certificate: an alarm that names it", text(lab))
    say(until(lambda: (alarms(lab) or [{"told": 0}])[0]["told"] >= 3, 15), "it is told again and again", alarms(lab))
    r = lab.ap(1, "ack", alarms(lab)[0]["id"], "--who", "night shift")
    say(r.returncode == 0 and not alarms(lab), "... until it is acknowledged", r.stderr)
    quiet = alarms(lab, every=True)[-1]["told"]
    time.sleep(4)
    say(not alarms(lab) and alarms(lab, every=True)[-1]["told"] == quiet, "... then it is quiet", alarms(lab, every=True)[-1])
    lab.register(SUPPLIER, "https://old.example/as4", "ap1")
    say(until(lambda: whats(lab) == ["smp-entry.url"], 10), "... but the next fault is told", alarms(lab))
    right(lab, "both")
    say(all(a["cleared"] for a in alarms(lab, every=True)), "... the acknowledged one too", alarms(lab, every=True))
    return ap1


def fresh(lab):
    """What the service knows for sending (lookup.cache) is not what it compares."""
    own = lambda n: lab.ap(1, "send", lab.invoice(n), "--from", SUPPLIER, "--to", SUPPLIER, "--wait=10s").returncode
    say(own("OWN-1") == 0, "(a document from us to us fills the cache)")
    lab.register(SUPPLIER, "https://old.example/as4", "ap1")
    say(until(lambda: whats(lab) == ["smp-entry.url"], 10) and own("OWN-2") == 0, "the entry is read past the cache that sending still uses", alarms(lab))
    right(lab, "past the cache")


def services(lab):
    """Document types, and the SML."""
    path = lab.net + "/registry.tsv"
    good = open(path).read()
    open(path, "w").write(re.sub(SUPPLIER + r"\t[^\t]*CreditNote.*\n", "", good))
    say(until(lambda: whats(lab) == ["smp-entry.missing"], 10) and "CreditNote" in text(lab), "a document type that the SMP does not have", alarms(lab))
    open(path, "w").write(re.sub(SUPPLIER + r"\t.*\n", "", good))
    say(until(lambda: whats(lab) == ["smp-entry.not-registered"], 10) and alarms(lab)[0]["error"]["where"] == "SML", "not in the SML", alarms(lab))
    r = lab.ap(1, "doctor", "dns", "--json")
    found = [c["verdict"] for c in json.loads(r.stdout)["checks"] if "not registered" in c["text"]]
    say(r.returncode == 1 and found == ["red"], "... doctor says the same", r.stdout)
    lab.ap(1, "participant", "add", SUPPLIER, "--country", "BE")
    say(until(lambda: not alarms(lab), 10), "one that takes nothing may be missing there: it only sends", alarms(lab))
    open(path, "w").write(good)
    lab.ap(1, "participant", "add", SUPPLIER, "--country", "BE", "--doctype", "invoice")
    say(until(lambda: whats(lab) == ["smp-entry.not-held"], 10) and "CreditNote" in text(lab), "a document type that leads to us and is not taken here", alarms(lab))
    lab.ap(1, "participant", "disable", SUPPLIER)
    say(until(lambda: whats(lab) == ["smp-entry.disabled"], 10), "nothing may lead to one that is disabled", alarms(lab))
    lab.ap(1, "participant", "disable", SUPPLIER, "--enable")
    lab.ap(1, "participant", "add", SUPPLIER, "--country", "BE", "--doctype", "invoice", "--doctype", "credit-note")
    right(lab, "what it takes")


def roll_over(lab):
    """Two keys: either certificate is right. Retired, it is not."""
    old, new = serial(lab, "ap1"), serial(lab, "ap1next")
    raised = lambda: len([e for e in lab.json(1, "events") if e["what"] == "alarm"])
    before = raised()
    lab.ap(1, "keys", "import", lab.net + "/pki/ap1next.pem", "--key", lab.net + "/pki/ap1next.key")
    time.sleep(2.5)
    lab.register(SUPPLIER, ours(lab), "ap1next")
    time.sleep(2.5)
    lab.ap(1, "keys", "activate", new)
    lab.register(SUPPLIER, ours(lab), "ap1")
    time.sleep(2.5)
    say(raised() == before and not alarms(lab), "while a key takes over, either certificate in the SMP is right", alarms(lab))
    r = lab.ap(1, "keys", "retire", old)
    say(r.returncode == 0 and until(lambda: whats(lab) == ["smp-entry.certificate"], 10), "the old key is retired, the SMP still names it: an alarm", (r.stderr, alarms(lab)))
    say(f"serial {old} until " in text(lab) and f"we decrypt with {new}" in text(lab) and "EBMS:0102" in (alarms(lab) or [{"error": {"next": ""}}])[0]["error"]["next"],
        "... which certificate until when, with which we decrypt, what happens meanwhile", alarms(lab))
    r = lab.ap(1, "participant", "publish", SUPPLIER)
    say(r.returncode == 0 and until(lambda: not alarms(lab), 10), "published, it is over", r.stdout + r.stderr)


def unknown(lab, way):
    """The SMP does not answer: no mismatch, and no all-clear either."""
    flags = (*SOON, "--set", "alarm.smp_after=5s", *way.flag())
    lab.register(SUPPLIER, "https://old.example/as4", "ap1next")
    ap1 = lab.serve(1, *flags)
    say(until(lambda: whats(lab) == ["smp-entry.url"], 10), "(a wrong entry is known)", log(ap1)[-300:])
    way.to("closed")
    began = time.monotonic()
    until(lambda: "unknown=1" in log(ap1), 10)
    lab.register(SUPPLIER, ours(lab), "ap1next")
    time.sleep(1.5)
    say(whats(lab) == ["smp-entry.url"] and not alarms(lab, "smp-unseen"), "an SMP that does not answer changes nothing", lab.json(1, "alarms"))
    say(until(lambda: alarms(lab, "smp-unseen"), 20), "... nothing is known for longer than alarm.smp_after: an alarm of its own", log(ap1)[-300:])
    took = time.monotonic() - began
    e = (alarms(lab, "smp-unseen") or [{"error": {}}])[0]["error"]
    say(took >= 5 and e.get("class") == "transient" and SUPPLIER in e["text"] and "http." in e["text"] and e["where"] and e["next"], f"... after {took:.1f} s, and says why", e)
    way.to("open")
    say(until(lambda: not alarms(lab, "smp-unseen") and not alarms(lab), 10), "it answers again, and is right: both are over", lab.json(1, "alarms"))

    way.to("hang")
    until(lambda: way.asked, 10)
    say(lab.end(ap1) == 0 and "drain.cut" not in log(ap1), "one that hangs does not hold up the end", log(ap1)[-300:])
    began = time.monotonic()
    ap1 = lab.serve(1, *flags)
    took = time.monotonic() - began
    say(took < 8 and lab.ap(2, "send", lab.invoice("HANG-1"), "--from", BUYER, "--to", SUPPLIER, "--wait=10s").returncode == 0 and not alarms(lab),
        f"nor the start: ready after {took:.1f} s, and it receives", log(ap1)[-300:])
    lab.end(ap1)


def many(lab, way):
    """One that is dead is not asked for everybody; and alarms do not flood."""
    add = lambda p: lab.ap(1, "participant", "add", p, "--country", "BE", "--doctype", "invoice", "--doctype", "credit-note")
    for p in OTHERS:
        add(p)
        lab.register(p, ours(lab), "ap1next")
    lab.ap(1, "participant", "disable", OTHERS[0])  # whose SMP may be gone
    way.to("closed")
    ap1 = lab.serve(1, *way.flag())
    say(until(lambda: f"unknown={len(OTHERS)} " in log(ap1), 20) and way.asked == 3, "three failures in a row: nobody else is asked for in this round", (way.asked, log(ap1)[-300:]))
    lab.end(ap1)
    for i in range(102):
        add(f"0208:4{i:09d}")
    lab.ap(1, "participant", "disable", OTHERS[0], "--enable")
    ap1 = lab.serve(1)
    say(until(lambda: "wrong=102" in log(ap1), 30) and len(alarms(lab)) == 101, "102 participants are wrong: a hundred alarms, and one for the others", (len(alarms(lab)), log(ap1)[-300:]))
    last = ([a for a in alarms(lab) if a["subject"] == "others"] or [{"error": {"text": ""}}])[0]["error"]
    say("102 participants" in last["text"] and "participant check" in last["next"], "... which counts them", last)
    lab.end(ap1)


def forged(lab):
    """An SMP that nobody believes is no SMP that does not answer."""
    run("testnet", "down", "--dir", lab.net)
    for end in ("key", "pem"):
        shutil.copy(f"{lab.net}/pki/rogue.{end}", f"{lab.net}/pki/smp1.{end}")
    r = run("testnet", "up", "--dir", lab.net)
    ap2 = lambda: [a for a in lab.json(2, "alarms") if a["kind"] == "smp-entry"]
    say(r.returncode == 0 and until(ap2, 10) and ap2()[0]["error"]["what"] == "smp.untrusted" and BUYER in ap2()[0]["error"]["text"],
        "its answers are signed by another: an alarm at once", (r.stderr, ap2()))


with Lab() as lab:
    by_reload(lab, at_start(lab))
    service = told(lab)
    fresh(lab)
    services(lab)
    roll_over(lab)
    lab.end(service)
    way = Way(lab.port("smp"))
    unknown(lab, way)
    many(lab, way)
    forged(lab)
done()
