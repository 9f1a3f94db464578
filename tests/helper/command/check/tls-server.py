#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""tls-server.py MODE [PKI]: servers that misbehave, on a port of the system's choice (printed first).

close    closes as soon as somebody connects
half     closes in the middle of the handshake
silent   takes connections and never says a word
http     answers in clear
after    takes the certificate, then closes without a word
say      takes the certificate, and talks
"""
import socket, ssl, sys, threading

mode = sys.argv[1]
listener = socket.create_server(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)
context = None
if mode in ("after", "say"):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[2] + "/server.crt", sys.argv[2] + "/server.key")
    context.load_verify_locations(sys.argv[2] + "/issuing-chain.pem")
    context.verify_mode = ssl.CERT_REQUIRED
    if len(sys.argv) > 3:
        context.maximum_version = ssl.TLSVersion.TLSv1_2
kept = []


def serve(connection):
    if mode == "close":
        connection.close()
    elif mode == "half":
        connection.recv(1)
        connection.close()
    elif mode == "silent":
        kept.append(connection)
    elif mode == "http":
        connection.recv(1)
        connection.sendall(b"HTTP/1.0 400 Bad Request\r\n\r\n")
        connection.close()
    else:
        tls = context.wrap_socket(connection, server_side=True)
        if mode == "say":
            tls.sendall(b"hello\n")
            kept.append(tls)
        else:
            # Without TLS's own farewell.
            tls.close()


while True:
    connection, _ = listener.accept()
    threading.Thread(target=serve, args=(connection,), daemon=True).start()
