"""Uses of `was`, `app`, `request` and `response` in the Jinja templates of a code base."""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from .sources import Source, is_skipped, shown
from .surface import Surface, world
from .uses import Use

if TYPE_CHECKING:
    from jinja2 import nodes

SUFFIXES = frozenset({".htm", ".html", ".j2", ".jinja", ".jinja2", ".md", ".txt", ".xml"})
FOLDER = "templates"


def template_files(root: Path) -> Iterator[Path]:
    """The files in folders called `templates`, at any depth, sorted."""
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if not is_skipped(Path(folder, name)))
        if FOLDER in Path(folder).parts:
            yield from (Path(folder, name) for name in sorted(names) if Path(name).suffix in SUFFIXES)


def is_template(source: Source) -> bool:
    """Whether a source is that of a template, not of a module."""
    return source.path.suffix in SUFFIXES


def template_uses(path: Path) -> list[Use]:
    """The uses in a template; none in one that is not Jinja's, or has delimiters of its own."""
    from jinja2 import Environment, TemplateError

    environment = Environment(  # noqa: S701 - nothing is rendered
        line_statement_prefix="%",
        line_comment_prefix="##",
        extensions=["jinja2.ext.do", "jinja2.ext.loopcontrols"],
    )
    try:
        text = path.read_text("utf8")
        tree = environment.parse(text)
    except (OSError, UnicodeDecodeError, TemplateError, RecursionError):
        return []
    source = Source(path, shown(path), text, ast.Module([], []))
    return list(_uses(tree, source))


def _uses(tree: nodes.Template, source: Source) -> Iterator[Use]:
    from jinja2 import nodes

    inner: set[nodes.Node] = set()
    # the outermost attribute comes first
    for node in tree.find_all(nodes.Getattr):
        owner = _surface(node.node)
        if owner is None:
            continue
        inner.add(node.node)
        if node in inner and _surface(node) is not None:
            continue
        yield Use(source, f"{owner.name}.{node.attr}", node.attr, owner, _place(node, source))


def _surface(node: nodes.Node) -> Surface | None:
    from jinja2 import nodes

    there = world()
    if isinstance(node, nodes.Name):
        known = {"was": there.was, "app": there.app, "request": there.request, "response": there.response}
        return known.get(node.name)
    if isinstance(node, nodes.Getattr):
        owner = _surface(node.node)
        return owner.follow.get(node.attr) if owner is not None else None
    return None


def _place(node: nodes.Getattr, source: Source) -> ast.Attribute:
    """Where an attribute stands: templates know lines only, so it is looked for there."""
    line = source.lines[node.lineno - 1] if node.lineno <= len(source.lines) else ""
    found = re.search(rf"\.\s*({re.escape(node.attr)})\b", line)
    end = len(line[: found.end(1)].encode()) if found else len(node.attr)
    return ast.Attribute(
        ast.Name("was", ast.Load()),
        node.attr,
        ast.Load(),
        lineno=node.lineno,
        col_offset=0,
        end_lineno=node.lineno,
        end_col_offset=end,
    )
