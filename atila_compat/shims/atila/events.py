"""`atila.events`: names of the events that the framework emits."""

from __future__ import annotations

from . import (
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
]
