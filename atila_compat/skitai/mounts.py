"""`skitai.mount`: what is to be served, and where (spec/01 section 6).

skitai.mount("/", myapp, pref)          a package with `__app__`, a module, an Atila, WSGI or ASGI app
skitai.mount("/", "other/app.py:app")   a variable of a file
skitai.mount("/files", "folder")        a directory
skitai.mount("/api", "@alias/v1")       a cluster of other servers
"""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import ModuleType
from typing import TYPE_CHECKING, Any

from .place import extend_path, joinpath

if TYPE_CHECKING:
    from .preference import Preference

DEFAULT_HOST = "default"


def normal_point(point: str) -> str:
    """A mount point with slashes at both ends: `"api/v1"` becomes `"/api/v1/"`."""
    inner = point.strip("/")
    return f"/{inner}/" if inner else "/"


@dataclass
class Directory:
    """Files at a URL.

    Attributes:
        point: URL path with slashes at both ends.
        path: absolute path of the directory.
        host: virtual host rule.
        rank: of the directories at one point, those with a lower rank are searched first.
    """

    point: str
    path: str
    host: str = DEFAULT_HOST
    rank: int = 0


OVERRIDING, OWN, EXTENDING = -1, 0, 1
"""Ranks of directories: of what overrides an app, of the app itself, of what extends it."""


@dataclass
class Proxy:
    """An alias, whose servers answer for a URL.

    Attributes:
        point: URL path with slashes at both ends.
        alias: name of the alias, with "@".
        path: path in front of the rest of the URL there, without a slash at its end.
    """

    point: str
    alias: str
    path: str
    host: str = DEFAULT_HOST


@dataclass
class AppMount:
    """An app at a URL; the object itself is loaded when the server starts.

    Attributes:
        point: URL path with slashes at both ends.
        target: module, app object or absolute path of a file.
        attribute: variable of the module or file that holds the app.
        pref: what the app is to be given.
        name: what `was.apps` knows it by.
        subscribe: names of the apps whose events it hears.
    """

    point: str
    target: ModuleType | Callable[..., Any] | str
    attribute: str
    pref: Preference
    name: str
    host: str = DEFAULT_HOST
    subscribe: Sequence[str] = ()
    options: dict[str, Any] = field(default_factory=dict)


class Mounts:
    """All that one service serves.

    Attributes:
        on_change: called after every further mount while the service runs.
    """

    def __init__(self) -> None:
        self.directories: list[Directory] = []
        self.proxies: list[Proxy] = []
        self.apps: list[AppMount] = []
        self.on_change: Callable[[Directory | Proxy | AppMount], None] | None = None

    def __bool__(self) -> bool:
        return bool(self.directories or self.proxies or self.apps)

    def add_directory(
        self,
        point: str,
        path: str,
        *,
        first: bool = False,
        host: str = DEFAULT_HOST,
        rank: int = OWN,
    ) -> Directory:
        """Serve the files of `path`, relative to the launch script, at `point`.

        Args:
            first: whether they win over the directories of the same rank that are at `point` already.

        Raises AssertionError where it is no directory.
        """
        absolute = joinpath(path)
        assert os.path.isdir(absolute), f"directory not found: {absolute}"
        directory = Directory(normal_point(point), absolute, host, rank)
        if directory in self.directories:
            if not first:
                return directory
            self.directories.remove(directory)
        self.directories.insert(0 if first else len(self.directories), directory)
        self.directories.sort(key=lambda each: each.rank)
        self._changed(directory)
        return directory

    def add(self, mounted: Proxy | AppMount) -> None:
        """Serve an app or a cluster too."""
        if isinstance(mounted, Proxy):
            self.proxies.append(mounted)
        else:
            self.apps.append(mounted)
        self._changed(mounted)

    def _changed(self, mounted: Directory | Proxy | AppMount) -> None:
        if self.on_change is not None:
            self.on_change(mounted)


_current = Mounts()


def current_mounts() -> Mounts:
    """Those that `skitai.mount` adds to."""
    return _current


def use_mounts(mounts: Mounts) -> Mounts:
    """Let `skitai.mount` add to `mounts` from now on; returns those that it added to until now."""
    global _current
    before, _current = _current, mounts
    return before


def _split_file(target: str) -> tuple[str, str]:
    """Path and variable of `"dir/file.py:variable"`."""
    drive, rest = os.path.splitdrive(target)
    path, _, variable = rest.partition(":")
    return drive + path, variable


def _file_mount(target: str, attribute: str) -> tuple[str, str]:
    path, variable = _split_file(target)
    absolute = joinpath(path)
    if os.path.isdir(absolute) and os.path.isfile(os.path.join(absolute, "__init__.py")):
        absolute = os.path.join(absolute, "__init__.py")
    elif not absolute.endswith(".py"):
        absolute += ".py"
    assert os.path.isfile(absolute), f"app not found: {absolute}"
    return absolute, variable or attribute


def _export_of(module: ModuleType) -> str:
    """The file that holds the app of a package without `__app__`."""
    folder = os.path.dirname(os.path.abspath(module.__file__ or ""))
    named = getattr(module, "__skitai__", None)
    if named is not None:
        path, variable = _split_file(named)
        candidates = [os.path.join(folder, path), joinpath(path)]
        candidates += [f"{candidate}.py" for candidate in candidates]
        found = next((candidate for candidate in candidates if os.path.isfile(candidate)), None)
        assert found is not None, (
            f"app not found: {candidates[0]}, which __skitai__ of {module.__name__} names"
        )
        return f"{found}:{variable}" if variable else found
    wsgi = os.path.join(folder, "export", "skitai", "wsgi.py")
    found = next(
        (path for path in (wsgi, os.path.join(folder, "__export__.py")) if os.path.isfile(path)), None
    )
    assert found is not None, f"{module.__name__} has no __app__ () and cannot find {wsgi}"
    return found


def _object_name(app: Any) -> str:
    own = getattr(app, "name", None) or getattr(app, "app_name", None)
    first = own.split(".")[0] if isinstance(own, str) and own else "app"
    # the original takes the first digits, which are the same for most objects of a process
    return f"{first}:{str(id(app))[-6:]}"


def _named_module(module: ModuleType, name: str | None) -> str:
    assert name is None or name == module.__name__, (
        f"invalid mount name, remove name or use {module.__name__!r}"
    )
    return module.__name__


def mount(
    point: str,
    target: Any,
    *positional: Any,
    host: str = DEFAULT_HOST,
    path: str | list[str] | None = None,
    name: str | None = None,
    subscribe: str | Sequence[str] | None = None,
    pref: Preference | None = None,
    first: bool = False,
    **options: Any,
) -> None:
    """Serve `target` at the URL path `point` (README "Mounting", spec/01 section 6).

    Args:
        point: URL path; apps also answer it without the slash at its end, by a redirect.
        target: module or package with `__app__`, app object (Atila, WSGI or ASGI callable),
            `"file.py:variable"`, directory, or `"@alias/path"`.
        positional: a preference, and the name of the variable that holds the app.
        host: virtual hosts that it answers for: names separated by spaces, `".example.com"` for all below.
        path: directories in which Python is to look for modules from now on.
        name: what `was.apps` and `was.urlfor` know the app by; a package has its own.
        subscribe: names of apps whose events this one hears; an app object needs a `name` then.
        pref: the preference, as a keyword.
        first: whether a directory's files win over those of earlier directories at this point.
        options: further options, kept with the mount.

    Raises AssertionError for a target that is not there, or a `name` that cannot be.
    """
    from .preference import Preference

    assert isinstance(point, str), f"the mount point has to be a string such as '/', not {point!r}"
    extend_path(path)
    attribute = "app"
    for argument in positional:
        if isinstance(argument, str):
            attribute = argument
        elif isinstance(argument, dict):
            pref = argument  # type: ignore[assignment]
        elif argument is not None:
            raise TypeError(f"skitai.mount takes a preference or a variable's name, not {argument!r}")
    mounts = current_mounts()

    if isinstance(target, str) and target.startswith("@"):
        alias, _, base = target.partition("/")
        mounts.add(Proxy(normal_point(point), alias, f"/{base}".rstrip("/"), host))
        return
    if isinstance(target, (str, os.PathLike)) and _is_directory(os.fspath(target)):
        mounts.add_directory(point, os.fspath(target), first=first, host=host)
        return

    preference = pref if pref is not None else Preference()
    if not isinstance(preference, Preference):
        given, preference = preference, Preference()
        preference.update(given)
    heard = [subscribe] if isinstance(subscribe, str) else list(subscribe or ())
    resolved: ModuleType | Callable[..., Any] | str
    if inspect.ismodule(target):
        if callable(getattr(target, "__app__", None)):
            resolved, default = target, _named_module(target, name)
        else:
            resolved, attribute = _file_mount(_export_of(target), attribute)
            default = _named_module(target, name)
        configure = getattr(target, "__config__", None) or getattr(target, "bootstrap", None)
        if configure is not None:
            configure(preference)
    else:
        assert name is not None or not heard, "to subscribe, name must be specified"
        if isinstance(target, (str, os.PathLike)):
            resolved, attribute = _file_mount(os.fspath(target), attribute)
            default = f"{os.path.splitext(resolved)[0]}:{attribute}"
        else:
            assert callable(target), (
                f"{target!r} is no app: mount a module, an app object, a file or a directory"
            )
            resolved, default = target, _object_name(target)
    mounts.add(
        AppMount(normal_point(point), resolved, attribute, preference, name or default, host, heard, options)
    )


def mount_django(point: str, target: Any, *positional: Any, **options: Any) -> None:
    """Serve a Django project: `skitai.mount_django ("/", "project/wsgi.py")`; arguments as for `mount`.

    Unless a preference is given, bodies may be as large as those of Atila apps are by default.
    """
    from .preference import preference

    if not any(isinstance(each, dict) for each in positional):
        options.setdefault("pref", preference(True))
    mount(point, target, *positional, **options)


def _is_directory(target: str) -> bool:
    absolute = joinpath(target)
    return os.path.isdir(absolute) and ":" not in target
