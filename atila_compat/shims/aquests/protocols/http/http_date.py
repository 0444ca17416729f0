"""`aquests.protocols.http.http_date`: dates in headers."""

from __future__ import annotations

from email.utils import formatdate, parsedate_to_datetime


def build_http_date(when: float) -> str:
    """A time in seconds since the epoch as `Sun, 22 Nov 2026 08:41:16 GMT`."""
    return formatdate(when, usegmt=True)


def parse_http_date(d: str) -> int:
    """Seconds since the epoch of a date in a header; 0 for what is none."""
    try:
        return int(parsedate_to_datetime(d).timestamp())
    except (TypeError, ValueError, IndexError, OverflowError):
        return 0
