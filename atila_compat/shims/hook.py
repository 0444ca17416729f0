"""The import hook: `import skitai` and its relatives give modules of this package, never copies.

It is on after `install()`: under `atila-compat run`, or when a library user asks for it. Packages of these
names that are installed stay out of the way as long as it is on. The standard library is left alone.
"""

from __future__ import annotations

import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import pkgutil
import sys
from collections.abc import Sequence
from types import ModuleType

SERVED = {
    "atila": "atila_compat.shims.atila",
    "skitai": "atila_compat.skitai",
    "rs4": "atila_compat.shims.rs4",
    "aquests": "atila_compat.shims.aquests",
    "sqlphile": "atila_compat.shims.sqlphile",
}
"""The top-level names that are served, and by what."""

INSTEAD = {
    "atila.Atila": "from atila import Atila",
    "rs4.webkit.apidoc": "pytest --docs or atila-compat docs",
    "rs4.psutil": "psutil",
    "rs4.nets": "socket and httpx",
    "rs4.multiproc": "multiprocessing",
    "rs4.misc": "the standard library",
    "rs4.apis": "the providers' own clients",
    "aquests.client": "httpx",
    "aquests.dbi": "aquests.dbapi.asynredis, or was.db",
    "aquests.protocols.grpc": "grpc",
    "aquests.protocols.smtp": "smtplib",
    "skitai.testutil": "skitai.test_client",
    "skitai.handlers": "routes and middleware of Starlette",
    "skitai.corequest": "skitai.tasks",
}
"""What to use for modules that are not served, by the longest beginning of their names."""


def _remedy(name: str) -> str:
    known = max(
        (each for each in INSTEAD if name == each or name.startswith(each + ".")), key=len, default=None
    )
    if known is not None:
        return f"use {INSTEAD[known]} instead"
    return f"remove the import, or write what you need of it into a module of your own; {_served(name)}"


def _served(name: str) -> str:
    top = name.partition(".")[0]
    package = importlib.import_module(SERVED[top])
    names = sorted(each.name for each in pkgutil.iter_modules(package.__path__))
    return f"served are: {', '.join(f'{top}.{each}' for each in names)}"


class AliasLoader(importlib.abc.Loader):
    """Gives an existing module for another name."""

    def __init__(self, real_name: str) -> None:
        self.real_name = real_name
        self._spec: importlib.machinery.ModuleSpec | None = None

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType:
        """The module itself."""
        module = importlib.import_module(self.real_name)
        self._spec = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        """The module has been executed already; what the import system has written into it is undone."""
        module.__spec__ = self._spec


class AliasFinder(importlib.abc.MetaPathFinder):
    """Finds the served names, and nothing else."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """The spec of a served module.

        Raises ModuleNotFoundError that says what to use, for a name below the served ones that is not there.
        """
        top, _, rest = fullname.partition(".")
        real = SERVED.get(top)
        if real is None:
            return None
        real_name = f"{real}.{rest}" if rest else real
        found = importlib.util.find_spec(real_name)
        if found is None:
            raise ModuleNotFoundError(
                f"{fullname} is not served by atila_compat: {_remedy(fullname)}", name=fullname
            )
        return importlib.machinery.ModuleSpec(
            fullname, AliasLoader(real_name), is_package=found.submodule_search_locations is not None
        )


_finder = AliasFinder()


def installed() -> bool:
    """Whether the hook is on."""
    return _finder in sys.meta_path


def install() -> None:
    """Serve `atila`, `skitai`, `rs4`, `aquests` and `sqlphile` from this package; may be called again.

    Modules of these names that have been imported from elsewhere are forgotten.
    """
    if installed():
        return
    _forget()
    sys.meta_path.insert(0, _finder)


def uninstall() -> None:
    """Undo `install`."""
    if installed():
        sys.meta_path.remove(_finder)
        _forget()


def _forget() -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] in SERVED]:
        del sys.modules[name]
