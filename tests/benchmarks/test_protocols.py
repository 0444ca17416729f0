"""The benchmarks of the protocols and of the footprint run, and count right answers only."""

from __future__ import annotations

import asyncio
import contextlib
import json
from pathlib import Path
from typing import Any

import pytest

from ..launch import ROOT, Serve
from . import footprint, protocols
from .load import (
    ACK,
    CALLS,
    CONNECTIONS,
    DATA,
    END_STREAM,
    HEADERS,
    PING,
    SETTINGS,
    Connection,
    Counter,
    Order,
    frame,
)
from .measure import LoadGenerator, WrongAnswerError
from .peers import PEERS
from .protocols import UPGRADE, WITH_STARLETTE

TINY = [
    "--rounds=1",
    "--few-rounds=1",
    "--seconds=0.2",
    "--warm-up=0.1",
    "--megabytes=2",
    "--clients=8",
    "--idle=10",
    "--settle=0.1",
]


def test_protocols_are_measured(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Every protocol gives its figures, of this project and of the peer that is there."""
    file = tmp_path / "figures.json"
    assert protocols.main([*TINY, f"--json={file}"]) == 0
    found = {each["name"]: each for each in json.loads(file.read_text())}
    assert list(found) == [
        "upload of 2 MiB",
        "upload of 2 MiB, growth",
        "WebSocket echo, 8 clients",
        "WebSocket echo, 8 clients, cost",
        "10 idle WebSockets, each",
        "10 idle WebSockets, the process",
        "unary gRPC, 8 calls in flight",
        "unary gRPC, 8 calls in flight, cost",
        "XML-RPC, 32 connections",
    ]
    table = capsys.readouterr().out
    for name, each in found.items():
        assert len(each["ours"]) == 1
        assert len(each["theirs"]) == (0 if name.startswith("XML-RPC") else 1)
        assert f"\n{name}  " in table
    rates = [each["ours"][0] for each in found.values() if each["unit"].endswith("/s")]
    assert len(rates) == 4
    assert min(rates) > 0


def test_footprint_is_measured(tmp_path: Path) -> None:
    """Imports, starts and memory are measured, and are more than nothing."""
    file = tmp_path / "figures.json"
    footprint.main(["--rounds=1", "--settle=0.1", f"--json={file}"])
    found = json.loads(file.read_text())
    assert len(found) == 6
    assert all(each["ours"][0] > 0 for each in found)


def test_wrong_answers_of_protocols_are_not_measured(serve: Serve) -> None:
    """What is no WebSocket, upload or gRPC method stops the benchmark, or counts as wrong."""
    app = serve("", command=WITH_STARLETTE["starlette"].command, env={"PYTHONPATH": str(ROOT)})
    bare = serve("", command=PEERS["bare"].command, env={"PYTHONPATH": str(ROOT)})
    with pytest.raises(WrongAnswerError, match="500"), protocols.open_websocket(bare.port):
        pass
    with pytest.raises(WrongAnswerError, match="an upload of 1000 bytes was"):
        protocols.upload(bare.port, 1000)
    nowhere = UPGRADE.replace("/echo", "/nowhere")
    order = Order(app.port, nowhere, 101, 1, 0.2, 0.1, protocol="websocket", message="hello")
    with contextlib.closing(LoadGenerator()) as generator:
        outcome = generator.carry_out(order)
    assert outcome.answers == 0
    assert outcome.wrong > 0


class Sent(asyncio.WriteTransport):
    """A transport that keeps what is written."""

    def __init__(self) -> None:
        super().__init__()
        self.data: list[bytes] = []
        self.closed = False

    def write(self, data: Any) -> None:
        self.data.append(bytes(data))

    def close(self) -> None:
        self.closed = True


def connected(protocol: str, message: str) -> tuple[Connection, Sent, Counter]:
    """A connection of the load generator that is counted."""
    request = UPGRADE if protocol == "websocket" else "/some.Service/Method"
    order = Order(1, request, 101, 1, 1, 0, protocol=protocol, message=message)
    counter = Counter(order, request.encode(), counting=True)
    connection, sent = CONNECTIONS[protocol](counter), Sent()
    connection.connection_made(sent)
    return connection, sent, counter


def test_echo_is_sent_again_when_it_has_come_whole() -> None:
    """The handshake is followed by a message, each whole echo by the next; another text counts as wrong."""
    connection, sent, counter = connected("websocket", "hello")
    connection.data_received(b"HTTP/1.1 101 Switching Protocols\r\n\r")
    assert sent.data == [UPGRADE.encode()]
    connection.data_received(b"\n")
    masked = b"\x81\x85\0\0\0\0hello"
    assert sent.data[1:] == [masked]
    connection.data_received(b"\x81\x05hel")
    assert len(counter.times) == 0
    connection.data_received(b"lo")
    assert sent.data[2:] == [masked]
    connection.data_received(b"\x81\x05jello")
    assert (len(counter.times), counter.wrong) == (2, 1)
    counter.stopped = True
    connection.data_received(b"\x81\x05hello")
    assert sent.closed


def test_grpc_calls_are_kept_in_flight() -> None:
    """Each call that ends is followed by another one; one without a message counts as wrong."""
    connection, sent, counter = connected("grpc", "?")
    calls = sent.data[0].count(b"\0\0\0\0\1?")
    assert calls == CALLS
    message, trailers = frame(DATA, 0, 1, b"\0\0\0\0\1!"), frame(HEADERS, END_STREAM, 1, b"x")
    settings = frame(SETTINGS, 0, 0)
    whole = settings + message + trailers
    connection.data_received(whole[:20])
    connection.data_received(whole[20:])
    assert (len(counter.times), counter.wrong) == (1, 0)
    assert frame(SETTINGS, ACK, 0) in sent.data
    assert b"".join(sent.data[1:]).count(b"\0\0\0\0\1?") == 1
    connection.data_received(frame(HEADERS, END_STREAM, 3, b"x") + frame(PING, 0, 0, b"12345678"))
    assert (len(counter.times), counter.wrong) == (2, 1)
    assert frame(PING, ACK, 0, b"12345678") in sent.data[-1]
    counter.stopped = True
    for stream in range(5, 5 + 2 * CALLS, 2):
        assert not sent.closed
        connection.data_received(frame(HEADERS, END_STREAM, stream, b"x"))
    assert sent.closed
