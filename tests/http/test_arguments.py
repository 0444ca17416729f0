from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable
from typing import Any
from urllib.parse import quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atila_compat.errors import HTTPError
from atila_compat.http.arguments import (
    MAX_FIELDS,
    Fields,
    decode_query,
    explain_mismatch,
    keywords_of,
    merge,
    parse_query,
)
from tests.routing.declaring import route


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ("", {}),
        ("a=1", {"a": "1"}),
        ("a=1&b=&c=x%20y", {"a": "1", "b": "", "c": "x y"}),
        ("a=1&a=2&a=3", {"a": ["1", "2", "3"]}),
        ("a=a+b%20c", {"a": "a b c"}),
        ("a=1%2B1%3D2%26", {"a": "1+1=2&"}),
        ("a=b=c", {"a": "b=c"}),
        ("x=1;y=2", {"x": "1;y=2"}),
        ("%EA%B0%92=1&a%20b=2", {"값": "1", "a b": "2"}),
        ("a=%FF%FE", {"a": "\ufffd\ufffd"}),
        ("a=%zz&b=%", {"a": "%zz", "b": "%"}),
        ("=5", {"": "5"}),
        ("a=é", {"a": "é"}),
    ],
)
def test_queries_are_decoded(text: str, fields: dict[str, Any]) -> None:
    """Names and values are decoded, repeated names become lists; odd escapes are taken as they are."""
    assert parse_query(text) == fields


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ("int:n=5", {"n": 5}),
        ("i:n=-5", {"n": -5}),
        ("int%3An=5", {"n": 5}),
        ("float:f=0.5&f:g=2", {"f": 0.5, "g": 2.0}),
        ("bool:a=yes&bool:b=TRUE&b:c=1", {"a": True, "b": True, "c": True}),
        ("bool:d=no&bool:e=", {"d": False, "e": False}),
        ("list:l=a,b&l:m=", {"l": ["a", "b"], "m": [""]}),
        ("null:z=x&n:y=", {"z": None, "y": None}),
        ("uuid:x=1&:y=2", {"x": "1", "y": "2"}),
        ("int:a:b=5", {"a:b": 5}),
        ("int:n=5&n=6", {"n": [5, "6"]}),
        ("list:l=a,b&list:l=c", {"l": ["a", "b", ["c"]]}),
    ],
)
def test_typed_keys(text: str, fields: dict[str, Any]) -> None:
    """A prefix gives a value its type and is no part of the name; an unknown one is dropped."""
    assert parse_query(text) == fields


@pytest.mark.parametrize("text", ["a", "a=1&", "a=1&&b=2", "&a=1", "&", "flag&a=1", "%3D"])
def test_elements_without_equals_are_refused(text: str) -> None:
    """An element without `=`, an empty one too, is `400 Error` with the original's text."""
    with pytest.raises(HTTPError) as caught:
        parse_query(text)
    assert (caught.value.status, caught.value.explain) == ("400 Error", "invalid query string")


@pytest.mark.parametrize("text", ["int:n=five", "int:n=", "float:f=x", "i:n=" + "9" * 5000, "i:n=1.5"])
def test_bad_typed_values_are_refused(text: str) -> None:
    """A value that its type cannot hold is 400 and named."""
    with pytest.raises(HTTPError) as caught:
        parse_query(text)
    assert caught.value.status == "400 Bad Request"
    assert str(caught.value.explain).startswith("invalid value ")
    assert len(str(caught.value.explain)) < 100


def test_too_many_fields_are_refused() -> None:
    """There is a limit to the fields of one query or form."""
    assert len(parse_query("&".join(f"a{n}=" for n in range(MAX_FIELDS)))) == MAX_FIELDS
    with pytest.raises(HTTPError, match="more than"):
        parse_query("&" * MAX_FIELDS)


@given(st.text())
def test_any_query_is_parsed_or_refused(text: str) -> None:
    """Whatever a client sends as query, it is decoded or answered by 400."""
    with contextlib.suppress(HTTPError):
        for name, value in parse_query(text).items():
            assert isinstance(name, str)
            assert value is None or isinstance(value, (str, int, float, bool, list))


@given(st.binary())
def test_any_bytes_are_a_query(raw: bytes) -> None:
    """Bytes that no client should send unencoded are UTF-8, or replacement characters."""
    assert isinstance(decode_query(raw), str)


names = st.text(min_size=1).filter(
    lambda name: ":" not in name and not any("\ud800" <= c <= "\udfff" for c in name)
)


@given(st.lists(st.tuples(names, names)))
def test_encoded_queries_come_back(pairs: list[tuple[str, str]]) -> None:
    """What a browser encodes is what an app gets."""
    expected = Fields()
    for name, value in pairs:
        expected.put(name, value)
    assert (
        parse_query("&".join(f"{quote_plus(name)}={quote_plus(value)}" for name, value in pairs)) == expected
    )


def test_repeated_fields_are_lists_in_order() -> None:
    """The second value of a name makes a list, or joins the one that a typed key has made."""
    fields = Fields()
    for value in (["a"], "b", "c"):
        fields.put("x", value)
    assert fields == {"x": ["a", "b", "c"]}


@pytest.mark.parametrize(
    ("params", "query", "data", "merged"),
    [
        ({"a": 7}, {}, {}, {"a": 7}),
        ({"a": 7}, {"a": "9"}, {}, {"a": [7, "9"]}),
        ({"a": 7}, {"a": ["8", "9"], "b": "1"}, {}, {"a": [7, ["8", "9"]], "b": "1"}),
        ({"a": 7}, {}, {"a": "2"}, {"a": "2"}),
        ({"a": 7}, {"a": "9", "b": "q"}, {"a": "2", "b": "f"}, {"a": "2", "b": "f"}),
        ({"a": 7}, {"b": "q"}, [1, 2], {"a": 7, "b": "q"}),
        ({"a": 7}, {"b": "q"}, "text", {"a": 7, "b": "q"}),
    ],
)
def test_merging(params: dict[str, Any], query: dict[str, Any], data: Any, merged: dict[str, Any]) -> None:
    """Query values join path parameters in lists, body values overwrite (spec/02 section 4.2)."""
    before = dict(params)
    assert merge(params, query, data) == merged
    assert params == before


def taking(names: str) -> Callable[..., Any]:
    """A handler with these arguments."""
    made: Callable[..., Any] = eval(f"lambda was, {names}: locals()")
    return made


def passed(rule: str, arguments: str, params: Any, query: Any, data: Any) -> dict[str, Any]:
    """What a handler is called with."""
    made = route(rule, func=taking(arguments))
    return keywords_of(made, params, query, data, merge(params, query, data))


@pytest.mark.parametrize(
    ("arguments", "query", "data", "expected"),
    [
        ("n", {"x": "1"}, None, {"n": 3}),
        ("n", {"n": "1"}, {"x": "1"}, {"n": 3}),
        ("n, a", {}, None, {"n": 3}),
        ("n, a", {"x": "1"}, None, {"n": 3, "x": "1"}),
        ("n, a", {"n": "4", "a": "1"}, None, {"n": [3, "4"], "a": "1"}),
        ("n, a", {"a": "1"}, {"x": "1"}, {"n": 3, "a": "1"}),
        ("n, a", {"a": "1"}, {"a": "2", "x": "1"}, {"n": 3, "a": "2", "x": "1"}),
        ("n, a", {}, {"x": "1"}, {"n": 3}),
        ("n, a", {}, {"n": 9, "a": "1"}, {"n": 9, "a": "1"}),
        ("n, a", {"x": "1"}, [1, 2], {"n": 3, "x": "1"}),
        ("n, **kw", {"x": "1"}, {"y": "2"}, {"n": 3, "x": "1", "y": "2"}),
        ("n, **kw", {}, {"y": "2"}, {"n": 3, "y": "2"}),
    ],
)
def test_what_handlers_are_called_with(arguments: str, query: Any, data: Any, expected: Any) -> None:
    """Query and body reach handlers that want something of them, else they are ignored (spec/02, 4.3)."""
    assert passed("/x/<int:n>", arguments, {"n": 3}, query, data) == expected


def mismatch(rule: str, func: Callable[..., Any], **keywords: Any) -> str | None:
    """How a call that does not fit is told to the client; None where it is the handler's own failure."""
    made = route(rule, func=func)
    try:
        func(None, **keywords)
    except TypeError:
        found = explain_mismatch(made, keywords)
        return None if found is None else f"{found.status} {found.explain}".strip()
    return "it fits"


@pytest.mark.parametrize(
    ("rule", "arguments", "keywords", "told"),
    [
        ("/x", "a, b=1", {}, "400 Bad Request parameter `a` is missing"),
        ("/x", "a, b=1", {"z": "1"}, "400 Bad Request parameter `a` is missing"),
        ("/x", "a, b=1", {"a": "1", "z": "1"}, "400 Bad Request parameter `z` needn't"),
        ("/x", "*, a", {}, "400 Bad Request parameter `a` is missing"),
        ("/x", "a, **kw", {"z": "1"}, "400 Bad Request parameter `a` is missing"),
        ("/x", "**kw", {"was": "1"}, "400 Bad Request parameter `was` needn't"),
        ("/x", "self='s'", {"was": "1"}, "400 Bad Request parameter `was` needn't"),
        ("/x/<n>", "n, a", {"n": "1"}, "400 Bad Request parameter `a` is missing"),
        ("/x/<n>/<m>", "n, m, a=1", {"n": "1"}, "400 Bad Request conflict url parameters"),
        ("/x/<n>", "a, n", {"n": "1"}, "530 Parameter Mismatch"),
        ("/x/<n>", "a", {"n": "1"}, "530 Parameter Mismatch"),
        ("/x/<n>", "a=1", {"n": "1"}, "530 Parameter Mismatch"),
        ("/x/<n>", "a, **kw", {"n": "1"}, "400 Bad Request parameter `a` is missing"),
        ("/x", "a", {"a": 1}, "it fits"),
    ],
)
def test_calls_that_do_not_fit_are_told_to_the_client(
    rule: str, arguments: str, keywords: dict[str, Any], told: str
) -> None:
    """Missing parameters come before unknown ones; texts and codes are the original's (spec/02, 4.3, 5)."""
    assert mismatch(rule, taking(arguments), **keywords) == told


def test_handler_without_parameters() -> None:
    """A handler that takes nothing says so."""
    assert mismatch("/x", lambda was: "", a=1) == "400 Bad Request no parameter need"


def test_first_argument_under_another_name() -> None:
    """The name of the first argument is nothing that a client may give, whatever it is."""
    assert (
        mismatch("/x", lambda context, **kw: "", context="1") == "400 Bad Request parameter `context` needn't"
    )
    assert mismatch("/x", lambda context, was=1: "", was="1") == "it fits"


def test_type_errors_of_the_handler_are_its_own() -> None:
    """A TypeError within a handler that was called rightly is no parameter error."""

    def failing(was: Any, a: int = 1, **kw: Any) -> Any:
        raise TypeError("own")

    def failing_bare(was: Any) -> Any:
        raise TypeError("own")

    assert mismatch("/x", failing, a=1, b=2) is None
    assert mismatch("/x", failing_bare) is None


def handing_on(func: Callable[..., Any]) -> Callable[..., Any]:
    """A decorator of an app's own that takes any keyword and hands it on."""

    @functools.wraps(func)
    def wrapper(was: Any, **kw: Any) -> Any:
        kw.pop("token", None)
        return func(was, **kw)

    return wrapper


def test_own_decorators_do_not_hide_parameter_errors() -> None:
    """Below a decorator that takes any keyword, what the handler misses or refuses is still the client's."""

    def plain(was: Any, a: Any, b: Any = 2) -> Any:
        if b == "fail":
            raise TypeError("own")
        return a

    func = handing_on(plain)
    assert mismatch("/x", func, a=1, token="t") == "it fits"
    assert mismatch("/x", func) == "400 Bad Request parameter `a` is missing"
    assert mismatch("/x", func, a=1, z=1) == "400 Bad Request parameter `z` needn't"
    assert mismatch("/x", func, a=1, b="fail", token="t") is None


@given(
    st.dictionaries(st.text(), st.text()), st.sampled_from(["a", "a, b=1", "a=1, *, c", "**kw", "n, a, **kw"])
)
def test_any_keywords_are_explained(keywords: dict[str, str], arguments: str) -> None:
    """Whatever names a client sends, a call that does not fit is explained."""
    func = taking(arguments)
    keywords.pop("__debug__", None)
    told = mismatch("/x", func, **keywords)
    assert told is not None
    assert told == "it fits" or told.startswith("400 ")
