"""Numbers that worker processes share."""

from __future__ import annotations

import logging
import os
import signal
from collections.abc import Iterator

import pytest

from atila_compat.state import MAX_NAMES, SharedState

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")


@pytest.fixture
def shared() -> Iterator[SharedState]:
    """A state of its own with the name `a`."""
    state = SharedState()
    state.register("a")
    yield state
    state.reset()


def in_child(action: object) -> int:
    """Run `action()` in a forked process; gives its exit status."""
    pid = os.fork()
    if pid == 0:
        try:
            action()  # type: ignore[operator]
        except BaseException:
            os._exit(1)
        os._exit(0)
    return os.waitpid(pid, 0)[1]


def test_a_name_without_value_counts_as_zero(shared: SharedState) -> None:
    """A registered name that was never set is 0.0."""
    assert shared["a"] == 0.0
    assert isinstance(shared.get("a"), float)


def test_the_default_becomes_the_value(shared: SharedState) -> None:
    """`get` with a default gives it and keeps it as a float, as the original does."""
    assert shared.get("a", 7) == 7
    assert shared["a"] == 7.0


def test_a_default_does_not_hide_a_value(shared: SharedState) -> None:
    """A value that was set wins over the default, zero too."""
    shared["a"] = 0
    assert shared.get("a", 9) == 0


def test_assigned_numbers_are_floats_and_set_ones_keep_their_type(shared: SharedState) -> None:
    """`g[name] = 4` reads back as 4.0, `g.set(name, 4)` as 4."""
    shared["a"] = 4
    assert repr(shared["a"]) == "4.0"
    shared.set("a", 4)
    assert repr(shared["a"]) == "4"
    shared.set("a", 2**70)
    assert shared["a"] == float(2**70)


def test_delta_adds(shared: SharedState) -> None:
    """`delta` adds one, or what it is given."""
    shared.delta("a")
    shared.delta("a", 2.5)
    shared.delta("a", -1)
    assert shared["a"] == 2.5


def test_unregistered_names_are_key_errors(shared: SharedState) -> None:
    """Reading, writing and adding need a registered name."""
    for use in (
        lambda: shared["zoo"],
        lambda: shared.get("zoo", 1),
        lambda: shared.set("zoo", 1),
        lambda: shared.delta("zoo"),
    ):
        with pytest.raises(KeyError):
            use()
    assert "zoo" not in shared
    assert "a" in shared


def test_only_numbers_can_be_shared(shared: SharedState) -> None:
    """Text is a TypeError that shows the value."""
    with pytest.raises(TypeError, match="'text'"):
        shared.set("a", "text")  # type: ignore[arg-type]


def test_names_keep_their_values_when_registered_again(shared: SharedState) -> None:
    """Registering a known name changes nothing."""
    shared["a"] = 3
    shared.register("a", "b")
    assert shared.items() == [("a", 3.0), ("b", 0.0)]
    assert shared.keys() == ["a", "b"]
    assert list(shared) == ["a", "b"]
    assert shared.has_key("b")


def test_there_is_room_for_256_names() -> None:
    """One name more is a ValueError."""
    state = SharedState()
    state.register(*(f"n{i}" for i in range(MAX_NAMES)))
    with pytest.raises(ValueError, match="256"):
        state.register("one more")
    state.reset()


def test_names_are_strings() -> None:
    """A name that is no string is a TypeError."""
    with pytest.raises(TypeError):
        SharedState().register(3)  # type: ignore[arg-type]


def test_too_late_to_register(shared: SharedState, caplog: pytest.LogCaptureFixture) -> None:
    """After the start nothing is registered any more; the log says what to do, use is a KeyError."""
    shared.freeze()
    with caplog.at_level(logging.WARNING, "atila_compat.state"):
        shared.register("late")
    assert "__config__" in caplog.text
    with pytest.raises(KeyError):
        shared["late"]


@needs_fork
def test_forked_processes_share(shared: SharedState) -> None:
    """What a forked worker writes is there in the parent."""
    assert in_child(lambda: shared.set("a", 12)) == 0
    assert shared["a"] == 12


@needs_fork
def test_no_step_is_lost_between_processes(shared: SharedState) -> None:
    """`delta` from several processes at once adds up."""
    pids = []
    for _ in range(4):
        pid = os.fork()
        if pid == 0:
            for _ in range(500):
                shared.delta("a")
            os._exit(0)
        pids.append(pid)
    for pid in pids:
        os.waitpid(pid, 0)
    assert shared["a"] == 2000


@needs_fork
def test_a_killed_worker_leaves_no_lock(shared: SharedState) -> None:
    """A process that is killed while it holds the lock blocks nobody."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        with shared._locked():
            os.write(writer, b"x")
            signal.pause()
    os.read(reader, 1)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    shared.delta("a")
    assert shared["a"] == 1
    os.close(reader)
    os.close(writer)
