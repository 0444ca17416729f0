"""What an answered request leaves behind: nothing that only the garbage collector would find."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ..launch import Launched, Serve

SOURCE = """
    import gc
    import sys
    import skitai
    from atila import Atila

    app = Atila(__name__)
    app.securekey = "securekey"

    @app.route("/garbage")
    def garbage(was):
        gc.disable()
        return was.API(garbage=gc.collect())

    @app.route("/text")
    def text(was):
        return "text"

    @app.route("/json")
    def json(was):
        return was.API(a=1)

    @app.route("/session")
    def session(was):
        was.session.set("visits", was.session.get("visits", 0) + 1)
        return "counted"

    @app.route("/checked")
    @app.inspect(ints=["a"])
    def checked(was, a):
        return str(a)

    @app.route("/missing")
    def missing(was):
        raise was.Error("404 Not Found")

    @app.route("/failing")
    def failing(was):
        raise ValueError("told to")

    @app.route("/sql")
    def sql(was):
        return was.API(row=was.db("@sqlite").select("item").filter(id=1).execute().one())

    @app.route("/upstream")
    def upstream(was):
        return was.API(answer=was.get("@here/json").fetch())

    @app.route("/thread")
    def thread(was):
        return was.API(answer=was.Thread(abs, args=(-1,)).fetch())

    @app.route("/map")
    def map(was):
        return was.Map(a=was.Thread(abs, args=(-1,)), b=was.Thread(abs, args=(-2,)))

    @app.route("/then")
    def then(was):
        return was.Thread(abs, args=(-1,)).then(lambda was, task: str(task.fetch()))

    @app.route("/coroutine", coroutine=True)
    def coroutine(was):
        task = yield was.Thread(abs, args=(-1,))
        return str(task.fetch())

    @app.route("/native")
    async def native(was):
        return str(await was.Thread(abs, args=(-1,)))

    if __name__ == "__main__":
        import sqlite3

        with sqlite3.connect("items.db") as db:
            db.execute("CREATE TABLE item (id INTEGER PRIMARY KEY, name TEXT)")
            db.execute("INSERT INTO item VALUES (1, 'tea')")
        skitai.alias("@sqlite", skitai.DB_SQLITE3, "items.db")
        port = next(option[7:] for option in sys.argv if option.startswith("--port="))
        skitai.alias("@here", skitai.PROTO_HTTP, "127.0.0.1:" + port)
        skitai.mount("/", app)
        skitai.run(port=5000)
"""

ANSWERS = {
    "text": 200,
    "json": 200,
    "session": 200,
    "checked?a=1": 200,
    "checked?a=x": 400,
    "missing": 404,
    "nowhere": 404,
    "failing": 502,
    "sql": 200,
    "upstream": 200,
    "thread": 200,
    "map": 200,
    "then": 200,
    "coroutine": 200,
    "native": 200,
}


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Launched]:
    """The app above."""
    factory = Serve(tmp_path_factory.mktemp("served"))
    yield factory(SOURCE)
    factory.close()


@pytest.mark.parametrize("path", ANSWERS)
def test_requests_leave_no_garbage(app: Launched, path: str) -> None:
    """Nothing of a request is held by circles of references, which would stop all threads to be found."""
    count = 50
    for _ in range(5):  # what is made once
        assert app.client.get(f"/{path}").status_code == ANSWERS[path]
    app.client.get("/garbage")
    for _ in range(count):
        app.client.get(f"/{path}")
    assert app.client.get("/garbage").json()["garbage"] < count
