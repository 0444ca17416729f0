"""Client ids, and the way from an id to a connection."""

from __future__ import annotations

import asyncio
import multiprocessing
from typing import Any

import pytest

from atila_compat.protocols.deliveries import IDS_OF_A_PROCESS, Deliveries
from atila_compat.protocols.ws_connection import Connection


def ids_of_a_child(connection: Any) -> None:
    deliveries = Deliveries()
    connection.send([deliveries.new_id(), deliveries.new_id()])


def test_ids_count_from_zero() -> None:
    """In a server of one process, the first client is 0."""
    deliveries = Deliveries()
    assert [deliveries.new_id() for _ in range(3)] == [0, 1, 2]


def test_ids_of_worker_processes_differ() -> None:
    """Worker processes give ids that no other one gives, and that JavaScript can tell apart."""
    context = multiprocessing.get_context("spawn")
    found = []
    for _ in range(2):
        here, there = context.Pipe()
        process = context.Process(target=ids_of_a_child, args=(there,))
        process.start()
        assert here.poll(20)
        found += here.recv()
        process.join(20)
        here.close()
        there.close()
    assert len(set(found)) == 4
    assert all(IDS_OF_A_PROCESS <= number < 2**53 for number in found)


@pytest.mark.anyio
async def test_messages_reach_their_connection() -> None:
    """A message goes to the connection of the id, as text or binary message; other things are refused."""
    sent: list[Any] = []

    async def send(event: Any) -> None:
        sent.append(event)

    deliveries = Deliveries()
    connection = Connection(deliveries.new_id(), asyncio.get_running_loop(), send)
    deliveries.add(connection)
    connection.opened(lambda: None)
    for message in ("text", b"bytes"):
        deliveries.send(connection.client_id, message)
    with pytest.raises(TypeError, match="a NoneType cannot be sent as text"):
        deliveries.send(connection.client_id, None)
    await asyncio.to_thread(deliveries.send, connection.client_id, "from a thread")
    while len(sent) < 3:
        await asyncio.sleep(0)
    assert sent == [
        {"type": "websocket.send", "text": "text"},
        {"type": "websocket.send", "bytes": b"bytes"},
        {"type": "websocket.send", "text": "from a thread"},
    ]
    deliveries.discard(connection)
    assert not deliveries.send_here(connection.client_id, "late")


def test_others_are_asked_elsewhere() -> None:
    """A client that this process does not have is looked for by whoever connects the processes."""
    asked: list[Any] = []
    deliveries = Deliveries()
    deliveries.send(7, "lost")
    deliveries.elsewhere = lambda client_id, message: asked.append((client_id, message))
    deliveries.send(7, "found")
    deliveries.send(None, "nobody")
    deliveries.send("7", "no id")
    assert asked == [(7, "found")]
