"""`skitai.test_client`: launch scripts as real servers (spec/08 section 1)."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from atila_compat import skitai
from atila_compat.errors import AtilaError
from atila_compat.testing.launcher import Launcher, command_of, is_listening

from ..launch import ROOT, Serve
from ..servers import free_port
from .apps import SOURCE

OPTIONS = """
from atila_compat import Atila, skitai

app = Atila(__name__)

@app.route("/")
def index(was):
    return was.API(zoo=skitai.get_option("--zoo"), flag=skitai.hassysopt("--flag"), devel=skitai.isdevel(),
        word=skitai.options.argv, debug=app.debug)

skitai.add_option(None, "--zoo=N", "a number")
skitai.add_option(None, "--flag", "a flag")
skitai.mount("/", app)
skitai.run()
"""


def run(program: str) -> subprocess.CompletedProcess[str]:
    """Run a program that uses the package."""
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, env=env
    )


@pytest.fixture
def script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A launch script in the current directory."""
    (tmp_path / "serve.py").write_text(SOURCE)
    monkeypatch.chdir(tmp_path)
    return "serve.py"


def test_script_is_served_while_the_block_lasts(script: str) -> None:
    """The server answers within the block, and is gone behind it."""
    port = free_port()
    with skitai.test_client(script, port=port) as client:
        assert client.get("/").text == "Hello"
        assert client.endpoint == f"http://127.0.0.1:{port}"
        process = client.server.process
    assert process.poll() is not None
    assert not is_listening(port)


def test_stop(script: str) -> None:
    """`stop ()` ends the server, and may be called again."""
    client = skitai.test_client(script, port=free_port())
    process = client.server.process
    client.stop()
    client.stop()
    client._close()
    assert process.poll() is not None


def test_options_reach_the_script(tmp_path: Path) -> None:
    """Options stand behind the script or among the keywords, empty ones are flags; `devel` is --devel."""
    (tmp_path / "serve.py").write_text(OPTIONS)
    with skitai.test_client(f"{tmp_path}/serve.py --flag", port=free_port(), devel=True, zoo=0) as client:
        said = client.get("/").data
    assert said == {"zoo": "0", "flag": True, "devel": True, "word": [], "debug": True}


def test_command_line() -> None:
    """The command line is that of `atila-compat run`, options as the original writes them."""
    command = command_of("serve.py --x 'a b'", 5001, True, {"zoo": 3, "flag": None, "q": "w", "off": False})
    assert command[:4] == [sys.executable, "-m", "atila_compat", "run"]
    assert command[4:] == [
        *("serve.py", "--x", "a b", "--port", "5001", "--devel"),
        *("--zoo", "3", "--flag", "-q", "w", "--off"),
    ]


def test_without_a_script_a_running_server_is_used(serve: Serve) -> None:
    """Without a script, and with `dry`, the client talks to a server that runs already, which goes on."""
    running = serve(SOURCE)
    for client in (
        skitai.test_client(port=running.port),
        skitai.test_client("no.py", port=running.port, dry=True),
    ):
        with client:
            assert client.get("/").text == "Hello"
    assert running.client.get("/").text == "Hello"


def test_running_server_is_used_when_silent(serve: Serve, script: str) -> None:
    """A server that listens on the port already is used, and left running."""
    running = serve(SOURCE)
    with skitai.test_client(script, port=running.port) as client:
        assert client.server is None
        assert client.get("/").text == "Hello"
    assert running.client.get("/").text == "Hello"


def test_taken_port_is_refused_when_not_silent(serve: Serve, script: str) -> None:
    """With `silent = False` the script's own server is meant: a port that is taken is an error."""
    running = serve(SOURCE)
    with pytest.raises(AtilaError, match=f"port {running.port} is taken"):
        skitai.test_client(script, port=running.port, silent=False)


def test_output_goes_to_the_terminal_when_not_silent(script: str) -> None:
    """With `silent = False` the server's output is the test's; with `silent` the client's log has it."""
    port = free_port()
    program = (
        "from atila_compat import skitai\n"
        f"with skitai.test_client({script!r}, port={port}, silent=False) as client:\n"
        "    assert client.log() == ''\n"
    )
    done = run(program)
    assert f":{port}" in done.stdout + done.stderr
    with skitai.test_client(script, port=port) as client:
        assert f":{port}" in client.log()


def test_missing_script(tmp_path: Path) -> None:
    """A script that is not there is named."""
    with pytest.raises(AtilaError, match=r"there is no launch script /.*nothing\.py"):
        skitai.test_client(f"{tmp_path}/nothing.py", port=free_port())


def test_script_that_fails(tmp_path: Path) -> None:
    """A script that ends before it answers is an error with its output."""
    (tmp_path / "bad.py").write_text("print('I say'); 1 / 0")
    with pytest.raises(AtilaError, match=r"(?s)bad\.py .*has ended.*I say.*ZeroDivisionError"):
        skitai.test_client(f"{tmp_path}/bad.py", port=free_port())


def test_server_that_dies(script: str) -> None:
    """A request to a server that has ended is an error with its output."""
    with skitai.test_client(script, port=free_port()) as client:
        client.server.process.send_signal(signal.SIGKILL)
        client.server.process.wait()
        with pytest.raises(RuntimeError, match="the server has ended"):
            client.get("/")


def test_forgotten_server_ends_with_the_tests(script: str) -> None:
    """A server that nobody has stopped ends with the process that started it."""
    program = (
        "from atila_compat import skitai\n"
        f"client = skitai.test_client({script!r}, port={free_port()})\n"
        "print(client.server.process.pid)\n"
    )
    done = run(program)
    assert not psutil.pid_exists(int(done.stdout))


def test_temp_dir_is_made(tmp_path: Path) -> None:
    """The folder for pictures is made."""
    with skitai.test_client(port=1, temp_dir=str(tmp_path / "pictures")) as client:
        assert os.path.isdir(client.temp_dir)


def test_tls_endpoint() -> None:
    """With `ssl` the client speaks TLS."""
    with Launcher(port=1, ssl=True) as client:
        assert client.endpoint == "https://127.0.0.1:1"


def test_script_and_tests_share_no_directory(script: str, tmp_path: Path) -> None:
    """A script in another folder is found relative to the current directory."""
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "serve.py").write_text(SOURCE)
    with skitai.test_client("sub/serve.py", port=free_port()) as client:
        assert client.get("/").text == "Hello"
