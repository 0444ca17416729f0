"""When and how bodies are compressed (spec/04 section 12.4).

Text and JSON of more than MIN_SIZE bytes, where the client takes gzip (preferred) or deflate. Bodies of more
than MAX_SIZE bytes are compressed only as streams of unknown length; partial answers never are.
"""

from __future__ import annotations

import zlib

MIN_SIZE = 2048
"""Bodies up to this many bytes are sent as they are."""
MAX_SIZE = 1024 * 1024
"""Bodies of known length above this many bytes are sent as they are."""
LEVEL = 5
"""zlib's level: text shrinks about as much as at 9, in half of the time."""

_WINDOW_BITS = {"gzip": 31, "deflate": 15}


def accepted_encoding(accept_encoding: str | None) -> str | None:
    """`"gzip"` or `"deflate"`, whichever an Accept-Encoding header takes, gzip first; None for neither."""
    if not accept_encoding:
        return None
    taken = set()
    for part in accept_encoding.lower().split(","):
        name, _, parameters = part.partition(";")
        key, _, weight = parameters.partition("=")
        if key.strip() == "q" and not weight.strip().strip("0."):
            continue
        taken.add(name.strip())
    return next((name for name in _WINDOW_BITS if name in taken), None)


def is_compressible(content_type: str | None) -> bool:
    """Whether bodies of this type are worth it: `text/*` and JSON, but no event streams."""
    if not content_type:
        return False
    media = content_type.partition(";")[0].strip().lower()
    return (media.startswith("text/") and media != "text/event-stream") or media == "application/json"


def choose_encoding(
    accept_encoding: str | None,
    content_type: str | None,
    size: int | None,
    content_encoding: str | None = None,
) -> str | None:
    """The Content-Encoding to answer with, None to send the body as it is.

    Args:
        accept_encoding: the request's header.
        content_type: of the answer.
        size: of the body in bytes; None for a stream of unknown length.
        content_encoding: that the app has set itself; then nothing is done.
    """
    if not accept_encoding or content_encoding:
        return None
    if size is not None and not MIN_SIZE < size <= MAX_SIZE:
        return None
    return accepted_encoding(accept_encoding) if is_compressible(content_type) else None


def compress(body: bytes, encoding: str) -> bytes:
    """The body in that encoding, `"gzip"` or `"deflate"`."""
    compressor = zlib.compressobj(LEVEL, zlib.DEFLATED, _WINDOW_BITS[encoding])
    return compressor.compress(body) + compressor.flush()


class StreamCompressor:
    """Compresses a stream chunk by chunk; what went in comes out at once, so that nobody waits for it.

    Args:
        encoding: `"gzip"` or `"deflate"`.
    """

    def __init__(self, encoding: str) -> None:
        self.encoding = encoding
        self._compressor = zlib.compressobj(LEVEL, zlib.DEFLATED, _WINDOW_BITS[encoding])

    def feed(self, chunk: bytes) -> bytes:
        """The compressed form of one more chunk; empty for an empty one."""
        if not chunk:
            return b""
        return self._compressor.compress(chunk) + self._compressor.flush(zlib.Z_SYNC_FLUSH)

    def finish(self) -> bytes:
        """The end of the stream."""
        return self._compressor.flush()
