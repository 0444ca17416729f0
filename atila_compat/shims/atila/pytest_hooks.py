"""`atila.pytest_hooks`: `from atila.pytest_hooks import *` in conftest.py (spec/08 section 2)."""

from __future__ import annotations

from ...testing.pytest_hooks import *  # noqa: F403 - what a conftest.py takes from here
from ...testing.pytest_hooks import __all__ as __all__
