"""A receiving access point that misbehaves as told: it stands before the honest one of the lab, sees every request,
and passes on, drops, stalls, halves or falsifies. What it saw is evidence from outside.

    peer = Hostile(lab)                    # plain HTTP on loopback
    peer.serve("0208:0403170701")          # the lab's registry sends this receiver's documents here
    peer.does(swallow, drop, forward)      # one act after the other; the last one for ever
    peer.seen                              # [Request]: at, id, body, content_type, number"""
import collections, hashlib, http.client, os, re, socket, socketserver, threading, time

SOAP = "application/soap+xml; charset=utf-8"


class Request:
    def __init__(self, head, body, number):
        self.at, self.body, self.number = time.time(), body, number
        self.headers = {k.lower(): v.strip() for k, _, v in (l.partition(":") for l in head.split("\r\n")[1:])}
        self.content_type = self.headers.get("content-type", "")
        found = re.search(rb"<(?:\w+:)?MessageId>([^<]+)<", body)
        self.id = found.group(1).decode() if found else ""
        self.digest = hashlib.sha256(body).hexdigest()


# ---- acts: what is done with one request; `p` is the peer, `r` the request, `s` the socket ----

def reply(s, status, body=b"", ctype="text/plain", headers=()):
    lines = [f"HTTP/1.1 {status} x", f"Content-Type: {ctype}", f"Content-Length: {len(body)}", *headers]
    s.sendall("\r\n".join(lines).encode() + b"\r\n\r\n" + body)


def forward(p, r, s):
    reply(s, *p.honest(r))


def swallow(p, r, s):
    """Taken by the honest one, whose answer is lost."""
    p.honest(r)


def drop(p, r, s):
    """The whole request is read; nothing is answered."""


def half(p, r, s):
    """Half of the true answer."""
    status, body, ctype = p.honest(r)
    head = f"HTTP/1.1 {status} x\r\nContent-Type: {ctype}\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    s.sendall(head + body[:len(body) // 2])


def stall(p, r, s):
    p.release.wait(60)


def late(seconds):
    def act(p, r, s):
        status = p.honest(r)
        p.release.wait(seconds)
        reply(s, *status)
    return act


def drip(p, r, s):
    """The true answer, a byte a second."""
    status, body, ctype = p.honest(r)
    for byte in f"HTTP/1.1 {status} x\r\nContent-Type: {ctype}\r\n".encode():
        s.sendall(bytes([byte]))
        if p.release.wait(1):
            return


def endless(p, r, s):
    s.sendall(f"HTTP/1.1 200 x\r\nContent-Type: {SOAP}\r\nTransfer-Encoding: chunked\r\n\r\n".encode())
    while not p.release.wait(0.001):
        s.sendall(b"1000\r\n" + b"x" * 4096 + b"\r\n")


def answer(status, body=b"", ctype="text/plain", headers=()):
    def act(p, r, s):
        reply(s, status, body, ctype, headers)
    return act


def error(code, text, detail="", status=200):
    """An ebMS Error that nobody signed, as some peers send them."""
    def act(p, r, s):
        reply(s, status, error_text(r.id, code, text, detail), SOAP)
    return act


def error_text(ref, code, text, detail=""):
    return (f'<S:Envelope xmlns:S="http://www.w3.org/2003/05/soap-envelope"><S:Header><eb:Messaging xmlns:eb='
            f'"http://docs.oasis-open.org/ebxml-msg/ebms/v3.0/ns/core/200704/"><eb:SignalMessage><eb:MessageInfo>'
            f'<eb:Timestamp>{time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())}</eb:Timestamp><eb:MessageId>e-{time.time_ns()}@hostile.test'
            f'</eb:MessageId><eb:RefToMessageId>{ref}</eb:RefToMessageId></eb:MessageInfo><eb:Error category="Content" '
            f'errorCode="{code}" severity="failure" shortDescription="{text}" refToMessageInError="{ref}">'
            f'<eb:Description xml:lang="en">{text}</eb:Description>'
            f'<eb:ErrorDetail>{detail or text}</eb:ErrorDetail></eb:Error></eb:SignalMessage></eb:Messaging></S:Header>'
            f'<S:Body/></S:Envelope>').encode()


def phase4(process, forget=600):
    """Registers a MessageId before it processes (`process` is the act), answers any repeat with an error, and
    forgets ids after a while."""
    known = {}

    def act(p, r, s):
        now = time.time()
        if r.id in known and now - known[r.id] < forget:
            return error("EBMS:0004", "Other", f"Another message with the same ID {r.id} was already received!")(p, r, s)
        known[r.id] = now
        process(p, r, s)
    return act


class Reader:
    """What comes from a socket, behind what was read already."""

    def __init__(self, s, rest):
        self.s, self.rest = s, rest

    def more(self):
        piece = self.s.recv(65536)
        if not piece:
            raise EOFError
        self.rest += piece

    def take(self, n):
        while len(self.rest) < n:
            self.more()
        out, self.rest = self.rest[:n], self.rest[n:]
        return out

    def line(self):
        while b"\r\n" not in self.rest:
            self.more()
        out, _, self.rest = self.rest.partition(b"\r\n")
        return out


class Hostile:
    def __init__(self, lab, acts=(forward,), to=None, ip="127.0.0.1"):
        self.lab, self.acts, self.seen = lab, collections.deque(acts), []
        self.lock, self.release, self.open = threading.Lock(), threading.Event(), 0
        self.most = 0  # requests at once
        self.host = f"[{ip}]" if ":" in ip else "localhost"
        self.to = to or lab.port("ap2")  # the port of the honest one
        self.cut = None  # close after so many bytes of a body
        peer = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self):
                peer.handle(self.request)

        class Server(socketserver.ThreadingTCPServer):
            daemon_threads, allow_reuse_address, request_queue_size = True, True, 128
            address_family = socket.AF_INET6 if ":" in ip else socket.AF_INET

            def handle_error(self, *_):
                pass  # a client that gave up

        self.server = Server((ip, 0), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.release.set()
        self.server.shutdown()
        self.server.server_close()

    def does(self, *acts):
        with self.lock:
            self.acts = collections.deque(acts)

    def url(self):
        return f"http://{self.host}:{self.port}/as4"

    def serve(self, *participants):
        for p in participants:
            self.lab.register(p, self.url())
        return self

    def honest(self, r):
        c = http.client.HTTPConnection("127.0.0.1", self.to, timeout=60)
        c.request("POST", "/as4", body=r.body, headers={"Content-Type": r.content_type})
        a = c.getresponse()
        out = a.status, a.read(), a.getheader("Content-Type") or ""
        c.close()
        return out

    def handle(self, s):
        head, rest = self.head(s)
        if not head:
            return
        if self.cut is not None:
            while len(rest) < self.cut:
                rest += s.recv(4096)
            s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
            return
        try:
            body = self.body(head, Reader(s, rest))
        except EOFError:
            return
        with self.lock:
            r = Request(head, body, len(self.seen) + 1)
            self.seen.append(r)
            act = self.acts.popleft() if len(self.acts) > 1 else self.acts[0]
            self.open += 1
            self.most = max(self.most, self.open)
        try:
            act(self, r, s)
        finally:
            with self.lock:
                self.open -= 1

    @staticmethod
    def body(head, reader):
        size = re.search(r"content-length: *(\d+)", head, re.I)
        if size:
            return reader.take(int(size.group(1)))
        out = b""
        while n := int(reader.line().split(b";")[0], 16):
            out += reader.take(n)
            reader.line()
        reader.line()
        return out

    @staticmethod
    def head(s):
        data = b""
        while b"\r\n\r\n" not in data:
            piece = s.recv(65536)
            if not piece:
                return None, b""
            data += piece
        head, _, rest = data.partition(b"\r\n\r\n")
        return head.decode("latin-1"), rest
