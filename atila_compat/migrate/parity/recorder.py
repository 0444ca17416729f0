"""A reverse proxy in front of the old server: it passes everything through and notes what passes.

Clients talk to it as they would to the old server. What it has noted becomes a case when it ends.
"""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import AsyncIterator, Callable
from typing import Any
from urllib.parse import urlsplit

import httpx

from ...errors import AtilaError
from ...types import Receive, Scope, Send
from .case import Answer
from .linking import Jars, link
from .masks import blank_tokens, origins, usual_for, whole_or_part
from .player import as_text

HOP_BY_HOP = frozenset(
    {
        *("connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection", "te"),
        *("trailer", "transfer-encoding", "upgrade"),
    }
)
NOT_PASSED = HOP_BY_HOP | {"accept-encoding", "content-length"}
"""Headers of requests that the proxy makes itself; without Accept-Encoding answers come as they are."""
NOT_RECORDED = NOT_PASSED | {"host", "dnt", "priority", "upgrade-insecure-requests", "user-agent"}
_NOT_RECORDED_PREFIXES = ("sec-", "x-forwarded-")
MOST_BYTES = 5 * 1024 * 1024
"""A body that is longer is passed through and not recorded."""
SECONDS = 300.0


class Recorder:
    """The proxy, an ASGI application.

    Args:
        upstream: where the old server answers, `http://127.0.0.1:5000`.
        masks: patterns that are blanked in every answer.
        usual: blank times and random ids, too.
        seen: called with the number of recorded exchanges and the last one's id.

    Attributes:
        exchanges, answers: what has been recorded.

    Raises AtilaError for an upstream that is no URL of a server.
    """

    def __init__(
        self,
        upstream: str,
        masks: list[str] | None = None,
        *,
        usual: bool = True,
        seen: Callable[[int, str], None] = lambda count, last: None,
    ) -> None:
        parts = urlsplit(upstream)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise AtilaError(f"{upstream!r} is no address of a server: write it as http://HOST:PORT")
        self.upstream = upstream.rstrip("/")
        self.masks, self.usual, self.seen = masks or [], usual, seen
        self.exchanges: list[dict[str, Any]] = []
        self.answers: dict[str, Answer] = {}
        self._jars = Jars()
        self._count = 0
        self._transport: httpx.AsyncHTTPTransport | None = None

    # -- what is recorded ---------------------------------------------------------------------------------

    def finish(self) -> tuple[list[dict[str, Any]], dict[str, Answer]]:
        """The exchanges in the order in which they were asked, and their answers, ready to be played."""
        exchanges = sorted(self.exchanges, key=lambda exchange: str(exchange["id"]))
        if self.usual:
            blank_tokens(exchanges, self.answers)
        link(exchanges, self.answers)
        return exchanges, self.answers

    def _name(self, method: str, path: str) -> str:
        self._count += 1
        words = re.sub(r"[^a-z0-9]+", "-", urlsplit(path).path.lower()).strip("-") or "root"
        return f"{self._count:05}-{method.lower()}-{words[:40]}"

    def _note(self, exchange: dict[str, Any], answer: Answer, host: str) -> None:
        masks = list(self.masks)
        if self.usual:
            masks += usual_for(answer)
        masks += origins(answer, host)
        if masks:
            exchange["mask"] = masks
        whole_or_part(exchange, answer)
        self.exchanges.append(exchange)
        self.answers[exchange["id"]] = answer
        self.seen(len(self.exchanges), exchange["id"])

    # -- HTTP ---------------------------------------------------------------------------------------------

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await self._pass_http(scope, receive, send)
        elif scope["type"] == "websocket":
            from .conversations import pass_websocket

            await pass_websocket(self, scope, receive, send)
        else:
            await receive()  # lifespan.startup
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await self.aclose()
            await send({"type": "lifespan.shutdown.complete"})

    def transport(self) -> httpx.AsyncHTTPTransport:
        """The connection pool to the old server; it has no cookies and no headers of its own."""
        if self._transport is None:
            self._transport = httpx.AsyncHTTPTransport(trust_env=False)
        return self._transport

    async def aclose(self) -> None:
        """Close the connections."""
        if self._transport is not None:
            await self._transport.aclose()

    def begin(self, scope: Scope, method: str) -> tuple[str, str | None, str, dict[str, str]]:
        """The id of a new exchange, its jar, its path, and the headers of its request that are recorded."""
        path = target(scope)
        jar, headers = self._jars.of_request(recorded_headers(scope))
        return self._name(method, path), jar, path, headers

    def end(self, exchange: dict[str, Any], jar: str | None, answer: Answer, host: str) -> None:
        """Note an exchange that has ended."""
        jar = self._jars.of_answer(jar, answer)
        if jar is not None:
            exchange["jar"] = jar
        self._note(exchange, answer, host)

    async def _pass_http(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = b"".join([chunk async for chunk in _body(receive)])
        method = scope["method"]
        exchange_id, jar, path, headers = self.begin(scope, method)
        request: dict[str, Any] = {"path": path}
        if method != "GET":
            request["method"] = method
        if headers:
            request["headers"] = headers
        if body:
            request |= as_text(body)
        began = time.monotonic()
        passed = [(key, value) for key, value in scope["headers"] if key.decode("latin-1") not in NOT_PASSED]
        waits = dict.fromkeys(("connect", "read", "write", "pool"), SECONDS)
        outgoing = httpx.Request(
            method, self.upstream + path, headers=passed, content=body or None, extensions={"timeout": waits}
        )
        try:
            response = await self.transport().handle_async_request(outgoing)
        except httpx.HTTPError as error:
            await _refuse(send, f"the old server does not answer: {error!r}")
            return
        try:
            content = await _pass_answer(response, send)
        finally:
            await response.aclose()
        if content is None or len(body) > MOST_BYTES:
            return
        answer: Answer = {
            "status": response.status_code,
            "reason": response.reason_phrase,
            "headers": [
                [key.decode("latin-1"), value.decode("latin-1")] for key, value in response.headers.raw
            ],
            **as_text(content),
            "elapsed": round(time.monotonic() - began, 3),
        }
        self.end({"id": exchange_id, "request": request}, jar, answer, headers_of(scope).get("host", ""))


def target(scope: Scope) -> str:
    """Path and query as the client wrote them."""
    path: str = (scope.get("raw_path") or scope["path"].encode()).decode("latin-1")
    query: str = scope.get("query_string", b"").decode("latin-1")
    return f"{path}?{query}" if query else path


def headers_of(scope: Scope) -> dict[str, str]:
    """The headers of a request by lower-case name."""
    return {key.decode("latin-1").lower(): value.decode("latin-1") for key, value in scope["headers"]}


def recorded_headers(scope: Scope) -> dict[str, str]:
    """The headers that belong to what was asked, and not to how."""
    return {
        "-".join(part.capitalize() for part in name.split("-")): value
        for name, value in headers_of(scope).items()
        if name not in NOT_RECORDED and not name.startswith(_NOT_RECORDED_PREFIXES)
    }


async def _body(receive: Receive) -> AsyncIterator[bytes]:
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        yield message.get("body", b"")
        if not message.get("more_body"):
            return


async def _pass_answer(response: httpx.Response, send: Send) -> bytes | None:
    """Hand an answer on as it comes; gives its body, None where it is too long to be recorded."""
    headers = [
        (key, value) for key, value in response.headers.raw if key.decode("latin-1").lower() not in HOP_BY_HOP
    ]
    await send({"type": "http.response.start", "status": response.status_code, "headers": headers})
    pieces: list[bytes] = []
    length = 0
    with contextlib.suppress(httpx.HTTPError):  # the old server broke off; so does the proxy
        async for piece in response.aiter_raw():
            length += len(piece)
            if length <= MOST_BYTES:
                pieces.append(piece)
            await send({"type": "http.response.body", "body": piece, "more_body": True})
    await send({"type": "http.response.body", "body": b""})
    return b"".join(pieces) if length <= MOST_BYTES else None


async def _refuse(send: Send, text: str) -> None:
    headers = [(b"content-type", b"text/plain; charset=utf-8")]
    await send({"type": "http.response.start", "status": 502, "headers": headers})
    await send({"type": "http.response.body", "body": text.encode()})
