"""Locks by name, between threads and between processes."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest

from atila_compat.locks import Locks, private_folder
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


CIRCLE = """
import sys, threading, time
from atila_compat.locks import Locks
locks = Locks()
locks.folder = sys.argv[1]
one = locks.get("one")
one.acquire()
threading.Thread(target=locks.get("two").acquire, daemon=True).start()
time.sleep(0.3)
print("held", flush=True)
time.sleep(1)
one.release()
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


def test_names_without_number(tmp_path: Path) -> None:
    """A lock for each order costs no file and no memory: what nobody names any more is forgotten."""
    space = Locks()
    space.folder = str(tmp_path / "shared")
    with space.get("first"):
        before = len(os.listdir("/proc/self/fd"))
        for number in range(3000):
            with space.get(f"order {number}"):
                pass
        assert len(os.listdir("/proc/self/fd")) == before
    assert len(os.listdir(space.folder)) == 1
    assert not space.held
    assert not len(space._locks)


def test_a_held_lock_is_remembered(tmp_path: Path) -> None:
    """Also where nobody keeps the object: what is taken by a name is given back by that name."""
    space = Locks()
    space.folder = str(tmp_path)
    space.get("one").acquire()
    gc.collect()
    assert not _in_a_thread(lambda: space.get("one").acquire(blocking=False))
    space.get("one").release()
    assert _in_a_thread(lambda: space.get("one").acquire(blocking=False))


def test_circles_that_are_none(tmp_path: Path) -> None:
    """Threads of two processes may wait for each other's process, as long as no thread waits for itself."""
    space = Locks()
    space.folder = str(tmp_path)
    one, two = space.get("one"), space.get("two")
    holder = subprocess.Popen([sys.executable, "-c", CIRCLE, tmp_path], stdout=subprocess.PIPE)
    try:
        assert holder.stdout is not None
        assert two.acquire()
        assert holder.stdout.readline() == b"held\n"  # it has "one"; a thread of it waits for "two"
        with ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(one.acquire)
            time.sleep(0.3)
            two.release()
            assert waiting.result()
    finally:
        holder.kill()
        holder.communicate()


def test_directories_of_others(tmp_path: Path) -> None:
    """A directory that others may write to is not used: they could take the file or the sockets away."""
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o777)
    link = tmp_path / "link"
    link.symlink_to(private_folder(str(tmp_path / "own")))
    for folder in (shared, link):
        space = Locks()
        space.folder = str(folder)
        for options in ({}, {"blocking": False}):
            with pytest.raises(PermissionError, match="somebody else's"):
                space.get("one").acquire(**options)
        assert list(shared.iterdir()) == []


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
