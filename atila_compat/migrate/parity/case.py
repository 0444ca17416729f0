"""Cases: exchanges with a server and the answers that it gave, in a folder of two files.

case.json has the exchanges, recorded.json the answers; migration_guide/03-parity.md shows both, and
tests/conformance/FORMAT.md of the sources describes all their keys.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ...errors import AtilaError

Exchange = Mapping[str, Any]
"""One entry of `exchanges` in case.json."""
Answer = dict[str, Any]
"""What came back: status, headers as (name, value) pairs, text or b64, frames, elapsed."""

CASE_FILE = "case.json"
ANSWERS_FILE = "recorded.json"


class NoCase(AtilaError):
    """A folder holds no case, or files that are none."""


@dataclass(frozen=True)
class Case:
    """A folder with recorded exchanges; its name is AREA.TOPIC, or whatever its owner calls it."""

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
        """The folder's name."""
        return self.folder.name

    @property
    def area(self) -> str:
        """The part of the name before its first dot."""
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
        """The right answers by exchange id: the recorded ones, and what case.json puts in their place.

        Raises NoCase where recorded.json is missing or none.
        """
        try:
            recorded = json.loads((self.folder / ANSWERS_FILE).read_text("utf8"))
            answers: dict[str, Answer] = dict(recorded["answers"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise NoCase(f"{self.folder / ANSWERS_FILE} has no answers: {error!r}") from error
        for exchange_id, deviation in self.deviations.items():
            answers[exchange_id] = {**answers.get(exchange_id, {}), **deviation.get("expect", {})}
        return answers


def load(folder: Path) -> Case:
    """The case in this folder. NoCase where there is none."""
    path = folder / CASE_FILE
    try:
        spec = json.loads(path.read_text("utf8"))
        exchanges = tuple(spec["exchanges"])
        ids = [str(exchange["id"]) for exchange in exchanges]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise NoCase(f"{path} is no case: {error!r}") from error
    if len(set(ids)) != len(ids):
        twice = sorted({each for each in ids if ids.count(each) > 1})
        raise NoCase(f"{path}: each exchange needs an id of its own; twice are: {', '.join(twice)}")
    return Case(
        folder=folder,
        about=spec.get("about", ""),
        exchanges=exchanges,
        script=spec.get("script", "serve.py"),
        args=tuple(spec.get("args", ())),
        env=spec.get("env", {}),
        needs=tuple(spec.get("needs", ())),
        deviations=spec.get("deviations", {}),
    )


def load_all(folder: Path) -> dict[str, Case]:
    """All cases in the folders below this one, by name, in alphabetical order."""
    return {path.parent.name: load(path.parent) for path in sorted(folder.glob(f"*/{CASE_FILE}"))}


def find(folder: Path) -> dict[str, Case]:
    """The case in this folder, or all those in the folders below it. NoCase where there is none."""
    if (folder / CASE_FILE).is_file():
        case = load(folder.resolve())
        return {case.name: case}
    found = load_all(folder)
    if not found:
        raise NoCase(f"{folder} holds no case: record one with `atila-compat parity record`")
    return found


def write(
    folder: Path, about: str, exchanges: list[Exchange], answers: Mapping[str, Answer], recorded_with: str
) -> Case:
    """Write a case into a folder, which is made where it is missing; gives the case."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = ",\n".join(f"  {json.dumps(exchange, ensure_ascii=False)}" for exchange in exchanges)
    (folder / CASE_FILE).write_text(
        f'{{"about": {json.dumps(about, ensure_ascii=False)},\n "exchanges": [\n{lines}\n ]}}\n', "utf8"
    )
    recorded = {"recorded_with": recorded_with, "answers": answers}
    (folder / ANSWERS_FILE).write_text(json.dumps(recorded, ensure_ascii=False, indent=1) + "\n", "utf8")
    return load(folder)
