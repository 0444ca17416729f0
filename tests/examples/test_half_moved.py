"""examples/half-moved."""

from __future__ import annotations

import sys

import httpx
import pytest

from .conftest import Example

UVICORN = (sys.executable, "-m", "uvicorn", "--log-level=warning")


@pytest.fixture(scope="module")
def client(example: Example) -> httpx.Client:
    """A client of the Starlette application."""
    return example("half-moved", command=(*UVICORN, "serve:application")).client


def test_old_and_new_routes_answer_side_by_side(client: httpx.Client) -> None:
    """What is not moved is answered by the old app, with its sessions and its errors."""
    assert client.get("/price/apple").json() == {"name": "apple", "cents": 30}
    assert client.get("/").json() == {"goods": ["apple", "bread", "cake"], "visits": 1}
    missing = client.get("/price/tart")
    assert (missing.status_code, missing.json()["more_info"]) == (404, "we do not sell tart")
    assert client.get("/stock/cake").json() == {"name": "cake", "pieces": 7, "by": "Starlette"}


def test_async_handler_awaits_tasks(client: httpx.Client) -> None:
    """The handler that has become `async def` awaits an Atila task and asyncio's own."""
    assert client.get("/parcel/bread").json() == {"name": "bread", "grams": 500}


def test_middleware_is_around_both(client: httpx.Client) -> None:
    """Starlette middleware sees the answers of old routes, of new ones, and errors."""
    for path in ("/", "/stock/cake", "/price/tart"):
        assert client.get(path).headers["server-timing"].startswith("app;dur=")


def test_fastapi_mounts_the_old_app(example: Example) -> None:
    """The old app answers below /legacy, and builds its URLs and cookies for there."""
    client = example("half-moved", command=(*UVICORN, "fastapi_host:api")).client
    assert client.get("/price/apple").json() == {"cents": 30}
    assert client.get("/legacy/price/bread").json() == {"name": "bread", "cents": 250}
    assert client.get("/legacy/").json()["visits"] == 1
    assert client.get("/openapi.json").json()["info"]["title"] == "the new shop"
