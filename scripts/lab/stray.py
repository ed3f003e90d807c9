#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""What is no DNS, on the port of DNS: an SSH-like talk, TLS, and datagrams of a VPN.

stray.py serve ADDRESS CERTIFICATE KEY
stray.py talk ADDRESS SECONDS SEED SOURCE...

Each SOURCE is a subscriber; its last octet chooses what it talks. The server listens on port 53,
TCP and UDP, and answers in kind.
"""
import random
import select
import socket
import socketserver
import ssl
import struct
import sys
import time

PORT = 53
TLS_HANDSHAKE = b"\x16"
HELLO = b"SSH-2.0-strayd_1.0\r\n"


def packet(rng, size):
    """Like a packet of SSH: a length, then what looks random."""
    return struct.pack(">I", size) + rng.randbytes(size)


class Stream(socketserver.BaseRequestHandler):
    certificate = None

    def handle(self):
        rng = random.Random(self.client_address[1])
        self.request.settimeout(5)
        try:
            if self.request.recv(1, socket.MSG_PEEK) == TLS_HANDSHAKE:
                with self.certificate.wrap_socket(self.request, server_side=True) as secure:
                    while secure.recv(4096):
                        secure.sendall(rng.randbytes(rng.randrange(100, 3000)))
                return
            self.request.sendall(HELLO)
            while self.request.recv(4096):
                self.request.sendall(packet(rng, rng.randrange(40, 3000)))
        except OSError:
            pass  # the other side is gone


class Datagram(socketserver.BaseRequestHandler):
    def handle(self):
        data, answers = self.request
        rng = random.Random(data)
        answers.sendto(b"\x04\0\0\0" + rng.randbytes(rng.randrange(40, 1300)), self.client_address)


def serve(address, certificate, key):
    Stream.certificate = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    Stream.certificate.load_cert_chain(certificate, key)
    socketserver.ThreadingTCPServer.allow_reuse_address = True
    streams = socketserver.ThreadingTCPServer((address, PORT), Stream)
    datagrams = socketserver.ThreadingUDPServer((address, PORT), Datagram)
    while True:
        for ready in select.select([streams, datagrams], [], [])[0]:
            ready.handle_request()


def stream(rng, source, server, secure):
    with socket.create_connection((server, PORT), 5, (source, 0)) as plain:
        talk = plain
        if secure:
            context = ssl.create_default_context()
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            talk = context.wrap_socket(plain)
        else:
            talk.sendall(HELLO)
            talk.recv(4096)
        for _ in range(rng.randrange(2, 8)):
            talk.sendall(rng.randbytes(50) if secure else packet(rng, rng.randrange(40, 1600)))
            talk.recv(4096)
            time.sleep(rng.random() / 4)
        talk.close()


def datagrams(rng, source, server):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as talk:
        talk.bind((source, 0))
        talk.settimeout(2)
        for _ in range(rng.randrange(3, 12)):
            talk.sendto(b"\x04\0\0\0" + rng.randbytes(rng.randrange(40, 1300)), (server, PORT))
            talk.recv(4096)


def talk_all(server, seconds, seed, sources):
    rng = random.Random(seed)
    end = time.monotonic() + seconds
    done = failed = 0
    while time.monotonic() < end:
        source = rng.choice(sources)
        kind = int(source.split(".")[-1]) % 3
        try:
            if kind == 2:
                datagrams(rng, source, server)
            else:
                stream(rng, source, server, secure=kind == 1)
            done += 1
        except OSError:
            failed += 1
        time.sleep(min(rng.expovariate(len(sources) / 5), max(0.1, end - time.monotonic())))
    print(f"{done} talks, {failed} failed")


def main():
    if len(sys.argv) == 5 and sys.argv[1] == "serve":
        serve(*sys.argv[2:])
    elif len(sys.argv) >= 6 and sys.argv[1] == "talk":
        talk_all(sys.argv[2], float(sys.argv[3]), int(sys.argv[4]), sys.argv[5:])
    else:
        sys.exit(__doc__)


main()
