"""Names for the servers that tasks talk to: `skitai.alias` and `app.alias` (spec/01 section 8, spec/06 1.1).

skitai.alias("@mypg", skitai.DB_PGSQL, ["user:pass@localhost/mydb 3"])
"""

from __future__ import annotations

import weakref
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urlsplit

DEFAULT_PORTS = {
    "http": 80,
    "https": 443,
    "ws": 80,
    "wss": 443,
    "*postgresql": 5432,
    "*redis": 6379,
    "*mongodb": 27017,
}
_WEB = ("http", "https", "ws", "wss")


@dataclass(frozen=True)
class Member:
    """One server of an alias.

    Attributes:
        host: name or address; empty for a file.
        port: the given one, else the type's default; 0 where the type has none.
        user, password: percent-decoded; empty where not given.
        path: what follows the host: base path (`"/api"`) of HTTP members, database name (`"mydb"`) of
            databases, file path of SQLite; the whole URL of `skitai.DB_DATABASES`.
        weight: share of the load, 1 by default.
        raw: the member string as it was given.
    """

    host: str
    port: int
    user: str = ""
    password: str = field(default="", repr=False)
    path: str = field(default="", repr=False)
    weight: int = 1
    raw: str = field(default="", repr=False)

    @property
    def authority(self) -> str:
        """`host:port`, with brackets around an IPv6 address."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}" if self.port else host


@dataclass(frozen=True, eq=False)
class Alias:
    """A named group of equal servers.

    Attributes:
        name: with its "@".
        ctype: `"http"`, `"https"`, `"*postgresql"`, `"*sqlite3"`, `"*redis"`, `"*mongodb"` or the name of an
            interface of the app's own.
        members: at least one.
        max_conns: connections to a member at most.
        ssl: whether the connections are encrypted.
        role, source: who may use it, and from where; kept for the app.
    """

    name: str
    ctype: str
    members: tuple[Member, ...]
    max_conns: int = 32
    ssl: bool = False
    role: str | Sequence[str] = ""
    source: str | Sequence[str] = ""


def plain_type(ctype: str) -> str:
    """The type without the mark of its synchronous form: `"*postgresql_syn"` counts as `"*postgresql"`."""
    return ctype.removesuffix("_syn")


def _host_and_port(text: str, shown: str = "...") -> tuple[str, int]:
    """Host and port; where they are none, the error has `shown`, which holds no part of a login."""
    try:
        parts = urlsplit(f"//{text}")
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise ValueError(
            f"member {shown!r}: {error if shown == text else 'no host and port'}; "
            "write [user:password@]host[:port][/path] [weight]"
        ) from None
    if parts.netloc and not parts.netloc.startswith("["):
        host = (
            parts.netloc.rpartition(":")[0] if ":" in parts.netloc else parts.netloc
        )  # keeps the case of the host
    return host, port or 0


def _database_url(url: str, weight: int, raw: str) -> Member:
    """The member that a URL such as `"mysql://user:pass@host/db"` names."""
    scheme, separator, rest = url.partition("://")
    if not separator or not scheme:
        raise ValueError(
            f"member {scheme.rpartition('@')[2]!r} is no URL: write mysql://user:password@host/database"
        )
    host, port = _host_and_port(rest.partition("/")[0].rpartition("@")[2])
    return Member(host, port, path=url, weight=weight, raw=raw)


def parse_member(text: str, ctype: str, *, ssl: bool = False) -> Member:
    """Read `"[user:password@]host[:port][/path] [weight]"`, or the older `"host:port/db/user/password"`.

    Raises ValueError for text that is neither, TypeError for what is no text.
    """
    if not isinstance(text, str):
        raise TypeError(f"a member has to be a string, not {text!r}")
    raw, weight = text, 1
    text = text.strip()
    body, _, last = text.rpartition(" ")
    if body and last.isascii() and last.isdigit():
        text, weight = body.rstrip(), int(last)
    if not text:
        raise ValueError("an empty member: write [user:password@]host[:port][/path] [weight]")
    kind = plain_type(ctype)
    if kind == "*sqlite3":
        return Member("", 0, path=text, weight=weight, raw=raw)
    if kind == "*databases":
        return _database_url(text, weight, raw)

    scheme, separator, rest = text.partition("://")
    if separator:
        text = rest
    login, at, place = text.rpartition("@")
    # an "@" behind the first slash belongs to the path, not to the login
    if at and "/" in login and not separator and kind in _WEB:
        login, at, place = "", "", text
    user, _, password = login.partition(":")
    address, _, path = place.partition("/")
    if kind not in _WEB and not at and path.count("/") >= 2:
        path, user, password = path.split("/", 2)
    shown = address if at or "@" not in raw else "..."
    host, port = _host_and_port(address, shown)
    if not host:
        raise ValueError(f"member {shown!r} has no host: write [user:password@]host[:port][/path] [weight]")
    if not port:
        secure = ssl or (separator and scheme.lower() in ("https", "wss"))
        port = 443 if kind in _WEB and secure else DEFAULT_PORTS.get(kind, 0)
    if kind in _WEB and path:
        path = f"/{path}".rstrip("/")
    return Member(host, port, unquote(user), unquote(password), path, weight, raw)


def _with_at(name: str) -> str:
    if not isinstance(name, str) or not name.strip("@"):
        raise ValueError(f"an alias needs a name such as '@mydb', not {name!r}")
    return name if name.startswith("@") else f"@{name}"


database_interfaces: dict[str, type] = {}
"""Classes for databases of the app's own, by type: what `skitai.add_database_interface` registered."""

_everyone: dict[str, Alias] = {}
_by_app: weakref.WeakKeyDictionary[Any, dict[str, Alias]] = weakref.WeakKeyDictionary()


def define(
    name: str,
    ctype: str,
    members: str | Iterable[str],
    *,
    role: str | Sequence[str] = "",
    source: str | Sequence[str] = "",
    ssl: bool = False,
    max_conns: int = 32,
    app: Any = None,
) -> Alias:
    """Define an alias for everyone, or for `app` only; where the name is known the first one stays.

    Raises ValueError for a name, type or member that cannot be understood.
    """
    name = _with_at(name)
    table = _everyone if app is None else _by_app.setdefault(app, {})
    if name in table:
        return table[name]
    kind = plain_type(ctype)
    if kind not in _WEB and not kind.startswith("*"):
        raise ValueError(
            f"alias {name}: unknown type {ctype!r}; use skitai.PROTO_* or skitai.DB_* or your own '*name'"
        )
    listed = [members] if isinstance(members, str) else list(members)
    if not listed:
        raise ValueError(f"alias {name} needs at least one member")
    secure = ssl or kind in ("https", "wss")
    table[name] = Alias(
        name=name,
        ctype=kind,
        members=tuple(parse_member(member, kind, ssl=secure) for member in listed),
        max_conns=max_conns,
        ssl=secure,
        role=role,
        source=source,
    )
    return table[name]


def find(name: str, app: Any = None) -> Alias:
    """The alias of that name ("@" optional), the app's own before everyone's.

    Raises KeyError naming the known ones.
    """
    name = name if name.startswith("@") else f"@{name}"
    own = _by_app.get(app) if app is not None else None
    if own and name in own:
        return own[name]
    if name in _everyone:
        return _everyone[name]
    known = ", ".join(sorted({*_everyone, *(own or {})})) or "none"
    raise KeyError(f"unknown alias {name}; known aliases: {known}. Define it with skitai.alias or app.alias")


def known(app: Any = None) -> dict[str, Alias]:
    """All aliases that `app` (or everyone) can use, by name."""
    own = _by_app.get(app) if app is not None else None
    return {**_everyone, **(own or {})}


def reset() -> None:
    """Forget all aliases; for tests."""
    _everyone.clear()
    _by_app.clear()
