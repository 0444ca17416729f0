"""What a hop into a worker thread hands back: an answer, or what is still to be done for one."""

from __future__ import annotations

from collections.abc import Coroutine, Generator
from typing import Any

RawHeaders = list[tuple[bytes, bytes]]


class Complete:
    """An answer that can be sent.

    Args:
        headers: with the length of the body, if answers of that status have one.
    """

    __slots__ = ("body", "headers", "status_code")

    def __init__(self, status_code: int, headers: RawHeaders, body: bytes) -> None:
        self.status_code = status_code
        self.headers = headers
        self.body = body


class Streaming:
    """An answer whose body is produced piece by piece.

    Args:
        chunks: yields str or bytes; an asynchronous iterator runs on the loop, any other in worker threads.
    """

    __slots__ = ("chunks", "headers", "status_code")

    def __init__(self, status_code: int, headers: RawHeaders, chunks: Any) -> None:
        self.status_code = status_code
        self.headers = headers
        self.chunks = chunks


class Waiting:
    """A task or another deferred answer to wait for; its `finish(was)` gives the handler's value."""

    __slots__ = ("deferred",)

    def __init__(self, deferred: Any) -> None:
        self.deferred = deferred


class Driving:
    """A generator coroutine to be driven on; it runs from one `yield` to the next in worker threads."""

    __slots__ = ("generator",)

    def __init__(self, generator: Generator[Any, Any, Any]) -> None:
        self.generator = generator


class Awaiting:
    """The coroutine of an `async def` handler that was called in a worker thread: awaited on the loop."""

    __slots__ = ("coroutine",)

    def __init__(self, coroutine: Coroutine[Any, Any, Any]) -> None:
        self.coroutine = coroutine


class Sending:
    """An answer that sends itself on the loop: a file."""

    __slots__ = ("headers", "sender", "status_code")

    def __init__(self, status_code: int, headers: RawHeaders, sender: Any) -> None:
        self.status_code = status_code
        self.headers = headers
        self.sender = sender


Outcome = Complete | Streaming | Waiting | Driving | Awaiting | Sending
