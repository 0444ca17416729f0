"""`was.session`: what an app remembers about a user, kept by the browser (spec/04 section 5)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from . import tagged
from .cookies import LATEST
from .sealed import SealedCookie

_IMPENDING_SECONDS = 10
_IMPENDING_SHARE = 0.2


class Session(SealedCookie):
    """Values by name; a mapping in which missing ones are None.

    Writing extends the session to the app's `session_timeout` from now, unless `set_expiry` has given it
    longer. Reading extends it only when it is about to end. A session that is expired, or was tampered with,
    is empty.
    """

    prefix = "ATLSES_"

    def _forget(self) -> None:
        self._values: dict[str, Any] | None = None
        self._expiry: int | None = None  # of the session as it was sent
        self._source = ""
        self._seen = False
        self._written = False
        self._extended = False
        self._ended = False
        self._planned: float | None = None

    def _load(self) -> dict[str, Any]:
        values = self._values
        if values is None:
            values = self._values = {}
            sent = self._sent()
            if sent is not None:
                try:
                    expiry, source, items = sent
                    if expiry > self._cookies.clock():
                        values.update(items)
                        self._expiry, self._source = expiry, source
                except (TypeError, ValueError):  # sealed by another version of this package
                    values.clear()
        return values

    def _read(self) -> dict[str, Any]:
        values = self._load()
        if not self._seen:
            self._seen = True
            self._extended = self._extend and self.impending()
        return values

    def _sent_by_original(self, text: str) -> Any:
        from .legacy_cookies import read_session

        return read_session(text, self._keys)

    # -- values ---------------------------------------------------------------------------------------------

    def get(self, k: str, default: Any = None) -> Any:
        """The value of `k`, or `default`."""
        return self._read().get(k, default)

    def __getitem__(self, k: str) -> Any:
        return self._read().get(k)

    def set(self, k: str, v: Any) -> None:
        """Keep `v`.

        Raises TypeError where `k` is no str, or `v` is of a type that cannot be stored.
        """
        if not isinstance(k, str):
            raise TypeError("Session key must be string type")
        if type(v) not in tagged.SCALARS:
            tagged.check(v)
        self._read()[k] = v
        self._written = True

    def __setitem__(self, k: str, v: Any) -> None:
        self.set(k, v)

    def remove(self, k: str) -> None:
        """Forget `k`; a session without any value is deleted."""
        values = self._read()
        if k in values:
            del values[k]
            self._written = True

    def __delitem__(self, k: str) -> None:
        self.remove(k)

    def clear(self) -> None:
        """Forget all values for the rest of this request; `expire` does so for good."""
        self._load().clear()
        self._extended = False  # else reading before it would make it last

    def __contains__(self, k: object) -> bool:
        return k in self._read()

    def has_key(self, k: str) -> bool:
        """Whether there is such a value."""
        return k in self._read()

    def keys(self) -> list[str]:
        """The names."""
        return list(self._read())

    def values(self) -> list[Any]:
        """The values."""
        return list(self._read().values())

    def items(self) -> list[tuple[str, Any]]:
        """(name, value) pairs."""
        return list(self._read().items())

    def __iter__(self) -> Iterator[str]:
        return iter(self.keys())

    def __len__(self) -> int:
        return len(self._read())

    def exists(self) -> bool:
        """Whether the client has sent a session that is valid."""
        self._load()
        return self._expiry is not None

    # -- where it comes from --------------------------------------------------------------------------------

    def source_verified(self) -> bool:
        """Whether the session comes from the address that it was given to; False where there is none."""
        self._load()
        return self._expiry is not None and self._source == self._peer()

    def getv(self, k: str, default: Any = None, expire_if_error: bool = False) -> Any:
        """As `get`, but only from the address that the session was given to.

        Raises ValueError where it comes from another, or the client has sent none; `expire_if_error`: which
        also ends the session.
        """
        if not self.source_verified():
            if expire_if_error:
                self.expire()
            raise ValueError("session error: source verification failed")
        return self.get(k, default)

    # -- time -----------------------------------------------------------------------------------------------

    def get_expiry(self) -> int | None:
        """When the session, as it was sent, ends, in epoch seconds; None for a new one."""
        self._load()
        return self._expiry

    def set_expiry(self, timeout: float) -> None:
        """Let the session end `timeout` seconds from now; values written later do not shorten that."""
        self._load()
        self._planned = self._cookies.clock() + timeout

    def touch(self) -> None:
        """Extend the session to the app's `session_timeout` from now."""
        self.set_expiry(self._timeout)

    def expire(self) -> None:
        """End the session: forget all values and delete the cookie."""
        self._forget()
        self._values = {}
        self._ended = True

    def use_time(self) -> float:
        """Seconds of the session's period that are used; negative after a longer `set_expiry`, 0 at first."""
        self._load()
        if self._expiry is None:
            return 0.0
        return self._timeout - (self._expiry - self._cookies.clock())

    def impending(self) -> bool:
        """Whether at most 20 % of the session's period, or ten seconds, remain."""
        self._load()
        if self._expiry is None:
            return False
        remaining = self._expiry - self._cookies.clock()
        return remaining <= max(_IMPENDING_SECONDS, _IMPENDING_SHARE * self._timeout)

    # -- the end of the request -----------------------------------------------------------------------------

    def commit(self) -> None:
        """Hand the session to the cookies; it is sent when the request ends without an error.

        Raises TypeError or ValueError where a stored value was changed into what cannot be stored.
        """
        planned = self._planned
        if planned is not None or self._written or self._extended:
            now = self._cookies.clock()
            values = self._values or {}
            expiry = int(
                max(self._expiry or 0, now + self._timeout) if planned is None else min(planned, LATEST)
            )
            if expiry > now and (values or planned is not None or not self._written):
                self._put([expiry, self._peer(), values], expiry)
            elif self._ended or self._expiry is not None:
                self._delete()
            self._forget()
        elif self._ended:
            self._delete()
            self._forget()
