"""Databases without an app: `with sqlphile.sqlite3("shop.db") as db:` in scripts and management commands."""

from __future__ import annotations

import asyncio
import concurrent.futures
import os
import threading
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, TypeVar

from .backend import SQLBackend
from .cursor import Transaction
from .engines import SQLITE
from .sqlmaps import Templates

T = TypeVar("T")


class LoopThread:
    """An event loop on a daemon thread, for programs that have none."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        threading.Thread(target=self._run, name="atila-standalone", daemon=True).start()

    def _run(self) -> None:
        asyncio.set_event_loop(self.loop)
        self.loop.run_forever()

    def spawn(self, coroutine: Coroutine[Any, Any, T]) -> concurrent.futures.Future[T]:
        """Run a coroutine on the loop."""
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop)


_threads: dict[int, LoopThread] = {}
_lock = threading.Lock()


def loop_thread() -> LoopThread:
    """The one of this process; a forked child needs one of its own."""
    pid = os.getpid()
    with _lock:
        if pid not in _threads:
            _threads[pid] = LoopThread()
        return _threads[pid]


class _Opened(Transaction):
    """A transaction on a database that is closed together with it."""

    def _open(self, backend: SQLBackend, folder: str | Path | None, auto_reload: bool) -> None:
        templates = Templates(backend.engine, folder, auto_reload)
        Transaction.__init__(self, backend, loop_thread(), templates)

    def close(self) -> None:
        """Undo what was not committed and close the database."""
        super().close()
        self._spawner.spawn(self._backend.close()).result(self._timeout)


class sqlite3(_Opened):  # noqa: N801 - the name that apps import
    """A SQLite database; changes are kept by `commit()`.

    Args:
        path: the file, or `:memory:`.
        dir: folder of SQL templates.
        auto_reload: read templates again when their files change.
        auto_closing: has no effect: it is closed at the end of `with`, or when it is forgotten.
    """

    def __init__(
        self,
        path: str,
        dir: str | Path | None = None,  # noqa: A002
        auto_reload: bool = False,
        auto_closing: bool = True,
    ) -> None:
        from .sqlite import SQLiteBackend

        self._open(SQLiteBackend(path, 1, f"{SQLITE}-{id(self)}"), dir, auto_reload)


class postgres(_Opened):  # noqa: N801 - the name that apps import
    """A PostgreSQL database; changes are kept by `commit()`.

    Args:
        dbname, user, password, host, port: where it is.
        dir: folder of SQL templates.
        auto_reload: read templates again when their files change.
        auto_closing: has no effect: it is closed at the end of `with`, or when it is forgotten.

    Raises MissingExtra without the driver.
    """

    def __init__(
        self,
        dbname: str,
        user: str,
        password: str,
        host: str = "127.0.0.1",
        port: int = 5432,
        dir: str | Path | None = None,  # noqa: A002
        auto_reload: bool = False,
        auto_closing: bool = True,
    ) -> None:
        from .postgres import PostgresBackend

        self._open(PostgresBackend(host, port, user, password, dbname, 1), dir, auto_reload)
