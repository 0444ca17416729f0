"""Children of was.Process find what the launch script defines, and start no server."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from atila_compat.tasks.processes import ProcessPool, in_child

from ..launch import Serve

SCRIPT = """
import os
from atila_compat.tasks.processes import ProcessPool, in_child

STARTED = os.getpid()

class Point:
    def __init__(self, x):
        self.x = x

class Lost(Exception):
    def __init__(self, a, b):
        super().__init__(a)

def double(point):
    return Point(point.x * 2), in_child(), STARTED == os.getpid()

def lose():
    raise Lost(1, 2)

{body}
"""

GUARDED = """
if __name__ == "__main__":
    pool = ProcessPool(1)
    point, child, own = pool.submit(double, (Point(4),), {}).result(20)
    print(type(point) is Point, point.x, child, own)
    try:
        pool.submit(lose, (), {}).result(20)
    except RuntimeError as error:
        print("RuntimeError", error)
    pool.close()
"""

UNGUARDED = """
class End(BaseException):
    pass

def run():
    if in_child():
        raise End
    pool = ProcessPool(1)
    print(pool.submit(double, (Point(5),), {}).result(20)[0].x)
    pool.close()

run()
"""


def run(path: Path, body: str) -> list[str]:
    path.write_text(SCRIPT.format(body=textwrap.dedent(body)))
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    found = subprocess.run([sys.executable, str(path)], capture_output=True, text=True, timeout=50, env=env)
    assert found.returncode == 0, found.stderr
    return found.stdout.splitlines()


def test_functions_and_classes_of_the_launch_script(tmp_path: Path) -> None:
    """Classes of the script go there and back as the script's own; what cannot come back is told."""
    assert run(tmp_path / "serve.py", GUARDED) == ["True 8 True True", "RuntimeError Lost: 1"]


def test_a_launch_script_without_guard(tmp_path: Path) -> None:
    """A script that starts its server at top level ends there in the child."""
    assert run(tmp_path / "serve.py", UNGUARDED) == ["10"]


def test_this_is_no_child() -> None:
    """The server itself is no child."""
    assert not in_child()


def test_modules_that_were_loaded_from_files(tmp_path: Path) -> None:
    """A function of a module that cannot be imported by name is found by its file."""
    import importlib.util

    path = tmp_path / "mounted_app.py"
    path.write_text("def answer(n):\n    return n * 6\n")
    spec = importlib.util.spec_from_file_location("mounted_app_of_a_test", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    pool = ProcessPool(1)
    try:
        assert pool.submit(module.answer, (7,), {}).result(20) == 42
    finally:
        pool.close()
        del sys.modules[spec.name]


def test_an_interrupt_is_for_the_parent() -> None:
    """Ctrl-C reaches the whole process group; the child leaves it to its parent."""
    pool = ProcessPool(1)
    try:
        pid = pool.submit(os.getpid, (), {}).result(20)
        os.kill(pid, signal.SIGINT)
        assert pool.submit(os.getpid, (), {}).result(20) == pid
    finally:
        pool.close()


def test_a_child_that_died_in_peace_is_replaced() -> None:
    """A process that was killed while it had nothing to do is not used again."""
    pool = ProcessPool(1)
    try:
        pid = pool.submit(os.getpid, (), {}).result(20)
        os.kill(pid, signal.SIGKILL)
        following = pool.submit(os.getpid, (), {})
        try:
            assert following.result(20) != pid
        except Exception:  # it died after it was chosen: then the next one is new
            assert pool.submit(os.getpid, (), {}).result(20) != pid
    finally:
        pool.close()


def test_calls_wait_for_their_turn() -> None:
    """More calls than processes are done one after the other."""
    pool = ProcessPool(1)
    try:
        calls = [pool.submit(abs, (-n,), {}) for n in range(10)]
        assert [call.result(20) for call in calls] == list(range(10))
    finally:
        pool.close()


def test_a_closed_pool_takes_nothing() -> None:
    """After close there is an error, no hanging."""
    pool = ProcessPool(1)
    pool.close()
    with pytest.raises(RuntimeError):
        pool.submit(abs, (1,), {})


def test_a_launch_script_that_is_served_without_guard(serve: Serve) -> None:
    """Under `atila_compat run` a child that runs the script starts no second server."""
    launched = serve(
        """
        from atila import Atila
        import skitai

        app = Atila(__name__)

        class Point:
            def __init__(self, x):
                self.x = x

        def double(point):
            return Point(point.x * 2)

        @app.route("/")
        def index(was):
            point = was.Process(double, Point(4)).fetch()
            return was.API(x=point.x, own=type(point) is Point)

        skitai.mount("/", app)
        skitai.run(port=5000)
        """
    )
    assert launched.client.get("/").json() == {"x": 8, "own": True}
    assert "cannot listen" not in launched.log()
