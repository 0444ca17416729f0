"""Bodies that come piece by piece: from upstream servers, and out of `was.Queue` (spec/06 section 8)."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import logging
import threading
from collections import deque
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from ..serving.runtime import Runtime

log = logging.getLogger("atila_compat.tasks")

MAX_PRODUCERS = 128
"""Producers of `was.Queue` that run at a time; more wait for their turn."""


class _Pieces:
    """What arrives on the loop: read there with `async for`, or with `for` in a thread."""

    _runtime: Runtime

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        raise NotImplementedError

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> bytes:
        piece = self._runtime.spawn(self._next_or_none()).result()
        if piece is None:
            raise StopIteration
        return piece

    async def _next_or_none(self) -> bytes | None:
        return await anext(self, None)


class ByteStream(_Pieces):
    """The body of an answer while it arrives.

    It holds a connection until its end or `close()`.

    Args:
        runtime: whose loop the pieces arrive on.
        pieces: gives them.
        close: ends the transfer; called on the loop.
        patience: seconds that one piece may take.
    """

    def __init__(
        self,
        runtime: Runtime,
        pieces: AsyncIterator[bytes],
        close: Callable[[], None],
        patience: float,
    ) -> None:
        self._runtime = runtime
        self._pieces = pieces
        self._close = close
        self.patience = patience
        self._closed = False

    async def __anext__(self) -> bytes:
        if self._closed:
            raise StopAsyncIteration
        try:
            async with asyncio.timeout(self.patience):
                return await anext(self._pieces)
        except BaseException:
            await self.aclose()
            raise

    async def aclose(self) -> None:
        """Give the connection back."""
        if not self._closed:
            self._closed = True
            self._close()

    def put_back(self, piece: bytes) -> None:
        """Let `piece` come next."""
        rest = self._pieces

        async def pieces() -> AsyncIterator[bytes]:
            yield piece
            async for each in rest:
                yield each

        self._pieces = pieces()

    def close(self) -> None:
        """Give the connection back; from any thread."""
        if not self._closed:
            self._closed = True
            with contextlib.suppress(RuntimeError):  # the loop is closed, and the connection with it
                self._runtime.loop.call_soon_threadsafe(self._close)

    __del__ = close


def producers_of(runtime: Runtime) -> ThreadPoolExecutor:
    """The threads for producers: not those for tasks, which a few slow clients could keep for long."""

    def make() -> ThreadPoolExecutor:
        pool = ThreadPoolExecutor(MAX_PRODUCERS, thread_name_prefix="atila-producer")

        async def close() -> None:
            pool.shutdown(wait=False, cancel_futures=True)

        runtime.on_close(close)
        return pool

    return runtime.shared("queue producers", make)


class Queue(_Pieces):
    """A body that `producer(queue)` puts together in a thread, at the pace of the client (README "Queue").

    The producer puts str or bytes; `queue.put(None)` is the end. It starts when the body is first asked for.

    Args:
        runtime: where it runs.
        producer: called with the queue.
        max_size: pieces that may wait for the client; then `put` waits.
        wait_timeout: seconds without a new piece after which the body ends, as in the original.
        use_thread_pool: whether it runs in a thread of the pool for producers; else in one of its own.
    """

    def __init__(
        self,
        runtime: Runtime,
        producer: Callable[[Queue], Any],
        max_size: int = 8,
        wait_timeout: float = 8,
        use_thread_pool: bool = True,
    ) -> None:
        self.max_size = max(1, max_size)
        self.wait_timeout = wait_timeout
        self._runtime = runtime
        self._producer = producer
        self._use_pool = use_thread_pool
        self._pieces: deque[bytes] = deque()
        self._room = threading.Condition()
        self._arrived: asyncio.Event | None = None
        self._error: BaseException | None = None
        self._started = self._ended = self._closed = False
        self._context = contextvars.copy_context()

    # -- the producer's side --------------------------------------------------------------------------------

    def put(self, item: str | bytes | None) -> None:
        """Add a piece, None for the end; waits while the client is behind. After the end nothing is added.

        Raises BrokenPipeError when the client has gone, TypeError for anything but str, bytes and None.
        """
        if item is not None and not isinstance(item, (str, bytes, bytearray)):
            raise TypeError(f"was.Queue takes str, bytes and None for the end, not {type(item).__name__}")
        with self._room:
            while len(self._pieces) >= self.max_size and not self._closed:
                self._room.wait()
            if self._closed:
                raise BrokenPipeError("the client has gone: nobody takes what is put into this queue")
            if item is None:
                self._ended = True
            elif item and not self._ended:
                self._pieces.append(item.encode() if isinstance(item, str) else bytes(item))
        self._tell()

    put_nowait = put

    def _tell(self) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits
            self._runtime.loop.call_soon_threadsafe(self._mark)

    def _mark(self) -> None:
        if self._arrived is not None:
            self._arrived.set()

    def _produce(self) -> None:
        try:
            self._producer(self)
        except BrokenPipeError as error:
            if not self._closed:
                self._error = error
        except BaseException as error:  # whatever it is, the consumer has to hear of it
            self._error = error
        with self._room:
            self._ended = True
        self._tell()

    def _start(self) -> None:
        self._started = True
        self._arrived = asyncio.Event()
        if self._use_pool:
            producers_of(self._runtime).submit(self._context.run, self._produce)
        else:
            run, produce = self._context.run, self._produce
            threading.Thread(target=run, args=(produce,), name="atila-queue", daemon=True).start()

    # -- the client's side ----------------------------------------------------------------------------------

    async def __anext__(self) -> bytes:
        if not self._started:
            self._start()
        assert self._arrived is not None
        while True:
            self._arrived.clear()
            with self._room:
                if self._pieces:
                    piece = self._pieces.popleft()
                    self._room.notify()
                    return piece
                ended = self._ended or self._closed
            if ended:
                if self._error is not None:
                    raise self._error
                raise StopAsyncIteration
            try:
                async with asyncio.timeout(self.wait_timeout):
                    await self._arrived.wait()
            except TimeoutError:
                log.warning("was.Queue: nothing was put for %g s, the answer ends here", self.wait_timeout)
                self._shut()
                raise StopAsyncIteration from None

    def _shut(self) -> None:
        with self._room:
            self._closed = True
            self._pieces.clear()
            self._room.notify_all()

    async def aclose(self) -> None:
        """The client has gone, or has everything: the producer's next `put` raises."""
        self._shut()

    def close(self) -> None:
        """The same as `aclose`, from a thread."""
        self._shut()
        self._tell()
