"""A running event loop with its runtime, and a `was` whose tasks run there, as in a worker of a server."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import Iterator

import pytest

from atila_compat import Atila
from atila_compat.context import current_was
from atila_compat.http.request import Request
from atila_compat.http.response import Response
from atila_compat.serving.runtime import Runtime
from atila_compat.state import state
from atila_compat.tasks import aliases
from atila_compat.tasks.cache import results
from atila_compat.types import Scope
from atila_compat.was import Was

from .peers import Peer


def make_was(runtime: Runtime, app: Atila, **scope: object) -> Was:
    """A `was` for a request to `/`."""
    full: Scope = {
        "type": "http",
        "method": "GET",
        "path": "/",
        "raw_path": b"/",
        "query_string": b"",
        "headers": [],
        "client": ("127.0.0.1", 1),
        **scope,
    }
    request = Request(full, "/", app)
    request.body = b""
    return Was(app, request, Response(request), runtime)


@pytest.fixture
def runtime() -> Iterator[Runtime]:
    """A runtime whose loop runs in another thread."""
    loop = asyncio.new_event_loop()
    made = Runtime(threads=1, task_threads=8)
    made.attach(loop)
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    yield made
    asyncio.run_coroutine_threadsafe(made.aclose(), loop).result(10)
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.run_until_complete(loop.shutdown_default_executor())
    loop.close()


@pytest.fixture
def app() -> Iterator[Atila]:
    """An app; aliases, shared names and kept results are forgotten afterwards."""
    yield Atila("tests")
    aliases.reset()
    results.clear()
    state.reset()


@pytest.fixture
def was(runtime: Runtime, app: Atila) -> Iterator[Was]:
    """The `was` of a request, current in this thread."""
    made = make_was(runtime, app)
    token: contextvars.Token[Was] = current_was.set(made)
    runtime.activate()
    yield made
    current_was.reset(token)


@pytest.fixture
def peer() -> Iterator[Peer]:
    """An HTTP server that tells what it was asked."""
    with Peer() as server:
        yield server
