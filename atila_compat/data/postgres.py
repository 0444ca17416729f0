"""PostgreSQL through asyncpg (extra `postgres`).

`databases` was measured first: compiling each statement with SQLAlchemy and resetting the session after it,
it takes 510 us where asyncpg takes 70.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from ..errors import MissingExtra
from ..structures import AttrDict
from .backend import Outcome
from .engines import PGSQL
from .failures import as_psycopg
from .lexer import with_casts
from .pool import Pool
from .values import as_array, as_json
from .writer import Statement

T = TypeVar("T")

CONNECT_SECONDS = 10.0
SETTLE_SECONDS = 5.0
"""How long a connection may take to end what it was doing before it is cut."""
_PLANS = 1024
_PLAN_SECONDS = 300.0
_CHANGES_TABLES = re.compile(r"\s*(?:create|alter|drop|set)\b", re.IGNORECASE)
_AS_TEXT = ("uuid", "inet", "cidr", "macaddr", "macaddr8", "bit", "varbit", "void")
_SHAPES = ("point", "line", "lseg", "box", "path", "polygon", "circle")
"""Types that the original's driver gave as text."""
_TAKES_TEXT = frozenset({"text", "varchar", "bpchar", "name", "xml", "json", "jsonb", "unknown"})


_Answer = tuple[tuple[str, ...] | None, list[Any], int]
"""Columns (None for a statement without rows), rows, number of rows concerned."""


def _driver() -> Any:
    try:
        import asyncpg
    except ImportError:
        raise MissingExtra("PostgreSQL", "postgres") from None
    return asyncpg


def _is_textual(value: Any) -> bool:
    return isinstance(value, (str, list, Mapping))


@dataclass(frozen=True, slots=True)
class _Plan:
    """How a statement is executed: with casts where text stands for something else, as a literal would.

    Attributes:
        kinds: for each parameter that is given as text the type that the server inferred.
        columns: what it gives; None for a statement without rows.
        made_at: when the server was asked, on the monotonic clock.
    """

    sql: str
    kinds: tuple[str | None, ...]
    columns: tuple[str, ...] | None
    made_at: float

    def bind(self, params: Sequence[Any]) -> list[Any]:
        return [
            value if kind is None or isinstance(value, str) else _as_text(value, kind)
            for value, kind in zip(params, self.kinds, strict=True)
        ]


def _as_text(value: Any, kind: str) -> str:
    if isinstance(value, list) and kind not in ("json", "jsonb"):
        return as_array(value)
    return as_json(value)


def _type_name(kind: Any) -> str:
    """The name of a type in SQL."""
    name, is_array = kind.name, kind.name.endswith("[]")
    name = name.removesuffix("[]").replace('"', '""')
    return f'"{kind.schema}"."{name}"' + ("[]" if is_array else "")


def _names(attributes: Sequence[Any]) -> tuple[str, ...] | None:
    return tuple(each.name for each in attributes) or None


def _count(status: str) -> int:
    """The number in a server's `UPDATE 3` or `INSERT 0 1`."""
    last = status.rpartition(" ")[2]
    return int(last) if last.isdecimal() else -1


class Statements:
    """What is known of the statements of a database; shared by its connections."""

    def __init__(self) -> None:
        self._plans: OrderedDict[tuple[str, tuple[bool, ...]], _Plan] = OrderedDict()

    async def run(self, raw: Any, statement: Statement, counted: bool = False) -> _Answer:
        """Execute one statement: its columns, rows, and the number of rows concerned if that is asked for.

        What is known of its types may be outdated: the table may have been made anew. A statement that fails
        has changed nothing, so it is tried again with the types of now, unless a transaction has been spoilt.
        """
        params = statement.params
        assert isinstance(params, tuple)
        key = (statement.sql, tuple(map(_is_textual, params)))
        known = self._plans.get(key)
        if known is not None and known.made_at + _PLAN_SECONDS > time.monotonic():
            self._plans.move_to_end(key)
            try:
                return await self._execute(raw, known, params, None, counted)
            except Exception as error:
                self._plans.pop(key, None)
                if known.sql == statement.sql or not hasattr(error, "sqlstate") or raw.is_in_transaction():
                    raise
                prepared = await raw.prepare(statement.sql)
                plan = self._plan(key, prepared)
                if plan.sql == known.sql:
                    raise
        else:
            prepared = await raw.prepare(statement.sql)
            plan = self._plan(key, prepared)
        outcome = await self._execute(raw, plan, params, prepared if plan.sql == key[0] else None, counted)
        if _CHANGES_TABLES.match(statement.sql):
            self._plans.clear()
            return outcome
        self._plans[key] = plan
        if len(self._plans) > _PLANS:
            self._plans.popitem(last=False)
        return outcome

    @staticmethod
    async def _execute(raw: Any, plan: _Plan, params: Sequence[Any], prepared: Any, counted: bool) -> _Answer:
        if prepared is None and counted:
            prepared = await raw.prepare(plan.sql)
        bound = plan.bind(params)
        rows = await (raw.fetch(plan.sql, *bound) if prepared is None else prepared.fetch(*bound))
        columns = tuple(rows[0].keys()) if rows else plan.columns
        return columns, rows, _count(prepared.get_statusmsg()) if counted else -1

    @staticmethod
    def _plan(key: tuple[str, tuple[bool, ...]], prepared: Any) -> _Plan:
        sql, textual = key
        kinds: list[str | None] = []
        casts: dict[int, str] = {}
        for index, (is_text, kind) in enumerate(zip(textual, prepared.get_parameters(), strict=False), 1):
            kinds.append(kind.name if is_text else None)
            if is_text and not (kind.schema == "pg_catalog" and kind.name in _TAKES_TEXT):
                casts[index] = _type_name(kind)
        kinds += [None] * (len(textual) - len(kinds))
        casted = with_casts(sql, casts) if casts else sql
        return _Plan(casted, tuple(kinds), _names(prepared.get_attributes()), time.monotonic())


class Source(Protocol):
    """Where connections of asyncpg come from, if a backend does not open them itself."""

    async def open(self) -> Any:
        """A connection."""

    async def close(self, raw: Any) -> None:
        """Take a connection back, which may be closed already."""

    async def aclose(self) -> None:
        """Close what is left; may be called again."""


class PostgresBackend:
    """A PostgreSQL database.

    Args:
        host, port, user, password, database: where it is; empty ones are left to the driver's defaults.
        max_conns: connections at most.
        ssl: refuse connections that are not encrypted.
        source: where connections come from; everything about the server is its own then.
    """

    engine = PGSQL

    def __init__(
        self,
        host: str,
        port: int = 5432,
        user: str = "",
        password: str = "",
        database: str = "",
        max_conns: int = 32,
        ssl: bool = False,
        source: Source | None = None,
    ) -> None:
        self._asyncpg = _driver()
        self.errors = (self._asyncpg.PostgresError, self._asyncpg.InterfaceError, OSError)
        self._options: dict[str, Any] = {
            "host": host,
            "port": port or 5432,
            "user": user or None,
            "password": password or None,
            "database": database or None,
            "timeout": CONNECT_SECONDS,
        }
        if ssl:
            self._options["ssl"] = "require"
        self._source = source
        self.pool: Pool[Any] = Pool(self._open, self._close, max_conns, lambda raw: not self._is_closed(raw))
        self.statements = Statements()

    async def _open(self) -> Any:
        raw = await (self._source.open() if self._source else self._asyncpg.connect(**self._options))
        try:
            await _decode_as_the_original(raw)
        except BaseException:
            raw.terminate()
            if self._source:
                await self._source.close(raw)
            raise
        return raw

    async def _close(self, raw: Any) -> None:
        if self._source:
            await self._source.close(raw)
            return
        try:
            await raw.close(timeout=SETTLE_SECONDS)
        finally:
            raw.terminate()

    def _is_closed(self, raw: Any) -> bool:
        try:
            return bool(raw.is_closed())
        except self._asyncpg.InterfaceError:  # a lost connection of a pool of asyncpg's own
            return True

    async def acquire(self) -> Any:
        """A connection of asyncpg; see `failures.as_psycopg` for what is raised."""
        try:
            return await self.pool.acquire()
        except self.errors as error:
            raised = as_psycopg(error)
            raise raised from raised.__cause__

    def release(self, raw: Any, is_idle: bool = True) -> asyncio.Future[None] | None:
        """Take a connection back; what it may still have to do is done in the background, and returned."""
        if self._is_closed(raw):
            self.pool.discard(raw)
        elif is_idle and not raw.is_in_transaction():
            self.pool.release(raw)
        else:
            return self.pool.keep(self._settle(raw))
        return None

    async def _settle(self, raw: Any) -> None:
        try:
            async with asyncio.timeout(SETTLE_SECONDS):
                with contextlib.suppress(self._asyncpg.InFailedSQLTransactionError):
                    await raw.execute("SELECT 1")  # comes after a statement that is being cancelled
                if raw.is_in_transaction():
                    await raw.execute("ROLLBACK")
        except Exception:
            raw.terminate()
            self.pool.discard(raw)
        except BaseException:
            raw.terminate()
            self.pool.count -= 1
            raise
        else:
            self.pool.release(raw)

    async def execute(self, statements: Sequence[Statement]) -> list[AttrDict] | None:
        """Execute statements, several as one transaction; see `SQLBackend.execute`.

        Raises asyncpg.PostgresError, asyncpg.InterfaceError, OSError; see `failures.as_psycopg`.
        """
        raw, is_idle = await self.acquire(), False
        try:
            if len(statements) == 1:
                columns, rows, _ = await self.statements.run(raw, statements[0])
            else:
                await raw.execute("BEGIN")
                columns, rows, _ = await self.run_all(raw, statements)
                await raw.execute("COMMIT")
            is_idle = True
        except self.errors as error:
            is_idle = True
            raised = as_psycopg(error, _known(statements))
            raise raised from raised.__cause__
        finally:
            self.release(raw, is_idle)
        return None if columns is None else [AttrDict(row) for row in rows]

    async def run_all(self, raw: Any, statements: Sequence[Statement], counted: bool = False) -> _Answer:
        """Execute statements; the outcome is the last one's."""
        outcome: _Answer = (None, [], -1)
        for statement in statements:
            outcome = await self.statements.run(raw, statement, counted)
        return outcome

    async def transaction(self) -> PostgresSession:
        """A session."""
        return PostgresSession(self, await self.acquire())

    async def close(self) -> None:
        """Close all connections; those in use when they come back."""
        await self.pool.close()
        if self._source:
            await self._source.aclose()


async def _decode_as_the_original(raw: Any) -> None:
    """Have values decoded as the original's driver did: JSON is objects, UUIDs are text, real 0.1 is 0.1."""
    for kind in ("json", "jsonb"):
        await raw.set_type_codec(kind, schema="pg_catalog", encoder=str, decoder=json.loads, format="text")
    await raw.set_type_codec("float4", schema="pg_catalog", encoder=str, decoder=float, format="text")
    for kind in (*_AS_TEXT, *_SHAPES):
        await raw.set_type_codec(kind, schema="pg_catalog", encoder=str, decoder=str, format="text")


def _known(statements: Sequence[Statement]) -> str:
    """The statement as the app knows it, without parameters of ours; empty where there are several."""
    return statements[0].sql if len(statements) == 1 and not statements[0].params else ""


class PostgresSession:
    """A connection of one's own; see `Session`."""

    def __init__(self, backend: PostgresBackend, raw: Any) -> None:
        self._backend = backend
        self._raw: Any = raw
        self._is_idle = True

    async def _run(self, work: Callable[[Any], Awaitable[T]], sql: str = "") -> T:
        if self._raw is None:
            raise RuntimeError("this transaction has ended: begin another one")
        self._is_idle = False
        try:
            result = await work(self._raw)
        except self._backend.errors as error:
            self._is_idle = True
            raised = as_psycopg(error, sql)
            raise raised from raised.__cause__
        self._is_idle = True
        return result

    async def execute(self, statements: Sequence[Statement]) -> Outcome:
        """Execute statements; see `Session.execute`. Raises what `PostgresBackend.execute` does."""

        async def work(raw: Any) -> Outcome:
            if not raw.is_in_transaction():
                await raw.execute("BEGIN")
            columns, rows, count = await self._backend.run_all(raw, statements, counted=True)
            return Outcome(columns, [tuple(row) for row in rows], count)

        return await self._run(work, _known(statements))

    async def _end(self, how: str) -> None:
        async def work(raw: Any) -> None:
            if raw.is_in_transaction():
                await raw.execute(how)

        await self._run(work)

    async def commit(self) -> None:
        """Keep what was done."""
        await self._end("COMMIT")

    async def rollback(self) -> None:
        """Undo what was done."""
        await self._end("ROLLBACK")

    async def close(self) -> None:
        """Undo what was not committed and give the connection back."""
        raw, self._raw = self._raw, None
        if raw is not None:
            settling = self._backend.release(raw, self._is_idle)
            if settling is not None:
                await asyncio.shield(settling)
