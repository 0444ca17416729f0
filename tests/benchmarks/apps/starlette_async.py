"""Starlette with `async def` routes."""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import aiosqlite
import asyncpg
import httpx
import jwt
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware.sessions import SessionMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route, request_response
from starlette.templating import Jinja2Templates

from ..names import POSTGRES, SQLITE, UPSTREAM
from ..scenarios import SECRET

templates = Jinja2Templates(Path(__file__).parent / "templates")
ROWS = [{"name": f"Item {number}", "cents": number * 125} for number in range(1, 21)]


async def text(request: Request) -> Response:
    return HTMLResponse("Hello, World")


async def item(request: Request) -> Response:
    return JSONResponse({"id": request.path_params["id"], "q": request.query_params.get("q", "")})


async def page(request: Request) -> Response:
    return templates.TemplateResponse(request, "page.html", {"title": "Prices", "rows": ROWS})


async def order(request: Request) -> Response:
    async with request.form() as form:
        return HTMLResponse(f"{form['name']} x {int(str(form['count']))}")


async def visits(request: Request) -> Response:
    count = request.session.get("count", 0) + 1
    request.session["count"] = count
    return HTMLResponse(f"visit {count}")


async def secret(request: Request) -> Response:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    try:
        claims = jwt.decode(token, SECRET, algorithms=["HS256"])
    except jwt.InvalidTokenError as error:
        raise HTTPException(401) from error
    if scheme != "Bearer" or claims["lev"] != "staff":
        raise HTTPException(403)
    return HTMLResponse(claims["username"])


clients: dict[str, Any] = {}


@asynccontextmanager
async def lifespan(app: Starlette) -> AsyncIterator[None]:
    async with AsyncExitStack() as stack:
        if path := os.environ.get(SQLITE):
            clients[SQLITE] = await stack.enter_async_context(aiosqlite.connect(path))
        if url := os.environ.get(POSTGRES):
            clients[POSTGRES] = await stack.enter_async_context(asyncpg.create_pool(url))
        if os.environ.get(UPSTREAM):
            clients[UPSTREAM] = await stack.enter_async_context(httpx.AsyncClient(trust_env=False))
        yield


async def sqlite(request: Request) -> Response:
    select = "SELECT * FROM item WHERE id = ?"
    async with clients[SQLITE].execute(select, (request.path_params["id"],)) as cursor:
        (row,) = await cursor.fetchall()
        names = [column[0] for column in cursor.description]
    return JSONResponse({"row": dict(zip(names, row, strict=True))})


async def postgres(request: Request) -> Response:
    (row,) = await clients[POSTGRES].fetch("SELECT * FROM item WHERE id = $1", request.path_params["id"])
    return JSONResponse({"row": dict(row)})


async def upstream(request: Request) -> Response:
    answer = await clients[UPSTREAM].get(f"http://{os.environ[UPSTREAM]}/items/42?q=tea")
    return JSONResponse({"item": answer.json()})


def wait(number: int, seconds: float) -> int:
    time.sleep(seconds)
    return number


async def tasks(request: Request) -> Response:
    found = await asyncio.gather(*(asyncio.to_thread(wait, number, 0.05) for number in (1, 2, 3)))
    return HTMLResponse(json.dumps(found))


app = Starlette(
    lifespan=lifespan,
    routes=[
        Route("/sqlite/{id:int}", sqlite),
        Route("/postgres/{id:int}", postgres),
        Route("/upstream", upstream),
        Route("/tasks", tasks),
        Route("/", text),
        Route("/items/{id:int}", item),
        Route("/page", page),
        Route("/orders", order, methods=["POST"]),
        Route("/secret", secret),
        # Sessions for their own scenario only: the others do not pay for the middleware.
        Route("/visits", SessionMiddleware(request_response(visits), secret_key=SECRET)),
    ],
)
