"""Where the log lines go: standard output, one line each, as operators of the original know them."""

from __future__ import annotations

import logging
import sys

LOGGERS = ("atila_compat", "uvicorn")


class LineFormatter(logging.Formatter):
    """`2026.11.22 09:49:46 [info] text`; lines of the access log go without a kind."""

    def __init__(self) -> None:
        super().__init__(datefmt="%Y.%m.%d %H:%M:%S")
        self._second = 0
        self._moment = ""

    def format(self, record: logging.LogRecord) -> str:
        """The line of a record, followed by its traceback if there is one."""
        if int(record.created) != self._second:
            self._second, self._moment = int(record.created), self.formatTime(record, self.datefmt)
        moment = self._moment
        if record.name == "uvicorn.access":
            return f"{moment} {record.getMessage()}"
        kind = "warn" if record.levelno == logging.WARNING else record.levelname.lower()
        text = record.getMessage()
        if not text.startswith("["):  # lines of apps bring the kind that the app gave them
            text = f"[{kind}] {text}"
        if record.exc_info:
            text += "\n" + self.formatException(record.exc_info)
        return f"{moment} {text}"


class _Silenced(logging.Filter):
    """Drops access log lines of paths that `skitai.log_off` names."""

    def __init__(self, patterns: list[str]) -> None:
        super().__init__()
        self.prefixes = tuple(p.rstrip("*") for p in patterns if not p.startswith("*"))
        self.suffixes = tuple(p.lstrip("*") for p in patterns if p.startswith("*"))

    def filter(self, record: logging.LogRecord) -> bool:
        if not isinstance(record.args, tuple) or len(record.args) < 3:
            return True
        path = str(record.args[2]).partition("?")[0]
        return not (path.startswith(self.prefixes) or path.endswith(self.suffixes))


def configure(log_off: list[str], debug: bool = False) -> None:
    """Send the log to standard output; where the script has set up logging of its own, that stays.

    Args:
        log_off: patterns of paths without access log.
        debug: whether lines for debugging are shown.
    """
    level = logging.DEBUG if debug else logging.INFO
    if not logging.getLogger().handlers:
        handler = logging.StreamHandler(sys.stdout)
        handler.setFormatter(LineFormatter())
        for name in LOGGERS:
            logger = logging.getLogger(name)
            if not logger.handlers:
                logger.addHandler(handler)
                logger.propagate = False
    logging.getLogger("atila_compat").setLevel(level)
    # what uvicorn says about its own life is said by us in fewer lines
    logging.getLogger("uvicorn").setLevel(logging.WARNING)
    access = logging.getLogger("uvicorn.access")
    access.setLevel(logging.INFO)
    if log_off:
        access.addFilter(_Silenced(log_off))
