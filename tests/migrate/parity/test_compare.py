"""What counts as the recorded answer."""

from __future__ import annotations

from typing import Any

import pytest

from atila_compat.migrate.parity.case import Answer
from atila_compat.migrate.parity.compare import cookie_shape, differences, masked, media_type

PLAIN = [("Content-Type", "text/plain; charset=utf-8")]


def answer(status: int = 200, text: str = "hello", headers: Any = PLAIN, **more: Any) -> Answer:
    return {"status": status, "text": text, "headers": list(headers), "elapsed": 0.01, **more}


def test_the_same_answer_does_not_differ() -> None:
    """An answer equal to the recorded one has no differences, whatever its other headers are."""
    assert (
        differences({"id": "a"}, answer(), answer(headers=[*PLAIN, ("Server", "other"), ("Date", "x")])) == []
    )


@pytest.mark.parametrize(
    ("got", "word"),
    [
        (answer(status=404), "status 404, recorded 200"),
        (answer(text="hullo"), "body 'hullo', recorded 'hello'"),
        (answer(headers=[("content-type", "text/html")]), "content type 'text/html'"),
        (answer(headers=[*PLAIN, ("Location", "/there")]), "header location ['/there'], recorded []"),
        (answer(headers=[]), "content type ''"),
    ],
)
def test_what_differs_is_named(got: Answer, word: str) -> None:
    """Status, body, media type and the headers that matter are compared; a difference says both sides."""
    found = differences({"id": "a"}, answer(), got)
    assert len(found) == 1
    assert word in found[0]


def test_json_bodies_compare_by_value() -> None:
    """The order of names and the white space of JSON do not matter, its values do."""
    want = answer(text='{"a": 1, "b": [1, 2]}')
    assert differences({"id": "a"}, want, answer(text='{"b":[1,2],"a":1}')) == []
    assert differences({"id": "a"}, want, answer(text='{"b":[2,1],"a":1}'))


def test_masks_blank_bodies_headers_and_frames() -> None:
    """What a mask matches may differ, what stands beside it may not."""
    exchange = {"id": "a", "mask": [r"\d+ms"], "compare_headers": ["X-Took"]}
    want = answer(text="took 3ms", headers=[*PLAIN, ("X-Took", "3ms")])
    assert differences(exchange, want, answer(text="took 45ms", headers=[*PLAIN, ("x-took", "45ms")])) == []
    assert differences(exchange, want, answer(text="gone 45ms", headers=[*PLAIN, ("x-took", "soon")])) != []
    frames = {"status": 101, "frames": ["1ms", {"b64": "AA=="}]}
    assert differences(exchange, frames, {"status": 101, "frames": ["2ms", {"b64": "AA=="}]}) == []
    assert differences(exchange, frames, {"status": 101, "frames": ["2ms"]}) != []
    assert masked("a1b22", [r"\d+", "b"]) == "a<masked><masked><masked>"


def test_contains_replaces_the_comparison_of_the_body() -> None:
    """With `contains` each pattern has to be found in the body, and nothing else of it matters."""
    exchange = {"id": "a", "contains": ["<h1>", r"\bnot found\b"]}
    assert differences(exchange, answer(), answer(text="<h1>not found</h1>")) == []
    assert differences(exchange, answer(), answer(text="<h1>gone</h1>")) == [
        r"body lacks '\\bnot found\\b': '<h1>gone</h1>'"
    ]


def test_parts_can_be_left_out() -> None:
    """`ignore_body`, `ignore_type` and `ignore_headers` leave out what they name, and only that."""
    got = answer(text="x", headers=[("Content-Type", "a/b"), ("Allow", "GET")])
    exchange = {"id": "a", "ignore_body": True, "ignore_type": True, "ignore_headers": ["Allow"]}
    assert differences(exchange, answer(), got) == []
    assert len(differences({"id": "a"}, answer(), got)) == 3


def test_sets_in_headers_come_in_any_order() -> None:
    """The methods of Allow and of a preflight may come in any order."""
    want = answer(headers=[*PLAIN, ("Allow", "GET, POST"), ("Access-Control-Allow-Methods", "GET, PUT")])
    got = answer(headers=[*PLAIN, ("access-control-allow-methods", "PUT, GET"), ("allow", "POST, GET")])
    assert differences({"id": "a"}, want, got) == []


def test_cookies_compare_by_name_value_and_attributes() -> None:
    """Attributes of a cookie come in any order and case; values count, but for dates and signed ones."""
    assert cookie_shape("a=1; Path=/; expires=Thu, 01 Jan 1970", []) == "a=1; expires=<date>; path=/"
    assert cookie_shape("a=1; Expires=now; path=/", []) == cookie_shape("a=1; Path=/; expires=then", [])
    assert cookie_shape("a=1", []) != cookie_shape("a=2", [])
    assert cookie_shape("ATLSES=xyz; HttpOnly", []) == cookie_shape("ATLSES=abc; httponly", [])
    assert cookie_shape("ATLSES=; HttpOnly", []) != cookie_shape("ATLSES=abc; httponly", [])


def test_time_is_limited_where_the_exchange_says_so() -> None:
    """An answer that takes longer than `within` differs."""
    exchange = {"id": "a", "within": 3}
    assert differences(exchange, answer(), answer(elapsed=2.9)) == []
    assert differences(exchange, answer(), answer(elapsed=3.1)) == ["took 3.1 s, allowed 3 s"]


def test_media_type_ignores_parameters_and_case() -> None:
    """`Text/HTML; charset=x` is text/html; without the header the media type is empty."""
    assert media_type([("CONTENT-TYPE", "Text/HTML; charset=utf-8")]) == "text/html"
    assert media_type([]) == ""
