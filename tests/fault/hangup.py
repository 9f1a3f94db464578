#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Commits an import and goes away without a word, while somebody keeps the data folder locked for a while.

	hangup.py SOCKET FOLDER CERTIFICATE KEY       (both DER)
"""
import fcntl
import os
import socket
import struct
import sys
import time

IMPORT, PHASE, LABEL, CERTIFICATE, PKCS8, STORE = 3, 21, 23, 25, 26, 27


def field(tag, value):
    if isinstance(value, int):
        value = struct.pack("<I", value)
    return struct.pack("<HHI", tag, 0, len(value)) + value


path, folder, certificate, key = sys.argv[1:]
client = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
client.settimeout(20)
client.connect(path)
body = b"".join((field(PHASE, 1), field(LABEL, b"hangup"), field(CERTIFICATE, open(certificate, "rb").read()),
                 field(PKCS8, open(key, "rb").read()), field(STORE, b"file")))
client.sendall(struct.pack("<IBBH", len(body), 1, IMPORT, 0) + body)
reply = client.recv(65536)
print("result %d" % struct.unpack("<I", reply[16:20]))
print("records %d" % sum(name.endswith(".identity") for name in os.listdir(folder)), flush=True)
lock = os.open(folder, os.O_RDONLY)
fcntl.flock(lock, fcntl.LOCK_EX)
client.close()
# Longer than the agent takes to hear of the end, shorter than a writer waits for the lock.
time.sleep(1)
