"""`atila.patches.djangopatch`: Django models whose queries are tasks (spec/08 section 3)."""

from __future__ import annotations

from ....contrib.django import Model

__all__ = ["Model"]
