"""XML-RPC and JSON-RPC stubs (spec/07 section 4), against servers of the standard library."""

from __future__ import annotations

import json
import threading
import xmlrpc.client
from collections.abc import Iterator
from typing import Any
from xmlrpc.server import SimpleXMLRPCRequestHandler, SimpleXMLRPCServer

import pytest

from atila_compat.errors import HTTPTaskError
from atila_compat.tasks import aliases
from atila_compat.tasks.rpc import RPCError
from atila_compat.was import Was

from .peers import Peer


class _AnyPath(SimpleXMLRPCRequestHandler):
    rpc_paths = ()


@pytest.fixture
def xml_server() -> Iterator[str]:
    """An XML-RPC server; gives its URL."""
    server = SimpleXMLRPCServer(
        ("127.0.0.1", 0), requestHandler=_AnyPath, allow_none=True, logRequests=False, use_builtin_types=True
    )
    server.register_function(lambda a, b: a + b, "add")
    server.register_function(lambda w, h: {"area": w * h}, "shapes.area")
    server.register_function(lambda value: value, "echo")
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield f"127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join()


def test_xmlrpc_methods_are_attributes(was: Was, xml_server: str) -> None:
    """An attribute, or a chain of them, is a method; values of every kind go there and back."""
    aliases.define("@rpc", "http", xml_server)
    with was.xmlrpc("@rpc/rpc2") as stub:
        assert stub.add(156, 952).fetch() == 1108
        assert stub.shapes.area(3, 4).fetch() == {"area": 12}
        assert stub.echo([1, None, "é", b"raw", 1.5, {"a": True}]).fetch() == [
            1,
            None,
            "é",
            b"raw",
            1.5,
            {"a": True},
        ]
    assert was.rpc(f"http://{xml_server}/rpc2").add(1, 2).fetch() == 3
    assert was.xmlrpc.map("@rpc").add(1, 2).fetch() == [3]


def test_xmlrpc_faults(was: Was, xml_server: str) -> None:
    """A fault is raised as xmlrpc.client.Fault; as data it is the dict that it is made of."""
    task = was.xmlrpc(f"http://{xml_server}/").nothing()
    with pytest.raises(xmlrpc.client.Fault, match="nothing"):
        task.fetch()
    result = task.dispatch()
    assert result.status == 3
    assert result.data["faultCode"] == 1


def test_xmlrpc_has_no_names(was: Was, xml_server: str) -> None:
    """Named parameters are refused, and so is what XML-RPC cannot express."""
    stub = was.xmlrpc(f"http://{xml_server}/")
    with pytest.raises(TypeError, match="position"):
        stub.add(a=1)
    with pytest.raises(TypeError, match="marshal"):
        stub.add(object())
    with pytest.raises(AttributeError):
        stub._private()


def test_requests_look_as_the_originals(was: Was, peer: Peer) -> None:
    """A slash ends the path, the type is text/xml or application/json-rpc."""
    task = was.xmlrpc(f"http://{peer.address}/rpc2").a.b(1)
    sent = task.fetch()
    assert (sent["method"], sent["path"]) == ("POST", "/rpc2/")
    assert sent["headers"]["content-type"] == "text/xml; charset=utf-8"
    assert xmlrpc.client.loads(sent["body"]) == ((1,), "a.b")
    assert task.dispatch().method == "a.b"  # type: ignore[union-attr]
    sent = was.jsonrpc(f"http://{peer.address}/rpc2/").a.b(1, [2]).fetch()
    assert sent["headers"]["content-type"] == "application/json-rpc; charset=utf-8"
    body = json.loads(sent["body"])
    assert (body["method"], body["params"], body["jsonrpc"]) == ("a.b", [1, [2]], "2.0")
    assert body["id"]
    assert json.loads(was.jsonrpc(f"http://{peer.address}/").a(x=1).fetch()["body"])["params"] == {"x": 1}


@pytest.mark.parametrize("kind", ["application/json-rpc", "application/json"])
def test_jsonrpc_answers(was: Was, peer: Peer, kind: str) -> None:
    """The result comes out; an error is raised, and is the result's data."""

    def page(answer: Any) -> tuple[str, bytes]:
        return kind, json.dumps(answer).encode()

    error = {"code": -32000, "message": "bad", "data": [1]}
    peer.pages["/ok/"] = page({"id": 1, "jsonrpc": "2.0", "result": [1, 2]})
    peer.pages["/error/"] = page({"id": 1, "jsonrpc": "2.0", "error": error})
    peer.pages["/other/"] = page([1])
    assert was.jsonrpc(f"http://{peer.address}/ok").f().fetch() == [1, 2]
    task = was.jsonrpc(f"http://{peer.address}/error").f()
    with pytest.raises(RPCError, match="-32000 bad") as caught:
        task.fetch()
    assert (caught.value.code, caught.value.message, caught.value.data) == (-32000, "bad", [1])
    assert task.dispatch().data == error
    with pytest.raises(RPCError, match="no JSON-RPC response"):
        was.jsonrpc(f"http://{peer.address}/other").f().fetch()
    with pytest.raises(TypeError, match="not both"):
        was.jsonrpc(f"http://{peer.address}/ok").f(1, a=2)


def test_other_errors(was: Was, peer: Peer) -> None:
    """An HTTP error is HTTPTaskError, an answer that is none ValueError."""
    peer.pages["/text/"] = ("text/xml", b"<methodResponse>")
    peer.pages["/json/"] = ("application/json-rpc", b"{nope")
    with pytest.raises(HTTPTaskError, match="404"):
        was.xmlrpc(f"http://{peer.address}/status/404?x=1").f().fetch()
    with pytest.raises(ValueError, match="XML-RPC"):
        was.xmlrpc(f"http://{peer.address}/text").f().fetch()
    with pytest.raises(ValueError, match="Expecting"):
        was.jsonrpc(f"http://{peer.address}/json").f().fetch()
    with pytest.raises(KeyError, match="unknown alias"):
        was.jsonrpc("@nope/rpc2")


def test_results_are_cached_by_method_and_parameters(was: Was, peer: Peer) -> None:
    """The id of a request does not make it another one."""
    peer.pages["/ok/"] = ("application/json-rpc", b'{"id": 1, "result": 5}')
    stub = was.jsonrpc(f"http://{peer.address}/ok", cache=60)
    assert [stub.f(1).fetch(), stub.f(1).fetch(), stub.f(2).fetch()] == [5, 5, 5]
    assert len(peer.asked) == 2
