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


def _read(base: Outgoing, values: Mapping[str, Any]) -> Outgoing:
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
    found = _read(_DEFAULT, values)
    own = values.get(alias) if alias else None
    return _read(found, own) if own else found


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


class Transports:
    """The connection pools of one event loop; used on the loop only."""

    def __init__(self, runtime: Runtime) -> None:
        self._pools: dict[Hashable, httpx.AsyncHTTPTransport] = {}
        self._contexts: dict[Outgoing, ssl.SSLContext] = {}
        runtime.on_close(self.aclose)

    def find(
        self,
        scheme: str,
        host: str,
        options: Outgoing,
        *,
        owner: Hashable = None,
        max_conns: int = MAX_CONNECTIONS,
    ) -> httpx.AsyncHTTPTransport:
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
            pool = self._pools[key] = self._make(scheme, options, proxy, max_conns)
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
        pools, self._pools = list(self._pools.values()), {}
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
