from __future__ import annotations

import collections
import datetime
import decimal
import enum
import json
import uuid
import xmlrpc.client
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atila_compat.errors import AtilaError
from atila_compat.http.api import API, api_arguments, encode_json, encode_xml, make_fault

UTC = datetime.UTC
SEOUL = datetime.timezone(datetime.timedelta(hours=9))
MOMENT = datetime.datetime(2020, 3, 1, 8, 59, 58, 500000, tzinfo=SEOUL)

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


def read_xml(body: bytes) -> Any:
    """What an XML-RPC client reads from a params document."""
    values, _ = xmlrpc.client.loads(body, use_builtin_types=True)
    return values[0]


@pytest.mark.parametrize(
    ("encoder", "expected"),
    [
        ("utcoffset", "2020-02-29 23:59:58+00"),
        ("iso", "2020-02-29T23:59:58.500000+00:00"),
        ("unixepoch", 1583020798.5),
        ("digit", "20200229235958"),
        ("str", "2020-03-01 08:59:58.500000+09:00"),
    ],
)
def test_json_encoder_names_choose_how_datetimes_are_written(encoder: str, expected: object) -> None:
    """Each name of JSON_ENCODER writes a datetime in its own form, in UTC but for `str`."""
    assert json.loads(encode_json({"at": MOMENT}, encoder)) == {"at": expected}


def test_dates_are_iso_with_every_encoder() -> None:
    """A date without a time is written as YYYY-MM-DD."""
    for encoder in ("utcoffset", "iso", "unixepoch", "digit", "str"):
        assert encode_json({"day": datetime.date(2021, 5, 4)}, encoder) == b'{"day": "2021-05-04"}'


def test_naive_datetimes_are_local_time() -> None:
    """A datetime without a zone is taken as the server's local time."""
    naive = datetime.datetime(2021, 1, 2, 3, 4, 5)
    in_utc = naive.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S+00")
    assert json.loads(encode_json({"at": naive})) == {"at": in_utc}


def test_text_is_not_escaped_to_ascii() -> None:
    """Letters outside ASCII go out as UTF-8."""
    assert encode_json({"s": "str é"}) == '{"s": "str é"}'.encode()


def test_pretty_json_is_indented_by_two() -> None:
    """PRETTY_JSON indents by two."""
    assert encode_json({"l": [1]}, pretty=True) == b'{\n  "l": [\n    1\n  ]\n}'


@pytest.mark.parametrize(
    "value",
    [
        decimal.Decimal("1.5"),
        uuid.UUID(int=1),
        datetime.time(1),
        datetime.timedelta(1),
        {1},
        b"b",
        object(),
        datetime.datetime.max,
        {(1, 2): 3},
    ],
)
def test_what_json_cannot_express_is_a_type_error(value: object) -> None:
    """Decimal, UUID, time, set, bytes and the like raise TypeError: the answer is a 500."""
    if value is datetime.datetime.max:
        value = value.replace(tzinfo=datetime.timezone(-datetime.timedelta(hours=3)))
    with pytest.raises(TypeError):
        encode_json({"v": value})


def test_circular_data_is_a_type_error() -> None:
    """Data that contains itself raises TypeError in both forms."""
    data: dict[str, Any] = {}
    data["self"] = data
    with pytest.raises(TypeError):
        encode_json(data)
    with pytest.raises(TypeError):
        encode_xml(data)


def test_lone_surrogates_survive_as_escapes() -> None:
    """A half of a surrogate pair, which a client's JSON may contain, goes back as its escape."""
    body = encode_json({"s": "\ud800"})
    assert body == b'{"s": "\\ud800"}'
    assert json.loads(body) == {"s": "\ud800"}


def test_unknown_encoder_names_the_known_ones() -> None:
    """A misspelt JSON_ENCODER says which names there are."""
    with pytest.raises(AtilaError, match="utcoffset"):
        encode_json({}, "isoformat")


class Exact(json.JSONEncoder):
    """An app's own encoder."""

    def default(self, o: object) -> object:
        """Decimals as text."""
        return str(o) if isinstance(o, decimal.Decimal) else super().default(o)


def test_encoder_may_be_a_class() -> None:
    """JSON_ENCODER may be a JSONEncoder class, with and without indentation."""
    data = {"price": decimal.Decimal("12.50"), "é": 1}
    assert encode_json(data, Exact) == '{"price": "12.50", "é": 1}'.encode()
    assert encode_json(data, Exact, pretty=True).startswith(b'{\n  "price"')


def test_encoder_class_may_have_a_name() -> None:
    """API.add_custom_encoder gives a class a name for JSON_ENCODER."""
    API.add_custom_encoder("exact", Exact)
    assert API({"d": decimal.Decimal(1)}, encoder="exact").encode() == b'{"d": "1"}'


@given(json_values)
def test_json_reads_back(value: Any) -> None:
    """Whatever came in as JSON can be sent back."""
    assert json.loads(encode_json({"v": value})) == {"v": value}


def test_xml_is_a_params_document() -> None:
    """The XML form is an XML-RPC params document with one struct."""
    assert encode_xml({"age": 31, "ok": True}) == (
        b"<params>\n<param>\n<value><struct>\n<member>\n<name>age</name>\n<value><int>31</int></value>\n</member>\n"
        b"<member>\n<name>ok</name>\n<value><boolean>1</boolean></value>\n</member>\n</struct></value>\n</param>\n"
        b"</params>\n"
    )


def test_xml_nests_and_escapes() -> None:
    """Lists, dicts and markup inside text survive the XML form."""
    data = {"l": [1, "two", [3.0]], "d": {"k": {"kk": "v"}}, "e": [], "text": "a < b & c ]]>"}
    assert read_xml(encode_xml(data)) == data


def test_xml_takes_subclasses_of_plain_types() -> None:
    """A subclass of dict, str, int or list is written as what it is."""

    class Colour(enum.StrEnum):
        RED = "red"

    class Size(enum.IntEnum):
        SMALL = 1

    data = {"d": collections.OrderedDict(a=1), "s": Colour.RED, "n": Size.SMALL}
    assert read_xml(encode_xml(data)) == {"d": {"a": 1}, "s": "red", "n": 1}


def test_xml_takes_whole_numbers_of_any_size() -> None:
    """A whole number beyond 32 bits is an i8 or a biginteger."""
    for number in (2**31 - 1, -(2**31), 2**31, -(2**63), 2**70):
        assert read_xml(encode_xml({"n": number})) == {"n": number}


@pytest.mark.parametrize("value", [None, datetime.date(2021, 1, 2), {1: 2}, {1}])
def test_what_xml_cannot_express_is_a_type_error(value: object) -> None:
    """None, plain dates and names that are no strings raise TypeError: the answer is a 500."""
    with pytest.raises(TypeError):
        encode_xml({"v": value})


@given(st.text())
def test_any_text_is_well_formed_xml(text: str) -> None:
    """Control characters and lone surrogates never break the XML document."""
    assert isinstance(read_xml(encode_xml({"v": text}))["v"], str)


@pytest.mark.parametrize(
    ("accept", "content_type"),
    [
        (None, "application/json"),
        ("*/*", "application/json"),
        ("text/html", "application/json"),
        ("application/xml", "application/json"),
        ("text/xml", "text/xml"),
        ("application/xhtml+xml,text/xml;q=0.9,*/*;q=0.8", "text/xml"),
    ],
)
def test_accept_chooses_the_form(accept: str | None, content_type: str) -> None:
    """XML only where Accept names text/xml; the choice is made when the value is made."""
    assert API({}, accept=accept).content_type == content_type


def test_members_can_be_read_and_set() -> None:
    """An API value is read and changed like a dict; a missing member is None."""
    api = API({"a": 1})
    api["b"] = 2
    api.set("c", [3])
    assert (api["a"], api["nope"], api.get("b"), api.get("x", 5), "c" in api) == (1, None, 2, 5, True)
    assert str(api) == '{"a": 1, "b": 2, "c": [3]}'
    assert bool(API())


def test_arguments_are_status_dict_and_names() -> None:
    """was.API takes an optional status, an optional dict, and names, merged in this order."""
    assert api_arguments((), {}) == (None, {})
    assert api_arguments(("201 Created",), {"a": 1}) == ("201 Created", {"a": 1})
    assert api_arguments(({"a": 1},), {"a": 2, "b": 3}) == (None, {"a": 2, "b": 3})
    assert api_arguments(("202 Accepted", {"a": 1}), {"b": 2}) == ("202 Accepted", {"a": 1, "b": 2})
    assert api_arguments((None,), {}) == (None, {})
    assert api_arguments(({"a": 1}, "201 Created"), {}) == (None, {"a": 1})
    assert api_arguments(("200 OK", [1, {"a": 2}]), {}) == ("200 OK", [1, {"a": 2}])
    assert api_arguments(("200 OK", "text"), {}) == ("200 OK", "text")
    assert api_arguments(("200 OK", []), {}) == api_arguments(("200 OK", None), {}) == ("200 OK", {})
    assert api_arguments(("200 OK", []), {"a": 1}) == ("200 OK", {"a": 1})


def test_arguments_refuse_lists_and_bad_status() -> None:
    """A list is refused with a remedy, a malformed status with an assertion."""
    with pytest.raises(TypeError, match="items"):
        api_arguments(([1],), {})
    with pytest.raises(TypeError, match="not a list"):
        api_arguments(("200 OK", [1]), {"a": 2})
    with pytest.raises(AssertionError):
        api_arguments(("Created",), {})


def test_merging_leaves_the_given_dict_alone() -> None:
    """Names do not change the dict that was passed with them."""
    given_dict = {"a": 1}
    api_arguments((given_dict,), {"b": 2})
    assert given_dict == {"a": 1}


def test_fault_omits_empty_members_and_is_indented() -> None:
    """was.Fault has code and message, the rest only where it is given, and is always indented."""
    assert str(make_fault("400 Bad Request", "no")) == '{\n  "code": 40000,\n  "message": "no"\n}'
    full = make_fault("400 Bad Request", "m", 7, "dbg", {"field": "name"})
    assert full.data == {"code": 7, "message": "m", "debug": "dbg", "more_info": {"field": "name"}}
    assert make_fault().data == {"code": 20000, "message": ""}


def test_fault_with_traceback() -> None:
    """With traceback=True the code is status * 100 + 90 and the exception being handled is shown."""
    try:
        1 / 0  # noqa: B018
    except ZeroDivisionError:
        fault = make_fault("400 Bad Request", "m", traceback=True)
    assert (fault.data["code"], fault.data["debug"]) == (40090, "see traceback")
    assert fault.data["traceback"][0] == "<class 'ZeroDivisionError'> division by zero"
    assert fault.data["traceback"][1].startswith("in file ")


def test_fault_follows_accept() -> None:
    """was.Fault is XML where the client asks for it."""
    fault = make_fault("400 Bad Request", "no good", 40099, accept="text/xml")
    assert read_xml(fault.encode()) == {"code": 40099, "message": "no good"}
