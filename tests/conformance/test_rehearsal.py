#!/usr/bin/env python3
"""aviso conformance run against the testnet: every case passes where all is well, and fails or is skipped where it is not."""
import json, os, re, socket, ssl, sys, threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../support"))
from rehearsal import *

# what is refused, by the words of the report
WRONG = {
    "reception-signature": ["a message without signature is refused with EBMS:0101", "changed after signing is refused with EBMS:0101"],
    "reception-unencrypted": ["a payload in clear is refused with EBMS:0102"],
    "reception-compression": ["gzip cut short is refused with EBMS:0303", "gzip of 32 MB of zeros is refused with EBMS:0303"],
    "reception-envelope": ["a document alone", "an envelope alone", "no COUNTRY_C1", "no DOCUMENTID", "no PROCESSID", "no InstanceIdentifier"],
    "reception-not-serviced": ["a receiver who is nobody here is refused with EBMS:0004 PEPPOL:NOT_SERVICED", "a document type that the record does not name is refused with EBMS:0004 PEPPOL:NOT_SERVICED"],
}


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
    say([c for c, v in verdicts(report).items() if v == "failed"] == ["tls-protocols", "tls-suites", "tls-certificate"], "an endpoint of yesterday fails what TLS must be", verdicts(report))
    for fault in ("TLS 1.0 is spoken", "TLS 1.1 is spoken", "static RSA) are taken", "SHA-1 are taken", "authority", "is for localhost"):
        say(fault in seen, f"and is told: {fault}", seen)
    r = run("conformance", "run", "--case", "tls", "--dir", lab.dir + "/bare", "--set", "listen.public_url=https://localhost:1/as4")
    say(r.returncode == 1 and "0 passed, 4 failed" in r.stdout and "Connection refused" in r.stdout, "TLS is judged without key, spool or configuration", r.stdout + r.stderr)
    own = network(lab)[-1]
    r, report, folder = rehearse(lab, *HONEST, "--wildcard-document", pint(lab), "--large", "3")
    for c in report["cases"]:
        say(c["verdict"] == "passed" and c["checks"], f"{c['case']} passes on the testnet", (c["why"], [x for x in c["checks"] if not x["ok"]]))
    say(r.returncode == 0 and report["ok"] and len(report["cases"]) == 24, "all 24 cases pass, exit 0", f"{r.returncode} {len(report['cases'])} {r.stderr}")
    say(all(os.path.getsize(os.path.join(folder, f)) for c in report["cases"] for f in c["evidence"]) and sum(len(c["evidence"]) for c in report["cases"]) > 10, "evidence lies in the folder")
    say(json.load(open(folder + "/report.json")) == report, "report.json is what was printed")
    page = open(folder + "/report.html").read()
    say(all(f'id="{c["case"]}"' in page for c in report["cases"]) and "<script" not in page, "report.html tells every case")
    chain = subprocess.run(["openssl", "x509", "-in", folder + "/tls-certificate-1-chain.pem", "-noout", "-subject"], capture_output=True, text=True)
    say("CN = localhost" in chain.stdout, "the chain of the endpoint is kept", chain.stdout + chain.stderr)
    texts = lambda case: [x["text"] for c in report["cases"] if c["case"] == case for x in c["checks"]]
    for case, words in WRONG.items():
        say(all(any(w in t for t in texts(case)) for w in words), f"{case}: {', '.join(words)}", texts(case))
    answers = [open(os.path.join(folder, f)).read() for c in report["cases"] if c["case"] in WRONG for f in c["evidence"] if f.endswith("answer.xml")]
    say(len(answers) == sum(map(len, WRONG.values())) and all("Receipt>" not in a and "EBMS:" in a for a in answers), "each has its answer as evidence, and none is a receipt", len(answers))
    head = lambda n: open(os.path.join(folder, f"reception-odd-{n}-request.http"), "rb").read()
    say(b"Transfer-Encoding: chunked" in head(1) and b"\r\n\r\n\xef\xbb\xbf" in head(3), "what is odd went over the wire so")
    say(run("as4", "dump", os.path.join(folder, "reception-odd-1-request.http")).returncode == 0, "chunks can be read with as4 dump")
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
