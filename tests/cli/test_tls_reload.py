#!/usr/bin/env python3
"""The web certificate is renewed under an open connection; IPv4 and IPv6 are served at once."""
import os, sys
sys.path.insert(0, os.path.join(os.environ.get("TOP", "."), "tests/support"))
from lab import *
import ssl


def connect(lab, host):
    c = ssl.create_default_context(cafile=lab.net + "/pki/tlsca.pem")
    s = c.wrap_socket(socket.create_connection((host, lab.port("ap2")), 10), server_hostname="localhost")
    s.settimeout(20)
    return s


def cert(s):
    return s.getpeercert()["serialNumber"].lower()


def ask(s):
    """One request on a connection that stays open."""
    s.sendall(b"GET /as4 HTTP/1.1\r\nHost: localhost\r\n\r\n")
    return s.recv(4096).split(b"\r\n")[0]


def renew(lab):
    """As a renewal hook does: a new certificate of the same key into the same file."""
    pki = lab.net + "/pki"
    open(pki + "/tls.ext", "w").write("[v]\nsubjectAltName=DNS:localhost\nextendedKeyUsage=serverAuth\n")
    for args in (("req", "-new", "-key", "tls.key", "-subj", "/C=BE/O=aviso TLS/CN=localhost", "-out", "tls.csr"),
                 ("x509", "-req", "-in", "tls.csr", "-CA", "tlsca.pem", "-CAkey", "tlsca.key", "-CAcreateserial", "-days", "90",
                  "-extfile", "tls.ext", "-extensions", "v", "-out", "tls.new.pem")):
        subprocess.run(["openssl", *args], cwd=pki, check=True, capture_output=True)
    chain = open(pki + "/tls.new.pem").read() + open(pki + "/tlsca.pem").read()
    open(pki + "/tls.chain.new", "w").write(chain)
    os.rename(pki + "/tls.chain.new", pki + "/tls.chain.pem")


#= eDelivery AS4 1.14 "IPv4 and IPv6"
with Lab() as lab:
    lab.stop_ap2()
    port = lab.port("ap2")
    six = socket.has_ipv6 and os.path.exists("/proc/net/if_inet6") and open("/proc/net/if_inet6").read() != ""
    where = f"127.0.0.1:{port}" + (f", [::1]:{port}" if six else "")
    ap2 = lab.serve(2, "--set", "listen.as4=" + where)
    say(b"405" in ask(connect(lab, "127.0.0.1")), "IPv4 is served")
    if six:
        say(b"405" in ask(connect(lab, "::1")), "IPv6 too")
    else:
        print("skip IPv6 too: no IPv6 here")
    kept = connect(lab, "127.0.0.1")
    before = cert(kept)
    log = lambda: open(ap2.log).read()
    good = open(lab.net + "/pki/tls.chain.pem").read()

    open(lab.net + "/pki/tls.chain.pem", "w").write("-----BEGIN CERTIFICATE-----\nnonsense\n-----END CERTIFICATE-----\n")
    ap2.send_signal(signal.SIGHUP)
    say(until(lambda: "reload.refused" in log()) and cert(connect(lab, "127.0.0.1")) == before and b"405" in ask(kept), "a broken file changes nothing", log()[-300:])
    open(lab.net + "/pki/tls.chain.pem", "w").write(good)

    renew(lab)
    ap2.send_signal(signal.SIGHUP)
    say(until(lambda: "reloaded.tls" in log()), "the renewed certificate is taken", log()[-300:])
    fresh = connect(lab, "127.0.0.1")
    say(cert(fresh) != before and b"405" in ask(fresh), "new connections get it", (cert(fresh), before))
    say(b"405" in ask(kept), "the connection that was open goes on")
    if six:
        say(cert(connect(lab, "::1")) == cert(fresh), "on every address")
    r = lab.ap(1, "send", lab.invoice("TLS-1"), "--wait=20s", "--json")
    say(r.returncode == 0, "a message passes", r.stdout[-300:] + r.stderr[-300:])
    say(lab.end(ap2) == 0, "the service ends cleanly")
done()
