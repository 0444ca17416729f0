"""An OpenAPI 3.1 document of an app: from its routes, rules, docstrings, permissions and recorded answers.

atila-compat docs serve.py --output openapi.json --html api.html

What `pytest --docs` has recorded gives the examples and the shapes of answers; without it there are none.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from ..app import Atila
from ..errors import REASONS
from ..http.spec import as_plain
from ..routing.resource import Resource
from ..routing.route import UNSET, Route
from .body import FORM_TYPE, JSON_TYPE
from .markdown import MAX_EXAMPLES, anchor, cut
from .native_operations import native_operations
from .recording import Exchange
from .schemas import Rules, Schema, with_default
from .shapes import schema_of_values

if TYPE_CHECKING:
    from starlette.routing import BaseRoute

    from ..routing.native import NativeTable

VERSION = "3.1.0"
MULTIPART_TYPE = "multipart/form-data"
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
BODY_METHODS = ("POST", "PUT", "PATCH")

ERROR: Schema = {
    "type": "object",
    "description": "What went wrong.",
    "properties": {
        "code": {
            "type": ["integer", "string"],
            "description": "The status times 100, or the app's own code.",
        },
        "message": {"type": "string"},
        "more_info": {"description": "What is told besides."},
        "debug": {"description": "A hint for developers."},
        "traceback": {"type": "array", "items": {"type": "string"}},
    },
    "required": ["code", "message"],
}

SECURITY_SCHEMES: dict[str, Schema] = {
    "basic": {"type": "http", "scheme": "basic"},
    "digest": {"type": "http", "scheme": "digest"},
    "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
}

_KINDS: dict[str, Schema] = {
    "int": {"type": "integer", "minimum": 0},
    "float": {"type": "number", "minimum": 0},
    "path": {"type": "string", "description": "may contain slashes"},
    "string": {"type": "string"},
}


@dataclass(frozen=True)
class MountedApp:
    """An app and where it is mounted.

    Attributes:
        point: its mount point.
        prefix: what goes before its resource ids: its name and a colon, where there are several apps.
    """

    app: Atila
    point: str = "/"
    prefix: str = ""


def openapi(
    apps: Iterable[MountedApp],
    exchanges: Iterable[Exchange] = (),
    *,
    title: str = "API",
    version: str = "1",
) -> dict[str, Any]:
    """The document.

    Args:
        apps: set up, so that all their routes are there.
        exchanges: what was recorded (`recording.exchanges()`).
        title, version: of the API.
    """
    recorded: dict[tuple[str, str], list[Exchange]] = {}
    for exchange in exchanges:
        recorded.setdefault((exchange.spec["id"], exchange.method), []).append(exchange)
    paths: dict[str, dict[str, Any]] = {}
    kinds: set[str] = set()
    ids: set[str] = set()
    for mounted in apps:
        native = mounted.app.native
        if native is not None:
            _add_native(mounted, native, native.first, paths, ids)
        for route in mounted.app.router.routes():
            operations = _Operations(mounted, route, recorded, ids)
            for template in operations.templates():
                item = paths.setdefault(template, {})
                for method in operations.methods():
                    if method.lower() not in item:
                        item[method.lower()] = operations.make(method, template)
            kinds |= set(operations.kinds)
        if native is not None:
            _add_native(mounted, native, native.fallback, paths, ids)
    document: dict[str, Any] = {
        "openapi": VERSION,
        "info": {"title": title, "version": version},
        "paths": dict(sorted(paths.items())),
        "components": {"schemas": {"Error": ERROR}},
    }
    tags = sorted(
        {tag for item in paths.values() for operation in item.values() for tag in operation["tags"]}
    )
    if tags:
        document["tags"] = [{"name": tag} for tag in tags]
    if kinds:
        document["components"]["securitySchemes"] = {kind: SECURITY_SCHEMES[kind] for kind in sorted(kinds)}
    return document


def _add_native(
    mounted: MountedApp,
    native: NativeTable,
    routes: Iterable[BaseRoute],
    paths: dict[str, dict[str, Any]],
    ids: set[str],
) -> None:
    """Add the operations of native routes that no route before them has."""
    for route in routes:
        namespace = native.namespace_of(route)
        for path, method, name, operation in native_operations([route], mounted.point):
            item = paths.setdefault(path, {})
            if method.lower() not in item:
                resource_id = mounted.prefix + (f"{namespace}.{name}" if namespace else name)
                item[method.lower()] = {
                    "operationId": _operation_id(resource_id, method, ids),
                    "tags": [resource_id.rpartition(".")[0] or mounted.app.app_name],
                    **operation,
                }


class _Operations:
    """The operations of one route."""

    def __init__(
        self,
        mounted: MountedApp,
        route: Route,
        recorded: Mapping[tuple[str, str], list[Exchange]],
        ids: set[str],
    ) -> None:
        self.mounted, self.route, self.recorded, self.ids = mounted, route, recorded, ids
        self.resource: Resource = route.resource
        self.kinds = _authentication(mounted.app, route)
        self.names = tuple(route.rule.names) if route.rule is not None else ()

    def templates(self) -> list[str]:
        """The paths; two where the last parameter may be left out, since OpenAPI knows no such parameters."""
        route = self.route
        path = self.mounted.point.rstrip("/") + route.text
        template = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", path)
        if route.rule is None or not route.rule.optional:
            return [template]
        return [template, template.rpartition("/")[0] or "/"]

    def methods(self) -> list[str]:
        """The methods, in the usual order.

        Routes that name none take GET and POST: where there is nothing to send, and nobody did, POST is left
        out.
        """
        resource, methods = self.resource, set(self.route.methods)
        if methods == {"GET", "POST"} and not (self._calls("POST") or resource.keywords):
            takes = set(resource.args) - set(self.names) | set(resource.parameter_requirements)
            methods -= set() if takes or self.route.input_stream else {"POST"}
        return sorted(
            methods, key=lambda method: METHODS.index(method) if method in METHODS else len(METHODS)
        )

    def make(self, method: str, template: str) -> dict[str, Any]:
        """The operation of a method."""
        resource = self.resource
        resource_id = self.mounted.prefix + resource.id
        summary, description = _documentation(resource)
        calls = self._calls(method)
        operation: dict[str, Any] = {
            "operationId": _operation_id(resource_id, method, self.ids),
            "tags": [resource_id.rpartition(".")[0] or self.mounted.app.app_name],
        }
        if summary:
            operation["summary"] = summary
        query, body = self._rules(method)
        notes = [*filter(None, [description]), *self._notes(), *map(_needed, query.choices)]
        if notes:
            operation["description"] = "\n\n".join(notes)
        parameters = [*self._in_path(template), *self._in_query(query, calls)]
        if parameters:
            operation["parameters"] = parameters
        if body is not None:
            operation["requestBody"] = self._body(body, method, calls)
        operation["responses"] = self._responses(calls, bool(query.schemas or (body and body.schemas)))
        if self.kinds:
            operation["security"] = [{kind: []} for kind in self.kinds]
        permissions = [detail for kind, detail in resource.auth_requirements if kind == "permission"]
        if permissions:
            operation["x-permissions"] = sorted({name for names in permissions for name in names})
        return operation

    def _calls(self, method: str) -> list[Exchange]:
        recorded = self.recorded.get((self.resource.id, method), [])
        return [exchange for exchange in recorded if self._is_below(exchange.url)]

    def _is_below(self, url: str) -> bool:
        """Whether a call went to this app, where others have resources of the same id."""
        point = self.mounted.point.rstrip("/")
        return urlsplit(url).path.startswith(f"{point}/") or urlsplit(url).path == point

    def _notes(self) -> list[str]:
        """What else people have to know."""
        notes = []
        for kind, detail in self.resource.auth_requirements:
            if kind == "login":
                notes.append("Login required.")
            elif kind == "staff":
                notes.append("For staff only.")
            elif kind == "testpass":
                notes.append(f"Test pass required: `{as_plain(detail)}`.")
            elif kind == "permission":
                names = ", ".join(f"`{name}`" for name in detail)
                notes.append(f"Permission required: {names}." if names else "Permission required.")
        if self.route.websocket:
            notes.append("A WebSocket connection.")
        return notes

    # -- what goes in ---------------------------------------------------------------------------------------

    def _rules(self, method: str) -> tuple[Rules, Rules | None]:
        """What is said of the query and of the body; None for a body that is not looked at."""
        resource, with_body = self.resource, method in BODY_METHODS
        query, body = Rules(), Rules()
        arguments = resource.args
        declared = [name for name in arguments if name not in self.names]
        for scope, rules in resource.parameter_requirements.items():
            if scope == "URL" or (not with_body and scope in ("ARGS", method)):
                query.add(rules, arguments)
            elif with_body and scope in ("ARGS", "FORM", "JSON", "DATA", method):
                body.add(rules, arguments)
        for each in (query, body):
            for name in self.names:
                each.schemas.pop(name, None)
                each.required = [one for one in each.required if one != name]
        for name in declared:
            into = body if with_body and name not in query.schemas else query
            known = into.schemas.get(name, {})
            if name in resource.defaults:
                into.schemas[name] = with_default(known, resource.defaults[name])
            else:
                into.schemas[name] = known
                into.required += [] if name in into.required else [name]
        for each in (query, body):
            order = [name for name in declared if name in each.schemas]
            each.schemas = {name: each.schemas[name] for name in dict.fromkeys([*order, *each.schemas])}
        takes_body = with_body and (body.schemas or resource.keywords is not None or self.route.input_stream)
        return query, body if takes_body else None

    def _in_path(self, template: str) -> list[dict[str, Any]]:
        rule = self.route.rule
        if rule is None:
            return []
        return [
            {"name": name, "in": "path", "required": True, "schema": _KINDS[kind]}
            for kind, name in zip(rule.kinds, rule.names, strict=True)
            if f"{{{name}}}" in template
        ]

    def _in_query(self, rules: Rules, calls: list[Exchange]) -> list[dict[str, Any]]:
        given: dict[str, str] = {}
        for exchange in calls:
            if exchange.status_code < 400:
                given.update(parse_qsl(urlsplit(exchange.url).query))
        parameters = []
        for name, schema in rules.schemas.items():
            parameter: dict[str, Any] = {"name": name, "in": "query", "schema": schema}
            if name in rules.required:
                parameter["required"] = True
            if schema.get("type") == "array":
                parameter |= {"style": "pipeDelimited", "explode": False}
            if name in given:
                parameter["example"] = _typed(given[name], schema)
            parameters.append(parameter)
        return parameters

    def _body(self, rules: Rules, method: str, calls: list[Exchange]) -> dict[str, Any]:
        schema: Schema = {"type": "object"}
        if rules.schemas:
            schema["properties"] = rules.schemas
        if rules.required:
            schema["required"] = rules.required
        if rules.choices:
            schema["allOf"] = [
                {"anyOf": [{"required": [name]} for name in names]} for names in rules.choices if names
            ]
        content: dict[str, Any] = {kind: {"schema": schema} for kind in self._types(method)}
        for exchange in calls:
            if (
                exchange.status_code < 400
                and isinstance(exchange.request_data, dict)
                and exchange.request_type
            ):
                files = [name for name, value in exchange.request_data.items() if _is_file(value)]
                media = content.setdefault(exchange.request_type, {"schema": schema})
                if files:
                    binary = {name: {"type": "string", "format": "binary"} for name in files}
                    media["schema"] = {**schema, "properties": {**rules.schemas, **binary}}
                else:
                    media["example"] = cut(exchange.request_data)
        if self.route.input_stream:
            content["application/octet-stream"] = {}
        return {"required": bool(rules.required), "content": content}

    def _types(self, method: str) -> list[str]:
        if self.route.content_types is not None:
            return sorted(self.route.content_types)
        scopes = set(self.resource.parameter_requirements) & {"FORM", "JSON"}
        if scopes == {"JSON"}:
            return [JSON_TYPE]
        return [FORM_TYPE] if scopes == {"FORM"} else [JSON_TYPE, FORM_TYPE]

    # -- what comes out -------------------------------------------------------------------------------------

    def _responses(self, calls: list[Exchange], has_rules: bool) -> dict[str, Any]:
        by_status: dict[int, list[Exchange]] = {}
        for exchange in calls:
            by_status.setdefault(exchange.status_code, []).append(exchange)
        if not any(status < 400 for status in by_status):
            by_status[200] = []
        if has_rules:
            by_status.setdefault(400, [])
        if self.kinds:
            by_status.setdefault(401, [])
        return {str(status): _response(status, by_status[status]) for status in sorted(by_status)}


def _operation_id(resource_id: str, method: str, ids: set[str]) -> str:
    """A name that none of `ids` is; it is one of them then."""
    name = base = f"{anchor(resource_id.replace('.', '-').replace(':', '-'))}-{method.lower()}"
    number = 1
    while name in ids:
        number += 1
        name = f"{base}-{number}"
    ids.add(name)
    return name


def _response(status: int, calls: list[Exchange]) -> dict[str, Any]:
    reason = calls[-1].reason if calls else REASONS.get(status, "")
    response: dict[str, Any] = {"description": reason or str(status)}
    error: Schema = {"$ref": "#/components/schemas/Error"}
    if not calls:
        if status >= 400:
            response["content"] = {JSON_TYPE: {"schema": error}}
        return response
    content: dict[str, Any] = {}
    for kind in dict.fromkeys(exchange.response_type for exchange in calls):
        answers = [exchange.response_data for exchange in calls if exchange.response_type == kind]
        examples = []
        for answer in map(cut, answers):
            if answer not in examples:
                examples.append(answer)
        content[kind] = {
            "schema": error if status >= 400 else schema_of_values(answers),
            "examples": {
                f"example{number}": {"value": each} for number, each in enumerate(examples[:MAX_EXAMPLES], 1)
            },
        }
    response["content"] = content
    return response


def _needed(names: list[str]) -> str:
    return f"One of these parameters is needed: {', '.join(f'`{name}`' for name in names)}."


def _is_file(value: Any) -> bool:
    shown = value[0] if isinstance(value, list) and value else value
    return isinstance(shown, str) and shown.startswith("<FILE: ")


def _typed(text: str, schema: Schema) -> Any:
    """A value out of a query as what its schema says it is."""
    read = {"integer": int, "number": float}.get(str(schema.get("type")))
    try:
        return text if read is None else read(text)
    except ValueError:
        return text


def _authentication(app: Atila, route: Route) -> list[str]:
    """How callers have to say who they are."""
    kind = app.authenticate or (None if route.authenticate is UNSET else route.authenticate)
    if kind is True:
        kind = "digest"
    return [kind] if kind in SECURITY_SCHEMES else []


def _documentation(resource: Resource) -> tuple[str, str]:
    """The first line of a handler's docstring, and the rest."""
    text = inspect.cleandoc(resource.func.__doc__ or "")
    first, _, rest = text.partition("\n\n")
    if "\n" in first:
        first, _, more = first.partition("\n")
        rest = f"{more}\n\n{rest}"
    return first.strip(), rest.strip()
