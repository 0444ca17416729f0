"""Names of tables and columns: what may stand in SQL without being bound."""

from __future__ import annotations

import re

from .failures import BadRequest

_PART = r'(?:[\w$]+|"[^"\0]+")'
_NAME = re.compile(rf"{_PART}(?:\.{_PART})*")
_KEY = re.compile(r"[\w$-]+")


def checked(name: str) -> str:
    """`name` itself when it is one: letters, digits, `_`, `$`, dots between parts, or parts in double quotes.

    Keys of dicts that come from a client (`query.set(was.request.JSON)`, `query.filter(**form)`) end up here.

    Raises ValueError for everything else; it is an HTTPError "400 Bad Request" too.
    """
    if _NAME.fullmatch(name):
        return name
    raise BadRequest(
        f"{name!r:.80} is not the name of a column; for an expression use F(...): "
        'filter(F("lower(name) = \'x\'")), set(name=F("lower(name)"))'
    )


def dotted(name: str) -> str:
    """A keyword as a column: `a__b` is `a.b`.

    Raises ValueError for what is no name.
    """
    return checked(name.replace("__", ".") if "__" in name else name)


def checked_key(key: str) -> str:
    """`key` itself when it can stand in a JSON path.

    Raises ValueError for everything else.
    """
    if _KEY.fullmatch(key):
        return key
    raise BadRequest(f"{key!r:.80} cannot be a key in a JSON path; write the condition with F(...)")


def number(value: int | str | None) -> int | None:
    """`value` as a number of rows; None stays.

    Raises ValueError for what is none; it is an HTTPError "400 Bad Request" too.
    """
    try:
        return None if value is None else int(value)
    except (TypeError, ValueError):
        raise BadRequest(f"{value!r:.60} is not a number of rows") from None
