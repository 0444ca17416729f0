"""Starlette with `async def` routes."""

from __future__ import annotations

from pathlib import Path

import jwt
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware.sessions import SessionMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route, request_response
from starlette.templating import Jinja2Templates

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


app = Starlette(
    routes=[
        Route("/", text),
        Route("/items/{id:int}", item),
        Route("/page", page),
        Route("/orders", order, methods=["POST"]),
        Route("/secret", secret),
        # Sessions for their own scenario only: the others do not pay for the middleware.
        Route("/visits", SessionMiddleware(request_response(visits), secret_key=SECRET)),
    ]
)
