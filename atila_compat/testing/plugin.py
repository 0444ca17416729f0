"""A pytest plugin that serves `import skitai`, `from atila import Atila` and their like from the start.

pytest -p atila_compat.testing.plugin; or in pyproject.toml, addopts = "-p atila_compat.testing.plugin"
"""

from __future__ import annotations

from ..shims.hook import install

install()
