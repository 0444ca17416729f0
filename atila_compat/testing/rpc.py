"""XML-RPC, JSON-RPC and gRPC for the test client (spec/07 sections 2, 3 and 6)."""

from __future__ import annotations

import importlib
import json
import uuid
import xmlrpc.client
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ..errors import MissingExtra
from ..tasks.rpc import RPCError
from .body import as_json

if TYPE_CHECKING:
    from .client import Client


def _with_slash(url: str) -> str:
    return url if url.endswith("/") or "?" in url else url + "/"


class _Transport(xmlrpc.client.Transport):
    """Sends calls through the test client: with its cookies, in process too."""

    def __init__(self, client: Client, url: str) -> None:
        super().__init__()
        self._client, self._url = client, url

    def request(self, host: Any, handler: str, request_body: Any, verbose: bool = False) -> Any:
        response = self._client.request(
            "POST", self._url, request_body, headers={"Content-Type": "text/xml", "Accept": "text/xml"}
        )
        if response.status_code != 200:
            headers = dict(response.headers)
            raise xmlrpc.client.ProtocolError(self._url, response.status_code, response.reason, headers)
        parser, unmarshaller = self.getparser()
        parser.feed(response.content)
        parser.close()
        return unmarshaller.close()


def xmlrpc_proxy(client: Client, url: str, proxy_class: Any = None) -> Any:
    """A proxy whose methods are the server's; a slash is appended to the path, as in the original.

    Args:
        proxy_class: what to make of the URL in place of xmlrpc.client.ServerProxy.
    """
    url = _with_slash(client.resolve(url))
    if proxy_class is not None:
        return proxy_class(url)
    return xmlrpc.client.ServerProxy(url, transport=_Transport(client, url), use_builtin_types=True)


class JSONRPCProxy:
    """Attributes are methods: `proxy.shapes.area(3, 4)`; raises RPCError for an error of the server."""

    def __init__(self, client: Client, url: str, method: str = "") -> None:
        self._client, self._url, self._method = client, url, method

    def __getattr__(self, name: str) -> JSONRPCProxy:
        if name.startswith("__"):
            raise AttributeError(name)
        return JSONRPCProxy(self._client, self._url, f"{self._method}.{name}" if self._method else name)

    def __enter__(self) -> JSONRPCProxy:
        return self

    def __exit__(self, *exc_info: object) -> None:
        """Nothing to close: the connection is the client's."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the method, with positional or with named arguments."""
        params = kwargs or list(args)
        call = {"jsonrpc": "2.0", "method": self._method, "params": params, "id": uuid.uuid4().hex}
        response = self._client.request(
            "POST", self._url, as_json(call), headers={"Content-Type": "application/json-rpc"}
        )
        try:
            answer = json.loads(response.content)
        except ValueError:
            answer = None
        if not isinstance(answer, dict) or "result" not in answer:
            error = answer.get("error") if isinstance(answer, dict) else None
            raise RPCError(error or {"code": response.status_code, "message": response.reason})
        return answer["result"]


def jsonrpc_proxy(client: Client, url: str, proxy_class: Any = None) -> Any:
    """A proxy whose methods are the server's; a slash is appended to the path, as in the original."""
    url = _with_slash(client.resolve(url))
    return proxy_class(url) if proxy_class is not None else JSONRPCProxy(client, url)


def grpc_channel(endpoint: str, port: int | None) -> Any:
    """A channel without TLS to the server at `endpoint`, on another port where one is given.

    Raises MissingExtra without the extra `grpc`.
    """
    try:
        grpc = importlib.import_module("grpc")
    except ImportError:
        raise MissingExtra("gRPC in the test client", "grpc") from None
    url = urlsplit(endpoint)
    return grpc.insecure_channel(f"{url.hostname}:{port or url.port}")
