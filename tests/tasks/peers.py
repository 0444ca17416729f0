"""Servers that tasks talk to in the tests: one that behaves, and some that do not."""

from __future__ import annotations

import base64
import contextlib
import gzip
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = 65536
    server: _Server

    def setup(self) -> None:
        super().setup()
        with self.server.peer.lock:
            self.server.peer.connections += 1
            self.server.peer.open += 1

    def finish(self) -> None:
        with contextlib.suppress(OSError):
            super().finish()
        with self.server.peer.lock:
            self.server.peer.open -= 1

    def handle(self) -> None:
        with contextlib.suppress(OSError):
            super().handle()

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        found = b""
        while size := int(self.rfile.readline(), 16):
            found += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return found

    def answer(self) -> None:
        body = self._body()
        path = self.path.partition("?")[0]
        self.server.peer.asked.append(f"{self.command} {self.path}")
        status, kind, extra = 200, "application/json", {}
        data = json.dumps(
            {
                "name": self.server.peer.name,
                "method": self.command,
                "path": self.path,
                "body": body.decode("latin-1"),
                "headers": {name.lower(): value for name, value in self.headers.items()},
            }
        ).encode()
        if path.startswith("/status/"):
            status = int(path[8:])
            if status == 302:
                extra["Location"] = "/elsewhere"
        elif path.startswith("/sleep/"):
            time.sleep(float(path[7:]))
        elif path in self.server.peer.pages:
            kind, data = self.server.peer.pages[path]
        elif path == "/gzip":
            data, extra["Content-Encoding"] = gzip.compress(b'{"zipped": true}'), "gzip"
        elif path == "/basic":
            if self.headers.get("Authorization") != "Basic " + base64.b64encode(b"user:pass").decode():
                status, extra["WWW-Authenticate"] = 401, 'Basic realm="x"'
        elif path == "/digest":
            if not (self.headers.get("Authorization") or "").startswith("Digest"):
                status = 401
                extra["WWW-Authenticate"] = 'Digest realm="x", nonce="abc", qop="auth", algorithm=MD5'
        elif path == "/cookies":
            self.send_response(200)
            for header in ("Set-Cookie: a=1", "Set-Cookie: b=2", "Content-Length: 0"):
                self.send_header(*header.split(": "))
            self.end_headers()
            return
        elif path == "/chunked":
            self.send_response(200)
            self.send_header("Content-Type", "text/plain")
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            for number in range(5):
                self.wfile.write(b"5\r\npart%d\r\n" % number)
                self.wfile.flush()
                time.sleep(0.02)
            self.wfile.write(b"0\r\n\r\n")
            return
        self.send_response(status)
        if kind:
            self.send_header("Content-Type", kind)
        for name, value in extra.items():
            self.send_header(name, value)
        self.send_header("X-Backend", self.server.peer.name)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("do_"):
            return self.answer
        raise AttributeError(name)

    def log_message(self, *args: Any) -> None:
        pass


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    peer: Peer


class Peer:
    """An HTTP server.

    Attributes:
        address: `host:port`.
        asked: the requests that came in, `"GET /path?query"`.
        pages: content type and body by path; other paths are answered with what was asked.
        connections: how many were made; `open` how many are open.
    """

    def __init__(self, name: str = "alpha", port: int = 0) -> None:
        self.name = name
        self.asked: list[str] = []
        self.lock = threading.Lock()
        self.connections = self.open = 0
        self.pages: dict[str, tuple[str, bytes]] = {
            "/text": ("text/plain", b"plain text"),
            "/rows": ("application/json", b'[{"id": 1}, {"id": 2}]'),
            "/single": ("application/json", b'[{"id": 1}]'),
            "/none": ("application/json", b"[]"),
            "/broken-json": ("application/json", b"{nope"),
            "/bytes": ("application/octet-stream", b"\x00\xff"),
            "/untyped": ("", b"untyped"),
            "/xml": ("text/xml", b"<a><b/></a>"),
            "/latin": ("text/plain; charset=latin-1", b"caf\xe9"),
        }
        self._server = _Server(("127.0.0.1", port), _Handler)
        self._server.peer = self
        self.port: int = self._server.server_address[1]
        self.address = f"127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()

    def __enter__(self) -> Peer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@contextlib.contextmanager
def raw_server(answer: Callable[[socket.socket, int], None]) -> Iterator[str]:
    """A server that does to each connection what `answer(connection, number of it)` does, then closes it.

    Gives its `host:port`.
    """
    threads: list[threading.Thread] = []
    connections: list[socket.socket] = []

    def serve_one(connection: socket.socket, number: int) -> None:
        with connection, contextlib.suppress(OSError):
            answer(connection, number)

    def serve() -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            connections.append(connection)
            thread = threading.Thread(target=serve_one, args=(connection, len(threads)))
            threads.append(thread)
            thread.start()

    with socket.create_server(("127.0.0.1", 0), backlog=128) as listening:
        accepting = threading.Thread(target=serve)
        accepting.start()
        port = listening.getsockname()[1]
        try:
            yield f"127.0.0.1:{port}"
        finally:
            listening.shutdown(socket.SHUT_RDWR)
            accepting.join()
            for connection in connections:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
            for thread in threads:
                thread.join()


def read_head(connection: socket.socket) -> bytes:
    """Read a request's head."""
    found = b""
    while b"\r\n\r\n" not in found:
        piece = connection.recv(4096)
        if not piece:
            break
        found += piece
    return found
