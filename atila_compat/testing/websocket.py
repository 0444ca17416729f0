"""WebSocket connections for the test client."""

from __future__ import annotations

import importlib
import ssl
from collections.abc import Mapping
from typing import Any
from urllib.parse import SplitResult

import httpx

from ..errors import MissingExtra


def connect(url: SplitResult, headers: Mapping[str, str], cookies: httpx.Cookies, **options: Any) -> Any:
    """A connection of websocket-client to `url`, with these headers and cookies.

    Args:
        options: for `websocket.create_connection`: `timeout` (seconds), `subprotocols`...

    Raises MissingExtra without that package.
    """
    try:
        websocket = importlib.import_module("websocket")
    except ImportError:
        raise MissingExtra("WebSockets in the test client", "testing") from None
    address = url._replace(scheme="wss" if url.scheme in ("https", "wss") else "ws").geturl()
    request = httpx.Request("GET", url._replace(scheme="http").geturl())
    cookies.set_cookie_header(request)
    options.setdefault("timeout", 30)
    if url.scheme in ("https", "wss"):
        options.setdefault("sslopt", {"cert_reqs": ssl.CERT_NONE, "check_hostname": False})
    given = options.pop("header", None) or []
    sent = [*given.items()] if isinstance(given, Mapping) else given
    sent = [f"{name}: {value}" for name, value in [*headers.items(), *sent]]
    return websocket.create_connection(
        address, header=sent, cookie=request.headers.get("cookie"), http_no_proxy=["*"], **options
    )
