"""The listings of the original's README run as it says: each page of tests/original_readme is an app.

How pages are written is told in tests/original_readme/pages.py.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shlex
import subprocess
import sys
import time
from collections.abc import Iterator
from http.cookies import SimpleCookie
from pathlib import Path

import httpx
import pytest
from websocket import create_connection

from .launch import ROOT, Launched, Serve
from .original_readme.pages import Page, Section, Step, mended, read, read_all
from .servers import free_port

PAGES = read_all()
LOG_SECONDS = 5.0
PROGRAMS = {
    "python3": [sys.executable],
    "pytest": [sys.executable, "-m", "pytest", "-p", "atila_compat.testing.plugin"],
}
HEADER = re.compile(r"^([\w-]+): ?(.*)$")


class Running:
    """The app of one page at a time, from its first section until the next page's turn comes."""

    def __init__(self, request: pytest.FixtureRequest, folder: Path) -> None:
        self.request = request
        self.folder = folder
        self.page: Page | None = None
        self.serve: Serve | None = None
        self.failure = ""
        self.ports: dict[str, str] = {}

    def of(self, page: Page) -> Launched:
        """The process of a page's app; RuntimeError with its output where it does not start."""
        if self.page is not page:
            self.close()
            self.page, self.failure = page, ""
            self.serve = Serve(self.folder / page.path.stem)
            files = {name: text.encode() for name, text in page.files.items()}
            try:
                self.serve(page.files["serve.py"], *page.arguments, files=files, env=self.env(page))
            except RuntimeError as error:
                self.failure = str(error)
        if self.failure:
            raise RuntimeError(self.failure)
        assert self.serve is not None
        return self.serve.running[0]

    def env(self, page: Page) -> dict[str, str]:
        """Where the database servers are that a page needs: `USER:PASSWORD@HOST:PORT/NAME`."""
        self.ports = {"GRPC_PORT": str(free_port()), "OTHER_PORT": str(free_port())}
        env = dict(self.ports)
        for server in page.needs:
            url: str = self.request.getfixturevalue(f"{server}_url")
            env[server.upper()] = url.partition("://")[2].partition("?")[0].rstrip("/")
        return env

    def close(self) -> None:
        """Stop the app that runs."""
        if self.serve is not None:
            self.serve.close()
            self.serve = None


@pytest.fixture(scope="module")
def running(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The pages' apps."""
    apps = Running(request, tmp_path_factory.mktemp("pages"))
    yield apps
    apps.close()


def cases() -> Iterator[object]:
    """All sections; what is not built yet is expected to fail."""
    for page in PAGES:
        for section in page.sections:
            reason = f"not built yet: {section.missing}"
            marks = [pytest.mark.xfail(strict=True, reason=reason)] if section.missing else []
            yield pytest.param(section, id=section.name, marks=marks)


@pytest.mark.parametrize("section", list(cases()))
def test_listing_does_what_the_readme_says(running: Running, section: Section) -> None:
    """The apps made of the README's listings answer as it promises."""
    conversation = Conversation(running.of(section.page), running.ports)
    with conversation.client:
        for step in section.steps:
            getattr(conversation, step.kind)(step, filled(step.text, conversation.known))


class Conversation:
    """What a section does with its app: a method for each kind of step."""

    def __init__(self, app: Launched, ports: dict[str, str]) -> None:
        self.app = app
        self.known = {"PORT": str(app.port), **ports}
        self.client = httpx.Client(base_url=app.url, trust_env=False, timeout=20)
        self.received: httpx.Response | None = None
        self.printed = ""

    def http(self, step: Step, text: str) -> None:
        """Send a request."""
        self.received = ask(self.client, text)

    def answer(self, step: Step, text: str) -> None:
        """Hold the answer to the request before against what is expected of it."""
        assert self.received is not None, f"line {step.line}: an answer to no request"
        self.known |= compare(self.received, text, step.line)

    def gets(self, step: Step, text: str) -> None:
        """Ask for all paths, and look at each answer."""
        for line in text.splitlines():
            path, _, expected = line.partition(" -> ")
            compare(self.client.get(path), expected.replace(" ", "\n\n", 1), step.line)

    def websocket(self, step: Step, text: str) -> None:
        """Send and receive what the conversation has; `GET` asks with the cookies of the handshake."""
        url = f"ws://127.0.0.1:{self.app.port}{step.options[0]}"
        with contextlib.closing(create_connection(url, timeout=10)) as peer:
            for name, morsel in SimpleCookie((peer.getheaders() or {}).get("set-cookie", "")).items():
                self.client.cookies.set(name, morsel.value)
            for line in text.splitlines():
                if line.startswith("> "):
                    peer.send(line[2:])
                elif line.startswith("GET "):
                    assert self.client.get(line[4:]).status_code == 200, f"line {step.line}"
                else:
                    assert peer.recv() == line[2:], f"line {step.line}"

    def run(self, step: Step, text: str) -> None:
        """Run a command in a folder of the app."""
        program, *arguments = shlex.split(text)
        done = subprocess.run(
            [*PROGRAMS[program], *arguments],
            cwd=self.app.folder.joinpath(*step.options),
            env={**os.environ, **self.known, "PYTHONPATH": str(ROOT)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=50,
            check=False,
        )
        self.printed = done.stdout
        assert done.returncode == 0, f"line {step.line}: {self.printed}"

    def output(self, step: Step, text: str) -> None:
        """Look at what the command before has printed."""
        assert pattern_of(text.strip()).fullmatch(self.printed.strip()), f"line {step.line}: {self.printed}"

    def file(self, step: Step, text: str) -> None:
        """Look at a file of the app."""
        found = self.app.folder.joinpath(step.options[0]).read_text()
        assert pattern_of(text.strip()).fullmatch(found.strip()), f"line {step.line}: {found}"

    def log(self, step: Step, text: str) -> None:
        """Wait until the log says so; `stopped`: when the app has been stopped."""
        if "stopped" in step.options:
            self.app.stop()
        pattern = pattern_of(text.strip())
        deadline = time.monotonic() + LOG_SECONDS
        while not pattern.search(self.app.log()):
            assert time.monotonic() < deadline, f"line {step.line}: {self.app.log()}"
            time.sleep(0.05)


def filled(text: str, known: dict[str, str]) -> str:
    """The text with what is known of its `{{name}}`s."""
    return re.sub(r"\{\{(\w+)\}\}", lambda name: known.get(name[1], name[0]), text)


def ask(client: httpx.Client, text: str) -> httpx.Response:
    """Send a request as it is written in a page."""
    first, headers, body = parts(text)
    method, _, path = first.partition(" ")
    content = body.encode()
    if headers.get("content-type", "").startswith("multipart/"):
        content = body.replace("\n", "\r\n").encode() + b"\r\n"
    if headers.get("transfer-encoding") == "chunked":
        del headers["transfer-encoding"]
        return client.request(method, path, headers=headers, content=iter(content.splitlines(keepends=True)))
    return client.request(method, path, headers=headers, content=content or None)


def parts(text: str) -> tuple[str, dict[str, str], str]:
    """First line, headers and body."""
    head, _, body = text.partition("\n\n")
    first, *lines = head.strip().split("\n")
    headers = {}
    for line in lines:
        header = HEADER.match(line)
        assert header, f"no header: {line!r}"
        headers[header[1].lower()] = header[2]
    return first, headers, body.rstrip("\n")


def pattern_of(text: str) -> re.Pattern[str]:
    """An expression for the text of an answer: `...` matches anything, `{{name}}` is remembered."""
    pattern = ""
    for part in re.split(r"(\.\.\.|\{\{\w+\}\})", text):
        if part == "...":
            pattern += ".*?"
        elif part.startswith("{{"):
            pattern += f"(?P<{part[2:-2]}>.+?)"
        else:
            pattern += re.escape(part)
    return re.compile(pattern, re.S)


def compare(answer: httpx.Response, text: str, line: int) -> dict[str, str]:
    """Hold an answer against what is expected of it; returns what its `{{name}}`s stand for."""
    first, headers, body = parts(text)
    status, _, media_type = first.partition(" ")
    where = f"line {line}"
    assert answer.status_code == int(status), f"{where}: {answer.text}"
    found: dict[str, str] = {}
    if media_type:
        assert answer.headers.get("content-type", "").partition(";")[0] == media_type, where
    for name, value in headers.items():
        values = "\n".join(answer.headers.get_list(name))
        pattern = pattern_of(value)
        header = pattern.search(values) if name == "set-cookie" else pattern.fullmatch(values)
        assert header, f"{where}: {name}: {values!r}"
        found |= header.groupdict()
    if body:
        if "..." not in body and "{{" not in body:
            with contextlib.suppress(ValueError):
                assert answer.json() == json.loads(body), where
                return found
        inner = pattern_of(body).fullmatch(answer.text.strip())
        assert inner, f"{where}: {answer.text!r}"
        found |= inner.groupdict()
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.path.stem)
def test_pages_are_complete(page: Page) -> None:
    """With its mends every listing is Python; what a mend replaces is in its listing."""
    for name, text in page.files.items():
        if name.endswith(".py"):
            compile(text, f"{page.path.name}: {name}", "exec")


def test_mend_of_nothing_is_an_error(tmp_path: Path) -> None:
    """A mend that does not apply is a mistake in the page."""
    path = tmp_path / "page.md"
    path.write_text("# A\n```python readme serve.py\npas\n```\n- Mended: `pas` -> `pass`, a typo\n")
    assert read(path).files == {"serve.py": "pass\n"}
    with pytest.raises(ValueError, match="there is no 'nix' to mend"):
        mended("pas", [("nix", "")], "page")
