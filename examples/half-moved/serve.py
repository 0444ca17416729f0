"""A shop that is half moved to Starlette.

uvicorn --app-dir examples/half-moved serve:application --port=5000

The old app answers for everything, but for the routes that have been moved here, which go first.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from atila_compat import skitai
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from legacy import PRICES, app

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send


async def stock(request: Request) -> JSONResponse:
    """The route that was moved: /stock/NAME of the old app is never asked any more."""
    name = request.path_params["name"]
    return JSONResponse({"name": name, "pieces": 7 if name in PRICES else 0, "by": "Starlette"})


class ServerTiming:
    """Middleware for both, old and new: tells how long an answer took."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        began = time.perf_counter()

        async def send_with_time(message: Message) -> None:
            if message["type"] == "http.response.start":
                spent = (time.perf_counter() - began) * 1000
                message["headers"] = [*message["headers"], (b"server-timing", b"app;dur=%.2f" % spent)]
            await send(message)

        await self.app(scope, receive, send_with_time)


skitai.mount("/", app)
application = skitai.asgi()
application.routes.append(Route("/stock/{name}", stock))
application.add_middleware(ServerTiming)
