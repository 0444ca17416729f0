"""Flask: `app` for a WSGI server, `asgi` for uvicorn by a2wsgi."""

from __future__ import annotations

import jwt
from a2wsgi import WSGIMiddleware
from flask import Flask, Response, abort, jsonify, render_template, request, session

from ..scenarios import SECRET

app = Flask(__name__)
app.secret_key = SECRET
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


@app.get("/visits")
def visits() -> str:
    count = session.get("count", 0) + 1
    session["count"] = count
    return f"visit {count}"


@app.get("/secret")
def secret() -> str:
    try:
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        claims = jwt.decode(token, SECRET, algorithms=["HS256"])
    except jwt.InvalidTokenError:
        abort(401)
    if claims["lev"] != "staff":
        abort(403)
    return str(claims["username"])


asgi = WSGIMiddleware(app)  # type: ignore[arg-type]
