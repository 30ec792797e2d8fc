"""What the tests with Java peers share: building a peer with Maven, running phase4's two programs, counting results.
Results are lines of the script protocol (HACKING.md)."""
import json
import os
import queue
import random
import re
import shutil
import subprocess
import sys
import threading

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PHASE4 = os.path.join(TOP, "build/interop/phase4")
PKI = os.environ.get("AVISO_PKI", os.path.join(TOP, "build/pki"))
failures = 0
way = ""  # who sends to whom, before each result


def skip(reason):
    print(reason)
    sys.exit(77)


def result(name, ok, detail=""):
    global failures
    if not ok:
        failures += 1
        print(f"  {name}: {str(detail)[:2000]}")
    print(("ok " if ok else "not ok ") + (f"{way} | " if way else "") + (name if " " in name else name.replace("_", " ")), flush=True)


def row(case, seen, want):
    """A line of the table: the case and what was seen of it."""
    result(f"{case} | {seen}", seen == want, f"instead of {want}")


def build(name, what):
    """The peer of that folder, as build/interop/NAME/target/*.jar; the libraries come by Maven."""
    for tool in ("java", "javac", "mvn"):
        if not shutil.which(tool):
            skip(f"no {tool} here (make deps-interop installs it)")
    source, copy = os.path.join(TOP, "tests/interop", name), os.path.join(TOP, "build/interop", name)
    shutil.copytree(source, copy, dirs_exist_ok=True)
    newest = max(os.path.getmtime(os.path.join(d, f)) for d, _, fs in os.walk(source) for f in fs
                 if f.endswith((".java", ".xml")))
    built = os.path.join(copy, "target/built")
    if os.path.exists(built) and os.path.getmtime(built) > newest:
        return copy
    print(f"building with {what} by Maven (the first time it is downloaded)", flush=True)
    p = subprocess.run(["mvn", "-q", "-B", "package"], cwd=copy, capture_output=True, text=True)
    if p.returncode and re.search("Could not (resolve|transfer|find)|offline mode", p.stdout):
        skip(f"Maven has not got {what} and cannot download it now")
    if p.returncode:
        print(p.stdout)
        raise SystemExit(f"the peer with {what} does not build")
    open(built, "w").close()
    return copy


def build_phase4():
    build("phase4", "phase4")


def enterprise(n):
    """A Belgian enterprise number: its last two digits check the others."""
    return f"0208:{n:08d}{97 - n % 97:02d}"


def incompressible(size):
    """Like base64: gzip saves about a quarter."""
    return "".join(random.Random(1).choices("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+/", k=size))


def big_invoice(tmp, size):
    """phase4's sample with a note of `size` characters: its path, and the note."""
    text = open(os.path.join(PHASE4, "sample-invoice.xml"), encoding="utf-8").read()
    note = incompressible(size)
    path = os.path.join(tmp, "big.xml")
    with open(path, "w", encoding="utf-8") as f:
        f.write(text.replace("<cbc:DocumentCurrencyCode>", f"<cbc:Note>{note}</cbc:Note><cbc:DocumentCurrencyCode>"))
    return path, note.encode()


class Sender:
    """One phase4 process that sends (run-sender.sh --batch): each run is a line to it."""

    def __init__(self, pki):
        args = [os.path.join(PHASE4, "run-sender.sh"), "--batch", "--json", "--pki", pki]
        self.p = subprocess.Popen(args, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)

    def send(self, *options):
        """Each message as phase4 saw it end: a list of dicts; and the seconds that all took."""
        self.p.stdin.write(" ".join(options) + "\n")
        self.p.stdin.flush()
        lines = []
        for line in self.p.stdout:
            one = json.loads(line) if line.startswith("{") else {}
            if "total" in one:
                return lines, one["seconds"]
            if one:
                lines.append(one)
        raise SystemExit("the phase4 sender ended")

    def close(self):
        self.p.stdin.close()
        self.p.wait()


class Receiver:
    """phase4 receiving, with every document in a folder; may be killed and started again on its port, and told what to do."""

    def __init__(self, pki, store, serviced, tls=False):
        os.makedirs(store, exist_ok=True)
        self.store, self.port, self.p = store, 0, None
        self.args = ["--control", "--pki", pki, "--store", store] + (["--tls"] if tls else [])
        self.args += ["--serviced", ",".join(serviced)] if serviced else []
        self.start()

    def start(self):
        args = [os.path.join(PHASE4, "run-receiver.sh"), "--port", str(self.port)] + self.args
        self.p = subprocess.Popen(args, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        ready = re.match(r"ready https?://127\.0\.0\.1:(\d+)/as4", self.p.stdout.readline())
        if not ready:
            self.kill()
            raise SystemExit("the phase4 receiver does not start")
        self.port = int(ready.group(1))
        self.obeyed = queue.Queue()
        threading.Thread(target=self.listen, args=(self.p.stdout, self.obeyed), daemon=True).start()

    @staticmethod
    def listen(output, obeyed):
        for line in output:
            if line.startswith("now "):
                obeyed.put(line.split()[1])

    def does(self, word):
        """take, fail, fail-late, slow, refuse, policy, forget (phase4/README.md)"""
        self.p.stdin.write(word + "\n")
        self.p.stdin.flush()
        assert self.obeyed.get(timeout=60) == word

    def stored(self):
        return {f: open(os.path.join(self.store, f), "rb").read() for f in os.listdir(self.store)}

    def kill(self):
        self.p.kill()
        self.p.wait()
