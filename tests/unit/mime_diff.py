#!/usr/bin/env python3
"""Reads what test_mime_diff wrote: messages our reader took, and how it read them. Python's email package must
find the same parts: number, Content-ID and octets. usage: mime_diff.py FILE (records: see test_mime_diff.c)"""
import email.parser
import re
import struct
import sys
import urllib.parse


def number(f):
    b = f.read(8)
    return struct.unpack("<Q", b)[0] if len(b) == 8 else None


def data(f):
    return f.read(number(f))


def unbracket(v):
    v = v.strip(" \t\r\n")
    if len(v) >= 2 and v[0] == "<" and v[-1] == ">":
        v = v[1:-1]
    return v


def content_id(part):
    v = part["Content-ID"]
    if v is None:
        return b""
    raw = unbracket(str(v).replace("\r", "").replace("\n", "")).encode("latin-1", "surrogateescape")
    if re.search(rb"%(?![0-9A-Fa-f]{2})", raw):  # no escape: a plain '%'
        return raw
    return urllib.parse.unquote_to_bytes(raw)


def octets(part):
    p = part._payload  # as read: get_payload() would decode
    return p.encode("ascii", "surrogateescape") if isinstance(p, str) else None


def main():
    n = 0
    with open(sys.argv[1], "rb") as f:
        while (parts := number(f)) is not None:
            ctype, body = data(f), data(f)
            lf = number(f)
            ours = [(data(f), data(f)) for _ in range(parts)]
            m = email.parser.BytesParser().parsebytes(b"Content-Type: " + ctype + b"\r\n\r\n" + body)
            if not m.is_multipart():
                sys.exit(f"{body!r}: Python sees no parts")
            theirs = [(content_id(p), octets(p)) for p in m.get_payload()]
            if lf:  # an LF message: Python takes a CR before the delimiter's LF for part of the line end
                ours = [(i, b[:-1] if b.endswith(b"\r") else b) for i, b in ours]
            if ours != theirs:
                sys.exit(f"{ctype!r}\n{body!r}\nours   {ours!r}\ntheirs {theirs!r}")
            n += 1
    print(f"{n} messages read alike")


main()
