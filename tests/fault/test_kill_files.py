#!/usr/bin/env python3
"""Killed while a file is replaced (K14: reports, pages, exports; K15: a step of our keys): the file is the old one or the
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


def whole_keys(folder):
    """What is in the folder of the keys and should not be: halves, a key without its certificate, one that is retired."""
    names = set(os.listdir(folder)) - {"lock", "active"}
    odd = [n for n in names if not re.fullmatch(r"[0-9a-f]+\.(key|pem|retired)", n)]
    for n in names - set(odd):
        serial, kind = n.split(".")
        text = subprocess.run(["openssl", "pkey" if kind == "key" else "x509", "-in", f"{folder}/{n}", "-noout"], capture_output=True)
        if kind != "retired" and (text.returncode or f"{serial}.retired" in names or {f"{serial}.key", f"{serial}.pem"} - names):
            odd.append(n)
    return odd


def step(lab, name, before, after, *command):
    """Killed at each file operation of a step: the keys are those before it or after it, and the step can be done again;
    then nothing of the killed one is left."""
    folder, kills, bad = lab.net + "/ap1/spool/keys", 0, []
    keys = lambda: {k["serial"]: k["state"] for k in lab.json(1, "keys", "list")}
    for point in POINTS:
        hit = met = 1
        while met:
            before()
            old = keys()
            met = killed(point, hit, "keys", *command, "--config", lab.conf(1))
            now = keys()
            r = lab.ap(1, "keys", *command)
            new, kills = keys(), kills + met
            if now not in (old, new) or not after(new) or (r.returncode and now != new):
                bad.append(f"{point} {hit}: {now}, then {new} {r.stderr}")
            lab.ap(1, "keys", "activate", next(iter(new)))  # any other step
            if whole_keys(folder):
                bad.append(f"{point} {hit}: left {whole_keys(folder)}")
            hit += 1
    say(kills >= 3 and not bad, f"K15 killed while a key is {name}: the keys before it or after it, and no half of one", f"{kills} kills, {bad[:3]}")


def key(lab):
    pki, folder = lab.net + "/pki", lab.net + "/ap1/spool/keys"
    take = ("import", f"{pki}/ap1next.pem", "--key", f"{pki}/ap1next.key")
    clean = lambda: shutil.rmtree(folder, ignore_errors=True)
    imported = lambda: (clean(), lab.ap(1, "keys", *take))
    imported()
    ours, new = [k["serial"] for k in lab.json(1, "keys", "list")]
    step(lab, "imported", clean, lambda k: k == {ours: "signs", new: "decrypts"}, *take)
    step(lab, "retired", imported, lambda k: k == {ours: "signs"}, "retire", new)
    step(lab, "activated", imported, lambda k: k == {new: "signs", ours: "decrypts"}, "activate", new)
    imported()
    lab.ap(1, "keys", "activate", new)
    say(lab.ap(1, "send", lab.invoice("AFTER"), "--wait=20s").returncode == 0, "K15 ... and documents go out")


with Lab() as lab:
    files(lab)
    key(lab)
done()
