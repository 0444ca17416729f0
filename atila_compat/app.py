"""`Atila`: the app object, an ASGI application (spec/01 section 2)."""

from __future__ import annotations

import logging
import os
import sys
import threading
from collections.abc import Iterator
from types import ModuleType
from typing import TYPE_CHECKING, Any

from .data.sqlmaps import SQLMaps
from .hooks.events import Events
from .hooks.inspection import Validation
from .hooks.maintenance import Maintenance
from .hooks.prework import PreAndPostwork
from .hooks.request import RequestHooks
from .http.error_handlers import ErrorHandlers
from .http.state import StateOptions
from .http.static import StaticFiles
from .http.templates import Templates
from .protocols.dispatch import protocol_of
from .protocols.ws_declaration import WebSockets
from .routing import urls
from .routing.mounting import Mounting
from .routing.native import NativeRoutes
from .routing.table import RouteTable
from .security.authentication import Authentication
from .security.csrf import CSRFProtection
from .security.permission import Permission
from .serving import lifespan, pipeline
from .serving.runtime import Runtime
from .structures import AttrDict, SharedDict
from .types import Receive, Scope, Send

if TYPE_CHECKING:
    from .tasks.aliases import Alias
    from .testing.in_process import AppClient

log = logging.getLogger("atila_compat.app")

MIB = 1024 * 1024


def default_config() -> AttrDict:
    """What `app.config` holds before a preference changes it (spec/01 section 2)."""
    return AttrDict(
        MEDIA_URL="/media/",
        STATIC_URL="/static/",
        TEMPLATE_DIRS=[],
        MINIFY_HTML=False,
        MAX_UPLOAD_SIZE=256 * MIB,
        MAINTAIN_INTERVAL=60,
        JSON_ENCODER="utcoffset",
        PRETTY_JSON=False,
    )


class Registry:
    """All apps of a server, by name: `was.apps` (spec/01 section 7).

    Attributes:
        g: `was.g`, shared by the apps of one process.
    """

    def __init__(self) -> None:
        self._apps: dict[str, Any] = {}
        self.g = SharedDict()

    def add(self, name: str, app: Any) -> None:
        """Register an app; one that has the name already stays."""
        if self._apps.get(name) is app:
            return
        if name in self._apps:
            log.error("an app named %s is mounted already; this one is left out", name)
            return
        self._apps[name] = app

    def get(self, name: str, default: Any = None) -> Any:
        """The app called `name`, or `default`."""
        return self._apps.get(name, default)

    def __getitem__(self, name: str) -> Any:
        try:
            return self._apps[name]
        except KeyError:
            known = ", ".join(sorted(self._apps)) or "none"
            raise NameError(f"no app is called {name!r}; there are: {known}") from None

    def __contains__(self, name: object) -> bool:
        return name in self._apps

    def __iter__(self) -> Iterator[str]:
        return iter(list(self._apps))

    def owner_of(self, handler: Any, default: Atila) -> Atila:
        """The app that has routed a handler; `default` where it is its own, or nobody's."""
        resource = getattr(handler, "__atila_resource__", None)
        if resource is None or default.resources.get(resource.id) is resource:
            return default
        for app in self._apps.values():
            if isinstance(app, Atila) and app.resources.get(resource.id) is resource:
                return app
        return default


class Atila(
    RouteTable,
    NativeRoutes,
    Mounting,
    RequestHooks,
    Events,
    Maintenance,
    PreAndPostwork,
    Validation,
    Authentication,
    Permission,
    CSRFProtection,
    StateOptions,
    ErrorHandlers,
    Templates,
    SQLMaps,
    WebSockets,
):
    """An Atila app, which is an ASGI application too: `uvicorn module:app`, `Mount("/legacy", app)`.

    Args:
        app_name: as a rule `__name__`.

    Attributes:
        debug, use_reloader, expose_spec: True with `--devel`, False in production.
        securekey: secret that signs sessions and tokens; a list: the first signs, all verify.
        session_timeout: seconds that a session lives without being written to.
        config: options in upper case, `app.config.MAX_UPLOAD_SIZE`; also what the app puts there.
        g, store: a dict for the app's threads.
        home: the directory of the app's package, or of the launch script.
        basepath: the mount point, with a slash at its end.
        request_timeout: seconds that a deferred answer may take; `config.REQUEST_TIMEOUT`.
        teardown_always: run teardown hooks after unhandled errors too; the original does not.
    """

    ATILA_THE_HUN = True

    def __init__(self, app_name: str) -> None:
        self.app_name = app_name
        self.debug = False
        self.use_reloader = False
        self.expose_spec = False
        self.enable_namespace = True
        self.securekey: str | list[str] | None = None
        self.session_timeout: int | None = None
        self.access_control_allow_origin: Any = None
        self.access_control_max_age = 0
        self.realm = "App"
        self.users: dict[str, Any] = {}
        self.opaque: str | None = None
        self.teardown_always = False
        self.g = self.store = SharedDict()
        self.config = default_config()
        self.home = _home_of(app_name)
        self.basepath = "/"
        self.apps = Registry()
        self.runtime: Runtime | None = None
        self._opening: lifespan.LateOpening | None = None
        self._opened: lifespan.Lifespan | None = None
        self.static_files: StaticFiles | None = None
        self.script_dir: str | None = None
        self.lock = threading.RLock()
        self.logger = log
        self._locks: dict[str, threading.RLock] = {}
        super().__init__()

    # -- names and values -----------------------------------------------------------------------------------

    @property
    def name(self) -> str:
        """The same as `app_name`."""
        return self.app_name

    @property
    def salt(self) -> bytes | None:
        """The secure key as bytes; the first one where there are several."""
        key = self.securekey[0] if isinstance(self.securekey, (list, tuple)) else self.securekey
        return key.encode() if isinstance(key, str) else key

    @property
    def r(self) -> AttrDict:
        """A new dict at each access; `was.request.g` is the one that lasts for a request."""
        return AttrDict()

    @property
    def max_upload_size(self) -> int:
        """Bytes that a request body may have."""
        limit = getattr(self, "max_client_body_size", None) or self.config.get("max_multipart_body_size")
        return int(limit or self.config.MAX_UPLOAD_SIZE)

    @property
    def request_timeout(self) -> float:
        """Seconds that a deferred answer may take."""
        return float(self.config.get("REQUEST_TIMEOUT", 300))

    def get_lock(self, name: str | None = None) -> threading.RLock:
        """A re-entrant lock of that name, for all threads of this process."""
        if name is None:
            return self.lock
        with self.lock:
            return self._locks.setdefault(name, threading.RLock())

    def joinpath(self, *parts: str) -> str:
        """A path below the app's home directory."""
        return os.path.normpath(os.path.join(self.home, *parts))

    def get_resource(self, *parts: str) -> str:
        """A path below `resources` in the app's home directory."""
        return self.joinpath("resources", *parts)

    def add_package(self, *names: str) -> None:
        """Look for modules to mount in more folders of the package than `services` and `exports`."""
        self.PACKAGE_DIRS = [*self.PACKAGE_DIRS, *names]

    def set_static(self, url: str, path: str | None = None) -> None:
        """Set `config.STATIC_URL` and serve `path` there, as `set_static` of a preference does."""
        from .skitai.preference import serve_folder

        serve_folder(self.config, "STATIC", url, path)

    def set_media(self, url: str, path: str | None = None) -> None:
        """Set `config.MEDIA_URL` and serve `path` there."""
        from .skitai.preference import serve_folder

        serve_folder(self.config, "MEDIA", url, path)

    def add_static(self, path: str, front: bool = False) -> None:
        """Serve one more directory at `config.STATIC_URL`; `front`: before those that are there."""
        from .skitai.preference import add_static_folder

        add_static_folder(self.config, path, front)

    def mount_elsewhere(self, point: str, *targets: str, **options: Any) -> None:
        """Mount files and directories beside this app, as `skitai.mount` does."""
        from . import skitai

        skitai.mount(point, *targets, **options)

    def extend_by(self, way: str, module: ModuleType) -> None:
        """What `pref.extends` and `pref.overrides` do, for an app that has no preference."""
        from .skitai.preference import Preference

        pref = Preference()
        pref.config.update(self.config)
        getattr(pref, way)(module)
        self.apply_preference(pref)

    def set_devel(self, debug: bool = True, use_reloader: bool = True) -> None:
        """Switch debugging and reloading on."""
        self.debug, self.use_reloader = debug, use_reloader

    def set_default_session_timeout(self, timeout: int) -> None:
        """Let sessions live for `timeout` seconds."""
        self.session_timeout = timeout

    def log(self, msg: str, type: str = "info") -> None:  # noqa: A002 - the original's name
        """Write a line into the app's log."""
        level = {"debug": 10, "info": 20, "warn": 30, "warning": 30}.get(type, 20)
        log.log(40 if type in ("error", "expt", "fail", "fatal") else level, "[%s] %s", type, msg)

    def traceback(self, id: str = "") -> None:  # noqa: A002 - the original's name
        """Write the exception that is being handled into the app's log."""
        log.error("[expt%s] %s", f":{id}" if id else "", "exception", exc_info=sys.exc_info())

    trace = traceback

    def alias(self, name: str, ctype: str, members: Any, *args: Any, **options: Any) -> tuple[str, Alias]:
        """Define a data source that only this app sees; arguments as for `skitai.alias`."""
        from . import skitai

        return skitai.alias(name, ctype, members, *args, app=self, **options)

    def build_url(self, thing: Any, /, *args: Any, **values: Any) -> str:
        """The URL of a resource, as `was.urlfor` builds it."""
        return urls.urlfor(self, thing, *args, **values)

    urlfor = build_url

    def test_client(self, point: str = "/", approot: str = ".") -> AppClient:
        """A client for tests that calls this app in process: `with app.test_client() as client:`.

        `atila_compat.testing.in_process.AppClient` says the arguments.
        """
        from .testing.in_process import AppClient

        return AppClient(self, point, approot)

    # -- set-up ---------------------------------------------------------------------------------------------

    def load(
        self,
        module: ModuleType | None = None,
        pref: Any = None,
        point: str = "/",
        *,
        environment: str = "PRODUCTION",
    ) -> None:
        """Take in what `skitai.mount` knows of the app and run its hooks (spec/01 sections 3 and 6).

        Args:
            module: the app's package.
            pref: its preference.
            point: mount point.
            environment: SKITAIENV; DEVEL switches debugging on, PRODUCTION off.
        """
        self.module = module
        self.basepath = point if point.endswith("/") else point + "/"
        if module is not None and module.__file__:
            self.home = os.path.dirname(os.path.abspath(module.__file__))
        if pref is not None:
            self.apply_preference(pref)
        if environment in ("DEVEL", "PRODUCTION"):
            self.debug = self.use_reloader = self.expose_spec = environment == "DEVEL"
        for option in ("STATIC_URL", "MEDIA_URL"):
            self.config[option] = self.config[option].rstrip("/") + "/"
        self.start()

    def run(
        self,
        address: str = "127.0.0.1",
        port: int = 5000,
        mount: str = "/",
        pref: Any = None,
        **options: Any,
    ) -> None:
        """Serve this app alone; `--port` and other options of the command line win."""
        from . import skitai

        skitai.mount(mount, self, pref)
        skitai.run(address=address, port=port, **options)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        kind = scope["type"]
        if kind == "lifespan":
            await lifespan.standalone(self, receive, send)
            return
        runtime = self.runtime
        if runtime is None or not self.started or not runtime.is_running():
            runtime = self.join(scope.get("root_path", ""))
        if self._opening is not None:
            await self._opening.done()
        if self.native is not None and kind in ("http", "websocket"):
            from .protocols import native

            await native.enter(self, self.native, scope, receive, send)
        else:
            await self.answer_own(runtime, scope, receive, send)

    async def answer_own(self, runtime: Runtime, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer from the app's own routes, whatever native routes it has."""
        kind = scope["type"]
        if kind == "http":
            answer = protocol_of(scope) if scope["method"] == "POST" else None
            await (answer or pipeline.answer)(self, runtime, scope, receive, send)
        elif kind == "websocket":
            from .protocols import websocket

            await websocket.answer(self, runtime, scope, receive, send)
        else:
            raise RuntimeError(f"an Atila app answers http, websocket and lifespan, not {kind!r}")

    def join(self, root_path: str = "") -> Runtime:
        """Belong to the running event loop; set the app up where no lifespan has reached it.

        Args:
            root_path: where the app is mounted, without a slash at its end.
        """
        runtime = self.runtime
        if runtime is None or not runtime.is_running():
            runtime = self.runtime = Runtime.of_running_loop()
        if not self.started:
            self._start_late(root_path)
        return runtime

    def _start_late(self, root_path: str) -> None:
        with self.lock:
            if not self.started:
                self.basepath = root_path + "/"
                self.apps.add(self.app_name, self)
                self.start()
                assert self.runtime is not None
                self._opening = lifespan.LateOpening(self, self.runtime)

    def opened_late(self, life: lifespan.Lifespan) -> None:
        """Let requests pass: the events of a late start have been emitted."""
        self._opening, self._opened = None, life

    def __repr__(self) -> str:
        return f"<Atila {self.app_name} at {self.basepath}>"


def _home_of(app_name: str) -> str:
    module = sys.modules.get(app_name)
    path = getattr(module, "__file__", None)
    return os.path.dirname(os.path.abspath(path)) if path else os.getcwd()
