"""The API document as one HTML page."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

import pytest

from atila_compat import Atila
from atila_compat.testing.openapi import MountedApp, openapi
from atila_compat.testing.page import kind_of, limits_of, paragraphs_of, render, rows_of

from .apps import make_app
from .exchanges import exchange, spec

VOID = {"meta", "br", "hr", "link", "img", "input"}


class Balance(HTMLParser):
    """Checks that every element that is opened is closed, in order."""

    def __init__(self) -> None:
        super().__init__()
        self.opened: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """An element begins."""
        if tag not in VOID:
            self.opened.append(tag)
        self.ids += [value or "" for name, value in attrs if name == "id"]
        self.links += [value or "" for name, value in attrs if name == "href"]

    def handle_endtag(self, tag: str) -> None:
        """An element ends."""
        assert self.opened.pop() == tag


def parsed(page: str) -> Balance:
    """A page that is well-formed."""
    balance = Balance()
    balance.feed(page)
    assert balance.opened == []
    return balance


def page_of(app: Atila, *exchanges: Any) -> str:
    """The page of an app."""
    return render(openapi([MountedApp(app)], exchanges, title="Shop <1>"))


def test_page_needs_nothing_else() -> None:
    """The page is well-formed and loads nothing: no script, style sheet, picture or font."""
    page = page_of(make_app())
    parsed(page)
    assert not re.search(r"<script|<link|<img|https?://|@import|url\(", page)


def test_every_operation_can_be_reached() -> None:
    """Every operation has a link in the overview, and an id of its own that the link leads to."""
    found = parsed(page_of(make_app()))
    assert len(set(found.ids)) == len(found.ids)
    assert {f"#{each}" for each in found.ids} == set(found.links)
    assert "#items-put" in found.links


def test_text_is_escaped() -> None:
    """What comes from the app is text, never markup."""
    app = Atila("shop")

    def a(was: Any) -> None:
        pass

    a.__doc__ = "<b>bold</b>\n\n`<i>` and <script>alert(1)</script>"
    app.route("/a/<name>")(a)
    page = page_of(app, exchange("/a/x", {"x": "<script>"}, about=spec("/a/<name>", "a")))
    parsed(page)
    assert "<title>Shop &lt;1&gt;</title>" in page
    assert "&lt;b&gt;bold" in page
    assert "<code>&lt;i&gt;</code> and &lt;script&gt;" in page
    assert "<script" not in page


def test_examples_are_shown() -> None:
    """Parameters, bodies, answers and errors are on the page."""
    page = page_of(
        make_app(),
        exchange("/items/3", {"id": 3, "deep": ["é"]}, about=spec(id="items")),
        exchange("/items/3", {}, method="PUT", sent={"name": "Hans"}, about=spec(id="items")),
    )
    assert "One item." in page
    assert "&#34;é&#34;" in page
    assert "&#34;name&#34;: &#34;Hans&#34;" in page
    assert "401" in page


def test_app_without_routes() -> None:
    """Without routes the page says so."""
    page = page_of(Atila("shop"))
    parsed(page)
    assert "This app has no routes." in page


@pytest.mark.parametrize(
    ("schema", "kind"),
    [
        ({}, "any"),
        ({"type": "integer"}, "integer"),
        ({"type": ["integer", "null"]}, "integer or null"),
        ({"type": "array", "items": {}}, "array"),
        ({"type": "array", "items": {"type": "string"}}, "array of string"),
        ({"enum": ["a", 1]}, 'one of "a", 1'),
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, "string or null"),
        ({"$ref": "#/components/schemas/Error"}, "Error"),
    ],
)
def test_kinds(schema: dict[str, Any], kind: str) -> None:
    """Types are told in words."""
    assert kind_of(schema) == kind


def test_limits() -> None:
    """Limits are told in words, those that are refused too."""
    schema = {"minimum": 1, "exclusiveMaximum": 9, "pattern": "^a", "default": None, "not": {"enum": [1]}}
    assert limits_of(schema) == ["≥ 1", "< 9", "matches ^a", "default null", "not one of 1"]


def test_rows() -> None:
    """Members of objects inside objects and lists have dotted names."""
    inner = {"type": "object", "properties": {"c": {"type": "string"}}, "required": ["c"]}
    schema = {"properties": {"a": inner, "b": {"type": "array", "items": inner}}}
    assert [(name, required) for name, _, required in rows_of(schema)] == [
        ("a", False),
        ("a.c", True),
        ("b", False),
        ("b[].c", True),
    ]


def test_paragraphs() -> None:
    """Paragraphs are split at empty lines, and what stands in backticks is code."""
    assert paragraphs_of("One `two`\nthree.\n\n \n\nFour") == [
        [(False, "One "), (True, "two"), (False, "\nthree.")],
        [(False, "Four")],
    ]
    assert paragraphs_of("") == []
