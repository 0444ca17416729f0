"""Attributes as path: a REST client for tests (spec/08 section 1.1, `rs4.webkit.siesta`).

api.items(3).get(q=1).data.name        GET /items/3?q=1
api.items.post({"name": "a"})          POST /items with JSON
api.items.get_()                       GET /items/
"""

from __future__ import annotations

import json
import weakref
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import httpx

from ..http.spec import MEMBER
from ..structures import AttrDict
from .body import JSON_TYPE, form
from .response import Response, is_json

if TYPE_CHECKING:
    from .client import Client

Send = Callable[..., Response]
"""`Client.request`."""


class APIResponse:
    """An answer; no status is ever raised. What is not here is looked up in the Response.

    Attributes:
        data: parsed JSON, whose objects have their members as attributes too; text; None without a body.
        method, url, request_data: what was asked.
    """

    def __init__(self, response: Response, method: str, url: str, request_data: Any) -> None:
        self.response = response
        self.method, self.url, self.request_data = method, url, request_data
        self.data: Any = _data_of(response)

    def set_data(self, data: Any) -> None:
        """Put something else in place of the data."""
        self.data = data

    @property
    def request_headers(self) -> httpx.Headers:
        """The headers that were sent."""
        return self.response.raw.request.headers

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or name == "response":
            raise AttributeError(name)
        return getattr(self.response, name)

    def __repr__(self) -> str:
        return f"<Response [{self.status_code}]>"


def _data_of(response: Response) -> Any:
    if not response.content:
        return None
    content_type = response.headers.get("content-type", "")
    if is_json(content_type):
        try:
            data = json.loads(response.content, object_hook=AttrDict)
        except ValueError:
            return response.text
        if isinstance(data, dict):
            data.pop(MEMBER, None)
        return data
    return response.text if content_type.startswith("text/") or not content_type else response.content


class Resource:
    """A path, and the methods to ask for it; query names with two low dashes, `i__x`, are sent as `i:x`."""

    def __init__(self, base: str, send: Send) -> None:
        self._base, self._send = base, send

    def __getattr__(self, name: str) -> Resource:
        if name.startswith("__"):
            raise AttributeError(name)
        return self(name)

    def __call__(self, *segments: Any) -> Resource:
        """The path with more segments, whatever they are: `api.items("get")`."""
        return Resource("/".join([self._base, *(quote(str(each), safe="") for each in segments)]), self._send)

    def _request(
        self,
        method: str,
        data: Any = None,
        headers: Mapping[str, str] | None = None,
        query: Mapping[str, Any] | None = None,
        slash: bool = False,
    ) -> APIResponse:
        url = self._base + ("/" if slash else "")
        if query:
            url += "?" + form({name.replace("__", ":"): value for name, value in query.items()}).decode()
        sent = {"Accept": JSON_TYPE, "Content-Type": JSON_TYPE, **(headers or {})}
        return APIResponse(self._send(method, url, data, headers=sent), method, url, data)

    def get(self, headers: Mapping[str, str] | None = None, **query: Any) -> APIResponse:
        """GET with this query."""
        return self._request("GET", None, headers, query)

    def get_(self, headers: Mapping[str, str] | None = None, **query: Any) -> APIResponse:
        """GET of the path with a slash at its end."""
        return self._request("GET", None, headers, query, slash=True)

    def delete(self, headers: Mapping[str, str] | None = None, **query: Any) -> APIResponse:
        """DELETE with this query."""
        return self._request("DELETE", None, headers, query)

    def delete_(self, headers: Mapping[str, str] | None = None, **query: Any) -> APIResponse:
        """DELETE of the path with a slash at its end."""
        return self._request("DELETE", None, headers, query, slash=True)

    def options(self, headers: Mapping[str, str] | None = None, **query: Any) -> APIResponse:
        """OPTIONS with this query."""
        return self._request("OPTIONS", None, headers, query)

    def options_(self, headers: Mapping[str, str] | None = None, **query: Any) -> APIResponse:
        """OPTIONS of the path with a slash at its end."""
        return self._request("OPTIONS", None, headers, query, slash=True)

    def post(self, data: Any = None, headers: Mapping[str, str] | None = None, **query: Any) -> APIResponse:
        """POST of JSON."""
        return self._request("POST", data, headers, query)

    def post_(self, data: Any = None, headers: Mapping[str, str] | None = None, **query: Any) -> APIResponse:
        """POST to the path with a slash at its end."""
        return self._request("POST", data, headers, query, slash=True)

    def put(self, data: Any = None, headers: Mapping[str, str] | None = None, **query: Any) -> APIResponse:
        """PUT of JSON."""
        return self._request("PUT", data, headers, query)

    def put_(self, data: Any = None, headers: Mapping[str, str] | None = None, **query: Any) -> APIResponse:
        """PUT to the path with a slash at its end."""
        return self._request("PUT", data, headers, query, slash=True)

    def patch(self, data: Any = None, headers: Mapping[str, str] | None = None, **query: Any) -> APIResponse:
        """PATCH of JSON."""
        return self._request("PATCH", data, headers, query)

    def patch_(self, data: Any = None, headers: Mapping[str, str] | None = None, **query: Any) -> APIResponse:
        """PATCH to the path with a slash at its end."""
        return self._request("PATCH", data, headers, query, slash=True)


class API(Resource):
    """The root of a server's paths.

    Args:
        base: URL in front of all.
        send: `Client.request`; without one a client of its own sends.
    """

    def __init__(self, base: str, send: Send | None = None) -> None:
        if send is None:
            from .client import Client

            send = sender(Client(base))
        super().__init__(base.rstrip("/"), send)


def sender(client: Client, reraise: bool = False, **settings: Any) -> Send:
    """A function that sends through `client`, which is closed when nobody holds the function any more.

    Args:
        reraise: raise httpx.HTTPStatusError for a status of 400 and above.
        settings: of every request.
    """

    def send(method: str, url: str, data: Any = None, **options: Any) -> Response:
        response = client.request(method, url, data, **settings, **options)
        if reraise:
            response.raise_for_status()
        return response

    weakref.finalize(send, client.close)
    return send
