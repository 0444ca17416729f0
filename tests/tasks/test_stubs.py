"""was.stub: calls under a common path (README "HTTP Based Protocols")."""

from __future__ import annotations

import io
from typing import Any

import pytest

from atila_compat.tasks import aliases
from atila_compat.tasks.stubs import Stub
from atila_compat.was import Was

from .peers import Peer


@pytest.fixture
def stub(was: Was, peer: Peer) -> Stub:
    aliases.define("@api", "http", peer.address)
    with was.stub("@api/v1") as made:
        return made


def asked(task: Any) -> tuple[str, str, str]:
    found = task.fetch()
    return found["method"], found["path"], found["body"]


def test_paths_are_filled_in(stub: Stub) -> None:
    """The path is a format, filled in with the arguments that come behind it."""
    assert asked(stub.get("/profiles/{}?limit={}", 100, 10)) == ("GET", "/v1/profiles/100?limit=10", "")
    assert asked(stub.delete("/things/{0}/{0}", 9)) == ("DELETE", "/v1/things/9/9", "")
    assert asked(stub.get("/x/{}", "é b"))[1] == "/v1/x/%C3%A9%20b"


def test_braces_without_arguments_stay(stub: Stub) -> None:
    """A path without arguments is no format."""
    assert asked(stub.get("/x/{name}", name="kim"))[1] == "/v1/x/%7Bname%7D?name=kim"
    assert asked(stub.post("/x/{", {"a": 1}))[1:] == ("/v1/x/%7B", "a=1")


def test_bodies_are_forms(stub: Stub) -> None:
    """A dict at the end and keywords are the body, as a form."""
    assert asked(stub.put("/profiles/{}", 7, {"name": "Hans"})) == ("PUT", "/v1/profiles/7", "name=Hans")
    assert asked(stub.post("/x", {"a": "x y"}, b=4)) == ("POST", "/v1/x", "a=x%20y&b=4")
    assert asked(stub.patch("/x", size=2)) == ("PATCH", "/v1/x", "size=2")
    assert stub.post("/x", a=1).fetch()["headers"]["accept"] == "*/*"


def test_other_bodies(stub: Stub) -> None:
    """What no place in the path takes is the body."""
    assert asked(stub.post("/x", "raw"))[2] == "raw"
    assert asked(stub.post("/x/{}", 1, b"raw"))[1:] == ("/v1/x/1", "raw")
    file = io.BytesIO(b"body")
    file.name = "a.txt"
    assert 'filename="a.txt"' in asked(stub.upload("/x", {"f": file}))[2]


def test_parameters_of_methods_without_body(stub: Stub) -> None:
    """For get and its like, dict and keywords are query parameters."""
    assert asked(stub.get("/x", {"a": "1 2"}, c=3))[1] == "/v1/x?a=1%202&c=3"
    assert asked(stub.get("/x?q=1", c=3))[1] == "/v1/x?q=1&c=3"
    assert asked(stub.get("/x/{}", 1, 2))[1] == "/v1/x/1"
    assert asked(stub.options("/x", a=1)) == ("OPTIONS", "/v1/x?a=1", "")
    assert asked(stub.trace("/x"))[0] == "TRACE"


def test_headers_of_the_stub(was: Was, stub: Stub) -> None:
    """Headers of the stub go with every call, and decide the encoding."""
    with was.stub("@api", headers={"Content-Type": "application/json", "X-Q": "1"}) as other:
        task = other.post("/x", {"a": 1})
    assert asked(task)[2] == '{"a": 1}'
    assert task.fetch()["headers"]["x-q"] == "1"


@pytest.mark.parametrize(
    ("base", "path", "url"),
    [
        ("@api", "x", "/x"),
        ("@api/v/", "/x", "/v/x"),
        ("@api", "", "/"),
        ("@api/v?k=1", "/x", "/v/x?k=1"),
        ("@api/v?k=1", "/x?q=2", "/v/x?k=1&q=2"),
        ("@api", "@api/profiles/7?limit=1", "/profiles/7?limit=1"),
    ],
)
def test_base_and_path_are_joined(was: Was, stub: Stub, base: str, path: str, url: str) -> None:
    """Base and path make one URL; the alias may be repeated in the path, as the README does."""
    assert asked(was.stub(base).get(path))[1] == url


def test_stubs_of_urls(was: Was, peer: Peer) -> None:
    """A stub may be for a URL."""
    assert asked(was.stub(f"http://{peer.address}/v").get("/x"))[1] == "/v/x"


def test_options_are_for_all_calls(was: Was, stub: Stub) -> None:
    """timeout, filter and the like given to the stub hold for its calls."""
    with was.stub("@api", timeout=0.1, filter=lambda data: data["path"]) as limited:
        assert limited.get("/x").fetch() == "/x"
        assert limited.get("/sleep/2").dispatch().status_code == 730


def test_every_member_and_any_member(was: Was, stub: Stub) -> None:
    """stub.map calls all servers, stub.lb one; both as the README shows."""
    with was.stub.map("@api") as everyone:
        results = list(everyone.get("@api/x/{}", 1).dispatch())  # type: ignore[arg-type]
        assert [result.data["path"] for result in results] == ["/x/1"]
    with was.stub.lb("@api") as anyone:
        assert asked(anyone.get("/x"))[1] == "/x"


def test_streamed(was: Was, stub: Stub) -> None:
    """A stub may give bodies as they arrive."""
    assert b"".join(was.stub("@api", stream=True).get("/chunked").fetch()).startswith(b"part0")


def test_wrong_bases(was: Was) -> None:
    """A base that leads nowhere is told when the stub is made."""
    with pytest.raises(KeyError, match="unknown alias @nope"):
        was.stub("@nope/v1")
    with pytest.raises(AssertionError):
        was.stub()
