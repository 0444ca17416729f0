"""`--nginx-conf=DOMAIN`: a configuration for nginx in front of this service, on standard output."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ..errors import AtilaError
from ..settings import settings
from . import place
from .preference import MAX_UPLOAD_SIZE

if TYPE_CHECKING:
    from .mounts import Directory, Mounts
    from .run_config import RunConfig

_DOMAIN = re.compile(r"(?:[A-Za-z0-9_](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?)(?:\.[A-Za-z0-9_-]+)*")
_PLAIN_PATH = re.compile(r"[^\"'{};$\\\x00-\x1f]+")


def _static(directory: Directory) -> str:
    """Files that nginx sends itself; what is not there is asked of the service."""
    return f"""    location ^~ "{directory.point}" {{
        alias "{directory.path}/";
        expires 1h;
        try_files $uri @service;
    }}
"""


def configuration(domain: str, config: RunConfig, mounts: Mounts) -> str:
    """The text of the configuration.

    Raises AtilaError for a domain that is none, or a path that cannot stand in it.
    """
    if not _DOMAIN.fullmatch(domain):
        raise AtilaError(f"--nginx-conf={domain}: name a domain, such as www.example.com")
    upstream = re.sub(r"\W", "_", place.service_name())
    address = "127.0.0.1" if config.address in ("0.0.0.0", "::", "") else config.address  # noqa: S104
    address = f"[{address}]" if ":" in address else address
    scheme = "https" if settings.certfile else "http"
    body = max(
        [settings.max_upload_size or 0, MAX_UPLOAD_SIZE]
        + [int(each.pref.config.get("MAX_UPLOAD_SIZE") or 0) for each in mounts.apps]
    )
    static = ""
    served: set[str] = set()
    for directory in mounts.directories if config.serve_static else ():
        # two directories at one point are searched one after the other, which only the service can do
        alone = sum(each.point == directory.point for each in mounts.directories) == 1
        if not alone or directory.point == "/" or directory.host != "default" or directory.point in served:
            continue
        if not _PLAIN_PATH.fullmatch(directory.path) or not _PLAIN_PATH.fullmatch(directory.point):
            raise AtilaError(f"{directory.path} has characters that cannot stand in a configuration of nginx")
        served.add(directory.point)
        static += _static(directory)
    return f"""# {place.get_proc_title()} behind nginx. Let the service believe what nginx tells:
#     skitai.run (trusted_proxies = "127.0.0.1")    or    ATILA_TRUSTED_PROXIES=127.0.0.1

map $http_upgrade ${upstream}_connection {{
    default upgrade;
    ''      '';
}}

upstream {upstream} {{
    server {address}:{config.port} fail_timeout=0;
    keepalive 32;
    # less than the service keeps an idle connection, or requests meet one that is just being closed
    keepalive_timeout {max(1, round(settings.keep_alive) - 1)}s;
}}

server {{
    listen 80;
    server_name {domain};
    client_max_body_size {-(-body // (1024 * 1024))}m;

{static}    location / {{
        proxy_pass {scheme}://{upstream};
        proxy_http_version 1.1;
        proxy_set_header Host $http_host;
        proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
        proxy_set_header X-Forwarded-Proto $scheme;
        proxy_set_header Upgrade $http_upgrade;
        proxy_set_header Connection ${upstream}_connection;
        # streams and pushes reach the client piece by piece, uploads the service
        proxy_buffering off;
        proxy_request_buffering off;
        proxy_read_timeout 300s;
    }}

    location @service {{
        proxy_pass {scheme}://{upstream};
        proxy_http_version 1.1;
        proxy_set_header Host $http_host;
        proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
        proxy_set_header X-Forwarded-Proto $scheme;
        proxy_set_header Connection '';
    }}
}}
"""
