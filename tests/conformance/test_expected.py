"""The list of expected failures is strict and only shrinks."""

from __future__ import annotations

from pathlib import Path

import pytest

from . import expected
from .corpus import Case
from .season import Played

CASE = Case(Path("area.topic"), "about", ({"id": "a"}, {"id": "b"}, {"id": "c"}))


def played(*failed: str, trouble: str = "", started: bool = True) -> Played:
    return Played(CASE, {exchange_id: ["status 500"] for exchange_id in failed}, trouble, started)


def test_unlisted_failure_counts() -> None:
    """An answer that differs and is not listed speaks against the case, with what differs."""
    assert expected.judge(played("a"), frozenset()) == ["area.topic a: status 500"]


def test_listed_failure_is_accepted() -> None:
    """An answer that differs and is listed does not speak against the case."""
    assert expected.judge(played("a", "b"), frozenset("ab")) == []


def test_listed_pass_counts() -> None:
    """An answer that is listed and does not differ speaks against the case, and says what to do."""
    (line,) = expected.judge(played("a"), frozenset("ab"))
    assert line.startswith("area.topic b: is answered as recorded now")
    assert "--update-expected" in line


def test_app_that_does_not_end_counts() -> None:
    """An app that does not end in time speaks against its case, even where exchanges are listed."""
    line = "area.topic: did not end"
    assert expected.judge(played("a", trouble="did not end"), frozenset("a")) == [line]


def test_app_that_does_not_start_counts_by_its_exchanges() -> None:
    """An app that does not start is accepted only where all its exchanges are listed."""
    outcome = played("a", "b", "c", trouble="no module", started=False)
    assert expected.judge(outcome, frozenset("abc")) == []
    assert expected.judge(outcome, frozenset("ab")) == ["area.topic c: status 500", "area.topic: no module"]


def test_list_only_shrinks() -> None:
    """What is answered as recorded leaves the list, nothing enters it, and cases not played stay."""
    before = {"area.topic": frozenset("ab"), "other.case": frozenset("x")}
    after = {"area.topic": frozenset("b"), "other.case": frozenset("x")}
    assert expected.shrunk(before, [played("b", "c")]) == after
    assert expected.shrunk(before, [played()]) == {"other.case": frozenset("x")}


def test_list_survives_writing_and_reading(tmp_path: Path) -> None:
    """Reading gives what was written; a case without failures is not written."""
    path = tmp_path / "list.json"
    expected.write({"area.topic": frozenset("ca")}, {"area.topic": CASE, "other": CASE}, path)
    assert path.read_text() == '{\n "area.topic": ["a", "c"]\n}\n'
    assert expected.read(path) == {"area.topic": frozenset("ac")}
    expected.write({}, {"area.topic": CASE}, path)
    assert expected.read(path) == {}


def test_list_with_an_exchange_twice_is_refused(tmp_path: Path) -> None:
    """An exchange stands in the list once."""
    path = tmp_path / "list.json"
    path.write_text('{"area.topic": ["a", "a"]}')
    with pytest.raises(ValueError, match=r"area\.topic is listed twice"):
        expected.read(path)


def test_unknown_names_are_found() -> None:
    """Cases and exchanges that do not exist are named."""
    listed = {"area.topic": frozenset("az"), "no.case": frozenset("x")}
    assert expected.unknown(listed, {"area.topic": CASE}) == ["area.topic/z", "no.case/x"]
