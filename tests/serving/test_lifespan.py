from __future__ import annotations

import asyncio
import threading
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

from atila_compat import Atila
from atila_compat.context import get_was
from atila_compat.contrib.native import lifespan_of
from atila_compat.serving.lifespan import Lifespan, make_was
from atila_compat.serving.runtime import Runtime
from atila_compat.types import Message


def noisy(name: str, log: list[str]) -> Atila:
    """An app that notes its life-cycle events."""
    app = Atila(name)
    for event in ("before_mount", "mounted", "mounted_or_reloaded", "before_umount", "umounted"):
        app.on(event)(lambda was, event=event: log.append(f"{name} {event}"))
    return app


class Server:
    """A server's side of the lifespan protocol."""

    def __init__(self, app: Atila) -> None:
        self.app = app
        self.sent: list[Message] = []
        self.received: asyncio.Queue[Message] = asyncio.Queue()
        self.task: asyncio.Task[None] | None = None

    async def start(self) -> str:
        """Let the app start; what it answers."""
        self.task = asyncio.create_task(self._run())
        self.received.put_nowait({"type": "lifespan.startup"})
        return await self._answer(1)

    async def stop(self) -> str:
        """Let the app stop; what it answers."""
        self.received.put_nowait({"type": "lifespan.shutdown"})
        answer = await self._answer(2)
        assert self.task is not None
        await self.task
        return answer

    async def _run(self) -> None:
        await self.app({"type": "lifespan"}, self.received.get, self._send)

    async def _send(self, message: Message) -> None:
        self.sent.append(message)

    async def _answer(self, count: int) -> str:
        async def poll() -> None:
            while len(self.sent) < count:
                await asyncio.sleep(0.001)

        await asyncio.wait_for(poll(), 10)
        return str(self.sent[-1]["type"])


def test_apps_by_themselves_are_started_and_stopped() -> None:
    """`uvicorn module:app` emits the events of the app's life and calls its `__umount__` hooks."""
    log: list[str] = []
    app = noisy("app", log)
    app.umount = lambda: log.append("umount")  # type: ignore[method-assign]

    async def run() -> None:
        server = Server(app)
        assert await server.start() == "lifespan.startup.complete"
        assert app.started
        assert app.apps["app"] is app
        assert log == ["app before_mount", "app mounted", "app mounted_or_reloaded"]
        del log[:]
        assert await server.stop() == "lifespan.shutdown.complete"

    asyncio.run(run())
    assert log == ["app before_umount", "umount", "app umounted"]


def test_apps_that_cannot_be_started_say_why(caplog: pytest.LogCaptureFixture) -> None:
    """A hook that fails is told to the server and logged with its traceback."""
    app = Atila("app")

    def fail(app: Any) -> None:
        raise LookupError("no such table")

    app.mount("/", fail)

    async def run() -> Message:
        server = Server(app)
        await server.start()
        return server.sent[0]

    assert asyncio.run(run()) == {"type": "lifespan.startup.failed", "message": "no such table"}
    assert "cannot be started" in caplog.text


def test_several_apps_begin_and_end_together() -> None:
    """All apps are prepared before the first is mounted, and end in reverse order."""
    log: list[str] = []

    async def run() -> None:
        async with Runtime() as runtime:
            lifespan = Lifespan([noisy("one", log), noisy("two", log)], runtime)
            await lifespan.open()
            await lifespan.close()

    asyncio.run(run())
    assert log == [
        "one before_mount",
        "two before_mount",
        "one mounted",
        "one mounted_or_reloaded",
        "two mounted",
        "two mounted_or_reloaded",
        "two before_umount",
        "one before_umount",
        "two umounted",
        "one umounted",
    ]


def test_events_have_a_was_in_a_worker_thread() -> None:
    """Handlers of life-cycle events run in a worker thread and have a `was` of the app."""
    app, seen = Atila("app"), []

    @app.on("mounted")
    def mounted(was: Any) -> None:
        seen.append((was.app is app, get_was() is was, threading.current_thread() is threading.main_thread()))
        seen.append((was.request.method, was.urlfor("/x"), Runtime.current() is was.runtime))

    async def run() -> None:
        async with Runtime() as runtime:
            lifespan = Lifespan([app], runtime)
            await lifespan.open()
            await lifespan.close()

    asyncio.run(run())
    assert seen == [(True, True, False), ("GET", "/x", True)]


def test_failing_event_handlers_stop_nothing(caplog: pytest.LogCaptureFixture) -> None:
    """A handler of a life-cycle event that fails is logged; the app starts."""
    app = Atila("app")

    @app.on("before_mount")
    def fail(was: Any) -> None:
        raise LookupError

    async def run() -> str:
        server = Server(app)
        started = await server.start()
        await server.stop()
        return started

    assert asyncio.run(run()) == "lifespan.startup.complete"
    assert "fail" in caplog.text


def test_maintenance_runs_between_start_and_stop() -> None:
    """Maintenance jobs run in the background, and not any more after the stop."""
    app, ran = Atila("app"), []
    app.config.MAINTAIN_INTERVAL = 0.01
    reached = threading.Event()

    @app.maintain(1)
    def job(was: Any, now: Any, count: int) -> None:
        ran.append(count)
        reached.set()

    async def run() -> int:
        server = Server(app)
        await server.start()
        assert await asyncio.get_running_loop().run_in_executor(None, reached.wait, 10)
        await server.stop()
        return len(ran)

    assert asyncio.run(run()) == len(ran) > 0


def test_was_outside_of_requests() -> None:
    """The `was` of events and jobs stands for a request to the app's root."""

    async def run() -> None:
        async with Runtime() as runtime:
            app = Atila("app")
            app.basepath = "/base/"
            was = make_was(app, runtime)
            assert (was.request.method, was.request.uri, was.request.get_header("x")) == ("GET", "/", None)
            assert was.env["SCRIPT_NAME"] == "/base/"
            assert was.request.ARGS == {}

    asyncio.run(run())


async def ask(client: httpx.AsyncClient, path: str) -> str:
    """The text of an answer."""
    return (await client.get(path)).text


def visited(app: Atila, log: list[str]) -> Starlette:
    """An application of which `app` is a part, below /legacy."""

    @app.route("/x")
    def x(was: Any) -> str:
        log.append("request")
        return str(was.urlfor("x"))

    return Starlette(routes=[Mount("/legacy", app)])


def test_mounted_apps_are_opened_before_their_first_request() -> None:
    """Where no lifespan reaches an app, its first request waits for its events; they are emitted once."""
    log: list[str] = []
    app = noisy("app", log)
    host = visited(app, log)

    async def run() -> list[str]:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(host), base_url="http://test") as client:
            return await asyncio.gather(*(ask(client, "/legacy/x") for _ in range(3)))

    assert asyncio.run(run()) == ["/legacy/x"] * 3
    assert log[-3:] == ["request"] * 3
    assert [entry for entry in log if entry != "request"] == [
        "app before_mount",
        "app mounted",
        "app mounted_or_reloaded",
    ]


def test_apps_live_within_the_lifespan_of_their_host() -> None:
    """`lifespan_of` opens apps before the first request and closes them at the end, the last one first."""
    log: list[str] = []
    one, two = noisy("one", log), noisy("two", log)
    one.umount = lambda: log.append("one umount")  # type: ignore[method-assign]
    host = visited(one, log)

    async def run() -> str:
        async with (
            lifespan_of(one, point="/legacy")(host),
            lifespan_of(two, point="/two")(host),
            httpx.AsyncClient(transport=httpx.ASGITransport(host), base_url="http://test") as client,
        ):
            return await ask(client, "/legacy/x")

    assert asyncio.run(run()) == "/legacy/x"
    assert log == [
        "one before_mount",
        "one mounted",
        "one mounted_or_reloaded",
        "two before_mount",
        "two mounted",
        "two mounted_or_reloaded",
        "request",
        "two before_umount",
        "two umounted",
        "one before_umount",
        "one umount",
        "one umounted",
    ]
    assert two.basepath == "/two/"
