from __future__ import annotations

from typing import Any

import pytest

from atila_compat.routing.resource import resource_of
from atila_compat.routing.route import UNSET, Route, RouteSet
from tests.routing.declaring import route


def handler(was: Any, n: Any, a: Any = 1, **rest: Any) -> None: ...


def test_routable_tells_handlers_about_their_route() -> None:
    """`was.request.routable` has options and what is known of the handler (spec/02 section 1.3)."""
    resource = resource_of(handler)
    options = {"methods": ["get", "PUT"], "content_types": ["text/plain"], "colour": "red"}
    made = Route("/x/<int:n>", handler, resource, options, {"point": "/x"})
    RouteSet(made.rule).add(made)
    assert made.routable == {
        "methods": {"GET", "PUT"},
        "content_types": ["text/plain"],
        "colour": "red",
        "coroutine": False,
        "input_stream": False,
        "func_id": "",
        "mntopt": {"point": "/x"},
        "route": "/x/<int:n>",
        "overridable": None,
        "args": ["n", "a"],
        "keywords": "rest",
        "defaults": {"a": 1},
        "urlargs": 1,
    }


def test_routable_leaves_out_what_there_is_not() -> None:
    """Without defaults and path parameters their keys are absent."""
    made = route("/x", func=lambda was: "")
    assert {"defaults", "urlargs"}.isdisjoint(made.routable)


def test_methods_are_get_and_post_by_default() -> None:
    """A route without methods, or with an empty list, answers GET and POST."""
    assert route("/x").methods == {"GET", "POST"}
    assert route("/x", methods=[]).methods == {"GET", "POST"}


@pytest.mark.parametrize("given", ["PUT", ["put"], ("PUT",), {"Put"}])
def test_methods_are_a_list_or_a_single_one(given: Any) -> None:
    """Methods are compared in upper case; a single one needs no list."""
    assert route("/x", methods=given).methods == {"PUT"}


def test_content_types_are_compared_in_lower_case() -> None:
    """Content types are a list or a single one; an empty list admits any."""
    assert route("/x", content_types=["Text/Plain"]).content_types == frozenset(("text/plain",))
    assert route("/x", content_types="text/plain").content_types == frozenset(("text/plain",))
    assert route("/x", content_types=[]).content_types is None


@pytest.mark.parametrize(
    ("option", "kind"),
    [(None, None), ("", None), (False, None), (0, None), (True, True), (1, True), ("basic", "basic")],
)
def test_authenticate_takes_names_and_truth_values(option: Any, kind: Any) -> None:
    """True leaves the kind to the app, False and None need nobody to be known (spec/02 section 1.2)."""
    assert route("/x", authenticate=option).authenticate is kind


def test_authenticate_is_left_to_the_app_by_default() -> None:
    """A route that says nothing takes the app's kind."""
    assert route("/x").authenticate is UNSET


def test_unknown_authentication_is_refused_at_declaration() -> None:
    """A kind of authentication that does not exist is an AssertionError where it is declared."""
    with pytest.raises(AssertionError, match="authenticate should be"):
        route("/x", authenticate="magic")


@pytest.mark.parametrize(
    ("decorator", "mounted", "own", "kind"),
    [
        ("bearer", "digest", "basic", "bearer"),
        (None, "digest", "basic", "digest"),
        (None, "digest", None, "digest"),
        (None, None, "basic", "basic"),
        ("bearer", None, None, "bearer"),
        (None, None, None, None),
    ],
)
def test_whoever_asks_for_authentication_first_gets_it(
    decorator: str | None, mounted: str | None, own: str | None, kind: str | None
) -> None:
    """The decorator comes before the module's mount, that before the route; None opens nothing."""

    def guarded(was: Any) -> None: ...

    resource = resource_of(guarded)
    if decorator:
        resource.options["authenticate"] = decorator
    made = Route("/", guarded, resource, {"authenticate": own}, {"authenticate": mounted})
    assert made.authenticate == kind


def test_decorators_below_route_set_options() -> None:
    """What `@app.coroutine` has noted on the resource is an option of the route; the route's own win."""

    def streaming(was: Any) -> None: ...

    resource_of(streaming).options.update(coroutine=True, subdomain="api")
    made = route("/x", func=streaming, subdomain="www")
    assert made.coroutine
    assert made.subdomain == "www"


def test_wanted_arguments_are_those_that_the_path_does_not_give() -> None:
    """Query and body may give the arguments behind the path's; a handler without any takes nothing more."""
    made = route("/x/<int:n>", func=handler)
    assert (made.url_args, made.wanted, made.takes_more) == (1, ("a",), True)
    assert not route("/x/<n>", func=lambda was, n: "").takes_more
    assert route("/x/<n>", func=lambda was, n, **kw: "").takes_more


def test_default_makes_the_last_parameter_optional() -> None:
    """A rule that ends with a parameter which has a default may do without it."""
    optional = route("/x/<n>", func=lambda was, n=1: "")
    inner = route("/x/<n>/", func=lambda was, n=1: "")
    required = route("/x/<n>", func=lambda was, n, a=1: "")
    for made, expected in ((optional, True), (inner, False), (required, False)):
        assert made.rule is not None
        assert made.rule.optional is expected


def test_location_names_file_and_line() -> None:
    """A route says where its handler stands, as `atila-compat routes` shows it."""
    assert route("/x", func=handler).location.startswith(f"{__file__}:")


def test_routes_of_one_rule_share_their_methods() -> None:
    """All routes of a rule see all methods of the rule (spec/02 section 1)."""
    routes = RouteSet()
    get, put = route("/dup", "GET"), route("/dup", "PUT", "DELETE")
    assert routes.add(get) == routes.add(put) == []
    assert get.routable["methods"] is put.routable["methods"] == {"GET", "PUT", "DELETE"}
    assert routes.by_method["GET"] is get
    assert routes.by_method["DELETE"] is put
    assert routes.first is get


def test_later_routes_replace_earlier_ones() -> None:
    """The same rule and method again: the later route wins, and `add` names the method."""
    routes = RouteSet()
    first, second = route("/dup"), route("/dup", "POST", "PUT")
    routes.add(first)
    assert routes.add(second) == ["POST"]
    assert routes.by_method == {"GET": first, "POST": second, "PUT": second}


@pytest.mark.parametrize(
    ("first", "second", "winner"),
    [
        ("extends", None, None),
        (None, "extends", None),
        ("overrides", None, "overrides"),
        (None, "overrides", "overrides"),
        ("extends", "overrides", "overrides"),
        ("overrides", "extends", "overrides"),
    ],
)
def test_overriding_before_own_before_extending(first: Any, second: Any, winner: Any) -> None:
    """Routes that override win, routes that extend only fill gaps, in whichever order they come."""
    routes = RouteSet()
    assert routes.add(route("/x", overridable=first)) == []
    assert routes.add(route("/x", overridable=second)) == []
    assert routes.by_method["GET"].overridable == winner


def test_unwanted_routes_are_forgotten() -> None:
    """`keep` forgets routes with their methods and says whether others are left; a copy does not change."""
    routes = RouteSet()
    get, put = route("/x", "GET"), route("/x", "PUT")
    routes.add(get)
    routes.add(put)
    twin = routes.copy()
    assert twin.keep(lambda each: each is put)
    assert twin.allowed == put.routable["methods"] == {"PUT"}
    assert not twin.keep(lambda each: False)
    assert routes.by_method == {"GET": get, "PUT": put}
    assert routes.allowed == {"GET", "PUT"}
