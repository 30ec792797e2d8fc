#!/usr/bin/env python3
"""SIGHUP: what can change while the service runs changes, without a dropped connection or a document handed over twice; a
bad configuration changes nothing."""
import http.client, os, ssl, sys, threading
sys.path.insert(0, os.path.join(os.environ.get("TOP", "."), "tests/support"))
from lab import *


def documented():
    """docs/service.md names the options that wait for a restart: those that the manual says are read at the start."""
    manual, section, found = run("help-source", "conf").stdout, "", []
    for line in manual.splitlines():
        if line.startswith(".Ss ["):
            section = line[5:-1]
        elif line.startswith(".It Ic "):
            key = line[7:]
        elif line == "Read when the service starts.":
            found.append(section + "." + key)
    text = open(os.path.join(TOP, "docs/service.md")).read().split("<!-- at_start -->")[1].split("<!-- end -->")[0]
    say(found and re.findall(r"`([a-z0-9_.]+)`", text) == found, "docs/service.md lists the options that need a restart", found)


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
    first, status, log = s.reload(hooked.replace("[lookup]", "[lookup]\nresolver2 = 127.0.0.1@9") + "\n[limits]\nmax_ratio = 150\n")
    say("needs_restart=lookup.resolver2 " in log.replace("\n", " ") and "limits" not in log, "what needs a restart is named", log)

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
    s.told.close()  # nobody reads it from here on
    by_command(lab, s, hooked)
    say(lab.end(s.p) == 0, "it ends cleanly")


def post(lab, path):
    c = http.client.HTTPSConnection("localhost", lab.port("ap2"), timeout=10, context=ssl.create_default_context(cafile=lab.net + "/pki/tlsca.pem"))
    c.request("POST", path, "x", {"Content-Type": "application/soap+xml"})
    return c.getresponse().status


def by_command(lab, s, conf):
    """aviso reload: the same, and the answer comes back."""
    write = lambda text: open(lab.conf(2), "w").write(text)
    write(conf + "\n[limits]\nsendrs = 3\n")
    r = lab.ap(2, "reload")
    say(r.returncode == 78 and "config.unknown-key" in r.stderr, "aviso reload: a bad configuration is refused", (r.returncode, r.stderr))
    write(conf.replace("[listen]", "[listen]\npath = /other") + "\n[limits]\nmax_connections = 9\n")
    r = lab.ap(2, "reload")
    say(r.returncode == 0 and "limits.max_connections has changed" in r.stdout, "... a good one is taken, and it says what is not", r.stdout + r.stderr)
    say((post(lab, "/other"), post(lab, "/as4")) == (400, 404), "... the path is another", (post(lab, "/other"), post(lab, "/as4")))
    write(conf)
    r = lab.ap(2, "reload", "--json")
    say(r.returncode == 0 and json.loads(r.stdout)["needs_restart"] == [] and post(lab, "/as4") == 400, "... and back", r.stdout)

    open(lab.dir + "/told", "w").close()
    open(lab.dir + "/tell", "w").write(f"#!/bin/sh\ncat >>'{lab.dir}/told'\n")
    os.chmod(lab.dir + "/tell", 0o755)
    write(conf + f"\n[alarm]\ncommand = {lab.dir}/tell\npause = 0s\n[retry]\ndeliver_by = 1s\nfirst = 1s\nmax = 1s\n")
    r = lab.ap(2, "reload")
    lab.ap(2, "send", lab.invoice("RL-20"), "--from", BUYER, "--to", SUPPLIER, "--wait=0s")
    say(until(lambda: "RL-20" in open(lab.dir + "/told").read(), 15), "retry.deliver_by and alarm.command count at once", open(s.p.log).read()[-300:])
    anchors(lab, s, conf)
    r = lab.ap(1, "reload")
    say(r.returncode == 78 and "service.none" in r.stderr, "aviso reload without a service says so", (r.returncode, r.stderr))


def other_smp_ca(lab, folder):
    """Another authority for SMPs under the same root."""
    pki = lab.net + "/pki"
    open(pki + "/smp2.ext", "w").write("[v]\nbasicConstraints=critical,CA:TRUE\nkeyUsage=keyCertSign,cRLSign\n")
    for args in (("req", "-new", "-newkey", "rsa:2048", "-nodes", "-keyout", "smp2.key", "-subj", "/C=BE/CN=another SMP CA", "-out", "smp2.csr"),
                 ("x509", "-req", "-in", "smp2.csr", "-CA", "root.pem", "-CAkey", "root.key", "-CAcreateserial", "-days", "90", "-sha256",
                  "-extfile", "smp2.ext", "-extensions", "v", "-out", folder + "/smp-ca.pem")):
        subprocess.run(["openssl", *args], cwd=pki, check=True, capture_output=True)


def anchors(lab, s, conf):
    """The trust anchors are read anew: whom we trust changes without a restart."""
    line = [l for l in conf.splitlines() if l.startswith("anchor_dir")][0]
    good, bad = line.split("=", 1)[1].strip(), lab.dir + "/anchors"
    conf += "\n[lookup]\ncache = 0s\nlast_known_good = 0s\n[retry]\nfirst = 1s\nmax = 1s\n"

    def send(number):
        lab.ap(2, "send", lab.invoice(number), "--from", BUYER, "--to", SUPPLIER, "--wait=0s")
        found = lambda: [d for d in lab.json(2, "status", number) if d.get("error")]
        return (until(found, 15) or [{"error": {"what": "none"}}])[0]["error"]["what"]

    shutil.copytree(good, bad)
    other_smp_ca(lab, bad)
    open(lab.conf(2), "w").write(conf.replace(line, "anchor_dir = " + bad))
    r = lab.ap(2, "reload")
    what = send("RL-30")
    say(r.returncode == 0 and what == "smp.untrusted", "other anchors count at once", (r.stdout + r.stderr, what))
    shutil.copy(bad + "/smp-ca.pem", bad + "/ap-ca.pem")
    r = lab.ap(2, "reload")
    say(r.returncode != 0 and "pki.anchor" in r.stderr, "... those that are not whole are refused", r.stderr)
    shutil.copy(good + "/smp-ca.pem", bad)
    r = lab.ap(2, "reload")
    say(r.returncode != 0 and "cert.untrusted" in r.stderr, "... and those that our own certificate does not chain to", r.stderr)
    open(lab.conf(2), "w").write(conf)
    r = lab.ap(2, "reload")
    what = send("RL-31")
    say(r.returncode == 0 and what.startswith("http."), "... the right ones again", (r.stdout + r.stderr, what))


documented()
with Lab() as the_lab:
    main(the_lab)
done()
