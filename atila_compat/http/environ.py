"""The WSGI environ of a request: `was.env`, and what WSGI apps are called with (spec/04 section 3)."""

from __future__ import annotations

import io
import os
import sys
from typing import TYPE_CHECKING, Any

from ..context import current_was

if TYPE_CHECKING:
    from .request import Request

SERVER_SOFTWARE = "atila_compat"
_PLAIN_HEADERS = {"content-type": "CONTENT_TYPE", "content-length": "CONTENT_LENGTH"}
_ENGINE_VERSION = (0, 38, 1)
"""The version of the engine that this one stands for."""


def _input_of(request: Request) -> Any:
    if request.multipart is not None:
        return request.multipart
    return None if request.body is None else io.BytesIO(request.body)


def build_environ(request: Request) -> dict[str, Any]:
    """The environ of `request`; the mount point in SCRIPT_NAME ends with a slash, as in the original."""
    scope = request.scope
    server = scope.get("server") or ("", "")
    root: str = scope.get("root_path", "")
    environ: dict[str, Any] = dict(os.environ)
    environ.update(
        {
            "REQUEST_METHOD": request.method,
            "REQUEST_URI": request.uri,
            "REQUEST_VERSION": request.version,
            "SERVER_PROTOCOL": f"HTTP/{request.version}",
            "SERVER_NAME": str(server[0]),
            "SERVER_PORT": str(server[1] or ""),
            "SERVER_SOFTWARE": SERVER_SOFTWARE,
            "GATEWAY_INTERFACE": "CGI/1.1",
            "REMOTE_ADDR": request.get_remote_addr(),
            "REMOTE_SERVER": request.get_remote_addr(),
            "SCRIPT_NAME": root + "/",
            "SCRPIT_PATH": root + "/",
            "PATH_INFO": request.path,
            "CONNECTION_TYPE": request.lowered.get("connection"),
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": request.scheme,
            "wsgi.input": _input_of(request),
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
            "skitai.version": _ENGINE_VERSION,
            "skitai.was": current_was.get(None),
            "wsgi.app": request.current_app,
            "wsgi.routed": request.routed,
            "wsgi.route_options": request.routable,
        }
    )
    query = scope.get("query_string", b"")
    if query:
        environ["QUERY_STRING"] = query.decode("latin-1")
    else:
        environ.pop("QUERY_STRING", None)
    for name, value in request.lowered.items():
        if "_" in name and name.replace("_", "-") in request.lowered:
            continue  # both have one name here, and proxies set the one with dashes
        plain = _PLAIN_HEADERS.get(name)
        environ[plain or "HTTP_" + name.upper().replace("-", "_")] = value
    return environ
