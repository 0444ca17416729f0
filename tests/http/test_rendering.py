from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from atila_compat.http.api import API
from atila_compat.http.rendering import Rendering, minify_html

from .test_templates import App, write


class Was(Rendering):
    """As much of a `was` as rendering needs."""

    def __init__(self, app: Any, accept: str) -> None:
        self.app = app
        self.request: Any = SimpleNamespace(acceptable=lambda media: media in accept)
        self.response = None

    def API(self, data: Any) -> API:  # noqa: N802
        """An API answer."""
        return API(data)


@pytest.fixture
def app(tmp_path: Path) -> App:
    """An app with one template."""
    write(tmp_path / "templates", t="<b>{{ x }}{{ context.x }}</b>")
    return App(tmp_path)


def test_render(app: App) -> None:
    """was.render gives the page as text."""
    was = Was(app, "text/html")
    assert was.render("t.j2", x=1) == "<b>11</b>"
    assert was.render("t.j2", {"x": 1}) == "<b>11</b>"
    assert "".join(was.render_stream("t.j2", x=1)) == "<b>11</b>"


@pytest.mark.parametrize("accept", ["", "*/*", "text/html"])
def test_pages_are_the_default(app: App, accept: str) -> None:
    """render_or_API renders unless JSON is asked for; a dict works as names do."""
    was = Was(app, accept)
    assert was.render_or_API("t.j2", x=1) == "<b>11</b>"
    assert was.render_or_API("t.j2", {"x": 1}) == "<b>11</b>"


def test_json_where_asked_for(app: App) -> None:
    """render_or_API answers with the variables where Accept contains application/json."""
    was = Was(app, "application/json, text/plain, */*")
    assert str(was.render_or_API("t.j2", x=1)) == '{"x": 1}'
    assert str(was.render_or_API("t.j2", {"x": 1})) == '{"x": 1}'


def test_strip_removes_indentation() -> None:
    """MINIFY_HTML = "strip" removes blank lines and white-space at the beginning of lines."""
    assert minify_html("  a\n\n\n   \n\t b  \n  <p>\n   x</p> \n  ", "strip") == "a\nb  \n<p>\nx</p> \n"


def test_pages_stay_otherwise() -> None:
    """Without MINIFY_HTML, and for minify without its package, the page stays."""
    assert minify_html("  a\n  b", False) == "  a\n  b"
    assert minify_html("<b>  a</b>", None) == "<b>  a</b>"
