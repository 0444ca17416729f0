"""`client.stub`: calls under a common path with JSON bodies, as `was.stub` has them (spec/08 section 1.1)."""

from __future__ import annotations

import string
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from .body import JSON_TYPE, form, is_file
from .response import Response

_WITHOUT_BODY = ("GET", "DELETE", "HEAD", "OPTIONS")


def _places(path: str) -> int:
    """How many positional arguments `str.format` needs for `path`."""
    try:
        names = [name for _, name, _, _ in string.Formatter().parse(path) if name is not None]
    except ValueError:
        return 0
    return max([*(int(name) + 1 for name in names if name.isdigit()), names.count("")], default=0)


def _files_of(data: Any) -> dict[str, Any]:
    return {name: value for name, value in data.items() if is_file(value)} if isinstance(data, dict) else {}


class Stub:
    """Calls under a common path, which wait for the answer.

        stub.get("/{}?limit={}", 3, 10)
        stub.put("/{}", 3, {"name": "Hans"})
        stub.post("/", name="Hans")

    The last positional argument, if it is a dict, and the keywords are the body; of GET, DELETE and their
    like the query.

    Args:
        send: `Client.request`.
        base: path or URL in front of all.
        headers, auth: of every call.
    """

    def __init__(
        self,
        send: Callable[..., Response],
        base: str = "",
        headers: Mapping[str, str] | None = None,
        auth: Any = None,
    ) -> None:
        self._send, self._auth = send, auth
        self._base = base.rstrip("/")
        self._headers = {"Accept": JSON_TYPE, **(headers or {})}

    def __enter__(self) -> Stub:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def _call(self, method: str, path: str, args: tuple[Any, ...], params: dict[str, Any]) -> Response:
        data: Any = None
        places = _places(path)
        if args and (isinstance(args[-1], Mapping) or len(args) > places):
            *args_of_path, data = args
        else:
            args_of_path = list(args)
        if args_of_path and places:
            path = path.format(*args_of_path)
        if params:
            data = {**data, **params} if isinstance(data, Mapping) else params
        url = self._base + (path if not path or path.startswith(("/", "?")) or not self._base else f"/{path}")
        headers = dict(self._headers)
        if method in _WITHOUT_BODY:
            if data:
                url = f"{url}{'&' if urlsplit(url).query else '?'}{form(data).decode()}"
            return self._send(method, url, headers=headers, auth=self._auth)
        files = _files_of(data)
        if files:
            data = {name: value for name, value in data.items() if name not in files}
            return self._send(method, url, data, headers=headers, auth=self._auth, files=files)
        headers.setdefault("Content-Type", JSON_TYPE)
        return self._send(method, url, data, headers=headers, auth=self._auth)

    def get(self, path: str = "", /, *args: Any, **params: Any) -> Response:
        """GET; `args` fill the path in, `params` are the query."""
        return self._call("GET", path, args, params)

    def delete(self, path: str = "", /, *args: Any, **params: Any) -> Response:
        """DELETE; `args` fill the path in, `params` are the query."""
        return self._call("DELETE", path, args, params)

    def options(self, path: str = "", /, *args: Any, **params: Any) -> Response:
        """OPTIONS; `args` fill the path in, `params` are the query."""
        return self._call("OPTIONS", path, args, params)

    def post(self, path: str = "", /, *args: Any, **params: Any) -> Response:
        """POST; `args` fill the path in, a dict at the end and `params` are the body."""
        return self._call("POST", path, args, params)

    def put(self, path: str = "", /, *args: Any, **params: Any) -> Response:
        """PUT; arguments as for `post`."""
        return self._call("PUT", path, args, params)

    def patch(self, path: str = "", /, *args: Any, **params: Any) -> Response:
        """PATCH; arguments as for `post`."""
        return self._call("PATCH", path, args, params)

    def upload(self, path: str = "", /, *args: Any, **params: Any) -> Response:
        """POST as multipart/form-data where there are files among the values."""
        return self._call("POST", path, args, params)
