"""gRPC on the wire of HTTP/2: what a client of any kind may send, and what it should not."""

from __future__ import annotations

import gzip
import struct
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from atila_compat.protocols import grpc_status as codes
from atila_compat.protocols.grpc_http import decompress, parse_timeout
from atila_compat.protocols.grpc_status import GRPCError

from .http2 import exchange
from .shop import Shop, open_shop
from .shop_pb2 import Item


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """The service on its own port, in clear."""
    with open_shop(tmp_path_factory.mktemp("shop"), "http2") as found:
        yield found


def framed(message: Any, flag: int = 0) -> bytes:
    """A message as it stands in a body."""
    data = message if isinstance(message, bytes) else message.SerializeToString()
    return struct.pack("!BI", flag, len(data)) + data


def call(shop: Shop, method: str, *pieces: bytes, **headers: str) -> tuple[int, str, list[Any]]:
    """The code, the details and the messages of the answer to a body."""
    answer = exchange(shop.app, f"/shop.v1.Shop/{method}", pieces, **headers)
    assert answer.status == 200
    assert answer.headers["content-type"] == "application/grpc"
    messages, body = [], bytes(answer.body)
    while body:
        flag, length = struct.unpack_from("!BI", body)
        data, body = body[5 : 5 + length], body[5 + length :]
        messages.append(Item.FromString(gzip.decompress(data) if flag else data))
    return int(answer.trailers["grpc-status"]), answer.trailers["grpc-message"], messages


def test_success(shop: Shop) -> None:
    """The answer is a message and the status 0; the headers say which compression is understood."""
    answer = exchange(shop.app, "/shop.v1.Shop/Get", [framed(Item(name="x"))])
    assert answer.body == framed(Item(name="x"))
    assert answer.trailers == {"grpc-status": "0", "grpc-message": "ok"}
    assert answer.headers["grpc-accept-encoding"] == "identity,gzip"


def test_messages_in_any_pieces(shop: Shop) -> None:
    """Where a body is cut has nothing to do with its messages."""
    body = b"".join(framed(Item(name="a" * n, count=n)) for n in range(20))
    assert call(shop, "Sum", *(body[n : n + 3] for n in range(0, len(body), 3)))[2][0].count == sum(range(20))
    assert call(shop, "Sum", body)[2][0].count == sum(range(20))


def test_compressed_messages(shop: Shop) -> None:
    """A compressed message is answered by a compressed one, if that is large."""
    packed = framed(gzip.compress(Item(name="b" * 5000).SerializeToString()), 1)
    code, _, messages = call(shop, "Get", packed, grpc_encoding="gzip")
    assert (code, messages[0].name) == (0, "b" * 5000)


@pytest.mark.parametrize(
    ("pieces", "headers", "code"),
    [
        ([], {}, codes.INVALID_ARGUMENT),
        ([b"\0\0"], {}, codes.INTERNAL),
        ([framed(Item(name="half a message"))[:-3]], {}, codes.INTERNAL),
        ([b"\0\xff\xff\xff\xff"], {}, codes.RESOURCE_EXHAUSTED),
        ([framed(b"\xff\xff\xff")], {}, codes.INVALID_ARGUMENT),
        ([framed(Item(), 7)], {}, codes.INTERNAL),
        ([framed(Item(), 1)], {}, codes.INTERNAL),
        ([framed(b"no gzip", 1)], {"grpc_encoding": "gzip"}, codes.INTERNAL),
        ([framed(gzip.compress(b"x" * 50)[:-9], 1)], {"grpc_encoding": "gzip"}, codes.INTERNAL),
        ([framed(gzip.compress(b"\0" * 20_000_000), 1)], {"grpc_encoding": "gzip"}, codes.RESOURCE_EXHAUSTED),
        ([framed(Item())], {"grpc_encoding": "snappy"}, codes.UNIMPLEMENTED),
        ([framed(Item())], {"grpc_timeout": "soon"}, codes.INTERNAL),
        ([framed(Item())], {"grpc_timeout": "1"}, codes.INTERNAL),
        ([framed(Item(name="sleep", count=5))], {"grpc_timeout": "20m"}, codes.DEADLINE_EXCEEDED),
    ],
)
def test_bad_calls(shop: Shop, pieces: list[bytes], headers: dict[str, str], code: int) -> None:
    """What is against the protocol has a status that says so, and no message."""
    answered, details, messages = call(shop, "Get", *pieces, **headers)
    assert (answered, messages) == (code, [])
    assert details


@pytest.mark.parametrize("method", ["Sum", "Talk", "Collect"])
def test_bad_streams(shop: Shop, method: str) -> None:
    """A stream that breaks off in a message, or has a wrong one, ends with its status."""
    good = framed(Item(name="a", count=1))
    assert call(shop, method, good, framed(Item(name="broken"))[:-2])[0] == codes.INTERNAL
    assert call(shop, method, good, framed(b"\xff\xff"))[0] == codes.INVALID_ARGUMENT
    assert call(shop, method, good, good)[0] == codes.OK


def test_lists_have_a_limit(shop: Shop) -> None:
    """Empty messages count, too, where a handler is given all at once: each is an object in memory."""
    code, details, _ = call(shop, "Collect", *[framed(b"") * 50_000] * 6)
    assert code == codes.RESOURCE_EXHAUSTED
    assert "16777216 bytes" in details
    assert call(shop, "Collect", framed(Item()) * 1000)[0] == codes.OK


def test_over_http_1(shop: Shop) -> None:
    """Where no trailers can be sent the status stands in the headers."""
    answer = shop.app.client.post(
        "/shop.v1.Shop/Get", content=framed(Item()), headers={"Content-Type": "application/grpc"}
    )
    assert answer.status_code == 200
    assert answer.headers["grpc-status"] == str(codes.UNIMPLEMENTED)
    assert "http2" in answer.headers["grpc-message"]


def test_pages_beside(shop: Shop) -> None:
    """The same port serves pages, over HTTP/1.1 and HTTP/2."""
    assert shop.app.client.get("/shop.v1.Shop/").status_code == 200
    with httpx.Client(base_url=shop.app.url, http1=False, http2=True, trust_env=False) as client:
        answer = client.get("/shop.v1.Shop/")
        assert (answer.status_code, answer.http_version) == (200, "HTTP/2")


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("5S", 5.0), ("200m", 0.2), ("1H", 3600.0), ("2M", 120.0), ("7u", 7e-6), ("8n", 8e-9), (None, None)],
)
def test_timeouts(value: str | None, seconds: float | None) -> None:
    """A timeout is a number and a unit."""
    assert parse_timeout(value) == (seconds if seconds is None else pytest.approx(seconds))


@given(st.text(max_size=12))
def test_any_timeout(value: str) -> None:
    """Any header is a timeout, or an error of the protocol."""
    try:
        seconds = parse_timeout(value)
    except GRPCError as error:
        assert error.code == codes.INTERNAL  # noqa: PT017
    else:
        assert seconds is not None
        assert seconds >= 0


@given(st.binary(max_size=200))
def test_any_compressed_data(data: bytes) -> None:
    """Any bytes are gzip data within the limit, or an error of the protocol."""
    try:
        assert len(decompress(data, 1000)) <= 1000
    except GRPCError as error:
        assert error.code in (codes.INTERNAL, codes.RESOURCE_EXHAUSTED)  # noqa: PT017
    assert decompress(gzip.compress(data), 200) == data


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    method=st.sampled_from(["Get", "List", "Sum", "Collect", "Talk", "Ping"]),
    pieces=st.lists(
        st.binary(max_size=40)
        | st.builds(framed, st.binary(max_size=40), st.sampled_from([0, 0, 0, 1, 2]))
        | st.builds(lambda n: framed(Item(name="x", count=n)), st.integers(0, 5)),
        max_size=6,
    ),
    encoding=st.sampled_from(["identity", "gzip"]),
)
def test_any_body(shop: Shop, method: str, pieces: list[bytes], encoding: str) -> None:
    """Whatever a client sends is answered with a status, and never by an error of the server's."""
    before = len(shop.app.log())
    code, _, _ = call(shop, method, *pieces, grpc_encoding=encoding)
    assert code in (codes.OK, codes.INVALID_ARGUMENT, codes.INTERNAL, codes.RESOURCE_EXHAUSTED)
    assert "Traceback" not in shop.app.log()[before:]
