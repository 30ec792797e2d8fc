#!/usr/bin/env python3
"""K15: kill -9 at each point of a reload: of the service, of its launcher, of a keyd. Documents go both ways meanwhile.

The configuration changes in five places at once (web certificate, size of a request, deadline, trust anchors, key), each
to be seen from outside: they are all old or all new. Then the same with the steps of a key. Nothing is lost or doubled,
no process is left over, and no file of a key is half."""
import ctypes, datetime, os, ssl, sys, threading

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../support"))
from lab import *
from checker import Checker

FAULT = os.environ.get("AVISO_FAULT_BUILD", "")
if not os.path.exists(FAULT):
    print("no program with fault points")
    sys.exit(77)
SUBREAPER = 36  # PR_SET_CHILD_SUBREAPER
RELOAD, LAUNCH = ("reload.prepared", "reload.taken"), ("launcher.asked", "launcher.forked")
WAIT_MS = 1500  # at the point, where another process than the one that passes it is killed


class Traffic(threading.Thread):
    """Documents of one access point, each handed in with its key until the program says that it holds it."""

    def __init__(self, lab, ap):
        super().__init__(daemon=True)
        self.lab, self.ap, self.numbers, self.on = lab, ap, [], True
        self.may = threading.Lock()  # held while its service is down: a command would take the spool
        self.way = ["--from", BUYER, "--to", SUPPLIER] if ap == 2 else []

    def run(self):
        while self.on:
            number = f"WAY{self.ap}-{len(self.numbers)}"
            path = self.lab.invoice(number)
            while True:
                with self.may:
                    r = self.lab.ap(self.ap, "send", path, "--key", number, "--wait=0s", "--json", *self.way)
                if '"state"' in r.stdout:
                    break
                time.sleep(0.1)
            self.numbers.append(number)
            time.sleep(0.15)


# ---- the two configurations ----

def make(lab, name, subject, ca, days, extension):
    """A certificate of the lab's authorities."""
    pki, ssl_ = lab.net + "/pki", lambda *a: subprocess.run(["openssl", *a], cwd=lab.net + "/pki", check=True, capture_output=True)
    open(f"{pki}/{name}.ext", "w").write("[v]\n" + extension)
    ssl_("req", "-new", "-newkey", "rsa:2048", "-nodes", "-keyout", name + ".key", "-subj", subject, "-out", name + ".csr")
    ssl_("x509", "-req", "-in", name + ".csr", "-CA", ca + ".pem", "-CAkey", ca + ".key", "-CAcreateserial", "-days", days, "-sha256",
         "-extfile", name + ".ext", "-extensions", "v", "-out", name + ".pem")


def configurations(lab):
    """Old (A) and new (B), from what testnet wrote."""
    pki, base = lab.net + "/pki", open(lab.conf(2)).read()
    make(lab, "tlsB", "/CN=localhost", "tlsca", "30", "subjectAltName=DNS:localhost\n")
    make(lab, "smpB", "/C=BE/CN=another SMP CA", "root", "30", "basicConstraints=critical,CA:TRUE\nkeyUsage=keyCertSign,cRLSign\n")
    shutil.copytree(pki + "/trust", pki + "/trustB")
    shutil.copy(pki + "/smpB.pem", pki + "/trustB/smp-ca.pem")
    common = "\n[alarm]\npause = 1h\n[limits]\nmax_payload = {}M\n[retry]\nfirst = 1s\nmax = 1s\ndeliver_by = {}h\n"
    other = base
    for old, new in ((pki + "/trust\n", pki + "/trustB\n"), ("tls.chain.pem", "tlsB.pem"), ("/tls.key", "/tlsB.key"),
                     (f"cert_file = {pki}/ap2.pem", f"cert_file = {pki}/ap2next.pem\nold_cert_file = {pki}/ap2.pem"),
                     (f"key_file = {pki}/ap2.key", f"key_file = {pki}/ap2next.key\nold_key_file = {pki}/ap2.key")):
        assert old in other, old
        other = other.replace(old, new)
    return {"A": base + common.format(20, 4), "B": other + common.format(40, 5)}


# ---- what is to be seen of them ----

class Eye:
    def __init__(self, lab):
        self.lab, self.n, self.port = lab, 0, lab.port("ap2")
        pem = lambda name: open(f"{lab.net}/pki/{name}.pem").read().split("-----END")[0].split("-----BEGIN")[1].strip()
        serial = lambda name: subprocess.run(["openssl", "x509", "-in", f"{lab.net}/pki/{name}.pem", "-noout", "-serial"],
                                             capture_output=True, text=True).stdout.strip().split("=")[1].lower()
        self.web = {pem("tls"): "A", pem("tlsB"): "B"}
        self.serials = {serial("ap2"): "A", serial("ap2next"): "B"}

    def web_certificate(self):
        text = ssl.get_server_certificate(("localhost", self.port))
        return self.web.get(text.split("-----END")[0].split("-----BEGIN")[1].strip(), "?")

    def size(self):
        """A request of 30 MB is announced: too large (413) for the old, to be sent on (100) for the new."""
        context = ssl.create_default_context(cafile=self.lab.net + "/pki/tlsca.pem")
        with context.wrap_socket(socket.create_connection(("localhost", self.port), 10), server_hostname="localhost") as s:
            s.sendall(b"POST /as4 HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/related\r\n"
                      b"Content-Length: 30000000\r\nExpect: 100-continue\r\n\r\n")
            return {b"413": "A", b"100": "B"}.get(s.recv(100).split(b" ")[1], "?")

    def deadline_and_anchors(self):
        """A document for somebody whom no cache knows: until when, and does his SMP's certificate count? Nothing listens
        where he is."""
        self.n += 1
        number, n = f"EYE-{self.n}", 1000000 + self.n
        nobody = f"0208:{n:08d}{97 - n % 97:02d}"
        self.lab.register(nobody, "https://localhost:1/as4")
        self.lab.ap(2, "send", self.lab.invoice(number), "--from", BUYER, "--to", nobody, "--wait=0s", "--json")
        found = lambda: [d for d in self.lab.json(2, "status", number) if d.get("error")]
        d = (until(found, 10) or [None])[0]
        if not d:
            return "??"
        self.lab.ap(2, "queue", "cancel", d["id"])
        at = lambda name: datetime.datetime.fromisoformat(d[name].replace("Z", "+00:00")).timestamp()
        return {4: "A", 5: "B"}.get(round((at("deliver_by") - at("accepted")) / 3600), "?") + ("B" if d["error"]["what"] == "smp.untrusted" else "A")

    def key(self):
        """Who signs our receipts; the message is encrypted to the old key, always."""
        self.n += 1
        r = self.lab.ap(1, "send", self.lab.invoice(f"EYE-{self.n}"), "--wait=15s", "--json")
        proofs = json.loads(r.stdout.splitlines()[-1]).get("proofs") if r.stdout else None
        return self.serials.get(proofs[0]["signer_serial"], "?") if proofs else "-"

    def all(self):
        return self.web_certificate() + self.size() + self.deadline_and_anchors() + self.key()


# ---- the service under test ----

class Victim:
    def __init__(self, lab, traffic):
        self.lab, self.traffic, self.n, self.p = lab, traffic, 0, None
        self.arm, self.passed = lab.dir + "/armed", lab.dir + "/passed"

    def start(self, fault=""):
        """What `fault` says counts from arm() on."""
        for f in (self.arm, self.passed):
            if os.path.exists(f):
                os.unlink(f)
        env = {"AVISO_FAULT": fault, "AVISO_FAULT_ARM": self.arm, "AVISO_FAULT_LIST": self.passed}
        with self.traffic.may:
            self.p = self.lab.serve(2, program=FAULT, env={**os.environ, **env})
        self.keyd = key_processes(self.p.pid)

    def end(self):
        with self.traffic.may:
            code = self.lab.end(self.p)
        return code

    def restart(self, fault=""):
        if self.p.poll() is None:
            self.end()
        self.start(fault)

    def strike(self, point, who, *command):
        """The command runs, and `who` is killed at the point: what the command said."""
        open(self.arm, "w").close()
        asked = subprocess.Popen([AVISO, *command, "--config", self.lab.conf(2)], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                 stdin=subprocess.DEVNULL, text=True)
        self.reached = until(lambda: os.path.exists(self.passed) and point in open(self.passed).read().split(), 20)
        launcher_ = launcher(self.p.pid) if self.p.poll() is None else 0
        pids = {"service": [self.p.pid], "launcher": [launcher_], "keyd": self.keyd,
                "new keyd": [k for k in key_processes(self.p.pid) if k not in self.keyd] if launcher_ else []}[who]
        if not kills_itself(point, who):
            for pid in pids:
                os.kill(pid, signal.SIGKILL)
            self.reached = self.reached and bool(pids)
        if who == "service":
            with self.traffic.may:
                self.p.wait(20)
        out, err = asked.communicate(timeout=40)
        return asked.returncode, out, err


def kills_itself(point, who):
    return who == ("service" if point in RELOAD else "launcher")


def fault(point, who):
    return f"{point}=kill@1!" if kills_itself(point, who) else f"{point}=delay{WAIT_MS}@1!"


def left_over():
    """Processes of keys that lost their service; those that have ended are taken off the list."""
    found = []
    for c in children(os.getpid()):
        try:
            if named(c, "aviso-launcher") or named(c, "aviso-keyd"):
                os.waitpid(c, os.WNOHANG)
                found += [c] if os.path.exists(f"/proc/{c}") else []
        except (FileNotFoundError, ChildProcessError):
            pass
    return found


def keyd_of(victim):
    """How many live ones it has, whoever started them: a launcher that was killed leaves them to us."""
    return len(set(key_processes(victim.p.pid)) | set(left_over()))


# ---- a reload ----

#   point, who is killed, and: is the reload taken? None: it has no answer, or either
CASES = [(p, "service", None) for p in RELOAD + LAUNCH] + [(p, "launcher", p in RELOAD) for p in RELOAD + LAUNCH] + \
        [(p, "keyd", True) for p in RELOAD + LAUNCH] + [(p, "new keyd", True if p in RELOAD else None) for p in RELOAD + LAUNCH[1:]]
BACK = [(p, who, who != "service" or None) for p in RELOAD for who in ("service", "launcher", "keyd")]


class Reload:
    def __init__(self, lab, victim):
        self.lab, self.victim, self.conf, self.eye = lab, victim, configurations(lab), Eye(lab)

    def write(self, name):
        open(self.lab.conf(2), "w").write(self.conf[name])

    def is_whole(self, name):
        """What is wrong: all parts are those of this one, and there are as many keyd as it has keys."""
        n = {"A": 1, "B": 2}[name]
        seen = self.eye.all()
        if seen != name * 5:
            return f"web, size, deadline, anchors, key: {seen}, not all {name}"
        return "" if until(lambda: keyd_of(self.victim) == n, 5) else f"{keyd_of(self.victim)} key processes for {n} keys"

    def alive(self, who, taken, old, new):
        """The service was not killed: it holds what the answer says. A new start, or one more reload where a keyd is
        missing, takes up what is on disk."""
        why = "" if who.endswith("keyd") and taken else self.is_whole(new if taken else old)
        if why:
            return why
        if who.endswith("keyd"):
            r = self.lab.ap(2, "reload")
            return f"the next reload: {r.stderr}" if r.returncode else ""
        self.victim.restart()
        return ""

    def case(self, old, new, point, who, taken):
        self.write(old)
        self.victim.restart(fault(point, who))
        self.write(new)
        code, out, err = self.victim.strike(point, who, "reload")
        why = "" if self.victim.reached else "the point was not reached"
        if who == "service":
            why = why or ("it claims what is not so" if code == 0 else "")
            why = why or ("" if until(lambda: not left_over(), 5) else f"left over: {left_over()}")
            self.victim.start()
        else:
            why = why or (f"exit {code}: {out} {err}" if taken in (True, False) and (code == 0) != taken else "") or self.alive(who, code == 0, old, new)
        why = why or self.is_whole(new)
        say(not why, f"K15 reload {old} to {new}: {who} killed at {point}: old or new, whole", f"{why} [{code} {err[-200:]}] {open(self.victim.p.log).read()[-300:]}")


# ---- a step of a key ----

class Step:
    def __init__(self, lab, victim, eye):
        self.lab, self.victim, self.eye = lab, victim, eye
        self.folder, pki = lab.net + "/ap2/spool/keys", lab.net + "/pki"
        self.old, self.new = eye.serials
        self.take = ("keys", "import", f"{pki}/ap2next.pem", "--key", f"{pki}/ap2next.key")
        #   its name, command, points, the keys before it and after it
        both, one = {self.old: "signs", self.new: "decrypts"}, {self.old: "signs"}
        self.steps = [("import", self.take, RELOAD + LAUNCH, one, both),
                      ("activate", ("keys", "activate", self.new), RELOAD, both, {self.new: "signs", self.old: "decrypts"}),
                      ("retire", ("keys", "retire", self.new), RELOAD, both, one)]

    def begin(self, before, what):
        """The service runs with the keys before the step."""
        if self.victim.p.poll() is None:
            self.victim.end()
        shutil.rmtree(self.folder, ignore_errors=True)
        with self.victim.traffic.may:
            if len(before) == 2:
                self.lab.ap(2, *self.take)
        self.victim.start(what)

    def files(self):
        """What is no whole file of a key or certificate, or lacks the other one."""
        names, odd = set(os.listdir(self.folder)) - {"lock", "active"}, []
        for n in names:
            stem, _, kind = n.rpartition(".")
            text = subprocess.run(["openssl", "pkey" if kind == "key" else "x509", "-in", f"{self.folder}/{n}", "-noout"], capture_output=True)
            if kind not in ("key", "pem", "retired") or (kind != "retired" and (text.returncode or {stem + ".key", stem + ".pem"} - names)):
                odd.append(n)
        return odd

    def keys(self):
        return {k["serial"]: k["state"] for k in self.lab.json(2, "keys", "list")}

    def holds(self, keys):
        """The service signs with the one that signs, and has a keyd for each."""
        signs = [s for s, state in keys.items() if state == "signs"][0]
        seen = self.eye.key()
        if seen != self.eye.serials[signs]:
            return f"signs with {seen}"
        return "" if until(lambda: keyd_of(self.victim) == len(keys), 5) else f"{keyd_of(self.victim)} key processes for {len(keys)} keys"

    def case(self, name, command, point, who, before, after):
        self.begin(before, fault(point, who))
        code, out, err = self.victim.strike(point, who, *command)
        why = "" if self.victim.reached else "the point was not reached"
        if who == "service":
            why = why or ("it claims that the service has it" if "next: " in out and "no service" not in out else "")
            why = why or ("" if until(lambda: not left_over(), 5) else f"left over: {left_over()}")
        else:
            lost = point in LAUNCH
            why = why or ("" if lost == (code != 0) else f"exit {code}: {out} {err}") or self.holds(before if lost else after)
        why = why or ("" if self.keys() == after and not self.files() else f"on disk: {self.keys()} {self.files()}")
        self.victim.restart()
        why = why or self.holds(after)
        say(not why, f"K15 keys {name}: {who} killed at {point}: whole keys, one signs, the old one decrypts", f"{why} [{code} {err[-200:]}] {open(self.victim.p.log).read()[-300:]}")

    def all(self):
        for name, command, points, before, after in self.steps:
            for point in points:
                for who in ("service", "launcher"):
                    self.case(name, command, point, who, before, after)


# ---- all of it ----

def arrived_once(lab, traffic):
    """What went from the victim to the other: proven here, there once."""
    mine = set(traffic.numbers)
    state = lambda: {d["invoice"]: d["state"] for d in lab.json(2, "list", "--limit", "100000") if d["invoice"] in mine}
    until(lambda: set(state().values()) == {"RECEIPTED"}, 60)
    there = [d["invoice"] for d in lab.json(1, "list", "--inbound", "--limit", "100000")]
    wrong = {n: (state().get(n), there.count(n)) for n in mine if state().get(n) != "RECEIPTED" or there.count(n) != 1}
    say(mine and not wrong, "K15 what it sent meanwhile is proven, and arrived once", dict(list(wrong.items())[:5]))


def main(lab):
    lab.stop_ap2()
    ctypes.CDLL(None).prctl(SUBREAPER, 1, 0, 0, 0)  # orphans from here on become our children, and are seen
    ap1 = lab.serve(1, "--set", "retry.first=1s", "--set", "retry.max=1s", "--set", "retry.after_max=1s")
    there, back = Traffic(lab, 1), Traffic(lab, 2)
    victim = Victim(lab, back)
    reload = Reload(lab, victim)
    eye = reload.eye
    reload.write("A")
    victim.start()
    there.start()
    back.start()
    until(lambda: len(back.numbers) > 3)
    victim.end()  # it keeps where its partner is, so that other anchors refuse it nothing
    victim.start()
    for old, new, cases in (("A", "B", CASES), ("B", "A", BACK)):
        for point, who, taken in cases:
            reload.case(old, new, point, who, taken)
    reload.write("A")
    Step(lab, victim, eye).all()
    for t in (there, back):
        t.on = False
        t.join()
    c = Checker(lab)
    c.numbers = set(there.numbers)
    wrong = c.count()
    say(c.numbers and not any(wrong.values()), "K15 what it received meanwhile is there once, and nothing is claimed falsely", wrong)
    arrived_once(lab, back)
    lab.end(ap1)
    victim.end()
    say(until(lambda: not left_over(), 5), "K15 no process is left over", left_over())
    print(f"{len(there.numbers)} documents one way, {len(back.numbers)} the other")


with Lab() as the_lab:
    main(the_lab)
done()
