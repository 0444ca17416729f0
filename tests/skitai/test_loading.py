"""Mounts on their way to applications that can be called."""

from __future__ import annotations

from typing import Any

import anyio
import pytest

from atila_compat import skitai

from .test_server import atila, mounts, running

__all__ = ["mounts"]

pytestmark = pytest.mark.anyio


async def test_a_mounted_alias_that_nobody_has_defined() -> None:
    """It answers 502, and the log names it (tests/production/test_front.py has what it does otherwise)."""
    skitai.mount("/api", "@backend-of-nobody/v1")
    async with running(skitai.asgi()) as client:
        assert (await client.get("/api/x")).status_code == 502


async def test_the_upload_limit_of_the_service() -> None:
    """`skitai.set_max_upload_size` holds for apps that have no limit of their own."""
    one, two = atila("one"), atila("two")

    def upload(was: Any) -> str:
        return "stored"

    for app in (one, two):
        app.route("/upload", methods=["POST"])(upload)
    pref = skitai.preference()
    pref.config.MAX_UPLOAD_SIZE = 20
    skitai.set_max_upload_size(10)
    skitai.mount("/one", one)
    skitai.mount("/two", two, pref)
    async with running(skitai.asgi()) as client:
        for path, size, expected in (("one", 10, 200), ("one", 11, 413), ("two", 20, 200), ("two", 21, 413)):
            assert (await client.post(f"/{path}/upload", content=b"x" * size)).status_code == expected


async def test_scheduled_functions(caplog: pytest.LogCaptureFixture) -> None:
    """`skitai.sched` calls a function again and again, also after it has failed."""
    calls: list[int] = []

    def tick() -> None:
        calls.append(1)
        raise ValueError("tick failed")

    skitai.sched(0.01, tick)
    skitai.mount("/", atila("app"))
    async with running(skitai.asgi()):
        with anyio.fail_after(5):
            while len(calls) < 2:
                await anyio.sleep(0.01)
    assert "tick failed" in caplog.text
