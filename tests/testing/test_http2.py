"""`client.http2`: HTTP/2 for tests (spec/08 section 1.1)."""

from __future__ import annotations

import importlib.util
import sys

import pytest

from atila_compat import skitai
from atila_compat.errors import MissingExtra

from ..launch import Serve
from .apps import SOURCE

SERVED = (sys.executable, "-m", "hypercorn", "serve:app", "--bind", "127.0.0.1:{port}")


def test_http2(serve: Serve) -> None:
    """Requests are sent by HTTP/2, with the cookies that the client had."""
    running = serve(SOURCE, command=SERVED)
    with skitai.test_client(port=running.port) as client:
        client.get("/visits")
        answer = client.http2.get("/visits")
        assert answer.http_version == "HTTP/2"
        assert answer.data["n"] == 2
        assert client.http2.post("/echo", {"a": 1}).data["data"] == {"a": "1"}


def test_missing_package(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without h2 the error names the extra."""
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with skitai.test_client(port=1) as client, pytest.raises(MissingExtra, match=r"atila_compat\[testing\]"):
        client.http2  # noqa: B018 - the property raises
