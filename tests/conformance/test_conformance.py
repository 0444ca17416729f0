"""The recorded cases, played on real servers, against the list of what is not built yet."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from . import expected, support
from .corpus import MORE, load_all
from .season import Played

CASES = load_all()
OWN = load_all(MORE)
EXPECTED = expected.read()


@pytest.mark.timeout(240)  # the first tests wait for the cases that take longest
@pytest.mark.parametrize("case_name", [*CASES, *OWN])
def test_case_is_answered_as_recorded(case_name: str, played: Callable[[str], Played]) -> None:
    """An unmodified app gives the answers that the original gave, but for those listed as not built yet."""
    against = expected.judge(played(case_name), EXPECTED.get(case_name, frozenset()))
    if against:
        pytest.fail("\n".join(against), pytrace=False)


def test_expected_failures_are_exchanges_of_the_corpus() -> None:
    """Every exchange in the list of expected failures exists."""
    assert expected.unknown(EXPECTED, CASES) == []


def test_readme_shows_the_figures_of_the_corpus() -> None:
    """The README's support table is the one that the cases and the list of expected failures give."""
    shown = support.between(support.README.read_text())
    assert shown == support.table(CASES, EXPECTED), "run: python -m tests.conformance --readme"


def test_every_area_is_described() -> None:
    """The support table says of each area what apps use it for, and describes no area without cases."""
    assert set(support.AREAS) == {case.area for case in CASES.values()}
