#!/usr/bin/env python3
"""aviso conformance run against the testnet: every case passes where all is well, and fails or is skipped where it is not."""
import json, os, re, socket, ssl, sys, threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../support"))
from rehearsal import *

def rehearse(lab, *more, ap=1):
    folder = os.path.join(lab.dir, f"rehearsal{len(os.listdir(lab.dir))}")
    r = lab.ap(ap, "conformance", "run", "--json", "--dir", folder, *more, wait=300)
    report = json.loads(r.stdout) if r.stdout.startswith("{") else {}
    say("cases" in report, "there is a report", r.stdout + r.stderr)
    return r, {"cases": [], **report}, folder


def verdicts(report):
    return {c["case"]: c["verdict"] for c in report["cases"]}


def failures_of(report):
    return [(c["case"], c["why"], [x["text"] for x in c["checks"] if not x["ok"]]) for c in report["cases"] if c["verdict"] != "passed"]


def old_endpoint(lab):
    """A server that speaks TLS 1.0 and CBC, with a certificate for another name than the address that it is called by."""
    c = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    c.minimum_version, c.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_2
    c.set_ciphers("ALL:@SECLEVEL=0")
    c.load_cert_chain(lab.net + "/pki/ap1.pem", lab.net + "/pki/ap1.key")
    server = socket.create_server(("127.0.0.1", 0))

    def run():
        while True:
            s, _ = server.accept()
            try:
                c.wrap_socket(s, server_side=True).close()
            except OSError:
                s.close()
    threading.Thread(target=run, daemon=True).start()
    return server.getsockname()[1]


def main(lab):
    r, report, _ = rehearse(lab, "--case", "tls")
    say(r.returncode == 1 and verdicts(report)["tls-protocols"] == "failed", "an endpoint that does not answer fails", r.stdout[-300:] + r.stderr)
    r, report, _ = rehearse(lab, "--case", "tls", "--set", f"listen.public_url=https://localhost:{old_endpoint(lab)}/as4")
    seen = " ".join(x["text"] for c in report["cases"] for x in c["checks"] if not x["ok"])
    say(set(verdicts(report).values()) == {"failed"}, "an endpoint of yesterday fails all three cases of TLS", verdicts(report))
    for fault in ("TLS 1.0 is spoken", "TLS 1.1 is spoken", "static RSA) are taken", "SHA-1 are taken", "authority", "is for localhost"):
        say(fault in seen, f"and is told: {fault}", seen)
    r = run("conformance", "run", "--case", "tls", "--dir", lab.dir + "/bare", "--set", "listen.public_url=https://localhost:1/as4")
    say(r.returncode == 1 and "0 passed, 3 failed" in r.stdout, "TLS is judged without key, spool or configuration", r.stdout + r.stderr)
    own = network(lab)[-1]
    r, report, folder = rehearse(lab, *HONEST, "--wildcard-document", pint(lab), "--large", "3")
    for c in report["cases"]:
        say(c["verdict"] == "passed" and c["checks"], f"{c['case']} passes on the testnet", (c["why"], [x for x in c["checks"] if not x["ok"]]))
    say(r.returncode == 0 and report["ok"] and len(report["cases"]) == 19, "all 19 cases pass, exit 0", f"{r.returncode} {len(report['cases'])} {r.stderr}")
    say(all(os.path.getsize(os.path.join(folder, f)) for c in report["cases"] for f in c["evidence"]) and sum(len(c["evidence"]) for c in report["cases"]) > 10, "evidence lies in the folder")
    say(json.load(open(folder + "/report.json")) == report, "report.json is what was printed")
    page = open(folder + "/report.html").read()
    say(all(f'id="{c["case"]}"' in page for c in report["cases"]) and "<script" not in page, "report.html tells every case")
    say(not [f for f in os.listdir(folder) if f.endswith(".key")], "no private key stays behind", os.listdir(folder))
    dumped = run("as4", "dump", os.path.join(folder, "reception-1-request.http"))
    say(dumped.returncode == 0 and "POP000001" in dumped.stdout, "evidence can be read with as4 dump", dumped.stderr)
    # what is not as it must be is seen
    r, report, _ = rehearse(lab, "--case", "submission")
    say(r.returncode == 0 and set(verdicts(report).values()) == {"skipped"} and all(c["why"] for c in report["cases"]), "without receivers submission is skipped, with the reason", verdicts(report))
    lab.register(REVOKED, own, "ap1")
    r, report, _ = rehearse(lab, *HONEST, "--case", "submission-invalid")
    say(r.returncode == 1 and "no byte of the second leaves" in str(failures_of(report)), "a certificate that is not revoked fails that case", failures_of(report))
    lab.register(SUPPLIER, own, "ap2")
    r, report, _ = rehearse(lab, "--case", "published")
    say(r.returncode == 1 and "certificate is the one" in str(failures_of(report)), "another certificate in the SMP fails", failures_of(report))
    lab.register(SUPPLIER, f"https://localhost:{lab.port('ap2')}/as4", "ap2")
    r, report, _ = rehearse(lab, "--case", "reception")
    say(r.returncode == 1 and verdicts(report)["reception"] == "failed", "reception fails when the SMP leads elsewhere", verdicts(report))
    for args in (["--large", "x"], ["--case", "nothing"], ["more"]):
        r = lab.ap(1, "conformance", "run", "--dir", os.path.join(lab.dir, "usage"), *args)
        say(r.returncode == 64, f"conformance run {' '.join(args)} is a wrong usage", f"{r.returncode} {r.stderr}")


with Lab() as lab:
    main(lab)
done()
