"""What scenarios reach: a SQLite file, a PostgreSQL, another web server; all with the same rows."""

from __future__ import annotations

import contextlib
import sqlite3
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from .. import servers
from ..launch import Launched
from .names import POSTGRES, SQLITE, UPSTREAM
from .peers import PEERS

ROWS = 1000
_TABLE = "create table item (id integer primary key, name text, cents integer)"


@contextlib.contextmanager
def _sqlite() -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
        path = str(Path(folder, "items.db"))
        connection = sqlite3.connect(path)
        connection.execute(_TABLE)
        rows = [(number, f"Item {number}", number * 125) for number in range(1, ROWS + 1)]
        connection.executemany("insert into item values (?, ?, ?)", rows)
        connection.commit()
        connection.close()
        yield path


@contextlib.contextmanager
def _postgres() -> Iterator[str]:
    with servers.postgres() as url:
        fill = f"insert into item select n, 'Item ' || n, n * 125 from generate_series(1, {ROWS}) as n"
        servers.execute(url, f"drop table if exists item; {_TABLE}; {fill}")
        yield url


@contextlib.contextmanager
def _upstream() -> Iterator[str]:
    peer = PEERS["bare"]
    server = Launched(peer.command, peer.folder)
    try:
        yield f"{servers.HOST}:{server.port}"
    finally:
        server.kill()


_MAKERS = {SQLITE: _sqlite, POSTGRES: _postgres, UPSTREAM: _upstream}


@contextlib.contextmanager
def sources(needs: Iterable[str]) -> Iterator[dict[str, str]]:
    """The environment for peers when everything in `needs`, names of variables, is up."""
    with contextlib.ExitStack() as stack:
        yield {name: stack.enter_context(_MAKERS[name]()) for name in sorted(set(needs))}
