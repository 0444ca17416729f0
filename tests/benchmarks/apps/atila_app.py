"""An Atila launch script, the same for the original and for this project; Python 3.8 runs it too."""

import json
import os
import re
import time
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


@app.route("/sqlite/<int:id>")
def sqlite(was: Any, id: int) -> Any:  # noqa: A002
    return was.API(row=was.db("@sqlite").select("item").filter(id=id).execute().one())


@app.route("/postgres/<int:id>")
def postgres(was: Any, id: int) -> Any:  # noqa: A002
    return was.API(row=was.db("@postgres").select("item").filter(id=id).execute().one())


@app.route("/upstream")
def upstream(was: Any) -> Any:
    return was.API(item=was.get("@upstream/items/42?q=tea").fetch())


def wait(number: int, seconds: float) -> int:
    time.sleep(seconds)
    return number


def total(number: int) -> int:
    return sum(range(number + 1)) - sum(range(number))


@app.route("/tasks")
def tasks(was: Any) -> Any:
    started = [was.Thread(wait, args=(number, 0.05)) for number in (1, 2, 3)]
    return json.dumps([task.fetch() for task in started])


@app.route("/map")
def mapped(was: Any) -> Any:
    return was.Map(**{key: was.Thread(total, args=(number,)) for number, key in enumerate("abcde", 1)})


@app.route("/map-of-pauses")
def mapped_pauses(was: Any) -> Any:
    return was.Map(**{key: was.Thread(wait, args=(number, 0)) for number, key in enumerate("abcde", 1)})


@app.route("/add")
def add(was: Any, a: int, b: int) -> Any:
    return a + b


@app.route("/upload", methods=["POST"])
def upload(was: Any, file: Any) -> Any:
    return was.API(size=file.size)


@app.route("/echo")
@app.websocket(skitai.WS_COROUTINE, 600)
def echo(was: Any) -> Any:
    while True:
        message = yield was.Input()
        if not message:
            break
        yield message


if __name__ == "__main__":
    skitai.set_max_upload_size(4 * 1024**3)
    if os.environ.get("BENCHMARK_SQLITE"):
        skitai.alias("@sqlite", skitai.DB_SQLITE3, os.environ["BENCHMARK_SQLITE"])
    if os.environ.get("BENCHMARK_POSTGRES"):
        skitai.alias("@postgres", skitai.DB_PGSQL, os.environ["BENCHMARK_POSTGRES"].partition("://")[2])
    if os.environ.get("BENCHMARK_UPSTREAM"):
        skitai.alias("@upstream", skitai.PROTO_HTTP, os.environ["BENCHMARK_UPSTREAM"])
    app.securekey = "a key of the benchmarks, 32 bytes"
    skitai.mount("/", app)
    skitai.run()
