"""`skitai.exceptions`: what apps import to raise and to catch."""

from __future__ import annotations

from ..errors import HTTPError, TaskError

__all__ = ["HTTPError", "TaskError"]
