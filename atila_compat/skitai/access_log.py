"""The access log: a line for each request, in the original's columns or as JSON.

    2026.11.22 10:50:54 127.0.0.1 GET /?q=1 1.1 0 200 121 W0 23 "agent" - "referer" 9.8.7.6 421a 1000 - - 3 0

Time, client, method, URI, HTTP version, bytes of the request body, status, bytes of the answer's body,
worker, milliseconds, user agent, a dash, referer, X-Forwarded-For, global and local transaction id, two
dashes, idle worker threads, queued requests. What is not known is a dash.

Lines are made and written in batches, one `write` for all of a twentieth of a second: making each by itself
takes several times as long, and a line through `logging` more. Where the launch script has set up logging
of its own, the lines go to the logger `atila_compat.access`.
"""

from __future__ import annotations

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
LONGEST = 2048
"""Characters of a header or URI that are written."""

Pool = Callable[[], tuple[int, int]]


class Entry:
    """What is known of a request when it has been answered.

    Attributes:
        status: 499 where the client went before the answer began.
        received, sent: bytes of the bodies.
        seconds: from the complete head to the end of the answer.
    """

    __slots__ = (
        "client",
        "headers",
        "method",
        "received",
        "seconds",
        "sent",
        "state",
        "status",
        "uri",
        "version",
    )

    def __init__(self, scope: Any, status: int, received: int, sent: int, seconds: float) -> None:
        client = scope.get("client")
        self.client: str = client[0] if client else "-"
        self.method: str = scope["method"]
        raw: bytes = scope.get("raw_path") or scope["path"].encode()
        query: bytes = scope["query_string"]
        self.uri = (raw + b"?" + query if query else raw).decode("latin-1")
        self.version: str = scope["http_version"]
        self.headers: Iterable[tuple[bytes, bytes]] = scope["headers"]
        self.state: dict[str, Any] = scope.get("state") or {}
        self.status, self.received, self.sent, self.seconds = status, received, sent, seconds

    def named(self) -> dict[bytes, str]:
        """The headers that lines have, by name."""
        return {name: value.decode("latin-1") for name, value in self.headers if name in _SHOWN}


_SHOWN = frozenset((b"user-agent", b"referer", b"x-forwarded-for", b"x-gtxn-id", b"x-ltxn-id"))


def _clean(text: str) -> str:
    """Text that cannot break out of its column or its line."""
    if len(text) > LONGEST:
        text = text[:LONGEST] + "..."
    if text.isprintable() and '"' not in text:
        return text
    return "".join(c if c.isprintable() and c != '"' else f"\\x{ord(c):02x}" for c in text)


def _quoted(text: str | None) -> str:
    return f'"{_clean(text)}"' if text else "-"


def _word(text: str | None) -> str:
    return _clean(text).replace(" ", "") if text else "-"


def columns(entry: Entry, worker: int, idle: int, queued: int) -> str:
    """The line in the original's columns, without its time."""
    named = entry.named()
    state = entry.state
    return (
        f"{_word(entry.client)} {_word(entry.method)} {_word(entry.uri)} {entry.version} {entry.received} "
        f"{entry.status} {entry.sent} W{worker} {entry.seconds * 1000:.0f} "
        f"{_quoted(named.get(b'user-agent'))} - {_quoted(named.get(b'referer'))} "
        f"{_word(named.get(b'x-forwarded-for'))} "
        f"{_word(named.get(b'x-gtxn-id') or state.get('gtxid'))} "
        f"{_word(named.get(b'x-ltxn-id') or state.get('ltxid'))} - - {idle} {queued}"
    )


def as_json(entry: Entry, worker: int, idle: int, queued: int, now: float | None = None) -> str:
    """The line as a JSON object."""
    named = entry.named()
    state = entry.state
    seconds = time.time() if now is None else now
    return json.dumps(
        {
            "time": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))
            + f".{seconds % 1 * 1000:03.0f}Z",
            "client": entry.client,
            "method": entry.method,
            "uri": entry.uri,
            "version": entry.version,
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

    def __contains__(self, path: object) -> bool:
        return isinstance(path, str) and (path.startswith(self.prefixes) or path.endswith(self.suffixes))


class AccessLog:
    """Writes the lines of one process.

    Attributes:
        form: `"columns"`, `"json"`, or empty where nothing is written.
        worker: number of this process.
        pool: gives idle threads and queued requests.
        out: takes the text; by default standard output. None: the lines go through `logging`.
    """

    def __init__(self) -> None:
        self.form = "columns"
        self.worker = 0
        self.pool: Pool = lambda: (0, 0)
        self.out: Callable[[str], Any] | None = None
        self.silenced = Silenced()
        self._waiting: list[tuple[Entry, int, int, float]] = []
        self._second = 0
        self._moment = ""
        self._scheduled = False

    def configure(
        self, form: str, silenced: Iterable[str] = (), out: Callable[[str], Any] | None = None
    ) -> None:
        """Write in this form, and nothing for those paths, to `out`."""
        self.form, self.silenced, self.out = form, Silenced(silenced), out

    def write(self, entry: Entry, path: str, loop: Any) -> None:
        """Write the line of a request; called on the event loop."""
        if not self.form or path in self.silenced:
            return
        idle, queued = self.pool()
        now = time.time()
        if self.out is None:
            logger.info("%s", self._line(entry, idle, queued, now))
            return
        self._waiting.append((entry, idle, queued, now))
        if not self._scheduled:
            self._scheduled = True
            loop.call_later(WRITE_EVERY, self.flush)

    def flush(self) -> None:
        """Write what waits."""
        self._scheduled = False
        waiting, self._waiting = self._waiting, []
        if waiting and self.out is not None:
            line = self._line if self.form == "json" else self._dated
            self.out("\n".join([line(*each) for each in waiting]) + "\n")

    def _line(self, entry: Entry, idle: int, queued: int, now: float) -> str:
        if self.form == "json":
            return as_json(entry, self.worker, idle, queued, now)
        return columns(entry, self.worker, idle, queued)

    def _dated(self, entry: Entry, idle: int, queued: int, now: float) -> str:
        if int(now) != self._second:
            self._second, self._moment = int(now), time.strftime("%Y.%m.%d %H:%M:%S", time.localtime(now))
        return f"{self._moment} {columns(entry, self.worker, idle, queued)}"


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
