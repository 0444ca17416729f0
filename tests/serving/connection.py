"""Requests to an app in this process: over httpx, or message by message as an ASGI server sends them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import unquote

import httpx

from atila_compat.structures import CaseInsensitiveDict
from atila_compat.types import ASGIApp, Message, Scope

BASE = "http://testserver"


def client(app: ASGIApp) -> httpx.AsyncClient:
    """A client whose requests go to `app`; what the app raises is raised."""
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=BASE)


def ask(app: ASGIApp, path: str, method: str = "GET", **options: Any) -> httpx.Response:
    """One request on an event loop of its own; `options` are those of httpx."""

    async def play() -> httpx.Response:
        async with client(app) as peer:
            return await peer.request(method, path, **options)

    return asyncio.run(play())


def make_scope(
    target: str = "/",
    method: str = "GET",
    headers: Mapping[str, str] | Iterable[tuple[bytes, bytes]] = (),
    **more: Any,
) -> Scope:
    """The ASGI scope of a request for `target`, a path with its query as they stand in a request line."""
    path, _, query = target.partition("?")
    if isinstance(headers, Mapping):
        headers = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": unquote(path),
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": list(headers),
        "client": ("127.0.0.1", 50000),
        "server": ("127.0.0.1", 8000),
        **more,
    }


class Connection:
    """One request, played by hand.

    Args:
        body: sent as one message; None: nothing is sent until `feed` is called.

    Attributes:
        sent: what the app has sent.
        gate: what the app's `send` waits for; clear it to be a client that does not read.
    """

    def __init__(self, app: ASGIApp, scope: Scope, body: bytes | None = b"") -> None:
        self.app, self.scope = app, scope
        self.sent: list[Message] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self._waiting: asyncio.Queue[Message] = asyncio.Queue()
        self._news = asyncio.Condition()
        if body is not None:
            self.feed(body, more=False)

    def feed(self, body: bytes, more: bool = True) -> None:
        """Send a piece of the body."""
        self._waiting.put_nowait({"type": "http.request", "body": body, "more_body": more})

    def leave(self) -> None:
        """Close the connection."""
        self._waiting.put_nowait({"type": "http.disconnect"})

    async def run(self) -> Connection:
        """Let the app answer."""
        await self.app(self.scope, self._waiting.get, self._send)
        return self

    async def _send(self, message: Message) -> None:
        await self.gate.wait()
        self.sent.append(message)
        async with self._news:
            self._news.notify_all()

    async def seen(self, body: bytes) -> None:
        """Wait until the app has sent `body`, among other things."""
        async with self._news:
            await self._news.wait_for(lambda: body in self.body)

    @property
    def status(self) -> int:
        """The status code, 0 where there is no answer yet."""
        return int(self.sent[0]["status"]) if self.sent else 0

    @property
    def headers(self) -> CaseInsensitiveDict:
        """The headers of the answer; the last one of each name."""
        raw = self.sent[0]["headers"] if self.sent else ()
        return CaseInsensitiveDict({name.decode(): value.decode("latin-1") for name, value in raw})

    @property
    def chunks(self) -> list[bytes]:
        """The pieces of the body that are not empty."""
        return [message["body"] for message in self.sent[1:] if message.get("body")]

    @property
    def body(self) -> bytes:
        """The body as far as it has been sent."""
        return b"".join(self.chunks)

    @property
    def ended(self) -> bool:
        """Whether the answer is complete."""
        return len(self.sent) > 1 and not self.sent[-1].get("more_body", False)


def play(
    app: ASGIApp, target: str = "/", method: str = "GET", body: bytes = b"", **options: Any
) -> Connection:
    """One request message by message, on an event loop of its own; `options` are those of `make_scope`."""

    async def run() -> Connection:
        return await Connection(app, make_scope(target, method, **options), body).run()

    return asyncio.run(run())
