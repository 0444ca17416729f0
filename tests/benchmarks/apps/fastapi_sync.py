"""FastAPI with `def` routes, each in a worker thread."""

import json
from pathlib import Path
from typing import Annotated

import jwt
from fastapi import Depends, FastAPI, Form, Header, HTTPException, Query, Request
from fastapi.responses import HTMLResponse
from fastapi.templating import Jinja2Templates

from ..scenarios import SECRET

app = FastAPI()
templates = Jinja2Templates(Path(__file__).parent / "templates")
ROWS = [{"name": f"Item {number}", "cents": number * 125} for number in range(1, 21)]


@app.get("/", response_class=HTMLResponse)
def text() -> str:
    return "Hello, World"


@app.get("/items/{id}")
def item(id: int, q: str = "") -> dict[str, int | str]:  # noqa: A002 - the parameter's name
    return {"id": id, "q": q}


@app.get("/page", response_class=HTMLResponse)
def page(request: Request) -> HTMLResponse:
    return templates.TemplateResponse(request, "page.html", {"title": "Prices", "rows": ROWS})


@app.post("/orders", response_class=HTMLResponse)
def order(name: Annotated[str, Form()], count: Annotated[int, Form()]) -> str:
    return f"{name} x {count}"


@app.get("/search")
def search(
    q: Annotated[str, Query(pattern="^[a-z]+$")],
    email: Annotated[str, Query(pattern=r"^[a-z0-9][-.a-z0-9]*@[-.a-z0-9]+\.[a-z]+$")],
    limit: Annotated[int, Query(ge=1, le=50)] = 10,
    offset: int = 0,
) -> HTMLResponse:
    values = {"q": q, "email": email, "limit": limit, "offset": offset}
    return HTMLResponse(json.dumps(values), media_type="application/json")


def claims_of(authorization: Annotated[str, Header()]) -> dict[str, str]:
    try:
        claims: dict[str, str] = jwt.decode(
            authorization.removeprefix("Bearer "), SECRET, algorithms=["HS256"]
        )
    except jwt.InvalidTokenError as error:
        raise HTTPException(401) from error
    if claims["lev"] != "staff":
        raise HTTPException(403)
    return claims


@app.get("/secret", response_class=HTMLResponse)
def secret(claims: Annotated[dict[str, str], Depends(claims_of)]) -> str:
    return claims["username"]
