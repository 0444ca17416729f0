"""`@app.websocket`: what an app says of a WebSocket, and messages to clients by id (spec/07 section 1)."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any

from ..errors import HTTPError
from ..routing.resource import resource_of, wrap
from ..types import Handler
from .deliveries import deliveries
from .ws_encoding import ENCODINGS, Encoding

log = logging.getLogger("atila_compat.websocket")

CHANNEL = 1
GROUPCHAT = 5
DEPRECATED_THREADSAFE = 7
COROUTINE = 8
NOTHREAD = 128
THREADSAFE = 134
SESSION = 256
"""The numbers behind `skitai.WS_CHANNEL` and its relatives; THREADSAFE has the bits of NOTHREAD and more."""

DEFAULT_TIMEOUT = 60.0


class Kind(Enum):
    """How the messages of a connection reach the app."""

    CHANNEL = "a call for each message"
    GROUPCHAT = "a call for each message, answers for the whole room"
    SESSION = "a generator for each connection, that yields twice for a message"
    COROUTINE = "a generator for each connection, that asks for messages"


def kind_of(spec: int) -> Kind:
    """The kind that a combination of constants asks for.

    Raises AssertionError where WS_COROUTINE is combined with something, or nothing is named.
    """
    assert isinstance(spec, int), f"a WebSocket is declared with skitai.WS_..., not {spec!r}"
    if spec & COROUTINE:
        assert spec == COROUTINE, "WS_COROUTINE stands alone, it cannot be combined"
        return Kind.COROUTINE
    if spec & SESSION:
        return Kind.SESSION
    # THREADSAFE contains the bits that GROUPCHAT has besides CHANNEL, so all three are looked at
    return Kind.GROUPCHAT if spec & DEPRECATED_THREADSAFE == GROUPCHAT else Kind.CHANNEL


@dataclass(slots=True)
class Declaration:
    """What `@app.websocket` has been told.

    Attributes:
        handler: what is called with messages: the function below the decorator.
        timeout: seconds of silence, in both directions, after which the connection is closed; 0 for never.
        onopen, onclose: called with `was` when the connection opens and when it has been closed.
        encoding: of the messages.
    """

    kind: Kind
    handler: Handler
    timeout: float
    onopen: Handler | None
    onclose: Handler | None
    encoding: Encoding


class Opened:
    """What a resource gives at the handshake: nobody has refused it."""


OPENED = Opened()

_ANSWERS_PAGES = (Kind.CHANNEL, Kind.GROUPCHAT)


class WebSockets:
    """The part of an app that talks over WebSockets."""

    def websocket(
        self,
        spec: int,
        timeout: float | None = DEFAULT_TIMEOUT,
        onopen: Handler | None = None,
        onclose: Handler | None = None,
        encoding: str | None = "text",
    ) -> Callable[[Handler], Handler]:
        """Let a resource talk over WebSockets; stands below `@app.route` (README "Websocket").

        Decorators above it, for permissions say, are asked once, at the handshake; those below it, for each
        message.

        Args:
            spec: `skitai.WS_CHANNEL`, alone or with `WS_THREAD`, `WS_NOTHREAD`, `WS_THREADSAFE` (all the same
                here: handlers run in worker threads, sending is safe from any thread) or `WS_SESSION`;
                `WS_GROUPCHAT`; `WS_COROUTINE`.
            timeout: seconds of silence, in both directions, after which the connection is closed; 0 or None
                for never.
            onopen: `onopen(was)`, called before the connection opens: what it returns is the first message,
                the sessions and cookies that it sets go out with the handshake.
            onclose: `onclose(was)`, called when the connection has been closed, by whomever.
            encoding: of messages: "text", "json" or "xmlrpc". Generators hear messages as they come, and what
                that of WS_COROUTINE yields is sent as it is.

        Raises AssertionError for constants that cannot be combined, an unknown encoding, and for onopen or
        onclose with WS_SESSION, whose generator sees both itself.
        """
        kind = kind_of(spec)
        assert encoding is None or encoding in ENCODINGS, (
            f"encoding should be one of {', '.join(ENCODINGS)}, got {encoding!r}"
        )
        if kind is Kind.SESSION:
            assert onopen is None, (
                "WS_SESSION takes no onopen: the generator begins when the connection opens"
            )
            assert onclose is None, "WS_SESSION takes no onclose: the generator is sent None at the end"

        def decorate(func: Handler) -> Handler:
            resource = resource_of(func)
            if kind in (Kind.SESSION, Kind.COROUTINE):
                assert inspect.isgeneratorfunction(inspect.unwrap(func)), (
                    f"{resource.name} should be a generator, as WS_{kind.name} wants it: it has to yield"
                )
            declaration = Declaration(
                kind, func, float(timeout or 0), onopen, onclose, ENCODINGS[encoding or "text"]
            )
            resource.options["websocket"] = declaration

            def wrapper(was: Any, *args: Any, **kwargs: Any) -> Any:
                if was.request.scope["type"] == "websocket":
                    return OPENED
                if kind not in _ANSWERS_PAGES:
                    log.warning("%s talks over WebSockets only", resource.name)
                    raise HTTPError("500 Internal Server Error")
                return func(was, *args, **kwargs)

            return wrap(func, wrapper)

        return decorate

    websocket_config = websocket

    def websocket_send(self, client_id: Any, message: Any) -> None:
        """Send a message to the WebSocket client with this id, from any resource, thread or task.

        Nothing happens where there is no such client any more. A client that has not taken a megabyte of
        messages within a second is disconnected.

        Args:
            client_id: the `was.websocket.client_id` of the connection.
            message: what the connection's handler could return.
        """
        deliveries.send(client_id, message)
