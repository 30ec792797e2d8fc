#!/usr/bin/env python3
"""The AS4 endpoint over HTTP, from outside: what a real message gets, what a bad one gets, what stays behind.

A message of our own sender is caught on its way (the catcher answers 503, so the sender knows nothing) and then
posted as it is, again, and damaged in many ways. docs/STATES.md says what each must get; a refused one must leave
no row and no file. At the end the sender, still not knowing, sends the same bytes again and is proven."""
import http.client, http.server, json, os, re, shutil, signal, socket, sqlite3, subprocess, sys, tempfile, threading, time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../support"))
from procs import key_processes

AVISO, PKI, TOP = os.environ.get("AVISO", ""), os.environ.get("AVISO_PKI", ""), os.environ.get("TOP", ".")
if not (os.path.exists(AVISO) and os.path.isdir(PKI)):
    print("no program or no development PKI")
    sys.exit(77)
DIR = tempfile.mkdtemp(prefix="aviso-endpoint-")
NET = os.path.join(DIR, "net")
bad = 0


def say(ok, name, why=""):
    global bad
    bad += not ok
    print(("ok " if ok else "not ok ") + name + ("" if ok else ": " + why.replace("\n", " ")[:300]))
    sys.stdout.flush()


def run(*args, wait=60):
    return subprocess.run([AVISO, *args], capture_output=True, text=True, timeout=wait)


def port(name):
    words = open(os.path.join(NET, "ports")).read().split()
    return int(words[words.index(name) + 1])


class Catcher(http.server.BaseHTTPRequestHandler):
    caught = []
    forward = False  # later: pass it on to the receiver
    answer = (503, "text/plain", b"")

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        Catcher.caught.append((self.headers["Content-Type"], body))
        status, kind, data = Catcher.answer
        if Catcher.forward:
            status, data = post(body, self.headers["Content-Type"])
            kind = "application/soap+xml; charset=utf-8"
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *args):
        pass


def post(body, ctype, path="/as4", method="POST"):
    c = http.client.HTTPConnection("127.0.0.1", port("ap2"), timeout=30)
    c.request(method, path, body=body, headers={"Content-Type": ctype} if ctype else {})
    r = c.getresponse()
    data = r.read()
    c.close()
    return r.status, data


def code_of(data):
    m = re.search(rb'errorCode="([^"]*)"', data)
    return m.group(1).decode() if m else ""


def rows():
    db = sqlite3.connect(f"file:{NET}/ap2/spool/aviso.db?mode=ro", uri=True)
    tables = [t for (t,) in db.execute("SELECT name FROM sqlite_master WHERE type='table' AND name NOT LIKE 'sqlite%'")]
    n = {t: db.execute(f"SELECT count(*) FROM \"{t}\"").fetchone()[0] for t in tables}
    db.close()
    files = sum(len(f) for _, _, f in os.walk(os.path.join(NET, "ap2/spool/payload")))
    return n, files


def refused(name, want_status, want_code, body, ctype, **kw):
    before = rows()
    status, data = post(body, ctype, **kw)
    ok = status == want_status and code_of(data) == want_code and b"eb:Receipt" not in data
    say(ok and rows() == before, name, f"HTTP {status} {code_of(data)!r} instead of {want_status} {want_code!r}"
        + ("" if rows() == before else "; something stayed behind"))


def start_ap2():
    p = subprocess.Popen([AVISO, "serve", "--config", NET + "/ap2.conf", "--set", "listen.plain=loopback"],
                         stdout=open(NET + "/ap2.log", "a"), stderr=subprocess.STDOUT)
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port("ap2")), 1).close()
            return p
        except OSError:
            time.sleep(0.05)
    raise SystemExit("the receiver does not start")


def redirect(to):
    path = NET + "/registry.tsv"
    text = open(path).read()
    open(path, "w").write(re.sub(r"(0208:0403170701\t.*\t)https?://localhost:\d+/as4", rf"\g<1>http://localhost:{to}/as4", text))


def gzip_part(body, change):
    """Change the SOAP part only: everything before the attachment's headers."""
    at = body.index(b"application/octet-stream")
    return change(body[:at]) + body[at:]


def main():
    os.makedirs(NET)
    shutil.copytree(PKI, NET + "/pki")
    r = run("testnet", "up", "--dir", NET)
    if r.returncode:
        raise SystemExit(r.stdout + r.stderr)
    os.kill(int(open(NET + "/ap2.pid").read()), signal.SIGTERM)
    time.sleep(1)
    ap2 = start_ap2()
    catcher = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Catcher)
    threading.Thread(target=catcher.serve_forever, daemon=True).start()
    redirect(catcher.server_address[1])

    sent = ["send", TOP + "/ubl/examples/invoice.xml", "--key", "k", "--json", "--config", NET + "/aviso.conf",
            "--set", "retry.first=1s", "--set", "lookup.cache=0s"]
    r = run(*sent, "--wait=1s")
    d = json.loads(r.stdout)
    say(r.returncode == 75 and d["state"] == "UNKNOWN", "a 503 after the body is UNKNOWN, exit 75", f"{r.returncode} {d.get('state')}")
    ctype, good = Catcher.caught[0]
    #= AS4 3.2 "a repeat has the first message's id and content"
    say(all(b == good for _, b in Catcher.caught), "what is sent again is the same bytes", f"{len(Catcher.caught)} requests")

    # refused before anything: HTTP alone answers
    refused("GET", 405, "", None, "", method="GET")
    refused("another path", 404, "", good, ctype, path="/as5")
    refused("no Content-Type", 415, "", good, None)
    refused("another Content-Type", 415, "", good, "application/json")
    refused("not MIME at all", 400, "", b"hello", ctype)
    refused("an empty body", 400, "", b"", ctype)
    refused("SOAP that is not XML", 400, "", re.sub(rb"<\w*:?Envelope", b"<<", good, 1), ctype)
    doctype = re.sub(rb"(<\w*:?Envelope)", rb'<!DOCTYPE x [<!ENTITY a "b">]>\1', good, 1)
    refused("a DOCTYPE", 400, "", doctype, ctype)
    # ebMS errors
    boundary = re.search(r'boundary="?([^";]+)', ctype).group(1).encode()
    refused("no closing boundary", 200, "EBMS:0007", good[:good.rindex(b"--" + boundary)], ctype)
    refused("cut in the attachment", 200, "EBMS:0007", good[:-len(boundary) - 400], ctype)
    refused("attachment changed", 200, "EBMS:0102", good[:-len(boundary) - 60] + bytes([good[-len(boundary) - 60] ^ 1])
            + good[-len(boundary) - 59:], ctype)
    refused("header changed", 200, "EBMS:0101", gzip_part(good, lambda s: re.sub(rb"(ConversationId>)....", rb"\1abcd", s, 1)), ctype)
    refused("SignatureValue changed", 200, "EBMS:0101",
            gzip_part(good, lambda s: re.sub(rb"(SignatureValue>)(.)", lambda m: m[1] + (b"A" if m[2] != b"A" else b"B"), s, 1)), ctype)
    security = gzip_part(good, lambda s: re.sub(rb"<wsse:Security.*</wsse:Security>", b"", s, flags=re.S))
    refused("security header removed", 200, "EBMS:0101", security, ctype)
    signature = gzip_part(good, lambda s: re.sub(rb"<ds:Signature .*</ds:Signature>|<ds:Signature>.*</ds:Signature>", b"", s, flags=re.S))
    refused("signature removed", 200, "EBMS:0101", signature, ctype)
    refused("a second Messaging header", 200, "EBMS:0009",
            gzip_part(good, lambda s: re.sub(rb"(<eb:Messaging.*</eb:Messaging>)", rb"\1\1", s, flags=re.S).replace(b'wsu:Id="', b'wsu:Id="', 1)), ctype)
    before = rows()
    status, data = post(gzip_part(good, lambda s: re.sub(rb"(<\w+:Header[^>]*>)", rb'\1<x:y xmlns:x="urn:x" xmlns:s="http://www.w3.org/2003/05/soap-envelope" s:mustUnderstand="true"/>', s, 1)), ctype)
    say(status == 500 and b"MustUnderstand" in data and rows() == before, "an unknown mandatory header is a SOAP fault", f"{status} {data[:200]}")

    # the key process stands still for longer than anybody should wait: two at once are told together
    before = rows()
    keyd = key_processes(ap2.pid)
    [os.kill(k, signal.SIGSTOP) for k in keyd]
    answers, start = [], time.monotonic()
    threads = [threading.Thread(target=lambda: answers.append(post(good, ctype)[0])) for _ in range(2)]
    [t.start() for t in threads]
    [t.join() for t in threads]
    took = time.monotonic() - start
    [os.kill(k, signal.SIGCONT) for k in keyd]
    say(answers == [503, 503] and took < 25 and rows() == before and len(keyd) == 1, "a key process that stands still is 503", f"{answers} after {took:.0f} s")

    # the good one, once and again, and many times at once
    status, first = post(good, ctype)
    say(status == 200 and b"Receipt" in first and not code_of(first), "the message as sent gets its receipt", f"{status} {first[:200]}")
    status, second = post(good, ctype)
    say(status == 200 and second == first, "the same again gets the first receipt, byte for byte", f"{status}")
    answers = []
    threads = [threading.Thread(target=lambda: answers.append(post(good, ctype))) for _ in range(30)]
    [t.start() for t in threads]
    [t.join() for t in threads]
    say(len(answers) == 30 and all(s == 200 and d == first for s, d in answers), "thirty at once get it too", str({s for s, _ in answers}))

    Catcher.forward = True
    r = run(*sent, "--wait=20s")
    d = json.loads(r.stdout.splitlines()[-1])
    say(r.returncode == 0 and d["state"] == "RECEIPTED", "the sender's own repeat is proven by that receipt", r.stdout[-300:] + r.stderr[-300:])
    for _ in range(100):
        if [f for f in os.listdir(NET + "/ap2/inbox") if f.endswith(".json")]:
            break
        time.sleep(0.1)
    time.sleep(1)
    redirect(catcher.server_address[1])
    # a peer that answers, but not with a receipt for what was sent
    Catcher.forward = False
    text = open(TOP + "/ubl/examples/invoice.xml").read()
    soap = "application/soap+xml; charset=utf-8"
    for name, answer, state, code in (
            ("200 with a web page", (200, "text/html", b"<html>thank you</html>"), "UNKNOWN", "reply."),
            ("200 and nothing", (200, "text/plain", b""), "UNKNOWN", "reply."),
            ("a receipt for another message", (200, soap, first), "UNKNOWN", "reply."),
            ("a receipt cut short", (200, soap, first[:len(first) // 2]), "UNKNOWN", "reply."),
            ("a redirect", (302, "text/html", b""), "UNKNOWN", "reply."),
            ("502 of a proxy", (502, "text/html", b"bad gateway"), "UNKNOWN", "reply."),
            ("404 without SOAP", (404, "text/html", b"not here"), "WAITING", "http.refused")):
        Catcher.answer = answer
        number = "BAD-" + re.sub(r"[^a-z0-9]", "", name)
        path = os.path.join(DIR, number + ".xml")
        open(path, "w").write(text.replace("INV-1042", number))
        r = run("send", path, "--json", "--wait=0s", "--config", NET + "/aviso.conf", "--set", "lookup.cache=0s")
        d = json.loads(r.stdout.splitlines()[-1])
        why = d.get("error", {}).get("what", "")
        say(r.returncode == 75 and d["state"] == state and not d["proven"] and why.startswith(code),
            name + " is " + state + ", never proof", f"exit {r.returncode} {d['state']} {why}")
    got = [f for f in os.listdir(NET + "/ap2/inbox") if f.endswith(".json")]
    say(len(got) == 1, "one document was handed over", str(len(got)))
    rss = int(re.search(r"RssAnon:\s+(\d+)", open(f"/proc/{ap2.pid}/status").read()).group(1))
    say(rss < 80_000, f"memory stayed bounded ({rss // 1000} MB private, rules loaded)", f"{rss} kB")
    ap2.terminate()
    say(ap2.wait(30) == 0, "the receiver ends cleanly", "")


try:
    main()
finally:
    run("testnet", "down", "--dir", NET)
    for pid in filter(str.isdigit, os.listdir("/proc")):  # the receiver, when the test broke off before ending it
        try:
            if (NET + "/ap2.conf").encode() in open(f"/proc/{pid}/cmdline", "rb").read().split(b"\0"):
                os.kill(int(pid), signal.SIGTERM)
        except OSError:
            pass
    shutil.rmtree(DIR, ignore_errors=True)
sys.exit(1 if bad else 0)
