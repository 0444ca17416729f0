"""The step `endpoints`."""

from __future__ import annotations

import pytest

from atila_compat.migrate.codemod.rewriting import rewrite_text

from .examples import Examples

ENDPOINTS = Examples("endpoints")
HEAD = "from atila import Atila\napp = Atila (__name__)\n"


def test_text_becomes_a_page() -> None:
    """A handler that returns text becomes an endpoint; the methods that it had by default are written."""
    before = HEAD + (
        '\n@app.route ("/")\ndef index (was):\n    # the front page\n    return "Hello, World"\n'
    )
    after = (
        "from atila import Atila\nfrom starlette.responses import HTMLResponse\n\napp = Atila (__name__)\n"
        '\n@app.native_route ("/", methods = ["GET", "POST"])\nasync def index (request):\n'
        '    # the front page\n    return HTMLResponse ("Hello, World")\n'
    )
    assert ENDPOINTS.transformed(before, after) == []


def test_json_that_is_written_out_becomes_json() -> None:
    """was.API with values that are written there becomes a JSONResponse; that XML is lost is said."""
    before = HEAD + (
        '@app.route("/json", methods=["GET"])\n'
        'def js(was):\n    return was.API({"a": None}, hello="world", n=[1, -2.5, {"x": True}])\n'
    )
    after = (
        "from atila import Atila\nfrom starlette.responses import JSONResponse\n\napp = Atila (__name__)\n"
        '@app.native_route("/json", methods=["GET"])\n'
        "async def js(request):\n"
        '    return JSONResponse({"a": None, "hello": "world", "n": [1, -2.5, {"x": True}]})\n'
    )
    assert ENDPOINTS.transformed(before, after) == ["js answers JSON now, to clients that ask for XML too"]


def test_was_is_found_where_it_is_used() -> None:
    """Sessions, templates and errors of the app are still there; what may block stays in a thread."""
    before = HEAD + (
        "def __mount__ (app, mntopt):\n"
        '    @app.route ("/me", methods = ["GET"])\n'
        "    def me (was):\n"
        '        "Who it is"\n'
        '        if "user" not in was.session:\n'
        '            raise was.Error ("401 Unauthorized")\n'
        '        return was.render ("me.html", user = find (was.session.get ("user")))\n'
    )
    after = (
        "from atila import Atila\nfrom starlette.responses import HTMLResponse\n\napp = Atila (__name__)\n"
        "def __mount__ (app, mntopt):\n"
        '    @app.native_route ("/me", methods = ["GET"])\n'
        "    def me (request):\n"
        '        "Who it is"\n'
        "        was = request.state.was\n"
        '        if "user" not in was.session:\n'
        '            raise was.Error ("401 Unauthorized")\n'
        '        return HTMLResponse (was.render ("me.html", user = find (was.session.get ("user"))))\n'
    )
    assert ENDPOINTS.transformed(before, after) == []


@pytest.mark.parametrize(
    ("handler", "reason"),
    [
        ('@app.route ("/x")\ndef f (was, a): return "x"\n', "takes arguments"),
        ('@app.route ("/x")\ndef f (was, **a): return "x"\n', "takes arguments"),
        ('@app.route ("/x/<a>")\ndef f (was): return "x"\n', "a rule with parameters"),
        ('@app.route ("/x/")\ndef f (was): return "x"\n', "ends with a slash"),
        ('@app.route ("")\ndef f (was): return "x"\n', "a rule that is empty"),
        ('@app.route (RULE)\ndef f (was): return "x"\n', "not written in its place"),
        ('@app.route ("/x", content_types = ["a/b"])\ndef f (was): return "x"\n', "options of its route"),
        ('@app.route ("/x", methods = ["OPTIONS"])\ndef f (was): return "x"\n', "answers OPTIONS"),
        ('@app.route ("/x")\n@app.route ("/y")\ndef f (was): return "x"\n', "other decorators"),
        (
            '@app.route ("/x")\ndef f (was): return "x"\n@app.route ("/x")\ndef g (was): return "y"\n',
            "that another handler has",
        ),
        (
            "import skitai\nskitai.preference ().extends (app)\n@app.route ('/x')\ndef f (was): return ''\n",
            "extend",
        ),
        ('@app.route ("/x")\n@app.login_required\ndef f (was): return "x"\n', "other decorators"),
        ('@app.route ("/x")\ndef f (was): return b"x"\n', "not plainly text or JSON"),
        ('@app.route ("/x")\ndef f (was): return text\n', "not plainly text or JSON"),
        ('@app.route ("/x")\ndef f (was): return was.API (n = now ())\n', "may need its encoder"),
        ('@app.route ("/x")\ndef f (was): return was.API (**all)\n', "may need its encoder"),
        ('@app.route ("/x")\ndef f (was): return was.redirect ("/")\n', "uses was.redirect"),
        (
            '@app.route ("/x")\ndef f (was):\n    was.response.set_header ("A", "b")\n    return "x"\n',
            "uses was.",
        ),
        ('@app.route ("/x")\ndef f (was): return was.request.uri\n', "uses was.request"),
        ('@app.route ("/x")\ndef f (was):\n    if 1: return "x"\n', "can end without an answer"),
        ('@app.route ("/x")\ndef f (was):\n    if 1: return\n    return "x"\n', "returns nothing"),
        ('@app.route ("/x")\ndef f (was):\n    yield "x"\n', "is a generator"),
        ('@app.route ("/x")\ndef f (was): return "x"\nf (None)\n', "used by its name"),
        ('@app.route ("/x")\ndef f (was): return "x"\ndef g (was): was.urlfor ("f")\n', "used by its name"),
        (
            '@app.route ("/x")\ndef f (was): return "x"\ndef g (was): was.pipe ("shop:a.f")\n',
            "used by its name",
        ),
        ('@app.route ("/x")\ndef f (was):\n    request = 1\n    return "x"\n', "the name request"),
        ('@app.route ("/x")\ndef f (was): return was.render ("x")\n', "on one line"),
        ('@app.route ("/x")\ndef f (was):\n    return was.API (\n        a = 1,  # why\n    )\n', "comments"),
    ],
)
def test_handler_that_is_not_simple_stays(handler: str, reason: str) -> None:
    """A handler that needs more of the app than its answer stays; the reason is named."""
    reasons = ENDPOINTS.unchanged(HEAD + handler)
    assert [said for said in reasons if reason in said], reasons


@pytest.mark.parametrize(
    ("hook", "stays"),
    [
        ("@app.before_request\ndef b (was): was.request.ARGS.get ('name')\n", True),
        ("@app.on ('finish_request')\ndef b (was): was.verify_csrf ()\n", True),
        (
            "class C:\n    def go (s, was): was.request.JSON\n@app.before_request\ndef b (w): C ().go (w)\n",
            True,
        ),
        ("@app.before_request\ndef b (was): was.request.get_header ('x')\n", False),
        (
            "@app.before_request\ndef b (was): pass\n@app.route ('/b')\ndef g (was, x): was.request.ARGS\n",
            False,
        ),
        ("def helper (was): was.request.FORM\n", False),
        (
            "def c (was): was.request.form\nALL = [c]\ndef b (was): ALL [0] (was)\napp.before_request (b)\n",
            True,
        ),
        ("@app.before_request\ndef b (was): pass\ndef opened (was): was.request.ARGS\n", False),
    ],
)
def test_hooks_go_on_seeing_bodies(hook: str, stays: bool) -> None:
    """Where hooks look at bodies, handlers that take some stay; those that answer GET only do not."""
    methods = '["GET", "POST"]'
    handler = f'@app.route ("/x", methods = {methods})\ndef f (was): return "x"\n'
    after, left = rewrite_text(HEAD + hook + handler, ENDPOINTS.step)
    assert ("native_route" not in after) is stays
    assert any("takes bodies" in reason for _, reason in left) is stays
    after, _ = rewrite_text(HEAD + hook + handler.replace(methods, '["GET"]'), ENDPOINTS.step)
    assert "native_route" in after


@pytest.mark.parametrize(
    "source",
    [
        '@app.native_route ("/x")\nasync def f (request): return HTMLResponse ("x")\n',
        '@other.route ("/x")\ndef f (was): return "x"\n',
        'def f (was): return "x"\n',
    ],
)
def test_other_functions_are_left_alone(source: str) -> None:
    """Endpoints, and functions of other frameworks, are none of this step's business."""
    assert ENDPOINTS.unchanged(HEAD + source) == []
