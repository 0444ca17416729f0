"""Results that may be coroutines."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from atila_compat.hooks._results import afterwards, settle


def test_a_plain_result_is_itself() -> None:
    """Nothing happens to what is no coroutine, a generator included."""
    generator = (number for number in range(3))
    for value in (None, 0, "x", generator):
        assert settle(value, None) is value


def test_a_coroutine_without_a_runtime_is_run_here() -> None:
    """Where no server runs, as in scripts that use a bus by itself."""

    async def work() -> int:
        return 3

    assert settle(work(), None) == 3


def test_an_error_of_a_coroutine_is_raised() -> None:
    """As that of a function would be."""

    async def work() -> None:
        raise ValueError("async")

    with pytest.raises(ValueError, match="async"):
        settle(work(), None)


def test_afterwards_follows_plain_results_at_once() -> None:
    """The action runs, the result is handed on; a generator has returned already."""
    done: list[Any] = []
    generator = (number for number in range(3))
    assert afterwards(generator, lambda: done.append(1)) is generator
    assert done == [1]


def test_afterwards_does_not_follow_a_coroutine_that_fails() -> None:
    """Like a function that raises."""
    done: list[Any] = []

    async def work() -> None:
        raise ValueError("async")

    with pytest.raises(ValueError, match="async"):
        asyncio.run(afterwards(work(), lambda: done.append(1)))
    assert done == []
