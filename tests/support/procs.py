"""The processes of a service, read from /proc: the service, its launcher below it, keyd below that."""
import os


def children(pid):
    """The processes that any thread of this one has forked."""
    try:
        return [int(c) for t in os.listdir(f"/proc/{pid}/task") for c in open(f"/proc/{pid}/task/{t}/children").read().split()]
    except FileNotFoundError:
        return []


def named(pid, name):
    return open(f"/proc/{pid}/comm").read().strip() == name


def launcher(service):
    """The process that starts keyd for a service, or 0."""
    return next((p for p in children(service) if named(p, "aviso-launcher")), 0)


def key_processes(service):
    """keyd of a service, as its launcher started them."""
    return [k for k in children(launcher(service)) if named(k, "aviso-keyd")]
