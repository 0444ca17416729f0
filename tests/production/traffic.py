"""Clients for tests on real processes: steady load from threads, and raw connections."""

from __future__ import annotations

import contextlib
import http.client
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from types import TracebackType

from ..launch import Launched
from ..servers import HOST

SERVICE = """
    import os, threading, time
    import skitai
    from atila import Atila

    app = Atila (__name__)

    @app.route ("/")
    def index (was):
        return "hello"

    @app.route ("/rows")
    def rows (was):
        return was.API (rows = [{"number": n, "name": f"Item {n}", "price": n * 1.25} for n in range (100)])

    @app.route ("/pid")
    def pid (was):
        threads = was.runtime.workers.threads
        return was.API (pid = os.getpid (), parent = os.getppid (), uid = os.getuid (), threads = threads)

    @app.route ("/sleep")
    def sleep (was, seconds):
        time.sleep (float (seconds))
        return "slept"

    @app.route ("/forever")
    def forever (was):
        while True:
            time.sleep (0.05) # here it is

    @app.route ("/stream")
    def stream (was):
        def ticks ():
            try:
                while True:
                    yield "tick\\n"
                    time.sleep (0.05)
            finally:
                print ("stream closed", flush = True)
        return was.response ("200 OK", ticks (), headers = [("Content-Type", "text/plain")])

    @app.route ("/upload", methods = ["POST"])
    def upload (was, **form):
        return was.API (size = len (was.request.body or b""))

    @app.route ("/echo")
    @app.websocket (skitai.WS_THREAD, 60)
    def echo (was, message):
        return "echo " + message

    @app.maintain
    def maintain (was, now, count):
        pass

    @app.umounted
    def umounted (was):
        print ("umounted by", os.getpid (), flush = True)

    def __umount__ (app):
        print ("hook of", os.getpid (), flush = True)

    if __name__ == "__main__":
        skitai.mount ("/", app)
        skitai.run (port = 5000, name = "production-test", **CONF)
"""


def service(**conf: object) -> str:
    """The launch script of a service with these keywords of `skitai.run`."""
    return SERVICE.replace("**CONF", f"**{conf!r}")


def wait_for(condition: Callable[[], object], what: str, seconds: float = 20.0) -> None:
    """Wait until the condition holds; AssertionError naming `what` where it does not in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.02)


def pids(app: Launched, looks: int = 24) -> set[int]:
    """The process ids of the workers, as far as that many new connections meet them."""
    found = set()
    for _ in range(looks):
        found.add(app.client.get("/pid", headers={"Connection": "close"}).json()["pid"])
    return found


def all_pids(app: Launched, workers: int) -> set[int]:
    """The process ids of the workers; on a busy machine one may take many connections in a row."""
    found: set[int] = set()

    def met() -> bool:
        found.update(pids(app))
        return len(found) == workers

    wait_for(met, f"all {workers} workers answer")
    return found


@dataclass
class Load:
    """Threads that ask for a path, each on a connection of its own, until told to stop.

    A request counts as lost where its connection breaks after it was established; a connection that is
    refused, because nobody listens any more, ends the thread.

    Attributes:
        answered: how many were answered with 200.
        lost: errors of the others.
    """

    port: int
    path: str = "/"
    threads: int = 8
    keep_alive: bool = True
    answered: int = 0
    lost: list[str] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)
    _running: list[threading.Thread] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __enter__(self) -> Load:
        self._running = [threading.Thread(target=self._ask, daemon=True) for _ in range(self.threads)]
        for thread in self._running:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        for thread in self._running:
            thread.join(30)

    def wait_until_refused(self, seconds: float = 20.0) -> None:
        """Wait until nobody listens any more."""
        for thread in self._running:
            thread.join(seconds)

    def _ask(self) -> None:
        while not self._stop.is_set():
            connection = http.client.HTTPConnection(HOST, self.port, timeout=20)
            with contextlib.closing(connection):
                try:
                    connection.connect()
                except OSError:
                    return
                self._ask_on(connection)

    def _ask_on(self, connection: http.client.HTTPConnection) -> None:
        closing = False
        while not closing and not self._stop.is_set():
            began = time.monotonic()
            try:
                headers = {} if self.keep_alive else {"Connection": "close"}
                connection.request("GET", self.path, headers=headers)
                response = connection.getresponse()
                response.read()
                closing = response.will_close
                with self._lock:
                    if response.status == 200:
                        self.answered += 1
                        self.times.append(time.monotonic() - began)
                    else:
                        self.lost.append(f"status {response.status}")
            except (OSError, http.client.HTTPException) as error:
                with self._lock:
                    self.lost.append(repr(error))
                closing = True


@contextlib.contextmanager
def connected(port: int, data: bytes = b"") -> Iterator[socket.socket]:
    """A connection on which `data` has been sent."""
    with socket.create_connection((HOST, port), timeout=20) as connection:
        if data:
            connection.sendall(data)
        yield connection


def read_all(connection: socket.socket) -> bytes:
    """Everything until the server closes the connection; what came before a reset, too."""
    found = b""
    with contextlib.suppress(ConnectionResetError):
        while piece := connection.recv(65536):
            found += piece
    return found


def read_until(connection: socket.socket, end: bytes) -> bytes:
    """Everything up to `end`; what there is where the server closes the connection before it."""
    found = b""
    while not found.endswith(end):
        piece = connection.recv(65536)
        if not piece:
            return found
        found += piece
    return found
