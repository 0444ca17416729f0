"""WebSockets through the recorder: both sides' messages are handed on and noted in their order."""

from __future__ import annotations

import asyncio
import base64
from typing import TYPE_CHECKING, Any

from ...errors import MissingExtra
from ...types import Receive, Scope, Send
from .case import Answer
from .recorder import headers_of

if TYPE_CHECKING:
    from .recorder import Recorder

_MADE_BY_CLIENT = frozenset({"host", "connection", "upgrade", "origin"})


async def pass_websocket(recorder: Recorder, scope: Scope, receive: Receive, send: Send) -> None:
    """Connect to the old server as the client did, and hand messages on both ways until one side closes."""
    try:
        from websockets.asyncio.client import connect
        from websockets.exceptions import InvalidStatus, WebSocketException
    except ImportError as error:
        raise MissingExtra("recording WebSocket conversations", "migrate") from error

    exchange_id, jar, path, headers = recorder.begin(scope, "websocket")
    asked = headers_of(scope)
    passed = {
        name: value
        for name, value in asked.items()
        if name not in _MADE_BY_CLIENT and not name.startswith("sec-websocket-")
    }
    url = f"ws{recorder.upstream.removeprefix('http')}{path}"
    spec: dict[str, Any] = {"path": path}
    if headers:
        spec["headers"] = headers
    conversation = _Conversation()
    answer: Answer = {"status": 101, "frames": conversation.frames}
    await receive()  # websocket.connect
    try:
        async with connect(
            url,
            origin=asked.get("origin"),  # type: ignore[arg-type] # any text that a client sends
            additional_headers=passed,
            subprotocols=scope.get("subprotocols") or None,
            compression=None,
            proxy=None,
            max_size=None,
        ) as upstream:
            await send({"type": "websocket.accept", "subprotocol": upstream.subprotocol})
            await conversation.run(upstream, receive, send)
    except InvalidStatus as error:
        answer["status"] = error.response.status_code
        await send({"type": "websocket.close", "code": 1008})
    except (OSError, WebSocketException):
        await send({"type": "websocket.close", "code": 1011})
        return
    spec["steps"] = conversation.steps
    recorder.end({"id": exchange_id, "websocket": spec}, jar, answer, asked.get("host", ""))


class _Conversation:
    """What both sides say.

    Attributes:
        steps: as a case has them: what the client sends, how many messages it then receives.
        frames: the messages that it receives.
    """

    def __init__(self) -> None:
        self.steps: list[dict[str, Any]] = []
        self.frames: list[Any] = []

    async def run(self, upstream: Any, receive: Receive, send: Send) -> None:
        """Hand messages on until one side closes."""
        both = {
            asyncio.create_task(self._from_client(upstream, receive)),
            asyncio.create_task(self._from_server(upstream, send)),
        }
        _, others = await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        for task in others:
            task.cancel()
        await asyncio.gather(*both, return_exceptions=True)

    async def _from_client(self, upstream: Any, receive: Receive) -> None:
        while True:
            message = await receive()
            if message["type"] != "websocket.receive":
                await upstream.close()
                return
            text: str | None = message.get("text")
            data: bytes = message.get("bytes") or b""
            if text is not None:
                self.steps.append({"send": text})
            else:
                self.steps.append({"send_b64": base64.b64encode(data).decode()})
            await upstream.send(data if text is None else text)

    async def _from_server(self, upstream: Any, send: Send) -> None:
        async for message in upstream:
            if self.steps and "receive" in self.steps[-1]:
                self.steps[-1]["receive"] += 1
            else:
                self.steps.append({"receive": 1})
            if isinstance(message, str):
                self.frames.append(message)
                await send({"type": "websocket.send", "text": message})
            else:
                self.frames.append({"b64": base64.b64encode(message).decode()})
                await send({"type": "websocket.send", "bytes": message})
        await send({"type": "websocket.close", "code": upstream.close_code or 1000})
