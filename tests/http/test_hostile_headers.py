"""Headers of a length that the server takes, made to keep whoever reads them busy."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from typing import Any

import pytest

from atila_compat import Atila
from atila_compat.errors import HTTPError
from atila_compat.http.compression import accepted_encoding
from atila_compat.http.conditional import RangeError, check_etag, parse_http_date, parse_range
from atila_compat.http.cookies import parse
from atila_compat.http.multipart import boundary_of
from atila_compat.http.request import Request, split_header
from atila_compat.security.digest import parse_parameters

LENGTH = 30_000
BEGINNINGS = ("", "a=", "bytes=1-", "multipart/form-data; a=", '"')
ENDS = ('"', "x")
SECONDS = 0.5
"""Of the processor. What takes a time that grows with the square of the length takes many times that."""


def _request(text: str) -> Request:
    raw = text.encode()
    headers = [(b"accept", raw), (b"content-type", raw)]
    return Request({"type": "http", "method": "GET", "path": "/", "headers": headers}, "/", Atila("hostile"))


READERS: dict[str, Callable[[str], Any]] = {
    "Range": lambda text: parse_range(text, 100),
    "If-None-Match": lambda text: check_etag("x", {"If-None-Match": text}.get),
    "If-Modified-Since": parse_http_date,
    "Content-Type": boundary_of,
    "Content-Type's parameters": split_header,
    "Authorization": lambda text: parse_parameters(text[:8000]),
    "Cookie": parse,
    "Accept-Encoding": accepted_encoding,
    "Accept": lambda text: _request(text).acceptables,
    "a charset": lambda text: _request(text).get_attr("content-type", "charset"),
}


@pytest.mark.parametrize("reader", READERS.values(), ids=READERS)
def test_no_header_takes_long(reader: Callable[[str], Any]) -> None:
    """However a header is made, it is read or refused at once: the event loop has others to serve."""
    for filling in (" ", ";", ",", '"', "\\", "a", "1", ";\\", ', "', "(", "=", "a;", "1-2,", "%41"):
        for beginning in BEGINNINGS:
            for end in ENDS:
                text = beginning + filling * ((LENGTH - len(beginning)) // len(filling)) + end
                began = time.thread_time()
                with contextlib.suppress(HTTPError, RangeError):
                    reader(text)
                assert time.thread_time() - began < SECONDS, (beginning, filling, end)
