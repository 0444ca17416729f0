"""`atila-compat parity record` and `play`, as a user runs them; request lists and the report."""

from __future__ import annotations

import functools
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import httpx
import pytest

from atila_compat.errors import AtilaError
from atila_compat.migrate.parity.asking import read_requests
from atila_compat.migrate.parity.case import Case, NoCase, find, load, write
from atila_compat.migrate.parity.launching import free_port, launched, served
from atila_compat.migrate.parity.player import Outcome
from atila_compat.migrate.parity.pytest_cases import assert_parity, cases
from atila_compat.migrate.parity.report import Compared, as_lines, page, rows
from tests.servers import listening, wait_until

from .old_server import old_server

ROOT = Path(__file__).resolve().parents[3]
PARITY = [sys.executable, "-m", "atila_compat", "parity"]
REQUESTS = """\
# greetings
GET /hello?name=kim
POST /login {"user": "kim"}

PUT /echo plain text
POST /echo a=1&b=2
GET /missing
"""


@pytest.fixture(scope="module")
def old() -> Iterator[str]:
    """URL of an old server."""
    with served(old_server()) as url:
        yield url


def parity(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """The command's end."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [*PARITY, *arguments]
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)


def test_list_is_recorded_and_played(old: str, tmp_path: Path) -> None:
    """A request list becomes a case; on an equal server nothing differs, on another what does is told."""
    (tmp_path / "requests.txt").write_text(REQUESTS.replace("POST /login", "POST /echo"))
    done = parity("record", "--upstream", old, "--requests", "requests.txt", "--out", "shop", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "shop: 5 exchanges" in done.stdout
    with served(old_server()) as new:
        same = parity("play", "shop", "--url", new, cwd=tmp_path)
    assert (same.returncode, same.stdout) == (0, "shop     5/5\n5 of 5 answers as recorded\n")
    with served(old_server(greeting="goodbye")) as new:
        other = parity("play", "shop", "--url", new, "--html", "r.html", "--json", "r.json", cwd=tmp_path)
    assert other.returncode == 1
    assert other.stdout.splitlines() == [
        "shop 001-get-hello: body 'goodbye kim', recorded 'hello kim'",
        "shop     4/5",
        "4 of 5 answers as recorded",
    ]
    outcome = json.loads((tmp_path / "r.json").read_text())
    assert outcome["cases"][0]["differs"] == {"001-get-hello": ["body 'goodbye kim', recorded 'hello kim'"]}
    assert "goodbye kim" in (tmp_path / "r.html").read_text()
    with served(old_server(greeting="goodbye")) as new:
        masked = parity("play", "shop", "--url", new, "--mask", "hello|goodbye", cwd=tmp_path)
    assert masked.returncode == 0


def test_what_changes_is_blanked_where_a_list_is_sent_twice(old: str, tmp_path: Path) -> None:
    """With --twice what is new at each request does not count."""
    (tmp_path / "requests.txt").write_text('GET /number\nPOST /login {"user": "kim"}\n')
    httpx.get(f"{old}/number", trust_env=False)
    record = ("record", "--upstream", old, "--requests", "requests.txt")
    parity(*record, "--out", "once", cwd=tmp_path)
    parity(*record, "--out", "twice", "--twice", cwd=tmp_path)
    with served(old_server()) as new:
        assert parity("play", "once", "--url", new, cwd=tmp_path).returncode == 1
        assert parity("play", "twice", "--url", new, cwd=tmp_path).returncode == 0


def test_proxy_records_until_it_is_stopped(old: str, tmp_path: Path) -> None:
    """The proxy runs until Ctrl+C or its limit, and writes what has passed."""
    for stop in ("signal", "limit"):
        port = free_port()
        command = [*PARITY, "record", "--upstream", old, "--listen", f"127.0.0.1:{port}", "--out", stop]
        more = ["--limit", "2"] if stop == "limit" else []
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        with subprocess.Popen(
            [*command, *more], cwd=tmp_path, env=environment, stdout=subprocess.PIPE
        ) as process:
            wait_until(functools.partial(listening, port), process, lambda: "")
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
                assert client.get("/hello").text == "hello world"
                assert client.get("/hello?name=lee").text == "hello lee"
            if stop == "signal":
                process.send_signal(signal.SIGINT)
            output, _ = process.communicate(timeout=20)
        assert process.returncode == 0
        assert f"{stop}: 2 exchanges" in output.decode()
        assert len(load(tmp_path / stop).exchanges) == 2


def test_server_is_started_for_the_comparison(tmp_path: Path) -> None:
    """--run starts the new server on a free port and stops it; an app that does not start is an error."""
    (tmp_path / "serve.py").write_text(
        "import skitai\nfrom atila import Atila\napp = Atila (__name__)\n"
        "@app.route ('/hello')\ndef hello (was, name = 'world'): return 'hello ' + name\n"
        "if __name__ == '__main__':\n    skitai.mount ('/', app)\n    skitai.run ()\n"
    )
    exchange = {"id": "a", "request": {"path": "/hello?name=kim"}}
    answer = {"status": 200, "headers": [["Content-Type", "text/html"]], "text": "hello kim"}
    write(tmp_path / "case", "", [exchange], {"a": answer}, "the tests")
    run = f"{sys.executable} -m atila_compat run serve.py"
    done = parity("play", "case", "--run", run, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, "case     1/1\n1 of 1 answers as recorded\n"), done.stderr
    failed = parity("play", "case", "--run", f"{sys.executable} -c 1/0", cwd=tmp_path)
    assert failed.returncode == 2
    assert "ZeroDivisionError" in failed.stderr


def test_recording_is_not_overwritten(old: str, tmp_path: Path) -> None:
    """A folder that holds a case is refused."""
    write(tmp_path / "case", "", [], {}, "")
    (tmp_path / "r.txt").write_text("GET /\n")
    done = parity("record", "--upstream", old, "--requests", "r.txt", "--out", "case", cwd=tmp_path)
    assert done.returncode == 2
    assert "holds a case already" in done.stderr


def test_request_lists(tmp_path: Path) -> None:
    """A line is a method, a path, and a body that is JSON, a form or text; a .json file has exchanges."""
    path = tmp_path / "list.txt"
    path.write_text(REQUESTS)
    requests = [exchange["request"] for exchange in read_requests(path)]
    assert requests[0] == {"path": "/hello?name=kim"}
    assert requests[1] == {"path": "/login", "method": "POST", "json": {"user": "kim"}}
    assert requests[2]["headers"] == {"Content-Type": "text/plain; charset=utf-8"}
    assert requests[3]["headers"] == {"Content-Type": "application/x-www-form-urlencoded"}
    (tmp_path / "list.json").write_text('{"exchanges": [{"request": {"path": "/x"}}]}')
    assert read_requests(tmp_path / "list.json") == [{"id": "001", "request": {"path": "/x"}}]
    for wrong in ("FETCH /x", "GET x", "hello"):
        path.write_text(f"GET /\n{wrong}\n")
        with pytest.raises(AtilaError, match=r"list\.txt:2"):
            read_requests(path)
    for content in ("{}", "[1]", "nothing", '[{"id": "x"}]'):
        (tmp_path / "list.json").write_text(content)
        with pytest.raises(AtilaError, match=r"list\.json"):
            read_requests(tmp_path / "list.json")


def test_cases_are_found_and_checked(tmp_path: Path) -> None:
    """A folder is a case or holds cases; what is none is refused with its file's name."""
    exchange = {"id": "a", "request": {"path": "/"}}
    write(tmp_path / "all" / "one.x", "about", [exchange], {"a": {"status": 200}}, "w")
    write(tmp_path / "all" / "two", "", [], {}, "w")
    assert list(find(tmp_path / "all")) == ["one.x", "two"]
    assert list(find(tmp_path / "all" / "one.x")) == ["one.x"]
    assert find(tmp_path / "all")["one.x"].expected() == {"a": {"status": 200}}
    (tmp_path / "all" / "two" / "recorded.json").unlink()
    with pytest.raises(NoCase, match=r"recorded\.json"):
        find(tmp_path / "all")["two"].expected()
    (tmp_path / "all" / "two" / "case.json").write_text('{"exchanges": [{"id": "a"}, {"id": "a"}]}')
    with pytest.raises(NoCase, match="twice are: a"):
        find(tmp_path / "all")


def test_cases_become_tests(old: str, tmp_path: Path) -> None:
    """Cases are parameters of a test that fails with all that differs, on servers and on applications."""
    exchange = {"id": "a", "request": {"path": "/hello"}}
    headers = [["Content-Type", "text/plain"]]
    write(
        tmp_path / "shop",
        "",
        [exchange],
        {"a": {"status": 200, "headers": headers, "text": "hello world"}},
        "",
    )
    (parameter,) = cases(tmp_path)
    (case,) = parameter.values
    assert parameter.id == "shop"
    assert isinstance(case, Case)
    assert_parity(case, old)
    with served(old_server(greeting="hi")) as url, pytest.raises(AssertionError, match="a: body 'hi world'"):
        assert_parity(case, url)
    with served(old_server(greeting="hi")) as url:
        assert_parity(case, url, masks=["hi|hello"])
    with pytest.raises(NoCase):
        cases(tmp_path / "nothing")


def test_launched_names_its_port(tmp_path: Path) -> None:
    """`{port}` in a command stands for the port."""
    with launched(f"{sys.executable} -m http.server {{port}} --bind 127.0.0.1", tmp_path) as url:
        assert httpx.get(url, trust_env=False).status_code == 200
    with pytest.raises(AtilaError, match="cannot be started"), launched("/no/such/program"):
        pass


# -- the report ------------------------------------------------------------------------------------------


class Checker(HTMLParser):
    """Notes what a page refers to, and whether its elements are closed in their order."""

    VOID = frozenset({"meta", "input", "link", "br", "img"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.outside: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in self.VOID:
            self.open.append(tag)
        self.outside += [value or "" for name, value in attrs if name in ("src", "href")]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def compared(**differs: Any) -> list[Compared]:
    exchange = {
        "id": "a",
        "request": {"path": "/<x>", "method": "POST", "text": "</script><b>"},
        "mask": ["7"],
    }
    want = {"status": 200, "headers": [("X", "1")], "text": '{"a": 7, "b": [1, 2]}', "elapsed": 0.1}
    got = {**want, "text": '{"a": 8, "b": [1]}', **differs}
    talk = {"id": "b", "websocket": {"path": "/ws", "steps": [{"send": "x"}, {"receive": 1}]}}
    case = Case(Path("shop"), "About <it>", (exchange, talk))
    frames = {"status": 101, "frames": ["x", {"b64": "AA=="}]}
    outcomes = [Outcome(exchange, want, got, ["body <differs>"]), Outcome(talk, frames, frames)]
    return [Compared(case, [*outcomes, Outcome({"id": "c", "raw": "x"}, None, None, ["no answer"])])]


def test_page_stands_alone_and_escapes(tmp_path: Path) -> None:
    """The page needs nothing from outside, is well formed, and shows text of answers as text."""
    text = page(compared(), "http://x", datetime(2026, 11, 22, 10, 0))
    checker = Checker()
    checker.feed(text)
    assert checker.open == []
    assert checker.outside == []
    assert "http://x</code> on 2026-11-22 10:00" in text
    assert "&lt;/script&gt;&lt;b&gt;" in text
    assert "body &lt;differs&gt;" in text
    assert text.index("body &lt;differs") < text.index("/ws")
    assert re.search(r"<td>.*&#34;a&#34;: .*</td>", text)


def test_page_of_nothing() -> None:
    """A comparison of no cases has a page too."""
    assert "Parity report" in page([], "http://x")
    assert as_lines([]) == ["0 of 0 answers as recorded"]


def test_lines_of_both_answers_stand_side_by_side() -> None:
    """Equal lines stand beside each other, changed ones too, and gaps where one side has less."""
    shown = [(row.kind, row.before, row.after) for row in rows("a\nb\nc", "a\nx\nc\nd")]
    assert shown == [("same", "a", "a"), ("changed", "b", "x"), ("same", "c", "c"), ("new", "", "d")]
    assert [row.kind for row in rows("a\nb", "")] == ["gone", "gone"]
