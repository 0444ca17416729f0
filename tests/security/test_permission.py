from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atila_compat.errors import HTTPError
from atila_compat.routing.resource import resource_of
from atila_compat.security.permission import Requirement

from .stubs import App, make_was

ANIMALS = Requirement(["user"], {"id": ["staff"], "DELETE": ["admin"]})


@pytest.fixture
def app() -> App:
    """An app that notes which permissions were asked for."""
    app = App()

    @app.permission_handler
    def check(was: Any, perms: set[str]) -> Any:
        was.request.asked = perms

    return app


def call(handler: Any, app: App, method: str = "GET", args: Any = None, /, **kwargs: Any) -> tuple[Any, Any]:
    """What the handler answers, and the `was` of the request."""
    was = make_was(app, method, args=kwargs if args is None else args)
    return handler(was, **kwargs), was


# -- which permissions ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "whom", "expected"),
    [
        ("GET", None, {"user"}),
        ("GET", "me", {"user"}),
        ("GET", "", {"user"}),
        ("GET", 100, {"staff"}),
        ("GET", 0, {"staff"}),
        ("GET", "new", {"staff"}),
        ("GET", "notme", {"staff"}),
        ("GET", ["me", "100"], {"staff"}),
        ("DELETE", 100, {"admin", "staff"}),
        ("DELETE", "me", {"admin"}),
        ("DELETE", None, {"admin"}),
        ("POST", "me", {"user"}),
        ("OPTIONS", "notme", {"staff"}),
    ],
)
def test_what_a_request_needs(method: str, whom: Any, expected: set[str]) -> None:
    """Defaults for oneself; what the argument asks for others; what the method asks besides."""
    assert ANIMALS.needed(method, {"id": whom}) == expected


def test_writing_to_all_others_is_refused() -> None:
    """A write to `notme` is 421 Method Not Allowed."""
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        with pytest.raises(HTTPError) as caught:
            ANIMALS.needed(method, {"id": "notme"})
        assert caught.value.status == "421 Method Not Allowed"


def test_a_body_does_not_hide_whom_the_path_names() -> None:
    """What the handler is called with counts as well as what was sent."""
    assert ANIMALS.needed("POST", {"id": 100}, {"id": "me"}) == {"staff"}
    assert ANIMALS.needed("POST", {"id": "me"}, {"id": 100}) == {"staff"}
    with pytest.raises(HTTPError):
        ANIMALS.needed("POST", {"id": "me"}, {"id": "notme"})


def test_the_first_argument_decides() -> None:
    """Of several arguments the first that names somebody counts."""
    requirement = Requirement(None, {"a": ["A"], "b": ["B"]})
    assert requirement.needed("GET", {}) == set()
    assert requirement.needed("GET", {"a": 1, "b": 1}) == {"A"}
    assert requirement.needed("GET", {"a": "me", "b": 1}) == {"B"}


def test_defaults_where_nothing_is_asked_for() -> None:
    """An argument with an empty list asks for the defaults."""
    assert Requirement("d", {"a": []}).needed("GET", {"a": 1}) == {"d"}


@pytest.mark.parametrize("perms", ["admin", ["admin"], ("admin",), {"admin"}])
def test_forms_of_permissions(perms: Any) -> None:
    """A permission may be a name, or a list, tuple or set of names, everywhere."""
    assert Requirement(perms, {}).needed("GET") == {"admin"}
    assert Requirement(None, {"GET": perms}).needed("GET") == {"admin"}


@given(
    st.dictionaries(st.sampled_from(["id", "x"]), st.none() | st.integers() | st.text() | st.lists(st.text()))
)
def test_naming_others_is_never_free(args: dict[str, Any]) -> None:
    """Whatever is sent, somebody else's resource needs more than one's own."""
    needed = ANIMALS.needed("GET", args)
    assert needed == ({"staff"} if args.get("id") not in (None, "", "me") else {"user"})


# -- permission_required -------------------------------------------------------------------------------------


def test_permission_required(app: App) -> None:
    """The permission handler is given a set; the handler runs where it returns None."""

    @app.permission_required(["user"], id=["staff"])
    def animals(was: Any, id: Any = None) -> str:  # noqa: A002
        return f"animal {id}"

    answer, was = call(animals, app, "GET", {"id": "me"}, id="me")
    assert (answer, was.request.asked) == ("animal me", {"user"})
    answer, was = call(animals, app, "POST", {"id": "me"}, id=7)
    assert (answer, was.request.asked) == ("animal 7", {"staff"})


def test_requirements_are_not_changed(app: App) -> None:
    """A permission handler may change its set without changing what the resource needs."""

    @app.permission_check_handler
    def greedy(was: Any, perms: set[str]) -> None:
        was.request.asked = set(perms)
        perms.add("more")

    @app.permission_required("user")
    def resource(was: Any) -> str:
        return "ok"

    for _ in range(2):
        assert call(resource, app)[1].request.asked == {"user"}


def test_what_the_handler_returns_is_the_answer(app: App) -> None:
    """A refusal that is returned is the answer, one that is raised is raised."""

    @app.permission_handler
    def refuse(was: Any, perms: set[str]) -> Any:
        if "admin" in perms:
            raise HTTPError("403 Permission Denied")
        return "refused"

    resource = app.permission_required()(lambda was: "ok")
    assert call(resource, app)[0] == "refused"
    with pytest.raises(HTTPError):
        call(app.permission_required("admin")(lambda was: "ok"), app)


def test_missing_handlers_are_told(app: App) -> None:
    """A resource that needs a handler which the app has not got raises RuntimeError."""
    app = App()
    for decorate in (
        app.login_required,
        app.staff_member_required,
        app.clarify_login,
        app.clarify_permission,
        app.permission_required("x"),
    ):
        with pytest.raises(RuntimeError, match="@app"):
            call(decorate(lambda was: "ok"), app)


def test_requirements_are_documented(app: App) -> None:
    """The resource knows what it needs."""

    @app.login_required
    @app.staff_member_required
    @app.permission_required(["b", "a"], id=["c"])
    def resource(was: Any, id: Any = None) -> str:  # noqa: A002
        return "ok"

    assert resource_of(resource).auth_requirements == [
        ("permission", ["a", "b"]),
        ("staff", None),
        ("login", None),
    ]


# -- login and staff -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["login", "staff"])
def test_login_and_staff(app: App, way: str) -> None:
    """Login and staff handlers let pass with None, and answer with anything else."""
    handler = app.login_handler if way == "login" else app.staff_member_check_handler
    decorate = app.login_required if way == "login" else app.staff_member_required

    @handler
    def check(was: Any) -> Any:
        return None if was.request.method == "GET" else "sign in"

    resource = decorate(lambda was: "ok")
    assert call(resource, app)[0] == "ok"
    assert call(resource, app, "POST")[0] == "sign in"


def test_checks_may_be_asynchronous(app: App) -> None:
    """A check may be an `async def`; on the event loop, which cannot wait for it, nobody passes."""

    @app.login_handler
    async def check(was: Any) -> Any:
        return "sign in"

    resource = app.login_required(lambda was: "ok")
    assert call(resource, app)[0] == "sign in"

    async def on_the_loop() -> None:
        with pytest.raises(RuntimeError, match="plain function"):
            call(resource, app)

    asyncio.run(on_the_loop())


# -- clarify -------------------------------------------------------------------------------------------------


def test_clarify_lets_everybody_pass(app: App) -> None:
    """clarify_login and clarify_permission run their handler, and the resource whatever it says."""

    @app.login_handler
    def login(was: Any) -> Any:
        was.request.user = "known"
        raise HTTPError("401 Unauthorized")

    answer, was = call(app.clarify_login(lambda was: "ok"), app)
    assert (answer, was.request.user) == ("ok", "known")
    answer, was = call(app.clarify_permission(lambda was: "ok"), app)
    assert (answer, was.request.asked) == ("ok", [])


def test_clarify_leaves_no_trace_of_a_refusal(app: App) -> None:
    """Status and headers that a refusal has set are taken back; those of one that passes stay."""

    @app.login_handler
    def login(was: Any) -> Any:
        was.response.set_status("302 Object Moved")
        was.response.set_header("Location", "/signin")
        return "redirection" if was.request.method == "GET" else None

    resource = app.clarify_login(lambda was: "ok")
    answer, was = call(resource, app)
    assert (answer, was.response.get_status(), was.response.headers) == ("ok", "200 OK", [])
    answer, was = call(resource, app, "POST")
    assert was.response.get_status() == "302 Object Moved"


def test_clarify_hides_no_crash(app: App) -> None:
    """Only HTTPError is swallowed."""

    @app.login_handler
    def login(was: Any) -> Any:
        raise KeyError("bug")

    with pytest.raises(KeyError):
        call(app.clarify_login(lambda was: "ok"), app)
