"""An Atila launch script, the same for the original and for this project; Python 3.8 runs it too."""

import re
from typing import Any

import skitai
from atila import Atila

app = Atila(__name__)
ROWS = [{"name": f"Item {number}", "cents": number * 125} for number in range(1, 21)]


@app.route("/")
def text(was: Any) -> Any:
    return "Hello, World"


@app.route("/items/<int:id>")
def item(was: Any, id: int, q: str = "") -> Any:  # noqa: A002 - the parameter's name
    return was.API(id=id, q=q)


@app.route("/page")
def page(was: Any) -> Any:
    return was.render("page.html", title="Prices", rows=ROWS)


@app.route("/orders", methods=["POST"])
def order(was: Any, name: str, count: str) -> Any:
    return f"{name} x {int(count)}"


@app.route("/visits")
def visits(was: Any) -> Any:
    count = was.session.get("count", 0) + 1
    was.session.set("count", count)
    return f"visit {count}"


@app.route("/search")
@app.inspect(ints=["limit", "offset"], limit__between=(1, 50), emails=["email"], q=re.compile("^[a-z]+$"))
def search(was: Any, q: str, email: str, limit: int = 10, offset: int = 0) -> Any:
    return was.API(q=q, email=email, limit=limit, offset=offset)


@app.permission_handler
def permission_handler(was: Any, perms: Any) -> Any:
    claims = was.request.JWT
    if "err" in claims:
        raise was.Error("401 Unauthorized", claims["err"])
    if "staff" in perms and claims["lev"] != "staff":
        raise was.Error("403 Permission Denied")


@app.route("/secret")
@app.permission_required(["staff"])
def secret(was: Any) -> Any:
    return was.request.JWT["username"]


if __name__ == "__main__":
    app.securekey = "a key of the benchmarks, 32 bytes"
    skitai.mount("/", app)
    skitai.run()
