"""Where the log lines go, and what they look like."""

from __future__ import annotations

import contextlib
import logging
import sys
from collections.abc import Iterator

import pytest

from atila_compat.skitai import logs


@contextlib.contextmanager
def fresh_loggers() -> Iterator[None]:
    """No logger has a handler, pytest's included; afterwards they are as they were."""
    root = logging.getLogger()
    handlers, root.handlers = root.handlers, []
    known = [logging.getLogger(name) for name in (*logs.LOGGERS, "uvicorn.access")]
    before = [(each, each.handlers[:], each.level, each.propagate, each.filters[:]) for each in known]
    for each in known:
        each.handlers.clear()
    yield
    root.handlers = handlers
    for each, old_handlers, level, propagate, filters in before:
        each.handlers, each.level, each.propagate, each.filters = old_handlers, level, propagate, filters


def line(name: str, level: int, message: str, *args: object) -> str:
    """A record as the formatter writes it, without its time."""
    record = logging.LogRecord(name, level, __file__, 1, message, args, None)
    return logs.LineFormatter().format(record)[len("2026.11.22 09:49:46 ") :]


def test_lines() -> None:
    """A line has time and kind; what an app wrote keeps the kind that it gave."""
    assert line("atila_compat.server", logging.INFO, "app %s", "x") == "[info] app x"
    assert line("atila_compat.server", logging.WARNING, "careful") == "[warn] careful"
    assert line("atila_compat.app", logging.INFO, "[%s] %s", "mine", "text") == "[mine] text"
    assert line("uvicorn.access", logging.INFO, "%s - %s", "a", "b") == "a - b"


def test_exceptions_follow_their_line() -> None:
    """The traceback stands below the line."""
    try:
        raise ValueError("boom")
    except ValueError:
        record = logging.LogRecord(
            "atila_compat.app", logging.ERROR, __file__, 1, "failed", (), sys.exc_info()
        )
    first, *_, last = logs.LineFormatter().format(record).splitlines()
    assert first.endswith("[error] failed")
    assert last == "ValueError: boom"


def test_lines_go_to_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    """The package's lines are printed; those of uvicorn's own life are not."""
    with fresh_loggers():
        logs.configure([])
        logging.getLogger("atila_compat.app").info("ours")
        logging.getLogger("uvicorn.error").info("theirs")
        logging.getLogger("uvicorn.error").error("trouble")
    printed = capsys.readouterr().out
    assert "[info] ours" in printed
    assert "theirs" not in printed
    assert "[error] trouble" in printed


def test_logging_of_the_script_stays() -> None:
    """Where the script has set up logging, nothing is added to it."""
    with fresh_loggers():
        logging.getLogger().addHandler(logging.NullHandler())
        logs.configure([])
        assert logging.getLogger("atila_compat").handlers == []


def test_silenced_paths(capsys: pytest.CaptureFixture[str]) -> None:
    """`log_off` patterns keep paths out of the access log, by suffix and by prefix."""
    with fresh_loggers():
        logs.configure(["*.css", "/health", "/static/*"])
        access = logging.getLogger("uvicorn.access")
        for path in ("/a.css?v=1", "/health", "/static/a.js", "/shown"):
            access.info('%s - "%s %s HTTP/%s" %d', "127.0.0.1:1", "GET", path, "1.1", 200)
        access.info("a line of another shape")
    assert capsys.readouterr().out.count("GET") == 1
