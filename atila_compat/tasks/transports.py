"""Connections to HTTP servers, on the event loop: kept and counted for each server.

The connections are those of httpcore, whose pool is not used: it asks all its connections at every call, and
it loses one for good when a call is cancelled at the wrong moment. Here a call has its connection to itself,
the one used last is used next, and what was cancelled or failed is closed.
"""

from __future__ import annotations

import asyncio
import ssl
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Hashable
from typing import TYPE_CHECKING, Any

import httpcore
import httpx

from ..settings import settings
from .outgoing import Outgoing, proxy_for, tls_context

if TYPE_CHECKING:
    from ..serving.runtime import Runtime

MAX_CONNECTIONS = 100
"""Connections at most to a server that is called by its URL."""
MAX_SERVERS = 500
"""Servers called by their URL whose connections are kept."""
MAX_DECODED = 256 * 1024 * 1024
"""Bytes that a compressed answer may unpack to, unless it is streamed."""
_DECODED_AT_ONCE = 16 * 1024
"""Bytes of it that are unpacked before a look at what has become of them."""

Headers = list[tuple[bytes, bytes]]


class Login:
    """Name and password that are sent when the server asks for them: Basic or Digest (spec/06 section 1)."""

    def __init__(self, user: str, password: str) -> None:
        self.user, self.password = user, password

    def answer(self, method: str, url: str, challenge: str) -> str | None:
        """The Authorization header that a 401 asks for; None where it asks for something else."""
        scheme = challenge.partition(" ")[0].lower()
        request = httpx.Request(method, url)
        if scheme == "basic":
            next(httpx.BasicAuth(self.user, self.password).auth_flow(request))
        elif scheme == "digest":
            flow = httpx.DigestAuth(self.user, self.password).auth_flow(request)
            next(flow)
            try:
                flow.send(httpx.Response(401, headers={"WWW-Authenticate": challenge}, request=request))
            except (StopIteration, ValueError, httpx.ProtocolError):
                return None
        found: str | None = request.headers.get("Authorization")
        return found


class Answer:
    """The head of an answer, and its body where that has been read.

    Attributes:
        headers: as they were sent.
        content: the body without its transfer encoding; empty for a streamed one.
        stream: the body of a streamed answer.
    """

    def __init__(self, response: httpcore.Response) -> None:
        self.status_code = response.status
        self.headers: list[tuple[str, str]] = [
            (name.decode("latin-1"), value.decode("latin-1")) for name, value in response.headers
        ]
        version: bytes = response.extensions.get("http_version", b"HTTP/1.1")
        self.version = version.decode("latin-1").rpartition("/")[2]
        reason: bytes = response.extensions.get("reason_phrase", b"")
        self.reason = reason.decode("latin-1") or httpx.codes.get_reason_phrase(response.status)
        self.content = b""
        self.stream: Body | None = None

    def header(self, name: str) -> str:
        """The first header of a name in lower case; empty where there is none."""
        for key, value in self.headers:
            if key.lower() == name:
                return value
        return ""

    def decoded(self, content: bytes) -> bytes:
        """A body without its content encoding. Raises httpx.DecodingError where it is not what it says."""
        encoding = self.header("content-encoding")
        if not encoding or not content:
            return content
        pieces = (content[at : at + _DECODED_AT_ONCE] for at in range(0, len(content), _DECODED_AT_ONCE))
        found: list[bytes] = []
        left = MAX_DECODED
        for piece in httpx.Response(200, headers={"Content-Encoding": encoding}, content=pieces).iter_bytes():
            left -= len(piece)
            if left < 0:
                raise httpx.DecodingError(f"the answer unpacks to more than {MAX_DECODED} bytes: stream it")
            found.append(piece)
        return b"".join(found)


class _Source(httpx.AsyncByteStream):
    """Lets httpx decode the pieces of a body."""

    def __init__(self, pieces: AsyncIterator[bytes]) -> None:
        self._pieces = pieces

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self._pieces


class Body:
    """A body while it arrives; it has its connection until `close`."""

    def __init__(
        self, response: httpcore.Response, answer: Answer, give_back: Callable[[bool], None]
    ) -> None:
        self._response = response
        self._give_back: Callable[[bool], None] | None = give_back
        self._encoding = answer.header("content-encoding")

    async def pieces(self, *, raw: bool) -> AsyncIterator[bytes]:
        """The pieces, as they were sent where `raw`, else without their content encoding."""
        pieces = self._response.aiter_stream()
        if self._encoding and not raw:
            headers = {"Content-Encoding": self._encoding}
            pieces = httpx.Response(200, headers=headers, stream=_Source(pieces)).aiter_bytes()
        async for piece in pieces:
            yield piece
        await self._response.aclose()
        self._end(well=True)

    def close(self) -> None:
        """Give up what has not come yet; on the event loop, any number of times."""
        self._end(well=False)

    def _end(self, *, well: bool) -> None:
        give_back, self._give_back = self._give_back, None
        if give_back is not None:
            give_back(well)


class Pool:
    """Connections to one server.

    Args:
        make: makes one, not connected yet.
        size: how many at most; calls beyond that wait for their turn.
    """

    def __init__(self, make: Callable[[], Any], size: int) -> None:
        self._make = make
        self._turn = asyncio.Semaphore(size)
        self._idle: list[Any] = []
        self._closing: set[asyncio.Task[None]] = set()
        self.active = 0

    def _take(self) -> Any:
        while self._idle:
            connection = self._idle.pop()
            if not connection.has_expired():
                return connection
            self._discard(connection)
        return self._make()

    def _discard(self, connection: Any) -> None:
        task = asyncio.get_running_loop().create_task(connection.aclose())
        self._closing.add(task)
        task.add_done_callback(self._closed)

    def _closed(self, task: asyncio.Task[None]) -> None:
        self._closing.discard(task)
        if not task.cancelled():
            task.exception()  # a connection that cannot be closed is gone as well

    async def send(self, request: httpcore.Request, *, stream: bool = False) -> Answer:
        """Send a request; the answer is read, unless it is to be streamed.

        Raises what httpcore raises, httpx.DecodingError. May be cancelled at any time.
        """
        await self._turn.acquire()
        self.active += 1
        connection = self._take()

        def give_back(well: bool) -> None:
            self.active -= 1
            self._turn.release()
            if well and connection.is_idle():
                self._idle.append(connection)
            else:
                self._discard(connection)

        streaming = well = False
        try:
            while True:
                try:
                    response = await connection.handle_async_request(request)
                    break
                except httpcore.ConnectionNotAvailable:  # nothing was sent: the server has ended it
                    self._discard(connection)
                    connection = self._make()
            answer = Answer(response)
            if stream:
                answer.stream = Body(response, answer, give_back)
                streaming = True
                return answer
            content = await response.aread()
            await response.aclose()
            well = True
        finally:
            if not streaming:
                give_back(well)
        answer.content = answer.decoded(content)
        return answer

    @property
    def is_quiet(self) -> bool:
        """Whether no call is under way."""
        return not self.active

    async def aclose(self) -> None:
        """Close the connections that wait for the next call."""
        idle, self._idle = self._idle, []
        for connection in idle:
            self._discard(connection)
        if self._closing:
            await asyncio.wait(self._closing, timeout=1)


class _Proxied:
    """A connection through a proxy: a pool of httpcore with a single one in it."""

    def __init__(self, pool: httpcore.AsyncHTTPProxy) -> None:
        self.handle_async_request = pool.handle_async_request
        self.aclose = pool.aclose

    def has_expired(self) -> bool:
        """The pool looks at that itself."""
        return False

    def is_idle(self) -> bool:
        """After an answer that was read it is."""
        return True


class Transports:
    """The connections of one event loop; used on the loop only."""

    def __init__(self, runtime: Runtime) -> None:
        self._of_aliases: dict[Hashable, Pool] = {}
        self._of_urls: OrderedDict[Hashable, Pool] = OrderedDict()
        self._contexts: dict[Outgoing, ssl.SSLContext] = {}
        runtime.on_close(self.aclose)

    @property
    def pools(self) -> list[Pool]:
        """All of them."""
        return [*self._of_aliases.values(), *self._of_urls.values()]

    def find(
        self,
        scheme: str,
        host: str,
        port: int,
        options: Outgoing,
        *,
        owner: Hashable = None,
        max_conns: int = MAX_CONNECTIONS,
    ) -> Pool:
        """The connections to a server.

        Args:
            scheme: `http` or `https`.
            owner: the alias; None for a URL.
            max_conns: connections at most.

        Raises OSError and ssl.SSLError for certificates that cannot be read.
        """
        proxy = proxy_for(options, scheme, host)
        key = (owner, scheme, host, port, options, proxy)
        pools: dict[Hashable, Pool] = self._of_urls if owner is None else self._of_aliases
        pool = pools.get(key)
        if pool is None:
            pool = pools[key] = Pool(self._maker(scheme, host, port, options, proxy), max_conns)
        if owner is None:
            self._of_urls.move_to_end(key)
            if len(self._of_urls) > MAX_SERVERS:
                self._forget_one()
        return pool

    def _forget_one(self) -> None:
        for key, pool in self._of_urls.items():
            if pool.is_quiet:
                del self._of_urls[key]
                asyncio.ensure_future(pool.aclose())  # noqa: RUF006 - it keeps itself alive by what it waits for
                return

    def _maker(
        self, scheme: str, host: str, port: int, options: Outgoing, proxy: str | None
    ) -> Callable[[], Any]:
        secure = scheme == "https"
        context: ssl.SSLContext | None = None
        if secure:
            context = self._contexts.get(options)
            if context is None:
                context = self._contexts[options] = tls_context(options)
        # without TLS there is no negotiation: HTTP/2 by prior knowledge, or not at all
        http1, http2 = secure or not options.http2, options.http2
        expiry = settings.backend_keep_alive
        if proxy is not None:
            given = httpx.Proxy(proxy)
            return lambda: _Proxied(
                httpcore.AsyncHTTPProxy(
                    str(given.url),
                    proxy_auth=given.raw_auth,
                    proxy_headers=given.headers.raw,
                    ssl_context=context,
                    max_connections=1,
                    keepalive_expiry=expiry,
                    http1=http1,
                    http2=http2,
                )
            )
        origin = httpcore.Origin(scheme.encode(), encode_host(host), port)
        return lambda: httpcore.AsyncHTTPConnection(
            origin, ssl_context=context, keepalive_expiry=expiry, http1=http1, http2=http2
        )

    async def aclose(self) -> None:
        """Close all connections."""
        pools = self.pools
        self._of_aliases.clear()
        self._of_urls.clear()
        for pool in pools:
            await pool.aclose()


def encode_host(host: str) -> bytes:
    """A host name as it is looked up. Raises UnicodeError for one that cannot be."""
    return host.encode("ascii") if host.isascii() else host.encode("idna")


def transports_of(runtime: Runtime) -> Transports:
    """The connections of a runtime."""
    return runtime.shared("http transports", lambda: Transports(runtime))
