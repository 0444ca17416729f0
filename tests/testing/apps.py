"""The app that the tests of the test client talk to, in process and as a launch script."""

from __future__ import annotations

from pathlib import Path

from atila_compat import Atila

SOURCE = '''
from atila_compat import Atila, skitai

app = Atila (__name__)
app.securekey = "a key for tests"
app.users = {"hans": "secret"}

@app.route ("/")
def index (was):
    return "Hello"

@app.route ("/echo", methods = ["GET", "POST", "PUT", "PATCH", "DELETE"])
def echo (was, **DATA):
    "Says what it was sent."
    request = was.request
    return was.API (
        method = request.method,
        type = request.get_content_type (),
        accept = request.get_header ("accept"),
        authorization = request.get_header ("authorization"),
        extra = request.get_header ("x-extra"),
        url = dict (request.URL),
        data = {name: value for name, value in DATA.items () if name not in request.URL},
        body = "multipart" if request.multipart is not None else (request.body or b"").decode (),
    )

@app.route ("/files", methods = ["POST"])
def files (was, note = "", **DATA):
    found = {}
    for name, value in DATA.items ():
        values = value if isinstance (value, list) else [value]
        found [name] = [[one.name, one.read ().decode ()] for one in values]
    return was.API (note = note, files = found)

@app.route ("/items/<int:id>", methods = ["GET", "PUT", "DELETE"])
@app.inspect ("GET", ints = ["page"])
@app.inspect ("PUT", strings = ["name"])
def items (was, id, page = 1, **DATA):
    """One item.

    Known by its number.
    """
    if was.request.method == "DELETE":
        return was.API ("204 No Content")
    return was.API (id = id, page = page, nested = dict (deep = [dict (x = 1)]), sent = DATA)

@app.route ("/list")
def list_ (was):
    was.response.set_header ("Content-Type", "application/json")
    return "[1, 2]"

@app.route ("/visits")
def visits (was):
    was.session ["n"] = was.session.get ("n", 0) + 1
    return was.API (n = was.session ["n"], flavor = was.cookie.get ("flavor"))

@app.route ("/moved")
def moved (was):
    return was.redirect (was.urlfor (items, 7))

@app.route ("/wrong")
def wrong (was):
    raise was.Error ("409 Conflict", "twice", 40909)

@app.route ("/slash/")
def slash (was, **q):
    return was.API (q = q)

@app.route ("/secret", authenticate = "basic")
def secret (was):
    return was.API (user = was.request.user.name)

if __name__ == "__main__":
    skitai.mount ("/", app)
    skitai.run (port = 5000)
'''


def make_app(source: str = SOURCE) -> Atila:
    """The app of a launch script as an object; a new one at each call."""
    names: dict[str, object] = {"__name__": "shop", "__file__": str(Path(__file__))}
    exec(compile(source, "shop.py", "exec"), names)
    app = names["app"]
    assert isinstance(app, Atila)
    return app
