"""What a data source has to offer here; an engine of another kind takes its place by offering the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from ..structures import AttrDict
from .writer import Statement


@dataclass(slots=True)
class Outcome:
    """What a statement gave.

    Attributes:
        columns: names of the columns, None for a statement that gives no rows.
        rows: tuples in the order of `columns`.
        rowcount: rows that were found or changed, -1 where the source does not say.
        lastrowid: of an INSERT on SQLite.
    """

    columns: tuple[str, ...] | None = None
    rows: list[tuple[Any, ...]] = field(default_factory=list)
    rowcount: int = -1
    lastrowid: int | None = None

    def dicts(self) -> list[AttrDict] | None:
        """The rows as AttrDict, None for a statement that gives none; of equal names the last wins."""
        columns = self.columns
        if columns is None:
            return None
        return [AttrDict(zip(columns, row, strict=True)) for row in self.rows]


class Session(Protocol):
    """A connection of one's own, from the first statement to commit or rollback; for one user at a time."""

    async def execute(self, statements: Sequence[Statement]) -> Outcome:
        """Execute statements, in a transaction; the outcome is the last one's."""

    async def commit(self) -> None:
        """Keep what was done; the session goes on with a new transaction."""

    async def rollback(self) -> None:
        """Undo what was done; the session goes on with a new transaction."""

    async def close(self) -> None:
        """Undo what was not committed and give the connection back; may be called again."""


class SQLBackend(Protocol):
    """A database that speaks SQL."""

    engine: str

    async def execute(self, statements: Sequence[Statement]) -> list[AttrDict] | None:
        """Execute statements, several as one transaction; the last one's rows, None where it gives none."""

    async def transaction(self) -> Session:
        """A session."""

    async def close(self) -> None:
        """Close all connections; may be called again."""


class CommandBackend(Protocol):
    """A data source that is asked by method name: Redis, MongoDB, an app's own."""

    engine: str

    async def execute(self, path: Sequence[str], args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        """Call the method that `path` names: `("set",)`, or `("users", "find")` for a collection."""

    async def close(self) -> None:
        """Close all connections; may be called again."""
