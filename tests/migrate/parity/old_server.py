"""A small server that stands for the old one: random tokens, cookies, times, WebSockets, its own URLs."""

from __future__ import annotations

import itertools
import secrets
from email.utils import formatdate
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket


def old_server(*, greeting: str = "hello") -> Starlette:
    """A new server; each makes tokens and ids of its own."""
    tokens: set[str] = set()
    sessions: dict[str, int] = {}
    counter = itertools.count(1)

    async def hello(request: Request) -> Response:
        return PlainTextResponse(f"{greeting} {request.query_params.get('name', 'world')}")

    async def login(request: Request) -> Response:
        token = secrets.token_hex(16)
        tokens.add(token)
        body: dict[str, Any] = await request.json()
        return JSONResponse({"token": token, "user": body["user"], "at": formatdate(usegmt=True)}, 201)

    async def private(request: Request) -> Response:
        known = request.headers.get("authorization", "").removeprefix("Bearer ") in tokens
        return JSONResponse({"secret": 42}) if known else PlainTextResponse("who are you?", 401)

    async def visit(request: Request) -> Response:
        session = request.cookies.get("sid", "")
        if session not in sessions:
            session = secrets.token_urlsafe(12)
            sessions[session] = 0
        sessions[session] += 1
        response = PlainTextResponse(f"visit {sessions[session]}")
        response.set_cookie("sid", session, path="/")
        return response

    async def number(request: Request) -> Response:
        return JSONResponse({"number": next(counter), "kind": "counted"})

    async def away(request: Request) -> Response:
        return RedirectResponse(str(request.url_for("hello")), 302)

    async def echo(request: Request) -> Response:
        body = await request.body()
        return Response(body, media_type=request.headers.get("content-type"))

    async def stream(request: Request) -> Response:
        return StreamingResponse(iter([b"one ", b"two ", b"\xff"]), media_type="application/octet-stream")

    async def talk(websocket: WebSocket) -> None:
        await websocket.accept()
        await websocket.send_text(f"{greeting} {websocket.query_params.get('name')}")
        while (message := await websocket.receive_text()) != "bye":
            await websocket.send_text(message.upper())
            await websocket.send_bytes(b"\x00")
        await websocket.close()

    return Starlette(
        routes=[
            Route("/hello", hello, name="hello"),
            Route("/login", login, methods=["POST"]),
            Route("/private", private),
            Route("/visit", visit),
            Route("/number", number),
            Route("/away", away),
            Route("/echo", echo, methods=["POST", "PUT"]),
            Route("/stream", stream),
            WebSocketRoute("/talk", talk),
        ]
    )
