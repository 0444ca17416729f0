"""Worker processes: replaced when they die, replaced on request, more and fewer of them."""

from __future__ import annotations

import functools
import os
import pwd
import signal

import psutil
import pytest

from ..launch import Serve
from .traffic import Load, all_pids, pids, service, wait_for


def test_the_life_of_workers(serve: Serve) -> None:
    """Killed workers are replaced, SIGHUP replaces all, SIGTTIN and SIGTTOU change how many; one socket."""
    app = serve(service(threads=3), workers=2)
    first = all_pids(app, 2)
    answer = app.client.get("/pid").json()
    assert (answer["parent"], answer["threads"]) == (app.process.pid, 3)

    victim = first.pop()
    os.kill(victim, signal.SIGKILL)
    wait_for(lambda: f"worker {victim} has died (signal 9)" in app.log(), "the death is in the log")
    wait_for(lambda: len(pids(app) - {victim}) == 2, "it is replaced")

    before = all_pids(app, 2)
    app.process.send_signal(signal.SIGHUP)
    wait_for(lambda: len(after := pids(app)) == 2 and not after & before, "all are replaced")

    app.process.send_signal(signal.SIGTTIN)
    wait_for(lambda: len(pids(app, 40)) == 3, "there is one more")
    for _ in range(3):  # the last one stays
        app.process.send_signal(signal.SIGTTOU)
        wait_for(lambda: True, "")
        pids(app, 4)
    wait_for(lambda: len(psutil.Process(app.process.pid).children()) == 1, "one is left")
    listeners = {
        connection.laddr.port
        for connection in psutil.Process(app.process.pid).net_connections()
        if connection.status == psutil.CONN_LISTEN
    }
    assert listeners == {app.port}
    assert app.stop() == 0
    assert "Traceback" not in app.log()


def test_a_single_worker_outlives_these_signals(serve: Serve) -> None:
    """What replaces and counts workers is no end of a service that has one; the log says so."""
    app = serve(service())

    def told(name: str) -> bool:
        return f"{name} has no effect on a single worker" in app.log()

    for number in (signal.SIGHUP, signal.SIGTTIN, signal.SIGTTOU):
        app.process.send_signal(number)
        wait_for(functools.partial(told, number.name), number.name)
    assert app.client.get("/").text == "hello"
    assert app.stop() == 0


@pytest.mark.parametrize("keep_alive", [True, False])
def test_no_request_is_lost_while_workers_are_replaced(serve: Serve, keep_alive: bool) -> None:
    """A rolling restart under load answers every request."""
    app = serve(service(), workers=2)
    before = all_pids(app, 2)
    with Load(app.port, keep_alive=keep_alive) as load:
        app.process.send_signal(signal.SIGHUP)
        wait_for(lambda: not pids(app) & before, "all are replaced")
    assert load.lost == []
    assert load.answered > 100


def test_workers_are_replaced_after_so_many_requests(serve: Serve) -> None:
    """`max_requests` replaces a worker, and nobody notices."""
    app = serve(service(max_requests=50))
    (before,) = pids(app, 4)
    with Load(app.port, threads=2) as load:
        wait_for(lambda: before not in pids(app, 2), "it is replaced")
    assert load.lost == []
    assert "has answered 50 requests" in app.log()
    assert app.stop() == 0


def test_a_worker_that_cannot_start_anew(serve: Serve) -> None:
    """Where the new workers of a rolling restart cannot start, the old ones stay."""
    app = serve(
        """
        import os, skitai
        from atila import Atila

        app = Atila (__name__)

        @app.route ("/pid")
        def pid (was):
            return was.API (pid = os.getpid ())

        @app.before_mount
        def start (was):
            if os.path.exists ("broken"):
                os._exit (7)

        if __name__ == "__main__":
            skitai.mount ("/", app)
            skitai.run (workers = 2)
        """
    )
    before = all_pids(app, 2)
    (app.folder / "broken").touch()
    app.process.send_signal(signal.SIGHUP)
    wait_for(lambda: "the old ones stay" in app.log(), "the failure is in the log")
    assert pids(app) <= before
    os.kill(next(iter(before)), signal.SIGKILL)
    wait_for(lambda: "the next attempt is in" in app.log(), "attempts have pauses between them")
    (app.folder / "broken").unlink()
    wait_for(lambda: len(pids(app)) == 2, "when it can start it is there")
    assert app.stop() == 0


def test_workers_end_with_their_parent(serve: Serve) -> None:
    """Where the parent is killed its workers end by themselves."""
    app = serve(service(), workers=2)
    workers = [psutil.Process(pid) for pid in all_pids(app, 2)]
    app.process.kill()
    wait_for(lambda: not any(_lives(worker) for worker in workers), "the workers end")


def _lives(process: psutil.Process) -> bool:
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def test_workers_of_root_run_as_somebody_else(serve: Serve) -> None:
    """`--user` drops root's rights in the workers; who is not root is told that it has no effect."""
    app = serve(service(), "--user=nobody", env={"PYTHONDONTWRITEBYTECODE": "1"})
    uid = app.client.get("/pid").json()["uid"]
    if os.geteuid() == 0:
        assert uid == pwd.getpwnam("nobody").pw_uid
        assert psutil.Process(app.process.pid).uids().real == 0
    else:
        assert uid == os.geteuid()
        assert "--user and --group are for services that root starts" in app.log()
    assert app.stop() == 0
