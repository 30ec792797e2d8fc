"""What scripts in Python share: the program, a testnet in a folder of its own, services that are ended at last.

    from lab import *          # after sys.path has tests/support
    with Lab() as lab: ...     # testnet up; ap1 is aviso.conf, ap2 is ap2.conf and runs
    done()                     # exit status by what say() was told"""
import json, os, re, shutil, signal, socket, subprocess, sys, tempfile, time

from procs import *

AVISO, PKI, TOP = os.environ.get("AVISO", ""), os.environ.get("AVISO_PKI", ""), os.environ.get("TOP", ".")
if not (os.path.exists(AVISO) and os.path.isdir(PKI)):
    print("no program or no development PKI")
    sys.exit(77)
INVOICE = os.path.join(TOP, "ubl/examples/invoice.xml")
SUPPLIER, BUYER = "0208:0848934496", "0208:0403170701"
failures = 0


def say(ok, name, why=""):
    global failures
    failures += not ok
    print(("ok " if ok else "not ok ") + name + ("" if ok else ": " + str(why).replace("\n", " ")[:400]))
    sys.stdout.flush()
    return ok


def done():
    sys.exit(1 if failures else 0)


def run(*args, wait=90, **kw):  # longer than --wait: what it says at the end is to be seen
    return subprocess.run([AVISO, *args], capture_output=True, text=True, timeout=wait, stdin=subprocess.DEVNULL, **kw)


def until(what, seconds=20):
    """The first true value of what(), or the last one when time is up."""
    end = time.monotonic() + seconds
    while not (v := what()) and time.monotonic() < end:
        time.sleep(0.05)
    return v


class Lab:
    def __enter__(self):
        self.dir = tempfile.mkdtemp(prefix="aviso-lab-")
        self.net = os.path.join(self.dir, "net")
        self.services = []
        os.makedirs(self.net)
        shutil.copytree(PKI, self.net + "/pki")
        r = run("testnet", "up", "--dir", self.net)
        if r.returncode:
            raise SystemExit(r.stdout + r.stderr)
        return self

    def __exit__(self, *_):
        for p in self.services:
            if p.poll() is None:
                p.terminate()
        for p in self.services:
            p.wait(40)
        run("testnet", "down", "--dir", self.net)
        shutil.rmtree(self.dir, ignore_errors=True)

    def conf(self, ap):
        return self.net + ("/aviso.conf" if ap == 1 else "/ap2.conf")

    def ap(self, ap, *args, **kw):
        return run(*args, "--config", self.conf(ap), **kw)

    def json(self, ap, *args, **kw):
        """The JSON lines of a command."""
        return [json.loads(l) for l in self.ap(ap, *args, "--json", **kw).stdout.splitlines()]

    def serve(self, ap, *args, program=AVISO, **kw):
        """A service that is ready; its output goes to a file, `p.log`."""
        log = os.path.join(self.dir, f"serve{len(self.services)}.log")
        p = subprocess.Popen([program, "serve", "--config", self.conf(ap), *args], stdout=open(log, "w"),
                             stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, **kw)
        p.log = log
        self.services.append(p)
        if not until(lambda: "ready " in open(log).read() or p.poll() is not None) or p.poll() is not None:
            raise SystemExit("the service does not start: " + open(log).read())
        return p

    def end(self, p, how=signal.SIGTERM):
        p.send_signal(how)
        return p.wait(40)

    def stop_ap2(self):
        """The receiver that testnet started; serve(2) starts it again, with what the test wants."""
        pid = int(open(self.net + "/ap2.pid").read())
        os.kill(pid, signal.SIGTERM)
        until(lambda: not os.path.exists(f"/proc/{pid}") or open(f"/proc/{pid}/stat").read().split()[2] == "Z", 30)

    def port(self, name):
        words = open(self.net + "/ports").read().split()
        return int(words[words.index(name) + 1])

    def register(self, participant, url, cert="ap2"):
        """This receiver is at that URL from now on (the SMP reads its registry anew for each question)."""
        path = self.net + "/registry.tsv"
        lines = open(path).read().splitlines()
        at = [i for i, l in enumerate(lines) if l.startswith(participant + "\t")]
        model = [l for l in lines if l.startswith(BUYER + "\t")]
        new = ["\t".join([participant, *l.split("\t")[1:3], url, f"{self.net}/pki/{cert}.pem"]) for l in model]
        with open(path + ".new", "w") as f:
            f.write("\n".join([l for i, l in enumerate(lines) if i not in at] + new) + "\n")
        os.replace(path + ".new", path)

    def invoice(self, number, change=lambda s: s):
        path = os.path.join(self.dir, number + ".xml")
        open(path, "w").write(change(open(INVOICE).read().replace("INV-1042", number)))
        return path
