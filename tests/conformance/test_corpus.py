"""The recorded cases."""

from __future__ import annotations

import pytest

from .corpus import load_all, select


def test_cases_are_selected_by_name_and_area() -> None:
    """A name stands for a case or for all cases of an area; an unknown one is an error that names it."""
    cases = load_all()
    assert list(select(cases, ["routing.hello"])) == ["routing.hello"]
    assert {case.area for case in select(cases, ["url", "map"]).values()} == {"url", "map"}
    assert select(cases, []) == cases
    with pytest.raises(KeyError, match="nosuch"):
        select(cases, ["nosuch"])


def test_corpus_is_complete() -> None:
    """Every exchange of the corpus has an id of its own and a recorded answer."""
    for case in load_all().values():
        assert len(set(case.ids)) == len(case.ids), case.name
        assert set(case.ids) <= set(case.expected()), case.name
