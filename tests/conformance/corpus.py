"""The recorded cases: unmodified Atila apps and what the original answered. FORMAT.md describes the files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from atila_compat.migrate.parity import case
from atila_compat.migrate.parity.case import Answer, Case, Exchange

__all__ = ["CASES", "MORE", "Answer", "Case", "Exchange", "load_all", "select"]

CASES = Path(__file__).parent / "cases"
"""The corpus that the README's figures are about."""
MORE = Path(__file__).parent / "more"
"""Cases of our own, recorded in the same way: what was found beside the corpus."""


def load_all(folder: Path = CASES) -> dict[str, Case]:
    """All cases by name, in alphabetical order."""
    return case.load_all(folder)


def select(cases: Mapping[str, Case], names: Iterable[str]) -> dict[str, Case]:
    """The cases of these names or areas, all where none is given; KeyError for an unknown one."""
    wanted = list(names)
    for name in wanted:
        if not any(name in (each.name, each.area) for each in cases.values()):
            raise KeyError(f"{name!r} is no case and no area")
    return {n: each for n, each in cases.items() if not wanted or n in wanted or each.area in wanted}
