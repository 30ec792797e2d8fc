#!/usr/bin/env python3
"""What a new operator tries first: empty lists, stray words, numbers that are none, and terms taken back."""
import os, sys
sys.path.insert(0, os.path.join(os.environ.get("TOP", "."), "tests/support"))
from lab import *


def submissions(lab):
    """What is handed in twice, by mistake or by a retry of ours: told, with the id of the one before."""
    lab.stop_ap2()
    first = lab.invoice("OP-1")
    one = lab.json(1, "send", first, "--key", "k1", "--deliver-by", "2h")[0]
    say(one["existed"] is False and one["twin"] is None, "the first of its kind: neither there before nor a twin", one)
    two = lab.json(1, "send", first, "--key", "k1", "--deliver-by", "9h")[0]
    say(two["existed"] is True and two["id"] == one["id"] and two["deliver_by"] == one["deliver_by"], "the same key: the same document with its own deadline", two)
    text = lab.ap(1, "send", first, "--key", "k1", "--deliver-by", "9h").stdout
    shown = re.search(r"deliver by (\S+ \S+)", text).group(1)
    say("known" in text and "accepted" not in text, "... which is known, not accepted", text)
    say(shown == one["deliver_by"][:19].replace("T", " ") and "submitted before" in text, "... as the text says", (shown, one["deliver_by"]))
    r = lab.ap(1, "send", lab.invoice("OP-2"), "--key", "k1")
    say(r.returncode == 1, "the same key with another document is refused", r.returncode)
    say("store.key-conflict" in r.stderr and one["id"] in r.stderr, "... by the id that has it", r.stderr)
    other = lab.invoice("OP-1", lambda s: s.replace("Example", "Another"))
    twin = lab.json(1, "send", other)[0]
    say(twin["twin"] == "other-bytes" and twin["twin_of"] == one["id"], "supplier, number and date again: said, and which", twin)
    r = lab.ap(1, "send", other)
    say("the same bytes: " + twin["id"] in r.stderr, "... to people as well", r.stderr)
    for policy in (["--refuse-twin"], ["--set", "validate.twin=refuse"]):
        r = lab.ap(1, "send", other, *policy)
        say("store.twin" in r.stderr and "aviso status " in r.stderr and r.returncode == 1, f"{policy[-1]}: refused, and what to look at", (r.returncode, r.stderr))
    r = lab.ap(1, "queue", "hold", "OP-1")
    say(r.returncode == 65 and "status.ambiguous" in r.stderr and "aviso status OP-1" in r.stderr, "a name of several: what to give instead", r.stderr)
    r = subprocess.run(f"'{AVISO}' send --config {lab.conf(1)} <(cat {lab.invoice('OP-PIPE')})", shell=True, executable="/bin/bash", capture_output=True, text=True)
    say(r.returncode == 0 and "accepted" in r.stdout, "a pipe is read like a file", r.stdout + r.stderr)
    folder = os.open(lab.dir, os.O_RDONLY)
    r = subprocess.run([AVISO, "send", "-", "--config", lab.conf(1)], stdin=folder, capture_output=True, text=True)
    os.close(folder)
    say(r.returncode == 66 and "io.unreadable" in r.stderr, "standard input that cannot be read is no document", r.stderr)
    r = lab.ap(1, "send", lab.dir)
    say(r.returncode == 65 and "no file" in r.stderr, "a folder is no file", r.stderr)
    lab.ap(1, "send", lab.invoice("OP-3"), "--key", "k3")
    lab.ap(1, "queue", "cancel", "OP-3", "--yes")
    r = lab.ap(1, "send", lab.invoice("OP-3"), "--key", "k3")
    say(r.returncode == 1 and "accepted" not in r.stdout and "known" in r.stdout and "another key" in r.stderr, "the key of a cancelled one: known, not accepted, and what to do", r.stdout + r.stderr)
    say(lab.ap(1, "send", first, "--deliver-by", "0s").returncode == 64, "a deadline of now is wrong usage")
    e = one.get("error") or lab.json(1, "status", one["id"])[0]["error"]
    say(e["who"] == "POP000002", "nobody at the other side: whose it is", e)


def lists(lab):
    n = len(lab.json(1, "list"))
    for p in (BUYER, "iso6523-actorid-upis::" + BUYER):
        say(len(lab.json(1, "list", "--partner", p)) == n > 3, f"list --partner {p}: those for it", n)
    say(lab.json(1, "list", "--partner", "0208:0123456749") == [], "... none for another")
    for words in ("--partner foo", "--partner POP000002", "--limit 5x", "--limit 0"):
        r = lab.ap(1, "list", *words.split())
        say(r.returncode in (64, 65) and not r.stdout, f"list {words}: wrong, and nothing listed", (r.returncode, r.stdout))


def configuration(lab):
    """What a start refuses, and what would stop everything in silence, config check refuses before."""
    say(lab.ap(1, "config", "check").returncode == 0, "config check: a good configuration is good")
    for option in ("retry.horizon=0s", "retry.window=0", "limits.senders=0", "limits.senders=300", "limits.max_connections=0", "canary.every=0s",
                   "heartbeat.url=monitor", "alarm.webhook=ftp://x", "alarm.command=/none", "alarm.webhook_secret_file=/none", "deliver.route=none",
                   "deliver.routes_file=/none", "canary.to=" + SUPPLIER, "retry.first=90m", "store.spool=spool"):
        r = lab.ap(1, "config", "check", "--set", option)
        say(r.returncode in (66, 78) and not r.stdout and "next" in r.stderr, f"config check: {option} is refused", (r.returncode, r.stdout, r.stderr))


with Lab() as lab:
    configuration(lab)
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
    submissions(lab)
    lists(lab)
    r = lab.ap(1, "partner", "show", "POP000002")
    say(r.returncode == 0 and "as configured" in r.stdout, "a partner without terms says so", r.stdout + r.stderr)
done()
