"""JSON-RPC calls to resources."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ..launch import Launched

SOURCE = """
    import datetime
    import skitai
    from atila import Atila

    app = Atila(__name__)
    app.calls = []

    @app.route("/same")
    def same(was, value):
        return value

    @app.route("/math/add")
    def add(was, a, b=10):
        return a + b

    @app.route("/async")
    async def asynchronous(was, text):
        return text.upper()

    @app.route("/note")
    def note(was, text):
        app.calls.append(text)
        return "noted"

    @app.route("/notes")
    def notes(was):
        return app.calls

    @app.route("/crash")
    def crash(was):
        raise ValueError("boom")

    @app.route("/answer")
    def answer(was, what):
        return {
            "api": lambda: was.API(a=1),
            "date": lambda: datetime.datetime(2021, 5, 6, tzinfo=datetime.timezone.utc),
            "response": lambda: was.response("409 Conflict", {"why": "no"}),
            "object": lambda: object(),
            "set": lambda: {"seen": {7}},
        }[what]()

    @app.route("/read", methods=["GET"])
    def read(was):
        return "read"

    if __name__ == "__main__":
        skitai.mount("/rpc", app)
        skitai.run(port=5000)
"""
FAILED = {"code": -32000, "message": "HTTP Error: 500 Internal Server Error"}
LOST = {"code": -32000, "message": "HTTP Error: 404 Not Found"}
INVALID = {"code": -32600, "message": "Invalid Request"}

documents = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["jsonrpc", "method", "params", "id"]) | st.text(max_size=5), inner, max_size=5
        )
    ),
    max_leaves=20,
)


def post(app: Launched, document: Any, text: str | bytes | None = None) -> Any:
    """The answer to a document."""
    content = json.dumps(document) if text is None else text
    return app.client.post("/rpc/", content=content, headers={"Content-Type": "application/json-rpc"})


def request(method: str, *params: Any, number: Any = 1, **named: Any) -> dict[str, Any]:
    """A request of version 2.0."""
    return {"jsonrpc": "2.0", "method": method, "params": named or list(params), "id": number}


def test_calls(app: Launched) -> None:
    """A method's dots are slashes; parameters go by position or by name, and may be missing."""
    for call, result in (
        (request("math.add", 1, 2), 3),
        (request("math.add", 1), 11),
        (request("math.add", a=1, b=2), 3),
        (request("async", "x"), "X"),
        ({"jsonrpc": "2.0", "method": "notes", "id": 1}, []),
        ({"jsonrpc": "2.0", "method": "notes", "params": None, "id": 1}, []),
        (request("same", {"é": [1.5, None, True]}), {"é": [1.5, None, True]}),
        (request("answer", "api"), {"a": 1}),
        (request("answer", "date"), "2021-05-06 00:00:00+00"),
        (request("answer", "set"), {"seen": [7]}),
    ):
        answer = post(app, call)
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "application/json-rpc"
        assert answer.json() == {"result": result, "id": 1, "jsonrpc": "2.0"}


@pytest.mark.parametrize("number", ["x-7", 0, None, 1.5])
def test_id_comes_back(app: Launched, number: Any) -> None:
    """An answer has the id of its request, whatever that is, an error too."""
    assert post(app, request("math.add", 1, number=number)).json()["id"] == number
    assert post(app, request("crash", number=number)).json() == {
        "id": number,
        "jsonrpc": "2.0",
        "error": FAILED,
    }


def test_version_1(app: Launched) -> None:
    """A request without a version, or that of JSON-RPC 1.0, is one of it, and so is its answer."""
    call = {"method": "math.add", "params": [1, 2], "id": 5}
    for request_ in (call, {**call, "jsonrpc": "1.0"}):
        assert post(app, request_).json() == {"result": 3, "error": None, "id": 5}
    call = {"method": "crash", "params": [], "id": 5}
    assert post(app, call).json() == {"result": None, "error": FAILED, "id": 5}


def test_notifications(app: Launched) -> None:
    """A request without an id is done, and answered by nothing."""
    answer = post(app, {"jsonrpc": "2.0", "method": "note", "params": ["one"]})
    assert (answer.status_code, answer.content) == (204, b"")
    both = [
        {"jsonrpc": "2.0", "method": "note", "params": ["two"]},
        {"jsonrpc": "2.0", "method": "crash"},
        {"method": "note", "params": ["three"], "id": None},
    ]
    assert post(app, both).status_code == 204
    assert post(app, [*both, request("notes")]).json() == [
        {"result": ["one", "two", "three", "two", "three"], "id": 1, "jsonrpc": "2.0"}
    ]


def test_batches(app: Launched) -> None:
    """Requests of a batch are answered in their order; what fails, or is none, does not stop the others."""
    answer = post(
        app,
        [
            request("math.add", 1, 2, number="a"),
            request("unknown", number="b"),
            request("crash", number="c"),
            7,
            request("async", "x", number="d"),
            {"jsonrpc": "2.0", "method": "same", "params": "text", "id": "e"},
        ],
    )
    assert answer.json() == [
        {"result": 3, "id": "a", "jsonrpc": "2.0"},
        {"id": "b", "jsonrpc": "2.0", "error": LOST},
        {"id": "c", "jsonrpc": "2.0", "error": FAILED},
        {"id": None, "jsonrpc": "2.0", "error": INVALID},
        {"result": "X", "id": "d", "jsonrpc": "2.0"},
        {"id": "e", "jsonrpc": "2.0", "error": {"code": -32602, "message": "Invalid params"}},
    ]
    assert post(app, []).json() == []


def test_refusals_keep_their_status(app: Launched) -> None:
    """A single request for what there is not is told by the HTTP status; so is what cannot be written."""
    assert post(app, request("unknown")).status_code == 404
    assert post(app, request("read")).status_code == 405
    assert post(app, request("answer", "object")).status_code == 500
    answer = post(app, request("answer", "response"))
    assert (answer.status_code, answer.json()["result"]) == (409, {"why": "no"})


@pytest.mark.parametrize("document", [{}, 3, "x", None, {"method": 7, "id": 1}, {"method": "same", "id": []}])
def test_what_is_no_request(app: Launched, document: Any) -> None:
    """JSON that is no request is the client's mistake, in the protocol's words."""
    answer = post(app, document)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, -32600)


@pytest.mark.parametrize(
    "text",
    ["", "{not json", "[1", b"\xff", "[" * 100_000, '{"a":' * 2000, json.dumps([request("notes")] * 1001)],
)
def test_malformed_bodies(app: Launched, text: str | bytes) -> None:
    """What is no JSON, or is nested or batched too much, is a parse error."""
    answer = post(app, None, text)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, -32700)


def test_deep_values(app: Launched) -> None:
    """Nesting is limited to 100 levels, brackets within texts do not count."""
    value: Any = "[" * 500
    for _ in range(90):
        value = [value]
    assert post(app, request("same", value)).json()["result"] == value
    for _ in range(20):
        value = {"x": value}
    assert post(app, request("same", value)).status_code == 400


def test_plain_json_is_no_call(app: Launched) -> None:
    """`application/json` is an ordinary request."""
    answer = app.client.post("/rpc/math/add", json={"a": 1, "b": 2})
    assert "result" not in answer.text
    assert app.client.post("/rpc/", json=request("math.add", 1)).status_code == 404


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(documents)
def test_any_document_is_answered(app: Launched, document: Any) -> None:
    """Whatever a client sends is answered, and never by an error of the server's."""
    answer = post(app, document)
    assert answer.status_code in (200, 204, 400, 404)
    if answer.content:
        answer.json()
