"""`skitai.enable_forward`: who comes over plain HTTP is sent to HTTPS (spec/01 section 9)."""

from __future__ import annotations

import re

from ..protocols.refusal import header_of, refuse
from ..types import ASGIApp, Receive, Scope, Send

_HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::\d+)?")


def forward_to(port: int, domain: str | None) -> ASGIApp:
    """The application that answers every request with a redirection.

    Args:
        port: where HTTPS is spoken.
        domain: the host to go to; None for the one that was asked for.
    """

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        found = _HOST.fullmatch(header_of(scope, b"host") or "")
        host = domain or (found[1] if found else None)
        if scope["type"] != "http" or host is None:
            await refuse(scope, send, 400)
            return
        raw: bytes = scope.get("raw_path") or b"/"
        query: bytes = scope["query_string"]
        path = (raw + b"?" + query if query else raw).decode("latin-1")
        place = host if port == 443 else f"{host}:{port}"
        await refuse(scope, send, 301, [("Location", f"https://{place}{path}")])

    return app
