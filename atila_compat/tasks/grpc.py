"""`was.grpc`: calls to gRPC servers (spec/07 section 6); needs the extra `grpc`.

with was.grpc("@myapi/routeguide.RouteGuide") as stub:
    feature = stub.GetFeature(point).fetch()

The message classes come from generated modules (`route_guide_pb2`) that the app has imported.
"""

from __future__ import annotations

import asyncio
import importlib
import sys
from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING, Any

from ..errors import REASONS, HTTPTaskError, MissingExtra
from . import http, targets
from .clusters import Cluster, Node, cluster_of
from .remote import CallOptions, RemoteTask, start
from .response import STA_NETERR, STA_TIMEOUT, Failure, Result
from .task import Origin

if TYPE_CHECKING:
    from types import TracebackType

    from ..serving.runtime import Runtime
    from ..was import Was

_STATUS = {
    "CANCELLED": 499,
    "INVALID_ARGUMENT": 400,
    "NOT_FOUND": 404,
    "ALREADY_EXISTS": 409,
    "PERMISSION_DENIED": 403,
    "UNAUTHENTICATED": 401,
    "RESOURCE_EXHAUSTED": 429,
    "FAILED_PRECONDITION": 400,
    "ABORTED": 409,
    "OUT_OF_RANGE": 400,
    "UNIMPLEMENTED": 501,
}
"""gRPC status codes as HTTP status codes; others are 500."""

_CHANNEL_OPTIONS = (
    # by default a channel waits for up to two minutes before it looks whether its server is back
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 1000),
    ("grpc.max_receive_message_length", -1),
    ("grpc.max_send_message_length", -1),
)


def _library() -> Any:
    try:
        return importlib.import_module("grpc.aio")
    except ImportError:
        raise MissingExtra("was.grpc", "grpc") from None


def find_service(name: str) -> Any:
    """The descriptor of a service, `"routeguide.RouteGuide"`.

    Raises LookupError where no imported module defines it.
    """
    try:
        descriptor_pool = importlib.import_module("google.protobuf.descriptor_pool")
    except ImportError:
        raise MissingExtra("was.grpc", "grpc") from None
    try:
        return descriptor_pool.Default().FindServiceByName(name)
    except KeyError:
        pass
    package, _, service = name.rpartition(".")
    for module in list(sys.modules.values()):
        descriptor = getattr(module, "DESCRIPTOR", None)
        if getattr(descriptor, "package", None) == package:
            found = descriptor.services_by_name.get(service)  # type: ignore[union-attr]
            if found is not None:
                return found
    raise LookupError(
        f"no gRPC service {name!r} is known here: import its generated module (..._pb2) in the app"
    )


class _Method:
    """How a method is called."""

    def __init__(self, service: Any, name: str) -> None:
        descriptor = service.methods_by_name.get(name)
        if descriptor is None:
            known = ", ".join(service.methods_by_name) or "none"
            raise AttributeError(f"{service.full_name} has no method {name}; it has: {known}")
        factory = importlib.import_module("google.protobuf.message_factory")
        self.path = f"/{service.full_name}/{name}"
        self.answer: Callable[[bytes], Any] = factory.GetMessageClass(descriptor.output_type).FromString
        self.streams_in = bool(descriptor.client_streaming)
        self.streams_out = bool(descriptor.server_streaming)

    @staticmethod
    def serialize(message: Any) -> bytes:
        """A message as bytes."""
        data: bytes = message.SerializeToString()
        return data

    def of(self, channel: Any) -> Any:
        """The callable on a channel."""
        kind = f"{'stream' if self.streams_in else 'unary'}_{'stream' if self.streams_out else 'unary'}"
        return getattr(channel, kind)(
            self.path, request_serializer=self.serialize, response_deserializer=self.answer
        )


class Channels:
    """The channels of one event loop, one for each server; used on the loop only."""

    def __init__(self, runtime: Runtime) -> None:
        self._channels: dict[tuple[str, bool], Any] = {}
        runtime.on_close(self.aclose)

    def find(self, authority: str, secure: bool) -> Any:
        """The channel to a server."""
        channel = self._channels.get((authority, secure))
        if channel is None:
            grpc = importlib.import_module("grpc")
            if secure:
                channel = grpc.aio.secure_channel(
                    authority, grpc.ssl_channel_credentials(), options=_CHANNEL_OPTIONS
                )
            else:
                channel = grpc.aio.insecure_channel(authority, options=_CHANNEL_OPTIONS)
            self._channels[authority, secure] = channel
        return channel

    async def aclose(self) -> None:
        """Close all of them."""
        channels, self._channels = list(self._channels.values()), {}
        for channel in channels:
            await channel.close(None)


async def _messages(runtime: Runtime, source: Any) -> AsyncIterator[Any]:
    """The messages to be sent: out of an asynchronous iterator, or out of any other, read in threads."""
    if hasattr(source, "__aiter__"):
        async for message in source:
            yield message
        return
    pieces, end = iter(source), object()
    while True:
        message = await asyncio.wrap_future(runtime.submit(next, pieces, end))
        if message is end:
            return
        yield message


class _Sender:
    """Sends a call, to the next server of the alias where one cannot be reached."""

    def __init__(
        self, was: Was, target: targets.Target, method: _Method, request: Any, seconds: float
    ) -> None:
        self.runtime = was.runtime
        self.target = target
        self.method = method
        self.request = request
        self.seconds = seconds
        self.metadata = tuple(
            (name.lower(), value) for name, value in http.transaction_headers(was, target).items()
        )

    async def run(self) -> Result:
        """The answer, or the last failure."""
        grpc = importlib.import_module("grpc")
        alias, member = self.target.alias, self.target.member
        if alias is not None:
            cluster = cluster_of(self.runtime, alias)
        else:
            assert member is not None
            cluster = Cluster([member])
        tried: list[Node] = []
        result: Result | None = None
        while (node := cluster.pick(tried)) is not None:
            tried.append(node)
            try:
                result = Result(await self._send(node))
                cluster.succeeded(node)
            except grpc.aio.AioRpcError as error:
                result = failure_of(error)
                if result.status == STA_NETERR:
                    cluster.failed(node)
            finally:
                cluster.release(node)
            result.node = (node.member.host, node.member.port)
            result.url = self.method.path
            if result.status != STA_NETERR or self.method.streams_in:
                break
        assert result is not None
        return result

    async def _send(self, node: Node) -> Any:
        channels = self.runtime.shared("grpc channels", lambda: Channels(self.runtime))
        channel = channels.find(node.member.authority, self.target.scheme == "https")
        call = self.method.of(channel)
        request = _messages(self.runtime, self.request) if self.method.streams_in else self.request
        answer = call(request, timeout=self.seconds, metadata=self.metadata)
        if self.method.streams_out:
            return [message async for message in answer]
        return await answer


class GRPCTask(RemoteTask):
    """A call to a gRPC server."""

    def _expire(self, seconds: float) -> Result:
        return http.timed_out(self, seconds)


def failure_of(error: Any) -> Result:
    """The result for a call that failed; an error of the server's own keeps its text as the reason."""
    name = error.code().name
    if name == "UNAVAILABLE":
        return Failure(STA_NETERR, 701, "Exception Occured", cause=error)
    if name == "DEADLINE_EXCEEDED":
        return Failure(STA_TIMEOUT, 730, "Timeout", cause=error)
    code = _STATUS.get(name, 500)
    reason = error.details() or REASONS.get(code, name)
    raised = HTTPTaskError(f"{code} {reason}")
    raised.__cause__ = error
    return Result(None, raised, status_code=code, reason=reason)


class GRPCStub:
    """What `was.grpc(uri)` returns; its attributes are the methods of the service.

    Args:
        uri: `"@alias/package.Service"` or `"http://host:port/package.Service"`.
        options: the keywords of all calls.

    Raises KeyError for an unknown alias, LookupError for a service that no imported module defines,
    MissingExtra.
    """

    def __init__(self, was: Was, uri: str, *, options: CallOptions | None = None) -> None:
        _library()
        self._was = was
        self._target = targets.find_target(uri, was.app)
        self._service = find_service(self._target.path.strip("/"))
        self._options = options or CallOptions()

    def __enter__(self) -> GRPCStub:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass

    def __getattr__(self, name: str) -> Callable[..., RemoteTask]:
        if name.startswith("_"):
            raise AttributeError(name)
        method = _Method(self._service, name)

        def call(request: Any, timeout: float | None = None) -> RemoteTask:
            seconds = float(timeout or self._options.seconds())
            options = CallOptions(**{**self._given(), "timeout": seconds + 1.0})
            origin = Origin(
                alias=self._target.name,
                method=name,
                args=(self._target.alias, method.path, request.SerializeToString())
                if not method.streams_in
                else (object(),),
                writes=True,
                cacheable=not method.streams_in,
            )
            sender = _Sender(self._was, self._target, method, request, seconds)
            return start(self._was, sender.run, origin=origin, options=options, kind=GRPCTask)

        return call

    def _given(self) -> dict[str, Any]:
        names = ("meta", "use_cache", "rm_cache", "filter", "callback", "cache")
        return {name: getattr(self._options, name) for name in names}
