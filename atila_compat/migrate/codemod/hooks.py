"""What the hooks of a code base do around handlers: which there are, and whether they look at bodies."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import lru_cache

from ..surface import world
from ..uses import CodeBase, Module, Use

BEHIND = frozenset({"failed_request", "finish_request", "success_request", "teardown_request"})
"""Hooks and events behind a handler."""
AROUND = BEHIND | {"before_request"}

_OF_BODY = frozenset({"was.verify_csrf", "was.csrf_verify"}) | {
    f"was.request.{name}"
    for name in (
        "ARGS",
        "args",
        "FORM",
        "form",
        "JSON",
        "json",
        "DATA",
        "data",
        "get_body",
        "payload",
        "body",
    )
}
"""What tells of a request's body."""


of_code_base = lru_cache(maxsize=1)
"""For what is told of a whole code base: it is asked for each of its files."""


@of_code_base
def hooks_of(base: CodeBase) -> frozenset[str]:
    """The hooks, and the events of requests that are listened to."""
    return frozenset(name for module in base.modules for name, _ in _declared(module)) & AROUND


@of_code_base
def hooks_see_bodies(base: CodeBase) -> bool:
    """Whether hooks, or what they call by names, look at what a request brings."""
    places: dict[str, list[tuple[Module, ast.AST]]] = {}
    pending: list[tuple[Module, ast.AST]] = []
    for module in base.modules:
        ends = {use.end for name, use in _declared(module) if name in AROUND}
        for node in ast.walk(module.source.tree):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                places.setdefault(node.name, []).append((module, node))
                if any(_end(module, decorator) in ends for decorator in node.decorator_list):
                    pending.append((module, node))
            elif isinstance(node, ast.Call) and _end(module, node.func) in ends:
                pending += [(module, each) for each in node.args]  # app.before_request (check)
            elif isinstance(node, ast.Assign):
                for target in node.targets:
                    if isinstance(target, ast.Name):
                        places.setdefault(target.id, []).append((module, node))
    reached: set[ast.AST] = set()
    while pending:
        module, node = pending.pop()
        if node in reached:
            continue
        reached.add(node)
        first, last = getattr(node, "lineno", 0), getattr(node, "end_lineno", 0)
        if any(use.name in _OF_BODY and first <= use.line <= last for use in module.uses):
            return True
        pending += [place for name in _named(node) for place in places.get(name, ())]
    return False


def _declared(module: Module) -> Iterator[tuple[str, Use]]:
    """The uses that declare hooks, and those of `app.on`, with the name of the hook or of the event."""
    for use in module.uses:
        if use.surface is world().app:
            yield (use.literals[0] if use.attribute == "on" and use.literals else use.attribute), use


def _end(module: Module, decorator: ast.expr) -> tuple[int, int] | None:
    """Where the name of a decorator ends: that is how its use is known."""
    called = decorator.func if isinstance(decorator, ast.Call) else decorator
    if called.end_lineno is None or called.end_col_offset is None:
        return None
    return called.end_lineno, module.source.column(called.end_lineno, called.end_col_offset)


def _named(node: ast.AST) -> Iterator[str]:
    """The names in some code that may be those of functions: not what `was` and apps have of their own."""
    for each in ast.walk(node):
        if isinstance(each, ast.Name):
            yield each.id
        elif isinstance(each, ast.Attribute) and _root(each) not in ("was", "app"):
            yield each.attr


def _root(node: ast.expr) -> str | None:
    while isinstance(node, (ast.Attribute, ast.Call, ast.Subscript)):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else None
