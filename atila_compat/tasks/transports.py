"""Connections to HTTP servers: pools on the event loop, one for each server of an alias.

An app sets in its preference what its outgoing calls need:

    pref.config.OUTGOING = {
        "verify": "/etc/ssl/our-ca.pem",    # CA file, or False to trust any certificate; True by default
        "cert": ("client.pem", "client.key"),
        "proxy": "http://proxy:3128",
        "http2": True,                      # to servers that speak it; with plain http:// to all, at once
        "trust_env": True,                  # take proxies from HTTP_PROXY, HTTPS_PROXY and NO_PROXY
        "@myapi": {"verify": False},        # for one alias only
    }
"""

from __future__ import annotations

import asyncio
import importlib.util
import ssl
import urllib.request
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import httpx

from ..errors import AtilaError
from ..settings import settings

if TYPE_CHECKING:
    from ..serving.runtime import Runtime

PIECES_AHEAD = 4
"""Pieces of a streamed body that are read before somebody takes them."""
MAX_CONNECTIONS = 100
"""Connections at most for all calls to absolute URLs of one scheme."""


@dataclass(frozen=True)
class Outgoing:
    """How calls leave the house; see the top of this module."""

    verify: bool | str = True
    cert: str | tuple[str, ...] | None = None
    proxy: str | None = None
    http2: bool = False
    trust_env: bool = False


_DEFAULT = Outgoing()
_KEYS = frozenset(Outgoing.__dataclass_fields__)


def _read_settings(base: Outgoing, values: Mapping[str, Any]) -> Outgoing:
    known = {key: value for key, value in values.items() if not key.startswith("@")}
    unknown = known.keys() - _KEYS
    if unknown:
        raise AtilaError(f"config.OUTGOING has no {sorted(unknown)}; it takes {sorted(_KEYS)} and aliases")
    if isinstance(known.get("cert"), list):
        known["cert"] = tuple(known["cert"])
    if known.get("http2") and importlib.util.find_spec("h2") is None:
        raise AtilaError("config.OUTGOING asks for HTTP/2, which needs a package: pip install h2")
    return replace(base, **known)


def outgoing(config: Mapping[str, Any], alias: str = "") -> Outgoing:
    """What `config.OUTGOING` says about calls to `alias`. AtilaError for what cannot be done."""
    values = config.get("OUTGOING")
    if not values:
        return _DEFAULT
    found = _read_settings(_DEFAULT, values)
    own = values.get(alias) if alias else None
    return _read_settings(found, own) if own else found


def _context(options: Outgoing) -> ssl.SSLContext:
    if options.verify is False:
        context = httpx.create_ssl_context(verify=False)
    elif isinstance(options.verify, str):
        context = ssl.create_default_context(cafile=options.verify)
    else:
        context = httpx.create_ssl_context()
    if options.cert:
        chain = (options.cert,) if isinstance(options.cert, str) else options.cert
        context.load_cert_chain(*chain)
    return context


def _environment_proxy(scheme: str, host: str) -> str | None:
    if urllib.request.proxy_bypass(host):
        return None
    proxies = urllib.request.getproxies()
    return proxies.get(scheme) or proxies.get("all")


class Abandoned(Exception):
    """Whoever wanted the answer has gone."""


class Exchange:
    """One request on its way through the connection pool, in an asyncio task of its own.

    The pool of httpcore loses a connection for good when a request is cancelled between two of its steps,
    after the connection was chosen, or made, and before it is used; or while it cleans up after a failure. So
    a request is cancelled only within its steps; else it is told to give up, which it does at the next one.

    Args:
        transport: the pool.
        request: what is sent.
        login: answers a 401.
        stream: whether the body is taken piece by piece.
        raw: whether its pieces are given as they were sent, compressed or not.

    Attributes:
        head: the answer: read, or with its body to come where it is a stream.
    """

    _STEPS = frozenset(
        {
            "connection.connect_tcp.started",
            "connection.start_tls.started",
            "http11.send_request_headers.started",
            "http2.send_request_headers.started",
        }
    )
    _GAPS = ("connect_tcp.complete", "start_tls.complete", "response_closed.started", ".failed")

    def __init__(
        self,
        transport: httpx.AsyncHTTPTransport,
        request: httpx.Request,
        *,
        login: Login | None = None,
        stream: bool = False,
        raw: bool = False,
    ) -> None:
        loop = asyncio.get_running_loop()
        self.transport = transport
        self.request = request
        self.login = login
        self.raw = raw
        self._within_step = False
        self._abandoned = False
        self._pieces: asyncio.Queue[bytes | Exception | None] = asyncio.Queue(PIECES_AHEAD)
        request.extensions["trace"] = self._trace
        self.head: asyncio.Future[httpx.Response] = loop.create_future()
        self.task = loop.create_task(self._stream() if stream else self._whole())

    async def _trace(self, event: str, _: Any) -> None:
        """Called by httpcore before and after each step."""
        if event in self._STEPS:
            if self._abandoned:
                raise Abandoned
            self._within_step = True
        elif event.endswith(self._GAPS):
            self._within_step = False

    async def _whole(self) -> None:
        try:
            response = await self._send()
            await _read(response)
        except BaseException as error:
            self._fail(error)
            raise
        if not self.head.done():
            self.head.set_result(response)

    async def _stream(self) -> None:
        try:
            response = await self._send()
        except BaseException as error:
            self._fail(error)
            raise
        try:
            if self.head.done():
                return
            self.head.set_result(response)
            async for piece in response.aiter_raw() if self.raw else response.aiter_bytes():
                await self._pieces.put(piece)
            await self._pieces.put(None)
        except Exception as error:
            await self._pieces.put(error)
        finally:
            await response.aclose()

    def _fail(self, error: BaseException) -> None:
        if not self.head.done():
            if isinstance(error, Exception):
                self.head.set_exception(error)
            else:
                self.head.cancel()

    async def _send(self) -> httpx.Response:
        response = await self._send_once(self.request)
        if response.status_code == 401 and self.login is not None:
            await _read(response)
            following = self.login.answer(self.request, response)
            if following is not None:
                return await self._send_once(following)
        return response

    async def _send_once(self, request: httpx.Request) -> httpx.Response:
        self._within_step = False
        response = await self.transport.handle_async_request(request)
        response.request = request
        return response

    def abandon(self) -> None:
        """Stop as soon as that is safe; may be called again."""
        if self.task.done() or self._abandoned:
            return
        self._abandoned = True
        self.head.cancel()
        if self._within_step:
            self.task.cancel()

    def __aiter__(self) -> Exchange:
        return self

    async def __anext__(self) -> bytes:
        """The next piece of a streamed body."""
        piece = await self._pieces.get()
        if piece is None:
            raise StopAsyncIteration
        if isinstance(piece, Exception):
            raise piece
        return piece


async def _read(response: httpx.Response) -> None:
    if response.is_closed:
        return
    try:
        await response.aread()
    finally:
        await response.aclose()


class Pool:
    """Connections to one server, or to all servers of a scheme.

    Args:
        transport: makes and keeps them.
        size: how many at most; calls beyond that wait here, where it is safe to be cancelled.
    """

    def __init__(self, transport: httpx.AsyncHTTPTransport, size: int) -> None:
        self.transport = transport
        self._free = asyncio.Semaphore(size)

    async def send(
        self, request: httpx.Request, *, login: Login | None = None, stream: bool = False, raw: bool = False
    ) -> tuple[httpx.Response, Exchange]:
        """Send a request; arguments as for `Exchange`, of which the caller has to `abandon` a streamed one.

        Raises what httpx raises. Cancelling the wait abandons the request.
        """
        await self._free.acquire()
        exchange = Exchange(self.transport, request, login=login, stream=stream, raw=raw)
        exchange.task.add_done_callback(self._ended)
        try:
            return await asyncio.shield(exchange.head), exchange
        except asyncio.CancelledError:
            exchange.abandon()
            raise

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._free.release()
        if not task.cancelled():
            task.exception()  # told by the head

    async def aclose(self) -> None:
        """Close all connections."""
        await self.transport.aclose()


class Transports:
    """The connection pools of one event loop; used on the loop only."""

    def __init__(self, runtime: Runtime) -> None:
        self._pools: dict[Hashable, Pool] = {}
        self._contexts: dict[Outgoing, ssl.SSLContext] = {}
        runtime.on_close(self.aclose)

    @property
    def pools(self) -> list[Pool]:
        """All of them."""
        return list(self._pools.values())

    def find(
        self,
        scheme: str,
        host: str,
        options: Outgoing,
        *,
        owner: Hashable = None,
        max_conns: int = MAX_CONNECTIONS,
    ) -> Pool:
        """The pool for a server; made at the first call.

        Args:
            scheme: `http` or `https`.
            host: for proxies out of the environment.
            owner: whose pool it is; calls to absolute URLs share one.
            max_conns: connections at most.

        Raises OSError and ssl.SSLError for certificates that cannot be read.
        """
        proxy = options.proxy or (_environment_proxy(scheme, host) if options.trust_env else None)
        key = (scheme, owner, options, proxy)
        pool = self._pools.get(key)
        if pool is None:
            pool = self._pools[key] = Pool(self._make(scheme, options, proxy, max_conns), max_conns)
        return pool

    def _make(
        self, scheme: str, options: Outgoing, proxy: str | None, max_conns: int
    ) -> httpx.AsyncHTTPTransport:
        secure = scheme == "https"
        context: ssl.SSLContext | bool = False
        if secure:
            context = self._contexts.get(options) or self._contexts.setdefault(options, _context(options))
        return httpx.AsyncHTTPTransport(
            verify=context,
            trust_env=False,
            # without TLS there is no negotiation: HTTP/2 by prior knowledge, or not at all
            http1=secure or not options.http2,
            http2=options.http2,
            limits=httpx.Limits(
                max_connections=max_conns,
                max_keepalive_connections=max_conns,
                keepalive_expiry=settings.backend_keep_alive,
            ),
            proxy=httpx.Proxy(proxy) if proxy else None,
        )

    async def aclose(self) -> None:
        """Close all connections."""
        pools, self._pools = self.pools, {}
        for pool in pools:
            await pool.aclose()


def transports_of(runtime: Runtime) -> Transports:
    """The pools of a runtime."""
    return runtime.shared("http transports", lambda: Transports(runtime))


class Login:
    """Name and password that are sent when the server asks for them: Basic or Digest (spec/06 section 1)."""

    def __init__(self, user: str, password: str) -> None:
        self.user, self.password = user, password

    def answer(self, request: httpx.Request, response: httpx.Response) -> httpx.Request | None:
        """The request again, with what the 401 asks for; None where it asks for something else."""
        challenge = response.headers.get("www-authenticate", "").partition(" ")[0].lower()
        auth: httpx.Auth
        if challenge == "basic":
            auth = httpx.BasicAuth(self.user, self.password)
        elif challenge == "digest":
            auth = httpx.DigestAuth(self.user, self.password)
        else:
            return None
        flow = auth.auth_flow(request)
        following = next(flow)
        if challenge == "digest":
            try:
                following = flow.send(response)
            except (StopIteration, httpx.ProtocolError):
                return None
        return following
