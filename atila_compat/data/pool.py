"""A pool of connections to something that has no pool of its own."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Generic, TypeVar

from .failures import mark_unsent

C = TypeVar("C")

log = logging.getLogger("atila_compat.data")


class Pool(Generic[C]):
    """Connections that are opened when needed and given to one user at a time, the one used last first.

    Args:
        opening: opens a connection.
        closing: closes one.
        size: connections at most.
    """

    def __init__(
        self, opening: Callable[[], Awaitable[C]], closing: Callable[[C], Awaitable[None]], size: int
    ) -> None:
        self._open, self._close, self._size = opening, closing, max(size, 1)
        self._idle: list[C] = []
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._closing: set[asyncio.Future[None]] = set()
        self._closed = False
        self.count = 0

    async def acquire(self) -> C:
        """A connection; waits until one is free.

        Raises RuntimeError after close, and what opening one raises.
        """
        while not self._idle and self.count >= self._size:
            turn = asyncio.get_running_loop().create_future()
            self._waiting.append(turn)
            try:
                await turn
            except asyncio.CancelledError:
                if not turn.cancelled():
                    self._wake()  # it was our turn already: let the next one have it
                raise
            finally:
                if turn in self._waiting:
                    self._waiting.remove(turn)
        if self._closed:
            raise RuntimeError("the data source is closed: the server is shutting down")
        if self._idle:
            return self._idle.pop()
        self.count += 1
        try:
            return await self._open()
        except BaseException as error:
            mark_unsent(error)
            self.count -= 1
            self._wake()
            raise

    def _wake(self) -> None:
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return

    def release(self, connection: C) -> None:
        """Give a connection back."""
        if self._closed:
            self.discard(connection)
            return
        self._idle.append(connection)
        self._wake()

    def discard(self, connection: C) -> None:
        """Close a connection that cannot be used any more, without waiting for that."""
        self.count -= 1
        self._wake()
        closing = asyncio.ensure_future(self._close_quietly(connection))
        self._closing.add(closing)
        closing.add_done_callback(self._closing.discard)

    async def _close_quietly(self, connection: C) -> None:
        try:
            await self._close(connection)
        except Exception:
            log.debug("closing %r failed", connection, exc_info=True)

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[C]:
        """A connection for the time of the block."""
        connection = await self.acquire()
        try:
            yield connection
        finally:
            self.release(connection)

    async def close(self) -> None:
        """Close idle connections now, the others when they come back."""
        self._closed = True
        idle, self._idle = self._idle, []
        for connection in idle:
            self.discard(connection)
        while self._waiting:
            self._wake()
        while self._closing:
            await asyncio.gather(*self._closing)
