"""HTTP/1.1 on the wire: what belongs to a request, and answers in the order of their requests."""

from __future__ import annotations

import http.client
import json
import socket
import time
from collections.abc import Iterator

import pytest

from ..launch import Launched, Serve
from ..production.traffic import connected, read_all, wait_for
from ..servers import HOST

SOURCE = """
    import time
    import skitai
    from atila import Atila

    app = Atila(__name__)

    @app.route("/headers", methods=["POST"])
    def headers(was):
        time.sleep(0.3)
        return was.API(headers=was.request.get_headers(), body=was.request.body.decode())

    @app.route("/sleep")
    def sleep(was):
        time.sleep(0.5)
        return "slept"

    @app.route("/stream", methods=["POST"], input_stream=True)
    def stream(was):
        def produce():
            for _ in range(4):
                yield "tick,"
                time.sleep(0.3)
        return produce()

    @app.route("/fail/<path:where>")
    def fail(was, where):
        raise ValueError("on purpose")

    if __name__ == "__main__":
        skitai.mount("/", app)
        skitai.run(port=5000)
"""
CHUNKED = b"Host: a\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n"
SLEEP = b"GET /sleep HTTP/1.1\r\nHost: a\r\n\r\n"
GARBAGE = b"GET / HTTP/1.1\r\nHost : a\r\n\r\n"
LONG = b"POST /headers HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nX-A: " + b"a" * 70_000 + b"\r\n\r\nhi"


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Launched]:
    """The service."""
    factory = Serve(tmp_path_factory.mktemp("http"))
    yield factory(SOURCE)
    factory.close()


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Launched]:
    """The service, for short bodies only."""
    factory = Serve(tmp_path_factory.mktemp("small"))
    yield factory(
        SOURCE.replace("Atila(__name__)", "Atila(__name__)\n    app.config.MAX_UPLOAD_SIZE = 1_000_000")
    )
    factory.close()


@pytest.mark.parametrize("at_once", [True, False])
def test_trailers_are_no_headers(app: Launched, at_once: bool) -> None:
    """What comes behind a body in chunks cannot add to the headers, which a proxy in front has looked at."""
    end = b"0\r\nX-Remote-User: admin\r\nCookie: a=b\r\nExpect: 100-continue\r\n\r\n"
    with connected(app.port, b"POST /headers HTTP/1.1\r\nConnection: close\r\n" + CHUNKED) as client:
        client.sendall(b"2\r\nhi\r\n" + end[:3])
        if not at_once:
            time.sleep(0.1)
        client.sendall(end[3:])
        answer = read_all(client)
    found = json.loads(answer.partition(b"\r\n\r\n")[2])
    assert found["body"] == "hi"
    assert [line.partition(":")[0] for line in found["headers"]] == [
        "Connection",
        "Host",
        "Content-Type",
        "Transfer-Encoding",
    ]


@pytest.mark.parametrize(
    ("behind", "at_once"),
    [(GARBAGE, True), (GARBAGE, False), (LONG, False)],
    ids=["garbage at once", "garbage", "too long"],
)
def test_a_refusal_does_not_overtake(app: Launched, behind: bytes, at_once: bool) -> None:
    """Behind a request that is being answered nothing else is answered with what belongs to that request."""
    with connected(app.port, SLEEP + (behind if at_once else b"")) as client:
        if not at_once:
            time.sleep(0.1)
            client.sendall(behind)
        answer = read_all(client)
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert answer.endswith(b"slept")
    assert b"connection: close" in answer
    assert answer.count(b"HTTP/1.1") == 1


def test_all_before_a_refusal_are_answered(app: Launched) -> None:
    """Several requests that came before the refused one have their answers, then the connection ends."""
    with connected(app.port, SLEEP + SLEEP + GARBAGE + SLEEP) as client:
        answer = read_all(client)
    assert answer.count(b"HTTP/1.1 200 ") == 2
    assert answer.count(b"HTTP/1.1") == 2


def test_a_refusal_does_not_stand_in_an_answer(app: Launched) -> None:
    """A body that turns out to be malformed cuts the answer off that has begun; nobody takes it for whole."""
    with connected(app.port, b"POST /stream HTTP/1.1\r\n" + CHUNKED) as client:
        answer = b""
        while b"tick" not in answer:
            answer += client.recv(1000)
        client.sendall(b"no chunk\r\n")
        answer += read_all(client)
    assert answer.count(b"HTTP/1.1") == 1
    assert not answer.endswith(b"0\r\n\r\n")


def test_a_body_that_is_malformed(app: Launched) -> None:
    """Before the answer has begun it is a 400, in the access log too."""
    with connected(app.port, b"POST /headers HTTP/1.1\r\n" + CHUNKED + b"2\r\nhi\r\nno chunk\r\n") as client:
        answer = read_all(client)
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert answer.count(b"HTTP/1.1") == 1
    wait_for(lambda: "POST /headers 1.1 2 400" in app.log(), "it is in the access log")


@pytest.mark.parametrize(
    "part",
    [
        b"GET /sleep HT",
        b"GET /sleep HTTP/1.1\r\nHost: a\r\n",
        b"POST /headers HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nhi",
        b"POST /headers HTTP/1.1\r\n" + CHUNKED + b"2\r\nhi\r\n",
        b"GET /sleep HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nhi",
    ],
    ids=["line", "head", "body", "chunks", "body of a GET"],
)
def test_parts_of_requests(app: Launched, part: bytes) -> None:
    """A client that closes its side within a request, and reads on, is told that this is none."""
    before = len(app.log())
    with connected(app.port, part) as client:
        client.shutdown(socket.SHUT_WR)
        answer = read_all(client)
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert answer.count(b"HTTP/1.1 ") == 1
    assert "Traceback" not in app.log()[before:]


def test_parts_behind_a_request(app: Launched) -> None:
    """A request in front of a part of one has its answer."""
    with connected(app.port, SLEEP + SLEEP[:9]) as client:
        client.shutdown(socket.SHUT_WR)
        answer = read_all(client)
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert answer.endswith(b"slept")


def test_paths_end_no_line_of_the_log(app: Launched) -> None:
    """What a client writes into a path cannot pass for a line of its own in the log."""
    assert app.client.get("/fail/a%0a2026.01.01%2000:00:00%20[info]%20forged").status_code == 502
    wait_for(lambda: "on purpose" in app.log(), "the failure is in the log")
    assert not [line for line in app.log().splitlines() if line.startswith("2026.01.01")]
    assert r"GET /fail/a\n2026.01.01 00:00:00 [info] forged failed" in app.log()


def send_slowly(connection: socket.socket, data: bytes, seconds: float) -> None:
    """Send `data` ten times a second."""
    for _ in range(round(seconds * 10)):
        connection.sendall(data)
        time.sleep(0.1)


def in_pieces() -> Iterator[bytes]:
    """More than an app takes by default, in pieces."""
    yield from [b"a" * 100_000] * 100


@pytest.mark.parametrize("chunked", [False, True])
def test_refusals_reach_clients_that_are_sending(small: Launched, chunked: bool) -> None:
    """Who sends a body that is too long, and reads then, finds the 413: the connection is not reset."""
    client = http.client.HTTPConnection(HOST, small.port, timeout=10)
    body = in_pieces() if chunked else b"a" * 10_000_000
    client.request("POST", "/headers", body, {"Content-Type": "text/plain"}, encode_chunked=chunked)
    answer = client.getresponse()
    assert (answer.status, answer.getheader("connection")) == (413, "close")
    assert answer.read()
    client.close()


def test_nobody_is_heard_for_ever_behind_a_refusal(app: Launched) -> None:
    """A client that goes on sending behind a refusal is cut off after some seconds."""
    with connected(app.port, GARBAGE) as client:
        assert read_all(client).startswith(b"HTTP/1.1 400 ")
        with pytest.raises((BrokenPipeError, ConnectionResetError)):
            send_slowly(client, b"more", seconds=10)


def test_what_is_sent_behind_a_refusal_is_no_request(app: Launched) -> None:
    """Behind a refusal nothing is answered, and no handler is called."""
    with connected(app.port, GARBAGE) as client:
        assert read_all(client).count(b"HTTP/1.1 ") == 1
        client.sendall(b"GET /fail/behind HTTP/1.1\r\nHost: a\r\n\r\n")
        assert read_all(client) == b""
    assert "/fail/behind" not in app.log()


def test_refused_clients_do_not_keep_the_server(serve: Serve) -> None:
    """A server that stops does not wait for clients that are sending behind a refusal."""
    app = serve(SOURCE)
    with connected(app.port, GARBAGE) as client:
        assert read_all(client).startswith(b"HTTP/1.1 400 ")
        app.stop(within=2)
