"""Error answers that no app gives: unknown paths, unknown methods, failures of plain WSGI apps."""

from __future__ import annotations

from collections.abc import Iterable

from ..errors import REASONS, ExcInfo
from ..http.error_pages import render_error
from ..types import Scope, Send


def header_of(scope: Scope, name: bytes) -> str | None:
    """A request header by its lower-case name; None where it is missing."""
    for key, value in scope["headers"]:
        if key == name:
            return str(value, "latin-1")
    return None


async def refuse(
    scope: Scope,
    send: Send,
    status_code: int,
    headers: Iterable[tuple[str, str]] = (),
    *,
    exc_info: ExcInfo | None = None,
    debug: bool = False,
) -> None:
    """Answer with an error, in the shape that Accept asks for; so is a WebSocket's handshake.

    Args:
        status_code: HTTP status.
        headers: further headers.
        exc_info, debug: the exception to show, and whether it may be shown.
    """
    content_type, body = render_error(
        status_code,
        REASONS.get(status_code, ""),
        accept=header_of(scope, b"accept"),
        exc_info=exc_info,
        debug=debug,
    )
    lines = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]
    if content_type:
        lines.append((b"content-type", content_type.encode("latin-1")))
    lines.append((b"content-length", b"%d" % len(body)))
    if scope["type"] == "websocket":
        from .ws_refusal import refuse_handshake

        await refuse_handshake(scope, send, status_code, lines, body)
        return
    await send({"type": "http.response.start", "status": status_code, "headers": lines})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})
