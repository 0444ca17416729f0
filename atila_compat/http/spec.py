"""`__spec__`: what a resource takes, told to local clients while an app is debugged (spec/08 section 2.1).

API answers carry it with `--devel`; `pytest --docs` writes the API documentation from it.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from .api import JSON, choose_type
from .error_pages import wants_page

if TYPE_CHECKING:
    from ..was import Was
    from .api import API

MEMBER = "__spec__"
EVENT = "spec:exposed"


def spec_of(was: Was) -> dict[str, Any]:
    """What `__spec__` says of the resource that answers; all of it can be encoded as JSON.

    Args:
        was: of a request that has been routed.

    Raises AssertionError for a request without a resource.
    """
    request = was.request
    route = request.route
    assert route is not None, "no resource answers this request"
    resource = route.resource
    options = {name: value for name, value in route.routable.items() if name != "func_id"}
    return {
        "current_request": {"method": request.method, "version": request.version, "uri": request.uri},
        "routeopt": as_plain(options),
        "parameter_requirements": as_plain(resource.parameter_requirements),
        "auth_requirements": [_as_requirement(*each) for each in resource.auth_requirements],
        "doc": resource.func.__doc__,
        "id": resource.id,
    }


def _as_requirement(kind: str, detail: Any) -> Any:
    return kind if kind == "staff" else [kind, as_plain(detail)]


def as_plain(value: Any) -> Any:
    """A route option or an inspect rule in what JSON knows: patterns and types become text."""
    if value is None or isinstance(value, (str, bool, int, float)):
        return value
    if isinstance(value, Mapping):
        return {str(name): as_plain(each) for name, each in value.items()}
    if isinstance(value, (set, frozenset)):
        return sorted(map(as_plain, value), key=str)
    if isinstance(value, (list, tuple)):
        return [as_plain(each) for each in value]
    if isinstance(value, re.Pattern):
        return as_plain(value.pattern)
    if isinstance(value, (datetime.datetime, datetime.date, datetime.time)):
        return value.isoformat()
    name = getattr(value, "__name__", None)
    return name if isinstance(name, str) else str(value)


def exposed(was: Was) -> dict[str, Any] | None:
    """The `__spec__` of the request that is being answered; None where it is not to be told.

    It is told to clients of the same machine, when `app.debug` and `app.expose_spec` are on and a resource
    answers; not to those who have to authenticate first. Emits the event `spec:exposed`.
    """
    request, app = was.request, was.app
    if not app.debug or request.route is None or not is_local(request.get_remote_addr()):
        return None
    if was.response.status_code == 401 and was.response.has_key("WWW-Authenticate"):
        return None
    spec = spec_of(was)
    app.emit_with(was, EVENT, spec)
    return spec


def is_local(address: str) -> bool:
    """Whether an address is one of the loopback interface."""
    return address.startswith("127.0.0.") or address == "::1"


def expose(was: Was, answer: API) -> None:
    """Add `__spec__` to an API answer that is a JSON object; the app's own dict stays as it is."""
    if answer.content_type == JSON and isinstance(answer.data, dict) and (spec := exposed(was)) is not None:
        answer.data = {**answer.data, MEMBER: spec}


def exposed_with_error(was: Was) -> dict[str, Any] | None:
    """`exposed` for an error body; None where that is going to be a page or XML."""
    accept = was.request.accept
    if wants_page(accept, was.response.status_code) or choose_type(accept) != JSON:
        return None
    return exposed(was)
