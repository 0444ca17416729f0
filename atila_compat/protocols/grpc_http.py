"""gRPC on the app's own port: messages in the body of an HTTP/2 request, the status in its trailers.

Each message has a prefix of five bytes: whether it is compressed, and its length (gRPC over HTTP/2). The
server has to know the ASGI extension `http.response.trailers`: uvicorn with zttp, or hypercorn.
"""

from __future__ import annotations

import asyncio
import logging
import struct
import zlib
from typing import TYPE_CHECKING, Any

from ..errors import MissingExtra
from ..http.input import ClientDisconnect
from ..http.request import on_a_line
from ..serving.outcome import RawHeaders
from ..serving.runtime import Runtime
from ..types import Receive, Scope, Send
from . import grpc_status as codes
from .grpc_call import answer as answer_call
from .grpc_status import FAILED, GRPCError, code_of, quoted

if TYPE_CHECKING:
    from ..app import Atila

log = logging.getLogger("atila_compat.grpc")

PREFIX = struct.Struct("!BI")
READ_AHEAD = 256 * 1024
"""Bytes that are read before the handler asks for them."""
COMPRESSED_FROM = 1024
"""Bytes of a message that is worth being compressed, for clients that compress theirs."""
CONTENT_TYPE = b"application/grpc"
_GZIP_WINDOW = 31
_UNITS = {"H": 3600.0, "M": 60.0, "S": 1.0, "m": 1e-3, "u": 1e-6, "n": 1e-9}


def parse_timeout(value: str | None) -> float | None:
    """Seconds of a `grpc-timeout` header, `5S` or `200m`; None where there is none.

    Raises GRPCError for anything else.
    """
    if value is None:
        return None
    digits, unit = value[:-1], value[-1:]
    if unit not in _UNITS or not (digits.isascii() and digits.isdigit() and len(digits) <= 8):
        raise GRPCError(codes.INTERNAL, f"no timeout: {value[:20]!r}")
    return int(digits) * _UNITS[unit]


def decompress(data: bytes, limit: int) -> bytes:
    """A gzip-compressed message.

    Raises GRPCError where it is none, or has more than `limit` bytes.
    """
    unpacker = zlib.decompressobj(_GZIP_WINDOW)
    try:
        message = unpacker.decompress(data, limit + 1)
    except zlib.error as error:
        raise GRPCError(codes.INTERNAL, f"the message is no gzip data: {error}") from None
    if len(message) > limit:
        raise too_large(limit)
    if not unpacker.eof:
        raise GRPCError(codes.INTERNAL, "the compressed message is truncated")
    return message


def too_large(limit: int) -> GRPCError:
    """The status of a message above the limit."""
    return GRPCError(codes.RESOURCE_EXHAUSTED, f"a message may have {limit} bytes")


def message_limit(app: Atila) -> int:
    """Bytes that a message may have: `app.config.MAX_GRPC_MESSAGE`, else as much as any body."""
    return int(app.config.get("MAX_GRPC_MESSAGE") or app.max_upload_size)


class HTTPTransport:
    """The messages of one request.

    Args:
        headers: of the request, by lower-case name.
        limit: bytes that a message may have.
    """

    def __init__(self, headers: dict[str, str], receive: Receive, send: Send, limit: int) -> None:
        self.headers: RawHeaders = []
        self.gone = False
        self.started = False
        self._receive = receive
        self._send = send
        self._limit = limit
        self._encoding = headers.get("grpc-encoding", "identity").lower()
        self._buffer = bytearray()
        self._complete = False
        self._reader: asyncio.Task[None] | None = None
        self._news: asyncio.Future[None] | None = None
        self._space: asyncio.Future[None] | None = None

    # -- in -------------------------------------------------------------------------------------------------

    async def read(self) -> bytes | None:
        """The next message, None behind the last one.

        Raises GRPCError for bytes that are no message, ClientDisconnect.
        """
        while True:
            message = self._next()
            if message is not None:
                return message
            if self.gone:
                raise ClientDisconnect
            if self._complete:
                if self._buffer:
                    raise GRPCError(codes.INTERNAL, "the last message is truncated")
                return None
            await self._more()

    def _next(self) -> bytes | None:
        buffer = self._buffer
        if len(buffer) < PREFIX.size:
            return None
        flag, length = PREFIX.unpack_from(buffer)
        if flag > 1:
            raise GRPCError(codes.INTERNAL, f"{flag} is no compression flag")
        if length > self._limit:
            raise too_large(self._limit)
        if len(buffer) < PREFIX.size + length:
            return None
        data = bytes(buffer[PREFIX.size : PREFIX.size + length])
        del buffer[: PREFIX.size + length]
        if self._space is not None and not self._space.done() and len(buffer) < READ_AHEAD:
            self._space.set_result(None)
        if not flag:
            return data
        if self._encoding == "identity":
            raise GRPCError(codes.INTERNAL, "a compressed message without grpc-encoding")
        return decompress(data, self._limit)

    async def _more(self) -> None:
        """Wait for more of the body."""
        if self._reader is None:
            self._take(await self._receive())
            return
        # a message that is larger than what is read ahead has to come in nevertheless
        if self._space is not None and not self._space.done():
            self._space.set_result(None)
        self._news = asyncio.get_running_loop().create_future()
        try:
            await self._news
        finally:
            self._news = None

    def _take(self, event: Any) -> None:
        if event["type"] == "http.disconnect":
            self.gone = True
        elif event["type"] == "http.request":
            self._buffer += event.get("body", b"")
            self._complete = not event.get("more_body", False)
        if self._news is not None and not self._news.done():
            self._news.set_result(None)

    def watch(self) -> None:
        """Read ahead from now on, and notice that the client goes."""
        if self._reader is None:
            self._reader = asyncio.get_running_loop().create_task(self._read())

    async def _read(self) -> None:
        while not self.gone:
            self._take(await self._receive())
            if len(self._buffer) > READ_AHEAD and self._news is None:
                self._space = asyncio.get_running_loop().create_future()
                await self._space

    # -- out ------------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Send the headers, if that has not been done."""
        if self.started:
            return
        self.started = True
        headers = [
            (b"content-type", CONTENT_TYPE),
            (b"grpc-encoding", b"gzip" if self._encoding == "gzip" else b"identity"),
            (b"grpc-accept-encoding", b"identity,gzip"),
            *self.headers,
        ]
        await self._send({"type": "http.response.start", "status": 200, "headers": headers, "trailers": True})

    async def write(self, message: bytes) -> None:
        """Send a message.

        Raises ClientDisconnect where the client is known to have left.
        """
        if self.gone:
            raise ClientDisconnect
        await self.start()
        flag = 0
        if self._encoding == "gzip" and len(message) >= COMPRESSED_FROM:
            packer = zlib.compressobj(6, zlib.DEFLATED, _GZIP_WINDOW)
            flag, message = 1, packer.compress(message) + packer.flush()
        body = PREFIX.pack(flag, len(message)) + message
        await self._send({"type": "http.response.body", "body": body, "more_body": True})

    async def finish(self, code: int, details: str) -> None:
        """Send the status."""
        await self.start()
        await self._send({"type": "http.response.body", "body": b"", "more_body": False})
        trailers = [(b"grpc-status", str(code).encode()), (b"grpc-message", quoted(details))]
        await self._send({"type": "http.response.trailers", "headers": trailers, "more_trailers": False})

    async def close(self) -> None:
        """Stop reading."""
        if self._reader is not None:
            self._reader.cancel()


async def answer(app: Atila, runtime: Runtime, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer a request with `Content-Type: application/grpc`."""
    passed = scope.get("atila.grpc")
    if passed is not None:  # it has come in by grpc.aio
        passed.claimed = True
        await answer_call(app, runtime, scope, passed)
        return
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    if "http.response.trailers" not in (scope.get("extensions") or {}):
        await _refuse(send, scope)
        return
    transport = HTTPTransport(headers, receive, send, message_limit(app))
    try:
        code, details = await _status(app, runtime, scope, transport, headers)
        if not transport.gone:
            await transport.finish(code, details)
    finally:
        await transport.close()


async def _status(
    app: Atila, runtime: Runtime, scope: Scope, transport: HTTPTransport, headers: dict[str, str]
) -> tuple[int, str]:
    """Answer the call; gives its status."""
    try:
        if headers.get("grpc-encoding", "identity").lower() not in ("identity", "gzip"):
            raise GRPCError(codes.UNIMPLEMENTED, "messages may be compressed by gzip")
        timeout = parse_timeout(headers.get("grpc-timeout"))
        async with asyncio.timeout(timeout):
            await answer_call(app, runtime, scope, transport)
    except GRPCError as error:
        return error.code, error.details
    except ClientDisconnect:
        transport.gone = True
        return codes.CANCELLED, ""
    except TimeoutError:
        return codes.DEADLINE_EXCEEDED, "Deadline Exceeded"
    except MissingExtra as error:
        log.error("%s", error)
        return codes.UNIMPLEMENTED, str(error)
    except Exception:
        log.exception("POST %s failed", on_a_line(scope["path"]))
        return codes.UNKNOWN, FAILED
    return codes.OK, "ok"


async def _refuse(send: Send, scope: Scope) -> None:
    """The server has no way to send a status: tell by a header, as calls without any message are answered."""
    details = "this server does not serve gRPC on this port: install atila_compat[http2], or use grpc_port"
    log.error("%s: %s", on_a_line(scope["path"]), details)
    headers = [
        (b"content-type", CONTENT_TYPE),
        (b"grpc-status", str(code_of(501)).encode()),
        (b"grpc-message", quoted(details)),
        (b"content-length", b"0"),
    ]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b""})
