"""A handshake that is refused is answered like a page (ASGI extension `websocket.http.response`)."""

from __future__ import annotations

import asyncio
import contextlib

from ..serving.outcome import RawHeaders
from ..types import Receive, Scope, Send

POLICY_VIOLATION = 1008
REFUSED_SECONDS = 1.0


async def refuse_handshake(
    scope: Scope, send: Send, status_code: int, headers: RawHeaders, body: bytes
) -> None:
    """Answer a handshake with an HTTP error; a server that cannot send one answers 403.

    Args:
        status_code: a success becomes 403, for nobody gets in.
    """
    if "websocket.http.response" not in (scope.get("extensions") or {}):
        await send({"type": "websocket.close", "code": POLICY_VIOLATION, "reason": ""})
        return
    if status_code < 300:
        status_code = 403
    await send({"type": "websocket.http.response.start", "status": status_code, "headers": headers})
    await send({"type": "websocket.http.response.body", "body": body})


async def until_hung_up(receive: Receive) -> None:
    """Let the server close a connection that was refused: uvicorn reports an error where the app is faster.

    It tells of the end twice, behind the answer and when the connection is closed.
    """
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(REFUSED_SECONDS):
            for _ in range(2):
                while (await receive())["type"] != "websocket.disconnect":
                    pass
