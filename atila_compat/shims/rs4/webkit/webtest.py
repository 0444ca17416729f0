"""`rs4.webkit.webtest`: the test client for a server that runs, `Target("http://127.0.0.1:5000")`."""

from __future__ import annotations

from ....testing.client import Client as Target

__all__ = ["Target"]
