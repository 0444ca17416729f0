from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atila_compat.http.input import (
    BodyTooLarge,
    ClientDisconnect,
    Input,
    InputStream,
    content_length,
    parse_length,
    read_body,
)
from atila_compat.types import Message


def sending(*pieces: bytes | None) -> Callable[[], Awaitable[Message]]:
    """The `receive` of a client that sends these pieces; None: it goes away."""
    messages = [
        {"type": "http.disconnect"}
        if piece is None
        else {"type": "http.request", "body": piece, "more_body": number < len(pieces)}
        for number, piece in enumerate(pieces, 1)
    ]

    async def receive() -> Message:
        return messages.pop(0)

    return receive


def read(*pieces: bytes | None, limit: int = 100) -> bytes:
    """The whole body that a client sends in pieces."""
    return asyncio.run(read_body(sending(*pieces), limit))


def test_whole_bodies() -> None:
    """A body comes in one message or in many; there may be none."""
    assert read(b"one") == b"one"
    assert read(b"one", b"", b"two") == b"onetwo"
    assert read(b"") == b""


def test_bodies_end_at_the_limit() -> None:
    """A body of the limit's length is taken; one byte more is refused as soon as it comes."""
    assert read(b"x" * 100) == b"x" * 100
    for pieces in ((b"x" * 101,), (b"x" * 60, b"x" * 41, b"never read")):
        with pytest.raises(BodyTooLarge):
            read(*pieces)


def test_clients_that_go() -> None:
    """A client that goes before the body is complete is no request."""
    with pytest.raises(ClientDisconnect):
        read(None)
    with pytest.raises(ClientDisconnect):
        read(b"half", None)


def stream(*pieces: bytes | None, sizes: list[int], limit: int = 0) -> list[bytes]:
    """What reads of these sizes give."""

    async def play() -> list[bytes]:
        body = InputStream(sending(*pieces), limit)
        return [await body.read(size) for size in sizes]

    return asyncio.run(play())


def test_streams_are_cut_as_the_app_asks() -> None:
    """Pieces have the length that was asked for, whatever the client's were; only the last is shorter."""
    assert stream(b"abc", b"", b"defgh", sizes=[2, 4, 4, 4]) == [b"ab", b"cdef", b"gh", b""]


@given(st.lists(st.binary(max_size=9), min_size=1, max_size=9), st.integers(1, 12))
def test_streams_lose_nothing(pieces: list[bytes], size: int) -> None:
    """All pieces together are the body."""
    body = b"".join(pieces)
    read_pieces = stream(*pieces, sizes=[size] * (len(body) // size + 2))
    assert b"".join(read_pieces) == body
    assert all(len(piece) == size for piece in read_pieces[: len(body) // size])


def test_streams_have_limits_and_ends() -> None:
    """A streamed body has a limit too, and a client that goes ends it."""
    assert stream(b"x" * 10, sizes=[10, 1], limit=10) == [b"x" * 10, b""]
    with pytest.raises(BodyTooLarge):
        stream(b"x" * 6, b"x" * 5, sizes=[20], limit=10)
    with pytest.raises(ClientDisconnect):
        stream(b"x", None, sizes=[5])


@pytest.mark.parametrize(("asked", "size"), [(1, 1), (0, 1), (-5, 1), ("4096", 4096)])
def test_sizes_of_pieces(asked: Any, size: int) -> None:
    """A piece has at least one byte, so that reading goes on; the default is 8192."""
    assert Input(asked).size == size
    assert Input().size == 8192


@pytest.mark.parametrize(
    ("headers", "version", "length"),
    [
        ([], "1.1", -1),
        ([], "1.0", -1),
        ([], "2", None),
        ([], "3", None),
        ([(b"content-length", b"12")], "1.1", 12),
        ([(b"content-length", b"0")], "2", 0),
        ([(b"transfer-encoding", b"chunked")], "1.1", None),
        ([(b"content-length", b"-1")], "1.1", -1),
        ([(b"content-length", b"")], "1.1", -1),
        ([(b"content-length", b"1_0")], "1.1", -1),
        ([(b"content-length", b"9" * 5000)], "1.1", 10**18),
    ],
)
def test_announced_lengths(headers: list[tuple[bytes, bytes]], version: str, length: int | None) -> None:
    """Content-Length, None where pieces come without one, -1 where no body was announced properly."""
    assert content_length({"headers": headers, "http_version": version}) == length


@given(st.one_of(st.text(), st.binary()))
def test_any_length_is_a_number_or_none(text: str | bytes) -> None:
    """Whatever stands in a Content-Length header, it is a length or none."""
    found = parse_length(text)
    assert found is None or 0 <= found <= 10**18
