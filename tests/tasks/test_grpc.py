"""gRPC stubs (spec/07 section 6), against a server of grpc.aio."""

from __future__ import annotations

import asyncio
import sys
import threading
import types
from collections.abc import AsyncIterator, Iterator
from typing import Any

import grpc
import pytest
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

from atila_compat.errors import HTTPTaskError, MissingExtra
from atila_compat.serving.runtime import Runtime
from atila_compat.tasks import aliases
from atila_compat.tasks.grpc import find_service
from atila_compat.tasks.response import STA_NETERR, STA_NORMAL, STA_TIMEOUT
from atila_compat.was import Was

from .peers import free_port

NAME = "atila.tests.Numbers"
FIELD = descriptor_pb2.FieldDescriptorProto


def described() -> descriptor_pb2.FileDescriptorProto:
    """What protoc would have made of a service with a method of each kind."""
    file = descriptor_pb2.FileDescriptorProto(
        name="atila_tests.proto", package="atila.tests", syntax="proto3"
    )
    message = file.message_type.add(name="Number")
    message.field.add(name="n", number=1, type=FIELD.TYPE_INT64, label=FIELD.LABEL_OPTIONAL)
    service = file.service.add(name="Numbers")
    for name, streams_in, streams_out in (
        ("Double", False, False),
        ("Count", False, True),
        ("Sum", True, False),
        ("Echo", True, True),
    ):
        service.method.add(
            name=name,
            input_type=".atila.tests.Number",
            output_type=".atila.tests.Number",
            client_streaming=streams_in,
            server_streaming=streams_out,
        )
    return file


descriptor_pool.Default().Add(described())
Number: Any = message_factory.GetMessageClass(
    descriptor_pool.Default().FindMessageTypeByName("atila.tests.Number")
)


class Numbers:
    """The service."""

    async def double(self, request: Any, context: Any) -> Any:
        if request.n < 0:
            await context.abort(grpc.StatusCode.NOT_FOUND, "no such number")
        if request.n == 13:
            raise RuntimeError("unlucky")
        if request.n == 99:
            await asyncio.sleep(5)
        self.metadata = dict(context.invocation_metadata())
        return Number(n=request.n * 2)

    async def count(self, request: Any, context: Any) -> AsyncIterator[Any]:
        for n in range(request.n):
            yield Number(n=n)

    async def sum(self, requests: AsyncIterator[Any], context: Any) -> Any:
        return Number(n=sum([request.n async for request in requests]))

    async def echo(self, requests: AsyncIterator[Any], context: Any) -> AsyncIterator[Any]:
        async for request in requests:
            yield request


def handlers(numbers: Numbers) -> Any:
    forms = {"request_deserializer": Number.FromString, "response_serializer": Number.SerializeToString}
    return grpc.method_handlers_generic_handler(
        NAME,
        {
            "Double": grpc.unary_unary_rpc_method_handler(numbers.double, **forms),
            "Count": grpc.unary_stream_rpc_method_handler(numbers.count, **forms),
            "Sum": grpc.stream_unary_rpc_method_handler(numbers.sum, **forms),
            "Echo": grpc.stream_stream_rpc_method_handler(numbers.echo, **forms),
        },
    )


@pytest.fixture
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    """The loop of the servers."""
    made = asyncio.new_event_loop()
    thread = threading.Thread(target=made.run_forever)
    thread.start()
    yield made
    made.call_soon_threadsafe(made.stop)
    thread.join()
    made.close()


class Server:
    """A gRPC server on a port."""

    def __init__(self, loop: asyncio.AbstractEventLoop, port: int = 0) -> None:
        self.loop = loop
        self.numbers = Numbers()
        self.port = port
        self.run(self.start())

    def run(self, coroutine: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(10)

    async def start(self) -> None:
        self.server = grpc.aio.server()
        self.server.add_generic_rpc_handlers((handlers(self.numbers),))
        self.port = self.server.add_insecure_port(f"127.0.0.1:{self.port}")
        await self.server.start()

    def stop(self) -> None:
        self.run(self.server.stop(None))


@pytest.fixture
def server(loop: asyncio.AbstractEventLoop) -> Iterator[Server]:
    """The service, as @numbers."""
    made = Server(loop)
    aliases.define("@numbers", "http", f"127.0.0.1:{made.port}")
    yield made
    made.stop()


def test_calls_of_every_kind(was: Was, server: Server) -> None:
    """A unary answer is a message, a streamed one a list; requests may be an iterator."""
    with was.grpc(f"@numbers/{NAME}") as stub:
        assert stub.Double(Number(n=21)).fetch().n == 42
        assert [each.n for each in stub.Count(Number(n=3)).fetch()] == [0, 1, 2]
        assert stub.Sum(Number(n=n) for n in range(4)).fetch().n == 6
        assert [each.n for each in stub.Echo([Number(n=5), Number()]).fetch()] == [5, 0]
        assert stub.Count(Number()).fetch() == []
    result = was.grpc(f"http://127.0.0.1:{server.port}/{NAME}").Double(Number(n=1)).dispatch()
    assert (result.status, result.status_code, result.data.n) == (STA_NORMAL, 200, 2)
    assert (result.method, result.node) == ("Double", ("127.0.0.1", server.port))


def test_requests_may_come_asynchronously(was: Was, server: Server, runtime: Runtime) -> None:
    """An asynchronous generator feeds a stream."""

    async def numbers() -> AsyncIterator[Any]:
        for n in (1, 2):
            yield Number(n=n)

    async def drive() -> int:
        found = await was.grpc(f"@numbers/{NAME}").Sum(numbers())
        return int(found.n)

    assert runtime.spawn(drive()).result(10) == 3


def test_the_request_is_told(was: Was, server: Server) -> None:
    """The ids of the request go along as metadata."""
    was.grpc(f"@numbers/{NAME}").Double(Number(n=1)).commit()
    assert server.numbers.metadata["x-gtxn-id"] == was.request.gtxid


def test_errors_of_the_server(was: Was, server: Server) -> None:
    """A status is an HTTP status with the server's text, the gRPC error its cause."""
    task = was.grpc(f"@numbers/{NAME}").Double(Number(n=-1))
    with pytest.raises(HTTPTaskError, match="404 no such number") as caught:
        task.fetch()
    assert isinstance(caught.value.__cause__, grpc.aio.AioRpcError)
    assert (task.status, task.status_code) == (STA_NORMAL, 404)
    assert was.grpc(f"@numbers/{NAME}").Double(Number(n=13)).dispatch().status_code == 500


def test_time_limits(was: Was, server: Server) -> None:
    """A timeout of the stub, or as second argument, ends a call."""
    stub = was.grpc(f"@numbers/{NAME}", timeout=0.1)
    assert stub.Double(Number(n=99)).dispatch().status == STA_TIMEOUT
    task = was.grpc(f"@numbers/{NAME}").Double(Number(n=99), 0.1)
    with pytest.raises(HTTPTaskError, match="730 Timeout"):
        task.fetch()


def test_a_server_that_comes_back(was: Was, loop: asyncio.AbstractEventLoop) -> None:
    """A dead server is 701; started again it answers."""
    port = free_port()
    aliases.define("@back", "http", f"127.0.0.1:{port}")
    stub = was.grpc(f"@back/{NAME}")
    assert stub.Double(Number(n=1)).dispatch().status == STA_NETERR
    server = Server(loop, port)
    codes = []
    for _ in range(100):
        codes.append(stub.Double(Number(n=1)).dispatch().status_code)
        if codes[-1] == 200:
            break
        threading.Event().wait(0.05)
    server.stop()
    assert codes[-1] == 200


def test_failover(was: Was, server: Server) -> None:
    """Where a member is dead the next is asked."""
    aliases.define("@half", "http", [f"127.0.0.1:{free_port()} 100", f"127.0.0.1:{server.port}"])
    assert was.grpc(f"@half/{NAME}").Double(Number(n=2)).fetch().n == 4


def test_unknown_services_and_methods(was: Was, server: Server) -> None:
    """What no imported module defines is told when the stub is made, or the method is named."""
    with pytest.raises(LookupError, match="_pb2"):
        was.grpc("@numbers/no.such.Service")
    with pytest.raises(AttributeError, match="Double, Count"):
        was.grpc(f"@numbers/{NAME}").Triple(Number())
    with pytest.raises(AttributeError):
        was.grpc(f"@numbers/{NAME}")._private(Number())
    with pytest.raises(KeyError, match="unknown alias"):
        was.grpc(f"@nope/{NAME}")
    with pytest.raises(TypeError, match="group the calls"):
        was.grpc.map(f"@numbers/{NAME}")


def test_services_of_modules_with_a_pool_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """A generated module is found though its descriptors are not in the default pool."""
    pool = descriptor_pool.DescriptorPool()
    file = described()
    file.name, file.package = "elsewhere.proto", "elsewhere"
    for method in file.service[0].method:
        method.input_type = method.output_type = ".elsewhere.Number"
    pool.Add(file)
    module = types.ModuleType("elsewhere_pb2")
    module.DESCRIPTOR = pool.FindFileByName("elsewhere.proto")  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "elsewhere_pb2", module)
    assert find_service("elsewhere.Numbers").full_name == "elsewhere.Numbers"


def test_without_the_library_the_extra_is_named(
    was: Was, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where grpc is not installed an error says what to install."""
    monkeypatch.setitem(sys.modules, "grpc.aio", None)
    with pytest.raises(MissingExtra, match=r"atila_compat\[grpc\]"):
        was.grpc(f"@numbers/{NAME}")
