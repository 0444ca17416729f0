"""A pool of connections to a data source."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any, Generic, TypeVar

from .failures import mark_unsent

C = TypeVar("C")

log = logging.getLogger("atila_compat.data")

IDLE_SECONDS = 300.0
"""How long a connection is kept that nobody uses."""


class Pool(Generic[C]):
    """Connections that are opened when needed and given to one user at a time, the one used last first.

    Args:
        opening: opens a connection.
        closing: closes one.
        size: connections at most.
        usable: whether an idle connection can still be used.

    Attributes:
        count: connections there are, in use or idle.
    """

    def __init__(
        self,
        opening: Callable[[], Awaitable[C]],
        closing: Callable[[C], Awaitable[None]],
        size: int,
        usable: Callable[[C], bool] = lambda connection: True,
    ) -> None:
        self._open, self._close, self._size, self._usable = opening, closing, max(size, 1), usable
        self._idle: deque[tuple[C, float]] = deque()
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._tasks: set[asyncio.Future[Any]] = set()
        self._closed = False
        self.count = 0

    @property
    def idle(self) -> int:
        """Connections that nobody uses."""
        return len(self._idle)

    async def acquire(self) -> C:
        """A connection; waits until one is free.

        Raises RuntimeError after close, and what opening one raises, marked by `failures.mark_unsent`.
        """
        while True:
            if self._closed:
                raise RuntimeError("the data source is closed: the server is shutting down")
            while self._idle:
                connection, since = self._idle.pop()
                if since + IDLE_SECONDS > time.monotonic() and self._usable(connection):
                    return connection
                self.discard(connection)
            if self.count < self._size:
                return await self._opened()
            await self._my_turn()

    async def _my_turn(self) -> None:
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.cancelled():
                self._waiting.remove(turn)
            else:
                self._wake()  # it was our turn already: let the next one have it
            raise

    async def _opened(self) -> C:
        """A new connection; one whose user gives up meanwhile is there for the next."""
        self.count += 1
        opening = self.keep(self._open())
        try:
            return await asyncio.shield(opening)
        except asyncio.CancelledError:
            opening.add_done_callback(self._opened_for_nobody)
            raise
        except BaseException as error:
            mark_unsent(error)
            self.count -= 1
            self._wake()
            raise

    def _opened_for_nobody(self, opening: asyncio.Future[C]) -> None:
        if opening.cancelled() or opening.exception() is not None:
            self.count -= 1
            self._wake()
        else:
            self.release(opening.result())

    def _wake(self) -> None:
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return

    def keep(self, work: Awaitable[Any]) -> asyncio.Future[Any]:
        """Run `work` whatever becomes of its user; `close` waits for it."""
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def release(self, connection: C) -> None:
        """Give a connection back."""
        if self._closed:
            self.discard(connection)
            return
        now = time.monotonic()
        self._idle.append((connection, now))
        while self._idle[0][1] + IDLE_SECONDS < now:
            self.discard(self._idle.popleft()[0])
        self._wake()

    def discard(self, connection: C) -> None:
        """Close a connection that cannot be used any more, without waiting for that."""
        self.count -= 1
        self._wake()
        self.keep(self._close_quietly(connection))

    async def _close_quietly(self, connection: C) -> None:
        try:
            await self._close(connection)
        except Exception:
            log.debug("closing %r failed", connection, exc_info=True)

    async def close(self) -> None:
        """Close idle connections now, the others when they come back."""
        self._closed = True
        while self._idle:
            self.discard(self._idle.popleft()[0])
        while self._waiting:
            self._wake()
        while self._tasks:
            await asyncio.wait(self._tasks)
