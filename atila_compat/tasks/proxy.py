"""`was.ProxyPass`: another server's answer, passed on (spec/06 section 8)."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from ..errors import HTTPError, HTTPTaskError
from . import http, targets
from .deferred import Deferred
from .http import Call, HTTPResult, Sender
from .outgoing import outgoing
from .response import Result
from .streams import ByteStream

if TYPE_CHECKING:
    from ..was import Was

PATIENCE = 30.0
"""Seconds that the upstream server may take for a piece of a streamed body."""
BUFFERED = 256 * 1024
"""Bytes: an upstream body up to this is read whole, so that a failure in its midst is still a 502."""


def _has_body(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    """Whether the client sends a body, of a length that it announces or in chunks."""
    return any(
        name == b"transfer-encoding" or (name == b"content-length" and value.strip(b" 0") != b"")
        for name, value in headers
    )


class ProxyPass(Deferred):
    """Another server's answer, passed on (README "ProxyPass").

    Like the original it asks with GET and the client's headers, and answers 502 for a status of 300 or more.
    With `forward` method, body, query and every status are passed through, and the body is streamed.

    Args:
        alias: `"@alias"`, with a base path if there is one, or a URL.
        path: below it.
        timeout: seconds until the answer begins.

    Raises KeyError for an unknown alias, HTTPError 404 for a path with `..`, 413 for an upload that was not
    kept, since it is too large or `input_stream` reads it.
    """

    def __init__(
        self, was: Was, alias: str, path: str | None, timeout: float = 3, forward: bool = False
    ) -> None:
        self.was = was
        self.timeout = timeout
        self.forward = forward
        request = was.request
        # Quoted before it becomes a part of a URL: whoever takes that apart drops tabs and fragments
        path = http.quote_unsafe((path or "").lstrip("/"))
        if targets.climbs(path.partition("?")[0]):
            raise HTTPError("404 Not Found", "a path may not climb out of what is passed on")
        uri = f"{alias.rstrip('/')}/{path}"
        content: bytes | None = None
        if forward:
            query = request.scope.get("query_string", b"").decode("latin-1")
            if query:
                uri += f"{'&' if '?' in uri else '?'}{query}"
            content = request.body or None
            if request.body is None and _has_body(request.scope["headers"]):
                raise HTTPError(
                    "413 Request Entity Too Large", "this upload was not kept: it is too large, or streamed"
                )
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
        dropped = targets.HOP_BY_HOP | {"content-length", "x-gtxn-id", "x-ltxn-id", "expect"}
        connection = request.get_header("connection") or ""
        dropped |= {name.strip().lower() for name in connection.split(",")}
        if not self.forward:
            dropped |= {"accept"}
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
        dropped = targets.HOP_BY_HOP | {"content-length"}
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
