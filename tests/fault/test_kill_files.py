#!/usr/bin/env python3
"""Killed while a file is replaced (K14: reports, pages, exports; K15: the key that signs): the file is the old one or the
new one, never half, and what was killed can be done again. The journal's own compaction: tests/fault/fault_power.c."""
import os, subprocess, sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../support"))
from lab import *

FAULT = os.environ.get("AVISO_FAULT_BUILD", "")
POINTS = ("base.write", "base.fsync", "base.replace_before_rename", "base.rename")
if not os.path.exists(FAULT):
    print("no program with fault points")
    sys.exit(77)


def killed(point, hit, *args):
    """True when the program was killed there."""
    r = subprocess.run([FAULT, *args], capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL,
                       env={**os.environ, "AVISO_FAULT": f"{point}=kill@{hit}!"})
    return r.returncode == -9


def read(path):
    return open(path, "rb").read() if os.path.exists(path) else None


def replaced(name, path, change, *command):
    """The command writes `path`; change(i) gives it other content to write each time."""
    kills, bad = 0, []
    change(0)
    run(*command)
    for i, (point, hit) in enumerate((p, h) for p in POINTS for h in (1, 2)):
        old = read(path)
        change(i + 1)
        kills += killed(point, hit, *command)
        now = read(path)
        run(*command)
        new = read(path)
        if not old or new == old or now not in (old, new):
            bad.append(f"{point} {hit}")
    say(kills >= 3 and not bad, f"K14 {name} killed while it writes its file: old or new", f"{kills} kills, {bad}")


def files(lab):
    source, folder = lab.dir + "/source.xml", lab.dir + "/reports"
    os.makedirs(folder)

    def change(i):
        with open(source, "w") as f:
            f.write(open(INVOICE).read().replace("INV-1042", f"FILE-{i}"))

    def broken(i):
        with open(source, "w") as f:
            f.write("\n" * i + "<broken")

    replaced("a page", lab.dir + "/page.html", change, "render", source, "-o", lab.dir + "/page.html")
    replaced("a report", folder + "/source.xml.json", broken, "validate", source, "--format", "json", "-o", folder)


def signs(lab):
    return [k["serial"] for k in lab.json(1, "keys", "list") if k["state"] == "signs"]


def key(lab):
    pki = lab.net + "/pki"
    r = lab.ap(1, "keys", "import", f"{pki}/ap1next.pem", "--key", f"{pki}/ap1next.key")
    serials = sorted(k["serial"] for k in lab.json(1, "keys", "list"))
    before, kills, bad = signs(lab), 0, []
    for point in POINTS:
        for hit in (1, 2):
            target = [s for s in serials if [s] != signs(lab)][0]
            old = signs(lab)
            kills += killed(point, hit, "keys", "activate", target, "--config", lab.conf(1))
            if signs(lab) not in (old, [target]):
                bad.append(f"{point} {hit}: {signs(lab)}")
            lab.ap(1, "keys", "activate", target)
            if signs(lab) != [target]:
                bad.append(f"{point} {hit}: cannot be done again")
    say(len(serials) == 2 and kills >= 3 and not bad, "K15 killed while a key is activated: one key signs, the old one or the new one", f"{r.stderr} {kills} kills, {bad}")
    say(lab.ap(1, "send", lab.invoice("AFTER"), "--wait=20s").returncode == 0, "K15 ... and documents go out")


with Lab() as lab:
    files(lab)
    key(lab)
done()
