"""Dictionaries that apps know from the original's helper package (`rs4.attrdict`, `app.g`), and the like."""

from __future__ import annotations

import concurrent.futures
import threading
import time
from collections.abc import (
    Callable,
    ItemsView,
    Iterable,
    Iterator,
    KeysView,
    Mapping,
    MutableMapping,
    ValuesView,
)
from typing import Any, Generic, TypeVar, overload

T = TypeVar("T")


class lazy(Generic[T]):  # noqa: N801 - reads as a decorator
    """An attribute that is computed at its first use and kept; what nobody asks for costs nothing.

    Unlike `functools.cached_property` of Python 3.11 it takes no lock: a request belongs to one thread
    at a time.
    """

    def __init__(self, compute: Callable[[Any], T]) -> None:
        self.compute = compute
        self.name = compute.__name__
        self.__doc__ = compute.__doc__

    @overload
    def __get__(self, owner: None, kind: type) -> lazy[T]: ...

    @overload
    def __get__(self, owner: object, kind: type) -> T: ...

    def __get__(self, owner: object | None, kind: type) -> T | lazy[T]:
        if owner is None:
            return self
        value = owner.__dict__[self.name] = self.compute(owner)
        return value


class AttrDict(dict[str, Any]):
    """A dict whose items are attributes as well; a missing attribute is an AttributeError."""

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}") from None

    def __setattr__(self, name: str, value: Any) -> None:
        self[name] = value

    def __delattr__(self, name: str) -> None:
        try:
            del self[name]
        except KeyError:
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}") from None


class CaseInsensitiveDict(MutableMapping[str, Any]):
    """A mapping whose keys compare without regard to case and keep the spelling first used."""

    def __init__(self, data: Mapping[str, Any] | Iterable[tuple[str, Any]] = (), **more: Any) -> None:
        self._items: dict[str, tuple[str, Any]] = {}
        self.update(data, **more)

    def __getitem__(self, key: str) -> Any:
        return self._items[key.lower()][1]

    def __setitem__(self, key: str, value: Any) -> None:
        self._items[key.lower()] = (key, value)

    def __delitem__(self, key: str) -> None:
        del self._items[key.lower()]

    def __iter__(self) -> Iterator[str]:
        return (key for key, _ in self._items.values())

    def __len__(self) -> int:
        return len(self._items)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({dict(self.items())!r})"


class SharedDict(MutableMapping[str, Any]):
    """`app.g` and `was.g`: a dict for a process's threads; values may expire (spec/01 section 2).

    Items are attributes as well. Single operations are atomic; hold `lock` over several.
    """

    def __init__(self, **values: Any) -> None:
        self.__dict__["lock"] = threading.RLock()
        self.__dict__["_values"] = dict(values)
        self.__dict__["_expiries"] = {}

    def _drop_expired(self, key: str) -> None:
        expiry = self._expiries.get(key)
        if expiry is not None and expiry <= time.monotonic():
            self._values.pop(key, None)
            self._expiries.pop(key, None)

    def set(self, key: str, value: Any, timeout: float = 0) -> None:
        """Keep `value`; with a `timeout` in seconds it is forgotten after that time."""
        with self.lock:
            self._values[key] = value
            if timeout:
                self._expiries[key] = time.monotonic() + timeout
            else:
                self._expiries.pop(key, None)

    def get(self, key: str, default: Any = None) -> Any:
        """The value, or `default` where there is none or it has expired."""
        if self._expiries:
            with self.lock:
                self._drop_expired(key)
        return self._values.get(key, default)

    def remove(self, key: str) -> None:
        """Forget `key`; nothing happens where it is unknown."""
        with self.lock:
            self._values.pop(key, None)
            self._expiries.pop(key, None)

    def clear(self) -> None:
        """Forget everything."""
        with self.lock:
            self._values.clear()
            self._expiries.clear()

    def __getitem__(self, key: str) -> Any:
        if self._expiries:
            with self.lock:
                self._drop_expired(key)
        return self._values[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self.set(key, value)

    def __delitem__(self, key: str) -> None:
        with self.lock:
            del self._values[key]
            self._expiries.pop(key, None)

    def __contains__(self, key: object) -> bool:
        if self._expiries and isinstance(key, str):
            with self.lock:
                self._drop_expired(key)
        return key in self._values

    def _snapshot(self) -> dict[str, Any]:
        with self.lock:
            for key in list(self._expiries):
                self._drop_expired(key)
            return dict(self._values)

    def __iter__(self) -> Iterator[str]:
        return iter(self._snapshot())

    def __len__(self) -> int:
        return len(self._snapshot())

    def keys(self) -> KeysView[str]:
        """The keys as they are now."""
        return self._snapshot().keys()

    def values(self) -> ValuesView[Any]:
        """The values as they are now."""
        return self._snapshot().values()

    def items(self) -> ItemsView[str, Any]:
        """Keys and values as they are now, whatever other threads do meanwhile."""
        return self._snapshot().items()

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None

    def __setattr__(self, name: str, value: Any) -> None:
        self[name] = value

    def __delattr__(self, name: str) -> None:
        self.remove(name)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({dict(self.items())!r})"


class DoneFuture(concurrent.futures.Future[T]):
    """A future that has its result already; made in a fraction of the time that `set_result` takes."""

    _condition = threading.Condition()  # nobody ever waits: nothing changes any more

    def __init__(self, result: T) -> None:
        self._state = "FINISHED"
        self._result = result
        self._exception = None
        self._waiters: list[Any] = []
        self._done_callbacks: list[Any] = []
