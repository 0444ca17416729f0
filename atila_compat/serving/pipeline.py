"""The way of a request through an app, on the event loop (README "Architecture").

    admitted -> authenticate and receive the body -> hop -> send

A server that can start and end a request by itself (skitai/http_cycle.py) takes `admitted` and `go_on`; for
any other server `answer` does all.
"""

from __future__ import annotations

import logging
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any

from ..context import current_was
from ..errors import HTTPError, split_status
from ..http.input import BodyTooLarge, ClientDisconnect, InputStream, read_body
from ..http.multipart import read_multipart
from ..http.request import MULTIPART_KEPT
from ..routing.route import BODY_METHODS
from ..tasks.deferred import Deferred
from ..tasks.task import cancel_all
from ..types import Receive, Scope, Send
from ..was import Was
from .admission import CLOSE, Admitted, admitted, new_was, refusal, refuse, refuse_body, reload, settle
from .coroutine import drive
from .exchange import Exchange
from .outcome import Awaiting, Complete, Driving, Outcome, Sending, Streaming, Waiting
from .runtime import Runtime
from .streams import pump, wait_for

if TYPE_CHECKING:
    from ..app import Atila

log = logging.getLogger("atila_compat.app")

_MULTIPART = "multipart/form-data"


async def answer(app: Atila, runtime: Runtime, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer one HTTP request."""
    was = new_was(app, runtime, scope)
    failure = await reload(app, was) if app.use_reloader else None
    await carry_out(was, failure or admitted(app, was), receive, send)


async def carry_out(was: Was, begun: Admitted, receive: Receive, send: Send) -> None:
    """Answer a request that has been admitted to its handler, or send the refusal."""
    await _send_off(was, _outcome(begun, receive, send), send)


async def go_on(exchange: Exchange, outcome: Outcome, receive: Receive, send: Send) -> None:
    """Answer a request whose handler has been called already."""
    await _send_off(exchange.was, see_through(exchange, outcome, receive, send), send)


async def _send_off(was: Was, coming: Coroutine[Any, Any, Complete | None], send: Send) -> None:
    try:
        outcome = await coming
        if outcome is not None:
            await deliver(send, outcome)
    except ClientDisconnect:
        log.debug("%r: the client has gone", was.request)
        cancel_all(was)
    finally:
        if was.request.multipart is not None:
            was.release()


async def _outcome(begun: Admitted, receive: Receive, send: Send) -> Complete | None:
    """The answer, or None where it has been sent already."""
    if not isinstance(begun, Exchange):
        return await settle(begun)
    if begun.was.request.method in BODY_METHODS:
        refused = await _receive(begun, receive)
        if refused is not None:
            return refused
    outcome = await (_run_async(begun) if begun.stays_on_loop else begun.hop(begun.handle))
    return await see_through(begun, outcome, receive, send)


async def _receive(exchange: Exchange, receive: Receive) -> Complete | None:
    """Receive the body; returns a refusal, if there is one. Nobody who is not known may upload."""
    was = exchange.was
    request = was.request
    limit = was.app.max_upload_size
    length = request.announced_length  # None where it comes in chunks
    if exchange.authentication is not None and length != 0:
        unknown: Complete | None = await exchange.hop(exchange.authenticate)
        if unknown is not None:
            if length:
                unknown.headers.append(CLOSE)
            return unknown
    if exchange.route is not None and exchange.route.input_stream:
        return None
    content_type = request.lowered.get("content-type", "")
    try:
        if content_type[:19].lower() == _MULTIPART:
            keep = length is not None and length <= MULTIPART_KEPT
            request.multipart, request.body = await read_multipart(
                receive, content_type, limit, keep_body=keep
            )
        else:
            request.body = await read_body(receive, limit)
    except BodyTooLarge:
        return refuse_body(was, 413)
    except HTTPError as error:
        status_code, reason = split_status(error.status)
        return await settle(refusal(was, status_code, error.explain, reason=reason, close=True))
    except OSError as error:
        log.error("%r: its files cannot be kept: %s", request, error)
        return await refuse(was, 507, "the files cannot be kept", close=True)
    return None


async def see_through(exchange: Exchange, outcome: Outcome, receive: Receive, send: Send) -> Complete | None:
    """Do what is still to be done for an answer; returns the one to send, None where it has been sent."""
    was = exchange.was
    stream: InputStream | None = None
    while True:
        if type(outcome) is Complete:
            return outcome
        if type(outcome) is Waiting:
            outcome = await _wait(exchange, outcome.deferred, receive)
        elif type(outcome) is Awaiting:
            outcome = await await_handler(exchange, outcome.coroutine)
        elif type(outcome) is Driving:
            if stream is None:
                stream = InputStream(receive, was.app.max_upload_size)
            following = await drive(exchange, outcome.generator, stream, receive, send)
            if following is None:
                return None
            outcome = following
        elif type(outcome) is Sending:
            await outcome.sender.respond(
                was.request.scope, send, receive, status=outcome.status_code, headers=outcome.headers
            )
            return None
        else:
            assert isinstance(outcome, Streaming)
            await pump(exchange, outcome, receive, send)
            return None


async def _run_async(exchange: Exchange) -> Outcome:
    """An `async def` handler without decorators or hooks: it stays on the loop altogether."""
    before = current_was.set(exchange.was)
    try:
        outcome = exchange.handle()
        if type(outcome) is not Awaiting:
            return outcome
        try:
            value = await outcome.coroutine
        except (Exception, SystemExit) as error:
            return exchange.awaited(None, error)
        return exchange.awaited(value, None)
    finally:
        current_was.reset(before)


async def await_handler(exchange: Exchange, coroutine: Any) -> Outcome:
    """Await an `async def` handler on the loop, within the request's context."""
    loop = exchange.was.runtime.loop
    value, failed = None, None
    task = loop.create_task(coroutine, context=exchange.context)
    try:
        value = await task
    except (Exception, SystemExit) as error:
        failed = error
    if exchange.hooks_wait:
        outcome: Outcome = await exchange.hop(exchange.awaited, value, failed)
        return outcome
    return exchange.context.run(exchange.awaited, value, failed)


async def _wait(exchange: Exchange, deferred: Deferred, receive: Receive) -> Outcome:
    """Wait for a deferred answer and finish it in a worker thread."""
    late = await wait_for(exchange, deferred, receive)
    if late is not None:
        outcome: Outcome = await exchange.hop(exchange.awaited, None, late)
    else:
        outcome = await exchange.hop(exchange.resume, deferred.finish, exchange.was)
    return outcome


async def deliver(send: Send, outcome: Complete) -> None:
    """Send an answer that is complete."""
    await send({"type": "http.response.start", "status": outcome.status_code, "headers": outcome.headers})
    await send({"type": "http.response.body", "body": outcome.body})
