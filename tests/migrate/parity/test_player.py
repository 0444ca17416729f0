"""The player against a small server of the standard library."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from atila_compat.migrate.parity.player import Player, as_text, multipart, request_body, update_jar


class Echo(BaseHTTPRequestHandler):
    """Answers with what it was sent, as JSON, and counts in a cookie."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        seen = {"path": self.path, "cookie": self.headers.get("Cookie"), "body": body.decode("latin1")}
        content = json.dumps(seen).encode()
        self.send_response(201)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Set-Cookie", "seen=yes; path=/")
        self.end_headers()
        self.wfile.write(content)

    def do_GET(self) -> None:
        self.do_POST()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - named so in the base class
        pass


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """Where an Echo server answers."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Echo) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def test_http_exchange(url: str, tmp_path: Path) -> None:
    """An answer has status, headers, text and the time it took."""
    request = {"path": "/a?b=1", "method": "POST", "json": {"x": 1}}
    answer = Player(url, tmp_path).play({"id": "a", "request": request})
    assert answer["status"] == 201
    assert ("Content-Type", "application/json") in answer["headers"]
    assert json.loads(answer["text"]) == {"path": "/a?b=1", "cookie": None, "body": '{"x": 1}'}
    assert answer["elapsed"] > 0


def test_jars_are_kept_apart(url: str, tmp_path: Path) -> None:
    """Exchanges with the same jar share cookies, others do not."""
    player = Player(url, tmp_path)
    cookies = [
        json.loads(player.play({"id": "a", "request": {"path": "/"}, "jar": jar})["text"])["cookie"]
        for jar in ("one", "one", "two", None)
    ]
    assert cookies == [None, "seen=yes", None, None]


def test_saved_values_fill_later_exchanges(url: str, tmp_path: Path) -> None:
    """What `save` finds in body or headers stands for {{name}} later; an unknown name stays."""
    player = Player(url, tmp_path)
    save = {"where": r'"path": "/(\w+)"', "kind": r"Content-Type: (\S+)"}
    player.play({"id": "a", "request": {"path": "/token"}, "save": save})
    answer = player.play({"id": "b", "request": {"path": "/{{where}}/{{other}}", "text": "{{kind}}"}})
    assert json.loads(answer["text"])["path"] == "/token/{{other}}"
    assert json.loads(answer["text"])["body"] == "application/json"


def test_nobody_there_is_an_answer(tmp_path: Path) -> None:
    """A refused connection is status 0."""
    assert Player("http://127.0.0.1:1", tmp_path).play({"id": "a", "request": {"path": "/"}})["status"] == 0


def test_raw_bytes(url: str, tmp_path: Path) -> None:
    """Raw bytes are sent as they are, and the answer is taken apart."""
    answer = Player(url, tmp_path).play({"id": "a", "raw": "GET /raw HTTP/1.0\r\n\r\n"})
    assert answer["status"] == 201
    assert ["Content-Type", "application/json"] in [list(pair) for pair in answer["headers"]]
    assert json.loads(answer["text"])["path"] == "/raw"


def test_script_exchange(url: str, tmp_path: Path) -> None:
    """A client program gets HOST:PORT; its output and exit code are the answer."""
    (tmp_path / "client.py").write_text("import sys; print(sys.argv[1]); sys.exit(3)")
    answer = Player(url, tmp_path).play({"id": "a", "script": "client.py"})
    assert (answer["status"], answer["text"]) == (3, f"{url[7:]}\n")


def test_bodies_of_all_kinds() -> None:
    """Each kind of body is encoded, with the content type that it implies unless one is given."""
    form = request_body({"form": {"a": ["1", "2"], "b": "é"}})
    assert form == (b"a=1&a=2&b=%C3%A9", {"Content-Type": "application/x-www-form-urlencoded"})
    assert request_body({"json": [1], "headers": {"Content-Type": "a/b"}}) == (
        b"[1]",
        {"Content-Type": "a/b"},
    )
    assert request_body({"b64": "AP8="}) == (b"\x00\xff", {})
    assert request_body({"text": "é"}) == ("é".encode(), {})
    assert request_body({}) == (None, {})
    part = multipart([{"name": "f", "filename": "a.txt", "type": "text/plain", "text": "x"}])
    assert b'; name="f"; filename="a.txt"\r\nContent-Type: text/plain\r\n\r\nx\r\n--' in part


def test_expired_cookies_leave_the_jar() -> None:
    """A cookie that expires now, by date or by age, is taken out."""
    jar = {"a": "1", "b": "2", "c": "3"}
    update_jar(jar, "a=; Max-Age=0; path=/")
    update_jar(jar, "b=; expires=Thu, 01 Jan 1970 00:00:00 GMT")
    update_jar(jar, "c=4; expires=nonsense")
    assert jar == {"c": "4"}


def test_bodies_that_are_no_text_are_kept_in_base64() -> None:
    """A body that is no UTF-8 is kept as base64."""
    assert as_text(b"\xff") == {"b64": "/w=="}
    assert as_text("é".encode()) == {"text": "é"}
