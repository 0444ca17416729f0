"""What went wrong at a data source, whatever its driver calls that."""

from __future__ import annotations

import contextlib
import sqlite3
import sys
from typing import Any

from ..errors import HTTPError


class BadRequest(HTTPError, ValueError):
    """A query was given what it cannot take; it may come from a client, so the answer is a 400."""

    def __init__(self, explain: str) -> None:
        super().__init__("400 Bad Request", explain)


_LOST = frozenset(
    {  # by name, so that no driver is imported to ask
        "ConnectionDoesNotExistError",
        "ConnectionFailureError",
        "PostgresConnectionError",
        "CannotConnectNowError",
        "AdminShutdownError",
        "CrashShutdownError",
        "InterfaceError",
        "AutoReconnect",
        "ConnectionFailure",
        "ConnectionError",
    }
)


_LOST_IN_MYSQL = (2002, 2003, 2006, 2013)
"""What its drivers number an OperationalError with, whatever caused it."""


def is_integrity_error(error: BaseException) -> bool:
    """Whether a constraint refused a change; `one()` answers 409 then (spec/06 section 2)."""
    names = {kind.__name__ for kind in type(error).__mro__}
    return not names.isdisjoint({"IntegrityError", "IntegrityConstraintViolationError", "DuplicateKeyError"})


def is_connection_error(error: BaseException) -> bool:
    """Whether the data source could not be reached or has hung up, so that another one might still answer."""
    if isinstance(error, sqlite3.Error):
        return False
    if isinstance(error, OSError) or isinstance(error.__cause__, OSError):
        return True
    if type(error).__name__ == "OperationalError" and error.args[:1] and error.args[0] in _LOST_IN_MYSQL:
        return True
    return any(kind.__name__ in _LOST for kind in type(error).__mro__)


_UNSENT = "__atila_unsent__"


def mark_unsent(error: BaseException) -> None:
    """Note that `error` came before anything was sent: the call can safely be made elsewhere."""
    with contextlib.suppress(AttributeError):
        setattr(error, _UNSENT, True)


def is_unsent(error: BaseException) -> bool:
    """Whether nothing was sent before this error."""
    return getattr(error, _UNSENT, False)


_twins: dict[tuple[type, type], type[BaseException]] = {}


_LONGEST_LINE = 60
"""Characters of a line of SQL; psycopg2 cuts what is longer, which is not worth the trouble."""


def _place(sql: str, position: int) -> str:
    """Where in a statement something is wrong, as psycopg2 shows it."""
    begin = sql.rfind("\n", 0, position - 1) + 1
    line = sql[begin:].partition("\n")[0]
    if len(line) > _LONGEST_LINE:
        return ""
    label = f"LINE {sql.count(chr(10), 0, begin) + 1}: "
    return f"{label}{line}\n{' ' * (len(label) + position - 1 - begin)}^\n"


def _text(error: BaseException, sql: str) -> str:
    """What psycopg2 says of a PostgreSQL error."""
    told: Any = error
    text = f"{told.args[0] if told.args else ''}\n"
    position = getattr(told, "position", None)
    if sql and position:
        text += _place(sql, int(position))
    for label in ("detail", "hint"):
        if value := getattr(told, label, None):
            text += f"{label.upper()}:  {value}\n"
    return text


def as_psycopg(error: BaseException, sql: str = "") -> BaseException:
    """`error` of asyncpg as an app that has imported psycopg2 expects it: `except psycopg2.IntegrityError`.

    The result is of the class that asyncpg has and of psycopg2's for the same SQLSTATE, with `pgcode` and the
    text of psycopg2. Where the app has not imported psycopg2 it is `error` itself.

    Args:
        sql: the statement that failed, to show the place; empty where it is not the one that the app knows.
    """
    psycopg2: Any = sys.modules.get("psycopg2")
    if psycopg2 is None:
        return error
    state = getattr(error, "sqlstate", None)
    if state is None:
        if not isinstance(error, OSError) and type(error).__name__ != "InterfaceError":
            return error
        made: BaseException = psycopg2.OperationalError(str(error))
        made.__cause__ = error
        made.__dict__.update(error.__dict__)
        return made.with_traceback(error.__traceback__)
    try:
        from psycopg2 import errors

        other = errors.lookup(state)
    except (ImportError, KeyError):
        other = psycopg2.DatabaseError
    key = (type(error), other)
    twin = _twins.get(key)
    if twin is None:
        members = {
            "pgcode": property(lambda self: self.sqlstate),
            "pgerror": property(lambda self: f"{getattr(self, 'severity', None) or 'ERROR'}:  {self}"),
            "__str__": lambda self: self._text,
        }
        twin = _twins[key] = type(other.__name__, (*key,), {**members, "__module__": other.__module__})
    made = twin(*error.args)
    made.__dict__.update(error.__dict__, _text=_text(error, sql))
    made.__cause__ = error.__cause__
    return made.with_traceback(error.__traceback__)
