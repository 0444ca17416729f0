"""FastAPI with `def` routes, each in a worker thread."""

from pathlib import Path
from typing import Annotated

from fastapi import FastAPI, Form, Request
from fastapi.responses import HTMLResponse
from fastapi.templating import Jinja2Templates

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
