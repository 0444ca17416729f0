"""Programs that no wheel brings; a test that wants one is skipped without it, and fails in CI (skips.py)."""

from __future__ import annotations

import os
import shutil

import pytest

from atila_compat.testing.driver import BROWSERS


def find(*names: str) -> str | None:
    """The path of the first of these programs that is installed."""
    path = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin"])
    return next(filter(None, (shutil.which(name, path=path) for name in names)), None)


needs_nginx = pytest.mark.skipif(find("nginx") is None, reason="wants nginx: apt-get install nginx-light")
needs_browser = pytest.mark.skipif(
    None in (find(*BROWSERS), find("chromedriver")),
    reason="wants a browser: apt-get install chromium chromium-driver",
)
needs_systemd = pytest.mark.skipif(
    find("systemd-analyze") is None, reason="wants systemd-analyze: apt-get install systemd"
)
