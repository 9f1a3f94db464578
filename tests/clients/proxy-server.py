# SPDX-License-Identifier: LGPL-2.1-or-later
"""A server of mutual TLS, for proxy.sh: proxy-server.py FOLDER VERSION PORT|0 CA

Prints its port. A client's first line is what it does:
	who		the name in the client's certificate
	count		how many bytes came until the client's end, which it waits for
	send N		N bytes
	first		ends its own direction at once, then writes what still came to the file $LATE
	hold		a byte back for each that comes, until the end
	drop N		N bytes, and the connection's end without TLS's own
	stay		waits for the client's end, says so in $LATE, and stays without one
	die		the process ends at once
"""
import os
import select
import socket
import ssl
import sys
import threading

folder, version, port = sys.argv[1], sys.argv[2], int(sys.argv[3])
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(folder + "/server.crt", folder + "/server.key")
context.load_verify_locations(folder + "/" + sys.argv[4])
context.verify_mode = ssl.CERT_REQUIRED
context.minimum_version = context.maximum_version = getattr(ssl.TLSVersion, version)


def rest(tls):
    data = b""
    while chunk := tls.recv(65536):
        data += chunk
    return data


def line(tls):
    data = b""
    while not data.endswith(b"\n"):
        byte = tls.recv(1)
        if not byte:
            return None
        data += byte
    return data.decode().split()


def answer(tls):
    words = line(tls)
    if not words:
        return
    if words[0] == "who":
        subject = dict(pair[0] for pair in tls.getpeercert()["subject"])
        tls.sendall(subject["commonName"].encode() + b"\n")
    elif words[0] == "count":
        tls.sendall(b"%d\n" % len(rest(tls)))
    elif words[0] in ("send", "drop"):
        block = bytes(65536)
        left = int(words[1])
        while left > 0:
            tls.sendall(block[:min(left, 65536)])
            left -= 65536
        if words[0] == "drop":
            return
    elif words[0] == "stay":
        rest(tls)
        with open(os.environ["LATE"], "w") as out:
            out.write("stays")
        threading.Event().wait()
    elif words[0] == "first":
        # Not blocking, it says its own end and reads on.
        tls.setblocking(False)
        try:
            tls.unwrap()
        except ssl.SSLWantReadError:
            pass
        late = b""
        while True:
            select.select([tls], [], [])
            try:
                chunk = tls.recv(65536)
            except ssl.SSLWantReadError:
                continue
            except ssl.SSLZeroReturnError:
                break
            if not chunk:
                break
            late += chunk
        with open(os.environ["LATE"], "wb") as out:
            out.write(late)
        return
    elif words[0] == "hold":
        while byte := tls.recv(1):
            tls.sendall(byte)
    elif words[0] == "die":
        os._exit(1)
    end_own(tls)


def end_own(tls):
    try:
        tls.unwrap()
    except (OSError, ssl.SSLError, ValueError):
        pass


def serve(plain):
    try:
        with context.wrap_socket(plain, server_side=True) as tls:
            answer(tls)
    except (OSError, ssl.SSLError) as error:
        print("refused:", error, file=sys.stderr, flush=True)


threading.stack_size(256 * 1024)
listener = socket.create_server(("127.0.0.1", port), backlog=1024)
print(listener.getsockname()[1], flush=True)
while True:
    connection, _ = listener.accept()
    threading.Thread(target=serve, args=(connection,), daemon=True).start()
