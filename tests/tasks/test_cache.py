"""Kept results and times of change (spec/06 section 11)."""

from __future__ import annotations

import time
from typing import Any

import pytest

from atila_compat.state import state
from atila_compat.tasks import aliases, cache
from atila_compat.tasks.cache import ResultCache, frozen, last_change, names_of
from atila_compat.tasks.response import Result
from atila_compat.was import Was

from .peers import Peer


@pytest.fixture
def api(peer: Peer) -> Peer:
    aliases.define("@api", "http", peer.address)
    state.register("t.a", "t.b")
    return peer


def count(peer: Peer) -> int:
    return len(peer.asked)


def test_nothing_is_kept_unless_seconds_are_given(was: Was, api: Peer) -> None:
    """Without cache= every call is made, whatever use_cache says."""
    for _ in range(2):
        was.get("@api/rows", use_cache="t.a").fetch()
    assert count(api) == 2


@pytest.mark.parametrize("way", ["call", "fetch", "dispatch", "one", "method"])
def test_results_are_kept_for_some_seconds(was: Was, api: Peer, way: str) -> None:
    """cache= of the call, of fetch, one or dispatch, or cache() keep a result; the next call finds it."""
    task = was.get("@api/single", cache=60 if way == "call" else None)
    if way == "fetch":
        task.fetch(cache=60)
    elif way == "dispatch":
        task.dispatch(cache=60)
    elif way == "one":
        task.one(cache=60)
    elif way == "method":
        task.cache(60)
    assert not task.dispatch().is_cached
    again = was.get("@api/single", meta={"a": 1})
    assert again.fetch() == [{"id": 1}]
    assert again.dispatch().is_cached
    assert again.meta["a"] == 1
    assert count(api) == 1


def test_other_calls_are_other_calls(was: Was, api: Peer) -> None:
    """Path, query, headers, login and body tell calls apart."""
    was.get("@api/rows", cache=60).fetch()
    was.get("@api/rows?a=1", cache=60).fetch()
    was.get("@api/rows", headers={"Authorization": "Bearer other"}, cache=60).fetch()
    was.get("@api/rows", auth=("a", "b"), cache=60).fetch()
    was.post("@api/rows", {"a": 1}, cache=60).fetch()
    was.post("@api/rows", {"a": 2}, cache=60).fetch()
    was.get(f"http://{api.address}/rows", cache=60).fetch()
    assert count(api) == 7


def test_use_cache_false_asks_again(was: Was, api: Peer) -> None:
    """use_cache = False makes the call whatever is kept."""
    was.get("@api/rows", cache=60).fetch()
    was.get("@api/rows", use_cache=False).fetch()
    assert count(api) == 2


def test_only_good_answers_are_kept(was: Was, api: Peer) -> None:
    """An error is not kept; a status other than 200 only where cache_if names it."""
    for _ in range(2):
        was.get("@api/status/404").dispatch(cache=60)
        was.get("@api/status/201").dispatch(cache=60)
    assert count(api) == 4
    for _ in range(2):
        was.get("@api/status/202").dispatch(cache=60, cache_if=(200, 202))
    assert count(api) == 5
    for _ in range(2):
        assert was.get("@api/status/410").dispatch(cache=60, cache_if=(410,)).status_code == 410
    assert count(api) == 6


def test_results_expire(was: Was, api: Peer) -> None:
    """After its seconds a result is gone."""
    was.get("@api/rows", cache=0.05).fetch()
    time.sleep(0.06)
    was.get("@api/rows").fetch()
    assert count(api) == 2


def test_changes_outdate_results(was: Was, api: Peer) -> None:
    """A result counts only if none of the names has changed since it was asked for."""
    was.get("@api/rows", use_cache=["t.a", "t.b"], cache=60).fetch()
    was.get("@api/rows", use_cache=["t.a", "t.b"]).fetch()
    assert count(api) == 1
    was.setlu("t.b")
    was.get("@api/rows", use_cache="t.a").fetch()
    assert count(api) == 1
    was.get("@api/rows", use_cache=["t.a", "t.b"], cache=60).fetch()
    assert count(api) == 2
    was.get("@api/rows", use_cache=["t.a", "t.b"]).fetch()
    assert count(api) == 2


def test_rm_cache_is_a_change(was: Was, api: Peer) -> None:
    """rm_cache names what changes, now and when the call has ended; nothing is kept."""
    heard: list[str] = []
    was.app.on("setlu:t.a")(lambda was: heard.append("a"))
    before = was.getlu("t.a")
    task = was.post("@api/x", {"a": 1}, rm_cache=["t.a", "t.b"], cache=60)
    at_once = was.getlu("t.a")
    assert at_once > before
    task.commit()
    until = time.monotonic() + 5
    while was.getlu("t.a") == at_once and time.monotonic() < until:
        time.sleep(0.01)
    assert was.getlu("t.a") > at_once
    assert heard == ["a"]
    was.post("@api/x", {"a": 1}).commit()
    assert count(api) == 2
    with pytest.raises(KeyError, match="never"):
        was.get("@api/x", rm_cache="never")


def test_what_is_kept_is_nobodys_to_change(was: Was, api: Peer) -> None:
    """Changing the data that was fetched does not change what is kept."""
    for _ in range(3):
        rows = was.get("@api/rows", cache=60, filter=lambda rows: rows).fetch()
        assert rows == [{"id": 1}, {"id": 2}]
        rows[0]["id"] = 9
        rows.clear()
    assert count(api) == 1


def test_filters_run_once(was: Was, api: Peer) -> None:
    """What is kept is what the filter made."""
    seen: list[int] = []

    def change(rows: list[Any]) -> int:
        seen.append(len(rows))
        return len(rows)

    for _ in range(2):
        assert was.get("@api/rows", cache=60, filter=change).fetch() == 2
    assert seen == [2]


def test_the_least_recently_used_gives_way() -> None:
    """There is a limit; what was asked for last stays."""
    kept = ResultCache(2)
    for key in ("a", "b"):
        kept.keep(key, Result(key), 60, time.time())
    assert kept.find("a") is not None
    kept.keep("c", Result("c"), 60, time.time())
    assert (kept.find("b"), len(kept)) == (None, 2)
    assert kept.find("a").data == "a"  # type: ignore[union-attr]
    kept.clear()
    assert len(kept) == 0


def test_setlu_and_getlu(was: Was, api: Peer) -> None:
    """setlu tells the time and emits an event with its arguments; names have to be registered."""
    heard: list[Any] = []
    was.app.on("setlu:t.a")(lambda was, *args, **kwargs: heard.append((args, kwargs)))
    assert was.getlu("t.a") == cache.STARTED
    was.setlu("t.a", "arg", size=3)
    assert was.getlu("t.a", "t.b") == was.getlu("t.a") > cache.STARTED
    assert heard == [(("arg",), {"size": 3})]
    with pytest.raises(KeyError):
        was.setlu("never")
    was.setlu("never", x_ignore=True)
    with pytest.raises(KeyError):
        was.getlu("never")
    with pytest.raises(ValueError, match="empty"):
        last_change()


def test_names_in_every_form() -> None:
    """True and None name nothing, a string itself, a list its items."""
    assert [names_of(each) for each in (True, None, False, "a", ["a", "b"])] == [
        (),
        (),
        (),
        ("a",),
        ("a", "b"),
    ]


def test_arguments_are_told_apart_as_the_server_would() -> None:
    """Equal arguments are equal; 1, 1.0, True and '1' are not."""
    assert frozen({"b": [1], "a": {2}}) == frozen({"a": {2}, "b": [1]})
    assert len({frozen(1), frozen(1.0), frozen(True), frozen("1"), frozen([1]), frozen((1,))}) == 6
    assert frozen(bytearray(b"x")) == b"x"
    with pytest.raises(TypeError):
        frozen([object, [{}], slice(1)][2])
