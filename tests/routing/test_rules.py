from __future__ import annotations

import contextlib
import time
from typing import Any
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atila_compat.errors import HTTPError
from atila_compat.routing.rules import Rule, has_parameters


def delivered(rule: str, path: str, optional: bool = False) -> dict[str, Any] | None:
    """What a rule delivers for a path as it stands in a request line; None where it does not fit."""
    compiled = Rule(rule, optional, "default")
    values = compiled.match(unquote(path))
    return None if values is None else compiled.deliver(values)


@pytest.mark.parametrize(
    ("rule", "path", "params"),
    [
        ("/orders/<int:n>", "/orders/42", {"n": 42}),
        ("/orders/<int:n>", "/orders/0007", {"n": 7}),
        ("/orders/<int:n>", "/orders/me", {"n": "me"}),
        ("/orders/<int:n>", "/orders/notme", {"n": "notme"}),
        ("/orders/<int:n>", "/orders/new", {"n": "new"}),
        ("/orders/<int:n>", "/orders/123456789012345678901234567890", {"n": 123456789012345678901234567890}),
        ("/prices/<float:p>", "/prices/12.50", {"p": 12.5}),
        ("/prices/<float:p>", "/prices/12", {"p": 12.0}),
        ("/prices/<float:p>", "/prices/.5", {"p": 0.5}),
        ("/prices/<float:p>", "/prices/me", {"p": "me"}),
        ("/files/<path:where>", "/files/a/b/c.txt", {"where": "a/b/c.txt"}),
        ("/files/<path:where>", "/files/my_dir/my_file", {"where": "my_dir/my_file"}),
        ("/files/<path:where>", "/files/a%20b/c%2Bd", {"where": "a b/c d"}),
        ("/cities/<city>", "/cities/new_york_city", {"city": "new york city"}),
        ("/cities/<city>", "/cities/new+york", {"city": "new york"}),
        ("/cities/<city>", "/cities/a_b%20c+d", {"city": "a b c d"}),
        ("/cities/<city>", "/cities/%EC%84%9C%EC%9A%B8", {"city": "서울"}),
        ("/cities/<city>", "/cities/50%25", {"city": "50%"}),
        ("/cities/<city>", "/cities/me", {"city": "me"}),
        ("/cities/<string:city>", "/cities/seoul", {"city": "seoul"}),
        (
            "/grid/<int:row>/<float:w>/<label>",
            "/grid/3/0.25/left_side",
            {"row": 3, "w": 0.25, "label": "left side"},
        ),
        ("/teams/<int:team>/members/<name>/notes", "/teams/9/members/kim/notes", {"team": 9, "name": "kim"}),
        ("/item/<int:n>/", "/item/3/", {"n": 3}),
        ("/doc/<name>.html", "/doc/a.html", {"name": "a"}),
        ("/v1.0/items/<int:n>", "/v1.0/items/3", {"n": 3}),
        ("/<path:rest>", "/a/b", {"rest": "a/b"}),
        ("/multi/<path:a>/x/<b>", "/multi/1/2/x/3/x/4", {"a": "1/2/x/3", "b": "4"}),
    ],
)
def test_rules_deliver_typed_values(rule: str, path: str, params: dict[str, Any]) -> None:
    """A path that fits gives its parameters with the types of the rule (spec/02 section 2)."""
    assert delivered(rule, path) == params


@pytest.mark.parametrize(
    ("rule", "path"),
    [
        ("/orders/<int:n>", "/orders/-1"),
        ("/orders/<int:n>", "/orders/1.5"),
        ("/orders/<int:n>", "/orders/abc"),
        ("/orders/<int:n>", "/orders/42/x"),
        ("/orders/<int:n>", "/orders/"),
        ("/orders/<int:n>", "/orders"),
        ("/orders/<int:n>", "/orders/4\n"),
        ("/orders/<int:n>", "/orders/٣"),
        ("/cities/<city>", "/cities/a%2Fb"),
        ("/cities/<city>", "/cities/"),
        ("/grid/<int:row>/<float:w>/<label>", "/grid/3/0.25"),
        ("/teams/<int:team>/notes", "/teams/9/notes/"),
        ("/item/<int:n>/", "/item/3"),
        ("/v1.0/items/<int:n>", "/v1x0/items/3"),
        ("/doc/<name>.html", "/doc/axhtml"),
        ("/files/<path:where>", "/files/"),
        ("/files/<path:where>", "/files"),
    ],
)
def test_rules_do_not_match_other_paths(rule: str, path: str) -> None:
    """What does not fit, an empty required path among it, is no match; dots of a rule are dots."""
    assert delivered(rule, path) is None


@pytest.mark.parametrize("value", ["1.2.3", ".", "1" * 5000 + ".0.0"])
def test_unconvertible_floats_are_the_clients_error(value: str) -> None:
    """A float parameter that matches but is no number is answered by 400."""
    with pytest.raises(HTTPError) as caught:
        delivered("/prices/<float:p>", f"/prices/{value}")
    assert caught.value.status_code == 400


def test_several_paths_in_a_rule() -> None:
    """Two path parameters share a path out, the first takes what it can; a very long one is not tried."""
    rule = Rule("/<path:one>/to/<path:other>/end")
    assert rule.match("/a/to/b/to/c/end") == ("a/to/b", "c")
    assert rule.match("/a" + "/to" * 1000 + "/b/end") is not None
    began = time.thread_time()
    assert rule.match("/a" + "/to" * 20_000 + "/b") is None
    assert time.thread_time() - began < 0.5
    assert Rule("/<path:one>").match("/" + "a" * 60_000) is not None


def test_ints_beyond_what_the_interpreter_converts_are_the_clients_error() -> None:
    """An int of thousands of digits is answered by 400, not by a failure."""
    with pytest.raises(HTTPError) as caught:
        delivered("/orders/<int:n>", "/orders/" + "9" * 5000)
    assert caught.value.status_code == 400


@pytest.mark.parametrize(
    ("rule", "path", "params"),
    [
        ("/books/<genre>/<int:page>", "/books/poetry/3", {"genre": "poetry", "page": 3}),
        ("/books/<genre>/<int:page>", "/books/poetry", {"genre": "poetry", "page": "default"}),
        ("/books/<genre>/<int:page>", "/books/poetry/", None),
        ("/books/<genre>/<int:page>", "/books/poetry/x", None),
        ("/books/<genre>/<int:page>", "/books", None),
        ("/two/<a>/<b>", "/two/1/x/more", None),
        ("/walk/<path:where>", "/walk/", {"where": "default"}),
        ("/walk/<a>/<path:where>", "/walk/x/", {"a": "x", "where": "default"}),
        ("/walk/<path:where>/<a>", "/walk/", None),
    ],
)
def test_last_parameter_may_be_left_out(rule: str, path: str, params: dict[str, Any] | None) -> None:
    """An optional last parameter, left out with its slash, has its default; others are never left out."""
    assert delivered(rule, path, optional=True) == params


def test_rules_with_other_names_match_the_same() -> None:
    """Rules are one rule for the router where only the names of their parameters differ."""
    assert Rule("/a/<x>/<int:y>").pattern == Rule("/a/<z>/<int:id>").pattern
    assert Rule("/a/<x>").pattern != Rule("/a/<int:x>").pattern
    assert Rule("/a/<x>", optional=True).pattern == Rule("/a/<x>").pattern
    assert Rule("/a/<x>/<y>", optional=True).pattern != Rule("/a/<x>/<y>").pattern


@pytest.mark.parametrize("rule", ["/pre-<name>", "/a/<uuid:x>", "/a/<>", "/a/<int:>", "/a/<b>/<c-<d>>"])
def test_broken_parameters_are_told_at_declaration(rule: str) -> None:
    """What looks like a parameter but is none is a warning that names it; the app is served."""
    with pytest.warns(UserWarning, match="is not a parameter"):
        Rule(rule)


def test_an_unknown_type_belongs_to_the_name() -> None:
    """`<uuid:x>` matches as `<x>` does, and is delivered as `uuid:x`, which only `**keywords` take."""
    with pytest.warns(UserWarning, match="<uuid:x> is not a parameter"):
        rule = Rule("/a/<uuid:x>/<int:n>")
    values = rule.match("/a/b_c/5")
    assert values is not None
    assert rule.deliver(values) == {"uuid:x": "b c", "n": 5}


def test_a_parameter_within_a_segment_is_literal_text() -> None:
    """Of `/<a>-<b>` only the first is one."""
    with pytest.warns(UserWarning, match="<b> is not a parameter"):
        rule = Rule("/<a>-<b>")
    assert rule.match("/x-y") is None
    assert rule.match("/x-<b>") == ("x",)


@pytest.mark.parametrize(
    ("rule", "values", "path"),
    [
        ("/users/<int:uid>", {"uid": 5}, "/users/5"),
        ("/users/<int:uid>", {"uid": "me"}, "/users/me"),
        ("/posts/<int:year>/<slug>", {"year": 2021, "slug": "hello world"}, "/posts/2021/hello_world"),
        ("/posts/<slug>", {"slug": "c++ & c/d?e=f"}, "/posts/c%2B%2B_%26_c%2Fd%3Fe%3Df"),
        ("/posts/<slug>", {"slug": "글"}, "/posts/%EA%B8%80"),
        ("/docs/<path:where>", {"where": "a/b c/d.txt"}, "/docs/a/b+c/d.txt"),
        ("/item/<int:n>/", {"n": 3}, "/item/3/"),
        ("/x/<name>", {"name": "\ud800"}, "/x/%3F"),
    ],
)
def test_paths_are_built_from_values(rule: str, values: dict[str, Any], path: str) -> None:
    """A rule gives the path for values, quoted so that routing gives the values back."""
    assert Rule(rule).build(values) == path


def test_optional_parameters_are_left_out_of_paths() -> None:
    """A path is built without the optional last parameter, `/` at least; others are required."""
    assert Rule("/imp/<int:n>", optional=True).build({}) == "/imp"
    assert Rule("/<int:n>", optional=True).build({}) == "/"
    assert Rule("/a/<x>/b/<y>", optional=True).build({"x": 1}) == "/a/1/b"
    with pytest.raises(AssertionError, match="parameter x is required"):
        Rule("/a/<x>/b/<y>", optional=True).build({"y": 1})
    with pytest.raises(AssertionError, match="parameter n is required"):
        Rule("/imp/<int:n>").build({})


def test_parameters_make_a_pattern() -> None:
    """A rule has parameters where a segment begins with one."""
    assert has_parameters("/a/<b>")
    assert not has_parameters("/a<b")


words = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="_+%/\0"), min_size=1)


@given(words, st.integers(0, 10**12), st.floats(0, 10**6).map(lambda value: round(value, 3)))
def test_built_paths_lead_back(word: str, number: int, real: float) -> None:
    """What `build` writes, `match` reads, for values that a URL can carry."""
    rule = Rule("/x/<word>/<int:number>/<float:real>/<path:rest>")
    values = {"word": word, "number": number, "real": f"{real:f}", "rest": f"{word}/deep"}
    assert delivered(rule.text, rule.build(values)) == {
        "word": word,
        "number": number,
        "real": real,
        "rest": f"{word}/deep",
    }


@given(st.text())
def test_any_path_is_matched_or_refused(path: str) -> None:
    """Whatever a client sends, a rule delivers parameters, nothing, or 400."""
    for rule in (Rule("/<path:a>"), Rule("/<a>/<float:b>", optional=True), Rule("/<int:a>/x")):
        values = rule.match(path)
        with contextlib.suppress(HTTPError):
            params = None if values is None else rule.deliver(values)
            assert params is None or set(params) <= set(rule.names)
