from __future__ import annotations

from typing import Any

from atila_compat.routing.index import PatternIndex
from atila_compat.routing.route import RouteSet
from tests.routing.declaring import route


def index(*rules: str, func: Any = None) -> PatternIndex:
    """The index of these rules."""
    sets = []
    for rule in rules:
        made = route(rule, func=func)
        sets.append(RouteSet(made.rule))
        sets[-1].add(made)
    return PatternIndex(sets)


def candidates(found: PatternIndex, path: str) -> list[str]:
    """The rules that are tried for a path."""
    return [routes.first.text for routes in found.candidates(path)]


def test_only_rules_with_the_same_literals_are_tried() -> None:
    """Of hundreds of rules only those with a path's literal segments are tried, wherever these stand."""
    by_prefix = index(*(f"/api{number}/<int:n>" for number in range(500)))
    by_suffix = index(*(f"/<lang>/page{number}" for number in range(500)))
    assert candidates(by_prefix, "/api7/3") == ["/api7/<int:n>"]
    assert candidates(by_suffix, "/ko/page7") == ["/<lang>/page7"]
    assert candidates(by_suffix, "/ko/page7/x") == candidates(by_prefix, "/api7") == []


def test_candidates_are_in_the_order_of_prefixes_then_declaration() -> None:
    """Longer literal prefixes come first, then what was declared first."""
    found = index("/<path:rest>", "/a/<x>", "/a/<int:n>", "/a/b/<x>", "/<y>/b/<z>")
    assert candidates(found, "/a/b/c") == ["/a/b/<x>", "/<path:rest>", "/<y>/b/<z>"]
    assert candidates(found, "/a/3") == ["/a/<x>", "/a/<int:n>", "/<path:rest>"]


def test_paths_take_all_that_follows() -> None:
    """A <path:...> is tried for any number of segments, with literals behind it too."""
    found = index("/f/<path:p>", "/g/<path:p>/edit")
    assert candidates(found, "/f/") == candidates(found, "/f/a/b/c") == ["/f/<path:p>"]
    assert candidates(found, "/f") == []
    assert candidates(found, "/g/a/b/edit") == ["/g/<path:p>/edit"]


def test_optional_segments_end_a_rule_early() -> None:
    """A rule with an optional last parameter is tried for paths without it."""
    found = index("/a/<x>/b/<y>", func=lambda was, x, y=1: "")
    assert candidates(found, "/a/1/b") == candidates(found, "/a/1/b/2") == ["/a/<x>/b/<y>"]
    assert candidates(found, "/a/1") == []


def test_endless_paths_are_given_up_early() -> None:
    """A path of a hundred thousand segments has no more candidates than any other, and none for strangers."""
    found = index("/a/<x>", "/f/<path:p>")
    assert candidates(found, "/a" * 100_000) == []
    assert candidates(found, "/f" * 100_000) == ["/f/<path:p>"]
    assert candidates(found, "*") == candidates(found, "") == []
