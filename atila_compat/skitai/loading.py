"""From a recorded mount to an app that can be called (spec/01 sections 3 and 6)."""

from __future__ import annotations

import contextlib
import importlib.util
import inspect
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING, Any

from ..app import Atila, Registry, default_config
from ..context import current_was
from ..errors import AtilaError
from ..protocols.refusal import refuse
from ..settings import settings
from ..structures import AttrDict
from ..types import ASGIApp, Receive, Scope, Send
from .mounts import AppMount, Proxy
from .place import getswd
from .preference import Preference

if TYPE_CHECKING:
    from ..http.request import Request
    from ..serving.runtime import Runtime
    from ..was import Was

_PLAIN_METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class LoadError(AtilaError):
    """An app cannot be loaded; its cause is the app's own exception."""


@dataclass
class LoadedApp:
    """An app that is mounted.

    Attributes:
        app: what `was.apps` gives.
        endpoint: the ASGI application that requests go to.
    """

    mount: AppMount
    app: Any
    endpoint: ASGIApp

    @classmethod
    def of_proxy(cls, proxy: Proxy) -> LoadedApp:
        """The mount of an alias."""
        mount = AppMount(proxy.point, proxy.alias, "", Preference(), f"{proxy.alias}{proxy.path}", proxy.host)
        from .proxying import AliasProxy

        return cls(mount, proxy, AliasProxy(proxy))


def load_app(mount: AppMount, registry: Registry, *, environment: str, threads: int) -> LoadedApp:
    """Load the app of a mount, hand it its preference and run its hooks.

    Args:
        registry: where it becomes known by its name.
        environment: SKITAIENV.
        threads: calls of a WSGI app that may run at a time.
    """
    module: ModuleType | None = None
    if inspect.ismodule(mount.target):
        module = mount.target
        app = module.__app__()
    elif isinstance(mount.target, str):
        app = _variable(_file_module(mount.target), mount.attribute)
    else:
        app = mount.target
    if isinstance(app, Atila):
        app.apps = registry
        registry.add(mount.name, app)
        default = default_config().MAX_UPLOAD_SIZE
        if settings.max_upload_size is not None and default == app.config.MAX_UPLOAD_SIZE:
            app.config.MAX_UPLOAD_SIZE = settings.max_upload_size
        # URLs that are built, and paths of cookies, have the path that a proxy takes off
        app.load(module, mount.pref, settings.root_path + mount.point, environment=environment)
        return LoadedApp(mount, app, app)
    registry.add(mount.name, app)
    _apply_preference(app, mount.pref)
    if _is_asgi(app):
        return LoadedApp(mount, app, app)
    if not callable(app):
        raise LoadError(f"{mount.name} is no app: {app!r} cannot be called")
    from ..contrib.wsgi import WSGIApp

    limit = mount.pref.config.get("MAX_UPLOAD_SIZE", settings.max_upload_size)
    options: dict[str, Any] = {} if limit is None else {"max_body": limit}
    wsgi = WSGIApp(app, threads=threads, debug=environment == "DEVEL", around=_with_was(registry), **options)
    return LoadedApp(mount, app, _dispatched_methods(wsgi))


def _with_was(
    registry: Registry,
) -> Callable[[Request, dict[str, Any]], contextlib.AbstractContextManager[Any]]:
    """Gives WSGI apps a `was`: `skitai.was`, and `environ["skitai.was"]`."""
    stand_in = Atila("skitai")
    stand_in.apps = registry

    def around(request: Request, environ: dict[str, Any]) -> contextlib.AbstractContextManager[Any]:
        from ..http.response import Response
        from ..serving.runtime import Runtime
        from ..was import Was

        mounted = (registry[name] for name in registry)
        app = next((each for each in mounted if isinstance(each, Atila)), stand_in)
        try:
            runtime = Runtime.of_running_loop()
        except RuntimeError:  # a message of a WebSocket, in a worker thread
            runtime = Runtime.current()
        environ["skitai.was"] = was = Was(app, request, Response(request), runtime)
        return _current(was, runtime)

    return around


@contextlib.contextmanager
def _current(was: Was, runtime: Runtime) -> Iterator[None]:
    runtime.activate()
    token = current_was.set(was)
    try:
        yield
    finally:
        current_was.reset(token)
        was.release()


def _dispatched_methods(app: ASGIApp) -> ASGIApp:
    """Answers 405 for what the original never hands to WSGI apps, HEAD among them."""

    async def endpoint(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] not in _PLAIN_METHODS:
            await refuse(scope, send, 405)
        else:
            await app(scope, receive, send)

    return endpoint


def _file_module(path: str) -> ModuleType:
    """The module of a file; imported once, whatever mounts it."""
    folder = os.path.dirname(path)
    inner = os.path.relpath(os.path.splitext(path)[0], getswd()).replace(os.sep, ".").strip(".")
    name = f"skitai.mounted.{inner}"
    known = sys.modules.get(name)
    if known is not None and known.__file__ == path:
        return known
    if folder not in sys.path:
        sys.path.append(folder)
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None, f"{path} is no Python file"
    assert spec.loader is not None, f"{path} is no Python file"
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def _is_beside_settings(module: ModuleType) -> bool:
    """Whether it is the `wsgi.py` of a Django project (spec/01 section 6)."""
    return os.path.isfile(os.path.join(os.path.dirname(module.__file__ or ""), "settings.py"))


def _variable(module: ModuleType, attribute: str) -> Any:
    maker: Callable[[], Any] | None = getattr(module, "__app__", None)
    app = getattr(module, attribute, None)
    if app is None and attribute == "app" and _is_beside_settings(module):
        app = getattr(module, "application", None)
    if app is None and attribute == "app" and callable(maker):
        return maker()
    if app is None:
        raise LoadError(f"{module.__file__} has no variable {attribute!r}: name it, 'file.py:variable'")
    return app


def _apply_preference(app: Any, pref: Preference) -> None:
    """Preferences reach apps of other frameworks too: attributes, and items of `app.config`."""
    for name, value in pref.items():
        if name != "config":
            setattr(app, name, value)
    if pref.config:
        if getattr(app, "config", None) is None:
            app.config = AttrDict()
        for name, value in pref.config.items():
            app.config[name] = value


def _is_asgi(app: Any) -> bool:
    return inspect.iscoroutinefunction(app) or inspect.iscoroutinefunction(getattr(app, "__call__", None))  # noqa: B004
