"""Atila apps on Starlette, AnyIO and uvicorn."""

from __future__ import annotations

__version__ = "0.1.0"
