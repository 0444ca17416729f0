"""A handshake that is refused is answered like a page (ASGI extension `websocket.http.response`)."""

from __future__ import annotations

from ..serving.outcome import RawHeaders
from ..types import Scope, Send

POLICY_VIOLATION = 1008


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
