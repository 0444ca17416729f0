from __future__ import annotations

import gzip
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atila_compat.http.compression import (
    MAX_SIZE,
    MIN_SIZE,
    StreamCompressor,
    accepted_encoding,
    choose_encoding,
    compress,
    is_compressible,
)


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("gzip", "gzip"),
        ("deflate", "deflate"),
        ("deflate, gzip", "gzip"),
        ("gzip, deflate, br", "gzip"),
        ("GZIP;q=0.5", "gzip"),
        ("gzip;q=0", None),
        ("gzip; q=0.000, deflate;q=1", "deflate"),
        ("br", None),
        ("identity", None),
        ("", None),
        (None, None),
    ],
)
def test_gzip_goes_before_deflate(header: str | None, expected: str | None) -> None:
    """gzip is taken where it is accepted, deflate otherwise, nothing where neither is or where its q is 0."""
    assert accepted_encoding(header) == expected


@pytest.mark.parametrize(
    ("content_type", "expected"),
    [
        ("text/html", True),
        ("text/plain; charset=utf-8", True),
        ("application/json", True),
        ("application/octet-stream", False),
        ("image/svg+xml", False),
        ("text/event-stream", False),
        (None, False),
    ],
)
def test_text_and_json_are_compressed(content_type: str | None, expected: bool) -> None:
    """text/* and JSON are worth compressing; event streams are not to be held back."""
    assert is_compressible(content_type) is expected


def test_sizes() -> None:
    """Bodies above 2048 bytes and up to 1 MiB are compressed, streams of unknown length always."""

    def chosen(size: int | None) -> str | None:
        return choose_encoding("gzip", "text/plain", size)

    assert (chosen(MIN_SIZE), chosen(MIN_SIZE + 1)) == (None, "gzip")
    assert (chosen(MAX_SIZE), chosen(MAX_SIZE + 1)) == ("gzip", None)
    assert chosen(None) == "gzip"


def test_an_apps_own_encoding_stays() -> None:
    """What the app has encoded itself is left alone."""
    assert choose_encoding("gzip", "text/plain", 5000, "x-own") is None


@given(st.binary())
def test_bodies_survive(body: bytes) -> None:
    """Any HTTP client reads back what was compressed."""
    assert gzip.decompress(compress(body, "gzip")) == body
    assert zlib.decompress(compress(body, "deflate")) == body


@given(st.lists(st.binary()))
def test_streams_survive(chunks: list[bytes]) -> None:
    """Each chunk can be read by the client as soon as it has been fed."""
    for encoding, bits in (("gzip", 31), ("deflate", 15)):
        compressor, reader = StreamCompressor(encoding), zlib.decompressobj(bits)
        for chunk in chunks:
            assert reader.decompress(compressor.feed(chunk)) == chunk
        reader.decompress(compressor.finish())
        assert reader.eof


@given(st.text())
def test_any_accept_encoding_is_understood(header: str) -> None:
    """No Accept-Encoding header fails."""
    assert accepted_encoding(header) in (None, "gzip", "deflate")
