"""Which POST requests carry calls."""

from __future__ import annotations

import pytest

from atila_compat.protocols import dispatch
from atila_compat.protocols.dispatch import protocol_of


def headers(content_type: str | None) -> list[tuple[bytes, bytes]]:
    """Headers of a request with this content type."""
    found = [(b"host", b"x"), (b"accept", b"text/xml")]
    return found if content_type is None else [*found, (b"content-type", content_type.encode())]


@pytest.mark.parametrize(
    ("content_type", "name"),
    [
        ("text/xml", "_load_xmlrpc"),
        ("TEXT/XML; charset=utf-8", "_load_xmlrpc"),
        ("application/xml", "_load_xmlrpc"),
        ("application/json-rpc", "_load_jsonrpc"),
        ("application/json-rpc;charset=utf-8", "_load_jsonrpc"),
        ("application/grpc", "_load_grpc"),
        ("application/grpc+proto", "_load_grpc"),
    ],
)
def test_calls(content_type: str, name: str) -> None:
    """The content type says which protocol a body is in; its parameters and its case do not matter."""
    protocol = protocol_of({"headers": headers(content_type)})
    assert protocol is getattr(dispatch, name)()


@pytest.mark.parametrize(
    "content_type",
    [None, "", "application/json", "application/x-www-form-urlencoded", "multipart/form-data", "text/xmlx"],
)
def test_ordinary_requests(content_type: str | None) -> None:
    """Anything else is an ordinary request."""
    assert protocol_of({"headers": headers(content_type)}) is None
