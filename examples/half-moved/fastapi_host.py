"""The same shop below a FastAPI application.

uvicorn --app-dir examples/half-moved fastapi_host:api --port=5000
"""

from __future__ import annotations

from fastapi import FastAPI

from legacy import PRICES, app

api = FastAPI(title="the new shop")


@api.get("/price/{name}")
async def price(name: str) -> dict[str, int | None]:
    """A price, from the new code; /docs describes it."""
    return {"cents": PRICES.get(name)}


api.mount("/legacy", app)
