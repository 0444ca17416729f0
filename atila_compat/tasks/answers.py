"""Answers made of tasks: Map, Mapped, ThreadPass, ProxyPass (spec/06 sections 7 and 8)."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextvars
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..errors import HTTPError, HTTPTaskError
from . import http, targets
from .deferred import Deferred, arrival
from .group import Tasks
from .http import Call, HTTPResult, Sender
from .outgoing import outgoing
from .response import Result
from .streams import ByteStream

if TYPE_CHECKING:
    from ..was import Was

_SPECIAL = ("__timeout", "__maxage", "__etag", "__mtime")
_HOP_BY_HOP = frozenset(
    {
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
PATIENCE = 30.0
"""Seconds that the upstream server may take for a piece of a streamed body."""
BUFFERED = 256 * 1024
"""Bytes: an upstream body up to this is read whole, so that a failure in its midst is still a 502."""


def _dig(values: Any, path: str) -> Any:
    """The item of nested dicts and lists that a path such as `"user.rows.0.id"` leads to.

    Raises KeyError, IndexError or TypeError where there is none.
    """
    for key in path.split("."):
        values = values[key] if isinstance(values, dict) else values[int(key)]
    return values


def map_arguments(args: tuple[Any, ...]) -> tuple[str | None, tuple[Any, ...]]:
    """The status, if the first argument is one, and the rest."""
    if args and isinstance(args[0], str):
        return args[0], args[1:]
    return None, args


class Mapped(Deferred):
    """The results of a group as an API answer, or in a template (README "Map" and "Mapped").

    Args:
        tasks: the group; what it has no names for is run and dropped.
        status: status line, `"201 Created"`.
        template: for clients that do not ask for JSON; None answers all with the API.
        max_age: seconds that clients may keep the answer.
        etag: path of the result that makes the entity tag, `"user.version"`.
        mtime: path of the result that is the time of modification.
    """

    def __init__(
        self,
        tasks: Tasks,
        status: str | None = None,
        template: str | None = None,
        *,
        max_age: int = 0,
        etag: str | None = None,
        mtime: str | None = None,
    ) -> None:
        self.tasks = tasks
        self.status = status
        self.template = template
        self.max_age = max_age
        self.etag = etag
        self.mtime = mtime

    def wait(self) -> Any:
        """Wait for all tasks."""
        return self.tasks._arrive()

    def cancel(self) -> Any:
        """Cancel what still runs."""
        return self.tasks.cancel()

    def finish(self, was: Was) -> Any:
        """The answer; raises the first error of a task, HTTPError 304 or 412 as the client's conditions ask.

        Raises TypeError for an entity tag that is no string, KeyError and the like for a path without result.
        """
        results = self.tasks.dict()
        if self.etag is not None:
            tag = _dig(results, self.etag)
            if not isinstance(tag, str):
                raise TypeError(f"__etag = {self.etag!r} leads to a {type(tag).__name__}; it has to be a str")
            was.response.set_etag(tag, self.max_age)
        if self.mtime is not None:
            was.response.set_mtime(_dig(results, self.mtime), max_age=self.max_age)
        if self.max_age and self.etag is None and self.mtime is None:
            was.response.set_cache(self.max_age)
        if self.status is not None:
            was.response.set_status(self.status)
        if self.template is not None and not was.request.acceptable("application/json"):
            return was.render(self.template, **results)
        return was.API(dict(results))


def make_map(args: tuple[Any, ...], named: dict[str, Any], template: str | None = None) -> Mapped:
    """`was.Map(...)` and `was.render_or_Map(...)`; spec/06 section 7 says which keywords are special."""
    status, members = map_arguments(args)
    special = {name: named.pop(name) for name in _SPECIAL if name in named}
    notes = {name[2:]: named.pop(name) for name in list(named) if name.startswith("__")}
    return Mapped(
        Tasks(*members, timeout=special.get("__timeout"), meta=notes, **named),
        status,
        template,
        max_age=special.get("__maxage", 0),
        etag=special.get("__etag"),
        mtime=special.get("__mtime"),
    )


def make_mapped(args: tuple[Any, ...], template: str | None = None) -> Mapped:
    """`was.Mapped(...)` and `was.render_or_Mapped(...)`. TypeError for something else than a group."""
    status, rest = map_arguments(args)
    if len(rest) != 1 or not isinstance(rest[0], Tasks):
        raise TypeError("was.Mapped takes what was.Tasks (...) returns, after a status if there is one")
    return Mapped(rest[0], status, template)


class ThreadPass(Deferred):
    """An answer that a function makes in a thread for tasks (README "ThreadPass").

    Args:
        was: of the request; its context variables are found in the thread again.
        func: `func(was, *args, **kwargs)`; returns or raises as a handler does.
    """

    def __init__(
        self, was: Was, func: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> None:
        self.was = was
        self.func = func
        self.args = args
        self.kwargs = kwargs
        self._context = contextvars.copy_context()
        self._future: concurrent.futures.Future[Any] | None = None

    async def wait(self) -> None:
        """Run the function and wait for it: the handler has returned, so nobody else works with `was`."""
        if self._future is None:
            self._future = self.was.runtime.submit(
                self._context.run, self.func, self.was, *self.args, **self.kwargs
            )
        await arrival(self._future)

    def finish(self, was: Was) -> Any:
        """What the function returned; raises what it raised."""
        assert self._future is not None
        return self._future.result(0)

    def cancel(self) -> bool:
        """Take the function back, if it has not begun."""
        return self._future is not None and self._future.cancel()


class ProxyPass(Deferred):
    """Another server's answer, passed on (README "ProxyPass").

    Like the original it asks with GET and the client's headers, and answers 502 for a status of 300 or more.
    With `forward` method, body, query and every status are passed through, and the body is streamed.

    Args:
        alias: `"@alias"`, with a base path if there is one, or a URL.
        path: below it.
        timeout: seconds until the answer begins.

    Raises KeyError for an unknown alias, HTTPError 404 for a path with `..`, 413 for an upload that was too
    large to be kept.
    """

    def __init__(
        self, was: Was, alias: str, path: str | None, timeout: float = 3, forward: bool = False
    ) -> None:
        self.was = was
        self.timeout = timeout
        self.forward = forward
        request = was.request
        path = (path or "").lstrip("/")
        if not {".", ".."}.isdisjoint(path.partition("?")[0].split("/")):
            raise HTTPError("404 Not Found", "a path may not climb out of what is passed on")
        uri = f"{alias.rstrip('/')}/{path}"
        content: bytes | None = None
        if forward:
            query = request.scope.get("query_string", b"").decode("latin-1")
            if query:
                uri += f"{'&' if '?' in uri else '?'}{query}"
            content = request.body or None
            if content is None and (request.content_length or 0) > 0:
                raise HTTPError("413 Request Entity Too Large", "this upload is too large to be passed on")
        target = targets.find_target(uri, was.app)
        if target.problem:
            raise ValueError(target.problem)
        self.call = Call(
            method=request.method if forward else "GET",
            target=target,
            headers={},
            content=content,
            auth=None,
            seconds=timeout,
            outgoing=outgoing(was.app.config, target.alias.name if target.alias else ""),
            stream=True,
            raw=True,
            extra_headers=self._headers(target),
        )
        self._result: Result | None = None
        self._body: bytes | ByteStream = b""
        self._task: asyncio.Task[Any] | None = None

    def _headers(self, target: targets.Target) -> list[tuple[str, str]]:
        request = self.was.request
        passed: list[tuple[str, str]] = []
        dropped = _HOP_BY_HOP | {"content-length", "x-gtxn-id", "x-ltxn-id", "expect"}
        connection = request.get_header("connection") or ""
        dropped |= {name.strip().lower() for name in connection.split(",")}
        if not self.forward:
            dropped |= {"accept", "content-type"}
        for key, value in request.scope["headers"]:
            name = key.decode("latin-1")
            if name.lower() not in dropped:
                passed.append((name, value.decode("latin-1")))
        passed.extend(http.transaction_headers(self.was, target).items())
        if self.forward:
            forwarded = request.get_header("x-forwarded-for")
            address = request.get_remote_addr()
            passed = [(name, value) for name, value in passed if not name.lower().startswith("x-forwarded-")]
            passed.append(("X-Forwarded-For", f"{forwarded}, {address}" if forwarded else address))
            passed.append(("X-Forwarded-Proto", request.scheme))
            passed.append(("X-Forwarded-Host", request.get_header("host") or ""))
        else:
            passed.append(("Accept", "*/*"))
            passed.append(("Cache-Control", "no-cache"))
        return passed

    async def wait(self) -> None:
        """Wait until the answer begins; a short one is read to its end."""
        self._task = asyncio.current_task()
        sender = Sender(self.was.runtime, self.call)
        try:
            async with asyncio.timeout(self.timeout):
                result = await sender.run()
                if isinstance(result, HTTPResult):
                    assert isinstance(result.content, ByteStream)
                    self._body = await self._begin(result, result.content)
                self._result = result
        except Exception as error:  # told by finish
            self._result = Result(None, error)

    async def _begin(self, result: HTTPResult, stream: ByteStream) -> bytes | ByteStream:
        if result.status_code >= 300 and not self.forward:
            await stream.aclose()
            return b""
        found = bytearray()
        async for piece in stream:
            found += piece
            if len(found) > BUFFERED or "content-length" not in result.headers:
                stream.put_back(bytes(found))
                stream.patience = max(self.timeout, PATIENCE)
                return stream
        return bytes(found)

    def finish(self, was: Was) -> Any:
        """The answer; raises HTTPTaskError where there is none that can be passed on."""
        result = self._result
        assert result is not None
        if not isinstance(result, HTTPResult):
            if isinstance(result.error, TimeoutError):
                raise HTTPTaskError("730 Timeout", result) from result.error
            result.reraise()
        if not self.forward:
            result.reraise()
        assert isinstance(result, HTTPResult)
        dropped = _HOP_BY_HOP | {"content-length"}
        response = was.response
        mine = {name.lower() for name, _ in result.raw_headers}
        for name in mine - dropped:
            response.del_header(name)
        for name, value in result.raw_headers:
            if name.lower() not in dropped:
                response.add_header(name, value)
        return response(f"{result.status_code} {result.reason}", self._body)

    def cancel(self) -> None:
        """Hang up."""
        if self._task is not None:
            self._task.cancel()
        if isinstance(self._body, ByteStream):
            self._body.close()
