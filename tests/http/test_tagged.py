"""JSON that keeps more types than JSON has."""

from __future__ import annotations

import enum
import json
from collections import OrderedDict
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atila_compat.http import tagged

scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(st.characters(exclude_categories=[]))
    | st.binary()
    | st.datetimes()
    | st.datetimes(timezones=st.just(UTC))
    | st.dates()
    | st.times()
    | st.timedeltas()
    | st.decimals(allow_nan=False)
    | st.uuids()
)
hashables = scalars | st.tuples(scalars, scalars) | st.frozensets(scalars, max_size=3)
values = st.recursive(
    hashables | st.sets(hashables, max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(st.text(max_size=4) | st.sampled_from(["!t", "!d", "!"]), inner, max_size=3)
        | st.dictionaries(hashables, inner, max_size=3)
    ),
    max_leaves=15,
)


def types_of(value: Any) -> Any:
    """The types that a value is made of, for telling 1 from True and [1] from (1,)."""
    if isinstance(value, dict):
        return [dict, *((types_of(key), types_of(item)) for key, item in value.items())]
    if isinstance(value, (list, tuple)):
        return [type(value), *(types_of(item) for item in value)]
    return type(value)


@given(values)
def test_comes_back_as_it_was(value: Any) -> None:
    """Every storable value is read back equal, and of the same types."""
    read = tagged.loads(tagged.dumps(value))
    assert read == value
    assert types_of(read) == types_of(value)


@pytest.mark.parametrize(
    "value",
    [
        {"!t": [1]},
        {"!": 1},
        {"!x": 1},
        {"!d": [], "a": 1},
        {1: "a", "1": "b"},
        {(1, 2): {3}},
        datetime(2020, 1, 2, 3, 4, 5, 6, timezone(timedelta(hours=9))),
        float("inf"),
        "\ud800",
        b"",
        set(),
        (),
    ],
)
def test_odd_values_come_back(value: Any) -> None:
    """Values that look like our tags, keys that are no strings, lone surrogates: all are kept."""
    assert tagged.loads(tagged.dumps(value)) == value


def test_plain_values_are_plain_json() -> None:
    """What JSON has a form for is written in it, as short as it can be."""
    assert tagged.dumps({"a": [1, "한", None]}) == '{"a":[1,"한",null]}'.encode()


def test_subclasses_are_stored_as_their_base() -> None:
    """Enumerations, named tuples, ordered dicts become what they derive from."""

    class Level(enum.IntEnum):
        LOW = 1

    class Color(enum.StrEnum):
        RED = "red"

    class Point(NamedTuple):
        x: int
        y: int

    read = tagged.loads(tagged.dumps([Level.LOW, Color.RED, Point(1, 2), OrderedDict(a=1)]))
    assert read == [1, "red", (1, 2), {"a": 1}]
    assert [type(item) for item in read] == [int, str, tuple, dict]


@pytest.mark.parametrize(
    "value", [object(), len, Exception("x"), bytearray(b"x"), 1j, [{"a": object()}], {object(): 1}]
)
def test_other_types_are_refused(value: Any) -> None:
    """The error names what can be stored."""
    for write in (tagged.check, tagged.dumps):
        with pytest.raises(
            TypeError, match=r"cannot be stored .*: store None, bool, int, .*Decimal and UUID"
        ):
            write(value)


def test_circles_and_deep_values_are_refused() -> None:
    """A list within itself, or in too many others, is refused before it takes the stack."""
    circle: list[Any] = []
    circle.append(circle)
    deep: Any = 1
    for _ in range(tagged.MAX_DEPTH + 1):
        deep = [deep]
    for value in (circle, deep):
        with pytest.raises(ValueError, match="nested deeper than 32 levels"):
            tagged.check(value)


def test_what_is_checked_can_be_written_within_others() -> None:
    """A value that `check` accepts can be written as part of what sessions and tokens are."""
    value: Any = 1
    for _ in range(tagged.MAX_DEPTH - 4):
        value = [value]
    tagged.check(value)
    assert tagged.loads(tagged.dumps([0, "", {"k": value}])) == [0, "", {"k": value}]
    with pytest.raises(ValueError, match="nested"):
        tagged.check([value])


@given(st.binary(max_size=60))
def test_anything_else_is_a_value_error(content: bytes) -> None:
    """Bytes that are none of ours raise ValueError, and nothing else."""
    try:
        value = tagged.loads(content)
    except ValueError:
        return
    tagged.dumps(value)


@pytest.mark.parametrize(
    "content",
    [
        b'{"!x":1}',
        b'{"!t":5}',
        b'{"!dt":"yesterday"}',
        b'{"!n":"one"}',
        b'{"!n":[5]}',
        b'{"!td":[1e99]}',
        b'{"!td":[99999999999,0,0]}',
        b'{"!b":7}',
        b'{"!s":[[]]}',
        b'{"!d":[[1]]}',
        b'{"!u":"x"}',
        b'{"!":1}',
        b"[" * 100_000,
        b"\xff",
        b"",
        b"1 2",
    ],
)
def test_wrong_tags_are_value_errors(content: bytes) -> None:
    """Tags with wrong content, unknown tags and broken JSON raise ValueError."""
    with pytest.raises(ValueError, match="not what was stored"):
        tagged.loads(content)


def test_stores_named_types() -> None:
    """Each type that the error message names can be stored."""
    samples: list[Any] = [None, True, 1, 1.5, "", b"", [], (), {}, set(), frozenset()]
    samples += [datetime(2020, 1, 1), date(2020, 1, 1), time(1), timedelta(1), Decimal(1), UUID(int=1)]
    assert tagged.loads(tagged.dumps(samples)) == samples
    assert sorted({type(sample).__name__.replace("NoneType", "None") for sample in samples}) == sorted(
        tagged.STORABLE.replace(" and ", ", ").split(", ")
    )
    json.loads(tagged.dumps(samples))
