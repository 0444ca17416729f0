"""gRPC on a port of its own, `skitai.run(grpc_port=...)`: grpc.aio in front of the same apps (extra `grpc`).

A call goes to the ASGI application as a request whose messages are passed by the side, so that virtual hosts,
mount points and routes are the same as on the app's own port.
"""

from __future__ import annotations

import asyncio
import base64
import logging
from collections.abc import Iterable
from typing import Any

from ..errors import AtilaError, MissingExtra
from ..http.input import ClientDisconnect
from ..http.request import on_a_line
from ..serving.outcome import RawHeaders
from ..types import ASGIApp, Message, Scope
from . import grpc_status as codes
from .grpc_method import find_method
from .grpc_status import FAILED, GRPCError, code_of

log = logging.getLogger("atila_compat.grpc")

GRACE_SECONDS = 5.0


def library() -> Any:
    """The package grpc, with its `aio`.

    Raises MissingExtra where it is not installed.
    """
    try:
        import grpc
        import grpc.aio
    except ImportError:
        raise MissingExtra("skitai.run (grpc_port = ...)", "grpc") from None
    return grpc


class AioTransport:
    """The messages of one call.

    Args:
        context: grpc.aio's.
        first: the message of a call that has one.

    Attributes:
        claimed: an app has taken the call.
        data: the answer message of a call that has one.
    """

    def __init__(self, context: Any, eof: Any, first: bytes | None = None) -> None:
        self.headers: RawHeaders = []
        self.gone = False
        self.claimed = False
        self.data: bytes | None = None
        self._context = context
        self._eof = eof
        self._first = first
        self._unary = first is not None
        self._started = False

    async def read(self) -> bytes | None:
        """The next message, None behind the last one."""
        if self._unary:
            first, self._first = self._first, None
            return first
        message = await self._context.read()
        return None if message is self._eof else message

    async def start(self) -> None:
        """Send the initial metadata, if that has not been done."""
        if self._started:
            return
        self._started = True
        if self.headers:
            await self._context.send_initial_metadata(tuple(_metadata(self.headers)))

    async def write(self, message: bytes) -> None:
        """Send a message; a client that has left cancels the call, so nobody comes here."""
        await self.start()
        if self._unary:
            self.data = message
        else:
            await self._context.write(message)

    def watch(self) -> None:
        """Nothing to do: calls of clients that leave are cancelled."""


def _metadata(headers: RawHeaders) -> Iterable[tuple[str, str | bytes]]:
    for name, value in headers:
        key = name.decode("latin-1").lower()
        text = value.decode("latin-1")
        if key.endswith("-bin"):
            yield key, base64.b64decode(text + "==")
        else:
            yield key, text.encode("ascii", "replace").decode()


def _headers(metadata: Iterable[tuple[str, str | bytes]]) -> RawHeaders:
    headers = [(b"content-type", b"application/grpc"), (b"te", b"trailers")]
    for key, value in metadata:
        raw = (
            value.encode("latin-1", "replace")
            if isinstance(value, str)
            else base64.b64encode(value).rstrip(b"=")
        )
        headers.append((key.encode("latin-1"), raw))
    return headers


def _client(peer: str) -> tuple[str, int] | None:
    """Address and port of `ipv4:127.0.0.1:4711`, `ipv6:%5B::1%5D:4711`."""
    kind, _, rest = peer.partition(":")
    address, _, port = rest.rpartition(":")
    if kind not in ("ipv4", "ipv6") or not port.isdigit():
        return None
    return address.replace("%5B", "").replace("%5D", "").strip("[]"), int(port)


class GRPCServer:
    """Serves an ASGI application's gRPC methods on a port.

    Args:
        application: what answers for the paths.
        address, port: where to listen; port 0 for any free one.
        certificate, key: PEM data, for TLS.
        limit: bytes that a message may have.
        services: full names of services that reflection names; where the package grpcio-reflection is there.
    """

    def __init__(
        self,
        application: ASGIApp,
        address: str,
        port: int,
        *,
        certificate: bytes | None = None,
        key: bytes | None = None,
        limit: int = 256 * 1024 * 1024,
        services: Iterable[str] = (),
    ) -> None:
        self.application = application
        self.address = address
        self.port = port
        self.services = tuple(services)
        self._tls = (key, certificate) if certificate is not None else None
        self._limit = limit
        self._server: Any = None
        self._grpc: Any = None
        self._statuses: dict[int, Any] = {}

    async def start(self) -> None:
        """Listen.

        Raises MissingExtra without the extra, AtilaError where the port cannot be had.
        """
        grpc = self._grpc = library()
        self._statuses = {status.value[0]: status for status in grpc.StatusCode}
        self._server = server = grpc.aio.server(
            options=[
                ("grpc.max_receive_message_length", self._limit),
                ("grpc.max_send_message_length", -1),
                ("grpc.so_reuseport", 1),
            ]
        )
        server.add_generic_rpc_handlers((_handlers(grpc, self),))
        self._reflect()
        where = f"[{self.address}]:{self.port}" if ":" in self.address else f"{self.address}:{self.port}"
        try:
            if self._tls is None:
                self.port = server.add_insecure_port(where)
            else:
                self.port = server.add_secure_port(where, grpc.ssl_server_credentials([self._tls]))
        except RuntimeError as error:
            raise AtilaError(f"gRPC cannot listen on {where}: {error}") from error
        if not self.port:
            raise AtilaError(f"gRPC cannot listen on {where}: is the port taken, or the certificate wrong?")
        await server.start()

    def _reflect(self) -> None:
        try:
            from grpc_reflection.v1alpha import reflection
        except ImportError:
            return
        names = (*self.services, reflection.SERVICE_NAME)
        reflection.enable_server_reflection(names, self._server)

    async def stop(self, grace: float = GRACE_SECONDS) -> None:
        """Take no more calls, and wait at most `grace` seconds for those that run."""
        if self._server is not None:
            await self._server.stop(grace)

    # -- a call ---------------------------------------------------------------------------------------------

    async def unary(self, path: str, metadata: Any, message: bytes, context: Any) -> bytes:
        """Answer a call with one message, on each side."""
        transport = AioTransport(context, self._grpc.aio.EOF, message)
        await self._answer(path, metadata, context, transport)
        return transport.data or b""

    async def stream(self, path: str, metadata: Any, context: Any) -> None:
        """Answer a call with streams."""
        transport = AioTransport(context, self._grpc.aio.EOF)
        await self._answer(path, metadata, context, transport)
        await transport.start()

    async def _answer(self, path: str, metadata: Any, context: Any, transport: AioTransport) -> None:
        code, details = codes.OK, ""
        refused: list[int] = []

        async def receive() -> Message:
            return {"type": "http.disconnect"}

        async def send(message: Message) -> None:
            if message["type"] == "http.response.start":
                refused.append(message["status"])

        try:
            await self.application(self._scope(path, metadata, context, transport), receive, send)
            if not transport.claimed:  # nobody has taken it: no such service
                status_code = refused[0] if refused else 404
                code = codes.UNIMPLEMENTED if status_code in (404, 308) else code_of(status_code)
                details = f"{path} is not served here"
        except GRPCError as error:
            code, details = error.code, error.details
        except ClientDisconnect:
            code = codes.CANCELLED
        except asyncio.CancelledError:
            transport.gone = True
            raise
        except Exception:
            log.exception("POST %s failed", on_a_line(path))
            code, details = codes.UNKNOWN, FAILED
        if code != codes.OK:
            await transport.start()
            await context.abort(self._statuses[code], details[:4096])

    def _scope(self, path: str, metadata: Any, context: Any, transport: AioTransport) -> Scope:
        return {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "2",
            "method": "POST",
            "scheme": "https" if self._tls else "http",
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "root_path": "",
            "headers": _headers(metadata),
            "client": _client(context.peer()),
            "server": (self.address, self.port),
            "state": {},
            "extensions": {},
            "atila.grpc": transport,
        }


def _handlers(grpc: Any, server: GRPCServer) -> Any:
    """What grpc.aio asks for the handler of a method."""

    class Handlers(grpc.GenericRpcHandler):  # type: ignore[misc]
        def service(self, details: Any) -> Any:
            path, metadata = details.method, details.invocation_metadata
            try:
                method = find_method(path)
            except GRPCError:
                return None

            if method.streams_in or method.streams_out:

                async def stream(_: Any, context: Any) -> None:
                    await server.stream(path, metadata, context)

                return grpc.stream_stream_rpc_method_handler(stream)

            async def unary(message: bytes, context: Any) -> bytes:
                return await server.unary(path, metadata, message, context)

            return grpc.unary_unary_rpc_method_handler(unary)

    return Handlers()
