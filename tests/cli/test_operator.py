#!/usr/bin/env python3
"""What a new operator tries first: empty lists, stray words, numbers that are none, and terms taken back."""
import os, sys
sys.path.insert(0, os.path.join(os.environ.get("TOP", "."), "tests/support"))
from lab import *

with Lab() as lab:
    for words in ("alarms", "queue show", "queue shape", "queue run", "partner list", "participant list", "inbox list", "list", "events",
                  "canary status", "config check"):
        r = lab.ap(1, *words.split(), "stray")
        say(r.returncode == 64 and "takes no arguments" in r.stderr and not r.stdout, f"{words}: a stray word is wrong usage", (r.returncode, r.stderr))
    for words, why in (("queue show --limit 5x", "--limit"), ("queue show --limit 0", "--limit"), ("queue show --partner POP000002", "participant"),
                       ("queue shape --by what", "--by"), ("partner set POP000002", "expected --unknown"), ("ack", "--all"),
                       ("partner set POP000002 --window 0", "--window"), ("reconcile", "--expected")):
        r = lab.ap(1, *words.split())
        say(r.returncode == 64 and why in r.stderr, f"{words}: wrong usage, and why", (r.returncode, r.stderr))
    for words, text in (("queue show", "nothing waits"), ("alarms", "no alarms"), ("partner list", "no partner has terms of its own")):
        r = lab.ap(1, *words.split())
        say(r.returncode == 0 and text in r.stdout, f"{words}: an empty list says so", r.stdout + r.stderr)
        r = lab.ap(1, *words.split(), "--json")
        say(r.returncode == 0 and r.stdout == "", f"{words} --json: no line", r.stdout)
    lab.ap(1, "partner", "set", "POP000002", "--window", "3", "--unknown", "hold")
    say("window=3" in lab.ap(1, "partner", "list").stdout, "terms are listed")
    lab.ap(1, "partner", "set", "POP000002", "--window", "default")
    say("unknown=hold" in lab.ap(1, "partner", "list").stdout, "... one taken back leaves the other")
    lab.ap(1, "partner", "set", "POP000002", "--unknown", "default")
    say(lab.json(1, "partner", "list") == [], "... both taken back: it is not listed any more", lab.json(1, "partner", "list"))
    lab.ap(1, "queue", "hold", "--partner", "POP000002")
    lab.ap(1, "queue", "release", "--partner", "POP000002")
    say(lab.json(1, "partner", "list") == [], "nor after a hold and its release")
    r = lab.ap(1, "partner", "show", "POP000002")
    say(r.returncode == 0 and "as configured" in r.stdout, "a partner without terms says so", r.stdout + r.stderr)
done()
