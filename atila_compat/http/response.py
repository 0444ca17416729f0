"""`was.response`: status and headers as a request is being answered (spec/04 section 12.1)."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable, Mapping
from email.utils import formatdate
from typing import Any

from ..context import get_was
from ..errors import REASONS, ExcInfo, HTTPError, split_status
from . import api
from .conditional import check_etag, check_mtime, etag_of, http_date, quoted
from .request import Request

Headers = Iterable[tuple[str, str]] | Mapping[str, str]

_FORBIDDEN = re.compile(r"[\r\n\0]")
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


class Reply:
    """A body whose status and headers are set on the response already: what `was.response(...)` returns."""

    __slots__ = ("body",)

    def __init__(self, body: Any) -> None:
        self.body = body


class ErrorReply:
    """An error that a handler returns in place of raising it; error handlers and Accept choose its body.

    Args:
        detail: told to the client as `more_info`; None where the handler gave no reason.
        errno: the `code` of the body in place of status * 100.
        message: takes the place of the reason phrase in the body, which is then a body of the handler's own:
            error handlers are asked only where it is to be a page.
    """

    __slots__ = ("detail", "errno", "message", "status_code")

    def __init__(
        self,
        status_code: int,
        detail: str | None = None,
        errno: int | str | None = 0,
        message: str = "",
    ) -> None:
        self.status_code = status_code
        self.detail = detail
        self.errno = errno
        self.message = message


class Response:
    """Status and headers of the answer being made.

    Calling it makes an answer: `return was.response("201 Created", "made", [("X-Id", "7")])`.
    """

    __slots__ = ("headers", "reason", "request", "status_code")

    def __init__(self, request: Request) -> None:
        self.request = request
        self.status_code = 200
        self.reason = "OK"
        self.headers: list[tuple[str, str]] = []

    # -- answers --------------------------------------------------------------------------------------------

    def __call__(
        self,
        status: str = "200 OK",
        body: Any = None,
        headers: Headers | None = None,
        exc_info: ExcInfo | None = None,
    ) -> Reply | ErrorReply:
        """An answer with this status, body and headers; without a body, the status's error body.

        Raises AssertionError for a malformed status, ValueError for headers that cannot be sent.
        """
        self.set_status(status)
        if headers:
            self.set_headers(headers)
        if body is None:
            return ErrorReply(self.status_code)
        return Reply(body)

    def with_explain(self, status: str, why: str = "", errno: int | str | None = None) -> ErrorReply:
        """An error with an explanation, to be returned."""
        self.set_status(status)
        return ErrorReply(self.status_code, why, errno)

    def adaptive_error(
        self, status: str, message: str = "", code: int | str = 0, more_info: str = ""
    ) -> ErrorReply:
        """An error with a message and code of its own, to be returned; a page or an object by Accept."""
        self.set_status(status)
        return ErrorReply(self.status_code, more_info, code, message)

    def throw(self, status: str, why: str = "") -> None:
        """End the request with an error: raises HTTPError."""
        raise HTTPError(status, why)

    def make_api(self, data: Any, *, encoder: Any = "utcoffset", pretty: bool = False) -> api.API:
        """An API answer; its content type is set now."""
        made = api.API(data, accept=self.request.accept, encoder=encoder, pretty=pretty)
        self.set_header("Content-Type", made.content_type)
        return made

    def make_fault(self, status: str, *args: Any, encoder: Any = "utcoffset", **options: Any) -> api.API:
        """An error object that a handler returns; status and content type are set now."""
        fault = api.make_fault(status, *args, accept=self.request.accept, encoder=encoder, **options)
        self.set_status(status)
        self.set_header("Content-Type", fault.content_type)
        return fault

    def API(self, *args: Any, **members: Any) -> api.API:  # noqa: N802 - the original's name
        """The same as `was.API`."""
        return get_was().API(*args, **members)

    def Fault(self, *args: Any, **options: Any) -> api.API:  # noqa: N802
        """The same as `was.Fault`."""
        return get_was().Fault(*args, **options)

    def File(self, *args: Any, **options: Any) -> Any:  # noqa: N802
        """The same as `was.File`."""
        return get_was().File(*args, **options)

    def MountedFile(self, uri: str) -> Any:  # noqa: N802
        """The same as `was.MountedFile`."""
        return get_was().MountedFile(uri)

    # -- status ---------------------------------------------------------------------------------------------

    def set_status(self, status: str) -> None:
        """Set status code and reason phrase: `"201 Created"`.

        Raises AssertionError where that is not what `status` looks like.
        """
        self.status_code, self.reason = split_status(status)

    set_reply = set_status

    def get_status(self) -> str:
        """Status code and reason phrase."""
        return f"{self.status_code} {self.reason}"

    status = property(get_status)

    def get_reply(self) -> tuple[int, str]:
        """Status code and reason phrase, apart."""
        return self.status_code, self.reason

    def set_code(self, status_code: int) -> None:
        """Set the status code, with the standard reason phrase."""
        self.status_code, self.reason = status_code, REASONS.get(status_code, "")

    # -- headers --------------------------------------------------------------------------------------------

    def add_header(self, name: str, value: Any) -> None:
        """Append a header; one of the same name stays.

        Raises ValueError for names and values that would break the header block.
        """
        value = str(value)
        if _FORBIDDEN.search(value):
            raise ValueError(f"header {name}: a value may not contain line breaks or NUL, got {value[:64]!r}")
        if not _TOKEN.fullmatch(name):
            raise ValueError(f"{name[:64]!r} is not a header name")
        self.headers.append((name, value))

    def set_header(self, name: str, value: Any) -> None:
        """Set a header in place of those of its name; `add_header` says what is refused."""
        if self.headers:
            self.del_header(name)
        self.add_header(name, value)

    set = __setitem__ = add_header
    update = set_header

    def get_header(self, name: str, default: Any = None) -> Any:
        """The first header of that name, or `default`."""
        wanted = name.lower()
        for present, value in self.headers:
            if present.lower() == wanted:
                return value
        return default

    get = get_header

    def __getitem__(self, name: str) -> Any:
        return self.get_header(name)

    def del_header(self, name: str) -> None:
        """Remove the headers of that name."""
        if not self.headers:
            return
        wanted = name.lower()
        self.headers[:] = [entry for entry in self.headers if entry[0].lower() != wanted]

    delete = __delitem__ = del_header

    def has_key(self, name: str) -> bool:
        """Whether there is a header of that name."""
        return self.get_header(name) is not None

    __contains__ = has_key

    def append_header(self, name: str, value: Any) -> None:
        """Add a value to a header, behind a comma."""
        present = self.get_header(name)
        self.set_header(name, value if present is None else f"{present}, {value}")

    def set_headers(self, headers: Headers) -> None:
        """Set several headers in place of those of their names; a name may come more than once.

        Cookies do not take the place of others.
        """
        pairs = list(headers.items() if isinstance(headers, Mapping) else headers)
        for name in {name.lower() for name, _ in pairs} - {"set-cookie"}:
            self.del_header(name)
        for name, value in pairs:
            self.add_header(name, value)

    def set_cache(self, seconds: int) -> None:
        """Let clients keep the answer for so many seconds."""
        self.set_header("Cache-Control", f"max-age={int(seconds)}")

    set_max_age = set_cache

    # -- conditions -----------------------------------------------------------------------------------------

    def set_etag(self, identifier: Any, max_age: int = 0, as_etag: bool = False) -> str:
        """Set the entity tag and look at If-None-Match and If-Match.

        Args:
            identifier: what identifies the version of the answer.
            max_age: seconds that clients may keep it.
            as_etag: `identifier` is the tag itself.

        Returns the tag. Raises HTTPError 304 or 412 where the client's condition asks for it; headers stay.
        """
        etag = str(identifier) if as_etag else etag_of(identifier)
        self.set_header("ETag", quoted(etag))
        if max_age:
            self.set_cache(max_age)
        self._stop(check_etag(etag, self.request.get_header, self.request.method))
        return etag

    def set_mtime(
        self, mtime: float | datetime.datetime, length: int | None = None, max_age: int = 0
    ) -> None:
        """Set the time of modification and look at If-Modified-Since and If-Unmodified-Since.

        Args:
            mtime: seconds since the epoch, or a datetime.
            length: of the body, in bytes.
            max_age: seconds after `mtime` that the answer expires.

        Raises HTTPError 304 or 412 where the client's condition asks for it; headers stay.
        """
        epoch = mtime.timestamp() if isinstance(mtime, datetime.datetime) else float(mtime)
        self.set_header("Last-Modified", http_date(epoch))
        if max_age:
            self.set_header("Expires", http_date(epoch + max_age))
        self._stop(check_mtime(epoch, self.request.get_header, self.request.method, length=length))

    def set_etag_mtime(
        self,
        identifier: Any,
        mtime: float | datetime.datetime,
        length: int | None = None,
        max_age: int = 0,
        as_etag: bool = False,
    ) -> str:
        """Both of `set_etag` and `set_mtime`."""
        etag = self.set_etag(identifier, max_age, as_etag)
        self.set_mtime(mtime, length, max_age)
        return etag

    def _stop(self, status_code: int) -> None:
        if status_code:
            raise HTTPError(f"{status_code} {REASONS[status_code]}")

    def expire_now(self) -> None:
        """Keep clients from keeping the answer."""
        self.set_header("Cache-Control", "max-age=0")
        self.set_header("Expires", formatdate(usegmt=True))
