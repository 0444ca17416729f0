"""examples/hello."""

from __future__ import annotations

from .conftest import Example


def test_hello_says_hello(example: Example) -> None:
    """The smallest app answers on its only route, and 404 elsewhere."""
    client = example("hello").client
    assert client.get("/").text == "Hello, World"
    assert client.get("/nowhere").status_code == 404
