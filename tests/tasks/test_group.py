"""Groups of tasks and masks (spec/06 section 4)."""

from __future__ import annotations

import concurrent.futures
import threading
from typing import Any

import pytest

from atila_compat.errors import HTTPError
from atila_compat.serving.runtime import Runtime
from atila_compat.tasks.group import Mask, Tasks
from atila_compat.was import Was


def named(name: str, task: Any) -> Any:
    return {name: task}


def lose(what: str) -> None:
    raise LookupError(what)


def test_results_are_a_list_in_the_given_order(was: Was) -> None:
    """Without names fetch gives a list, from a list of tasks or from several arguments."""
    assert was.Tasks([was.Mask(1), was.Thread(int, "2")]).fetch() == [1, 2]
    assert was.Tasks(was.Mask(1), was.Mask(2)).fetch() == [1, 2]
    assert was.Tasks([]).fetch() == []


def test_names_make_a_dict_without_the_unnamed(was: Was) -> None:
    """With names the others are run and dropped; items are attributes."""
    log: list[str] = []
    results = was.Tasks(was.Thread(log.append, "ran"), word=was.Mask("w")).fetch()
    assert results == {"word": "w"}
    assert results.word == "w"
    assert log == ["ran"]


def test_values_by_name_are_constants_behind_the_tasks(was: Was) -> None:
    """What is no task is a result as it is."""
    results = was.Tasks(total=7, row=was.Mask("r")).fetch()
    assert list(results.items()) == [("row", "r"), ("total", 7)]


def test_values_without_a_name_are_refused(was: Was) -> None:
    """Something else than a task needs a name."""
    with pytest.raises(TypeError, match="int is no task"):
        was.Tasks(was.Mask(1), 3)


@pytest.mark.parametrize(
    ("name", "data", "expected"),
    [
        ("x__one", [5], {"x": 5}),
        ("x__fetch", [5], {"x": [5]}),
        ("x__0", ["p", "q"], {"x": "p"}),
        ("x__1", ["p", "q"], {"x": "q"}),
        ("x__one__name", [{"name": "kim"}], {"x": "kim"}),
        ("x__one__0", [["a", "b"]], {"x": "a"}),
        ("x__fetch__0", [7, 8], {"x": 7}),
        ("x__name", {"name": 6}, {"x": 6}),
        ("_x", 1, {"_x": 1}),
        ("_x__one", [1], {"_x": 1}),
    ],
)
def test_suffixes_of_names(was: Was, name: str, data: Any, expected: dict[str, Any]) -> None:
    """A name says how its result is taken out of the task."""
    assert Tasks(**named(name, was.Mask(data))).fetch() == expected


def test_suffixes_of_nested_groups(was: Was) -> None:
    """A group within a group gives its dict, or one member of it."""
    results = was.Tasks(
        all__dict=was.Tasks(a=was.Mask(1)),
        b__dict__b=was.Tasks(b=was.Mask(2)),
        c__c=was.Tasks(c=was.Mask(3)),
        list=was.Tasks([was.Mask(4)]),
    ).fetch()
    assert results == {"all": {"a": 1}, "b": 2, "c": 3, "list": [4]}


@pytest.mark.parametrize("name", ["x__two__name", "x__one__a__b", "x__"])
def test_suffixes_that_mean_nothing(was: Was, name: str) -> None:
    """A suffix that says nothing is told when the group is made."""
    with pytest.raises(RuntimeError, match="one"):
        Tasks(**named(name, was.Mask([1])))


def test_one_is_a_list_of_ones(was: Was) -> None:
    """one gives the single element of each, also with names."""
    assert was.Tasks([was.Mask([1]), was.Mask(["x"])]).one() == [1, "x"]
    assert was.Tasks(a=was.Mask([1])).one() == [1]
    with pytest.raises(HTTPError, match="410"):
        was.Tasks([was.Mask([])]).one()


def test_the_first_error_comes_out(was: Was) -> None:
    """fetch and commit raise a member's error, dispatch does not."""
    tasks = was.Tasks([was.Mask(1), was.Thread(lose, "first"), was.Thread(lose, "second")])
    for call in (tasks.fetch, tasks.commit):
        with pytest.raises(LookupError, match="first"):
            call()
    assert [result.status_code for result in tasks.dispatch()] == [200, 500, 500]
    with pytest.raises(LookupError):
        was.Tasks(was.Thread(lose, "dropped"), ok=was.Mask(1)).fetch()


def test_each_can_be_asked_alone(was: Was) -> None:
    """Iterating gives the tasks, an index the result object, a name the value."""
    tasks = was.Tasks([was.Mask(1), was.Thread(lose, "x")])
    first, second = tasks
    assert first.fetch() == 1
    assert tasks[0].data == 1
    assert tasks[1].status_code == 500
    assert second.dispatch().status_code == 500
    assert len(tasks) == 2
    assert was.Tasks(a=was.Mask(5))["a"] == 5
    assert bool(was.Tasks([]))


def test_members_can_be_added(was: Was) -> None:
    """add takes a task more, merge those of another group with their names."""
    tasks = was.Tasks([was.Mask(1)])
    tasks.add(was.Mask(2))
    tasks.merge(was.Tasks([was.Mask(3)]))
    assert tasks.fetch() == [1, 2, 3]
    tasks.merge(was.Tasks(x=was.Mask(4), y=5))
    assert tasks.fetch() == {"x": 4, "y": 5}


def test_the_time_of_the_group_is_for_all_together(was: Was) -> None:
    """A timeout of the group ends the wait for what is not done by then."""
    go = threading.Event()
    tasks = was.Tasks([was.Thread(go.wait), was.Thread(go.wait)], timeout=0.05)
    assert tasks.get_timeout() == 0.05
    with pytest.raises(concurrent.futures.TimeoutError):
        tasks.fetch()
    assert [result.status_code for result in was.Tasks([was.Thread(go.wait)]).dispatch(timeout=0.01)] == [730]
    go.set()


def test_groups_are_awaited(was: Was, runtime: Runtime) -> None:
    """await gives what fetch gives; async for the tasks, each when it has ended."""

    async def drive() -> tuple[Any, list[int]]:
        named = await was.Tasks(a=was.Thread(int, "1"), b=was.Tasks([was.Mask(2)]))
        return named, [task.fetch() async for task in was.Tasks([was.Thread(int, "3"), was.Mask(4)])]

    assert runtime.spawn(drive()).result(5) == ({"a": 1, "b": [2]}, [3, 4])


def test_waiting_on_the_loop_has_an_end_too(was: Was, runtime: Runtime) -> None:
    """A group with a timeout is given up on the loop, and its error told by finish."""
    go = threading.Event()
    tasks = was.Tasks(a=was.Thread(go.wait), timeout=0.02)

    async def drive() -> None:
        await tasks.wait()

    runtime.spawn(drive()).result(5)
    with pytest.raises(concurrent.futures.TimeoutError):
        tasks.finish(was)
    go.set()


def test_then_gets_the_group(was: Was) -> None:
    """The callback of a group's then fetches from the group, and finds its meta."""
    later = was.Tasks([was.Thread(int, "1"), was.Mask(2)], meta={"k": "v"}).then(
        lambda was, tasks: (tasks.fetch(), tasks.meta["k"])
    )
    assert later.finish(was) == ([1, 2], "v")


def test_then_of_what_is_at_hand_answers_at_once(was: Was) -> None:
    """Nothing is waited for where there is nothing, or where somebody has waited already."""

    def fetched(was: Was, task: Any) -> Any:
        return task.fetch()

    waited = was.Thread(int, "3")
    waited.fetch()
    assert was.Mask(1).then(fetched) == 1
    assert waited.then(fetched) == 3
    assert was.Tasks([]).then(fetched) == []
    assert was.Tasks([was.Mask(1), waited]).then(fetched) == [1, 3]
    assert was.Mask("data").then().finish(was) == "data"


def test_a_group_is_cancelled_as_a_whole(was: Was) -> None:
    """cancel reaches every member that can still be taken back."""
    go = threading.Event()
    running = [was.Thread(go.wait) for _ in range(was.runtime.task_threads)]
    waiting = [was.Thread(int) for _ in range(3)]
    assert was.Tasks(waiting).cancel()
    go.set()
    assert [task.dispatch().status_code for task in waiting] == [731, 731, 731]
    assert all(task.fetch() for task in running)


def test_a_mask_is_a_task_that_has_ended() -> None:
    """A mask gives its value, or raises its error, at once."""
    mask = Mask([1, 2], meta={"a": 1})
    assert mask.done()
    assert mask.fetch() == [1, 2]
    assert mask.dispatch().status_code == mask.status_code == 200
    assert mask.meta == {"a": 1}
    assert mask.commit() is None  # type: ignore[func-returns-value]
    failed = Mask(None, ValueError("x"))
    assert failed.status_code == 500
    with pytest.raises(ValueError, match="x"):
        failed.fetch()
    assert Mask(5, _status_code=404).status_code == 404


def test_a_mask_with_keys_is_a_dict() -> None:
    """keys name the items; a dict is one already; without names there is an error that says so."""
    assert Mask([1, 2], keys=["a", "b"]).dict() == {"a": 1, "b": 2}
    assert Mask({"a": 1}).dict().a == 1
    with pytest.raises(AttributeError, match="keys"):
        Mask([1]).dict()


def test_what_has_fetch_is_a_task() -> None:
    """A query that needs no database (limit 0) stands in a group like a task."""

    class Query:
        def fetch(self, timeout: float | None = None) -> list[int]:
            return []

    assert Tasks(rows=Query()).fetch() == {"rows": []}
