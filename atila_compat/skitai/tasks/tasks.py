"""`skitai.tasks.tasks`."""

from __future__ import annotations

from ...tasks.group import Mask, Revoke, Tasks

__all__ = ["Mask", "Revoke", "Tasks"]
