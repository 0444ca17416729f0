"""`was.cookie`: the cookies of a request and those that its answer sets (spec/04 section 4)."""

from __future__ import annotations

import contextlib
import functools
import logging
import re
import time
from collections.abc import Callable, ItemsView, Iterator, KeysView, ValuesView
from email.utils import formatdate
from typing import Any
from urllib.parse import quote, quote_plus, unquote_plus

log = logging.getLogger("atila_compat.http")

SEALED_PREFIXES = ("ATLSES", "ATLMBX")
"""How the names of sessions and message boxes begin; `was.cookie` does not show these."""

MAX_HEADER = 64 * 1024
"""Characters of the Cookie header that are read; what comes behind them is ignored."""
MAX_COOKIES = 300
"""Cookies that are read from a request; browsers keep fewer than 200 for a site."""
MAX_SET_COOKIE = 4093
"""Bytes: browsers drop a cookie that is longer."""

CENTURY = 100 * 365 * 24 * 3600
LATEST = 253402300799
"""Epoch seconds: the end of the year 9999, the last time that an HTTP date can tell."""

_BREAKING = re.compile("[\x00-\x1f;\x7f]")  # what would end an attribute, or the line

_SAME_SITE = ("strict", "lax", "none")


@functools.lru_cache(maxsize=256)
def http_date(epoch: int) -> str:
    """An HTTP date: `Sun, 06 Nov 1994 08:49:37 GMT`."""
    return formatdate(epoch, usegmt=True)


def expires_at(epoch: float) -> str:
    """The HTTP date of any time, moved to the nearest that such a date can tell."""
    return http_date(int(min(max(epoch, 0), LATEST)))


@functools.lru_cache(maxsize=256)
def default_path(mount_point: str) -> str:
    """The path of cookies that were given none: the app's mount point without its trailing slash."""
    return quote(mount_point, safe="/:@!$&'()*+,=-._~%").rstrip("/") or "/"


def attribute(name: str, value: str) -> str:
    """`value`, fit to stand in a Set-Cookie line.

    Raises ValueError where it would end the attribute or the line.
    """
    if not isinstance(value, str):
        raise TypeError(f"a cookie's {name} is a str, not {type(value).__name__}")
    if _BREAKING.search(value):
        raise ValueError(f"{value!r} cannot be a cookie's {name}: leave out ';' and control characters")
    if not value.isascii():
        raise ValueError(
            f"{value!r} cannot be a cookie's {name}: write it in ASCII (percent-encoded, punycode)"
        )
    return value


def set_cookie(
    name: str,
    value: str,
    path: str,
    expires: str | None = None,
    domain: str | None = None,
    secure: bool = False,
    http_only: bool = False,
    same_site: str | None = None,
) -> str:
    """A Set-Cookie header's value; `name` and `value` are quoted already.

    Raises ValueError for attributes that would add others, or lines, and for an unknown `same_site`.
    """
    line = f"{name}={value}; path={attribute('path', path)}"
    if expires is not None:
        line += f"; expires={attribute('expires', expires)}"
    if domain:
        line += f"; domain={attribute('domain', domain)}"
    if same_site:
        if same_site.lower() not in _SAME_SITE:
            raise ValueError(f"{same_site!r} is no value for same_site: use 'Strict', 'Lax' or 'None'")
        line += f"; SameSite={same_site}"
        secure = secure or same_site.lower() == "none"  # browsers refuse the one without the other
    if secure:
        line += "; Secure"
    if http_only:
        line += "; HttpOnly"
    if len(line) > MAX_SET_COOKIE:
        log.warning(
            "the cookie %s has %d bytes: browsers drop those above %d, so keep less in it",
            name,
            len(line),
            MAX_SET_COOKIE,
        )
    return line


def parse(header: str) -> tuple[dict[str, str], dict[str, str]]:
    """Read a Cookie header: plain cookies unquoted, sealed ones as they are.

    Anything is taken: pieces without "=" are cookies without value, those without a name are skipped, of two
    with one name the last counts.
    """
    plain: dict[str, str] = {}
    sealed: dict[str, str] = {}
    if not header.isascii():
        with contextlib.suppress(UnicodeError):
            header = header.encode("latin-1").decode("utf-8")
    pieces = header[:MAX_HEADER].split(";", MAX_COOKIES)[:MAX_COOKIES]
    if len(header) > MAX_HEADER:
        pieces.pop()  # the last one has been cut
    for piece in pieces:
        name, _, value = piece.partition("=")
        name = unquote_plus(name.strip(" \t"))
        value = value.strip(" \t")
        if name.startswith(SEALED_PREFIXES):
            sealed[name] = value
        elif name:
            plain[name] = unquote_plus(value)
    return plain, sealed


class Cookies:
    """The cookies of a request; a mapping in which missing ones are None.

    Changes are seen at once, and reach the client when the request ends without an error.

    Args:
        header: the Cookie header, read when the first cookie is asked for.
        path: path of cookies that are set without one.
        clock: the time as epoch seconds.
    """

    def __init__(self, header: str = "", path: str = "/", clock: Callable[[], float] = time.time) -> None:
        self._header = header
        self._path = path
        self.clock = clock
        self._plain: dict[str, str] | None = None
        self._sealed: dict[str, str] = {}
        self._lines: dict[str, str] = {}

    def _load(self) -> dict[str, str]:
        plain = self._plain
        if plain is None:
            plain, self._sealed = parse(self._header)
            self._plain = plain
        return plain

    # -- reading --------------------------------------------------------------------------------------------

    def get(self, k: str, default: Any = None) -> Any:
        """The value of a cookie, or `default`."""
        return self._load().get(k, default)

    def __getitem__(self, key: str) -> str | None:
        return self._load().get(key)

    def __contains__(self, key: object) -> bool:
        return key in self._load()

    def has_key(self, k: str) -> bool:
        """Whether there is such a cookie."""
        return k in self._load()

    def keys(self) -> KeysView[str]:
        """The names."""
        return self._load().keys()

    def values(self) -> ValuesView[str]:
        """The values."""
        return self._load().values()

    def items(self) -> ItemsView[str, str]:
        """(name, value) pairs."""
        return self._load().items()

    def __iter__(self) -> Iterator[str]:
        return iter(list(self._load()))

    def __len__(self) -> int:
        return len(self._load())

    def __bool__(self) -> bool:
        return True  # as in the original: `if was.cookie` does not ask for content

    # -- writing --------------------------------------------------------------------------------------------

    def set(
        self,
        key: str,
        val: str | bytes = "",
        expires: float | str | None = None,
        path: str | None = None,
        domain: str | None = None,
        secure: bool = False,
        http_only: bool = False,
        same_site: str | None = None,
    ) -> None:
        """Set a cookie.

        Args:
            key: its name; any characters, they are quoted.
            val: its value; any characters, they are quoted.
            expires: None: kept until the browser is closed; seconds from now; 0 or "now": deleted;
                "never": kept for a hundred years; any other string is sent as it is.
            path: where it is sent; None: below the app's mount point.
            domain: the host whose subdomains get it too.
            secure: only over HTTPS.
            http_only: not shown to scripts of the page.
            same_site: "Strict", "Lax" or "None"; the last makes it `secure`.

        Raises TypeError for values that are neither str nor bytes, ValueError for an empty name, and for
        attributes that would become other attributes or lines.
        """
        if not isinstance(key, str):
            raise TypeError(f"a cookie's name is a str, not {type(key).__name__}")
        if not key:
            raise ValueError("a cookie needs a name: give a string that is not empty")
        if not isinstance(val, (str, bytes)):
            raise TypeError(
                f"a cookie's value is a str, not {type(val).__name__}: use str(value), or json.dumps"
            )
        deleted = expires == "now" or (expires == 0 and not isinstance(expires, str))
        quoted = (
            ""
            if deleted
            else quote_plus(val)
            if isinstance(val, bytes)
            else quote_plus(val, errors="replace")
        )
        line = set_cookie(
            quote_plus(key, errors="replace"),
            quoted,
            self._path if path is None else path or "/",
            self._when(expires),
            domain,
            secure,
            http_only,
            same_site,
        )
        plain = self._load()
        self._lines[key] = line
        if key.startswith(SEALED_PREFIXES):
            return
        if deleted:
            plain.pop(key, None)
        else:
            plain[key] = unquote_plus(quoted)

    def __setitem__(self, key: str, val: str | bytes) -> None:
        self.set(key, val)

    def _when(self, expires: float | str | None) -> str | None:
        if expires is None:
            return None
        if isinstance(expires, str):
            if expires == "now":
                return expires_at(self.clock())
            if expires == "never":
                return expires_at(self.clock() + CENTURY)
            return expires
        if not isinstance(expires, (int, float)):
            raise TypeError(
                f"a cookie's expires is a number of seconds, 'now' or 'never', not {type(expires).__name__}"
            )
        return expires_at(self.clock() + min(expires, LATEST))

    def remove(self, k: str, path: str | None = None, domain: str | None = None) -> None:
        """Delete a cookie; `path` and `domain` as it was set. Nothing happens where it is unknown."""
        if k in self._load():
            self.set(k, "", 0, path, domain)

    def __delitem__(self, key: str) -> None:
        self.remove(key)

    def clear(self, path: str | None = None, domain: str | None = None) -> None:
        """Delete all cookies that the request has sent, but for sessions and message boxes."""
        for key in self:
            self.remove(key, path, domain)

    # -- sealed cookies: sessions and message boxes ---------------------------------------------------------

    def sealed(self, name: str) -> str | None:
        """The text of a session or message box, as it was sent or set in this request."""
        self._load()
        return self._sealed.get(name)

    def put_sealed(self, name: str, text: str, line: str) -> None:
        """Set or, with an empty `text`, delete a session or message box by this Set-Cookie line."""
        self._load()
        self._lines[name] = line
        if text:
            self._sealed[name] = text
        else:
            self._sealed.pop(name, None)

    # -- the end of the request -----------------------------------------------------------------------------

    def commit(self) -> list[str]:
        """The Set-Cookie header values of all changes since the last call."""
        if not self._lines:
            return []
        lines, self._lines = list(self._lines.values()), {}
        return lines

    def rollback(self) -> None:
        """Forget all changes that were not sent."""
        if self._lines:
            self._lines = {}
            self._plain = None
