"""`rs4.evbus`."""

from __future__ import annotations

from ...hooks.bus import EventBus, EventDoesntExist

__all__ = ["EventBus", "EventDoesntExist"]
