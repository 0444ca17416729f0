"""The step that imports this package in place of the original's modules; no import hook is needed then.

from atila import Atila             from atila_compat import Atila
import skitai                       from atila_compat import skitai
from rs4.pathtool import mkdir      from atila_compat.shims.rs4.pathtool import mkdir
"""

# ruff: noqa: N802 - libcst calls visitors by the names of its nodes
from __future__ import annotations

from collections.abc import Sequence

import libcst as cst
import libcst.matchers as m
from libcst.helpers import get_full_name_for_node
from libcst.metadata import MetadataWrapper, PositionProvider

from ...shims.hook import SERVED
from ..surface import NotServed, real_name, served_module
from .renaming import expression
from .steps import Work

_BY_NAME = frozenset({"import_module", "__import__", "patch", "find_spec"})
"""Functions that take the name of a module as a string."""


def rewrite_imports(work: Work) -> cst.Module:
    """Import this package's modules."""
    return MetadataWrapper(work.tree, unsafe_skip_copy=True).visit(_Importer(work))


def _is_old(dotted: str | None) -> bool:
    return (dotted or "").partition(".")[0] in SERVED


class _Importer(cst.CSTTransformer):
    METADATA_DEPENDENCIES = (PositionProvider,)

    def __init__(self, work: Work) -> None:
        super().__init__()
        self.work = work

    def _leave(self, node: cst.CSTNode, reason: str) -> None:
        self.work.left.append((self.get_metadata(PositionProvider, node).start.line, reason))

    def visit_Call(self, node: cst.Call) -> None:
        name = (get_full_name_for_node(node.func) or "").rpartition(".")[2]
        if name not in _BY_NAME or not node.args or not isinstance(node.args[0].value, cst.SimpleString):
            return
        value = node.args[0].value.evaluated_value
        if isinstance(value, str) and _is_old(value):
            self._leave(node, f"{name} is given the old name {value!r} as a string: change it by hand")

    def leave_SimpleStatementLine(
        self, original_node: cst.SimpleStatementLine, updated_node: cst.SimpleStatementLine
    ) -> cst.BaseStatement | cst.FlattenSentinel[cst.BaseStatement]:
        statements = self._converted(original_node.body)
        if statements is None:
            return updated_node
        if len(original_node.body) > 1:
            return updated_node.with_changes(body=statements)
        first, *rest = statements
        lines = [updated_node.with_changes(body=[first])]
        if rest:
            # the comment behind the import goes with the last line, what stands above it with the first
            bare = cst.TrailingWhitespace()
            lines[0] = lines[0].with_changes(trailing_whitespace=bare)
            lines += [cst.SimpleStatementLine([each]) for each in rest]
            lines[-1] = lines[-1].with_changes(trailing_whitespace=updated_node.trailing_whitespace)
        return cst.FlattenSentinel(lines)

    def leave_SimpleStatementSuite(
        self, original_node: cst.SimpleStatementSuite, updated_node: cst.SimpleStatementSuite
    ) -> cst.BaseSuite:
        statements = self._converted(original_node.body)
        return updated_node if statements is None else updated_node.with_changes(body=statements)

    def _converted(self, statements: Sequence[cst.BaseSmallStatement]) -> list[cst.BaseSmallStatement] | None:
        """The statements that take the place of these; None where they stay as they are."""
        found: list[cst.BaseSmallStatement] = []
        for statement in statements:
            new: list[cst.BaseSmallStatement] | None = None
            if isinstance(statement, cst.Import):
                new = self._import(statement)
            elif isinstance(statement, cst.ImportFrom):
                new = self._import_from(statement)
            if new is None:
                found.append(statement)
                continue
            new[-1] = new[-1].with_changes(semicolon=statement.semicolon)
            found += new
        return None if found == list(statements) else found

    # -- import x -----------------------------------------------------------------------------------------

    def _import(self, node: cst.Import) -> list[cst.BaseSmallStatement] | None:
        staying: list[cst.ImportAlias] = []
        new: list[cst.BaseSmallStatement] = []
        for alias in node.names:
            name = alias.evaluated_name
            if _is_old(name) and self._is_served(name, node):
                new += _import_one(name, alias.evaluated_alias)
            else:
                staying.append(alias)
        if not new:
            return None
        if staying:
            staying[-1] = staying[-1].with_changes(comma=cst.MaybeSentinel.DEFAULT)
            new.insert(0, node.with_changes(names=staying, semicolon=cst.MaybeSentinel.DEFAULT))
        return new

    def _is_served(self, module: str, node: cst.CSTNode) -> bool:
        try:
            served_module(module)
        except NotServed as error:
            self._leave(node, str(error))
            return False
        return True

    # -- from x import y ----------------------------------------------------------------------------------

    def _import_from(self, node: cst.ImportFrom) -> list[cst.BaseSmallStatement] | None:
        module = get_full_name_for_node(node.module) if node.module is not None else None
        if node.relative or module is None or not _is_old(module) or not self._is_served(module, node):
            return None
        if isinstance(node.names, cst.ImportStar):
            return [_from(node, module)]
        for alias in node.names:
            if not self._is_there(module, alias.evaluated_name, node):
                return None
        if module != "atila":
            return [_from(node, module)]
        classes = [alias for alias in node.names if alias.evaluated_name == "Atila"]
        others = [alias for alias in node.names if alias.evaluated_name != "Atila"]
        if not others:
            return [node.with_changes(module=expression("atila_compat"))]
        if not classes or m.findall(node, m.Comment()):  # comments stay beside their names
            return [_from(node, module)]
        others[-1] = others[-1].with_changes(comma=node.names[-1].comma)
        plain = [alias.with_changes(comma=cst.MaybeSentinel.DEFAULT) for alias in classes]
        first = cst.ImportFrom(module=expression("atila_compat"), names=plain)
        return [first, _from(node.with_changes(names=others), module)]

    def _is_there(self, module: str, name: str, node: cst.CSTNode) -> bool:
        if hasattr(served_module(module), name):
            return True
        try:
            served_module(f"{module}.{name}")
        except NotServed as error:
            self._leave(node, str(error))
            return False
        return True


def _from(node: cst.ImportFrom, module: str) -> cst.ImportFrom:
    real = real_name(module)
    assert real is not None
    return node.with_changes(module=expression(real))


def _import_one(name: str, alias: str | None) -> list[cst.BaseSmallStatement]:
    """What takes the place of `import name as alias`."""
    real = real_name(name)
    assert real is not None
    parent, _, last = real.rpartition(".")
    if alias is not None:
        return [_from_import(parent, last, None if alias == last else alias)]
    top = name.partition(".")[0]
    top_parent = SERVED[top].rpartition(".")[0]
    found: list[cst.BaseSmallStatement] = [_from_import(top_parent, top, None)]
    if top != name:
        # `import rs4.pathtool` gives the name rs4, and loads the module below it
        found.insert(0, cst.Import([cst.ImportAlias(expression(real))]))
    return found


def _from_import(module: str, name: str, alias: str | None) -> cst.ImportFrom:
    asname = None if alias is None else cst.AsName(cst.Name(alias))
    return cst.ImportFrom(module=expression(module), names=[cst.ImportAlias(cst.Name(name), asname)])
