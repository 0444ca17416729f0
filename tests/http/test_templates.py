from __future__ import annotations

import os
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import jinja2
import pytest

from atila_compat.context import current_was
from atila_compat.errors import MissingExtra
from atila_compat.http.templates import Templates
from atila_compat.structures import AttrDict


class App(Templates):
    """As much of an app as templates need."""

    def __init__(self, home: Path, **config: Any) -> None:
        self.debug = self.use_reloader = False
        self.config = AttrDict({"TEMPLATE_DIRS": []} | config)
        self.home = str(home)
        self.override_template_dirs: list[str] = []
        super().__init__()

    def fill(self, name: str, variables: dict[str, Any] | None = None, /, **named: Any) -> str:
        """Render for a `was` that stands for a GET request."""
        return self.render(make_was(self), name, variables, **named)


def make_was(app: App) -> Any:
    """As much of a `was` as templates need."""
    return SimpleNamespace(app=app, request=SimpleNamespace(method="GET"), response="the response")


def write(folder: Path, **files: str) -> None:
    """Write templates: index="..." makes index.j2."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / f"{name}.j2").write_text(text)


@pytest.fixture
def app(tmp_path: Path) -> App:
    """An app with an empty folder of templates."""
    write(tmp_path / "templates")
    return App(tmp_path)


def test_templates_see_the_request(app: App, tmp_path: Path) -> None:
    """`was`, `app`, `request`, `response`, the variables, and the variables as `context`."""
    names = "was.request.method", "request.method", "response", "app.config.X", "a", "context"
    text = " ".join("{{ %s }}" % name for name in names)  # noqa: UP031 - braces
    write(tmp_path / "templates", t=text)
    app.config.X = "x"
    assert app.fill("t.j2", a=1) == "GET GET the response x 1 {'a': 1}"
    assert app.fill("t.j2", {"a": 1}) == "GET GET the response x 1 {'a': 1}"


def test_dict_and_names_exclude_each_other(app: App, tmp_path: Path) -> None:
    """Variables both as a dict and by name are an assertion."""
    write(tmp_path / "templates", t="")
    with pytest.raises(AssertionError):
        app.fill("t.j2", {"a": 1}, b=2)


def test_line_statements_and_extensions(app: App, tmp_path: Path) -> None:
    """`%` and `##` begin line statements and comments, `do` and `break` are there, blocks leave no lines."""
    text = (
        "## comment\n% for i in range(9):\n{{ i }},\n% endfor\n"
        "  {% for i in range(9) %}\n    {% if i > 1 %}{% break %}{% endif %}\n{{ i }}\n  {% endfor %}\n"
        "{% set l = [] %}\n{% do l.append(7) %}\n{{ l }}"
    )
    write(tmp_path / "templates", t=text)
    lines = [line for line in app.fill("t.j2").split("\n") if line]
    assert lines == [*(f"{i}," for i in range(9)), "0", "1", "[7]"]


def test_nothing_is_escaped_unless_asked_for(app: App, tmp_path: Path) -> None:
    """Templates put out what they are given; config.AUTOESCAPE = True escapes it."""
    write(tmp_path / "templates", t="{{ x }}")
    assert app.fill("t.j2", x="<b>") == "<b>"
    assert App(tmp_path, AUTOESCAPE=True).fill("t.j2", x="<b>") == "&lt;b&gt;"


def test_globals_get_was_first(app: App, tmp_path: Path) -> None:
    """A template global is called with the `was` of the rendering, before and after the first rendering."""
    write(tmp_path / "templates", t="{{ path('x', n=2) }}{{ later is defined }}", u="{{ later() }}")

    @app.template_global("path")
    def path(was: Any, prefix: str, n: int = 1) -> str:
        return str(was.request.method) + prefix * n

    assert app.fill("t.j2") == "GETxxFalse"

    @app.template_global("later")
    def later(was: Any) -> str:
        return "later"

    assert app.fill("u.j2") == "later"


def test_globals_work_in_imported_macros(app: App, tmp_path: Path) -> None:
    """A macro that was imported without context has the request's `was` all the same."""
    write(
        tmp_path / "templates",
        m="{% macro m() %}{{ g() }}{% endmacro %}",
        t="{% import 'm.j2' as m %}{{ m.m() }}",
    )

    @app.template_global("g")
    def g(was: Any) -> str:
        return str(was.request.method)

    token = current_was.set(make_was(app))
    try:
        assert app.fill("t.j2") == "GET"
    finally:
        current_was.reset(token)


def test_filters_get_the_value(app: App, tmp_path: Path) -> None:
    """A template filter is a plain function of the value."""
    write(tmp_path / "templates", t="{{ 'a' | shout }} {{ 'a' | shout(3) }}")

    @app.template_filter("shout")
    def shout(value: str, times: int = 1) -> str:
        return value.upper() + "!" * times

    assert app.fill("t.j2") == "A! A!!!"


def test_the_order_of_directories(tmp_path: Path) -> None:
    """Overriding packages, home, TEMPLATE_DIRS, templates_dirs: the first that has the template wins."""
    folders = ["over/templates", "home/templates", "extra/templates", "plain", "last"]
    for place, folder in enumerate(folders):
        target = tmp_path / folder
        if folder == "plain":
            target = target / "templates"
        write(target, **{f"t{n}": folder for n in range(place + 1)})
    app = App(tmp_path / "home")
    app.override_template_dirs.append(str(tmp_path / "over" / "templates"))
    app.config.TEMPLATE_DIRS += [str(tmp_path / "extra" / "templates"), str(tmp_path / "plain")]
    app.templates_dirs.append(str(tmp_path / "last"))
    assert [app.fill(f"t{n}.j2") for n in range(5)] == folders


def test_directories_may_come_later(app: App, tmp_path: Path) -> None:
    """A directory that is added after the first rendering is searched too."""
    write(tmp_path / "templates", a="a")
    app.fill("a.j2")
    write(tmp_path / "more" / "templates", b="b")
    app.config.TEMPLATE_DIRS.append("more")
    assert app.fill("b.j2") == "b"


def test_missing_templates(app: App, tmp_path: Path) -> None:
    """A missing template is jinja2.TemplateNotFound; names never lead out of the directories."""
    (tmp_path / "secret.j2").write_text("secret")
    for name in ("none.j2", "../secret.j2", "x/../../secret.j2"):
        with pytest.raises(jinja2.TemplateNotFound):
            app.fill(name)


def test_a_leading_slash_does_no_harm(app: App, tmp_path: Path) -> None:
    """`/parts/x.j2` is `parts/x.j2`."""
    write(tmp_path / "templates" / "parts", x="x")
    assert app.fill("/parts/x.j2") == "x"


def test_the_environment_is_made_once(app: App, tmp_path: Path) -> None:
    """Renderings share the environment and its compiled templates."""
    write(tmp_path / "templates", t="")
    app.fill("t.j2")
    assert app.jinja_env is app.jinja_env
    assert app.get_template("t.j2") is app.get_template("t.j2")


def test_templates_are_reloaded_in_debug_only(tmp_path: Path) -> None:
    """A changed template is seen at once in debug mode; in production the compiled one stays."""
    for debug, expected in ((False, "old"), (True, "new")):
        write(tmp_path / "templates", t="old")
        app = App(tmp_path)
        app.debug = debug
        app.fill("t.j2")
        write(tmp_path / "templates", t="new")
        os.utime(tmp_path / "templates" / "t.j2", (1, 1))
        assert app.fill("t.j2") == expected


def test_overlay(app: App, tmp_path: Path) -> None:
    """jinja_overlay changes the delimiters; options other than those given are Jinja2's own."""
    write(tmp_path / "templates", t="<ul>\n  {% for i in (1,) %}\n<<i>>\n  {% endfor %}\n</ul>", c="[# c #]x")
    app.jinja_overlay("<<", ">>", comment_start_string="[#", comment_end_string="#]")
    assert app.fill("t.j2") == "<ul>\n  \n1\n  \n</ul>"
    assert app.fill("c.j2") == "x"
    app.jinja_overlay("<<", ">>", trim_blocks=True, lstrip_blocks=True)
    assert app.fill("t.j2") == "<ul>\n1\n</ul>"


@pytest.mark.parametrize(
    ("option", "text"), [(0, "{{ x }}{# c #}"), (1, "${x}{# c #}"), (5, "{: x :}<!--- c --->")]
)
def test_numbered_overlays(app: App, tmp_path: Path, option: int, text: str) -> None:
    """skito_jinja knows three sets of delimiters."""
    write(tmp_path / "templates", t=text)
    app.skito_jinja(option)
    assert app.fill("t.j2", x=1) == "1"


def test_unknown_overlay_number(app: App) -> None:
    """Another number is a ValueError."""
    with pytest.raises(ValueError, match="0, 1, 5"):
        app.skito_jinja(2)


def test_extensions_can_be_added(app: App, tmp_path: Path) -> None:
    """add_jinja_ext adds a Jinja2 extension, also after the first rendering."""
    write(tmp_path / "templates", t="{% debug %}", u="{% trans %}x{% endtrans %}")
    app.add_jinja_ext("jinja2.ext.debug")
    assert "context" in app.fill("t.j2")
    app.add_jinja_ext("jinja2.ext.i18n")
    app.jinja_env.install_null_translations()  # type: ignore[attr-defined]
    assert app.fill("u.j2") == "x"


def test_streaming(app: App, tmp_path: Path) -> None:
    """render_stream yields a large page in chunks while its variables are made."""
    write(tmp_path / "templates", t="{% for i in rows %}{{ i }}{{ ' ' * 100 }}{% endfor %}")
    made = []

    def rows() -> Any:
        for i in range(1000):
            made.append(i)
            yield i

    chunks = app.render_stream(make_was(app), "t.j2", rows=rows())
    first = next(chunks)
    assert len(made) < 500
    assert first + "".join(chunks) == "".join(f"{i}" + " " * 100 for i in range(1000))


def test_chameleon_is_an_extra(app: App, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without Chameleon a .pt template says what to install."""
    monkeypatch.setitem(sys.modules, "chameleon", None)
    (tmp_path / "templates" / "t.pt").write_text("<p/>")
    with pytest.raises(MissingExtra, match="chameleon"):
        app.fill("t.pt")
