from __future__ import annotations

import io
from typing import Any

import pytest

from atila_compat import Atila
from atila_compat.http.request import Request
from tests.serving.connection import ask, make_scope


def environ(target: str = "/", body: bytes | None = None, **options: Any) -> dict[str, Any]:
    """The environ of a request to an app that is mounted at /deep/er."""
    scope = make_scope("/deep/er" + target, root_path="/deep/er", **options)
    request = Request(scope, scope["path"].removeprefix("/deep/er"), Atila("app"))
    request.body = body
    return request.env


def test_request_line_and_server() -> None:
    """The environ tells method, target, protocol, addresses and mount point (spec/04 section 3)."""
    expected = {
        "REQUEST_METHOD": "PUT",
        "REQUEST_URI": "/deep/er/one/two%20three?a=1&b=%20x",
        "REQUEST_VERSION": "1.1",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "8000",
        "GATEWAY_INTERFACE": "CGI/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "SCRIPT_NAME": "/deep/er/",
        "SCRPIT_PATH": "/deep/er/",
        "PATH_INFO": "/one/two three",
        "QUERY_STRING": "a=1&b=%20x",
        "wsgi.url_scheme": "http",
        "wsgi.version": (1, 0),
    }
    assert environ("/one/two%20three?a=1&b=%20x", method="PUT").items() >= expected.items()


def test_query_string_is_absent_without_query(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a query there is no QUERY_STRING, the process's environment or not."""
    monkeypatch.setenv("QUERY_STRING", "of the process")
    assert "QUERY_STRING" not in environ()


def test_headers() -> None:
    """Headers are HTTP_ names; content type and length have names of their own."""
    found = environ(headers={"X-Long-Name": "v", "Content-Type": "text/plain", "Content-Length": "2"})
    assert found["HTTP_X_LONG_NAME"] == "v"
    assert (found["CONTENT_TYPE"], found["CONTENT_LENGTH"]) == ("text/plain", "2")
    assert "HTTP_CONTENT_TYPE" not in found


def test_headers_with_underscores_do_not_stand_in_for_others() -> None:
    """A client's X_User is not taken for the X-User that a proxy has set; alone it is there."""
    raw = [(b"x-user", b"from the proxy"), (b"x_user", b"forged"), (b"x_own", b"alone")]
    for headers in (raw, raw[::-1]):
        found = environ(headers=headers)
        assert found["HTTP_X_USER"] == "from the proxy"
        assert found["HTTP_X_OWN"] == "alone"


def test_body_is_a_file() -> None:
    """`wsgi.input` is a file of the body, None without one."""
    assert environ()["wsgi.input"] is None
    body = environ(body=b"abc", method="POST")["wsgi.input"]
    assert isinstance(body, io.BytesIO)
    assert body.read() == b"abc"


def test_multipart_body_is_its_fields() -> None:
    """For a form with files, `wsgi.input` is the parsed form, as in the original."""
    app = Atila("app")

    @app.route("/form")
    def form(was: Any, **fields: Any) -> Any:
        return was.API(same=was.env["wsgi.input"] is was.request.FORM, was=was.env["skitai.was"] is was)

    answer = ask(app, "/form", "POST", files={"f": ("a.txt", b"A")}, data={"a": "1"})
    assert answer.json() == {"same": True, "was": True}


def test_environment_of_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """The process's environment variables are in the environ as well."""
    monkeypatch.setenv("OF_THE_PROCESS", "yes")
    assert environ()["OF_THE_PROCESS"] == "yes"


def test_unknown_addresses() -> None:
    """A server on a socket file knows no addresses; the environ has empty ones."""
    found = environ(client=None, server=("/run/app.sock", None))
    assert (found["REMOTE_ADDR"], found["SERVER_NAME"], found["SERVER_PORT"]) == ("", "/run/app.sock", "")


def test_handlers_see_one_environ() -> None:
    """`was.env` and `was.request.env` are one dict, which tells the route too."""
    app = Atila("app")

    @app.route("/env", colour="red")
    def env(was: Any) -> Any:
        options = was.env["wsgi.route_options"]
        return was.API(
            same=was.env is was.request.env,
            routed=was.env["wsgi.routed"].__name__,
            colour=options["colour"],
            app=was.env["wsgi.app"] is was.app,
        )

    assert ask(app, "/env").json() == {"same": True, "routed": "env", "colour": "red", "app": True}


def test_connection_type() -> None:
    """CONNECTION_TYPE is the Connection header, None where there is none."""
    assert environ("/")["CONNECTION_TYPE"] is None
    assert environ("/", headers={"Connection": "close"})["CONNECTION_TYPE"] == "close"
