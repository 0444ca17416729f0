"""`skitai.wastuff`: what apps import from the engine's inside."""

from __future__ import annotations
