from __future__ import annotations

import asyncio
import concurrent.futures
import threading
import time
from typing import Any

import pytest

from atila_compat.structures import AttrDict, CaseInsensitiveDict, DoneFuture, SharedDict, lazy


class Page:
    """Computes its title once."""

    def __init__(self) -> None:
        self.computed = 0

    @lazy
    def title(self) -> str:
        """The title."""
        self.computed += 1
        return "title"


def test_lazy_attributes_are_computed_once() -> None:
    """A lazy attribute is computed at its first use, kept, and can be set or forgotten."""
    page = Page()
    assert page.computed == 0
    assert page.title == page.title == "title"
    assert page.computed == 1
    del page.__dict__["title"]
    assert page.title == "title"
    assert page.computed == 2
    assert Page.title.__doc__ == "The title."


def test_items_are_attributes() -> None:
    """Items of an AttrDict are attributes as well; a missing one is an AttributeError."""
    values = AttrDict(a=1)
    values.b = 2
    values["c"] = 3
    assert (values.a, values["b"], values.c) == (1, 2, 3)
    del values.a
    assert dict(values) == {"b": 2, "c": 3}
    assert not hasattr(values, "a")
    with pytest.raises(AttributeError, match="a"):
        del values.a


def test_methods_of_dicts_stay() -> None:
    """An item that is called like a method does not hide it."""
    values = AttrDict(items=1)
    assert values["items"] == 1
    assert list(values.items()) == [("items", 1)]


def test_case_does_not_matter() -> None:
    """Keys are compared without regard to case and listed as they were first written last."""
    values = CaseInsensitiveDict({"Content-Type": "a"}, other=1)
    values["CONTENT-TYPE"] = "b"
    assert values["content-type"] == values.get("Content-type") == "b"
    assert "cOnTeNt-tYpE" in values
    assert (len(values), list(values)) == (2, ["CONTENT-TYPE", "other"])
    del values["Content-Type"]
    assert values == {"other": 1}
    with pytest.raises(KeyError):
        values["none"]
    assert repr(values) == "CaseInsensitiveDict({'other': 1})"


def test_shared_values_by_item_attribute_and_method() -> None:
    """`app.g` is read and written in three ways; `get` gives None for what is missing, `[]` a KeyError."""
    values = SharedDict(a=1)
    values["b"], values.c = 2, 3
    values.set("d", 4)
    assert (values.a, values["b"], values.get("c"), values.get("d")) == (1, 2, 3, 4)
    assert (values.get("none"), values.get("none", 5)) == (None, 5)
    with pytest.raises(KeyError):
        values["none"]
    with pytest.raises(AttributeError):
        _ = values.none
    assert sorted(values) == sorted(values.keys()) == ["a", "b", "c", "d"]
    assert (len(values), sorted(values.values()), ("a", 1) in values.items()) == (4, [1, 2, 3, 4], True)


def test_shared_values_are_removed() -> None:
    """Removing what is not there is an error by `del` only."""
    values = SharedDict(a=1, b=2, c=3)
    del values["a"]
    del values.b
    values.remove("c")
    values.remove("c")
    with pytest.raises(KeyError):
        del values["a"]
    assert dict(values) == {}
    values["x"] = 1
    values.clear()
    assert "x" not in values


def test_shared_values_expire(monkeypatch: pytest.MonkeyPatch) -> None:
    """A value with a timeout is forgotten after it; setting it again without one keeps it."""
    now = 1000.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    values = SharedDict()
    for key in "abcde":
        values.set(key, key, timeout=10)
    values.set("e", "kept")
    now += 9.9
    assert len(values) == 5
    now += 0.1
    assert "a" not in values
    assert values.get("b") is None
    with pytest.raises(KeyError):
        values["c"]
    assert list(values) == ["e"]
    assert repr(values) == "SharedDict({'e': 'kept'})"


def test_shared_values_can_be_locked() -> None:
    """Holding `lock` keeps other threads from writing; the lock is re-entrant."""
    values = SharedDict(n=0)

    def count() -> None:
        for _ in range(200):
            with values.lock:
                values["n"] += 1

    threads = [threading.Thread(target=count) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert values["n"] == 1600


def test_shared_values_can_be_listed_while_others_write() -> None:
    """Keys, values and items are those of one moment, whatever other threads do."""
    values, stop, failures = SharedDict(), threading.Event(), []

    def write() -> None:
        number = 0
        while not stop.is_set():
            values.set(f"k{number % 50}", number, timeout=0.0001)
            values.remove(f"k{(number + 25) % 50}")
            number += 1

    def read() -> None:
        try:
            for _ in range(500):
                list(values)
                list(values.values())
                dict(values.items())
        except Exception as error:
            failures.append(error)

    writer, readers = threading.Thread(target=write), [threading.Thread(target=read) for _ in range(3)]
    for thread in (writer, *readers):
        thread.start()
    for thread in readers:
        thread.join()
    stop.set()
    writer.join()
    assert failures == []


def test_shared_attributes_are_values() -> None:
    """`app.g` has no attributes beside its values, but for its lock."""
    values: Any = SharedDict()
    values.anything = 1
    assert values["anything"] == 1
    assert "lock" not in values


def test_done_futures_are_futures() -> None:
    """What has its result from the start answers everybody who asks a future."""
    made = DoneFuture("result")
    assert (made.result(0), made.exception(0), made.done(), made.cancel()) == ("result", None, True, False)
    told: list[object] = []
    made.add_done_callback(told.append)
    assert told == [made]
    assert concurrent.futures.wait([made], timeout=0).done == {made}

    async def wait() -> str:
        return await asyncio.wrap_future(made)

    assert asyncio.run(wait()) == "result"
