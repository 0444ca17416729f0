"""`__spec__`: what a resource takes, told to local clients while an app is debugged (spec/08 section 2.1)."""

from __future__ import annotations

import datetime
import re
from typing import Any

import httpx
import pytest

from atila_compat import Atila
from atila_compat.http.spec import as_plain
from atila_compat.serving.runtime import Runtime

from ..launch import Serve

pytestmark = pytest.mark.anyio

SERVED = """
from atila_compat import Atila, skitai

app = Atila(__name__)

@app.route("/a")
def a(was):
    return was.API(a=1)

skitai.mount("/", app)
skitai.run()
"""


def make_app(debug: bool = True, expose_spec: bool = True) -> Atila:
    """An app that is debugged."""
    app = Atila(f"spec{id(object())}")
    app.debug, app.expose_spec = debug, expose_spec

    @app.route("/items/<int:id>", methods=["GET", "PUT"])
    @app.inspect("GET", ints=["page"])
    @app.inspect("PUT", ["name"], name__len__lte=8)
    def items(was: Any, id: int, page: int = 3, **DATA: Any) -> Any:  # noqa: A002, N803
        """Items."""
        return was.API(id=id, page=page)

    @app.route("/text")
    def text(was: Any) -> Any:
        return "text"

    @app.route("/fault")
    def fault(was: Any) -> Any:
        return was.Fault("400 Bad Request", "broken")

    @app.route("/raised")
    def raised(was: Any) -> Any:
        raise was.Error("409 Conflict", "twice", 40909)

    @app.route("/failed")
    def failed(was: Any) -> Any:
        return dict[str, Any]()["absent"]

    @app.route("/rules")
    @app.inspect(a=re.compile("^a"), b=int, c__in=range(3))
    def rules(was: Any, **more: Any) -> Any:
        return was.API()

    @app.route("/secret", authenticate="basic")
    def secret(was: Any) -> Any:
        return was.API()

    @app.route("/task")
    def task(was: Any) -> Any:
        return was.Thread(lambda: 1).then(lambda was, task: was.API(n=task.fetch()))

    return app


async def ask(
    app: Atila, path: str, peer: str = "127.0.0.1", method: str = "GET", **options: Any
) -> httpx.Response:
    """The answer to a client at `peer`."""
    transport = httpx.ASGITransport(app, client=(peer, 1234))
    async with (
        Runtime() as runtime,
        httpx.AsyncClient(transport=transport, base_url="http://test") as client,
    ):
        app.runtime = runtime
        return await client.request(method, path, **options)


async def test_members() -> None:
    """`__spec__` tells request, route options, rules, requirements, docstring and id."""
    spec = (await ask(make_app(), "/items/3?page=1")).json()["__spec__"]
    assert spec["current_request"] == {"method": "GET", "version": "1.1", "uri": "/items/3?page=1"}
    assert spec["routeopt"] == {
        "methods": ["GET", "PUT"],
        "coroutine": False,
        "input_stream": False,
        "mntopt": {},
        "route": "/items/<int:id>",
        "overridable": None,
        "args": ["id", "page"],
        "keywords": "DATA",
        "defaults": {"page": 3},
        "urlargs": 1,
    }
    assert spec["parameter_requirements"] == {
        "GET": {"ints": ["page"]},
        "PUT": {"required": ["name"], "name__len__lte": 8},
    }
    assert (spec["auth_requirements"], spec["doc"], spec["id"]) == ([], "Items.", "items")


@pytest.mark.parametrize("path", ["/items/3", "/task", "/fault", "/raised", "/failed", "/items/3?page=x"])
async def test_api_answers_and_errors_of_resources_have_it(path: str) -> None:
    """API answers, deferred ones too, and all error bodies of a resource carry `__spec__`."""
    assert "__spec__" in (await ask(make_app(), path)).json()


@pytest.mark.parametrize("path", ["/nothing", "/secret", "/task/x"])
async def test_what_no_resource_answers_has_none(path: str) -> None:
    """The framework's own errors have none, and nobody who is not known is told."""
    assert "__spec__" not in (await ask(make_app(), path)).json()


async def test_text_pages_and_xml_have_none() -> None:
    """Only JSON carries it."""
    app = make_app()
    assert (await ask(app, "/text")).text == "text"
    assert "__spec__" not in (await ask(app, "/raised", headers={"Accept": "text/html"})).text
    for path in ("/items/3", "/raised"):
        answer = await ask(app, path, headers={"Accept": "text/xml"})
        assert "<struct>" in answer.text
        assert "__spec__" not in answer.text


@pytest.mark.parametrize(
    ("peer", "told"), [("127.0.0.9", True), ("::1", True), ("10.0.0.1", False), ("", False)]
)
async def test_local_clients_only(peer: str, told: bool) -> None:
    """Only clients on the same machine are told, whatever they say about themselves."""
    answer = await ask(make_app(), "/items/3", peer, headers={"X-Forwarded-For": "127.0.0.1"})
    assert ("__spec__" in answer.json()) is told


@pytest.mark.parametrize(("debug", "expose"), [(True, False), (False, True), (False, False)])
async def test_both_options_are_needed(debug: bool, expose: bool) -> None:
    """Without `debug` or without `expose_spec` nothing is told."""
    for path in ("/items/3", "/raised"):
        assert "__spec__" not in (await ask(make_app(debug, expose), path)).json()


async def test_rules_become_text() -> None:
    """Patterns and types in rules are told as text; the original fails at them."""
    spec = (await ask(make_app(), "/rules")).json()["__spec__"]
    assert spec["parameter_requirements"] == {"ARGS": {"a": "^a", "b": "int", "c__in": "range(0, 3)"}}


async def test_requirements() -> None:
    """Logins, staff, permissions and test passes are listed."""
    app = Atila(f"spec{id(object())}")
    app.debug = app.expose_spec = True
    app.login_handler(lambda was: None)
    app.staff_member_check_handler(lambda was: None)
    app.permission_handler(lambda was, perms: None)

    def passes(was: Any) -> bool:
        return True

    @app.route("/a")
    @app.login_required
    @app.staff_member_required
    @app.permission_required(["user", "admin"])
    @app.testpass_required(passes)
    def a(was: Any) -> Any:
        return was.API()

    spec = (await ask(app, "/a")).json()["__spec__"]
    assert spec["auth_requirements"] == [
        ["testpass", "passes"],
        ["permission", ["admin", "user"]],
        "staff",
        ["login", None],
    ]


async def test_event() -> None:
    """`spec:exposed` is emitted with what is told."""
    app = make_app()
    seen: list[Any] = []

    @app.on("spec:exposed")
    def exposed(was: Any, props: dict[str, Any]) -> None:
        seen.append((was.request.path, props["id"]))

    await ask(app, "/items/3")
    await ask(app, "/text")
    await ask(app, "/raised")
    assert seen == [("/items/3", "items"), ("/raised", "raised")]


async def test_the_apps_dict_stays_as_it_is() -> None:
    """A dict that a handler hands over is not changed."""
    app = Atila(f"spec{id(object())}")
    app.debug = app.expose_spec = True
    mine = {"a": 1}

    @app.route("/a")
    def a(was: Any) -> Any:
        return was.API(mine)

    assert "__spec__" in (await ask(app, "/a")).json()
    assert mine == {"a": 1}


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (None, None),
        ({"a": (1, 2.5)}, {"a": [1, 2.5]}),
        ({2, 1}, [1, 2]),
        (re.compile(b"x"), "b'x'"),
        (re.compile("x"), "x"),
        (int, "int"),
        (len, "len"),
        (datetime.date(2020, 1, 2), "2020-01-02"),
        ({1: object}, {"1": "object"}),
        (1j, "1j"),
    ],
)
async def test_plain_values(value: Any, plain: Any) -> None:
    """Whatever stands in rules and options becomes something that JSON knows."""
    assert as_plain(value) == plain


async def test_devel_switches_it_on(serve: Serve) -> None:
    """`--devel` tells, production does not."""
    assert "__spec__" in serve(SERVED, "--devel").client.get("/a").json()
    assert serve(SERVED).client.get("/a").json() == {"a": 1}
