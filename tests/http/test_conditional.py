from __future__ import annotations

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atila_compat.http.conditional import (
    MAX_OPEN_RANGE,
    RangeError,
    check_etag,
    check_mtime,
    etag_of,
    evaluate,
    http_date,
    if_range_holds,
    parse_http_date,
    parse_range,
    quoted,
)
from atila_compat.structures import CaseInsensitiveDict

MTIME = 1600000000
DATE = "Sun, 13 Sep 2020 12:26:40 GMT"
BEFORE = "Sun, 13 Sep 2020 12:26:39 GMT"


def sent(**headers: str) -> CaseInsensitiveDict:
    """Request headers: If_Match="x" for If-Match: x."""
    return CaseInsensitiveDict({name.replace("_", "-"): value for name, value in headers.items()})


def test_dates_are_written_and_read() -> None:
    """HTTP dates are GMT; a datetime with a zone is converted."""
    seoul = datetime.timezone(datetime.timedelta(hours=9))
    assert http_date(MTIME + 0.9) == DATE
    assert http_date(datetime.datetime(2020, 9, 13, 21, 26, 40, tzinfo=seoul)) == DATE
    assert parse_http_date(DATE) == MTIME
    assert parse_http_date("Sunday, 13-Sep-20 12:26:40 GMT") == MTIME
    assert parse_http_date("Sun, 13 Sep 2020 12:26:40 -0000") == MTIME


@given(st.text() | st.from_regex(r"\w{3}, \d+ \w{3} \d+ \d+:\d+:\d+ \w+"))
def test_any_text_may_stand_for_a_date(text: str) -> None:
    """What is not a date is None, whatever it is."""
    assert parse_http_date(text) is None or isinstance(parse_http_date(text), int)


def test_etags_are_md5_of_the_identifier() -> None:
    """An entity tag is the md5 of the identifier's text, and is quoted once."""
    assert etag_of("abc") == "900150983cd24fb0d6963f7d28e17f72"
    assert quoted("abc") == '"abc"'
    assert quoted('"abc"') == '"abc"'
    assert quoted('W/"abc"') == 'W/"abc"'
    assert quoted('a"b') == '"ab"'


@pytest.mark.parametrize("header", ['"t"', 'W/"t"', '"x", "t"', "*", "t", '"x",W/"t"'])
def test_if_none_match_is_304_where_it_names_the_tag(header: str) -> None:
    """If-None-Match compares weakly, with every tag of the list."""
    assert check_etag("t", sent(If_None_Match=header).get) == 304


@pytest.mark.parametrize("header", ['"u"', "", "T", '"x", "y"', '"t'])
def test_if_none_match_goes_on_where_it_does_not(header: str) -> None:
    """Another tag means that the answer is sent."""
    assert check_etag("t", sent(If_None_Match=header).get) == 0


def test_if_none_match_forbids_writes() -> None:
    """A write with a matching If-None-Match fails with 412."""
    assert check_etag("t", sent(If_None_Match="*").get, "PUT") == 412


def test_if_match() -> None:
    """If-Match with another tag is 412; weak tags never match."""
    assert check_etag("t", sent(If_Match='"x", "t"').get) == 0
    assert check_etag("t", sent(If_Match="*").get) == 0
    assert check_etag("t", sent(If_Match='"x"').get) == 412
    assert check_etag("t", sent(If_Match='W/"t"').get) == 412


def test_if_modified_since() -> None:
    """304 unless the answer is newer than the date; a date that cannot be read does not count."""
    assert check_mtime(MTIME, sent(If_Modified_Since=DATE).get) == 304
    assert check_mtime(MTIME + 0.9, sent(If_Modified_Since=DATE).get) == 304
    assert check_mtime(MTIME, sent(If_Modified_Since=BEFORE).get) == 0
    assert check_mtime(MTIME, sent(If_Modified_Since="junk").get) == 0
    assert check_mtime(MTIME, sent(If_Modified_Since=DATE).get, "POST") == 0


def test_if_modified_since_may_tell_a_length() -> None:
    """A length after the date that differs means that the answer is sent."""
    assert check_mtime(MTIME, sent(If_Modified_Since=DATE + "; length=10").get, length=10) == 304
    assert check_mtime(MTIME, sent(If_Modified_Since=DATE + "; length=11").get, length=10) == 0


def test_if_unmodified_since() -> None:
    """412 where the answer is newer, or the date cannot be read."""
    assert check_mtime(MTIME, sent(If_Unmodified_Since=DATE).get) == 0
    assert check_mtime(MTIME, sent(If_Unmodified_Since=BEFORE).get) == 412
    assert check_mtime(MTIME, sent(If_Unmodified_Since="junk").get) == 412


def test_tags_go_before_dates() -> None:
    """Where a client sends tag and date, the date does not count."""
    headers = sent(If_None_Match='"old"', If_Modified_Since="Fri, 01 Jan 2100 00:00:00 GMT")
    assert evaluate(headers.get, etag="t", mtime=MTIME) == 0
    headers = sent(If_Match='"t"', If_Unmodified_Since=BEFORE)
    assert evaluate(headers.get, etag="t", mtime=MTIME) == 0


def test_failed_preconditions_go_before_304() -> None:
    """412 wins over 304."""
    headers = sent(If_Match='"x"', If_None_Match='"t"')
    assert evaluate(headers.get, etag="t", mtime=MTIME) == 412


def test_if_range() -> None:
    """A range counts only for the version that If-Range names."""
    assert if_range_holds(None, etag="t", mtime=MTIME)
    assert if_range_holds('"t"', etag="t", mtime=MTIME)
    assert not if_range_holds('"u"', etag="t", mtime=MTIME)
    assert not if_range_holds('W/"t"', etag="t", mtime=MTIME)
    assert if_range_holds(DATE, etag="t", mtime=MTIME)
    assert not if_range_holds(BEFORE, etag="t", mtime=MTIME)
    assert not if_range_holds("junk", etag=None, mtime=None)


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("bytes=0-4", (0, 5)),
        ("bytes=9-9", (9, 10)),
        ("bytes=7-", (7, 10)),
        ("bytes=-3", (7, 10)),
        ("bytes=-30", (0, 10)),
        ("bytes= 0 - 4 ", (0, 5)),
        ("Bytes=0-4", (0, 5)),
    ],
)
def test_ranges(header: str, expected: tuple[int, int]) -> None:
    """First and last byte, an open end, and so many from the end."""
    found = parse_range(header, 10)
    assert found is not None
    assert (found.start, found.stop) == expected
    assert found.content_range == f"bytes {expected[0]}-{expected[1] - 1}/10"
    assert found.length == expected[1] - expected[0]


@pytest.mark.parametrize("header", [None, "items=0-4", "0-4", "bytes=0-4,6-8", "bytes=0-4, -1"])
def test_whole_bodies(header: str | None) -> None:
    """No range, other units and several ranges are answered with the whole body."""
    assert parse_range(header, 10) is None


@pytest.mark.parametrize(
    "header",
    [
        "bytes",
        "bytes=",
        "bytes=abc",
        "bytes=-",
        "bytes=--1",
        "bytes=5-2",
        "bytes=10-",
        "bytes=5-10",
        "bytes=-0",
        "bytes=0-99999999999999999999",
        "bytes=0-4,x",
        "bytes=²-",
        "bytes=" + "9" * 100000,
    ],
)
def test_ranges_that_cannot_be_satisfied(header: str) -> None:
    """What is malformed or reaches beyond the body is a 416."""
    with pytest.raises(RangeError) as caught:
        parse_range(header, 10)
    assert caught.value.content_range == "bytes */10"


def test_open_ranges_are_limited() -> None:
    """A range without an end is cut to 1 MiB, one with an end is not."""
    size = 3 * MAX_OPEN_RANGE
    found = parse_range("bytes=100-", size)
    assert found == (100, 100 + MAX_OPEN_RANGE, size)
    found = parse_range(f"bytes=0-{size - 1}", size)
    assert found == (0, size, size)


def test_an_empty_body_has_no_ranges() -> None:
    """Any range of an empty body is the whole of it."""
    assert parse_range("bytes=0-", 0) is None


@given(st.text() | st.from_regex(r"bytes=[0-9,\- ]*", fullmatch=True), st.integers(0, 10**6))
def test_any_range_stays_within_the_body(header: str, size: int) -> None:
    """No Range header reaches outside of the body."""
    try:
        found = parse_range(header, size)
    except RangeError:
        return
    assert found is None or 0 <= found.start < found.stop <= size
