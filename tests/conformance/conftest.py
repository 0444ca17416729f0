"""Plays the cases of the collected tests while the tests look at them one by one, and sums up."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from .corpus import MORE, load_all
from .season import Played, season

PLAYED = "conformance"
"""The property of a test's report that counts its exchanges: (as recorded, all)."""


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


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """One line with the figures of all cases that were played."""
    figures = [
        value
        for outcome in ("passed", "failed")
        for report in terminalreporter.stats.get(outcome, [])
        for name, value in report.user_properties
        if name == PLAYED and report.when == "call"
    ]
    if figures:
        same, count = (sum(column) for column in zip(*figures, strict=True))
        terminalreporter.write_line(
            f"conformance: {len(figures)} cases, {same} of {count} exchanges as recorded"
        )
