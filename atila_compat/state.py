"""`skitai.g`: numbers that all worker processes share (spec/01 section 7).

The names are registered before the server starts; their slots lie in anonymous shared memory, which forked
workers inherit. The lock is a POSIX record lock: the kernel drops it when a worker that holds it is killed.
"""

from __future__ import annotations

import logging
import mmap
import os
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import IO, TYPE_CHECKING

from .locks import lock_file

if TYPE_CHECKING:
    from .state_redis import RedisStore

fcntl: ModuleType | None
try:
    import fcntl
except ImportError:  # Windows, where no process is forked: the thread lock is enough
    fcntl = None

log = logging.getLogger("atila_compat.state")

MAX_NAMES = 256
_SLOT = 16  # the kind, then the payload, eight bytes each
_UNSET, _FLOAT, _INT = 0, 1, 2
_LARGEST = 2**63

Number = int | float


class SharedState:
    """Numbers by name, the same in every worker process.

    A name that was never given a value counts as 0.0.
    """

    def __init__(self) -> None:
        self._slots: dict[str, int] = {}
        self._memory: mmap.mmap | None = None
        self._file: IO[bytes] | None = None
        self._lock = threading.RLock()
        self._frozen = False
        self._store: RedisStore | None = None
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._after_fork)

    def _after_fork(self) -> None:
        # another thread of the parent may have held the lock; it does not exist in the child
        self._lock = threading.RLock()

    @contextmanager
    def _locked(self) -> Iterator[mmap.mmap]:
        with self._lock:
            memory = self._memory
            assert memory is not None
            if fcntl is None or self._file is None:
                yield memory
                return
            fcntl.lockf(self._file, fcntl.LOCK_EX)
            try:
                yield memory
            finally:
                fcntl.lockf(self._file, fcntl.LOCK_UN)

    def register(self, *names: str) -> None:
        """Make slots for `names`; must come before `skitai.run` (in the launch script or in `__config__`).

        Names that are registered already are left as they are. Once the server has started nothing is
        registered any more, because the running workers would not share it: a warning is logged, and use
        raises KeyError.

        Raises:
            TypeError: a name is not a string.
            ValueError: more than 256 names.
        """
        for name in names:
            if not isinstance(name, str):
                raise TypeError(f"a shared name has to be a string, not {name!r}")
        with self._lock:
            fresh = [name for name in dict.fromkeys(names) if name not in self._slots]
            if not fresh:
                return
            if self._frozen:
                log.warning(
                    "too late to register %s: call skitai.register_g before skitai.run, as in __config__",
                    ", ".join(fresh),
                )
                return
            if len(self._slots) + len(fresh) > MAX_NAMES:
                raise ValueError(f"at most {MAX_NAMES} names can be shared")
            if self._memory is None:
                self._memory = mmap.mmap(-1, MAX_NAMES * _SLOT)
                if fcntl is not None:
                    self._file = lock_file("atila-state")
            for name in fresh:
                self._slots[name] = len(self._slots) * _SLOT

    def use_store(self, store: RedisStore | None) -> None:
        """Keep the values in a Redis, which other machines share; None: in memory."""
        self._store = store

    def freeze(self) -> None:
        """Refuse further names, because the workers are about to start."""
        self._frozen = True

    def reset(self) -> None:
        """Forget all names and values, and accept names again; for tests."""
        with self._lock:
            self._slots = {}
            self._frozen = False
            self._store = None
            if self._memory is not None:
                self._memory.close()
                self._memory = None
            if self._file is not None:
                self._file.close()
                self._file = None

    def _read(self, memory: mmap.mmap, slot: int) -> Number | None:
        (kind,) = struct.unpack_from("q", memory, slot)
        if kind == _UNSET:
            return None
        value: Number = struct.unpack_from("q" if kind == _INT else "d", memory, slot + 8)[0]
        return value

    def _write(self, memory: mmap.mmap, slot: int, value: Number) -> None:
        if isinstance(value, int) and -_LARGEST <= value < _LARGEST:
            struct.pack_into("qq", memory, slot, _INT, value)
        else:
            struct.pack_into("qd", memory, slot, _FLOAT, float(value))

    @staticmethod
    def _number(value: object) -> Number:
        if not isinstance(value, (int, float)):
            raise TypeError(f"only numbers can be shared between workers, not {value!r}")
        return value

    def get(self, name: str, default: Number | None = None) -> Number:
        """The value of `name`; errors also those of a store that does not answer (`state_redis.StateError`).

        Where it was never set, `default` becomes its value, as in the original; without one it counts as 0.0.
        Raises KeyError for a name that is not registered.
        """
        slot = self._slots[name]
        if self._store is not None:
            found = self._store.read(name)
            if found is None and default is not None:
                self._store.write_first(name, float(self._number(default)))
                return default
            return 0.0 if found is None else found
        with self._locked() as memory:
            value = self._read(memory, slot)
            if value is not None:
                return value
            if default is None:
                return 0.0
            self._write(memory, slot, float(self._number(default)))
            return default

    def set(self, name: str, value: Number) -> None:
        """Store a number; an int stays an int.

        Raises KeyError for a name that is not registered, TypeError for a value that is no number.
        """
        slot = self._slots[name]
        number = self._number(value)
        if self._store is not None:
            self._store.write(name, number)
            return
        with self._locked() as memory:
            self._write(memory, slot, number)

    def delta(self, name: str, n: Number = 1) -> None:
        """Add `n` in one step that no other worker can interrupt; errors as for `set`."""
        slot = self._slots[name]
        number = self._number(n)
        if self._store is not None:
            self._store.add(name, number)
            return
        with self._locked() as memory:
            value = self._read(memory, slot)
            self._write(memory, slot, (0.0 if value is None else value) + number)

    def keys(self) -> list[str]:
        """The registered names."""
        return list(self._slots)

    def values(self) -> list[Number]:
        """The values, in the order of `keys`."""
        return [self.get(name) for name in self._slots]

    def items(self) -> list[tuple[str, Number]]:
        """Names and values."""
        return [(name, self.get(name)) for name in self._slots]

    def has_key(self, name: str) -> bool:
        """Whether the name is registered."""
        return name in self._slots

    def __contains__(self, name: object) -> bool:
        return name in self._slots

    def __iter__(self) -> Iterator[str]:
        return iter(self.keys())

    def __len__(self) -> int:
        return len(self._slots)

    def __getitem__(self, name: str) -> Number:
        return self.get(name)

    def __setitem__(self, name: str, value: Number) -> None:
        # as in the original, what is assigned is read back as a float, what is `set` keeps its type
        self.set(name, float(self._number(value)))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({dict(self.items())!r})"


state = SharedState()
"""The one of this process; apps know it as `skitai.g`."""
