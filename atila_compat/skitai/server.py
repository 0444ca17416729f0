"""The Starlette application of all that has been mounted (spec/01 section 6, README "Architecture").

A request goes to the first that answers for it: routes that were added to the application, files (GET and
HEAD), the app with the longest mount point. Where nothing was added, requests reach the apps without
Starlette's own stack.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable, Iterable
from typing import TYPE_CHECKING, Any, SupportsIndex

from starlette.applications import Starlette
from starlette.routing import BaseRoute, Match

from ..app import Atila, Registry
from ..http.file_reply import FileReply, RedirectReply
from ..http.request import path_below
from ..locks import locks
from ..protocols.refusal import refuse
from ..settings import settings
from ..types import ASGIApp, Message, Receive, Scope, Send
from .access_log import access_log
from .hosts import Point, VirtualHost, arrange
from .loading import LoadedApp, LoadError, load_app
from .metrics import metrics
from .mounts import AppMount, Directory, Mounts, Proxy
from .place import getenv, getswd

if TYPE_CHECKING:
    from ..protocols.grpc_server import GRPCServer
    from ..serving.bus import Bus
    from ..serving.lifespan import Lifespan
    from ..serving.runtime import Runtime
    from .status_page import StatusPage

log = logging.getLogger("atila_compat.server")


class FilesRoute(BaseRoute):
    """The static directories of a virtual host."""

    def __init__(self, host: VirtualHost) -> None:
        self.host = host

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Full where there is a file or a directory for the path."""
        if scope["type"] != "http" or not self.host.answers(scope):
            return Match.NONE, {}
        found = self.host.static.find(scope)
        return (Match.NONE, {}) if found is None else (Match.FULL, {"atila.found": found})

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the file."""
        await scope["atila.found"].respond(scope, send, receive)


class PointRoute(BaseRoute):
    """The apps at a mount point; also the redirection to it from its path without the slash."""

    def __init__(self, host: VirtualHost, point: Point) -> None:
        self.host, self.point = host, point
        self.path = point.path
        self.name = ", ".join(loaded.mount.name for loaded in point.apps)

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Full for paths below the mount point."""
        if scope["type"] not in ("http", "websocket") or not self.host.answers(scope):
            return Match.NONE, {}
        return (Match.FULL, {}) if self.point.covers(path_below(scope)) else (Match.NONE, {})

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer from the app."""
        await self.point.answer(path_below(scope), scope, receive, send)


class _Routes(list[BaseRoute]):
    """Keeps the mounts at its end: what is appended goes before them, or an app on "/" would hide it."""

    def __init__(self, mounted: Iterable[BaseRoute]) -> None:
        super().__init__(mounted)
        self.mounted = len(self)

    @property
    def extended(self) -> bool:
        """Whether there are other routes than the mounts."""
        return len(self) != self.mounted

    def append(self, route: BaseRoute) -> None:
        self.insert(len(self) - self.mounted, route)

    def extend(self, routes: Iterable[BaseRoute]) -> None:
        for route in routes:
            self.append(route)

    def insert(self, index: SupportsIndex, route: BaseRoute) -> None:
        super().insert(min(int(index), len(self) - self.mounted), route)

    def replace_mounts(self, mounted: list[BaseRoute]) -> None:
        """Put other mounts at the end."""
        del self[len(self) - self.mounted :]
        super().extend(mounted)
        self.mounted = len(mounted)


class Service(Starlette):
    """What `skitai.run` serves and `skitai.asgi` returns.

    Args:
        mounts: what is to be served.
        threads: worker threads for handlers.
        serve_static: whether directories are served.

    Attributes:
        registry: `was.apps`.
        failure: why an app could not be loaded, None where all could.
        listens_on: address for the log line that says that the service is there.
        bus_folder: what the worker processes of this service share; empty where it is one process.
        worker: number of this process, from 0.
        connections: gives the number of open connections.
    """

    def __init__(self, mounts: Mounts, *, threads: int = 4, serve_static: bool = True) -> None:
        super().__init__(lifespan=_lifespan)
        self.mounts = mounts
        self.threads = threads
        self.serve_static = serve_static
        self.registry = Registry()
        self.loaded: list[LoadedApp] = []
        self.failure: BaseException | None = None
        self.listens_on = ""
        self.bus_folder = ""
        self.worker = 0
        self.connections: Callable[[], int] = lambda: 0
        self._hosts: list[VirtualHost] = []
        self._only: ASGIApp | None = None
        self._ready = False
        self._grpc: GRPCServer | None = None
        self._opening: asyncio.Lock | None = None
        self._runtime: Runtime | None = None
        self._lifespan: Lifespan | None = None
        self._status: StatusPage | None = None
        self._bus: Bus | None = None
        self._schedules: list[asyncio.Task[None]] = []
        self._own_routes = _Routes([])
        self.router.routes = self._own_routes
        self.router.default = self._not_found
        self.router.redirect_slashes = False

    # -- a request ------------------------------------------------------------------------------------------

    def alone(self, path: str) -> Atila | None:
        """The app that answers there, if it is all there is and nothing goes before it."""
        app = self._only
        if (
            not isinstance(app, Atila)
            or not self._ready
            or self._has_more_to_ask
            or app.native is not None
            or app.use_reloader
            or (self._status is not None and self._status.covers(path))
        ):
            return None
        return app

    @property
    def _has_more_to_ask(self) -> bool:
        """Whether there are routes or middleware beside the mounts."""
        routes = self._own_routes
        return bool(routes.extended or self.user_middleware or self.router.routes is not routes)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await super().__call__(scope, receive, self._quiet(send))
            return
        if not self._ready:
            await self._open_late()
        if self._status is not None and self._status.covers(scope["path"]):
            await self._status(scope, receive, send)
            return
        if self._has_more_to_ask:
            await super().__call__(scope, receive, send)
        elif self._only is not None:
            await self._only(scope, receive, send)
        else:
            await self._dispatch(scope, receive, send)

    async def _dispatch(self, scope: Scope, receive: Receive, send: Send) -> None:
        """What the routes of the mounts do, in one go."""
        for host in self._hosts:
            if host.answers(scope):
                break
        else:
            await refuse(scope, send, 404)
            return
        if host.static and scope["type"] == "http":
            found = host.static.find(scope)
            if found is not None:
                await found.respond(scope, send, receive)
                return
        path = path_below(scope)
        for point in host.points:
            if point.covers(path):
                await point.answer(path, scope, receive, send)
                return
        await refuse(scope, send, 404)

    async def _not_found(self, scope: Scope, receive: Receive, send: Send) -> None:
        await refuse(scope, send, 404)

    # -- life -----------------------------------------------------------------------------------------------

    def _quiet(self, send: Send) -> Send:
        """Leaves tracebacks out where the log has been told already.

        That is of a start that failed, by `_load`, and of an end that took too long, by the server.
        """

        async def deliver(message: Message) -> None:
            task = asyncio.current_task()
            told = {
                "lifespan.startup.failed": self.failure is not None,
                "lifespan.shutdown.failed": task is not None and task.cancelling() > 0,
            }
            if told.get(message["type"]):
                message = {"type": message["type"], "message": ""}
            await send(message)

        return deliver

    async def _open_late(self) -> None:
        """Start where no lifespan has reached this application: it is mounted in another one."""
        if self._opening is None:
            self._opening = asyncio.Lock()
        async with self._opening:
            if not self._ready:
                from ..serving.runtime import Runtime

                await self.open(Runtime.of_running_loop())

    async def open(self, runtime: Runtime) -> None:
        """Load the apps and start them; raises LoadError for one that cannot be loaded."""
        from ..serving.lifespan import Lifespan

        self._runtime = runtime
        await self._join_others(runtime)
        await asyncio.to_thread(self.load)
        self._arrange()
        atila_apps = [loaded.app for loaded in self.loaded if isinstance(loaded.app, Atila)]
        self._lifespan = Lifespan(atila_apps, runtime)
        await self._lifespan.open()
        for interval, func in settings.schedules:
            self._schedules.append(asyncio.create_task(_repeat(interval, func)))
        self._schedules.append(asyncio.create_task(self._look_after(runtime)))
        if settings.status_path:
            from .status_page import StatusPage

            self._status = StatusPage(settings.status_path)
        self.mounts.on_change = self._mounted_while_running
        self._ready = True
        if settings.grpc_port is not None:
            from .grpc_port import listen

            self._grpc = await listen(self)

    async def close(self) -> None:
        """End the apps: last events and `__umount__`."""
        if self._grpc is not None:
            await self._grpc.stop()
        self.mounts.on_change = None
        for task in self._schedules:
            task.cancel()
        if self._lifespan is not None:
            await self._lifespan.close()
        if self._bus is not None:
            await self._bus.close()

    async def _join_others(self, runtime: Runtime) -> None:
        """Share events, pushes and locks with the other processes of this service, where there are some."""
        if not self.bus_folder and settings.state_url is None:
            return
        from .sharing import join, share_over_machines

        if settings.state_url is not None and locks.store is None:  # another server than skitai.run's
            share_over_machines(settings.state_url)
        self._bus = await join(runtime, self.bus_folder, settings.state_url, lambda: self.loaded)

    async def _look_after(self, runtime: Runtime) -> None:
        """Name what has been running for long, and write the figures down."""
        access_log.pool = runtime.workers.load
        metrics.begin(self.worker)
        while True:
            runtime.workers.name_stuck(settings.stuck_after)
            metrics.look(runtime, self.connections())
            await asyncio.sleep(1)

    def load(self) -> None:
        """Load the apps and run their hooks; raises LoadError for one that cannot be loaded."""
        for mount in self.mounts.apps:
            self._load(mount)
        self._subscribe()

    def _load(self, mount: AppMount) -> LoadedApp | None:
        if mount.name in self.registry:
            log.error("app name collision detected: %s; the later one is not mounted", mount.name)
            return None
        try:
            loaded = load_app(mount, self.registry, environment=getenv(), threads=self.threads)
        except BaseException as error:
            self.failure = error
            log.error("app load failed: %s", mount.name, exc_info=error)
            raise LoadError(f"app load failed: {mount.name}") from error
        self.loaded.append(loaded)
        log.info("app %s mounted to %s", mount.name, mount.point)
        return loaded

    def _subscribe(self) -> None:
        """Let events of an app reach those that have subscribed to it."""
        for loaded in self.loaded:
            for name in loaded.mount.subscribe:
                publisher = self.registry.get(name)
                if publisher is None:
                    log.error("%s subscribes to %s, which is not mounted", loaded.mount.name, name)
                elif isinstance(loaded.app, Atila) and isinstance(publisher, Atila):
                    loaded.app.subscribe(publisher)

    def _arrange(self) -> None:
        directories: list[Directory] = self.mounts.directories if self.serve_static else []
        self._hosts = arrange(self.loaded, directories, self.mounts.proxies)
        self._own_routes.replace_mounts(
            [
                route
                for host in self._hosts
                for route in (FilesRoute(host), *(PointRoute(host, point) for point in host.points))
                if not isinstance(route, FilesRoute) or host.static
            ]
        )
        for host in self._hosts:
            for loaded in (loaded for point in host.points for loaded in point.apps):
                if isinstance(loaded.app, Atila):
                    loaded.app.static_files = host.static
                    loaded.app.script_dir = getswd()
        self._only = self._single_app()

    def _single_app(self) -> ASGIApp | None:
        """The app itself where it is all there is: on "/", without directories and virtual hosts."""
        if len(self._hosts) != 1:
            return None
        host = self._hosts[0]
        if host.static or not host.is_default or [point.path for point in host.points] != ["/"]:
            return None
        apps = host.points[0].apps
        return apps[0].endpoint if len(apps) == 1 else None

    def _mounted_while_running(self, mounted: Directory | Proxy | AppMount) -> None:
        """Serve what a hook has mounted after the start, too."""
        if isinstance(mounted, AppMount):
            from ..serving.lifespan import Lifespan

            loaded = self._load(mounted)
            if loaded is None:
                return
            self._subscribe()
            if isinstance(loaded.app, Atila) and self._runtime is not None and self._lifespan is not None:
                opening = Lifespan([loaded.app], self._runtime)
                self._runtime.spawn(opening.open())
                self._lifespan.apps = [*self._lifespan.apps, loaded.app]
        self._arrange()


@contextlib.asynccontextmanager
async def _lifespan(service: Starlette) -> AsyncIterator[None]:
    from ..serving.runtime import Runtime

    assert isinstance(service, Service)
    async with Runtime(threads=service.threads) as runtime:
        await service.open(runtime)
        if service.listens_on:
            log.info("worker started on %s", service.listens_on)
        try:
            yield
        finally:
            await service.close()


async def _repeat(interval: float, func: Any) -> None:
    """`skitai.sched`: call `func` every `interval` seconds; what it raises is logged and stops nothing."""
    while True:
        await asyncio.sleep(interval)
        try:
            await asyncio.to_thread(func)
        except Exception:
            log.exception("scheduled %r failed", func)


__all__ = ["FileReply", "RedirectReply", "Service", "refuse"]
