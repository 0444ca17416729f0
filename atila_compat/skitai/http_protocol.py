"""HTTP/1.1 on the wire: uvicorn's httptools protocol, with the original's manners (spec/02 sections 3 and 7).

What it changes: errors below the application have the shape of all others (JSON, XML or a page); a verb
that the parser does not know is a 405, as any verb that no route has; the request head has a limit, and so
has what comes between the pieces of a body and behind it; trailers are dropped, so that nobody takes them for
headers; an answer that has begun is never broken into by the refusal of what the client sends meanwhile; a
client that has closed its side of the connection after the request still gets its answer, 400 if it was
within the request, and so does one that is refused while it is still sending; clients that take too long over
a head, or fall silent within a body, are sent away (settings.network_timeout); when the server stops, a
connection whose client is likely to ask once more right now has a moment to do so.
"""

from __future__ import annotations

import asyncio
import re
from typing import Any
from urllib.parse import unquote

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from ..errors import REASONS
from ..http.error_pages import render_error
from ..settings import settings
from .http_cycle import Cycle, State
from .server import Service

_REQUEST_LINE = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]{1,32}) [^\s]+ HTTP/1\.[01]\r?\n")
_ACCEPT = re.compile(rb"\r?\naccept:[ \t]*([^\r\n]*)", re.IGNORECASE)
_KNOWN_VERBS = frozenset(
    b"ACL BIND CHECKOUT CONNECT COPY DELETE GET HEAD LINK LOCK M-SEARCH MERGE MKACTIVITY MKCALENDAR MKCOL "
    b"MOVE NOTIFY OPTIONS PATCH POST PRI PROPFIND PROPPATCH PURGE PUT REBIND REPORT SEARCH SOURCE SUBSCRIBE "
    b"TRACE UNBIND UNLINK UNLOCK UNSUBSCRIBE".split()
)
"""The verbs of the parser; after one of these something else was wrong."""
_KEPT = 4096
"""Bytes of a request's beginning that are kept, for the answer to one that cannot be parsed."""
_RECENT = 1.0
"""A client that was answered within so many seconds is likely to ask again."""
_LAST_CHANCE = 0.2
"""Seconds that such a client has, when the server stops."""
_LINGER = 5.0
"""Seconds for which a client may go on sending what nobody reads, before the connection is closed."""


class Backlog:
    """What waits in a transport for a client that takes it too slowly.

    Args:
        now: the loop's time.
    """

    __slots__ = ("_left", "_moved", "_transport")

    def __init__(self, transport: asyncio.WriteTransport, now: float) -> None:
        self._transport = transport
        self._left = transport.get_write_buffer_size()
        self._moved = now

    def stalled_for(self, now: float) -> float:
        """Seconds for which the client has taken nothing, as far as the looks at it tell."""
        left = self._transport.get_write_buffer_size()
        if left < self._left:
            self._moved = now
        self._left = left
        return now - self._moved


class HTTPProtocol(HttpToolsProtocol):
    """One connection."""

    cycle: Cycle
    server_state: State
    _head = b""
    _head_size = 0
    _in_head = True
    _head_began: float | None = None
    _overhead = 0  # bytes since the last piece of the body
    _deaf = False
    _lingers = False
    _heard = 0.0
    _answered = 0.0
    _backlog: Backlog | None = None

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._service: Service | None = self.app if isinstance(self.app, Service) else None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A client has connected."""
        super().connection_made(transport)
        self._heard = self._answered = self._head_began = self.loop.time()

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection has ended; a request that was being answered is in the log, too."""
        cycle: Cycle | None = self.cycle
        super().connection_lost(exc)
        if cycle is not None:
            cycle.write_log(self.loop)

    def data_received(self, data: bytes) -> None:
        """Parse what has come."""
        if self._deaf:
            return
        self._heard = self.loop.time()
        if self._in_head:
            if not self._head_size:
                self._head_began = self._heard
            self._head_size += len(data)
            if len(self._head) < _KEPT:
                self._head += data[:_KEPT]
            # A single chunk may have much of a body behind its head: that is seen when the head is parsed.
            if self._head_size > settings.max_head_size and len(data) < self._head_size:
                self._reject(431)
                return
        else:
            self._overhead += len(data)
        super().data_received(data)
        if self.transport.is_closing() or self._deaf:
            return
        if self._head_size > settings.max_head_size:
            self._reject(431)  # a single chunk, and it is all head
        elif not self._in_head and self._overhead > settings.max_head_size:
            self._reject(431)  # trailers or extensions of chunks without end

    def on_headers_complete(self) -> None:
        """The head is complete; the application is called."""
        # Heads are added up only where so much has come that one could be too long.
        much = self._head_size > settings.max_head_size
        self._head = b""
        self._head_size = 0
        self._head_began = None
        if much and self._size() > settings.max_head_size:
            self._reject(431)
        if self._deaf or self.transport.is_closing():  # what stands behind the last request is no request
            return
        self._overhead = 0
        self._in_head = False
        parser, scope = self.parser, self.scope
        http_version = parser.get_http_version()
        scope["method"] = parser.get_method().decode("ascii")
        if http_version != "1.1":
            scope["http_version"] = http_version
        if parser.should_upgrade() and self._should_upgrade():
            return
        url = httptools.parse_url(self.url)
        path = url.path.decode("ascii")
        scope["path"] = self.root_path + (unquote(path) if "%" in path else path)
        scope["raw_path"] = self.root_path.encode("ascii") + url.path
        scope["query_string"] = url.query or b""
        self.headers = []  # takes what follows a body in chunks: no headers (RFC 9110 section 6.5)
        running: Cycle | None = self.cycle
        self.cycle = cycle = Cycle(
            self,
            self._heard,
            expect_100_continue=self.expect_100_continue,
            keep_alive=http_version != "1.0" and parser.should_keep_alive() and not self.server_state.leaving,
        )
        if running is None or running.response_complete:
            self._start_asgi_task(cycle, self.app)
        else:
            self.flow.pause_reading()
            self.pipeline.appendleft((cycle, self.app))

    def _start_asgi_task(self, cycle: Any, app: Any) -> None:
        """Answer a request whose turn it is; in a task, unless the service knows better."""
        service, scope = self._service, cycle.scope
        alone = service.alone(scope["path"]) if service is not None and scope["method"] == "GET" else None
        if alone is None:
            self.call(cycle, app)
        else:
            cycle.begin(alone)

    def call(self, cycle: Cycle, app: Any) -> None:
        """Let an ASGI application answer, in a task."""
        super()._start_asgi_task(cycle, app)

    def _size(self) -> int:
        return len(self.url) + sum(len(name) + len(value) for name, value in self.headers)

    def on_body(self, body: bytes) -> None:
        """A piece of the body."""
        if self._deaf:
            return
        self._overhead = 0
        super().on_body(body)
        if self.cycle is not None:
            self.cycle.received += len(body)

    def on_response_complete(self) -> None:
        """The answer is written; `look` closes the connection if no other request comes."""
        self._answered = self.loop.time()
        self.server_state.total_requests += 1
        if self._lingers or self.transport.is_closing():
            return
        self.flow.resume_reading()
        if self.pipeline:  # not now: a thousand that are answered at once would be a thousand calls deep
            self.loop.call_soon(self._start_asgi_task, *self.pipeline.pop())

    def pause_writing(self) -> None:
        """The client does not take what is sent as fast as it is sent."""
        self._backlog = Backlog(self.transport, self.loop.time())
        super().pause_writing()

    def resume_writing(self) -> None:
        """The client has taken it."""
        self._backlog = None
        super().resume_writing()

    # -- time limits ----------------------------------------------------------------------------------------

    def look(self, now: float, limit: float) -> None:
        """Send the client away if it has let the server wait for more than `limit` seconds.

        A whole head has to come within the limit, however many bytes it comes in; a body and an answer only
        have to move.
        """
        cycle: Cycle | None = self.cycle
        if self._backlog is not None:
            if self._backlog.stalled_for(now) > limit:
                self.transport.abort()
        elif self._lingers:
            if now - self._answered > _LINGER:
                self.transport.close()
        elif cycle is not None and not cycle.response_complete:
            waiting = cycle.more_body and not self.flow.read_paused
            if waiting and now - self._heard > limit:
                cycle.disconnected = True
                cycle.message_event.set()
                if cycle.response_started:
                    self.transport.close()
                else:
                    cycle.status = 408
                    self._refuse(408)
        elif self._head_began is not None and now - self._head_began > limit:
            if self._head_size:
                self._refuse(408)
            else:  # it has not even begun
                self.transport.close()
        elif self._head_began is None and now - max(self._answered, self._heard) > self.timeout_keep_alive:
            self.transport.close()

    def shutdown(self) -> None:
        """The server stops: end this connection as soon as nothing more is to be expected of it."""
        cycle: Cycle | None = self.cycle
        if self._lingers:
            self.transport.close()
        elif cycle is not None and not cycle.response_complete:
            cycle.keep_alive = False
            for waiting, _ in self.pipeline:
                waiting.keep_alive = False
        elif self._head_size or self.loop.time() - self._answered < _RECENT:
            self.loop.call_later(_LAST_CHANCE, self._close_if_idle)
        else:
            self.transport.close()

    def cut_short(self) -> None:
        """The server waits no longer: what has not begun to be answered is answered with 503."""
        cycle: Cycle | None = self.cycle
        if cycle is None or cycle.response_complete:
            return
        cycle.disconnected = True  # what the application still sends is dropped
        if cycle.response_started:
            self.transport.close()  # without its end: nobody takes the answer for a whole one
        else:
            cycle.status = 503
            self._refuse(503)
            self.transport.close()
        cycle.write_log(self.loop)

    def _close_if_idle(self) -> None:
        cycle: Cycle | None = self.cycle
        if (cycle is None or cycle.response_complete) and not self._head_size:
            self.transport.close()

    def on_message_complete(self) -> None:
        """The body is complete; what comes now is the next head."""
        if self._deaf:
            return
        self._in_head = True
        super().on_message_complete()

    def handle_websocket_upgrade(self) -> None:
        """Hand the connection over, unless the handshake lacks what it is answered with."""
        if self.scope["method"] == "GET" and not any(
            name == b"sec-websocket-key" for name, _ in self.headers
        ):
            self._refuse(400)
            return
        # Some clients add the app's Origin to their own. The first counts, as it did; websockets refuses two
        origins = [header for header in self.headers if header[0] == b"origin"]
        for surplus in origins[1:]:
            self.headers.remove(surplus)
        super().handle_websocket_upgrade()

    def send_400_response(self, msg: str) -> None:
        """Answer what cannot be parsed: 405 where only the verb is unknown, else 400."""
        if self._deaf:
            return
        found = _REQUEST_LINE.match(self._head) if self._in_head else None
        unknown_verb = found is not None and found[1].isupper() and found[1] not in _KNOWN_VERBS
        self._reject(405 if unknown_verb else 400)

    def _reject(self, status_code: int) -> None:
        """Refuse what the client sends, without breaking into another answer; nothing more is heard of it."""
        cycle: Cycle | None = self.cycle
        self._deaf = True
        if cycle is None or (self._in_head and cycle.response_complete):
            self._refuse(status_code)
        elif self._in_head:
            cycle.keep_alive = False  # the requests before this one are still answered, in their order
        else:
            cycle.disconnected = True  # what the application still sends is dropped
            cycle.message_event.set()
            if cycle.response_started or self.pipeline:
                self.transport.close()
            else:
                cycle.status = status_code
                self._refuse(status_code)

    def _cut_off(self) -> None:
        """What the client has sent ends within a request."""
        cycle: Cycle | None = self.cycle
        if not self._in_head and cycle is not None:
            cycle.disconnected = True
            cycle.message_event.set()
            if cycle.response_started or self.pipeline:
                return
        self._refuse(400)

    def _refuse(self, status_code: int) -> None:
        found = _ACCEPT.search(self._head)
        # A head that is complete has been parsed, and is not kept
        parsed = self.scope["headers"] if self.scope else ()
        accept = found[1] if found else next((value for name, value in parsed if name == b"accept"), None)
        content_type, body = render_error(
            status_code, REASONS[status_code], accept=accept.decode("latin-1") if accept is not None else None
        )
        headers = [
            *self.server_state.default_headers,
            (b"content-type", content_type.encode()),
            (b"content-length", b"%d" % len(body)),
            (b"connection", b"close"),
        ]
        head = b"HTTP/1.1 %d %s\r\n" % (status_code, REASONS[status_code].encode())
        lines = b"".join(name + b": " + value + b"\r\n" for name, value in headers)
        self.transport.write(head + lines + b"\r\n" + body)
        self.hang_up()

    def hang_up(self) -> None:
        """Close behind an answer, when a client that is still sending has seen it.

        To close at once would have the client's system drop the answer unread (RFC 9112 section 9.6).
        """
        if self.transport.is_closing():
            return
        self._deaf = self._lingers = True
        self._answered = self.loop.time()
        if self.transport.can_write_eof():  # over TLS the answer's length has to say where it ends
            self.transport.write_eof()
        self.flow.resume_reading()

    def eof_received(self) -> bool:  # type: ignore[override]
        """The client has closed its side: a request that is answered gets its answer, a part of one 400."""
        cycle: Cycle | None = self.cycle
        answering = cycle is not None and not cycle.response_complete
        if cycle is not None and answering and self._in_head:
            cycle.keep_alive = False
            # Whoever waits for the client to go is told: it may have, nobody can know before something is
            # written.
            cycle.message_event.set()
            return True
        if not self._deaf and (answering or self._head_size):
            self._cut_off()
        return False
