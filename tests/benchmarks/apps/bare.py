"""An ASGI callable and nothing else: what the server itself can do."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import jinja2

Message = MutableMapping[str, Any]

TEMPLATE = jinja2.Environment(
    loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"), autoescape=True
).get_template("page.html")
ROWS = [{"name": f"Item {number}", "cents": number * 125} for number in range(1, 21)]


async def respond(body: str, status: int, kind: bytes, send: Callable[[Message], Awaitable[None]]) -> None:
    content = body.encode()
    headers = [(b"content-type", kind), (b"content-length", b"%d" % len(content))]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": content})


async def app(
    scope: MutableMapping[str, Any],
    receive: Callable[[], Awaitable[Message]],
    send: Callable[[Message], Awaitable[None]],
) -> None:
    assert scope["type"] == "http"
    path: str = scope["path"]
    status, kind = 200, b"text/html; charset=utf-8"
    if path == "/":
        body = "Hello, World"
    elif path.startswith("/items/"):
        query = parse_qs(scope["query_string"].decode())
        body = json.dumps({"id": int(path[len("/items/") :]), "q": query.get("q", [""])[0]})
        kind = b"application/json"
    elif path == "/page":
        body = TEMPLATE.render(title="Prices", rows=ROWS)
    elif path == "/orders":
        received, more = b"", True
        while more:
            message = await receive()
            received += message.get("body", b"")
            more = message.get("more_body", False)
        form = parse_qs(received.decode())
        body = f"{form['name'][0]} x {int(form['count'][0])}"
    else:
        body, status = "Not Found", 404
    await respond(body, status, kind, send)
