"""Which requests are calls of another protocol, by their content type; found out for POST only."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from ..serving.runtime import Runtime
from ..types import Receive, Scope, Send

if TYPE_CHECKING:
    from ..app import Atila

Answer = Callable[["Atila", Runtime, Scope, Receive, Send], Awaitable[None]]


async def _xmlrpc(app: Atila, runtime: Runtime, scope: Scope, receive: Receive, send: Send) -> None:
    from .calls import answer
    from .xmlrpc import XMLRPC

    await answer(XMLRPC, app, runtime, scope, receive, send)


async def _jsonrpc(app: Atila, runtime: Runtime, scope: Scope, receive: Receive, send: Send) -> None:
    from .calls import answer
    from .jsonrpc import JSONRPC

    await answer(JSONRPC, app, runtime, scope, receive, send)


async def _grpc(app: Atila, runtime: Runtime, scope: Scope, receive: Receive, send: Send) -> None:
    from .grpc_http import answer

    await answer(app, runtime, scope, receive, send)


_BY_TYPE: dict[bytes, Answer] = {
    b"text/xml": _xmlrpc,
    b"application/xml": _xmlrpc,
    b"application/json-rpc": _jsonrpc,
    b"application/grpc": _grpc,
    b"application/grpc+proto": _grpc,
}


def protocol_of(scope: Scope) -> Answer | None:
    """Who answers a POST request that carries calls; None for one that does not."""
    for name, value in scope["headers"]:
        if name == b"content-type":
            return _BY_TYPE.get(value.partition(b";")[0].strip().lower())
    return None
