"""WSGI apps (Flask, Django, plain callables) as ASGI apps (spec/01 section 12, spec/04 section 3).

    Mount("/old", WSGIApp(flask_app))

An app is called in a thread and its body is iterated in that same thread, because cursors and connections of
many libraries may not change threads. Calls are limited to `threads` at a time; a body that is being streamed
does not count any more, so that slow clients keep nobody waiting.
"""

from __future__ import annotations

import asyncio
import contextlib
import io
import logging
import sys
import tempfile
import threading
from collections.abc import Awaitable, Callable, Iterable
from typing import IO, Any
from wsgiref.util import FileWrapper

import anyio
import anyio.from_thread
import anyio.to_thread

from ..errors import ExcInfo, split_status
from ..http.environ import build_environ
from ..http.request import Request, on_a_line, path_below
from ..protocols.refusal import header_of, refuse
from ..types import Message, Receive, Scope, Send

log = logging.getLogger("atila_compat.wsgi")

StartResponse = Callable[..., Callable[[bytes], None]]
WSGICallable = Callable[[dict[str, Any], StartResponse], Iterable[Any]]

MAX_BODY = 256 * 1024 * 1024
_IN_MEMORY = 1024 * 1024
_BLOCK = 64 * 1024


class _Gone(Exception):
    """The client does not listen any more."""


class _BodyTooLarge(Exception):
    """The request body is longer than the app admits."""


class _PathText(str):
    """A path as text, as apps of the original expect it, whose Latin-1 form is its bytes, as PEP 3333 has it.

    Flask and Django get at the bytes by `path.encode("latin-1")`.
    """

    __slots__ = ()

    def encode(self, encoding: str = "utf-8", errors: str = "strict") -> bytes:
        plain = encoding.lower().replace("_", "-") in ("latin-1", "latin1", "iso-8859-1", "iso8859-1")
        return super().encode("utf-8" if plain else encoding, "surrogateescape" if plain else errors)


def _encoded(chunk: Any) -> bytes:
    if isinstance(chunk, str):
        return chunk.encode("utf-8")
    if isinstance(chunk, (bytes, bytearray, memoryview)):
        return bytes(chunk)
    raise TypeError(f"a WSGI app has to yield bytes, not {type(chunk).__name__}")


class _Exchange:
    """One call of the app; everything but the constructor and `send` runs in its thread."""

    def __init__(
        self, app: WSGICallable, environ: dict[str, Any], send: Send, called: Callable[[], None]
    ) -> None:
        self.app, self.environ, self._send, self._called = app, environ, send, called
        self.gone = threading.Event()
        self.started = False
        self._status = 200
        self._headers: list[tuple[bytes, bytes]] = []

    def start_response(
        self, status: str, headers: list[tuple[str, str]], exc_info: ExcInfo | None = None
    ) -> Callable[[bytes], None]:
        """What the app calls to set status and headers (PEP 3333)."""
        if exc_info and self.started and exc_info[1] is not None:
            raise exc_info[1].with_traceback(exc_info[2])
        self._status = split_status(status)[0]
        encoded = []
        for name, value in headers:
            line = (name.encode("latin-1"), str(value).encode("latin-1"))
            if any(c in part for part in line for c in b"\r\n\0"):
                raise ValueError(f"header {name!r} contains a line break")
            if name.lower() not in ("connection", "transfer-encoding", "date", "server"):
                encoded.append(line)
        self._headers = encoded
        return self._write

    def run(self) -> None:
        """Call the app and send what it answers."""
        result: Any = None
        try:
            result = self.app(self.environ, self.start_response)
            if result is None:
                raise TypeError("the WSGI app returned None; it has to return an iterable of bytes")
            if isinstance(result, (str, bytes)):
                result = [result]
            if isinstance(result, (list, tuple)):
                self._called()
                self._finish(b"".join(map(_encoded, result)))
                return
            if hasattr(result, "read") and not hasattr(result, "__next__"):
                result = FileWrapper(result, _BLOCK)
            self._called()
            for chunk in result:
                if data := _encoded(chunk):
                    self._write(data)
            self._finish(b"")
        except _Gone:
            pass
        finally:
            self._called()
            close = getattr(result, "close", None)
            if close is not None:
                close()

    def _write(self, data: bytes) -> None:
        start = [] if self.started else [self._start(None)]
        self._out(*start, {"type": "http.response.body", "body": self._shown(data), "more_body": True})

    def _finish(self, data: bytes) -> None:
        start = [] if self.started else [self._start(len(data))]
        self._out(*start, {"type": "http.response.body", "body": self._shown(data)})

    def _shown(self, data: bytes) -> bytes:
        bodyless = self.environ["REQUEST_METHOD"] == "HEAD" or self._status in (204, 304)
        return b"" if bodyless else data

    def _start(self, length: int | None) -> Message:
        self.started = True
        names = {name.lower() for name, _ in self._headers}
        if self._status not in (204, 304):
            if b"content-type" not in names and length != 0:  # nothing has no type
                self._headers.append((b"content-type", b"text/html"))
            if length is not None and b"content-length" not in names:
                self._headers.append((b"content-length", b"%d" % length))
        return {"type": "http.response.start", "status": self._status, "headers": self._headers}

    def _out(self, *messages: Message) -> None:
        if self.gone.is_set():
            raise _Gone
        # blocks until the server has taken it: the app is not faster than its client
        anyio.from_thread.run(self._deliver, messages)

    async def _deliver(self, messages: tuple[Message, ...]) -> None:
        for message in messages:
            await self._send(message)


class WSGIApp:
    """An ASGI app that calls a WSGI app.

    Args:
        app: the WSGI callable.
        threads: calls that may run at a time.
        streams: bodies that may be streamed at a time, besides.
        max_body: bytes that a request body may have; more is answered 413.
        debug: whether a failure's traceback is shown to the client.
        around: called with request and environ, gives the context manager that each call is made in; on the
            event loop, but for messages of WebSockets in a worker thread.
    """

    def __init__(
        self,
        app: WSGICallable,
        *,
        threads: int = 4,
        streams: int = 64,
        max_body: int = MAX_BODY,
        debug: bool = False,
        around: Callable[[Request, dict[str, Any]], contextlib.AbstractContextManager[Any]] | None = None,
    ) -> None:
        self.app = app
        self.threads = max(1, threads)
        self.streams = streams
        self.max_body = max_body
        self.debug = debug
        self.around = around
        self._slots: asyncio.Semaphore | None = None
        self._limiter: anyio.CapacityLimiter | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            from ..protocols import ws_wsgi

            await ws_wsgi.answer(self.app, self._websocket_environ, scope, receive, send)
            return
        if self._slots is None or self._limiter is None:
            self._slots = asyncio.Semaphore(self.threads)
            self._limiter = anyio.CapacityLimiter(self.threads + self.streams)
        with tempfile.SpooledTemporaryFile(_IN_MEMORY) as body:
            try:
                if not await self._receive(scope, receive, body):
                    return
            except _BodyTooLarge:
                await refuse(scope, send, 413, [("Connection", "close")])
                return
            body.seek(0)
            await self._call(scope, receive, send, body)

    async def _receive(
        self, scope: Scope, receive: Receive, body: tempfile.SpooledTemporaryFile[bytes]
    ) -> bool:
        """Take the request body; False where the client went away before its end."""
        announced = header_of(scope, b"content-length")
        if announced and announced.isdigit() and int(announced) > self.max_body:
            raise _BodyTooLarge
        length = 0
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                return False
            chunk = message.get("body", b"")
            length += len(chunk)
            if length > self.max_body:
                raise _BodyTooLarge
            if length > _IN_MEMORY:
                await anyio.to_thread.run_sync(body.write, chunk)
            else:
                body.write(chunk)
            if not message.get("more_body", False):
                return True

    def _websocket_environ(
        self, scope: Scope
    ) -> tuple[dict[str, Any], contextlib.AbstractContextManager[Any]]:
        """The environ of a call that is made for a WebSocket, and what the call is made in."""
        request = self._request(scope)
        environ = self._environ(scope, request, io.BytesIO())
        return environ, contextlib.nullcontext() if self.around is None else self.around(request, environ)

    def _request(self, scope: Scope) -> Request:
        return Request(scope, path_below(scope) or "/", self.app)  # type: ignore[arg-type]

    def _environ(self, scope: Scope, request: Request, body: IO[bytes]) -> dict[str, Any]:
        environ = build_environ(request)
        for name in ("PATH_INFO", "SCRIPT_NAME"):
            environ[name] = _PathText(environ[name])
        environ.setdefault("QUERY_STRING", "")
        environ["wsgi.input"] = body
        environ["wsgi.errors"] = sys.stderr
        environ["wsgi.file_wrapper"] = FileWrapper
        environ["wsgi.input_terminated"] = True
        return environ

    async def _call(self, scope: Scope, receive: Receive, send: Send, body: Any) -> None:
        assert self._slots is not None
        slots, loop = self._slots, asyncio.get_running_loop()
        await slots.acquire()
        freed = False

        def free() -> None:
            nonlocal freed
            if not freed:
                freed = True
                slots.release()

        def called() -> None:
            with contextlib.suppress(RuntimeError):  # the loop has closed: nobody waits for a slot any more
                loop.call_soon_threadsafe(free)

        request = self._request(scope)
        environ = self._environ(scope, request, body)
        exchange = _Exchange(self.app, environ, send, called)
        around = contextlib.nullcontext() if self.around is None else self.around(request, environ)

        def run() -> None:
            with around:
                exchange.run()

        listener = asyncio.ensure_future(_listen(receive, exchange.gone))
        try:
            await anyio.to_thread.run_sync(run, limiter=self._limiter, abandon_on_cancel=True)
        except Exception:
            log.exception("%s %s failed", scope["method"], on_a_line(scope["path"]))
            if exchange.started:
                raise  # the server closes the connection: the client sees that the body is not complete
            await refuse(scope, send, 500, exc_info=sys.exc_info(), debug=self.debug)
        finally:
            exchange.gone.set()
            free()
            listener.cancel()


async def _listen(receive: Callable[[], Awaitable[Message]], gone: threading.Event) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    gone.set()
