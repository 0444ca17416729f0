"""Steps that write other names: misprints, and names that the original has replaced."""

# ruff: noqa: N802 - libcst calls visitors by the names of its nodes
from __future__ import annotations

import ast
from collections.abc import Mapping

import libcst as cst
from libcst.metadata import MetadataWrapper, PositionProvider

from ..deprecated import HOOKS, REPLACED
from ..slips import is_own, name_column, slips
from .steps import Work

Place = tuple[int, int]
"""Line, from 1, and column, from 0, at which a name begins."""


def expression(dotted: str) -> cst.Name | cst.Attribute:
    """A dotted name as an expression."""
    first, *rest = dotted.split(".")
    found: cst.Name | cst.Attribute = cst.Name(first)
    for name in rest:
        found = cst.Attribute(found, cst.Name(name))
    return found


class Renamer(cst.CSTTransformer):
    """Writes other names at some places.

    Args:
        names: the new names, by place; a dotted one stands only where an expression may.
    """

    METADATA_DEPENDENCIES = (PositionProvider,)

    def __init__(self, names: Mapping[Place, str]) -> None:
        super().__init__()
        self.names = names

    def _new_name(self, node: cst.CSTNode) -> str | None:
        start = self.get_metadata(PositionProvider, node).start
        return self.names.get((start.line, start.column))

    def leave_Name(self, original_node: cst.Name, updated_node: cst.Name) -> cst.BaseExpression:
        name = self._new_name(original_node)
        if name is None:
            return updated_node
        new = expression(name)
        return new.with_changes(lpar=updated_node.lpar, rpar=updated_node.rpar)

    def leave_ImportAlias(
        self, original_node: cst.ImportAlias, updated_node: cst.ImportAlias
    ) -> cst.ImportAlias:
        # the rest of the module goes on using the name that it has imported
        if self._new_name(original_node) is None or updated_node.asname is not None:
            return updated_node
        return updated_node.with_changes(asname=cst.AsName(cst.ensure_type(original_node.name, cst.Name)))


def renamed(tree: cst.Module, names: Mapping[Place, str]) -> cst.Module:
    """The module with other names at some places."""
    if not names:
        return tree
    return MetadataWrapper(tree, unsafe_skip_copy=True).visit(Renamer(names))


def correct_slips(work: Work) -> cst.Module:
    """Write what was meant for names that mean nothing."""
    found = slips(work.module, work.base)
    return renamed(work.tree, {(slip.line, slip.column): slip.right for slip in found})


def replace_deprecated(work: Work) -> cst.Module:
    """Write the current names for deprecated ones."""
    names: dict[Place, str] = {}
    for use in work.module.uses:
        if use.surface is None:
            continue
        if use.name.startswith("hooks.") and use.attribute in HOOKS:
            assert isinstance(use.node, (ast.FunctionDef, ast.AsyncFunctionDef))
            if work.module.references(use.attribute, use.line):
                reason = (
                    f"the hook {use.attribute} is called in this file: rename it to {HOOKS[use.attribute]}"
                )
                work.left.append((use.line, reason))
            else:
                names[use.line, name_column(use.source, use.node)] = HOOKS[use.attribute]
            continue
        current = REPLACED.get((use.surface.name, use.attribute))
        if current is None or not use.surface.has(current):
            continue
        if is_own(use, work.base):
            work.left.append((use.line, f"{use.name} is set by the app itself: nobody can tell whose it is"))
        else:
            names[use.line, use.column] = current
    return renamed(work.tree, names)
