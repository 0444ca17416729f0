"""Tests of atila_compat.data.pool."""

from __future__ import annotations

import asyncio
import itertools
import random

import pytest

from atila_compat.data.failures import is_unsent
from atila_compat.data.pool import Pool

pytestmark = pytest.mark.anyio


class Place:
    """Something to connect to, which counts its connections."""

    def __init__(self) -> None:
        self.open = 0
        self.failing = False
        self._names = itertools.count()

    async def connect(self) -> int:
        """A connection."""
        await asyncio.sleep(0)
        if self.failing:
            raise ConnectionRefusedError("nobody there")
        self.open += 1
        return next(self._names)

    async def close(self, connection: int) -> None:
        """Close one."""
        await asyncio.sleep(0)
        self.open -= 1

    def pool(self, size: int) -> Pool[int]:
        """A pool of connections to this."""
        return Pool(self.connect, self.close, size)


async def test_the_connection_used_last_is_used_first() -> None:
    """Connections are opened when there is no idle one, and never more than the size allows."""
    place = Place()
    pool = place.pool(2)
    first = await pool.acquire()
    second = await pool.acquire()
    third = asyncio.ensure_future(pool.acquire())
    await asyncio.sleep(0.01)
    assert not third.done()
    pool.release(first)
    assert await third == first
    pool.release(second)
    pool.release(first)
    assert await pool.acquire() == first
    assert (pool.count, place.open) == (2, 2)


async def test_a_connection_that_is_discarded_makes_room() -> None:
    """A discarded connection is closed, and who waits gets a new one."""
    place = Place()
    pool = place.pool(1)
    first = await pool.acquire()
    waiting = asyncio.ensure_future(pool.acquire())
    await asyncio.sleep(0.01)
    pool.discard(first)
    assert await waiting != first
    await asyncio.sleep(0.01)
    assert (pool.count, place.open) == (1, 1)


async def test_a_failure_to_connect_is_known_to_have_sent_nothing() -> None:
    """What opening raises is raised, marked as unsent, and makes room again."""
    place = Place()
    pool = place.pool(1)
    place.failing = True
    for _ in range(3):
        with pytest.raises(ConnectionRefusedError) as caught:
            await pool.acquire()
        assert is_unsent(caught.value)
    place.failing = False
    assert await pool.acquire() == 0
    assert pool.count == 1


async def test_nothing_is_lost_when_users_give_up() -> None:
    """Users that are cancelled anywhere leave the pool as it was."""
    place = Place()
    pool = place.pool(3)
    chance = random.Random(1)

    async def use() -> None:
        connection = await pool.acquire()
        try:
            await asyncio.sleep(chance.random() / 1000)
        except asyncio.CancelledError:
            pool.discard(connection)
            raise
        pool.release(connection)

    for _ in range(30):
        users = [asyncio.ensure_future(use()) for _ in range(20)]
        await asyncio.sleep(chance.random() / 500)
        for user in chance.sample(users, 10):
            user.cancel()
        await asyncio.gather(*users, return_exceptions=True)
    await asyncio.sleep(0.01)
    assert 0 < pool.count == place.open <= 3
    held = [await asyncio.wait_for(pool.acquire(), 1) for _ in range(3)]
    assert len(set(held)) == 3


async def test_connections_that_are_no_good_are_not_given_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Idle connections that are unusable, or have been idle for too long, are closed instead of used."""
    place = Place()
    good: set[int] = {1, 2}
    pool = Pool(place.connect, place.close, 2, good.__contains__)
    pool.release(await pool.acquire())
    assert await pool.acquire() == 1
    pool.release(1)
    monkeypatch.setattr("atila_compat.data.pool.IDLE_SECONDS", -1.0)
    assert await pool.acquire() == 2
    await asyncio.sleep(0.01)
    assert (pool.count, place.open) == (1, 1)


async def test_a_closed_pool_gives_nothing_more() -> None:
    """close() closes idle connections at once and others when they come back; who waits is told."""
    place = Place()
    pool = place.pool(1)
    held = await pool.acquire()
    waiting = asyncio.ensure_future(pool.acquire())
    await asyncio.sleep(0)
    await pool.close()
    pool.release(held)
    with pytest.raises(RuntimeError, match="closed"):
        await waiting
    with pytest.raises(RuntimeError, match="closed"):
        await pool.acquire()
    await pool.close()
    assert (pool.count, place.open) == (0, 0)
