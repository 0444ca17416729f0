"""Which processors threads run on: with `--cpu-affinity` a worker's event loop and handlers stay on one.

The threads of a Python process take turns at the interpreter. Where each turn may go to another processor,
that one has to be woken first and finds nothing in its caches: more is lost than a second processor gives.
Threads for tasks, and processes that they start, use all processors as before.
"""

from __future__ import annotations

import os

_all: set[int] | None = None
"""The processors of this process before it settled on one; None where it has not."""


def is_supported() -> bool:
    """Whether the system binds threads to processors: Linux does."""
    return hasattr(os, "sched_setaffinity")


def settle(index: int) -> None:
    """Keep the running thread, and what it starts, on one processor.

    Args:
        index: of the worker: each gets the next one of the processors that the process may use.
    """
    global _all
    _all = _all or os.sched_getaffinity(0)
    os.sched_setaffinity(0, {sorted(_all)[index % len(_all)]})


def release() -> None:
    """Let the running thread, and what it starts, use all processors of this process again."""
    if _all is not None:
        os.sched_setaffinity(0, _all)
