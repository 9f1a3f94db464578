#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A client of the agent that knows the wire and no manners.

	ask.py SOCKET hello | status | sign HASH | forget     one request; prints RESULT and what came with it
	ask.py SOCKET raw HEX                                 bytes as they are; prints what came back, or "end"
	ask.py SOCKET cut HEX [N]                             the same and N zeros, then end of file from this side
	ask.py SOCKET hold N                                  N connections, made as soon as somebody listens; a
	                                                      line each on standard input: one HELLO on the first of
	                                                      them; ends with standard input
	ask.py PATH listen PROGRAM...                         binds PATH and runs PROGRAM as systemd would
"""
import json
import os
import select
import socket
import struct
import sys
import time

HELLO, SIGN, STATUS, FORGET, REPLY = 1, 2, 7, 8, 64
RESULT, MESSAGE, REASON, PROTOCOL, MAY_SIGN, PID, STATUS_TEXT = 1, 2, 3, 7, 9, 10, 11
SPKI_HASH, SCHEME, DIGEST, DATA, SIGNATURE = 12, 13, 14, 18, 20


def field(tag, value):
    if isinstance(value, int):
        value = struct.pack("<I", value)
    return struct.pack("<HHI", tag, 0, len(value)) + value


def frame(kind, *fields):
    body = b"".join(fields)
    return struct.pack("<IBBH", len(body), 0 if kind in (HELLO, REPLY) else 1, kind, 0) + body


def connect(path):
    client = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    client.settimeout(20)
    client.connect(path)
    return client


def connect_early(path):
    """As soon as somebody listens: for an agent that leaves before a client of ours could be started."""
    end = time.monotonic() + 60
    while True:
        try:
            return connect(path)
        except (FileNotFoundError, ConnectionRefusedError):
            if time.monotonic() > end:
                raise
            time.sleep(0.005)


def receive(client, length):
    data = b""
    while len(data) < length:
        part = client.recv(length - len(data))
        if not part:
            return None
        data += part
    return data


def reply(client):
    while True:
        header = receive(client, 8)
        if header is None:
            return None
        length, _, kind, _ = struct.unpack("<IBBH", header)
        body = receive(client, length)
        if kind == REPLY:
            break
    fields = {}
    while body:
        tag, _, length = struct.unpack("<HHI", body[:8])
        fields[tag] = body[8 : 8 + length]
        body = body[8 + length :]
    return fields


def number(fields, tag):
    return struct.unpack("<I", fields[tag])[0] if tag in fields else -1


def tell(fields):
    if fields is None:
        print("end")
        return 1
    words = ["result %d" % number(fields, RESULT)]
    for name, tag in (("protocol", PROTOCOL), ("may-sign", MAY_SIGN), ("pid", PID)):
        if tag in fields:
            words.append("%s %d" % (name, number(fields, tag)))
    for tag in (REASON, MESSAGE, STATUS_TEXT):
        if tag in fields:
            words.append(fields[tag].decode())
    if SIGNATURE in fields:
        words.append("signature %d" % len(fields[SIGNATURE]))
    print(" ".join(words))
    return 0


def ask(client, request):
    client.sendall(request)
    return reply(client)


def sign(hash_hex):
    return frame(SIGN, field(SPKI_HASH, bytes.fromhex(hash_hex)), field(SCHEME, 3), field(DIGEST, 3),
                 field(DATA, b"data"))


def hold(path, count):
    print("begins", flush=True)
    clients = [connect_early(path) for _ in range(count)]
    print("held", flush=True)
    for _ in sys.stdin:
        try:
            tell(ask(clients[0], frame(HELLO, field(PROTOCOL, 1))))
        except OSError:
            print("end")
        sys.stdout.flush()
    # Which of them the agent has ended.
    ended = 0
    for client in clients:
        if select.select([client], [], [], 0)[0]:
            ended += 1
    print("ended %d" % ended)


def listen(path, program):
    server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    server.bind(path + ".new")
    server.listen(16)
    os.rename(path + ".new", path)
    os.dup2(server.fileno(), 3)
    os.set_inheritable(3, True)
    os.environ["LISTEN_PID"] = str(os.getpid())
    os.environ["LISTEN_FDS"] = "1"
    os.execv(program[0], program)


def main(path, what, *words):
    if what == "hold":
        return hold(path, int(words[0]))
    if what == "listen":
        return listen(path, list(words))
    client = connect(path)
    if what in ("raw", "cut"):
        client.sendall(bytes.fromhex(words[0]) + bytes(int(words[1]) if len(words) > 1 else 0))
        if what == "cut":
            client.shutdown(socket.SHUT_WR)
        return tell(reply(client))
    return tell(ask(client, {
        "hello": lambda: frame(HELLO, field(PROTOCOL, int(words[0]) if words else 1)),
        "status": lambda: frame(STATUS),
        "forget": lambda: frame(FORGET),
        "sign": lambda: sign(words[0]),
    }[what]()))


if __name__ == "__main__":
    try:
        sys.exit(main(*sys.argv[1:]))
    except (ConnectionError, BrokenPipeError) as error:
        print("end")
        sys.exit(1)
