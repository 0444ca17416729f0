"""Conditional and partial requests as pure functions (spec/01 6.2, spec/04 12.1 and 12.4, RFC 9110).

Static files and `was.response.set_etag/set_mtime` share them. Headers are read through
`get(name) -> str | None`. Where the original hands out stale copies, RFC 9110 is followed: a list of entity
tags, a weak one and `*` are understood, and If-Modified-Since is not looked at where If-None-Match is sent.
"""

from __future__ import annotations

import datetime
import hashlib
import re
from collections.abc import Callable
from email.utils import formatdate, parsedate_to_datetime
from typing import NamedTuple

GetHeader = Callable[[str], str | None]

NOT_MODIFIED = 304
PRECONDITION_FAILED = 412

MAX_OPEN_RANGE = 1024 * 1024
"""Bytes sent at most for a range without an end, `bytes=100-`; the client asks for the rest."""

_TAG = re.compile(r'(?:^|,)\s*((?:W/)?"[^"]*"|[^\s,"]+)\s*(?=,|$)')
_RANGE = re.compile(r"\s*+([0-9]{0,18}+)\s*+-\s*+([0-9]{0,18}+)\s*+", re.ASCII)


# ---------------------------------------------------------------------------------------------------- dates


def http_date(moment: float | datetime.datetime) -> str:
    """A moment as HTTP writes it: `Sun, 13 Sep 2020 12:26:40 GMT`.

    Args:
        moment: seconds since the epoch, or a datetime; without a time zone it is the server's local time.
    """
    return formatdate(as_epoch(moment), usegmt=True)


def as_epoch(moment: float | datetime.datetime) -> int:
    """Whole seconds since the epoch."""
    return int(moment.timestamp() if isinstance(moment, datetime.datetime) else moment)


def parse_http_date(text: str) -> int | None:
    """Seconds since the epoch, or None for what is not a date."""
    try:
        moment = parsedate_to_datetime(text)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=datetime.UTC)
        return int(moment.timestamp())
    except (ValueError, TypeError, OverflowError, IndexError):
        return None


# ----------------------------------------------------------------------------------------------- validators


def etag_of(identifier: object) -> str:
    """The entity tag, without quotes, of whatever identifies a version: the md5 of its text."""
    return hashlib.md5(str(identifier).encode("utf-8", "surrogatepass"), usedforsecurity=False).hexdigest()


def file_etag(size: int, mtime: float) -> str:
    """The entity tag, without quotes, of a file with this size in bytes and this time of modification."""
    return etag_of(f"{size}:{mtime}")


def quoted(etag: str) -> str:
    """An entity tag as the ETag header carries it; one that is quoted already stays."""
    return etag if re.fullmatch(r'(?:W/)?"[^"]*"', etag) else '"' + etag.replace('"', "") + '"'


def _named(header: str, etag: str, *, weak: bool) -> bool:
    """Whether a list of entity tags names this one; a weak comparison disregards `W/`."""
    if header.strip() == "*":
        return True
    own = quoted(etag)
    if weak:
        own = own.removeprefix("W/")
    for tag in _TAG.findall(header):
        if weak:
            tag = tag.removeprefix("W/")
        if (tag if tag.startswith(('"', "W/")) else f'"{tag}"') == own:
            return not (not weak and own.startswith("W/"))
    return False


def check_etag(etag: str, get: GetHeader, method: str = "GET") -> int:
    """What If-Match and If-None-Match ask of an answer with this entity tag: 0 go on, 304 or 412."""
    wanted = get("If-Match")
    if wanted is not None and not _named(wanted, etag, weak=False):
        return PRECONDITION_FAILED
    known = get("If-None-Match")
    if known is not None and _named(known, etag, weak=True):
        return NOT_MODIFIED if method in ("GET", "HEAD") else PRECONDITION_FAILED
    return 0


def check_mtime(mtime: float, get: GetHeader, method: str = "GET", *, length: int | None = None) -> int:
    """What If-Unmodified-Since and If-Modified-Since ask of an answer modified then: 0 go on, 304 or 412.

    Args:
        mtime: seconds since the epoch.
        get: reads a request header.
        method: of the request; only GET and HEAD are answered 304.
        length: length of the body in bytes, compared where the client sends `; length=N` after the date.
    """
    changed = int(mtime)
    limit = get("If-Unmodified-Since")
    if limit is not None and get("If-Match") is None:
        moment = parse_http_date(limit)
        if moment is None or changed > moment:
            return PRECONDITION_FAILED
    since = get("If-Modified-Since")
    if since is None or get("If-None-Match") is not None or method not in ("GET", "HEAD"):
        return 0
    date, _, rest = since.partition(";")
    moment = parse_http_date(date)
    if moment is None or changed > moment:
        return 0
    known_length = re.search(r"length\s*=\s*([0-9]{1,18})", rest)
    return 0 if known_length and length is not None and int(known_length[1]) != length else NOT_MODIFIED


def evaluate(
    get: GetHeader,
    method: str = "GET",
    *,
    etag: str | None = None,
    mtime: float | None = None,
    length: int | None = None,
) -> int:
    """All conditions of a request in RFC 9110's order: 0 answer as usual, 304 or 412 (spec/01 6.2)."""
    outcomes = (
        check_etag(etag, get, method) if etag is not None else 0,
        check_mtime(mtime, get, method, length=length) if mtime is not None else 0,
    )
    return max(outcomes)


def if_range_holds(condition: str | None, *, etag: str | None, mtime: float | None) -> bool:
    """Whether a Range header counts: If-Range is not sent, or names the current version."""
    if condition is None:
        return True
    condition = condition.strip()
    if condition.startswith(('"', "W/")):
        return etag is not None and _named(condition, etag, weak=False)
    moment = parse_http_date(condition)
    return moment is not None and mtime is not None and moment == int(mtime)


# --------------------------------------------------------------------------------------------------- ranges


class RangeError(ValueError):
    """The range asked for is not part of the body, or not a range at all: 416."""

    def __init__(self, size: int) -> None:
        super().__init__(f"range not within {size} bytes")
        self.size = size

    @property
    def content_range(self) -> str:
        """The Content-Range header of the 416."""
        return f"bytes */{self.size}"


class ByteRange(NamedTuple):
    """A part of a body: bytes `start` up to and without `stop` of `size`."""

    start: int
    stop: int
    size: int

    @property
    def length(self) -> int:
        """Bytes in the part."""
        return self.stop - self.start

    @property
    def content_range(self) -> str:
        """The Content-Range header of the 206."""
        return f"bytes {self.start}-{self.stop - 1}/{self.size}"


def parse_range(header: str | None, size: int) -> ByteRange | None:
    """The part of a body that a Range header asks for, None for all of it (spec/04 section 12.4).

    Ranges from the end (`-5`) are understood; one without an end is cut to MAX_OPEN_RANGE bytes. Several
    ranges, other units, and any range of an empty body are answered with the whole body.

    Args:
        header: the Range header.
        size: size of the body in bytes.

    Raises RangeError for what is malformed, begins after its end, or reaches beyond the body.
    """
    if header is None or size == 0:
        return None
    unit, equals, wanted = header.partition("=")
    if unit.strip().lower() != "bytes":
        return None
    if not equals:
        raise RangeError(size)
    parts = wanted.split(",")
    matches = [_RANGE.fullmatch(part) for part in parts]
    if not all(match and (match[1] or match[2]) for match in matches):
        raise RangeError(size)
    if len(parts) > 1 or matches[0] is None:
        return None
    first, last = matches[0][1], matches[0][2]
    if not first:
        start, stop = max(0, size - int(last)), size
    elif not last:
        start, stop = int(first), min(size, int(first) + MAX_OPEN_RANGE)
    else:
        start, stop = int(first), int(last) + 1
    if start >= stop or stop > size:
        raise RangeError(size)
    return ByteRange(start, stop, size)
