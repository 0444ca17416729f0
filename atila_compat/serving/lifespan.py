"""The beginning and the end of apps: set-up, life-cycle events, maintenance, umount (spec/05 section 4)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from contextvars import copy_context
from functools import partial
from typing import TYPE_CHECKING, Any

from ..context import current_was
from ..hooks.maintenance import MaintenanceClock
from ..http.request import Request
from ..http.response import Response
from ..types import Receive, Send
from ..was import Was
from .runtime import Runtime

if TYPE_CHECKING:
    from ..app import Atila

log = logging.getLogger("atila_compat.app")


def make_was(app: Atila, runtime: Runtime) -> Was:
    """A `was` for what runs outside of requests: events, maintenance jobs."""
    scope = {
        "type": "http",
        "method": "GET",
        "path": "/",
        "raw_path": b"/",
        "query_string": b"",
        "headers": [],
        "root_path": app.basepath.rstrip("/"),
    }
    request = Request(scope, "/", app)
    return Was(app, request, Response(request), runtime)


async def emit(app: Atila, runtime: Runtime, *events: str) -> None:
    """Emit life-cycle events of one app, one after the other, in a worker thread; none where nobody hears."""
    if not app.bus.listens(events):
        return

    def run() -> None:
        runtime.activate()
        was = make_was(app, runtime)
        current_was.set(was)
        for event in events:
            app.bus.emit(event, was)

    await runtime.workers.run(copy_context(), f"event {events[0]}", run)


class Lifespan:
    """The apps of one server, from `open` to `close`.

    Args:
        apps: in the order of their mounting.
    """

    def __init__(self, apps: Sequence[Atila], runtime: Runtime) -> None:
        self.apps = apps
        self.runtime = runtime
        self._jobs: list[asyncio.Task[Any]] = []

    async def open(self) -> None:
        """Start what has been set up: events, maintenance."""
        for app in self.apps:
            app.runtime = self.runtime
            await emit(app, self.runtime, "before_mount")
        for app in self.apps:
            await emit(app, self.runtime, "mounted", "mounted_or_reloaded")
        for app in self.apps:
            clock = MaintenanceClock(app, self.runtime, partial(make_was, app, self.runtime))
            await clock.begin()
            self._jobs.append(self.runtime.loop.create_task(clock.run()))

    async def close(self) -> None:
        """Stop maintenance, run the last events and the `__umount__` hooks."""
        for job in self._jobs:
            job.cancel()
        await asyncio.gather(*self._jobs, return_exceptions=True)
        for app in reversed(self.apps):
            await emit(app, self.runtime, "before_umount")
        for app in reversed(self.apps):
            await self.runtime.workers.run(copy_context(), f"umount {app.app_name}", app.umount)
            await emit(app, self.runtime, "umounted")


class LateOpening:
    """The life-cycle events of an app that no lifespan has reached, at its first request.

    The requests that come meanwhile wait for them, as they do where a server starts the app.
    """

    def __init__(self, app: Atila, runtime: Runtime) -> None:
        self._app = app
        self._lifespan = Lifespan([app], runtime)
        self._task = runtime.loop.create_task(self._open())

    async def _open(self) -> None:
        try:
            await self._lifespan.open()
        finally:
            self._app.opened_late(self._lifespan)

    async def done(self) -> None:
        """Wait for it, where it runs on this event loop; a request that is cancelled does not end it."""
        if self._task.get_loop() is asyncio.get_running_loop():
            await asyncio.shield(self._task)


@asynccontextmanager
async def open_within(app: Atila, point: str) -> AsyncIterator[None]:
    """The life of an app within that of an application which it is mounted in, at `point`."""
    app.basepath = point.rstrip("/") + "/"
    is_first = not Runtime.is_on_running_loop()  # the first one to open closes last
    runtime = Runtime.of_running_loop()
    app.apps.add(app.app_name, app)
    app.start()
    lifespan = Lifespan([app], runtime)
    await lifespan.open()
    try:
        yield
    finally:
        await lifespan.close()
        if is_first:
            await runtime.aclose()


async def standalone(app: Atila, receive: Receive, send: Send) -> None:
    """The lifespan of an app that is served by itself: `uvicorn module:app`."""
    assert (await receive())["type"] == "lifespan.startup"
    try:
        runtime = Runtime()
        runtime.attach(asyncio.get_running_loop())
        app.apps.add(app.app_name, app)
        app.start()
        lifespan = Lifespan([app], runtime)
        await lifespan.open()
    except Exception as error:
        log.exception("%r cannot be started", app)
        await send({"type": "lifespan.startup.failed", "message": str(error)})
        return
    await send({"type": "lifespan.startup.complete"})
    assert (await receive())["type"] == "lifespan.shutdown"
    await lifespan.close()
    await runtime.aclose()
    await send({"type": "lifespan.shutdown.complete"})
