"""WebSockets: the handshake, which is a request with all its hooks, and what follows (spec/07 section 1).

Hooks, authentication, CORS and the decorators above `@app.websocket` have their say at the handshake, in one
hop with onopen, before the connection is accepted: so its answer can be a refusal, and carry cookies.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from ..http.environ import build_environ
from ..http.request import Request, on_a_line, path_below
from ..http.response import Response
from ..routing.route import Route
from ..serving.admission import authentication_of, check, locate, overloaded, refuse, refuse_foreign
from ..serving.exchange import Exchange
from ..serving.finalize import raw_headers
from ..serving.outcome import Complete, Outcome, RawHeaders
from ..serving.runtime import Runtime
from ..structures import AttrDict, lazy
from ..types import Receive, Scope, Send
from ..was import Was
from .deliveries import deliveries
from .ws_connection import NORMAL, Connection
from .ws_conversation import Conversation
from .ws_declaration import OPENED, Declaration
from .ws_direct import line_of
from .ws_handlers import HANDLERS, Handler
from .ws_refusal import refuse_handshake, until_hung_up

if TYPE_CHECKING:
    from ..app import Atila

log = logging.getLogger("atila_compat.websocket")

_NOT_FOR_ACCEPT = (b"content-type", b"content-length", b"content-encoding")


class Accepted:
    """The handshake has succeeded."""

    __slots__ = ("headers",)

    def __init__(self, headers: RawHeaders) -> None:
        self.headers = headers


class HandshakeRequest(Request):
    """The request that a connection began with."""

    connection: Connection | None = None

    @lazy
    def env(self) -> dict[str, Any]:
        """The WSGI environ, with the connection."""
        environ = build_environ(self)
        if self.connection is not None:
            environ["websocket"] = self.connection
            environ["websocket.client"] = self.connection.client_id
            environ["websocket.session"] = self.connection.session
            environ["websocket.params"] = dict(self.URL)
        return environ


class _Arguments(AttrDict):
    """Arguments of a handshake; the name of a handler's `**options` gives what of the query it would get."""

    def __init__(self, values: dict[str, Any], named: tuple[str, ...], keywords: str | None) -> None:
        super().__init__(values)
        self.__dict__.update(named=named, keywords=keywords)

    def __missing__(self, key: str) -> Any:
        if key != self.__dict__["keywords"]:
            raise KeyError(key)
        return {name: value for name, value in self.items() if name not in self.__dict__["named"]}


class Handshake(Exchange):
    """The exchange that a connection begins with.

    Attributes:
        handler: what the connection is going to be served by.
    """

    __slots__ = ("connection", "handler")

    handler: Handler

    def __init__(self, was: Was, route: Route, authentication: str | None, connection: Connection) -> None:
        super().__init__(was, route, authentication)
        self.connection = connection

    def open(self) -> Outcome | Accepted:
        """Hooks, decorators, onopen; in a worker thread."""
        outcome: Outcome | Accepted = self.handle()
        if isinstance(outcome, Accepted):
            self.finish()
        return outcome

    def _invoke(self) -> Any:
        assert self.route is not None
        request, resource = self.was.request, self.route.resource
        declaration: Declaration = self.route.websocket
        self.handler = handler = HANDLERS[declaration.kind](self, declaration, self.connection)
        arguments = _Arguments(request.ARGS, resource.args, resource.keywords)
        name = handler.message_name
        if name is not None:
            arguments.setdefault(name, "")
        request.__dict__["ARGS"] = arguments
        return self.route.handler(self.was, **{**handler.keywords, **({name: ""} if name else {})})

    def _answer(self, value: Any) -> Outcome:
        if value is not OPENED:
            return super()._answer(value)
        self.handler.open()
        headers = raw_headers(self.was.response)
        accepted = Accepted([header for header in headers if header[0].lower() not in _NOT_FOR_ACCEPT])
        try:
            self.commit(accepted)
        except Exception:
            self.handler.close()
            raise
        return accepted  # type: ignore[return-value] # only `open` sees it


async def answer(app: Atila, runtime: Runtime, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer a WebSocket's handshake, and serve the connection until it ends."""
    if (await receive())["type"] != "websocket.connect":
        return
    request = HandshakeRequest(scope, path_below(scope) or "/", app)
    was = Was(app, request, Response(request), runtime)
    outcome = await _admit(app, was)
    if isinstance(outcome, Complete):
        await refuse_handshake(scope, send, outcome.status_code, outcome.headers, outcome.body)
        await until_hung_up(receive)
        return
    declaration: Declaration = outcome.websocket
    connection = Connection(deliveries.new_id(), runtime.loop, send, declaration.encoding)
    request.connection = connection
    was.__dict__.update(websocket=connection, wsclient=connection.wsclient)
    try:
        handshake = Handshake(was, outcome, authentication_of(app, outcome), connection)
        opened = await handshake.hop(handshake.open)
        if not isinstance(opened, Accepted):
            await _refuse(scope, send, opened)
            await until_hung_up(receive)
            return
        await _serve(handshake, opened, declaration.timeout, receive, send)
    finally:
        was.release()


async def _admit(app: Atila, was: Was) -> Route | Complete:
    """The route of a handshake, or the refusal."""
    if was.runtime.workers.is_full():
        return overloaded(was)
    closed = refuse_foreign(app, was)
    if closed is not None:
        return closed
    routes = await locate(app, was)
    if isinstance(routes, Complete):
        return routes
    route = routes.by_method.get("GET")
    if route is None:
        return await refuse(was, 405)
    was.request.route = route
    refusal = check(app, was, route)
    if refusal:
        return await refuse(was, refusal)
    if not isinstance(route.websocket, Declaration):
        log.warning("%s does not talk over WebSockets", on_a_line(was.request.path))
        return await refuse(was, 500)
    return route


async def _serve(
    handshake: Handshake, accepted: Accepted, timeout: float, receive: Receive, send: Send
) -> None:
    """Serve a connection until it ends.

    Where a generator returns or a handler fails for good, the server hangs up without a close frame, as the
    original does (recorded case websocket.coroutine): browsers see code 1006. With
    `app.config.WEBSOCKET_CLOSE_CODES = True` they see 1000, 1007 for a message that is not in the encoding
    declared, 1011 after a failure.
    """
    handler = handshake.handler
    connection = handler.connection
    runtime = handshake.was.runtime
    line = line_of(receive, send)
    talk = Conversation(runtime, handshake.context, handshake.label, connection, receive, timeout, line)
    deliveries.add(connection)
    code = NORMAL
    try:
        await send({"type": "websocket.accept", "headers": accepted.headers})
        talk.begin()
        await connection.flush()
        code = await handler.serve(talk)
    except OSError:  # the client has gone before it was accepted
        connection.end()
    finally:
        told = handshake.was.app.config.get("WEBSOCKET_CLOSE_CODES")
        await talk.finish(code if told else None)
        deliveries.discard(connection)
        await talk.hop(handler.close)


async def _refuse(scope: Scope, send: Send, outcome: Outcome) -> None:
    body = outcome.body if isinstance(outcome, Complete) else b""
    headers: RawHeaders = getattr(outcome, "headers", [])
    await refuse_handshake(scope, send, getattr(outcome, "status_code", 403), headers, body)
