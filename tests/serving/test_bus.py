"""Messages between processes; here between several buses of one process, which have sockets of their own."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from atila_compat.serving.bus import LocalBus, RedisBus

pytestmark = pytest.mark.anyio


class Numbered(LocalBus):
    """A bus with another number than the process."""

    number = 0

    @property
    def path(self) -> str:
        return os.path.join(self.folder, f"{self.number}.sock")


async def _local(folder: Path, number: int, received: list[Any]) -> Numbered:
    bus = Numbered(str(folder), received.append)
    bus.number = number
    await bus.open()
    return bus


async def _until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.01)


async def test_local_messages(tmp_path: Path) -> None:
    """All others hear a message, in its order, or only the one that it is for; the sender does not."""
    heard: list[list[Any]] = [[], [], []]
    buses = [await _local(tmp_path, number, heard[number]) for number in range(3)]
    for number in range(100):
        buses[0].post({"n": number})
    buses[1].post({"to": 2}, 2)
    await _until(lambda: len(heard[1]) == 100 and len(heard[2]) == 101)
    assert heard[1] == [{"n": number} for number in range(100)]
    assert [each for each in heard[2] if "n" in each] == heard[1]
    assert {"to": 2} in heard[2]
    assert heard[0] == []
    buses[2].post({"big": "x" * 3_000_000})
    await _until(lambda: len(heard[0]) == 1)
    for bus in buses:
        await bus.close()
    assert list(tmp_path.iterdir()) == []


async def test_a_socket_that_a_dead_process_left(tmp_path: Path) -> None:
    """It is taken away, and the others hear the message."""
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(tmp_path / "9.sock"))
    heard: list[Any] = []
    one, two = await _local(tmp_path, 1, []), await _local(tmp_path, 2, heard)
    one.post({"n": 1})
    await _until(lambda: heard == [{"n": 1}] and not (tmp_path / "9.sock").exists())
    await one.close()
    await two.close()


async def test_what_cannot_be_sent(tmp_path: Path) -> None:
    """It is refused where it is posted; broken messages of others stop nothing."""
    heard: list[Any] = []
    one, two = await _local(tmp_path, 1, []), await _local(tmp_path, 2, heard)
    with pytest.raises(TypeError):
        one.post({"x": object()})
    _, writer = await asyncio.open_unix_connection(two.path)
    for frame in (b"no json", b"[1]", b"\xff"):
        writer.write(len(frame).to_bytes(4, "big") + frame)
    writer.write(b"\xff\xff\xff\xff")
    await writer.drain()
    one.post({"n": 1})
    await _until(lambda: bool(heard))
    assert heard == [{"n": 1}]
    writer.close()
    await one.close()
    await two.close()


async def test_messages_through_redis(redis_url: str) -> None:
    """All others on the channel hear a message, the sender does not, other services neither."""
    heard: list[list[Any]] = [[], [], []]
    channel = f"test-bus-{os.getpid()}"
    names = [channel, channel, f"{channel}-other"]
    buses = [RedisBus(redis_url, name, each.append) for name, each in zip(names, heard, strict=True)]
    for bus in buses:
        await bus.open()
    for number in range(50):
        buses[0].post({"n": number})
    await _until(lambda: len(heard[1]) == 50)
    assert heard == [[], [{"n": number} for number in range(50)], []]
    for bus in buses:
        await bus.close()


async def test_a_redis_that_is_not_there(caplog: pytest.LogCaptureFixture) -> None:
    """The log says so, once for the channel; posting does not fail."""
    with caplog.at_level(logging.ERROR):
        bus = RedisBus("redis://127.0.0.1:1/0", "x", lambda message: None)
        await bus.open()
        bus.post({"n": 1})
        await _until(lambda: "is lost" in caplog.text)
        await bus.close()
    assert caplog.text.count("Redis does not answer") == 1
