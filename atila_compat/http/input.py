"""Request bodies: read whole, or piece by piece for `was.Input` (spec/04 section 11, spec/06 section 10)."""

from __future__ import annotations

from ..types import Receive, Scope


class ClientDisconnect(Exception):
    """The client has gone before its request was complete."""


class BodyTooLarge(Exception):
    """The body is longer than the app admits."""


class Input:
    """What a coroutine yields to get the next piece of the request: `data = yield was.Input(4096)`.

    Args:
        max_buffer: length of the piece in bytes; only the last one is shorter.
    """

    __slots__ = ("size",)

    def __init__(self, max_buffer: int = 8192) -> None:
        self.size = max(1, int(max_buffer))


class InputStream:
    """The body of a request, cut into pieces of the length that the app asks for.

    Args:
        limit: bytes that the whole body may have; 0 for no limit.
    """

    def __init__(self, receive: Receive, limit: int = 0) -> None:
        self._receive = receive
        self._limit = limit
        self._buffer = bytearray()
        self._taken = 0
        self.ended = False

    async def read(self, size: int) -> bytes:
        """The next `size` bytes; less at the end of the body, nothing behind it.

        Raises ClientDisconnect, BodyTooLarge.
        """
        while len(self._buffer) < size and not self.ended:
            await self._fill()
        piece = bytes(self._buffer[:size])
        del self._buffer[:size]
        return piece

    async def _fill(self) -> None:
        message = await self._receive()
        if message["type"] == "http.disconnect":
            self.ended = True
            raise ClientDisconnect
        body = message.get("body", b"")
        self._taken += len(body)
        if self._limit and self._taken > self._limit:
            raise BodyTooLarge
        self._buffer += body
        self.ended = not message.get("more_body", False)


_LONGEST_NUMBER = 18


def parse_length(text: str | bytes) -> int | None:
    """The number of a Content-Length header, None where it is none; what no body can reach becomes 10**18."""
    digits = text.decode("latin-1") if isinstance(text, bytes) else text
    if not (digits.isascii() and digits.isdigit()):
        return None
    return int(digits) if len(digits) <= _LONGEST_NUMBER else 10**_LONGEST_NUMBER


def content_length(scope: Scope) -> int | None:
    """The announced length of the body in bytes; -1 where nothing was announced and no chunks come either.

    None for a body without announced length: in chunks, or over HTTP/2 and later.
    """
    chunked = False
    for name, value in scope["headers"]:
        if name == b"content-length":
            length = parse_length(value)
            return -1 if length is None else length
        if name == b"transfer-encoding":
            chunked = True
    return None if chunked or scope.get("http_version", "1.1") >= "2" else -1


async def read_body(receive: Receive, limit: int) -> bytes:
    """The whole body.

    Raises BodyTooLarge as soon as it is longer than `limit` bytes, ClientDisconnect where the client goes.
    """
    message = await receive()
    if message["type"] == "http.request" and not message.get("more_body", False):
        body: bytes = message.get("body", b"")
        if len(body) > limit:
            raise BodyTooLarge
        return body
    pieces: list[bytes] = []
    length = 0
    while True:
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        piece = message.get("body", b"")
        length += len(piece)
        if length > limit:
            raise BodyTooLarge
        pieces.append(piece)
        if not message.get("more_body", False):
            return b"".join(pieces)
        message = await receive()
