"""MongoDB: a method is one of the collection's (extra `mongo`; spec/06 section 5).

The alias `"localhost/mycollection"` is that collection in the database `test`; both are named by
`"localhost/mydb/mycollection"` or `"localhost/mydb.mycollection"`.
`db.users.find(...)` asks another collection of the database.

pymongo's own asynchronous client serves where it has one (4.9 and later), else motor: that hands each call to
a thread and cannot cancel it, and gets critical fixes only.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from typing import Any

from ..errors import MissingExtra
from ..structures import AttrDict
from .engines import MONGODB

SELECT_SECONDS = 5.0
"""How long to look for a server that answers."""
DEFAULT_DATABASE = "test"
_ENDLESS = frozenset({"watch", "find_raw_batches", "aggregate_raw_batches", "with_options", "start_session"})


def _client_class() -> Any:
    try:
        import pymongo
    except ImportError:
        raise MissingExtra("MongoDB", "mongo") from None
    found = getattr(pymongo, "AsyncMongoClient", None)
    if found is not None:
        return found
    try:
        from motor.motor_asyncio import AsyncIOMotorClient
    except ImportError:
        raise MissingExtra("MongoDB with this version of pymongo", "mongo") from None
    return AsyncIOMotorClient


def split_path(path: str) -> tuple[str, str]:
    """Database and collection that a member's path names."""
    path = path.strip("/")
    for separator in ("/", "."):
        database, found, collection = path.partition(separator)
        if found:
            return database, collection
    return DEFAULT_DATABASE, path


class MongoBackend:
    """A MongoDB server.

    Args:
        host, port, user, password: where it is; empty user and password are not sent.
        path: database and collection, see `split_path`.
        max_conns: connections at most.
        ssl: encrypt connections.
    """

    engine = MONGODB

    def __init__(
        self,
        host: str,
        port: int = 27017,
        user: str = "",
        password: str = "",
        path: str = "",
        max_conns: int = 32,
        ssl: bool = False,
    ) -> None:
        self._class = _client_class()
        self.database, self.collection = split_path(path)
        self._options: dict[str, Any] = {
            "host": host,
            "port": port or 27017,
            "document_class": AttrDict,
            "maxPoolSize": max(max_conns, 1),
            "serverSelectionTimeoutMS": int(SELECT_SECONDS * 1000),
            "connectTimeoutMS": int(SELECT_SECONDS * 1000),
            "directConnection": True,
            "tz_aware": False,
        }
        if user:
            self._options |= {"username": user, "password": password}
        if ssl:
            self._options["tls"] = True
        self._client: Any = None

    @property
    def client(self) -> Any:
        """The driver's client; belongs to the running event loop."""
        if self._client is None:
            self._client = self._class(**self._options)
        return self._client

    def _target(self, path: Sequence[str]) -> Any:
        """What has the method that `path` names: a collection, the database or the client.

        Raises AttributeError for methods that none of them has.
        """
        *names, method = path
        database = self.client[self.database]
        if names:
            candidates = [database[".".join(names)]]
        else:
            candidates = [database, self.client]
            if self.collection:
                candidates.insert(0, database[self.collection])
        for candidate in candidates:
            if not method.startswith("_") and callable(getattr(type(candidate), method, None)):
                return candidate
        raise AttributeError(
            f"MongoDB has no method {'.'.join(path)!r}"
            + (
                ""
                if names or self.collection
                else "; the alias names no collection, write 'host/db/collection'"
            )
        )

    async def execute(self, path: Sequence[str], args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        """Call a method; rows of a cursor come as a list of AttrDict, results of writes as an AttrDict.

        Raises pymongo.errors.PyMongoError, AttributeError, and TypeError for arguments that do not fit.
        """
        *names, method = path
        method, args, kwargs = modern(method, args, kwargs)
        if method in _ENDLESS:
            raise ValueError(f"{method}() does not end in data; use a client of your own")
        result = getattr(self._target((*names, method)), method)(*args, **kwargs)
        if inspect.isawaitable(result):
            result = await result
        if hasattr(result, "to_list"):
            try:
                return await result.to_list(None)
            finally:
                await result.close()
        return _plain(result)

    async def close(self) -> None:
        """Close all connections."""
        client, self._client = self._client, None
        if client is not None:
            closing = client.close()
            if inspect.isawaitable(closing):
                await closing


def _plain(result: Any) -> Any:
    """The result of a write as an AttrDict, other things as they are."""
    kind = type(result)
    if not kind.__module__.startswith("pymongo.results"):
        return result
    names = [name for name in dir(kind) if isinstance(getattr(kind, name), property)]
    if not result.acknowledged:
        return AttrDict(acknowledged=False)
    return AttrDict({name: getattr(result, name) for name in names if name != "raw_result"})


def modern(
    method: str, args: Sequence[Any], kwargs: Mapping[str, Any]
) -> tuple[str, Sequence[Any], Mapping[str, Any]]:
    """A call with the names that pymongo had when apps for the original were written, as it is made now."""
    options = dict(kwargs)
    if method == "findone":
        return "find_one", args, options
    if method == "insert":
        many = bool(args) and not isinstance(args[0], Mapping)
        return "insert_many" if many else "insert_one", args, options
    if method == "count":
        return "count_documents", args or ({},), options
    if method in ("remove", "delete"):
        return "delete_one" if options.pop("justOne", False) else "delete_many", args or ({},), options
    if method == "update":
        many = options.pop("multi", False)
        operators = len(args) > 1 and (
            not isinstance(args[1], Mapping) or any(str(key).startswith("$") for key in args[1])
        )
        if not operators:
            return "replace_one", args, options
        return "update_many" if many else "update_one", args, options
    if method == "save":
        document = args[0]
        if "_id" not in document:
            return "insert_one", args, options
        return "replace_one", ({"_id": document["_id"]}, document), {"upsert": True, **options}
    return method, args, kwargs
