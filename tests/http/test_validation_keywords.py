"""Keywords of `@app.inspect` (spec/03 section 5)."""

from __future__ import annotations

from typing import Any

import pytest

from .asking import ask, converted, refusal, verdict

UUID = "123e4567-e89b-12d3-a456-426614174000"
BOOLEAN = "parameter a should be a boolean (one of yes, no, y, n, t, f, true or false)"


@pytest.mark.parametrize("value", ["", 0, False, None, [], {}])
def test_required_parameters_have_to_be_true(value: Any) -> None:
    """`required` refuses what is missing, null, empty, zero or false."""
    assert refusal(ask(json={"a": value}), required="a") == "parameter a required"
    assert refusal(ask(), required="a") == "parameter a required"


def test_required_takes_the_text_zero() -> None:
    """ "0" is a text that is not empty."""
    assert refusal(ask("a=0"), required="a") is None


@pytest.mark.parametrize(
    ("keyword", "text"),
    [
        ("oneof", "one parameter of a, b are required"),
        ("manyof", "one or more parameters of a, b are required"),
    ],
)
def test_oneof_and_manyof_want_at_least_one(keyword: str, text: str) -> None:
    """Both are content with any name that is present and not null, and with several."""
    rules: dict[str, Any] = {keyword: ["a", "b"]}
    assert refusal(ask("c=1"), **rules) == text
    assert refusal(ask(json={"a": None}), **rules) == text
    assert refusal(ask("a="), **rules) is None
    assert refusal(ask("b=1"), **rules) is None
    assert refusal(ask("a=1&b=2"), **rules) is None


def test_oneof_of_one_name() -> None:
    """The text of a single name is the original's."""
    assert refusal(ask(), oneof="a") == "one parameter of a are required"


@pytest.mark.parametrize("keyword", ["ints", "floats", "strings", "booleans", "lists", "dicts", "ranges"])
def test_types_skip_what_is_missing_or_null(keyword: str) -> None:
    """A parameter that is not there is of any type."""
    rules: dict[str, Any] = {keyword: "a"}
    assert refusal(ask(), **rules) is None
    assert verdict(None, **rules) is None


@pytest.mark.parametrize("keyword", ["emails", "uuids", "notags", "safes", "nones"])
def test_contents_skip_what_is_missing_or_null(keyword: str) -> None:
    """A parameter that is not there has any content."""
    rules: dict[str, Any] = {keyword: "a"}
    assert refusal(ask(), **rules) is None
    assert verdict(None, **rules) is None


@pytest.mark.parametrize(
    ("value", "number"),
    [(1, 1), (1.9, 1), (True, 1), (False, 0), ("1", 1), (" 1 ", 1), ("-3", -3), ("1_000", 1000)],
)
def test_ints_are_converted(value: Any, number: int) -> None:
    """Whatever Python's `int` takes; a float is cut, true is 1."""
    result = converted(value, ints="a")
    assert result == number
    assert type(result) is int


@pytest.mark.parametrize("value", ["", "me", "1.0", [1], {}, [], float("nan"), float("inf"), "9" * 5000])
def test_what_is_no_int_is_refused(value: Any) -> None:
    """Also lists, objects and numbers that have no int, at which the original breaks down."""
    assert verdict(value, ints="a") == "parameter a should be int type"


@pytest.mark.parametrize(("value", "number"), [(1, 1.0), ("1e3", 1000.0), ("-.5", -0.5), (True, 1.0)])
def test_floats_are_converted(value: Any, number: float) -> None:
    """Whatever Python's `float` takes."""
    result = converted(value, floats="a")
    assert result == number
    assert type(result) is float


@pytest.mark.parametrize("value", ["", "cheap", [1.0], {}])
def test_what_is_no_float_is_refused(value: Any) -> None:
    """Also lists and objects, at which the original breaks down."""
    assert verdict(value, floats="a") == "parameter a should be float type"


def test_strings_are_not_converted() -> None:
    """A text passes as it is, a number is refused."""
    assert converted("", strings="a") == ""
    values: list[Any] = [1, True, [], {}]
    for value in values:
        assert verdict(value, strings="a") == "parameter a should be string type"


@pytest.mark.parametrize("value", ["True", "yes", "true", "y", "t", True])
def test_words_for_true(value: Any) -> None:
    """`booleans` knows these words, in this case only."""
    assert converted(value, booleans="a") is True


@pytest.mark.parametrize("value", ["False", "no", "false", "n", "f", False])
def test_words_for_false(value: Any) -> None:
    """`booleans` knows these words, in this case only."""
    assert converted(value, booleans="a") is False


@pytest.mark.parametrize("value", [1, 0, 1.0])
def test_the_numbers_one_and_zero_stay_numbers(value: Any) -> None:
    """JSON's 1 and 0 pass as booleans and are not converted."""
    result = converted(value, booleans="a")
    assert result == value
    assert type(result) is type(value)


@pytest.mark.parametrize("value", ["", "1", "0", "T", "YES", "TRUE", "maybe", 2, [], [1], {}, {"a": 1}])
def test_what_is_no_boolean_is_refused(value: Any) -> None:
    """The texts "1" and "0" are none either."""
    assert verdict(value, booleans="a") == BOOLEAN


@pytest.mark.parametrize(
    ("value", "items"), [("a|b", ["a", "b"]), ("a", ["a"]), ("", [""]), ("a||b", ["a", "", "b"]), ([1], [1])]
)
def test_lists_are_split_at_bars(value: Any, items: list[Any]) -> None:
    """A text becomes a list, a list stays."""
    assert converted(value, lists="a") == items


def test_repeated_parameters_are_a_list() -> None:
    """`?a=1&a=2` passes as a list."""
    assert refusal(ask("a=1&a=2"), lists="a", a__len__eq=2) is None


def test_what_is_no_list_is_refused() -> None:
    """Numbers and objects are no lists."""
    values: list[Any] = [3, {}, True]
    for value in values:
        assert verdict(value, lists="a") == "parameter a should be a list or bar delimtered string"


def test_dicts_are_json_objects() -> None:
    """Nothing but an object passes."""
    assert converted({"x": 1}, dicts="a") == {"x": 1}
    values: list[Any] = ["{}", 3, []]
    for value in values:
        assert verdict(value, dicts="a") == "parameter a should be dict type"


@pytest.mark.parametrize(
    ("value", "pair"), [("1~5", (1, 5)), ("5~1", (5, 1)), (" 1 ~ 5 ", (1, 5)), ("-1~5", (-1, 5))]
)
def test_ranges_become_pairs_of_ints(value: str, pair: tuple[int, int]) -> None:
    """`"1~5"` becomes `(1, 5)`."""
    assert converted(value, ranges="a") == pair


@pytest.mark.parametrize("value", ["", "1", "1~", "~5", "a~b", "1~2~3", "1.5~2", "3-9", 3, [1, 2], {}])
def test_what_is_no_range_is_refused(value: Any) -> None:
    """Also numbers and lists, at which the original breaks down."""
    assert verdict(value, ranges="a") == "parameter a should be range type"


def test_a_range_may_be_inspected_twice() -> None:
    """What another inspect, or a default, has made a pair already stays one."""
    request = ask("a=1~5")
    request.ARGS["a"] = (1, 5)
    assert refusal(request, ranges="a") is None


@pytest.mark.parametrize(
    "value",
    [
        "hans.roh@example.com",
        "A@B.COM",
        "x a@b.com",
        "-a@b.com",
        "a+b@c.com",
        "a_b@c.com",
        "a.@b.com",
        "x@y@b.com",
        "a@b.com.c",
        "a1@1.com",
        "a@1.2.com",
        "a@-b.com",
        "a@b..com",
    ],
)
def test_addresses_that_the_original_takes(value: str) -> None:
    """The end of the text has to look like an address, what stands in front does not matter."""
    assert verdict(value, emails="a") is None


@pytest.mark.parametrize(
    "value",
    [
        "",
        "a",
        "a@b",
        "a@b.c",
        "a@b.c1",
        "a@.com",
        "a@com",
        "a_@b.com",
        "a@b_c.com",
        "@b.com",
        ".@b.com",
        "a@@b.com",
        "a@b.com.",
        "a@b.com ",
        "a@b.com\n",
        "é@b.com",
        3,
        True,
        [],
        ["a@b.com"],
        {},
    ],
)
def test_addresses_that_are_refused(value: Any) -> None:
    """Also what is no text, at which the original breaks down, and a line break, which would end a header."""
    assert verdict(value, emails="a") == "parameter a is invalid"


def test_uuids_are_searched_for() -> None:
    """Eight, three times four and twelve hexadecimal digits, anywhere in the text."""
    for value in (UUID, UUID.upper(), f" x{UUID}x"):
        assert verdict(value, uuids="a") is None
    for other in ("", "123e4567", UUID.replace("-", ""), 3, [UUID]):
        assert verdict(other, uuids="a") == "parameter a is invalid"


def test_notags_escapes() -> None:
    """Tags are not refused but made harmless."""
    assert converted("<b>bold</b> & more", notags="a") == "&lt;b&gt;bold&lt;/b&gt; & more"
    assert converted("", notags="a") == ""
    for value in (3, ["<"], {"a": "<"}):
        assert verdict(value, notags="a") == "parameter a should be string type"


def test_notags_before_safes() -> None:
    """A script that has been escaped is safe; it is not yet where `safes` stands first."""
    assert converted("<script>x", notags="a", safes="a") == "&lt;script&gt;x"
    assert verdict("<script>x", safes="a", notags="a") == "parameter a is unsafe"


@pytest.mark.parametrize(
    "value",
    [
        "<script>",
        "<SCRIPT\nx>",
        "<script/src=x>",
        '"javascript:',
        "'  javascript:x",
        "= javascript:",
        "='JavaScript:",
        "<a onload=x>",
        "x\tonclick =",
        " once = 3",
        "&#x3c;",
        "&#X3C;",
        "┻━┻",
    ],
)
def test_scripts_are_unsafe(value: str) -> None:
    """`safes` knows script tags, javascript URLs, event attributes and hexadecimal entities."""
    assert verdict(value, safes="a") == "parameter a is unsafe"


@pytest.mark.parametrize(
    "value",
    [
        "",
        "<b>hi</b>",
        "<script",
        "<scripty>",
        "</script>",
        "javascript:x",
        "on=x",
        " on1=",
        "&#60;",
        "&#x",
        "&lt;",
    ],
)
def test_other_markup_is_safe(value: str) -> None:
    """What the original lets pass passes."""
    assert verdict(value, safes="a") is None


def test_safes_want_a_text() -> None:
    """What is no text cannot be looked at; the original breaks down at it."""
    for value in (3, [], ["<script>"], {"a": "<script>"}):
        assert verdict(value, safes="a") == "parameter a should be string type"


@pytest.mark.parametrize("value", ["", 0, 0.0, False, [], {}])
def test_nones_clears_what_is_empty(value: Any) -> None:
    """Empty values become None."""
    assert converted(value, nones="a") is None


def test_nones_keeps_the_text_zero() -> None:
    """ "0" is not empty; but an int of it is, and `nones` comes last."""
    assert converted("0", nones="a") == "0"
    assert converted("0", nones="a", ints="a") is None


def test_nones_comes_after_the_other_rules() -> None:
    """An empty text is looked at by all others before it becomes None."""
    assert verdict("", nones="a", ints="a") == "parameter a should be int type"
    assert verdict("", nones="a", emails="a") == "parameter a is invalid"
    assert verdict("", nones="a", a__in=["x"]) == "parameter a should be one of ['x']"


def test_a_parameter_of_any_name() -> None:
    """Names that are no identifiers can be listed."""
    assert refusal(ask("x-y=q"), ints=["x-y"]) == "parameter x-y should be int type"
    assert refusal(ask({"a__b": "q"}), ints="a__b") == "parameter a__b should be int type"


@pytest.mark.parametrize("keyword", ["emails", "uuids", "safes", "lists", "ints", "ranges", "notags"])
@pytest.mark.parametrize("piece", ["a", "=", " on", "-", "@", "a@", "'", "f-", "1", " "])
def test_long_texts_take_linear_time(keyword: str, piece: str) -> None:
    """No text makes a keyword search for long: a megabyte is done long before the test's time is up."""
    rules: dict[str, Any] = {keyword: "a"}
    verdict(piece * (1_000_000 // len(piece)), **rules)
