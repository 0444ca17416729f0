"""10,000 calls of which many fail leave the connections, threads and tasks that there were before."""

from __future__ import annotations

import asyncio
import gc
import random
import sqlite3
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import psutil

from atila_compat.data.postgres import PostgresBackend
from atila_compat.data.sources import backend_of
from atila_compat.data.sqlite import SQLiteBackend
from atila_compat.tasks import aliases
from atila_compat.was import Was

from .peers import Peer

CALLS = 10_000
BATCH = 50
MAX_CONNS = 6


def settle(condition: Callable[[], bool]) -> None:
    """Wait for what ends in the background, for some seconds at most."""
    deadline = time.monotonic() + 10
    while not condition() and time.monotonic() < deadline:
        gc.collect()
        time.sleep(0.02)
    assert condition()


def sockets() -> int:
    """Connections to other servers that are open."""
    return sum(each.status == psutil.CONN_ESTABLISHED for each in psutil.Process().net_connections("tcp"))


def test_nothing_leaks(was: Was, peer: Peer, postgres_url: str, tmp_path: Path) -> None:
    """Failures, timeouts and cancellations at random: pools are full again and no bigger than they may be."""
    chance = random.Random(4)
    path = str(tmp_path / "a.db")
    sqlite3.connect(path).close()
    aliases.define("@lite", "*sqlite3", path, max_conns=MAX_CONNS)
    aliases.define("@pg", "*postgresql", postgres_url.partition("://")[2], max_conns=MAX_CONNS)
    aliases.define("@web", "http", peer.address, max_conns=MAX_CONNS)
    endless = "with recursive c(x) as (select 1 union all select x + 1 from c) select count(*) from c"
    kinds: list[tuple[int, Callable[[], Any]]] = [
        (220, lambda: was.db("@lite").execute("select ? as a", chance.random())),
        (200, lambda: was.db("@lite").execute("selec")),
        (2, lambda: was.db("@lite", timeout=0.005).execute(endless)),
        (180, lambda: was.db("@pg").execute("select %s as a", chance.random())),
        (180, lambda: was.db("@pg").execute("select 1/0")),
        (2, lambda: was.db("@pg", timeout=0.005).execute("select pg_sleep(5)")),
        (30, lambda: was.get("@web/x")),
        (30, lambda: was.get("@web/status/500")),
        (2, lambda: was.get("@web/sleep/5", timeout=0.005)),
    ]
    weights = [weight for weight, _ in kinds]
    asked, failed, cancelled, sockets_before = 0, 0, 0, 0
    before: tuple[int, int] | None = None
    while asked < CALLS:
        tasks = [make() for _, make in chance.choices(kinds, weights, k=BATCH)]
        asked += BATCH
        for task in tasks:
            if chance.random() < 0.05:
                cancelled += task.cancel()
            else:
                result = task.dispatch()
                failed += result.error is not None or result.status_code >= 400
        if before is None and asked >= CALLS // 10:
            before, sockets_before = (
                (threading.active_count(), len(asyncio.all_tasks(was.runtime.loop))),
                sockets(),
            )
    assert failed > CALLS // 4
    assert cancelled
    assert before is not None

    lite = cast("SQLiteBackend", source(was, "@lite"))
    pg = cast("PostgresBackend", source(was, "@pg"))
    settle(lambda: lite.threads.is_quiet and lite.threads.busy == 0 and pg.pool.count == pg.pool.idle)
    assert lite.threads.count <= MAX_CONNS
    assert pg.pool.count <= MAX_CONNS
    threads, running = before
    settle(lambda: threading.active_count() <= threads + MAX_CONNS)
    settle(lambda: len(asyncio.all_tasks(was.runtime.loop)) <= running)
    settle(lambda: sockets() <= sockets_before + 2 * MAX_CONNS)
    assert was.db("@pg").execute("select 1 as a").one().a == 1
    assert was.db("@lite").execute("select 1 as a").one().a == 1
    assert was.get("@web/x").fetch()["path"] == "/x"


def source(was: Was, name: str) -> Any:
    """The backend of an alias."""
    alias = aliases.find(name)
    return backend_of(was.runtime, alias, alias.members[0])
