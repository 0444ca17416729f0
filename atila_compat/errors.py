"""Every exception that the package raises on purpose.

    Exception
     +- AtilaError                  what is wrong with the use of this package
     |   +- MissingExtra            an optional package is not installed; names the extra
     +- HTTPError                   `was.Error`: the answer is an error with this status (spec/02 section 7.1)
     +- TaskError                   a task failed
         +- HTTPTaskError           ... with the status of an HTTP call (spec/06 section 2.2)

An app sees them as `skitai.exceptions.HTTPError`, `skitai.exceptions.TaskError` and
`skitai.tasks.httpbase.HTTPTaskError`.
"""

from __future__ import annotations

import sys
from http import HTTPStatus
from types import TracebackType
from typing import Any

ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]

REASONS: dict[int, str] = {status.value: status.phrase for status in HTTPStatus} | {
    302: "Object Moved",
    413: "Request Entity Too Large",
    416: "Range Not Satisfiable",
    530: "Parameter Mismatch",
}
"""Reason phrases; the ones that differ from the standard library's are the original's."""


class AtilaError(Exception):
    """The package is used in a way that cannot work; the message says what to do."""


class MissingExtra(AtilaError, ImportError):
    """A feature needs a package of an extra that is not installed."""

    def __init__(self, feature: str, extra: str) -> None:
        super().__init__(f"{feature} needs an extra of atila_compat: pip install 'atila_compat[{extra}]'")
        self.feature, self.extra = feature, extra


def split_status(status: str) -> tuple[int, str]:
    """Split a status line such as `"404 Not Found"` into code and reason phrase.

    Raises AssertionError when it does not begin with a three-digit code, as the original does (spec/04
    section 12.1).
    """
    code, _, reason = status.strip().partition(" ")
    looks_like_one = len(code) == 3 and code.isascii() and code.isdigit()
    assert looks_like_one, f'status should look like "200 OK", got {status!r}'
    assert code >= "200", f"{code} announces an answer and cannot be one: use a status of 200 or above"
    assert not any(c in reason for c in "\r\n\0"), "a status may not contain line breaks"
    return int(code), reason.strip() or REASONS.get(int(code), "")


class HTTPError(Exception):
    """Ends a request with an error answer; apps raise it as `was.Error` (spec/02 section 7.1).

    Args:
        status: status line, `"404 Not Found"`.
        explain: what is told to the client as `more_info`.
        errno: the `code` of the error body in place of status * 100.
        traceback: keep the exception that is being handled, for the error body.

    The README's form `was.Error(status, errno, explain)` is understood too.
    """

    def __init__(
        self, status: str = "200 OK", explain: str | int = "", errno: int | str = 0, traceback: bool = False
    ) -> None:
        if isinstance(explain, int) and not isinstance(errno, int):
            explain, errno = errno, explain
        elif isinstance(explain, int):
            explain, errno = "", explain
        self.status = status
        self.explain = explain
        self.errno = errno
        self.exc_info: ExcInfo | None = sys.exc_info() if traceback else None

    @property
    def detail(self) -> str | bool:
        """What error handlers are told as `error["detail"]`: the explanation, False where there is none."""
        return self.explain or False

    @property
    def status_code(self) -> int:
        """The status as a number."""
        return split_status(self.status)[0]

    def __str__(self) -> str:
        return super().__str__() or self.status  # of what was passed by position, as for every exception


def meant_by(error: BaseException | None) -> BaseException | None:
    """The HTTPError that an `assert condition, was.Error(...)` has raised; else `error` itself."""
    if isinstance(error, AssertionError) and error.args and isinstance(error.args[0], HTTPError):
        return error.args[0]
    return error


class TaskError(Exception):
    """A task ended without a result."""


class HTTPTaskError(TaskError):
    """A call to an HTTP peer failed; the message is its status line, `"404 Not Found"` or `"730 Timeout"`."""

    def __init__(self, status: str, response: Any = None) -> None:
        super().__init__(status)
        self.response = response
