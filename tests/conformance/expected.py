"""Exchanges that may differ from the recorded answers: what is not built yet, in a file that only shrinks."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from .corpus import Case
from .season import Played

FILE = Path(__file__).parent / "expected_failures.json"

Expected = Mapping[str, frozenset[str]]
"""Exchange ids by case name."""


def read(path: Path = FILE) -> dict[str, frozenset[str]]:
    """The list; ValueError when an exchange stands there twice."""
    found = {}
    for name, ids in json.loads(path.read_text()).items():
        found[name] = frozenset(ids)
        if len(found[name]) != len(ids):
            raise ValueError(f"{path.name}: an exchange of {name} is listed twice")
    return found


def write(expected: Expected, cases: Mapping[str, Case], path: Path = FILE) -> None:
    """Write the list: a line for each case, its exchanges in the order in which they are played."""
    lines = [
        f" {json.dumps(name)}: {json.dumps([i for i in case.ids if i in expected[name]])}"
        for name, case in sorted(cases.items())
        if expected.get(name)
    ]
    path.write_text("{\n" + ",\n".join(lines) + "\n}\n")


def unknown(expected: Expected, cases: Mapping[str, Case]) -> list[str]:
    """What the list names and no case has, as CASE/EXCHANGE."""
    return [
        f"{name}/{exchange_id}"
        for name, ids in sorted(expected.items())
        for exchange_id in sorted(ids - (set(cases[name].ids) if name in cases else set()))
    ]


def judge(played: Played, expected: frozenset[str]) -> list[str]:
    """What speaks against a case, a line each: answers that differ unlisted, or are listed and do not differ.

    An app that does not end in time counts against it too; one that does not start shows in its exchanges.
    """
    lines = []
    for exchange_id in played.case.ids:
        name = f"{played.case.name} {exchange_id}"
        if exchange_id in played.differs and exchange_id not in expected:
            lines.append(f"{name}: " + "; ".join(played.differs[exchange_id]))
        if exchange_id in expected and exchange_id not in played.differs:
            lines.append(
                f"{name}: is answered as recorded now: python -m tests.conformance --update-expected"
            )
    if played.trouble and (lines or played.started):
        lines.append(f"{played.case.name}: {played.trouble}")
    return lines


def shrunk(expected: Expected, seasons: Iterable[Played]) -> dict[str, frozenset[str]]:
    """The list without those exchanges that were answered as recorded; nothing is ever added."""
    left = dict(expected)
    for played in seasons:
        left[played.case.name] = left.get(played.case.name, frozenset()) & played.failed
    return {name: ids for name, ids in left.items() if ids}
