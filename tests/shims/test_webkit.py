"""What apps import from `rs4.webkit` to call and to test servers (spec/08 section 5)."""

from __future__ import annotations

import httpx
import pytest

from atila_compat.shims.rs4.webkit.siesta import API
from atila_compat.shims.rs4.webkit.webtest import Target

from ..launch import Serve
from ..testing.apps import SOURCE


def test_siesta(serve: Serve) -> None:
    """`siesta.API` has paths as attributes, credentials, and raises for errors unless told otherwise."""
    url = serve(SOURCE).url
    assert API(url).items(3).get().data.id == 3
    assert API(url, ("hans", "secret")).secret.get().data.user == "hans"
    with pytest.raises(httpx.HTTPStatusError, match="409 Conflict"):
        API(url).wrong.get()
    assert API(url, reraise_http_error=False).wrong.get().status_code == 409


def test_webtest(serve: Serve) -> None:
    """`webtest.Target` is a client of a server that runs."""
    with Target(serve(SOURCE).url) as client:
        assert client.get("/items/3").data["id"] == 3
