"""Packages of apps, written for a test and forgotten after it."""

from __future__ import annotations

import importlib
import sys
import textwrap
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType


class Packages:
    """Writes and imports packages below `folder`, which is on sys.path as long as this is open."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._before = set(sys.modules)
        sys.path.insert(0, str(folder))

    def write(self, name: str, source: str) -> Path:
        """Write the module `name`, `shop.services.pages`; folders become packages, `shop.` is one itself."""
        *folders, last = name.split(".")
        place = self.folder
        for folder in folders:
            place = place / folder
            place.mkdir(exist_ok=True)
            (place / "__init__.py").touch()
        path = place / f"{last or '__init__'}.py"
        path.write_text(textwrap.dedent(source))
        importlib.invalidate_caches()
        return path

    def make(self, sources: Mapping[str, str]) -> ModuleType:
        """Write several modules and import the first."""
        for name, source in sources.items():
            self.write(name, source)
        return self.load(next(iter(sources)))

    def load(self, name: str) -> ModuleType:
        """Import a module."""
        return importlib.import_module(name.rstrip("."))

    def close(self) -> None:
        """Forget what was imported."""
        sys.path.remove(str(self.folder))
        for name in set(sys.modules) - self._before:
            if str(self.folder) in (getattr(sys.modules[name], "__file__", None) or ""):
                del sys.modules[name]
