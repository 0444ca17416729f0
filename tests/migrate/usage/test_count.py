"""What is counted while an app runs."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

import pytest

from atila_compat import skitai
from atila_compat.app import Atila
from atila_compat.errors import AtilaError
from atila_compat.http.request import Request
from atila_compat.migrate.usage.count import start
from atila_compat.migrate.usage.record import CountsFile, Name, Record, Route, parse, read
from atila_compat.migrate.usage.table import table
from atila_compat.was import Was
from tests.launch import ROOT, Serve

APP = """\
import skitai
from atila import Atila

def __app__ (): return Atila (__name__)

app = Atila (__name__)

@app.route ("/used/<int:n>")
@app.require (ints = ["n"])
def used (was, n):
    return was.API (uri = was.request.uri, n = n)

@app.route ("/page")
def page (was):
    return was.render ("page.html")

@app.route ("/never", methods = ["POST"])
def never (was):
    return was.dejwt ()

if __name__ == "__main__":
    skitai.mount ("/shop", app)
    skitai.run ()
"""
FILES = {"templates/page.html": "<p>\n{{ was.request.method }}\n</p>\n"}


def counted(serve: Serve, path: Path, *paths: str, workers: int | None = None) -> Record:
    """What is counted when an app has answered these paths."""
    command = (sys.executable, "-m", "atila_compat", "run", "--usage", str(path), "serve.py")
    app = serve(APP, files=FILES, command=command, workers=workers)
    for each in paths:
        assert app.client.get(each).status_code == 200
    assert app.stop() == 0
    return read(path)


def test_names_and_routes_are_counted_by_their_lines(serve: Serve, tmp_path: Path) -> None:
    """Each name of the original counts where the app's code uses it, and each route that is asked for."""
    record = counted(serve, tmp_path / "usage.json", "/shop/used/1", "/shop/used/2", "/shop/page")
    assert record.names[Name("was", "API", "serve.py:11")] == 2
    assert record.names[Name("was.request", "uri", "serve.py:11")] == 2
    assert record.names[Name("app", "require", "serve.py:9")] == 1
    assert record.names[Name("skitai", "mount", "serve.py:22")] == 1
    assert record.names[Name("was.request", "method", "templates/page.html:2")] == 1
    assert not [name for name in record.names if name.attribute == "dejwt"]
    places = {name.place.partition(":")[0] for name in record.names}
    assert places == {"serve.py", "templates/page.html"}
    assert record.routes == {
        Route("__main__", "/shop/used/<int:n>", "GET, POST", "serve.py:8"): 2,
        Route("__main__", "/shop/page", "GET, POST", "serve.py:13"): 1,
        Route("__main__", "/shop/never", "POST", "serve.py:17"): 0,
    }


def test_workers_and_runs_are_added_up(serve: Serve, tmp_path: Path) -> None:
    """Several workers, and several runs, write into one file together."""
    path = tmp_path / "usage.json"
    paths = ["/shop/used/1"] * 20
    counted(serve, path, *paths, workers=2)
    record = counted(serve, path, *paths, workers=2)
    assert record.names[Name("was", "API", "serve.py:11")] == 40
    assert sum(record.routes.values()) == 40
    assert record.runs == 6


def test_nothing_stays_behind(tmp_path: Path) -> None:
    """Counting leaves no trace in the classes and modules that it watched; without it there is none."""
    before = [dict(vars(cls)) for cls in (Was, Request, Atila)]
    usage = start(tmp_path / "usage.json")
    assert Was.__getattribute__ is not object.__getattribute__
    assert type(skitai) is not type(sys)
    usage.stop()
    assert [dict(vars(cls)) for cls in (Was, Request, Atila)] == before
    assert Was.__getattribute__ is object.__getattribute__
    assert type(skitai) is type(sys)


def test_code_of_the_package_is_not_counted(tmp_path: Path) -> None:
    """Only what the app's own code uses counts, not what the package does for it."""
    usage = start(tmp_path / "usage.json")
    try:
        app = Atila("counted")
        app.build_url("/x")
        names = {(name.thing, name.attribute) for name in usage.take().names}
    finally:
        usage.stop()
    assert names == {("app", "build_url")}


def test_names_that_are_missing_behave_as_ever(tmp_path: Path) -> None:
    """A missing attribute raises what it raises without counting."""
    usage = start(tmp_path / "usage.json")
    try:
        with pytest.raises(AttributeError, match="nosuch"):
            _ = skitai.nosuch
        assert skitai.exceptions.HTTPError
    finally:
        usage.stop()


def test_file_that_cannot_be_written_is_refused(serve: Serve, tmp_path: Path) -> None:
    """A file that cannot be made is refused before the app starts."""
    with pytest.raises(AtilaError, match="cannot be written"):
        start(tmp_path / "no" / "usage.json")
    command = (sys.executable, "-m", "atila_compat", "run", "--usage", "/no/such/folder/u.json", "serve.py")
    with pytest.raises(RuntimeError, match="cannot be written"):
        serve(APP, command=command)


def test_file_with_something_else_is_kept(tmp_path: Path) -> None:
    """A file that holds something else is put beside, and counting begins anew."""
    path = tmp_path / "usage.json"
    path.write_text("my notes")
    CountsFile(path).close()
    assert (tmp_path / "usage.json.old").read_text() == "my notes"
    assert read(path) == Record()
    for content in (b"[]", b"{", b"\x80"):
        path.write_bytes(content)
        with pytest.raises(AtilaError, match=r"usage\.json is no file that"):
            read(path)


def test_record_survives_writing_and_reading() -> None:
    """Reading gives what was written; deprecated names carry the current one."""
    record = Record(runs=2)
    record.names[Name("was.request", "args", "a.py:1")] = 3
    record.routes[Route("a", "/", "GET", "a.py:2")] = 0
    assert parse(record.as_json()) == record
    assert '"current": "ARGS"' in record.as_json()


def test_table_tells_what_can_go() -> None:
    """The table has the most used first, names deprecated names, and marks what was never asked for."""
    names = {Name("was", "ab", "views/a.py:7"): 12, Name("skitai", "run", "serve.py:20"): 1}
    routes = {Route("a", "/x", "GET, POST", "a.py:2"): 7, Route("a", "/y", "GET", "a.py:9"): 0}
    text = table(Record(Counter(names), Counter(routes), 1))
    assert text.splitlines() == [
        "counted by 1 process",
        "",
        "USES  NAME        PLACE",
        "  12  was.ab      views/a.py:7  deprecated, now urlfor",
        "   1  skitai.run  serve.py:20",
        "",
        "HITS  METHODS    RULE  PLACE",
        "   7  GET, POST  /x    a.py:2",
        "   0  GET        /y    a.py:9  never",
    ]
    assert "nothing of the original's was used" in table(Record())


def test_command_prints_the_table(tmp_path: Path) -> None:
    """`atila-compat usage FILE` prints the table; a file that is none is an error."""
    import subprocess

    path = tmp_path / "usage.json"
    record = Record(runs=1)
    record.names[Name("was", "API", "a.py:1")] = 1
    path.write_text(record.as_json())
    command = [sys.executable, "-m", "atila_compat", "usage", str(path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, table(record))
    path.write_text("{}")
    failed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert failed.returncode == 2
    assert "no file that `run --usage` has written" in failed.stderr
