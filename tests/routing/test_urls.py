from __future__ import annotations

from typing import Any, cast

import pytest

from atila_compat import Atila
from atila_compat.app import Registry
from atila_compat.http.request import Request
from atila_compat.http.response import Response
from atila_compat.was import Was
from tests.serving.connection import ask, make_scope

app = Atila("main")
app.basepath = "/api/"
other = Atila("other")
other.basepath = "/o/"
odd = Atila("odd:42")


@app.route("/")
def index(was: Any) -> str:
    return "index"


@app.route("/users/<int:uid>")
def user(was: Any, uid: int, tab: str = "main") -> str:
    return f"user {uid} {tab}"


@app.route("/posts/<int:year>/<slug>")
def post(was: Any, year: int, slug: str = "latest") -> None: ...


@app.route("/docs/<path:where>")
def docs(was: Any, where: str) -> None: ...


@app.route("/search")
def search(was: Any, q: str, page: int = 1, **more: Any) -> str:
    return f"search {q} {page} {more}"


@app.route("/maybe/<int:n>")
def maybe(was: Any, n: Any = None, m: Any = None) -> None: ...


@app.route("/names")
def names(was: Any, app: Any = None, self: Any = None, thing: Any = None, request: Any = None) -> str:
    return f"{app} {self} {thing}"


@app.route("/one")
@app.route("/eins/<int:n>")
def one(was: Any, n: int) -> None: ...


@app.route("/drei/<int:n>")
@app.route("/three")
def three(was: Any, n: int) -> None: ...


@other.route("/total/<int:n>")
def total(was: Any, n: int = 0) -> str:
    return f"total {n} in {was.app.name}"


@odd.route("/inside")
def inside(was: Any) -> None: ...


def request_for(target: str, **headers: str) -> Was:
    """The `was` of a request that `app` has found a route for, in a service of three apps."""
    registry = Registry()
    for each in (app, other, odd):
        registry.add(each.name, each)
        each.apps = registry
    scope = make_scope(target, headers=headers)
    request = Request(scope, scope["path"], app)
    found = app.router.find(scope["path"], "GET")
    if found is not None:
        routes, request.PARAMS = found
        request.route = routes.by_method["GET"]
    return Was(app, request, Response(request), cast(Any, None))


@pytest.mark.parametrize(
    ("thing", "args", "values", "url"),
    [
        ("index", (), {}, "/api/"),
        (index, (), {}, "/api/"),
        ("", (), {}, "/api"),
        ("/", (), {}, "/api/"),
        ("/index.htm", (), {}, "/api/index.htm"),
        ("/a?b=c", (), {}, "/api/a?b=c"),
        ("/a?b=c", (1,), {"d": 1}, "/api/a?b=c"),
        ("user", (5,), {}, "/api/users/5"),
        ("user", (), {"uid": 5}, "/api/users/5"),
        ("user", (5,), {"tab": "info"}, "/api/users/5?tab=info"),
        (user, (5, "x y"), {}, "/api/users/5?tab=x+y"),
        ("user", ("me",), {}, "/api/users/me"),
        ("post", (2021, "hello world"), {}, "/api/posts/2021/hello_world"),
        ("post", (2019,), {}, "/api/posts/2019"),
        ("docs", ("a/b c/d.txt",), {}, "/api/docs/a/b+c/d.txt"),
        ("search", ("a&b=c d",), {}, "/api/search?q=a%26b%3Dc+d"),
        ("search", (), {"q": "x", "page": 2, "extra": "y"}, "/api/search?q=x&page=2&extra=y"),
        ("search", (), {"q": "x", "page": None}, "/api/search?q=x"),
        ("search", (), {"q": ["x", "y"]}, "/api/search?q=x&q=y"),
        ("search", ("\ud800",), {}, "/api/search?q=%3F"),
        ("maybe", (), {}, "/api/maybe"),
        ("maybe", (3, 4), {}, "/api/maybe/3?m=4"),
        ("maybe", (), {"m": 5}, "/api/maybe?m=5"),
        ("one", (), {}, "/api/one"),
        ("one", (3,), {}, "/api/one?n=3"),
        ("three", (3,), {}, "/api/drei/3"),
        (
            "names",
            (),
            {"app": 1, "self": 2, "thing": 3, "request": 4},
            "/api/names?app=1&self=2&thing=3&request=4",
        ),
        ("other:total", (3,), {}, "/o/total/3"),
        (total, (3,), {}, "/o/total/3"),
        ("odd:42:inside", (), {}, "/inside"),
    ],
)
def test_urls_of_resources(thing: Any, args: tuple[Any, ...], values: dict[str, Any], url: str) -> None:
    """`was.urlfor` makes a URL of an id, a handler or a path, and of arguments (spec/02 section 6)."""
    assert request_for("/").urlfor(thing, *args, **values) == url


@pytest.mark.parametrize(
    ("thing", "args", "values", "error", "text"),
    [
        ("no_such", (), {}, NameError, "no_such not found"),
        ("nowhere:index", (), {}, NameError, "app `nowhere` not found"),
        ("index", (1,), {}, ValueError, "too many parameters"),
        ("user", (5,), {"nope": 1}, ValueError, "parameter nope is not allowed"),
        ("docs", (), {}, NameError, "docs not found"),
        ("three", (), {}, NameError, "three not found"),
        ("post", (), {}, NameError, "post not found"),
        ("post", (), {"slug": "x"}, AssertionError, "parameter year is required"),
        ("user", (), {"tab": "x"}, AssertionError, "is required"),
    ],
)
def test_urls_that_cannot_be_made(
    thing: Any, args: tuple[Any, ...], values: dict[str, Any], error: type[Exception], text: str
) -> None:
    """Unknown names, and arguments that the handler does not have or misses, are errors that name them."""
    with pytest.raises(error, match=text):
        request_for("/").urlfor(thing, *args, **values)


@pytest.mark.parametrize(
    ("target", "thing", "values", "url"),
    [
        ("/posts/2020/a_title", "post", {}, "/api/posts/2020/a_title"),
        ("/posts/2020/a_title", "post", {"year": 1999}, "/api/posts/1999/a_title"),
        ("/posts/2020/a_title", "maybe", {"m": 1}, "/api/maybe?m=1"),
        ("/search?q=x&page=3", "search", {}, "/api/search?q=x&page=3"),
        ("/search?q=x&page=3", "search", {"page": 7}, "/api/search?q=x&page=7"),
        ("/search?q=x&page=3", "search", {"page": None}, "/api/search?q=x"),
        ("/search?q=x&more=3", "search", {}, "/api/search?q=x&more=3"),
        ("/maybe/3?other=1", "search", {"q": "x"}, "/api/search?q=x"),
        ("/search?q=x", "/path", {"a": 1}, "/api/path"),
        ("/search?q=x", "", {}, "/api"),
    ],
)
def test_urls_patched_from_the_request(target: str, thing: Any, values: dict[str, Any], url: str) -> None:
    """`was.urlpatch` takes what is not given from the request's path parameters and query."""
    was = request_for(target)
    assert was.urlpatch(thing, **values) == was.partial(thing, **values) == url


def test_base_of_a_url() -> None:
    """`was.baseurl` is the literal part of the rule, with a slash before parameters that must be there."""
    was = request_for("/")
    assert [was.baseurl(thing) for thing in ("index", "user", "search", "other:total")] == [
        "/api/",
        "/api/users/",
        "/api/search",
        "/o/total",
    ]
    assert was.basepath(user) == "/api/users/"
    assert was.baseurl("maybe") == "/api/maybe"
    assert was.baseurl("/x/y") == "/api/x/y"


def test_parts_of_a_url() -> None:
    """`was.urlspec` names path, parameters and query of a resource's URL."""
    was = request_for("/")
    assert was.urlspec("post") == {"path": "/api/posts/:year/:slug", "params": ["year", "slug"], "query": []}
    assert was.urlspec(user) == {"path": "/api/users/:uid", "params": ["uid"], "query": ["tab"]}
    assert was.urlspec("search") == {"path": "/api/search", "params": [], "query": ["q", "page"]}
    assert was.urlspec("maybe") == {"path": "/api/maybe", "params": ["n"], "query": ["m"]}


def test_urls_of_files() -> None:
    """`was.static` and `was.media` put a relative path below the app's roots, another app's too."""
    was = request_for("/")
    assert was.static("img/a.png") == "/static/img/a.png"
    assert was.media("up/a.jpg") == "/media/up/a.jpg"
    assert was.static("") == "/static/"
    assert was.static("a:b.png") == "/static/a:b.png"
    other.config.STATIC_URL = "https://cdn.example/x"
    assert was.static("other:a.png") == "https://cdn.example/x/a.png"
    with pytest.raises(AssertionError, match="should be relative"):
        was.static("/img/a.png")


def test_pipes_call_other_resources() -> None:
    """`was.pipe` calls a handler by function or id, also another app's, with this request's `was`."""
    was = request_for("/")
    assert was.pipe(user, 3) == was.pipe("user", uid=3) == "user 3 main"
    assert was.pipe("other:total", 6) == was.pipe(total, n=6) == "total 6 in main"
    assert was.pipe("names", app=1, self=2, thing=3) == "1 2 3"
    with pytest.raises(NameError, match="nope not found"):
        was.pipe("nope")


def test_pipes_skip_decorators() -> None:
    """A piped handler runs without its decorators: what they check is for requests."""
    piped = Atila("piped")

    @piped.route("/checked")
    @piped.inspect(offset=int)
    def checked(was: Any, offset: Any = 1) -> str:
        return f"offset {offset}"

    @piped.route("/pipe")
    def pipe(was: Any) -> Any:
        return was.pipe("checked", offset="t")

    assert ask(piped, "/pipe").text == "offset t"
    assert ask(piped, "/checked?offset=t").status_code == 400
