"""Names of the events that the framework emits (`atila.events`, spec/05 sections 1 and 4)."""

from __future__ import annotations

EVT_REQ_STARTED = "before_request"
EVT_REQ_FAILED = "failed_request"
EVT_REQ_SUCCESS = "success_request"
EVT_REQ_TEARDOWN = "teardown_request"
EVT_BEFORE_MOUNT = "before_mount"
EVT_MOUNTED = "mounted"
EVT_BEFORE_RELOAD = "before_reload"
EVT_RELOADED = "reloaded"
EVT_BEFORE_UMOUNT = "before_umount"
EVT_UMOUNTED = "umounted"
EVT_MOUNTED_RELOADED = "mounted_or_reloaded"
EVT_SPEC_CREATED = "spec:exposed"

EVT_REQ_FINISHED = "request:finished"
EVT_REQ_FINISH = "finish_request"
"""The README's name of `success_request`; both are emitted."""

REQUEST_EVENTS = (
    EVT_REQ_STARTED,
    EVT_REQ_SUCCESS,
    EVT_REQ_FINISH,
    EVT_REQ_FAILED,
    EVT_REQ_TEARDOWN,
    EVT_REQ_FINISHED,
)
"""What is emitted while a request is handled."""
