"""Reading pickles as plain data: what is read, and that nothing in a pickle is ever run."""

from __future__ import annotations

import io
import os
import pickle
import struct
from collections import OrderedDict, defaultdict
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atila_compat.http._plain_pickle import MAX_SIZE, loads

PLAIN = {
    "none": None,
    "yes": True,
    "no": False,
    "small": 7,
    "byte": 200,
    "short": 60000,
    "int": -5,
    "long": 10**40,
    "float": 0.25,
    "infinite": float("inf"),
    "text": "한 & = ;",
    "blob": b"\0\xffabc",
    "empty blob": b"",
    "list": [1, [2, [], ()]],
    "tuple": (1, (2,)),
    "dict": {1: 2, "x": {"y": {}}, (1, 2): 3},
    "set": {1, "a"},
    "frozen": frozenset({1, 2}),
    "when": datetime(2020, 1, 2, 3, 4, 5, 6),
    "utc": datetime(2020, 1, 2, 3, 4, 5, tzinfo=UTC),
    "seoul": datetime(2020, 1, 2, tzinfo=timezone(timedelta(hours=9))),
    "day": date(2020, 1, 2),
    "clock": time(1, 2, 3),
    "delta": timedelta(1, 2, 3),
    "price": Decimal("1.50"),
    "id": UUID(int=5),
    "two": [UUID(int=6), UUID(int=7)],
    "ordered": OrderedDict(a=1, b=2),
}


@pytest.mark.parametrize("name", PLAIN)
def test_plain_data_is_read(name: str) -> None:
    """Each type that the original's cookies can hold is read, in the protocol that it uses."""
    assert loads(pickle.dumps(PLAIN[name], 1)) == PLAIN[name]


def test_shared_values_are_read() -> None:
    """A value that occurs twice is read twice, UUIDs too."""
    shared, one = [1], uuid4()
    assert loads(pickle.dumps({"a": shared, "b": shared, "c": [one, one]}, 1)) == {
        "a": [1],
        "b": [1],
        "c": [one, one],
    }


class Runs:
    """Unpickling it creates a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return os.mkdir, (str(self.path),)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_nothing_runs(tmp_path: Path, protocol: int) -> None:
    """A pickle that calls a function is refused, and the function is not called."""
    data = pickle.dumps({"a": [Runs(tmp_path / "ran")]}, protocol)
    with pytest.raises(ValueError, match="no pickle of plain data"):
        loads(data)
    assert not (tmp_path / "ran").exists()
    with pytest.raises(FileNotFoundError):
        pickle.loads(pickle.dumps(Runs(tmp_path / "no" / "ran"), protocol))  # that it would run


@pytest.mark.parametrize(
    "data",
    [
        b"cos\nsystem\n(S'true'\ntR.",
        b"c__builtin__\neval\n(X\x01\x00\x00\x001tR.",
        b"cbuiltins\nset\n(]tR.",
        b"cdatetime\ndatetime.now\n(tR.",
        b"c_codecs\nlookup\n(X\x04\x00\x00\x00zliltR.",
        b"c_codecs\nencode\n(X\x01\x00\x00\x00aX\x03\x00\x00\x00bz2tR.",
        b"cdecimal\nDecimal\n.",
        b"ccopy_reg\n_reconstructor\n(cuuid\nUUID\nc__builtin__\nobject\nNtR.",
        b"ccopy_reg\n_reconstructor\n(cdatetime\ndatetime\nc__builtin__\nobject\nNtR.",
        b"(i__main__\nx\n.",
        b"(cos\nsystem\nX\x01\x00\x00\x00ao.",
        b"Pabc\n.",
        b"\x82\x01.",
        b"}X\x01\x00\x00\x00aK\x01sb.",
        b"cdatetime\ndate\n}X\x01\x00\x00\x00aK\x01sb.",
        b"(.",
        b"]K\x01K\x02u.",
        b"K\x01(K\x02e.",
        b"]K\x01a",
        b".",
        b"",
        b"K\x01K\x02.",
        b"h\x00.",
        b"0.",
        b"cdatetime\ndate\n(K\x01tR.",
        b"cdatetime\ntimedelta\n(K\x01tR.",
        b"c__builtin__\nset\n(]](K\x01aatR.",
        b"]q\x00h\x00a.",
        b"r\xff\xff\xff\x7f.",
        b"X\xff\xff\xff\x7fa.",
        b"I1e5\n.",
        b"Labc\n.",
        b"L" + b"9" * 5000 + b"\n.",
        b"\x80\x04\x95\x04\x00\x00\x00\x00\x00\x00\x00K\x01.",
    ],
)
def test_hostile_pickles_are_refused(data: bytes) -> None:
    """Calls, classes, states, extensions, references to nowhere, circles: all are a ValueError."""
    with pytest.raises(ValueError, match="no pickle of plain data"):
        loads(data)


def test_other_types_are_refused() -> None:
    """Objects, exceptions, functions and other collections are no plain data."""
    for value in (Exception("x"), len, defaultdict(list), object(), 1j, range(3), bytearray(b"x"), Path("x")):
        with pytest.raises(ValueError, match="no pickle"):
            loads(pickle.dumps(value, 1))


def test_limits_of_size_and_depth() -> None:
    """Long pickles and deeply nested values are refused."""
    with pytest.raises(ValueError, match="too long"):
        loads(pickle.dumps("x" * MAX_SIZE, 1))
    for depth, fits in ((20, True), (30, False), (4000, False)):
        data = b"]" * depth + b"a" * (depth - 1) + b"."
        if fits:
            assert loads(data)
        else:
            with pytest.raises(ValueError, match="no pickle"):
                loads(data)


def _doubling(container: bytes, rounds: int) -> bytes:
    """A pickle in which each level holds the one below twice."""
    out = io.BytesIO()
    out.write(b"K\x01q\x00")
    for level in range(rounds):
        place = struct.pack("<I", level)
        out.write(container % (b"j" + place, b"j" + place) + b"r" + struct.pack("<I", level + 1))
    return out.getvalue()


@pytest.mark.parametrize("container", [b"(%b%bt", b"](%b%be"])
def test_values_that_multiply_are_refused(container: bytes) -> None:
    """A short pickle whose value would be larger than memory is refused, not walked through."""
    for rounds in (20, 60):
        value = _doubling(container, rounds)
        with pytest.raises(ValueError, match="no pickle"):
            loads(b"](" + value + b"e.")


def test_keys_that_take_for_ever_are_refused() -> None:
    """Tuples in tuples as keys or members of sets: hashing them takes a time that doubles with each level."""
    nested = _doubling(b"(%b%bt", 61)
    for data in (b"}(" + nested + b"u.", b"c__builtin__\nset\n(](" + nested + b"etR."):
        with pytest.raises(ValueError, match="no pickle"):
            loads(data)


@given(st.binary(max_size=200))
def test_any_bytes(data: bytes) -> None:
    """Bytes are plain data or a ValueError, nothing else."""
    try:
        loads(data)
    except ValueError:
        return


def test_any_changed_byte() -> None:
    """A pickle with one byte changed is plain data or a ValueError, nothing else."""
    data = pickle.dumps([PLAIN["when"], PLAIN["id"], PLAIN["set"], PLAIN["dict"], PLAIN["blob"]], 1)
    for place in range(len(data)):
        for code in range(256):
            try:
                loads(data[:place] + bytes([code]) + data[place + 1 :])
            except ValueError:
                continue
