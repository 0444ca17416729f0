"""The access log: a line for each request, in the original's columns or as JSON.

    2026.11.22 10:50:54 127.0.0.1 GET /?q=1 1.1 0 200 121 W0 23 "agent" - "referer" 9.8.7.6 421a 1000 - - 3 0

Time, client, method, URI, HTTP version, bytes of the request body, status, bytes of the answer's body,
worker, milliseconds, user agent, a dash, referer, X-Forwarded-For, global and local transaction id, two
dashes, idle worker threads, queued requests. What is not known is a dash.

Lines are made together for requests that are answered together, and written in batches, one `write` for all
of a twentieth of a second: making each by itself takes twice as long, and a line through `logging` more.
Where the launch script has set up logging of its own, the lines go to the logger `atila_compat.access`.
"""

from __future__ import annotations

import functools
import json
import logging
import os
import sys
import time
from collections.abc import Callable, Iterable
from typing import IO, Any

logger = logging.getLogger("atila_compat.access")

WRITE_EVERY = 0.05
"""Seconds that a line waits for others."""
GONE = 499
"""The status of a request whose client went before the answer began."""
LONGEST = 2048
"""Characters of a header or URI that are written."""

Pool = Callable[[], tuple[int, int]]


class Entry:
    """What is known of a request when it has been answered.

    Attributes:
        scope: the ASGI scope.
        status: 499 where the client went before the answer began.
        received, sent: bytes of the bodies.
        seconds: from the complete head to the end of the answer.
    """

    scope: Any
    status = GONE
    received = 0
    sent = 0
    seconds = 0.0


def _clean(text: str) -> str:
    """Text that cannot break out of its column or its line."""
    if len(text) > LONGEST:
        text = text[:LONGEST] + "..."
    if text.isprintable() and '"' not in text:
        return text
    return "".join(c if c.isprintable() and c != '"' else f"\\x{ord(c):02x}" for c in text)


def _word(text: str) -> str:
    return _clean(text).replace(" ", "") or "-"


def _quoted(value: bytes) -> str:
    return f'"{_clean(value.decode("latin-1"))}"' if value else "-"


_quoted_before = functools.lru_cache(512)(_quoted)  # user agents come again and again


_SHORT = 256
"""Bytes of what is remembered."""
_SHOWN = frozenset((b"user-agent", b"referer", b"x-forwarded-for", b"x-gtxn-id", b"x-ltxn-id"))
"""Headers that lines have."""


def uri_of(scope: Any) -> str:
    """The target with its query, as it came."""
    raw: bytes = scope.get("raw_path") or scope["path"].encode()
    query: bytes = scope["query_string"]
    return (raw + b"?" + query if query else raw).decode("latin-1")


def columns(entry: Entry, worker: int, idle: int, queued: int, moment: str = "") -> str:
    """The line in the original's columns, behind `moment`, which is its time and a space."""
    scope = entry.scope
    agent = referer = forwarded = gtxid = ltxid = "-"
    for name, value in scope["headers"]:
        if name in _SHOWN:
            if name == b"user-agent":
                agent = _quoted_before(value) if len(value) < _SHORT else _quoted(value)
            elif name == b"referer":
                referer = _quoted(value)
            elif name == b"x-forwarded-for":
                forwarded = _word(value.decode("latin-1"))
            elif name == b"x-gtxn-id":
                gtxid = _word(value.decode("latin-1"))
            else:
                ltxid = _word(value.decode("latin-1"))
    state = scope.get("state")
    if state:
        gtxid = _word(str(state["gtxid"])) if gtxid == "-" and "gtxid" in state else gtxid
        ltxid = _word(str(state["ltxid"])) if ltxid == "-" and "ltxid" in state else ltxid
    client, uri = scope.get("client"), uri_of(scope)
    what = f"{client[0] if client else '-'} {scope['method']} {uri}"
    if len(what) > LONGEST or '"' in what or what.count(" ") != 2 or not what.isprintable():
        what = " ".join(map(_word, (client[0] if client else "-", scope["method"], uri)))
    return (
        f"{moment}{what} {scope['http_version']} {entry.received} {entry.status} {entry.sent} "
        f"W{worker} {int(entry.seconds * 1000 + 0.5)} "
        f"{agent} - {referer} {forwarded} {gtxid} {ltxid} - - {idle} {queued}"
    )


def as_json(entry: Entry, worker: int, idle: int, queued: int, now: float | None = None) -> str:
    """The line as a JSON object."""
    scope = entry.scope
    named = {name: value.decode("latin-1") for name, value in scope["headers"] if name in _SHOWN}
    client, state = scope.get("client"), scope.get("state") or {}
    seconds = time.time() if now is None else now
    return json.dumps(
        {
            "time": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))
            + f".{seconds % 1 * 1000:03.0f}Z",
            "client": client[0] if client else "-",
            "method": scope["method"],
            "uri": uri_of(scope),
            "version": scope["http_version"],
            "received": entry.received,
            "status": entry.status,
            "sent": entry.sent,
            "worker": worker,
            "milliseconds": round(entry.seconds * 1000, 2),
            "agent": named.get(b"user-agent"),
            "referer": named.get(b"referer"),
            "forwarded_for": named.get(b"x-forwarded-for"),
            "gtxid": named.get(b"x-gtxn-id") or state.get("gtxid"),
            "ltxid": named.get(b"x-ltxn-id") or state.get("ltxid"),
            "idle_threads": idle,
            "queued": queued,
        },
        ensure_ascii=False,
    )


class Silenced:
    """Paths without access log, as `log_off` names them: `"*.css"` a suffix, `"/x/"`, `"/x*"` prefixes."""

    def __init__(self, patterns: Iterable[str] = ()) -> None:
        patterns = list(patterns)
        self.prefixes = tuple(p.rstrip("*") for p in patterns if not p.startswith("*"))
        self.suffixes = tuple(p.lstrip("*") for p in patterns if p.startswith("*"))

    def __bool__(self) -> bool:
        return bool(self.prefixes or self.suffixes)

    def __contains__(self, path: object) -> bool:
        return isinstance(path, str) and (path.startswith(self.prefixes) or path.endswith(self.suffixes))


class AccessLog:
    """Writes the lines of one process.

    Attributes:
        form: `"columns"`, `"json"`, or empty where nothing is written.
        worker: number of this process.
        pool: gives the numbers of idle threads and of queued requests.
        out: takes the text; by default standard output. None: the lines go through `logging`.
    """

    def __init__(self) -> None:
        self.form = "columns"
        self.worker = 0
        self.pool: Pool = lambda: (0, 0)
        self.out: Callable[[str], Any] | None = None
        self.silenced = Silenced()
        self._answered: list[Entry] = []
        self._waiting: list[str] = []
        self._second = 0
        self._moment = ""
        self._scheduled = False

    def configure(
        self, form: str, silenced: Iterable[str] = (), out: Callable[[str], Any] | None = None
    ) -> None:
        """Write in this form, and nothing for those paths, to `out`."""
        self.form, self.silenced, self.out = form, Silenced(silenced), out

    def write(self, entry: Entry, loop: Any) -> None:
        """Write the line of a request; called on the event loop."""
        if not self.form or (self.silenced and entry.scope["path"] in self.silenced):
            return
        if self.out is None or loop is None:
            logger.info("%s", self._line(entry, *self.pool(), time.time()))
            return
        self._answered.append(entry)
        if not self._scheduled:
            self._scheduled = True
            loop.call_soon(self._make_lines, loop)

    def _line(self, entry: Entry, idle: int, queued: int, now: float, moment: str = "") -> str:
        if self.form == "json":
            return as_json(entry, self.worker, idle, queued, now)
        return columns(entry, self.worker, idle, queued, moment)

    def _make_lines(self, loop: Any = None) -> None:
        """Make the lines of requests that were answered together."""
        self._scheduled = False
        answered, self._answered = self._answered, []
        if not answered:  # they were flushed meanwhile
            return
        now = time.time()
        idle, queued = self.pool()
        if int(now) != self._second:
            self._second = int(now)
            self._moment = time.strftime("%Y.%m.%d %H:%M:%S ", time.localtime(now))
        if loop is not None and not self._waiting:
            loop.call_later(WRITE_EVERY, self.flush)
        self._waiting += [self._line(entry, idle, queued, now, self._moment) for entry in answered]

    def flush(self) -> None:
        """Write what waits."""
        self._make_lines()
        waiting, self._waiting = self._waiting, []
        if waiting and self.out is not None:
            self.out("\n".join(waiting) + "\n")


def to_stream(stream: IO[str] | None = None) -> Callable[[str], None]:
    """Writes text to a stream, whole lines at a time, also where several processes share it."""

    def write(text: str) -> None:
        target = stream or sys.stdout
        try:
            target.flush()
            data = memoryview(text.encode("utf-8", "backslashreplace"))
            while data:
                data = data[os.write(target.fileno(), data) :]
        except (OSError, ValueError):  # no file, as under pytest, or nobody reads any more
            with_text(target, text)

    return write


def with_text(target: IO[str], text: str) -> None:
    """Write to a stream that may be closed."""
    try:
        target.write(text)
    except (OSError, ValueError):
        return


access_log = AccessLog()
"""The one of this process."""
