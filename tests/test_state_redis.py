"""Shared numbers in Redis: as in memory, for several machines."""

from __future__ import annotations

import os

import pytest

from atila_compat.state import SharedState
from atila_compat.state_redis import RedisStore, StateError


def _states(redis_url: str, name: str) -> tuple[SharedState, SharedState]:
    made = SharedState(), SharedState()
    for each in made:
        each.register("a", "b")
        each.use_store(RedisStore(redis_url, f"test-state-{os.getpid()}-{name}"))
    return made


def test_numbers_are_shared(redis_url: str) -> None:
    """What one sets the other reads; ints stay ints where they are set, defaults become values."""
    one, two = _states(redis_url, "shared")
    assert two["a"] == 0.0
    one.set("a", 2**53 + 1)
    assert two.get("a") == 2**53 + 1
    one.set("a", 1.5)
    two.delta("a")
    assert one["a"] == 2.5
    one.delta("a", 0.5)
    assert two["a"] == 3.0
    assert one.get("b", 7) == 7
    assert two.get("b", 8) == 7
    two["b"] = float("inf")
    assert one["b"] == float("inf")
    assert dict(two.items()) == {"a": 3.0, "b": float("inf")}


def test_what_is_not_registered(redis_url: str) -> None:
    """The rules of names and values are the same."""
    one, _ = _states(redis_url, "rules")
    for use in (lambda: one["x"], lambda: one.set("x", 1), lambda: one.delta("x")):
        with pytest.raises(KeyError):
            use()
    with pytest.raises(TypeError):
        one.set("a", "text")  # type: ignore[arg-type]


def test_process_numbers(redis_url: str) -> None:
    """Each process gets one of its own."""
    store = RedisStore(redis_url, f"test-state-{os.getpid()}-numbers")
    assert [store.next_process() for _ in range(3)] == [1, 2, 3]


def test_a_redis_that_is_not_there() -> None:
    """Use fails with an error that says what is wrong, at once while it is known to be gone."""
    state = SharedState()
    state.register("a")
    state.use_store(RedisStore("redis://127.0.0.1:1/0", "test"))
    for _ in range(3):
        with pytest.raises(StateError, match="the shared state in Redis cannot be reached"):
            state.get("a")
