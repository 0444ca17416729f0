"""The step that makes Starlette endpoints of simple handlers: those that need nothing but what they return.

    @app.route ("/about")               @app.native_route ("/about", methods = ["GET", "POST"])
    def about (was):                    async def about (request):
        return was.render ("a.html")        was = request.state.was
                                            return HTMLResponse (was.render ("a.html"))

Hooks, sessions and error pages of the app apply to such endpoints as before; HEAD is answered too. A handler
with arguments, with a rule that has parameters, with other decorators, or with answers that are not plainly
text or JSON stays.
"""

# ruff: noqa: N802 - libcst calls visitors by the names of its nodes
from __future__ import annotations

import ast
from collections import Counter

import libcst as cst
import libcst.matchers as m
from libcst.codemod import CodemodContext
from libcst.codemod.visitors import AddImportsVisitor
from libcst.metadata import MetadataWrapper, PositionProvider

from ..surface import world
from ..uses import CodeBase
from .blocking import Blocking
from .coroutines import always_ends, comments
from .hooks import hooks_see_bodies, of_code_base
from .steps import Work

SHARED = frozenset(
    {
        *("app", "cookie", "csrf_token", "csrf_token_input", "env", "g", "log", "mbox", "media", "render"),
        *("session", "static", "traceback", "urlfor", "uniqid", "timestamp", "Error"),
    }
)
"""Attributes of `was` that mean the same in an endpoint."""
_ORDERING = frozenset({"pref.extends", "pref.overrides", "app.extends", "app.overrides", "app.unroute"})
_DEFAULT_METHODS = ("GET", "POST")


def rewrite_endpoints(work: Work) -> cst.Module:
    """Make Starlette endpoints of the handlers that allow it."""
    if not world().app.has("native_route"):
        return work.tree
    routes = {use.end for use in work.module.uses if use.name == "app.route"}
    if not routes:
        return work.tree
    converter = _Converter(work, routes)
    tree = MetadataWrapper(work.tree, unsafe_skip_copy=True).visit(converter)
    if not converter.responses:
        return work.tree
    context = CodemodContext()
    for name in sorted(converter.responses):
        AddImportsVisitor.add_needed_import(context, "starlette.responses", name)
    return AddImportsVisitor(context).transform_module(tree)


class _Stay(Exception):
    """A handler stays as it is; the message says why."""


@of_code_base
def named_ids(base: CodeBase) -> frozenset[str]:
    """The last parts of all strings in the code base: resources are named by them, `"app:module.handler"`."""
    found = set()
    for module in base.modules:
        for node in ast.walk(module.source.tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.add(node.value.replace(":", ".").rpartition(".")[2])
    return frozenset(found)


@of_code_base
def shared_rules(base: CodeBase) -> frozenset[str]:
    """The rules that several handlers of the code base have: native routes come before the app's own."""
    uses = [use for module in base.modules for use in module.uses if use.name == "app.route"]
    counts = Counter(literal for use in uses for literal in use.literals[:1])
    return frozenset(rule for rule, count in counts.items() if count > 1)


@of_code_base
def has_order(base: CodeBase) -> bool:
    """Whether packages of the code base extend or override each other, or close routes."""
    return any(use.name in _ORDERING for module in base.modules for use in module.uses)


class _Converter(cst.CSTTransformer):
    """Rewrites handlers.

    Attributes:
        responses: the response classes that are used.
    """

    METADATA_DEPENDENCIES = (PositionProvider,)

    def __init__(self, work: Work, routes: set[tuple[int, int]]) -> None:
        super().__init__()
        self.work, self.routes = work, routes
        self.responses: set[str] = set()
        self.blocking = Blocking(work.tree)
        self.ids, self.shared = named_ids(work.base), shared_rules(work.base)
        self.ordered, self.watched = has_order(work.base), hooks_see_bodies(work.base)

    def leave_FunctionDef(
        self, original_node: cst.FunctionDef, updated_node: cst.FunctionDef
    ) -> cst.FunctionDef:
        if not any(self._is_route(decorator) for decorator in original_node.decorators):
            return updated_node
        line = self.get_metadata(PositionProvider, original_node.name).start.line
        try:
            return self._converted(original_node, line)
        except _Stay as stay:
            self.work.left.append((line, f"{original_node.name.value} stays a handler of the app: it {stay}"))
            return updated_node

    def _is_route(self, decorator: cst.Decorator) -> bool:
        call = decorator.decorator
        if not isinstance(call, cst.Call) or not isinstance(call.func, cst.Attribute):
            return False
        end = self.get_metadata(PositionProvider, call.func.attr).end
        return (end.line, end.column) in self.routes

    def _converted(self, function: cst.FunctionDef, line: int) -> cst.FunctionDef:
        name = function.name.value
        if len(function.decorators) != 1:
            raise _Stay("has other decorators, too")
        (decorator,) = function.decorators
        call = cst.ensure_type(decorator.decorator, cst.Call)
        was = _only_argument(function)
        if self.ordered:
            raise _Stay("belongs to an app that says which routes come first (extends, overrides, unroute)")
        if any(_rule(argument) in self.shared for argument in call.args[:1]):
            raise _Stay("has a rule that another handler has too")
        if name in self.ids or self.work.module.references(name, line, with_urls=True):
            raise _Stay("is used by its name")
        if m.findall(function.body, m.Yield()):
            raise _Stay("is a generator")
        if not always_ends(function.body):
            raise _Stay("can end without an answer")
        plain = m.findall(function.body, m.Name("request"))
        if len(plain) > len(m.findall(function.body, m.Attribute(attr=m.Name("request")))):
            raise _Stay("uses the name request")
        new_call = _native(call)
        if self.watched and _takes_body(new_call):
            raise _Stay("takes bodies, which hooks of the app look at; they see none of a native route")
        answers = _Answers(was)
        body = function.body.visit(answers)
        assert isinstance(body, cst.BaseSuite)
        if answers.problem:
            raise _Stay(answers.problem)
        if comments(body) != comments(function.body):
            raise _Stay("has comments among the values of was.API, which would be lost")
        body = _with_was(body, was)
        self.responses |= answers.responses
        if "JSONResponse" in answers.responses:
            self.work.left.append((line, f"{name} answers JSON now, to clients that ask for XML too"))
        waits = function.asynchronous is None and self.blocking.reason(function)
        parameter = function.params.params[0].with_changes(name=cst.Name("request"))
        return function.with_changes(
            decorators=[decorator.with_changes(decorator=new_call)],
            params=function.params.with_changes(params=[parameter]),
            body=body,
            asynchronous=None if waits else cst.Asynchronous(),
        )


def _rule(argument: cst.Arg) -> object:
    value = argument.value
    return value.evaluated_value if isinstance(value, cst.SimpleString) else None


def _only_argument(function: cst.FunctionDef) -> str:
    """The name of `was`. _Stay where there are other arguments."""
    params = function.params
    alone = len(params.params) == 1 and not params.kwonly_params and not params.posonly_params
    if not alone or params.star_kwarg is not None or isinstance(params.star_arg, cst.Param):
        raise _Stay("takes arguments, which query and body give")
    return params.params[0].name.value


def _native(call: cst.Call) -> cst.Call:
    """The call of `app.native_route` for one of `app.route`. _Stay where there is none."""
    rule, *options = call.args or (cst.Arg(cst.Name("None")),)
    if rule.keyword is not None or not isinstance(rule.value, cst.SimpleString):
        raise _Stay("has a rule that is not written in its place")
    text = rule.value.evaluated_value
    if not isinstance(text, str) or not text:
        raise _Stay("has a rule that is empty")
    if "<" in text or "{" in text:
        raise _Stay("has a rule with parameters, which Starlette understands differently")
    if text != "/" and text.endswith("/"):
        raise _Stay("has a rule that ends with a slash, to which the app redirects")
    if any(option.keyword is None or option.keyword.value != "methods" for option in options):
        raise _Stay("has options of its route that Starlette does not know")
    if options and m.findall(options[0].value, m.SimpleString(value=m.MatchRegex(".OPTIONS."))):
        raise _Stay("answers OPTIONS, which the app does for it")
    func = cst.ensure_type(call.func, cst.Attribute)
    args = [rule, *options]
    if not options:
        space = call.whitespace_after_func
        spaced = cst.SimpleWhitespace(" ") if not m.matches(space, m.SimpleWhitespace("")) else space
        equal = cst.AssignEqual(spaced, spaced)
        listed = cst.List([cst.Element(cst.SimpleString(f'"{each}"')) for each in _DEFAULT_METHODS])
        args = [
            rule.with_changes(comma=cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))),
            cst.Arg(listed, keyword=cst.Name("methods"), equal=equal),
        ]
    return call.with_changes(func=func.with_changes(attr=cst.Name("native_route")), args=args)


def _takes_body(call: cst.Call) -> bool:
    """Whether a native route has methods that bring a body, as far as one can tell."""
    listed = m.findall(call.args[1].value, m.SimpleString()) if len(call.args) > 1 else ()
    methods = {cst.ensure_type(each, cst.SimpleString).evaluated_value for each in listed}
    return not methods or not methods <= {"GET", "HEAD", "DELETE"}


def _with_was(body: cst.BaseSuite, was: str) -> cst.BaseSuite:
    """The body with a line that finds `was`, where it is used."""
    if not m.findall(body, m.Name(was)):
        return body
    if not isinstance(body, cst.IndentedBlock):
        raise _Stay("is written on one line")
    state = cst.Attribute(cst.Attribute(cst.Name("request"), cst.Name("state")), cst.Name("was"))
    line = cst.SimpleStatementLine([cst.Assign([cst.AssignTarget(cst.Name(was))], state)])
    first, *rest = body.body
    start = 1 if m.matches(first, m.SimpleStatementLine(body=[m.Expr(value=m.SimpleString())])) else 0
    return body.with_changes(body=[first, line, *rest] if start else [line, first, *rest])


class _Answers(cst.CSTTransformer):
    """Wraps what a handler returns into responses.

    Attributes:
        responses: the classes that are used.
        problem: why that is not possible; empty where it is.
    """

    def __init__(self, was: str) -> None:
        super().__init__()
        self.was = was
        self.responses: set[str] = set()
        self.problem = ""

    def visit_FunctionDef(self, node: cst.FunctionDef) -> bool:
        if m.findall(node, m.Name(self.was)):
            self.problem = self.problem or f"uses {self.was} in a function inside"
        return False

    def visit_Lambda(self, node: cst.Lambda) -> bool:
        return False

    def visit_Attribute(self, node: cst.Attribute) -> None:
        own = isinstance(node.value, cst.Name) and node.value.value == self.was
        if own and node.attr.value not in SHARED | {"API"}:
            self.problem = self.problem or f"uses {self.was}.{node.attr.value}"

    def leave_Return(self, original_node: cst.Return, updated_node: cst.Return) -> cst.Return:
        value = updated_node.value
        if value is None:
            self.problem = self.problem or "returns nothing in places"
            return updated_node
        space = cst.SimpleWhitespace(" ")
        if isinstance(value, cst.Call):
            space_of_call = value.whitespace_after_func
            space = space_of_call if isinstance(space_of_call, cst.SimpleWhitespace) else space
        if _is_api(value, self.was):
            content = _literal_members(cst.ensure_type(value, cst.Call))
            if content is None:
                self.problem = self.problem or "returns was.API with values that may need its encoder"
                return updated_node
            self.responses.add("JSONResponse")
            return _returning(updated_node, "JSONResponse", content, space)
        if _is_text(value, self.was):
            self.responses.add("HTMLResponse")
            return _returning(updated_node, "HTMLResponse", value, space)
        self.problem = self.problem or "returns what is not plainly text or JSON"
        return updated_node


def _returning(
    statement: cst.Return, response: str, value: cst.BaseExpression, space: cst.SimpleWhitespace
) -> cst.Return:
    call = cst.Call(cst.Name(response), [cst.Arg(value)], whitespace_after_func=space)
    return statement.with_changes(value=call)


def _is_api(node: cst.BaseExpression, was: str) -> bool:
    return m.matches(node, m.Call(func=m.Attribute(value=m.Name(was), attr=m.Name("API"))))


def _is_text(node: cst.BaseExpression, was: str) -> bool:
    """Whether an expression is text for sure."""
    text = m.SimpleString() | m.FormattedString() | m.ConcatenatedString()
    if m.matches(node, text):
        return not (isinstance(node, cst.SimpleString) and "b" in node.prefix)
    if m.matches(node, m.Call(func=m.Attribute(value=text, attr=m.Name("format") | m.Name("join")))):
        return True
    if m.matches(node, m.BinaryOperation(left=text, operator=m.Modulo())):
        return True
    return m.matches(node, m.Call(func=m.Attribute(value=m.Name(was), attr=m.Name("render"))))


def _literal_members(call: cst.Call) -> cst.Dict | None:
    """What `was.API (a = 1)` answers as a dict, where all of it is written there; else None."""
    elements: list[cst.BaseDictElement] = []
    for argument in call.args:
        if argument.star or not _is_literal(argument.value):
            return None
        if argument.keyword is None:
            if not isinstance(argument.value, cst.Dict):
                return None
            elements += argument.value.elements
        else:
            elements.append(cst.DictElement(cst.SimpleString(f'"{argument.keyword.value}"'), argument.value))
    if elements:
        elements[-1] = elements[-1].with_changes(comma=cst.MaybeSentinel.DEFAULT)
    comma = cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))
    return cst.Dict([*(each.with_changes(comma=comma) for each in elements[:-1]), *elements[-1:]])


def _is_literal(node: cst.BaseExpression) -> bool:
    if isinstance(node, cst.Name):
        return node.value in ("True", "False", "None")
    if isinstance(node, (cst.SimpleString, cst.FormattedString, cst.Integer, cst.Float)):
        return not (isinstance(node, cst.SimpleString) and "b" in node.prefix)
    if isinstance(node, cst.UnaryOperation):
        return isinstance(node.expression, (cst.Integer, cst.Float))
    if isinstance(node, (cst.List, cst.Tuple)):
        return all(isinstance(each, cst.Element) and _is_literal(each.value) for each in node.elements)
    if isinstance(node, cst.Dict):
        return all(
            isinstance(each, cst.DictElement)
            and isinstance(each.key, cst.SimpleString)
            and _is_literal(each.value)
            for each in node.elements
        )
    return False
