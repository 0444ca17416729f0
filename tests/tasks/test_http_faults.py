"""Servers that refuse, hang up, dawdle or cannot be found: bounded time, the original's errors, no leaks."""

from __future__ import annotations

import contextlib
import gzip
import random
import socket
import ssl
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpcore
import pytest

from atila_compat.errors import HTTPTaskError
from atila_compat.serving.runtime import Runtime
from atila_compat.tasks import aliases, transports
from atila_compat.tasks.clusters import cluster_of
from atila_compat.tasks.response import STA_NETERR, STA_TIMEOUT
from atila_compat.tasks.task import cancel_all
from atila_compat.tasks.transports import transports_of
from atila_compat.was import Was

from .peers import Peer, free_port, raw_server, read_head

OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 4\r\n\r\ntrue"


def outcome(task: Any) -> tuple[int, int]:
    result = task.dispatch()
    return result.status, result.status_code


def open_connections(runtime: Runtime) -> int:
    """Connections in use, beyond those that wait for the next call."""
    return sum(pool.active for pool in transports_of(runtime).pools)


def test_a_refusing_server(was: Was) -> None:
    """Nobody listens: 701, at once."""
    aliases.define("@dead", "http", f"127.0.0.1:{free_port()}")
    assert outcome(was.get("@dead/x")) == (STA_NETERR, 701)
    with pytest.raises(HTTPTaskError, match=r"^701 Exception Occured$") as caught:
        was.get("@dead/x").fetch()
    assert isinstance(caught.value.__cause__, httpcore.ConnectError)


def test_a_name_that_nobody_has(was: Was) -> None:
    """DNS failure: 704."""
    assert outcome(was.get("http://no-such-host.invalid/x")) == (STA_NETERR, 704)


def test_a_slow_server(was: Was, peer: Peer) -> None:
    """No answer in time: 730, and the connection is not used again."""
    aliases.define("@slow", "http", peer.address)
    began = time.monotonic()
    assert outcome(was.get("@slow/sleep/3", timeout=0.2)) == (STA_TIMEOUT, 730)
    assert time.monotonic() - began < 2
    assert was.get("@slow/x").fetch()["path"] == "/x"
    assert was.get("@slow/sleep/3").dispatch(timeout=0.05).status == STA_TIMEOUT


def test_a_server_that_hangs_up_before_it_answers(was: Was) -> None:
    """A connection that is closed without answer: 700; what cannot hurt is asked once more."""
    asked: list[bytes] = []

    def hang_up(connection: socket.socket, number: int) -> None:
        asked.append(read_head(connection).partition(b" ")[0])

    with raw_server(hang_up) as address:
        assert outcome(was.get(f"http://{address}/x")) == (STA_NETERR, 700)
        assert outcome(was.post(f"http://{address}/x", {"a": 1})) == (STA_NETERR, 700)
    assert asked == [b"GET", b"GET", b"POST"]


def test_a_server_that_hangs_up_once(was: Was) -> None:
    """A read that met a broken connection is answered by the next."""

    def answer(connection: socket.socket, number: int) -> None:
        read_head(connection)
        if number:
            connection.sendall(OK)

    with raw_server(answer) as address:
        assert was.get(f"http://{address}/x").fetch() is True


@pytest.mark.parametrize(
    "piece",
    [
        b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 1000\r\n\r\npart",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\npa",
        b"HTTP/1.1 200 O",
        b"nonsense\r\n\r\n",
    ],
)
def test_a_server_that_closes_in_mid_answer(was: Was, piece: bytes) -> None:
    """Half an answer is no answer: 700."""

    def answer(connection: socket.socket, number: int) -> None:
        read_head(connection)
        connection.sendall(piece)

    with raw_server(answer) as address:
        assert outcome(was.get(f"http://{address}/x", headers={"Accept": "*/*"})) == (STA_NETERR, 700)


def test_a_server_that_trickles(was: Was) -> None:
    """The timeout is for the whole answer, not for each piece."""

    def answer(connection: socket.socket, number: int) -> None:
        read_head(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        for _ in range(40):
            connection.sendall(b"x")
            time.sleep(0.05)

    with raw_server(answer) as address:
        began = time.monotonic()
        assert outcome(was.get(f"http://{address}/x", timeout=0.3)) == (STA_TIMEOUT, 730)
        assert time.monotonic() - began < 1.5


def test_broken_compression(was: Was) -> None:
    """A body that is not what its encoding says: 701."""

    def answer(connection: socket.socket, number: int) -> None:
        read_head(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nnope")

    with raw_server(answer) as address:
        assert outcome(was.get(f"http://{address}/x")) == (STA_NETERR, 701)


def test_answers_that_unpack_to_too_much(was: Was, monkeypatch: pytest.MonkeyPatch) -> None:
    """A compressed answer has a limit to what it unpacks to; it is a 701 before it fills the memory."""
    monkeypatch.setattr(transports, "MAX_DECODED", 2_000_000)
    head = OK.replace(
        b"Content-Length: 4\r\n\r\ntrue", b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n"
    )

    def answer(connection: socket.socket, number: int) -> None:
        size = int(read_head(connection).split(b" ")[1].strip(b"/"))
        packed = gzip.compress(b"1" + b" " * (size - 1))
        connection.sendall(head % len(packed) + packed)

    with raw_server(answer) as address:
        assert was.get(f"http://{address}/2000000").fetch() == 1
        assert outcome(was.get(f"http://{address}/2000001")) == (STA_NETERR, 701)
        assert outcome(was.get(f"http://{address}/20000000")) == (STA_NETERR, 701)


def test_a_server_that_comes_back(was: Was) -> None:
    """Killed and started again on its port, a server is used again without further ado."""
    peer = Peer()
    aliases.define("@back", "http", peer.address)
    assert was.get("@back/x").dispatch().status_code == 200
    peer.close()
    while was.get("@back/x", headers={"Connection": "close"}).dispatch().status_code == 200:
        pass  # a connection of before the end may still be served
    assert outcome(was.get("@back/x"))[0] == STA_NETERR
    with Peer(port=peer.port):
        assert was.get("@back/x").dispatch().status_code == 200


def test_failover_to_the_next_member(was: Was, peer: Peer, runtime: Runtime) -> None:
    """A dead member costs nothing but a try; it is left alone from then on."""
    dead = free_port()
    alias = aliases.define("@half", "http", [f"127.0.0.1:{dead} 100", peer.address])
    assert was.post("@half/x", {"a": 1}).fetch()["name"] == "alpha"
    node = next(node for node in cluster_of(runtime, alias).nodes if node.member.port == dead)
    assert node.failures == 1
    for _ in range(3):
        assert was.get("@half/x").fetch()["name"] == "alpha"
    assert node.failures == 1
    with Peer("beta", port=dead):
        node.retry_at = 0
        assert was.get("@half/x").fetch()["name"] == "beta"
    assert node.failures == 0


def test_all_members_are_tried(was: Was) -> None:
    """Where all are dead the last error comes out, and the next call tries again."""
    aliases.define("@gone", "http", [f"127.0.0.1:{free_port()}", f"127.0.0.1:{free_port()}"])
    assert outcome(was.get("@gone/x")) == (STA_NETERR, 701)
    assert outcome(was.get("@gone/x")) == (STA_NETERR, 701)


def test_writes_are_not_sent_twice(was: Was, peer: Peer) -> None:
    """A write whose answer was lost may have been done: the next member is not asked."""

    def hang_up(connection: socket.socket, number: int) -> None:
        read_head(connection)

    with raw_server(hang_up) as address:
        aliases.define("@risky", "http", [f"{address} 100", peer.address])
        assert outcome(was.post("@risky/x", {"a": 1})) == (STA_NETERR, 700)
    assert peer.asked == []


def test_every_member_is_asked_by_map(was: Was, peer: Peer) -> None:
    """was.get.map gives a result for each member, the failed ones too."""
    aliases.define("@pool", "http", [peer.address, f"127.0.0.1:{free_port()}"])
    task = was.get.map("@pool/rows")
    assert [result.status_code for result in task.dispatch()] == [200, 701]
    assert task.status == [3, 2]
    with pytest.raises(HTTPTaskError, match="701"):
        task.fetch()
    with Peer("beta") as beta:
        aliases.define("@both", "http", [peer.address, beta.address])
        names = was.get.map("@both/x", filter=lambda data: data["name"]).fetch()
        assert sorted(names) == ["alpha", "beta"]
        assert was.get.lb("@both/x").fetch()["name"] in names
        with pytest.raises(TypeError, match="several servers"):
            was.post.map("@both/x", iter([b"x"]), headers={"Content-Type": "text/plain"})


def test_a_client_that_goes_takes_its_calls_along(was: Was, peer: Peer, runtime: Runtime) -> None:
    """cancel_all hangs up on servers that are only read from."""
    aliases.define("@slow", "http", peer.address)
    tasks = [was.get("@slow/sleep/5") for _ in range(3)]
    until = time.monotonic() + 5
    while len(peer.asked) < 3 and time.monotonic() < until:
        time.sleep(0.01)
    assert cancel_all(was) == 3
    assert [outcome(task)[1] for task in tasks] == [731] * 3
    while open_connections(runtime) and time.monotonic() < until:
        time.sleep(0.01)
    assert open_connections(runtime) == 0


def test_pools_do_not_leak(was: Was, runtime: Runtime) -> None:
    """After many calls with failures of every kind no connection is in use."""
    chance = random.Random(1)
    ways: list[Callable[[socket.socket], None]] = [
        lambda connection: None,
        lambda connection: connection.sendall(OK),
        lambda connection: connection.sendall(OK[:-2]),
        lambda connection: connection.sendall(OK[:20]),
        lambda connection: time.sleep(0.02),
    ]

    def answer(connection: socket.socket, number: int) -> None:
        if read_head(connection):
            chance.choice(ways)(connection)

    with raw_server(answer) as address:
        aliases.define("@wild", "http", address, max_conns=4)
        tasks = []
        for number in range(400):
            task = was.get("@wild/x", timeout=chance.choice([0.005, 0.05, 5]))
            if chance.random() < 0.1:
                task.cancel()
            tasks.append(task)
            if number % 20 == 19:
                for each in tasks:
                    each.dispatch()
                tasks.clear()
        until = time.monotonic() + 5
        while open_connections(runtime) and time.monotonic() < until:
            time.sleep(0.01)
        assert open_connections(runtime) == 0
        assert [node.active for node in cluster_of(runtime, aliases.find("@wild")).nodes] == [0]


# -- TLS -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that nobody has signed, and its key."""
    folder = tmp_path_factory.mktemp("tls")
    cert, key = folder / "cert.pem", folder / "key.pem"
    command = [
        *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"),
        *("-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(cert)),
    ]
    subprocess.run(command, check=True, capture_output=True)
    return cert, key


@contextlib.contextmanager
def tls_server(certificate: tuple[Path, Path], client_ca: Path | None = None) -> Iterator[str]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    if client_ca is not None:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(client_ca)

    def answer(connection: socket.socket, number: int) -> None:
        with context.wrap_socket(connection, server_side=True) as secure:
            read_head(secure)
            secure.sendall(OK)

    with raw_server(answer) as address:
        yield address


def test_certificates_are_verified(was: Was, certificate: tuple[Path, Path]) -> None:
    """A certificate that nobody knows is refused: 701."""
    with tls_server(certificate) as address:
        aliases.define("@tls", "https", address)
        assert outcome(was.get("@tls/x")) == (STA_NETERR, 701)


def test_certificates_from_the_preference(was: Was, certificate: tuple[Path, Path]) -> None:
    """config.OUTGOING may name the CA, or trust any certificate, for all aliases or for one."""
    with tls_server(certificate) as address:
        aliases.define("@tls", "https", address)
        was.app.config.OUTGOING = {"verify": str(certificate[0])}
        assert was.get("@tls/x").fetch() is True
        was.app.config.OUTGOING = {"@tls": {"verify": False}}
        assert was.get("@tls/x").fetch() is True
        assert outcome(was.get(f"https://{address}/x"))[1] == 701
        was.app.config.OUTGOING = {"verify": "/no/such/file"}
        assert outcome(was.get("@tls/x"))[1] == 701


def test_client_certificates(was: Was, certificate: tuple[Path, Path]) -> None:
    """cert is what this side shows."""
    with tls_server(certificate, client_ca=certificate[0]) as address:
        files = [str(path) for path in certificate]
        was.app.config.OUTGOING = {"verify": files[0], "cert": files}
        assert was.get(f"https://{address}/x").fetch() is True
        was.app.config.OUTGOING = {"verify": files[0]}
        assert outcome(was.get(f"https://{address}/x"))[0] == STA_NETERR


def test_a_server_that_speaks_no_tls(was: Was, peer: Peer) -> None:
    """Plain text where TLS is expected: an error, in bounded time."""
    assert outcome(was.get(f"https://{peer.address}/x", timeout=3))[0] in (STA_NETERR, STA_TIMEOUT)


# -- proxies and HTTP/2 --------------------------------------------------------------------------------------


def test_proxies_from_the_preference(was: Was, monkeypatch: pytest.MonkeyPatch) -> None:
    """config.OUTGOING names a proxy, or takes it from the environment when told so."""
    asked: list[bytes] = []

    def proxy(connection: socket.socket, number: int) -> None:
        asked.append(read_head(connection).partition(b"\r\n")[0])
        connection.sendall(OK)

    with raw_server(proxy) as address:
        was.app.config.OUTGOING = {"proxy": f"http://{address}"}
        assert was.get("http://far.invalid/x").fetch() is True
        monkeypatch.setenv("http_proxy", f"http://{address}")
        was.app.config.OUTGOING = {"trust_env": True}
        assert was.get("http://far.invalid/y").fetch() is True
        was.app.config.OUTGOING = {}
        assert outcome(was.get("http://far.invalid/z"))[1] == 704
    assert asked == [b"GET http://far.invalid/x HTTP/1.1", b"GET http://far.invalid/y HTTP/1.1"]


def test_http2_where_it_is_asked_for(was: Was) -> None:
    """http2 speaks HTTP/2 with a server in the clear, by prior knowledge."""
    h2_config = pytest.importorskip("h2.config")
    import h2.connection
    import h2.events

    def answer(connection: socket.socket, number: int) -> None:
        h2_side = h2.connection.H2Connection(h2_config.H2Configuration(client_side=False))
        h2_side.initiate_connection()
        connection.sendall(h2_side.data_to_send())
        while data := connection.recv(65536):
            for event in h2_side.receive_data(data):
                if isinstance(event, h2.events.RequestReceived):
                    head = [(":status", "200"), ("content-type", "application/json")]
                    h2_side.send_headers(event.stream_id, head)
                    h2_side.send_data(event.stream_id, b"true", end_stream=True)
            connection.sendall(h2_side.data_to_send())

    with raw_server(answer) as address:
        was.app.config.OUTGOING = {"http2": True}
        result = was.get(f"http://{address}/x").dispatch()
        assert (result.data, result.version) == (True, "2")
        was.runtime.spawn(transports_of(was.runtime).aclose()).result(10)
