"""Figures that have a target: what was measured of this project, and of a peer beside it, round by round."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from .names import THIS


@dataclass(frozen=True)
class Target:
    """What is to be reached.

    Attributes:
        of: `ratio` of ours to theirs, `difference` of the two, or `ours` alone.
        bound: the value.
        at_least: whether more is better; else it must not be passed.
    """

    of: str
    bound: float
    at_least: bool = False

    def __str__(self) -> str:
        return f"{'at least' if self.at_least else 'at most'} {self.bound:g}"


@dataclass
class Figure:
    """One figure.

    Attributes:
        name: what was measured.
        unit: of the values.
        target: None where it is only worth knowing.
        peer: who was measured beside us, empty for nobody.
        ours, theirs: values, one a round; round for round they belong together.
        summary: what makes one value of those of all rounds.
    """

    name: str
    unit: str
    target: Target | None = None
    peer: str = ""
    ours: list[float] = field(default_factory=list)
    theirs: list[float] = field(default_factory=list)
    summary: Callable[[Sequence[float]], float] = median

    def value(self) -> float | None:
        """What the target is compared with: the summary of the rounds' own ratios or differences."""
        pairs = list(zip(self.ours, self.theirs, strict=bool(self.peer)))
        if self.target is not None and self.target.of == "ours":
            return self.summary(self.ours)
        if self.target is not None and self.target.of == "difference":
            return self.summary([ours - theirs for ours, theirs in pairs])
        if not pairs or not all(theirs > 0 for _, theirs in pairs):
            return None
        return self.summary([ours / theirs for ours, theirs in pairs])

    def is_met(self) -> bool | None:
        """Whether the target is reached; None where there is none, or nothing to compare with."""
        value = self.value()
        if self.target is None or value is None:
            return None
        return value >= self.target.bound if self.target.at_least else value <= self.target.bound

    def as_json(self) -> dict[str, Any]:
        """All of it."""
        return {
            "name": self.name,
            "unit": self.unit,
            "peer": self.peer,
            "ours": [round(value, 4) for value in self.ours],
            "theirs": [round(value, 4) for value in self.theirs],
            "value": None if (value := self.value()) is None else round(value, 4),
            "target": None if self.target is None else f"{self.target.of} {self.target}",
            "met": self.is_met(),
        }


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}" if abs(value) < 100 else f"{value:.0f}"


def as_text(figures: Sequence[Figure]) -> str:
    """A table of all figures."""
    processors = len(os.sched_getaffinity(0))
    lines = [f"{processors} processors, Python {platform.python_version()}", ""]
    width = max(len(figure.name) for figure in figures)
    peers = max(len(figure.peer) for figure in figures)
    titles = f"{'peer':>12}  {'unit':<10}  {'':<{peers}}  compared  rounds  target"
    lines.append(f"{'':<{width}}  {THIS:>12}  {titles}")
    for figure in figures:
        theirs = _number(figure.summary(figure.theirs)) if figure.theirs else ""
        target, value = figure.target, figure.value()
        compared = ""
        if value is not None and (target is None or target.of == "ratio"):
            compared = f"{value:.2f} x"
        elif value is not None and target is not None and target.of == "difference":
            compared = f"{value:+.3g}"
        verdict = {True: ", reached", False: ", MISSED", None: ""}[figure.is_met()]
        ours = _number(figure.summary(figure.ours))
        values = f"{ours:>12}  {theirs:>12}  {figure.unit:<10}  {figure.peer:<{peers}}"
        row = (
            f"{figure.name:<{width}}  {values}  {compared:>8}  {len(figure.ours):>6}  {target or ''}{verdict}"
        )
        lines.append(row.rstrip())
    return "\n".join(lines)


def report(figures: Sequence[Figure], file: Path | None) -> None:
    """Print the table, and write the figures as JSON where a file is given."""
    print(as_text(figures))
    if file is not None:
        file.write_text(json.dumps([figure.as_json() for figure in figures], indent=1) + "\n")
