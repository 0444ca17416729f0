"""Redis: a method is a command, whatever its name (extra `redis`; spec/06 section 5).

Replies are what the server sends, as the original gave them: text as str (bytes where it is no UTF-8), lists
flat, a number in a tuple of one, so that `fetch()` is something to iterate over and `one()` is the number.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..errors import MissingExtra
from .engines import REDIS
from .interfaces import AsynConnect
from .pool import Pool

CONNECT_SECONDS = 5.0
_NAMES = {"DELETE": "DEL"}
_TWO_WORDS = (
    "ACL CLIENT CLUSTER COMMAND CONFIG DEBUG FUNCTION LATENCY MEMORY MODULE OBJECT PUBSUB SCRIPT SLOWLOG"
    " XGROUP XINFO"
)
_CONTAINERS = frozenset(_TWO_WORDS.split())
"""Commands of two words: `config_get("x")` is `CONFIG GET x`."""
_CHANGE_CONNECTIONS = (
    "AUTH SELECT MULTI EXEC DISCARD WATCH UNWATCH MONITOR SUBSCRIBE PSUBSCRIBE SSUBSCRIBE UNSUBSCRIBE"
    " PUNSUBSCRIBE SUNSUBSCRIBE RESET QUIT HELLO SYNC PSYNC"
)
_STATEFUL = frozenset(_CHANGE_CONNECTIONS.split())
"""What changes a connection, which other users share."""

Word = bytes | str | int | float


def _driver() -> Any:
    try:
        import redis.asyncio
    except ImportError:
        raise MissingExtra("Redis", "redis") from None
    return redis


def command(name: str, args: Iterable[Any] = (), kwargs: Mapping[str, Any] | None = None) -> list[Word]:
    """The words of a command.

    Lists and dicts give their items one after the other; a keyword is an option, `ex=5` is `EX 5`, `nx=True`
    is `NX`, and `mapping=` gives its items alone.
    Raises ValueError for commands that change the connection and for values that Redis has no form for.
    """
    verb = name.strip("_").upper()
    head, _, tail = verb.partition("_")
    words: list[Word] = [head, tail] if tail and head in _CONTAINERS else [_NAMES.get(verb, verb)]
    if words[0] in _STATEFUL:
        raise ValueError(
            f"{words[0]} changes a connection that others use too: "
            "use pipeline() for MULTI, or a client of your own in was.Thread"
        )
    for value in args:
        _add(words, value)
    for option, value in (kwargs or {}).items():
        if option == "mapping":
            _add(words, value)
        elif value is True:
            words.append(option.upper())
        elif value is not None and value is not False:
            words.append(option.upper())
            _add(words, value)
    return words


def _add(words: list[Word], value: Any) -> None:
    if isinstance(value, bool):
        words.append(int(value))
    elif isinstance(value, (bytes, str, int, float)):
        words.append(value)
    elif isinstance(value, (bytearray, memoryview)):
        words.append(bytes(value))
    elif isinstance(value, Mapping):
        for key, item in value.items():  # ZADD wants the score, here the value, first
            _add(words, (item, key) if words[0] == "ZADD" else (key, item))
    elif isinstance(value, (list, tuple, set, frozenset)):
        for item in value:
            _add(words, item)
    else:
        raise ValueError(f"Redis stores text, bytes and numbers, not {value!r:.60}; convert it first")


def _decoded(reply: Any) -> Any:
    if isinstance(reply, bytes):
        try:
            return reply.decode()
        except UnicodeDecodeError:
            return reply
    if isinstance(reply, list):
        return [_decoded(item) for item in reply]
    return reply


class RedisBackend:
    """A Redis server.

    Args:
        host, port, user, password: where it is; empty user and password are not sent.
        db: number of the database.
        max_conns: connections at most.
        ssl: encrypt connections and check the server's certificate.
    """

    engine = REDIS

    def __init__(
        self,
        host: str,
        port: int = 6379,
        user: str = "",
        password: str = "",
        db: str | int = 0,
        max_conns: int = 32,
        ssl: bool = False,
    ) -> None:
        self._redis = _driver()
        if not str(db or 0).isdecimal():
            raise ValueError(f"a Redis database is a number, as in 'localhost:6379/0', not {db!r}")
        self._kind = self._redis.asyncio.SSLConnection if ssl else self._redis.asyncio.Connection
        # redis 8 has a new name for it
        self._has_data = "can_read" if hasattr(self._kind, "can_read") else "can_read_destructive"
        self._options: dict[str, Any] = {
            "host": host,
            "port": port or 6379,
            "db": int(db or 0),
            "username": user or None,
            "password": password or None,
            "protocol": 2,  # replies as the original knew them
            "socket_timeout": None,  # a task has a time limit of its own, and BLPOP may wait
            "socket_connect_timeout": CONNECT_SECONDS,
            "socket_keepalive": True,
        }
        self.pool: Pool[Any] = Pool(self._open, self._close, max_conns)

    async def _open(self) -> Any:
        connection = self._kind(**self._options)
        await connection.connect()
        return connection

    @staticmethod
    async def _close(connection: Any) -> None:
        await connection.disconnect(nowait=True)

    async def _ready(self) -> Any:
        """A connection that the server has not closed in the meantime."""
        while True:
            connection = await self.pool.acquire()
            try:
                if not await getattr(connection, self._has_data)():
                    return connection
            except (self._redis.RedisError, OSError):
                pass
            except BaseException:
                self.pool.discard(connection)
                raise
            self.pool.discard(connection)

    async def send(self, commands: Sequence[Sequence[Word]]) -> list[Any]:
        """Send commands in one go: the replies, errors of the server's among them as exceptions.

        Raises redis.ConnectionError and OSError; nothing is ever sent twice.
        """
        connection = await self._ready()
        try:
            await connection.send_packed_command(connection.pack_commands(commands))
            replies = []
            for _ in commands:
                try:
                    replies.append(_decoded(await connection.read_response()))
                except self._redis.ResponseError as error:
                    replies.append(self._as_sent(error))
        except BaseException:  # also when the user is gone: the reply to come is nobody else's
            self.pool.discard(connection)
            raise
        self.pool.release(connection)
        return replies

    def _as_sent(self, error: Exception) -> Exception:
        """An error reply with the word that the driver takes away: `ERR value is not an integer`."""
        if type(error) is self._redis.ResponseError and not str(error).partition(" ")[0].isupper():
            error.args = (f"ERR {error}",)
        return error

    async def execute(self, path: Sequence[str], args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        """Send the command that `path` names; for `("pipeline",)` see `Pipeline`.

        Raises redis.RedisError, OSError, ValueError.
        """
        if tuple(path) == ("pipeline",):
            return await self._pipeline(*args)
        reply = (await self.send([command("_".join(path), args, kwargs)]))[0]
        if isinstance(reply, Exception):
            raise reply
        return (reply,) if isinstance(reply, int) else reply

    async def _pipeline(self, commands: Sequence[Sequence[Word]], transaction: bool) -> list[Any]:
        if not commands:
            return []
        replies = await self.send([("MULTI",), *commands, ("EXEC",)] if transaction else commands)
        results = replies[-1] if transaction and isinstance(replies[-1], list) else replies
        for reply in (*replies, *results):
            if isinstance(reply, Exception):
                raise reply
        return list(results)

    async def close(self) -> None:
        """Close all connections."""
        await self.pool.close()


class RedisConnect(AsynConnect):
    """`aquests.dbapi.asynredis.AsynConnect`: methods that a subclass lacks are Redis commands."""

    _server: RedisBackend | None = None

    async def connect(self) -> None:
        """Get ready; `address` and `params` say where the server is."""
        host, port = self.address or ("127.0.0.1", 6379)
        db, user, password = self.params or ("0", "", "")
        self._server = RedisBackend(host, port, user, password, db, 1)

    async def execute(self, method: str, *args: Any, **kwargs: Any) -> Any:
        """Send a command; see `RedisBackend.execute`."""
        if self._server is None:
            await self.connect()
        assert self._server is not None
        return await self._server.execute((method,), args, kwargs)

    async def close(self) -> None:
        """Close the connection."""
        if self._server is not None:
            await self._server.close()
