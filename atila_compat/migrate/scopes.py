"""Which names of a module are `was`, an app, a preference, a module of the original: by reading only.

Names are looked up as Python does, through functions, comprehensions and modules; what is bound to a name
twice is what the first binding says that is understood. What nobody can know stays unknown.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from ..shims.hook import SERVED
from .surface import NotServed, Surface, World

Function = ast.FunctionDef | ast.AsyncFunctionDef

APP_HOOKS = frozenset({"__mount__", "__setup__", "__umount__"})
OLD_APP_HOOKS = frozenset({"mount", "umount", "dettach"})
"""Hooks of older versions; they are taken for ones where the first argument is called `app`."""
PREF_HOOKS = frozenset({"__config__", "bootstrap", "__config"})
WITHOUT_WAS = frozenset({"template_filter"})
"""Decorators of an app whose functions are not given `was` first."""

_OF_ORIGINAL = frozenset({*SERVED, "atila_compat"})
_OF_MODULES: tuple[str, ...] = (
    "__annotations__",
    "__builtins__",
    "__class__",
    "__doc__",
    "__file__",
    "__loader__",
    "__module__",
)
_OF_MODULES += ("__name__", "__package__", "__path__", "__qualname__", "__spec__")
_BUILTINS = frozenset({*dir(builtins), *_OF_MODULES})


@dataclass
class Binding:
    """One place where a name is bound.

    Attributes:
        node: where.
        surface: gives what it is bound to, None where that is unknown.
    """

    node: ast.AST
    surface: Callable[[], Surface | None]


@dataclass
class Scope:
    """The names of a module, a class, a function or a comprehension.

    Attributes:
        outside: names that `global` and `nonlocal` send elsewhere.
    """

    node: ast.AST
    parent: Scope | None
    names: dict[str, list[Binding]] = field(default_factory=dict)
    outside: set[str] = field(default_factory=set)
    _looking: set[str] = field(default_factory=set)

    @property
    def is_class(self) -> bool:
        """Whether functions inside do not see its names."""
        return isinstance(self.node, ast.ClassDef)

    def bind(self, name: str, node: ast.AST, surface: Callable[[], Surface | None]) -> None:
        """Note that a name is bound here."""
        scope = self
        if name in self.outside:
            while scope.parent is not None:
                scope = scope.parent
        scope.names.setdefault(name, []).append(Binding(node, surface))

    def find(self, name: str) -> Scope | None:
        """The scope that a name is in, as seen from here; None for builtins and names that nobody binds."""
        scope: Scope | None = self
        while scope is not None:
            if name in scope.names and (scope is self or not scope.is_class):
                return scope
            scope = scope.parent
        return None

    def is_bound(self, name: str) -> bool:
        """Whether the name means anything here."""
        return name in _BUILTINS or self.find(name) is not None

    def surface(self, name: str) -> Surface | None:
        """What a name is, as seen from here."""
        scope = self.find(name)
        if scope is None or name in scope._looking:
            return None
        scope._looking.add(name)
        try:
            for binding in scope.names[name]:
                found = binding.surface()
                if found is not None:
                    return found
            return None
        finally:
            scope._looking.discard(name)


@dataclass
class Names:
    """The scopes of one module.

    Attributes:
        of: the scope that each node with names of its own has, by the node.
        has_star: whether a `from x import *` may have bound anything.
    """

    module: Scope
    of: dict[ast.AST, Scope]
    has_star: bool
    world: World

    def surface(self, node: ast.expr, scope: Scope) -> Surface | None:
        """What an expression is."""
        if isinstance(node, ast.Name):
            return scope.surface(node.id)
        if isinstance(node, ast.Attribute):
            owner = self.surface(node.value, scope)
            if owner is None:
                return None
            found = owner.follow.get(node.attr)
            if found is None and owner.name.partition(".")[0] in _OF_ORIGINAL:
                try:
                    found = self.world.member(owner.name, node.attr)
                except NotServed:
                    return None
            return found
        if isinstance(node, ast.Call):
            if isinstance(node.func, ast.Attribute):
                owner = self.surface(node.func.value, scope)
                if owner is not None and node.func.attr in owner.gives:
                    return owner.gives[node.func.attr]
            called = self.surface(node.func, scope)
            return called.instance if called is not None else None
        if isinstance(node, ast.NamedExpr):
            return self.surface(node.value, scope)
        if isinstance(node, (ast.Yield, ast.Await)) and node.value is not None:
            # a yielded task comes back completed
            value = self.surface(node.value, scope)
            return value if isinstance(node, ast.Yield) and value and value.name.startswith("task") else None
        if isinstance(node, ast.BoolOp):
            return next((s for s in (self.surface(each, scope) for each in node.values) if s), None)
        if isinstance(node, ast.IfExp):
            return self.surface(node.body, scope) or self.surface(node.orelse, scope)
        return None


ModuleNames = Callable[[str, int], "Names | None"]
"""Gives the names of another module of the code base: its dotted name, how many dots stand before it."""


def read_names(tree: ast.Module, world: World, other: ModuleNames | None = None) -> Names:
    """The scopes of a module.

    Args:
        other: finds other modules of the same code base.
    """
    reader = _Reader(tree, world, other or (lambda name, level: None))
    reader.read()
    return reader.names


class _Reader:
    def __init__(self, tree: ast.Module, world: World, other: ModuleNames) -> None:
        self.tree, self.world, self.other = tree, world, other
        module = Scope(tree, None)
        self.names = Names(module, {tree: module}, False, world)

    def read(self) -> None:
        pending: list[tuple[ast.AST, Scope]] = [(self.tree, self.names.module)]
        while pending:
            node, scope = pending.pop()
            self._declare_outside(node, scope)
            for child in _own_nodes(node):
                if isinstance(child, (*_SCOPED,)):
                    self._bind_scoped(child, scope)
                    inner = self.names.of[child] = Scope(child, scope)
                    self._bind_inside(child, inner)
                    pending.append((child, inner))
                else:
                    self._bind(child, scope)

    @staticmethod
    def _declare_outside(node: ast.AST, scope: Scope) -> None:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            for child in ast.walk(node):
                if isinstance(child, ast.Global):
                    scope.outside.update(child.names)

    # -- bindings -----------------------------------------------------------------------------------------

    def _bind(self, node: ast.AST, scope: Scope) -> None:
        if isinstance(node, ast.Import):
            for alias in node.names:
                name = alias.asname or alias.name.partition(".")[0]
                scope.bind(name, node, self._importer(alias.name if alias.asname else name))
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                if alias.name == "*":
                    self.names.has_star = True
                else:
                    scope.bind(alias.asname or alias.name, node, self._member_importer(node, alias.name))
        elif isinstance(node, ast.Assign):
            for target in node.targets:
                self._bind_target(target, node.value, scope)
        elif isinstance(node, (ast.AnnAssign, ast.NamedExpr)):
            self._bind_target(node.target, node.value, scope)
        elif isinstance(node, ast.withitem) and node.optional_vars is not None:
            self._bind_target(node.optional_vars, node.context_expr, scope)
        elif isinstance(node, (ast.For, ast.AsyncFor, ast.comprehension, ast.AugAssign)):
            self._bind_target(node.target, None, scope)
        elif isinstance(node, (ast.ExceptHandler, ast.MatchAs, ast.MatchStar)) and node.name:
            scope.bind(node.name, node, _unknown)
        elif isinstance(node, ast.MatchMapping) and node.rest:
            scope.bind(node.rest, node, _unknown)

    def _bind_target(self, target: ast.expr, value: ast.expr | None, scope: Scope) -> None:
        if isinstance(target, ast.Name):
            surface = _unknown if value is None else self._evaluator(value, scope)
            owner = scope
            while (
                isinstance(target, ast.Name) and isinstance(owner.node, _COMPREHENSIONS) and value is not None
            ):
                assert owner.parent is not None  # := binds outside of comprehensions
                owner = owner.parent
            owner.bind(target.id, target, surface)
        elif isinstance(target, (ast.Tuple, ast.List)):
            values = value.elts if isinstance(value, (ast.Tuple, ast.List)) else []
            paired = values if len(values) == len(target.elts) else [None] * len(target.elts)
            for each, one in zip(target.elts, paired, strict=True):
                self._bind_target(each, one, scope)
        elif isinstance(target, ast.Starred):
            self._bind_target(target.value, None, scope)

    def _bind_scoped(self, node: ast.AST, scope: Scope) -> None:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            scope.bind(node.name, node, _unknown)
        elif isinstance(node, ast.ClassDef):
            scope.bind(node.name, node, self._class_of(node, scope))

    def _bind_inside(self, node: ast.AST, scope: Scope) -> None:
        """The arguments of a function."""
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            return
        arguments = node.args
        positional = [*arguments.posonlyargs, *arguments.args]
        rest = [*arguments.kwonlyargs, *filter(None, (arguments.vararg, arguments.kwarg))]
        for index, argument in enumerate([*positional, *rest]):
            is_first = index == 0 and bool(positional)
            scope.bind(argument.arg, argument, self._argument(node, argument, scope, is_first))

    # -- what they are ------------------------------------------------------------------------------------

    def _evaluator(self, value: ast.expr, scope: Scope) -> Callable[[], Surface | None]:
        return lambda: self.names.surface(value, scope)

    def _importer(self, module: str) -> Callable[[], Surface | None]:
        def surface() -> Surface | None:
            try:
                return self.world.module(module)
            except NotServed:
                return None

        return surface

    def _member_importer(self, node: ast.ImportFrom, name: str) -> Callable[[], Surface | None]:
        def surface() -> Surface | None:
            if node.level == 0 and node.module:
                try:
                    found = self.world.member(node.module, name)
                except NotServed:
                    return None
                if found is not None:
                    return found
            there = self.other(node.module or "", node.level)
            return there.module.surface(name) if there is not None else None

        return surface

    def _class_of(self, node: ast.ClassDef, scope: Scope) -> Callable[[], Surface | None]:
        def surface() -> Surface | None:
            bases = (self.names.surface(base, scope) for base in node.bases)
            return next((base for base in bases if base is not None and base.instance is not None), None)

        return surface

    def _argument(
        self, function: Function | ast.Lambda, argument: ast.arg, scope: Scope, is_first: bool
    ) -> Callable[[], Surface | None]:
        outer = scope.parent
        assert outer is not None

        def surface() -> Surface | None:
            world = self.world
            if argument.arg == "was":
                return world.was
            if isinstance(function, ast.Lambda):
                return None
            if is_first and outer.node is self.tree:
                if function.name in APP_HOOKS or (function.name in OLD_APP_HOOKS and argument.arg == "app"):
                    return world.app
                if function.name in PREF_HOOKS:
                    return world.pref
            if is_first and not outer.is_class and self._is_handler(function, outer):
                return world.was
            if argument.annotation is not None:
                named = self.names.surface(argument.annotation, outer)
                if named is not None and named.instance is not None:
                    return named.instance
            if argument.arg == "app" and decorates_handlers(function, argument.arg):
                return world.app
            return None

        return surface

    def _is_handler(self, function: Function, scope: Scope) -> bool:
        """Whether an app decorates the function."""
        for decorator in function.decorator_list:
            called = decorator.func if isinstance(decorator, ast.Call) else decorator
            if (
                isinstance(called, ast.Attribute)
                and called.attr not in WITHOUT_WAS
                and self.names.surface(called.value, scope) is self.world.app
            ):
                return True
        return False


def decorates_handlers(function: Function, name: str) -> bool:
    """Whether `@name.route (...)` and the like stand above functions whose first argument is called `was`."""
    for node in ast.walk(function):
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) or not node.args.args:
            continue
        for decorator in node.decorator_list:
            called = decorator.func if isinstance(decorator, ast.Call) else decorator
            if (
                isinstance(called, ast.Attribute)
                and isinstance(called.value, ast.Name)
                and called.value.id == name
                and node.args.args[0].arg == "was"
            ):
                return True
    return False


_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_SCOPED = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef, *_COMPREHENSIONS)


def _unknown() -> Surface | None:
    return None


def evaluated_outside(node: ast.AST) -> list[ast.AST]:
    """The parts of a function, class or comprehension that are evaluated where it stands, not inside."""
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
        arguments = node.args
        outside: list[ast.AST] = [*arguments.defaults, *filter(None, arguments.kw_defaults)]
        if not isinstance(node, ast.Lambda):
            every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
            every += [each for each in (arguments.vararg, arguments.kwarg) if each is not None]
            outside += [*node.decorator_list, *(a.annotation for a in every if a.annotation is not None)]
            if node.returns is not None:
                outside.append(node.returns)
        return outside
    if isinstance(node, ast.ClassDef):
        return [*node.decorator_list, *node.bases, *node.keywords]
    if isinstance(node, _COMPREHENSIONS):
        return [node.generators[0].iter]
    return []


def evaluated_inside(node: ast.AST) -> list[ast.AST]:
    """The other parts of it."""
    if isinstance(node, ast.Lambda):
        return [node.body]
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return list(node.body)
    if isinstance(node, _COMPREHENSIONS):
        first = node.generators[0]
        # its source is evaluated outside, its target is bound inside
        bare = ast.comprehension(first.target, ast.Constant(None), first.ifs, first.is_async)
        elements = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
        return [*elements, bare, *node.generators[1:]]
    return list(ast.iter_child_nodes(node))


def _own_nodes(node: ast.AST) -> Iterator[ast.AST]:
    """All nodes that belong to the scope of `node`, and the nodes that begin scopes of their own."""
    pending = list(reversed(evaluated_inside(node)))
    while pending:
        each = pending.pop()
        yield each
        following = evaluated_outside(each) if isinstance(each, _SCOPED) else ast.iter_child_nodes(each)
        pending.extend(reversed(list(following)))
