"""Generator coroutines: `@app.route(..., coroutine=True)` (spec/06 sections 9 and 10).

The generator runs in worker threads from one `yield` to the next; while it waits for a task or for
input it holds none. Text that it yields is streamed. What it yields before its first task, and between that
and the next, is kept back, as in the original: a generator that ends, fails, or sets a status or header by
then is answered like an ordinary handler.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, Any

from ..errors import HTTPError
from ..http.input import BodyTooLarge, ClientDisconnect, Input, InputStream
from ..http.response import Reply
from ..tasks.deferred import Deferred
from ..tasks.group import Mask
from ..types import Receive, Send
from .finalize import as_bytes, stream_headers
from .outcome import Complete, Outcome
from .streams import final_value, send_head, wait_for

if TYPE_CHECKING:
    from .exchange import Exchange

log = logging.getLogger("atila_compat.app")

KEPT_BACK_BYTES = 65536
KEPT_BACK_SECONDS = 1.0
"""How much text, and for how long without a task, is kept back before streaming begins."""

_FAILED = b">>>>>> server error occurred while processing your request"


class Ended:
    """The generator has returned."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value


def advance(generator: Generator[Any, Any, Any], sent: Any, take: Callable[[Any], bool]) -> Any:
    """Run a coroutine on to the next yield that somebody has to act on; in a worker thread.

    Args:
        sent: what the last yield is to give; an exception is raised there.
        take: keeps a piece of output that was yielded; returns whether enough is kept to be sent.

    Returns what was yielded to wait for, a task or an Input; None where what is kept is to be sent before the
    coroutine goes on; Ended. Raises what the coroutine raises.
    """
    began = time.monotonic()
    while True:
        try:
            yielded = generator.throw(sent) if isinstance(sent, BaseException) else generator.send(sent)
        except StopIteration as stop:
            return Ended(stop.value)
        if isinstance(yielded, (Deferred, Input)):
            return yielded
        if take(yielded) or time.monotonic() - began > KEPT_BACK_SECONDS:
            return None
        sent = None


class _Body:
    """The streamed body of a coroutine; begins with the first piece that is flushed."""

    def __init__(self, exchange: Exchange, send: Send) -> None:
        self.exchange = exchange
        self.send = send
        self.kept: list[bytes] = []
        self.size = 0
        self.fresh = False
        self.started = False

    def take(self, piece: Any) -> bool:
        """Keep a piece; whether it is time to send what is kept."""
        data = as_bytes(piece)
        self.kept.append(data)
        self.size += len(data)
        self.fresh = True
        return self.started or self.size > KEPT_BACK_BYTES

    async def flush(self) -> None:
        """Send what has been yielded."""
        if not self.kept:
            return
        data = b"".join(self.kept)
        self.kept.clear()
        self.size = 0
        if not self.started:
            self.started = True
            was = self.exchange.was
            start = Complete(was.response.status_code, stream_headers(was), b"")
            await self.exchange.hop(self.exchange.commit, start)
            await send_head(self.send, start.status_code, start.headers)
        await self.send({"type": "http.response.body", "body": data, "more_body": True})

    async def end(self, data: bytes = b"") -> None:
        """Send the last piece."""
        await self.send({"type": "http.response.body", "body": data})


async def drive(
    exchange: Exchange,
    generator: Generator[Any, Any, Any],
    stream: InputStream,
    receive: Receive,
    send: Send,
) -> Outcome | None:
    """Run a generator coroutine to its end.

    Returns the outcome of the value that it returned, or None where the answer has been streamed.
    """
    body = _Body(exchange, send)
    route = exchange.route
    watched = route is None or not route.input_stream  # else `receive` belongs to was.Input
    sent: Any = None
    waits = 0
    exchange.crash_code = 500
    try:
        while True:
            try:
                yielded = await exchange.hop(advance, generator, sent, body.take)
            except Exception as error:
                return await _fail(exchange, body, error)
            sent = None
            if isinstance(yielded, Ended):
                return await _end(exchange, body, yielded.value)
            if yielded is None:
                await body.flush()
            elif isinstance(yielded, Input):
                await body.flush()
                exchange.crash_code = 502
                try:
                    sent = await stream.read(yielded.size)
                except BodyTooLarge:
                    sent = HTTPError("413 Request Entity Too Large")
            else:
                if waits and body.fresh:
                    await body.flush()
                body.fresh = False
                waits += 1
                if not isinstance(yielded, Mask):
                    exchange.crash_code = 502
                sent = await wait_for(exchange, yielded, receive if watched else None) or yielded
    finally:
        try:
            await exchange.hop(generator.close)
        except Exception:
            log.exception("%s: closing the coroutine failed", exchange.label)


async def _end(exchange: Exchange, body: _Body, value: Any) -> Outcome | None:
    exchange.crash_code = 502
    if not body.started:
        if isinstance(value, Reply) and isinstance(value.body, (str, bytes)):
            value = value.body
        if value is None or isinstance(value, (str, bytes)):
            value = b"".join(body.kept) + (b"" if value is None else as_bytes(value))
        # Any other value is an answer of its own and takes the place of what was kept back.
        outcome: Outcome = await exchange.hop(exchange.resume, lambda: value)
        return outcome
    await body.flush()
    tail = b""
    try:
        value = await final_value(exchange, value)
    except Exception as error:
        return await _fail(exchange, body, error)
    if value is not None:
        last: Outcome = await exchange.hop(exchange.resume, lambda: value)
        tail = last.body if isinstance(last, Complete) else b""
    await body.end(tail)
    return None


async def _fail(exchange: Exchange, body: _Body, error: Exception) -> Outcome | None:
    if isinstance(error, ClientDisconnect):
        raise error
    if not body.started:
        outcome: Outcome = await exchange.hop(exchange.awaited, None, error)
        return outcome
    log.error("%s: the coroutine failed while it streamed", exchange.label, exc_info=error)
    await body.flush()
    await body.send({"type": "http.response.body", "body": _FAILED, "more_body": True})
    raise error
