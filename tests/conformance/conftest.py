"""Plays the cases of the collected tests while the tests look at them one by one, and sums up."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from .corpus import MORE, load_all
from .season import Played, season

OUTCOME = pytest.StashKey[list[Played]]()


@pytest.fixture(scope="session")
def played(request: pytest.FixtureRequest) -> Iterator[Callable[[str], Played]]:
    """Gives a case's outcome by its name; all cases of the collected tests are played, several at a time."""
    cases = load_all() | load_all(MORE)
    names: set[str] = {
        str(item.callspec.params["case_name"])
        for item in request.session.items
        if isinstance(item, pytest.Function)
        and hasattr(item, "callspec")
        and "case_name" in item.callspec.params
    }
    outcome = request.config.stash.setdefault(OUTCOME, [])
    with season([cases[name] for name in sorted(names)]) as coming:

        def result(name: str) -> Played:
            outcome.append(coming[name].result())
            return outcome[-1]

        yield result


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """One line with the figures of all cases that were played."""
    outcome = config.stash.get(OUTCOME, [])
    if outcome:
        count = sum(len(played.case.exchanges) for played in outcome)
        same = sum(played.passed for played in outcome)
        terminalreporter.write_line(
            f"conformance: {len(outcome)} cases, {same} of {count} exchanges as recorded"
        )
