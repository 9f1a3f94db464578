#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""An agent of the next protocol version, in the place of the one that listens: it answers HELLO with that
version to whoever comes, and tells what it hears.

	next-agent.py SOCKET
"""
import os
import socket
import struct
import sys
import threading

HELLO, REPLY, RESULT, PROTOCOL, NEXT = 1, 64, 1, 7, 2


def field(tag, value):
    return struct.pack("<HHII", tag, 0, 4, value)


def serve(client):
    with client:
        while True:
            header = client.recv(8, socket.MSG_WAITALL)
            if len(header) < 8:
                return
            length, version, kind, _ = struct.unpack("<IBBH", header)
            body = client.recv(length, socket.MSG_WAITALL)
            if (version, kind) != (0, HELLO):
                print("frame", version, kind, flush=True)
                return
            print("hello", struct.unpack("<I", body[8:12])[0], flush=True)
            body = field(RESULT, 0) + field(PROTOCOL, NEXT)
            client.sendall(struct.pack("<IBBH", len(body), 0, REPLY, 0) + body)


path = sys.argv[1]
server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
server.bind(path + ".next")
server.listen(16)
os.rename(path + ".next", path)
print("listening", flush=True)
while True:
    threading.Thread(target=serve, args=(server.accept()[0],), daemon=True).start()
