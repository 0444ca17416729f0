"""The gRPC port: workers, reflection, authentication, the beginning and the end."""

from __future__ import annotations

import socket
import sys
from pathlib import Path
from typing import Any

import grpc
import pytest
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

from ..launch import Serve
from ..servers import HOST, free_port
from .shop import FILES, SECONDS, Shop, open_shop
from .shop_pb2 import Item

GUARDED = """
    import sys
    import skitai
    from atila import Atila
    from shop_pb2 import Item

    app = Atila(__name__)
    app.users = {"ann": "sesame"}
    app.realm = "shop"

    @app.permission_handler
    def allowed(was, perms):
        if was.request.get_header("x-role") not in perms:
            raise was.Error("403 Permission Denied", "role")

    @app.route("/Get", authenticate="basic")
    def Get(was, item):
        return Item(name=str(was.request.user))

    @app.route("/Sum", coroutine=True, input_stream=True, authenticate="basic")
    def Sum(was):
        yield was.Input()
        return Item(name=str(was.request.user))

    @app.route("/Collect")
    @app.permission_required(["admin"])
    def Collect(was, items):
        return Item(count=len(items))

    @app.route("/List", coroutine=True)
    async def List(was, item):
        async def produce():
            for n in range(item.count):
                yield Item(count=n)
        return produce()

    if __name__ == "__main__":
        skitai.mount("/shop.v1.Shop", app)
        skitai.run(port=5000, grpc_port=int(sys.argv[1].partition("=")[2]))
"""


def test_workers(tmp_path: Path) -> None:
    """Worker processes share the port; all of them answer."""
    with open_shop(tmp_path, "grpc_port", workers=2) as shop:
        for _ in range(20):
            channel = shop.connect(("grpc.use_local_subchannel_pool", 1))
            assert shop.method("Get", channel)(Item(name="x"), timeout=SECONDS).name == "x"
            channel.close()


def test_workers_over_http2(tmp_path: Path) -> None:
    """Worker processes answer on the app's own port, too."""
    with open_shop(tmp_path, "http2", workers=2) as shop:
        for _ in range(20):
            channel = shop.connect(("grpc.use_local_subchannel_pool", 1))
            assert shop.method("Get", channel)(Item(name="x"), timeout=SECONDS).name == "x"
            channel.close()


def test_reflection(tmp_path: Path) -> None:
    """Clients can ask which services are mounted, and what they look like."""
    with open_shop(tmp_path, "grpc_port") as shop:
        database = ProtoReflectionDescriptorDatabase(shop.channel)
        assert "shop.v1.Shop" in database.get_services()
        file = database.FindFileContainingSymbol("shop.v1.Shop")
        assert [method.name for method in file.service[0].method][:3] == ["Get", "Ping", "List"]


def guarded(serve: Serve) -> tuple[Any, Shop]:
    """A service that wants to know who asks."""
    port = free_port()
    app = serve(GUARDED.replace("sys.argv[1].partition", f"'={port}'.partition"), files=FILES)
    return app, Shop(app, f"{HOST}:{port}", None)


def test_authentication(serve: Serve) -> None:
    """Authentication and permissions hold for calls; credentials are metadata."""
    app, shop = guarded(serve)
    other = Shop(app, f"{HOST}:{app.port}", None)
    known = (("authorization", "Basic YW5uOnNlc2FtZQ=="),)
    for way in (shop, other):
        for name, request in (("Get", Item()), ("Sum", [Item()])):
            method = way.method(name)
            message = iter(request) if isinstance(request, list) else request
            with pytest.raises(grpc.RpcError) as refused:
                method(message, timeout=SECONDS)
            assert refused.value.code() == grpc.StatusCode.UNAUTHENTICATED
            message = iter(request) if isinstance(request, list) else request
            assert method(message, metadata=known, timeout=SECONDS).name == "ann"
        with pytest.raises(grpc.RpcError) as refused:
            way.call("Collect", iter([Item()]))
        assert (refused.value.code(), refused.value.details()) == (grpc.StatusCode.PERMISSION_DENIED, "role")
        assert way.call("Collect", iter([Item()]), metadata=(("x-role", "admin"),)).count == 1
        way.close()


def test_async_handlers(serve: Serve) -> None:
    """An `async def` handler may return an asynchronous generator."""
    _, shop = guarded(serve)
    assert [item.count for item in shop.call("List", Item(count=5))] == list(range(5))
    shop.close()


def test_port_that_is_taken(tmp_path: Path) -> None:
    """A port that somebody else has ends the service with a line that says so."""
    with socket.socket() as other:
        other.bind((HOST, 0))
        other.listen()
        port = other.getsockname()[1]
        source = GUARDED.replace("sys.argv[1].partition", f"'={port}'.partition")
        with pytest.raises(RuntimeError, match=f"gRPC cannot listen on .*:{port}"):
            Serve(tmp_path)(source, files=FILES)


def test_end(tmp_path: Path) -> None:
    """A service that is stopped sees running calls to their end."""
    with open_shop(tmp_path, "grpc_port") as shop:
        running = shop.method("Get").future(Item(name="sleep", count=8), timeout=SECONDS)
        assert shop.call("Get", Item(name="x")).name == "x"
        assert shop.app.stop() == 0
        assert running.result().name == "sleep"


def test_on_any_server_with_trailers(serve: Serve) -> None:
    """An app that is mounted in somebody else's application serves gRPC, where the server has trailers."""
    source = """
        from starlette.applications import Starlette
        from starlette.routing import Mount
        from atila_compat import Atila
        import shop_pb2

        shop = Atila("shop")

        @shop.route("/Get")
        def get(was, item):
            return shop_pb2.Item(name=was.request.uri)

        app = Starlette(routes=[Mount("/shop.v1.Shop", shop)])
    """
    command = (sys.executable, "-m", "uvicorn", "serve:app", "--http", "zttp", "--http2")
    app = serve(source, files=FILES, command=command)
    shop = Shop(app, f"{HOST}:{app.port}", None)
    assert shop.call("Get", Item()).name == "/shop.v1.Shop/Get"
    shop.close()
