"""Scopes, the order of rules, what is written back, and what is refused at declaration (spec/03)."""

from __future__ import annotations

import re
from typing import Any

import pytest

from atila_compat.http.validation import Failure, compile_check

from .asking import ask, refusal

INT = "parameter a should be int type"


def test_a_failure_names_the_scope_and_the_rule() -> None:
    """What a check returns has the message and the text of the original's error body."""
    failure = compile_check("ARGS", None, {"ints": "a"})(ask("a=x"), {})
    assert failure == Failure("ARGS", INT)
    assert failure.message == "missing or bad parameter in ARGS"


@pytest.mark.parametrize("names", ["a b", "a  b", ["a", "b"], ("a", "b"), {"a", "b"}])
def test_names_come_as_a_list_or_as_a_text(names: Any) -> None:
    """Keywords take lists, tuples, sets and texts separated by blanks."""
    assert refusal(ask("a=1&b=x"), ints=names) == "parameter b should be int type"
    assert refusal(ask("a=x&b=1"), ints=names) == INT
    assert refusal(ask("a=1&b=2"), ints=names) is None


def test_a_keyword_may_be_none() -> None:
    """`ints = None`, the default of the documented signature, asks for nothing."""
    assert refusal(ask("a=x"), ints=None) is None


@pytest.mark.parametrize(
    ("scope", "method", "kind", "looked_at"),
    [
        ("ARGS", "GET", "", "ARGS"),
        ("ARGS", "POST", "form", "ARGS"),
        ("ARGS", "PUT", "json", "ARGS"),
        ("URL", "GET", "", "URL"),
        ("URL", "POST", "json", "URL"),
        ("FORM", "GET", "", None),
        ("FORM", "POST", "form", "FORM"),
        ("FORM", "PUT", "form", "FORM"),
        ("FORM", "PATCH", "form", "FORM"),
        ("FORM", "DELETE", "", None),
        ("DATA", "GET", "", None),
        ("DATA", "POST", "form", "DATA"),
        ("DATA", "PUT", "json", "DATA"),
        ("JSON", "GET", "", None),
        ("JSON", "POST", "form", None),
        ("JSON", "POST", "json", "JSON"),
        ("JSON", "PATCH", "json", "JSON"),
        ("GET", "GET", "", "URL"),
        ("GET", "POST", "form", None),
        ("DELETE", "DELETE", "", "URL"),
        ("DELETE", "GET", "", None),
        ("POST", "POST", "form", "FORM"),
        ("POST", "POST", "json", "JSON"),
        ("POST", "PUT", "json", None),
        ("PUT", "PUT", "form", "FORM"),
        ("PATCH", "PATCH", "json", "JSON"),
        ("OPTIONS", "OPTIONS", "", None),
        ("HEAD", "GET", "", None),
    ],
)
def test_a_scope_is_inspected_for_its_methods_and_bodies_only(
    scope: str, method: str, kind: str, looked_at: str | None
) -> None:
    """The table of spec/03 section 2."""
    request = ask(
        "a=x",
        method=method,
        form={"a": "x"} if kind == "form" else None,
        json={"a": "x"} if kind == "json" else ...,
    )
    failure = compile_check(scope, None, {"ints": "a"})(request, {})
    assert (failure and failure.scope) == looked_at


def test_url_is_the_query_without_path_parameters() -> None:
    """The scope URL does not see what the path holds."""
    assert refusal(ask(params={"id": 3}), "URL", "id") == "parameter id required"
    assert refusal(ask("id=4", params={"id": 3}), "URL", "id") is None


def test_everything_is_missing_from_a_form_that_is_json() -> None:
    """With a JSON body the scope FORM is empty, yet inspected."""
    assert refusal(ask(json={"a": 1}), "FORM", "a") == "parameter a required"
    assert refusal(ask(json={"a": "x"}), "FORM", ints="a") is None


def test_json_is_recognised_by_its_media_type_alone() -> None:
    """A charset and capital letters do not hide JSON; another media type is none."""
    for media, looked_at in (
        ("application/json; charset=utf-8", INT),
        ("Application/JSON", INT),
        ("application/vnd.api+json", None),
        ("text/plain", None),
    ):
        request = ask(json={"a": "x"}, headers={"Content-Type": media})
        assert refusal(request, "JSON", ints="a") == looked_at


def test_a_json_list_has_no_parameters() -> None:
    """Where the body is not an object, required parameters are missing and nothing else is."""
    request = ask(json=[1])
    for scope in ("JSON", "DATA"):
        assert compile_check(scope, "a")(request, {}) == Failure(scope, "parameter a required")
        assert compile_check(scope, None, {"ints": "a"})(request, {}) is None


def test_an_unknown_scope_is_announced_and_inspects_nothing() -> None:
    """A misspelt scope does nothing, as in the original, but there is a warning when it is declared."""
    with pytest.warns(UserWarning, match="scope 'json' is unknown and nothing is inspected"):
        check = compile_check("json", "a")
    assert check(ask(json={}), {}) is None


def test_the_first_argument_has_to_be_a_scope() -> None:
    """Names in the place of the scope are refused with the scopes that there are."""
    with pytest.raises(ValueError, match="the first argument is a scope, ARGS, URL"):
        compile_check(["a"])  # type: ignore[arg-type]


def test_rules_are_looked_at_in_the_order_of_the_original() -> None:
    """Of several violations the client is told the first: of the keywords in the order of their declaration.

    `required` comes behind them, then the rules for one parameter, then `emails`, `uuids` and `nones`.
    """
    rules: dict[str, Any] = {
        "uuids": "n",
        "nones": "o",
        "q": int,
        "safes": "m",
        "emails": "d",
        "r__gte": 3,
        "ranges": "k",
        "dicts": "j",
        "lists": "i",
        "booleans": "h",
        "strings": "g",
        "floats": "f",
        "ints": "e",
        "oneof": "b c",
        "manyof": "s t",
    }
    check = compile_check("ARGS", "a", rules)
    values: dict[str, Any] = {"a": 0, "d": "x", "e": "x", "f": "x", "g": 1, "h": "x", "i": 1, "j": 1}
    values |= {"k": "x", "m": "<script >", "n": "x", "o": "", "q": "x", "r": 1}
    repairs = {"m": "", "k": "1~2", "j": {}, "i": [], "h": True, "g": "x", "f": 1, "e": 1, "b": 1, "s": 1}
    repairs |= {"a": 1, "q": 3, "r": 4, "d": "a@b.com", "n": "123e4567-e89b-12d3-a456-426614174000"}
    found = []
    for name, value in repairs.items():
        failure = check(ask(json=values), {})
        assert failure is not None
        found.append(re.findall(r"parameters? (?:of )?(\w)\b", failure.text)[0])
        values[name] = value
    assert found == list(repairs)
    assert check(ask(json=values), {}) is None


def test_keywords_see_what_earlier_ones_have_converted() -> None:
    """`lists` behind `safes` and `notags` takes the text that they have left."""
    request = ask(json={"a": "<b>|c"})
    assert compile_check(rules={"safes": "a", "notags": "a", "lists": "a"})(request, {}) is None
    assert request.ARGS["a"] == ["&lt;b&gt;", "c"]


def test_rules_of_single_parameters_see_converted_values() -> None:
    """`floats` comes before `a__lte`, which could not read the text `9.5` as an int."""
    assert refusal(ask("a=9.5"), floats="a", a__lte=10) is None
    assert refusal(ask("a=11.5"), floats="a", a__lte=10) == "parameter a should less or equal than 10"


def test_conversions_reach_arguments_scope_and_collections() -> None:
    """A converted value of ARGS replaces the one in the call, in ARGS, in DATA and in URL."""
    request = ask("a=1", form={"b": "2"}, params={"c": "3"})
    called_with = dict(request.merged)
    assert compile_check("ARGS", None, {"ints": "a b c"})(request, called_with) is None
    assert called_with == {"a": 1, "b": 2, "c": 3}
    assert request.ARGS == {"a": 1, "b": 2, "c": 3}
    assert request.URL == {"a": 1}
    assert request.DATA == request.FORM == {"b": 2}


@pytest.mark.parametrize("scope", ["FORM", "DATA", "POST"])
def test_conversions_of_other_scopes_reach_args(scope: str) -> None:
    """What FORM, JSON, URL or DATA convert is converted in ARGS and in the call as well."""
    request = ask(form={"a": "1"})
    called_with = dict(request.merged)
    assert compile_check(scope, None, {"ints": "a"})(request, called_with) is None
    assert called_with == {"a": 1}
    assert request.ARGS == request.FORM == {"a": 1}


def test_a_converted_query_value_replaces_what_it_was_merged_into() -> None:
    """The scope URL puts its own value in the place of the list of path and query value."""
    request = ask("id=5", params={"id": 3})
    called_with = dict(request.merged)
    assert called_with == {"id": [3, "5"]}
    assert compile_check("URL", None, {"ints": "id"})(request, called_with) is None
    assert called_with == request.ARGS == {"id": 5}


def test_arguments_that_the_client_did_not_send_are_not_added() -> None:
    """A default is inspected and converted in ARGS, but the handler keeps its own."""
    request = ask("b=1")
    request.ARGS["a"] = "7"
    called_with: dict[str, Any] = {"b": "1"}
    assert compile_check("ARGS", None, {"ints": "a b"})(request, called_with) is None
    assert called_with == {"b": 1}
    assert request.ARGS == {"a": 7, "b": 1}


@pytest.mark.parametrize(
    ("rules", "remedy"),
    [
        ({"name__betwen": (1, 2)}, r"unknown operator 'betwen' \(is 'between' meant\?\)"),
        ({"name__bogus": 1}, "unknown operator 'bogus'; known are between, contains"),
        ({"name__lenn__lte": 1}, r"unknown function 'lenn' \(is 'len' meant\?\)"),
        ({"name__size__lte": 1}, "unknown function 'size'; known is len"),
        ({"name__len": 1}, "len needs an operator, as in name__len__lte"),
        ({"name__len__lte__x": 1}, "unknown operator 'x'"),
        ({"name__x__len__lte": 1}, "one function and one operator may follow a name"),
        ({"a__x___b": int}, "'x' is no list index"),
        ({"a___b__key": int}, "unknown operator 'key'"),
        ({"a": ["x", "y"]}, "has to hold types here. For one of several values say a__in"),
        ({"email": ["to"]}, "lists of parameters need a keyword"),
        ({"a": []}, "has to hold types here"),
        ({"a__between": 3}, "a__between: two values are expected"),
        ({"a__between": (1, 2, 3)}, "two values are expected"),
        ({"a__in": 3}, "a__in: a list of values is expected"),
        ({"a__regex": "("}, "is no regular expression"),
        ({"a__regex": 3}, "is no regular expression"),
    ],
)
def test_a_rule_that_could_never_work_is_told_when_declared(rules: dict[str, Any], remedy: str) -> None:
    """A mistake is a warning with the remedy when declared, and an error for who sends the parameter."""
    with pytest.warns(UserWarning, match=remedy):
        check = compile_check("ARGS", None, rules)
    assert check(ask("other=1"), {}) is None
    with pytest.raises(ValueError, match=remedy):
        check(ask("a=1&name=1&email=1"), {})


@pytest.mark.parametrize("rules", [{"ints": 3}, {"ints": [3]}, {"strings": str}])
def test_a_keyword_without_names_is_refused_when_declared(rules: dict[str, Any]) -> None:
    """`ints` and its like take names only."""
    with pytest.raises(ValueError, match="a list of parameter names is expected"):
        compile_check("ARGS", None, rules)


def test_a_wrong_required_is_refused_when_declared() -> None:
    """`required` takes names only."""
    with pytest.raises(ValueError, match="required: a list of parameter names is expected"):
        compile_check("ARGS", 3)
