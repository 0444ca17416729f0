"""Flask: `app` for a WSGI server, `asgi` for uvicorn by a2wsgi."""

from __future__ import annotations

from a2wsgi import WSGIMiddleware
from flask import Flask, Response, jsonify, render_template, request

app = Flask(__name__)
ROWS = [{"name": f"Item {number}", "cents": number * 125} for number in range(1, 21)]


@app.get("/")
def text() -> str:
    return "Hello, World"


@app.get("/items/<int:id>")
def item(id: int) -> Response:  # noqa: A002 - the parameter's name
    return jsonify(id=id, q=request.args.get("q", ""))


@app.get("/page")
def page() -> str:
    return render_template("page.html", title="Prices", rows=ROWS)


@app.post("/orders")
def order() -> str:
    return f"{request.form['name']} x {int(request.form['count'])}"


asgi = WSGIMiddleware(app)  # type: ignore[arg-type]
