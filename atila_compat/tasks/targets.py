"""Where calls go: `"@alias/path"` or an absolute URL (spec/06 section 1)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, unquote_to_bytes, urlsplit

from . import aliases

if TYPE_CHECKING:
    from .aliases import Alias

HOP_BY_HOP = frozenset(
    {
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
"""Headers, in lower case, that speak of one connection: whoever passes a message on leaves them out."""

_CLIMBS = re.compile(rb"(?:^|[/\\])\.\.?(?:$|[/\\])")


def climbs(path: str | bytes) -> bool:
    """Whether a path, as it is sent, may lead out of the one before it: by dots that are escaped, too."""
    return _CLIMBS.search(unquote_to_bytes(path)) is not None


@dataclass
class Target:
    """Where a call goes.

    Attributes:
        alias: the group of servers, None for an absolute URL.
        scheme, member: the one server of an absolute URL.
        path: path with query, below the base path of the server.
        problem: why nothing can be sent there; empty where it can.
        url: as the app gave it, without the alias: the `url` of the result.
    """

    path: str
    alias: Alias | None = None
    scheme: str = "http"
    member: aliases.Member | None = None
    problem: str = ""
    url: str = ""

    def __post_init__(self) -> None:
        self.url = self.url or self.path

    @property
    def usual_port(self) -> int:
        """The port that is not named."""
        return 443 if self.scheme == "https" else 80

    @property
    def node(self) -> tuple[str, int] | None:
        """Host and port, where there is one server only."""
        member = self.member
        if member is None and self.alias is not None and len(self.alias.members) == 1:
            member = self.alias.members[0]
        return (member.host, member.port) if member is not None else None

    @property
    def name(self) -> str:
        """The alias, or scheme and server."""
        if self.alias is not None:
            return self.alias.name
        return f"{self.scheme}://{self.member.authority}" if self.member else ""


def split_alias(uri: str) -> tuple[str, str]:
    """`("@api", "/rows?x=1")` out of `"@api/rows?x=1"`; the path begins with a slash."""
    cut = min((at for at in (uri.find("/"), uri.find("?")) if at > 0), default=len(uri))
    name, path = uri[:cut], uri[cut:]
    return name, path if path.startswith("/") else "/" + path


def find_target(uri: str, app: Any) -> Target:
    """Where `"@alias/path"` or an absolute URL leads.

    Raises AssertionError without a URI, KeyError for an alias that is not known, TypeError for one that is a
    database.
    """
    assert uri, "Missing param uri or cluster name"
    if uri.startswith("@"):
        name, path = split_alias(uri)
        alias = aliases.find(name, app)
        if alias.ctype.startswith("*"):
            raise TypeError(
                f"{alias.name} is a database ({alias.ctype}): reach it with was.db({alias.name!r})"
            )
        return Target(path, alias, "https" if alias.ssl else "http")
    try:
        parts = urlsplit(uri)
        scheme, host, port = parts.scheme.lower(), parts.hostname or "", parts.port
    except ValueError as error:
        return Target(uri, problem=str(error))
    if scheme not in ("http", "https") or not host:
        return Target(uri, problem=f"{uri!r} is neither '@alias/path' nor an http:// or https:// URL")
    member = aliases.Member(
        host,
        port or (443 if scheme == "https" else 80),
        unquote(parts.username or ""),
        unquote(parts.password or ""),
    )
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(path, None, scheme, member, url=uri)
