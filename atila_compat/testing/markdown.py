"""The API documentation that `pytest --docs` writes, in the layout of the original (spec/08 section 2.2)."""

from __future__ import annotations

import html
import inspect
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from .recording import Exchange
from .requirements import rules_by_name

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
BODY_METHODS = ("POST", "PUT", "PATCH")
MAX_TEXT = 80
"""Characters of a text in an example; longer ones are cut."""
MAX_EXAMPLES = 2
"""Examples of successful calls of a method."""

_PARAMETER = re.compile(r"<(?:\w+:)?(\w+)>")
_END = "  "
"""Two blanks end a line in Markdown."""


def declared_rule(options: Mapping[str, Any]) -> str:
    """The rule of a route; where its parameter has been left out, `argspec` tells which one that is."""
    route: str = options["route"]
    for name, kind in options.get("argspec", ((), ()))[1]:
        route = f"{route.rstrip('/')}/<{'' if kind == 'string' else kind + ':'}{name}>"
    return route


def endpoint_of(route: str, url: str) -> str:
    """The rule of a route with the mount point in front that `url` shows."""
    path = urlsplit(url).path
    pattern = re.escape(route)
    for found in re.findall(r"/<(?:\\w\+:)?[^>]*>", pattern):
        part = "/.+" if found.startswith("/<path:") else "/[^/]+"
        last = pattern.endswith(found)
        pattern = pattern.replace(found, f"(?:{part})?" if last else part)
    matched = re.fullmatch(f"(.*?){pattern}/?", path)
    return (matched[1] if matched else "") + route


def anchor(heading: str) -> str:
    """The anchor that a heading has on the usual hosts: lower case, without punctuation."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def cut(value: Any) -> Any:
    """An example with its long texts shortened."""
    if isinstance(value, str):
        return value if len(value) <= MAX_TEXT else value[: MAX_TEXT - 3] + "..."
    if isinstance(value, list):
        return [cut(each) for each in value]
    if isinstance(value, dict):
        return {name: cut(each) for name, each in value.items()}
    return value


@dataclass
class Calls:
    """The calls of one method of a resource.

    Attributes:
        successes: by the names of what was sent, the last one of each.
        errors: by status and error code, the first one of each.
    """

    successes: dict[Any, Exchange] = field(default_factory=dict)
    errors: dict[tuple[int, str], Exchange] = field(default_factory=dict)

    def add(self, exchange: Exchange) -> None:
        """Take a call in."""
        if exchange.status_code < 400:
            names = exchange.request_data if isinstance(exchange.request_data, dict) else ()
            query = {name for name, _ in parse_qsl(urlsplit(exchange.url).query)}
            self.successes[frozenset(names), frozenset(query)] = exchange
        else:
            body = exchange.response_data
            code = str(body.get("code")) if isinstance(body, dict) else ""
            self.errors.setdefault((exchange.status_code, code), exchange)


@dataclass
class Documented:
    """A resource, and how it was called.

    Attributes:
        spec: what it said of itself last.
        endpoints: its rules with the mount point.
    """

    spec: dict[str, Any]
    endpoints: list[str] = field(default_factory=list)
    calls: dict[str, Calls] = field(default_factory=dict)

    def add(self, exchange: Exchange) -> None:
        """Take a call in."""
        self.spec = exchange.spec
        endpoint = endpoint_of(declared_rule(exchange.spec["routeopt"]), exchange.url)
        if endpoint not in self.endpoints:
            self.endpoints.append(endpoint)
        self.calls.setdefault(exchange.method, Calls()).add(exchange)

    @property
    def methods(self) -> list[str]:
        """The methods that were called, in the usual order."""
        return sorted(self.calls, key=lambda method: METHODS.index(method) if method in METHODS else 99)

    def heading(self, method: str) -> str:
        """The heading of a method."""
        return f"`{method}` " + ", ".join(f"`{endpoint}`" for endpoint in self.endpoints)


def collect(exchanges: Iterable[Exchange]) -> list[Documented]:
    """The resources that were called, sorted by their first endpoint."""
    found: dict[str, Documented] = {}
    for exchange in exchanges:
        found.setdefault(exchange.spec["id"], Documented(exchange.spec)).add(exchange)
    return sorted(found.values(), key=lambda each: (each.endpoints[0], each.spec["id"]))


def document(exchanges: Iterable[Exchange]) -> str:
    """The documentation of all resources that were called."""
    resources = collect(exchanges)
    lines = ["## Table of Content", ""]
    for each in resources:
        endpoints = html.escape(" | ".join(each.endpoints), quote=False)
        links = [f"[**`{method}`**](#{anchor(each.heading(method))})" for method in each.methods]
        lines.append(f"1. [{endpoints}](#{anchor(each.spec['id'])}) {' '.join(links)}")
    lines.append("")
    for each in resources:
        lines += _resource(each)
    return "\n".join(lines).rstrip() + "\n"


def _resource(each: Documented) -> Iterator[str]:
    spec = each.spec
    yield f"## {spec['id']}"
    yield ""
    if spec.get("doc"):
        yield inspect.cleandoc(spec["doc"])
        yield ""
    yield from _parameters(each)
    yield from _details("", spec["parameter_requirements"].get("ARGS"), spec)
    yield from _authorization(spec)
    yield _END
    for method in each.methods:
        yield f"#### {each.heading(method)}"
        yield ""
        for scope in _scopes(method):
            yield from _details(f"{scope} ", spec["parameter_requirements"].get(scope), spec)
        yield from _examples(each.calls[method])
    yield ""


def _parameters(each: Documented) -> Iterator[str]:
    options = each.spec["routeopt"]
    in_path = dict.fromkeys(name for endpoint in each.endpoints for name in _PARAMETER.findall(endpoint))
    if in_path:
        yield f"**URL Parameters**: {', '.join(f'`{name}`' for name in in_path)}{_END}"
    others = [name for name in options.get("args", ()) if name not in in_path]
    if not others:
        return
    defaults = options.get("defaults") or {}
    yield f"**Common Parameters**:{_END}"
    for name in others:
        if name not in defaults:
            kind = "required"
        elif defaults[name] in (None, ""):
            kind = "optional"
        else:
            kind = f"optional, default: {defaults[name]}"
        yield f"  - {name} (*{kind}*){_END}"
    yield _END


def _scopes(method: str) -> tuple[str, ...]:
    return ("JSON", "FORM", "DATA", method) if method in BODY_METHODS else ("URL", method)


def _details(label: str, rules: Any, spec: dict[str, Any]) -> Iterator[str]:
    if not rules:
        return
    yield f"**{label}Parameters Requirements Detail**:{_END}"
    for name, texts in rules_by_name(rules, spec["routeopt"].get("args", ())).items():
        yield f"  - {name}: {', '.join(texts)}{_END}"
    yield _END


def _authorization(spec: dict[str, Any]) -> Iterator[str]:
    requirements: dict[str, Any] = {}
    for each in spec["auth_requirements"]:
        kind, detail = (each, None) if isinstance(each, str) else each
        requirements.setdefault(kind, []).append(detail)
    kinds = requirements.get("authorization", [])
    authenticate = spec["routeopt"].get("authenticate")
    if authenticate and not kinds:
        kinds = ["digest" if authenticate is True else authenticate]
    needed = ", ".join(map(str, kinds)) or ("YES" if "permission" in requirements else "NO")
    yield f"**Authorization Required**: {needed}{_END}"
    permissions = sorted({name for names in requirements.get("permission", []) for name in names or ()})
    if permissions:
        yield f"**Permission Required**: {', '.join(f'`{name}`' for name in permissions)}{_END}"
    if "testpass" in requirements:
        passes = ", ".join(f"`{name}`" for name in requirements["testpass"])
        yield f"**Test Pass Required**: {passes}{_END}"
    if "login" in requirements:
        yield f"**Login Required**: YES{_END}"
    if "staff" in requirements:
        yield f"**Staff Required**: YES{_END}"


def _examples(calls: Calls) -> Iterator[str]:
    for exchange in list(calls.successes.values())[-MAX_EXAMPLES:]:
        yield "**Success Response Example**"
        yield ""
        yield f"> **_URL_**: `{exchange.url}`{_END}"
        if exchange.request_data is not None:
            yield f"> **_Request Data_** ({exchange.request_type}){_END}"
            yield from _fenced(exchange.request_data)
        yield from _answer(exchange)
    for _, exchange in sorted(calls.errors.items()):
        yield "**Error Response Example**"
        yield ""
        yield from _answer(exchange)


def _answer(exchange: Exchange) -> Iterator[str]:
    yield f"> **_Response_**: `{exchange.status_code} {exchange.reason}`{_END}"
    yield f"> **_Response Data_** ({exchange.response_type}){_END}"
    yield from _fenced(exchange.response_data)


def _fenced(data: Any) -> Iterator[str]:
    yield ""
    yield "```json"
    yield json.dumps(cut(data), indent=2, ensure_ascii=False)
    yield "```"
    yield ""
    yield _END
