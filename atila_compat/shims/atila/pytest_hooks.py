"""`atila.pytest_hooks`: not served yet."""

from __future__ import annotations

raise ImportError(
    "atila.pytest_hooks is not served yet: make the client fixture yourself, "
    "httpx.AsyncClient(transport=httpx.ASGITransport(skitai.asgi()))"
)
