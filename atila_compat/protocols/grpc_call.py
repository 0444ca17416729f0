"""One gRPC call, from its message to its status; the same for both ways in (spec/07 section 5).

The transport, HTTP/2 of the app's own port or grpc.aio on a port of its own, reads and writes messages as
bytes. All that the app has a part in, messages as objects too, happens in worker threads, in one context.
"""

from __future__ import annotations

import asyncio
import logging
import traceback
from collections.abc import Awaitable, Callable, Iterator
from typing import TYPE_CHECKING, Any, Protocol

from ..errors import REASONS, ExcInfo, HTTPError, meant_by, split_status
from ..http import state
from ..http.input import ClientDisconnect, Input
from ..http.response import ErrorReply, Reply
from ..routing.route import Route
from ..serving.admission import authentication_of, check, locate, new_was
from ..serving.coroutine import KEPT_BACK_BYTES, Ended, advance
from ..serving.exchange import Exchange
from ..serving.finalize import raw_headers
from ..serving.outcome import Awaiting, Complete, Outcome, RawHeaders, Waiting
from ..serving.pipeline import await_handler
from ..serving.runtime import Runtime
from ..serving.streams import Batch, final_value, wait_for
from ..tasks.deferred import Deferred
from ..types import Scope
from ..was import Was
from . import grpc_status as codes
from .grpc_method import Method, find_method
from .grpc_status import FAILED, GRPCError, code_of

if TYPE_CHECKING:
    from ..app import Atila

log = logging.getLogger("atila_compat.grpc")

MESSAGE_COST = 64
"""Bytes that a message of a list takes besides its own, so that empty ones count too."""

_NOT_FOR_METADATA = (b"content-type", b"content-length", b"content-encoding", b"connection")


class Transport(Protocol):
    """Messages in and out, as bytes. What the client gets before them and behind them is sent by `answer`.

    Attributes:
        headers: initial metadata, sent before the first message.
        gone: whether the client has left.
    """

    headers: RawHeaders
    gone: bool

    async def read(self) -> bytes | None:
        """The next message, None behind the last one. Raises GRPCError for bytes that are no message."""

    async def write(self, message: bytes) -> None:
        """Send a message, at the pace of the client. Raises ClientDisconnect where it has left."""

    def watch(self) -> None:
        """From now on `gone` is kept up to date, also while nobody reads."""


class Call(Exchange):
    """One call: as an ordinary request, but for what the handler is given and what it answers.

    Attributes:
        value: what the handler has returned, where that is more than one message.
        data: its answer message, as bytes.
        error: why there is none.
    """

    __slots__ = ("arguments", "data", "error", "method", "payloads", "value")

    def __init__(self, was: Was, route: Route, authentication: str | None, method: Method) -> None:
        super().__init__(was, route, authentication)
        self.method = method
        self.arguments: tuple[Any, ...] = ()
        self.payloads: list[bytes] | None = None
        self.value: Any = None
        self.data: bytes | None = None
        self.error: GRPCError | None = None

    # -- in a worker thread ---------------------------------------------------------------------------------

    def perform(self, payload: bytes | None, payloads: list[bytes] | None) -> Outcome:
        """Parse the message, or the list of them, and call the handler, with its hooks."""
        try:
            if payload is not None:
                self.arguments = (self.method.parse(payload),)
            elif payloads is not None:
                self.arguments = ([self.method.parse(each) for each in payloads],)
        except GRPCError as error:
            self.error = error
            return _NOTHING
        return self.handle()

    def _invoke(self) -> Any:
        assert self.route is not None
        return self.route.handler(self.was, *self.arguments, **self.was.request.PARAMS)

    def _answer(self, value: Any) -> Outcome:
        if isinstance(value, (ErrorReply, Deferred)) or hasattr(value, "cr_frame"):
            return super()._answer(value)
        if isinstance(value, Reply):
            value = value.body
            if self.was.response.status_code >= 400:
                details = value if isinstance(value, str) else self.was.response.reason
                self.error = GRPCError(code_of(self.was.response.status_code), details)
                return _NOTHING
        if hasattr(value, "SerializeToString") or (value is None and not self.method.streams_out):
            self.data = self.method.serialize(value)
        else:
            self.value = value
        return _NOTHING

    def failure(self, exc_info: ExcInfo) -> Complete:
        state.rollback(self.was)
        self.error = self.error_of(exc_info)
        return _NOTHING

    def error_of(self, exc_info: ExcInfo) -> GRPCError:
        """The status of an exception: the one of its HTTP status for was.Error, else UNKNOWN."""
        error = meant_by(exc_info[1])
        if isinstance(error, GRPCError):
            return error
        if isinstance(error, HTTPError):
            status_code, reason = split_status(error.status)
            return GRPCError(code_of(status_code), str(error.explain) or reason)
        log.error("%s failed", self.label, exc_info=exc_info)
        if isinstance(error, TimeoutError):
            return GRPCError(codes.DEADLINE_EXCEEDED, str(error))
        if self.was.app.debug:
            return GRPCError(codes.UNKNOWN, "".join(traceback.format_exception(error)))
        return GRPCError(codes.UNKNOWN, FAILED)

    def metadata(self) -> RawHeaders:
        """Headers and cookies that hooks and handler have set."""
        outcome = Complete(200, [], b"")
        if self.was.response.headers:
            outcome.headers = [
                (name.lower(), value)
                for name, value in raw_headers(self.was.response)
                if name.lower() not in _NOT_FOR_METADATA
            ]
        self.commit(outcome)
        return [(name.lower(), value) for name, value in outcome.headers]

    def pull(self, messages: Iterator[Any]) -> tuple[list[bytes], bool]:
        """Some messages of an iterator, as bytes, and whether there may be more."""
        found: list[bytes] = []
        batch = Batch()
        try:
            for message in messages:
                found.append(self.method.serialize(message))
                if batch.add(len(found[-1])):
                    return found, True
        except Exception as error:
            self.error = self.error_of((type(error), error, error.__traceback__))
        return found, False

    # -- on the event loop ----------------------------------------------------------------------------------

    async def close(self, iterator: Any) -> None:
        """Let an iterator or generator clean up, when the thread that runs it has come to its next yield."""
        if not hasattr(iterator, "close"):
            return
        try:
            await self.hop(iterator.close)
        except Exception:
            log.exception("%s: closing it failed", self.label)


_NOTHING = Complete(200, [], b"")
"""In place of an outcome: the result is with the call."""
_closing: set[asyncio.Task[None]] = set()


async def answer(app: Atila, runtime: Runtime, scope: Scope, transport: Transport) -> None:
    """Answer one call, up to its last message.

    Raises GRPCError for a status other than OK, ClientDisconnect.
    """
    was = new_was(app, runtime, scope)
    request = was.request
    request.body = b""
    request.route = route = await _route(app, was)
    method = find_method(scope["path"])
    call = Call(was, route, authentication_of(app, route), method)
    driven = route.coroutine or route.input_stream
    if not method.streams_in and not method.streams_out and not driven:
        payload = await _only(transport)
        outcome = await call.hop(call.perform, payload, None)
    else:
        outcome = await _begin(call, transport, wants_list=not route.input_stream)
    outcome = await _settle(call, outcome)
    if call.error is None and outcome is not _NOTHING:
        raise _refusal(outcome)
    if call.error is None:
        transport.headers += call.metadata()
        if call.data is not None:
            await transport.write(call.data)
        else:
            await _stream(call, transport)
    elif was.response.headers:
        transport.headers += call.metadata()
    if call.error is not None:
        raise call.error


async def _route(app: Atila, was: Was) -> Route:
    workers = was.runtime.workers
    if workers.is_full():
        workers.refused += 1
        raise GRPCError(codes.UNAVAILABLE, "too many calls wait for a thread")
    routes = await locate(app, was)
    if isinstance(routes, Complete):
        if routes.status_code in (404, 301):
            raise GRPCError(codes.UNIMPLEMENTED, f"{was.request.path} is not served here")
        raise _refusal(routes)
    route = routes.by_method.get("POST")
    if route is None:
        raise GRPCError(codes.UNIMPLEMENTED, f"{was.request.path} does not take POST")
    status_code = check(app, was, route)
    if status_code:
        raise GRPCError(code_of(status_code), REASONS.get(status_code, ""))
    return route


def _refusal(outcome: Any) -> GRPCError:
    """The status of what hooks or decorators have answered in place of the handler."""
    status_code = getattr(outcome, "status_code", 500)
    if status_code < 300:
        return GRPCError(codes.INTERNAL, "the call was answered with something else than a message")
    return GRPCError(code_of(status_code), REASONS.get(status_code, ""))


async def _only(transport: Transport) -> bytes:
    """The message of a call that has one."""
    payload = await transport.read()
    if payload is None:
        raise GRPCError(codes.INVALID_ARGUMENT, "the message is missing")
    return payload


async def _begin(call: Call, transport: Transport, wants_list: bool) -> Outcome:
    """Call a handler that has to do with streams; nobody who is not known may send one.

    Args:
        wants_list: the handler is given all messages at once; else it asks for them.
    """
    if call.authentication is not None:
        refusal: Complete | None = await call.hop(call.authenticate)
        if refusal is not None:
            raise _refusal(refusal)
    payload, payloads = None, None
    if not call.method.streams_in:
        payload = await _only(transport)
    elif wants_list:
        payloads, size, limit = [], 0, call.was.app.max_upload_size
        while (message := await transport.read()) is not None:
            payloads.append(message)
            size += len(message) + MESSAGE_COST
            if size > limit:
                raise GRPCError(codes.RESOURCE_EXHAUSTED, f"more than {limit} bytes of messages")
    transport.watch()
    outcome: Outcome = await call.hop(call.perform, payload, payloads)
    return outcome


async def _settle(call: Call, outcome: Outcome) -> Outcome:
    """Wait for tasks and coroutines that the handler has returned."""
    while isinstance(outcome, (Waiting, Awaiting)):
        if isinstance(outcome, Awaiting):
            outcome = await await_handler(call, outcome.coroutine)
            continue
        deferred = outcome.deferred
        try:
            late = await wait_for(call, deferred, None)
        except asyncio.CancelledError:
            deferred.cancel()
            raise
        if late is not None:
            outcome = await call.hop(call.awaited, None, late)
        else:
            outcome = await call.hop(call.resume, deferred.finish, call.was)
    return outcome


async def _stream(call: Call, transport: Transport) -> None:
    """Send the messages of what the handler has returned."""
    value, route = call.value, call.route
    assert route is not None
    produce: Callable[[Call, Any, Transport], Awaitable[None]]
    if hasattr(value, "send") and (route.coroutine or route.input_stream):
        produce = _drive
    elif not call.method.streams_out:
        call.error = GRPCError(codes.INTERNAL, f"{call.method.name} should answer with one message")
        return
    elif hasattr(value, "__aiter__"):
        produce = _iterate_async
    elif hasattr(value, "__iter__") and not isinstance(value, (str, bytes, dict)):
        value = iter(value)
        produce = _iterate
    else:
        log.error("%s returned a %s, which is no message", call.label, type(value).__name__)
        call.error = GRPCError(codes.INTERNAL, "the answer is no message")
        return
    transport.watch()
    try:
        await produce(call, value, transport)
    finally:
        # not awaited: a thread may still be in there, and the client need not wait for that
        task = asyncio.get_running_loop().create_task(call.close(value))
        _closing.add(task)
        task.add_done_callback(_closing.discard)


async def _iterate(call: Call, messages: Iterator[Any], transport: Transport) -> None:
    more = True
    while more:
        if transport.gone:
            raise ClientDisconnect
        found, more = await call.hop(call.pull, messages)
        for data in found:
            await transport.write(data)


async def _iterate_async(call: Call, messages: Any, transport: Transport) -> None:
    try:
        async for message in messages:
            if transport.gone:
                raise ClientDisconnect
            await transport.write(call.method.serialize(message))
    except Exception as error:
        if isinstance(error, ClientDisconnect):
            raise
        call.error = call.error_of((type(error), error, error.__traceback__))
    finally:
        if hasattr(messages, "aclose"):
            await messages.aclose()


class _Output:
    """What a coroutine has yielded and nobody has sent yet."""

    def __init__(self, method: Method) -> None:
        self.method = method
        self.kept: list[bytes] = []
        self.size = 0

    def take(self, message: Any) -> bool:
        """Keep a message; whether it is enough to be sent."""
        data = self.method.serialize(message)
        self.kept.append(data)
        self.size += len(data)
        return self.size > KEPT_BACK_BYTES

    async def flush(self, transport: Transport) -> None:
        """Send what is kept."""
        kept, self.kept, self.size = self.kept, [], 0
        for data in kept:
            await transport.write(data)


async def _drive(call: Call, generator: Any, transport: Transport) -> None:
    """Run a coroutine: it asks for messages, waits for tasks, yields messages, and may return the last."""
    output = _Output(call.method)

    def go_on(sent: Any) -> Any:
        return advance(generator, sent, output.take)

    def hear(payload: bytes | None) -> Any:
        return go_on(None if payload is None else call.method.parse(payload))

    def end(value: Any) -> None:
        if value is not None or not (call.method.streams_out or output.kept):
            output.take(value)

    try:
        yielded = await call.hop(go_on, None)
        while not isinstance(yielded, Ended):
            await output.flush(transport)
            if isinstance(yielded, Input):
                yielded = await call.hop(hear, await transport.read())
                continue
            if transport.gone:
                raise ClientDisconnect
            sent = None
            if yielded is not None:
                try:
                    sent = await wait_for(call, yielded, None) or yielded
                except asyncio.CancelledError:
                    yielded.cancel()
                    raise
            yielded = await call.hop(go_on, sent)
        await call.hop(end, await final_value(call, yielded.value))
        await output.flush(transport)
    except ClientDisconnect:
        raise
    except Exception as error:
        await output.flush(transport)
        call.error = call.error_of((type(error), error, error.__traceback__))
