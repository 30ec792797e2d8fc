"""The preloaded shim (tests/fault/shim.c) from outside: faults of system calls, switched while the program runs.

    shim = Shim(folder)                          # files below this folder are meant
    p = subprocess.Popen(..., env=shim.env())
    shim.set(FSYNC, errno.EIO, at=3)             # the third fsync from now on fails, once
    shim.seen, shim.failed, shim.again           # what it saw since"""
import errno, mmap, os, struct, sys, tempfile

SO = os.environ.get("AVISO_SHIM_SO", "")
WRITE, FSYNC, RENAME, LINK, OPEN, CLOSE, TRUNCATE, UNLINK, MALLOC, ACCEPT = (1 << i for i in range(10))
FILES = WRITE | FSYNC | RENAME | LINK | OPEN | CLOSE | TRUNCATE
NAMES = {WRITE: "write", FSYNC: "fsync", RENAME: "rename", LINK: "link", OPEN: "open", CLOSE: "close",
         TRUNCATE: "ftruncate", UNLINK: "unlink", MALLOC: "malloc", ACCEPT: "accept"}
SHORT, SLOW = -1, -2
FIELDS = ("ops", "at", "lasting", "rate", "seed", "error", "delay_ms", "own", "payload", "lazy", "seen", "failed", "last", "again", "journal")
OPS = 10
LAYOUT = struct.Struct(f"<5Ii9I{OPS}I")

if not os.path.exists(SO):
    print("no shim.so (make V=fault faults)")
    sys.exit(77)


class Shim:
    def __init__(self, folder, lazy=0):
        self.folder, self.lazily = folder, lazy  # lazy: no fsync is done, though each can fail
        fd, self.path = tempfile.mkstemp(prefix="aviso-shim-")
        os.ftruncate(fd, 4096)
        self.map = mmap.mmap(fd, 4096)
        os.close(fd)
        self.set()

    def close(self):
        self.map.close()
        os.unlink(self.path)

    def env(self):
        return {**os.environ, "LD_PRELOAD": SO, "AVISO_SHIM": self.path, "AVISO_SHIM_DIR": self.folder}

    def set(self, ops=0, error=0, at=0, lasting=0, rate=0, seed=0, delay_ms=0, own=0, payload=0):
        self.map[0:4] = b"\0\0\0\0"  # nothing is meant while the rest changes
        self.map[4:LAYOUT.size] = LAYOUT.pack(0, at, lasting, rate, seed, error, delay_ms, own, payload, self.lazily, *[0] * (5 + OPS))[4:]
        self.map[0:4] = struct.pack("<I", ops)

    def off(self):
        """No more faults; what was counted stays."""
        self.map[0:4] = b"\0\0\0\0"

    def each(self):
        """op -> how many of its calls were seen"""
        return {1 << i: n for i, n in enumerate(LAYOUT.unpack(self.map[:LAYOUT.size])[len(FIELDS):])}

    def __getattr__(self, name):
        if name not in FIELDS:
            raise AttributeError(name)
        return LAYOUT.unpack(self.map[:LAYOUT.size])[FIELDS.index(name)]
