"""What an app keeps at its clients: `was.cookie`, `was.session`, `was.mbox` (spec/04 sections 4-6)."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..structures import lazy
from .cookies import Cookies, default_path
from .mbox import MessageBox
from .sealed import DEFAULT_TIMEOUT, Attributes, Settings
from .session import Session
from .signing import SecureKey, secure_keys


class StateOptions:
    """What an app says about its sessions, by `pref` or on the app itself.

    Attributes:
        securekey: one key, or several of which the first signs and all verify.
        session_timeout: seconds a session lives without being written to; None: 1200.
        session_cookie_secure: send sessions and message boxes over HTTPS only.
        session_cookie_httponly: keep them from scripts of the page.
        session_cookie_samesite: "Strict", "Lax" or "None"; None: the browser's default.
        read_legacy_sessions: accept the cookies and one-time tokens of the original too; new ones are ours.
    """

    securekey: SecureKey | None = None
    session_timeout: float | None = None
    session_cookie_secure: bool = False
    session_cookie_httponly: bool = False
    session_cookie_samesite: str | None = None
    read_legacy_sessions: bool = False


@functools.lru_cache(maxsize=256)
def _settings(
    keys: tuple[bytes, ...],
    timeout: float,
    legacy: bool,
    secure: bool,
    http_only: bool,
    same_site: str | None,
) -> Settings:
    attributes = Attributes(secure=secure, http_only=http_only, same_site=same_site)
    return Settings(keys, timeout, attributes, legacy)


def settings_of(app: Any) -> Settings:
    """How an app keeps sessions and message boxes.

    Raises AssertionError where it has no `securekey`.
    """
    return _settings(
        secure_keys(app.securekey),
        DEFAULT_TIMEOUT if app.session_timeout is None else app.session_timeout,
        bool(app.read_legacy_sessions),
        bool(app.session_cookie_secure),
        bool(app.session_cookie_httponly),
        app.session_cookie_samesite,
    )


class ClientState:
    """`was.cookie`, `was.session` and `was.mbox`; what a request does not use costs it nothing."""

    if TYPE_CHECKING:
        app: Any
        request: Any

    _clock: Callable[[], float] = staticmethod(time.time)
    """The time as epoch seconds, for all that expires."""

    @lazy
    def cookie(self) -> Cookies:
        """The cookies of this request (README "Cookie")."""
        return Cookies(self.request.get_header("cookie", ""), default_path(self.app.basepath), self._clock)

    @lazy
    def session(self) -> Session:
        """The session of this request (README "Session").

        Raises AssertionError where the app has no `securekey`.
        """
        return Session(self.cookie, settings_of(self.app), self.request.get_remote_addr)

    @lazy
    def mbox(self) -> MessageBox:
        """The message box of this request (README "Message Box").

        Raises AssertionError where the app has no `securekey`.
        """
        return MessageBox(self.cookie, settings_of(self.app), self.request.get_remote_addr)


def commit(was: ClientState) -> list[str]:
    """The Set-Cookie header values of a request that has succeeded; what changes later is in the next call.

    Raises TypeError or ValueError where a session holds what cannot be stored.
    """
    used = was.__dict__
    cookies: Cookies | None = used.get("cookie")
    if cookies is None:
        return []
    if "session" in used:
        used["session"].commit()
    if "mbox" in used:
        used["mbox"].commit()
    return cookies.commit()


def rollback(was: ClientState) -> None:
    """Forget what a failed request has changed; what it changes from now on counts again."""
    used = was.__dict__
    cookies: Cookies | None = used.get("cookie")
    if cookies is not None:
        used.pop("session", None)
        used.pop("mbox", None)
        cookies.rollback()
