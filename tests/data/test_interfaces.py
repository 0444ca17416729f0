"""Tests of atila_compat.data.interfaces: databases of an app's own."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from atila_compat.data.interfaces import AsynConnect, InterfaceBackend, find
from atila_compat.data.redis import RedisConnect
from atila_compat.tasks.aliases import database_interfaces

pytestmark = pytest.mark.anyio


class Shelf(AsynConnect):
    """A database as the README has it: an `__init__` without arguments."""

    opened = 0

    def __init__(self) -> None:
        type(self).opened += 1
        self.books: dict[str, str] = {}

    def put(self, name: str, text: str, *, times: int = 1) -> str:
        """A plain method."""
        assert threading.current_thread() is not threading.main_thread()
        self.books[name] = text * times
        return f"{self.address}{self.params}"

    async def read(self, name: str) -> str:
        """An asynchronous one."""
        await asyncio.sleep(0)
        return self.books[name]

    def execute(self, method: str, *args: Any, **kwargs: Any) -> Any:
        """What is not a method."""
        return method, args, kwargs


class Modern:
    """A class of nobody's, which takes what it connects to."""

    def __init__(self, address: tuple[str, int], params: tuple[str, str, str]) -> None:
        self.place = address, params
        self.closed = False

    async def connect(self) -> None:
        """Called first."""
        self.connected = True

    def where(self) -> Any:
        """Where this is connected to."""
        return self.place, self.connected


@pytest.fixture(autouse=True)
def registered() -> Iterator[None]:
    """The classes under their names."""
    Shelf.opened = 0
    database_interfaces.update({"*shelf": Shelf, "*modern": Modern, "*redislike": RedisConnect})
    yield
    for name in ("*shelf", "*modern", "*redislike"):
        del database_interfaces[name]


async def test_methods_are_called_by_name() -> None:
    """Plain methods run in a thread, asynchronous ones on the loop, others go to execute()."""
    backend = InterfaceBackend("*shelf", ("localhost", 9000), ("db", "me", "secret"))
    assert (
        await backend.execute(("put",), ("a", "x"), {"times": 2})
        == "('localhost', 9000)('db', 'me', 'secret')"
    )
    assert await backend.execute(("read",), ("a",), {}) == "xx"
    assert await backend.execute(("lend",), (1,), {"to": 2}) == ("lend", (1,), {"to": 2})
    assert await backend.execute(("_private",), (), {}) == ("_private", (), {})
    assert Shelf.opened == 1
    await backend.close()


async def test_an_exception_costs_its_connection() -> None:
    """What a method raises is raised; its object is not used again."""
    backend = InterfaceBackend("*shelf", ("localhost", 9000))
    with pytest.raises(KeyError, match="none"):
        await backend.execute(("read",), ("none",), {})
    await backend.execute(("put",), ("a", "x"), {})
    assert (Shelf.opened, backend.pool.count) == (2, 1)
    await backend.close()


async def test_an_object_serves_one_call_at_a_time() -> None:
    """There are no more objects than allowed, and each is used by one call."""
    backend = InterfaceBackend("*shelf", ("localhost", 9000), max_conns=2)
    await asyncio.gather(*(backend.execute(("put",), (str(n), "x"), {}) for n in range(10)))
    assert Shelf.opened == 2
    await backend.close()


async def test_any_class_will_do() -> None:
    """A class that takes address and parameters gets them; connect() is called, close() may be missing."""
    backend = InterfaceBackend("*modern", ("localhost", 1), ("a", "b", "c"))
    assert await backend.execute(("where",), (), {}) == ((("localhost", 1), ("a", "b", "c")), True)
    with pytest.raises(AttributeError, match="execute"):
        await backend.execute(("nothing",), (), {})
    await backend.close()


async def test_the_base_of_the_readme_speaks_redis(redis_url: str) -> None:
    """A subclass of `asynredis.AsynConnect` has every command of Redis."""
    parts = urlsplit(redis_url)
    backend = InterfaceBackend("*redislike", (parts.hostname or "", parts.port or 6379), ("0", "", ""))
    assert await backend.execute(("set",), ("t:own", "x"), {}) == "OK"
    assert await backend.execute(("get",), ("t:own",), {}) == "x"
    await backend.close()


def test_an_unknown_type_names_the_known() -> None:
    """A type that nobody has registered is a KeyError with the known ones."""
    with pytest.raises(KeyError, match=r"\*shelf"):
        find("*other")
    with pytest.raises(AttributeError, match="method 'x'"):
        AsynConnect().execute("x")
