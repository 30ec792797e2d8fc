#!/usr/bin/env python3
"""Q3: both access points under a steady load for TIME (600) seconds. Memory, descriptors and files of the spool are
read all the while; after the first third, when caches are full, none may grow on."""
import os, sys, time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../support"))
from lab import *

TIME = int(os.environ.get("TIME") or 600)
MEMORY_MAY_GROW = 8 << 20  # bytes, over the second and last third: what an allocator keeps, not a leak


def figures(lab, p, ap):
    with open(f"/proc/{p.pid}/status") as f:
        rss = int(re.search(r"VmRSS:\s+(\d+)", f.read()).group(1)) << 10
    return {"rss": rss, "fds": len(os.listdir(f"/proc/{p.pid}/fd")), "files": len(os.listdir(f"{lab.net}/ap{ap}/spool/payload"))}


def median(values, part):
    v = sorted(values[len(values) * part // 3:len(values) * (part + 1) // 3])
    return v[len(v) // 2]


def soak(lab):
    lab.stop_ap2()
    services = {1: lab.serve(1), 2: lab.serve(2)}
    seen, n, bad, end = {1: [], 2: []}, 0, 0, time.monotonic() + TIME
    while time.monotonic() < end:
        path = lab.invoice(f"SOAK-{n}")
        bad += lab.ap(1, "send", path, "--key", f"k{n}", "--wait=30s", "--quiet").returncode != 0
        os.unlink(path)
        n += 1
        for ap, p in services.items():
            seen[ap].append(figures(lab, p, ap))
    say(n >= 9 and not bad, "Q3 each document is proven", f"{bad} of {n}")
    for ap in services:
        for what, limit in (("rss", MEMORY_MAY_GROW), ("fds", 4), ("files", 4)):
            second, last = (median([f[what] for f in seen[ap]], part) for part in (1, 2))
            say(last <= second + limit, f"Q3 {what} of access point {ap} stays flat", f"{second} then {last}")
            print(f"  {what} of access point {ap}: {second} in the second third, {last} in the last")
    print(f"soak: {n} documents in {TIME} s")
    for p in services.values():
        say(lab.end(p) == 0, "ends cleanly", open(p.log).read()[-300:])


with Lab() as the_lab:
    soak(the_lab)
done()
