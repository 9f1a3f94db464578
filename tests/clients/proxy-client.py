# SPDX-License-Identifier: LGPL-2.1-or-later
"""A program without TLS, for proxy.sh: proxy-client.py ADDRESS:PORT|unix:PATH WORD [NUMBER]

	ask LINE	sends the line; prints what comes until the end
	count N		N bytes, its own end, and then what comes
	slow N [drop]	asks for N bytes, reads nothing until standard input ends, then all: prints how many
	leave LINE	sends the line and its own end, and goes away
	many N		N connections that stand at once; each is asked, then all are open until standard input ends
	again N		N connections one after the other: prints how many were answered
	first		waits for the server's end, and sends after it
	stay		connects, prints "in", and stays
How a connection ends is printed last: end, reset.
"""
import socket
import sys


def connect():
    where = sys.argv[1]
    if where.startswith("unix:"):
        link = socket.socket(socket.AF_UNIX)
        link.connect(where[5:])
        return link
    host, port = where.rsplit(":", 1)
    return socket.create_connection((host.strip("[]"), int(port)))


def rest(link):
    size, last = 0, b""
    try:
        while chunk := link.recv(65536):
            size += len(chunk)
            last = (last + chunk)[-200:]
        return size, last, "end"
    except ConnectionResetError:
        return size, last, "reset"


word = sys.argv[2]
if word == "ask":
    link = connect()
    link.sendall(sys.argv[3].encode() + b"\n")
    size, last, how = rest(link)
    print(last.decode(errors="replace"), end="")
    print(how)
elif word == "count":
    link = connect()
    link.sendall(b"count\n")
    left = int(sys.argv[3])
    while left > 0:
        left -= link.send(bytes(min(left, 65536)))
    link.shutdown(socket.SHUT_WR)
    size, last, how = rest(link)
    print(last.decode(), end="")
    print(how)
elif word == "leave":
    link = connect()
    link.sendall(sys.argv[3].encode() + b"\n")
    link.shutdown(socket.SHUT_WR)
    link.close()
elif word == "slow":
    link = connect()
    link.sendall(b"%s %d\n" % ((sys.argv[4:] or ["send"])[0].encode(), int(sys.argv[3])))
    print("asked", flush=True)
    sys.stdin.read()
    size, last, how = rest(link)
    print(size, how)
elif word == "first":
    link = connect()
    link.sendall(b"first\n")
    size, last, how = rest(link)
    print(how, flush=True)
    link.sendall(b"after the end")
    link.shutdown(socket.SHUT_WR)
    link.close()
elif word == "many":
    # Some at a time: a handshake has its bound.
    links, good = [], 0
    while len(links) < int(sys.argv[3]):
        some = [connect() for _ in range(25)]
        for link in some:
            link.sendall(b"hold\nx")
        good += sum(link.recv(1) == b"x" for link in some)
        links += some
    print(good, flush=True)
    sys.stdin.read()
    for link in links:
        link.sendall(b"y")
    print(sum(link.recv(1) == b"y" for link in links), flush=True)
elif word == "again":
    good = 0
    for _ in range(int(sys.argv[3])):
        link = connect()
        try:
            link.sendall(b"who\n")
            good += rest(link)[0] > 0
        except BrokenPipeError:
            pass
    print(good)
elif word == "stay":
    link = connect()
    link.sendall(b"hold\nx")
    print("in" if link.recv(1) == b"x" else "out", flush=True)
    size, last, how = rest(link)
    print(how)
