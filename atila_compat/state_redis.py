"""Shared numbers and locks in Redis, for services on several machines: `skitai.run(state="redis://...")`."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from typing import Any, TypeVar

from .errors import AtilaError, MissingExtra

T = TypeVar("T")
Number = int | float

ANSWER_SECONDS = 2.0
PAUSE_SECONDS = 0.5
"""After a failure calls fail at once for so long: all threads waiting for it would stop the service."""
LOCK_MILLISECONDS = 60_000

_GIVE = """
if redis.call("get", KEYS[1]) == ARGV[1] then return redis.call("del", KEYS[1]) end
return 0
"""


class StateError(AtilaError):
    """The Redis that keeps the shared state does not answer."""


class RedisStore:
    """Numbers by name, and locks.

    Args:
        url: of the Redis.
        space: prefix of the keys; the same for all processes of a service.

    Raises MissingExtra where the package `redis` is not installed. All methods raise StateError where Redis
    does not answer; it is asked again half a second later.
    """

    def __init__(self, url: str, space: str) -> None:
        try:
            import redis
        except ImportError:
            raise MissingExtra("state in Redis", "redis") from None
        self._redis = redis
        self._url = url
        self.space = space
        self._client: Any = None
        self._process = 0
        self._lock = threading.Lock()
        self._failed_at = float("-inf")
        self._failure = ""

    def _connected(self) -> Any:
        if self._process != os.getpid():  # connections are not shared with a parent
            with self._lock:
                self._client = self._redis.Redis.from_url(
                    self._url, socket_timeout=ANSWER_SECONDS, socket_connect_timeout=1.0
                )
                self._process = os.getpid()
        return self._client

    def _ask(self, question: Callable[[Any], T]) -> T:
        if time.monotonic() - self._failed_at < PAUSE_SECONDS:
            raise StateError(self._failure)
        try:
            return question(self._connected())
        except (self._redis.ConnectionError, self._redis.TimeoutError, OSError) as error:
            self._failed_at = time.monotonic()
            self._failure = f"the shared state in Redis cannot be reached: {error}"
            raise StateError(self._failure) from error
        except self._redis.ResponseError as error:
            if "not an integer" in str(error):
                raise
            raise StateError(f"the shared state in Redis refuses: {error}") from error

    @property
    def _key(self) -> str:
        return f"{self.space}:g"

    def read(self, name: str) -> Number | None:
        """The number of that name; None where it was never set."""
        return _number(self._ask(lambda client: client.hget(self._key, name)))

    def write(self, name: str, value: Number) -> None:
        """Set it."""
        self._ask(lambda client: client.hset(self._key, name, repr(value)))

    def write_first(self, name: str, value: Number) -> Number:
        """Set it where it was never set; returns what it is then."""
        self._ask(lambda client: client.hsetnx(self._key, name, repr(value)))
        found = self.read(name)
        return value if found is None else found

    def add(self, name: str, n: Number) -> None:
        """Add to it, in one step."""
        if isinstance(n, int):
            try:
                self._ask(lambda client: client.hincrby(self._key, name, n))
                return
            except self._redis.ResponseError:  # it is a float
                pass
        self._ask(lambda client: client.hincrbyfloat(self._key, name, float(n)))

    def next_process(self) -> int:
        """A number for a process that no other one of this service has had for long."""
        return int(self._ask(lambda client: client.incr(f"{self.space}:processes")))

    def take_lock(self, name: str, token: str) -> bool:
        """Take a lock, if nobody has it."""
        key = f"{self.space}:lock:{name}"
        return bool(self._ask(lambda client: client.set(key, token, nx=True, px=LOCK_MILLISECONDS)))

    def give_lock(self, name: str, token: str) -> None:
        """Give it back, if it has not expired."""
        self._ask(lambda client: client.eval(_GIVE, 1, f"{self.space}:lock:{name}", token))


def _number(text: bytes | None) -> Number | None:
    if text is None:
        return None
    try:
        return int(text)
    except ValueError:
        return float(text)
