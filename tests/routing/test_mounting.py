from __future__ import annotations

import sys
from typing import Any

import pytest

from atila_compat import Atila
from atila_compat.routing.mounting import join_points
from tests.routing.declaring import outcome
from tests.routing.packages import Packages

SERVICE = """
    def __mount__(app, mntopt):
        @app.route("/fn/<int:n>")
        def fn(was, n):
            return mntopt

        @app.route("")
        def top(was):
            return mntopt
"""
APP = """
    from atila_compat import Atila

    def __app__():
        return Atila(__name__)
"""
NOISY = """
    from shop import log

    def __setup__(app, mntopt):
        log.append("{name} setup")

    def __mount__(app):
        log.append("{name} mount")

    def __umount__(app):
        log.append("{name} umount")
"""


def rules(app: Atila) -> list[str]:
    """All rules of an app, sorted."""
    return sorted(route.text for route in app.router.routes())


def options(app: Atila, path: str) -> Any:
    """The mount options of the route that answers a path."""
    hit = app.router.find(path, "GET")
    assert hit is not None
    return hit[0].by_method["GET"].routable["mntopt"]


@pytest.mark.parametrize(
    ("points", "joined"),
    [
        (("",), ""),
        (("/",), "/"),
        (("/a",), "/a"),
        (("/a/", "/b/"), "/a/b/"),
        (("/", ""), "/"),
        (("a", "b"), "/a/b"),
        (("//a//", "", "/b"), "/a/b"),
    ],
)
def test_points_are_joined_with_single_slashes(points: tuple[str, ...], joined: str) -> None:
    """Mount points continue each other with single slashes; one at the end stays."""
    assert join_points(*points) == joined


def test_modules_are_mounted_with_their_options(packages: Packages) -> None:
    """Handlers see the options of `app.mount`, the full point and the module's name (spec/01 section 4)."""
    service, app = packages.make({"stock": SERVICE}), Atila("app")
    app.mount("/s", service, colour="blue")
    app.start()
    expected = {"colour": "blue", "point": "/s", "module_name": "stock", "ns": "stock"}
    assert options(app, "/s/fn/1") == service.__mntopt__ == expected
    assert rules(app) == ["/s", "/s/fn/<int:n>"]
    assert app.build_url("stock.fn", 3) == "/s/fn/3"


@pytest.mark.parametrize("keyword", ["point", "mount"])
def test_point_may_be_a_keyword(packages: Packages, keyword: str) -> None:
    """`app.mount(module, point = "/x")` is `app.mount("/x", module)`; `mount` is the keyword's old name."""
    app = Atila("app")
    app.mount(packages.make({"stock": SERVICE}), **{keyword: "/x"})
    app.start()
    assert rules(app) == ["/x", "/x/fn/<int:n>"]


def test_several_modules_share_a_point(packages: Packages) -> None:
    """One call mounts several modules at one point."""
    one, two = packages.make({"one": SERVICE}), packages.make({"two": SERVICE})
    app = Atila("app")
    app.mount("m", one, two, ns="both")
    app.start()
    assert outcome(app.router, "/m/fn/1") == ("/m/fn/<int:n>", {"n": 1})
    assert [entry.context.options["module_name"] for entry in app.mountables] == ["one", "two"]


def test_one_module_at_two_points(packages: Packages) -> None:
    """A module that is mounted twice answers at both points; urls lead to the second."""
    service, app = packages.make({"stock": SERVICE}), Atila("app")
    app.mount("/a", service, n=1)
    app.mount("/b", service, n=2)
    app.start()
    assert (options(app, "/a")["n"], options(app, "/b")["n"]) == (1, 2)
    assert app.build_url("stock.fn", 3) == "/b/fn/3"


def test_modules_without_hooks_are_refused() -> None:
    """A module needs `__mount__` or `__setup__`; something else than a module or function is no target."""
    app = Atila("app")
    with pytest.raises(AssertionError, match="__mount__ hook doesn't exist"):
        app.mount("/x", sys)
    with pytest.raises(AssertionError, match="takes modules and functions"):
        app.mount("/x", 5)


def test_nested_mounts_continue_the_point_and_siblings_keep_it(packages: Packages) -> None:
    """Mounts in `__setup__` continue the module's point, also those behind a nested one."""
    package = packages.make(
        {
            "shop.": APP + "\n    def __setup__(app, mntopt):\n"
            "        from .services import outer\n        app.mount('/p', outer)\n",
            "shop.services.outer": """
                def __setup__(app):
                    from . import a, b, c
                    app.mount("/a", a)
                    app.mount("/b", b)
                    app.mount("/c", c)
            """,
            "shop.services.a": SERVICE
            + "\n    def __setup__(app, mntopt):\n        from . import b\n        app.mount('/deep', b)\n",
            "shop.services.b": SERVICE,
            "shop.services.c": SERVICE,
        }
    )
    app: Atila = package.__app__()
    app.load(package)
    assert [rule for rule in rules(app) if "fn" not in rule] == ["/p/a", "/p/a/deep", "/p/b", "/p/c"]
    assert app.mount_context is None


def test_nested_point_may_repeat_the_parents(packages: Packages) -> None:
    """`app.mount("/sub2/pages", pages)` in a module at /sub2 is /sub2/pages, as the README has it."""
    packages.write("sub", "def __setup__(app):\n    import pages\n    app.mount('/sub2/pages', pages)\n")
    packages.write("pages", SERVICE)
    app = Atila("app")
    app.mount("/sub2", packages.load("sub"))
    app.start()
    assert rules(app) == ["/sub2/pages", "/sub2/pages/fn/<int:n>"]


def test_hooks_run_in_their_order(packages: Packages) -> None:
    """Package first; set-ups as they are mounted, then mounts by the modules' names, functions last."""
    package = packages.make(
        {
            "shop.": """
                from atila_compat import Atila
                log = []

                def __app__():
                    return Atila(__name__)

                def function(app, mntopt):
                    log.append("function " + mntopt["point"])

                def __setup__(app, mntopt):
                    log.append("package setup")
                    from .services import zeta, alpha
                    app.mount("/f", function)
                    app.mount("/z", zeta)
                    app.mount("/a", alpha)

                def __mount__(app, mntopt):
                    log.append("package mount")

                def __umount__(app):
                    log.append("package umount")
            """,
            "shop.services.zeta": NOISY.format(name="zeta"),
            "shop.services.alpha": NOISY.format(name="alpha"),
        }
    )
    app: Atila = package.__app__()
    app.load(package, point="/h")
    assert package.log == [
        "package setup",
        "zeta setup",
        "alpha setup",
        "package mount",
        "alpha mount",
        "zeta mount",
        "function /f",
    ]
    del package.log[:]
    app.umount()
    assert package.log == ["alpha umount", "zeta umount", "package umount"]


def test_package_hooks_get_the_apps_options(packages: Packages) -> None:
    """The package's own hooks are called with point, directory and switches (spec/01 section 3)."""
    package = packages.make({"shop.": APP + "\n    def __mount__(app, mntopt):\n        app.seen = mntopt\n"})
    app: Any = package.__app__()
    app.load(package, point="/h", environment="DEVEL")
    folder = str(packages.folder / "shop")
    assert app.seen == {"point": "/h/", "base_dir": folder, "use_reloader": True, "debug": True}


def test_modules_are_not_mounted_by_mount_hooks(packages: Packages) -> None:
    """`app.mount` in `__mount__`: a new module is a RuntimeError with a remedy, a known one is ignored."""
    source = "def __mount__(app):\n    import {other}\n    app.mount('/x', {other})\n"
    packages.write("new", SERVICE)
    app = Atila("app")
    app.mount("/", packages.make({"bad": source.format(other="new")}))
    with pytest.raises(RuntimeError, match=r"call app\.mount\(\) in __setup__"):
        app.start()
    fine = Atila("fine")
    fine.mount("/n", packages.load("new"))
    fine.mount("/", packages.make({"known": source.format(other="new")}))
    fine.start()
    assert rules(fine) == ["/n", "/n/fn/<int:n>"]


def test_package_mount_hook_may_mount(packages: Packages) -> None:
    """The app package's own `__mount__` may mount modules."""
    package = packages.make(
        {
            "shop.": APP + "\n    def __mount__(app, mntopt):\n"
            "        from . import late\n        app.mount('/late', late)\n",
            "shop.late": SERVICE,
        }
    )
    app: Atila = package.__app__()
    app.load(package)
    assert "/late" in rules(app)


@pytest.mark.parametrize(("environment", "mounted"), [("DEVEL", True), ("PRODUCTION", False)])
@pytest.mark.parametrize("early", [True, False])
def test_debug_only_modules(packages: Packages, environment: str, mounted: bool, early: bool) -> None:
    """`debug_only` modules are there with --devel alone, also when the launch script has mounted them."""
    packages.write("tools", SERVICE)
    package = packages.make(
        {
            "shop.": APP + "\n    def __setup__(app, mntopt):\n"
            "        import tools\n        app.mount('/later', tools, debug_only=True)\n"
        }
    )
    app: Atila = package.__app__()
    if early:
        app.mount("/tools", packages.load("tools"), debug_only=True)
    app.load(package, environment=environment)
    assert ("/tools" in rules(app)) is (mounted and early)
    assert ("/later" in rules(app)) is mounted


def test_functions_are_called_last_and_without_prefix(packages: Packages) -> None:
    """A mounted function declares routes of the app, not of a point; it takes the options or not."""
    seen: list[Any] = []

    def declare(app: Any, mntopt: Any) -> None:
        seen.append(mntopt)
        app.route("/infunc")(lambda was: "")

    app = Atila("app")
    app.mount("/c", declare, foo=1)
    app.mount("/c", lambda app: seen.append("one"))
    assert seen == []
    app.start()
    assert seen == [{"foo": 1, "point": "/c"}, "one"]
    assert rules(app) == ["/infunc"]
    assert options(app, "/infunc") == {}


def test_functions_may_mount_modules(packages: Packages) -> None:
    """Modules that a mounted function mounts are there too."""
    service, app = packages.make({"stock": SERVICE}), Atila("app")
    app.mount("/", lambda app: app.mount("/late", service))
    app.start()
    assert "/late" in rules(app)


def test_mounting_while_serving(packages: Packages) -> None:
    """An app that serves already takes modules and functions at once, `mount_later` too."""
    app = Atila("app")
    app.start()
    app.mount("/one", packages.make({"one": SERVICE}))
    app.mount_later("/two", packages.make({"two": SERVICE}))
    app.mount("/", lambda app: app.route("/three")(lambda was: ""))
    assert [rule for rule in rules(app) if "fn" not in rule] == ["/one", "/three", "/two"]


def test_mount_later_comes_before_the_named_modules(packages: Packages) -> None:
    """`mount_later` entries are mounted when the app is set up, before what `app.mount` has named."""
    declare = "def __mount__(app):\n    app.route('/same')(lambda was: {!r})\n"
    app = Atila("app")
    app.mount("/", packages.make({"a_named": declare.format("named")}))
    app.mount_later("/", packages.make({"z_later": declare.format("later")}), x=1)
    app.start()
    hit = app.router.find("/same", "GET")
    assert hit is not None
    assert hit[0].by_method["GET"].handler(None) == "named"
    assert [entry.context.options.get("x") for entry in app.mountables] == [None, 1]


def test_modules_of_the_package_are_found(packages: Packages) -> None:
    """Imported modules below `services` and `exports` are mounted where nobody calls `app.mount`."""
    package = packages.make(
        {
            "shop.": """
                from atila_compat import Atila
                from .services import pages
                from .services.deep import inner
                from .exports import report
                from . import elsewhere

                def __app__():
                    return Atila(__name__)
            """,
            "shop.services.": "def __setup__(app):\n    raise AssertionError('not called')\n",
            "shop.services.pages": SERVICE.replace("/fn", "/pages"),
            "shop.services.deep.inner": SERVICE.replace("/fn", "/inner"),
            "shop.exports.report": SERVICE.replace("/fn", "/report"),
            "shop.elsewhere": SERVICE.replace("/fn", "/elsewhere"),
        }
    )
    app: Atila = package.__app__()
    app.load(package)
    assert rules(app) == ["/", "/inner/<int:n>", "/pages/<int:n>", "/report/<int:n>"]
    assert app.build_url("deep.inner.fn", 1) == "/inner/1"
    assert app.build_url("shop.exports.report.fn", 1) == "/report/1"


def test_nothing_is_found_where_modules_are_named(packages: Packages) -> None:
    """One `app.mount` ends the search for modules; `app.auto_mount = False` does too."""
    sources = {
        "shop.": APP + "\n    from .services import pages, named\n",
        "shop.services.pages": SERVICE.replace("/fn", "/pages"),
        "shop.services.named": SERVICE.replace("/fn", "/named"),
    }
    package = packages.make(sources)
    app: Atila = package.__app__()
    app.mount("/", packages.load("shop.services.named"))
    app.load(package)
    assert rules(app) == ["/", "/named/<int:n>"]
    silent: Atila = package.__app__()
    silent.auto_mount = False
    silent.load(package)
    assert rules(silent) == []


def test_more_folders_can_be_searched(packages: Packages) -> None:
    """`app.add_package` names more folders to look for modules in, for that app alone."""
    package = packages.make({"shop.": APP + "\n    from .more import pages\n", "shop.more.pages": SERVICE})
    app: Atila = package.__app__()
    app.add_package("more")
    app.load(package)
    assert "/fn/<int:n>" in rules(app)
    assert "more" not in Atila.PACKAGE_DIRS


def page(text: str, *names: str) -> str:
    """A service module whose pages answer `text`."""
    lines = ["def __mount__(app, mntopt):"]
    for name in names:
        lines += [f"    @app.route('/{name}')", f"    def {name}(was):", f"        return {text!r}"]
    return "\n".join(lines)


@pytest.mark.parametrize(
    ("way", "answers"),
    [
        ("extends", {"/shared": "main", "/only_main": "main", "/only_other": "other"}),
        ("overrides", {"/shared": "other", "/only_main": "main", "/only_other": "other"}),
    ],
)
def test_extending_fills_gaps_and_overriding_wins(
    packages: Packages, way: str, answers: dict[str, str]
) -> None:
    """An extending package answers what the app does not, an overriding one comes first."""
    mounts = """
    def __setup__(app, mntopt):
        from . import services
        app.mount('/', services)
    """
    package = packages.make({"main.": APP + mounts, "main.services.": page("main", "shared", "only_main")})
    other = packages.make({"other.": APP + mounts, "other.services.": page("other", "shared", "only_other")})
    app: Atila = package.__app__()
    getattr(app, way)(other)
    app.load(package)
    for path, text in answers.items():
        hit = app.router.find(path, "GET")
        assert hit is not None
        assert hit[0].by_method["GET"].handler(None) == text
        assert app.resources[path[1:]].func(None) == text
        assert app.build_url(path[1:]) == path


def test_preference_is_copied_to_the_app() -> None:
    """Attributes and config of a preference are the app's from then on; private names are not taken."""

    class Preference(dict[str, Any]):
        pass

    app: Any = Atila("app")
    app.apply_preference(Preference(colour="red", securekey="s", config={"OWN": 1}, _hidden=1))
    assert (app.colour, app.securekey, app.config.OWN) == ("red", "s", 1)
    assert app.config.STATIC_URL == "/static/"
    assert not hasattr(app, "_hidden")


def test_umount_goes_on_after_a_failure(packages: Packages, caplog: pytest.LogCaptureFixture) -> None:
    """A failing `__umount__` is logged; the hooks of other modules, and old names of the hook, run."""
    app = Atila("app")
    app.done = []  # type: ignore[attr-defined]
    app.mount("/", packages.make({"a": SERVICE + "\n    def dettach(app):\n        app.done.append('a')\n"}))
    app.mount("/b", packages.make({"b": SERVICE + "\n    def __umount__(app):\n        1 / 0\n"}))
    app.mount("/c", packages.load("b"))
    app.start()
    app.umount()
    assert app.done == ["a"]  # type: ignore[attr-defined]
    assert [text for text in caplog.messages if "umount" in text] == ["__umount__ of b failed"]


def test_app_that_cannot_be_started_says_so_each_time(packages: Packages) -> None:
    """The error of a hook is raised when the app is started; it does not serve half of its routes later."""
    app = Atila("app")
    app.mount("/", packages.make({"bad": "def __mount__(app):\n    1 / 0\n"}))
    with pytest.raises(ZeroDivisionError):
        app.start()
    with pytest.raises(RuntimeError, match="the app could not be started: division by zero"):
        app.start()
    assert not app.started


def test_apps_are_started_once(packages: Packages) -> None:
    """A second start does nothing."""
    app = Atila("app")
    app.mount("/", packages.make({"stock": SERVICE}))
    app.start()
    before = list(app.router.routes())
    app.start()
    assert list(app.router.routes()) == before


def test_template_folders() -> None:
    """Template folders are searched in order, each once; those put in front come first."""
    app = Atila("app")
    app.add_template_dir("/a")
    app.add_template_dir("/b")
    app.add_template_dir("/c", front=True)
    app.add_template_dir("/a")
    assert app.config.TEMPLATE_DIRS == ["/c", "/a", "/b"]
    app.add_resources(sys.modules["tests"])
    assert app.config.TEMPLATE_DIRS[-1].endswith("/tests/templates")
