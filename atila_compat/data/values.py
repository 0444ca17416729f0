"""What a Python value is in SQL: the parameter that a driver gets, and the literal that people read.

The original put every value into the text of the statement. A bound parameter has to mean what that literal
meant: the dates of SQLite stay `YYYY-MM-DD HH:MM:SS`, and a PostgreSQL parameter gets the type that the
literal has, so that `WHERE id = '3'` finds an integer and `WHERE amount > 1.5` compares with integers too
(spec/08 section 4).
"""

from __future__ import annotations

import datetime
import enum
import json
import math
import re
import uuid
from collections.abc import Mapping
from decimal import Decimal
from ipaddress import IPv4Address, IPv6Address
from typing import Any

from .engines import PGSQL, SQLITE
from .failures import BadRequest

_INT4 = range(-(2**31), 2**31)
_INT8 = range(-(2**63), 2**63)
_NEEDS_QUOTES = re.compile(r'[{}",\\]|^\s|\s$')


def _plain(value: Any) -> Any:
    """The value without what drivers do not know: enum members, subclasses of str, odd sequences."""
    if isinstance(value, enum.Enum):
        return _plain(value.value)
    if isinstance(value, str) and type(value) is not str:
        return str.__str__(value)
    if isinstance(value, (bytearray, memoryview)):
        return bytes(value)
    if isinstance(value, (set, frozenset, range)):
        return list(value)
    if isinstance(value, (IPv4Address, IPv6Address)):
        return str(value)
    return value


def _storable(text: str, engine: str) -> str:
    """Text that can be sent: JSON of clients may have halves of characters, and PostgreSQL knows no NUL."""
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            raise BadRequest("text with half a character (a lone surrogate) cannot be stored") from None
    if engine == PGSQL and "\0" in text:
        raise BadRequest("PostgreSQL does not store text with NUL characters")
    return text


def _refuse(value: Any, engine: str) -> ValueError:
    name = "PostgreSQL" if engine == PGSQL else "SQLite"
    return ValueError(
        f"a value of type {type(value).__name__} cannot be stored in {name}: {value!r:.60}; convert it first"
    )


def as_json(value: Any) -> str:
    """JSON text; what JSON has no type for is written as text."""
    return json.dumps(value, default=str)


def as_array(value: Any) -> str:
    """The text of a PostgreSQL array: `{1,2,NULL,"a,b"}`."""
    parts = []
    for item in value:
        item = _plain(item)
        if item is None:
            parts.append("NULL")
        elif isinstance(item, (list, tuple)):
            parts.append(as_array(item))
        elif isinstance(item, bool):
            parts.append("true" if item else "false")
        else:
            text = as_json(item) if isinstance(item, Mapping) else _scalar_text(item)
            if not text or text.upper() == "NULL" or _NEEDS_QUOTES.search(text):
                text = '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
            parts.append(text)
    return "{" + ",".join(parts) + "}"


def _scalar_text(value: Any) -> str:
    if isinstance(value, bytes):
        return "\\x" + value.hex()
    return str(value)


def _seconds(value: datetime.date) -> str:
    if isinstance(value, datetime.datetime):
        return value.isoformat(" ", "seconds")[:19]
    return f"{value.isoformat()} 00:00:00"


def as_sqlite(value: Any) -> Any:
    """What the sqlite3 module binds for `value`.

    Dates and times become the text that the original wrote, to the second, so that they compare with rows it
    left behind; lists and dicts become JSON text.
    Raises ValueError for other types.
    """
    value = _plain(value)
    if isinstance(value, int):
        if value in _INT8:
            return int(value)
        try:
            return float(value)
        except OverflowError:
            return math.inf if value > 0 else -math.inf
    if isinstance(value, str):
        return _storable(value, SQLITE)
    if value is None or isinstance(value, (float, bytes)):
        return value
    if isinstance(value, datetime.date):
        return _seconds(value)
    if isinstance(value, datetime.time):
        return value.isoformat()
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, uuid.UUID):
        return str(value)
    if isinstance(value, (Mapping, list, tuple)):
        return as_json(value)
    raise _refuse(value, SQLITE)


def as_sqlite_raw(value: Any) -> Any:
    """What the sqlite3 module binds for a parameter of a statement of the app's own.

    Its own adapters write dates in ISO form; they are on their way out of Python, so we do it.
    Raises ValueError for other types.
    """
    if isinstance(value, datetime.datetime):
        return value.isoformat(" ")
    if isinstance(value, datetime.date):
        return value.isoformat()
    return as_sqlite(value)


def as_postgres(value: Any) -> tuple[Any, str]:
    """What asyncpg binds for `value`, and the cast that gives the parameter the type of the literal.

    str, list and dict have none: like a literal in quotes they take the type that the place asks for.
    Raises ValueError for types without a place.
    """
    value = _plain(value)
    if isinstance(value, str):
        return _storable(value, PGSQL), ""
    if value is None or isinstance(value, (Mapping, list)):
        return value, ""
    if isinstance(value, tuple):
        return list(value), ""
    if isinstance(value, bool):
        return value, "::bool"
    if isinstance(value, int):
        if value in _INT4:
            return int(value), "::int4"
        return (int(value), "::int8") if value in _INT8 else (Decimal(value), "::numeric")
    if isinstance(value, float):
        return (Decimal(repr(value)), "::numeric") if math.isfinite(value) else (value, "::float8")
    if isinstance(value, Decimal):
        return value, "::numeric"
    if isinstance(value, datetime.datetime):
        return value, "::timestamp" if value.tzinfo is None else "::timestamptz"
    if isinstance(value, datetime.date):
        return value, "::date"
    if isinstance(value, datetime.time):
        return value, "::time" if value.tzinfo is None else "::timetz"
    if isinstance(value, datetime.timedelta):
        return value, "::interval"
    if isinstance(value, bytes):
        return value, "::bytea"
    if isinstance(value, uuid.UUID):
        return str(value), "::uuid"
    raise _refuse(value, PGSQL)


def quoted(text: str) -> str:
    """A literal in single quotes; for people only."""
    return "'" + text.replace("'", "''") + "'"


def as_literal(value: Any, engine: str) -> str:
    """The literal that the original wrote for `value`; for people only, nothing executes it.

    Raises ValueError for types without a place.
    """
    value = _plain(value)
    postgres = engine == PGSQL
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return repr(float(value))
    if isinstance(value, (int, Decimal)):
        return str(value)
    if isinstance(value, (str, uuid.UUID)):
        return quoted(str(value))
    if isinstance(value, datetime.date):
        return ("TIMESTAMP " if postgres else "") + quoted(_seconds(value))
    if isinstance(value, datetime.time):
        return ("TIME " if postgres else "") + quoted(value.isoformat())
    if isinstance(value, bytes):
        return quoted("\\x" + value.hex()) if postgres else f"X{quoted(value.hex())}"
    if isinstance(value, Mapping):
        return quoted(as_json(value))
    if isinstance(value, (list, tuple)):
        return quoted(as_array(value) if postgres else as_json(value))
    if isinstance(value, datetime.timedelta) and postgres:
        return "INTERVAL " + quoted(str(value))
    raise _refuse(value, engine)
