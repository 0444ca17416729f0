"""The step `coroutines`."""

from __future__ import annotations

import pytest

from .examples import Examples

COROUTINES = Examples("coroutines")

HEAD = """\
import json
import time
from atila import Atila
app = Atila (__name__)

"""


def transformed(before: str, after: str) -> None:
    assert COROUTINES.transformed(HEAD + before, HEAD + after) == []


def stays(source: str, reason: str) -> None:
    """The handler stays a generator, for this reason."""
    (said,) = COROUTINES.unchanged(HEAD + source)
    assert reason in said


def test_yielded_task_is_waited_for() -> None:
    """`x = yield task` waits for the task and keeps it: `x.fetch ()` and its relatives go on working."""
    before = """\
@app.route ("/", methods = ["GET"], coroutine = True)
def index (was, n = 1):
    # the rows
    task = yield was.db ("@x").select ("rows").execute ()   # from the database

    task2 = yield was.Thread (len, [1])
    return was.API (rows = task.fetch (), n = task2.one (), code = task.dispatch ().status_code)
"""
    after = """\
@app.route ("/", methods = ["GET"])
async def index (was, n = 1):
    # the rows
    task = was.db ("@x").select ("rows").execute ()   # from the database
    await task.wait ()

    task2 = was.Thread (len, [1])
    await task2.wait ()
    return was.API (rows = task.fetch (), n = task2.one (), code = task.dispatch ().status_code)
"""
    transformed(before, after)


def test_task_that_is_fetched_at_once_is_awaited() -> None:
    """`(yield task).fetch ()` is `await task`, in brackets where they are needed."""
    before = """\
@app.route ("/", coroutine = True)
def index (was):
    rows = (yield was.get ("@x/rows")).fetch ()
    first = (yield was.get ("@x/first")).fetch () ["id"]
    rows += (yield was.get ("@x/more")).fetch ()
    print ((yield was.get ("@x/more")).fetch (), rows)
    return (yield was.get ("@x/" + first)).fetch ()
"""
    after = """\
@app.route ("/")
async def index (was):
    rows = await was.get ("@x/rows")
    first = (await was.get ("@x/first")) ["id"]
    rows += await was.get ("@x/more")
    print (await was.get ("@x/more"), rows)
    return await was.get ("@x/" + first)
"""
    transformed(before, after)


def test_stubs_groups_and_bare_yields() -> None:
    """Tasks made by stubs and bound before are waited for, also where nobody looks at the outcome."""
    before = """\
@app.route ("/", coroutine=True)
def index(was):
    with was.stub("@api") as stub, was.db("@x") as db:
        tasks = yield was.Tasks(a=stub.get("/a"), b=stub.get("/b"))
        yield db.insert("log").set(a=1).execute()
        task = stub.get("/c")
        task = yield task
    for one in tasks:
        print(one.fetch())
    return was.API(task.fetch(), **tasks.fetch())
"""
    after = """\
@app.route ("/")
async def index(was):
    with was.stub("@api") as stub, was.db("@x") as db:
        tasks = was.Tasks(a=stub.get("/a"), b=stub.get("/b"))
        await tasks.wait()
        await db.insert("log").set(a=1).execute().wait()
        task = stub.get("/c")
        await task.wait()
    for one in tasks:
        print(one.fetch())
    return was.API(task.fetch(), **tasks.fetch())
"""
    transformed(before, after)


def test_decorator_means_the_option() -> None:
    """`@app.coroutine` goes, what stands above and below it stays."""
    before = """\
@app.route ("/a")
# as said
@app.coroutine
@app.inspect (ints = ["n"])
def index (was, n):
    task = yield was.Mask (n)
    return str (task.fetch ())
"""
    after = """\
@app.route ("/a")
# as said
@app.inspect (ints = ["n"])
async def index (was, n):
    task = was.Mask (n)
    await task.wait ()
    return str (task.fetch ())
"""
    transformed(before, after)


def test_option_goes_wherever_it_stands() -> None:
    """The option is removed from the middle and from the end of the arguments, on several lines too."""
    body = """\
def index (was):
    task = yield was.Mask (1)
    raise was.Error ("404 Not Found", task.fetch ())
"""
    done = """\
async def index (was):
    task = was.Mask (1)
    await task.wait ()
    raise was.Error ("404 Not Found", task.fetch ())
"""
    for before, after in (
        ('@app.route ("/", coroutine = True, methods = ["GET"])\n', '@app.route ("/", methods = ["GET"])\n'),
        ('@app.route (\n    "/",\n    coroutine = True,\n)\n', '@app.route (\n    "/",\n)\n'),
        ('@app.route (coroutine = True, rule = "/")\n', '@app.route (rule = "/")\n'),
        (
            '@app.route ("/b")\n@app.route ("/a", coroutine = 1)\n',
            '@app.route ("/b")\n@app.route ("/a")\n',
        ),
    ):
        transformed(before + body, after + done)


def test_handlers_of_mounted_modules() -> None:
    """Handlers inside `__mount__` are found, whatever `was` is called there."""
    before = """\
def __mount__ (app, mntopt):
    @app.route ("/", coroutine = True)
    def index (w):
        task = yield w.Thread (time.sleep, 1)
        while 1:
            if task.fetch () is None:
                return "slept"
"""
    after = """\
def __mount__ (app, mntopt):
    @app.route ("/")
    async def index (w):
        task = w.Thread (time.sleep, 1)
        await task.wait ()
        while 1:
            if task.fetch () is None:
                return "slept"
"""
    transformed(before, after)


def test_calls_that_are_known_not_to_wait() -> None:
    """Builtins, methods of local values, harmless modules and functions of the file are no reason to stay."""
    before = """\
def pretty (rows):
    return json.dumps ([dict (row) for row in rows])

@app.route ("/", coroutine = True)
def index (was, q):
    began = time.time ()
    task = yield was.Mask (q.strip ())
    found = []
    for word in sorted (task.fetch ()):
        found.append ("{}".format (word))
    was.log ("took %f" % (time.time () - began))
    return pretty (found)
"""
    transformed(
        before,
        before.replace(", coroutine = True", "")
        .replace("def index", "async def index")
        .replace(
            "task = yield was.Mask (q.strip ())", "task = was.Mask (q.strip ())\n    await task.wait ()"
        ),
    )


ROUTE = '@app.route ("/", coroutine = True)\n'


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ('def f (was):\n    yield "a"\n    return "b"\n', "streams text"),
        ('def f (was):\n    yield "%d" % 1\n    return "b"\n', "streams text"),
        ('def f (was):\n    yield ",".join ([])\n    return "b"\n', "streams text"),
        (
            "def f (was):\n    t = yield was.Mask (1)\n    yield t.fetch ()\n    return ''\n",
            "nobody can tell",
        ),
        ("def f (was):\n    x = yield was.Input (4)\n    return x\n", "reads input"),
        ("def f (was):\n    x = yield\n    return x\n", "without a value"),
        ("def f (was):\n    x = yield from g ()\n    return x\n", "another generator"),
        ("def f (was):\n    return (yield was.Mask (1)).one ()\n", "nobody can tell"),
        ("def f (was):\n    a, b = yield was.Mask (1)\n    return a\n", "nobody can tell"),
        ("def f (was):\n    t = yield was.Mask (1)\n", "without an answer"),
        ("def f (was, a):\n    t = yield was.Mask (1)\n    if a: return t.fetch ()\n", "without an answer"),
        ("def f (was, a):\n    t = yield was.Mask (1)\n    if a: return\n    return ''\n", "returns nothing"),
        ("def f (was):\n    t = yield was.Mask (1)\n    while 1:\n        break\n", "without an answer"),
        ("def f (was):\n    return 'no yield'\n", "has no yield"),
        ("def f (was):\n    time.sleep (1)\n    t = yield was.Mask (1)\n    return ''\n", "calls time.sleep"),
        ("def f (was):\n    t = yield was.Mask (1)\n    open ('x')\n    return ''\n", "calls open"),
        ("def f (was):\n    t = yield was.Mask (1)\n    work ()\n    return ''\n", "calls work"),
        ("def f (was):\n    t = yield was.Mask (1)\n    User.get (1)\n    return ''\n", "calls User.get"),
        ("def f (was):\n    t = was.Mask (1)\n    u = yield t\n    return t.fetch ()\n", "waits for t.fetch"),
        ("def f (was):\n    t = yield was.Mask (1)\n    return was.Mask (2).fetch ()\n", "waits for"),
        ("def f (was):\n    t = yield was.Mask (1)\n    return was.pipe ('x')\n", "calls was.pipe"),
        ("def f (was):\n    t = yield was.Mask (1)\n    app.emit ('x')\n    return ''\n", "calls app.emit"),
        (
            "def f (was):\n    t = yield was.Mask (1)\n    t = was.Thread (len)\n    return t.fetch ()\n",
            "waits for t.fetch",
        ),
        (
            "def nap (): time.sleep (1)\n" + ROUTE + "def f (was):\n"
            "    t = yield was.Mask (1)\n    nap ()\n    return ''\n",
            "calls nap, which calls time.sleep",
        ),
        (
            "@app.websocket (8)\ndef f (was):\n    t = yield was.Mask (1)\n    return ''\n",
            "reads a stream",
        ),
        (
            "@app.input_stream\ndef f (was):\n    t = yield was.Mask (1)\n    return ''\n",
            "reads a stream",
        ),
        ("@cached\ndef f (was):\n    t = yield was.Mask (1)\n    return ''\n", "decorated by cached"),
        ("def f (was):\n    t = yield was.Mask (1)\n    KINDS [1] ()\n    return ''\n", "calls KINDS [1]"),
        ("def f (was):\n    t = yield was.Mask (1)\n    make () ()\n    return ''\n", "calls make"),
        (
            "def f (was):\n    with LOCK:\n        t = yield was.Mask (1)\n    return ''\n",
            "enters LOCK, which may block",
        ),
        (
            "def nap (): time.sleep (1)\n" + ROUTE + "def f (was):\n    t = yield was.Mask (1)\n"
            "    nap ()\n    return ''\ndef other ():\n    def nap (): pass\n",
            "calls nap",
        ),
        (
            "def f (was):\n    t = yield was.Mask (1)\n    return was.render ('x', u = was.Mask (2))\n",
            "gives was.render a task",
        ),
        ("def f (was):\n    t = yield was.Mask (1), was.Mask (2)\n    return ''\n", "nobody can tell"),
        ("def f (was):\n    t = yield [was.Mask (1)]\n    return ''\n", "nobody can tell"),
        ("def f (was):\n    t = yield 'text'\n    return ''\n", "streams text"),
        ("def f (was, g):\n    t = yield was.Mask (1)\n    g ()\n    return ''\n", "calls g"),
        ("def f (was):\n    t = yield was.Mask (1)\n    map (load, [1])\n    return ''\n", "calls load"),
        ("def f (was):\n    t = yield was.Mask (1)\n    min ([1], key = ask)\n    return ''\n", "calls ask"),
        (
            (
                "def f (was):\n    t = yield was.Mask (1)\n"
                "    list (map (lambda x: load (x), [1]))\n    return ''\n"
            ),
            "calls load",
        ),
        (
            "import x\n" + ROUTE + "def f (was):\n"
            "    t = yield was.Mask (1)\n    x.size = 1\n    x.load ()\n    return ''\n",
            "calls x.load",
        ),
        ("def f (was):\n    t = yield was.Mask (1); x = 1\n    return ''\n", "with other statements"),
        (
            (
                "def f (was):\n    t = was.Mask (1)\n    yield t\n"
                "    for t in 'ab':\n        yield t\n    return ''\n"
            ),
            "nobody can tell",
        ),
        (
            (
                "def f (was):\n    t = was.Mask ('a')\n    t = yield t\n"
                "    x = t.fetch ()\n    yield x\n    return ''\n"
            ),
            "nobody can tell",
        ),
        ("def f (was):\n    t = (yield was.Mask (1)  # why\n        )\n    return ''\n", "comment"),
        ("async def f (was):\n    return ''\n", "is an async def already"),
        ("def f ():\n    t = yield 1\n    return ''\n", "takes no was"),
        ("def f (was):\n    t = yield was.Mask (1)\n    return ''\nf (None)\n", "used by its name"),
    ],
)
def test_handler_that_would_change_stays(source: str, reason: str) -> None:
    """A handler that an `async def` would change, or might, stays a generator; the reason is named."""
    lines = source.split(ROUTE)
    stays(source if len(lines) > 1 else ROUTE + source, reason)


@pytest.mark.parametrize(
    "source",
    [
        '@app.route ("/")\ndef f (was):\n    yield "streamed"\n',
        '@app.route ("/", coroutine = False)\ndef f (was):\n    return ""\n',
        "def helper (was):\n    x = yield was.Mask (1)\n    return x\n",
        "@other.route ('/', coroutine = True)\ndef f (was):\n    x = yield was.Mask (1)\n    return ''\n",
        '@app.route ("/")\nasync def f (was):\n    return await was.Mask (1)\n',
        '@app.route ("/", coroutine = False)\ndef f (was):\n    x = yield 1\n    return x\n',
    ],
)
def test_what_is_no_coroutine_is_left_alone(source: str) -> None:
    """Plain generators, helpers and handlers that are native already are none of this step's business."""
    reasons = COROUTINES.unchanged(HEAD + source)
    assert all("where False says so" in reason for reason in reasons)


def test_functions_that_are_called_by_others_are_looked_into() -> None:
    """What sorted, map and the like call is as good as called; a named lambda is a function of the file."""
    before = """\
@app.route ("/", coroutine = True)
def index (was):
    name = lambda row: row ["name"].lower ()
    task = yield was.Mask ([])
    rows = sorted (task.fetch (), key = name)
    return json.dumps (list (map (str, filter (None, map (lambda row: name (row), rows)))))
"""
    after = before.replace(", coroutine = True", "").replace("def index", "async def index")
    after = after.replace("task = yield was.Mask ([])", "task = was.Mask ([])\n    await task.wait ()")
    transformed(before, after)


def test_hooks_that_change_their_place_are_named() -> None:
    """Hooks behind the handler run before a generator begins, and behind an `async def`: that is said."""
    before = """\
@app.teardown_request
def close (was):
    pass

@app.on ("success_request")
def count (was):
    pass

@app.route ("/", coroutine = True)
def index (was):
    task = yield was.Mask (1)
    return str (task.fetch ())
"""
    after = before.replace(", coroutine = True", "").replace("def index", "async def index")
    after = after.replace("task = yield was.Mask (1)", "task = was.Mask (1)\n    await task.wait ()")
    (said,) = COROUTINES.transformed(HEAD + before, HEAD + after)
    assert said.startswith("index: hooks of the app (success_request, teardown_request) run behind it now")


def test_reference_by_url_is_no_use() -> None:
    """A handler may be given to was.urlfor, and local names may be called the same."""
    before = """\
@app.route ("/f", coroutine = True)
def f (was):
    f = yield was.Mask (1)
    return str (f.fetch ())

@app.route ("/g")
def g (was):
    return was.redirect (was.urlfor (f))
"""
    after = before.replace(", coroutine = True", "").replace("def f (was)", "async def f (was)")
    after = after.replace("f = yield was.Mask (1)", "f = was.Mask (1)\n    await f.wait ()")
    transformed(before, after)
