"""What goes wrong in production: killed processes, growing memory, full disks."""

from __future__ import annotations

import os
import signal

import psutil
import pytest

from ..launch import Serve
from .traffic import Load, pids, service, wait_for


def test_kill_9_under_load(serve: Serve) -> None:
    """Only what the killed worker was answering is lost; the service goes on."""
    app = serve(service(), workers=2)
    victim = next(iter(pids(app)))
    threads = 8
    with Load(app.port, threads=threads) as load:
        wait_for(lambda: load.answered > 200, "the load runs")
        os.kill(victim, signal.SIGKILL)
        before = load.answered
        wait_for(lambda: load.answered > before + 500, "the service goes on")
    # each thread has one connection, so it had one request under way at most
    assert len(load.lost) <= threads
    wait_for(lambda: len(pids(app) - {victim}) == 2, "there are two workers again")
    assert app.stop() == 0


@pytest.mark.timeout(120)
def test_memory_does_not_grow_with_requests(serve: Serve) -> None:
    """After many requests the process has the memory that it had after some (figures: tests/benchmarks)."""
    app = serve(service())
    process = psutil.Process(app.process.pid)
    with Load(app.port, threads=4) as load:
        wait_for(lambda: load.answered > 3000, "some requests", 60)
        before = process.memory_info().rss
        wait_for(lambda: load.answered > 12_000, "many requests", 60)
        after = process.memory_info().rss
    assert load.lost == []
    assert after < before * 1.05 + 2**20


def test_a_full_disk_during_an_upload(serve: Serve) -> None:
    """An upload that cannot be kept is answered with 507 and logged; the next request is served."""
    app = serve(
        """
        import resource, skitai
        from atila import Atila

        app = Atila (__name__)

        @app.route ("/")
        def index (was):
            return "hello"

        @app.route ("/upload", methods = ["POST"])
        def upload (was, **form):
            return "stored"

        @app.before_mount
        def limit (was):
            # no file may grow beyond this: writing more fails, as on a full disk
            resource.setrlimit (resource.RLIMIT_FSIZE, (3_000_000, 3_000_000))

        if __name__ == "__main__":
            import signal
            signal.signal (signal.SIGXFSZ, signal.SIG_IGN)
            skitai.mount ("/", app)
            skitai.run ()
        """
    )
    answer = app.client.post("/upload", files={"file": ("a.bin", b"x" * 8_000_000)})
    assert answer.status_code == 507
    assert answer.json()["more_info"] == "the files cannot be kept"
    assert "its files cannot be kept: [Errno 27] File too large" in app.log()
    assert app.client.get("/").text == "hello"
    assert app.client.post("/upload", files={"file": ("a.bin", b"x" * 1000)}).text == "stored"


def test_logs_on_a_full_disk(serve: Serve) -> None:
    """Where log files cannot be written lines are lost and requests are answered."""
    if not os.path.exists("/dev/full"):
        pytest.fail("/dev/full is not there")
    source = service().replace(
        'skitai.mount ("/", app)', 'skitai.mount ("/", app); skitai.enable_file_logging ("log")'
    )
    app = serve(source, files={"log/readme": ""})
    log = app.folder / "log" / "request.log"
    assert app.client.get("/").text == "hello"
    wait_for(lambda: "GET / 1.1" in log.read_text(), "the line is there")
    log.unlink()
    log.symlink_to("/dev/full")
    for _ in range(3):
        assert app.client.get("/").text == "hello"
    wait_for(lambda: app.client.get("/").text == "hello", "it goes on")
    assert app.stop() == 0
