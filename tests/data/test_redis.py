"""Tests of atila_compat.data.redis on a real server."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from atila_compat.data.redis import RedisBackend, command
from atila_compat.errors import MissingExtra

pytestmark = pytest.mark.anyio


def redis_at(url: str, max_conns: int = 4) -> RedisBackend:
    """A backend for the Redis at `url`."""
    parts = urlsplit(url)
    return RedisBackend(
        parts.hostname or "",
        parts.port or 6379,
        parts.username or "",
        parts.password or "",
        parts.path.strip("/"),
        max_conns,
    )


class Commands:
    """`await redis.get("k")` as `was.db("@redis").get("k")` does it."""

    def __init__(self, backend: RedisBackend) -> None:
        self.backend = backend

    def __getattr__(self, name: str) -> Any:
        async def call(*args: Any, **kwargs: Any) -> Any:
            return await self.backend.execute((name,), args, kwargs)

        return call


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Commands]:
    """A Redis; keys begin with `t:`."""
    backend = redis_at(redis_url)
    found = Commands(backend)
    keys = await found.keys("t:*")
    if keys:
        await found.delete(keys)
    yield found
    await backend.close()


async def test_replies_have_the_shape_of_the_original(redis: Commands) -> None:
    """Text is str, numbers come in a tuple of one, lists are flat, nothing is None."""
    assert await redis.set("t:a", "x") == "OK"
    assert await redis.get("t:a") == "x"
    assert await redis.get("t:none") is None
    assert await redis.incr("t:n") == (1,)
    assert await redis.incrby("t:n", 10) == (11,)
    assert await redis.exists("t:none") == (0,)
    assert await redis.hset("t:h", "k", "v") == (1,)
    assert await redis.hset("t:h", mapping={"a": 1, "b": 2.5}) == (2,)
    assert await redis.hgetall("t:h") == ["k", "v", "a", "1", "b", "2.5"]
    assert await redis.hmget("t:h", "k", "zz") == ["v", None]
    assert await redis.rpush("t:l", "a", "b") == (2,)
    assert await redis.rpush("t:l", ["c", "d"]) == (4,)
    assert await redis.lrange("t:l", 0, -1) == ["a", "b", "c", "d"]
    assert await redis.lrange("t:none", 0, -1) == []
    assert await redis.zadd("t:z", {"a": 1, "b": 2.5}) == (2,)
    assert await redis.zrange("t:z", 0, -1, "WITHSCORES") == ["a", "1", "b", "2.5"]
    assert await redis.zrange("t:z", 0, -1, withscores=True) == ["a", "1", "b", "2.5"]
    assert await redis.zscore("t:z", "b") == "2.5"
    assert await redis.mset({"t:x": 1, "t:y": "\uac00"}) == "OK"
    assert await redis.mget("t:x", "t:y", "t:none") == ["1", "\uac00", None]
    assert await redis.set("t:b", b"\xff\x00") == "OK"
    assert await redis.get("t:b") == b"\xff\x00"
    assert await redis.set("t:e", "x", ex=100, nx=True) == "OK"
    assert 0 < (await redis.ttl("t:e"))[0] <= 100
    assert await redis.set("t:e", "x", nx=True) is None
    assert await redis.delete("t:e", "t:none") == (1,)
    assert await redis.type("t:l") == "list"
    assert await redis.eval("return {1, 'a', {2, 3}}", 0) == [1, "a", [2, 3]]
    assert await redis.config_get("maxmemory") == ["maxmemory", "0"]
    cursor, keys = await redis.scan(0, match="t:a*", count=1000)
    assert (cursor, keys) == ("0", ["t:a"])


async def test_errors_are_those_of_the_server(redis: Commands) -> None:
    """An error reply is raised, and the connection serves on."""
    import redis as driver

    await redis.set("t:a", "x")
    for call, message in (
        (("incr", "t:a"), "^ERR value is not an integer"),
        (("foobar", "t:a"), "^ERR unknown command"),
        (("lpush", "t:a", 1), "^WRONGTYPE Operation"),
        (("get",), "^ERR wrong number"),
    ):
        with pytest.raises(driver.ResponseError, match=message):
            await getattr(redis, call[0])(*call[1:])
    assert await redis.get("t:a") == "x"
    assert redis.backend.pool.count == 1


async def test_pipelines_send_commands_together(redis: Commands) -> None:
    """The data of a pipeline is the list of its replies; an error among them is raised when all were read."""
    import redis as driver

    async def pipeline(*commands: tuple[Any, ...], transaction: bool = True) -> Any:
        return await redis.backend.execute(("pipeline",), (commands, transaction), {})

    assert await pipeline(("SET", "t:a", 1), ("INCR", "t:a"), ("GET", "t:a")) == ["OK", 2, "2"]
    assert await pipeline(("INCR", "t:a"), ("GET", "t:a"), transaction=False) == [3, "3"]
    assert await pipeline() == []
    for transaction in (True, False):
        with pytest.raises(driver.ResponseError):
            await pipeline(("INCR", "t:a"), ("LPUSH", "t:a", 1), ("INCR", "t:a"), transaction=transaction)
    assert await redis.get("t:a") == "7"
    assert redis.backend.pool.count == 1


async def test_a_command_that_nobody_waits_for_takes_its_reply_with_it(redis: Commands) -> None:
    """A cancelled command closes its connection: nobody else gets its reply."""
    waiting = asyncio.ensure_future(redis.blpop("t:empty", 0))
    await asyncio.sleep(0.1)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    await redis.rpush("t:empty", "late")
    assert await redis.lrange("t:empty", 0, -1) == ["late"]
    assert redis.backend.pool.count <= 2


async def test_connections_that_the_server_has_closed_are_not_used(redis: Commands) -> None:
    """After the server has dropped idle connections the next command succeeds."""
    await asyncio.gather(*(redis.ping() for _ in range(20)))
    other = RedisBackend(redis.backend._options["host"], redis.backend._options["port"])
    await other.execute(("client_kill",), ("TYPE", "normal", "SKIPME", "yes"), {})
    for _ in range(10):
        assert await redis.ping() == "PONG"
    await other.close()


@pytest.mark.parametrize(
    ("name", "args", "kwargs", "words"),
    [
        ("get", ("k",), {}, ["GET", "k"]),
        ("delete", ("k",), {}, ["DEL", "k"]),
        ("del_", ("k",), {}, ["DEL", "k"]),
        ("config_get", ("*",), {}, ["CONFIG", "GET", "*"]),
        ("set", ("k", True), {"ex": 5, "nx": True, "xx": False, "px": None}, ["SET", "k", 1, "EX", 5, "NX"]),
        ("mset", ({"a": 1, "b": b"x"},), {}, ["MSET", "a", 1, "b", b"x"]),
        ("zadd", ("z", {"a": 1}), {}, ["ZADD", "z", 1, "a"]),
        ("mget", (["a", "b"], "c"), {}, ["MGET", "a", "b", "c"]),
    ],
)
def test_a_method_is_a_command(name: str, args: Any, kwargs: Any, words: list[Any]) -> None:
    """Names are commands, keywords are options, lists and dicts give their items."""
    assert command(name, args, kwargs) == words


def test_what_cannot_be_sent_is_refused() -> None:
    """Values without a form in Redis and commands that change a shared connection are a ValueError."""
    for value in (None, object(), {1: None}):
        with pytest.raises(ValueError, match="convert"):
            command("set", ("k", value))
    for name in ("subscribe", "multi", "select", "watch", "monitor"):
        with pytest.raises(ValueError, match="pipeline"):
            command(name, ("x",))
    with pytest.raises(ValueError, match="number"):
        RedisBackend("127.0.0.1", db="mydb")


def test_a_missing_driver_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without redis the error says which extra to install."""
    monkeypatch.setitem(sys.modules, "redis", None)
    monkeypatch.setitem(sys.modules, "redis.asyncio", None)
    with pytest.raises(MissingExtra, match=r"atila_compat\[redis\]"):
        RedisBackend("127.0.0.1")
