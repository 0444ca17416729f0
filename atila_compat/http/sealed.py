"""What sessions and message boxes have in common: a value in a sealed cookie, and `mount` to switch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Self
from urllib.parse import quote_plus

from . import tagged
from .cookies import Cookies, expires_at, set_cookie
from .signing import Seal, SecureKey, seal, secure_keys

DEFAULT_TIMEOUT = 1200
"""Seconds a session lives where the app sets no `session_timeout`."""


@dataclass(frozen=True, slots=True)
class Attributes:
    """Attributes of a sealed cookie, as those of `was.cookie.set`."""

    path: str = "/"
    domain: str | None = None
    secure: bool = False
    http_only: bool = False
    same_site: str | None = None


@dataclass(frozen=True, slots=True)
class Settings:
    """What an app says about its sessions and message boxes; one for all requests of an app.

    Attributes:
        keys: secret keys, the one that signs first.
        timeout: seconds a session lives.
        attributes: of the cookies, where `mount` gives none.
        legacy: whether the original's cookies are read too.
    """

    keys: tuple[bytes, ...]
    timeout: float = DEFAULT_TIMEOUT
    attributes: Attributes = Attributes()
    legacy: bool = False


class SealedCookie:
    """A value that the client keeps in a signed cookie.

    Args:
        cookies: the request's cookies.
        settings: the app's.
        peer: tells the client's address.
    """

    prefix: ClassVar[str]

    def __init__(self, cookies: Cookies, settings: Settings, peer: Callable[[], str] = str) -> None:
        self._cookies = cookies
        self._settings = settings
        self._peer = peer
        self._switch(None, settings.timeout, settings.keys, settings.attributes, True)

    def _switch(
        self, name: str | None, timeout: float, keys: tuple[bytes, ...], attributes: Attributes, extend: bool
    ) -> None:
        self._name = self.prefix + (name or "").upper()
        self._timeout = timeout
        self._keys = keys
        self._attributes = attributes
        self._extend = extend
        self._forget()

    def _forget(self) -> None:
        """Drop what was loaded and changed; the next use loads it again."""
        raise NotImplementedError

    def commit(self) -> None:
        """Hand what was changed to the cookies; it is sent when the request ends without an error."""
        raise NotImplementedError

    def rollback(self) -> None:
        """Drop what was changed since the last commit."""
        self._forget()

    def mount(
        self,
        name: str | None = None,
        session_timeout: float | None = None,
        securekey: SecureKey | None = None,
        path: str | None = "/",
        domain: str | None = None,
        secure: bool = False,
        http_only: bool = False,
        same_site: str | None = None,
        extend: bool = True,
    ) -> None:
        """Commit, and go on with the one of another name (README "Namespaced Session").

        Args:
            name: of letters in any case; None: the default one.
            session_timeout: seconds; None: the app's.
            securekey: None: the app's.
            path, domain, secure, http_only, same_site: as in `was.cookie.set`; the browser sends a cookie
                only below its path. The one without a name is sent everywhere, whatever `path` says.
            extend: whether reading extends a session that is about to end.

        Raises TypeError for a name that is no str.
        """
        if not isinstance(name, (str, type(None))):
            raise TypeError(f"the name of a session is a str, not {type(name).__name__}")
        self.commit()
        settings = self._settings
        base = settings.attributes
        attributes = base
        if name or domain or secure or http_only or same_site:
            attributes = Attributes(
                (path or "/") if name else base.path,
                domain or base.domain,
                secure or base.secure,
                http_only or base.http_only,
                same_site or base.same_site,
            )
        self._switch(
            name,
            settings.timeout if session_timeout is None else session_timeout,
            settings.keys if securekey is None else secure_keys(securekey),
            attributes,
            extend,
        )

    def sibling(self, name: str) -> Self:
        """The one of another name, while this one stays mounted; commit it when it was changed."""
        if self._name == self.prefix + name.upper():
            return self
        other = type(self)(self._cookies, self._settings, self._peer)
        other.mount(name)
        return other

    def _seal(self) -> Seal:
        return seal(self._keys, self._name)

    def _sent(self) -> Any:
        """The value of the cookie, None where there is none, or one that this app has not made."""
        text = self._cookies.sealed(self._name)
        if not text:
            return None
        content = self._seal().open(text)
        if content is None:
            return self._sent_by_original(text) if self._settings.legacy else None
        try:
            return tagged.loads(content)
        except ValueError:
            return None

    def _sent_by_original(self, text: str) -> Any:
        raise NotImplementedError

    def _put(self, value: Any, expires: float) -> None:
        """Keep a value until `expires`, in epoch seconds."""
        text = self._seal().close(tagged.dumps(value))
        self._write(text, expires)

    def _delete(self) -> None:
        self._write("", self._cookies.clock())

    def _write(self, text: str, expires: float) -> None:
        attributes = self._attributes
        line = set_cookie(
            quote_plus(self._name, errors="replace"),
            text,
            attributes.path,
            expires_at(expires),
            attributes.domain,
            attributes.secure,
            attributes.http_only,
            attributes.same_site,
        )
        self._cookies.put_sealed(self._name, text, line)

    def __bool__(self) -> bool:
        return True  # as in the original: `if was.session` does not ask for content
