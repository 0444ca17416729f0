from __future__ import annotations

import os
import threading
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from atila_compat.routing.reloading import Reloader, stamp_of
from tests.routing.declaring import outcome
from tests.routing.packages import Packages

PACKAGE = """
    from atila_compat import Atila

    def __app__():
        return Atila(__name__)

    def __setup__(app, mntopt):
        from .services import a, b
        app.mount("/a", a, colour="red")
        app.mount("/b", b)
"""
OLD = """
    LIMIT = 5
    log = []

    def value():
        return "old"

    def __mount__(app, mntopt):
        @app.route("/x", methods=["GET"])
        def x(was):
            return "x1 " + value()

        @app.route("/gone/<int:n>")
        def gone(was, n=1):
            return "gone"

        @app.route("/same")
        def same(was):
            return "same1 " + mntopt["colour"]

    def __umount__(app):
        app.log.append("umount " + value())
"""
NEW = """
    LIMIT = 6

    def value():
        return "new"

    def __mount__(app, mntopt):
        @app.route("/x", methods=["PUT"])
        def x(was):
            return "x2 " + value()

        @app.route("/fresh")
        def fresh(was):
            return "fresh"

        @app.route("/same")
        def same(was):
            return "same2 " + mntopt["colour"]
"""
IMPORTER = """
    from .a import LIMIT, value
    from .a import value as other
    from . import a

    def __mount__(app, mntopt):
        @app.route("/v")
        def v(was):
            return [value(), other(), LIMIT, a.value()]
"""


class Site:
    """An app of a package on disk whose modules are edited."""

    def __init__(self, packages: Packages) -> None:
        self.packages = packages
        self.package: ModuleType = packages.make(
            {"mall.": PACKAGE, "mall.services.a": OLD, "mall.services.b": IMPORTER}
        )
        self.app: Any = self.package.__app__()
        self.app.log = []
        self.app.load(self.package, environment="DEVEL")
        self._edits = 0

    def edit(self, name: str, source: str) -> Path:
        """Write a module again; its time of modification differs from before in any case."""
        path = self.packages.write(name, source)
        self._edits += 1
        found = path.stat()
        os.utime(path, ns=(found.st_atime_ns, found.st_mtime_ns + self._edits))
        return path

    def look(self) -> None:
        """Look for changes as a second later."""
        self.app._reloader._next_look = 0.0
        self.app.reload_changed()

    def get(self, path: str, method: str = "GET") -> Any:
        """What the handler of a path returns, or the status code of a refusal."""
        found = outcome(self.app.router, path, method)
        if not isinstance(found, tuple):
            return found
        routes, _ = self.app.router.find(path, method)
        return routes.by_method[method].handler(None)


@pytest.fixture
def site(packages: Packages) -> Site:
    """An app whose modules can be edited."""
    return Site(packages)


def test_changed_module_is_mounted_again(site: Site) -> None:
    """A module that has changed is umounted, loaded and mounted with its options; what it declares is new."""
    site.edit("mall.services.a", NEW)
    assert site.get("/a/same") == "same1 red"
    site.look()
    assert site.app.log == ["umount old"]
    assert site.get("/a/same") == "same2 red"
    assert site.get("/a/fresh") == "fresh"
    assert site.get("/a/x", "PUT") == "x2 new"


def test_routes_that_are_not_declared_any_more_are_gone(site: Site) -> None:
    """Routes, methods, implied rules and names of the old version that the new one lacks are gone."""
    site.edit("mall.services.a", NEW)
    site.look()
    assert site.get("/a/gone/3") == site.get("/a/gone") == 404
    assert site.get("/a/x", "GET") == 405
    assert site.app.router.find("/a/x")[0].allowed == {"PUT"}
    assert site.app.build_url("a.fresh") == "/a/fresh"
    with pytest.raises(NameError):
        site.app.build_url("a.gone", 3)
    assert "a.gone" not in site.app.resources
    assert site.app.resources["a.same"].func(None) == "same2 red"


def test_imported_names_are_replaced(site: Site) -> None:
    """What other modules of the package have imported from a changed one is new there too."""
    assert site.get("/b/v") == ["old", "old", 5, "old"]
    site.edit("mall.services.a", NEW)
    site.look()
    assert site.get("/b/v") == ["new", "new", 6, "new"]


def test_names_handed_on_are_replaced(packages: Packages) -> None:
    """What a module imports and others import from it, by star too, is replaced at each of them."""
    packages.write("mall.services.middle", "from .a import *\nfrom .a import LIMIT as RENAMED\n")
    packages.write("mall.far", "from mall.services.middle import value, RENAMED\nLIMIT = 5\n")
    site = Site(packages)
    packages.load("mall.services.middle")
    far = packages.load("mall.far")
    site.edit("mall.services.a", NEW)
    site.look()
    assert (far.value(), far.RENAMED) == ("new", 6)
    assert far.LIMIT == 5


def test_modules_stay_the_same_objects(site: Site) -> None:
    """A module is loaded in place; an old function that still runs sees the new globals."""
    module = site.packages.load("mall.services.a")
    old = module.value
    site.edit("mall.services.a", NEW)
    site.look()
    assert site.packages.load("mall.services.a") is module
    assert old.__globals__ is vars(module)
    assert module.LIMIT == 6


def test_order_of_rules_is_kept(packages: Packages, site: Site) -> None:
    """A rule that is declared again stays in its place among the rules of other modules."""
    declare = "def __mount__(app):\n    app.route('/<{0}:{1}>')(lambda was, {1}: '{1} {2}')\n"
    one = packages.make({"one": declare.format("int", "n", 1)})
    two = packages.make({"two": declare.format("path", "p", 1)})
    site.app.mount("/", one, two)
    site.edit("one", declare.format("int", "n", 2))
    site.look()
    routes, params = site.app.router.find("/3", "GET")
    assert routes.first.handler(None, **params) == "n 2"


def test_nothing_changes_without_an_edit(site: Site) -> None:
    """Files that are what they were are left alone."""
    router = site.app.router
    site.look()
    assert site.app.router is router
    assert site.app.log == []


def test_files_are_looked_at_once_a_second(site: Site) -> None:
    """Between two looks lies a second, in which nothing is read."""
    site.edit("mall.services.a", NEW)
    reloader = Reloader(site.app)
    assert [entry.module.__name__ for entry in reloader.changed()] == ["mall.services.a"]
    assert reloader.changed() == []


def test_deleted_file_is_no_change(site: Site) -> None:
    """A file that is away for a moment, as editors do, is left alone."""
    path = site.edit("mall.services.a", NEW)
    path.unlink()
    site.look()
    assert site.get("/a/same") == "same1 red"


BROKEN = {
    "syntax": ("def (", SyntaxError, []),
    "import": ("LIMIT = 7\nimport no_such_module\n", ImportError, ["umount old"]),
    "mount": (
        "LIMIT = 8\ndef __mount__(app):\n    app.route('/y')(lambda was: '')\n    1 / 0\n",
        ZeroDivisionError,
        ["umount old"],
    ),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_failure_leaves_the_old_routes(site: Site, kind: str) -> None:
    """A module that cannot be loaded or mounted raises; its old routes, names and globals are as before."""
    source, error, log = BROKEN[kind]
    site.edit("mall.services.a", source)
    with pytest.raises(error):
        site.look()
    assert site.app.log == log
    assert site.get("/a/same") == "same1 red"
    assert site.get("/a/x") == "x1 old"
    assert site.get("/a/gone/3") == "gone"
    assert site.get("/a/y") == 404
    assert site.get("/b/v") == ["old", "old", 5, "old"]
    assert site.app.build_url("a.gone", 3) == "/a/gone/3"
    assert site.app.mount_context is None


def test_failure_is_raised_at_each_look_until_it_is_mended(site: Site) -> None:
    """Each look raises the error again; the mended module is loaded."""
    site.edit("mall.services.a", "def (")
    for _ in range(2):
        with pytest.raises(SyntaxError):
            site.look()
    site.edit("mall.services.a", NEW)
    site.look()
    assert site.get("/a/same") == "same2 red"


def test_second_change_of_the_same_size_within_a_second(site: Site) -> None:
    """Compiled files, which are told apart by seconds and size, never stand in for a changed source."""
    for text in ("one", "two", "six"):
        site.edit("mall.services.a", f"def __mount__(app):\n    app.route('/t')(lambda was: '{text}')\n")
        site.look()
        assert site.get("/a/t") == text


def test_removed_hooks_are_not_called(site: Site) -> None:
    """A module without `__mount__` has no routes any more, and a removed `__umount__` does not run."""
    site.edit("mall.services.a", "LIMIT = 1\n")
    site.look()
    site.edit("mall.services.a", "LIMIT = 2\n")
    site.look()
    assert site.app.log == ["umount old"]
    assert site.get("/a/same") == 404


def test_events_and_hooks_are_not_doubled(packages: Packages) -> None:
    """What a module declares beside routes takes the place of what it declared before."""
    source = """
        def __mount__(app):
            @app.on("ping")
            def heard(was):
                app.log.append({!r})

            @app.before_request
            def before(was):
                pass

            @app.maintain(1)
            def job(was, now, count):
                pass
    """
    packages.write("mall.services.c", "")
    site = Site(packages)
    for text in ("one", "two"):
        site.edit("mall.services.a", source.format(text))
        site.look()
    del site.app.log[:]
    site.app.emit("ping")
    assert site.app.log == ["two"]


def test_module_at_two_points_is_loaded_once(packages: Packages) -> None:
    """A module that is mounted twice is loaded once and mounted at both points again."""
    counting = "import builtins\nCOUNT = globals().get('COUNT', 0) + 1\n"
    declare = "def __mount__(app, mntopt):\n    app.route('/c')(lambda was: (COUNT, mntopt['point'], {}))\n"
    module = packages.make({"twice": counting + declare.format(1)})
    site = Site(packages)
    site.app.mount("/one", module)
    site.app.mount("/two", module)
    site.edit("twice", counting + declare.format(2))
    site.look()
    assert site.get("/one/c") == (2, "/one", 2)
    assert site.get("/two/c") == (2, "/two", 2)


def test_extending_routes_stay_extending(packages: Packages) -> None:
    """A reloaded module of an extending package fills gaps as before, no more."""
    packages.write("base.", PACKAGE)
    packages.write("base.services.a", OLD.replace("same1", "base1"))
    packages.write("base.services.b", NEW.replace("def fresh", "def other").replace("/fresh", "/other"))
    package = packages.make({"mall.": PACKAGE, "mall.services.a": NEW, "mall.services.b": IMPORTER})
    site = Site.__new__(Site)
    site.packages, site.package, site._edits = packages, package, 0
    site.app = package.__app__()
    site.app.log = []
    site.app.extends(packages.load("base"))
    site.app.load(package, environment="DEVEL")
    assert site.get("/a/gone") == "gone"
    site.edit("base.services.a", OLD.replace("same1", "base2").replace('"gone"', '"changed"'))
    site.look()
    assert site.get("/a/gone") == "changed"
    assert site.get("/a/same") == "same2 red"


def test_changed_package_asks_for_a_restart(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    """A change of the app's package itself is not loaded; the log says once that a restart is needed."""
    site.look()
    path = site.edit("mall.", PACKAGE + "\n    CHANGED = 1\n")
    site.look()
    site.look()
    assert caplog.messages == [f"{path} has changed: restart the server to load it"]
    assert not hasattr(site.package, "CHANGED")


def test_threads_that_come_meanwhile_wait(site: Site) -> None:
    """While one thread loads a module others wait, and then answer with the new version."""
    site.edit("mall.services.a", NEW)
    site.app._reloader._next_look = 0.0
    seen: list[Any] = []

    def ask() -> None:
        site.app.reload_changed()
        seen.append(site.get("/a/same"))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert site.app.log == ["umount old"]
    assert seen == ["same2 red"] * 8


def test_stamp_of_what_has_no_file() -> None:
    """Modules without a file of their own never change."""
    assert stamp_of(ModuleType("made")) is None
    gone = ModuleType("gone")
    gone.__file__ = "/no/such/file.py"
    assert stamp_of(gone) is None
