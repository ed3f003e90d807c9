#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""What is sent through a tunnel: files and drops of bytes, over TCP.

transfer.py serve ADDRESS PORT
transfer.py get|put|drip HOST PORT AMOUNT SECONDS

get and put move AMOUNT bytes; drip sends one byte every AMOUNT seconds. Each ends after SECONDS,
complete or not, and prints how far it came.
"""
import random
import socket
import socketserver
import sys
import time


class Handler(socketserver.StreamRequestHandler):
    """One line of request, `get N` or `put N`, then N bytes one way."""

    def handle(self):
        try:
            verb, amount = self.rfile.readline(64).split()
            if verb == b"get":
                # Random, as an encrypted or compressed file is.
                self.wfile.write(random.Random(int(amount)).randbytes(int(amount)))
            else:
                self.rfile.read(int(amount))
                self.wfile.write(b"k")
        except (OSError, ValueError):
            pass  # the tunnel went away in the middle, which is how most runs end


def receive(connection, amount):
    got = 0
    while got < amount:
        data = connection.recv(65536)
        if not data:
            break
        got += len(data)
    return got


def drip(connection, every, end):
    sent = 0
    connection.sendall(b"put 1000000\n")
    while time.monotonic() + every < end:
        connection.sendall(b"x")
        sent += 1
        time.sleep(every)
    return sent


def client(verb, host, port, amount, seconds):
    start = time.monotonic()
    end = start + seconds
    done = 0
    try:
        with socket.create_connection((host, port), timeout=seconds) as connection:
            connection.settimeout(max(0.1, end - time.monotonic()))
            if verb == "drip":
                done = drip(connection, amount, end)
            else:
                connection.sendall(f"{verb} {amount}\n".encode())
                if verb == "get":
                    done = receive(connection, amount)
                else:
                    connection.sendall(random.Random(amount).randbytes(amount))
                    done = amount if receive(connection, 1) else 0
    except OSError as error:
        print(f"{verb}: {error}")
    print(f"{verb} {amount}: {done} in {time.monotonic() - start:.1f} s")


def main():
    if len(sys.argv) == 4 and sys.argv[1] == "serve":
        socketserver.ThreadingTCPServer.allow_reuse_address = True
        socketserver.ThreadingTCPServer((sys.argv[2], int(sys.argv[3])), Handler).serve_forever()
    elif len(sys.argv) == 6 and sys.argv[1] in ("get", "put", "drip"):
        client(sys.argv[1], sys.argv[2], *map(int, sys.argv[3:6]))
    else:
        sys.exit(__doc__)


main()
