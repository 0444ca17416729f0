"""XML-RPC, JSON-RPC and gRPC of the test client (spec/08 section 1.1)."""

from __future__ import annotations

import sys
import xmlrpc.client
from typing import Any

import pytest

from atila_compat import Atila
from atila_compat.errors import MissingExtra
from atila_compat.tasks.rpc import RPCError
from atila_compat.testing.client import Client


def make_app() -> Atila:
    """An app with methods."""
    app = Atila(f"rpc{id(object())}")

    def add(was: Any, a: Any, b: Any) -> Any:
        return a + b

    def area(was: Any, **sides: Any) -> Any:
        return sides["a"] * sides["b"]

    def fail(was: Any) -> Any:
        raise was.Error("400 Bad Request")

    for rule, func in (("/rpc2/add", add), ("/rpc2/shapes/area", area), ("/rpc2/fail", fail)):
        app.route(rule)(func)
    return app


def test_xmlrpc() -> None:
    """Attributes of `xmlrpc ()` and `rpc ()` are methods; a fault is raised."""
    with make_app().test_client() as client:
        assert client.xmlrpc("/rpc2").add(1, 2) == 3
        assert client.rpc("/rpc2/").add("a", "b") == "ab"
        with pytest.raises((xmlrpc.client.Fault, xmlrpc.client.ProtocolError)):
            client.xmlrpc("/rpc2").fail()


def test_jsonrpc() -> None:
    """Attributes of `jsonrpc ()` are methods, with positional or named arguments; an error is raised."""
    with make_app().test_client() as client:
        assert client.jsonrpc("/rpc2").add(1, 2) == 3
        assert client.jsonrpc("/rpc2").shapes.area(a=2, b=3) == 6
        with pytest.raises(RPCError):
            client.jsonrpc("/rpc2").fail()


def test_proxies_in_with_statements() -> None:
    """Both proxies may stand in a `with` statement, as those of the original."""
    with make_app().test_client() as cli:
        with cli.jsonrpc("/rpc2") as proxy:
            assert proxy.add(1, 2) == 3
        with cli.xmlrpc("/rpc2") as proxy:
            assert proxy.add(1, 2) == 3


def test_jsonrpc_of_something_else(client: Client) -> None:
    """An answer that is no JSON-RPC is an error with its status."""
    with pytest.raises(RPCError) as raised:
        client.jsonrpc("/nothing").add(1)
    assert raised.value.code == 404


def test_proxy_class(client: Client) -> None:
    """A class of the test's own is given the URL."""
    assert client.xmlrpc("/rpc2", str) == f"{client.endpoint}/rpc2/"
    assert client.jsonrpc("/rpc2/?a=1", str) == f"{client.endpoint}/rpc2/?a=1"


def test_grpc_channel() -> None:
    """`grpc ()` is a channel to the server's port, or to another one."""
    channel = Client("http://127.0.0.1:5000").grpc(5001)
    channel.close()


def test_missing_grpc(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without grpcio the error names the extra."""
    monkeypatch.setitem(sys.modules, "grpc", None)
    with pytest.raises(MissingExtra, match=r"atila_compat\[grpc\]"):
        Client("http://127.0.0.1:5000").grpc()
