"""A browser that keeps cookies, and the `was` of each of its requests."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlencode

from atila_compat.http.request import Request
from atila_compat.http.state import ClientState, StateOptions, commit, rollback
from atila_compat.security.csrf import CSRFProtection
from atila_compat.security.tokens import Tokens

KEY = "a key for these tests"


class App(StateOptions, CSRFProtection):
    """An app's options."""

    def __init__(self, basepath: str = "/", **options: Any) -> None:
        self.basepath = basepath
        self.debug = False
        self.securekey = KEY
        self.__dict__.update(options)


class Was(ClientState, Tokens):
    """One request."""

    def __init__(self, app: App, request: Any, now: float) -> None:
        self.app = app
        self.request = request
        self._clock = lambda: now


class Browser:
    """A client whose clock stands still.

    Attributes:
        now: the time as epoch seconds.
        cookies: name and value as they go over the wire.
        lines: the Set-Cookie values of the last answer.
    """

    def __init__(self, app: App | None = None, peer: str = "127.0.0.1") -> None:
        self.app = App() if app is None else app
        self.peer = peer
        self.now = time.time()
        self.cookies: dict[str, str] = {}
        self.lines: list[str] = []

    @contextlib.contextmanager
    def request(self, headers: Mapping[str, str] | None = None, **arguments: str) -> Iterator[Was]:
        """The `was` of a request; it succeeds where the block does."""
        sent = [(name.lower().encode(), value.encode("latin-1")) for name, value in (headers or {}).items()]
        if self.cookies:
            pairs = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
            sent.append((b"cookie", pairs.encode("latin-1")))
        scope = {
            "type": "http",
            "method": "GET",
            "path": "/",
            "query_string": urlencode(arguments).encode(),
            "headers": sent,
            "client": (self.peer, 50000),
        }
        was = Was(self.app, Request(scope, "/", self.app), self.now)  # type: ignore[arg-type] # one of our own
        self.lines = []
        try:
            yield was
        except BaseException:
            rollback(was)
            raise
        self.lines = commit(was)
        for line in self.lines:
            self._keep(line)

    def fail(self, *actions: Callable[[Was], Any]) -> None:
        """A request that raises RuntimeError after these actions, if they have not raised."""
        with self.request() as was:
            for action in actions:
                action(was)
            raise RuntimeError("this request fails")

    def _keep(self, line: str) -> None:
        pair, *attributes = line.split("; ")
        name, _, value = pair.partition("=")
        self.cookies[name] = value
        for attribute in attributes:
            name_, _, date = attribute.partition("=")
            if name_ == "expires" and parsedate_to_datetime(date).timestamp() <= self.now:
                del self.cookies[name]


def attributes(line: str) -> str:
    """What a Set-Cookie value says behind name and value, the date left out."""
    return "; ".join(part.partition("=")[0] if "expires" in part else part for part in line.split("; ")[1:])
