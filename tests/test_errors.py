from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atila_compat.errors import (
    REASONS,
    AtilaError,
    HTTPError,
    HTTPTaskError,
    MissingExtra,
    TaskError,
    split_status,
)


@pytest.mark.parametrize(
    ("status", "parts"),
    [
        ("200 OK", (200, "OK")),
        ("404", (404, "Not Found")),
        ("404 ", (404, "Not Found")),
        (" 418 I am a teapot ", (418, "I am a teapot")),
        ("599", (599, "")),
        ("302", (302, "Object Moved")),
        ("413", (413, "Request Entity Too Large")),
        ("530", (530, "Parameter Mismatch")),
    ],
)
def test_status_lines(status: str, parts: tuple[int, str]) -> None:
    """A status line is a code and a reason; the reason may be left to the standard, or the original's."""
    assert split_status(status) == parts


@pytest.mark.parametrize(
    "status", ["", "OK", "20", "2000", "20x", "²00 OK", "200 OK\r\nX-Y: z", "200 \0", "200 a\nb"]
)
def test_malformed_status_lines(status: str) -> None:
    """What does not begin with three digits, or breaks the line, is an AssertionError."""
    with pytest.raises(AssertionError):
        split_status(status)


@given(st.text())
def test_any_status_line_is_split_or_refused(status: str) -> None:
    """Nothing but AssertionError is raised, and a reason has no line breaks."""
    try:
        code, reason = split_status(status)
    except AssertionError:
        return
    assert 0 <= code <= 999
    assert not set(reason) & set("\r\n\0")


@pytest.mark.parametrize(
    ("arguments", "status", "explain", "errno"),
    [
        ((), "200 OK", "", 0),
        (("404 Not Found",), "404 Not Found", "", 0),
        (("400 Bad Request", "because"), "400 Bad Request", "because", 0),
        (("400 Bad Request", "because", 40011), "400 Bad Request", "because", 40011),
        (("400 Bad Request", 40011, "because"), "400 Bad Request", "because", 40011),
        (("400 Bad Request", 40011), "400 Bad Request", "", 40011),
    ],
)
def test_arguments_of_errors(arguments: Any, status: str, explain: str, errno: int) -> None:
    """Explanation and number of `was.Error` come in the original's order or in the README's."""
    error = HTTPError(*arguments)
    assert (error.status, error.explain, error.errno, error.exc_info) == (status, explain, errno, None)


def test_errors_as_text_and_number() -> None:
    """An error shows its status and explanation, and knows its code."""
    error = HTTPError("404 Not Found", "no such user")
    assert (str(error), error.status_code) == ("('404 Not Found', 'no such user')", 404)
    assert str(HTTPError(status="404 Not Found", explain="no such user")) == "404 Not Found"
    assert str(HTTPError("404 Not Found")) == "404 Not Found"


def test_errors_keep_what_they_were_caused_by() -> None:
    """With `traceback`, an error keeps the exception that is being handled."""

    def failing() -> None:
        try:
            raise LookupError("cause")
        except LookupError:
            raise HTTPError("500 Internal Server Error", traceback=True) from None

    with pytest.raises(HTTPError) as caught:
        failing()
    assert caught.value.exc_info is not None
    assert isinstance(caught.value.exc_info[1], LookupError)


def test_hierarchy() -> None:
    """Apps catch task errors by the original's classes; a missing extra is an ImportError that names it."""
    error = HTTPTaskError("404 Not Found", response="r")
    assert isinstance(error, TaskError)
    assert (str(error), error.response) == ("404 Not Found", "r")
    missing = MissingExtra("Redis", "redis")
    assert isinstance(missing, AtilaError)
    assert isinstance(missing, ImportError)
    assert "pip install 'atila_compat[redis]'" in str(missing)
    assert (missing.feature, missing.extra) == ("Redis", "redis")


def test_reasons() -> None:
    """Every standard status has its phrase."""
    assert (REASONS[200], REASONS[404], REASONS[502]) == ("OK", "Not Found", "Bad Gateway")
