"""The status page: figures of all workers, where `skitai.run(status_path = "/__status__")` puts it.

    /__status__             JSON: the figures, what each thread of the worker that answers is running
    /__status__/metrics     the figures in Prometheus' text format

It is off by default. Nobody is asked who they are: keep the path from the outside in the proxy in front.
"""

from __future__ import annotations

import json
import os

from ..protocols.refusal import refuse
from ..serving.runtime import Runtime
from ..types import Receive, Scope, Send
from .metrics import metrics
from .place import get_proc_title


class StatusPage:
    """Answers below a path.

    Attributes:
        path: without a slash at its end.
    """

    def __init__(self, path: str) -> None:
        self.path = "/" + path.strip("/")

    def covers(self, path: str) -> bool:
        """Whether a path is answered here."""
        return path.startswith(self.path) and path[len(self.path) :] in ("", "/", "/metrics")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        below = scope["path"][len(self.path) :].rstrip("/")
        if scope["type"] != "http":
            await refuse(scope, send, 404)
            return
        if scope["method"] not in ("GET", "HEAD"):
            await refuse(scope, send, 405)
            return
        runtime = Runtime.of_running_loop()
        metrics.look(runtime, int(metrics.values["connections"]))
        if below:
            content_type, body = b"text/plain; version=0.0.4; charset=utf-8", metrics.as_text().encode()
        else:
            running = [
                {"request": label, "seconds": round(seconds, 3)} for label, seconds in runtime.workers.busy()
            ]
            page = {
                "service": get_proc_title(),
                "answered_by": os.getpid(),
                "running": running,
                **metrics.as_json(),
            }
            content_type, body = b"application/json", json.dumps(page).encode()
        headers = [
            (b"content-type", content_type),
            (b"content-length", b"%d" % len(body)),
            (b"cache-control", b"no-store"),
        ]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})
