"""The recorded cases: unmodified Atila apps and what the original answered. FORMAT.md describes the files."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

CASES = Path(__file__).parent / "cases"

Exchange = Mapping[str, Any]
"""One entry of `exchanges` in case.json."""
Answer = dict[str, Any]
"""What came back: status, headers as (name, value) pairs, text or b64, frames, elapsed."""


@dataclass(frozen=True)
class Case:
    """A folder of `cases/`; its name is AREA.TOPIC."""

    folder: Path
    about: str
    exchanges: tuple[Exchange, ...]
    script: str = "serve.py"
    args: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    needs: tuple[str, ...] = ()
    deviations: Mapping[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """AREA.TOPIC."""
        return self.folder.name

    @property
    def area(self) -> str:
        """The part of the framework that the case shows."""
        return self.name.partition(".")[0]

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids of the exchanges, in the order they are played."""
        return tuple(exchange["id"] for exchange in self.exchanges)

    @property
    def pauses(self) -> float:
        """The seconds that playing it spends waiting."""
        return sum(float(exchange.get("pause", 0)) for exchange in self.exchanges)

    def expected(self) -> dict[str, Answer]:
        """The right answers by exchange id: the recorded ones, and what case.json puts in their place."""
        recorded = json.loads((self.folder / "recorded.json").read_text())
        answers: dict[str, Answer] = recorded["answers"]
        for exchange_id, deviation in self.deviations.items():
            answers[exchange_id] = {**answers.get(exchange_id, {}), **deviation.get("expect", {})}
        return answers


def load(folder: Path) -> Case:
    """The case in this folder; KeyError or ValueError when case.json is not one."""
    spec = json.loads((folder / "case.json").read_text())
    return Case(
        folder=folder,
        about=spec["about"],
        exchanges=tuple(spec["exchanges"]),
        script=spec.get("script", "serve.py"),
        args=tuple(spec.get("args", ())),
        env=spec.get("env", {}),
        needs=tuple(spec.get("needs", ())),
        deviations=spec.get("deviations", {}),
    )


def load_all(folder: Path = CASES) -> dict[str, Case]:
    """All cases by name, in alphabetical order."""
    return {path.parent.name: load(path.parent) for path in sorted(folder.glob("*/case.json"))}


def select(cases: Mapping[str, Case], names: Iterable[str]) -> dict[str, Case]:
    """The cases of these names or areas, all where none is given; KeyError for an unknown one."""
    wanted = list(names)
    for name in wanted:
        if not any(name in (case.name, case.area) for case in cases.values()):
            raise KeyError(f"{name!r} is no case and no area")
    return {n: case for n, case in cases.items() if not wanted or n in wanted or case.area in wanted}
