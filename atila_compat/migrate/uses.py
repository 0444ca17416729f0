"""Each use of the original's names in a code base: where, and of what."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from ..shims.hook import SERVED
from .scopes import (
    _SCOPED,
    APP_HOOKS,
    OLD_APP_HOOKS,
    PREF_HOOKS,
    Names,
    Scope,
    evaluated_inside,
    evaluated_outside,
    read_names,
)
from .sources import Broken, Source, python_files, read
from .surface import NotServed, Surface, World, is_known_elsewhere, submodules, world

_FOR_URLS = frozenset({"urlfor", "ab", "urlpatch", "partial", "urlspec", "baseurl", "basepath", "build_url"})
"""Functions that are given a handler and look for its name only."""
_REGISTERING = {"was": ("register",), "skitai": ("add_wasc_option",)}


@dataclass(frozen=True)
class Use:
    """A name of the original that stands in the code.

    Attributes:
        name: the whole of it, `was.request.get_header`; a module, `rs4.pathtool`.
        attribute: the last part.
        surface: what has the attribute; None for imports of modules that are not served.
        node: where it stands.
        keywords: of the call that it is part of.
        literals: the strings among the arguments of that call.
        stored: whether it is assigned to.
        refusal: what an import of it says that fails.
    """

    source: Source
    name: str
    attribute: str
    surface: Surface | None
    node: ast.expr | ast.alias | ast.stmt
    keywords: tuple[str, ...] = ()
    literals: tuple[str, ...] = ()
    stored: bool = False
    refusal: str = ""

    @property
    def line(self) -> int:
        """The line on which its last part stands, from 1."""
        return self.node.lineno if isinstance(self.node, (ast.alias, ast.stmt)) else self.end[0]

    @property
    def column(self) -> int:
        """The column at which its last part begins, in characters from 0."""
        if isinstance(self.node, ast.Attribute):
            return max(self.end[1] - len(self.node.attr), 0)
        return self.source.column(self.node.lineno, self.node.col_offset)

    @property
    def end(self) -> tuple[int, int]:
        """Line, from 1, and column, from 0, behind its last part."""
        line, offset = self.node.end_lineno, self.node.end_col_offset
        assert line is not None
        assert offset is not None
        return line, self.source.column(line, offset)


@dataclass(frozen=True)
class Unbound:
    """A name that nobody binds: a slip, or something that a star import brings.

    Attributes:
        known: the names that are bound where it stands.
    """

    source: Source
    node: ast.Name
    known: frozenset[str]


@dataclass
class Module:
    """What one module uses.

    Attributes:
        names: what its names are.
        owned: attributes that it adds to things of the original, by the thing's name: `{"was": {"user_id"}}`.
        loads: where names are used, and the scopes that they are used in.
    """

    source: Source
    names: Names
    uses: list[Use] = field(default_factory=list)
    unbound: list[Unbound] = field(default_factory=list)
    owned: dict[str, set[str]] = field(default_factory=dict)
    loads: list[tuple[ast.Name, Scope]] = field(default_factory=list)

    def references(self, name: str, line: int, *, with_urls: bool = False) -> int:
        """How often a function is used by its name.

        Args:
            line: of its `def`.
            with_urls: count those places, too, where only its URL is asked for.
        """
        homes = (
            scope
            for scope in self.names.of.values()
            if any(_is_def(binding.node, line) for binding in scope.names.get(name, ()))
        )
        home = next(homes, None)
        only_urls = {
            argument
            for node in ast.walk(self.source.tree)
            if isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr in _FOR_URLS
            for argument in node.args
        }
        uses = (node for node, scope in self.loads if node.id == name and scope.find(name) is home)
        return sum(with_urls or node not in only_urls for node in uses)


def _is_def(node: ast.AST, line: int) -> bool:
    return isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.lineno == line


class CodeBase:
    """The Python files below some paths, and what they use.

    Args:
        paths: files and folders.

    Attributes:
        modules: those that could be read, in the order of their paths.
        broken: the others.
        owned: attributes that the app itself adds to things of the original.
    """

    def __init__(self, paths: Iterable[Path]) -> None:
        self.modules: list[Module] = []
        self.broken: list[Broken] = []
        self.owned: dict[str, set[str]] = {}
        self._by_name: dict[str, Names] = {}
        self._by_end: dict[str, Names | None] = {}
        self._read([path for root in paths for path in python_files(root)])

    @classmethod
    def of(cls, *sources: Source) -> CodeBase:
        """The code base of sources that are read already."""
        found = cls([])
        found._add(sources)
        return found

    def _read(self, paths: list[Path]) -> None:
        sources = []
        for path in dict.fromkeys(paths):
            source = read(path)
            if isinstance(source, Broken):
                self.broken.append(source)
            else:
                sources.append(source)
        self._add(sources)

    def _add(self, sources: Iterable[Source]) -> None:
        there = world()
        for source in sources:
            dotted = dotted_name(source.path)
            try:
                names = read_names(source.tree, there, _Neighbours(self, source.path, dotted))
            except RecursionError:
                self.broken.append(_too_deep(source))
                continue
            self._by_name.setdefault(dotted, names)
            for end in _ends(source.path, dotted):
                # two files that may be meant are none
                self._by_end[end] = None if end in self._by_end else names
            self.modules.append(Module(source, names))
        for module in list(self.modules):
            try:
                _Finder(module, there).find()
            except RecursionError:
                self.modules.remove(module)
                self.broken.append(_too_deep(module.source))
                continue
            for thing, attributes in module.owned.items():
                self.owned.setdefault(thing, set()).update(attributes)

    def module_of(self, source: Source) -> Module:
        """What a new version of one of the files uses; the code base itself stays as it is.

        Raises RecursionError for one that is nested too deeply.
        """
        there = world()
        neighbours = _Neighbours(self, source.path, dotted_name(source.path))
        module = Module(source, read_names(source.tree, there, neighbours))
        _Finder(module, there).find()
        return module

    def names_of(self, dotted: str) -> Names | None:
        """The names of a module of this code base."""
        found = self._by_name.get(dotted)
        return self._by_end.get(dotted) if found is None else found


def _is_old(module: str) -> bool:
    """Whether this is a module of the original."""
    return module.partition(".")[0] in SERVED


def _too_deep(source: Source) -> Broken:
    return Broken(
        source.path, source.shown, 1, 0, "is nested too deeply to be followed", "split its longest expression"
    )


def dotted_name(path: Path) -> str:
    """The name of a file's module, from the outermost package that it lies in."""
    path = path.resolve()
    parts = [] if path.stem == "__init__" else [path.stem]
    folder = path.parent
    while (folder / "__init__.py").exists() and folder != folder.parent:
        parts.insert(0, folder.name)
        folder = folder.parent
    if not parts:
        parts = [path.parent.name]
    return ".".join(parts)


def _ends(path: Path, dotted: str) -> Iterator[str]:
    """Names that a module has where folders without `__init__.py` above it are packages too."""
    folder = path.resolve().parent
    for _ in range(dotted.count(".") + (path.stem == "__init__")):
        folder = folder.parent
    for _ in range(3):
        dotted = f"{folder.name}.{dotted}"
        yield dotted
        folder = folder.parent


class _Neighbours:
    """Resolves the imports of a module within its code base."""

    def __init__(self, base: CodeBase, path: Path, dotted: str) -> None:
        self.base, self.dotted = base, dotted
        self.is_package = path.stem == "__init__"

    def __call__(self, name: str, level: int) -> Names | None:
        if level:
            parts = self.dotted.split(".")
            parts = parts[: len(parts) - level + (1 if self.is_package else 0)]
            name = ".".join([*parts, *([name] if name else [])])
        return self.base.names_of(name)


class _Finder:
    """Walks through a module, scope by scope."""

    def __init__(self, module: Module, there: World) -> None:
        self.module, self.names, self.world = module, module.names, there
        self.source = module.source
        self._inner: set[ast.AST] = set()
        self._calls: dict[ast.AST, ast.Call] = {}

    def find(self) -> None:
        """Fill the module's lists."""
        self._walk([*self.source.tree.body], self.names.module)
        self.module.uses.sort(key=lambda use: (use.line, use.column))

    def _walk(self, nodes: list[ast.AST], scope: Scope) -> None:
        pending = [(node, scope) for node in reversed(nodes)]
        while pending:
            node, scope = pending.pop()
            following: list[tuple[ast.AST, Scope]]
            if isinstance(node, _SCOPED):
                inner = self.names.of[node]
                following = [(each, scope) for each in evaluated_outside(node)]
                following += [(each, inner) for each in evaluated_inside(node)]
            else:
                following = [(each, scope) for each in ast.iter_child_nodes(node)]
            self._look(node, scope)
            pending.extend(reversed(following))

    def _look(self, node: ast.AST, scope: Scope) -> None:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            if scope is self.names.module and self._is_hook(node):
                name = f"hooks.{node.name}"
                self.module.uses.append(Use(self.source, name, node.name, self.world.hooks, node))
        elif isinstance(node, ast.ClassDef):
            self._own_class(node, scope)
        elif isinstance(node, ast.Call):
            self._calls[node.func] = node
            self._registered(node, scope)
        elif isinstance(node, ast.Attribute):
            self._attribute(node, scope)
        elif isinstance(node, ast.Name):
            if isinstance(node.ctx, ast.Load):
                self.module.loads.append((node, scope))
            if not scope.is_bound(node.id) and not self.names.has_star:
                self._note_unbound(node, scope)
        elif isinstance(node, ast.Import):
            for alias in node.names:
                self._import(alias.name, alias)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            self._import_from(node, node.module)

    @staticmethod
    def _is_hook(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
        arguments = [argument.arg for argument in node.args.args]
        if node.name in OLD_APP_HOOKS:
            return arguments[:1] == ["app"]
        if node.name == "bootstrap":
            return arguments == ["pref"]
        return node.name in APP_HOOKS | PREF_HOOKS or (node.name == "__app__" and not arguments)

    # -- imports ------------------------------------------------------------------------------------------

    def _import(self, module: str, node: ast.alias | ast.stmt) -> bool:
        """Note the import of a module; whether it is there."""
        try:
            surface = self.world.module(module)
        except NotServed as error:
            attribute = module.rpartition(".")[2]
            self.module.uses.append(Use(self.source, module, attribute, None, node, refusal=str(error)))
            return False
        if surface is not None and _is_old(module):
            self.module.uses.append(Use(self.source, module, "", surface, node))
        return surface is not None

    def _import_from(self, node: ast.ImportFrom, module: str) -> None:
        if not _is_old(module):
            return
        try:
            surface = self.world.module(module)
        except NotServed as error:
            self.module.uses.append(
                Use(self.source, module, module.rpartition(".")[2], None, node, refusal=str(error))
            )
            return
        assert surface is not None
        for alias in node.names:
            if alias.name == "*":
                self.module.uses.append(Use(self.source, module, "", surface, node))
            elif alias.name in submodules(surface.owner) or (
                not surface.has(alias.name) and is_known_elsewhere(f"{module}.{alias.name}")
            ):
                self._import(f"{module}.{alias.name}", alias)
            else:
                name = f"{module}.{alias.name}"
                self.module.uses.append(Use(self.source, name, alias.name, surface, alias))

    # -- attributes ---------------------------------------------------------------------------------------

    def _attribute(self, node: ast.Attribute, scope: Scope) -> None:
        owner = self.names.surface(node.value, scope)
        if owner is None or not owner.name:
            return
        # the longest chain counts: was.request is no use of its own in was.request.uri
        self._inner.add(node.value)
        if isinstance(node.ctx, (ast.Store, ast.Del)):
            self._own(owner, node.attr)
            name = f"{owner.name}.{node.attr}"
            self.module.uses.append(Use(self.source, name, node.attr, owner, node, stored=True))
            return
        if node in self._inner and self.names.surface(node, scope) is not None:
            return
        call = self._calls.get(node)
        keywords: tuple[str, ...] = ()
        literals: tuple[str, ...] = ()
        if call is not None:
            keywords = tuple(keyword.arg for keyword in call.keywords if keyword.arg)
            literals = tuple(
                each.value
                for each in call.args
                if isinstance(each, ast.Constant) and isinstance(each.value, str)
            )
        self.module.uses.append(
            Use(self.source, f"{owner.name}.{node.attr}", node.attr, owner, node, keywords, literals)
        )

    def _own(self, owner: Surface, name: str) -> None:
        things = {"pref": ("pref", "app")}.get(owner.name, (owner.name,))
        for thing in things:
            self.module.owned.setdefault(thing, set()).add(name)

    def _own_class(self, node: ast.ClassDef, scope: Scope) -> None:
        """What a class of the app's own adds to the class of the original that it is made of."""
        bases = (self.names.surface(base, scope) for base in node.bases)
        for instance in (base.instance for base in bases if base is not None and base.instance is not None):
            for name in self.names.of[node].names:
                self._own(instance, name)

    def _registered(self, call: ast.Call, scope: Scope) -> None:
        """`was.register ("x", ...)`, `skitai.add_wasc_option ("x", ...)`, `setattr (app, "x", ...)`."""
        arguments = call.args
        if isinstance(call.func, ast.Name) and call.func.id == "setattr" and len(arguments) == 3:
            owner = self.names.surface(arguments[0], scope)
            if owner is not None and isinstance(arguments[1], ast.Constant):
                self._own(owner, str(arguments[1].value))
        elif isinstance(call.func, ast.Attribute) and arguments and isinstance(arguments[0], ast.Constant):
            owner = self.names.surface(call.func.value, scope)
            if owner is not None and call.func.attr in _REGISTERING.get(owner.name, ()):
                self._own(self.world.was, str(arguments[0].value))

    def _note_unbound(self, node: ast.Name, scope: Scope) -> None:
        known: set[str] = set()
        each: Scope | None = scope
        while each is not None:
            known.update(each.names)
            each = each.parent
        self.module.unbound.append(Unbound(self.source, node, frozenset(known)))
