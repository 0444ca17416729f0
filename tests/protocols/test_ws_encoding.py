"""What values become messages, and what messages become values."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atila_compat.protocols.ws_encoding import (
    ENCODINGS,
    BadMessage,
    is_nothing,
    messages_of,
    split_opcode,
)

TEXT, JSON, XMLRPC = ENCODINGS["text"], ENCODINGS["json"], ENCODINGS["xmlrpc"]

plain = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**31), 2**31 - 1) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@pytest.mark.parametrize(
    ("value", "messages"),
    [
        ("text", ["text"]),
        (b"bytes", [b"bytes"]),
        (memoryview(b"bytes"), [b"bytes"]),
        (["a", "", b"b", b""], ["a", "", b"b", b""]),
        ("", [""]),
        (("a", "b"), ["a", "b"]),
        ({"key": 1}, ["key"]),
        ([], []),
    ],
)
def test_text(value: Any, messages: list[Any]) -> None:
    """As text, strings are text messages, bytes binary ones, and an iterable is one for each item."""
    assert list(messages_of(TEXT, value)) == messages


@pytest.mark.parametrize("value", [None, 5, 1.5, True, object()])
def test_what_is_no_text(value: Any) -> None:
    """As text, what is neither text nor bytes is a TypeError, for what comes before it to be sent."""
    with pytest.raises(TypeError, match=r"use str\(...\)"):
        list(messages_of(TEXT, value))
    messages = messages_of(TEXT, ["a", value])
    assert next(messages) == "a"
    with pytest.raises(TypeError):
        next(messages)


def test_what_is_no_answer() -> None:
    """What is empty, zero or false is no answer of a handler; an empty document is one."""
    nothing: list[Any] = [None, "", b"", 0, False, [], ()]
    something: list[Any] = ["a", b"a", 1, [""], ("", 1), iter(())]
    for encoding in ENCODINGS.values():
        assert all(is_nothing(encoding, value) for value in nothing)
        assert not any(is_nothing(encoding, value) for value in something)
    assert is_nothing(TEXT, {})
    assert not is_nothing(JSON, {})


@given(plain)
def test_json_says_what_was_meant(value: Any) -> None:
    """As JSON, a document says in ASCII what the value was; a list is a document for each item."""
    messages = list(messages_of(JSON, value))
    assert [JSON.decode(message) for message in messages] == (value if isinstance(value, list) else [value])
    assert all(isinstance(message, str) and message.isascii() for message in messages)


@given(st.text() | st.binary())
def test_decoding_fails_in_one_way(message: str | bytes) -> None:
    """Whatever a client sends is a value, or a BadMessage."""
    for encoding in ENCODINGS.values():
        with contextlib.suppress(BadMessage):
            encoding.decode(message)


def test_deep_json_is_a_bad_message() -> None:
    """Nesting that would exhaust the stack is refused."""
    with pytest.raises(BadMessage):
        JSON.decode("[" * 1_000_000)


def test_json_that_cannot_be() -> None:
    """A value that JSON has no word for is a TypeError, for the handler that sends it."""
    with pytest.raises(TypeError):
        list(messages_of(JSON, object()))


@pytest.mark.parametrize(
    ("value", "opcode"),
    [
        (("x", 1), 1),
        ((b"x", 2), 2),
        (("x", 8), 8),
        (("x", 3), -1),
        (("x", True), -1),
        ((1, 2), -1),
        ("x", -1),
    ],
)
def test_opcodes_of_return_values(value: Any, opcode: int) -> None:
    """A pair of data and opcode is told from a pair of messages."""
    assert split_opcode(value) == ((value[0], opcode) if opcode != -1 else (value, -1))


def test_iterables_are_asked_one_by_one() -> None:
    """An endless iterable gives its first messages."""

    def endless() -> Iterator[str]:
        number = 0
        while True:
            yield str(number)
            number += 1

    messages = messages_of(TEXT, endless())
    assert [next(messages), next(messages)] == ["0", "1"]


def test_dates_in_json() -> None:
    """Dates are written as answers of pages write them."""
    import datetime

    (message,) = messages_of(JSON, {"at": datetime.datetime(2024, 5, 6, 7, 8, 9, tzinfo=datetime.UTC)})
    assert json.loads(message) == {"at": "2024-05-06 07:08:09+00"}
