"""What the package costs before it does anything: python -m tests.benchmarks.footprint

Time to import it beside what it stands on, time from the command to the first answer, memory of a service
that has nothing to do; all with compiled modules, as installed packages have them. No test asserts the
figures.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import psutil

from ..launch import ROOT, Launched
from .figures import Figure, Target, report
from .measure import turns
from .peers import MODULE, UVICORN, Peer

HELLO = ROOT / "examples" / "hello"
RUN = (sys.executable, "-m", "atila_compat", "run", "serve.py", "--port={port}")
STARLETTE = "starlette"
SERVICES = {
    "1 worker": Peer("the smallest example", RUN, HELLO),
    "2 workers": Peer("the same", (*RUN, "--workers=2"), HELLO),
    STARLETTE: Peer("Starlette", (*UVICORN, f"{MODULE}.starlette_protocols:app", "--port={port}")),
}
OURS = "from atila_compat import Atila, skitai"
THEIRS = "import starlette.applications, uvicorn"
NAME_ONLY = "import atila_compat"
COMPILED = {"PYTHONDONTWRITEBYTECODE": ""}
"""Environment of what is measured: what is imported once is compiled from then on."""


def import_seconds(statement: str) -> float:
    """How long an import takes in a new process, without the interpreter's own start."""
    code = f"import time; began = time.perf_counter(); {statement}; print(time.perf_counter() - began)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**os.environ, **COMPILED},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return float(done.stdout)


def imports(rounds: int) -> list[Figure]:
    """The package with all that an app needs of it, and its name alone."""
    whole = Figure(OURS, "s", Target("difference", 0.15), STARLETTE)
    name = Figure(NAME_ONLY, "s", Target("difference", 0.15), STARLETTE)
    for statement in (OURS, THEIRS):
        import_seconds(statement)  # compiles
    for statement in turns("imports", rounds, [OURS, THEIRS, NAME_ONLY]):
        seconds = import_seconds(statement)
        if statement == THEIRS:
            whole.theirs.append(seconds)
            name.theirs.append(seconds)
        else:
            (whole if statement == OURS else name).ours.append(seconds)
    return [whole, name]


@contextlib.contextmanager
def _started(service: Peer) -> Iterator[tuple[Launched, float]]:
    """A service, and the seconds from the command to its first answer."""
    began = time.perf_counter()
    app = Launched(service.command, service.folder, env=COMPILED)
    try:
        assert app.client.get("/").status_code in (200, 404)
        yield app, time.perf_counter() - began
    finally:
        app.stop()


def services(rounds: int, settle: float) -> list[Figure]:
    """Starts of services, and what they keep in memory `settle` seconds after their first answer."""
    starts = {name: Figure(f"start, {name}", "s", Target("ours", 1.0), STARLETTE) for name in SERVICES}
    memory = Figure("memory when idle, 1 worker", "MB", Target("ours", 60), STARLETTE)
    largest = Figure("memory when idle, largest of 2 workers", "MB", Target("ours", 60))
    for service in SERVICES.values():
        with _started(service):
            pass  # compiles
    for name in turns("services", rounds, list(SERVICES)):
        with _started(SERVICES[name]) as (app, seconds):
            time.sleep(settle)
            process = psutil.Process(app.process.pid)
            sizes = [each.memory_info().rss / 1e6 for each in (process, *process.children(recursive=True))]
        if name == STARLETTE:
            memory.theirs.append(sizes[0])
        else:
            (memory if name == "1 worker" else largest).ours.append(max(sizes))
        starts[name].ours.append(seconds)
    theirs = starts.pop(STARLETTE).ours
    for figure in starts.values():
        figure.theirs = theirs
    return [*starts.values(), memory, largest]


def main(argv: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks.footprint",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--rounds", type=int, default=9, help="default: %(default)s")
    parser.add_argument("--settle", type=float, default=1.0, help="seconds of idleness (%(default)s)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    options = parser.parse_args(argv)
    report([*imports(options.rounds), *services(options.rounds, options.settle)], options.json)


if __name__ == "__main__":
    main()
