"""Which requests are calls of another protocol, by their content type; found out for POST only."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import cache, partial
from typing import TYPE_CHECKING

from ..serving.runtime import Runtime
from ..types import Receive, Scope, Send

if TYPE_CHECKING:
    from ..app import Atila

Answer = Callable[["Atila", Runtime, Scope, Receive, Send], Awaitable[None]]


# The protocols load when they are first asked for. An import statement executed for each request would cost
# more than finding its route does.


@cache
def _load_xmlrpc() -> Answer:
    from .calls import answer
    from .xmlrpc import XMLRPC

    return partial(answer, XMLRPC)


@cache
def _load_jsonrpc() -> Answer:
    from .calls import answer
    from .jsonrpc import JSONRPC

    return partial(answer, JSONRPC)


@cache
def _load_grpc() -> Answer:
    from .grpc_http import answer

    return answer


_BY_TYPE: dict[bytes, Callable[[], Answer]] = {
    b"text/xml": _load_xmlrpc,
    b"application/xml": _load_xmlrpc,
    b"application/json-rpc": _load_jsonrpc,
    b"application/grpc": _load_grpc,
    b"application/grpc+proto": _load_grpc,
}


def protocol_of(scope: Scope) -> Answer | None:
    """Who answers a POST request that carries calls; None for one that does not."""
    for name, value in scope["headers"]:
        if name == b"content-type":
            load = _BY_TYPE.get(value.partition(b";")[0].strip().lower())
            return None if load is None else load()
    return None
