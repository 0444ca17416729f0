"""The recording proxy, between real clients and a real server."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import websocket

from atila_compat.errors import AtilaError
from atila_compat.migrate.parity.case import Case, write
from atila_compat.migrate.parity.launching import served
from atila_compat.migrate.parity.player import play_case
from atila_compat.migrate.parity.recorder import Recorder

from .old_server import old_server


@pytest.fixture(scope="module")
def old() -> Iterator[str]:
    """URL of an old server."""
    with served(old_server()) as url:
        yield url


@pytest.fixture(scope="module")
def new() -> Iterator[str]:
    """URL of a new server that answers as the old one does."""
    with served(old_server()) as url:
        yield url


def case_of(recorder: Recorder, folder: Path) -> Case:
    exchanges, answers = recorder.finish()
    return write(folder / "case", "recorded", list(exchanges), answers, "the tests")


def test_traffic_passes_and_is_recorded(old: str, new: str, tmp_path: Path) -> None:
    """Clients get the old server's answers; what passed can be played against another server."""
    recorder = Recorder(old)
    with served(recorder) as url, httpx.Client(base_url=url, trust_env=False) as client:
        assert client.get("/hello?name=kim").text == "hello kim"
        assert client.get("/missing").status_code == 404
        assert client.post("/echo", content="한글", headers={"Content-Type": "text/plain"}).text == "한글"
        assert client.put("/echo", content=b"\xff\x00").content == b"\xff\x00"
        assert client.get("/stream").content == b"one two \xff"
    case = case_of(recorder, tmp_path)
    assert [exchange["request"]["path"] for exchange in case.exchanges] == [
        "/hello?name=kim",
        "/missing",
        "/echo",
        "/echo",
        "/stream",
    ]
    assert case.exchanges[3]["request"]["b64"] == "/wA="
    assert "User-Agent" not in case.exchanges[0]["request"]["headers"]
    for url in (old, new):
        assert [outcome.differs for outcome in play_case(case, url)] == [[]] * 5


def test_tokens_are_taken_from_the_new_server(old: str, new: str, tmp_path: Path) -> None:
    """A token that an answer gave and a later request brought is the new server's own when it is played."""
    recorder = Recorder(old)
    with served(recorder) as url, httpx.Client(base_url=url, trust_env=False) as client:
        token = client.post("/login", json={"user": "kim"}).json()["token"]
        answer = client.get("/private", headers={"Authorization": f"Bearer {token}"})
        assert answer.json() == {"secret": 42}
    case = case_of(recorder, tmp_path)
    assert token not in (tmp_path / "case" / "case.json").read_text()
    assert case.exchanges[1]["request"]["headers"]["Authorization"] == "Bearer {{value1}}"
    assert [outcome.differs for outcome in play_case(case, new)] == [[], []]


def test_clients_with_cookies_get_jars(old: str, new: str, tmp_path: Path) -> None:
    """Each client's cookies are kept apart, and come from the new server when it is played."""
    recorder = Recorder(old, [r"sid=[\w-]+"])
    with served(recorder) as url:
        clients = [httpx.Client(base_url=url, trust_env=False) for _ in range(2)]
        texts = [clients[index].get("/visit").text for index in (0, 1, 0, 0, 1)]
        for client in clients:
            client.close()
    assert texts == ["visit 1", "visit 1", "visit 2", "visit 3", "visit 2"]
    case = case_of(recorder, tmp_path)
    assert [exchange["jar"] for exchange in case.exchanges] == [
        "client1",
        "client2",
        "client1",
        "client1",
        "client2",
    ]
    differs = [
        line for outcome in play_case(case, new, masks=["(?<=sid=)[\\w-]+"]) for line in outcome.differs
    ]
    assert [line for line in differs if "set-cookie" not in line] == []


def test_absolute_urls_of_the_server_itself_do_not_count(old: str, new: str, tmp_path: Path) -> None:
    """A redirect to the proxy's own address is the same as one to the new server's."""
    recorder = Recorder(old)
    with served(recorder) as url, httpx.Client(base_url=url, trust_env=False) as client:
        assert client.get("/away").headers["location"] == f"{url}/hello"
    case = case_of(recorder, tmp_path)
    assert [outcome.differs for outcome in play_case(case, new)] == [[]]


def test_conversations_are_recorded(old: str, new: str, tmp_path: Path) -> None:
    """WebSocket messages pass both ways in their order and are played as they were; a refusal is one, too."""
    recorder = Recorder(old)
    with served(recorder) as url:
        ws = websocket.create_connection(f"ws{url[4:]}/talk?name=kim", timeout=10)
        assert ws.recv() == "hello kim"
        ws.send("loud")
        assert (ws.recv(), ws.recv()) == ("LOUD", b"\x00")
        ws.send("bye")
        assert ws.recv() == ""
        ws.shutdown()  # type: ignore[no-untyped-call]
        with pytest.raises(websocket.WebSocketBadStatusException):
            websocket.create_connection(f"ws{url[4:]}/nowhere", timeout=10)
        deadline = time.monotonic() + 5
        while len(recorder.exchanges) < 2 and time.monotonic() < deadline:
            time.sleep(0.01)
    case = case_of(recorder, tmp_path)
    first, second = case.exchanges
    assert first["websocket"]["steps"] == [{"receive": 1}, {"send": "loud"}, {"receive": 2}, {"send": "bye"}]
    assert second["websocket"]["path"] == "/nowhere"
    assert case.expected()[second["id"]]["status"] == 403
    assert [outcome.differs for outcome in play_case(case, new)] == [[], []]


def test_old_server_that_is_not_there() -> None:
    """Where the old server does not answer, clients get a 502 and nothing is recorded."""
    recorder = Recorder("http://127.0.0.1:1")
    with served(recorder) as url, httpx.Client(base_url=url, trust_env=False) as client:
        assert client.get("/").status_code == 502
    assert recorder.exchanges == []


def test_upstream_that_is_no_url() -> None:
    """An upstream without scheme or host is refused, with how to write it."""
    for wrong in ("127.0.0.1:5000", "ftp://host", "http://"):
        with pytest.raises(AtilaError, match="http://HOST:PORT"):
            Recorder(wrong)
