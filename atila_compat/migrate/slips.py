"""Misprints: names that nobody binds and attributes that nothing has, and what was meant.

The original's README has several of them (`__mame__`, `sktai.oreference`, `app_inspect`, `__config (pref)`),
and so have apps that were written after it.
"""

from __future__ import annotations

import ast
import difflib
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from .sources import Source
from .surface import world
from .uses import CodeBase, Module, Unbound, Use

ALIKE = 0.8
"""How much alike two names are, at least, for one to be the other's misprint."""
SUGGESTED = 0.6
"""How much alike they are for one to be worth mentioning."""
LONGER = 1
"""By how many characters a misprint is longer or shorter than what was meant."""
_MEANT = ("__name__", "__file__", "skitai", "atila", "Atila", "app", "was", "pref", "mntopt")
"""Names that apps have from the original, or give to what they have from it."""


@dataclass(frozen=True)
class Slip:
    """A misprint.

    Attributes:
        line, column: where the name begins; the line from 1, the column in characters from 0.
        wrong: the name that stands there.
        right: what was meant; it may be an attribute, `app.inspect`.
    """

    source: Source
    line: int
    column: int
    wrong: str
    right: str


def slips(module: Module, base: CodeBase) -> Iterator[Slip]:
    """The misprints of a module."""
    for unbound in module.unbound:
        right = _meant(unbound)
        if right is not None:
            node = unbound.node
            column = module.source.column(node.lineno, node.col_offset)
            yield Slip(module.source, node.lineno, column, node.id, right)
    for use in module.uses:
        right = meant_attribute(use, base, ALIKE)
        if right is not None and abs(len(right) - len(use.attribute)) <= LONGER:
            yield Slip(module.source, use.line, use.column, use.attribute, right)
    yield from _hooks(module)


def _meant(unbound: Unbound) -> str | None:
    """What a name that nobody binds was to be."""
    name = unbound.node.id
    for known in sorted(unbound.known, key=len, reverse=True):
        # @app_inspect: the app's decorator with the dot left out
        rest = name.removeprefix(f"{known}_")
        if known == "app" and rest != name and rest in world().app.members:
            return f"{known}.{rest}"
    # other names of the app's own are its owner's business
    usual = {each for each in _MEANT if each in unbound.known or each.startswith("__")}
    return _near(name, usual, ALIKE)


def _near(name: str, candidates: Collection[str], alike: float) -> str | None:
    near = difflib.get_close_matches(name, sorted(candidates), 1, alike)
    return near[0] if near else None


def is_own(use: Use, base: CodeBase) -> bool:
    """Whether the app itself gives the attribute to the thing; it is not the original's then."""
    return use.surface is not None and use.attribute in base.owned.get(use.surface.name, ())


def is_missing(use: Use, base: CodeBase) -> bool:
    """Whether the thing that is used does not have the attribute, and the app does not add it."""
    if use.surface is None:
        return True
    if not use.attribute or use.surface.has(use.attribute):
        return False
    return not is_own(use, base)


def meant_attribute(use: Use, base: CodeBase, alike: float = SUGGESTED) -> str | None:
    """The attribute that was to be used where there is none of that name; None where nobody can tell."""
    if use.surface is None or use.stored or not is_missing(use, base):
        return None
    return _near(use.attribute, use.surface.members, alike)


def _hooks(module: Module) -> Iterator[Slip]:
    """`def __config (pref)`: a hook whose name lacks its end."""
    for use in module.uses:
        if use.name == "hooks.__config" and isinstance(use.node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield Slip(
                module.source, use.line, name_column(module.source, use.node), "__config", "__config__"
            )


def name_column(source: Source, node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """The column at which the name of a function stands that is being defined."""
    text = source.lines[node.lineno - 1]
    return text.find(node.name, source.column(node.lineno, node.col_offset))
