"""Results of tasks that are kept for a while: `use_cache`, `rm_cache`, `cache` (spec/06 section 11).

Whether a kept result still counts is decided by times of change that all workers share: `was.setlu(name)`
says that what `name` stands for has changed now, `use_cache=name` refuses results asked for before that.
"""

from __future__ import annotations

import contextlib
import copy
import threading
import time
from collections import OrderedDict
from collections.abc import Hashable, Iterable
from typing import Any, NamedTuple

from ..settings import settings
from ..state import state
from .response import Result

STARTED = time.time()
"""Names that were never changed count as changed when the process started."""


def last_change(*names: str) -> float:
    """The latest time, in seconds since the epoch, at which one of `names` changed.

    Raises KeyError for a name that was not registered with `skitai.register_g`, ValueError without names.
    """
    return max(float(state.get(name)) or STARTED for name in names)


def note_change(name: str) -> None:
    """What `name` stands for has changed now, for all workers. KeyError where it is not registered."""
    state.set(name, time.time())


def names_of(use_cache: bool | str | Iterable[str] | None) -> tuple[str, ...]:
    """The names in a `use_cache` or `rm_cache` argument: none in True, False and None."""
    if not use_cache or use_cache is True:
        return ()
    return (use_cache,) if isinstance(use_cache, str) else tuple(use_cache)


def frozen(value: Any) -> Hashable:
    """A hashable that is equal for equal arguments of calls; TypeError for what cannot be one."""
    if isinstance(value, dict):
        return ("dict", tuple(sorted((repr(key), frozen(item)) for key, item in value.items())))
    if isinstance(value, (list, tuple)):
        return (type(value).__name__, tuple(frozen(item) for item in value))
    if isinstance(value, (set, frozenset)):
        return ("set", frozenset(frozen(item) for item in value))
    if isinstance(value, (bytearray, memoryview)):
        return bytes(value)
    hash(value)
    # 1, 1.0 and True are equal, yet not the same in SQL or JSON
    return (type(value).__name__, value)


class _Entry(NamedTuple):
    result: Result
    asked_at: float
    expires: float


class ResultCache:
    """The results that this process keeps; the least recently used give way.

    Args:
        size: how many at most; by default what `skitai.set_max_rcache` says, 100.
    """

    def __init__(self, size: int | None = None) -> None:
        self._size = size
        self._entries: OrderedDict[Hashable, _Entry] = OrderedDict()
        self._lock = threading.Lock()

    def find(self, key: Hashable, names: Iterable[str] = ()) -> Result | None:
        """A copy of the result kept for `key`, unless it has expired or one of `names` has changed since."""
        with self._lock:
            entry = self._entries.get(key)
            if entry is None:
                return None
            if entry.expires <= time.monotonic():
                del self._entries[key]
                return None
            self._entries.move_to_end(key)
        names = tuple(names)
        if names and entry.asked_at <= last_change(*names):
            return None
        found = copy.copy(entry.result)
        with contextlib.suppress(Exception):  # data that cannot be copied is shared
            found._data = copy.deepcopy(entry.result._data)
        found.is_cached = True
        return found

    def keep(self, key: Hashable, result: Result, secs: float, asked_at: float) -> None:
        """Keep `result` for `secs` seconds.

        Args:
            asked_at: when the call began, in seconds since the epoch: a change made while it ran counts.
        """
        kept = copy.copy(result)
        with contextlib.suppress(Exception):  # the first asker may change the rows it was given
            kept._data = copy.deepcopy(result._data)
        kept.meta = {}
        kept.store = None
        limit = settings.max_rcache if self._size is None else self._size
        with self._lock:
            self._entries[key] = _Entry(kept, asked_at, time.monotonic() + secs)
            self._entries.move_to_end(key)
            while len(self._entries) > limit:
                self._entries.popitem(last=False)

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._entries.clear()

    def __len__(self) -> int:
        return len(self._entries)


results = ResultCache()
"""The one of this process."""
