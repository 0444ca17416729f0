"""`was.mbox`: messages to a user that are shown once, or for some time (spec/04 section 6)."""

from __future__ import annotations

from typing import Any

from . import tagged
from .cookies import CENTURY
from .sealed import SealedCookie

Message = tuple[int, Any, int, Any, Any, dict[str, Any]]
"""id, category, created (epoch seconds), valid (seconds, 0: shown once), message, extra."""


class MessageBox(SealedCookie):
    """The messages to one user, kept by the browser until they are read."""

    prefix = "ATLMBX_"

    def _forget(self) -> None:
        self._messages: list[Message] | None = None
        self._next_id = 0
        self._source: str | None = None
        self._written = False

    def _load(self) -> list[Message]:
        messages = self._messages
        if messages is None:
            messages = self._messages = []
            sent = self._sent()
            if sent is not None:
                try:
                    source, items = sent
                    for identifier, category, created, valid, msg, extra in items:
                        valid = None if valid is None else valid + 0
                        messages.append((int(identifier), category, int(created), valid, msg, dict(extra)))
                    self._source = str(source)
                except (TypeError, ValueError):  # sealed by another version of this package
                    messages.clear()
                self._next_id = max((message[0] for message in messages), default=-1) + 1
        return messages

    def _sent_by_original(self, text: str) -> Any:
        from .legacy_cookies import read_mbox

        return read_mbox(text, self._keys)

    def _current(self) -> list[Message]:
        """The messages whose time is not over."""
        now = int(self._cookies.clock())  # as `created`: a message never ends within its last second
        return [message for message in self._load() if not message[3] or now - message[2] <= message[3]]

    @staticmethod
    def _matching(messages: list[Message], k: Any, v: Any) -> list[Message]:
        if k is None:
            return list(messages)
        if v is None:
            return [message for message in messages if message[1] == k]
        return [message for message in messages if k in message[5] and message[5][k] == v]

    # -- messages -------------------------------------------------------------------------------------------

    def send(
        self,
        msg: Any,
        category: Any = "info",
        valid: float | None = 0,
        *,
        valid_seconds: float | None = None,
        **extra: Any,
    ) -> None:
        """Leave a message.

        Args:
            msg: text, or anything that a session can hold.
            category: what `get` and `search` look for.
            valid: seconds for which every `get` returns it; 0: until it was returned once.
            valid_seconds: the README's name for `valid`.
            extra: more to look for, and to show.

        Raises TypeError for values of a type that cannot be stored.
        """
        valid = valid if valid_seconds is None else valid_seconds
        if valid is not None and not isinstance(valid, (int, float)):
            raise TypeError(f"valid is a number of seconds, not {type(valid).__name__}")
        tagged.check([msg, category, extra])
        messages = self._load()
        messages.append((self._next_id, category, int(self._cookies.clock()), valid, msg, extra))
        self._next_id += 1
        self._written = True

    push = send

    def get(self, k: Any = None, v: Any = None) -> list[Message]:
        """The messages as (id, category, created, valid, msg, extra); those for one reading are gone then.

        Args:
            k: only those of this category, or, with `v`, those whose extra value `k` is `v`.
        """
        current = self._current()
        found = self._matching(current, k, v)
        shown = {message[0] for message in found if not message[3]}
        left = [message for message in current if message[0] not in shown]
        if len(left) != len(self._load()):
            self._messages = left
            self._written = True
        return found

    def search(self, k: Any, v: Any = None) -> list[int]:
        """The ids of the messages that `get` would return, which stay."""
        return [message[0] for message in self._matching(self._current(), k, v)]

    def remove(self, mid: int) -> None:
        """Remove a message; the box is sent again, also where the message is unknown."""
        self._messages = [message for message in self._load() if message[0] != mid]
        self._written = True

    def clear(self) -> None:
        """Remove all messages."""
        if self._load():
            self._messages = []
            self._written = True

    # -- where it comes from --------------------------------------------------------------------------------

    def exists(self) -> bool:
        """Whether the client has sent a message box that is valid."""
        self._load()
        return self._source is not None

    def source_verified(self) -> bool:
        """Whether the box comes from the address that it was given to; False where there is none."""
        self._load()
        return self._source is not None and self._source == self._peer()

    def getv(self, k: Any = None, v: Any = None, expire_if_error: bool = False) -> list[Message]:
        """As `get`, but only from the address that the box was given to.

        Raises ValueError where it comes from another; `expire_if_error`: which also empties the box.
        """
        if self.exists() and not self.source_verified():
            if expire_if_error:
                self.clear()
            raise ValueError("session error: source verification failed, the client's address has changed")
        return self.get(k, v)

    # -- the end of the request -----------------------------------------------------------------------------

    def commit(self) -> None:
        """Hand the messages to the cookies; they are sent when the request ends without an error.

        Raises TypeError or ValueError where a message was changed into what cannot be stored.
        """
        if not self._written:
            return
        if self._messages:
            self._put(
                [self._peer(), [list(message) for message in self._messages]],
                self._cookies.clock() + CENTURY,
            )
        else:
            self._delete()
        self._forget()
