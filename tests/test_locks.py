"""Locks by name, between threads and between processes."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest

from atila_compat.locks import Locks
from atila_compat.state_redis import RedisStore, StateError

HOLD = """
import sys, time
from atila_compat.locks import Locks
locks = Locks()
locks.folder = sys.argv[1]
locks.get("one").acquire()
print("held", flush=True)
time.sleep(60)
"""


def _spaces(tmp_path: Path, redis_url: str) -> list[Locks]:
    alone, local, remote = Locks(), Locks(), Locks()
    local.folder = str(tmp_path / "shared")
    remote.store = RedisStore(redis_url, f"test-locks-{os.getpid()}-{tmp_path.name}")
    return [alone, local, remote]


def _in_a_thread(func: Callable[[], bool]) -> bool:
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(func).result()


def test_threads_exclude_each_other(tmp_path: Path, redis_url: str) -> None:
    """One thread has it, as often as it likes; another one waits, as long as it likes."""
    for space in _spaces(tmp_path, redis_url):
        lock = space.get("one")
        assert space.get("one") is lock
        assert space.get("two") is not lock
        found: list[bool] = []
        with lock:
            assert lock.acquire()
            lock.release()
            for options in ({"blocking": False}, {"timeout": 0.05}):
                found.append(_in_a_thread(partial(lock.acquire, **options)))  # noqa: PERF401
        assert found == [False, False]
        with pytest.raises(RuntimeError, match="does not have it"):
            lock.release()
        assert lock.acquire(timeout=5)
        lock.release()


def test_processes_exclude_each_other(tmp_path: Path) -> None:
    """Where they share a directory; the lock of a killed process is free."""
    space = Locks()
    space.folder = str(tmp_path)
    lock = space.get("one")
    holder = subprocess.Popen([sys.executable, "-c", HOLD, tmp_path], stdout=subprocess.PIPE)
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        assert not lock.acquire(blocking=False)
        assert not lock.acquire(timeout=0.05)
        assert space.get("two").acquire(blocking=False)
    finally:
        holder.kill()
        holder.communicate()
    assert lock.acquire(timeout=10)
    lock.release()


def test_machines_exclude_each_other(redis_url: str) -> None:
    """Where they share a Redis; who does not have it cannot give it back."""
    name = f"test-locks-{os.getpid()}"
    one, two = Locks(), Locks()
    one.store, two.store = RedisStore(redis_url, name), RedisStore(redis_url, name)
    with one.get("a"):
        assert not two.get("a").acquire(blocking=False)
        two.store.give_lock("a", "another token")
        assert not two.get("a").acquire(timeout=0.02)
    assert two.get("a").acquire(timeout=5)
    two.get("a").release()


def test_a_redis_that_is_not_there() -> None:
    """Taking the lock fails with a clear error, and leaves nothing locked."""
    space = Locks()
    space.store = RedisStore("redis://127.0.0.1:1/0", "test")
    for _ in range(2):
        with pytest.raises(StateError, match="cannot be reached"):
            space.get("one").acquire()
    space.store = None
    assert space.get("one").acquire(blocking=False)
    space.get("one").release()
