#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Stands between an agent and its swtpm, and spoils what the TPM answers.

    tpm-proxy.py PROXY SWTPM PLAN

PROXY and SWTPM are socket paths, with PATH.ctrl beside each. PLAN is a file that is read before each command; its
words, the first of which counts, may be

    pass                answers come as they are (also where there is no such file)
    code HEX [COUNT]    the TPM's answer is that response code alone, for COUNT commands (always, where it is left out);
                        the command does not reach the TPM
    refuse CC HEX       as `code`, to commands of that code alone
    after CC HEX        as `code`, once, in place of the answer to the next command of that code: it has been done
    spoil CC BYTE       in answers to commands of that code, that byte is another, counted from their end
    cut BYTES           the answer ends after so many bytes, and the connection with it
    flip SEED           one byte in eight answers is another, but of the length that they name: who reads a socket would
                        wait for the rest of it (fuzz/tpm-answers.c spoils that too)
    kill WHO N [WORD]   the Nth command from now on is done, and WHO killed before it is answered: agent, or tpm
    close               the connection is closed in place of an answer

Each command's code is written to standard output, a line each.
"""
import os
import random
import signal
import socket
import struct
import sys
import threading

proxy_path, swtpm_path, plan_path = sys.argv[1:]
lock = threading.Lock()
counts = {}
rng = {}


def plan():
    try:
        with open(plan_path) as file:
            text = file.read().strip()
    except FileNotFoundError:
        text = ""
    return text, (text.split() or ["pass"])


def bare(code):
    return struct.pack(">HII", 0x8001, 10, code)


def read_all(connection, size):
    data = b""
    while len(data) < size:
        piece = connection.recv(size - len(data))
        if not piece:
            return None
        data += piece
    return data


def read_message(connection):
    """A command or answer: tag, size, code, and the rest."""
    head = read_all(connection, 10)
    if head is None:
        return None
    size = struct.unpack(">I", head[2:6])[0]
    rest = read_all(connection, size - 10) if size > 10 else b""
    return None if rest is None else head + rest


def times(text):
    with lock:
        counts[text] = counts.get(text, 0) + 1
        return counts[text]


def kill_peer(connection):
    """Who is at the other end, or has listened there."""
    pid = struct.unpack("3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[0]
    os.kill(pid, signal.SIGKILL)


def spoil(text, answer):
    generator = rng.setdefault(text, random.Random(text))
    if generator.randrange(8):
        return answer
    at = generator.choice([i for i in range(len(answer)) if not 2 <= i < 6])
    return answer[:at] + bytes([answer[at] ^ (1 << generator.randrange(8))]) + answer[at + 1:]


def serve_commands(client):
    tpm = socket.socket(socket.AF_UNIX)
    tpm.connect(swtpm_path)
    with client, tpm:
        while (command := read_message(client)) is not None:
            code = struct.unpack(">I", command[6:10])[0]
            print("%08x" % code, flush=True)
            text, words = plan()
            if words[0] == "close":
                return
            if words[0] == "code" and (len(words) < 3 or times(text) <= int(words[2])):
                client.sendall(bare(int(words[1], 16)))
                continue
            if words[0] == "refuse" and int(words[1], 16) == code:
                client.sendall(bare(int(words[2], 16)))
                continue
            tpm.sendall(command)
            answer = read_message(tpm)
            if answer is None:
                return
            if words[0] == "after" and int(words[1], 16) == code and times(text) == 1:
                answer = bare(int(words[2], 16))
            elif words[0] == "spoil" and int(words[1], 16) == code and len(answer) >= int(words[2]):
                at = len(answer) - int(words[2])
                answer = answer[:at] + bytes([answer[at] ^ 1]) + answer[at + 1:]
            elif words[0] == "kill" and times(text) == int(words[2]):
                kill_peer(client if words[1] == "agent" else tpm)
                return
            elif words[0] == "cut":
                client.sendall(answer[:int(words[1])])
                return
            elif words[0] == "flip":
                answer = spoil(text, answer)
            client.sendall(answer)


def serve_control(client):
    control = socket.socket(socket.AF_UNIX)
    control.connect(swtpm_path + ".ctrl")

    def copy(source, sink):
        while data := source.recv(4096):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)

    back = threading.Thread(target=copy, args=(control, client), daemon=True)
    back.start()
    try:
        copy(client, control)
        back.join()
    except OSError:
        pass


def listen(path, serve):
    server = socket.socket(socket.AF_UNIX)
    server.bind(path)
    server.listen(16)

    def guarded(client):
        try:
            serve(client)
        except OSError:
            client.close()

    while True:
        client, _ = server.accept()
        threading.Thread(target=guarded, args=(client,), daemon=True).start()


for name in (proxy_path, proxy_path + ".ctrl"):
    if os.path.exists(name):
        os.unlink(name)
threading.Thread(target=listen, args=(proxy_path + ".ctrl", serve_control), daemon=True).start()
listen(proxy_path, serve_commands)
