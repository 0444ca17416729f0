"""The documentation of `pytest --docs`, in the original's layout (spec/08 section 2.2)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from atila_compat.testing.markdown import anchor, declared_rule, document, endpoint_of

from .exchanges import exchange, spec

EXPECTED = Path(__file__).parent / "expected"


def expected(name: str) -> list[str]:
    """The lines of a document that is known to be right."""
    return (EXPECTED / name).read_text().rstrip().splitlines()


def test_layout_of_the_readme() -> None:
    """A call is documented as the README shows it: table of content, resource, method, example."""
    about = spec("/tickers/<int:product_code>", "product.tickers", args=("product_code",))
    made = document([exchange("/apis/tickers/123", {"instock": 2}, about=about)])
    assert made.rstrip().splitlines() == expected("readme.md")


def test_all_parts() -> None:
    """Docstring, parameters, rules, permissions, what was sent, and errors stand in the original's order."""
    about = spec(
        args=("id", "page", "name", "note"),
        defaults={"page": 1, "note": ""},
        rules={"ARGS": {"ints": ["page"], "page__between": [1, 9]}, "JSON": {"required": ["name"]}},
        auth=[["permission", ["user", "staff"]], ["testpass", "is_open"], ["login", None], "staff"],
        doc="One item.\n\n        More of it.\n        ",
    )
    calls = [
        exchange("/items/3", {"code": 40050}, method="PUT", status="400 Bad Request", sent={}, about=about),
        exchange("/items/3", method="PUT", status="201 Created", sent={"name": "a"}, about=about),
    ]
    made = document(calls)
    assert made[made.index("## shop.items") :].rstrip().splitlines() == expected("resource.md")


def test_resources_are_sorted_by_endpoint() -> None:
    """The table of content is sorted by endpoints, methods in their usual order."""
    calls = [
        exchange("/b", about=spec("/b", "b")),
        exchange("/a", method="DELETE", about=spec("/a", "a_")),
        exchange("/a", method="POST", about=spec("/a", "a_")),
    ]
    made = document(calls)
    assert "1. [/a](#a_) [**`POST`**](#post-a) [**`DELETE`**](#delete-a)\n1. [/b](#b)" in made


def test_two_successes_at_most() -> None:
    """A method has at most two successful examples, which differ in the names of what was sent."""
    urls = ["/items/1", "/items/2", "/items/3?page=1", "/items/4?page=2", "/items/5?page=1&q=2"]
    made = document([exchange(url) for url in urls])
    shown = [line for line in made.splitlines() if "_URL_" in line]
    assert shown == ["> **_URL_**: `/items/4?page=2`  ", "> **_URL_**: `/items/5?page=1&q=2`  "]


def test_one_error_of_a_kind() -> None:
    """An error is shown once for each status and code, the lowest status first."""
    errors = [
        ({"code": 40900, "n": 1}, "409 Conflict"),
        ({"code": 40000, "n": 2}, "400 Bad Request"),
        ({"code": 40000, "n": 3}, "400 Bad Request"),
        ({"code": 40050, "n": 4}, "400 Bad Request"),
    ]
    made = document([exchange(answer=answer, status=status) for answer, status in errors])
    assert [line.strip(' "n:,') for line in made.splitlines() if '"n"' in line] == ["2", "4", "1"]


def test_long_texts_are_cut() -> None:
    """Texts of more than 80 characters are cut to 77 and three dots, however deep they stand."""
    made = document([exchange(answer={"deep": [{"a": "x" * 81, "b": "y" * 80}]})])
    assert f'"a": "{"x" * 77}..."' in made
    assert f'"b": "{"y" * 80}"' in made


def test_several_rules_of_one_resource() -> None:
    """A resource with several rules has them all, in its heading and its anchor."""
    calls = [
        exchange("/a/1", about=spec("/a/<int:id>", "a", args=("id",))),
        exchange("/a/1/more", about=spec("/a/<int:id>/more", "a", args=("id",))),
    ]
    made = document(calls)
    assert "#### `GET` `/a/<int:id>`, `/a/<int:id>/more`" in made
    assert "[/a/&lt;int:id&gt; | /a/&lt;int:id&gt;/more](#a) [**`GET`**](#get-aintid-aintidmore)" in made


@pytest.mark.parametrize(
    ("auth", "options", "needed"),
    [
        ([], {}, "NO"),
        ([["permission", []]], {}, "YES"),
        ([["authorization", "bearer"]], {}, "bearer"),
        ([], {"authenticate": "basic"}, "basic"),
        ([], {"authenticate": True}, "digest"),
        ([], {"authenticate": None}, "NO"),
    ],
)
def test_authorization(auth: list[Any], options: dict[str, Any], needed: str) -> None:
    """Authorization is NO, YES for permissions, or what kind it is."""
    made = document([exchange(about=spec(auth=auth, **options))])
    assert f"**Authorization Required**: {needed}  \n" in made


@pytest.mark.parametrize(
    ("route", "url", "endpoint"),
    [
        ("/items/<int:id>", "/items/3?page=1", "/items/<int:id>"),
        ("/items/<int:id>", "/shop/items/3", "/shop/items/<int:id>"),
        ("/notes/<user>/<int:no>", "/notes/hans", "/notes/<user>/<int:no>"),
        ("/files/<path:path>", "/x/files/a/b/c", "/x/files/<path:path>"),
        ("/", "/shop/", "/shop/"),
        ("/", "/", "/"),
        ("/a.b", "/a.b", "/a.b"),
        ("/elsewhere", "/not/there", "/elsewhere"),
    ],
)
def test_endpoints_have_the_mount_point(route: str, url: str, endpoint: str) -> None:
    """The mount point is what stands in front of the rule in the URL that was asked for."""
    assert endpoint_of(route, url) == endpoint


def test_anchors() -> None:
    """Anchors are those of the usual hosts: no dots, brackets or slashes, in lower case."""
    assert anchor("Shop.Items_2") == "shopitems_2"
    assert anchor("`GET` `/a/<int:id>`, `/b`") == "get-aintid-b"


def test_nothing_was_called() -> None:
    """Without calls there is an empty table of content."""
    assert document([]) == "## Table of Content\n"


@pytest.mark.parametrize(
    ("options", "rule"),
    [
        ({"route": "/users/<int:n>"}, "/users/<int:n>"),
        ({"route": "/users", "argspec": [["n", "q"], [["n", "int"]], 2]}, "/users/<int:n>"),
        ({"route": "/", "argspec": [["name"], [["name", "string"]], 1]}, "/<name>"),
        ({"route": "", "argspec": [["rest"], [["rest", "path"]], 1]}, "/<path:rest>"),
    ],
)
def test_rules_whose_parameter_was_left_out(options: dict[str, Any], rule: str) -> None:
    """A route that was called without its optional parameter is documented by the rule that declares it."""
    assert declared_rule(options) == rule
