"""Cross-origin requests: who may ask, and what browsers are told (spec/05 section 11).

`allowed` is what `access_control_allow_origin` of a route, or else of the app, says: None switches everything
off, a list names origins (`"*"` among them: any), `"same"` admits the server's own pages only. A route's list
takes the place of the app's (README "CORS"); the original looks at both.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

SAME = "same"
ANY = "*"

Headers = list[tuple[str, str]]


def _names(allowed: Any) -> tuple[str, ...]:
    return (allowed,) if isinstance(allowed, str) else tuple(allowed)


def is_allowed(origin: str | None, allowed: Any, host: str | None = None) -> bool:
    """Whether a page of this origin may send the request; without an Origin header there is no page.

    Args:
        origin: the Origin header.
        allowed: None, a list of origins, or `"same"`.
        host: the Host header; pages of this host pass `"same"`.
    """
    if origin is None or allowed is None:
        return True
    if allowed == SAME:
        return host is not None and _host_of(origin) == host.lower()
    names = _names(allowed)
    return ANY in names or origin in names


def _host_of(origin: str) -> str:
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:
        return ""


def answer_headers(origin: str | None, allowed: Any) -> Headers:
    """The headers of an answer to a page that may ask: its origin, and whether it may send cookies.

    Args:
        origin, allowed: as for `is_allowed`, which has said yes.
    """
    if origin is None or allowed is None or allowed == SAME:
        return []
    headers = [("Access-Control-Allow-Origin", origin), ("Vary", "Origin")]
    if ANY not in _names(allowed):
        headers.append(("Access-Control-Allow-Credentials", "true"))
    return headers


def preflight(
    *,
    origin: str | None,
    requested_method: str | None,
    requested_headers: str | None,
    methods: Iterable[str],
    allowed: Any,
    max_age: int | None = 0,
    host: str | None = None,
) -> tuple[int, Headers]:
    """The answer to an OPTIONS request: status code and headers; the body of a 200 is empty.

    Args:
        origin: the Origin header.
        requested_method: the Access-Control-Request-Method header.
        requested_headers: the Access-Control-Request-Headers header.
        methods: all methods of the rule.
        allowed: as for `is_allowed`.
        max_age: seconds that the browser may keep the answer.
        host: as for `is_allowed`.

    Returns 200; 405 without headers where the rule has no such method; 403 with headers that go out with the
    error.
    """
    methods = sorted(methods)
    if requested_method and requested_method not in methods:
        return 405, []
    headers = [("Access-Control-Allow-Methods", ", ".join(methods))]
    if max_age and max_age > 0:
        headers.append(("Access-Control-Max-Age", str(int(max_age))))
    if requested_headers:
        headers.append(("Access-Control-Allow-Headers", requested_headers))
    if not is_allowed(origin, allowed, host):
        return 403, headers
    return 200, headers + answer_headers(origin, allowed)
