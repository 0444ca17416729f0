"""What an app says about its calls to other servers, in its preference:

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
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import httpx

from ..errors import AtilaError


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


def tls_context(options: Outgoing) -> ssl.SSLContext:
    """Certificates as they are configured; OSError or ssl.SSLError where they cannot be read."""
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


def proxy_for(options: Outgoing, scheme: str, host: str) -> str | None:
    """The URL of the proxy for a server, None where it is called directly."""
    if options.proxy or not options.trust_env:
        return options.proxy
    if urllib.request.proxy_bypass(host):
        return None
    proxies = urllib.request.getproxies()
    return proxies.get(scheme) or proxies.get("all")
