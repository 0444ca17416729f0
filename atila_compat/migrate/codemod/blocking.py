"""Whether code may block the event loop, as far as reading tells: what nobody can know counts as blocking.

A generator coroutine runs in a worker thread; an `async def` runs on the event loop, where a function that
waits stops everybody. So a handler is converted only where each call in it is known not to wait.
"""

# ruff: noqa: N802 - libcst calls visitors by the names of its nodes
from __future__ import annotations

import builtins
from collections.abc import Iterable, Iterator, Mapping, Sequence

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

CALLING = frozenset(
    {"accumulate", "filter", "groupby", "iter", "map", "partial", "reduce", "starmap", "takewhile"}
)
"""Functions that call, or keep for a call, what they are given first."""

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


Function = cst.FunctionDef | cst.Lambda


class Functions(cst.CSTVisitor):
    """The functions of a module by name, named lambdas among them; several may have one name."""

    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, list[Function]] = {}

    def visit_Assign(self, node: cst.Assign) -> None:
        """Take in `name = lambda ...`."""
        if isinstance(node.value, cst.Lambda):
            for target in node.targets:
                for name in _names(target.target):
                    self.found.setdefault(name, []).append(node.value)

    def visit_FunctionDef(self, node: cst.FunctionDef) -> None:
        """Take in a function."""
        self.found.setdefault(node.name.value, []).append(node)


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

    def reason(self, function: Function, done: Iterable[str] = ()) -> str:
        """Why a function may wait; empty where it does not.

        Args:
            done: names of tasks that are done when they are asked.
        """
        calls = Calls(self, function, frozenset(done))
        function.body.visit(calls)
        return calls.reason

    def of_function(self, name: str) -> str:
        """Why a function of this module may wait, or one of those of this name; empty where none does."""
        if name not in self._known:
            self._known[name] = ""  # one that calls itself is as good as the rest of it
            reasons = (self.reason(function) for function in self.functions[name])
            self._known[name] = next(filter(None, reasons), "")
        return self._known[name]


def bindings_in(function: Function) -> Mapping[str, Sequence[cst.CSTNode | None]]:
    """The names that a function binds, those of its comprehensions too, and what to; None: nobody knows."""
    found: dict[str, list[cst.CSTNode | None]] = {}
    for parameter in m.findall(function.params, m.Param()):
        found.setdefault(cst.ensure_type(parameter, cst.Param).name.value, []).append(None)
    binding = (
        m.Assign() | m.AnnAssign() | m.AugAssign() | m.For() | m.CompFor() | m.WithItem() | m.NamedExpr()
    )
    for node in m.findall(function.body, binding | m.ExceptHandler()):
        for target, value in _bound_by(node):
            if isinstance(target, cst.Name):
                found.setdefault(target.value, []).append(value)
            for name in _names(target) if not isinstance(target, cst.Name) else ():
                found.setdefault(name, []).append(None)
    return found


def _bound_by(node: cst.CSTNode) -> Iterator[tuple[cst.CSTNode, cst.CSTNode | None]]:
    """The targets of a statement, and what they are bound to."""
    if isinstance(node, cst.Assign):
        yield from ((target.target, node.value) for target in node.targets)
    elif isinstance(node, (cst.AnnAssign, cst.NamedExpr)):
        yield node.target, node.value
    elif isinstance(node, (cst.AugAssign, cst.For, cst.CompFor)):
        yield node.target, None
    elif isinstance(node, cst.WithItem) and node.asname is not None:
        yield node.asname.name, node.item
    elif isinstance(node, cst.ExceptHandler) and node.name is not None:
        yield node.name.name, None


def _names(target: cst.CSTNode) -> Iterator[str]:
    """The names that a target binds: none where it is an attribute or an item."""
    if isinstance(target, cst.Name):
        yield target.value
    elif isinstance(target, (cst.Tuple, cst.List)):
        for element in target.elements:
            yield from _names(element.value)


class Calls(cst.CSTVisitor):
    """Looks for a call that may wait; functions that are only defined are not called."""

    def __init__(self, module: Blocking, function: Function, done: frozenset[str]) -> None:
        super().__init__()
        self.module = module
        bound = bindings_in(function)
        named = {
            name for name, values in bound.items() if all(isinstance(each, cst.Lambda) for each in values)
        }
        self.locals = {"self", *bound} - named
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

    def visit_WithItem(self, node: cst.WithItem) -> None:
        """What is entered by its name, a lock say, may wait, and must not be held over an `await`."""
        root = _root(node.item)
        if not isinstance(node.item, cst.Call) and root is not None and root not in {*self.locals, self.was}:
            self.reason = self.reason or f"enters {_text(node.item)}, which may block the event loop"

    def visit_Call(self, node: cst.Call) -> None:
        """Look at a call, and at the functions that it is given to be called."""
        self.reason = self.reason or self._reason(node)
        for given in _given_to_call(node):
            if isinstance(given, cst.Lambda):
                given.body.visit(self)
            elif isinstance(given, (cst.Name, cst.Attribute)) and not m.matches(given, m.Name("None")):
                self.reason = self.reason or self._reason(cst.Call(given))

    def _reason(self, node: cst.Call) -> str:
        func = node.func
        if isinstance(func, cst.Name):
            return self._of_name(func.value)
        if not isinstance(func, cst.Attribute):
            return f"calls {_text(func)}, of which nobody can tell whether it blocks the event loop"
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
        if name in self.locals:
            return f"calls {name}, of which nobody can tell whether it blocks the event loop"
        if name in self.module.functions:
            inside = self.module.of_function(name)
            return f"calls {name}, which {inside}" if inside else ""
        if name in _BUILTINS:
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


def _given_to_call(node: cst.Call) -> Iterator[cst.BaseExpression]:
    """The functions that a call is given to be called: `map (f, rows)`, `sorted (rows, key = f)`."""
    name = (get_full_name_for_node(node.func) or "").rpartition(".")[2]
    for number, argument in enumerate(node.args):
        is_first = number == 0 and argument.keyword is None
        if (is_first and name in CALLING) or (
            argument.keyword is not None and argument.keyword.value == "key"
        ):
            yield argument.value


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
