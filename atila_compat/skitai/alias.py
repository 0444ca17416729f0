"""`skitai.alias`: names for the servers that tasks talk to (spec/01 section 8)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from ..tasks.aliases import Alias, Member, database_interfaces, define, find, known
from .constants import DJANGO
from .place import joinpath

__all__ = ["Alias", "Member", "add_database_interface", "alias", "database_interfaces", "find", "known"]


def alias(
    name: str,
    ctype: str,
    members: str | Iterable[str],
    role: str | Sequence[str] = "",
    source: str | Sequence[str] = "",
    ssl: bool = False,
    max_conns: int = 32,
    *,
    app: Any = None,
) -> tuple[str, Alias]:
    """Define a name for one or several equal servers; where the name is known the first one stays.

    Args:
        name: `"@mydb"`; the "@" may be left out.
        ctype: `skitai.PROTO_HTTP`, `skitai.DB_PGSQL`..., or what `add_database_interface` registered.
        members: `"[user:password@]host[:port][/path] [weight]"`, one or several; database URLs
            (`"mysql+aiomysql://user:password@host/db"`) with `skitai.DB_DATABASES`; with `skitai.DJANGO` the
            path of a project's settings file, whose default database it is.
        role, source: who may use it and from where; kept for the app.
        ssl: whether to encrypt the connections.
        max_conns: connections to a member at most.
        app: the only one that sees it, in `app.alias`; None for all.

    Returns the name without "@", and the definition. Raises ValueError for what cannot be understood,
    AtilaError for a Django project whose database is not served.
    """
    if ctype == DJANGO:
        from ..tasks.django_settings import database_of

        [settings] = [members] if isinstance(members, str) else members
        ctype, members = database_of(joinpath(settings))
    defined = define(name, ctype, members, role=role, source=source, ssl=ssl, max_conns=max_conns, app=app)
    return defined.name.removeprefix("@"), defined


def add_database_interface(name: str, interface: type) -> None:
    """Register a class for a database of the app's own (README "Custom Database Interface").

    Args:
        name: its type, which begins with "*": `"*mydbi"`.
        interface: subclass of `aquests.dbi.asynredis.AsynConnect` or one with the same methods.

    Raises AssertionError for a name without "*".
    """
    assert name.startswith("*"), f"the type of a database begins with '*', not {name!r}"
    database_interfaces[name] = interface
