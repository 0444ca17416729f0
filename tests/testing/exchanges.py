"""Exchanges as tests of the documentation need them."""

from __future__ import annotations

from typing import Any

from atila_compat.testing.recording import Exchange


def spec(
    route: str = "/items/<int:id>",
    id: str = "shop.items",  # noqa: A002 - the name in `__spec__`
    *,
    args: tuple[str, ...] = ("id", "page"),
    defaults: dict[str, Any] | None = None,
    rules: dict[str, Any] | None = None,
    auth: list[Any] | None = None,
    doc: str | None = None,
    **options: Any,
) -> dict[str, Any]:
    """What `__spec__` says of a resource."""
    routeopt = {"route": route, "args": list(args), "methods": ["GET"], **options}
    if defaults:
        routeopt["defaults"] = defaults
    return {
        "current_request": {},
        "routeopt": routeopt,
        "parameter_requirements": rules or {},
        "auth_requirements": auth or [],
        "doc": doc,
        "id": id,
    }


def exchange(
    url: str = "/items/3",
    answer: Any = None,
    *,
    method: str = "GET",
    status: str = "200 OK",
    sent: Any = None,
    sent_type: str = "application/json",
    about: dict[str, Any] | None = None,
) -> Exchange:
    """A call and its answer."""
    code, _, reason = status.partition(" ")
    return Exchange(
        method=method,
        url=url,
        status_code=int(code),
        reason=reason,
        request_type=sent_type if sent is not None else "",
        request_data=sent,
        response_type="application/json",
        response_data={"id": 3} if answer is None else answer,
        spec=about or spec(defaults={"page": 1}),
    )
