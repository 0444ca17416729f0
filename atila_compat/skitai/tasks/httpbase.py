"""`skitai.tasks.httpbase`."""

from __future__ import annotations

from ...errors import HTTPTaskError, TaskError

__all__ = ["HTTPTaskError", "TaskError"]
