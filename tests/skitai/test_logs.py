"""Where the log lines go, and what they look like."""

from __future__ import annotations

import contextlib
import logging
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from atila_compat.settings import Settings
from atila_compat.skitai import logs
from atila_compat.skitai.access_log import Entry, access_log


@contextlib.contextmanager
def fresh_loggers() -> Iterator[None]:
    """No logger has a handler, pytest's included; afterwards they are as they were."""
    root = logging.getLogger()
    handlers, root.handlers = root.handlers, []
    known = [logging.getLogger(name) for name in (*logs.LOGGERS, logs.APP, "atila_compat.access")]
    before = [(each, each.handlers[:], each.level, each.propagate, each.filters[:]) for each in known]
    for each in known:
        each.handlers.clear()
    yield
    root.handlers = handlers
    access_log.configure("columns")
    access_log.pool = lambda: (0, 0)
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
    assert line("atila_compat.access", logging.INFO, "%s - %s", "a", "b") == "a - b"


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
        logs.configure(Settings())
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
        logs.configure(Settings())
        assert logging.getLogger("atila_compat").handlers == []


def test_the_access_log_of_a_script_with_logging(caplog: pytest.LogCaptureFixture) -> None:
    """Where the script has set up logging the access log goes there, to a logger of its own."""
    scope = {"method": "GET", "path": "/", "query_string": b"", "http_version": "1.1", "headers": []}
    with fresh_loggers():
        logging.getLogger().addHandler(caplog.handler)
        logs.configure(Settings())
        entry = Entry()
        entry.scope, entry.status, entry.sent, entry.seconds = scope, 200, 5, 0.01
        access_log.write(entry, None)
    assert [record.name for record in caplog.records] == ["atila_compat.access"]
    assert caplog.messages == ["- GET / 1.1 0 200 5 W0 10 - - - - - - - - 0 0"]


def test_files(tmp_path: Path) -> None:
    """With a path the log goes to files, one for each kind that is wanted."""
    with fresh_loggers():
        logs.configure(Settings(log_path=str(tmp_path / "log"), log_kinds=("server", "app")))
        logging.getLogger("atila_compat.server").info("one")
        logging.getLogger("atila_compat.app").info("two")
    assert (tmp_path / "log" / "server.log").read_text().endswith("[info] one\n")
    assert (tmp_path / "log" / "app.log").read_text().endswith("[info] two\n")
    assert not (tmp_path / "log" / "request.log").exists()


def test_a_path_that_cannot_be_written(tmp_path: Path) -> None:
    """The service does not start, and says why."""
    (tmp_path / "file").touch()
    with fresh_loggers(), pytest.raises(SystemExit):
        logs.configure(Settings(log_path=str(tmp_path / "file")))
