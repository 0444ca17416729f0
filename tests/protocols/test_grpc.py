"""gRPC with grpcio's own client: on the app's own port and on a gRPC port, in clear and with TLS."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import grpc
import pytest

from .shop import SECONDS, Shop, open_shop
from .shop_pb2 import Item, Nothing

WAYS = ["http2", "grpc_port", "http2 tls", "grpc_port tls"]
Code = grpc.StatusCode


@pytest.fixture(scope="module", params=WAYS)
def shop(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """The service, once for each way in."""
    with open_shop(tmp_path_factory.mktemp("shop"), request.param) as found:
        yield found


def failure(call: Any) -> Any:
    """The error that a call ends with."""
    try:
        found = call()
        for _ in found if hasattr(found, "__next__") else ():
            pass
    except grpc.RpcError as error:
        return error
    raise AssertionError(f"the call was answered: {found}")


def status(call: Any) -> tuple[Any, str]:
    """Code and details of the error that a call ends with."""
    error = failure(call)
    return error.code(), error.details()


def seen(shop: Shop) -> list[str]:
    """What hooks and generators have noted since the last look."""
    if shop.certificate is not None:
        return []
    found: list[str] = shop.app.client.get("/shop.v1.Shop/").json()["seen"]
    return found


def wait_for(shop: Shop, note: str) -> bool:
    """Whether something has been noted, after waiting for it; it cannot be asked over TLS."""
    deadline = time.monotonic() + 10
    while shop.certificate is None and time.monotonic() < deadline:
        if note in seen(shop):
            return True
        time.sleep(0.02)
    return shop.certificate is not None


# -- the four kinds ------------------------------------------------------------------------------------------


def test_unary(shop: Shop) -> None:
    """A message is answered by a message."""
    assert shop.call("Get", Item(name="é", count=-7, data=b"\0\xff")) == Item(
        name="é", count=-7, data=b"\0\xff"
    )


def test_empty_messages(shop: Shop) -> None:
    """Messages of no bytes are messages; None stands for the answer that has no fields."""
    assert shop.call("Get", Item()) == Item()
    assert shop.call("Ping", Nothing()) == Nothing()
    assert shop.call("Sum", iter([Item(), Item(count=1), Item()])).count == 1
    assert list(shop.call("List", Item())) == []


@pytest.mark.parametrize("name", ["list", "generator"])
def test_server_stream(shop: Shop, name: str) -> None:
    """What is iterable is a stream of messages, in their order."""
    assert [item.count for item in shop.call("List", Item(name=name, count=1000))] == list(range(1000))


def test_server_stream_comes_as_it_is_made(shop: Shop) -> None:
    """Messages go out while the next ones are being made."""
    messages = shop.call("List", Item(name="slowly", count=40))
    began = time.monotonic()
    next(messages)
    assert time.monotonic() - began < 1.5
    messages.cancel()


def test_client_stream(shop: Shop) -> None:
    """A coroutine asks for messages with was.Input, None is the end; without input_stream they are a list."""
    items = [Item(name=str(n), count=n) for n in range(500)]
    assert shop.call("Sum", iter(items)).count == sum(range(500))
    assert shop.call("Sum", iter(())) == Item()
    assert shop.call("Collect", iter(items)) == Item(name="list", count=sum(range(500)))


def test_client_stream_that_is_answered_early(shop: Shop) -> None:
    """A coroutine may return before the client has come to its end."""
    items = (Item(name="enough" if n == 3 else "", count=n) for n in range(10))
    assert shop.call("Sum", items) == Item(name="enough", count=3)


def test_both_streams(shop: Shop) -> None:
    """Answers come between the questions: none waits for the end, any number for each."""
    spoken: list[str] = []

    def questions() -> Iterator[Any]:
        for n in range(20):
            spoken.append(str(n))
            yield Item(name=str(n), count=n % 3)
        yield Item(name="task")
        yield Item(name="return")

    heard = [item.name for item in shop.call("Talk", questions())]
    expected = [str(n) for n in range(20) for _ in range(n % 3)]
    assert heard == [*expected, "FROM A TASK", "last but one", "last"]


def test_conversation(shop: Shop) -> None:
    """A client may wait for an answer before it asks on."""
    answered: list[Any] = []

    def questions() -> Iterator[Any]:
        for n in range(5):
            while len(answered) < n:
                time.sleep(0.001)
            yield Item(name=f"question {n}", count=1)

    answered.extend(shop.call("Talk", iter([])))
    for item in shop.call("Talk", questions()):
        answered.append(item.name)  # noqa: PERF401 - the questions look at it meanwhile
    assert answered == [f"question {n}" for n in range(5)]


def test_task_as_answer(shop: Shop) -> None:
    """A task is waited for, and its data is the message."""
    assert shop.call("Get", Item(name="task")).name == "task"


# -- around a call -------------------------------------------------------------------------------------------


def test_metadata(shop: Shop) -> None:
    """Metadata are headers: those of the client reach the handler, those that it sets reach the client."""
    answer, call = shop.method("Get").with_call(
        Item(name="metadata"), metadata=(("x-colour", "red"), ("x-raw-bin", b"\0\1")), timeout=SECONDS
    )
    assert answer.name in ("red AAE=", "red AAE")
    metadata = dict(call.initial_metadata())
    assert metadata["x-answer"] == "42"
    assert metadata["set-cookie"].startswith("ATLSES_=")


def test_request(shop: Shop) -> None:
    """To a handler a call is a POST to its path, from the client's address."""
    assert shop.call("Get", Item(name="about")).name == "POST /shop.v1.Shop/Get 127.0.0.1"


def test_hooks(shop: Shop) -> None:
    """Hooks run around the handler, and may refuse the call."""
    if shop.certificate is None:
        seen(shop)
        shop.call("Get", Item())
        assert seen(shop)[1:] == ["before /Get", "teardown", "before /"]
    stopped = shop.method("Get")
    for how, expected in (
        ("return", (Code.RESOURCE_EXHAUSTED, "later")),
        ("raise", (Code.UNAVAILABLE, "closed")),
    ):
        metadata = (("x-stop", how),)
        assert status(lambda m=metadata: stopped(Item(), metadata=m, timeout=SECONDS)) == expected


@pytest.mark.parametrize(
    ("http", "code"),
    [
        (400, Code.INVALID_ARGUMENT),
        (401, Code.UNAUTHENTICATED),
        (403, Code.PERMISSION_DENIED),
        (404, Code.NOT_FOUND),
        (409, Code.ALREADY_EXISTS),
        (412, Code.FAILED_PRECONDITION),
        (429, Code.RESOURCE_EXHAUSTED),
        (501, Code.UNIMPLEMENTED),
        (503, Code.UNAVAILABLE),
        (504, Code.DEADLINE_EXCEEDED),
        (507, Code.INTERNAL),
        (418, Code.INVALID_ARGUMENT),
    ],
)
def test_errors_have_a_status(shop: Shop, http: int, code: Any) -> None:
    """The HTTP status of was.Error becomes the code, its explanation the details."""
    assert status(lambda: shop.call("Get", Item(name="error", count=http))) == (code, "because, é 100%")


def test_other_failures(shop: Shop) -> None:
    """An exception is UNKNOWN, and tells nothing; so is what is no message; a response has its status."""
    for name in ("crash", "text", "none"):
        code, details = status(lambda name=name: shop.call("Get", Item(name=name)))
        assert code in (Code.UNKNOWN, Code.INTERNAL)
        assert "boom" not in details
    assert status(lambda: shop.call("Get", Item(name="returned"))) == (Code.ALREADY_EXISTS, "there already")
    assert status(lambda: shop.call("Get", Item(name="status")))[0] == Code.NOT_FOUND


def test_streams_that_fail(shop: Shop) -> None:
    """What was yielded before an error arrives, then comes its status."""
    for name, code in (("crash", Code.UNKNOWN), ("error", Code.NOT_FOUND)):
        messages = shop.call("List", Item(name=name, count=10))
        assert [next(messages).count for _ in range(3)] == [0, 1, 2]
        assert status(lambda messages=messages: messages)[0] == code
    assert status(lambda: shop.call("List", Item(name="crash at once"))) == (Code.NOT_FOUND, "no list")
    assert status(lambda: shop.call("Sum", iter([Item(name="error")])))[0] == Code.INVALID_ARGUMENT
    talk = shop.call("Talk", iter([Item(name="a", count=1), Item(name="crash")]))
    assert [next(talk).name, next(talk).name] == ["a", "before"]
    assert status(lambda: talk)[0] == Code.UNKNOWN


def test_unknown_methods(shop: Shop) -> None:
    """What nobody serves is UNIMPLEMENTED."""
    for path in ("/shop.v1.Shop/Never", "/other.Service/Get", "/"):
        unknown = shop.channel.unary_unary(path)
        assert status(lambda unknown=unknown: unknown(b"", timeout=SECONDS))[0] == Code.UNIMPLEMENTED


# -- deadlines, cancellation, sizes --------------------------------------------------------------------------


def test_deadline(shop: Shop) -> None:
    """A call whose time is up ends with DEADLINE_EXCEEDED, and others go on."""
    assert status(lambda: shop.method("Get")(Item(name="sleep", count=10), timeout=0.3))[0] == (
        Code.DEADLINE_EXCEEDED
    )
    talk = shop.method("Talk")(iter([Item(name="a", count=1)]), timeout=5)
    assert next(talk).name == "a"
    assert shop.call("Get", Item(name="b")).name == "b"
    talk.cancel()


def test_cancelled_stream_is_closed(shop: Shop) -> None:
    """A client that cancels ends the generator."""
    seen(shop)
    messages = shop.call("List", Item(name="slowly", count=1000))
    next(messages)
    messages.cancel()
    assert wait_for(shop, "list closed")


def test_cancelled_conversation_is_closed(shop: Shop) -> None:
    """A client that leaves in the middle of a conversation ends the coroutine."""
    seen(shop)
    waiting = True

    def questions() -> Iterator[Any]:
        yield Item(name="a", count=1)
        while waiting:
            time.sleep(0.01)

    talk = shop.call("Talk", questions())
    assert next(talk).name == "a"
    talk.cancel()
    assert wait_for(shop, "talk closed")
    waiting = False


def test_large_messages(shop: Shop) -> None:
    """Messages of megabytes go both ways, up to `app.config.MAX_GRPC_MESSAGE`."""
    channel = shop.connect(("grpc.max_receive_message_length", -1))
    get = shop.method("Get", channel)
    data = bytes(range(256)) * 20_000
    assert get(Item(data=data), timeout=SECONDS).data == data
    assert len(get(Item(name="large", count=20_000_000), timeout=SECONDS).data) == 20_000_000
    assert status(lambda: get(Item(data=b"x" * 9_000_000), timeout=SECONDS))[0] == Code.RESOURCE_EXHAUSTED
    assert get(Item(name="after"), timeout=SECONDS).name == "after"
    channel.close()


def test_compression(shop: Shop) -> None:
    """A client may compress its messages by gzip."""
    data = b"x" * 1_000_000
    channel = shop.connect(compression=grpc.Compression.Gzip)
    assert shop.method("Get", channel)(Item(data=data), timeout=SECONDS).data == data
    items = [Item(name="a" * 2000, count=1)] * 3
    assert [item.name for item in shop.method("Talk", channel)(iter(items), timeout=SECONDS)] == [
        "a" * 2000
    ] * 3
    channel.close()


def test_slow_client(shop: Shop) -> None:
    """A client that takes its time holds back the generator, and gets everything."""
    # with the probe a client on a busy machine asks for tens of megabytes ahead
    channel = shop.connect(("grpc.max_receive_message_length", -1), ("grpc.http2.bdp_probe", 0))
    messages = shop.method("List", channel)(Item(name="large", count=5000), timeout=60)  # 50 MB
    next(messages)
    time.sleep(1)
    if shop.certificate is None:
        assert shop.app.client.get("/shop.v1.Shop/").json()["produced"] < 2500
    assert [item.count for item in messages] == list(range(1, 5000))
    channel.close()


def test_many_calls_at_a_time(shop: Shop) -> None:
    """Calls of one channel do not wait for each other."""
    slow = [shop.method("Get").future(Item(name="sleep", count=5), timeout=SECONDS) for _ in range(2)]
    began = time.monotonic()
    assert shop.call("Get", Item(name="quick")).name == "quick"
    assert time.monotonic() - began < 0.4
    futures = [shop.method("Get").future(Item(count=n), timeout=SECONDS) for n in range(200)]
    assert [future.result().count for future in futures] == list(range(200))
    assert [future.result().name for future in slow] == ["sleep"] * 2
