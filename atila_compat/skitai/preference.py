"""`skitai.preference`: what an app is to be given when it is mounted (spec/01 section 6.1).

with skitai.preference() as pref:
    pref.securekey = "secret"
    pref.config.MAX_UPLOAD_SIZE = 10 * 1024 * 1024
    pref.set_static("/static", "myapp/static")
    skitai.mount("/", myapp, pref)
"""

from __future__ import annotations

import copy
import os
from types import ModuleType, TracebackType
from typing import Any, Literal

from ..structures import AttrDict
from .mounts import EXTENDING, OVERRIDING, OWN, current_mounts
from .place import extend_path, joinpath

DEFAULT_STATIC_URL = "/static"
MAX_UPLOAD_SIZE = 256 * 1024 * 1024


class Preference(AttrDict):
    """Attributes for an app to come, and items for its `app.config`.

    Attributes:
        config: AttrDict that goes into `app.config`.
        mountables: (point, module or function, options) to mount when the app has been set up.
        extensions: ("extends" or "overrides", module) pairs.
    """

    __slots__ = ("_rank", "extensions", "mountables")

    mountables: list[tuple[str, Any, dict[str, Any]]]
    extensions: list[tuple[Literal["extends", "overrides"], ModuleType]]
    _rank: int

    def __init__(self, **attributes: Any) -> None:
        super().__init__(attributes)
        object.__setattr__(self, "mountables", [])
        object.__setattr__(self, "extensions", [])
        object.__setattr__(self, "_rank", OWN)
        self.setdefault("config", AttrDict())

    def __enter__(self) -> Preference:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing happens: apps are mounted by `skitai.mount`, and run by `skitai.run`."""

    def set_static(self, url: str, path: str | None = None) -> None:
        """Set `config.STATIC_URL`, and serve the files of `path` there, before other directories of this URL.

        Args:
            url: URL path, `"/static"`.
            path: directory, relative to the launch script.

        Raises AssertionError where `path` is no directory.
        """
        serve_folder(self.config, "STATIC", url, path, rank=self._rank)

    def set_media(self, url: str, path: str | None = None) -> None:
        """Set `config.MEDIA_URL`, and serve the files of `path` there; otherwise as `set_static`."""
        serve_folder(self.config, "MEDIA", url, path, rank=self._rank)

    def add_static(self, path: str, front: bool = False) -> None:
        """Serve one more directory at `config.STATIC_URL` (`/static` where none is set).

        Args:
            path: directory, relative to the launch script.
            front: whether its files win over those of the directories that are there.

        Raises AssertionError where `path` is no directory.
        """
        add_static_folder(self.config, path, front, rank=self._rank)

    def add_template_dir(self, folder: str, front: bool = False) -> None:
        """Search `folder`, relative to the launch script, for templates too; `front`: before the others."""
        folders = self.config.setdefault("TEMPLATE_DIRS", [])
        folders.insert(0 if front else len(folders), joinpath(folder))

    def add_resources(self, module: ModuleType, front: bool = False) -> None:
        """Use the `templates` and `static` folders of a package, where it has them."""
        folder = _folder(module)
        if os.path.isdir(templates := os.path.join(folder, "templates")):
            self.add_template_dir(templates, front)
        if os.path.isdir(static := os.path.join(folder, "static")):
            self.add_static(static, front)

    def extends(self, module: ModuleType) -> None:
        """Let the app offer what `module` has where it has nothing of its own (README "Extending")."""
        self._extend("extends", module)

    def overrides(self, module: ModuleType) -> None:
        """Let what `module` has take the place of the app's own (README "Overriding")."""
        self._extend("overrides", module)

    def _extend(self, way: Literal["extends", "overrides"], module: ModuleType) -> None:
        # What the module's own __config__ serves has the module's rank, too: the original lets the set_static
        # that is called last win, whoever calls it, where the README says who wins.
        rank = self._rank
        object.__setattr__(self, "_rank", OVERRIDING if way == "overrides" else EXTENDING)
        try:
            configure = getattr(module, "__config__", None)
            if configure is not None:
                configure(self)
            self.add_resources(module, front=way == "overrides")
        finally:
            object.__setattr__(self, "_rank", rank)
        if way == "overrides" and os.path.isdir(templates := os.path.join(_folder(module), "templates")):
            self.setdefault("override_template_dirs", []).insert(0, templates)
        self.extensions.append((way, module))

    def mount_later(self, point: str, target: Any, **options: Any) -> None:
        """Let the app mount a module or function when it has been set up; as `app.mount`."""
        self.mountables.append((point, target, options))

    def copy(self) -> Preference:
        """A preference with the same values, which can be changed without changing this one."""
        twin = Preference()
        for name, value in self.items():
            twin[name] = _copied(value)
        twin.mountables.extend((point, target, dict(options)) for point, target, options in self.mountables)
        twin.extensions.extend(self.extensions)
        return twin


def serve_folder(config: AttrDict, kind: str, url: str, path: str | None, rank: int = OWN) -> None:
    """What `set_static` and `set_media` do, of preferences and of apps: `kind` is STATIC or MEDIA."""
    config[f"{kind}_URL"] = url
    if path is not None:
        config[f"{kind}_ROOT"] = current_mounts().add_directory(url, path, first=True, rank=rank).path


def add_static_folder(config: AttrDict, path: str, front: bool = False, rank: int = OWN) -> None:
    """What `add_static` does, of preferences and of apps."""
    url = config.setdefault("STATIC_URL", DEFAULT_STATIC_URL)
    directory = current_mounts().add_directory(url, path, first=front, rank=rank)
    if front or "STATIC_ROOT" not in config:
        config.STATIC_ROOT = directory.path


def _folder(module: ModuleType) -> str:
    return os.path.dirname(os.path.abspath(getattr(module, "__file__", None) or ""))


def _copied(value: Any) -> Any:
    if isinstance(value, AttrDict):
        return AttrDict({name: _copied(item) for name, item in value.items()})
    try:
        return copy.deepcopy(value)
    except Exception:  # modules, locks, connections: what cannot be copied is shared
        return value


def preference(preset: bool = False, path: str | list[str] | None = None, **configs: Any) -> Preference:
    """A new, empty preference.

    Args:
        preset: whether `config.MAX_UPLOAD_SIZE` is set to its default, 256 MiB.
        path: directories, relative to the launch script, in which Python is to look for modules from now on.
        configs: items of `config`.
    """
    extend_path(path)
    pref = Preference()
    if preset:
        pref.config.MAX_UPLOAD_SIZE = MAX_UPLOAD_SIZE
    pref.config.update(configs)
    return pref


pref = preference
