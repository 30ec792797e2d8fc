#!/usr/bin/env python3
"""TLS of both sides, from outside: which protocols and suites the endpoint takes, and which peers the sender refuses."""
import os, socket, ssl, sys, threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../support"))
from lab import *

V = ssl.TLSVersion


def context(side, low, high, suites="ALL:@SECLEVEL=0"):
    c = ssl.SSLContext(side)
    c.check_hostname = False
    c.verify_mode = ssl.CERT_NONE
    c.minimum_version, c.maximum_version = low, high
    c.set_ciphers(suites)
    return c


def handshake(port, *how):
    """The protocol and suite agreed on, or None."""
    try:
        with socket.create_connection(("127.0.0.1", port), 10) as s:
            with context(ssl.PROTOCOL_TLS_CLIENT, *how).wrap_socket(s, server_hostname="localhost") as t:
                return t.version(), t.cipher()[0]
    except (ssl.SSLError, ConnectionError):
        return None


def endpoint(port):
    #= PEPPOL-AS4 4.2 "TLS 1.2"
    for low, name in ((V.TLSv1_2, "TLSv1.2"), (V.TLSv1_3, "TLSv1.3")):
        got = handshake(port, low, low)
        say(got and got[0] == name, f"the endpoint speaks {name}", got)
    #= PEPPOL-TLS 1.1.0 2 "what is graded A"
    for low in (V.TLSv1, V.TLSv1_1):
        say(handshake(port, low, low) is None, f"the endpoint does not speak {low.name}")
    for suites in ("kRSA", "aNULL", "AES128-GCM-SHA256", "ECDHE-RSA-AES128-SHA256", "ECDHE-RSA-AES256-SHA", "DHE-RSA-AES128-SHA", "3DES", "RC4"):
        try:
            got = handshake(port, V.TLSv1_2, V.TLSv1_2, suites + ":@SECLEVEL=0")
        except ssl.SSLError:
            got = None
        say(got is None, f"the endpoint does not take {suites}", got)
    for suites in ("ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-RSA-AES256-GCM-SHA384"):
        got = handshake(port, V.TLSv1_2, V.TLSv1_2, suites)
        say(got and got[1] == suites, f"the endpoint takes {suites}", got)


class Peer:
    """An access point of one TLS version that answers 503; `met` are the versions of requests that came through."""

    def __init__(self, lab, low, high):
        self.met = []
        c = context(ssl.PROTOCOL_TLS_SERVER, low, high)
        c.load_cert_chain(lab.net + "/pki/tls.chain.pem", lab.net + "/pki/tls.key")
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"https://localhost:{self.socket.getsockname()[1]}/as4"
        threading.Thread(target=self.run, args=(c,), daemon=True).start()

    def run(self, c):
        while True:
            try:
                s, _ = self.socket.accept()
            except OSError:
                return
            try:
                with c.wrap_socket(s, server_side=True) as t:
                    if t.recv(1000):
                        self.met.append(t.version())
                        t.sendall(b"HTTP/1.1 503 no\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            except (ssl.SSLError, OSError):
                pass


def sender(lab):
    for low, high, taken in ((V.TLSv1, V.TLSv1_1, False), (V.TLSv1_2, V.TLSv1_2, True), (V.TLSv1_3, V.TLSv1_3, True)):
        peer = Peer(lab, low, high)
        lab.register(BUYER, peer.url)
        r = lab.json(1, "send", lab.invoice("TLS-" + high.name), "--wait=0s", "--set", "lookup.cache=0s")[-1]
        why = r.get("error", {}).get("what", "")
        ok = bool(peer.met) if taken else not peer.met and why == "http.tls"
        say(ok, f"the sender {'calls' if taken else 'does not call'} a peer of {high.name}", f"{peer.met} {r.get('state')} {why}")
        peer.socket.close()


with Lab() as lab:
    endpoint(lab.port("ap2"))
    sender(lab)
done()
