"""Forms with files, parsed as they arrive (spec/02 section 4.1, spec/04 section 11)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import anyio.to_thread
from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import MultipartParser, parse_options_header

from ..errors import HTTPError
from ..types import Receive
from .arguments import Fields
from .input import BodyTooLarge, ClientDisconnect
from .uploads import File

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

MAX_PARTS = 1000
"""Parts that a form may have."""
MAX_PART_HEADER = 16 * 1024
"""Bytes that the headers of one part may have."""
MAX_OPTIONS = 4096
"""Characters of a header with parameters: to take a longer one apart takes the standard library too long."""
MAX_TEXT = 16 * 1024 * 1024
"""Bytes that all text fields together may have: they are kept in memory."""
_EXTENDED = re.compile(r"""filename\*\s*=\s*"?([\w.+-]*)'[\w-]*'([^\s;"]*)""", re.IGNORECASE)
_WRITE_SIZE = 128 * 1024
"""Bytes of a file that are collected before a thread writes them to disk. What a fast client sends comes in
larger pieces: each is written while the server receives the next one."""


class _Form:
    """Collects the parts that the parser finds."""

    def __init__(self) -> None:
        self.fields = Fields()
        self.files: list[File] = []
        self.ended = False
        self._parts = 0
        self._text_size = 0
        self._header_size = 0
        self._field = bytearray()
        self._value = bytearray()
        self._headers: dict[bytes, bytes] = {}
        self._name = ""
        self._file: File | None = None
        self._text = bytearray()

    def callbacks(self) -> MultipartCallbacks:
        return {
            "on_part_begin": self._part_begin,
            "on_header_field": self._header_field,
            "on_header_value": self._header_value,
            "on_header_end": self._header_end,
            "on_headers_finished": self._headers_finished,
            "on_part_data": self._part_data,
            "on_part_end": self._part_end,
            "on_end": self._end,
        }

    def _part_begin(self) -> None:
        self._parts += 1
        if self._parts > MAX_PARTS:
            raise HTTPError("400 Bad Request", f"more than {MAX_PARTS} parts")
        self._headers = {}
        self._header_size = 0
        self._name = ""
        self._file = None
        self._text = bytearray()

    def _measure(self, length: int) -> None:
        self._header_size += length
        if self._header_size > MAX_PART_HEADER:
            raise HTTPError("400 Bad Request", "the headers of a part are too long")

    def _header_field(self, data: bytes, start: int, end: int) -> None:
        self._measure(end - start)
        self._field += data[start:end]

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._measure(end - start)
        self._value += data[start:end]

    def _header_end(self) -> None:
        self._headers[bytes(self._field).lower()] = bytes(self._value)
        self._field.clear()
        self._value.clear()

    def _headers_finished(self) -> None:
        disposition = self._headers.get(b"content-disposition", b"")
        if len(disposition) > MAX_OPTIONS:
            raise HTTPError("400 Bad Request", "the headers of a part are too long")
        kind, options = parse_options_header(disposition)
        if kind.lower() != b"form-data" or b"name" not in options:
            raise HTTPError("400 Bad Request", "a part has no name")
        self._name = options[b"name"].decode("utf-8", "replace")
        filename = options.get(b"filename", b"").decode("utf-8", "replace")
        if b"filename" not in options:
            filename = _extended_filename(disposition)
        if filename:  # browsers send an empty one where no file was chosen
            media = self._headers.get(b"content-type", b"").decode("latin-1").partition(";")[0].strip()
            self._file = File(filename, media)
            self.files.append(self._file)

    def _part_data(self, data: bytes, start: int, end: int) -> None:
        if self._file is not None:
            self._file.feed(data[start:end])
            return
        self._text_size += end - start
        if self._text_size > MAX_TEXT:
            raise BodyTooLarge
        self._text += data[start:end]

    def _part_end(self) -> None:
        value: Any = self._file
        if value is None:
            value = self._text.decode("utf-8", "replace")
        self.fields.put(self._name, value)

    def _end(self) -> None:
        self.ended = True

    async def spool(self) -> None:
        """Write what has been collected of large files, in a thread."""
        waiting = [file for file in self.files if file.pending >= _WRITE_SIZE]
        if waiting:
            await anyio.to_thread.run_sync(_spool, waiting)

    async def complete(self) -> None:
        """Close the files on disk."""
        large = [file for file in self.files if file.pending or file.path is not None]
        if large:
            await anyio.to_thread.run_sync(_complete, large)

    def discard(self) -> None:
        """Leave nothing on disk."""
        for file in self.files:
            file.discard()


class _Preamble:
    """What precedes the first boundary, which RFC 2046 has readers ignore."""

    def __init__(self, boundary: bytes) -> None:
        self._delimiter = b"\r\n--" + boundary
        self._seen: bytes | None = (
            b"\r\n"  # a boundary is at the beginning of a line, as the body's first byte is
        )

    @property
    def ended(self) -> bool:
        """Whether there has been a boundary."""
        return self._seen is None

    def skip(self, data: bytes) -> bytes:
        """The part of `data`, and of what came before it, that begins with the first boundary."""
        if self._seen is None:
            return data
        self._seen += data
        found = self._seen.find(self._delimiter)
        if found < 0:
            self._seen = self._seen[-len(self._delimiter) :]
            return b""
        rest, self._seen = self._seen[found + 2 :], None
        return rest


def _extended_filename(disposition: bytes) -> str:
    """The name in `filename*=utf-8''na%20me`, which some clients send for names beyond ASCII; else empty."""
    found = _EXTENDED.search(disposition.decode("latin-1"))
    if found is None:
        return ""
    try:
        return unquote(found[2], found[1] or "utf-8", "replace")
    except LookupError:
        return unquote(found[2])


def _spool(files: list[File]) -> None:
    for file in files:
        file.spool()


def _complete(files: list[File]) -> None:
    for file in files:
        file.complete()


def boundary_of(content_type: str) -> bytes:
    """The boundary that a Content-Type header announces.

    Raises HTTPError 400 where it has none, or one that RFC 2046 does not admit.
    """
    _, options = parse_options_header(content_type if len(content_type) <= MAX_OPTIONS else "")
    boundary = options.get(b"boundary", b"")
    if not 0 < len(boundary) <= 200:
        raise HTTPError("400 Bad Request", "multipart body without boundary")
    return boundary


async def read_multipart(
    receive: Receive, content_type: str, limit: int, *, keep_body: bool = False
) -> tuple[dict[str, Any], bytes | None]:
    """Receive a form.

    Args:
        receive: ASGI receive.
        content_type: the request's header, with the boundary.
        limit: bytes that the whole body may have.
        keep_body: return the raw body too.

    Returns fields, files and repeated names as lists, by name; and the raw body or None.
    Raises HTTPError 400 for a malformed form, BodyTooLarge, ClientDisconnect; then nothing is left on disk.
    """
    form = _Form()
    boundary = boundary_of(content_type)
    preamble = _Preamble(boundary)
    parser = MultipartParser(boundary, form.callbacks())
    raw: list[bytes] = []
    length = 0
    more = True
    try:
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise ClientDisconnect
            body = message.get("body", b"")
            more = message.get("more_body", False)
            length += len(body)
            if length > limit:
                raise BodyTooLarge
            if keep_body:
                raw.append(body)
            parser.write(preamble.skip(body))
            await form.spool()
        parser.finalize()
        if length and not preamble.ended:
            raise MultipartParseError("no boundary")
        if not form.ended:
            raise HTTPError("400 Bad Request", "the multipart body ends too early")
        await form.complete()
    except MultipartParseError:
        form.discard()
        raise HTTPError("400 Bad Request", "malformed multipart body") from None
    except BaseException:
        form.discard()
        raise
    return form.fields, b"".join(raw) if keep_body else None
