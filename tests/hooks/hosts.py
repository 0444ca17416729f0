"""Small hosts for the hooks area: an app and a `was` of these traits alone."""

from __future__ import annotations

from typing import Any, cast

from atila_compat.context import current_was
from atila_compat.hooks.events import Broadcasting, Events
from atila_compat.hooks.inspection import Validation
from atila_compat.hooks.maintenance import Maintenance
from atila_compat.hooks.prework import PreAndPostwork
from atila_compat.hooks.request import RequestHooks
from atila_compat.http.request import Request
from atila_compat.http.response import Response
from atila_compat.routing.mounting import MountContext
from atila_compat.structures import AttrDict, SharedDict
from tests.http.asking import ask


class App(RequestHooks, Events, Maintenance, PreAndPostwork, Validation):
    """An app without routes."""

    def __init__(self) -> None:
        self.g = SharedDict()
        self.config = AttrDict(MAINTAIN_INTERVAL=60)
        self.mount_context: MountContext | None = None
        super().__init__()


class Caller(Broadcasting):
    """A `was`; `stamps` are what `getlu` returns."""

    def __init__(self, request: Request | None = None, runtime: Any = None) -> None:
        self.request = request or ask()
        self.response = Response(self.request)
        self.runtime = runtime
        self.stamps: dict[str, float] = {}

    def getlu(self, key: str) -> float:
        return self.stamps[key]

    def __enter__(self) -> Caller:
        self._token = current_was.set(cast(Any, self))
        return self

    def __exit__(self, *exc_info: object) -> None:
        current_was.reset(self._token)
