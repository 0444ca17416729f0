"""The file that `run --usage FILE` writes: counts of all processes and runs together.

{"runs": 2,
 "names": [{"name": "was.request.ARGS", "place": "serve.py:10", "count": 5, "current": ""}],
 "routes": [{"app": "serve", "rule": "/", "methods": "GET, POST", "place": "serve.py:7", "count": 3}]}

`current` is the name that has taken the place of a deprecated one. Routes that nobody has asked for have the
count 0.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

from ...errors import AtilaError
from ..deprecated import REPLACED

fcntl: ModuleType | None
try:
    import fcntl
except ImportError:  # Windows, where no worker is forked
    fcntl = None


class Name(NamedTuple):
    """A name of the original, and where it stands.

    Attributes:
        thing: what has the attribute: `was.request`, `app`, `skitai`.
        place: `file:line`.
    """

    thing: str
    attribute: str
    place: str


class Route(NamedTuple):
    """A declared route.

    Attributes:
        app: name of the app.
        rule: the whole path, with the app's mount point.
        methods: those of this declaration, joined.
        place: `file:line` of the handler.
    """

    app: str
    rule: str
    methods: str
    place: str


@dataclass
class Record:
    """What has been counted.

    Attributes:
        runs: how many processes have added their counts.
    """

    names: Counter[Name] = field(default_factory=Counter)
    routes: Counter[Route] = field(default_factory=Counter)
    runs: int = 0

    def add(self, other: Record) -> None:
        """Add what another has counted."""
        self.names.update(other.names)
        self.routes.update(other.routes)  # those with 0, too
        self.runs += other.runs

    def as_json(self) -> str:
        """The file's text."""
        names = [
            {
                "name": f"{name.thing}.{name.attribute}",
                "place": name.place,
                "count": count,
                "current": REPLACED.get((name.thing, name.attribute), ""),
            }
            for name, count in sorted(self.names.items())
        ]
        routes = [{**route._asdict(), "count": count} for route, count in sorted(self.routes.items())]
        return json.dumps({"runs": self.runs, "names": names, "routes": routes}, indent=1) + "\n"


def parse(text: str) -> Record:
    """The record in a file's text. ValueError where it is none."""
    try:
        content = json.loads(text)
        record = Record(runs=int(content["runs"]))
        for entry in content["names"]:
            thing, _, attribute = entry["name"].rpartition(".")
            record.names[Name(thing, attribute, entry["place"])] += int(entry["count"])
        for entry in content["routes"]:
            route = Route(entry["app"], entry["rule"], entry["methods"], entry["place"])
            record.routes[route] += int(entry["count"])
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"it has another shape ({error!r})") from error
    return record


def read(path: Path) -> Record:
    """The record in a file. AtilaError where there is none."""
    try:
        return parse(path.read_text("utf8"))
    except ValueError as error:  # no text, no JSON, or other JSON
        raise AtilaError(f"{path} is no file that `run --usage` has written: {error}") from error
    except OSError as error:
        raise AtilaError(f"{path} cannot be read: {error.strerror or error}") from error


class CountsFile:
    """The file, open from the start: workers that have become another user may still write it.

    What it holds stays and is added to; something else is kept beside it, with `.old` at its end.

    Raises OSError where it cannot be opened or made.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        text = self._read()
        if text.strip():
            try:
                parse(text)
            except ValueError:
                Path(f"{path}.old").write_text(text, "utf8")
                os.ftruncate(self._file, 0)
        self.add(Record())

    def _read(self) -> str:
        return os.pread(self._file, os.fstat(self._file).st_size, 0).decode("utf8", "replace")

    def add(self, record: Record) -> None:
        """Add counts; several processes may do so at a time. Raises OSError."""
        # a lock of the process: workers have inherited the file itself
        if fcntl is not None:
            fcntl.lockf(self._file, fcntl.LOCK_EX)
        try:
            text = self._read()
            whole = parse(text) if text.strip() else Record()
            whole.add(record)
            content = whole.as_json().encode()
            os.pwrite(self._file, content, 0)
            os.ftruncate(self._file, len(content))
            os.fsync(self._file)
        finally:
            if fcntl is not None:
                fcntl.lockf(self._file, fcntl.LOCK_UN)

    def close(self) -> None:
        """Close the file in this process."""
        os.close(self._file)
