"""Starlette with `def` routes, each in a worker thread."""

from __future__ import annotations

from pathlib import Path

import anyio.from_thread
from starlette.applications import Starlette
from starlette.datastructures import FormData
from starlette.middleware.sessions import SessionMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route, request_response
from starlette.templating import Jinja2Templates

from ..scenarios import SECRET

templates = Jinja2Templates(Path(__file__).parent / "templates")
ROWS = [{"name": f"Item {number}", "cents": number * 125} for number in range(1, 21)]


def text(request: Request) -> Response:
    return HTMLResponse("Hello, World")


def item(request: Request) -> Response:
    return JSONResponse({"id": request.path_params["id"], "q": request.query_params.get("q", "")})


def page(request: Request) -> Response:
    return templates.TemplateResponse(request, "page.html", {"title": "Prices", "rows": ROWS})


async def read_form(request: Request) -> FormData:
    async with request.form() as form:
        return form


def order(request: Request) -> Response:
    form = anyio.from_thread.run(read_form, request)  # the only way to a body from a `def` route
    return HTMLResponse(f"{form['name']} x {int(str(form['count']))}")


def visits(request: Request) -> Response:
    count = request.session.get("count", 0) + 1
    request.session["count"] = count
    return HTMLResponse(f"visit {count}")


app = Starlette(
    routes=[
        Route("/", text),
        Route("/items/{id:int}", item),
        Route("/page", page),
        Route("/orders", order, methods=["POST"]),
        # Sessions for their own scenario only: the others do not pay for the middleware.
        Route("/visits", SessionMiddleware(request_response(visits), secret_key=SECRET)),
    ]
)
