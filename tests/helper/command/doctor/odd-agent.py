#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""An agent that is not as it should be, in the place of the one that listens.

odd-agent.py SOCKET MODE: old (of another version), mute (answers HELLO alone), silent (nothing at all).
"""
import json
import os
import socket
import struct
import sys
import threading

HELLO, REPLY = 1, 64
RESULT, PROTOCOL, VERSION, MAY_SIGN, STATUS = 1, 7, 8, 9, 11
path, mode = sys.argv[1:]


def field(tag, value):
    value = struct.pack("<I", value) if isinstance(value, int) else value.encode()
    return struct.pack("<HHI", tag, 0, len(value)) + value


def answer(kind):
    if kind == HELLO:
        return field(RESULT, 0) + field(PROTOCOL, 1) + field(VERSION, "0.0.9") + field(MAY_SIGN, 1)
    status = {"version": "0.0.9", "pid": os.getpid(), "stores": []}
    return field(RESULT, 0) + field(VERSION, "0.0.9") + field(STATUS, json.dumps(status))


def serve(client):
    with client:
        while True:
            header = client.recv(8, socket.MSG_WAITALL)
            if len(header) < 8:
                return
            length, _, kind, _ = struct.unpack("<IBBH", header)
            client.recv(length, socket.MSG_WAITALL) if length else b""
            if mode == "silent" or mode == "mute" and kind != HELLO:
                continue
            body = answer(kind)
            client.sendall(struct.pack("<IBBH", len(body), 0, REPLY, 0) + body)


server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
server.bind(path + ".odd")
server.listen(16)
os.rename(path + ".odd", path)
while True:
    threading.Thread(target=serve, args=(server.accept()[0],), daemon=True).start()
