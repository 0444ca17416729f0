"""Tests of atila_compat.data.mongo on a real server, with pymongo's own client and with motor."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from atila_compat.data import mongo as module
from atila_compat.data.failures import is_integrity_error
from atila_compat.data.mongo import MongoBackend, modern, split_path
from atila_compat.errors import MissingExtra

pytestmark = pytest.mark.anyio


class Methods:
    """`await db.find({})` and `await db.users.find({})` as `was.db("@mongo")` does it."""

    def __init__(self, backend: MongoBackend, path: tuple[str, ...] = ()) -> None:
        self.backend, self.path = backend, path

    def __getattr__(self, name: str) -> Methods:
        return Methods(self.backend, (*self.path, name))

    async def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return await self.backend.execute(self.path, args, kwargs)


@pytest.fixture(params=["pymongo", "motor"])
async def db(request: pytest.FixtureRequest, mongo_url: str) -> AsyncIterator[Methods]:
    """An empty collection, through each driver."""
    parts = urlsplit(mongo_url)
    backend = MongoBackend(parts.hostname or "", parts.port or 27017, path="conform/cities")
    if request.param == "motor":
        from motor.motor_asyncio import AsyncIOMotorClient

        backend._class = AsyncIOMotorClient
    found = Methods(backend)
    await found.drop()
    await found.users.drop()
    yield found
    await backend.close()


async def test_documents_are_rows(db: Methods) -> None:
    """find gives a list of AttrDicts, find_one one or None; other collections are reached by name."""
    made = await db.insert_one({"_id": 1, "city": "New York", "at": {"x": 1}})
    assert (made.inserted_id, made["acknowledged"]) == (1, True)
    assert (
        await db.insert_many([{"_id": 2, "city": "Seoul"}, {"_id": 3, "city": "Seoul"}])
    ).inserted_ids == [2, 3]
    rows = await db.find({"city": "Seoul"})
    assert [row._id for row in rows] == [2, 3]
    assert [row._id for row in await db.find({}, sort=[("_id", -1)], limit=2)] == [3, 2]
    assert await db.find({"city": "none"}) == []
    one = await db.find_one({"_id": 1})
    assert (one.city, one.at.x) == ("New York", 1)
    assert await db.find_one({"_id": 9}) is None
    assert await db.count_documents({}) == 3
    assert sorted(await db.distinct("city")) == ["New York", "Seoul"]
    grouped = await db.aggregate([{"$group": {"_id": "$city", "n": {"$sum": 1}}}, {"$sort": {"_id": 1}}])
    assert [(row._id, row.n) for row in grouped] == [("New York", 1), ("Seoul", 2)]
    changed = await db.update_many({"city": "Seoul"}, {"$set": {"city": "Busan"}})
    assert (changed.matched_count, changed.modified_count) == (2, 2)
    assert (await db.delete_one({"_id": 3})).deleted_count == 1
    await db.users.insert_one({"_id": "kim"})
    assert [row._id for row in await db.users.find()] == ["kim"]
    assert "users" in await db.list_collection_names()


async def test_names_of_the_old_driver_work(db: Methods) -> None:
    """insert, update, remove, save, count and findone do what they did."""
    await db.insert({"_id": 1, "a": 1})
    await db.insert([{"_id": 2, "a": 1}, {"_id": 3, "a": 1}])
    await db.update({"a": 1}, {"$set": {"a": 2}})
    assert await db.count({"a": 2}) == 1
    await db.update({"a": 1}, {"$set": {"a": 2}}, multi=True)
    assert await db.count() == 3
    assert await db.count({"a": 2}) == 3
    await db.update({"_id": 9}, {"b": 1}, upsert=True)
    assert (await db.findone({"_id": 9})).b == 1
    await db.save({"_id": 9, "b": 2})
    await db.save({"c": 1})
    assert (await db.findone({"_id": 9})).b == 2
    assert (await db.remove({"a": 2})).deleted_count == 3
    assert (await db.delete({})).deleted_count == 2


async def test_errors_are_those_of_the_driver(db: Methods) -> None:
    """A duplicate key is an integrity error; methods that do not exist are named."""
    await db.insert_one({"_id": 1})
    with pytest.raises(Exception, match="duplicate key") as caught:
        await db.insert_one({"_id": 1})
    assert is_integrity_error(caught.value)
    for method in (db.foo, db.users.foo, db._private):
        with pytest.raises(AttributeError, match="no method"):
            await method()
    with pytest.raises(ValueError, match="end"):
        await db.watch()


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("cities", ("test", "cities")),
        ("geo/cities", ("geo", "cities")),
        ("geo.cities", ("geo", "cities")),
        ("geo/cities.old", ("geo", "cities.old")),
        ("", ("test", "")),
    ],
)
def test_a_path_names_database_and_collection(path: str, expected: tuple[str, str]) -> None:
    """One name is a collection in `test`, two are database and collection."""
    assert split_path(path) == expected


def test_modern_names_are_left_alone() -> None:
    """A call that pymongo understands is not touched."""
    assert modern("find", ({},), {"limit": 1}) == ("find", ({},), {"limit": 1})
    assert modern("update", ({}, [{"$set": {}}]), {}) == ("update_one", ({}, [{"$set": {}}]), {})


def test_a_missing_driver_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without pymongo, or without motor where pymongo is too old, the error says which extra to install."""
    import pymongo

    monkeypatch.setattr(pymongo, "AsyncMongoClient", None)
    assert module._client_class().__name__ == "AsyncIOMotorClient"
    monkeypatch.setitem(sys.modules, "motor.motor_asyncio", None)
    with pytest.raises(MissingExtra, match=r"atila_compat\[mongo\]"):
        MongoBackend("127.0.0.1")
    monkeypatch.setitem(sys.modules, "pymongo", None)
    with pytest.raises(MissingExtra, match=r"atila_compat\[mongo\]"):
        MongoBackend("127.0.0.1")
