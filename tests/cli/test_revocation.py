#!/usr/bin/env python3
"""Revocation of access points as an authority does it: lists over HTTP from the testnet, `openssl ocsp` as responder."""
import os, sys
sys.path.insert(0, os.path.join(os.environ.get("TOP", "."), "tests/support"))
from lab import *
import sqlite3

OTHER = "0208:0123456749"
SOON = ("--set", "trust.revocation_refresh=1s", "--set", "lookup.cache=0s")


def authority(lab, *args):
    r = subprocess.run(["openssl", *args], cwd=lab.net + "/pki", capture_output=True, text=True)
    if r.returncode:
        raise SystemExit("openssl " + " ".join(args) + ": " + r.stderr)


def ca(lab, *args, who="apca"):
    authority(lab, "ca", "-config", f"ca/{who}/conf", "-cert", who + ".pem", "-keyfile", who + ".key", *args)


def publish(lab, days="30", who="apca"):
    ca(lab, "-gencrl", "-crldays", days, "-out", "new.pem", who=who)
    authority(lab, "crl", "-in", "new.pem", "-outform", "DER", "-out", "new.crl")
    os.rename(lab.net + "/pki/new.crl", f"{lab.net}/pki/{who}.crl")


def record(lab):
    db = sqlite3.connect(f"file:{lab.net}/ap2/spool/aviso.db?mode=ro", uri=True)
    try:
        return [by for (by,) in db.execute("SELECT not_revoked_by FROM in_message ORDER BY n")]
    finally:
        db.close()


def send(lab, number, *more):
    r = lab.ap(1, "send", lab.invoice(number), "--wait=4s", "--json", "--set", "lookup.cache=0s", "--set", "retry.first=1s", *more)
    d = json.loads(r.stdout.splitlines()[-1]) if r.stdout.strip() else {}
    return r.returncode, d.get("state"), d.get("error", {}).get("what", "")


def forget(lab, ap):
    shutil.rmtree(f"{lab.net}/ap{ap}/spool/crl", ignore_errors=True)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def good(lab):
    """The lists of the testnet: fetched ahead of need; the exchange tells what it relied on."""
    ap2 = lab.serve(2, *SOON)
    say(until(lambda: len(os.listdir(lab.net + "/ap2/spool/crl")) == 3), "the daemon fetches the lists of its own chain ahead of need, and of the SMP's")
    got = send(lab, "REV-1")
    say(got[:2] == (0, "RECEIPTED") and record(lab) == ["crl"], "a good exchange records that the CRL knew", (got, record(lab)))
    proof = lab.json(1, "status", "REV-1")[0]["proofs"]
    say([(p["kind"], p["signer"], p["not_revoked_by"]) for p in proof] == [("receipt", "POP000002", "crl")], "and so does the proof, of its signer", proof)
    lab.end(ap2)


def responder(lab):
    """No list of the access points is to be had: OCSP decides for both sides."""
    port = free_port()
    os.rename(lab.net + "/pki/apca.crl", lab.net + "/pki/hidden")
    by_ocsp = ("--set", f"lookup.connect_to=crl.testnet.aviso:80:127.0.0.1:{lab.port('crl')},ocsp.testnet.aviso:80:127.0.0.1:{port}")
    ocsp = subprocess.Popen(["openssl", "ocsp", "-port", str(port), "-index", "ca/apca/index.txt", "-CA", "apca.pem", "-rkey", "apca.key",
                             "-rsigner", "apca.pem", "-nmin", "5", "-ignore_err"], cwd=lab.net + "/pki", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        [forget(lab, ap) for ap in (1, 2)]
        ap2 = lab.serve(2, *by_ocsp)
        got = send(lab, "REV-2", *by_ocsp)
        say(got[:2] == (0, "RECEIPTED") and record(lab) == ["crl", "ocsp"], "without a CRL the OCSP responder decides", (got, record(lab)))
        lab.register(OTHER, f"https://localhost:{lab.port('ap2')}/as4", "revoked")
        r = lab.ap(1, "lookup", OTHER, "--doctype", "invoice", *by_ocsp)
        say(r.returncode == 1 and "ap-cert.revoked" in r.stderr, "... also who is revoked", (r.returncode, r.stderr))
        shown = sorted(d.get("not_revoked_by", "") for d in lab.json(2, "inbox", "list", "--all"))
        say(shown == ["crl", "ocsp"], "inbox shows it", shown)
        lab.end(ap2)
    finally:
        ocsp.terminate()
        ocsp.wait()


def nobody(lab):
    """Neither list nor responder: nothing is sent, what is received is put off, nothing is called revoked."""
    [forget(lab, ap) for ap in (1, 2)]
    ap2 = lab.serve(2)
    got = send(lab, "REV-3")
    say(got == (75, "WAITING", "ap-cert.revocation-unknown"), "unknown is not revoked: the message waits", got)
    r = lab.ap(1, "lookup", BUYER, "--doctype", "invoice")
    say(r.returncode == 69 and "ap-cert.revocation-unknown" in r.stderr, "a look-up says unreachable", (r.returncode, r.stderr))
    got = send(lab, "REV-4", "--set", "trust.revocation=off")
    log = open(ap2.log).read()
    say(got[1] == "UNKNOWN" and "cert.revocation-unknown" in log and len(record(lab)) == 2, "the receiver answers 503, stores nothing", (got, log[-400:]))
    lab.end(ap2)


def soft(lab):
    """The last good list, two seconds past its end."""
    ca(lab, "-gencrl", "-crlsec", "3", "-out", "new.pem")
    authority(lab, "crl", "-in", "new.pem", "-outform", "DER", "-out", "apca.crl")
    ap2 = lab.serve(2, "--set", "trust.revocation=soft", *SOON)
    until(lambda: "apca" in open(ap2.log).read(), 1)
    os.unlink(lab.net + "/pki/apca.crl")
    time.sleep(3)
    got = send(lab, "REV-5", "--set", "trust.revocation=off")
    say(got[:2] == (0, "RECEIPTED") and record(lab)[2:] == ["last-good"], "a soft policy takes the last good list, and says so", (got, record(lab)))
    got = send(lab, "REV-6", "--set", "trust.revocation=soft")
    say(got[2] == "ap-cert.revocation-unknown", "but nothing is sent by it", got)
    lab.end(ap2)
    os.rename(lab.net + "/pki/hidden", lab.net + "/pki/apca.crl")


def activated(lab):
    """A key that was revoked before it came: nobody has looked at it when it is put in charge, and the next round is a minute away."""
    ca(lab, "-revoke", "ap2next.pem")
    publish(lab)
    [forget(lab, ap) for ap in (1, 2)]
    ap2 = lab.serve(2)
    until(lambda: len(os.listdir(lab.net + "/ap2/spool/crl")) == 2)
    lab.ap(2, "keys", "import", lab.net + "/pki/ap2next.pem", "--key", lab.net + "/pki/ap2next.key")
    old, new = (k["serial"] for k in lab.json(2, "keys", "list"))
    n = len(record(lab))
    r = lab.ap(2, "keys", "activate", new)
    got = send(lab, "REV-11")
    http = [a["http"] for a in lab.json(1, "status", "REV-11")[0]["attempts"]]
    say(r.returncode == 0 and got[1] == "UNKNOWN" and set(http) == {503} and len(record(lab)) == n, "a revoked key, just activated, gives no receipt", (r.stderr, got, http))
    say(until(lambda: "own-certificate" in open(ap2.log).read(), 10), "and the log tells at once", open(ap2.log).read()[-300:])
    lab.ap(2, "keys", "activate", old)
    got = send(lab, "REV-12")
    say(got[:2] == (0, "RECEIPTED"), "the one before is good as ever", got)
    r = lab.ap(2, "keys", "retire", new)
    say(r.returncode == 0, "and stays alone", r.stderr)
    lab.end(ap2)


def signer(lab):
    """R1 The receiver signs its receipts with the revoked certificate, and does not know."""
    shutil.rmtree(lab.net + "/ap2/spool/keys")
    forget(lab, 1)
    pair = [f"ap.{what}_file={lab.net}/pki/{name}.{end}" for what, name, end in
            (("key", "ap2next", "key"), ("cert", "ap2next", "pem"), ("old_key", "ap2", "key"), ("old_cert", "ap2", "pem"))]
    ap2 = lab.serve(2, *(x for p in pair for x in ("--set", p)), "--set", "trust.revocation=off")
    got = send(lab, "REV-13")
    d = lab.json(1, "status", "REV-13")[0]
    say(got == (75, "UNKNOWN", "cert.revoked") and not d["proofs"] and not d["proven"], "R1 a receipt whose signer is revoked is no proof", (got, d))
    say(d["attempts"][0]["http"] == 200 and any(r["invoice"] == "REV-13" for r in lab.json(2, "list", "--inbound")), "R1 ... though it was signed well, and the document is there", d["attempts"])
    lab.end(ap2)


def own(lab):
    """Ours is revoked: what is to be sent waits, without an attempt, until another key signs."""
    ap1 = lab.serve(1, *SOON, "--set", "retry.first=1s", "--set", "retry.max=1s")
    say(until(lambda: "cert.revoked" in open(ap1.log).read()), "a service learns that its own certificate is revoked", open(ap1.log).read()[-300:])
    lab.ap(1, "send", lab.invoice("REV-9"), "--wait=0s")
    shown = lambda: lab.json(1, "status", "REV-9")[0]
    say(until(lambda: (shown().get("error") or {}).get("what") == "key.revoked") and shown()["attempts_total"] == 0, "what is sent waits, without an attempt", shown())
    say(until(lambda: "key" in {a["kind"] for a in lab.json(1, "alarms")}, 45), "an alarm tells", lab.json(1, "alarms"))
    lab.ap(1, "keys", "import", lab.net + "/pki/ap1next.pem", "--key", lab.net + "/pki/ap1next.key")
    r = lab.ap(1, "keys", "activate", lab.json(1, "keys", "list")[-1]["serial"])
    say(r.returncode == 0 and until(lambda: shown()["state"] == "RECEIPTED"), "another key signs, and it is proven", (r.stderr, shown()))
    say(until(lambda: "key" not in {a["kind"] for a in lab.json(1, "alarms")}, 45), "the alarm ends", lab.json(1, "alarms"))
    lab.end(ap1)


def take_back(lab, who):
    """What this authority has revoked is good again, which only a test may do."""
    index = f"{lab.net}/pki/ca/{who}/index.txt"
    open(index + ".new", "w").write(re.sub(r"(?m)^R\t([^\t]*)\t[^\t]*\t", r"V\t\1\t\t", open(index).read()))
    os.rename(index + ".new", index)
    publish(lab, who=who)


def above(lab):
    """Whoever vouches for the receiver: the SMP that names it, and the authority of its certificate."""
    fresh = ("--set", "lookup.cache=0s", "--set", "lookup.last_known_good=0s")
    for who, what, code, says in (("smpca", "smp1.pem", "smp.untrusted", "PSM000001"), ("root", "apca.pem", "ap-cert.revoked", "ACCESS POINT CA")):
        ca(lab, "-revoke", what, who=who)
        publish(lab, who=who)
        forget(lab, 1)
        r = lab.ap(1, "lookup", BUYER, "--doctype", "invoice", *fresh)
        say(r.returncode in (1, 76) and code in r.stderr and says in r.stderr and "is revoked" in r.stderr, f"{what} is revoked: {code}", (r.returncode, r.stderr))
        got = send(lab, "REV-" + who)
        tries = lab.json(1, "status", "REV-" + who)[0]["attempts"]
        say(got[2] == code and not [t for t in tries if t.get("http")], "... and nothing is sent", (got, tries))
        take_back(lab, who)
        forget(lab, 1)
    r = lab.ap(1, "lookup", BUYER, "--doctype", "invoice", *fresh)
    say(r.returncode == 0, "both are good again", r.stderr)


def revoked(lab):
    [forget(lab, ap) for ap in (1, 2)]
    ap2 = lab.serve(2, *SOON)
    n = len(record(lab))
    log = lambda: open(ap2.log).read()
    kept = lambda: [os.stat(e.path).st_mtime_ns for e in sorted(os.scandir(lab.net + "/ap2/spool/crl"), key=lambda e: e.name)]
    until(lambda: len(kept()) == 3)
    before = kept()
    ca(lab, "-revoke", "ap1.pem")
    publish(lab)
    until(lambda: all(a < b for a, b in zip(before, kept())), 40)
    got = send(lab, "REV-7")
    say(got == (75, "WAITING", "key.revoked"), "a command does not sign with a revoked key either", got)
    r = lab.ap(1, "as4", "ping", BUYER)
    say(r.returncode == 78 and "key.revoked" in r.stderr, "nor does a ping", (r.returncode, r.stdout, r.stderr))
    got = send(lab, "REV-7b", "--set", "trust.revocation=off")
    say(got[2] == "as4.peer-error" and "cert.revoked" in log() and len(record(lab)) == n, "a revoked signer is refused, nothing is stored", (got, log()[-300:], record(lab)))

    own(lab)
    ca(lab, "-revoke", "ap2.pem")
    publish(lab)
    forget(lab, 1)
    r = lab.ap(1, "lookup", BUYER, "--doctype", "invoice")
    say(r.returncode == 1 and "ap-cert.revoked" in r.stderr, "a look-up tells that the receiver is revoked", (r.returncode, r.stderr))
    before = log().count("message.refused")
    got = send(lab, "REV-8")
    say(got[2] == "ap-cert.revoked" and log().count("message.refused") == before, "a revoked receiver is never sent to", got)
    say(until(lambda: "own-certificate" in log(), 20), "the revoked one learns it from its own log", log()[-300:])
    n = len(record(lab))
    got = send(lab, "REV-10", "--set", "trust.revocation=off")
    http = [a["http"] for a in lab.json(1, "status", "REV-10")[0]["attempts"]]
    say(got[1] == "UNKNOWN" and set(http) == {503} and len(record(lab)) == n, "and answers 503: its receipt would be worth nothing", (got, http))
    lab.end(ap2)
    r = lab.ap(2, "doctor", "cert")
    say("is revoked" in r.stdout, "and from doctor", r.stdout)


with Lab() as lab:
    lab.stop_ap2()
    good(lab)
    responder(lab)
    nobody(lab)
    soft(lab)
    above(lab)
    activated(lab)
    signer(lab)
    revoked(lab)
done()
