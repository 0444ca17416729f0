from __future__ import annotations

import pytest

from atila_compat.http.media_types import media_type_of


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a.html", "text/html"),
        ("a.htm", "text/html"),
        ("A.TXT", "text/plain"),
        ("a.css", "text/css"),
        ("a.js", "text/javascript"),
        ("a.json", "application/json"),
        ("a.svg", "image/svg+xml"),
        ("a.tar.gz", "application/gzip"),
        ("a.woff2", "font/woff2"),
        ("a.zzz", "application/octet-stream"),
        ("noext", "application/octet-stream"),
        (".hidden", "application/octet-stream"),
        ("dir.d/noext", "application/octet-stream"),
    ],
)
def test_the_ending_names_the_type(name: str, expected: str) -> None:
    """The last ending decides, without regard to case; octet-stream for what is unknown."""
    assert media_type_of(name) == expected
