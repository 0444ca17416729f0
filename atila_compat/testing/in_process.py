"""`app.test_client`: an app called in this process, without a server (spec/08 section 1.1).

with app.test_client() as client:
    assert client.get("/").text == "Hello"

The app runs on an event loop in a thread of its own, with its life-cycle events; the test waits for answers.
"""

from __future__ import annotations

import os
import weakref
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Any

import anyio
import httpx
from anyio.from_thread import BlockingPortal, start_blocking_portal

from ..errors import AtilaError
from ..types import ASGIApp, Message, Receive, Scope, Send
from .client import TIMEOUT, Client

if TYPE_CHECKING:
    from ..app import Atila

ENDPOINT = "http://127.0.0.1"
CLIENT = ("127.0.0.1", 50000)
"""The peer that the app sees."""


@asynccontextmanager
async def lifespan_of(app: ASGIApp) -> AsyncIterator[None]:
    """An app between the start and the end of its lifespan.

    Raises AtilaError where it cannot be started.
    """
    to_app, from_app = (
        anyio.create_memory_object_stream[Message](2),
        anyio.create_memory_object_stream[Message](2),
    )

    async def run() -> None:
        scope: Scope = {"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}
        async with to_app[1], from_app[0]:
            await app(scope, to_app[1].receive, from_app[0].send)

    async with anyio.create_task_group() as tasks, to_app[0], from_app[1]:
        tasks.start_soon(run)
        await to_app[0].send({"type": "lifespan.startup"})
        answer = await from_app[1].receive()
        if answer["type"] != "lifespan.startup.complete":
            raise AtilaError(f"the app cannot be started: {answer.get('message') or 'see the log'}")
        try:
            yield
        finally:
            with anyio.CancelScope(shield=True):
                await to_app[0].send({"type": "lifespan.shutdown"})
                await from_app[1].receive()


class _Below:
    """An app below a mount point, as a server that has mounted it calls it."""

    def __init__(self, app: ASGIApp, point: str) -> None:
        self.app = app
        self.point = point.rstrip("/")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path: str = scope["path"]
        if path != self.point and not path.startswith(f"{self.point}/"):
            await send({"type": "http.response.start", "status": 404, "headers": []})
            await send({"type": "http.response.body", "body": b""})
            return
        await self.app({**scope, "root_path": self.point}, receive, send)


class Transport(httpx.BaseTransport):
    """Calls an ASGI app on the loop of a portal."""

    def __init__(self, app: ASGIApp, portal: BlockingPortal) -> None:
        self._portal = portal
        self._transport = httpx.ASGITransport(app, client=CLIENT)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.read()
        return self._portal.call(self._handle, request)

    async def _handle(self, request: httpx.Request) -> httpx.Response:
        timeout = request.extensions.get("timeout", {}).get("read")
        try:
            with anyio.fail_after(timeout):
                answer = await self._transport.handle_async_request(request)
        except TimeoutError:
            raise httpx.ReadTimeout(f"no answer within {timeout} s", request=request) from None
        assert isinstance(answer.stream, httpx.AsyncByteStream)
        body = b"".join([piece async for piece in answer.stream])
        return httpx.Response(answer.status_code, headers=answer.headers, stream=httpx.ByteStream(body))


def _session(transport: Transport) -> httpx.Client:
    return httpx.Client(base_url=ENDPOINT, transport=transport, trust_env=False, timeout=TIMEOUT)


class AppClient(Client):
    """A client of an app in this process; `websocket`, `http2`, `grpc` and `driver` need a real server.

    Args:
        app: set up here if that has not been done; its debug setting is its own.
        point: where it is mounted; one that is set up already stays where it is.
        approot: the app's home directory, where templates and static files are; "." leaves it as it is.
    """

    def __init__(self, app: Atila, point: str = "/", approot: str = ".") -> None:
        if not app.started:
            app.apps.add(app.app_name, app)
            app.load(None, None, point, environment="PYTEST")
        if approot != ".":
            app.home = os.path.abspath(approot)
        with ExitStack() as stack:
            portal = stack.enter_context(start_blocking_portal(name="test-client"))
            stack.enter_context(portal.wrap_async_context_manager(lifespan_of(app)))
            transport = Transport(_Below(app, app.basepath), portal)
            stack.callback(transport.close)
            self._stack = stack.pop_all()
        self._transport = transport
        super().__init__(ENDPOINT, session=_session(transport))
        self.app = app
        self._ending = weakref.finalize(self, self._stack.close)
        self._ending.atexit = False  # the portal's thread is a daemon, and the loop may be gone by then

    def new(self) -> Client:
        """A client of the same app without cookies and headers of this one; it ends with this one."""
        return Client(ENDPOINT, session=_session(self._transport))

    def close(self) -> None:
        """End the app; may be called again."""
        super().close()
        self._ending()

    def _unserved(self, *_: Any, **__: Any) -> Any:
        raise AtilaError("this needs a server: use skitai.test_client('serve.py')")

    websocket = grpc = _unserved
    http2 = driver = property(_unserved)
