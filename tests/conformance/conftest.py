"""Plays the cases of the collected tests while the tests look at them one by one."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from .corpus import MORE, load_all
from .season import Played, season
from .summary import PLAYED


@pytest.fixture(scope="session")
def coming(request: pytest.FixtureRequest) -> Iterator[Callable[[str], Played]]:
    """Gives a case's outcome by its name; all cases of the collected tests are played, several at a time."""
    cases = load_all() | load_all(MORE)
    names: set[str] = {
        str(item.callspec.params["case_name"])
        for item in request.session.items
        if isinstance(item, pytest.Function)
        and hasattr(item, "callspec")
        and "case_name" in item.callspec.params
    }
    with season([cases[name] for name in sorted(names)]) as outcomes:
        yield lambda name: outcomes[name].result()


@pytest.fixture
def played(
    coming: Callable[[str], Played], record_property: Callable[[str, object], None]
) -> Callable[[str], Played]:
    """Gives a case's outcome by its name, and notes the figures for the summary."""

    def result(name: str) -> Played:
        outcome = coming(name)
        record_property(PLAYED, (outcome.passed, len(outcome.case.exchanges)))
        return outcome

    return result
