"""Reads the plain data of a pickle without unpickling it: nothing that a pickle asks for is ever looked up or run.

`pickletools` splits the pickle into its opcodes; of these, the ones that the original's cookies consist of (protocol 1)
are followed by hand. The types that they may name are those of `_MAKERS`, everything else is refused.
"""

from __future__ import annotations

import pickletools
from collections.abc import Callable
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any
from uuid import UUID

MAX_SIZE = 16 * 1024
"""Bytes of a pickle that is read."""
MAX_VALUES = 10_000
"""Values that may be in it, counted as often as they are referred to."""
MAX_DEPTH = 32
"""Levels of containers in containers."""


class _Mark:
    """Where the items of a container begin."""


class _Instance:
    """A UUID whose number has not been read yet."""


def _keys(items: list[Any]) -> list[Any]:
    """Members of a set, or keys of a dict; hashing tuples in tuples can take for ever, so they are refused."""
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
    "__builtin__ complex": lambda real, imaginary: complex(float(real), float(imaginary)),
    "collections OrderedDict": lambda: {},
    "copy_reg _reconstructor": _instance,
    "datetime date": _day,
    "datetime datetime": _moment,
    "datetime time": _clock,
    "datetime timedelta": lambda days, seconds, microseconds: timedelta(days, seconds, microseconds),
    "datetime timezone": lambda offset: timezone(offset),
    "decimal Decimal": lambda text: Decimal(str(text)),
}
_NAMES = frozenset({*_MAKERS, "uuid UUID", "__builtin__ object"})

_VALUES = frozenset(
    {"NONE", "INT", "BININT", "BININT1", "BININT2", "LONG", "BINFLOAT", "FLOAT", "BINUNICODE", "UNICODE"}
)
_EMPTY: dict[str, Callable[[], Any]] = {"EMPTY_LIST": list, "EMPTY_DICT": dict, "EMPTY_TUPLE": tuple}


class _Name(str):
    """A type that is named, as "module name"."""

    __slots__ = ()


class _Reader:
    def __init__(self) -> None:
        self.stack: list[Any] = []
        self.memo: dict[int, Any] = {}

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

    def make(self) -> Any:
        arguments, name = self.stack.pop(), self.stack.pop()
        if type(name) is not _Name or type(arguments) is not tuple:
            raise ValueError("only known types are made")
        return _MAKERS[name](*arguments)

    def build(self) -> None:
        state, instance = self.stack.pop(), self.stack.pop()
        if not isinstance(instance, _Instance):
            raise ValueError("only UUIDs have a state")
        value = UUID(int=state["int"])
        self.memo = {place: value if item is instance else item for place, item in self.memo.items()}
        self.stack.append(value)

    def follow(self, opcode: str, argument: Any) -> None:
        stack = self.stack
        if opcode in _VALUES:
            stack.append(argument)
        elif opcode in ("BINPUT", "LONG_BINPUT", "PUT"):
            self.memo[argument] = stack[-1]
        elif opcode in ("BINGET", "LONG_BINGET", "GET"):
            stack.append(self.memo[argument])
        elif opcode == "MARK":
            stack.append(_Mark())
        elif opcode in _EMPTY:
            stack.append(_EMPTY[opcode]())
        elif opcode == "TUPLE":
            stack.append(tuple(self.since_mark()))
        elif opcode in ("APPENDS", "SETITEMS"):
            self.fill(self.since_mark())
        elif opcode == "APPEND":
            self.fill([stack.pop()])
        elif opcode == "SETITEM":
            value, key = stack.pop(), stack.pop()
            self.fill([key, value])
        elif opcode == "GLOBAL" and argument in _NAMES:
            stack.append(_Name(argument))
        elif opcode == "REDUCE":
            stack.append(self.make())
        elif opcode == "BUILD":
            self.build()
        else:
            raise ValueError(f"{opcode} is not for plain data")


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
    reader = _Reader()
    try:
        for opcode, argument, _ in pickletools.genops(data):
            if opcode.name == "STOP":
                break
            reader.follow(opcode.name, argument)
        (value,) = reader.stack
        _bounded(value)
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        raise ValueError("no pickle of plain data") from error
    return value
