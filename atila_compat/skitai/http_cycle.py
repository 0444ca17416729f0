"""One request and its answer over HTTP/1.1: how it begins, how the answer is written, its line in the log.

A GET to an Atila app that is all there is needs no task of its own. Its handler is queued for a worker thread
while the head is parsed, and the answer is written in one piece as soon as the thread hands it back. All else
is called as any ASGI application is, and so is what turns out to need more than writing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from uvicorn.protocols.http.httptools_impl import (
    HEADER_RE,
    HEADER_VALUE_RE,
    STATUS_LINE,
    RequestResponseCycle,
)
from uvicorn.server import ServerState

from ..http.error_pages import has_body
from ..serving import pipeline
from ..serving.admission import admitted, new_was
from ..serving.exchange import Exchange
from ..serving.outcome import Complete
from ..types import Receive, Scope, Send
from .access_log import Entry, access_log
from .metrics import metrics

if TYPE_CHECKING:
    from ..app import Atila
    from .http_protocol import HTTPProtocol

_FRAMING = frozenset((b"connection", b"transfer-encoding"))
_USUAL = 64
"""Bytes of a header's value that is likely to be sent again: a content type, not a cookie."""

# uvicorn knows the statuses up to 599; apps have their own above, and pass on those of tasks (`730 Timeout`)
for _status in range(600, 1000):
    STATUS_LINE[_status] = b"HTTP/1.1 %d \r\n" % _status


class State(ServerState):
    """What the connections of a server share.

    Attributes:
        hops: requests without a task, whose handlers wait for their threads or run there.
        leaving: the server stops: every answer is the last one of its connection.
    """

    leaving = False

    def __init__(self) -> None:
        super().__init__()
        self.hops: set[Cycle] = set()
        self._defaults: list[tuple[bytes, bytes]] | None = None
        self._default_lines = b""

    @property
    def busy(self) -> bool:
        """Whether there is somebody who has not been served yet."""
        return bool(self.connections or self.tasks or self.hops)

    def default_lines(self) -> bytes:
        """The headers that all answers have; uvicorn makes them anew once a second, for the date."""
        if self._defaults is not self.default_headers:
            self._defaults = self.default_headers
            self._default_lines = b"".join(name + b": " + value + b"\r\n" for name, value in self._defaults)
        return self._default_lines


class Logged(Entry):
    """A request and its answer, for the access log; over whichever HTTP.

    Attributes:
        began: when the head was complete, in the loop's time.
    """

    began: float
    _written = False

    def write_log(self, loop: asyncio.AbstractEventLoop) -> None:
        """Write the line of this request, if that has not been done."""
        if self._written:
            return
        self._written = True
        if self.scope["method"] == "HEAD":
            self.sent = 0
        self.seconds = loop.time() - self.began
        metrics.count(self)
        access_log.write(self, loop)


def _make_line(name: bytes, value: bytes) -> bytes:
    name = name.lower()
    if name in _FRAMING or HEADER_RE.search(name) or HEADER_VALUE_RE.search(value):
        return b""
    return name + b": " + value + b"\r\n"


_line_before = lru_cache(1024)(_make_line)


def _line(header: tuple[bytes, bytes]) -> bytes:
    """The header as it is sent; empty for one that cannot be, or changes how the answer is written."""
    return _line_before(*header) if len(header[1]) < _USUAL else _make_line(*header)


def _has_length(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    return any(name.lower() == b"content-length" for name, _ in headers)


class Cycle(Logged, RequestResponseCycle):
    """A request and its answer.

    Args:
        connection: which it came on.
        began: the loop's time.
        expect_100_continue: the client waits to be told that it may send the body.
        keep_alive: the connection may be used again.
    """

    _until_close = False
    _lingers = False

    def __init__(
        self, connection: HTTPProtocol, began: float, *, expect_100_continue: bool, keep_alive: bool
    ) -> None:
        super().__init__(
            scope=connection.scope,
            transport=connection.transport,
            flow=connection.flow,
            logger=connection.logger,
            access_logger=connection.access_logger,
            access_log=False,
            default_headers=connection.server_state.default_headers,
            message_event=asyncio.Event(),
            expect_100_continue=expect_100_continue,
            keep_alive=keep_alive,
            on_response=self.answered,
        )
        self.connection = connection
        self.began = began
        self._exchange: Exchange | None = None

    def send(self, message: Any) -> Coroutine[Any, Any, None]:
        """Send a part of the answer; without a coroutine around uvicorn's own."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            if self.scope["http_version"] == "1.0" and not _has_length(message.get("headers", ())):
                # Such a client knows no chunks: the body ends with the connection, and uvicorn need not count
                self._until_close = True
                self.chunked_encoding = self.keep_alive = False
        else:
            length = len(message.get("body", b""))
            self.sent += length
            if self._until_close:
                self.expected_content_length = length
            if self.more_body and not self.keep_alive and not message.get("more_body", False):
                self._lingers = self.keep_alive = True  # uvicorn would close while the client is sending
        return super().send(message)

    def answered(self) -> None:
        """The end of the answer has been written."""
        self.on_response = _nothing  # what refers to itself waits for the garbage collector
        self.write_log(self.connection.loop)
        if self._lingers:
            self.connection.hang_up()
        self.connection.on_response_complete()

    # -- without a task -------------------------------------------------------------------------------------

    def begin(self, app: Atila) -> None:
        """Answer from the app, without a task as long as none is needed."""
        assert app.runtime is not None
        try:
            was = new_was(app, app.runtime, self.scope)
            begun = admitted(app, was)
            if type(begun) is Complete:
                self._finish(begun)
            elif type(begun) is Exchange and not begun.stays_on_loop:
                self._exchange = begun
                self.connection.server_state.hops.add(self)
                begun.workers.put(self, begun.context, begun, begun.handle)
            else:
                self._call(pipeline.carry_out, was, begun)
        except Exception as error:
            self._call(_fail, error)

    def done(self) -> bool:
        """No: what the handler has come to is wanted in any case."""
        return False

    def set_result(self, outcome: Any) -> None:
        """The handler's thread is done with it."""
        self.connection.server_state.hops.discard(self)
        exchange, self._exchange = self._exchange, None
        try:
            if type(outcome) is Complete:
                self._finish(outcome)
            else:
                self._call(pipeline.go_on, exchange, outcome)
        except Exception as error:
            self._call(_fail, error)

    def set_exception(self, error: BaseException) -> None:
        """The handler's thread has failed."""
        self.connection.server_state.hops.discard(self)
        self._exchange = None
        self._call(_fail, error)

    def _finish(self, outcome: Complete) -> None:
        """Write the answer in one piece, or the long way where it takes more than writing."""
        if self.disconnected:
            return
        status, body = outcome.status_code, outcome.body
        lines = [_line(header) for header in outcome.headers]
        if not all(lines) or not has_body(status) or self.flow.write_paused:
            self._call(_deliver, outcome)
            return
        default_lines = self.connection.server_state.default_lines()
        end = b"\r\n" if self.keep_alive else b"connection: close\r\n\r\n"
        written = b"".join((STATUS_LINE[status], default_lines, *lines, end, body))
        self.status, self.sent = status, len(body)
        self.response_started = self.response_complete = True
        self.transport.write(written)
        if not self.keep_alive:
            self.transport.close()
        self.answered()

    def _call(self, step: Callable[..., Coroutine[Any, Any, None]], *args: Any) -> None:
        """Go on in a task: `step(*args, receive, send)`."""

        async def rest(scope: Scope, receive: Receive, send: Send) -> None:
            await step(*args, receive, send)

        self.connection.call(self, rest)


def _nothing() -> None:
    return


async def _deliver(outcome: Complete, receive: Receive, send: Send) -> None:
    await pipeline.deliver(send, outcome)


async def _fail(error: BaseException, receive: Receive, send: Send) -> None:
    raise error
