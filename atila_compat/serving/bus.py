"""Messages between the processes of a service: over local sockets, or through Redis.

A message is a JSON object; whoever posts it does not get it back. Nothing is kept: a process that is not
there, or not reachable, misses what is posted meanwhile. Messages of one process arrive in their order.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import struct
import uuid
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

from ..errors import MissingExtra
from ..locks import private_folder

log = logging.getLogger("atila_compat.bus")

Received = Callable[[dict[str, Any]], None]

LONGEST = 64 * 1024 * 1024
"""Bytes that a message may have."""
WAITING = 10_000
"""Messages that may wait for a process that does not take them."""
CONNECT_SECONDS = 1.0
LONGEST_PAUSE = 5.0

_LENGTH = struct.Struct("!I")


class Bus(ABC):
    """The way to the other processes.

    Args:
        received: called on the event loop with each message of another process.
    """

    def __init__(self, received: Received) -> None:
        self.received = received
        self._loop = asyncio.get_running_loop()

    def post(self, message: dict[str, Any], to: int | None = None) -> None:
        """Send a message; from any thread. It goes out when the event loop comes to it.

        Args:
            to: process id of the one it is for, where the processes are of one machine; None: for all.

        Raises TypeError or ValueError for what JSON cannot express.
        """
        frame = json.dumps(message, separators=(",", ":")).encode()
        if len(frame) > LONGEST:
            raise ValueError(f"a message of {len(frame)} bytes is too long for other processes")
        with contextlib.suppress(RuntimeError):  # the loop has closed: the service has ended
            self._loop.call_soon_threadsafe(self._send, frame, to)

    @abstractmethod
    def _send(self, frame: bytes, to: int | None) -> None: ...

    @abstractmethod
    async def open(self) -> None:
        """Listen."""

    @abstractmethod
    async def close(self) -> None:
        """Listen no more."""

    def _hear(self, frame: bytes) -> None:
        try:
            message = json.loads(frame)
            if isinstance(message, dict):
                self.received(message)
        except Exception:
            log.exception("a message of another process cannot be handled")


class _Peer:
    """The connection to one other process; what is to be sent waits here."""

    def __init__(self, path: str, forget: Callable[[str], None]) -> None:
        self.path = path
        self._forget = forget
        self._queue: asyncio.Queue[bytes] = asyncio.Queue(WAITING)
        self._task = asyncio.get_running_loop().create_task(self._deliver())

    def send(self, frame: bytes) -> None:
        try:
            self._queue.put_nowait(frame)
        except asyncio.QueueFull:
            log.error("%s does not take its messages: one is lost", os.path.basename(self.path))

    async def _deliver(self) -> None:
        writer: asyncio.StreamWriter | None = None
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                _, writer = await asyncio.open_unix_connection(self.path)
            while True:
                frame = await self._queue.get()
                writer.write(_LENGTH.pack(len(frame)) + frame)
                await writer.drain()
        except (ConnectionRefusedError, FileNotFoundError):
            with contextlib.suppress(OSError):  # it has died without taking its socket away
                os.unlink(self.path)
        except (OSError, TimeoutError) as error:
            log.debug("%s: %s", self.path, error)
        finally:
            self._forget(self.path)
            if writer is not None:
                writer.close()

    def close(self) -> None:
        self._task.cancel()


class LocalBus(Bus):
    """Between the worker processes of one machine: each listens on a socket of its own in one directory.

    Args:
        folder: nobody but the service's user may enter it. Where it has been deleted it is made again.
    """

    def __init__(self, folder: str, received: Received) -> None:
        super().__init__(received)
        self.folder = folder
        self._server: asyncio.AbstractServer | None = None
        self._peers: dict[str, _Peer] = {}
        self._readers: set[asyncio.Task[None]] = set()
        self._keeper: asyncio.Task[None] | None = None

    @property
    def path(self) -> str:
        """Where this process listens."""
        return os.path.join(self.folder, f"{os.getpid()}.sock")

    async def open(self) -> None:
        """Listen, and see to it that the socket stays there."""
        await self._bind()
        self._keeper = self._loop.create_task(self._keep())

    async def _bind(self) -> None:
        if self._server is not None:
            self._server.close()
        private_folder(self.folder)
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.path)
        self._server = await asyncio.start_unix_server(self._serve, self.path)

    async def _keep(self) -> None:
        while True:
            await asyncio.sleep(1)
            if not os.path.exists(self.path):
                try:
                    await self._bind()
                    log.warning("the socket for messages of other workers was gone and is there again")
                except OSError as error:
                    log.error("no messages between the workers: %s", error)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._readers.add(task)
        try:
            while True:
                (length,) = _LENGTH.unpack(await reader.readexactly(_LENGTH.size))
                if length > LONGEST:
                    return
                self._hear(await reader.readexactly(length))
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            return  # asyncio complains in the log about a callback that was cancelled
        finally:
            self._readers.discard(task)
            writer.close()

    def _send(self, frame: bytes, to: int | None) -> None:
        own = os.path.basename(self.path)
        try:
            names = [f"{to}.sock"] if to is not None else os.listdir(self.folder)
        except OSError as error:
            log.error("no message can be sent to other workers: %s", error)
            return
        for name in names:
            if name == own or not name.endswith(".sock"):
                continue
            path = os.path.join(self.folder, name)
            peer = self._peers.get(path)
            if peer is None:
                peer = self._peers[path] = _Peer(path, self._forget)
            peer.send(frame)

    def _forget(self, path: str) -> None:
        self._peers.pop(path, None)

    async def close(self) -> None:
        """Listen no more, and take the socket away."""
        if self._keeper is not None:
            self._keeper.cancel()
        if self._server is not None:
            self._server.close()
        for each in [*self._readers]:
            each.cancel()
        for peer in [*self._peers.values()]:
            peer.close()
        with contextlib.suppress(OSError):
            os.unlink(self.path)


class RedisBus(Bus):
    """Between machines: all processes of a service hear one channel.

    Where Redis is gone the log says so, and messages are lost until it is there again.

    Args:
        url: of the Redis.
        channel: the same for all processes of a service, and for nobody else.

    Raises MissingExtra where the package `redis` is not installed.
    """

    def __init__(self, url: str, channel: str, received: Received) -> None:
        super().__init__(received)
        try:
            import redis.asyncio as client
        except ImportError:
            raise MissingExtra("state in Redis", "redis") from None
        self._channel = channel
        self._origin = uuid.uuid4().hex
        self._errors: tuple[type[BaseException], ...] = (client.RedisError, OSError, TimeoutError)
        # a subscriber waits for ever: no time limit for its answers
        self._hearing = client.Redis.from_url(
            url, socket_timeout=None, socket_connect_timeout=CONNECT_SECONDS, health_check_interval=5
        )
        self._sending = client.Redis.from_url(
            url, socket_timeout=CONNECT_SECONDS, socket_connect_timeout=CONNECT_SECONDS
        )
        self._queue: asyncio.Queue[bytes] = asyncio.Queue(WAITING)
        self._tasks: list[asyncio.Task[None]] = []
        self._reachable = True

    async def open(self) -> None:
        """Listen; where Redis is not there, as soon as it is."""
        listening = asyncio.Event()
        self._tasks = [
            self._loop.create_task(self._listen(listening)),
            self._loop.create_task(self._deliver()),
        ]
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(2 * CONNECT_SECONDS):
                await listening.wait()

    async def _listen(self, listening: asyncio.Event) -> None:
        pause = 0.1
        while True:
            pubsub = self._hearing.pubsub(ignore_subscribe_messages=False)
            try:
                await pubsub.subscribe(self._channel)
                async for message in pubsub.listen():
                    if message["type"] == "subscribe":
                        listening.set()
                        pause = 0.1
                        self._note(None)
                    elif message["type"] == "message":
                        origin, _, frame = message["data"].partition(b" ")
                        if origin != self._origin.encode():
                            self._hear(frame)
            except self._errors as error:
                self._note(error)
            finally:
                with contextlib.suppress(Exception):
                    await pubsub.aclose()  # type: ignore[no-untyped-call]
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)

    def _note(self, error: BaseException | None) -> None:
        if error is not None and self._reachable:
            log.error("Redis does not answer, no messages between the processes of this service: %s", error)
        elif error is None and not self._reachable:
            log.info("Redis answers again")
        self._reachable = error is None

    def _send(self, frame: bytes, to: int | None) -> None:
        try:
            self._queue.put_nowait(self._origin.encode() + b" " + frame)
        except asyncio.QueueFull:
            log.error("Redis does not take messages: one is lost")

    async def _deliver(self) -> None:
        while True:
            frame = await self._queue.get()
            try:
                await self._sending.publish(self._channel, frame)
            except self._errors as error:
                log.error("a message to the other processes of this service is lost: %s", error)

    async def close(self) -> None:
        """Send what waits, for a moment, and hang up."""
        deadline = self._loop.time() + 0.2
        while self._reachable and not self._queue.empty() and self._loop.time() < deadline:
            await asyncio.sleep(0.01)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for client in (self._hearing, self._sending):
            with contextlib.suppress(Exception):
                await client.aclose()
