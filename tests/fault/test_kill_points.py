#!/usr/bin/env python3
"""kill -9 at every fault point of both access points, over real processes and a real network.

Small documents, and large ones, which go through files. For each point: a document is handed in while one side is killed there; the side is started again and the same
submission (same key) is repeated. Then an outside look at command output and disk: the document is proven, it was
handed over exactly once, and nothing was claimed that is not so."""
import json, os, shutil, signal, socket, subprocess, sys, tempfile, time

FAULT = os.environ.get("AVISO_FAULT_BUILD", "")
PKI = os.environ.get("AVISO_PKI", "")
if not (os.path.exists(FAULT) and os.path.isdir(PKI)):
    print("no fault build or no development PKI")
    sys.exit(77)

TOP = os.path.abspath(os.path.join(os.path.dirname(__file__), "../.."))
INVOICE = open(os.path.join(TOP, "ubl/examples/invoice.xml")).read()
DIR = tempfile.mkdtemp(prefix="aviso-kill-")
NET = os.path.join(DIR, "net")
failed = 0


def run(args, fault=None, timeout=90, env=None):
    e = dict(os.environ, **(env or {}))
    if fault:
        e["AVISO_FAULT"] = fault
    return subprocess.run([FAULT] + args, env=e, capture_output=True, text=True, timeout=timeout)


def conf(name):
    return ["--config", os.path.join(NET, name)]


def port(name):
    words = open(os.path.join(NET, "ports")).read().split()
    return int(words[words.index(name) + 1])


def answers(p):
    try:
        socket.create_connection(("127.0.0.1", p), 1).close()
        return True
    except OSError:
        return False


AP2 = None
ARM = os.path.join(DIR, "armed")


def end_ap2():
    global AP2
    if AP2 and AP2.poll() is None:
        AP2.terminate()
        try:
            AP2.wait(40)
        except subprocess.TimeoutExpired:
            AP2.kill()
            AP2.wait()
    AP2 = None


def start_ap2(env=None):
    """The receiver; what env says of faults counts only once it has started."""
    global AP2
    if os.path.exists(ARM):
        os.unlink(ARM)
    log = open(os.path.join(NET, "ap2.log"), "a")
    AP2 = subprocess.Popen([FAULT, "serve"] + conf("ap2.conf"), stdout=log, stderr=log,
                           env=dict(os.environ, AVISO_FAULT_ARM=ARM, **(env or {})))
    for _ in range(300):
        if answers(port("ap2")):
            open(ARM, "w").close()
            return
        time.sleep(0.05)
    raise SystemExit("the receiver does not start")


def send(n, fault=None, wait="8s", env=None):
    """One whose n ends with L is large, and does not shrink."""
    path = os.path.join(DIR, f"inv-{n}.xml")
    if not os.path.exists(path):
        padding = f"<!-- {os.urandom(300000).hex()} -->" if n.endswith("L") else ""
        with open(path, "w") as f:
            f.write(INVOICE.replace("INV-1042", f"KILL-{n}").replace("</Invoice>", padding + "</Invoice>"))
    return run(conf("aviso.conf") + ["--set", "retry.first=1s", "--set", "retry.answer_timeout=5s", "send", path,
                                     "--key", f"key-{n}", f"--wait={wait}", "--json"], fault=fault, env=env)


def handed_over(n):
    found = 0
    inbox = os.path.join(NET, "ap2/inbox")
    for name in os.listdir(inbox):
        if name.endswith(".json"):
            with open(os.path.join(inbox, name)) as f:
                found += json.load(f).get("invoice") == f"KILL-{n}"
    return found


def check(n, point, died):
    """Send again until it is proven; then count what lies at C4."""
    global failed
    why = ""
    for _ in range(6):
        r = send(n, wait="10s")
        if r.returncode == 0:
            break
    last = json.loads(r.stdout.strip().splitlines()[-1]) if r.stdout.strip() else {}
    if r.returncode or last.get("state") != "RECEIPTED":
        why = f"not proven: exit {r.returncode} {last.get('state')} {r.stderr.strip()[-300:]}"
    for _ in range(100):
        if handed_over(n):
            break
        time.sleep(0.1)
    time.sleep(0.3)
    if not why and handed_over(n) != 1:
        why = f"handed over {handed_over(n)} times"
    listed = run(conf("aviso.conf") + ["list", "--json"]).stdout.splitlines()
    mine = [json.loads(x) for x in listed if f'"KILL-{n}"' in x]
    if not why and len(mine) != 1:
        why = f"{len(mine)} documents of this number in the journal"
    failed += bool(why)
    print(f"{'not ok' if why else 'ok'} {point}" + ("" if died else " (passed, not reached)") + (f": {why}" if why else ""))
    sys.stdout.flush()


def points(env_of, modules):
    """The points that an exchange of each size passes on one side: with what a number ends, and the point."""
    small = passed(lambda env: env_of("S", env), modules)
    return [("S", p) for p in small] + [("L", p) for p in passed(lambda env: env_of("L", env), modules) if p not in small]


def passed(env_of, modules):
    names = os.path.join(DIR, "points")
    if os.path.exists(names):
        os.unlink(names)
    env_of({"AVISO_FAULT_LIST": names})
    with open(names) as f:
        return sorted(p for p in set(f.read().split()) if p.split(".")[0] in modules)


def main():
    os.makedirs(NET)
    shutil.copytree(PKI, os.path.join(NET, "pki"))
    r = run(["testnet", "up", "--dir", NET])
    if r.returncode:
        raise SystemExit("testnet up: " + r.stdout + r.stderr)
    os.kill(int(open(os.path.join(NET, "ap2.pid")).read()), signal.SIGTERM)
    while answers(port("ap2")):
        time.sleep(0.05)
    time.sleep(0.5)
    start_ap2()
    send("first")  # once without faults, so that spool and connections are as usual

    sender = points(lambda size, env: send("list" + size, env=env), ("out", "store", "base"))
    for i, (size, p) in enumerate(sender):
        n = f"s{i}{size}"
        r = send(n, fault=f"{p}=kill@1!")
        check(n, f"sender killed at {p}", r.returncode == -signal.SIGKILL)
    end_ap2()

    def list_receiver(size, env):
        start_ap2(env)
        send("rlist" + size)
        time.sleep(1)
        end_ap2()

    receiver = points(list_receiver, ("in", "store", "base"))
    for i, (size, p) in enumerate(receiver):
        n = f"r{i}{size}"
        start_ap2({"AVISO_FAULT": f"{p}=kill@1"})
        send(n, wait="3s")
        time.sleep(0.5)
        died = AP2.poll() is not None
        end_ap2()
        start_ap2()
        check(n, f"receiver killed at {p}", died)
        end_ap2()
    print(f"{len(sender)} points of the sender, {len(receiver)} of the receiver")


try:
    main()
finally:
    end_ap2()
    run(["testnet", "down", "--dir", NET])
    shutil.rmtree(DIR, ignore_errors=True)
sys.exit(1 if failed else 0)
