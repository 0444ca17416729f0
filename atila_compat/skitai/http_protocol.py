"""HTTP/1.1 on the wire: uvicorn's httptools protocol, with the original's manners (spec/02 sections 3 and 7).

What it changes: errors below the application have the shape of all others (JSON, XML or a page); a verb
that the parser does not know is a 405, as any verb that no route has; the request head has a limit; a
client that has closed its side of the connection after the request still gets its answer.
"""

from __future__ import annotations

import re

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from ..errors import REASONS
from ..http.error_pages import render_error
from ..settings import settings

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


class HTTPProtocol(HttpToolsProtocol):
    """One connection."""

    _head = b""
    _head_size = 0
    _in_head = True

    def data_received(self, data: bytes) -> None:
        """Parse what has come."""
        if self._in_head:
            self._head_size += len(data)
            if len(self._head) < _KEPT:
                self._head += data[:_KEPT]
            # A single chunk may have much of a body behind its head: that is seen when the head is parsed.
            if self._head_size > settings.max_head_size and len(data) < self._head_size:
                self._refuse(431)
                return
        super().data_received(data)

    def on_message_begin(self) -> None:
        """A request begins."""
        super().on_message_begin()
        self._in_head = True

    def on_headers_complete(self) -> None:
        """The head is complete; the application is called."""
        self._in_head = False
        self._head = b""
        self._head_size = 0
        size = len(self.url) + sum(len(name) + len(value) for name, value in self.headers)
        if size > settings.max_head_size:
            self._refuse(431)
            return
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """The body is complete; what comes now is the next head."""
        self._in_head = True
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        """Answer what cannot be parsed: 405 where only the verb is unknown, else 400."""
        found = _REQUEST_LINE.match(self._head) if self._in_head else None
        unknown_verb = found is not None and found[1].isupper() and found[1] not in _KNOWN_VERBS
        self._refuse(405 if unknown_verb else 400)

    def _refuse(self, status_code: int) -> None:
        accept = _ACCEPT.search(self._head)
        content_type, body = render_error(
            status_code, REASONS[status_code], accept=accept[1].decode("latin-1") if accept else None
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
        self.transport.close()

    def eof_received(self) -> bool:  # type: ignore[override]
        """The client has closed its side: a request that is being answered gets its answer."""
        cycle = self.cycle
        if cycle is None or cycle.response_complete or self._in_head is False:
            return False
        cycle.keep_alive = False
        # Whoever waits for the client to go is told: it may have, nobody can know before something is
        # written.
        cycle.message_event.set()
        return True
