"""HTTP/2 on the port of HTTP/1.1: pages, limits, slow clients, bad frames."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ..launch import Launched, Serve
from ..protocols.http2 import Connection
from ..protocols.shop import certificate
from ..servers import HOST

SOURCE = """
    import sys, time
    import skitai
    from atila import Atila

    app = Atila(__name__)
    app.produced = 0

    @app.route("/")
    def index(was):
        return "Hello over " + was.request.version

    @app.route("/echo", methods=["POST"])
    def echo(was):
        return was.request.get_body()

    @app.route("/sleep")
    def sleep(was, seconds):
        time.sleep(float(seconds))
        return "slept"

    @app.route("/stream")
    def stream(was, pieces):
        def produce():
            for n in range(int(pieces)):
                app.produced = n
                yield b"x" * 10000
        return produce()

    @app.route("/upload", methods=["POST"], input_stream=True, coroutine=True)
    def upload(was):
        size = 0
        while data := (yield was.Input(65536)):
            size += len(data)
        return str(size)

    @app.route("/produced")
    def produced(was):
        return str(app.produced)

    if __name__ == "__main__":
        skitai.mount("/", app)
        skitai.add_option("", "--cert=PATH", "certificate", "")
        skitai.add_option("", "--key=PATH", "key", "")
        if skitai.options.get("--cert"):
            skitai.enable_ssl(skitai.options.get("--cert"), skitai.options.get("--key"))
        skitai.run(port=5000, network_timeout=3)
"""
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Launched]:
    """The service in clear."""
    factory = Serve(tmp_path_factory.mktemp("http2"))
    yield factory(SOURCE)
    factory.close()


@pytest.fixture
def connection(app: Launched) -> Iterator[Connection]:
    """A connection to it."""
    made = Connection(app)
    yield made
    made.close()


def test_pages(app: Launched) -> None:
    """Pages are served over both, on one port; requests of one connection do not wait for each other."""
    assert app.client.get("/").text == "Hello over 1.1"
    with httpx.Client(base_url=app.url, http1=False, http2=True, trust_env=False, timeout=20) as client:
        assert client.get("/").text == "Hello over 2.0"
        body = b"0123456789" * 100_000
        assert client.post("/echo", content=body).content == body
        assert client.get("/nothing").status_code == 404


def test_tls(tmp_path: Path) -> None:
    """Over TLS the client chooses (ALPN)."""
    cert, key = certificate(tmp_path)
    factory = Serve(tmp_path)
    app = factory(SOURCE, f"--cert={cert}", f"--key={key}")
    trusted = ssl.create_default_context(cafile=str(cert))
    for http2, version in ((True, "2.0"), (False, "1.1")):
        with httpx.Client(http2=http2, verify=trusted, trust_env=False) as client:
            assert client.get(f"https://{HOST}:{app.port}/").text == f"Hello over {version}"
    factory.close()


def test_requests_at_a_time(connection: Connection) -> None:
    """A slow request holds back no other of its connection."""
    slow = connection.request("/sleep?seconds=1", "GET", end=True)
    quick = connection.request("/", "GET", end=True)
    assert connection.answer(quick).body == b"Hello over 2.0"
    assert slow not in connection.ended
    assert connection.answer(slow).body == b"slept"


def test_log(app: Launched, connection: Connection) -> None:
    """Requests are in the access log."""
    connection.answer(connection.request("/?from=http2", "GET", end=True))
    deadline = time.monotonic() + 5
    while "/?from=http2" not in app.log():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_slow_client(app: Launched, connection: Connection) -> None:
    """A client that gives no window holds back the application, and gets everything when it does."""
    stream = connection.request("/stream?pieces=2000", "GET", end=True)  # 20 MB
    time.sleep(1)
    assert int(app.client.get("/produced").text) < 200
    assert len(connection.answer(stream).body) == 20_000_000


def test_stuck_client(app: Launched, connection: Connection) -> None:
    """A client that takes nothing for the network timeout loses its request, and no other."""
    stream = connection.request("/stream?pieces=2000", "GET", end=True)
    while stream not in connection.ended:
        connection.receive(acknowledge=False)
    assert connection.answers[stream].reset is not None
    assert app.client.get("/").status_code == 200


def test_client_that_sends_and_does_not_read(app: Launched) -> None:
    """A client that floods without reading is cut off before it fills the memory."""
    process = psutil.Process(app.process.pid)
    before = process.memory_info().rss
    connection = Connection(app)
    stream = connection.request("/stream?pieces=100000", "POST")
    try:
        for _ in range(200):
            connection.send(stream, b"x" * 100_000)
    finally:
        connection.close()
    assert process.memory_info().rss - before < 60_000_000


def test_client_that_pings_and_does_not_read(app: Launched) -> None:
    """The answers to its pings do not fill the memory: it is disconnected."""
    ping = b"\0\0\x08\x06\0" + b"\0\0\0\0" + b"12345678"
    with socket.create_connection((HOST, app.port), 20) as client:
        client.sendall(PREFACE + b"\0\0\0\x04\0\0\0\0\0")
        with pytest.raises(ConnectionError):
            client.sendall(ping * 2_000_000)  # 34 MB
    assert app.client.get("/").status_code == 200


def test_client_that_stops_reading(app: Launched) -> None:
    """One whose connection is full of answers that it does not take is disconnected after a while."""
    ping = b"\0\0\x08\x06\0" + b"\0\0\0\0" + b"12345678"
    with socket.create_connection((HOST, app.port), 20) as client:
        client.sendall(PREFACE + b"\0\0\0\x04\0\0\0\0\0" + ping * 500_000)
        process = psutil.Process(app.process.pid)
        own = client.getsockname()[1]
        deadline = time.monotonic() + 15
        while any(each.raddr and each.raddr.port == own for each in process.net_connections()):
            assert time.monotonic() < deadline
            time.sleep(0.1)


def test_uploads(connection: Connection) -> None:
    """Bodies of megabytes come in, at the pace of the handler."""
    stream = connection.request("/upload", "POST")
    for _ in range(50):
        connection.send(stream, b"x" * 100_000)
    connection.send(stream, b"", end=True)
    assert connection.answer(stream).body == b"5000000"


def test_paths_beyond_ascii(app: Launched, connection: Connection) -> None:
    """A path whose bytes are not escaped is refused; other requests of the connection are not touched."""
    before = len(app.log())
    sleeping = connection.request("/sleep?seconds=0.5", "GET", end=True)
    refused = connection.request("/\xe9", "GET", end=True)
    assert connection.answer(refused).reset is not None
    assert connection.answer(sleeping).body == b"slept"
    assert "Traceback" not in app.log()[before:]


def test_many_requests(app: Launched) -> None:
    """A client that sends thousands of requests is asked to connect anew in time, and loses none."""
    with httpx.Client(base_url=app.url, http1=False, http2=True, trust_env=False, timeout=20) as client:
        assert all(client.get("/").status_code == 200 for _ in range(3500))


def test_many_cancelled_requests(app: Launched, connection: Connection) -> None:
    """A client that cancels requests over and over is asked to connect anew; what has begun is answered."""
    running = connection.request("/sleep?seconds=0.5", "GET", end=True)
    for _ in range(140):
        stream = connection.request("/", "POST")
        connection.h2.reset_stream(stream)
        connection.flush()
    assert connection.answer(running).body == b"slept"
    while connection.receive():
        pass
    assert connection.gone == 0
    assert app.client.get("/").status_code == 200


def test_beginning_in_pieces(app: Launched) -> None:
    """The preface may come byte by byte; what only looks like it is HTTP/1.1."""
    with socket.create_connection((HOST, app.port), 5) as client:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for place in range(len(PREFACE)):
            client.sendall(PREFACE[place : place + 1])
            time.sleep(0.005)  # so that the server reads it alone
        client.sendall(b"\0\0\0\4\0\0\0\0\0")
        assert client.recv(9)[3] == 4  # SETTINGS
    with socket.create_connection((HOST, app.port), 5) as client:
        client.sendall(b"PRI * HTTP/1.1\r\nHost: x\r\n\r\n")
        assert b"HTTP/1.1 4" in client.recv(100)


def test_end(serve: Serve) -> None:
    """A server that stops answers what has begun, and says goodbye."""
    app = serve(SOURCE)
    connection = Connection(app)
    running = connection.request("/sleep?seconds=1", "GET", end=True)
    time.sleep(0.3)
    assert app.stop() == 0
    assert connection.answer(running).body == b"slept"
    while connection.receive():
        pass
    assert connection.gone == 0
    connection.close()


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.binary(max_size=60), max_size=5))
def test_any_frames(app: Launched, pieces: list[bytes]) -> None:
    """Whatever comes behind the preface, the server goes on."""
    before = len(app.log())
    with socket.create_connection((HOST, app.port), 5) as client:
        try:
            client.sendall(PREFACE)
            for piece in pieces:
                client.sendall(piece)
        except ConnectionError:
            pass
    assert app.client.get("/").status_code == 200
    assert "Traceback" not in app.log()[before:]
