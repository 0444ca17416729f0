"""HTTP/2 for the test client."""

from __future__ import annotations

import importlib.util

import httpx

from ..errors import MissingExtra


def make_session(like: httpx.Client) -> httpx.Client:
    """An httpx.Client for HTTP/2 only, with the cookies of another one.

    Raises MissingExtra without the package h2.
    """
    if importlib.util.find_spec("h2") is None:
        raise MissingExtra("HTTP/2 in the test client", "testing")
    return httpx.Client(
        base_url=like.base_url,
        http1=False,
        http2=True,
        trust_env=False,
        verify=False,  # noqa: S501 - the server is the test's own
        timeout=like.timeout,
        cookies=like.cookies,
    )
