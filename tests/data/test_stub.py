"""Tests of atila_compat.data.stub: calls that stubs start."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from atila_compat.data.engines import MONGODB, PGSQL, REDIS, SQLITE
from atila_compat.data.sqlite import SQLiteBackend
from atila_compat.data.stub import Call, CommandStub, SQLStub
from atila_compat.data.writer import Statement


def started(call: Call) -> Call:
    """A task of the simplest kind: the call itself."""
    return call


class Recorder:
    """A backend that remembers what it was asked."""

    engine = SQLITE

    def __init__(self) -> None:
        self.asked: list[Any] = []

    async def execute(self, *asked: Any) -> str:
        """Remember."""
        self.asked.append(asked)
        return "done"

    async def close(self) -> None:
        """Nothing to do."""


@pytest.mark.parametrize(
    ("args", "expected"),
    [
        (("select ?", (1,)), [Statement("select ?", (1,))]),
        (("select ?, ?", 1, "x"), [Statement("select ?, ?", (1, "x"))]),
        (("select :a", {"a": 1}), [Statement("select :a", {"a": 1})]),
        (("select '?'",), [Statement("select '?'")]),
        (("select 1; select 2",), [Statement("select 1"), Statement("select 2")]),
        ((["select 1", "select 2;"],), [Statement("select 1"), Statement("select 2")]),
    ],
)
@pytest.mark.anyio
async def test_execute_takes_sql_and_parameters(args: tuple[Any, ...], expected: list[Statement]) -> None:
    """Parameters come as a sequence, a mapping or one by one; a list of statements is a script."""
    backend = Recorder()
    call: Call = SQLStub(started, SQLITE).execute(*args)
    assert await call(backend) == "done"
    assert backend.asked == [(expected,)]


def test_queries_start_tasks() -> None:
    """execute() of a query and execute(query) start the same call, which knows whether it writes."""
    with SQLStub(started, PGSQL) as db:
        query = db.select("t").filter(a="x")
        assert query.execute().args == db.execute(query).args == ((query.compile()[0], ("x",)),)
        assert not query.execute().writes
        assert db.insert("t").set(a=1).execute().writes
        assert db.select("t").with_("a", db.insert("t").set(a=1)).execute().writes
        assert db.execute("update t set a = 1").writes
        assert not db.execute("select 'update'").writes
        assert not db.select("t").limit(3).execute().is_known
        with pytest.raises(AssertionError, match=r"\.all"):
            db.delete("t").execute()
        with pytest.raises(ValueError, match="parameters"):
            db.execute("select %s", 1, 2)


@pytest.mark.anyio
async def test_limit_0_asks_nobody() -> None:
    """The answer of limit(0) is known."""
    call: Call = SQLStub(started, PGSQL).select("t").limit(0).execute()
    assert call.is_known
    assert await call(None) == []


@pytest.mark.anyio
async def test_statements_are_logged_with_their_time(caplog: pytest.LogCaptureFixture) -> None:
    """At debug level each call leaves its statement, parameters and time in the log, failed ones too."""
    backend = SQLiteBackend(":memory:")
    stub = SQLStub(started, SQLITE)
    with caplog.at_level(logging.INFO, "atila_compat.data"):
        await stub.execute("select 1")(backend)
    assert not caplog.messages
    with caplog.at_level(logging.DEBUG, "atila_compat.data"):
        await stub.execute("select ? as a", (5,))(backend)
        with pytest.raises(Exception, match="nowhere"):
            await stub.select("nowhere").execute()(backend)
    assert caplog.messages[0].startswith("done after ")
    assert caplog.messages[0].endswith("ms: select ? as a (5,)")
    assert caplog.messages[1].startswith("failed after ")
    await backend.close()


@pytest.mark.anyio
async def test_commands_are_called_by_name() -> None:
    """A method of a command stub is the command, names before it are its path."""
    backend: Any = Recorder()
    with CommandStub(started, REDIS) as db:
        call = db.set("k", "v", ex=5)
        assert (call.method, call.writes, call.text) == ("set", True, "set('k', 'v', ex=5)")
        await call(backend)
        assert not db.get("k").writes
        with pytest.raises(ValueError, match="text, bytes"):
            db.set("k", None)
        with pytest.raises(ValueError, match="pipeline"):
            db.subscribe("k")
        with pytest.raises(TypeError, match="method"):
            db("k")
    mongo = CommandStub(started, MONGODB)
    await mongo.users.find({"a": 1}, limit=3)(backend)
    await mongo["my users"].insert_one({"a": 1})(backend)
    assert backend.asked == [
        (("set",), ("k", "v"), {"ex": 5}),
        (("users", "find"), ({"a": 1},), {"limit": 3}),
        (("my users", "insert_one"), ({"a": 1},), {}),
    ]
    assert not mongo.users.find({}).writes
    assert mongo.users.insert_one({}).writes
    assert CommandStub(started, "*mine").get("x").writes


@pytest.mark.anyio
async def test_a_pipeline_is_one_call() -> None:
    """Commands of a pipeline are collected and start one task."""
    backend: Any = Recorder()
    pipe = CommandStub(started, REDIS).pipeline()
    assert pipe.set("a", 1) is pipe
    pipe.get("a")
    await pipe.execute()(backend)
    await CommandStub(started, REDIS).pipeline(transaction=False).incr("n").execute()(backend)
    assert backend.asked == [
        (("pipeline",), ((("SET", "a", 1), ("GET", "a")), True), {}),
        (("pipeline",), ((("INCR", "n"),), False), {}),
    ]
