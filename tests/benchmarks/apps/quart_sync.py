"""Quart with `def` routes, each in a worker thread; bodies and templates are for `async def` alone there."""

from __future__ import annotations

from quart import Quart, Response, jsonify, render_template, request

app = Quart(__name__)
ROWS = [{"name": f"Item {number}", "cents": number * 125} for number in range(1, 21)]


@app.get("/")
def text() -> str:
    return "Hello, World"


@app.get("/items/<int:id>")
def item(id: int) -> Response:  # noqa: A002 - the parameter's name
    return jsonify(id=id, q=request.args.get("q", ""))


@app.get("/page")
async def page() -> str:
    return await render_template("page.html", title="Prices", rows=ROWS)


@app.post("/orders")
async def order() -> str:
    form = await request.form
    return f"{form['name']} x {int(form['count'])}"
