"""Who is measured. To add a peer: an app in `apps/` that answers the scenarios, and an entry here."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ..launch import ROOT
from .names import THIS

APPS = Path(__file__).parent / "apps"
MODULE = "tests.benchmarks.apps"
UVICORN = (sys.executable, "-m", "uvicorn", "--host=127.0.0.1", "--log-level=warning", "--no-access-log")
GUNICORN = (sys.executable, "-m", "gunicorn", "--worker-class=gthread", "--workers=1", "--threads=4")


@dataclass(frozen=True)
class Peer:
    """A server of one process.

    Attributes:
        about: what it is, for the report.
        command: what starts it; `{port}` in it stands for the port.
        folder: where it is started.
    """

    about: str
    command: Sequence[str]
    folder: Path = ROOT


def _uvicorn(about: str, app: str) -> Peer:
    return Peer(about, (*UVICORN, f"{MODULE}.{app}", "--port={port}"))


PEERS = {
    THIS: Peer(
        "this project: a launch script on `python -m atila_compat run`",
        (sys.executable, "-m", "atila_compat", "run", "atila_app.py", "--port={port}"),
        APPS,
    ),
    "bare": _uvicorn("an ASGI callable, nothing else", "bare:app"),
    "starlette-async": _uvicorn("Starlette, `async def` routes", "starlette_async:app"),
    "starlette-sync": _uvicorn("Starlette, `def` routes", "starlette_sync:app"),
    "fastapi-sync": _uvicorn("FastAPI, `def` routes", "fastapi_sync:app"),
    "flask-gunicorn": Peer(
        "Flask on gunicorn, 1 gthread worker of 4 threads",
        (
            *GUNICORN,
            "--bind=127.0.0.1:{port}",
            "--keep-alive=75",
            "--log-level=warning",
            f"{MODULE}.flask_sync:app",
        ),
    ),
    "flask-a2wsgi": _uvicorn("Flask by a2wsgi on uvicorn", "flask_sync:asgi"),
    "quart-sync": _uvicorn("Quart, `def` routes", "quart_sync:app"),
}
"""By name, in the order of the report; this project first, the others are compared with it."""


def with_options(peer: Peer, *options: str) -> Peer:
    """A peer that is started with further options."""
    return replace(peer, about=" ".join((peer.about, *options)), command=(*peer.command, *options))


def original(python: str) -> Peer:
    """The original, from the environment of this Python."""
    return Peer("the original (Atila on Skitai)", (python, "atila_app.py", "--port={port}"), APPS)
