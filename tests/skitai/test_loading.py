"""Mounts on their way to applications that can be called."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import anyio
import pytest

from atila_compat import skitai
from atila_compat.skitai.mounts import current_mounts

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


async def test_django_projects(tmp_path: Path) -> None:
    """Beside a `settings.py` the variable `application` is mounted, where no other is named."""
    project = tmp_path / "project"
    project.mkdir()
    (project / "settings.py").touch()
    (project / "wsgi.py").write_text(
        "def application(environ, start_response):\n"
        "    start_response('200 OK', [])\n"
        "    return [environ['SCRIPT_NAME'].encode()]\n"
    )
    skitai.mount_django("/shop", "project/wsgi.py")
    (mounted,) = current_mounts().apps
    assert mounted.pref.config.MAX_UPLOAD_SIZE == 256 * 2**20
    try:
        async with running(skitai.asgi()) as client:
            assert (await client.get("/shop/")).text == "/shop/"
    finally:
        sys.path.remove(str(project))
        del sys.modules["skitai.mounted.project.wsgi"]
