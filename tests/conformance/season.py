"""Plays many cases, several apps in flight at a time, each started as a user starts it."""

from __future__ import annotations

import contextlib
import shutil
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from atila_compat.migrate.parity.player import play_case

from ..launch import Launched
from ..servers import standard
from .corpus import Case

RUN = (sys.executable, "-m", "atila_compat", "run")
AT_ONCE = 4


@dataclass
class Played:
    """How a case went.

    Attributes:
        differs: what differs, by exchange id, for the exchanges whose answer is not the recorded one.
        trouble: what the app said when it did not start, or did not end in time.
        started: whether it started.
        seconds: the time it took.
    """

    case: Case
    differs: dict[str, list[str]] = field(default_factory=dict)
    trouble: str = ""
    started: bool = True
    seconds: float = 0.0

    @property
    def failed(self) -> set[str]:
        """Ids of the exchanges whose answer is not the recorded one."""
        return set(self.differs)

    @property
    def passed(self) -> int:
        """How many exchanges were answered as recorded."""
        return len(self.case.exchanges) - len(self.differs)


def play(case: Case, run: Sequence[str] = RUN) -> Played:
    """Start a copy of the app by `run SCRIPT --port=N [args]`, play the exchanges in order, and stop it."""
    began = time.monotonic()
    played = Played(case)
    with tempfile.TemporaryDirectory(prefix="conformance-") as name:
        folder = shutil.copytree(case.folder, Path(name, case.name))
        try:
            app = Launched([*run, case.script], folder, case.args, case.env)
        except RuntimeError as error:
            played.trouble, played.started = str(error), False
            played.differs = {exchange_id: ["the app did not start"] for exchange_id in case.ids}
            return played
        try:
            for outcome in play_case(case, app.url, folder):
                if outcome.differs:
                    played.differs[outcome.id] = outcome.differs
            app.stop(and_children=False)  # some scripts start a peer and leave it running
        except AssertionError as error:
            played.trouble = str(error)
        finally:
            app.kill()
    played.seconds = time.monotonic() - began
    return played


@contextlib.contextmanager
def season(
    cases: Iterable[Case], run: Sequence[str] = RUN, at_once: int = AT_ONCE
) -> Iterator[dict[str, Future[Played]]]:
    """Start playing these cases, and the servers that they need; gives the coming results by case name.

    Those that wait longest begin, so that the others fill the time. Leaving the context drops what has not
    begun.
    """
    waiting_first = sorted(cases, key=lambda case: -case.pauses)
    with contextlib.ExitStack() as stack:
        for need in sorted({need for case in waiting_first for need in case.needs}):
            setups = [case.folder / "setup.sql" for case in waiting_first if need in case.needs]
            stack.enter_context(standard(need, [setup for setup in setups if setup.exists()]))
        pool = ThreadPoolExecutor(at_once, thread_name_prefix="case")
        stack.callback(pool.shutdown, cancel_futures=True)
        yield {case.name: pool.submit(play, case, run) for case in waiting_first}
