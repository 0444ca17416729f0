"""Starlette with what it has besides pages: a form with a file, a WebSocket."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect


async def upload(request: Request) -> Response:
    async with request.form() as form:
        file = form["file"]
        assert isinstance(file, UploadFile)
        return JSONResponse({"size": file.size})


async def echo(websocket: WebSocket) -> None:
    await websocket.accept()
    try:
        while True:
            await websocket.send_text(await websocket.receive_text())
    except WebSocketDisconnect:
        pass


app = Starlette(routes=[Route("/upload", upload, methods=["POST"]), WebSocketRoute("/echo", echo)])
