"""`skitai.tasks`: the classes of tasks, for `isinstance` and `except` (spec/06 section 12)."""

from __future__ import annotations

from ...tasks.task import Task

__all__ = ["Task"]
