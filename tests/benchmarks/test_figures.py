"""Figures say what was measured, beside what, and whether the target is reached."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from .figures import Figure, Target, as_text, report

OURS, THEIRS = [200.0, 20.0, 300.0], [100.0, 10.0, 100.0]


@pytest.mark.parametrize(
    ("target", "value", "met"),
    [
        (Target("ratio", 2.0, at_least=True), 2.0, True),
        (Target("ratio", 2.1, at_least=True), 2.0, False),
        (Target("ratio", 2.0), 2.0, True),
        (Target("ratio", 1.9), 2.0, False),
        (Target("difference", 100.0), 100.0, True),
        (Target("difference", 99.0), 100.0, False),
        (Target("ours", 200.0), 200.0, True),
        (Target("ours", 199.0), 200.0, False),
        (None, 2.0, None),
    ],
)
def test_target_is_compared_with_the_rounds_own_values(
    target: Target | None, value: float, met: bool | None
) -> None:
    """A ratio or a difference is the median of the rounds' own, so a slow round does not change it."""
    figure = Figure("calls", "calls/s", target, "them", OURS, THEIRS)
    assert figure.value() == value
    assert figure.is_met() is met


def test_figure_without_a_peer_is_compared_with_nothing() -> None:
    """Where nobody is measured beside us a ratio is neither reached nor missed."""
    figure = Figure("calls", "calls/s", Target("ratio", 4, at_least=True), "", OURS)
    assert figure.value() is None
    assert figure.is_met() is None


def test_growth_is_the_largest_of_all_rounds() -> None:
    """What grows round by round is not hidden by a median."""
    figure = Figure("growth", "MB", Target("ours", 10), "", [1.0, 2.0, 30.0], summary=max)
    assert figure.is_met() is False


def test_table_and_file_show_all_figures(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The table has a line a figure with its verdict, the file every round."""
    figures = [
        Figure("calls", "calls/s", Target("ratio", 4, at_least=True), "them", OURS, THEIRS),
        Figure("memory", "MB", Target("ours", 60), "", [1.0, 2.0, 3.0]),
    ]
    report(figures, tmp_path / "figures.json")
    rows = [row.split() for row in capsys.readouterr().out.splitlines()[3:]]
    assert rows[0] == [
        "calls",
        "200",
        "100",
        "calls/s",
        "them",
        "2.00",
        "x",
        "3",
        "at",
        "least",
        "4,",
        "MISSED",
    ]
    assert rows[1] == ["memory", "2", "MB", "3", "at", "most", "60,", "reached"]
    assert as_text(figures).count("\n") == 4
    written = json.loads((tmp_path / "figures.json").read_text())
    assert [each["met"] for each in written] == [False, True]
    assert written[0]["theirs"] == THEIRS
