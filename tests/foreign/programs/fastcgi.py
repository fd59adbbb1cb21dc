# SPDX-License-Identifier: Apache-2.0
"""fastcgi.py - a FastCGI responder in a page of Python.

    import fastcgi
    fastcgi.serve("/run/weather.sock", answer)

answer(params) gets the parameters of a request and returns (status, type,
body).  As a program it runs a script for each request, with the parameters
as its environment, and passes on what it prints:

    python3 fastcgi.py /run/disk.sock disk.sh
"""
import os
import socket
import socketserver
import struct
import subprocess
import sys


def read(sock, size):
    data = b""
    while len(data) < size:
        piece = sock.recv(size - len(data))
        if not piece:
            raise EOFError
        data += piece
    return data


def lengths(data):
    while data:
        sizes = []
        for _ in range(2):
            if data[0] < 128:
                sizes.append(data[0])
                data = data[1:]
            else:
                sizes.append(struct.unpack(">I", data[:4])[0] & 0x7FFFFFFF)
                data = data[4:]
        name, value = data[: sizes[0]], data[sizes[0] : sum(sizes)]
        data = data[sum(sizes) :]
        yield name.decode(), value.decode()


def request(sock):
    params, number = b"", 0
    while True:
        _, kind, number, size, padding = struct.unpack(">BBHHBx", read(sock, 8))
        content = read(sock, size + padding)[:size]
        if kind == 4:
            params += content
        elif kind == 5 and not size:
            return number, dict(lengths(params))


def record(kind, number, content):
    return struct.pack(">BBHHBx", 1, kind, number, len(content), 0) + content


def serve_raw(path, answer):
    class Handler(socketserver.BaseRequestHandler):
        def handle(self):
            try:
                number, params = request(self.request)
                data = answer(params)
                for at in range(0, len(data), 60000):
                    self.request.sendall(record(6, number, data[at : at + 60000]))
                self.request.sendall(record(6, number, b"") + record(3, number, bytes(8)))
            except (EOFError, OSError):
                pass

    class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
        daemon_threads = True
        request_queue_size = 64

    if os.path.exists(path):
        os.unlink(path)
    with Server(path, Handler) as server:
        os.chmod(path, 0o666)
        server.serve_forever()


def serve(path, answer):
    def raw(params):
        status, kind, body = answer(params)
        return f"Status: {status}\r\nContent-Type: {kind}\r\n\r\n".encode() + body.encode()

    serve_raw(path, raw)


def run(script):
    def raw(params):
        env = dict(params, PATH=os.environ.get("PATH", "/usr/bin:/bin"))
        return subprocess.run(["sh", script], env=env, stdout=subprocess.PIPE, check=False).stdout

    return raw


if __name__ == "__main__":
    serve_raw(sys.argv[1], run(sys.argv[2]))
