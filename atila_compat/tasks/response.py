"""What a task ended with: the objects that `dispatch()` returns (spec/06 sections 2 and 2.3)."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Mapping
from types import TracebackType
from typing import Any

from ..data.failures import is_integrity_error
from ..errors import HTTPError, HTTPTaskError
from ..structures import CaseInsensitiveDict

STA_REQFAIL = -1
"""The call could not even be made."""
STA_UNSENT = 0
STA_TIMEOUT = 1
STA_NETERR = 2
"""The peer could not be reached, hung up, or answered what was not asked for."""
STA_NORMAL = 3
"""There is an answer; it may still be an error of the peer's, such as a 404."""

CACHE_IF = (200,)
"""Status codes of results that are cached where the app names no others."""


def single(data: Any) -> Any:
    """The one element of `data`, as `one()` gives it (spec/06 section 2).

    A dict of one item gives its value; what has no length is its own single element.
    Raises HTTPError "410 Partial Not Found" for none, "409 Conflict" for several.
    """
    try:
        count = len(data)
    except TypeError:
        return data
    if count == 0:
        raise HTTPError("410 Partial Not Found")
    if count > 1:
        raise HTTPError("409 Conflict")
    if isinstance(data, Mapping):
        return next(iter(data.values()))
    try:
        return data[0]
    except (TypeError, KeyError, IndexError):
        return next(iter(data))


class Result:
    """The end of a task.

    Args:
        data: what came out.
        error: what went wrong; `fetch` raises it.
        status: one of the STA_* numbers.
        status_code: HTTP status, or 200 and 500 for other tasks, or one of 700-731 where there was no answer.
        reason: its reason phrase.
        meta: the task's.

    Attributes:
        node: who answered: (host, port), or a name.
        method: what was asked of it.
        url: path that was asked for, or URL.
        version: HTTP version of the answer.
        is_cached: whether this was answered from the cache.
        store: keeps the result for a number of seconds; None where it cannot be cached.
    """

    content: Any = b""
    headers: Mapping[str, str] = CaseInsensitiveDict()
    server: Any = None

    def __init__(
        self,
        data: Any = None,
        error: BaseException | None = None,
        *,
        status: int = STA_NORMAL,
        status_code: int | None = None,
        reason: str | None = None,
        meta: dict[str, Any] | None = None,
    ) -> None:
        self._data = data
        self.error = error
        self._trace: TracebackType | None = error.__traceback__ if error is not None else None
        self.status = status
        self.status_code = status_code if status_code is not None else (200 if error is None else 500)
        self.reason = reason if reason is not None else ("OK" if error is None else "Internal Server Error")
        self.meta: dict[str, Any] = {} if meta is None else meta
        self.node: Any = None
        self.method = ""
        self.url = ""
        self.version = "1.0"
        self.is_cached = False
        self.store: Callable[[Result, float], None] | None = None

    @property
    def data(self) -> Any:
        """What came out, decoded."""
        return self._data

    @data.setter
    def data(self, value: Any) -> None:
        self._data = value

    @property
    def text(self) -> str:
        """What came out, as text."""
        data = self.data
        if isinstance(data, (bytes, bytearray)):
            return data.decode("utf-8", "replace")
        return "" if data is None else str(data)

    @property
    def code(self) -> int:
        """The same as `status_code`."""
        return self.status_code

    @property
    def msg(self) -> str:
        """The same as `reason`."""
        return self.reason

    @property
    def expt(self) -> BaseException | None:
        """The same as `error`."""
        return self.error

    def json(self) -> Any:
        """The content parsed as JSON, whatever its type says; ValueError where it is none."""
        return json.loads(self.content or self.text)

    def get_header(self, name: str, default: Any = None) -> Any:
        """One header of the answer."""
        return self.headers.get(name, default)

    def is_normal(self) -> bool:
        """Whether there is an answer."""
        return self.status == STA_NORMAL

    def get_status(self) -> int:
        """The same as `status`."""
        return self.status

    def reraise(self) -> None:
        """Raise what went wrong, with its own type and traceback; nothing happens where all went well."""
        if self.error is not None:
            raise self.error.with_traceback(self._trace)

    raise_for_status = reraise

    def fetch(
        self, cache: float | None = None, cache_if: Collection[int] = CACHE_IF, timeout: Any = None
    ) -> Any:
        """The data, or the error raised; `cache` keeps the result for so many seconds."""
        if cache:
            self.cache(cache, cache_if)
        self.reraise()
        return self.data

    def one(
        self, cache: float | None = None, cache_if: Collection[int] = CACHE_IF, timeout: Any = None
    ) -> Any:
        """The only element of the data.

        Raises the task's error, HTTPError "409 Conflict" for a broken constraint and for several elements,
        "410 Partial Not Found" for none.
        """
        try:
            data = self.fetch(cache, cache_if)
        except Exception as error:
            if is_integrity_error(error):
                raise HTTPError("409 Conflict") from error
            raise
        return single(data)

    def commit(self, timeout: Any = None) -> None:
        """Raise the error, if there is one."""
        self.reraise()

    def dispatch(self, *args: Any, **options: Any) -> Result:
        """The result itself."""
        return self

    wait = dispatch

    def returning(self, value: Any) -> Any:
        """`value`: for `return task.dispatch().returning("done")`."""
        return value

    def cache(self, secs: float = 60, cache_if: Collection[int] = CACHE_IF) -> Result:
        """Keep the result for `secs` seconds if its status code is one of `cache_if` (spec/06 section 11)."""
        if (
            secs
            and self.store is not None
            and not self.is_cached
            and self.status == STA_NORMAL
            and self.status_code in cache_if
        ):
            self.store(self, secs)
        return self

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.status_code} {self.reason}>"


class Failure(Result):
    """The end of a call that got no answer; `fetch` raises HTTPTaskError with its code: "730 Timeout"."""

    def __init__(
        self,
        status: int,
        status_code: int,
        reason: str,
        *,
        cause: BaseException | None = None,
        meta: dict[str, Any] | None = None,
    ) -> None:
        error = HTTPTaskError(f"{status_code} {reason}", self)
        error.__cause__ = cause
        super().__init__(None, error, status=status, status_code=status_code, reason=reason, meta=meta)


class Results(list[Result]):
    """The ends of one call made to every member of an alias: `was.get.map(...)` (spec/06 section 2.3)."""

    @property
    def data(self) -> list[Any]:
        """The data of each."""
        return [result.data for result in self]

    @property
    def text(self) -> list[str]:
        """The text of each."""
        return [result.text for result in self]

    @property
    def status(self) -> list[int]:
        """The STA_* number of each."""
        return [result.status for result in self]

    @property
    def status_code(self) -> list[int]:
        """The status code of each."""
        return [result.status_code for result in self]

    @property
    def reason(self) -> list[str]:
        """The reason phrase of each."""
        return [result.reason for result in self]

    def reraise(self) -> None:
        """Raise the first error."""
        for result in self:
            result.reraise()

    raise_for_status = reraise

    def fetch(self, *args: Any, **options: Any) -> list[Any]:
        """The data of each, or the first error raised."""
        return [result.fetch(*args, **options) for result in self]

    def one(self, *args: Any, **options: Any) -> list[Any]:
        """The only element of each."""
        return [result.one(*args, **options) for result in self]

    def commit(self, *args: Any, **options: Any) -> None:
        """Raise the first error, if there is one."""
        self.reraise()

    def dispatch(self, *args: Any, **options: Any) -> Results:
        """The results themselves."""
        return self

    wait = dispatch

    def cache(self, secs: float = 60, cache_if: Iterable[int] = CACHE_IF) -> Results:
        """Keep each result for `secs` seconds."""
        for result in self:
            result.cache(secs, tuple(cache_if))
        return self
