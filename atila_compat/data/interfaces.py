"""Databases of an app's own (README: adding a custom database interface).

    class MyDBI(asynredis.AsynConnect):
        def __init__(self): ...
        def find(self, name): ...

    skitai.add_database_interface("*mydbi", MyDBI)
    skitai.alias("@mydbi", "*mydbi", "localhost:9000")

    was.db("@mydbi").find("x").fetch()

An object of the class is a connection: it is used by one call at a time, and there are at most `max_conns` of
them.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..tasks.aliases import database_interfaces
from .pool import Pool

Params = tuple[str, str, str]
"""Database name, user and password."""


class AsynConnect:
    """A connection of a database of the app's own.

    Subclasses define methods, plain ones (they run in a thread) or `async def` ones; `was.db("@x").find(...)`
    calls `find`. Methods that they do not define go to `execute(method, *args, **kwargs)`.

    Args:
        address: (host, port).
        params: database name, user and password.
    """

    address: tuple[str, int] | None = None
    params: Params | None = None

    def __init__(
        self,
        address: tuple[str, int] | None = None,
        params: Params | None = None,
        lock: Any = None,
        logger: Any = None,
    ) -> None:
        self.address, self.params, self.lock, self.logger = address, params, lock, logger

    def connect(self) -> Any:
        """Called once before the first call, may be `async def`; `address` and `params` are set then."""

    def close(self) -> Any:
        """Called when the connection is not needed any more; may be `async def`."""

    def execute(self, method: str, *args: Any, **kwargs: Any) -> Any:
        """Do what `was.db("@x").method(...)` asks for; may be `async def`."""
        raise AttributeError(f"{type(self).__name__} has neither a method {method!r} nor execute()")


def find(name: str) -> Callable[..., Any]:
    """What makes connections of the type `name`.

    Raises KeyError naming the known ones.
    """
    if name not in database_interfaces:
        raise KeyError(
            f"unknown database type {name!r}; known: {', '.join(sorted(database_interfaces)) or 'none'}. "
            "Register it with skitai.add_database_interface"
        )
    return database_interfaces[name]


async def _call(func: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Call what may be plain or asynchronous without holding the event loop up."""
    if inspect.iscoroutinefunction(func):
        return await func(*args, **kwargs)
    result = await asyncio.to_thread(func, *args, **kwargs)
    return await result if inspect.isawaitable(result) else result


class InterfaceBackend:
    """A server that is reached through an app's own class.

    Args:
        engine: name of the type.
        address: (host, port).
        params: database name, user and password.
        max_conns: connections at most.
    """

    def __init__(
        self, engine: str, address: tuple[str, int], params: Params = ("", "", ""), max_conns: int = 32
    ) -> None:
        self.engine = engine
        self._factory = find(engine)
        self._address, self._params = address, params
        self.pool: Pool[Any] = Pool(self._open, self._close, max_conns)

    async def _open(self) -> Any:
        made = self._make()
        connect = getattr(made, "connect", None)
        if connect is not None:
            await _call(connect)
        return made

    def _make(self) -> Any:
        try:
            inspect.signature(self._factory).bind(self._address, self._params)
        except TypeError:
            made = self._factory()
        else:
            made = self._factory(self._address, self._params)
        for name, value in (("address", self._address), ("params", self._params)):
            if getattr(made, name, None) is None:
                setattr(made, name, value)
        return made

    @staticmethod
    async def _close(connection: Any) -> None:
        close = getattr(connection, "close", None)
        if close is not None:
            await _call(close)

    async def execute(self, path: Sequence[str], args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        """Call the method that `path` names on a connection; after an exception that connection is closed.

        Raises AttributeError for a method that the class has not, and what the method raises.
        """
        method = "_".join(path)
        connection = await self.pool.acquire()
        try:
            found = None if method.startswith("_") else getattr(connection, method, None)
            if found is not None:
                result = await _call(found, *args, **kwargs)
            else:
                result = await _call(connection.execute, method, *args, **kwargs)
        except BaseException:
            self.pool.discard(connection)
            raise
        self.pool.release(connection)
        return result

    async def close(self) -> None:
        """Close all connections."""
        await self.pool.close()
