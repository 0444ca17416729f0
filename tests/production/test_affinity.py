"""`--cpu-affinity`: which processors the parts of a worker use."""

from __future__ import annotations

import os
import sys
from typing import Any

import pytest

from atila_compat import affinity
from atila_compat.skitai.run_config import read_config

from ..launch import Launched, Serve

SOURCE = """
    import os, sys
    import skitai
    from atila import Atila

    app = Atila(__name__)
    SHOW = "import os; print(*sorted(os.sched_getaffinity(0)))"

    def processors():
        return sorted(os.sched_getaffinity(0))

    @app.route("/loop")
    async def loop(was):
        return was.API(pid=os.getpid(), loop=processors())

    @app.route("/")
    def index(was):
        shell = was.Subprocess(f"{sys.executable} -c '{SHOW}'").fetch()
        return was.API(
            pid=os.getpid(),
            handler=processors(),
            thread=was.Thread(processors).fetch(),
            process=was.Process(processors).fetch(),
            shell=[int(number) for number in shell.split()],
        )

    if __name__ == "__main__":
        skitai.mount("/", app)
        skitai.run(port=5000{options})
"""

ALL = sorted(os.sched_getaffinity(0))


def workers_of(app: Launched, count: int) -> dict[int, dict[str, Any]]:
    """What each of the workers says, by process id."""
    found: dict[int, dict[str, Any]] = {}
    for _ in range(200):
        for path in ("/", "/loop"):
            answer = app.client.get(path, headers={"Connection": "close"}).json()
            found.setdefault(answer["pid"], {}).update(answer)
        if len(found) == count and all("loop" in each and "handler" in each for each in found.values()):
            return found
    raise AssertionError(f"not all workers have answered: {found}")


@pytest.mark.parametrize(
    ("options", "args"), [("", ("--cpu-affinity",)), (", cpu_affinity=True", ())], ids=["option", "keyword"]
)
def test_workers_keep_to_a_processor_each(serve: Serve, options: str, args: tuple[str, ...]) -> None:
    """Event loop and handlers of a worker share one processor, the next worker takes the next one; tasks and
    child processes use all."""
    app = serve(SOURCE.replace("{options}", options), *args, workers=2)
    found = list(workers_of(app, 2).values())
    assert sorted(each["loop"][0] for each in found) == sorted((ALL * 2)[:2])
    for each in found:
        assert each["handler"] == each["loop"]
        assert len(each["loop"]) == 1
        assert each["thread"] == each["process"] == each["shell"] == ALL


def test_processors_are_left_alone_without_it(serve: Serve) -> None:
    """Without the option everything uses all processors."""
    app = serve(SOURCE.replace("{options}", ""))
    (answer,) = workers_of(app, 1).values()
    assert {name: answer[name] for name in answer if name != "pid"} == dict.fromkeys(
        ("loop", "handler", "thread", "process", "shell"), ALL
    )


def test_systems_without_it(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Where the system cannot bind threads to processors the process ends with one line that says so."""
    monkeypatch.delattr(os, "sched_setaffinity")
    monkeypatch.setattr(sys, "argv", ["serve.py"])
    assert not affinity.is_supported()
    with pytest.raises(SystemExit) as ended:
        read_config({"cpu_affinity": True})
    assert ended.value.code == 2
    assert "cpu_affinity needs a system that binds threads to processors" in capsys.readouterr().err
