"""`rs4.webkit.siesta`: a REST client whose paths are attributes, `API(url).items(3).get(q=1).data`."""

from __future__ import annotations

from typing import Any

from ....testing import siesta
from ....testing.siesta import Resource

__all__ = ["API", "Resource"]

TIMEOUT = 10.0


class API(siesta.API):
    """The paths of a server; certificates are checked, unlike in the original.

    Args:
        base_url: in front of all paths.
        auth: (user, password), or an httpx.Auth.
        logger: not used.
        reraise_http_error: raise httpx.HTTPStatusError for a status of 400 and above.
    """

    def __init__(
        self, base_url: str, auth: Any = None, logger: Any = None, reraise_http_error: bool = True
    ) -> None:
        import httpx

        from ....testing.client import Client

        client = Client(base_url, session=httpx.Client(timeout=TIMEOUT))
        settings = {"auth": auth, "timeout": TIMEOUT}
        super().__init__(base_url, siesta.sender(client, reraise_http_error, **settings))
