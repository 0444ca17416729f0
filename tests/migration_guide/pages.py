"""The pages of migration_guide/: their fenced blocks, run from top to bottom in a copy of the shop.

    ```python FILE       is written to FILE of the copy
    ```python            runs there as a program of its own
    ```console           commands after "$ ", with what they print; "..." stands for anything
    ```text and others   are shown only

A command that serves goes on to run until the page ends or the next one starts; `curl` asks the running one,
whatever port the page says, and keeps cookies with `-b jar -c jar`. A last line `[exit code N]` says that a
command ends with another code than 0.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx

from ..launch import ROOT, Launched
from ..servers import free_port

GUIDE = ROOT / "migration_guide"
SHOP = GUIDE / "shop"
FENCE = re.compile(r"^(?P<indent> *)```(?P<info>[^\n`]*)\n(?P<text>.*?)^(?P=indent)```$", re.M | re.S)
PROGRAMS = {
    "python3": [sys.executable],
    "pytest": [sys.executable, "-m", "pytest"],
    "uvicorn": [sys.executable, "-m", "uvicorn"],
    "atila-compat": [sys.executable, "-m", "atila_compat"],
}
SERVING = re.compile(r"(atila-compat run|uvicorn|python3 -m atila_compat run|python3 \w+\.py --port) ?")
ANY_PORT = "30371"
"""What listings name as a port of their own; the tests take one that is free."""
SECONDS = 50


@dataclass(frozen=True)
class Block:
    """A fenced block of a page."""

    language: str
    file: str
    text: str
    line: int


def blocks(page: Path) -> Iterator[Block]:
    """The fenced blocks of a page."""
    source = page.read_text()
    for found in FENCE.finditer(source):
        language, _, file = found["info"].partition(" ")
        yield Block(language, file, textwrap.dedent(found["text"]), source.count("\n", 0, found.start()) + 1)


def copy_of_shop(folder: Path) -> Path:
    """The shop in a folder of its own, as a reader has it."""
    shutil.copytree(SHOP, folder, ignore=shutil.ignore_patterns("__pycache__", "*.sqlite3"))
    return folder


def program(command: str) -> list[str]:
    """A command with the programs of this environment, and a place for the port."""
    name, *arguments = shlex.split(command)
    arguments = [re.sub(r"^--port=\d+$", "--port={port}", argument) for argument in arguments]
    return [*PROGRAMS.get(name, [name]), *arguments]


def fits(shown: str, printed: str) -> bool:
    """Whether a command has printed what a page shows."""
    pattern = ".*".join(re.escape(part) for part in shown.strip().split("..."))
    return re.fullmatch(pattern, printed.strip(), re.S) is not None


class Reader:
    """Does what a page says, in a copy of the shop.

    Args:
        folder: where; it is made.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = copy_of_shop(folder)
        self.server: Launched | None = None
        self.jar = httpx.Cookies()
        path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
        programs = os.pathsep.join([os.path.dirname(sys.executable), os.environ.get("PATH", "")])
        self.environment = {
            **os.environ,
            "PATH": programs,
            "PYTHONPATH": path,
            "COLUMNS": "200",
            "NO_COLOR": "1",
        }
        self.environment.pop("PYTEST_ADDOPTS", None)

    def read(self, page: Path) -> None:
        """Go through a page."""
        for block in blocks(page):
            where = f"{page.name}, line {block.line}"
            if block.language == "python" and block.file:
                target = self.folder / block.file
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_text(block.text.replace(ANY_PORT, str(free_port())))
            elif block.language == "python":
                done = self._run([sys.executable, "-c", block.text])
                assert done.returncode == 0, f"{where}:\n{done.stdout}"
            elif block.language == "console":
                self._console(block.text, where)

    def close(self) -> None:
        """Stop what has been started."""
        if self.server is not None and not self.server.stopped:
            self.server.stop()

    def _console(self, text: str, where: str) -> None:
        for part in re.split(r"^\$ ", text, flags=re.M)[1:]:
            command, _, shown = part.replace("\\\n", "").partition("\n")
            if SERVING.match(command):
                self.close()
                self.server = Launched(program(command), self.folder)
            elif command.startswith("curl "):
                answer = self._curl(command)
                assert fits(shown, answer), f"{where}: {command}\n{answer}"
            else:
                self._command(command, shown, where)

    def _command(self, command: str, shown: str, where: str) -> None:
        shown, _, code = shown.partition("[exit code ")
        assert self.server is not None or "{port}" not in command
        arguments = [
            re.sub(r"127\.0\.0\.1:5000", f"127.0.0.1:{self.server.port}", argument)
            if self.server is not None
            else argument
            for argument in shlex.split(command)
        ]
        done = self._run([*PROGRAMS.get(arguments[0], arguments[:1]), *arguments[1:]])
        said = f"{where}: {command}\nexit code {done.returncode}\n{done.stdout}"
        assert done.returncode == int(code.partition("]")[0] or 0), said
        assert not shown.strip() or fits(shown, done.stdout), said

    def _run(self, command: list[str]) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command,
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=SECONDS,
            check=False,
        )

    def _curl(self, command: str) -> str:
        assert self.server is not None, "nothing serves"
        method, headers, body, url, with_head, keeps = "", {}, None, "", False, False
        arguments = iter(shlex.split(command)[1:])
        for argument in arguments:
            if argument == "-X":
                method = next(arguments)
            elif argument == "-H":
                name, _, value = next(arguments).partition(": ")
                headers[name] = value
            elif argument in ("-d", "--json"):
                body = next(arguments)
                kind = "x-www-form-urlencoded" if argument == "-d" else "json"
                headers.setdefault("Content-Type", f"application/{kind}")
            elif argument in ("-b", "-c"):
                next(arguments)
                keeps = True
            elif argument == "-i":
                with_head = True
            elif not argument.startswith("-"):
                url = argument
        path = re.sub(r"^(http://)?[^/]+", "", url)
        method = method or ("POST" if body is not None else "GET")
        client = self.server.client
        client.cookies = self.jar if keeps else httpx.Cookies()
        answer = client.request(method, path, headers=headers, content=body)
        if keeps:
            self.jar = client.cookies
        return f"{answer.status_code} {answer.reason_phrase}\n{answer.text}" if with_head else answer.text
