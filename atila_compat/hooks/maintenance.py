"""Jobs that an app runs from time to time (README "Interval Based App Maintenancing", spec/05 section 5).

A round takes place when the app starts, and then every `config.MAINTAIN_INTERVAL` seconds, in every worker
process. The original held a round only when a request came; ours has a clock of its own.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, overload

from ..context import current_was
from ..types import Handler
from ._reloading import is_reloading
from ._results import settle

if TYPE_CHECKING:
    from ..serving.runtime import Runtime
    from ..structures import AttrDict, SharedDict

log = logging.getLogger("atila_compat.hooks")

DEFAULT_INTERVAL = 60.0
SHORTEST_INTERVAL = 0.1
"""Seconds; 0 in `config.MAINTAIN_INTERVAL` meant each request, here it means this."""

LAST, COUNT = "__last_maintern", "__maintern_count"
"""Keys of `app.g`: when the last round began, in seconds of the epoch, and the number of the next one."""


@dataclass(frozen=True, slots=True)
class Job:
    """A maintenance job.

    Attributes:
        func: called with `(was, now, count)`.
        per: it takes part in each `per`th round.
        threading: it has a thread of its own, and the round does not wait for it.
    """

    func: Handler
    per: int
    threading: bool


class Maintenance:
    """The part of an app that keeps maintenance jobs."""

    if TYPE_CHECKING:
        g: SharedDict
        config: AttrDict

    def __init__(self) -> None:
        super().__init__()
        self.maintenance_jobs: dict[str, Job] = {}
        self.g.set(LAST, 0.0)
        self.g.set(COUNT, 0)

    @overload
    def maintain(self, per: Handler) -> Handler: ...

    @overload
    def maintain(
        self, per: int = 1, threading: bool = False, *, per_maintaining: int | None = None
    ) -> Callable[[Handler], Handler]: ...

    def maintain(
        self, per: int | Handler = 1, threading: bool = False, *, per_maintaining: int | None = None
    ) -> Any:
        """Run the function in maintenance rounds: `job(was, now, count)`.

        `now` is the time in seconds of the epoch, `count` the number of the round, from 0. Used plain or with
        arguments: `@app.maintain`, `@app.maintain(10, threading=True)`. An exception is logged.

        Args:
            per: take part in each `per`th round only.
            per_maintaining: the original's name of `per`.
            threading: run in a thread of its own; the other jobs of a round run one after the other.

        Raises AssertionError where another job has the function's name, unless its module is being reloaded;
        ValueError where `per` is not positive.
        """
        if callable(per):
            return self._add(per, 1, threading)
        every = int(per if per_maintaining is None else per_maintaining)
        if every < 1:
            raise ValueError(f"maintain: per has to be at least 1, got {every!r}")
        return lambda func: self._add(func, every, threading)

    def _add(self, func: Handler, per: int, threading: bool) -> Handler:
        name = getattr(func, "__name__", type(func).__name__)
        if name in self.maintenance_jobs and not is_reloading(self):
            raise AssertionError(
                f"there is a maintenance job called {name} already: their names should be unique"
            )
        self.maintenance_jobs[name] = Job(func, per, threading)
        return func

    def run_round(self, was: Any, now: float, count: int) -> None:
        """Run the jobs of one round, here; those with `threading` in threads that `was.runtime` gives."""
        token = current_was.set(was)
        try:
            for name, job in list(self.maintenance_jobs.items()):
                if count % job.per == 0:
                    if job.threading:
                        was.runtime.submit(_run_job, name, job, was, now, count)
                    else:
                        _run_job(name, job, was, now, count)
        finally:
            current_was.reset(token)


def _run_job(name: str, job: Job, was: Any, now: float, count: int) -> None:
    try:
        settle(job.func(was, now, count), was)
    except Exception:
        log.exception("maintenance job %s failed in round %d", name, count)


class MaintenanceClock:
    """The rounds of one app on one event loop.

    Args:
        app: whose jobs are run.
        runtime: gives the threads.
        make_was: makes the `was` of a round.
    """

    def __init__(self, app: Maintenance, runtime: Runtime, make_was: Callable[[], Any]) -> None:
        self._app = app
        self._runtime = runtime
        self._make_was = make_was
        self._began = 0.0
        self._round: asyncio.Future[None] | None = None

    @property
    def interval(self) -> float:
        """Seconds between two rounds, as the app's configuration says now."""
        try:
            interval = float(self._app.config.get("MAINTAIN_INTERVAL", DEFAULT_INTERVAL))
        except (TypeError, ValueError):
            return DEFAULT_INTERVAL
        return max(interval, SHORTEST_INTERVAL) if interval >= 0 else DEFAULT_INTERVAL

    async def begin(self, patience: float = 5.0) -> None:
        """Hold the first round, so that it comes before the first request, as in the original.

        Waits `patience` seconds at most; a longer round goes on by itself.
        """
        self._start_round()
        assert self._round is not None
        await asyncio.wait([self._round], timeout=patience)
        if not self._round.done():
            log.warning("%r: the first maintenance round goes on while requests are served", self._app)

    async def run(self) -> None:
        """Hold rounds until cancelled; two never overlap."""
        if self._round is None:
            self._start_round()
        while True:
            assert self._round is not None
            await asyncio.wait([self._round])
            wait = self._began + self.interval - asyncio.get_running_loop().time()
            await asyncio.sleep(max(wait, 0))
            if self._runtime.closing:
                return
            self._start_round()

    def _start_round(self) -> None:
        loop = asyncio.get_running_loop()
        self._began = loop.time()
        self._round = loop.create_task(self._hold_round())

    async def _hold_round(self) -> None:
        shared = self._app.g
        now, count = time.time(), int(shared.get(COUNT) or 0)
        try:
            if self._app.maintenance_jobs:
                await asyncio.wrap_future(self._runtime.submit(self._work, now, count))
        except Exception:
            log.exception("maintenance round %d failed", count)
        finally:
            shared.set(LAST, now)
            shared.set(COUNT, count + 1)

    def _work(self, now: float, count: int) -> None:
        self._runtime.activate()
        self._app.run_round(self._make_was(), now, count)


async def run_maintenance(app: Maintenance, runtime: Runtime, make_was: Callable[[], Any]) -> None:
    """Hold the rounds of an app until cancelled, the first one now; `MaintenanceClock` has the details."""
    await MaintenanceClock(app, runtime, make_was).run()
