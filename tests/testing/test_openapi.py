"""The OpenAPI 3.1 document of an app."""

from __future__ import annotations

import re
from typing import Any

import pytest
from openapi_spec_validator import validate
from starlette.endpoints import HTTPEndpoint
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route, WebSocketRoute

from atila_compat import Atila
from atila_compat.testing.openapi import MountedApp, openapi

from .exchanges import exchange, spec


def make_app() -> Atila:
    """A new app."""
    return Atila("shop")


def document(app: Atila, *exchanges: Any, point: str = "/") -> dict[str, Any]:
    """The document of an app; a valid one."""
    made = openapi([MountedApp(app, point)], exchanges, title="Shop", version="2")
    validate(made)
    return made


def operation(app: Atila, *exchanges: Any, path: str = "/a", method: str = "get") -> dict[str, Any]:
    """The document's operation."""
    found: dict[str, Any] = document(app, *exchanges)["paths"][path][method]
    return found


def parameters(app: Atila, **where: str) -> dict[str, Any]:
    """The parameters of an operation by their names."""
    return {each["name"]: each for each in operation(app, **where).get("parameters", [])}


def test_head_of_the_document() -> None:
    """The document names its version of OpenAPI, the API's title and version, and is valid without routes."""
    made = document(make_app())
    assert made["openapi"] == "3.1.0"
    assert made["info"] == {"title": "Shop", "version": "2"}
    assert made["paths"] == {}


def test_paths_and_methods() -> None:
    """Each rule below the mount point is a path, each of its methods an operation."""
    app = make_app()

    @app.route("/items/<int:id>", methods=["GET", "DELETE"])
    def items(was: Any, id: int) -> None:  # noqa: A002
        pass

    made = document(app, point="/shop")
    assert list(made["paths"]) == ["/shop/items/{id}"]
    assert list(made["paths"]["/shop/items/{id}"]) == ["get", "delete"]


def test_post_that_nobody_needs_is_left_out() -> None:
    """A rule without methods takes GET and POST: POST is documented where it takes something, or was sent."""
    app = make_app()

    @app.route("/a")
    def a(was: Any) -> None:
        pass

    @app.route("/b")
    def b(was: Any, name: str) -> None:
        pass

    sent = exchange("/a", method="POST", about=spec("/a", "a"))
    assert list(document(app)["paths"]["/a"]) == ["get"]
    assert list(document(app)["paths"]["/b"]) == ["get", "post"]
    assert list(document(app, sent)["paths"]["/a"]) == ["get", "post"]


def test_routes_that_were_moved_stay_in_the_document() -> None:
    """Native routes are documented by path, methods, parameters and docstring, those of a Mount, too."""
    app = make_app()

    class Book(HTTPEndpoint):
        async def get(self, request: Request) -> Response:
            """A book.

            By its number.
            """
            return Response()

        async def delete(self, request: Request) -> Response:
            return Response()

    @app.route("/books/<int:id>", methods=["GET", "PUT"])
    def old(was: Any, id: int) -> None:  # noqa: A002
        pass

    @app.native_route("/ping")
    async def ping(request: Request) -> Response:
        return Response()

    async def hidden(request: Request) -> Response:
        return Response()

    app.add_native_route("/books/{id:int}", Book)
    app.add_native_routes(
        Mount("/v2", routes=[Route("/{path:path}", ping, methods=["POST"])]),
        Route("/hidden", hidden, include_in_schema=False),
        WebSocketRoute("/live", ping),
    )
    paths = document(app, point="/shop")["paths"]
    assert {path: list(item) for path, item in paths.items()} == {
        "/shop/books/{id}": ["get", "delete", "put"],
        "/shop/ping": ["get"],
        "/shop/v2/{path}": ["post"],
    }
    get, delete = (paths["/shop/books/{id}"][method] for method in ("get", "delete"))
    assert (get["summary"], get["description"]) == ("A book.", "By its number.")
    number = {"type": "integer", "minimum": 0}
    assert delete["parameters"] == [{"name": "id", "in": "path", "required": True, "schema": number}]
    assert (delete["operationId"], delete["tags"]) == ("book-delete", ["shop"])


def test_path_parameters() -> None:
    """Path parameters have the types of their rule."""
    app = make_app()

    @app.route("/a/<int:n>/<float:x>/<word>/<path:rest>")
    def a(was: Any, n: int, x: float, word: str, rest: str) -> None:
        pass

    found = parameters(app, path="/a/{n}/{x}/{word}/{rest}")
    assert [each["schema"]["type"] for each in found.values()] == ["integer", "number", "string", "string"]
    assert all(each["in"] == "path" and each["required"] for each in found.values())


def test_optional_path_parameter_is_two_paths() -> None:
    """A last parameter that may be left out makes two paths, for OpenAPI knows no such parameters."""
    app = make_app()

    @app.route("/notes/<user>/<int:no>", methods=["GET"])
    def notes(was: Any, user: str, no: int | None = None) -> None:
        pass

    made = document(app)
    assert list(made["paths"]) == ["/notes/{user}", "/notes/{user}/{no}"]
    ids = [item["get"]["operationId"] for item in made["paths"].values()]
    assert sorted(ids) == ["notes-get", "notes-get-2"]


def test_query_parameters() -> None:
    """Arguments of the handler are query parameters of GET: required without a default, typed by rules."""
    app = make_app()

    @app.route("/a")
    @app.inspect(ints=["limit"], limit__lte=100, lists=["tags"])
    def a(was: Any, name: str, limit: int = 10, tags: str | None = None) -> None:
        pass

    found = parameters(app)
    assert found["name"] == {"name": "name", "in": "query", "schema": {}, "required": True}
    assert found["limit"]["schema"] == {"type": "integer", "maximum": 100, "default": 10}
    assert found["tags"] == {
        "name": "tags",
        "in": "query",
        "schema": {"type": "array", "items": {}},
        "style": "pipeDelimited",
        "explode": False,
    }


def test_body() -> None:
    """Of POST, PUT and PATCH they are the body, as JSON and as a form; rules for the URL are the query's."""
    app = make_app()

    @app.route("/a", methods=["POST"])
    @app.inspect("URL", ints=["page"])
    @app.inspect(required=["name"], oneof=["x", "y"])
    def a(was: Any, name: str, page: int = 1, note: str = "", **more: Any) -> None:
        pass

    found = operation(app, method="post")
    assert [each["name"] for each in found["parameters"]] == ["page"]
    body = found["requestBody"]
    assert body["required"]
    assert list(body["content"]) == ["application/json", "application/x-www-form-urlencoded"]
    schema = body["content"]["application/json"]["schema"]
    assert list(schema["properties"]) == ["name", "note", "x", "y"]
    assert schema["required"] == ["name"]
    assert schema["allOf"] == [{"anyOf": [{"required": ["x"]}, {"required": ["y"]}]}]


@pytest.mark.parametrize(
    ("scope", "types"),
    [
        ("JSON", ["application/json"]),
        ("FORM", ["application/x-www-form-urlencoded"]),
        ("PUT", ["application/json", "application/x-www-form-urlencoded"]),
        ("DATA", ["application/json", "application/x-www-form-urlencoded"]),
    ],
)
def test_scopes_tell_the_content_type(scope: str, types: list[str]) -> None:
    """Rules for JSON, or for a form, say what the body is."""
    app = make_app()

    @app.route("/a", methods=["PUT"])
    @app.inspect(scope, ["name"], strings=["name"])
    def a(was: Any, **more: Any) -> None:
        pass

    content = operation(app, method="put")["requestBody"]["content"]
    assert list(content) == types
    assert content[types[0]]["schema"]["properties"] == {"name": {"type": "string"}}


def test_content_types_of_the_route() -> None:
    """A route's own content types are the ones."""
    app = make_app()

    @app.route("/a", methods=["POST"], content_types=["text/xml"])
    def a(was: Any, **more: Any) -> None:
        pass

    assert list(operation(app, method="post")["requestBody"]["content"]) == ["text/xml"]


def test_rules_of_other_methods_are_left_out() -> None:
    """Rules for one method do not show in another, and path parameters are not asked for twice."""
    app = make_app()

    @app.route("/a/<int:id>", methods=["GET", "PUT"])
    @app.inspect("PUT", ["name"])
    @app.inspect("GET", ints=["page"])
    @app.inspect(ints=["id"])
    def a(was: Any, id: int, **more: Any) -> None:  # noqa: A002
        pass

    assert list(parameters(app, path="/a/{id}")) == ["id", "page"]
    put = operation(app, path="/a/{id}", method="put")
    assert [each["name"] for each in put["parameters"]] == ["id"]
    assert list(put["requestBody"]["content"]["application/json"]["schema"]["properties"]) == ["name"]


def test_docstring() -> None:
    """A docstring's first line is the summary, the rest the description."""
    app = make_app()

    @app.route("/a")
    def a(was: Any) -> None:
        """Say it.

        More of it,
        in two lines.
        """

    found = operation(app)
    assert found["summary"] == "Say it."
    assert found["description"] == "More of it,\nin two lines."


@pytest.mark.parametrize("kind", ["basic", "digest", "bearer"])
def test_authentication(kind: str) -> None:
    """Authentication is a security scheme; a 401 is among the answers."""
    app = make_app()

    @app.route("/a", authenticate=kind)
    def a(was: Any) -> None:
        pass

    made = document(app)
    found = made["paths"]["/a"]["get"]
    assert found["security"] == [{kind: []}]
    assert made["components"]["securitySchemes"][kind]["scheme"] == kind
    assert set(found["responses"]) == {"200", "401"}


def test_authentication_of_the_app() -> None:
    """An app that wants to know everybody asks at every route."""
    app = make_app()
    app.authenticate = "bearer"

    @app.route("/a")
    def a(was: Any) -> None:
        pass

    assert operation(app)["security"] == [{"bearer": []}]


def test_permissions_are_told() -> None:
    """Permissions and logins that a handler needs stand in its description."""
    app = make_app()
    app.permission_handler(lambda was, perms: None)
    app.login_handler(lambda was: None)
    app.staff_member_check_handler(lambda was: None)

    @app.route("/a")
    @app.login_required
    @app.staff_member_required
    @app.permission_required(["user", "admin"])
    def a(was: Any) -> None:
        """Say it."""

    found = operation(app)
    assert found["x-permissions"] == ["admin", "user"]
    assert re.findall("`admin`, `user`|staff|Login", found["description"]) == [
        "`admin`, `user`",
        "staff",
        "Login",
    ]


def test_recorded_answers() -> None:
    """Recorded answers are examples, and their schema holds for all of them; errors are errors."""
    app = make_app()

    @app.route("/a")
    @app.inspect(ints=["page"])
    def a(was: Any, page: int = 1) -> None:
        pass

    about = spec("/a", "a")
    found = operation(
        app,
        exchange("/a?page=2", {"n": 1}, about=about),
        exchange("/a?page=3", {"n": None, "m": "x" * 90}, about=about),
        exchange("/a?page=3", {"n": None, "m": "x" * 90}, about=about),
        exchange("/a?page=x", {"code": 40050, "message": "bad"}, status="400 Bad Request", about=about),
        exchange("/a", {"code": 40900, "message": "twice"}, status="409 Conflict", about=about),
    )
    assert found["parameters"][0]["example"] == 3
    assert list(found["responses"]) == ["200", "400", "409"]
    answers = found["responses"]["200"]["content"]["application/json"]
    assert answers["schema"]["properties"]["n"] == {"type": ["integer", "null"]}
    assert answers["schema"]["required"] == ["n"]
    assert [each["value"] for each in answers["examples"].values()] == [
        {"n": 1},
        {"n": None, "m": "x" * 77 + "..."},
    ]
    error = found["responses"]["409"]["content"]["application/json"]
    assert error["schema"] == {"$ref": "#/components/schemas/Error"}


def test_recorded_bodies() -> None:
    """What was sent is an example; files make a multipart body."""
    app = make_app()

    @app.route("/a", methods=["POST"])
    def a(was: Any, file: Any, note: str = "") -> None:
        pass

    about = spec("/a", "a")
    files = {"file": "<FILE: a.txt>", "note": "n"}
    content = operation(
        app,
        exchange("/a", method="POST", sent={"note": "x"}, about=about),
        exchange("/a", method="POST", sent=files, sent_type="multipart/form-data", about=about),
        method="post",
    )["requestBody"]["content"]
    assert content["application/json"]["example"] == {"note": "x"}
    assert content["multipart/form-data"]["schema"]["properties"]["file"]["format"] == "binary"


def test_several_apps() -> None:
    """Apps that have resources of the same id are kept apart by name and mount point."""
    apps = [Atila("one"), Atila("two")]
    for app in apps:
        app.route("/a")(lambda was: None)
    mounted = [MountedApp(apps[0], "/x", "one:"), MountedApp(apps[1], "/y", "two:")]
    name = next(iter(apps[0].resources))
    made = openapi(mounted, [exchange("/y/a", {"n": 1}, about=spec("/a", name))])
    validate(made)
    assert "content" not in made["paths"]["/x/a"]["get"]["responses"]["200"]
    assert "content" in made["paths"]["/y/a"]["get"]["responses"]["200"]
    assert len({item["get"]["operationId"] for item in made["paths"].values()}) == 2


def test_streams_and_websockets() -> None:
    """A handler that reads a stream takes any body; a WebSocket says that it is one."""
    app = make_app()

    @app.route("/a", methods=["POST"], input_stream=True)
    def a(was: Any) -> None:
        pass

    @app.route("/ws")
    @app.websocket(1, 60)
    def ws(was: Any, message: str) -> None:
        pass

    made = document(app)
    assert "application/octet-stream" in made["paths"]["/a"]["post"]["requestBody"]["content"]
    assert "WebSocket" in made["paths"]["/ws"]["get"]["description"]
