"""Bodies that are sent piece by piece, at the pace of the client (spec/02 section 9)."""

from __future__ import annotations

import asyncio
import logging
import sys
import time
from typing import TYPE_CHECKING, Any

from ..http.compression import StreamCompressor, choose_encoding
from ..http.error_pages import has_body
from ..http.input import ClientDisconnect
from ..tasks.deferred import Deferred
from ..types import Message, Receive, Send
from .finalize import as_bytes
from .outcome import RawHeaders, Streaming

if TYPE_CHECKING:
    from .exchange import Exchange

log = logging.getLogger("atila_compat.app")

BATCH_BYTES = 65536
BATCH_SECONDS = 0.05
"""What is collected at most: bytes, and for how long."""

_END: Any = object()


class Batch:
    """How much of an iterable a worker thread collects before it is sent.

    More than one piece for a hop, where they come fast; hardly any delay where they come slowly.
    """

    __slots__ = ("_began", "_size")

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._size = 0

    def add(self, size: int) -> bool:
        """Count in a piece of `size` bytes; whether what has been collected is to be sent now."""
        self._size += size
        return self._size > BATCH_BYTES or time.monotonic() - self._began > BATCH_SECONDS


async def until_disconnect(receive: Receive, ended: bool = False) -> None:
    """Return when the client has gone, or has closed its side, which looks the same from here.

    Args:
        ended: the end of the body has been received already; another one means that the client has
        closed its side.
    """
    while True:
        message: Message = await receive()
        if message["type"] != "http.request" or ended:
            return
        ended = not message.get("more_body", False)


async def _wait(deferred: Deferred) -> None:
    await deferred.wait()


async def wait_for(exchange: Exchange, deferred: Deferred, receive: Receive | None) -> TimeoutError | None:
    """Wait until a deferred answer can be finished.

    A client that goes cancels it, and so does the request's time limit: then its error is returned.

    Args:
        receive: to notice that the client goes; None where somebody else reads from the client.

    Raises ClientDisconnect.
    """
    deferred.put_off()
    if deferred.done():
        return None
    was = exchange.was
    loop, limit = was.runtime.loop, was.app.request_timeout
    tasks = [loop.create_task(_wait(deferred), context=exchange.context)]
    if receive is not None:
        tasks.append(loop.create_task(until_disconnect(receive, was.request.body_received)))
    waiting = tasks[0]
    try:
        await asyncio.wait(tasks, timeout=limit, return_when=asyncio.FIRST_COMPLETED)
        if waiting.done():
            waiting.result()
            return None
        deferred.cancel()
        if any(task.done() for task in tasks):
            raise ClientDisconnect
        return TimeoutError(f"no answer within {limit} seconds")
    finally:
        for task in tasks:
            task.cancel()


async def final_value(exchange: Exchange, value: Any) -> Any:
    """What comes of a value: of a deferred answer what it is in the end, anything else is it already.

    Raises what the deferred answer raises, TimeoutError when the request's time is over.
    """
    while isinstance(value, Deferred):
        late = await wait_for(exchange, value, None)
        if late is not None:
            raise late
        value = await exchange.hop(value.finish, exchange.was)
    return value


def compressor_for(exchange: Exchange, headers: RawHeaders) -> StreamCompressor | None:
    """The compressor of a streamed body, if the client takes one (spec/04 12.4); marks the headers."""
    named = {name.lower(): value.decode("latin-1") for name, value in headers}
    encoding = choose_encoding(
        exchange.was.request.lowered.get("accept-encoding"),
        named.get(b"content-type", "text/html"),
        None,
        named.get(b"content-encoding"),
    )
    if not encoding:
        return None
    headers[:] = [header for header in headers if header[0].lower() != b"content-length"]
    headers.append((b"Content-Encoding", encoding.encode()))
    headers.append((b"Vary", b"Accept-Encoding"))
    return StreamCompressor(encoding)


async def pump(exchange: Exchange, outcome: Streaming, receive: Receive, send: Send) -> None:
    """Send a streamed body.

    The next piece is asked for when the one before has been taken, so that a slow client slows the
    producer down. The stream is closed when it has ended, when the client has gone, and when it fails;
    then the connection is cut, for the client to see that something is missing.
    """
    chunks = outcome.chunks
    if not has_body(outcome.status_code):
        headers = [header for header in outcome.headers if header[0].lower() != b"content-type"]
        await close(exchange, chunks)
        await send_head(send, outcome.status_code, headers)
        await send({"type": "http.response.body", "body": b""})
        return
    asynchronous = hasattr(chunks, "__anext__")
    compressor = compressor_for(exchange, outcome.headers)
    was = exchange.was
    gone = was.runtime.loop.create_task(until_disconnect(receive, was.request.body_received))
    started = False
    try:
        while not gone.done():
            try:
                if asynchronous:
                    piece = await _next_or_gone(chunks, gone)
                else:
                    piece = await exchange.hop(next, chunks, _END)
                data = b"" if piece is _END else as_bytes(piece)
            except Exception:
                log.exception("%s: the stream failed", exchange.label)
                if not started:
                    failure = await exchange.hop(exchange.failure, sys.exc_info())
                    await send_head(send, failure.status_code, failure.headers)
                    await send({"type": "http.response.body", "body": failure.body})
                    return
                raise
            if not data and piece is not _END:
                continue
            if not started:
                await send_head(send, outcome.status_code, outcome.headers)
                started = True
            if piece is _END:
                tail = compressor.finish() if compressor else b""
                await send({"type": "http.response.body", "body": tail})
                return
            if compressor is not None:
                data = compressor.feed(data)
            if data:
                await send({"type": "http.response.body", "body": data, "more_body": True})
    finally:
        gone.cancel()
        await close(exchange, chunks)


async def _next_or_gone(chunks: Any, gone: asyncio.Task[None]) -> Any:
    """The next piece of an asynchronous iterator; the end of all pieces when the client goes first."""

    async def following() -> Any:
        return await anext(chunks, _END)

    task = asyncio.ensure_future(following())
    try:
        await asyncio.wait((task, gone), return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            return task.result()
        task.cancel()
        await asyncio.wait((task,))
        return _END
    finally:
        task.cancel()


async def send_head(send: Send, status_code: int, headers: RawHeaders) -> None:
    """Send status and headers."""
    await send({"type": "http.response.start", "status": status_code, "headers": headers})


async def close(exchange: Exchange, chunks: Any) -> None:
    """Let a stream's producer clean up; what fails there is logged."""
    try:
        if hasattr(chunks, "aclose"):
            await chunks.aclose()
        elif hasattr(chunks, "close"):
            await exchange.hop(chunks.close)
    except Exception:
        log.exception("%s: closing the stream failed", exchange.label)
