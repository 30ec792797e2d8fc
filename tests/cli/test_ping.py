#!/usr/bin/env python3
"""A ping passes all that a document passes, and leaves nothing behind."""
import os, sys
sys.path.insert(0, os.path.join(os.environ.get("TOP", "."), "tests/support"))
from lab import *
import sqlite3


def rows(lab):
    db = sqlite3.connect(f"file:{lab.net}/ap2/spool/aviso.db?mode=ro", uri=True)
    try:
        return sum(db.execute(f"SELECT count(*) FROM {t}").fetchone()[0] for t in ("inbound", "in_message", "blob"))
    finally:
        db.close()


with Lab() as lab:
    r = lab.ap(1, "as4", "ping", BUYER)
    say(r.returncode == 0 and "POP000002 answers" in r.stdout and "verified receipt" in r.stdout, "a ping is answered", r.stdout + r.stderr)
    r = lab.json(1, "as4", "ping", BUYER)
    say(r[0]["access_point"] == "POP000002" and r[0]["ms"] >= 0, "as JSON too", r)
    say(rows(lab) == 0 and not os.listdir(lab.net + "/ap2/inbox"), "nothing is delivered, nothing is stored")
    r = lab.ap(1, "as4", "ping", "0208:0999999922")
    say(r.returncode == 1 and "not-registered" in r.stderr, "nobody there: not registered", (r.returncode, r.stderr))
    r = lab.ap(1, "as4", "ping")
    say(r.returncode == 64, "no participant is a usage error")
    lab.stop_ap2()
    r = lab.ap(1, "as4", "ping", BUYER, "--wait=3s")
    say(r.returncode == 69 and "http.connect" in r.stderr and "ping again" in r.stderr, "a dead peer is unreachable, and nothing says that it is tried again", (r.returncode, r.stderr))
    r = lab.ap(1, "as4", "ping", BUYER, "--wait=soon")
    say(r.returncode == 64 and "--wait soon" in r.stderr, "a time that is none is a usage error", r.stderr)
    path = lab.net + "/registry.tsv"
    text = open(path).read()
    open(path, "w").write(text.replace("/ap2.pem", "/ap1next.pem"))  # published, but not theirs
    lab.serve(2)
    r = lab.ap(1, "as4", "ping", BUYER)
    say(r.returncode != 0 and "as4.peer-error" in r.stderr, "a wrong certificate in the SMP is found", (r.returncode, r.stderr))
done()
