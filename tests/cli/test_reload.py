#!/usr/bin/env python3
"""SIGHUP: what can change while the service runs changes, without a dropped connection or a document handed over twice; a
bad configuration changes nothing."""
import os, sys, threading
sys.path.insert(0, os.path.join(os.environ.get("TOP", "."), "tests/support"))
from lab import *


class Service:
    def __init__(self, lab):
        self.lab, self.conf = lab, open(lab.conf(2)).read()
        self.told = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.told.bind(lab.dir + "/notify")
        self.told.settimeout(10)
        self.p = lab.serve(2, env={**os.environ, "NOTIFY_SOCKET": lab.dir + "/notify"})
        self.wait_for("READY=1")

    def wait_for(self, word):
        got = ""
        while word not in got:
            got = self.told.recv(4096).decode()
        return got

    def reload(self, conf=None, routes=None):
        """What the service tells its manager about it, and what it logs."""
        if conf is not None:
            open(self.lab.conf(2), "w").write(conf)
        if routes is not None:
            open(self.lab.dir + "/routes.conf", "w").write(routes)
        at = os.path.getsize(self.p.log)
        self.p.send_signal(signal.SIGHUP)
        first = self.told.recv(4096).decode()
        status = self.told.recv(4096).decode()
        return first, status, open(self.p.log).read()[at:]


def state(lab, number):
    rows = [r for r in lab.json(2, "list", "--inbound") if r["invoice"] == number]
    return (rows[0]["state"], rows[0].get("handed_how")) if rows else (None, None)


def main(lab):
    lab.stop_ap2()
    s = Service(lab)
    first, status, log = s.reload()
    say("RELOADING=1" in first and "MONOTONIC_USEC=" in first and "READY=1" in status, "the manager is told, as Type=notify-reload wants it", first + status)

    for name, conf, routes, word in (("an unknown option", s.conf + "\n[limits]\nsendrs = 3\n", None, "config.unknown-key"),
                                     ("a bad value", s.conf + "\n[retry]\nfirst = soon\n", None, "config.value"),
                                     ("a bad routes file", s.conf.replace("[deliver]", f"[deliver]\nroutes_file = {lab.dir}/routes.conf"), "[x]\nkind = push\n", "config.missing"),
                                     ("a route that is not there", s.conf.replace("[deliver]", "[deliver]\nroute = nowhere"), None, "config.value")):
        first, status, log = s.reload(conf, routes)
        say("refused" in status and "READY=1" in status and "reload.refused" in log and word in log, f"A4 {name}: the error is said", status + log)
    lab.ap(1, "send", lab.invoice("RL-1"), "--wait")
    say(until(lambda: state(lab, "RL-1") == ("HANDED_OVER", "folder")), "A4 ... and the old configuration holds", state(lab, "RL-1"))

    open(lab.dir + "/hook", "w").write(f"#!/bin/sh\necho x >>'{lab.dir}/runs.'$AVISO_INVOICE\n[ ! -f '{lab.dir}/slow' ] || sleep 4\n")
    os.chmod(lab.dir + "/hook", 0o755)
    hooked = s.conf.replace("[deliver]", f"[deliver]\nroutes_file = {lab.dir}/routes.conf\nroute = books")
    routes = f"[books]\nkind = command\ncommand = {lab.dir}/hook\n"
    first, status, log = s.reload(hooked, routes)
    say("reloaded" in status and "refused" not in status, "a good one is taken", status + log)
    lab.ap(1, "send", lab.invoice("RL-2"), "--wait")
    say(until(lambda: state(lab, "RL-2") == ("ACKNOWLEDGED", "command books")), "... new documents take the new route", state(lab, "RL-2"))
    first, status, log = s.reload(hooked + "\n[limits]\nsenders = 5\n")
    say("limits.senders" in log and "needs_restart" in log, "what needs a restart is named", log)

    open(lab.dir + "/slow", "w").close()
    lab.ap(1, "send", lab.invoice("RL-3"), "--wait")
    until(lambda: os.path.exists(lab.dir + "/runs.RL-3"))
    first, status, log = s.reload(hooked, routes + "workers = 2\n")
    say("reloaded" in status and state(lab, "RL-3")[0] == "VALIDATED", "a reload does not wait for what is in hand", status)
    os.unlink(lab.dir + "/slow")
    lab.ap(1, "send", lab.invoice("RL-4"), "--wait")
    say(until(lambda: state(lab, "RL-4")[0] == "ACKNOWLEDGED", 3), "... others are handed over at once", state(lab, "RL-4"))
    say(until(lambda: state(lab, "RL-3")[0] == "ACKNOWLEDGED") and open(lab.dir + "/runs.RL-3").read() == "x\n", "... and it is finished, once")

    numbers = [f"RL-1{i}" for i in range(8)]
    results = []
    sender = threading.Thread(target=lambda: results.extend(lab.ap(1, "send", lab.invoice(n), "--wait").returncode for n in numbers))
    sender.start()
    reloads = 0
    while sender.is_alive():
        s.reload(hooked, routes + f"workers = {1 + reloads % 3}\n")
        reloads += 1
    say(results == [0] * 8 and reloads > 3, f"under {reloads} reloads every document is proven", results)
    say(until(lambda: all(state(lab, n)[0] == "ACKNOWLEDGED" for n in numbers)), "... and handed over", [state(lab, n) for n in numbers])
    say(all(open(f"{lab.dir}/runs.{n}").read() == "x\n" for n in numbers), "... each once")
    say(lab.end(s.p) == 0, "it ends cleanly")


with Lab() as the_lab:
    main(the_lab)
done()
