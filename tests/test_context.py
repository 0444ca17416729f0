from __future__ import annotations

import asyncio
import threading
from typing import Any, cast

import pytest

from atila_compat import Atila
from atila_compat.context import current_was, get_was
from tests.serving.connection import client


def test_no_was_outside_of_requests() -> None:
    """Outside of requests, hooks and events asking for `was` is an error that says so."""
    with pytest.raises(RuntimeError, match="`was` exists in handlers, hooks and events only"):
        get_was()


def test_was_belongs_to_its_context() -> None:
    """What is current in one context is not in another thread's."""
    token = current_was.set(cast(Any, "mine"))
    try:
        assert get_was() == cast(Any, "mine")
        seen: list[Any] = []
        thread = threading.Thread(target=lambda: seen.append(current_was.get(None)))
        thread.start()
        thread.join()
        assert seen == [None]
    finally:
        current_was.reset(token)


def test_requests_at_once_have_their_own() -> None:
    """Requests that are answered at the same time each see their own `was`, sync and async."""
    app = Atila("app")
    together = threading.Barrier(2, timeout=10)

    @app.route("/sync/<n>")
    def sync(was: Any, n: str) -> str:
        together.wait()
        return str(get_was().request.PARAMS["n"])

    @app.route("/async/<n>")
    async def later(was: Any, n: str) -> str:
        await asyncio.sleep(0.001)
        return str(get_was().request.PARAMS["n"])

    async def run() -> list[str]:
        async with client(app) as peer:
            paths = [f"/{kind}/{n}" for kind in ("sync", "async") for n in range(2)]
            return [answer.text for answer in await asyncio.gather(*map(peer.get, paths))]

    assert asyncio.run(run()) == ["0", "1", "0", "1"]
