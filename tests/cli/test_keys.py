#!/usr/bin/env python3
"""A new key takes over from the old one while messages keep coming: encrypted to the one, then to the other. None is lost."""
import os, sys
sys.path.insert(0, os.path.join(os.environ.get("TOP", "."), "tests/support"))
from lab import *
import sqlite3, threading


def serial(lab, name):
    r = subprocess.run(["openssl", "x509", "-in", f"{lab.net}/pki/{name}.pem", "-noout", "-serial"], capture_output=True, text=True)
    return r.stdout.strip().split("=")[1].lower()


def keys(lab):
    return {k["serial"]: k["state"] for k in lab.json(1, "keys", "list")}


def publish(lab, name):
    """In the SMP: the registry of the testnet, read anew for each question."""
    path = lab.net + "/registry.tsv"
    lines = [re.sub(r"[^/]*\.pem$", name + ".pem", l) if SUPPLIER in l else l for l in open(path).read().splitlines()]
    open(path + ".new", "w").write("\n".join(lines) + "\n")
    os.rename(path + ".new", path)


def p12(lab, name, *how):
    out = f"{lab.dir}/{name}.p12"
    r = subprocess.run(["openssl", "pkcs12", "-export", *how, "-inkey", f"{lab.net}/pki/{name}.key", "-in", f"{lab.net}/pki/{name}.pem",
                        "-passout", "pass:secret", "-out", out], capture_output=True, text=True)
    if r.returncode:
        raise SystemExit(r.stderr)
    return out


def half(lab, file):
    out = lab.dir + "/half.p12"
    open(out, "wb").write(open(file, "rb").read()[:1000])
    return out


def shapes(lab, secret):
    """What portals give: the chain beside it in either order, a password on the key; all are the same key, and it stays one."""
    pki, new = lab.net + "/pki/", serial(lab, "ap1next")
    read = lambda *names: "".join(open(pki + n).read() for n in names)
    write = lambda name, text: open(lab.dir + "/" + name, "w").write(text) and lab.dir + "/" + name
    subprocess.run(["openssl", "pkcs8", "-topk8", "-in", pki + "ap1next.key", "-passout", "pass:secret", "-out", lab.dir + "/locked.key"], check=True, capture_output=True)
    for name, args in (("the authority first", (write("a.pem", read("apca.pem", "ap1next.pem", "ap1next.key")),)),
                       ("the key first, then the chain", (write("b.pem", read("ap1next.key", "ap1next.chain.pem")),)),
                       ("a PKCS#12 file with its chain", (p12(lab, "ap1next", "-certfile", pki + "ap1next.chain.pem"), "--password-file", secret)),
                       ("a key with a password", (pki + "ap1next.pem", "--key", lab.dir + "/locked.key", "--password-file", secret))):
        r = lab.ap(1, "keys", "import", *args)
        say(r.returncode == 0 and sorted(keys(lab).values()) == ["decrypts", "signs"] and new in r.stdout, "imported: " + name, (r.stdout, r.stderr))
    say(r.stdout.startswith(f"known {new}") and "it was here, and decrypts" in r.stdout, "a second import says so", r.stdout)
    r = lab.ap(1, "keys", "import", pki + "ap1.pem", "--key", pki + "ap1.key")
    say("and signs" in r.stdout and "next: nothing" in r.stdout, "... also of the one that signs", r.stdout)
    shown = ":".join(new.upper()[i:i + 2] for i in range(0, len(new), 2))
    for name in (new.upper(), shown):
        r = lab.ap(1, "keys", "activate", name)
        say(r.returncode == 0 and keys(lab)[new] == "signs", f"a serial number as openssl shows it: {name[:9]}…", r.stderr)
        lab.ap(1, "keys", "activate", serial(lab, "ap1"))
    r = lab.ap(1, "keys", "retire", shown)
    say(r.returncode == 0 and list(keys(lab)) == [serial(lab, "ap1")], "retired by it as well", r.stderr)


def refusals(lab):
    secret = lab.dir + "/secret"
    open(secret, "w").write("secret\n")
    file = p12(lab, "ap1next")
    for name, args, code, what in (
            ("no file", (), 64, ""),
            ("a file that is not there", ("/nonexistent",), 66, "io.missing"),
            ("no password", (file,), 65, "key.password"),
            ("another seat", (p12(lab, "ap2"), "--password-file", secret), 65, "key.seat"),
            ("another authority", (p12(lab, "rogue"), "--password-file", secret), 1, "cert.untrusted"),
            ("an expired certificate", (p12(lab, "expired"), "--password-file", secret), 1, "cert.expired"),
            ("a certificate of an SMP", (p12(lab, "smp1"), "--password-file", secret), 1, "cert.wrong-role"),
            ("a key alone", (lab.net + "/pki/ap1next.key",), 65, "there is no certificate"),
            ("a wrong password", (file, "--password-file", "/dev/null"), 65, "key.password"),
            ("half a PKCS#12 file", (half(lab, file), "--password-file", secret), 78, "key.unreadable"),
            ("a certificate alone", (lab.net + "/pki/ap1next.pem",), 78, "key.unreadable"),
            ("a key of another certificate", (lab.net + "/pki/ap1next.pem", "--key", lab.net + "/pki/ap2.key"), 78, "key.mismatch")):
        r = lab.ap(1, "keys", "import", *args)
        say(r.returncode == code and what in r.stderr, "import refuses " + name, (r.returncode, r.stderr))
    shapes(lab, secret)
    r = lab.ap(1, "keys", "activate", "00ff")
    say(r.returncode == 78 and "key.none" in r.stderr and len(keys(lab)) == 1, "activate refuses what is not there", (r.returncode, r.stderr))
    return file, secret


class Traffic(threading.Thread):
    def __init__(self, lab):
        super().__init__()
        self.lab, self.n, self.bad, self.on = lab, 0, [], True

    def run(self):
        while self.on:
            self.n += 1
            number = f"KEY-{self.n}"
            turned = lambda s: s.replace(SUPPLIER[5:], "@").replace(BUYER[5:], SUPPLIER[5:]).replace("@", BUYER[5:])
            r = self.lab.ap(2, "send", self.lab.invoice(number), "--wait=0s", "--from", BUYER, "--to", SUPPLIER, "--json", "--quiet")
            if r.returncode not in (0, 75):
                self.bad.append((number, r.returncode, r.stdout[-200:], r.stderr[-200:]))
            time.sleep(0.1)


#= PEPPOL-PKI 3 "another certificate of the same seat"
def take_over(lab, file, secret):
    old, new = serial(lab, "ap1"), serial(lab, "ap1next")
    lab.stop_ap2()
    lab.serve(2, "--set", "retry.first=1s", "--set", "retry.max=2s", "--set", "lookup.cache=5s")
    ap1 = lab.serve(1)
    sent = Traffic(lab)
    sent.start()

    time.sleep(2)
    r = lab.ap(1, "keys", "import", file, "--password-file", secret)
    say(r.returncode == 0 and keys(lab) == {old: "signs", new: "decrypts"} and "decrypts with it now" in r.stdout, "imported while the service runs: it decrypts with it at once", r.stdout + r.stderr)
    publish(lab, "ap1next")
    time.sleep(4)  # some still look into their caches
    r = lab.ap(1, "keys", "retire", old)
    say(r.returncode == 65 and "key.active" in r.stderr, "the one that signs cannot be retired", r.stderr)
    r = lab.ap(1, "keys", "activate", new)
    say(r.returncode == 0 and keys(lab) == {new: "signs", old: "decrypts"} and "signs with this key now" in r.stdout, "activated", r.stdout + r.stderr)
    time.sleep(5)  # the caches of all are over
    r = lab.ap(1, "keys", "retire", old)
    say(r.returncode == 0 and keys(lab) == {new: "signs"} and "has forgotten" in r.stdout, "retired", r.stdout + r.stderr)
    say(until(lambda: len(key_processes(ap1.pid)) == 1, 10), "the key process of the old one ends", key_processes(ap1.pid))
    time.sleep(2)
    sent.on = False
    sent.join()
    say(not sent.bad and sent.n > 20, f"all {sent.n} documents were accepted for sending", sent.bad[:2])
    states = lambda: [d["state"] for d in lab.json(2, "list", "--limit", "10000")]
    until(lambda: set(states()) == {"RECEIPTED"}, 30)
    say(states() == ["RECEIPTED"] * sent.n, "every one is proven", states())
    say(lab.end(ap1) == 0 and "drain.cut" not in open(ap1.log).read(), "one process served it all, and ends cleanly")

    db = sqlite3.connect(f"file:{lab.net}/ap1/spool/aviso.db?mode=ro", uri=True)
    got = db.execute("SELECT invoice, count(*) FROM inbound GROUP BY invoice").fetchall()
    say(len(got) == sent.n and all(n == 1 for _, n in got), "each arrived once", (len(got), sent.n))
    db.close()
    db = sqlite3.connect(f"file:{lab.net}/ap2/spool/aviso.db?mode=ro", uri=True)
    pairs = set(db.execute("SELECT m.peer_serial, p.signer_serial FROM message m JOIN proof p ON p.message=m.n"))
    say({(old, old), (new, new)} <= {(a.lower(), b.lower()) for a, b in pairs}, "encrypted to the old, then to the new; signed by the old, then by the new", pairs)
    db.close()


def ran_out(lab, secret):
    """P2 Our certificate has ended: the queue waits, spends no attempt, and goes out with the next key."""
    pair = [f"--set=ap.{what}_file={lab.net}/pki/expired.{end}" for what, end in (("key", "key"), ("cert", "pem"))]
    ap1 = lab.serve(1, *pair, "--set", "retry.first=1s", "--set", "retry.max=1s")
    say("own-certificate" in open(ap1.log).read() and "cert.expired" in open(ap1.log).read(), "a service starts with a certificate that has ended, and says so")
    lab.ap(1, "send", lab.invoice("OUT-1"), "--wait=0s", *pair)
    shown = lambda: lab.json(1, "status", "OUT-1")[0]
    say(until(lambda: (shown().get("error") or {}).get("what") == "key.expired") and shown()["attempts_total"] == 0, "P2 what is sent waits, without an attempt", shown())
    r = lab.ap(1, "keys", "import", p12(lab, "ap1"), "--password-file", secret, *pair)
    say(r.returncode == 0, "the next key is imported", r.stderr)
    r = lab.ap(1, "keys", "activate", serial(lab, "ap1"), *pair)
    say(r.returncode == 0 and until(lambda: shown()["state"] == "RECEIPTED"), "P2 activated, it is signed with the new key and proven", (r.stderr, shown()))
    lab.end(ap1)
    shutil.rmtree(lab.net + "/ap1/spool/keys")


def process_gone(lab):
    """P10 The key process has ended: nothing is signed, an alarm tells; a reload starts another."""
    ap1 = lab.serve(1, "--set", "retry.first=1s", "--set", "retry.max=1s")
    shown = lambda: lab.json(1, "status", "GONE-1")[0]
    told = lambda: [a for a in lab.json(1, "alarms") if a["kind"] == "key"]
    say(until(lambda: len(key_processes(ap1.pid)) == 1) and not told(), "a key process, and no alarm")
    os.kill(key_processes(ap1.pid)[0], signal.SIGKILL)
    lab.ap(1, "send", lab.invoice("GONE-1"), "--wait=0s")
    say(until(lambda: (shown().get("error") or {}).get("what") == "key.unavailable") and shown()["attempts_total"] == 0, "P10 the key process is gone: what is sent waits, without an attempt", shown())
    say(until(told, 45) and told()[0]["error"]["what"] == "key.unavailable" and "aviso reload" in told()[0]["error"]["next"], "P10 an alarm tells, and what to do", told())
    r = lab.ap(1, "reload")
    say(r.returncode == 0 and until(lambda: shown()["state"] == "RECEIPTED"), "P10 a reload starts another, and it is proven", (r.stderr, shown()))
    say(until(lambda: not told(), 10), "P10 the alarm is over", told())
    lab.end(ap1)


with Lab() as lab:
    open(lab.dir + "/secret", "w").write("secret\n")
    process_gone(lab)
    ran_out(lab, lab.dir + "/secret")
    take_over(lab, *refusals(lab))
    legacy = subprocess.run(["openssl", "list", "-providers", "-provider", "legacy"], capture_output=True).returncode == 0
    if legacy:
        say(lab.ap(1, "keys", "import", p12(lab, "ap1", "-legacy"), "--password-file", lab.dir + "/secret").returncode == 0,
            "a PKCS#12 file of an old portal (RC2, 3DES) is read")
    else:
        print("skip a PKCS#12 file of an old portal: no legacy provider")
done()
