"""Reads the plain data of a pickle without unpickling it: nothing that it asks for is looked up, or run.

Of the opcodes of pickles those are followed that the original's cookies consist of (protocol 1, values and
containers); the types that they name may be those of `_MAKERS`. Everything else is refused.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any
from uuid import UUID

MAX_SIZE = 16 * 1024
"""Bytes of a pickle that is read."""
MAX_VALUES = 10_000
"""Values that may be in it, counted as often as they are referred to."""
MAX_DEPTH = 24
"""Levels of containers in containers."""


class _Mark:
    """Where the items of a container begin."""


class _Instance:
    """A UUID whose number has not been read yet."""


def _keys(items: list[Any]) -> list[Any]:
    """Members of a set or keys of a dict, without tuples in tuples: hashing these can take for ever."""
    for item in items:
        if isinstance(item, (tuple, frozenset)) and any(
            isinstance(each, (tuple, frozenset)) for each in item
        ):
            raise ValueError("nested too deep for a key")
    return items


def _encode(text: str, encoding: str) -> bytes:
    if encoding != "latin1":
        raise ValueError("bytes are written as Latin-1")
    return text.encode("latin-1")


def _moment(state: bytes, zone: timezone | None = None) -> datetime:
    return datetime(state, zone)  # type: ignore[arg-type,call-arg] # the form that pickles use


def _day(state: bytes) -> date:
    return date(state)  # type: ignore[arg-type,call-arg]


def _clock(state: bytes, zone: timezone | None = None) -> time:
    return time(state, zone)  # type: ignore[arg-type]


def _instance(kind: Any, base: Any, state: Any) -> _Instance:
    if kind != "uuid UUID" or base != "__builtin__ object" or state is not None:
        raise ValueError("of instances only UUIDs are read")
    return _Instance()


_MAKERS: dict[str, Callable[..., Any]] = {
    "_codecs encode": _encode,
    "__builtin__ bytes": lambda: b"",
    "__builtin__ set": lambda items: set(_keys(items)),
    "__builtin__ frozenset": lambda items: frozenset(_keys(items)),
    "collections OrderedDict": dict,
    "copy_reg _reconstructor": _instance,
    "datetime date": _day,
    "datetime datetime": _moment,
    "datetime time": _clock,
    "datetime timedelta": lambda days, seconds, microseconds: timedelta(days, seconds, microseconds),
    "datetime timezone": lambda offset: timezone(offset),
    "decimal Decimal": lambda text: Decimal(str(text)),
}
_NAMES = frozenset({*_MAKERS, "uuid UUID", "__builtin__ object"})


class _Name(str):
    """A type that is named, as "module name"."""

    __slots__ = ()


class _Reader:
    """Follows the opcodes of one pickle."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.place = 0
        self.stack: list[Any] = []
        self.memo: dict[int, Any] = {}

    # -- the bytes ------------------------------------------------------------------------------------------

    def take(self, count: int) -> bytes:
        taken = self.data[self.place : self.place + count]
        if len(taken) != count:
            raise ValueError("truncated")
        self.place += count
        return taken

    def number(self, form: str) -> Any:
        return struct.unpack(form, self.take(struct.calcsize(form)))[0]

    def line(self) -> str:
        end = self.data.index(b"\n", self.place)
        line = self.take(end - self.place).decode("ascii")
        self.place += 1
        return line

    # -- the stack ------------------------------------------------------------------------------------------

    def since_mark(self) -> list[Any]:
        items: list[Any] = []
        while not isinstance(item := self.stack.pop(), _Mark):
            items.append(item)
        return items[::-1]

    def fill(self, items: list[Any]) -> None:
        target = self.stack[-1]
        if type(target) is list:
            target.extend(items)
        elif type(target) is dict:
            target.update(zip(_keys(items[::2]), items[1::2], strict=True))
        else:
            raise ValueError("only lists and dicts have items")

    def integer(self) -> int | bool:
        line = self.line()
        return line == "01" if line in ("00", "01") else int(line)

    def name(self) -> _Name:
        name = _Name(f"{self.line()} {self.line()}")
        if name not in _NAMES:
            raise ValueError("only known types are named")
        return name

    def make(self) -> Any:
        arguments, name = self.stack.pop(), self.stack.pop()
        if type(name) is not _Name or type(arguments) is not tuple:
            raise ValueError("only known types are made")
        return _MAKERS[name](*arguments)

    def build(self) -> UUID:
        state, instance = self.stack.pop(), self.stack.pop()
        if not isinstance(instance, _Instance):
            raise ValueError("only UUIDs have a state")
        value = UUID(int=state["int"])
        self.memo = {place: value if item is instance else item for place, item in self.memo.items()}
        return value

    def read(self) -> Any:
        while (opcode := self.take(1)) != b".":
            push = _PUSHES.get(opcode)
            if push is not None:
                self.stack.append(push(self))
            else:
                _CHANGES[opcode](self)
        (value,) = self.stack
        return value


def _set_item(reader: _Reader) -> None:
    value, key = reader.stack.pop(), reader.stack.pop()
    reader.fill([key, value])


def _remember(form: str) -> Callable[[_Reader], None]:
    def remember(reader: _Reader) -> None:
        reader.memo[reader.number(form)] = reader.stack[-1]

    return remember


_PUSHES: dict[bytes, Callable[[_Reader], Any]] = {
    b"N": lambda reader: None,
    b"I": _Reader.integer,
    b"J": lambda reader: reader.number("<i"),
    b"K": lambda reader: reader.number("<B"),
    b"M": lambda reader: reader.number("<H"),
    b"L": lambda reader: int(reader.line().removesuffix("L")),
    b"G": lambda reader: reader.number(">d"),
    b"X": lambda reader: reader.take(reader.number("<I")).decode("utf-8", "surrogatepass"),
    b"]": lambda reader: [],
    b"}": lambda reader: {},
    b")": lambda reader: (),
    b"(": lambda reader: _Mark(),
    b"t": lambda reader: tuple(reader.since_mark()),
    b"h": lambda reader: reader.memo[reader.number("<B")],
    b"j": lambda reader: reader.memo[reader.number("<I")],
    b"c": _Reader.name,
    b"R": _Reader.make,
    b"b": _Reader.build,
}
"""Opcodes that push a value."""

_CHANGES: dict[bytes, Callable[[_Reader], None]] = {
    b"a": lambda reader: reader.fill([reader.stack.pop()]),
    b"e": lambda reader: reader.fill(reader.since_mark()),
    b"s": _set_item,
    b"u": lambda reader: reader.fill(reader.since_mark()),
    b"q": _remember("<B"),
    b"r": _remember("<I"),
}
"""Opcodes that change what is there."""


def _bounded(value: Any) -> None:
    """Refuse what would be too much to look at: values that contain themselves, or each other many times."""
    left, level = MAX_VALUES, [value]
    for _ in range(MAX_DEPTH):
        left -= len(level)
        if left < 0:
            raise ValueError("too many values")
        deeper: list[Any] = []
        for each in level:
            if isinstance(each, (_Name, _Mark, _Instance)):
                raise ValueError("this is no value")
            if isinstance(each, dict):
                deeper.extend(each)
                deeper.extend(each.values())
            elif isinstance(each, (list, tuple, set, frozenset)):
                deeper.extend(each)
            if len(deeper) > left:
                raise ValueError("too many values")
        if not deeper:
            return
        level = deeper
    raise ValueError("nested too deep")


def loads(data: bytes) -> Any:
    """The plain value of a pickle.

    Raises ValueError for everything else: other opcodes, other types, truncated or oversized data.
    """
    if len(data) > MAX_SIZE:
        raise ValueError("too long")
    try:
        value = _Reader(data).read()
        _bounded(value)
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        raise ValueError("no pickle of plain data") from error
    return value
