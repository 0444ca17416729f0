"""`skitai.mount("/x", "@alias/api")`: requests below a URL go to the servers of an alias (spec/01 section 6).

Method, path, query and body are passed on as they came, the answer as it comes, both piece by piece. Servers
take turns as for tasks. WebSockets are not passed on: let the proxy in front send those to their server.
"""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import AsyncIterator

from ..http.input import ClientDisconnect, content_length
from ..protocols.refusal import header_of, refuse
from ..serving.runtime import Runtime
from ..serving.streams import until_disconnect
from ..settings import settings
from ..tasks.http import Call, HTTPResult, Sender
from ..tasks.outgoing import outgoing
from ..tasks.streams import ByteStream
from ..tasks.targets import HOP_BY_HOP, climbs, find_target
from ..types import Receive, Scope, Send
from .mounts import Proxy

log = logging.getLogger("atila_compat.server")

PATIENCE = 30.0
"""Seconds that the server may take for a piece of an answer that has begun."""
_HOP_BY_HOP = frozenset(name.encode() for name in HOP_BY_HOP)
_ANSWERED_HERE = _HOP_BY_HOP | {b"server", b"date"}


class TooLarge(Exception):
    """A body without announced length has grown beyond the limit."""


class AliasProxy:
    """The ASGI application of a mounted alias."""

    def __init__(self, proxy: Proxy) -> None:
        self.proxy = proxy

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await refuse(scope, send, 501)
            return
        target = self._path(scope)
        if target is None:
            await refuse(scope, send, 404)
            return
        length = content_length(scope)
        limit = settings.max_upload_size
        if limit is not None and length is not None and length > limit:
            await refuse(scope, send, 413, [("Connection", "close")])
            return
        runtime = Runtime.of_running_loop()
        state = {"too_large": False}
        body = None if length in (-1, 0) else _pieces(receive, limit, state)
        try:
            found = find_target(f"{self.proxy.alias}{self.proxy.path}{target}", None)
            call = Call(
                method=scope["method"],
                target=found,
                headers={},
                content=body,
                auth=None,
                seconds=settings.backend_timeout,
                outgoing=outgoing({}, self.proxy.alias),
                stream=True,
                raw=True,
                extra_headers=_request_headers(scope),
            )
        except (KeyError, TypeError, ValueError) as error:
            log.error(
                "%s is mounted to %s and cannot be asked: %s", self.proxy.alias, self.proxy.point, error
            )
            await refuse(scope, send, 502)
            return
        try:
            await _answer(scope, receive, send, Sender(runtime, call), has_body=body is not None, state=state)
        except ClientDisconnect:
            return

    def _path(self, scope: Scope) -> str | None:
        """Path and query below the mount point, as they came; None for one that climbs out of it."""
        raw: bytes = scope.get("raw_path") or scope["path"].encode()
        root = scope.get("root_path", "").encode()
        if root and raw.startswith(root):
            raw = raw[len(root) :]
        if climbs(raw):
            return None
        query: bytes = scope["query_string"]
        path = raw.decode("latin-1")
        return (path if path.startswith("/") else f"/{path}") + (
            f"?{query.decode('latin-1')}" if query else ""
        )


def _request_headers(scope: Scope) -> list[tuple[str, str]]:
    connection = (header_of(scope, b"connection") or "").encode("latin-1")
    dropped = _HOP_BY_HOP | {name.strip().lower() for name in connection.split(b",")}
    dropped |= {b"expect", b"x-forwarded-for", b"x-forwarded-proto", b"x-forwarded-host", b"host"}
    passed = [
        (name.decode("latin-1"), value.decode("latin-1"))
        for name, value in scope["headers"]
        if name not in dropped
    ]
    names = {name for name, _ in scope["headers"]}
    client = scope.get("client")
    address = client[0] if client else ""
    forwarded = header_of(scope, b"x-forwarded-for")
    passed.append(("X-Forwarded-For", f"{forwarded}, {address}" if forwarded else address))
    # What the client itself says of these counts only where trusted proxies have a word in it: the scheme is
    # theirs already then, and the server asked, which believes this one, may make links of both
    passed.append(("X-Forwarded-Proto", scope["scheme"]))
    host = header_of(scope, b"x-forwarded-host") if settings.trusted_proxies else None
    passed.append(("X-Forwarded-Host", host or header_of(scope, b"host") or ""))
    if b"x-gtxn-id" not in names:
        passed.append(("X-Gtxn-Id", _note(scope, "gtxid", uuid.uuid4().hex[:16])))
    if b"x-ltxn-id" not in names:
        passed.append(("X-Ltxn-Id", _note(scope, "ltxid", uuid.uuid4().hex[:8])))
    return passed


def _note(scope: Scope, name: str, value: str) -> str:
    """Keep an id for the access log."""
    state = scope.get("state")
    if isinstance(state, dict):
        state[name] = value
    return value


async def _pieces(receive: Receive, limit: int | None, state: dict[str, bool]) -> AsyncIterator[bytes]:
    taken = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        piece: bytes = message.get("body", b"")
        taken += len(piece)
        if limit is not None and taken > limit:
            state["too_large"] = True
            raise TooLarge
        if piece:
            yield piece
        if not message.get("more_body", False):
            return


async def _answer(
    scope: Scope, receive: Receive, send: Send, sender: Sender, *, has_body: bool, state: dict[str, bool]
) -> None:
    """Send the request on and the answer back."""
    loop = asyncio.get_running_loop()
    asking = loop.create_task(sender.run())
    # who sends a body is listened to by the one who passes it on
    gone = None if has_body else loop.create_task(until_disconnect(receive))
    stream: ByteStream | None = None
    try:
        waiting: list[asyncio.Task[object]] = [asking, *filter(None, [gone])]
        async with asyncio.timeout(None if has_body else settings.backend_timeout):
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        if not asking.done():
            raise ClientDisconnect
        result = asking.result()
        if not isinstance(result, HTTPResult):
            if state["too_large"]:
                await refuse(scope, send, 413, [("Connection", "close")])
                return
            log.error("%s cannot be asked: %s", sender.cluster.name, result.error)
            await refuse(scope, send, 504 if isinstance(result.error, TimeoutError) else 502)
            return
        assert isinstance(result.content, ByteStream)
        stream = result.content
        stream.patience = max(settings.backend_timeout, PATIENCE)
        headers = [
            (name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in result.raw_headers
        ]
        headers = [header for header in headers if header[0] not in _ANSWERED_HERE]
        await send({"type": "http.response.start", "status": result.status_code, "headers": headers})
        if gone is None:
            gone = loop.create_task(until_disconnect(receive, ended=True))
        async for piece in stream:
            await send({"type": "http.response.body", "body": piece, "more_body": True})
            if gone.done():
                return
        await send({"type": "http.response.body", "body": b""})
    except TimeoutError:
        if stream is not None:  # the head has been sent: the client sees that something is missing
            raise
        await refuse(scope, send, 504)
    finally:
        asking.cancel()
        if gone is not None:
            gone.cancel()
        if stream is not None:
            await stream.aclose()
