"""Codes of HTTP statuses, and details on the wire."""

from __future__ import annotations

from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atila_compat.protocols import grpc_status as codes
from atila_compat.protocols.grpc_status import code_of, quoted


@pytest.mark.parametrize(
    ("status_code", "code"),
    [
        (200, codes.OK),
        (204, codes.OK),
        (404, codes.NOT_FOUND),
        (599, codes.INTERNAL),
        (302, codes.INVALID_ARGUMENT),
    ],
)
def test_codes(status_code: int, code: int) -> None:
    """Every HTTP status has a code."""
    assert code_of(status_code) == code


@given(st.text(max_size=200))
def test_details_are_percent_encoded(details: str) -> None:
    """Details are printable ASCII on the wire, and come back as they were; what is no text is replaced."""
    wire = quoted(details)
    assert all(32 <= byte < 127 for byte in wire)
    assert unquote(wire.decode()) == details.encode("utf-8", "replace").decode()
