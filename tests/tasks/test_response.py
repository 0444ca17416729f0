"""Result objects: what dispatch gives (spec/06 section 2.3)."""

from __future__ import annotations

import sqlite3

import pytest

from atila_compat.errors import HTTPError, HTTPTaskError
from atila_compat.tasks.response import STA_NETERR, STA_NORMAL, STA_TIMEOUT, Failure, Result, Results, single


@pytest.mark.parametrize(
    ("data", "one"),
    [
        ([5], 5),
        (("x",), "x"),
        ({"rows": [1, 2]}, [1, 2]),
        ("z", "z"),
        ({9}, 9),
        (7, 7),
        (None, None),
        ([None], None),
    ],
)
def test_single_is_the_only_element(data: object, one: object) -> None:
    """Lists, sets, texts and dicts of one give that one; what has no length is itself."""
    assert single(data) == one


@pytest.mark.parametrize("data", [[], {}, "", b"", ()])
def test_single_of_nothing_is_gone(data: object) -> None:
    """Nothing is 410."""
    with pytest.raises(HTTPError, match="410 Partial Not Found"):
        single(data)


@pytest.mark.parametrize("data", [[1, 2], {"a": 1, "b": 2}, "hi"])
def test_single_of_several_is_a_conflict(data: object) -> None:
    """Several are 409."""
    with pytest.raises(HTTPError, match="409 Conflict"):
        single(data)


def test_one_of_a_broken_constraint_is_a_conflict() -> None:
    """A database that refuses a duplicate is 409 for one, its own error for fetch and commit."""
    result = Result(None, sqlite3.IntegrityError("UNIQUE constraint failed: t.id"))
    with pytest.raises(HTTPError, match="409 Conflict") as caught:
        result.one()
    assert isinstance(caught.value.__cause__, sqlite3.IntegrityError)
    for call in (result.fetch, result.commit):
        with pytest.raises(sqlite3.IntegrityError):
            call()


def test_a_failure_raises_its_status() -> None:
    """A call without answer raises HTTPTaskError with code and reason, the cause behind it."""
    cause = OSError("refused")
    failure = Failure(STA_NETERR, 701, "Exception Occured", cause=cause)
    with pytest.raises(HTTPTaskError, match=r"^701 Exception Occured$") as caught:
        failure.fetch()
    assert caught.value.__cause__ is cause
    assert caught.value.response is failure
    assert (failure.status, failure.data, failure.text, failure.content) == (STA_NETERR, None, "", b"")
    assert failure.get_header("x") is None


def test_a_result_has_the_names_of_the_original() -> None:
    """code, msg, expt and their relatives are there."""
    result = Result([1])
    assert (result.status, result.code, result.msg, result.expt) == (STA_NORMAL, 200, "OK", None)
    assert result.is_normal()
    assert result.get_status() == STA_NORMAL
    assert result.dispatch() is result.wait() is result
    assert result.returning(5) == 5
    assert result.text == "[1]"
    assert Result('{"a": 1}').json() == {"a": 1}
    assert Result(b"\xffx").text == "\ufffdx"
    assert not Failure(STA_TIMEOUT, 730, "Timeout").is_normal()
    result.raise_for_status()


def test_results_are_lists_of_everything() -> None:
    """A call to several servers has lists of data, texts and statuses, and raises the first error."""
    results = Results([Result([1]), Result([2])])
    assert (results.data, results.text) == ([[1], [2]], ["[1]", "[2]"])
    assert (results.status, results.status_code, results.reason) == ([3, 3], [200, 200], ["OK", "OK"])
    assert results.fetch() == [[1], [2]]
    assert results.one() == [1, 2]
    results.commit()
    assert results.dispatch() is results.cache() is results
    results.append(Failure(STA_TIMEOUT, 730, "Timeout"))
    for call in (results.fetch, results.one, results.commit, results.raise_for_status):
        with pytest.raises(HTTPTaskError, match="730 Timeout"):
            call()


def test_results_that_cannot_be_cached_ignore_it() -> None:
    """cache() of a result without identity does nothing."""
    assert Result(1).cache(60).data == 1
