"""The recorded cases."""

from __future__ import annotations

import pytest

from .corpus import MORE, load_all, select


def test_cases_are_selected_by_name_and_area() -> None:
    """A name stands for a case or for all cases of an area; an unknown one is an error that names it."""
    cases = load_all()
    assert list(select(cases, ["routing.hello"])) == ["routing.hello"]
    assert {case.area for case in select(cases, ["url", "map"]).values()} == {"url", "map"}
    assert select(cases, []) == cases
    with pytest.raises(KeyError, match="nosuch"):
        select(cases, ["nosuch"])


def test_corpus_is_complete() -> None:
    """Every exchange, our own too, has an id of its own and a recorded answer; no case has two names."""
    corpus, own = load_all(), load_all(MORE)
    assert not corpus.keys() & own.keys()
    for case in [*corpus.values(), *own.values()]:
        assert len(set(case.ids)) == len(case.ids), case.name
        assert set(case.ids) <= set(case.expected()), case.name
