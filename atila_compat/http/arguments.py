"""From query, form, JSON and path to the keyword arguments of a handler (spec/02 section 4)."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from types import CodeType
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_plus

from ..errors import HTTPError
from ..structures import AttrDict

if TYPE_CHECKING:
    from ..routing.resource import Resource
    from ..routing.route import Route

MAX_FIELDS = 10_000
"""Fields that a query string or a form may have."""

_UNEXPECTED = re.compile(r"\(\) got an unexpected keyword argument '(.+?)'")

_TRUE = ("1", "true", "yes")


def _typed(convert: Callable[[str], Any]) -> Callable[[str], Any]:
    def typed(text: str) -> Any:
        try:
            return convert(text)
        except ValueError:
            raise HTTPError("400 Bad Request", f"invalid value {text[:64]!r}") from None

    return typed


_TYPES: dict[str, Callable[[str], Any]] = {}
for _names, _convert in (
    (("int", "i"), _typed(int)),
    (("float", "f"), _typed(float)),
    (("bool", "b"), lambda text: text.lower() in _TRUE),
    (("list", "l"), lambda text: text.split(",")),
    (("null", "n"), lambda text: None),
):
    for _name in _names:
        _TYPES[_name] = _convert


class Arguments(AttrDict):
    """All arguments of a request, by name; `args("name")`, as the README writes it, is `args.get("name")`."""

    def __call__(self, name: str, default: Any = None) -> Any:
        return self.get(name, default)


class Fields(dict[str, Any]):
    """Named values being collected: a repeated name becomes the list of its values in order.

    A list that a typed key made is the beginning of that list.
    """

    def put(self, name: str, value: Any) -> None:
        """Add a value."""
        if name not in self:
            self[name] = value
        elif isinstance(self[name], list):
            self[name].append(value)
        else:
            self[name] = [self[name], value]


def decode_query(raw: bytes) -> str:
    """A query string as text; bytes that are not percent-encoded, though they should be, are UTF-8."""
    return raw.decode("utf-8", "replace")


def parse_query(text: str) -> dict[str, Any]:
    """Decode `a=1&b=2&int:c=3`: typed keys, repeated names as lists (spec/02 section 4.1).

    Raises HTTPError 400 for an element without `=`, a bad typed value, or too many fields.
    """
    if not text:
        return {}
    fields = Fields()
    elements = text.split("&")
    if len(elements) > MAX_FIELDS:
        raise HTTPError("400 Bad Request", f"more than {MAX_FIELDS} fields")
    for element in elements:
        name, equals, value = element.partition("=")
        if not equals:
            raise HTTPError("400 Error", "invalid query string")
        if "%" in element or "+" in element:
            name, value = unquote_plus(name), unquote_plus(value)
        if ":" in name:
            kind, _, name = name.partition(":")
            fields.put(name, _TYPES.get(kind, str)(value))
        else:
            fields.put(name, value)
    return fields


def merge(params: dict[str, Any], query: dict[str, Any], data: Any) -> dict[str, Any]:
    """One dict of path parameters, query and body.

    What the query has under a parameter's name, be it a list, is put beside it; the body overwrites.
    """
    merged = dict(params)
    for name, value in query.items():
        merged[name] = [merged[name], value] if name in merged else value
    if isinstance(data, dict):
        merged.update(data)
    return merged


def keywords_of(
    route: Route, params: dict[str, Any], query: dict[str, Any], data: Any, merged: dict[str, Any]
) -> dict[str, Any]:
    """The keyword arguments to call the route's handler with (spec/02 section 4.3).

    Args:
        merged: what `merge` made of the three.
    """
    body = data if isinstance(data, dict) else None
    if not query and not body:
        return params
    if not route.takes_more:
        return params
    has_keywords = route.resource.keywords is not None
    if body and (has_keywords or any(name in body for name in route.wanted)):
        return merged
    if not query:
        return params
    return merged if not body else merge(params, query, None)


def explain_mismatch(route: Route, keywords: dict[str, Any]) -> HTTPError | None:
    """Why a handler cannot be called with `keywords`, as the error that the client gets; None if it can.

    Asked only after the call has raised a TypeError, while that is being handled, so that calls that fit pay
    nothing (spec/02 section 4.3, 5).
    """
    resource: Resource = route.resource
    names = resource.args
    takes_any = resource.keywords is not None
    url_names = route.rule.names if route.rule else ()
    if not takes_any and any(name not in names[: len(url_names)] for name in url_names):
        return HTTPError("530 Parameter Mismatch")
    if resource.was_name in keywords and resource.was_name not in names:
        return HTTPError("400 Bad Request", f"parameter `{resource.was_name}` needn't")
    if not names and not takes_any:
        return _no_parameter() if keywords else None
    for name in names:
        if name in resource.defaults or name in keywords:
            continue
        if name in url_names:
            return HTTPError("400 Bad Request", "conflict url parameters")
        return HTTPError("400 Bad Request", f"parameter `{name}` is missing")
    if takes_any and (resource.is_open or _was_reached(resource.innermost)):
        return None if names or not _was_handed_on(keywords) else _no_parameter()
    for name in keywords:
        if name not in names:
            return HTTPError("400 Bad Request", f"parameter `{name}` needn't")
    return None


def _no_parameter() -> HTTPError:
    return HTTPError("400 Bad Request", "no parameter need")


def _was_handed_on(keywords: dict[str, Any]) -> bool:
    """Whether the exception being handled is about a keyword of the client's.

    A decorator that nobody can look behind takes any and hands them on to a function that does not.
    """
    found = _UNEXPECTED.search(str(sys.exc_info()[1]))
    return found is not None and found[1] in keywords


def _was_reached(code: CodeType | None) -> bool:
    """Whether the exception being handled comes from within a function with this code.

    If not, a decorator of the app's own has taken a keyword that the handler below it does not.
    """
    error = sys.exc_info()[1]
    trace = error.__traceback__ if error is not None else None
    while trace is not None:
        if trace.tb_frame.f_code is code:
            return True
        trace = trace.tb_next
    return False
