"""What a service does not put up with: slow clients, endless queues, heads without end."""

from __future__ import annotations

import contextlib
import socket
import time

import pytest

from ..launch import Serve
from ..servers import HOST
from .traffic import Load, connected, read_all, read_until, service, wait_for

HEAD = b"GET / HTTP/1.1\r\nHost: a\r\n"
UPLOAD = b"POST /upload HTTP/1.1\r\nHost: a\r\nContent-Type: text/plain\r\nContent-Length: 100000\r\n\r\n"


def test_slow_clients_are_sent_away(serve: Serve) -> None:
    """A head that does not end, a body that falls silent, a client that says nothing: none is waited for."""
    app = serve(service(network_timeout=1, keep_alive=1))
    with contextlib.ExitStack() as stack:
        silent = stack.enter_context(connected(app.port))
        idle = stack.enter_context(connected(app.port, HEAD + b"\r\n"))
        body = stack.enter_context(connected(app.port, UPLOAD + b"x" * 100))
        head = stack.enter_context(connected(app.port, HEAD))
        with contextlib.suppress(ConnectionError):
            for _ in range(40):  # however many bytes it comes in: the whole head has its limit
                head.sendall(b"X-A: b\r\n")
                time.sleep(0.1)
        assert read_all(silent) == b""
        assert read_all(body).startswith(b"HTTP/1.1 408 ")
        answer = read_all(idle)
        assert answer.startswith(b"HTTP/1.1 200 ")
        assert answer.count(b"HTTP/1.1") == 1
        wait_for(lambda: "POST /upload 1.1 100 408" in app.log(), "it is in the access log")
    # who goes on sending is served, however long it takes
    with connected(app.port, UPLOAD) as slow:
        for _ in range(20):
            slow.sendall(b"x" * 5000)
            time.sleep(0.1)
        assert slow.recv(100).startswith(b"HTTP/1.1 200 ")


def test_a_client_that_takes_nothing(serve: Serve) -> None:
    """Whoever asks for a stream and does not read it is disconnected, and the stream is closed."""
    source = service(network_timeout=1).replace(
        'yield "tick\\n"\n                    time.sleep (0.05)', 'yield "x" * 65536'
    )
    app = serve(source)
    with socket.create_connection((HOST, app.port), timeout=20) as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.sendall(b"GET /stream HTTP/1.1\r\nHost: a\r\n\r\n")
        wait_for(lambda: "stream closed" in app.log(), "the stream is closed")


def test_a_client_that_takes_an_answer_slowly(serve: Serve) -> None:
    """A large answer, all there at once, may take its time, as long as something of it is taken."""
    app = serve(service(network_timeout=1).replace('return "hello"', 'return "x" * 20_000_000'))
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        client.settimeout(20)
        client.connect((HOST, app.port))
        client.sendall(HEAD + b"Connection: close\r\n\r\n")
        taken = 0
        while piece := client.recv(200_000):
            taken += len(piece)
            time.sleep(len(piece) / 4_000_000)
    assert taken > 20_000_000


def test_http_1_0_gets_no_chunks(serve: Serve) -> None:
    """A client of HTTP/1.0 does not know chunks: a stream's end is the connection's."""
    app = serve(
        service().replace(
            "while True:\n                    yield", "for _ in range (3):\n                    yield"
        )
    )
    with connected(app.port, b"GET /stream HTTP/1.0\r\nConnection: keep-alive\r\n\r\n") as client:
        head, _, body = read_all(client).partition(b"\r\n\r\n")
    assert body == b"tick\n" * 3
    assert b"transfer-encoding" not in head
    assert b"connection: close" in head


def test_heads_have_a_limit(serve: Serve) -> None:
    """A head of more than 64 KiB is answered with 431, before it has ended."""
    app = serve(service())
    with connected(app.port, HEAD + b"X-A: " + b"a" * 70_000) as client:
        assert read_all(client).startswith(b"HTTP/1.1 431 ")


CHUNKED = UPLOAD.replace(b"Content-Length: 100000", b"Transfer-Encoding: chunked")


@pytest.mark.parametrize(
    "endless",
    [b"0\r\n" + b"X-A: b\r\n" * 50_000, b"0\r\nX-A: " + b"b" * 400_000, b"1;x=" + b"y" * 400_000],
    ids=["trailers", "one trailer", "an extension of a chunk"],
)
def test_what_surrounds_a_body_has_a_limit(serve: Serve, endless: bytes) -> None:
    """Behind a body, and between its pieces, no more is taken than what a head may have."""
    app = serve(service())
    with connected(app.port, CHUNKED + b"2\r\nhi\r\n") as client:
        with contextlib.suppress(ConnectionError):
            for begin in range(0, len(endless), 40_000):
                client.sendall(endless[begin : begin + 40_000])
                time.sleep(0.01)
        with contextlib.suppress(ConnectionError):  # what it has sent in vain may cost it the answer
            assert read_all(client).startswith(b"HTTP/1.1 431 ")
    wait_for(lambda: "POST /upload 1.1 2 431" in app.log(), "it is in the access log")


def test_long_bodies_in_small_chunks_are_taken(serve: Serve) -> None:
    """Only what is no body counts: an upload of many chunks may have more around them than a head."""
    app = serve(service())
    with connected(app.port, CHUNKED) as client:
        for _ in range(20):
            client.sendall(b"1\r\nx\r\n" * 1000)
        client.sendall(b"0\r\nX-A: b\r\n\r\n")
        assert client.recv(100).startswith(b"HTTP/1.1 200 ")


def test_a_full_queue_is_answered_with_503(serve: Serve) -> None:
    """Where too many requests wait for a thread more are refused at once, and told when to come again."""
    app = serve(service(threads=1, max_queue=2))
    waiting = []
    with contextlib.ExitStack() as stack:
        for _ in range(3):
            request = b"GET /sleep?seconds=1 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
            waiting.append(stack.enter_context(connected(app.port, request)))
            time.sleep(0.1)
        refused = app.client.get("/")
        assert refused.status_code == 503
        assert int(refused.headers["retry-after"]) >= 1
        assert app.client.post("/upload", content=b"x").status_code == 503
        assert [b"slept" in read_all(each) for each in waiting] == [True, True, True]
        assert app.client.get("/").status_code == 200


MEETING = """
    import threading
    import skitai
    from atila import Atila

    app = Atila(__name__)
    app.meeting = threading.Barrier(8)

    @app.route("/")
    def index(was):
        was.Thread(app.meeting.wait, args=(15,)).fetch()
        return "all are here"

    @app.route("/other")
    def other(was):
        return "other"

    if __name__ == "__main__":
        skitai.mount("/", app)
        skitai.run(port=5000, threads=2)
"""


def test_handlers_that_wait_for_tasks_do_not_keep_others(serve: Serve) -> None:
    """With two threads eight handlers wait for tasks at a time, and others are answered meanwhile."""
    app = serve(MEETING)
    request = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
    with contextlib.ExitStack() as stack:
        waiting = [stack.enter_context(connected(app.port, request)) for _ in range(7)]
        assert app.client.get("/other").text == "other"
        waiting.append(stack.enter_context(connected(app.port, request)))
        assert all(b"all are here" in read_all(each) for each in waiting)


def test_a_slowloris_does_not_stop_the_others(serve: Serve) -> None:
    """500 connections that send a byte of their heads now and then take no thread; others are answered."""
    app = serve(service(threads=2, network_timeout=3))
    with contextlib.ExitStack() as stack:
        slow = [stack.enter_context(connected(app.port, HEAD)) for _ in range(500)]
        with Load(app.port, threads=2) as load:
            for each in slow:
                each.sendall(b"X")
            time.sleep(1)
        assert load.lost == []
        assert load.answered > 50
        answers = [read_all(each) for each in slow]
    assert all(answer.startswith(b"HTTP/1.1 408 ") for answer in answers)


def test_many_idle_connections(serve: Serve) -> None:
    """Five thousand keep-alive connections are held (fewer where files are limited) and answered."""
    resource = pytest.importorskip("resource")
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    files = 16384 if hard == resource.RLIM_INFINITY else min(hard, 16384)
    resource.setrlimit(resource.RLIMIT_NOFILE, (files, hard))
    app = serve(service(keep_alive=30))
    try:
        with contextlib.ExitStack() as stack:
            held = [stack.enter_context(connected(app.port)) for _ in range(min(5000, files - 500))]
            for first in range(0, len(held), 500):  # more at once than may wait for a thread would be refused
                for each in held[first : first + 500]:
                    each.sendall(HEAD + b"\r\n")
                for each in held[first : first + 500]:
                    assert read_until(each, b"hello").startswith(b"HTTP/1.1 200 ")
            for each in held[::250]:
                each.sendall(HEAD + b"\r\n")
                assert read_until(each, b"hello").startswith(b"HTTP/1.1 200 ")
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
