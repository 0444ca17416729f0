"""A file as an answer, sent from the event loop (spec/01 section 6.2, spec/04 sections 12.2 and 12.4).

Conditions and ranges are decided by a look at the file's status; its contents are read through a limiter of
their own, so that slow disks never take the workers that run handlers.
"""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from functools import partial
from typing import Any
from urllib.parse import quote

import anyio

from ..types import Receive, Scope, Send
from .compression import StreamCompressor, choose_encoding, is_compressible
from .conditional import (
    NOT_MODIFIED,
    PRECONDITION_FAILED,
    ByteRange,
    RangeError,
    evaluate,
    file_etag,
    http_date,
    if_range_holds,
    parse_range,
)
from .error_pages import render_error
from .file_contents import CHUNK, SMALL, FileChangedError, in_thread, open_unchanged, read_small
from .media_types import UNKNOWN

RawHeaders = Sequence[tuple[bytes, bytes]]


def _as_bytes(chunk: Any) -> bytes:
    return chunk.encode() if isinstance(chunk, str) else bytes(chunk)


def content_disposition(filename: str) -> str:
    """The Content-Disposition that makes a browser save the answer under this name."""
    name = "".join(c for c in filename if c >= " " and c != "\x7f")
    name = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'attachment; filename="{name}"'


def header_getter(scope: Scope) -> Callable[[str], str | None]:
    """Reads request headers of an ASGI scope, without regard to case."""
    headers: Iterable[tuple[bytes, bytes]] = scope["headers"]

    def get(name: str) -> str | None:
        wanted = name.lower().encode("latin-1")
        found = [value for key, value in headers if key == wanted]
        return b", ".join(found).decode("latin-1") if found else None

    return get


class FileReply:
    """A file as an answer; `respond` sends it.

    Args:
        path: absolute path of a regular file, or None where `fileobj` is given.
        fileobj: an open file, or anything with `read(size)`; it is closed at the end.
        content_type: of the answer.
        filename: name under which browsers save it; None to show it.
        validators: send Last-Modified and ETag and look at conditions: static files.
        max_age: seconds that clients may keep it; 0 says nothing.
        status: the file's status, if known.

    Raises OSError (FileNotFoundError, IsADirectoryError...) where `path` is no file.
    """

    __slots__ = ("content_type", "filename", "fileobj", "max_age", "path", "status", "validators")

    def __init__(
        self,
        path: str | None = None,
        fileobj: Any = None,
        *,
        content_type: str = UNKNOWN,
        filename: str | None = None,
        validators: bool = False,
        max_age: int = 0,
        status: os.stat_result | None = None,
    ) -> None:
        assert (path is None) != (fileobj is None), "a FileReply takes a path or a file object"
        self.path = path
        self.fileobj = fileobj
        self.content_type = content_type
        self.filename = filename
        self.validators = validators
        self.max_age = max_age
        if path is not None and status is None:
            status = os.stat(path)
            if stat.S_ISDIR(status.st_mode):
                raise IsADirectoryError(f"{path} is a directory; was.File takes a file")
            if not stat.S_ISREG(status.st_mode):
                raise FileNotFoundError(f"{path} is no regular file")
        self.status = status

    @property
    def size(self) -> int | None:
        """Size in bytes; None for a file object, which is sent until it ends."""
        return None if self.status is None else self.status.st_size

    def headers(self) -> list[tuple[bytes, bytes]]:
        """The headers that describe the file, without its length."""
        own = [(b"content-type", self.content_type.encode("latin-1", "replace"))]
        if self.filename is not None:
            own.append(
                (b"content-disposition", content_disposition(self.filename).encode("utf-8", "replace"))
            )
        if self.status is not None and self.validators:
            own.append((b"last-modified", http_date(self.status.st_mtime).encode()))
            own.append((b"etag", f'"{self.etag}"'.encode()))
        if self.max_age:
            own.append((b"cache-control", b"max-age=%d" % self.max_age))
            own.append((b"expires", http_date(time.time() + self.max_age).encode()))
        return own

    @property
    def etag(self) -> str | None:
        """The entity tag, without quotes; None without validators."""
        if self.status is None or not self.validators:
            return None
        return file_etag(self.status.st_size, self.status.st_mtime)

    async def respond(
        self,
        scope: Scope,
        send: Send,
        receive: Receive | None = None,
        *,
        status: int = 200,
        headers: RawHeaders = (),
    ) -> int:
        """Send the answer: 200, 206, 304, 412 or 416; returns which.

        Args:
            scope: of the request; method, conditions, ranges and Accept-Encoding are read from it.
            send: ASGI send.
            receive: ASGI receive, to notice that the client of a large file has gone.
            status: in place of 200, which alone has ranges.
            headers: further ones; those that describe the file win over them.

        Raises OSError before anything is sent where the file cannot be read (any more).
        """
        if self.fileobj is not None:
            return await self._respond_object(scope, send, receive, status, headers)
        for _ in range(3):
            try:
                return await self._respond_path(scope, send, receive, status, headers)
            except FileChangedError as e:
                if not stat.S_ISREG(e.status.st_mode):
                    break
                self.status = e.status
        raise FileNotFoundError(f"{self.path} is no regular file, or changes all the time")

    # -- a file by its path ---------------------------------------------------------------------------------

    async def _respond_path(
        self, scope: Scope, send: Send, receive: Receive | None, status: int, headers: RawHeaders
    ) -> int:
        assert self.path is not None
        assert self.status is not None
        method, get, file = scope["method"], header_getter(scope), self.status
        own = _merged(headers, self.headers())
        if self.validators and status == 200:
            outcome = evaluate(get, method, etag=self.etag, mtime=file.st_mtime, length=file.st_size)
            if outcome == NOT_MODIFIED:
                await _send_whole(send, NOT_MODIFIED, _without(own, b"content-type"), b"")
                return NOT_MODIFIED
            if outcome == PRECONDITION_FAILED:
                return await _send_error(scope, send, PRECONDITION_FAILED, "Precondition Failed")
        part: ByteRange | None = None
        if status == 200 and method in ("GET", "HEAD"):
            mtime = file.st_mtime if self.validators else None
            if if_range_holds(get("If-Range"), etag=self.etag, mtime=mtime):
                try:
                    part = parse_range(get("Range"), file.st_size)
                except RangeError as e:
                    await _send_whole(send, 416, [(b"content-range", e.content_range.encode())], b"")
                    return 416
        encoding = None
        if part is not None:
            status = 206
            own.append((b"content-range", part.content_range.encode()))
        else:
            encoding = choose_encoding(
                get("Accept-Encoding"), self.content_type, file.st_size, _value(own, b"content-encoding")
            )
            if encoding:
                own.append((b"content-encoding", encoding.encode()))
        own.append((b"accept-ranges", b"bytes"))
        if is_compressible(self.content_type):
            own.append((b"vary", b"Accept-Encoding"))
        if method == "HEAD":
            # without a type, as the original answers and the recorded cases have it
            await _send_whole(send, status, _without(own, b"content-type"), b"")
            return status
        length = file.st_size if part is None else part.length
        if length <= SMALL or encoding:
            await _send_whole(send, status, own, await read_small(self.path, file, part, encoding))
        else:
            start = part.start if part else 0
            await self._send_large(send, receive, status, own, file, start, length)
        return status

    async def _send_large(
        self,
        send: Send,
        receive: Receive | None,
        status: int,
        headers: list[tuple[bytes, bytes]],
        expected: os.stat_result,
        start: int,
        length: int,
    ) -> None:
        assert self.path is not None
        file = await in_thread(partial(open_unchanged, self.path, expected))

        def read(left: int) -> bytes:
            return file.read(min(CHUNK, left))

        async def stream() -> None:
            left = length
            while left > 0:
                chunk = await in_thread(partial(read, left))
                if not chunk:  # cut while it was sent: the server closes the connection
                    return
                left -= len(chunk)
                await send({"type": "http.response.body", "body": chunk, "more_body": left > 0})

        try:
            file.seek(start)
            headers = [*headers, (b"content-length", str(length).encode())]
            await send({"type": "http.response.start", "status": status, "headers": headers})
            await _until_gone(stream, receive)
        finally:
            file.close()

    # -- an open file ---------------------------------------------------------------------------------------

    async def _respond_object(
        self, scope: Scope, send: Send, receive: Receive | None, status: int, headers: RawHeaders
    ) -> int:
        try:
            own = _merged(headers, self.headers())
            get = header_getter(scope)
            encoding = choose_encoding(
                get("Accept-Encoding"), self.content_type, None, _value(own, b"content-encoding")
            )
            if encoding:
                own.append((b"content-encoding", encoding.encode()))
            compressor = StreamCompressor(encoding) if encoding else None
            first = await in_thread(self._next_chunk)

            async def stream() -> None:
                chunk = first
                while chunk:
                    data = compressor.feed(chunk) if compressor else chunk
                    await send({"type": "http.response.body", "body": data, "more_body": True})
                    chunk = await in_thread(self._next_chunk)
                end = compressor.finish() if compressor else b""
                await send({"type": "http.response.body", "body": end, "more_body": False})

            await send({"type": "http.response.start", "status": status, "headers": own})
            await _until_gone(stream, receive)
            return status
        finally:
            self.close()

    def _next_chunk(self) -> bytes:
        return _as_bytes(self.fileobj.read(CHUNK) or b"")

    def close(self) -> None:
        """Close a file object that is not going to be sent."""
        close = getattr(self.fileobj, "close", None)
        if close is not None:
            close()


class RedirectReply:
    """A directory that was asked for without the slash at its end: 301.

    Args:
        path: where to, not quoted, without the root path that the server is mounted at.
        root_path: that root path; None: the one of the request.
    """

    __slots__ = ("path", "root_path")

    def __init__(self, path: str, root_path: str | None = None) -> None:
        self.path = path
        self.root_path = root_path

    @property
    def location(self) -> str:
        """The path as the Location header carries it."""
        return quote(self.path, safe="/:@!$&'()*+,;=~-._")

    async def respond(
        self,
        scope: Scope,
        send: Send,
        receive: Receive | None = None,
        *,
        status: int = 301,
        headers: RawHeaders = (),
    ) -> int:
        """Send the redirection; the arguments are those of `FileReply.respond`."""
        root_path = (scope.get("root_path") or "") if self.root_path is None else self.root_path
        location = quote(root_path, safe="/") + self.location
        more = _merged(headers, [(b"location", location.encode())])
        return await _send_error(scope, send, 301, "Moved Permanently", more)


# ---------------------------------------------------------------------------------------------------- sending


def _merged(headers: RawHeaders, own: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """Further headers without those that the file's own take the place of, then the file's own."""
    names = {name for name, _ in own}
    return [(name, value) for name, value in headers if name.lower() not in names] + own


def _without(headers: list[tuple[bytes, bytes]], name: bytes) -> list[tuple[bytes, bytes]]:
    return [header for header in headers if header[0] != name]


def _value(headers: list[tuple[bytes, bytes]], name: bytes) -> str | None:
    return next((value.decode("latin-1") for key, value in headers if key.lower() == name), None)


async def _send_whole(send: Send, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
    # for HEAD too: the original says 0 there, and so do the recorded answers
    headers = [*headers, (b"content-length", str(len(body)).encode())] if status != NOT_MODIFIED else headers
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _send_error(scope: Scope, send: Send, status: int, reason: str, headers: RawHeaders = ()) -> int:
    content_type, body = render_error(status, reason, accept=header_getter(scope)("Accept"))
    own = [*headers, (b"content-type", content_type.encode())]
    await _send_whole(send, status, own, b"" if scope["method"] == "HEAD" else body)
    return status


async def _until_gone(stream: Callable[[], Awaitable[None]], receive: Receive | None) -> None:
    """Send a stream, and stop where the client goes away."""
    if receive is None:
        await stream()
        return
    failure: Exception | None = None
    async with anyio.create_task_group() as group:

        async def listen() -> None:
            while (await receive())["type"] != "http.disconnect":
                pass
            group.cancel_scope.cancel()

        group.start_soon(listen)
        try:
            await stream()
        except Exception as e:  # raised below, outside of the group, which would wrap it
            failure = e
        group.cancel_scope.cancel()
    if failure is not None:
        raise failure
