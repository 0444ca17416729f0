"""`atila.patches`: the original alters the engine there; nothing of this engine has to be altered."""

from __future__ import annotations
