"""Stubs for XML-RPC and JSON-RPC servers: `was.xmlrpc`, `was.jsonrpc` (spec/07 section 4).

with was.xmlrpc("@api/rpc2") as stub:
    task = stub.shapes.area(3, 4)       # calls the method "shapes.area"
"""

from __future__ import annotations

import json
import uuid
import xmlrpc.client
from typing import TYPE_CHECKING, Any

from ..errors import TaskError
from . import http, payload, targets
from .http import HTTPResult, HTTPTask
from .remote import CallOptions
from .response import Result

if TYPE_CHECKING:
    from types import TracebackType

    from ..was import Was
    from .group import Spread
    from .remote import RemoteTask


class RPCError(TaskError):
    """A JSON-RPC server answered with an error.

    Attributes:
        code: its number.
        message: what it says.
        data: its details.
    """

    def __init__(self, fault: Any) -> None:
        found = fault if isinstance(fault, dict) else {"message": str(fault)}
        self.code: Any = found.get("code")
        self.message: str = str(found.get("message", ""))
        self.data: Any = found.get("data")
        super().__init__(f"{self.code} {self.message}")


class XMLRPCTask(HTTPTask):
    """A call of an XML-RPC method; a `<fault>` is raised as xmlrpc.client.Fault, and is the result's data."""

    def _interpret(self, result: Result) -> None:
        if result.error is not None or not isinstance(result, HTTPResult):
            return
        try:
            result.data  # noqa: B018 - decodes it
        except xmlrpc.client.Fault as fault:
            result.data = {"faultCode": fault.faultCode, "faultString": fault.faultString}
            result.error = fault
        except (ValueError, RecursionError) as error:
            result.data, result.error = None, error


class JSONRPCTask(HTTPTask):
    """A call of a JSON-RPC method; an error is raised as RPCError, and is the result's data."""

    def _interpret(self, result: Result) -> None:
        if result.error is not None or not isinstance(result, HTTPResult):
            return
        try:
            answer = result.json()
        except (ValueError, RecursionError) as error:
            result.data, result.error = None, error
            return
        if not isinstance(answer, dict):
            result.data, result.error = None, RPCError(f"no JSON-RPC response: {result.text[:100]}")
        elif answer.get("error") is not None:
            result.data, result.error = answer["error"], RPCError(answer["error"])
        else:
            result.data = answer.get("result", answer)


class _Method:
    """A method of a stub; attributes make its name longer."""

    def __init__(self, stub: RPCStub, name: str) -> None:
        self._stub = stub
        self._name = name

    def __getattr__(self, name: str) -> _Method:
        if name.startswith("__"):
            raise AttributeError(name)
        return _Method(self._stub, f"{self._name}.{name}")

    def __call__(self, *args: Any, **kwargs: Any) -> RemoteTask | Spread:
        return self._stub._call(self._name, args, kwargs)


class RPCStub:
    """What `was.xmlrpc(uri)` returns; its attributes are the methods of the server.

    Args:
        uri: `"@alias/path"` or a URL; a slash is appended, as the original does.
        headers, auth, options: as for `was.post`.
        to_all: call every server of the alias.
    """

    content_type = ""
    kind: type[HTTPTask] = HTTPTask

    def __init__(
        self,
        was: Was,
        uri: str,
        *,
        headers: http.Headers | None = None,
        auth: http.Credentials = None,
        options: CallOptions | None = None,
        to_all: bool = False,
    ) -> None:
        targets.find_target(uri, was.app)  # an alias that is not known is told now
        self._was = was
        self._uri = uri if uri.endswith("/") or "?" in uri else f"{uri}/"
        self._headers = dict(http.given_headers(headers))
        self._auth = auth
        self._options = options or CallOptions()
        self._to_all = to_all

    def __enter__(self) -> RPCStub:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass

    def __getattr__(self, name: str) -> _Method:
        if name.startswith("_"):
            raise AttributeError(name)
        return _Method(self, name)

    def _encode(self, method: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bytes:
        raise NotImplementedError

    def _call(self, method: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> RemoteTask | Spread:
        return http.call(
            self._was,
            "POST",
            self._uri,
            self._encode(method, args, kwargs),
            headers={"Content-Type": self.content_type, **self._headers},
            auth=self._auth,
            options=self._options,
            default_accept="*/*",
            to_all=self._to_all,
            kind=self.kind,
            name=method,
            identity=(method, args, kwargs),
        )


class XMLRPCStub(RPCStub):
    """`was.xmlrpc(uri)`, `was.rpc(uri)`."""

    content_type = "text/xml; charset=utf-8"
    kind = XMLRPCTask

    def _encode(self, method: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bytes:
        if kwargs:
            raise TypeError("XML-RPC has no named parameters: give them by position")
        return payload.encode_xmlrpc(method, args)


class JSONRPCStub(RPCStub):
    """`was.jsonrpc(uri)`."""

    content_type = "application/json-rpc; charset=utf-8"
    kind = JSONRPCTask

    def _encode(self, method: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bytes:
        if args and kwargs:
            raise TypeError("JSON-RPC takes parameters by position or by name, not both")
        request = {
            "id": str(uuid.uuid4()),
            "method": method,
            "params": kwargs or list(args),
            "jsonrpc": "2.0",
        }
        return json.dumps(request).encode()
