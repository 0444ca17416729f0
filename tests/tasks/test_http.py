"""Calls to an HTTP server that behaves (spec/06 sections 1 and 2)."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest

from atila_compat.errors import AtilaError, HTTPTaskError
from atila_compat.tasks import aliases
from atila_compat.tasks.response import STA_NETERR, STA_NORMAL, STA_REQFAIL
from atila_compat.was import Was

from .peers import Peer


@pytest.fixture
def api(peer: Peer) -> Peer:
    aliases.define("@api", "http", peer.address)
    return peer


def body_of(task: Any) -> Any:
    return task.fetch()["body"]


def headers_of(task: Any) -> dict[str, str]:
    found: dict[str, str] = task.fetch()["headers"]
    return found


def test_aliases_and_urls(was: Was, api: Peer) -> None:
    """A call goes to the server of an alias, or to a URL."""
    assert was.get("@api/a?x=1").fetch()["path"] == "/a?x=1"
    assert was.get("@api?x=1").fetch()["path"] == "/?x=1"
    assert was.get("@api").fetch()["path"] == "/"
    assert was.get(f"http://{api.address}/b?y=2#part").fetch()["path"] == "/b?y=2"


def test_members_may_have_a_base_path(was: Was, peer: Peer) -> None:
    """The path of a member comes first."""
    aliases.define("@base", "http", f"{peer.address}/pre")
    assert was.get("@base/x").fetch()["path"] == "/pre/x"


@pytest.mark.parametrize("method", ["get", "post", "put", "patch", "delete", "options", "trace"])
def test_methods(was: Was, api: Peer, method: str) -> None:
    """Every method is sent under its name."""
    assert getattr(was, method)("@api/x").fetch()["method"] == method.upper()


def test_calls_ask_for_json_and_send_it(was: Was, api: Peer) -> None:
    """By default a call asks for JSON and a body is JSON."""
    task = was.post("@api/x", {"a": 1})
    assert body_of(task) == '{"a": 1}'
    headers = headers_of(task)
    assert headers["content-type"] == "application/json; charset=utf-8"
    assert headers["accept"] == "application/json"
    assert headers_of(was.options("@api/x"))["accept"] == "*/*"
    assert "content-type" not in headers_of(was.get("@api/x"))
    assert headers_of(was.post("@api/x"))["content-length"] == "0"


def test_headers_decide_the_encoding(was: Was, api: Peer) -> None:
    """A content type of the app's own is obeyed, and what is text is sent as it is."""
    form = was.post("@api/x", {"a": "b c"}, headers={"content-type": "application/x-www-form-urlencoded"})
    assert body_of(form) == "a=b%20c"
    assert body_of(was.post("@api/x", "raw")) == "raw"
    assert headers_of(was.get("@api/x", headers=[("X-Key", "k")]))["x-key"] == "k"


def test_the_app_may_have_other_defaults(was: Was, api: Peer) -> None:
    """config.default_request_type is content type and Accept of calls."""
    was.app.config.default_request_type = ("application/x-www-form-urlencoded", "*/*")
    task = was.post("@api/x", {"a": 1})
    assert (body_of(task), headers_of(task)["accept"]) == ("a=1", "*/*")


def test_data_without_body_is_the_query(was: Was, api: Peer) -> None:
    """For methods without a body a dict becomes query parameters, text is the query as it is."""
    assert was.get("@api/x?a=1", {"b": "c d"}).fetch()["path"] == "/x?a=1&b=c%20d"
    assert was.get("@api/x", "a=1&b").fetch()["path"] == "/x?a=1&b"
    assert was.delete("@api/x", "a=1\r\nX: y").fetch()["path"] == "/x?a=1%0D%0AX:%20y"
    assert was.get("@api/x", [1]).dispatch().status_code == 731


def test_uploads(was: Was, api: Peer) -> None:
    """was.upload is a POST in parts."""
    file = io.BytesIO(b"body")
    file.name = "a.txt"
    task = was.upload("@api/x", {"n": 1, "f": file})
    assert task.fetch()["method"] == "POST"
    assert 'filename="a.txt"' in body_of(task)


def test_streamed_bodies(was: Was, api: Peer) -> None:
    """A generator is sent while it runs."""
    task = was.post("@api/x", (f"{n};" for n in range(3)), headers={"Content-Type": "text/csv"})
    assert body_of(task) == "0;1;2;"
    assert headers_of(task)["transfer-encoding"] == "chunked"


def test_other_servers_learn_who_asks(was: Was, api: Peer) -> None:
    """Aliases get the ids of the request, URLs the name of the engine."""
    headers = headers_of(was.get("@api/x"))
    assert headers["x-gtxn-id"] == was.request.gtxid
    assert headers["x-ltxn-id"] == was.request.ltxid
    headers = headers_of(was.get(f"http://{api.address}/x"))
    assert headers["x-requested-with"] == "Skitai/0.38"
    assert "x-gtxn-id" not in headers
    assert headers_of(was.get("@api/x", use_cache=False))["cache-control"] == "no-cache"


def test_parameters_have_the_type_of_bodies(was: Was, api: Peer) -> None:
    """A GET with parameters names the content type, although it has no body; others name none."""
    assert headers_of(was.get("@api/x", {"a": 1}))["content-type"] == "application/json"
    assert (
        headers_of(was.delete("@api/x", {"a": 1}, headers={"Content-Type": "a/b"}))["content-type"] == "a/b"
    )
    assert "content-type" not in headers_of(was.get("@api/x"))


@pytest.mark.parametrize(
    ("path", "data"),
    [
        ("/text", "plain text"),
        ("/bytes", b"\x00\xff"),
        ("/untyped", b"untyped"),
        ("/xml", "<a><b/></a>"),
        ("/latin", "café"),
        ("/gzip", {"zipped": True}),
        ("/single", [{"id": 1}]),
    ],
)
def test_answers_are_decoded(was: Was, api: Peer, path: str, data: Any) -> None:
    """data is what the content type says."""
    assert was.get(f"@api{path}", headers={"Accept": "*/*"}).fetch() == data


def test_broken_json_is_told_when_it_is_looked_at(was: Was, api: Peer) -> None:
    """dispatch gives the result, its data and fetch raise ValueError."""
    result = was.get("@api/broken-json").dispatch()
    assert result.text == "{nope"
    for look in (lambda: result.data, result.fetch, result.json):
        with pytest.raises(ValueError, match="Expecting"):
            look()


def test_results_tell_everything(was: Was, api: Peer) -> None:
    """A result has status, headers, body and who answered."""
    result = was.get("@api/rows").dispatch()
    assert (result.status, result.status_code, result.reason) == (STA_NORMAL, 200, "OK")
    assert result.headers["x-backend"] == result.get_header("X-BACKEND") == "alpha"
    assert json.loads(result.content) == result.json() == result.data
    assert (result.node, result.method, result.url) == (("127.0.0.1", api.port), "get", "/rows")
    assert (result.version, result.is_cached) == ("1.1", False)
    result = was.get("@api/cookies", headers={"Accept": "*/*"}).dispatch()
    assert result.headers["set-cookie"] == "a=1, b=2"
    assert result.get_header("set-cookie") == "a=1"
    assert was.get(f"http://{api.address}/rows").dispatch().url == f"http://{api.address}/rows"


def test_errors_of_the_server_are_answers(was: Was, api: Peer) -> None:
    """A 404 is a normal answer for dispatch, its data decoded, and an error for fetch."""
    result = was.get("@api/status/404").dispatch()
    assert (result.status, result.status_code, result.data["path"]) == (STA_NORMAL, 404, "/status/404")
    with pytest.raises(HTTPTaskError, match=r"^404 Not Found$"):
        result.fetch()
    with pytest.raises(HTTPTaskError, match="503"):
        was.get("@api/status/503").commit()


def test_redirects_are_not_followed(was: Was, api: Peer) -> None:
    """A redirect is the answer, and an error for fetch, as in the original."""
    assert was.get("@api/status/302").dispatch().get_header("location") == "/elsewhere"
    with pytest.raises(HTTPTaskError, match="302"):
        was.get("@api/status/302").fetch()
    assert len(api.asked) == 2


def test_an_answer_of_another_type_is_718(was: Was, api: Peer) -> None:
    """Asking for JSON and getting text is an error of its own."""
    result = was.get("@api/text").dispatch()
    assert (result.status, result.status_code, result.reason) == (
        STA_NETERR,
        718,
        "Unacceptable Content Type",
    )
    with pytest.raises(HTTPTaskError, match="718"):
        result.fetch()


def test_logins_are_sent_when_they_are_asked_for(was: Was, api: Peer) -> None:
    """auth answers a Basic or Digest challenge; nobody else learns the password."""
    login = ("user", "pass")
    assert was.get("@api/basic", auth=login).fetch()["name"] == "alpha"
    assert was.get("@api/digest", auth=login).dispatch().status_code == 200
    assert was.get("@api/basic").dispatch().status_code == 401
    assert was.get("@api/basic", auth=("user", "wrong")).dispatch().status_code == 401
    assert "authorization" not in headers_of(was.get("@api/x", auth=login))
    assert headers_of(was.get("@api/x", auth="token"))["authorization"] == "Bearer token"


def test_logins_of_members(was: Was, peer: Peer) -> None:
    """A member may have name and password; a URL too."""
    aliases.define("@auth", "http", f"user:pass@{peer.address}")
    assert was.get("@auth/basic").dispatch().status_code == 200
    assert was.get(f"http://user:pass@{peer.address}/basic").dispatch().status_code == 200


def test_wrong_uris(was: Was, api: Peer) -> None:
    """A missing URI and an unknown alias are told at once; a database is no HTTP server."""
    aliases.define("@db", "*sqlite3", "x.db")
    with pytest.raises(AssertionError, match="Missing param uri or cluster name"):
        was.get("")
    with pytest.raises(KeyError, match="known aliases: @api, @db"):
        was.get("@nope/x")
    with pytest.raises(TypeError, match=r"was\.db"):
        was.get("@db/x")
    for uri in ("nothing", "ftp://x/", "http://", "http://[::1", "http://x:port/"):
        result = was.get(uri).dispatch()
        assert (result.status, result.status_code) == (STA_REQFAIL, 731)


def test_headers_cannot_be_smuggled(was: Was, api: Peer) -> None:
    """A line break in a header or in the path never reaches the server."""
    assert was.get("@api/x", headers={"X-A": "b\r\nX-Evil: 1"}).dispatch().status_code == 731
    was.get("@api/x y\r\nX-Evil: 1").dispatch()
    was.get("@api/x#\x00 |").dispatch()
    assert api.asked == ["GET /x%20y%0D%0AX-Evil:%201", "GET /x%23%00%20%7C"]


def test_apps_may_have_aliases_of_their_own(was: Was, peer: Peer) -> None:
    """An alias of the app is found before everyone's."""
    aliases.define("@api", "http", "127.0.0.1:1")
    aliases.define("@api", "http", peer.address, app=was.app)
    assert was.get("@api/x").fetch()["name"] == "alpha"


def test_connections_are_kept(was: Was, api: Peer) -> None:
    """Calls one after the other use one connection."""
    for _ in range(5):
        was.get("@api/x").fetch()
    assert api.connections == 1


def test_connections_have_a_limit(was: Was, peer: Peer) -> None:
    """max_conns is how many an alias may have; more calls wait."""
    aliases.define("@few", "http", peer.address, max_conns=2)
    tasks = [was.get("@few/sleep/0.05") for _ in range(6)]
    assert [task.dispatch().status_code for task in tasks] == [200] * 6
    assert peer.connections == 2


def test_streamed_answers(was: Was, api: Peer) -> None:
    """With stream the data is the body as it arrives; what is not read gives its connection back."""
    body = was.get("@api/chunked", headers={"Accept": "*/*"}, stream=True).fetch()
    assert b"".join(body) == b"part0part1part2part3part4"
    body = was.get("@api/chunked", headers={"Accept": "*/*"}, stream=True).fetch()
    assert next(body) == b"part0"
    body.close()
    assert list(body) == []


def test_filters_and_callbacks(was: Was, api: Peer) -> None:
    """filter changes the data; callback is called with the result in another thread."""
    import threading

    called: list[Any] = []
    done = threading.Event()

    def callback(result: Any) -> None:
        called.append(
            (result.status_code, result.data, threading.current_thread() is threading.main_thread())
        )
        done.set()

    task = was.get("@api/rows", filter=lambda rows: len(rows), callback=callback)
    assert task.fetch() == 2
    assert done.wait(5)
    assert called == [(200, 2, False)]


def test_unknown_settings_for_calls_are_told(was: Was, api: Peer) -> None:
    """config.OUTGOING takes what it documents."""
    was.app.config.OUTGOING = {"verfy": False}
    with pytest.raises(AtilaError, match="verfy"):
        was.get("@api/x")


def test_names_are_for_people(was: Was, api: Peer) -> None:
    """str(task) is method and URL."""
    assert str(was.get("@api/x?a=1")) == "GET @api/x?a=1"
    task = was.get(f"http://{api.address}/x")
    task.commit()
    assert repr(task) == f"<HTTPTask GET http://{api.address}/x done>"
