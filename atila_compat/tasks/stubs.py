"""`was.stub`: calls to one HTTP server, or alias, under a common path (README "HTTP Based Protocols").

with was.stub("@myapi/api") as stub:
    task = stub.get("/profiles/{}?limit={}", 100, 10)
    task = stub.put("/profiles/{}", 100, {"name": "Hans Roh"})
"""

from __future__ import annotations

import string
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from . import http, payload, targets
from .remote import CallOptions

if TYPE_CHECKING:
    from types import TracebackType

    from ..was import Was
    from .group import Spread
    from .remote import RemoteTask


def _places(path: str) -> int:
    """How many arguments `str.format` needs for `path`; 0 for braces that are none of its."""
    try:
        fields = [name for _, name, _, _ in string.Formatter().parse(path) if name is not None]
    except ValueError:
        return 0
    numbers = [int(name) + 1 for name in fields if name.isdigit()]
    return max([*numbers, sum(1 for name in fields if not name)], default=0)


class Stub:
    """What `was.stub(base)` returns.

    Bodies are forms unless a header says otherwise, and every type of answer is accepted; this differs from
    `was.post` and its relatives (spec/06 section 1).

    Args:
        base: `"@alias/path"` or a URL.
        headers: of every call.
        to_all: call every server of the alias.
        stream: `fetch()` gives bodies as they arrive.

    Raises AssertionError without a base, KeyError for an unknown alias.
    """

    def __init__(
        self,
        was: Was,
        base: str,
        headers: http.Headers | None = None,
        auth: http.Credentials = None,
        *,
        options: CallOptions | None = None,
        to_all: bool = False,
        stream: bool = False,
    ) -> None:
        targets.find_target(base, was.app)
        self._was = was
        self._base, mark, query = base.partition("?")
        self._query = mark + query
        self._headers = headers
        self._auth = auth
        self._options = options or CallOptions()
        self._to_all = to_all
        self._stream = stream

    def __enter__(self) -> Stub:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass

    def _uri(self, path: str) -> str:
        if path.startswith("@"):
            # the README repeats the alias in the path of a call
            path = targets.split_alias(path)[1]
        path, mark, query = path.partition("?")
        joined = self._base.rstrip("/") + (path if path.startswith("/") or not path else f"/{path}")
        query = "&".join(part for part in (self._query[1:], query) if part)
        return f"{joined}?{query}" if query else joined + mark

    def _call(
        self, method: str, path: str, args: tuple[Any, ...], params: dict[str, Any]
    ) -> RemoteTask | Spread:
        data: Any = None
        places = _places(path)
        takes_body = method not in http.BODYLESS
        if args and (isinstance(args[-1], Mapping) or (takes_body and len(args) > places)):
            args, data = args[:-1], args[-1]
        if args and places:
            path = path.format(*args)
        if params:
            data = {**data, **params} if isinstance(data, Mapping) else params
        return http.call(
            self._was,
            method,
            self._uri(path),
            data,
            auth=self._auth,
            headers=self._headers,
            options=self._options,
            default_type=payload.FORM_TYPE,
            default_accept="*/*",
            to_all=self._to_all,
            stream=self._stream,
        )

    def get(self, path: str, /, *args: Any, **params: Any) -> RemoteTask | Spread:
        """GET.

        Args:
            path: below the base; filled in with `str.format`.
            args: for the path; a dict at the end becomes query parameters.
            params: more query parameters.
        """
        return self._call("GET", path, args, params)

    def delete(self, path: str, /, *args: Any, **params: Any) -> RemoteTask | Spread:
        """DELETE; arguments as for `get`."""
        return self._call("DELETE", path, args, params)

    def options(self, path: str, /, *args: Any, **params: Any) -> RemoteTask | Spread:
        """OPTIONS; arguments as for `get`."""
        return self._call("OPTIONS", path, args, params)

    def trace(self, path: str, /, *args: Any, **params: Any) -> RemoteTask | Spread:
        """TRACE; arguments as for `get`."""
        return self._call("TRACE", path, args, params)

    def post(self, path: str, /, *args: Any, **params: Any) -> RemoteTask | Spread:
        """POST.

        Args:
            path: below the base; filled in with `str.format`.
            args: for the path, and at the end the body: a dict, or whatever `was.post` takes.
            params: added to the body.
        """
        return self._call("POST", path, args, params)

    def put(self, path: str, /, *args: Any, **params: Any) -> RemoteTask | Spread:
        """PUT; arguments as for `post`."""
        return self._call("PUT", path, args, params)

    def patch(self, path: str, /, *args: Any, **params: Any) -> RemoteTask | Spread:
        """PATCH; arguments as for `post`."""
        return self._call("PATCH", path, args, params)

    def upload(self, path: str, /, *args: Any, **params: Any) -> RemoteTask | Spread:
        """POST as `multipart/form-data`; files among the values are sent as such."""
        return self._call("UPLOAD", path, args, params)
