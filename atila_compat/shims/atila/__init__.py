"""`atila`: what apps import from the original framework (spec/08 section 5)."""

from __future__ import annotations

from typing import Any

from ...app import Atila
from ...hooks.event_names import (
    EVT_BEFORE_MOUNT,
    EVT_BEFORE_RELOAD,
    EVT_BEFORE_UMOUNT,
    EVT_MOUNTED,
    EVT_MOUNTED_RELOADED,
    EVT_RELOADED,
    EVT_REQ_FAILED,
    EVT_REQ_STARTED,
    EVT_REQ_SUCCESS,
    EVT_REQ_TEARDOWN,
    EVT_SPEC_CREATED,
    EVT_UMOUNTED,
)
from ...skitai.preference import Preference, preference
from ...structures import AttrDict

__all__ = [
    "EVT_BEFORE_MOUNT",
    "EVT_BEFORE_RELOAD",
    "EVT_BEFORE_UMOUNT",
    "EVT_MOUNTED",
    "EVT_MOUNTED_RELOADED",
    "EVT_RELOADED",
    "EVT_REQ_FAILED",
    "EVT_REQ_STARTED",
    "EVT_REQ_SUCCESS",
    "EVT_REQ_TEARDOWN",
    "EVT_SPEC_CREATED",
    "EVT_UMOUNTED",
    "Atila",
    "AttrDict",
    "load",
    "preference",
    "version_info",
]

__version__ = "0.11.0"
version_info = (0, 11, 0)
"""The release of the original that this package stands in for; apps show it, or compare with it."""


def load(target: Any, pref: Preference | None = None) -> Any:
    """The app of a package, file or app object, set up as if it were mounted on "/", without a server.

    Args:
        target: as for `skitai.mount`.
        pref: its preference.

    Raises AssertionError for a target that is not there, LoadError where its hooks fail.
    """
    from ...skitai import mount
    from ...skitai.mounts import Mounts, use_mounts
    from ...skitai.server import Service

    mounts = Mounts()
    before = use_mounts(mounts)
    try:
        mount("/", target, pref)
        service = Service(mounts)
        service.load()
    finally:
        use_mounts(before)
    return service.loaded[0].app
