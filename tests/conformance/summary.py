"""The figures of the recorded cases at the end of a run, wherever its tests ran."""

from __future__ import annotations

import pytest

PLAYED = "conformance"
"""The property of a test's report that counts its exchanges: (as recorded, all)."""


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
