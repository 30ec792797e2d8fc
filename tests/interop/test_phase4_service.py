#!/usr/bin/env python3
"""phase4 and the running service, both ways, over the network of `aviso testnet`: what tests/interop/test_phase4.py shows
for single messages, here with store, lookup, hand-over and repetition behind it. docs/STATES.md is what each part must keep.

One phase4 process sends everything; the one that receives is killed once and started again. Between our daemon and it
stands, for some participants, a relay of ours that loses answers."""
import hashlib
import http.client
import http.server
import json
import os
import re
import shutil
import signal
import socket
import sqlite3
import ssl
import subprocess
import sys
import tempfile
import threading
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../support"))
import peer
from peer import PHASE4, TOP, result
from procs import key_processes

AVISO = os.environ.get("AVISO", os.path.join(TOP, "build/release/aviso"))
INVOICE = os.path.join(TOP, "ubl/examples/invoice.xml")
BUYER = "0208:0403170701"
MANY, THREADS, OURS, AROUND_KILL = 1000, 8, 200, 60
PATIENCE = 240  # seconds to wait for what must come: much more than an idle machine needs


UNSERVED, LOST, KILLING, MOVED = (peer.enterprise(n) for n in (1234567, 2345678, 3456789, 4567890))


def until(what, seconds=PATIENCE):
    """Waits until what() is true; its last value."""
    end = time.monotonic() + seconds
    while not (value := what()) and time.monotonic() < end:
        time.sleep(0.1)
    return value


def connects(port):
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
        return True
    except OSError:
        return False


class Net:
    """The testnet: our access point ap1 (aviso.conf), the other one ap2, SML zone and SMP."""

    def __init__(self, tmp):
        self.dir, self.daemons = os.path.join(tmp, "net"), {}
        shutil.copytree(peer.PKI, self.path("pki"))
        subprocess.run([os.path.join(TOP, "certs/make-pki"), "--java", self.path("pki")], check=True)
        r = self.run("testnet", "up", "--dir", self.dir)
        if r.returncode:
            raise SystemExit(r.stdout + r.stderr)
        words = open(self.path("ports")).read().split()
        self.port = {name: int(port) for name, port in zip(words[::2], words[1::2])}
        os.kill(int(open(self.path("ap2.pid")).read()), signal.SIGTERM)  # ours instead, which we can wait for
        until(lambda: not connects(self.port["ap2"]))
        until(self.add_moved)
        self.serve("ap2.conf")

    def add_moved(self):
        return self.run("participant", "add", MOVED, "--country", "BE", "--name", "Moved", "--doctype", "invoice",
                        "--config", self.path("ap2.conf")).returncode == 0

    def path(self, name):
        return os.path.join(self.dir, name)

    def run(self, *args):
        return subprocess.run([AVISO, *args], capture_output=True, text=True, timeout=PATIENCE)

    def lines(self, *args):
        return [json.loads(line) for line in self.run(*args, "--json").stdout.splitlines()]

    def serve(self, conf, *settings):
        log = self.path(conf + ".log")
        args = [AVISO, "serve", "--config", self.path(conf)] + [w for s in settings for w in ("--set", s)]
        for _ in range(50):  # the one before may still hold the spool
            with open(log, "w") as f:
                p = subprocess.Popen(args, stdout=f, stderr=f)
            if until(lambda: "\nready" in "\n" + open(log).read() or p.poll() is not None) and p.poll() is None:
                self.daemons[conf] = p
                return
            time.sleep(0.2)
        raise SystemExit(open(log).read())

    def complaints(self, conf):
        return [line.strip() for line in open(self.path(conf + ".log")) if "level=info" not in line][-4:]

    def end(self, conf):
        p = self.daemons.pop(conf)
        p.terminate()
        return p.wait(60)

    def down(self):
        for conf in list(self.daemons):
            self.end(conf)
        self.run("testnet", "down", "--dir", self.dir)

    def register(self, participant, url, cert="ap2"):
        """In the SMP, for invoices; instead of what it said before."""
        path = self.path("registry.tsv")
        lines = open(path).read().splitlines()
        like = next(line for line in lines if line.startswith(BUYER) and "Invoice-2" in line).split("\t")
        lines = [line for line in lines if not line.startswith(participant)]
        lines.append("\t".join([participant, like[1], like[2], url, self.path(f"pki/{cert}.pem")]))
        with open(path + ".new", "w") as f:
            f.write("\n".join(lines) + "\n")
        os.rename(path + ".new", path)


# ---- phase4 sends to the service ----


class Inbound:
    def __init__(self, net, tmp):
        self.net, self.tmp, self.inbox = net, tmp, net.path("ap2/inbox")
        self.receipted = []  # MessageIds that phase4 holds a receipt for
        self.sender = peer.Sender(net.path("pki"))
        self.scheme = "https"

    def send(self, *options):
        url = f"{self.scheme}://localhost:{self.net.port['ap2']}/as4"
        lines, seconds = self.sender.send("--url", url, "--to", BUYER, *options)
        self.receipted += [one["messageId"] for one in lines if one["ok"]]
        return lines, seconds

    def receives(self, name, *options, count=1):
        lines, seconds = self.send("--count", str(count), *options)
        good = [one for one in lines if one["ok"] and one["nrr"] == "ok"]
        ids, receipts = {one["messageId"] for one in good}, {one["receipt"] for one in good}
        result(name, len(lines) == len(good) == len(ids) == len(receipts) == count,
               f"{len(good)} of {count}: {[one for one in lines if one not in good][:3]} {self.net.complaints('ap2.conf')}")
        return seconds

    def refuses(self, name, code, *options):
        lines, _ = self.send(*options)
        errors = [e for one in lines for e in one["errors"]]
        result(name, len(lines) == 1 and not lines[0]["ok"] and [e["code"] for e in errors] == [code], lines)
        return errors

    def sidecars(self):
        names = [f for f in os.listdir(self.inbox) if f.endswith(".json")]
        return [json.load(open(os.path.join(self.inbox, f))) for f in names]

    def handed_over(self):
        until(lambda: sum(f.endswith(".json") for f in os.listdir(self.inbox)) >= len(self.receipted))
        return self.sidecars()

    def all_once(self, name):
        """The drop folder holds what was receipted, each once, and nothing else; the journal says the same."""
        side = self.handed_over()
        rows = until(lambda: (r := self.net.lines("inbox", "list", "--all", "--config", self.net.path("ap2.conf")))
                     and all(row["state"] == "HANDED_OVER" for row in r) and r) or []
        wrong = sum(hashlib.sha256(open(os.path.join(self.inbox, s["id"] + ".xml"), "rb").read()).hexdigest() != s["sha256"]
                    for s in side)
        want = sorted(self.receipted)
        first = [s for s in side if not s["suspected_duplicate"]]  # phase4 sends one document under ever new ids
        result(name, sorted(s["as4_id"] for s in side) == want and sorted(r["as4_id"] for r in rows) == want
               and len({s["sbdh_id"] for s in side}) == len(want) and not wrong
               and not any(s["redelivered"] for s in side + rows)
               and len(first) == len({s["sha256"] for s in side}),
               f"{len(want)} receipted, {len(side)} in the folder, {len(rows)} in the journal, {wrong} with other bytes, "
               f"{len(first)} first ones")


def phase4_to_service(x):
    x.receives("a_message_over_tls_gets_a_receipt_that_phase4_accepts")
    began = time.monotonic()
    seconds = x.receives(f"{MANY}_messages_at_{THREADS}_threads_are_all_receipted", "--threads", str(THREADS), count=MANY)
    x.all_once("each_is_handed_over_exactly_once")
    print(f"  {MANY} messages over TLS: {seconds:.1f} s, {MANY / seconds:.0f} a second; "
          f"all handed over after {time.monotonic() - began:.1f} s")
    big, note = peer.big_invoice(x.tmp, 10_000_000)
    seconds = x.receives("a_message_of_10_mb_is_receipted", "--file", big)
    side = max(x.handed_over(), key=lambda s: s["bytes"])
    result("10_mb_are_handed_over_whole", note in open(os.path.join(x.inbox, side["id"] + ".xml"), "rb").read(), side)
    print(f"  10 MB: {seconds:.1f} s")
    x.receives("an_uncompressed_message_is_receipted", "--no-compress")
    lines, _ = x.send("--message-id", "twice@as4peer", "--count", "2")
    result("the_same_id_with_another_content_is_refused", [one["ok"] for one in lines] == [True, False]
           and [e["code"] for e in lines[1]["errors"]] == ["EBMS:0004"], lines)


def stalled_service(x):
    """The key process stands still for longer than a busy disk would: nobody is sent away, all wait."""
    keyd = key_processes(x.net.daemons["ap2.conf"].pid)
    [os.kill(k, signal.SIGSTOP) for k in keyd]
    timer = threading.Timer(8, lambda: [os.kill(k, signal.SIGCONT) for k in keyd])
    timer.start()
    x.receives("a_stall_of_8_seconds_costs_no_message", "--threads", str(THREADS), count=2 * THREADS)
    timer.join()
    result("the_key_process_had_stood_still", len(keyd) == 1, keyd)


def from_phase4(net, tmp):
    peer.way = "phase4 to aviso"
    x = Inbound(net, tmp)
    phase4_to_service(x)
    stalled_service(x)
    result("the_service_ends_cleanly", net.end("ap2.conf") == 0)
    net.serve("ap2.conf", "listen.plain=loopback")
    x.scheme = "http"
    x.receives("plain_http_on_loopback_works_too", "--threads", "4", count=8)
    x.refuses("an_id_is_remembered_over_a_restart", "EBMS:0004", "--message-id", "twice@as4peer")
    x.all_once("nothing_else_was_kept_or_handed_over")
    x.sender.close()


# ---- the service sends to phase4 ----


class Relay(http.server.ThreadingHTTPServer):
    """Passes a request on to phase4; what `after[path]` says of the nth request there decides whether the answer
    comes through or the connection just ends."""

    def __init__(self, port):
        super().__init__(("127.0.0.1", 0), RelayHandler)
        self.to, self.after, self.seen = port, {}, {}
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def url(self, path):
        self.seen[path] = []
        return f"http://localhost:{self.server_address[1]}{path}"

    def pass_on(self, body, content_type):
        tls = ssl.create_default_context()
        tls.check_hostname, tls.verify_mode = False, ssl.CERT_NONE
        c = http.client.HTTPSConnection("127.0.0.1", self.to, timeout=PATIENCE, context=tls)
        c.request("POST", "/as4", body, {"Content-Type": content_type})
        r = c.getresponse()
        return r.status, r.getheader("Content-Type", ""), r.read()


class RelayHandler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        seen = self.server.seen[self.path]
        seen.append(body)
        try:
            status, ctype, answer = self.server.pass_on(body, self.headers["Content-Type"])
        except (OSError, http.client.HTTPException):
            status = None
        if status is None or not self.server.after[self.path](len(seen), answer):
            self.close_connection = True
            return
        self.send_response(status)
        self.send_header("Content-Type", ctype)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *args):
        pass


class Outbound:
    def __init__(self, net, tmp):
        self.net, self.tmp, self.conf = net, tmp, ["--config", net.path("aviso.conf")]
        self.phase4 = peer.Receiver(net.path("pki"), os.path.join(tmp, "stored"), [BUYER, LOST, KILLING], tls=True)
        self.relay = Relay(self.phase4.port)
        direct = f"https://localhost:{self.phase4.port}/as4"
        net.register(BUYER, direct)
        net.register(UNSERVED, direct)
        net.register(LOST, self.relay.url("/lost"))
        net.register(KILLING, self.relay.url("/killing"))
        net.register(MOVED, self.relay.url("/moved"))
        net.serve("aviso.conf", "retry.first=1s", "retry.max=3s")

    def invoice(self, number, to=BUYER, extra=""):
        text = open(INVOICE, encoding="utf-8").read().replace("INV-1042", number).replace(BUYER[5:], to[5:])
        path = os.path.join(self.tmp, number + ".xml")
        with open(path, "w", encoding="utf-8") as f:
            f.write(text.replace("<cac:AccountingSupplierParty>", extra + "<cac:AccountingSupplierParty>", 1))
        return path

    def submit(self, *paths):
        answers = self.net.lines("send", *paths, *self.conf)
        bad = [a for a in answers if a.get("error")]
        if bad or len(answers) != len(paths):
            print("  submit:", len(answers), bad[:2])
        return len(answers) == len(paths) and not bad

    def listed(self, prefix):
        return [d for d in self.net.lines("list", *self.conf) if d["invoice"].startswith(prefix)]

    def all_receipted(self, prefix, n):
        def done():
            docs = self.listed(prefix)
            return docs if len(docs) == n and all(d["state"] == "RECEIPTED" and d["proven"] for d in docs) else None

        return until(done) or []

    def status(self, number):
        return self.net.lines("status", number, *self.conf)[0]

    def reaches(self, number, state, code=None):
        """The document's status once it is in that state for that reason, or whatever it is at last."""
        def there():
            s = self.status(number)
            return s if s["state"] == state and (code is None or s.get("error", {}).get("what") == code) else None

        return until(there) or self.status(number)

    def states(self, number):
        """The states it went through, from the journal's events."""
        db = sqlite3.connect(f"file:{self.net.path('ap1/spool/aviso.db')}?mode=ro", uri=True)
        rows = db.execute("SELECT e.to_state FROM event e JOIN document d ON e.doc=d.n AND NOT e.inbound "
                          "WHERE d.invoice=? AND e.to_state IS NOT NULL ORDER BY e.seq", (number,)).fetchall()
        db.close()
        return [r[0] for i, r in enumerate(rows) if i == 0 or rows[i - 1] != r]

    def stored_hashes(self, number):
        """SHA-256 of the documents that phase4 stored, from root start tag to end tag."""
        docs = [re.search(rb"<Invoice[ >].*</Invoice>", sbd, re.S).group() for sbd in self.phase4.stored().values()]
        return sorted(hashlib.sha256(d).hexdigest() for d in docs if re.search(rb"<cbc:ID>" + number.encode(), d))


def service_to_phase4(x):
    began = time.monotonic()
    taken = x.submit(*[x.invoice(f"MANY-{n:03d}") for n in range(OURS)])
    accepted = time.monotonic() - began
    docs = x.all_receipted("MANY-", OURS)
    result(f"{OURS}_documents_of_one_call_are_all_receipted", taken and len(docs) == OURS,
           [(d["invoice"], d["state"], d.get("error")) for d in x.listed("MANY-") if d["state"] != "RECEIPTED"][:3])
    print(f"  {OURS} documents: accepted after {accepted:.1f} s, receipted after {time.monotonic() - began:.1f} s")
    result("phase4_stored_each_once_as_handed_in", x.stored_hashes("MANY-") == sorted(d["sha256"] for d in docs))
    scan = ('<cac:AdditionalDocumentReference><cbc:ID>scan</cbc:ID><cac:Attachment><cbc:EmbeddedDocumentBinaryObject '
            f'mimeCode="application/pdf" filename="scan.pdf">{peer.incompressible(10_000_000)}'
            '</cbc:EmbeddedDocumentBinaryObject></cac:Attachment></cac:AdditionalDocumentReference>')
    began = time.monotonic()
    x.submit(x.invoice("BIG-1", extra=scan))
    big = x.all_receipted("BIG-1", 1)
    seconds = time.monotonic() - began
    result("a_document_of_10_mb_is_receipted", big and x.stored_hashes("BIG-1") == [big[0]["sha256"]], x.listed("BIG-1"))
    print(f"  10 MB: {seconds:.1f} s, of which the exchange {x.status('BIG-1')['attempts'][-1]['ms'] / 1000:.1f} s")


def not_serviced(x):
    r = x.net.run("send", x.invoice("UNSERVED-1", UNSERVED), "--wait", *x.conf)
    s = x.status("UNSERVED-1")
    ids = [a["as4_id"] for a in s["attempts"]]
    result("not_serviced_twice_is_refused", r.returncode == 1 and s["state"] == "REFUSED"
           and s["error"]["what"] == "as4.not-serviced" and [a["result"] for a in s["attempts"]] == ["error", "error"],
           f"exit {r.returncode} {s}")
    result("the_second_try_was_another_message", len(set(ids)) == 2, ids)
    states = x.states("UNSERVED-1")
    result("it_waited_in_between", states[-4:] == ["SENDING", "WAITING", "SENDING", "REFUSED"], states)

    def move(n, answer):
        x.net.register(MOVED, f"http://localhost:{x.net.port['ap2']}/as4")
        return b"PEPPOL:NOT_SERVICED" in answer

    x.relay.after["/moved"] = move
    x.submit(x.invoice("MOVED-1", MOVED))
    s = x.reaches("MOVED-1", "RECEIPTED")
    result("a_fresh_lookup_finds_where_a_participant_moved", s["state"] == "RECEIPTED"
           and [a["result"] for a in s["attempts"]] == ["error", "receipt"] and len(x.relay.seen["/moved"]) == 1, s)


def lost_answer(x):
    """phase4 took it, we never read that; asked again it calls a duplicate and must not be asked a third time."""
    x.relay.after["/lost"] = lambda n, answer: n > 1
    x.submit(x.invoice("LOST-1", LOST))
    s = x.reaches("LOST-1", "UNKNOWN", "as4.duplicate")
    ids = [a["as4_id"] for a in s["attempts"]]
    result("a_duplicate_answer_to_a_repeat_stays_unknown", s["state"] == "UNKNOWN" and not s["proven"]
           and s.get("error", {}).get("what") == "as4.duplicate" and s["next"] is None
           and [a["result"] for a in s["attempts"]] == ["silence", "duplicate"], s)
    seen = x.relay.seen["/lost"]
    result("the_repeat_was_the_same_bytes", len(ids) == 2 and ids[0] == ids[1] and seen[0] == seen[1])
    return time.monotonic()


def killed_receiver(x):
    """phase4 dies with one answer unread and others in hand, and forgets all ids; later it is there again."""
    def kill(n, answer):
        if n == 1:
            x.phase4.kill()
        return n > 1

    x.relay.after["/killing"] = kill
    paths = [x.invoice(f"KILL-{n:02d}") for n in range(AROUND_KILL)]
    paths.insert(AROUND_KILL // 3, x.invoice("KILL-ANSWER", KILLING))
    x.submit(*paths)
    s = x.reaches("KILL-ANSWER", "UNKNOWN")
    result("an_answer_cut_off_is_unknown", s["state"] == "UNKNOWN" and s["attempts"][0]["result"] == "silence", s)
    down = until(lambda: [d for d in x.listed("KILL-") if d["state"] == "WAITING"])
    result("the_others_wait_for_the_receiver", down and not [d for d in x.listed("KILL-") if d["state"] == "REFUSED"],
           [(d["invoice"], d["state"]) for d in x.listed("KILL-")])
    began = time.monotonic()
    x.phase4.start()
    docs = x.all_receipted("KILL-", AROUND_KILL + 1)
    result("all_are_receipted_once_it_is_back", len(docs) == AROUND_KILL + 1,
           [(d["invoice"], d["state"], d.get("error")) for d in x.listed("KILL-") if d["state"] != "RECEIPTED"][:3])
    print(f"  {len(down or [])} waited; all receipted {time.monotonic() - began:.1f} s after the restart began")
    result("phase4_stored_each_once", x.stored_hashes("KILL-") == sorted(d["sha256"] for d in docs))
    s = x.status("KILL-ANSWER")
    seen = x.relay.seen["/killing"]
    result("the_unknown_one_was_repeated_as_it_was", len(seen) > 1 and len(set(seen)) == 1
           and len({a["as4_id"] for a in s["attempts"]}) == 1, [a["as4_id"] for a in s["attempts"]])


def to_phase4(net, tmp):
    peer.way = "aviso to phase4"
    x = Outbound(net, tmp)
    try:
        service_to_phase4(x)
        not_serviced(x)
        stopped = lost_answer(x)
        killed_receiver(x)
        time.sleep(max(0, stopped + 8 - time.monotonic()))  # several times the longest pause
        s = x.status("LOST-1")
        result("nothing_was_sent_after_the_duplicate", len(x.relay.seen["/lost"]) == 2 and s["state"] == "UNKNOWN"
               and len(s["attempts"]) == 2, s)
        result("our_daemon_ends_cleanly", net.end("aviso.conf") == 0)
    finally:
        x.phase4.kill()


def main():
    if not os.path.exists(AVISO) or not os.path.isdir(peer.PKI):
        peer.skip("no program or no development PKI")
    peer.build_phase4()
    tmp = tempfile.mkdtemp(prefix="aviso-interop-")
    net = Net(tmp)
    try:
        from_phase4(net, tmp)
        to_phase4(net, tmp)
    finally:
        net.down()
        shutil.rmtree(tmp, ignore_errors=True)
    sys.exit(peer.failures > 0)


main()
