"""Lines of the access log."""

from __future__ import annotations

import functools
import json
from typing import Any

import pytest

from atila_compat.skitai.access_log import AccessLog, Entry, Silenced, as_json, columns


def entry(status: int = 200, **changes: Any) -> Entry:
    """A request that was answered."""
    scope = {
        "client": ("10.0.0.1", 4711),
        "method": "GET",
        "path": "/a b",
        "raw_path": b"/a%20b",
        "query_string": b"q=1",
        "http_version": "1.1",
        "headers": [],
        "state": {},
        **changes,
    }
    found = Entry()
    found.scope, found.status = scope, status
    found.received, found.sent, found.seconds = 3, 121, 0.0234
    return found


class Loop:
    """Keeps what is to be called later."""

    def __init__(self) -> None:
        self.soon: list[Any] = []
        self.later: list[Any] = []

    def call_soon(self, func: Any, *args: Any) -> None:
        self.soon.append(functools.partial(func, *args))

    def call_later(self, seconds: float, func: Any) -> None:
        self.later.append(func)


def test_columns() -> None:
    """The columns are the original's, and a dash stands for what is not known."""
    assert columns(entry(), 1, 3, 0) == "10.0.0.1 GET /a%20b?q=1 1.1 3 200 121 W1 23 - - - - - - - - 3 0"
    headers = [
        (b"user-agent", b"my agent"),
        (b"referer", b"http://a.b/c?d"),
        (b"x-forwarded-for", b"9.8.7.6, 1.2.3.4"),
        (b"x-gtxn-id", b"g"),
    ]
    assert columns(entry(headers=headers, state={"ltxid": "l"}), 0, 3, 2) == (
        '10.0.0.1 GET /a%20b?q=1 1.1 3 200 121 W0 23 "my agent" - "http://a.b/c?d" '
        "9.8.7.6,1.2.3.4 g l - - 3 2"
    )


def test_nobody_adds_columns() -> None:
    """Proxies hand on addresses as they come; neither these nor verbs are more than one word."""
    line = columns(entry(client=('9.9.9.9 GET /admin 1.1\n"', 0), method="GET /x"), 1, 3, 0)
    assert line.split(" ")[2] == "/a%20b?q=1"
    assert line.isprintable()


@pytest.mark.parametrize("text", [b'x" 200 "', b"a\nb", b"a\x1b[0m", b"\x85\xa0", b"a" * 5000])
def test_nothing_breaks_out(text: bytes) -> None:
    """Quotes, line ends and control characters are escaped, and what is too long is cut."""
    line = columns(entry(headers=[(b"user-agent", text)], raw_path=b"/" + text), 0, 0, 0)
    assert line.isprintable()
    assert len(line) < 5000
    assert line.count('"') == 2


def test_json() -> None:
    """The same as JSON, one line."""
    line = as_json(entry(client=None), 0, 3, 0, now=0.5)
    assert "\n" not in line
    found = json.loads(line)
    assert (found["time"], found["client"], found["milliseconds"]) == ("1970-01-01T00:00:00.500Z", "-", 23.4)


def test_lines_are_written_together() -> None:
    """All lines of a moment go out in one write."""
    log, written, loop = AccessLog(), list[str](), Loop()
    log.configure("columns", ["/quiet"], written.append)
    for path in ("/a", "/quiet", "/b"):
        log.write(entry(path=path), loop)
    assert written == []
    assert len(loop.soon) == 1
    loop.soon[0]()
    assert written == []
    assert len(loop.later) == 1
    loop.later[0]()
    assert len(written) == 1
    assert written[0].count("\n") == 2
    log.write(entry(), loop)
    log.flush()  # at the end of the process
    assert len(written) == 2
    loop.soon[1]()
    loop.later[0]()
    assert len(written) == 2
    log.configure("", [], written.append)
    log.write(entry(), loop)
    log.flush()
    assert len(written) == 2


def test_silenced_paths() -> None:
    """`log_off` patterns are suffixes and prefixes."""
    silenced = Silenced(["*.css", "/health", "/static/*"])
    assert [path in silenced for path in ("/a.css", "/health", "/static/a.js", "/shown", "/x/health")] == [
        True,
        True,
        True,
        False,
        False,
    ]
    assert "/" not in Silenced()
