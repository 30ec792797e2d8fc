#!/usr/bin/env python3
"""The unit lets a service of an unprivileged user listen on the port that Peppol asks for, and nothing it starts has that right."""
import os, sys, tempfile
sys.path.insert(0, os.path.join(os.environ.get("TOP", "."), "tests/support"))
from lab import *

NOBODY = 65534
unit = open(os.path.join(TOP, "packaging/systemd/aviso.service")).read()
granted = re.search(r"^AmbientCapabilities=(.*)$", unit, re.M).group(1).split()
bound = re.search(r"^CapabilityBoundingSet=(.*)$", unit, re.M).group(1).split()
if os.geteuid() != 0 or not shutil.which("setpriv"):
    print("a user other than root cannot be taken on here")
    sys.exit(77)
say(granted == bound == ["CAP_NET_BIND_SERVICE"], "the unit grants one capability and no more", (granted, bound))


def low_port():
    """A free one below those that everybody may take."""
    for port in range(int(open("/proc/sys/net/ipv4/ip_unprivileged_port_start").read()) - 1, 500, -1):
        with socket.socket() as s:
            try:
                s.bind(("127.0.0.1", port))
                return port
            except OSError:
                pass
    return 0


def as_nobody(caps):
    names = ",".join("+" + c.lower().removeprefix("cap_") for c in caps)
    set_ = lambda what: [f"--{what}=-all" + ("," + names if names else "")]
    return ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "--no-new-privs", *set_("bounding-set"), *set_("inh-caps"), *set_("ambient-caps")]


def may_pass(path):
    """Every folder above is open to all: mkdtemp's is not."""
    while path != "/":
        os.chmod(path, os.stat(path).st_mode | 0o055) if path.startswith(tempfile.gettempdir() + "/") else None
        path = os.path.dirname(path)


def main(lab, port):
    lab.stop_ap2()
    for folder, dirs, files in os.walk(lab.dir):
        [os.chown(os.path.join(folder, n), NOBODY, NOBODY) for n in dirs + files]
    os.chown(lab.dir, NOBODY, NOBODY)
    may_pass(lab.net)
    seen, taker = os.path.join(lab.dir, "caps"), os.path.join(lab.dir, "take")
    open(taker, "w").write(f"#!/bin/sh\ngrep ^Cap /proc/self/status >{seen}.new && mv {seen}.new {seen}\n")
    os.chmod(taker, 0o755)
    open(lab.dir + "/routes", "w").write(f"[take]\nkind = command\ncommand = {taker}\n")
    how = ["serve", "--config", lab.conf(2), "--set", f"listen.as4=127.0.0.1:{port}", "--set", f"deliver.routes_file={lab.dir}/routes", "--set", "deliver.route=take"]
    r = subprocess.run([*as_nobody([]), AVISO, *how], capture_output=True, text=True, timeout=60)
    say(r.returncode == 78 and "listen.bind" in r.stderr and "CAP_NET_BIND_SERVICE" in r.stderr, "without it the port is refused, and the way told", (r.returncode, r.stderr))
    log = os.path.join(lab.dir, "nobody.log")
    p = subprocess.Popen([*as_nobody(granted), AVISO, *how], stdout=open(log, "w"), stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
    lab.services.append(p)
    say(until(lambda: "ready " in open(log).read() or p.poll() is not None) and p.poll() is None, "with it the service listens there", open(log).read()[-400:])
    lab.register(BUYER, f"https://localhost:{port}/as4")
    r = lab.ap(1, "send", lab.invoice("PORT-1"), "--wait=20s", "--set", "lookup.cache=0s")
    say(r.returncode == 0 and "receipted" in r.stdout, "and receives", r.stdout + r.stderr)
    say(until(lambda: os.path.exists(seen), 20), "what it received is handed to a command", open(log).read()[-400:])
    caps = dict(l.split(":\t") for l in open(seen).read().split("\n") if l) if os.path.exists(seen) else {}
    say([int(caps.get(k, "1"), 16) for k in ("CapEff", "CapPrm", "CapAmb")] == [0, 0, 0], "... which has no capability", caps)


with Lab() as the_lab:
    if not os.access(AVISO, os.X_OK) or not (found := low_port()):
        print("skip a low port: none is free")
    else:
        main(the_lab, found)
done()
