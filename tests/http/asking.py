"""Requests for tests that need no app: the real `Request`, made of what a client would send."""

from __future__ import annotations

import json as json_module
from typing import Any, cast
from urllib.parse import urlencode

from atila_compat.http.request import Request
from atila_compat.http.validation import compile_check


def ask(
    query: str | dict[str, str] = "",
    *,
    method: str = "",
    form: dict[str, str] | None = None,
    json: Any = ...,
    params: dict[str, Any] | None = None,
    headers: dict[str, str] | None = None,
) -> Request:
    """A request with a query, a form or JSON; `params` are those of the path."""
    lines = dict(headers or {})
    body = b""
    if form is not None:
        body, lines["Content-Type"] = urlencode(form).encode(), "application/x-www-form-urlencoded"
    elif json is not ...:
        body = json_module.dumps(json).encode()
        lines.setdefault("Content-Type", "application/json")
    encoded = query if isinstance(query, str) else urlencode(query)
    scope = {
        "type": "http",
        "method": method or ("POST" if body else "GET"),
        "path": "/",
        "query_string": encoded.encode(),
        "headers": [(name.lower().encode(), value.encode()) for name, value in lines.items()],
    }
    request = Request(scope, "/", cast(Any, None))
    request.body = body
    request.PARAMS = params or {}
    return request


def refusal(request: Request, scope: str = "ARGS", required: Any = None, **rules: Any) -> str | None:
    """The text with which the rules refuse a request, None where they let it pass."""
    failure = compile_check(scope, required, rules)(request, dict(request.merged))
    return failure.text if failure else None


def verdict(value: Any, **rules: Any) -> str | None:
    """The text with which the rules refuse the JSON value of parameter `a`."""
    return refusal(ask(json={"a": value}), **rules)


def converted(value: Any, **rules: Any) -> Any:
    """What the handler gets for the JSON value of parameter `a`."""
    request = ask(json={"a": value})
    called_with = dict(request.merged)
    failure = compile_check("ARGS", None, rules)(request, called_with)
    assert failure is None, failure
    return called_with["a"]
