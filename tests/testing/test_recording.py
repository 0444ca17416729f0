"""What a test run has asked and been answered (spec/08 section 2)."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from atila_compat.testing import recording
from atila_compat.testing.client import Client
from atila_compat.testing.recording import Exchange

from .apps import make_app


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[str]:
    """A folder that is recorded into."""
    recording.start(str(tmp_path / "records"))
    yield str(tmp_path / "records")
    recording.stop()


@pytest.fixture
def debugged(folder: str) -> Iterator[Client]:
    """A client of an app that is debugged, whose exchanges are recorded."""
    app = make_app()
    app.debug = app.expose_spec = True
    with app.test_client() as client:
        yield client


def only(folder: str) -> Exchange:
    """The one exchange that was recorded."""
    (found,) = recording.exchanges(folder)
    return found


def test_exchange_is_kept(debugged: Client, folder: str) -> None:
    """Method, URL, answer and what `__spec__` said are kept."""
    debugged.get("/items/3?page=2")
    kept = only(folder)
    assert (kept.method, kept.url, kept.status_code, kept.reason) == ("GET", "/items/3?page=2", 200, "OK")
    assert (kept.response_type, kept.response_data["id"]) == ("application/json", 3)
    assert "__spec__" not in kept.response_data
    assert (kept.spec["id"], kept.request_data, kept.request_type) == ("items", None, "")


@pytest.mark.parametrize(
    ("send", "kind", "data"),
    [
        (lambda c: c.post("/echo", {"a": 1}), "application/x-www-form-urlencoded", {"a": 1}),
        (lambda c: c.post("/echo", [("a", 1)]), "application/x-www-form-urlencoded", {"a": 1}),
        (lambda c: c.axios.post("/echo", {"a": [1]}), "application/json", {"a": [1]}),
        (lambda c: c.axios.post("/echo", '{"a": 2}'), "application/json", {"a": 2}),
        (lambda c: c.siesta.echo.post({"a": 3}), "application/json", {"a": 3}),
        (lambda c: c.stub("/echo").post(a=4), "application/json", {"a": 4}),
        (lambda c: c.post("/echo", "text", headers={"Content-Type": "text/plain"}), "text/plain", "text"),
        (
            lambda c: c.upload("/files", {"f": ("f.txt", b"x"), "g": io.BytesIO(b""), "note": "n"}),
            "multipart/form-data",
            {"note": "n", "f": "<FILE: f.txt>", "g": "<FILE: unnamed>"},
        ),
    ],
)
def test_what_was_sent(send: Any, kind: str, data: Any, debugged: Client, folder: str) -> None:
    """Bodies are kept as what they mean: forms and JSON as dicts, files by their names."""
    send(debugged)
    kept = only(folder)
    assert (kept.request_type, kept.request_data) == (kind, data)


def test_answers_without_spec_are_counted_only(debugged: Client, folder: str) -> None:
    """What does not say which resource has answered is left out."""
    debugged.get("/")
    debugged.get("/nothing")
    assert list(recording.exchanges(folder)) == []
    assert recording.recorder is not None
    assert (recording.recorder.count, recording.recorder.silent) == (0, 2)


def test_credentials_are_not_kept(debugged: Client, folder: str) -> None:
    """Headers stay out: no password or cookie ends in a document."""
    debugged.get("/secret", auth=("hans", "secret"), headers={"X-Extra": "hidden"})
    (file,) = Path(folder).iterdir()
    assert "c2VjcmV0" not in file.read_text()
    assert "hidden" not in file.read_text()


def test_order_is_that_of_the_calls(debugged: Client, folder: str) -> None:
    """Exchanges come back in the order in which they were made."""
    for number in range(12):
        debugged.get(f"/items/{number}")
    assert [each.url for each in recording.exchanges(folder)] == [f"/items/{number}" for number in range(12)]


def test_start_clears_the_folder(debugged: Client, folder: str) -> None:
    """A new recording begins with an empty folder; what was recorded stays until then."""
    debugged.get("/items/1")
    recording.stop()
    debugged.get("/items/2")
    assert len(list(recording.exchanges(folder))) == 1
    recording.start(folder)
    assert list(recording.exchanges(folder)) == []


def test_other_files_are_left_out(folder: str, tmp_path: Path) -> None:
    """Files that are no exchanges are left out, and so is a folder that is not there."""
    (Path(folder) / "a.spec").write_text("no JSON")
    (Path(folder) / "b.spec").write_text("[]")
    (Path(folder) / "c.txt").write_text("")
    assert list(recording.exchanges(folder)) == []
    assert list(recording.exchanges(str(tmp_path / "nothing"))) == []


def test_nothing_is_recorded_by_itself(client: Client) -> None:
    """Without a recorder nothing is kept."""
    assert recording.recorder is None
    client.get("/items/3")
