"""What `atila-compat check` finds."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atila_compat.migrate.check import Finding, Status, check
from atila_compat.migrate.differences import DIFFERENCES, GUIDE, page
from atila_compat.migrate.surface import world
from tests.conformance.corpus import CASES

ROOT = Path(__file__).resolve().parents[2]
HEAD = "import skitai\nfrom atila import Atila\napp = Atila (__name__)\n"


def findings(folder: Path, files: Mapping[str, str] | None = None, **more: str) -> list[Finding]:
    """What is found in these files, by their paths without ending."""
    for name, text in {**(files or {}), **more}.items():
        path = folder / f"{name}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text))
    return list(check([folder]).findings)


def found(text: str, folder: Path) -> dict[str, Status]:
    """The worst status of each name that a file uses."""
    order = [Status.SUPPORTED, Status.DIFFERS, Status.MISSING, Status.BROKEN]
    result: dict[str, Status] = {}
    for finding in findings(folder, serve=text):
        result[finding.name] = max(
            result.get(finding.name, Status.SUPPORTED), finding.status, key=order.index
        )
    return result


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("@app.route ('/')\ndef f (w): return w.request.get_header ('x')", "was.request.get_header"),
        ("@app.before_request\ndef f (w): w.session.set ('a', 1)", "was.session.set"),
        ("@app.on ('x')\ndef f (w, a): w.log (a)", "was.log"),
        ("def helper (a, was): was.mbox.send ('x')", "was.mbox.send"),
        ("class Check:\n    def __call__ (self, was): raise was.Error ('400 Bad Request')", "was.Error"),
        ("def __mount__ (a, mntopt):\n    @a.route ('/')\n    def f (w): return w.API (x = 1)", "was.API"),
        ("def __setup__ (thing, o): thing.mount ('/', None)", "app.mount"),
        ("def __config__ (p): p.set_static ('/', 'x')", "pref.set_static"),
        ("def mount (app): app.unroute ('/x')", "app.unroute"),
        ("def __umount__ (x): x.log ('bye')", "app.log"),
        ("with skitai.preference () as p:\n    p.config.MAX_UPLOAD_SIZE = 1", "app.config.MAX_UPLOAD_SIZE"),
        ("p = skitai.preference (); p.set_media ('/m', 'm')", "pref.set_media"),
        ("@app.route ('/')\ndef f (w):\n    r = w.request\n    return r.ARGS", "was.request.ARGS"),
        ("@app.route ('/')\ndef f (w):\n    def g (): return w.uniqid\n    return g ()", "was.uniqid"),
        ("@app.route ('/')\ndef f (w): return [w.getlu (x) for x in ()]", "was.getlu"),
        ("@app.route ('/')\ndef f (w): return (lambda: w.urlfor ('f')) ()", "was.urlfor"),
        ("def f (was): return was.app.joinpath ('x')", "app.joinpath"),
        ("def f (was): t = was.Tasks ([]); return t.then (None)", "tasks.then"),
        ("def f (was): t = was.Thread (len); return t.status_code", "task.status_code"),
        ("def f (was):\n    t = yield was.Process (len)\n    t.fetch ()", "task.fetch"),
        ("from skitai import was as current\ncurrent.request.uri", "was.request.uri"),
        ("import skitai as engine\nengine.register_g ('a')", "skitai.register_g"),
        ("skitai.was.request.user", "was.request.user"),
        ("skitai.g ['x']; skitai.g.delta ('x')", "skitai.g.delta"),
        ("class Mine (Atila): pass\nmine = Mine (__name__)\nmine.error_handler (404)", "app.error_handler"),
        ("import atila\na = atila.Atila ('x')\na.add_route ('/', len)", "app.add_route"),
        ("import rs4.pathtool\nrs4.pathtool.mkdir ('x')", "rs4.pathtool.mkdir"),
        ("from rs4 import pathtool as p\np.mkdir ('x')", "rs4.pathtool.mkdir"),
        ("from sqlphile import Q", "sqlphile.Q"),
        ("def setup (app: Atila): app.set_devel ()", "app.set_devel"),
        ("def add (app):\n    @app.route ('/x')\n    def x (was): return ''", "app.route"),
        ("if (a := Atila ('x')): a.maintain (1)", "app.maintain"),
        ("def f ():\n    global app2\n    app2 = Atila ('x')\ndef g (): app2.run ()", "app.run"),
    ],
)
def test_uses_are_found_by_what_names_mean(code: str, name: str, tmp_path: Path) -> None:
    """Handlers' arguments, hooks' arguments, assignments, imports and closures tell what a name is."""
    assert name in found(HEAD + code + "\n", tmp_path)


@pytest.mark.parametrize(
    "code",
    [
        "from flask import Flask\napp = Flask (__name__)\n@app.route ('/')\ndef f (): return app.nosuch",
        "def f (app): return app.nosuch",
        "def f (was):\n    was = other ()\n    [was for was in ()]",
        "def f (request): return request.nosuch",
        "class was: nosuch = 1\nwas.nosuch",
        "def f (was):\n    def g (was2): return was2.nosuch",
        "from skitai_tools import nosuch",
        "from . import skitai\nskitai.nosuch",
        "@app.template_filter ('x')\ndef f (text): return text.nosuch",
    ],
)
def test_other_things_are_left_alone(code: str, tmp_path: Path) -> None:
    """Names of other frameworks, and those that nobody can know, are no uses."""
    assert not [finding for finding in findings(tmp_path, serve=code) if "nosuch" in finding.name]


@pytest.mark.parametrize("package", [{"shop/__init__": ""}, {}])
def test_names_travel_between_files(package: dict[str, str], tmp_path: Path) -> None:
    """An app that one file makes is an app in those that import it."""
    result = findings(
        tmp_path,
        {
            **package,
            "shop/core": "from atila import Atila\nthe_app = Atila (__name__)\n",
            "shop/views": "from .core import the_app as a\n@a.route ('/')\ndef f (x): return x.nosuch\n",
            "serve": "from shop.core import the_app\nthe_app.alsonot ()\n",
        },
    )
    missing = {(Path(each.path).name, each.name) for each in result if each.status is Status.MISSING}
    assert missing == {("views.py", "was.nosuch"), ("serve.py", "app.alsonot")}


@pytest.mark.parametrize(
    ("code", "name", "rule", "words"),
    [
        ("def f (was): was.nosuch ()", "was.nosuch", "missing-name", "has no nosuch"),
        ("def f (was): was.request.get_haeder ('x')", "was.request.get_haeder", "misprint", "get_header"),
        ("skitai.enable_teleport ()", "skitai.enable_teleport", "missing-name", "has no enable_teleport"),
        ("from skitai import enable_teleport", "skitai.enable_teleport", "missing-name", "has no"),
        ("from rs4.webkit import apidoc", "rs4.webkit.apidoc", "missing-module", "pytest --docs"),
        ("import aquests.client", "aquests.client", "missing-module", "use httpx"),
        ("import rs4.nosuch", "rs4.nosuch", "missing-module", "is not served"),
        (
            "def f (was): was.setlu ()\nskitai.use_poll (nam = 1)",
            "skitai.use_poll",
            "missing-argument",
            "nam",
        ),
        ("if __mame__ == '__main__': pass", "__mame__", "misprint", "__name__"),
        ("with sktai.preference () as p: pass", "sktai", "misprint", "skitai"),
        ("@app_inspect (ints = ['a'])\ndef f (was, a): pass", "app_inspect", "misprint", "app.inspect"),
        ("def __config (pref): pass", "__config", "misprint", "__config__"),
    ],
)
def test_what_is_missing_is_named(code: str, name: str, rule: str, words: str, tmp_path: Path) -> None:
    """A name that is not served is missing, with what to do about it."""
    missing = [each for each in findings(tmp_path, serve=HEAD + code + "\n") if each.status is Status.MISSING]
    last = name if rule != "misprint" else name.rpartition(".")[2]
    (finding,) = missing
    assert finding.name == last
    assert finding.rule == rule
    assert words in f"{finding.what} {finding.todo}"
    assert finding.todo
    assert check([tmp_path]).exit_code == 1


@pytest.mark.parametrize(
    ("code", "difference"),
    [
        ("app.securekey = 'x'", "session-format"),
        ("with skitai.preference () as p: p.securekey = 'x'", "session-format"),
        ("@app.permission_required (['a'], DELETE = ['b'])\ndef f (was): pass", "permissions-by-method"),
        ("@app.route ('/', coroutine = True)\ndef f (was): yield ''", "coroutine-threads"),
        ("@app.route ('/')\n@app.coroutine\ndef f (was): yield ''", "coroutine-threads"),
        ("@app.on ('finish_request')\ndef f (was): pass", "finish-request-event"),
        ("def __umount__ (app): pass", "umount-hook"),
        ("def f (was): was.db ('@x', filter = len)", "task-filter"),
        ("def f (was): was.user_id = 1", "was-attributes"),
        ("def f (was): was.g ['x'] = 1", "app-g"),
        ("skitai.use_poll ('epoll')", "no-effect"),
    ],
)
def test_what_differs_is_named(code: str, difference: str, tmp_path: Path) -> None:
    """A use that behaves differently says how, what to do, and where the guide explains it."""
    result = [each for each in findings(tmp_path, serve=HEAD + code + "\n") if each.rule == difference]
    (finding,) = result
    assert finding.status is Status.DIFFERS
    assert finding.what
    assert finding.todo
    assert finding.link == (f"{GUIDE}#{difference}" if difference != "no-effect" else "")


@pytest.mark.parametrize(
    "code",
    [
        "@app.permission_required (['a'], id = ['b'])\ndef f (was, id): pass",
        "@app.on ('success_request')\ndef f (was): pass",
        "def f (was): return was.db ('@x', timeout = 3)",
        "def f (was): was.request.user = 1; was.session = None",
        "app.realm = 'x'",
    ],
)
def test_what_concerns_other_uses_is_not_named(code: str, tmp_path: Path) -> None:
    """A difference that depends on arguments is named for those calls only."""
    assert not [
        each for each in findings(tmp_path, serve=HEAD + code + "\n") if each.status is not Status.SUPPORTED
    ]


def test_the_apps_own_attributes_are_supported(tmp_path: Path) -> None:
    """What an app adds itself, anywhere in its code, is not missing."""
    result = findings(
        tmp_path,
        serve="import skitai\nskitai.add_wasc_option ('tenant', 1)\n"
        "with skitai.preference () as pref:\n    pref.colour = 'red'\n    pref.config.OWN = 1\n",
        views="""\
            def __mount__ (app):
                setattr (app, "shelf", [])
                @app.route ("/")
                def f (was):
                    was.request.who = 1
                    return was.tenant, app.colour, app.shelf, app.config.OWN, was.request.who, was.app.g.any
            """,
        own="""\
            from atila import Atila
            class Shop (Atila):
                counter = 1
                def require (self, *rules): pass
                def close_at_night (self): pass
            shop = Shop (__name__)
            shop.require ()
            shop.close_at_night (shop.counter)
            """,
    )
    assert not [each for each in result if each.rule == "deprecated"]
    assert not [each for each in result if each.status is Status.MISSING]


def test_broken_files_are_named_and_stop_nothing(tmp_path: Path) -> None:
    """A syntax error, Python 2, a wrong encoding, a null byte: each is told, the rest is checked."""
    (tmp_path / "a.py").write_text("def f (:\n")
    (tmp_path / "b.py").write_text("print 'hello'\n")
    (tmp_path / "c.py").write_bytes("x = '한글'\n".encode("euc-kr"))
    (tmp_path / "d.py").write_bytes(b"x = 1\0\n")
    (tmp_path / "e.py").write_text("# coding: nosuch\n")
    (tmp_path / "f.py").write_text("x = " + "(" * 5000 + ")" * 5000 + "\n")
    (tmp_path / "g.py").write_text("try: pass\nexcept OSError, e: pass\n")
    (tmp_path / "h.py").symlink_to(tmp_path / "nowhere.py")
    (tmp_path / "ok.py").write_text("def f (was): was.nosuch ()\n")
    report = check([tmp_path])
    broken = {Path(each.path).stem: each for each in report.findings if each.status is Status.BROKEN}
    assert set(broken) == set("abcdefgh")
    assert broken["a"].line == 1
    assert "Python 2" in broken["b"].todo
    assert "Python 2" in broken["g"].todo
    assert "encoding" in broken["c"].what
    assert report.count(Status.MISSING) == 1
    assert report.files == 9
    assert report.exit_code == 1


def test_folders_that_are_no_part_of_the_app_are_left_out(tmp_path: Path) -> None:
    """Environments, caches and hidden folders are not looked at."""
    for folder in (".git", "__pycache__", "venv/lib", "node_modules", "site-packages"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "x.py").write_text("def f (was): was.nosuch ()\n")
    (tmp_path / "venv/pyvenv.cfg").write_text("")
    assert check([tmp_path]).files == 0
    assert check([tmp_path]).exit_code == 0


def test_templates_are_looked_at(tmp_path: Path) -> None:
    """Templates use `was` too; those that are not Jinja's stop nothing."""
    folder = tmp_path / "shop" / "templates" / "sub"
    folder.mkdir(parents=True)
    (folder / "a.html").write_text(
        "<p>\n{{ was.csrf_token_input }} {{ was.request.nosuch }}\n% if app.debug\n{{ error.x }}\n% endif\n"
        "{% for m in was.mbox.get ('news') %}{{ m }}{% endfor %}\n{{ was.ab ('x') }}</p>\n"
    )
    (folder / "broken.html").write_text("{% if %}{{")
    (tmp_path / "other.html").write_text("{{ was.nosuch }}")
    report = check([tmp_path])
    found = {each.name: (each.status, each.line) for each in report.findings}
    assert found == {
        "was.csrf_token_input": (Status.SUPPORTED, 2),
        "was.request.nosuch": (Status.MISSING, 2),
        "app.debug": (Status.SUPPORTED, 3),
        "was.mbox.get": (Status.SUPPORTED, 6),
        "was.ab": (Status.SUPPORTED, 7),
    }
    (missing,) = [each for each in report.findings if each.status is Status.MISSING]
    assert missing.column == 43
    (old,) = [each for each in report.findings if each.name == "was.ab"]
    assert "urlfor" in old.todo
    assert "by hand" in old.todo  # migrate leaves templates alone


def test_nothing_of_the_app_is_run(tmp_path: Path) -> None:
    """Checking imports nothing of the app: neither at the top of its files nor in its hooks."""
    (tmp_path / "serve.py").write_text(f"open ({str(tmp_path / 'ran')!r}, 'w')\nimport skitai\n1 / 0\n")
    check([tmp_path])
    assert not (tmp_path / "ran").exists()


def test_places_are_exact(tmp_path: Path) -> None:
    """Line and column are those of the last part of the name, in characters, both from 1."""
    code = 'def f (was):\n    return ("가나", was\n        .nosuch)\n'
    (finding,) = [each for each in findings(tmp_path, serve=code) if each.name == "was.nosuch"]
    assert (finding.line, finding.column) == (3, 10)


def test_recorded_apps_miss_nothing() -> None:
    """Whatever the apps of the recorded cases use is served here."""
    report = check([CASES])
    missing = {each.name for each in report.findings if each.status in (Status.MISSING, Status.BROKEN)}
    assert missing == set()
    assert report.count(Status.SUPPORTED) > 3000


def test_surfaces_are_what_requests_have() -> None:
    """What a handler is really given has the classes that the checker takes its knowledge from."""
    import asyncio

    import httpx

    from atila_compat import Atila

    app = Atila("surfaces")
    app.securekey = "a-secret-of-this-test"
    seen: dict[str, type] = {}

    @app.route("/")
    def index(was):  # type: ignore[no-untyped-def]
        things = {"was": was, "app": was.app, "was.request": was.request, "was.response": was.response}
        things |= {"was.cookie": was.cookie, "was.session": was.session, "was.mbox": was.mbox, "app.g": app.g}
        task = was.Thread(len, [1])
        task.commit()
        things |= {"task": task, "tasks": was.Tasks([])}
        seen.update({name: type(thing) for name, thing in things.items()})
        return "seen"

    async def ask() -> str:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://x") as client:
            return (await client.get("/")).text

    assert asyncio.run(ask()) == "seen"
    there = world()
    surfaces = [there.was, there.app, there.request, there.response, there.cookie, there.session, there.mbox]
    surfaces += [there.shared, there.was.gives["Thread"], there.was.gives["Tasks"]]
    for surface in surfaces:
        assert issubclass(seen[surface.name], surface.owner), surface


def test_differences_are_complete() -> None:
    """Each difference has an id of its own, says everything, and names things that exist."""
    assert len({each.id for each in DIFFERENCES}) == len(DIFFERENCES)
    there = world()
    things = {"was": there.was, "app": there.app, "pref": there.pref, "hooks": there.hooks}
    things["skitai"] = there.module("skitai")  # type: ignore[assignment]
    for each in DIFFERENCES:
        assert re.fullmatch(r"[a-z]+(-[a-z]+)*", each.id)
        assert all((each.title, each.before, each.now, each.why, each.todo)), each.id
        for name in each.names:
            thing, _, attribute = name.partition(".")
            assert attribute == "*" or things[thing].has(attribute), name


def test_guide_has_a_section_for_each_difference() -> None:
    """The migration guide's page is the one that the list of differences gives."""
    path = ROOT / GUIDE
    assert all(f'<a id="{each.id}"></a>' in page() for each in DIFFERENCES if each.applies())
    if path.exists():
        assert path.read_text() == page(), "run: python -m atila_compat.migrate.differences > " + GUIDE


@given(st.text(max_size=200))
def test_any_text_is_checked(text: str) -> None:
    """Whatever a file holds, there is a report of it."""
    from atila_compat.migrate.check import judge
    from atila_compat.migrate.slips import slips
    from atila_compat.migrate.sources import Broken, parse
    from atila_compat.migrate.uses import CodeBase

    source = parse(text.encode("utf8", "surrogatepass"), Path("serve.py"))
    if not isinstance(source, Broken):
        base = CodeBase.of(source)
        for module in base.modules:
            list(slips(module, base))
            for use in module.uses:
                list(judge(use, base))
