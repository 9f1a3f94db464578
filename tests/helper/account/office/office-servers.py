# SPDX-License-Identifier: LGPL-2.1-or-later
"""The servers of an office and of those who would pass for one; each tells "ready" on stdout.

dns ADDRESS RULE…      answers A on UDP port 53: NAME=ADDRESS, *=ADDRESS (every other name), silent (no
                       answer), refuse (SERVFAIL for every other name); else the name does not exist
https ADDRESS PORT CERTIFICATE KEY STATUS [HEADER]
                       answers every request; STATUS silent: none. Each request's first line and the
                       server's name that was asked for go to stdout.
"""
import socket
import ssl
import struct
import sys


def answer(query, rules):
    end, labels = 12, []
    while query[end]:
        labels.append(query[end + 1 : end + 1 + query[end]].decode().lower())
        end += query[end] + 1
    question, kind = query[12 : end + 5], struct.unpack("!H", query[end + 1 : end + 3])[0]
    address = rules.get(".".join(labels), rules.get("*"))
    if address is None:
        code = 2 if "refuse" in rules else 3
        return query[:2] + struct.pack("!HHHHH", 0x8180 | code, 1, 0, 0, 0) + question
    if kind != 1:
        return query[:2] + struct.pack("!HHHHH", 0x8180, 1, 0, 0, 0) + question
    record = b"\xc0\x0c" + struct.pack("!HHIH", 1, 1, 5, 4) + socket.inet_aton(address)
    return query[:2] + struct.pack("!HHHHH", 0x8180, 1, 1, 0, 0) + question + record


def dns(address, *words):
    rules = dict(word.split("=") if "=" in word else (word, None) for word in words)
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind((address, 53))
    print("ready", flush=True)
    while True:
        query, peer = server.recvfrom(4096)
        if "silent" not in rules:
            server.sendto(answer(query, rules), peer)


def https(address, port, certificate, key, status, *headers):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    context.sni_callback = lambda stream, name, _: print("name", name, flush=True)
    listener = socket.create_server((address, int(port)))
    print("ready", flush=True)
    while True:
        plain, _ = listener.accept()
        try:
            stream = context.wrap_socket(plain, server_side=True)
            request = stream.recv(4096).decode()
            print("request", request.split("\r\n")[0], flush=True)
            if status == "silent":
                stream.recv(1)
            lines = ["HTTP/1.1 " + status, "Content-Length: 0", *headers, "", ""]
            stream.sendall("\r\n".join(lines).encode())
            stream.close()
        except OSError as error:
            print("failed", error, flush=True)


{"dns": dns, "https": https}[sys.argv[1]](*sys.argv[2:])
