"""Whether code may block the event loop, as far as reading tells: what nobody can know counts as blocking.

A generator coroutine runs in a worker thread; an `async def` runs on the event loop, where a function that
waits stops everybody. So a handler is converted only where each call in it is known not to wait.
"""

# ruff: noqa: N802 - libcst calls visitors by the names of its nodes
from __future__ import annotations

import builtins
from collections.abc import Iterable, Mapping

import libcst as cst
import libcst.matchers as m
from libcst.helpers import get_full_name_for_node

WAITING = frozenset(
    {
        *("fetch", "one", "commit", "dispatch", "wait", "result", "none_or_dispatch", "dispatch_or_throw"),
        *("getwait", "getswait", "wait_or_throw", "getwait_or_throw", "getswait_or_throw"),
    }
)
"""Methods of tasks that wait, unless the task is done."""

OF_WAS = frozenset({"broadcast", "cursor", "emit", "pipe", "sdb", "setlu", "transaction", "email"})
"""Methods of `was` that wait, or run other code of the app."""
OF_APP = frozenset({"broadcast", "emit", "mount", "run"})

HARMLESS_MODULES = frozenset(
    {
        *("base64", "binascii", "calendar", "collections", "copy", "datetime", "decimal", "difflib", "enum"),
        *("fractions", "functools", "hashlib", "heapq", "hmac", "html", "itertools", "json", "logging"),
        *("math", "operator", "os.path", "random", "re", "secrets", "statistics", "string", "struct"),
        *("textwrap", "time.time", "time.monotonic", "time.strftime", "time.localtime", "time.gmtime"),
        *("time.perf_counter", "time.mktime", "time.strptime", "types", "typing", "urllib.parse", "uuid"),
        *("os.environ", "os.getpid", "os.sep", "sys"),
    }
)
"""Modules, and functions of others, that do not wait."""

_WAITING_BUILTINS = frozenset({"__import__", "breakpoint", "compile", "eval", "exec", "input", "open"})
_BUILTINS = frozenset(dir(builtins)) - _WAITING_BUILTINS


class Imports(cst.CSTVisitor):
    """The full names of what a module imports, by the names that it uses."""

    def __init__(self) -> None:
        super().__init__()
        self.names: dict[str, str] = {}

    def visit_Import(self, node: cst.Import) -> None:
        """Take in `import x.y as z`."""
        for alias in node.names:
            full = alias.evaluated_name
            self.names[alias.evaluated_alias or full.partition(".")[0]] = (
                full if alias.evaluated_alias else full.partition(".")[0]
            )

    def visit_ImportFrom(self, node: cst.ImportFrom) -> None:
        """Take in `from x import y as z`."""
        module = get_full_name_for_node(node.module) if node.module is not None else ""
        if node.relative:
            module = "." + (module or "")
        if not isinstance(node.names, cst.ImportStar):
            for alias in node.names:
                name = alias.evaluated_name
                self.names[alias.evaluated_alias or name] = f"{module}.{name}"


class Functions(cst.CSTVisitor):
    """The functions of a module by name; of those with one name, the last."""

    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, cst.FunctionDef] = {}

    def visit_FunctionDef(self, node: cst.FunctionDef) -> None:
        """Take in a function."""
        self.found[node.name.value] = node


class Blocking:
    """Answers for the functions of one module.

    Args:
        tree: the module.
    """

    def __init__(self, tree: cst.Module) -> None:
        imports, functions = Imports(), Functions()
        tree.visit(imports)
        tree.visit(functions)
        self.imports: Mapping[str, str] = imports.names
        self.functions = functions.found
        self._known: dict[str, str] = {}

    def reason(self, function: cst.FunctionDef, done: Iterable[str] = ()) -> str:
        """Why a function may wait; empty where it does not.

        Args:
            done: names of tasks that are done when they are asked.
        """
        calls = Calls(self, function, frozenset(done))
        function.body.visit(calls)
        return calls.reason

    def of_function(self, name: str) -> str:
        """Why a function of this module may wait; empty where it does not."""
        if name not in self._known:
            self._known[name] = ""  # one that calls itself is as good as the rest of it
            self._known[name] = self.reason(self.functions[name])
        return self._known[name]


def names_bound_in(function: cst.FunctionDef) -> frozenset[str]:
    """Arguments and local variables of a function, those of its comprehensions too."""
    found = {"self"}
    for parameter in m.findall(function.params, m.Param()):
        found.add(cst.ensure_type(parameter, cst.Param).name.value)
    for target in m.findall(
        function.body, m.AssignTarget() | m.For() | m.CompFor() | m.AsName() | m.NamedExpr()
    ):
        bound = target.name if isinstance(target, cst.AsName) else getattr(target, "target", None)
        if bound is not None:
            found.update(cst.ensure_type(name, cst.Name).value for name in m.findall(bound, m.Name()))
    return frozenset(found)


class Calls(cst.CSTVisitor):
    """Looks for a call that may wait; functions that are only defined are not called."""

    def __init__(self, module: Blocking, function: cst.FunctionDef, done: frozenset[str]) -> None:
        super().__init__()
        self.module = module
        self.locals = names_bound_in(function)
        self.inner = {
            cst.ensure_type(node, cst.FunctionDef).name.value
            for node in m.findall(function.body, m.FunctionDef())
        }
        first = function.params.params[:1]
        self.was = first[0].name.value if first else "was"
        self.done = done
        self.reason = ""

    def visit_FunctionDef(self, node: cst.FunctionDef) -> bool:
        """Leave functions inside alone; they are looked at where they are called."""
        return False

    def visit_Lambda(self, node: cst.Lambda) -> bool:
        """Leave lambdas alone."""
        return False

    def visit_Await(self, node: cst.Await) -> bool:
        """What is awaited does not block; its arguments may."""
        call = node.expression
        if m.matches(call, m.Call(func=m.Attribute(attr=m.Name("wait")))):
            cst.ensure_type(cst.ensure_type(call, cst.Call).func, cst.Attribute).value.visit(self)
            return False
        return True

    def visit_Call(self, node: cst.Call) -> None:
        """Look at a call."""
        if not self.reason:
            self.reason = self._reason(node)

    def _reason(self, node: cst.Call) -> str:
        func = node.func
        if isinstance(func, cst.Name):
            return self._of_name(func.value)
        if not isinstance(func, cst.Attribute):
            return "" if isinstance(func, (cst.Call, cst.Subscript)) else "calls something that is not named"
        method, receiver = func.attr.value, func.value
        full = get_full_name_for_node(func)
        if method in WAITING and not self._is_done(receiver) and not self._is_module(full):
            return f"waits for {_text(receiver)}.{method} (), which would block the event loop"
        root = _root(func)
        if root is None:
            return ""  # a method of a literal
        if root == self.was:
            first = (full or "").split(".")[1:2]
            if first and first[0] in OF_WAS:
                return f"calls {self.was}.{first[0]}, which may block the event loop"
            return ""
        if root == "app":
            return f"calls app.{method}, which runs other handlers" if method in OF_APP else ""
        if root in self.locals:
            return ""
        if full is not None and self._is_harmless(full):
            return ""
        return f"calls {full or root}, which may block the event loop"

    def _of_name(self, name: str) -> str:
        if name in self.module.functions:
            inside = self.module.of_function(name)
            return f"calls {name}, which {inside}" if inside else ""
        if name in self.locals or name in _BUILTINS:
            return ""
        full = self.module.imports.get(name)
        if full is not None and self._is_harmless(name):
            return ""
        return f"calls {name}, which may block the event loop"

    def _is_done(self, receiver: cst.BaseExpression) -> bool:
        return isinstance(receiver, cst.Name) and receiver.value in self.done

    def _is_module(self, full: str | None) -> bool:
        return full is not None and full.partition(".")[0] in self.module.imports

    def _is_harmless(self, dotted: str) -> bool:
        first, _, rest = dotted.partition(".")
        full = self.module.imports.get(first)
        if full is None:
            return False
        parts = f"{full}.{rest}".rstrip(".").split(".")
        return any(".".join(parts[:count]) in HARMLESS_MODULES for count in range(1, len(parts) + 1))


def _root(node: cst.BaseExpression) -> str | None:
    """The name that a chain of attributes, calls and items begins with; None where it is a value."""
    while isinstance(node, (cst.Attribute, cst.Call, cst.Subscript)):
        node = node.func if isinstance(node, cst.Call) else node.value
    if isinstance(node, cst.Await):
        return None
    return node.value if isinstance(node, cst.Name) else None


def _text(node: cst.BaseExpression) -> str:
    text = cst.Module([]).code_for_node(node)
    return text if len(text) <= 40 else "..."
