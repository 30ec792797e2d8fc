#!/usr/bin/env python3
"""aviso doctor: what is wrong is red and says what to do; what is well is green; exit 1 when anything is red."""
import glob, os, sys
sys.path.insert(0, os.path.join(os.environ.get("TOP", "."), "tests/support"))
from lab import *

FAULT = os.environ.get("AVISO_FAULT_BUILD", "")


def checks(r, check):
    return [(c["verdict"], c["text"], c["next"]) for c in json.loads(r.stdout)["checks"] if c["check"] == check]


def red(r, check, part):
    found = checks(r, check)
    return r.returncode == 1 and any(v == "red" and part in t and n for v, t, n in found), f"{r.returncode} {found}"


def green(r, check):
    found = checks(r, check)
    return found and all(v == "green" for v, _, _ in found), f"{found}"


def saying(name, found):
    say(found[0], name, found[1])


def certificate(lab, days):
    path = f"{lab.dir}/days{days}.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "/dev/null", "-out", path,
                    "-days", str(days), "-subj", f"/CN=days{days}"], check=True, capture_output=True)
    return "listen.tls_cert_file=" + path


def main(lab):
    say(run("doctor", "wat").returncode == 64, "a check that is none is wrong usage")
    say(run("doctor", "peer").returncode == 64, "a peer without URL is wrong usage")
    say(run("doctor", "spool", "x").returncode == 64, "too many words are wrong usage")
    r = run("doctor", "--json", "--set", f"store.spool={lab.dir}/none", "--set", "ap.mode=lab")
    say(r.returncode == 1 and '"red"' in r.stdout, "nothing set up: red, not a crash", r.stdout + r.stderr)

    d = lambda *a, **k: lab.ap(1, "doctor", *a, "--json", **k)
    saying("A2 no service is red", red(d("--quick"), "service", "no service"))
    service = lab.serve(1)
    lab.ap(1, "send", lab.invoice("DOC-1"), "--wait")
    r = d("--quick")
    say(r.returncode == 0 and json.loads(r.stdout)["ok"], "quick: all is well with a service", r.stdout)
    r = d()
    say(r.returncode == 0, "all checks: nothing is red in a testnet", r.stdout)
    saying("our SMP entries are compared", green(r, "smp"))
    saying("the key signs", green(r, "key"))
    say("agrees with https://localhost" in r.stdout, "the clock is compared with the SMP's", checks(r, "clock"))
    text = lab.ap(1, "doctor", "--quick").stdout
    say(text.startswith("green   service") and "0 red; mode lab" in text, "text says the same, and the mode", text)
    say("green" not in lab.ap(1, "doctor", "--quick", "--quiet").stdout, "--quiet shows only what is not green")

    # P9
    path = lab.net + "/registry.tsv"
    good = open(path).read()
    open(path, "w").write(re.sub(r"(0208:0848934496\t.*https://localhost:)\d+", r"\g<1>1", good))
    saying("P9 another URL in the SMP is red", red(d("smp"), "smp", "names the URL"))
    open(path, "w").write(re.sub(r"(0208:0848934496\t.*/)ap1\.pem", r"\g<1>ap2.pem", good))
    saying("P9 another certificate in the SMP is red", red(d("smp"), "smp", "names the certificate POP000002"))
    open(path, "w").write(re.sub(r"0208:0848934496\t.*\n", "", good))
    saying("not registered is red for one that takes documents", red(d("smp"), "dns", "not registered"))
    lab.ap(1, "participant", "add", SUPPLIER, "--country", "BE")
    found = checks(d("smp"), "dns")
    say(any(v == "yellow" and "not registered" in t for v, t, _ in found), "... and yellow for one that takes none: it only sends", found)
    open(path, "w").write(good)
    lab.ap(1, "participant", "disable", SUPPLIER)
    saying("a disabled one that the SMP still has is red", red(d("smp"), "smp", "is disabled here"))
    lab.ap(1, "participant", "disable", SUPPLIER, "--enable")
    lab.ap(1, "participant", "add", SUPPLIER, "--country", "BE", "--doctype", "invoice", "--doctype", "credit-note")
    r = d("smp", "--set", "listen.public_url=")
    found = checks(r, "smp")
    say(r.returncode == 0 and {v for v, _, _ in found} == {"yellow", "green"} and any("the certificate in the SMP is ours" in t for _, t, _ in found),
        "without our own URL the certificate is compared all the same", found)

    # P1
    #= PEPPOL-PKI 3 "our own certificate is held to the same"
    for days, verdict in ((90, "green"), (50, "yellow"), (20, "yellow"), (5, "red"), (1, "red")):
        r = d("cert", "--set", certificate(lab, days))
        found = [v for v, t, _ in checks(r, "cert") if "web" in t]
        say(found == [verdict] and r.returncode == (verdict == "red"), f"P1 a certificate of {days} days is {verdict}", r.stdout)
    saying("a certificate that is not there is red", red(d("cert", "--set", "listen.tls_cert_file=/nonexistent"), "cert", "io."))
    other = ("--set", f"ap.key_file={lab.net}/pki/ap2.key")
    saying("a key that is not the certificate's is red", red(d("cert", *other), "key", "key.mismatch"))

    # S2, S7
    saying("S2 too little space is red", red(d("--quick", "--set", "store.spool_min_free=900000G"), "spool", "MB free"))
    big = lab.invoice("DOC-BIG", lambda s: s.replace("</cbc:ID>", "</cbc:ID><!--" + os.urandom(200000).hex() + "-->", 1))
    lab.ap(1, "send", big, "--wait")
    files = glob.glob(lab.net + "/ap1/spool/payload/*")
    say(bool(files), "(a large document has a file)")
    data = open(files[0], "rb").read()
    open(files[0], "wb").write(data[:1000] + bytes([data[1000] ^ 1]) + data[1001:])
    say(d("--quick").returncode == 0, "quick does not read every byte")
    saying("S7 a flipped bit is found by doctor spool", red(d("spool"), "spool", ""))
    open(files[0], "wb").write(data)

    # peers and clocks
    url = f"https://localhost:{lab.port('ap2')}/as4"
    r = d("peer", url)
    say(r.returncode == 0 and green(r, "peer")[0] and green(r, "clock")[0], "a peer that answers, and whose clock agrees", r.stdout)
    saying("a dead peer is red", red(d("peer", "https://localhost:1/as4"), "peer", "http.connect"))
    if os.path.exists(FAULT):
        for ms, verdict, word in ((600000, "red", "ahead of"), (-600000, "red", "behind"), (90000, "yellow", "ahead of")):
            r = subprocess.run([FAULT, "doctor", "peer", url, "--json", "--config", lab.conf(1)], capture_output=True, text=True,
                               env={**os.environ, "AVISO_CLOCK_OFFSET_MS": str(ms)})
            say(any(v == verdict and word in t for v, t, _ in checks(r, "clock")), f"T4 a clock {ms} ms off is {verdict}", r.stdout + r.stderr)
    else:
        print("skip T4 a clock that is off: no program with fault points")

    lab.end(service)
    run("testnet", "down", "--dir", lab.net)
    lab.ap(1, "send", lab.invoice("DOC-2"), "--wait=1s", "--deliver-by", "1s")
    service = lab.serve(1)
    r = until(lambda: (r := d("--quick")).returncode == 1 and r, 10)
    saying("a late document is red", red(r, "late", "1 documents"))
    os.kill(service.pid, signal.SIGKILL)
    service.wait()
    saying("A2 a killed service is red", red(d("--quick"), "service", "no service"))


def expiring(lab):
    """P1 Our certificate comes nearer to its end: each step is an alarm of its own."""
    if not os.path.exists(FAULT):
        print("skip P1 alarms of a certificate: no program with fault points")
        return
    r = subprocess.run(["openssl", "x509", "-in", lab.net + "/pki/ap2.pem", "-noout", "-enddate"], capture_output=True, text=True)
    end = time.mktime(time.strptime(r.stdout.strip().split("=")[1], "%b %d %H:%M:%S %Y %Z")) - time.timezone
    for days, step in ((61, None), (59, "60 days"), (29, "30 days"), (6, "7 days"), (0.5, "1 days"), (-1, "0 days")):
        ms = int((end - days * 86400 - time.time()) * 1000)
        p = lab.serve(2, "--set", "trust.revocation=off", program=FAULT, env={**os.environ, "AVISO_CLOCK_OFFSET_MS": str(ms)})
        told = lambda: [a["subject"] for a in lab.json(2, "alarms") if a["kind"] == "certificate"]
        until(lambda: bool(told()) == bool(step) and all(t.endswith(" " + step) for t in told()), 5)
        time.sleep(0.5)
        say(len(told()) == bool(step) and all(t.endswith(" " + step) for t in told()), f"P1 {days} days before the end of our certificate: {'alarm ' + step if step else 'no alarm'}", lab.json(2, "alarms"))
        lab.end(p)


with Lab() as the_lab:
    main(the_lab)
    expiring(the_lab)
done()
