"""Bodies of calls and of their answers."""

from __future__ import annotations

import contextlib
import datetime
import io
import xmlrpc.client
from collections.abc import AsyncIterator
from typing import Any

import pytest
from hypothesis import given, strategies

from atila_compat.serving.runtime import Runtime
from atila_compat.tasks import payload


async def collect(pieces: AsyncIterator[bytes]) -> bytes:
    return b"".join([piece async for piece in pieces])


@pytest.mark.parametrize(
    ("data", "kind", "body", "sent_as"),
    [
        ({"a": "é"}, "application/json", b'{"a": "\\u00e9"}', "application/json; charset=utf-8"),
        ([1, 2], "application/json", b"[1, 2]", "application/json; charset=utf-8"),
        ([1], "application/x+json; charset=utf-8", b"[1]", "application/x+json; charset=utf-8"),
        (
            {"a": "x y/z", "b": None},
            "application/x-www-form-urlencoded",
            b"a=x%20y/z&b=None",
            "application/x-www-form-urlencoded; charset=utf-8",
        ),
        ("é", "text/plain; charset=latin-1", b"\xe9", "text/plain; charset=latin-1"),
        (bytearray(b"x"), "application/json", b"x", "application/json"),
    ],
)
def test_what_is_sent(runtime: Runtime, data: Any, kind: str, body: bytes, sent_as: str) -> None:
    """Dicts and lists are encoded as the type says, text and bytes are sent as they are."""
    assert payload.encode(runtime, data, kind) == (body, {"Content-Type": sent_as})


@pytest.mark.parametrize("data", [None, "", b"", {}])
def test_nothing_is_sent_for_nothing(runtime: Runtime, data: Any) -> None:
    """No body has no type."""
    assert payload.encode(runtime, data, "application/json") == (None, {})


def test_dates_are_sent_as_the_app_writes_them(runtime: Runtime) -> None:
    """What plain JSON cannot express is written as in was.API."""
    body, _ = payload.encode(runtime, {"d": datetime.date(2026, 1, 2)}, "application/json")
    assert body == b'{"d": "2026-01-02"}'


def test_what_cannot_be_sent_is_told(runtime: Runtime) -> None:
    """A dict has no form as plain text."""
    with pytest.raises(TypeError, match="cannot be sent as text/plain"):
        payload.encode(runtime, {"a": 1}, "text/plain")
    with pytest.raises(TypeError):
        payload.encode(runtime, {"a": object()}, "application/json")


def test_files_and_generators_are_streamed(runtime: Runtime) -> None:
    """A file, an iterator and an asynchronous iterator are read while they are sent."""

    async def asynchronous() -> AsyncIterator[bytes]:
        yield b"a"
        yield b"b"

    for data, expected in (
        (io.BytesIO(b"x" * 100_000), b"x" * 100_000),
        (iter(["a", b"b"]), b"ab"),
        (asynchronous(), b"ab"),
    ):
        content, headers = payload.encode(runtime, data, "application/octet-stream")
        assert not isinstance(content, bytes)
        assert content is not None
        assert headers == {"Content-Type": "application/octet-stream"}
        assert runtime.spawn(collect(content)).result(5) == expected


def test_uploads_are_multipart(runtime: Runtime) -> None:
    """Values and files become parts, several files of one name too; the length is known."""
    file = io.BytesIO(b"body")
    file.name = "/tmp/a.txt"
    data = {"n": 1, "f": [file, ("b.bin", b"raw", "image/png")]}
    content, headers = payload.encode(runtime, data, "multipart/form-data")
    assert content is not None
    assert not isinstance(content, bytes)
    sent = runtime.spawn(collect(content)).result(5)
    assert int(headers["content-length"]) == len(sent)
    assert headers["content-type"].startswith("multipart/form-data; boundary=")
    for part in (b'name="n"\r\n\r\n1', b'filename="a.txt"', b'filename="b.bin"', b"image/png\r\n\r\nraw"):
        assert part in sent


@pytest.mark.parametrize(
    ("content", "kind", "data"),
    [
        (b'{"a": 1}', "application/json", {"a": 1}),
        (b"[1]", "application/vnd.x+json; charset=utf-8", [1]),
        (b"caf\xe9", "text/plain; charset=latin-1", "café"),
        (b"caf\xc3\xa9", "text/html", "café"),
        (b"x", "text/plain; charset=nonsense", "x"),
        (b"<a/>", "text/xml", "<a/>"),
        (b"\x00", "image/png", b"\x00"),
        (b"x", None, b"x"),
        (b"", "application/json", b""),
        (b"", "text/plain", ""),
    ],
)
def test_what_comes_back(content: bytes, kind: str | None, data: Any) -> None:
    """Answers are decoded by their type."""
    assert payload.decode(content, kind) == data


def test_broken_json_is_an_error() -> None:
    """JSON that is none cannot be decoded."""
    with pytest.raises(ValueError, match="Expecting"):
        payload.decode(b"{nope", "application/json")


def test_xmlrpc_answers_are_decoded() -> None:
    """The value of a methodResponse comes out, None and dates too; a fault is raised."""
    value = [1, None, {"a": 1.5}, datetime.datetime(2026, 1, 2, 3, 4, 5), b"raw"]
    answer = xmlrpc.client.dumps((value,), methodresponse=True, allow_none=True).encode()
    assert payload.decode(answer, "text/xml") == value
    fault = xmlrpc.client.dumps(xmlrpc.client.Fault(4, "no"), methodresponse=True).encode()
    with pytest.raises(xmlrpc.client.Fault, match="no"):
        payload.decode(fault, "text/xml")


@pytest.mark.parametrize(
    "content",
    [
        b"<methodResponse>",
        b"<methodResponse></methodResponse>",
        b"<methodResponse><params><param><value><int>x</int></value></param></params></methodResponse>",
        b'<?xml version="1.0"?><!DOCTYPE m [<!ENTITY x "y">]><methodResponse>&x;</methodResponse>',
    ],
)
def test_bad_xml_is_a_value_error(content: bytes) -> None:
    """XML that is no response, or wants to declare entities, is refused."""
    with pytest.raises(ValueError, match=r"."):
        payload.decode_xmlrpc(content)


@given(
    strategies.binary(max_size=200), strategies.sampled_from([b"", b"<methodResponse><params><param><value>"])
)
def test_no_answer_surprises(content: bytes, beginning: bytes) -> None:
    """Whatever a server sends as XML-RPC, decoding it gives a value, a fault or a ValueError."""
    with contextlib.suppress(ValueError, xmlrpc.client.Fault):
        payload.decode_xmlrpc(beginning + content)


@pytest.mark.parametrize(
    ("accept", "kind", "fits"),
    [
        ("application/json", "application/json; charset=utf-8", True),
        ("application/json", "text/html", False),
        ("text/*, application/xml;q=0.5", "text/html", True),
        ("application/json, */*;q=0.1", "image/png", True),
        ("application/json", None, True),
        ("", "text/html", True),
    ],
)
def test_answers_have_to_fit_what_was_asked(accept: str, kind: str | None, fits: bool) -> None:
    """An answer of another type than asked for does not fit, one without type does."""
    assert payload.acceptable(accept, kind) is fits


def test_queries_are_added() -> None:
    """Parameters go behind those that a path has."""
    assert payload.add_query("/x", {"a": "1 2", "b": "é&"}) == "/x?a=1%202&b=%C3%A9%26"
    assert payload.add_query("/x?q=1", {"a": 1}) == "/x?q=1&a=1"
    assert payload.add_query("/x", {}) == payload.add_query("/x", "") == "/x"
    assert payload.add_query("/x", "a=1&b=é") == "/x?a=1&b=é"
    assert payload.add_query("/x?q=1", "a") == "/x?q=1&a"
