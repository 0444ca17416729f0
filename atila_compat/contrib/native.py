"""What Starlette and FastAPI endpoints share with an Atila app: session, user, CSRF tokens, error pages.

Endpoints inside an app, those of `app.add_native_route`, have all of it by themselves:

    async def cart(request):
        was = was_of(request)
        await require_permission(request, "user")
        was.session["seen"] = was.session.get("seen", 0) + 1
        return JSONResponse({"seen": was.session["seen"]})

Endpoints of an application around it get it by a middleware, and by an exception handler:

    api = FastAPI()
    api.mount("/legacy", legacy)
    api.add_middleware(SharedState, atila=legacy, point="/legacy")
    api.add_exception_handler(HTTPException, error_pages(legacy))  # starlette.exceptions.HTTPException

The app's life-cycle events, maintenance and `__umount__` belong to the life of the application around it:

    api = FastAPI(lifespan=lifespan_of(legacy, point="/legacy"))

and FastAPI takes the functions of this module as dependencies: `Depends(was_of)`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Any

from starlette.requests import HTTPConnection, Request
from starlette.responses import Response

from ..context import current_was
from ..errors import HTTPError
from ..http import state
from ..http.session import Session
from ..protocols.native import FallThrough, NativeExchange, NativeUser, Refusal, introduce, was_for
from ..security import csrf
from ..security.authentication import KINDS, authenticate
from ..security.permission import Perms, Requirement
from ..serving.exchange import Exchange
from ..serving.finalize import finalize
from ..serving.lifespan import open_within
from ..serving.outcome import Complete
from ..types import ASGIApp, Message, Receive, Scope, Send
from ..was import Was

if TYPE_CHECKING:
    from ..app import Atila

__all__ = [
    "FallThrough",
    "NativeUser",
    "Refusal",
    "SharedState",
    "error_pages",
    "lifespan_of",
    "read_session",
    "require_csrf",
    "require_login",
    "require_permission",
    "require_staff",
    "require_user",
    "verify_csrf",
    "was_of",
]


def lifespan_of(atila: Atila, point: str = "/") -> Callable[[Any], AbstractAsyncContextManager[None]]:
    """The lifespan that an application around an Atila app takes: `Starlette (lifespan=lifespan_of(legacy))`.

    It emits `before_mount` and `mounted` when the server starts, and `before_umount` and `umounted` when it
    ends, with the app's `__umount__` hooks between them. Without it the first two are emitted at the first
    request, and the others never. A lifespan of one's own enters it: `async with lifespan_of(legacy)(app):`.

    Args:
        atila: the app that is mounted.
        point: where.
    """
    return lambda host: open_within(atila, point)


_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


def was_of(request: HTTPConnection) -> Was:
    """The `was` of a request that a Starlette or FastAPI endpoint answers.

    What it keeps at the client (`was.session`, `was.cookie`, `was.mbox`, a new CSRF token) goes out with the
    endpoint's answer. `was.request.ARGS` has path and query, not the body: the endpoint reads that.

    Raises RuntimeError where the endpoint is neither inside an Atila app nor below `SharedState`.
    """
    found = request.scope.get("state", {}).get("was")
    if not isinstance(found, Was):
        raise RuntimeError(
            "this endpoint shares nothing with an Atila app: declare it by app.add_native_route, or put the "
            "middleware atila_compat.contrib.native.SharedState around the application"
        )
    return found


def read_session(request: HTTPConnection, app: Atila, point: str | None = None) -> Session:
    """The session of an Atila app, for reading, in any Starlette endpoint of the same site.

    Nothing of it is sent: what the endpoint changes is lost. `SharedState` is there for writing.

    Args:
        request: the endpoint's, or a WebSocket.
        app: whose session it is; the browser has to send its cookies to the endpoint's path, too.
        point: where the app is mounted; None: where it has found itself to be, "/" before its first request.

    Raises AssertionError where the app has no `securekey`.
    """
    return _was_beside(app, dict(request.scope), point).session


def _was_beside(app: Atila, scope: Scope, point: str | None) -> Was:
    root = (point or app.basepath).rstrip("/")
    return was_for(app, app.join(root), {**scope, "state": {}})


# -- checks --------------------------------------------------------------------------------------------------


async def require_user(request: HTTPConnection, kind: str | None = None) -> Any:
    """Who has authenticated, by the app's users; `request.user` and `was.request.user` are set.

    Args:
        request: the endpoint's.
        kind: "basic", "digest" or "bearer"; None: what `app.authenticate` says.

    Raises Refusal, a 401 with its challenge; AssertionError for another kind.
    """
    kind = kind or was_of(request).app.authenticate
    assert kind in KINDS, f"require_user takes {', '.join(KINDS)}, not {kind!r}"
    await _check(request, lambda was: authenticate(was, kind))
    return was_of(request).request.user


async def require_login(request: HTTPConnection) -> None:
    """Let only those pass whom the app's login handler lets pass; as `@app.login_required`.

    Raises Refusal with what the handler answers: often a redirection to the sign-in page.
    """
    await _check(request, lambda was: was.app.check_login(was))


async def require_staff(request: HTTPConnection) -> None:
    """Let only staff pass; as `@app.staff_member_required`."""
    await _check(request, lambda was: was.app.check_staff(was))


async def require_permission(request: HTTPConnection, perms: Perms = None, **specific: Perms) -> None:
    """Let only those pass whom the app's permission handler lets pass; as `@app.permission_required`.

    Args:
        request: the endpoint's.
        perms, specific: as for `app.permission_required`.

    Raises Refusal with what the handler answers or raises.
    """
    requirement = Requirement(perms, specific)
    path_params = dict(request.scope.get("path_params") or {})

    def check(was: Was) -> Any:
        was.request.PARAMS = was.request.PARAMS or path_params
        needed = requirement.needed(was.request.method, path_params, was.request.ARGS)
        return was.app.check_permission(was, needed)

    await _check(request, check)


async def _check(request: HTTPConnection, check: Callable[[Was], Any]) -> None:
    """Run a check of the app in a worker thread, where it may block."""
    was = was_of(request)

    def run() -> Any:
        current_was.set(was)
        return check(was)

    try:
        answer = await Exchange(was, None).hop(run)
    except HTTPError as error:
        raise Refusal(was, error=error) from None
    if answer is not None:
        raise Refusal(was, answer)
    introduce(request.scope, was.request.user)


async def verify_csrf(request: Request, keep: bool = True) -> bool:
    """Whether a request repeats its CSRF token, as header, in the query, in a form or in a JSON object.

    The body is read where the header is missing; the endpoint's `request.form()` and `request.json()` give it
    once more.

    Args:
        request: the endpoint's.
        keep: whether the token may be used again.
    """
    was = was_of(request)
    given = was.request.get_header(csrf.HEADER) or was.request.URL.get(csrf.NAME)
    if not given:
        content_type = (request.headers.get("content-type") or "").partition(";")[0].strip().lower()
        if content_type in _FORMS:
            given = (await request.form()).get(csrf.NAME)
        elif content_type == "application/json":
            try:
                data = await request.json()
            except ValueError:
                data = None
            given = data.get(csrf.NAME) if isinstance(data, dict) else None
    return csrf.verify(was.cookie, given, keep, was.app.debug)


async def require_csrf(request: Request) -> None:
    """Let only those pass who repeat their CSRF token; as `@app.csrf_verification_required`.

    Raises Refusal, 400 "CSRF token error".
    """
    if not await verify_csrf(request):
        raise Refusal(was_of(request), error=HTTPError("400 Bad Request", "CSRF token error"))


# -- around an application -----------------------------------------------------------------------------------


class SharedState:
    """ASGI middleware: the endpoints of an application share session, cookies and user with an Atila app.

    Args:
        app: the application.
        atila: the Atila app, mounted in it or not.
        point: where it is mounted; session cookies are valid below it only.
    """

    def __init__(self, app: ASGIApp, atila: Atila, point: str = "/") -> None:
        self.app, self.atila, self.point = app, atila, point

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        runtime = self.atila.join(self.point.rstrip("/"))
        was = was_for(self.atila, runtime, scope)
        introduce(scope, was.request.user)

        async def send_with_cookies(message: Message) -> None:
            if message["type"] in ("http.response.start", "websocket.accept"):
                cookies = [
                    (b"set-cookie", cookie.encode("latin-1", "replace")) for cookie in state.commit(was)
                ]
                message = {**message, "headers": [*(message.get("headers") or ()), *cookies]}
            await send(message)

        token = current_was.set(was)
        activated = runtime.activate()
        try:
            await self.app(scope, receive, send_with_cookies)
        finally:
            activated.var.reset(activated)
            current_was.reset(token)


def error_pages(atila: Atila) -> Callable[[Request, Exception], Awaitable[Response]]:
    """An exception handler for Starlette and FastAPI that answers with the error pages of an Atila app.

        api.add_exception_handler(HTTPException, error_pages(legacy))

    Register it for Starlette's HTTPException: that of FastAPI is one of its subclasses.

    Args:
        atila: the app; its `@app.error_handler` functions make the page.
    """

    async def answer(request: Request, error: Exception) -> Response:
        was = request.scope.get("state", {}).get("was")
        if not isinstance(was, Was):
            was = _was_beside(atila, dict(request.scope), None)
        exchange = NativeExchange(was, None)
        exchange.settled = True  # the hooks of the app are for its own routes
        exc_info = (type(error), error, error.__traceback__)
        outcome = await exchange.hop(exchange.failed, exc_info)
        if not isinstance(outcome, Complete):
            outcome = await exchange.hop(finalize, was, str(error))
        response = Response(outcome.body, outcome.status_code)
        response.raw_headers = [(name.lower(), value) for name, value in outcome.headers]
        return response

    return answer
