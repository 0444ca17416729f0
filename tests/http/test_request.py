from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atila_compat import Atila
from atila_compat.errors import HTTPError
from atila_compat.http.request import Request, split_header
from tests.http.asking import ask
from tests.routing.declaring import route
from tests.serving.connection import make_scope


def request(target: str = "/", **options: Any) -> Request:
    """A request; `options` are those of `make_scope`."""
    scope = make_scope(target, **options)
    return Request(scope, scope["path"], Atila("app"))


def posted(body: bytes, content_type: str, **options: Any) -> Request:
    """A request with a body."""
    made = request(method="POST", headers={"Content-Type": content_type}, **options)
    made.body = body
    return made


# -- request line -------------------------------------------------------------------------------------------


def test_request_line() -> None:
    """Method, target, version and scheme are those of the request line."""
    made = request("/a%20b?c=d%20e", method="DELETE")
    assert (made.method, made.command, made.uri) == ("DELETE", "delete", "/a%20b?c=d%20e")
    assert (made.version, made.scheme, made.path) == ("1.1", "http", "/a b")


@pytest.mark.parametrize(("given", "version"), [("1.0", "1.0"), ("1.1", "1.1"), ("2", "2.0"), ("3", "3.0")])
def test_versions_have_two_numbers(given: str, version: str) -> None:
    """The version is `1.0`, `1.1`, `2.0` or `3.0`."""
    assert request(http_version=given).version == version


@pytest.mark.parametrize(("given", "scheme"), [("https", "https"), ("ws", "http"), ("wss", "https")])
def test_scheme_of_websockets(given: str, scheme: str) -> None:
    """A WebSocket handshake has the scheme of HTTP."""
    assert request(scheme=given).scheme == scheme


def test_target_of_servers_that_keep_no_raw_path() -> None:
    """Without the raw path the decoded one is quoted again."""
    assert request("/%EA%B8%80/a%20b?c=d", raw_path=None).uri == "/%EA%B8%80/a%20b?c=d"


def test_target_with_bytes_that_should_be_encoded() -> None:
    """Bytes beyond ASCII in the target are UTF-8, as in the original."""
    made = request(raw_path="/é".encode(), path="/é", query_string="q=é".encode())
    assert made.uri == "/é?q=é"
    assert made.URL == {"q": "é"}


@pytest.mark.parametrize(
    ("target", "parts"),
    [
        ("/req?z=1", ("/req", None, "?z=1", None)),
        ("/req;v=1?z=1", ("/req", ";v=1", "?z=1", None)),
        ("/req", ("/req", None, None, None)),
        ("/req?a=;b", ("/req", None, "?a=;b", None)),
        ("/req?a#f", ("/req", None, "?a", "#f")),
    ],
)
def test_parts_of_the_target(target: str, parts: tuple[Any, ...]) -> None:
    """`split_uri` gives path, params, query and fragment with their marks, None for what is not there."""
    path, _, query = target.partition("?")
    assert request(raw_path=path.encode(), query_string=query.encode()).split_uri() == parts


def test_absolute_url() -> None:
    """The absolute URL has the Host header, else the server's address."""
    assert request("/a?b=c", headers={"Host": "example.com:81"}).url == "http://example.com:81/a?b=c"
    assert request("/a").url == "http://127.0.0.1:8000/a"
    assert request("/a", server=("/run/app.sock", None)).url == "http:///run/app.sock/a"
    assert request("/a", server=None).url == "http:///a"


# -- headers ------------------------------------------------------------------------------------------------


def test_headers_ignore_case() -> None:
    """Headers are found in any case; there are defaults, and a list of all."""
    made = request(headers={"X-Color": "Dark Red", "Host": "h"})
    assert made.get_header("x-cOLOR") == made.headers["X-color"] == "Dark Red"
    assert made.get_header("x-none") is None
    assert made.get_header("x-none", "dflt") == "dflt"
    assert made.get_header() == made.get_headers() == ["X-Color: Dark Red", "Host: h"]
    assert "x-none" not in made.headers


def test_repeated_headers_are_joined() -> None:
    """Repeated headers are one, with commas; cookies with semicolons."""
    made = request(headers=[(b"x", b"1"), (b"x", b"2"), (b"cookie", b"a=1"), (b"cookie", b"b=2")])
    assert made.get_header("x") == "1, 2"
    assert made.get_header("cookie") == "a=1; b=2"


def test_headers_can_be_replaced() -> None:
    """A hook may set a header of the request for those who come later."""
    made = request(headers={"X-User": "a"})
    assert made.headers["x-user"] == "a"
    made.set_header("X-User", "b")
    assert made.get_header("x-user") == made.headers["X-User"] == "b"


@pytest.mark.parametrize(
    ("value", "first", "params"),
    [
        ("text/plain", "text/plain", {}),
        ("text/plain; charset=utf-8", "text/plain", {"charset": "utf-8"}),
        ('v; B="q;\\"x"; c = 1 ; d; =e', "v", {"b": 'q;"x', "c": "1", "d": ""}),
        ("form-data; name*=utf-8''x", "form-data", {"name*": "utf-8''x"}),
        ('v; a="open', "v", {"a": '"open'}),
        ('v; a="', "v", {"a": '"'}),
        ("", "", {}),
        (";;a=1", "", {"a": "1"}),
    ],
)
def test_parameters_of_headers(value: str, first: str, params: dict[str, str]) -> None:
    """A header's parameters are taken apart at semicolons outside of quotes."""
    made = request(headers={"X-H": value})
    assert made.get_header_params("x-h") == made.get_header_with_attr("X-H") == (first, params)
    assert made.get_attr("x-h", "A", "none") == params.get("a", "none")


def test_parameters_of_missing_headers() -> None:
    """A missing header has the default and no parameters."""
    assert request().get_header_params("x-h", "none") == ("none", {})
    assert request().get_attr("x-h", "a") is None
    assert request().get_header_noparam("x-h", "none") == "none"


@given(st.text())
def test_parts_of_headers_are_the_header(value: str) -> None:
    """No character gets lost when a header is taken apart, but for spaces."""
    assert "".join(";".join(split_header(value)).split()) == "".join(value.split())


def test_content_type_and_its_parts() -> None:
    """Content type without parameters, its halves, charset and length, as methods and as properties."""
    made = request(headers={"Content-Type": "Text/Plain; charset=utf-8", "Content-Length": "12"})
    assert made.get_content_type() == made.content_type == "Text/Plain"
    assert (made.get_main_type(), made.main_type) == ("Text", "Text")
    assert (made.get_sub_type(), made.sub_type) == ("Plain", "Plain")
    assert made.get_charset() == made.charset == "utf-8"
    assert made.get_content_length() == made.content_length == 12


def test_headers_that_are_not_there() -> None:
    """Absent headers are None; referer and origin are empty."""
    made = request()
    absent = (made.content_type, made.main_type, made.sub_type, made.charset, made.content_length)
    assert absent == (None,) * 5
    assert (made.user_agent, made.get_user_agent(), made.host) == (None, None, None)
    assert made.referer == made.origin == made.accept == ""


@pytest.mark.parametrize("length", ["-1", "x", "", "1_0", "٣"])
def test_lengths_that_are_none(length: str) -> None:
    """A Content-Length that is no number is none."""
    assert request(headers=[(b"content-length", length.encode())]).content_length is None


def test_accepted_media_types() -> None:
    """`acceptables` are media types with their parameters; `acceptable` looks for a part of the header."""
    made = request(headers={"Accept": 'text/html;q=0.8, application/json ; charset=utf8;v="1",, */*'})
    assert made.acceptables == {
        "text/html": {"q": "0.8"},
        "application/json": {"charset": "utf8", "v": '"1"'},
        "*/*": {},
    }
    assert made.acceptable("text/html")
    assert not made.acceptable("text/xml")
    assert made.acceptable("text/xml", strict=False)
    assert not request(headers={"Accept": "text/html"}).acceptable("text/html", strict=False)
    assert not request().acceptable("text/html", strict=False)


# -- client -------------------------------------------------------------------------------------------------


def test_addresses_of_the_client() -> None:
    """The peer's address is the socket's; the real one is the first that X-Forwarded-For names."""
    plain = request()
    proxied = request(headers={"X-Forwarded-For": "1.1.1.1, 2.2.2.2"})
    assert plain.get_remote_addr() == plain.remote_addr == plain.real_ip == "127.0.0.1"
    assert (proxied.remote_addr, proxied.get_real_ip()) == ("127.0.0.1", "1.1.1.1")
    assert request(client=None).remote_addr == ""


@pytest.mark.parametrize(
    ("address", "found"),
    [("10.0.0.1", "10.0.0.1"), ("8.8.8.8", None), ("x", None), ("::1", "::1"), (None, "127.0.0.1")],
)
def test_private_addresses(address: str | None, found: str | None) -> None:
    """A private address is given back, any other is None; without one it is the peer's."""
    assert request().is_private_ip(address) == found


# -- arguments ----------------------------------------------------------------------------------------------


def test_collections_of_a_plain_request() -> None:
    """Without query and body, the collections are empty or None (spec/02 section 4.1)."""
    made = request()
    assert (made.URL, made.PARAMS, made.FORM, made.JSON, made.DATA, made.DEFAULT) == (
        {},
        {},
        None,
        None,
        {},
        None,
    )
    assert made.ARGS == made.args == {}
    assert (made.form(), made.json(), made.dict(), made.get_body()) == (None, None, {}, None)


def test_arguments_are_merged() -> None:
    """ARGS has path, query, body and the defaults of what is missing; attributes are items."""
    made = ask("a=q&id=8", form={"a": "f"}, params={"id": 7})
    made.route = route("/x/<int:id>", func=lambda was, id, a=1, z="dflt": "")  # noqa: A006
    assert made.ARGS == {"id": [7, "8"], "a": "f", "z": "dflt"}
    assert made.ARGS.z == "dflt"
    assert made.DEFAULT == {"a": 1, "z": "dflt"}
    assert made.URL == {"a": "q", "id": "8"}
    assert made.FORM == made.DATA == made.form() == {"a": "f"}


def test_args_may_be_written() -> None:
    """Hooks may change ARGS for those who come later."""
    made = ask("a=1")
    made.ARGS["b"] = made.ARGS.a
    assert made.args == {"a": "1", "b": "1"}
    assert made.URL == {"a": "1"}


def test_args_may_be_called() -> None:
    """The README writes `was.request.args("username")`: None, or the default, where there is none."""
    made = ask("username=ann")
    assert (made.args("username"), made.ARGS("zz"), made.args("zz", 3)) == ("ann", None, 3)


@pytest.mark.parametrize(
    ("body", "content_type", "form", "data"),
    [
        (b"a=1&a=2", "application/x-www-form-urlencoded", {"a": ["1", "2"]}, None),
        (b"a=%C3%A9", "Application/X-WWW-Form-Urlencoded; charset=utf-8", {"a": "é"}, None),
        (b"int:n=5", "application/x-www-form-urlencoded", {"n": 5}, None),
        (b"", "application/x-www-form-urlencoded", None, None),
        (b'{"a": [1, null]}', "application/json", None, {"a": [1, None]}),
        (b'{"a": 1}', "Application/JSON; charset=utf8", None, {"a": 1}),
        (b"[1, 2]", "application/json", None, [1, 2]),
        (b'"text"', "application/json", None, "text"),
        ('{"a": "é"}'.encode("utf-16"), "application/json", None, {"a": "é"}),
        (b"", "application/json", None, None),
        (b'{"jsonrpc": "2.0"}', "application/json-rpc", None, None),
        (b"a=1", "text/plain", None, None),
        (b"a=1", "", None, None),
    ],
)
def test_bodies_are_parsed_by_content_type(body: bytes, content_type: str, form: Any, data: Any) -> None:
    """Forms and JSON are parsed, other bodies are left to `get_body()`."""
    made = posted(body, content_type)
    assert (form, data) == (made.FORM, made.JSON)
    expected = form if form is not None else data
    assert made.DATA == made.dict() == ({} if expected is None else expected)
    assert made.get_body() == made.payload == made.get_payload() == (body or None)


def test_null_is_no_data() -> None:
    """The JSON body `null` is no data."""
    assert posted(b"null", "application/json").DATA == {}


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b'{"a": ', "application/json"),
        (b"\xff\xfe\xfd", "application/json"),
        (b"[" * 200_000, "application/json"),
        (b"1" * 5000, "application/json"),
        (b"nothing", "application/x-www-form-urlencoded"),
        (b"int:a=x", "application/x-www-form-urlencoded"),
        (b"&".join([b"a=1"] * 20_000), "application/x-www-form-urlencoded"),
    ],
)
def test_malformed_bodies_are_the_clients_error(body: bytes, content_type: str) -> None:
    """A body that cannot be parsed is 400, however deep or long."""
    with pytest.raises(HTTPError) as caught:
        posted(body, content_type).parse()
    assert caught.value.status_code == 400


def test_malformed_query_is_the_clients_error() -> None:
    """Parsing refuses a malformed query also where nobody looks at it."""
    with pytest.raises(HTTPError, match="invalid query string"):
        request("/?flag").parse()
    request("/?a=1").parse()


def test_route_and_handler_are_known() -> None:
    """A request knows its handler, its route's options and its resource; before, they are None."""
    made = request()
    assert (made.routed, made.routable, made.resource) == (None, None, None)
    made.route = route("/x", colour="red")
    assert made.routed is made.route.handler
    assert made.routable["colour"] == "red"
    assert made.resource is made.route.resource


def test_place_for_values_of_one_request() -> None:
    """`request.g` is a dict of the request's own."""
    first, second = request(), request()
    first.g.user = "Ann"
    assert first.g == {"user": "Ann"}
    assert second.g == {}


def test_transaction_ids() -> None:
    """Transaction ids come from the headers, else they are made once."""
    named = request(headers={"X-Gtxn-Id": "g1", "X-Ltxn-Id": "l1"})
    assert (named.gtxid, named.get_gtxid(), named.ltxid, named.get_ltxid()) == ("g1", "g1", "l1", "l1")
    made = request()
    assert made.gtxid == made.get_gtxid() != request().gtxid
    assert made.ltxid == made.get_ltxid() != request().ltxid


def test_representation_is_one_line() -> None:
    """Whatever a path holds, where the log names the request no line begins within it; long ones are cut."""
    assert repr(request(path="/a\n2026.01.01 [info] \x1b[2J\u2028é")) == (
        r"<Request GET /a\n2026.01.01 [info] \x1b[2J\u2028é>"
    )
    assert len(repr(request(path="/" + "a" * 60_000))) < 3000


def test_representation_needs_nothing_of_the_client() -> None:
    """A request can be logged, whatever its target is."""
    assert repr(request("//[broken")) == "<Request GET //[broken>"


MEMBERS = [
    "URL",
    "FORM",
    "JSON",
    "DATA",
    "ARGS",
    "args",
    "acceptables",
    "accept",
    "charset",
    "content_length",
    "content_type",
    "env",
    "g",
    "gtxid",
    "headers",
    "host",
    "ltxid",
    "main_type",
    "origin",
    "payload",
    "real_ip",
    "referer",
    "remote_addr",
    "salt",
    "scheme",
    "sub_type",
    "uri",
    "url",
    "user_agent",
    "version",
]
METHODS = [
    "form",
    "json",
    "dict",
    "get_body",
    "get_charset",
    "get_content_length",
    "get_content_type",
    "get_header",
    "get_headers",
    "get_main_type",
    "get_real_ip",
    "get_sub_type",
    "get_user_agent",
    "is_private_ip",
    "split_uri",
    "parse",
]
HEADERS = ("accept", "content-type", "content-length", "host", "x-forwarded-for", "cookie", "x-gtxn-id")


@given(
    st.lists(
        st.tuples(st.one_of(st.sampled_from(HEADERS).map(str.encode), st.binary(min_size=1)), st.binary())
    ),
    st.text(),
    st.binary(),
    st.binary(),
)
def test_any_bytes_make_a_request(
    headers: list[tuple[bytes, bytes]], path: str, query: bytes, body: bytes
) -> None:
    """Whatever bytes a client sends, members have values, or the request is refused with a 4xx."""
    scope = make_scope(headers=headers, path=path, raw_path=None, query_string=query)
    made = Request(scope, path, Atila("app"))
    made.body = body
    for name in (*MEMBERS, *METHODS):
        with contextlib.suppress(HTTPError):
            value = getattr(made, name)
            if name in METHODS:
                value()
    for name in HEADERS:
        made.get_header_params(name)
        made.get_attr(name, "charset")
    assert repr(made).startswith("<Request GET ")


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_json_bodies_come_back(value: Any) -> None:
    """What a client encodes is what an app gets."""
    assert value == posted(json.dumps(value).encode(), "application/json").JSON


def test_white_space_around_header_values() -> None:
    """White space around a header's value is no part of it, whatever the server has left of it."""
    assert request(headers=[(b"x-a", b" v\t ")]).get_header("X-A") == "v"


def test_empty_bodies() -> None:
    """An empty body is none for `get_body`."""
    made = request()
    made.body = b""
    assert made.get_body() is None
