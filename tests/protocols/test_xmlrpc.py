"""XML-RPC calls to resources, by the standard library's client and by hand."""

from __future__ import annotations

import contextlib
import datetime
import xmlrpc.client
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from atila_compat.protocols.calls import MalformedCall
from atila_compat.protocols.xmlrpc import dumps, loads

from ..launch import Launched, Serve

SOURCE = """
    import skitai
    from atila import Atila

    app = Atila(__name__)
    app.securekey = "a secret of some length, for sessions"
    app.users = {"ann": "sesame"}
    app.realm = "shop"
    app.seen = []

    @app.before_request
    def before(was):
        app.seen.append("before " + was.request.uri + " " + was.env["PATH_INFO"])
        if was.request.get_header("x-stop"):
            return was.response("429 Too Many Requests", "later")

    @app.failed_request
    def failed(was, exc_info):
        app.seen.append("failed " + exc_info[0].__name__)
        if isinstance(exc_info[1], LookupError):
            return "rescued"

    @app.teardown_request
    def teardown(was):
        app.seen.append("teardown")

    @app.permission_handler
    def allowed(was, perms):
        if was.request.get_header("x-role") not in perms:
            return was.response("403 Permission Denied", "role")

    @app.route("/same")
    def same(was, value):
        return value

    @app.route("/kind")
    def kind(was, value):
        return type(value).__name__

    @app.route("/math/add")
    def add(was, a, b=10):
        return a + b

    @app.route("/async")
    async def asynchronous(was, text):
        task = was.Thread(str.upper, args=(text,))
        await task
        if text == "fail":
            raise ValueError(text)
        return task.fetch()

    def plus_one(was, task):
        return task.fetch() + 1

    @app.route("/later")
    def later(was, what):
        task = was.Thread(abs, args=(-4,))
        return {
            "then": lambda: task.then(plus_one),
            "data": lambda: task.then(),
            "group": lambda: was.Tasks(task, was.Mask(1)).then(lambda was, tasks: tasks.fetch()),
            "fails": lambda: was.Thread(abs, args=("x",)).then(plus_one),
            "bare": lambda: task,
        }[what]()

    @app.route("/lookup")
    def lookup(was):
        raise KeyError("nothing")

    @app.route("/refuse")
    def refuse(was):
        raise was.Error("403 Permission Denied", "not you")

    @app.route("/answer")
    def answer(was, what):
        return {
            "response": lambda: was.response("409 Conflict", "no"),
            "status only": lambda: was.response("410 Gone"),
            "api": lambda: was.API(a=1),
            "generator": lambda: (n for n in range(3)),
            "task": lambda: was.Thread(int, args=("1",)),
            "bytes": lambda: b"bytes",
            "keys": lambda: {1: 2},
            "large": lambda: 2 ** 40,
            "control": lambda: "a\\x00b",
        }[what]()

    @app.route("/count")
    def count(was):
        was.session.set("count", (was.session.get("count") or 0) + 1)
        was.response.set_header("X-Count", str(was.session.get("count")))
        return was.session.get("count")

    @app.route("/guarded")
    @app.permission_required(["admin"])
    def guarded(was):
        return "in"

    @app.route("/member", authenticate="basic")
    def member(was):
        return str(was.request.user)

    @app.route("/read", methods=["GET"])
    def read(was):
        return "read"

    @app.route("/seen")
    def seen(was):
        seen, app.seen = app.seen, []
        return was.API(seen=seen)

    if __name__ == "__main__":
        with skitai.preference() as pref:
            pref.config.MAX_RPC_SIZE = 1024 * 1024
            skitai.mount("/rpc", app, pref)
        skitai.run(port=5000)
"""
OPENING = "<methodCall><methodName>same</methodName><params><param>"
LAUGHS = """<?xml version="1.0"?>
<!DOCTYPE lolz [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;">]>
<methodCall><methodName>same</methodName><params><param><value>&c;</value></param></params></methodCall>"""
OUTSIDE = """<?xml version="1.0"?>
<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]>
<methodCall><methodName>same</methodName><params><param><value>&f;</value></param></params></methodCall>"""

values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False)
    | st.text(st.characters(exclude_categories=["Cc", "Cs"], exclude_characters="\ufffe\uffff")),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("abc"), inner, max_size=4),
    max_leaves=20,
)


def proxy(app: Launched, **headers: str) -> Any:
    """A client of the app's procedures."""
    lines = [(name.replace("_", "-"), value) for name, value in headers.items()]
    return xmlrpc.client.ServerProxy(f"{app.url}/rpc/", allow_none=True, headers=lines)


def post(app: Launched, body: str | bytes, content_type: str = "text/xml") -> Any:
    """The answer to a body."""
    return app.client.post("/rpc/", content=body, headers={"Content-Type": content_type})


def status(call: Any) -> int:
    """The HTTP status of a call that is refused."""
    with pytest.raises(xmlrpc.client.ProtocolError) as refused:
        call()
    return refused.value.errcode


def test_calls(app: Launched) -> None:
    """A method's dots are slashes of the path; parameters go by position, defaults fill in."""
    with proxy(app) as procedures:
        assert procedures.math.add(1, 2) == 3
        assert procedures.math.add(1) == 11
        assert getattr(procedures, "async")("x") == "X"


@pytest.mark.parametrize(
    "value", [None, True, -7, 1.5, "é 漢字 <&>", [], [1, [2, None]], {"a": {"b": []}}, {"": 0}, ""]
)
def test_values(app: Launched, value: Any) -> None:
    """Values come back as they went."""
    with proxy(app) as procedures:
        assert procedures.same(value) == value


def test_dates_and_bytes(app: Launched) -> None:
    """Dates and binaries are the objects of xmlrpc.client, as in the original."""
    with proxy(app) as procedures:
        assert procedures.kind(datetime.datetime(2021, 5, 6)) == "DateTime"
        assert procedures.kind(b"bytes") == "Binary"
        assert procedures.same(datetime.datetime(2021, 5, 6)) == "20210506T00:00:00"
        assert procedures.answer("bytes").data == b"bytes"


def test_any_path_takes_calls(app: Launched) -> None:
    """The path that is posted to stands before the method's."""
    answer = app.client.post(
        "/rpc/math", content=xmlrpc.client.dumps((1, 2), "add"), headers={"Content-Type": "text/xml"}
    )
    assert xmlrpc.client.loads(answer.text)[0] == (3,)


@pytest.mark.parametrize("name", ["refuse", "math.add", "same"])
def test_failures_are_faults(app: Launched, name: str) -> None:
    """Whatever a handler raises, and a call that does not fit, is a fault."""
    with proxy(app) as procedures, pytest.raises(xmlrpc.client.Fault) as fault:
        getattr(procedures, name)()
    assert (fault.value.faultCode, fault.value.faultString) == (1, "HTTP Error: 500 Internal Server Error")


def test_failed_request_can_rescue(app: Launched) -> None:
    """What the failed_request hook returns is the value."""
    with proxy(app) as procedures:
        assert procedures.lookup() == "rescued"


def test_failing_async_handler(app: Launched) -> None:
    """An `async def` handler that raises is a fault too."""
    with proxy(app) as procedures, pytest.raises(xmlrpc.client.Fault):
        getattr(procedures, "async")("fail")


@pytest.mark.parametrize(("what", "value"), [("then", 5), ("data", 4), ("group", [4, 1])])
def test_answers_that_are_made_later(app: Launched, what: str, value: Any) -> None:
    """What `then` makes of a task is the value of the call."""
    with proxy(app) as procedures:
        assert procedures.later(what) == value


def test_answers_that_fail_later(app: Launched) -> None:
    """What fails in a callback of `then` is a fault; a bare task is no value, as it was."""
    with proxy(app) as procedures:
        with pytest.raises(xmlrpc.client.Fault):
            procedures.later("fails")
        with pytest.raises(xmlrpc.client.ProtocolError) as error:
            procedures.later("bare")
    assert error.value.errcode == 500


def test_hooks(app: Launched) -> None:
    """Hooks run for each call, and see its path."""
    app.client.get("/rpc/seen")
    with proxy(app) as procedures:
        procedures.math.add(1)
        with pytest.raises(xmlrpc.client.Fault):
            procedures.refuse()
    seen = app.client.get("/rpc/seen").json()["seen"][1:]
    assert seen == [
        "before /rpc/ /math/add",
        "teardown",
        "before /rpc/ /refuse",
        "failed HTTPError",
        "before /rpc/seen /seen",
    ]


def test_refusals_keep_their_status(app: Launched) -> None:
    """Who is not let in, and what does not exist, is told by the HTTP status."""
    with proxy(app) as procedures, proxy(app, X_Stop="1") as stopped, proxy(app, X_Role="admin") as admin:
        assert status(procedures.unknown) == 404
        assert status(procedures.math) == 404
        assert status(getattr(procedures, "..same")) == 404
        assert status(procedures.read) == 405
        assert status(procedures.guarded) == 403
        assert status(procedures.member) == 401
        assert status(lambda: stopped.math.add(1)) == 429
        assert admin.guarded() == "in"
    with proxy(app, Authorization="Basic YW5uOnNlc2FtZQ==") as member:
        assert member.member() == "ann"


def test_answers(app: Launched) -> None:
    """A response's body is the value, with its status; what cannot be marshalled is a 500."""
    with proxy(app) as procedures:
        assert status(lambda: procedures.answer("response")) == 409
        assert status(lambda: procedures.answer("status only")) == 410
        for what in ("api", "generator", "task", "keys"):
            assert status(lambda what=what: procedures.answer(what)) == 500
        assert procedures.answer("large") == 2**40
        assert procedures.answer("control") == "a\ufffdb"


def test_multicall(app: Launched) -> None:
    """Several calls in one body are made one after the other; what fails does not stop the others."""
    with proxy(app) as procedures:
        calls = xmlrpc.client.MultiCall(procedures)
        calls.math.add(1, 2)
        calls.unknown()
        calls.refuse()
        getattr(calls, "async")("x")
        calls.system.multicall([])
        found = list(calls().results)
    assert [each if isinstance(each, list) else each["faultString"] for each in found] == [
        [3],
        "HTTP Error: 404 Not Found",
        "HTTP Error: 500 Internal Server Error",
        ["X"],
        "HTTP Error: 404 Not Found",
    ]


def test_sessions(app: Launched) -> None:
    """Headers and sessions that handlers set go out; calls of one body see each other's."""
    body = xmlrpc.client.dumps(([{"methodName": "count", "params": []}] * 3,), "system.multicall")
    answer = post(app, body)
    assert xmlrpc.client.loads(answer.text)[0][0] == [[1], [2], [3]]
    assert answer.headers["x-count"].endswith("3")
    again = app.client.post(
        "/rpc/",
        content=xmlrpc.client.dumps((), "count"),
        headers={"Content-Type": "application/xml", "Cookie": answer.headers["set-cookie"].split(";")[0]},
    )
    assert again.status_code == 200


def test_debugging_shows_the_traceback(serve: Serve) -> None:
    """With --devel a fault tells where it comes from."""
    source = """
        import skitai
        from atila import Atila
        app = Atila(__name__)

        @app.route("/crash")
        def crash(was):
            raise ValueError("boom")

        skitai.mount("/rpc", app)
        skitai.run(port=5000)
    """
    app = serve(source, "--devel")
    with proxy(app) as procedures, pytest.raises(xmlrpc.client.Fault, match=r", Traceback(.|\n)*boom"):
        procedures.crash()


@pytest.mark.parametrize(
    "body",
    [
        "",
        "no xml",
        "<methodCall><methodName>",
        "<methodCall/>",
        "<a/>",
        "<methodResponse><params/></methodResponse>",
        xmlrpc.client.dumps((1, 2), "add") + "<more/>",
        xmlrpc.client.dumps(("x",), "system.multicall"),
        xmlrpc.client.dumps(([1],), "system.multicall"),
        xmlrpc.client.dumps(([{"methodName": "same"}] * 1001,), "system.multicall"),
        LAUGHS,
        OUTSIDE,
        OPENING + "<value><array><data>" * 5000,
        OPENING + "<value><int>x</int></value></param></params></methodCall>",
        OPENING + f"<value><int>{'9' * 10000}</int></value></param></params></methodCall>",
        b"\xff\xfe\x00",
        "<?xml version='1.0' encoding='no-such'?><methodCall/>",
    ],
)
def test_malformed_bodies(app: Launched, body: str | bytes) -> None:
    """What is no call is the client's mistake; entities are not expanded, nesting has a limit."""
    assert post(app, body).status_code == 400


def test_deep_values(app: Launched) -> None:
    """Values that are nested deeper than 100 levels are refused before any handler sees them."""
    value: Any = 1
    for _ in range(101):
        value = [value]
    assert post(app, xmlrpc.client.dumps((value,), "same")).status_code == 400
    allowed = xmlrpc.client.dumps((value[0][0],), "same")
    assert post(app, allowed).status_code == 200
    prefixed = xmlrpc.client.dumps((value,), "same").replace("value>", "x:value>")
    assert post(app, prefixed).status_code == 400
    assert post(app, allowed.replace("value>", "x:value>")).content == post(app, allowed).content


def test_body_limit(app: Launched) -> None:
    """A body above `app.config.MAX_RPC_SIZE` is refused, whether it says how long it is or not."""
    assert post(app, b"x" * 1_100_000).status_code == 413
    chunks = (b"x" * 100_000 for _ in range(11))
    answer = app.client.post("/rpc/", content=chunks, headers={"Content-Type": "text/xml"})
    assert answer.status_code == 413


def test_other_methods_and_types_are_ordinary(app: Launched) -> None:
    """Only POST with the types of XML is a call."""
    assert app.client.get("/rpc/math/add?a=1&b=2", headers={"Content-Type": "text/xml"}).text == "12"
    assert app.client.post("/rpc/same", data={"value": "form"}).text == "form"


@given(values)
def test_what_is_written_can_be_read(value: Any) -> None:
    """The document of a value is read as the same value."""
    assert loads(dumps(value))[0] == (value,)


@given(st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
def test_reading_fails_in_one_way(body: bytes) -> None:
    """Any bytes are a call, or malformed."""
    with contextlib.suppress(MalformedCall):
        loads(body)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_no_body_is_an_error_of_ours(app: Launched, data: st.DataObject) -> None:
    """Calls with bytes changed are answered, and never by an error of the server's."""
    body = bytearray(xmlrpc.client.dumps(([1, {"a": "b"}],), "same").encode())
    for _ in range(data.draw(st.integers(1, 5))):
        body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    assert post(app, bytes(body)).status_code in (200, 400, 404)
