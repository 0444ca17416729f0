"""The step that makes `async def` handlers of generators with `coroutine = True`.

    task = yield was.get ("@api/rows")          task = was.get ("@api/rows")
                                                await task.wait ()
    return (yield was.get (...)).fetch ()       return await was.get (...)

`await task.wait ()` waits without looking at the outcome, as `yield` does: `task.fetch ()` behind it gives
the data or raises the error. A handler that streams text, reads input, or may block the event loop stays as
it is.
"""

# ruff: noqa: N802 - libcst calls visitors by the names of its nodes
from __future__ import annotations

from collections.abc import Sequence

import libcst as cst
import libcst.matchers as m
from libcst.metadata import MetadataWrapper, PositionProvider

from ..surface import world
from .blocking import WAITING, Blocking, bindings_in
from .hooks import BEHIND, hooks_of
from .steps import Work

TASK_MAKERS = frozenset(
    {
        *("Thread", "Process", "Subprocess", "Mask", "Tasks", "get", "post", "put", "patch", "delete"),
        *("options", "upload", "db", "stub", "xmlrpc", "jsonrpc", "rpc", "grpc", "postgresql", "sqlite3"),
        *("redis", "mongodb", "backend", "asyncon", "Map", "Mapped"),
    }
)
"""Methods of `was` whose calls, and what comes of them, are tasks."""


def rewrite_coroutines(work: Work) -> cst.Module:
    """Make `async def` handlers of the generators that allow it."""
    routes = {
        use.end
        for use in work.module.uses
        if use.surface is world().app and (use.attribute == "coroutine" or "coroutine" in use.keywords)
    }
    if not routes:
        return work.tree
    streams = {use.end for use in work.module.uses if use.name in ("app.input_stream", "app.websocket")}
    streams |= {use.end for use in work.module.uses if "input_stream" in use.keywords}
    wrapper = MetadataWrapper(work.tree, unsafe_skip_copy=True)
    own = {use.end for use in work.module.uses if use.surface is world().app}
    return wrapper.visit(_Converter(work, routes, streams, own))


class _Stay(Exception):
    """A handler stays as it is; the message says why."""


Places = set[tuple[int, int]]


class _Converter(cst.CSTTransformer):
    METADATA_DEPENDENCIES = (PositionProvider,)

    def __init__(self, work: Work, routes: Places, streams: Places, own: Places) -> None:
        super().__init__()
        self.work, self.routes, self.streams, self.own = work, routes, streams, own
        self.blocking = Blocking(work.tree)
        # for a generator these run before its first line
        self.hooks = sorted(hooks_of(work.base) & BEHIND)

    def _end(self, decorator: cst.Decorator) -> tuple[int, int] | None:
        """Where the name of a decorator ends, `@app.route (...)`: that is how its use is known."""
        called = (
            decorator.decorator.func if isinstance(decorator.decorator, cst.Call) else decorator.decorator
        )
        if not isinstance(called, cst.Attribute):
            return None
        end = self.get_metadata(PositionProvider, called.attr).end
        return end.line, end.column

    def leave_FunctionDef(
        self, original_node: cst.FunctionDef, updated_node: cst.FunctionDef
    ) -> cst.FunctionDef:
        ends = [self._end(decorator) for decorator in original_node.decorators]
        if not any(end in self.routes for end in ends):
            return updated_node
        try:
            decorators = self._decorators(original_node, ends)
            body = self._body(original_node)
        except _Stay as stay:
            line = self.get_metadata(PositionProvider, original_node.name).start.line
            self.work.left.append((line, f"{original_node.name.value} stays a generator: it {stay}"))
            return updated_node
        if self.hooks:
            line = self.get_metadata(PositionProvider, original_node.name).start.line
            name, hooks = original_node.name.value, ", ".join(self.hooks)
            self.work.left.append(
                (line, f"{name}: hooks of the app ({hooks}) run behind it now, not before it")
            )
        first = updated_node.lines_after_decorators
        return updated_node.with_changes(
            decorators=decorators, body=body, asynchronous=cst.Asynchronous(), lines_after_decorators=first
        )

    # -- decorators ---------------------------------------------------------------------------------------

    def _decorators(
        self, function: cst.FunctionDef, ends: Sequence[tuple[int, int] | None]
    ) -> list[cst.Decorator]:
        found: list[cst.Decorator] = []
        lines: list[cst.EmptyLine] = []
        for decorator, end in zip(function.decorators, ends, strict=True):
            if end is None or end not in self.own:
                raise _Stay(f"is decorated by {_code(decorator.decorator)}, which may expect a generator")
            if end in self.streams:
                raise _Stay("reads a stream of input")
            if end in self.routes:
                new = _without_option(decorator)
                if new is None:  # the decorator means the option
                    lines += decorator.leading_lines
                    continue
                decorator = new
            found.append(decorator.with_changes(leading_lines=[*lines, *decorator.leading_lines]))
            lines = []
        return found

    # -- body ---------------------------------------------------------------------------------------------

    def _body(self, function: cst.FunctionDef) -> cst.BaseSuite:
        if function.asynchronous is not None:
            raise _Stay("is an async def already: remove coroutine = True")
        parameters = function.params.params
        if not parameters:
            raise _Stay("takes no was")
        line = self.get_metadata(PositionProvider, function.name).start.line
        self._check_references(function.name.value, line)
        body = _Yields(function)
        if not m.findall(function.body, m.Yield()):
            raise _Stay("has no yield")
        new = function.body.visit(body)
        assert isinstance(new, cst.BaseSuite)
        rest = _Rest()
        new.visit(rest)
        if rest.yields:
            crowded = rest.yields[0] in rest.crowded
            raise _Stay("yields on a line with other statements" if crowded else _why(rest.yields[0]))
        if rest.bare_return:
            raise _Stay("returns nothing in places, which a coroutine may and an async def may not")
        if not always_ends(new):
            raise _Stay("can end without an answer, which a coroutine may and an async def may not")
        if comments(new) != comments(function.body):
            raise _Stay("has a comment in the brackets of a yield, which would be lost")
        done = _done(new, body.waited)
        if _is_rendered(new, body.was, body.tasks - done):
            raise _Stay("gives was.render a task, for which the template may wait")
        reason = self.blocking.reason(function.with_changes(body=new), done)
        if reason:
            raise _Stay(reason)
        return new

    def _check_references(self, name: str, line: int) -> None:
        """A handler that somebody calls by its name has to stay what the caller expects."""
        count = self.work.module.references(name, line)
        if count:
            raise _Stay(f"is used by its name elsewhere in this file, {count} time{'s' * (count > 1)}")


def comments(node: cst.CSTNode) -> list[str]:
    """The comments in a part of a module, in their order."""
    return [cst.ensure_type(each, cst.Comment).value for each in m.findall(node, m.Comment())]


def _code(node: cst.CSTNode) -> str:
    return cst.Module([]).code_for_node(node)


def _without_option(decorator: cst.Decorator) -> cst.Decorator | None:
    """The decorator without `coroutine = True`; None for `@app.coroutine`. _Stay where it is not True."""
    call = decorator.decorator
    if not isinstance(call, cst.Call):
        return None
    kept = []
    for argument in call.args:
        if argument.keyword is not None and argument.keyword.value == "coroutine":
            if not m.matches(argument.value, m.Name("True") | m.Integer("1")):
                raise _Stay(f"is a coroutine where {_code(argument.value)} says so")
            continue
        kept.append(argument)
    if len(kept) == len(call.args):
        return decorator  # another route of the same handler
    if kept:
        last = call.args[-1]
        kept[-1] = kept[-1].with_changes(comma=last.comma, whitespace_after_arg=last.whitespace_after_arg)
    return decorator.with_changes(decorator=call.with_changes(args=kept))


def _tasks_in(function: cst.FunctionDef) -> frozenset[str]:
    """Names in a function that stand for stubs, databases and tasks, and for nothing else."""
    was = function.params.params[0].name.value
    bound = bindings_in(function)
    found: frozenset[str] = frozenset()
    while True:
        more = {
            name
            for name, values in bound.items()
            if any(_is_task(value, was, found) for value in values)
            and all(_is_task(value, was, found | {name}) for value in values)
        }
        if found >= more:
            return found
        found |= more


def _is_task(node: cst.CSTNode | None, was: str, tasks: frozenset[str]) -> bool:
    """Whether an expression is surely a task, or gives them; what a task has fetched is none."""
    first = None
    node = _yielded(node) or node  # it comes back completed
    if isinstance(node, cst.Attribute):
        return False
    while isinstance(node, (cst.Attribute, cst.Call)):
        if isinstance(node, cst.Attribute):
            first = node.attr.value
            if first in WAITING:
                return False
            node = node.value
        else:
            node = node.func
    if not isinstance(node, cst.Name):
        return False
    return node.value in tasks or (node.value == was and first in TASK_MAKERS)


def _is_rendered(body: cst.BaseSuite, was: str, tasks: frozenset[str]) -> bool:
    """Whether a template is given a task that may not be done yet."""
    name = m.Name("render") | m.Name("render_or_API")
    calls = m.findall(body, m.Call(func=m.Attribute(value=m.Name(was), attr=name)))
    given = (argument.value for call in calls for argument in cst.ensure_type(call, cst.Call).args)
    return any(_is_task(value, was, tasks) for value in given)


_PRIMARY = (cst.Name, cst.Attribute, cst.Call, cst.Subscript)


class _Yields(cst.CSTTransformer):
    """Awaits what is yielded, in those places where the meaning stays the same.

    Attributes:
        waited: names of tasks that have been waited for.
    """

    def __init__(self, function: cst.FunctionDef) -> None:
        super().__init__()
        self.was, self.tasks = function.params.params[0].name.value, _tasks_in(function)
        calls = m.findall(function.body, m.Call())
        self.space: cst.BaseParenthesizableWhitespace = cst.SimpleWhitespace("")
        if calls:
            self.space = cst.ensure_type(calls[0], cst.Call).whitespace_after_func
        self.waited: set[str] = set()

    def visit_FunctionDef(self, node: cst.FunctionDef) -> bool:
        return False

    def visit_Lambda(self, node: cst.Lambda) -> bool:
        return False

    def _wait(self, task: cst.BaseExpression) -> cst.SimpleStatementLine:
        """`await task.wait ()`, with the space before the bracket that the handler writes."""
        call = cst.Call(cst.Attribute(task, cst.Name("wait")), whitespace_after_func=self.space)
        return cst.SimpleStatementLine([cst.Expr(cst.Await(call))])

    def leave_SimpleStatementLine(
        self, original_node: cst.SimpleStatementLine, updated_node: cst.SimpleStatementLine
    ) -> cst.BaseStatement | cst.FlattenSentinel[cst.BaseStatement]:
        if len(updated_node.body) != 1:
            return updated_node
        statement = updated_node.body[0]
        yielded = _yielded(getattr(statement, "value", None))
        if yielded is None or _is_input(yielded, self.was):
            return updated_node
        if isinstance(statement, cst.Assign):
            return self._assigned(updated_node, statement, yielded)
        if isinstance(statement, cst.Expr) and _is_task(yielded, self.was, self.tasks):
            line = self._wait(_bracketed(yielded))
            return updated_node.with_changes(body=line.body)
        return updated_node

    def _assigned(
        self, line: cst.SimpleStatementLine, statement: cst.Assign, task: cst.BaseExpression
    ) -> cst.BaseStatement | cst.FlattenSentinel[cst.BaseStatement]:
        if len(statement.targets) != 1 or not isinstance(statement.targets[0].target, cst.Name):
            return line
        if not isinstance(task, (*_PRIMARY, cst.IfExp, cst.BooleanOperation)) or m.matches(
            task, m.Name("None")
        ):
            return line  # several tasks in a tuple, or text
        target = statement.targets[0].target
        self.waited.add(target.value)
        first = line.with_changes(body=[statement.with_changes(value=task)])
        if isinstance(task, cst.Name) and task.value == target.value:
            only = self._wait(cst.Name(target.value))
            return line.with_changes(body=only.body)
        bare = cst.Name(target.value)
        return cst.FlattenSentinel([first, self._wait(bare)])

    def leave_Call(self, original_node: cst.Call, updated_node: cst.Call) -> cst.BaseExpression:
        """`(yield task).fetch ()` is what `await task` gives."""
        func = updated_node.func
        if not isinstance(func, cst.Attribute) or func.attr.value != "fetch" or updated_node.args:
            return updated_node
        yielded = _yielded(func.value)
        if yielded is None or _is_input(yielded, self.was):
            return updated_node
        awaited = cst.Await(_bracketed(yielded))
        return awaited.with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen()])

    def leave_Return(self, original_node: cst.Return, updated_node: cst.Return) -> cst.Return:
        return updated_node.with_changes(value=_bare(updated_node.value))

    def leave_Assign(self, original_node: cst.Assign, updated_node: cst.Assign) -> cst.Assign:
        return updated_node.with_changes(value=_bare(updated_node.value))

    def leave_AugAssign(self, original_node: cst.AugAssign, updated_node: cst.AugAssign) -> cst.AugAssign:
        return updated_node.with_changes(value=_bare(updated_node.value))

    def leave_Arg(self, original_node: cst.Arg, updated_node: cst.Arg) -> cst.Arg:
        return updated_node.with_changes(value=_bare(updated_node.value))


def _yielded(node: object) -> cst.BaseExpression | None:
    """What `yield x` yields; None for other expressions and for `yield` alone."""
    if isinstance(node, cst.Yield) and isinstance(node.value, cst.BaseExpression):
        return node.value
    return None


def _is_input(node: cst.BaseExpression, was: str) -> bool:
    return m.matches(node, m.Call(func=m.Attribute(value=m.Name(was), attr=m.Name("Input"))))


def _bracketed(node: cst.BaseExpression) -> cst.BaseExpression:
    """An expression that `await` and a dot may stand at."""
    if isinstance(node, _PRIMARY) or node.lpar:
        return node
    return node.with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen()])


def _bare(node: cst.BaseExpression | None) -> cst.BaseExpression | None:
    """`await x` without the brackets that `(yield x)` needed."""
    return node.with_changes(lpar=[], rpar=[]) if isinstance(node, cst.Await) else node


class _Rest(cst.CSTVisitor):
    """What a body still has: yields, those on lines with other statements, and returns without a value."""

    def __init__(self) -> None:
        super().__init__()
        self.yields: list[cst.Yield] = []
        self.crowded: set[cst.CSTNode] = set()
        self.bare_return = False

    def visit_FunctionDef(self, node: cst.FunctionDef) -> bool:
        return False

    def visit_Lambda(self, node: cst.Lambda) -> bool:
        return False

    def visit_SimpleStatementLine(self, node: cst.SimpleStatementLine) -> None:
        if len(node.body) > 1:
            self.crowded.update(m.findall(node, m.Yield()))

    def visit_Yield(self, node: cst.Yield) -> None:
        self.yields.append(node)

    def visit_Return(self, node: cst.Return) -> None:
        if node.value is None or m.matches(node.value, m.Name("None")):
            self.bare_return = True


def _why(left: cst.Yield) -> str:
    """Why a yield could not become an await."""
    if not isinstance(left.value, cst.BaseExpression):
        return "yields without a value, or from another generator"
    text = _code(left.value)
    shown = text if len(text) <= 40 else text[:37] + "..."
    if ".Input" in text:
        return "reads input by was.Input"
    is_text = m.SimpleString() | m.FormattedString() | m.ConcatenatedString() | m.BinaryOperation()
    formatted = m.Call(func=m.Attribute(value=m.SimpleString() | m.FormattedString()))
    if m.matches(left.value, is_text) or m.matches(left.value, formatted):
        return "streams text"
    return f"yields {shown} where nobody can tell if that is a task or text"


def _done(body: cst.BaseSuite, waited: set[str]) -> set[str]:
    """The names of tasks that are done where they are asked: all that is assigned to them is waited for."""
    done = set(waited)
    counts: dict[str, int] = {}
    waits: dict[str, int] = {}
    for assign in m.findall(body, m.AssignTarget(target=m.Name())):
        name = cst.ensure_type(cst.ensure_type(assign, cst.AssignTarget).target, cst.Name).value
        counts[name] = counts.get(name, 0) + 1
    waiting = m.Await(expression=m.Call(func=m.Attribute(value=m.Name(), attr=m.Name("wait"))))
    for node in m.findall(body, waiting):
        call = cst.ensure_type(cst.ensure_type(node, cst.Await).expression, cst.Call)
        name = cst.ensure_type(cst.ensure_type(call.func, cst.Attribute).value, cst.Name).value
        waits[name] = waits.get(name, 0) + 1
    done = {name for name in done if waits.get(name, 0) >= counts.get(name, 0)}
    # the members of a group that is done are done
    for loop in m.findall(
        body, m.For(target=m.Name(), iter=m.Name()) | m.CompFor(target=m.Name(), iter=m.Name())
    ):
        assert isinstance(loop, (cst.For, cst.CompFor))
        if cst.ensure_type(loop.iter, cst.Name).value in done:
            done.add(cst.ensure_type(loop.target, cst.Name).value)
    return done


def always_ends(body: cst.BaseSuite) -> bool:
    """Whether a body cannot be left but by `return` or `raise`."""
    statements = body.body
    return bool(statements) and _ends(statements[-1])


def _ends(statement: cst.CSTNode) -> bool:
    if isinstance(statement, cst.SimpleStatementLine):
        return isinstance(statement.body[-1], (cst.Return, cst.Raise))
    if isinstance(statement, (cst.Return, cst.Raise)):
        return True
    if isinstance(statement, cst.If):
        following = statement.orelse
        if following is None:
            return False
        other = _ends(following) if isinstance(following, cst.If) else always_ends(following.body)
        return always_ends(statement.body) and other
    if isinstance(statement, cst.With):
        return always_ends(statement.body)
    if isinstance(statement, cst.Try):
        if statement.finalbody is not None and always_ends(statement.finalbody.body):
            return True
        tried = always_ends(statement.body)
        if statement.orelse is not None:
            tried = always_ends(statement.orelse.body)
        return tried and all(always_ends(handler.body) for handler in statement.handlers)
    if isinstance(statement, cst.While):
        endless = m.matches(statement.test, m.Name("True") | m.Integer("1"))
        return endless and not m.findall(statement.body, m.Break())
    return False
