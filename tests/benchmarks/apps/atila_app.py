"""An Atila launch script, the same for the original and for this project; Python 3.8 runs it too."""

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


if __name__ == "__main__":
    skitai.mount("/", app)
    skitai.run()
