"""Where the log goes: standard output, or files; one line each, as operators of the original know them."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from .access_log import access_log, to_stream
from .log_files import FileHandler, SharedFile

if TYPE_CHECKING:
    from ..settings import Settings
    from .privileges import Identity

LOGGERS = ("atila_compat", "uvicorn")
APP = "atila_compat.app"


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
        if record.name == "atila_compat.access":
            return f"{moment} {record.getMessage()}"
        kind = "warn" if record.levelno == logging.WARNING else record.levelname.lower()
        text = record.getMessage()
        if not text.startswith("["):  # lines of apps bring the kind that the app gave them
            text = f"[{kind}] {text}"
        if record.exc_info:
            text += "\n" + self.formatException(record.exc_info)
        return f"{moment} {text}"


def _is_ours(record: logging.LogRecord) -> bool:
    """Whether a line of uvicorn's is to be written: no traceback for a WebSocket's text that is no UTF-8.

    The client is told so by a close code, 1007. The server is not at fault.
    """
    error = record.exc_info[1] if record.exc_info else None
    return not (isinstance(error, UnicodeDecodeError) and record.funcName == "send_receive_event_to_app")


def configure(settings: Settings, debug: bool = False, identity: Identity | None = None) -> None:
    """Send the log to standard output, or to files below `settings.log_path`.

    Where the script has set up logging of its own, that stays, and the access log goes there too, to the
    logger `atila_compat.access`.

    Args:
        debug: whether lines for debugging are shown.
        identity: who is going to write the files.

    Ends the process with one line where the files cannot be written.
    """
    out: Callable[[str], Any] | None = None
    if settings.log_path is not None:
        out = _to_files(settings, identity)
    elif not logging.getLogger().handlers:
        handler = logging.StreamHandler(sys.stdout)
        handler.setFormatter(LineFormatter())
        for name in LOGGERS:
            logger = logging.getLogger(name)
            if not logger.handlers:
                logger.addHandler(handler)
                logger.propagate = False
        out = to_stream()
    logging.getLogger("atila_compat").setLevel(logging.DEBUG if debug else logging.INFO)
    # what uvicorn says about its own life is said by us in fewer lines
    logging.getLogger("uvicorn").setLevel(logging.WARNING)
    logging.getLogger("uvicorn.error").addFilter(_is_ours)
    access_log.configure(settings.access_log, settings.log_off, out)


def _to_files(settings: Settings, identity: Identity | None) -> Callable[[str], Any] | None:
    """Files for those kinds that are wanted; gives what takes the access log."""
    folder = settings.log_path
    assert folder is not None
    files: dict[str, SharedFile] = {}
    try:
        os.makedirs(folder, exist_ok=True)
        if identity is not None:
            identity.give(folder)
        for kind in settings.log_kinds:
            file = SharedFile(os.path.join(folder, f"{kind}.log"), settings.log_size, settings.log_files)
            file.open()
            if identity is not None:
                identity.give(file.path)
            files[kind] = file
    except OSError as error:
        from .run_config import fail

        fail(f"cannot write logs to {folder}: {error.strerror}")
    for kind, names in (("server", LOGGERS), ("app", (APP,))):
        if kind not in files:
            continue
        handler = FileHandler(files[kind])
        handler.setFormatter(LineFormatter())
        for name in names:
            logger = logging.getLogger(name)
            logger.addHandler(handler)
            logger.propagate = False
    return files["request"].write if "request" in files else (lambda text: None)
