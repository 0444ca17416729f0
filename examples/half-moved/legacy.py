"""The old app: a shop, of which one handler has become `async def` by now."""

import asyncio

from atila_compat import Atila

PRICES = {"apple": 30, "bread": 250, "cake": 900}

app = Atila(__name__)
app.securekey = "set a secret of your own here"


@app.route("/")
def index(was):
    return was.API(goods=sorted(PRICES), visits=was.session.get("visits", 0))


@app.route("/price/<name>")
def price(was, name):
    if name not in PRICES:
        raise was.Error("404 Not Found", f"we do not sell {name}")
    was.session["visits"] = was.session.get("visits", 0) + 1
    return was.API(name=name, cents=PRICES[name])


@app.route("/stock/<name>")
def stock(was, name):
    return was.API(name=name, pieces=0, by="the old app")


def weigh(name):
    return len(name) * 100


@app.route("/parcel/<name>")
async def parcel(was, name):
    """Moved: it awaits tasks, and whatever asyncio has, and takes no thread."""
    grams, _ = await asyncio.gather(was.Thread(weigh, name), asyncio.sleep(0.01))
    return was.API(name=name, grams=grams)
