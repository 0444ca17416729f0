from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atila_compat.routing.router import Redirect, Router
from tests.routing.declaring import outcome, route, router

SHOP = router(
    "/<path:rest>", "/shop/<item>", "/shop/cart", "/shop/<item>/reviews", "/shop/sale/<int:percent>"
)
SLASHES = router("/", "/plain", "/folder/", "/deep/er/", "/both", "/both/", "/item/<int:n>/", "/Case")


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/shop/cart", ("/shop/cart", {})),
        ("/shop/lamp", ("/shop/<item>", {"item": "lamp"})),
        ("/shop/lamp/reviews", ("/shop/<item>/reviews", {"item": "lamp"})),
        ("/shop/sale/30", ("/shop/sale/<int:percent>", {"percent": 30})),
        ("/shop/sale", ("/shop/<item>", {"item": "sale"})),
        ("/shop/sale/x", ("/<path:rest>", {"rest": "shop/sale/x"})),
        ("/shop", ("/<path:rest>", {"rest": "shop"})),
        ("/shop/", ("/<path:rest>", {"rest": "shop/"})),
        ("/shop/cart/", ("/<path:rest>", {"rest": "shop/cart/"})),
        ("/", 404),
    ],
)
def test_exact_rules_then_patterns_by_prefix(path: str, expected: Any) -> None:
    """Exact rules come first, then patterns, the longer literal prefix first (spec/02 section 3)."""
    assert outcome(SHOP, path) == expected


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/", ("/", {})),
        ("/plain", ("/plain", {})),
        ("/plain/", 404),
        ("/folder/", ("/folder/", {})),
        ("/folder", "301 /folder/"),
        ("/deep/er", "301 /deep/er/"),
        ("/deep", 404),
        ("/both", ("/both", {})),
        ("/both/", ("/both/", {})),
        ("/item/3/", ("/item/<int:n>/", {"n": 3})),
        ("/item/3", 404),
        ("/case", 404),
        ("/Case", ("/Case", {})),
        ("", "301 /"),
    ],
)
def test_slashes(path: str, expected: Any) -> None:
    """A missing slash at the end of an exact rule redirects; a slash too many is 404."""
    assert outcome(SLASHES, path) == expected


def test_patterns_of_one_prefix_are_tried_in_order_of_declaration() -> None:
    """Among prefixes of one length, the rule that was declared first and matches wins."""
    first_word = router("/x/<word>", "/x/<int:n>")
    first_int = router("/x/<int:n>", "/x/<word>")
    assert outcome(first_word, "/x/3") == ("/x/<word>", {"word": "3"})
    assert outcome(first_int, "/x/3") == ("/x/<int:n>", {"n": 3})
    assert outcome(first_int, "/x/three") == ("/x/<word>", {"word": "three"})


def test_matching_rule_without_the_method_ends_the_search() -> None:
    """A rule that matches but lacks the method is 405: neither patterns nor later ones are looked at."""
    table = router(
        route("/a", "POST"), route("/<any>", "GET"), route("/m/<x>", "GET"), route("/m/<int:n>", "PUT")
    )
    assert outcome(table, "/a") == 405
    assert outcome(table, "/m/3", "PUT") == 405


def test_rules_that_match_the_same_are_one_rule() -> None:
    """Handlers may name the parameters of one rule differently; each method gets its own names."""
    table = router(route("/i/<int:a>", "GET"), route("/i/<int:b>", "PUT", "DELETE"))
    assert outcome(table, "/i/3") == ("/i/<int:a>", {"a": 3})
    assert outcome(table, "/i/3", "PUT") == ("/i/<int:b>", {"b": 3})
    assert outcome(table, "/i/3", "POST") == 405
    found = table.find("/i/3")
    assert found is not None
    assert found[0].allowed == {"GET", "PUT", "DELETE"}


def test_redeclared_rule_wins_and_is_reported() -> None:
    """The same rule and method again replaces the route; `add` names the methods."""
    table = router("/s/<a>", "/t")
    assert sorted(table.add(route("/s/<b>"))) == ["GET", "POST"]
    assert table.add(route("/t", "GET")) == ["GET"]
    assert outcome(table, "/s/x") == ("/s/<b>", {"b": "x"})


def optional(was: Any, n: Any = None) -> None: ...


def required(was: Any, n: Any) -> None: ...


def required_or_not(was: Any, n: Any = 1) -> None: ...


def test_rule_without_its_optional_parameter() -> None:
    """A single parameter with a default may be left out; a slash in its place is 404."""
    table = router(route("/users/<int:n>", func=optional), route("/must/<int:n>", func=required))
    assert outcome(table, "/users/5") == ("/users/<int:n>", {"n": 5})
    assert outcome(table, "/users") == ("/users/<int:n>", {})
    assert outcome(table, "/users/") == 404
    assert outcome(table, "/must") == 404


def test_optional_parameter_of_the_root() -> None:
    """`/<int:n>` with a default answers `/` too."""
    assert outcome(router(route("/<int:n>", func=optional)), "/") == ("/<int:n>", {})


def test_explicit_rule_comes_before_the_implied_one() -> None:
    """Where the path without the parameter has a rule of its own already, the parameter is not optional."""
    table = router(route("/tags", "POST"), route("/tags/<n>", func=optional))
    assert outcome(table, "/tags", "POST") == ("/tags", {})
    assert outcome(table, "/tags", "GET") == 405
    assert outcome(table, "/tags/x") == ("/tags/<n>", {"n": "x"})


def test_explicit_rule_joins_the_implied_one() -> None:
    """A rule declared later for the path without the parameter takes its methods, and leaves the others."""
    table = router(route("/tags/<n>", "GET", "PUT", func=optional), route("/tags", "POST", "PUT"))
    for method, rule in (("GET", "/tags/<n>"), ("POST", "/tags"), ("PUT", "/tags")):
        assert outcome(table, "/tags", method) == (rule, {})
    assert outcome(table, "/tags", "DELETE") == 405


def test_first_implied_rule_stays() -> None:
    """Of several rules that leave out the same path's parameter, the first declared has all its methods."""
    table = router(route("/o/<int:n>", "GET", func=optional))
    other = route("/o/<n>", "GET", "PUT", func=required_or_not)
    other.resource.id = "other"
    table.add(other)
    assert outcome(table, "/o") == ("/o/<int:n>", {})
    assert outcome(table, "/o", "PUT") == 405


def test_implied_rule_is_shown_without_its_parameter() -> None:
    """`was.request.routable` names the rule that matched: without the parameter that was left out."""
    for rule, shown in (("/users/<int:n>", "/users"), ("/<n>", "/")):
        found = router(route(rule, func=optional)).find(shown)
        assert found is not None
        routable = found[0].by_method["GET"].routable
        assert routable["route"] == shown
        assert routable["argspec"] == (("n",), (("n", "int" if "int" in rule else "string"),), 1)


def test_implied_rule_has_the_methods_of_its_route() -> None:
    """Only the methods whose handler has a default answer the path without the parameter."""
    table = router(route("/o/<x>", "GET", func=lambda was, x: ""), route("/o/<n>", "PUT", func=optional))
    assert outcome(table, "/o", "PUT") == ("/o/<n>", {})
    assert outcome(table, "/o", "GET") == 405
    assert outcome(table, "/o/1", "GET") == ("/o/<x>", {"x": "1"})


def test_empty_path_parameter_needs_a_default() -> None:
    """An empty <path:...> goes to the handler's default, else the next rule is tried."""
    table = router(
        route("/walk/<path:n>", func=optional), route("/files/<path:n>", func=required), "/<path:rest>"
    )
    assert outcome(table, "/walk/") == ("/walk/<path:n>", {"n": None})
    assert outcome(table, "/walk") == ("/walk/<path:n>", {})
    assert outcome(table, "/files/") == ("/<path:rest>", {"rest": "files/"})


def test_closed_paths() -> None:
    """Patterns of `unroute` come before everything; each has its own status code."""
    table = router("/closed", "/gone/<int:n>", "/dir/")
    table.close("/closed", 404)
    table.close("/gone/*", 410)
    table.close("/dir*", 403)
    assert [outcome(table, path) for path in ("/closed", "/gone/3", "/gone/none", "/dir")] == [
        404,
        410,
        410,
        403,
    ]
    assert outcome(table, "/closed/x") == 404


def test_bad_parameters_are_the_clients_error() -> None:
    """Parameters that cannot be converted are 400."""
    assert outcome(router("/p/<float:f>"), "/p/1.2.3") == 400
    assert outcome(router("/p/<int:n>"), "/p/" + "1" * 5000) == 400


def test_each_request_has_its_own_parameters() -> None:
    """What an app does to the parameters of one request does not reach another."""
    table = router("/x")
    first, second = table.find("/x"), table.find("/x")
    assert first is not None
    assert second is not None
    first[1]["mine"] = 1
    assert second[1] == {}


def test_known_paths() -> None:
    """A path is known where the app has an answer of its own for it, a redirect or a refusal too."""
    table = router("/a", "/dir/", "/p/<float:f>")
    table.close("/closed", 404)
    assert all(map(table.knows, ("/a", "/dir", "/dir/", "/p/1.2.3", "/closed")))
    assert not table.knows("/b")


def test_all_routes_are_listed_once() -> None:
    """`routes` lists each route once, exact ones first."""
    made = [route("/b/<n>", func=optional), route("/a", "GET", "PUT"), route("/a", "DELETE")]
    assert list(router(*made).routes()) == [made[1], made[2], made[0]]


def test_exact_entries() -> None:
    """`app["/path"]` is the entry of the exact rule; KeyError where there is none."""
    table = router("/a", "/b/<n>")
    assert set(table.exact("/a").by_method) == {"GET", "POST"}
    with pytest.raises(KeyError):
        table.exact("/b")


def test_discarded_resources_leave_nothing() -> None:
    """A discarded resource has no routes, no implied ones and no name; others of its rules stay."""
    gone, kept = route("/x/<n>", "GET", func=optional), route("/x/<n>", "PUT")
    gone.resource.id, kept.resource.id = "gone", "kept"
    table = router(gone, kept)
    table.by_id.update(gone=gone, kept=kept)
    table.discard("gone")
    assert outcome(table, "/x") == 404
    assert outcome(table, "/x/1") == 405
    assert outcome(table, "/x/1", "PUT") == ("/x/<n>", {"n": "1"})
    assert set(table.by_id) == {"kept"}
    gone.resource.id = ""


def test_copies_are_independent() -> None:
    """A copy of a router has its routes, closed paths too; what is added to one is not in the other."""
    table = router("/a", "/b/<n>", route("/c/<n>", func=optional))
    table.close("/z", 410)
    twin = table.copy()
    twin.add(route("/new/<n>"))
    twin.add(route("/a", "PUT"))
    for path in ("/a", "/b/1", "/c", "/z"):
        assert outcome(twin, path) == outcome(table, path) != 404
    assert outcome(table, "/new/1") == 404
    assert outcome(table, "/a", "PUT") == 405


segments = st.sampled_from(
    ["a", "b", "api", "x.html", "<w>", "<v>", "<int:n>", "<float:f>", "<path:p>", "<w>.html", ""]
)
rules = st.lists(segments, min_size=1, max_size=4).map(lambda parts: "/" + "/".join(parts))
paths = st.lists(
    st.sampled_from(["a", "b", "api", "x.html", "1", "2.5", "me", "zz", "zz.html", ""]), max_size=5
).map(lambda parts: "/" + "/".join(parts))


def linear(table: Router, path: str, method: str) -> Any:
    """The search as spec/02 section 3 has it: all patterns, one after the other."""
    exact = table._exact.get(path)
    if exact is not None:
        return exact, {}
    if path + "/" in table._exact:
        return "redirect"
    patterns = [routes for routes in table._patterns.values() if routes.rule is not None]
    for routes in sorted(patterns, key=lambda each: -len(each.rule.prefix if each.rule else "")):
        values = routes.match(path)
        if values is not None:
            hit = routes.by_method.get(method)
            params = {} if hit is None or hit.rule is None else hit.rule.deliver(values)
            if params is not None:
                return routes, params
    return None


@given(st.lists(st.tuples(rules, st.booleans(), st.booleans()), max_size=12), st.lists(paths, max_size=8))
def test_index_finds_what_a_linear_search_finds(
    declared: list[tuple[str, bool, bool]], asked: list[str]
) -> None:
    """The tree of segments changes nothing about which route answers."""

    def all_optional(was: Any, w: Any = 1, v: Any = 1, n: Any = 1, f: Any = 1, p: Any = 1) -> None: ...

    table = router(
        *(
            route(rule, "PUT" if puts else "GET", func=all_optional if defaults else None)
            for rule, defaults, puts in declared
        )
    )
    for path in asked:
        try:
            found = table.find(path, "GET")
        except Redirect:
            assert linear(table, path, "GET") == "redirect"
        else:
            assert found == linear(table, path, "GET")


@given(st.text(), st.sampled_from(["GET", "PUT", "BREW"]))
def test_any_path_has_an_outcome(path: str, method: str) -> None:
    """Whatever path a client sends, the router finds routes or refuses; nothing else is raised."""
    assert outcome(SHOP, path, method) is not None
    assert outcome(SHOP, "/" + path, method) is not None
    assert outcome(SLASHES, "/" + path, method) is not None
