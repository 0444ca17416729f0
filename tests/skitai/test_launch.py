"""`skitai.run` as operators see it: real processes, signals, exit codes, one-line errors."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from ..launch import ROOT, Launched, Serve
from ..servers import HOST, free_port

HELLO = """
    import os
    from atila import Atila

    app = Atila (__name__)

    @app.route ("/")
    def index (was):
        return "Hello, World"

    @app.route ("/about")
    def about (was):
        import skitai
        return was.API (
            pid = os.getpid (), cwd = os.getcwd (), swd = skitai.getswd (), debug = app.debug,
            mode = skitai.getenv (), threads = was.runtime.workers.threads, status = skitai.status (),
            zoo = skitai.options.get ("--zoo"), title = skitai.get_proc_title ()
        )

    @app.umounted
    def umounted (was):
        print ("umounted by", os.getpid (), flush = True)

    if __name__ == "__main__":
        import skitai
        skitai.add_option ("-z=VAL", "--zoo=VAL", "the zoo", "elephant")
        skitai.mount ("/", app)
        skitai.run (port = 5000, name = "hello")
"""


def run(folder: Path, source: str, *args: str) -> subprocess.CompletedProcess[str]:
    """Run a launch script that ends by itself."""
    (folder / "serve.py").write_text("\n".join(line[4:] for line in source.splitlines()))
    return subprocess.run(
        [sys.executable, "-m", "atila_compat", "run", "serve.py", *args],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def test_an_old_launch_script_answers(serve: Serve) -> None:
    """The command line wins over the script's own port; the log has the service and every request."""
    app = serve(HELLO)
    assert app.client.get("/").text == "Hello, World"
    about = app.client.get("/about").json()
    assert (about["cwd"], about["swd"]) == (str(app.folder), str(app.folder))
    assert (about["debug"], about["mode"], about["threads"], about["zoo"]) == (
        False,
        "PRODUCTION",
        4,
        "elephant",
    )
    assert (about["status"], about["title"]) == ("STARTING", "skitai/hello")
    assert app.stop() == 0
    assert f"worker started on 0.0.0.0:{app.port}" in app.log()
    assert "127.0.0.1 GET / 1.1 0 200 12 W0 " in app.log()
    assert f"umounted by {about['pid']}" in app.log()
    assert "Traceback" not in app.log()


def test_options_of_engine_and_script(serve: Serve) -> None:
    """`--devel`, `--threads` and the script's own options reach the app."""
    app = serve(HELLO, "--devel", "--threads=2", "-z", "lion")
    about = app.client.get("/about").json()
    assert (about["debug"], about["mode"], about["threads"], about["zoo"]) == (True, "DEVEL", 2, "lion")


def test_headers(serve: Serve) -> None:
    """Answers have a date and a server that is not the original's."""
    headers = serve(HELLO).client.get("/").headers
    assert headers["server"] == "atila_compat"
    assert "date" in headers


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signals_end_cleanly(serve: Serve, number: signal.Signals) -> None:
    """Ctrl+C and SIGTERM end the process with code 0, without a traceback."""
    app = serve(HELLO)
    app.process.send_signal(number)
    assert app.process.wait(10) == 0
    assert "umounted" in app.log()
    assert "Traceback" not in app.log()
    app.kill()


def test_the_script_runs_in_its_own_directory(serve: Serve, tmp_path: Path) -> None:
    """A script that is started from elsewhere finds modules beside it, and serves from its own directory."""
    folder = tmp_path / "deep"
    folder.mkdir()
    (folder / "beside.py").write_text("text = 'beside'\n")
    (folder / "serve.py").write_text(
        "import os, skitai, beside\n"
        "from atila import Atila\n"
        "before = os.getcwd()\n"
        "app = Atila(__name__)\n"
        "@app.route('/')\n"
        "def index(was): return was.API(before=before, now=os.getcwd(), beside=beside.text)\n"
        "if __name__ == '__main__':\n"
        "    skitai.mount('/', app)\n"
        "    skitai.run()\n"
    )
    command = (sys.executable, "-m", "atila_compat", "run", "deep/serve.py")
    app = Launched(command, tmp_path)
    try:
        answer = app.client.get("/").json()
    finally:
        app.stop()
    assert answer == {"before": str(tmp_path), "now": str(folder), "beside": "beside"}


def test_classes_of_the_script_can_be_pickled(serve: Serve) -> None:
    """The script is `__main__`, so its classes are found again."""
    app = serve("""
        import pickle
        import skitai
        from atila import Atila

        class Lion: pass

        app = Atila (__name__)

        @app.route ("/")
        def index (was):
            return type (pickle.loads (pickle.dumps (Lion ()))).__name__ + " " + __name__

        if __name__ == "__main__":
            skitai.mount ("/", app)
            skitai.run ()
    """)
    assert app.client.get("/").text == "Lion __main__"


def test_app_run(serve: Serve) -> None:
    """`app.run` serves the app alone."""
    app = serve("""
        from atila import Atila

        app = Atila (__name__)

        @app.route ("/")
        def index (was):
            return "run"

        app.run ()
    """)
    assert app.client.get("/").text == "run"


def test_a_busy_port_is_one_line(tmp_path: Path) -> None:
    """A port that is taken ends the process with code 1 and one line that names it."""
    with socket.socket() as taken:
        taken.bind((HOST, 0))
        taken.listen()
        port = taken.getsockname()[1]
        answer = run(tmp_path, HELLO.replace('name = "hello"', 'address = "127.0.0.1"'), f"--port={port}")
    assert answer.returncode == 1
    assert len(answer.stderr.splitlines()) == 1
    assert f"127.0.0.1 port {port}" in answer.stderr
    assert "--port=N" in answer.stderr


def test_no_directory_for_temporary_files(tmp_path: Path) -> None:
    """On a read-only file system names are shared all the same; several workers need one, and it is said."""
    (tmp_path / "serve.py").write_text(textwrap.dedent(HELLO))
    program = """
    import sys, tempfile

    def nowhere ():
        raise FileNotFoundError ("nowhere")

    tempfile.gettempdir = nowhere
    from atila_compat import cli, skitai

    skitai.register_g ("hits")
    skitai.g.set ("hits", 3)
    print (skitai.g ["hits"], flush = True)
    cli.main (["run", "serve.py", "--workers=2", *sys.argv [1:]])
    """
    command = [sys.executable, "-c", textwrap.dedent(program), f"--port={free_port()}"]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    answer = subprocess.run(
        command, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=30, check=False
    )
    assert (answer.returncode, answer.stdout) == (1, "3\n")
    assert len(answer.stderr.splitlines()) == 1
    assert "a tmpfs at /tmp" in answer.stderr


@pytest.mark.parametrize("workers", [1, 2])
def test_a_failing_app_ends_the_process(tmp_path: Path, workers: int) -> None:
    """An app that cannot be loaded ends with its traceback and code 2, however many workers there are."""
    (tmp_path / "broken.py").write_text("def __app__ ():\n    raise ValueError ('boom')\n")
    source = """
    import skitai
    import broken

    skitai.mount ("/", broken)
    skitai.run ()
    """
    answer = run(tmp_path, source, f"--port={free_port()}", f"--workers={workers}")
    assert answer.returncode == 2
    assert "app load failed: broken" in answer.stdout
    assert "broken.py" in answer.stdout
    assert "ValueError: boom" in answer.stdout
    assert answer.stdout.count("ValueError: boom") == answer.stdout.count("app load failed")


def test_a_failing_script_shows_its_own_traceback(tmp_path: Path) -> None:
    """An exception of the script itself is shown from its own line on, as Python does; the code is 1."""
    answer = run(tmp_path, "    import skitai\n    1 / 0\n")
    assert answer.returncode == 1
    lines = answer.stderr.splitlines()
    assert lines[0].startswith("Traceback")
    assert lines[1].strip() == f'File "{tmp_path / "serve.py"}", line 2, in <module>'
    assert lines[-1] == "ZeroDivisionError: division by zero"
    assert "atila_compat" not in answer.stderr


def test_nothing_is_mounted(tmp_path: Path) -> None:
    """`skitai.run` without mounts says what to call."""
    answer = run(tmp_path, "    import skitai\n    skitai.run ()\n")
    assert answer.returncode == 1
    assert answer.stderr.splitlines() == [
        "serve.py: nothing is mounted: call skitai.mount ('/', app) before skitai.run ()"
    ]


def test_help(tmp_path: Path) -> None:
    """`--help` lists the engine's options and the script's own, and starts nothing."""
    answer = run(tmp_path, HELLO, "--help")
    assert answer.returncode == 0
    assert "--disable-static" in answer.stdout
    assert "the zoo (default=elephant)" in answer.stdout


@pytest.mark.parametrize(
    ("argument", "expected"),
    [
        ("--bogus", "option --bogus not recognized"),
        ("--port=abc", "port takes a number, not 'abc'"),
        ("--port=70000", "port has to be between 1 and 65535"),
        ("--workers=0", "workers has to be between 1"),
        ("--threads=-1", "threads has to be between 0"),
    ],
)
def test_wrong_options_are_named(tmp_path: Path, argument: str, expected: str) -> None:
    """What is unknown or wrong ends the process with one line."""
    answer = run(tmp_path, HELLO, argument)
    assert answer.returncode in (1, 2)
    assert len(answer.stderr.splitlines()) == 1
    assert expected in answer.stderr


def test_threads_of_the_environment(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    """ATILA_THREADS wins over the keyword, the command line over both; with other servers it counts, too."""
    monkeypatch.setenv("ATILA_THREADS", "7")
    source = HELLO.replace("skitai.run (", "skitai.run (threads = 3, ")
    assert "threads = 3" in source
    assert serve(source).client.get("/about").json()["threads"] == 7
    assert serve(source, "--threads=2").client.get("/about").json()["threads"] == 2
    library = """
    from atila_compat import Atila
    app = Atila (__name__)

    @app.route ("/")
    def index (was):
        return was.API (threads = was.runtime.workers.threads)
    """
    alone = serve(library, command=[sys.executable, "-m", "uvicorn", "serve:app", "--port={port}"])
    assert alone.client.get("/").json()["threads"] == 7


def test_wrong_threads_of_the_environment_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A value that is no number of threads ends the process with one line."""
    monkeypatch.setenv("ATILA_THREADS", "many")
    answer = run(tmp_path, HELLO)
    assert answer.returncode == 2
    assert answer.stderr.splitlines() == ["serve.py: ATILA_THREADS is a number from 1 to 10000, not 'many'"]


def test_options_without_effect_are_named(serve: Serve) -> None:
    """The service starts; the log says what to do instead."""
    app = serve(HELLO, "--quic=443", "---gc")
    assert app.client.get("/").text == "Hello, World"
    assert "--quic is ignored: browsers speak HTTP/3 to a proxy" in app.log()
    assert "---gc is ignored" in app.log()


@pytest.mark.parametrize(
    ("conf", "expected"),
    [
        ('keep_alive = "x"', "keep_alive takes a number of seconds, not 'x'"),
        ("network_timeout = -1", "network_timeout has to be a number of seconds"),
        ("max_queue = 0", "max_queue has to be between 1"),
        ('access_log = "xml"', "access_log is 'columns', 'json' or empty, not 'xml'"),
        ('state = "localhost"', "state is the URL of a Redis"),
        ('trusted_proxies = "127.0.0.1, nginx"', "'nginx' is no address or network"),
        ("root_path = 5", "root_path is a path, such as '/shop', not 5"),
    ],
)
def test_wrong_keywords_are_named(tmp_path: Path, conf: str, expected: str) -> None:
    """A keyword of `skitai.run` with a value that cannot be ends the process with one line."""
    answer = run(tmp_path, HELLO.replace('name = "hello"', conf))
    assert answer.returncode == 2
    assert len(answer.stderr.splitlines()) == 1
    assert expected in answer.stderr


def test_disable_static(serve: Serve) -> None:
    """`--disable-static` leaves directories to whoever stands in front."""
    source = HELLO.replace('skitai.mount ("/", app)', 'skitai.mount ("/", app); skitai.mount ("/", "files")')
    files = {"files/one.txt": "one"}
    assert serve(source, files=files).client.get("/one.txt").status_code == 200
    assert serve(source, "--disable-static", files=files).client.get("/one.txt").status_code == 404


def test_states_are_shared_by_workers(serve: Serve) -> None:
    """Forked workers have what the script made before `skitai.run`, and share `skitai.g`."""
    app = serve(
        """
        import os, tempfile
        import skitai
        from atila import Atila

        app = Atila (__name__)
        made = tempfile.mkdtemp ()

        @app.route ("/")
        def index (was):
            skitai.g.delta ("hits")
            return was.API (pid = os.getpid (), made = made, hits = skitai.g ["hits"])

        if __name__ == "__main__":
            skitai.register_g ("hits")
            skitai.mount ("/", app)
            skitai.run (workers = 2)
        """
    )
    answers: list[dict[str, object]] = []
    deadline = time.monotonic() + 20
    while len({answer["pid"] for answer in answers}) < 2 and time.monotonic() < deadline:
        answers.append(app.client.get("/", headers={"Connection": "close"}).json())
    assert len({answer["pid"] for answer in answers}) == 2
    assert len({answer["made"] for answer in answers}) == 1
    assert [answer["hits"] for answer in answers] == [float(n + 1) for n in range(len(answers))]
    assert app.stop() == 0


def test_a_killed_worker_is_replaced(serve: Serve) -> None:
    """A worker that is killed has a successor, and the service goes on."""
    app = serve(HELLO, workers=2)
    first = app.client.get("/about").json()["pid"]
    os.kill(first, signal.SIGKILL)
    deadline = time.monotonic() + 20
    while f"worker {first} has died" not in app.log() and time.monotonic() < deadline:
        time.sleep(0.05)
    pids = {app.client.get("/about", headers={"Connection": "close"}).json()["pid"] for _ in range(20)}
    assert first not in pids
    assert app.stop() == 0


def test_the_script_of_another_main(tmp_path: Path) -> None:
    """`atila_compat.asgi("serve.py")` serves a launch script, up to its `skitai.run`, on any server."""
    (tmp_path / "serve.py").write_text("\n".join(line[4:] for line in HELLO.splitlines()))
    (tmp_path / "site_asgi.py").write_text(
        "import atila_compat\napp = atila_compat.asgi('serve.py', '--devel', '--zoo=lion')\n"
    )
    command = (sys.executable, "-m", "uvicorn", "site_asgi:app", f"--host={HOST}")
    app = Launched(command, tmp_path)
    try:
        assert app.client.get("/").text == "Hello, World"
        about = app.client.get("/about").json()
        assert (about["swd"], about["debug"], about["zoo"]) == (str(tmp_path), True, "lion")
    finally:
        app.stop()


def test_a_library_script_needs_no_runner(tmp_path: Path) -> None:
    """A script that imports the engine from the package runs under plain Python."""
    source = HELLO.replace("from atila import", "from atila_compat import").replace(
        "import skitai", "from atila_compat import skitai"
    )
    (tmp_path / "serve.py").write_text("\n".join(line[4:] for line in source.splitlines()))
    app = Launched((sys.executable, "serve.py"), tmp_path, ("--devel",))
    try:
        assert app.client.get("/about").json()["mode"] == "DEVEL"
    finally:
        assert app.stop() == 0


def test_missing_certificates_are_one_line(tmp_path: Path) -> None:
    """A certificate that is not there is named."""
    source = HELLO.replace('name = "hello"', 'certfile = "nowhere.pem"')
    answer = run(tmp_path, source, f"--port={free_port()}")
    assert answer.returncode == 1
    assert answer.stderr.splitlines() == ["serve.py: TLS: No such file or directory: nowhere.pem"]
