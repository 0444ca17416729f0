"""`rs4.logger`: loggers of the original's interface, on top of the standard library's."""

from __future__ import annotations

import logging
import logging.handlers
import os
import sys
import traceback as _traceback
from collections.abc import Sequence
from typing import Any

_LEVELS = {
    "debug": 10,
    "info": 20,
    "warn": 30,
    "warning": 30,
    "error": 40,
    "expt": 40,
    "fail": 40,
    "fatal": 50,
}


class base_logger:  # noqa: N801 - the original's names, here and below
    """Writes lines: `log("text", "info")`, `trace()`.

    Args:
        handler: takes the lines; None drops them.
    """

    def __init__(self, handler: logging.Handler | None = None) -> None:
        self._logger = logging.Logger("rs4")
        self.handler = handler or logging.NullHandler()
        self.handler.setFormatter(logging.Formatter("%(asctime)s %(message)s", "%Y.%m.%d %H:%M:%S"))
        self._logger.addHandler(self.handler)
        self._kinds: tuple[str, ...] = ()

    def set_filter(self, *kinds: str) -> None:
        """Write only these kinds of lines from now on."""
        self._kinds = kinds

    def log(self, line: Any, type: str = "info", name: str = "") -> None:  # noqa: A002
        """Write a line of a kind."""
        if not self._kinds or type in self._kinds:
            tag = f"{type}:{name}" if name else type
            self._logger.log(_LEVELS.get(type, 20), "[%s] %s", tag, line)

    def __call__(self, line: Any, type: str = "info", name: str = "") -> None:  # noqa: A002
        self.log(line, type, name)

    def write(self, line: Any, type: str = "", name: str = "") -> None:  # noqa: A002
        """Write a line."""
        self.log(line, type or "info", name)

    def trace(self, name: str = "") -> None:
        """Write the exception that is being handled."""
        self.log(_traceback.format_exc().rstrip(), "expt", name)

    traceback = trace

    def flush(self) -> None:
        """Hand over what is buffered."""
        self.handler.flush()

    def close(self) -> None:
        """End the logger."""
        self.handler.close()

    cleanup = close


class screen_logger(base_logger):  # noqa: N801
    """Writes to standard output."""

    def __init__(self, cacheline: int = 200, flushnow: int = 1, colored: bool = True) -> None:
        super().__init__(logging.StreamHandler(sys.stdout))


class null_logger(base_logger):  # noqa: N801
    """Writes nowhere."""

    def __init__(self, cacheline: int = 200, flushnow: int = 1, colored: bool = True) -> None:
        super().__init__()


class file_logger(base_logger):  # noqa: N801
    """Writes to a file.

    Args:
        base: path of the file, or of the directory of `surfix`.log.
    """

    def __init__(self, base: str, surfix: str = "", cacheline: int = 200, flushnow: int = 0) -> None:
        super().__init__(logging.FileHandler(_path(base, surfix), delay=True))


class rotate_logger(base_logger):  # noqa: N801
    """Writes to a file that is put aside now and then.

    Args:
        base: path of the file, or of the directory of `surfix`.log.
        freq: `"hourly"`, `"daily"`, `"weekly"` or `"monthly"` (every 30 days).
    """

    PRESERVE_MAX = 30

    def __init__(
        self, base: str, surfix: str = "", freq: str = "daily", cacheline: int = 200, flushnow: int = 0
    ) -> None:
        when, interval = {"hourly": ("H", 1), "weekly": ("W0", 1), "monthly": ("D", 30)}.get(
            freq, ("midnight", 1)
        )
        super().__init__(
            logging.handlers.TimedRotatingFileHandler(
                _path(base, surfix), when=when, interval=interval, backupCount=self.PRESERVE_MAX, delay=True
            )
        )

    def rotate(self) -> None:
        """Put the file aside now."""
        assert isinstance(self.handler, logging.handlers.TimedRotatingFileHandler)
        self.handler.doRollover()


class multi_logger:  # noqa: N801
    """Hands lines on to several loggers."""

    def __init__(self, loggers: Sequence[base_logger] = (), cacheline: int = 100, flushnow: int = 0) -> None:
        self.loggers = list(loggers)

    def add_logger(self, logger: base_logger) -> None:
        """Hand lines on to `logger` too."""
        self.loggers.append(logger)

    def log(self, line: Any, type: str = "info", name: str = "") -> None:  # noqa: A002
        """Write a line of a kind."""
        for each in self.loggers:
            each.log(line, type, name)

    __call__ = log

    def trace(self, name: str = "") -> None:
        """Write the exception that is being handled."""
        for each in self.loggers:
            each.trace(name)

    traceback = trace

    def rotate(self) -> None:
        """Put the files aside now."""
        for each in self.loggers:
            if isinstance(each, rotate_logger):
                each.rotate()

    def close(self) -> None:
        """End the loggers."""
        for each in self.loggers:
            each.close()


def _path(base: str, surfix: str) -> str:
    return os.path.join(base, f"{surfix or 'rs4'}.log") if os.path.isdir(base) else base


def trace(multirows: bool = False) -> str:
    """The exception that is being handled, as text; on one line unless `multirows`."""
    text = _traceback.format_exc().rstrip()
    return text if multirows else " | ".join(line.strip() for line in text.splitlines())


traceback = trace
