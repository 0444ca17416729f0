"""`skitai.websocket`: WebSockets of WSGI apps (spec/07 section 1.10).

The app is called at the handshake, where its decorated view tells what it wants, and then for each message,
as if that were a query parameter. A view that is a generator is called once; it hears messages at its yields.
"""

from __future__ import annotations

import functools
import inspect
import logging
from collections.abc import Callable, Generator, Iterable
from contextlib import AbstractContextManager
from contextvars import ContextVar, copy_context
from typing import Any
from urllib.parse import quote

from ..errors import split_status
from ..http.request import on_a_line
from ..serving.outcome import RawHeaders
from ..serving.runtime import Runtime
from ..types import Handler, Receive, Scope, Send
from .deliveries import deliveries
from .ws_connection import Connection
from .ws_conversation import Conversation
from .ws_encoding import ENCODINGS, Message, messages_of
from .ws_handlers import ERROR
from .ws_refusal import refuse_handshake

log = logging.getLogger("atila_compat.websocket")

WSGICallable = Callable[[dict[str, Any], Callable[..., Any]], Iterable[Any]]
MakeEnviron = Callable[[Scope], tuple[dict[str, Any], AbstractContextManager[Any]]]

DEFAULT_TIMEOUT = 60.0
ENTER, MESSAGE = "init", None
"""Events, as `environ["websocket.event"]` names them."""


class Visit:
    """What a view is called for, while the app answers.

    Attributes:
        event: ENTER at the handshake, MESSAGE for a message.
        view: the view that was reached, and what it was decorated with.
        generator: what a view without a name for messages has returned at the handshake.
    """

    def __init__(self, event: str | None) -> None:
        self.event = event
        self.view: Declared | None = None
        self.generator: Generator[Any, Any, Any] | None = None


_visit: ContextVar[Visit | None] = ContextVar("atila_compat.wsgi_websocket", default=None)


class Declared:
    """What `@skitai.websocket` has been told."""

    def __init__(
        self, name: str | None, timeout: float, onopen: Handler | None, onclose: Handler | None
    ) -> None:
        self.name = name
        self.timeout = timeout
        self.onopen = onopen
        self.onclose = onclose


def websocket(
    varname: str | float = DEFAULT_TIMEOUT,
    timeout: float = DEFAULT_TIMEOUT,
    onopen: Handler | None = None,
    onclose: Handler | None = None,
) -> Callable[[Handler], Handler]:
    """Let a view of a WSGI app, Flask's say, talk over WebSockets; stands below the app's own decorator.

    Args:
        varname: the query parameter that a message comes as, the view is called for each; or, as a number,
            the timeout, and the view is a generator that yields twice for a message, to hear it and to
            answer.
        timeout: seconds of silence after which the connection is closed.
        onopen, onclose: called without arguments; what onopen returns is the first message.
    """
    name = varname if isinstance(varname, str) else None
    declared = Declared(name, timeout if name else float(varname), onopen, onclose)

    def decorate(view: Handler) -> Handler:
        @functools.wraps(view)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            visit = _visit.get()
            if visit is None:
                return view(*args, **kwargs)
            visit.view = declared
            if visit.event == ENTER:
                if declared.name is None:
                    result = view(*args, **kwargs)
                    assert inspect.isgenerator(result), (
                        f"{view.__name__} should be a generator, or name the parameter that messages come as"
                    )
                    visit.generator = result
                    next(result)
                return ""
            return view(*args, **kwargs)

        return wrapper

    return decorate


class Client:
    """One connection to a WSGI app; its methods run in worker threads."""

    def __init__(
        self, app: WSGICallable, scope: Scope, make_environ: MakeEnviron, connection: Connection
    ) -> None:
        self.app = app
        # frameworks match a request that asks for an upgrade with routes of their own kind only
        headers = [header for header in scope["headers"] if header[0] not in (b"connection", b"upgrade")]
        self.scope = {**scope, "type": "http", "method": "GET", "headers": headers}
        self.make_environ = make_environ
        self.connection = connection
        self.encoding = ENCODINGS["text"]
        self.visit = Visit(ENTER)

    def call(self, visit: Visit, query: bytes) -> tuple[int, RawHeaders, bytes]:
        """Call the app; gives status, headers and body of its answer."""
        environ, around = self.make_environ({**self.scope, "query_string": query})
        environ["websocket"] = self.connection
        environ["websocket.client"] = self.connection.client_id
        environ["websocket.session"] = self.visit.generator
        environ["websocket.event"] = visit.event
        found: list[tuple[int, RawHeaders]] = []

        def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]
            found.append((split_status(status)[0], raw))
            return written.append

        written: list[bytes] = []
        token = _visit.set(visit)
        try:
            with around:
                result = self.app(environ, start_response)
                try:
                    written += (piece.encode() if isinstance(piece, str) else piece for piece in result)
                finally:
                    close = getattr(result, "close", None)
                    if close is not None:
                        close()
        finally:
            _visit.reset(token)
        status_code, headers = found[-1] if found else (500, [])
        return status_code, headers, b"".join(written)

    def enter(self) -> tuple[int, RawHeaders, bytes] | None:
        """Knock at the app; gives its refusal, None where the view is one that talks."""
        status_code, headers, body = self.call(self.visit, self.scope.get("query_string", b""))
        view = self.visit.view
        if view is None or status_code >= 400:
            return (status_code if status_code >= 300 else 500), headers, body
        if view.onopen is not None:
            self.guarded(lambda: self.send(view.onopen()))  # type: ignore[misc]
        return None

    def hear(self, message: Message) -> bool:
        """Answer a message; whether the view has had enough."""
        view, generator = self.visit.view, self.visit.generator
        assert view is not None
        if generator is None:
            self.guarded(lambda: self._ask(view.name or "", message))
            return False
        try:
            self.send(generator.send(message))
            next(generator)
        except StopIteration:
            return True
        except Exception:
            log.exception("%s failed", on_a_line(self.scope["path"]))
            return True
        return False

    def _ask(self, name: str, message: Message) -> None:
        text = message if isinstance(message, str) else bytes(message)
        query = self.scope.get("query_string", b"")
        pair = f"{quote(name)}={quote(text)}".encode()
        status_code, headers, body = self.call(Visit(MESSAGE), query + b"&" + pair if query else pair)
        if status_code >= 400:
            self.connection.put(ERROR)
            return
        kind = next((value for key, value in headers if key.lower() == b"content-type"), b"text/html")
        self.send(body if kind == b"application/octet-stream" else body.decode("utf-8", "replace"))

    def guarded(self, step: Callable[[], None]) -> None:
        """Tell the client of what fails."""
        try:
            step()
        except Exception:
            log.exception("%s failed", on_a_line(self.scope["path"]))
            self.connection.put(ERROR)

    def send(self, value: Any) -> None:
        """Put the messages of a value into the outbox; an empty body is one, None is not."""
        if value is None:
            return
        for message in messages_of(self.encoding, value):
            self.connection.put(message)

    def leave(self) -> None:
        """The connection was closed."""
        view, generator = self.visit.view, self.visit.generator
        try:
            if generator is not None and inspect.getgeneratorstate(generator) == inspect.GEN_SUSPENDED:
                try:
                    generator.send(None)
                except StopIteration:
                    pass
                finally:
                    generator.close()
            if view is not None and view.onclose is not None:
                view.onclose()
        except Exception:
            log.exception("%s failed at the end", on_a_line(self.scope["path"]))


async def answer(
    app: WSGICallable, make_environ: MakeEnviron, scope: Scope, receive: Receive, send: Send
) -> None:
    """Answer the handshake of a WebSocket that a WSGI app is asked for, and serve the connection.

    Args:
        make_environ: the environ of a scope, and what each call is made in; in a worker thread.
    """
    if (await receive())["type"] != "websocket.connect":
        return
    runtime = Runtime.of_running_loop()
    runtime.activate()
    connection = Connection(deliveries.new_id(), runtime.loop, send)
    client = Client(app, scope, make_environ, connection)
    label = f"GET {on_a_line(scope['path'])}"
    talk = Conversation(runtime, copy_context(), label, connection, receive, 0)
    try:
        refusal = await talk.hop(client.enter)
    except Exception:
        log.exception("%s failed", label)
        refusal = 500, [], b""
    if refusal is not None:
        await refuse_handshake(scope, send, *refusal)
        return
    assert client.visit.view is not None
    talk.timeout = client.visit.view.timeout
    deliveries.add(connection)
    try:
        await send({"type": "websocket.accept", "headers": []})
        talk.begin()
        await connection.flush()
        while (message := await talk.next()) is not None:
            ended = await talk.hop(client.hear, message)
            await connection.flush()
            if ended:
                break
    except OSError:  # the client has gone before it was accepted
        connection.end()
    finally:
        await talk.finish(None)
        deliveries.discard(connection)
        await talk.hop(client.leave)
