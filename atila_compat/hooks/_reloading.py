"""Whether declarations are made again, by a module that is being reloaded."""

from __future__ import annotations

from typing import Any


def is_reloading(app: Any) -> bool:
    """Whether what is declared now takes the place of what was declared before (spec/01 section 11)."""
    context = getattr(app, "mount_context", None)
    return context is not None and bool(context.reloading)
