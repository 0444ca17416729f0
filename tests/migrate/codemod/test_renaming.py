"""The steps `slips` and `names`."""

from __future__ import annotations

import inspect

import pytest

from atila_compat.migrate.deprecated import every
from atila_compat.migrate.surface import world

from .examples import Examples

SLIPS = Examples("slips")
NAMES = Examples("names")


def test_misprints_of_the_readme_are_corrected() -> None:
    """Each misprint in the README's listings becomes what was meant."""
    before = """\
        import skitai
        from atila import Atila

        app = Atila (__name__)

        def __config (pref):
            pref.set_static ('/', skitai.abspath ('myapp/static'))

        @app.route ("/profiles/<int:id>", methods = ["GET"])
        @app_inspect (ints = ['id'], booleans = ['detail'])
        def hello_world (was, id = None, detail = False):
            tasks = was.Taks (result = was.db ("@x").execute ('...'))
            return was.Mapped (tasks)

        if __mame__ == "__main__":
            with sktai.oreference () as pref:
                skitai.mount ("/", app)
        """
    after = """\
        import skitai
        from atila import Atila

        app = Atila (__name__)

        def __config__ (pref):
            pref.set_static ('/', skitai.abspath ('myapp/static'))

        @app.route ("/profiles/<int:id>", methods = ["GET"])
        @app.inspect (ints = ['id'], booleans = ['detail'])
        def hello_world (was, id = None, detail = False):
            tasks = was.Tasks (result = was.db ("@x").execute ('...'))
            return was.Mapped (tasks)

        if __name__ == "__main__":
            with skitai.preference () as pref:
                skitai.mount ("/", app)
        """
    assert SLIPS.transformed(before, after) == []


@pytest.mark.parametrize(
    "source",
    [
        # names that somebody binds mean what they say
        "import skitai\nsktai = skitai\nsktai.mount ('/', None)\n",
        "import skitai\ndef f (sktai): return sktai\n",
        "__mame__ = 1\nprint (__mame__)\n",
        "from elsewhere import *\nif __mame__: pass\n",
        "import skitai\nfor sktai in (): print (sktai)\n",
        "import skitai\ntry: pass\nexcept OSError as sktai: print (sktai)\n",
        "import skitai\nwith open ('x') as sktai: sktai.read ()\n",
        "import skitai\nprint ([sktai for sktai in ()])\n",
        "import skitai\nif (sktai := 1): print (sktai)\n",
        "import skitai\nmatch 1:\n    case sktai: print (sktai)\n",
        # nothing like it is there to be meant
        "sktai.mount ('/', None)\n",
        "app_inspect ()\n",
        # names of the app's own, unbound or not, are its owner's business
        "import skitai\nconfig = cnfig\n",
        # attributes that the app adds
        "def f (was):\n    was.tasks = 1\n    return was.tasks\n",
        "from atila import Atila\napp = Atila (__name__)\napp.stor = 1\nprint (app.stor)\n",
        "import skitai\nwith skitai.preference () as pref:\n    pref.stor = 1\n",
        # and attributes of things that are not the original's
        "class X: pass\nX ().Taks ()\n",
        "def f (request): return request.ARSG\n",
        # a hook is a function of the module, of this name
        "class X:\n    def __config (self): pass\n",
        "__config = 1\n",
    ],
)
def test_what_may_be_meant_is_left_alone(source: str) -> None:
    """Only what can mean nothing is a misprint."""
    assert SLIPS.unchanged(source) == []


def test_deprecated_names_become_the_current_ones() -> None:
    """Old names of `was`, apps, requests, tasks and the engine are replaced wherever they are understood."""
    before = """\
        import skitai
        from skitai import pref as make, register_cache_keys

        def bootstrap (pref):
            skitai.addlu ("a")   # shared

        def mount (app, mntopt):
            @app.route ("/")
            @app.require (ints = ["id"])
            def index (w, id):
                args = w.request.args
                task = w.Thread (print)
                task.getwait ()
                return w.ab ("x") + w.dejwt () ["sub"]

        def umount (app): pass

        register_cache_keys ("b")
        with make () as p: pass
        """
    after = """\
        import skitai
        from skitai import preference as make, register_g as register_cache_keys

        def __config__ (pref):
            skitai.register_g ("a")   # shared

        def __mount__ (app, mntopt):
            @app.route ("/")
            @app.inspect (ints = ["id"])
            def index (w, id):
                args = w.request.ARGS
                task = w.Thread (print)
                task.dispatch ()
                return w.urlfor ("x") + w.decode_jwt () ["sub"]

        def __umount__ (app): pass

        register_cache_keys ("b")
        with make () as p: pass
        """
    assert NAMES.transformed(before, after) == []


@pytest.mark.parametrize(
    "source",
    [
        "from atila import Atila\napp = Atila (__name__)\n@app.inspect (ints = 'a')\ndef f (was, a): pass\n",
        "class Box:\n    def ab (self): pass\nBox ().ab ()\n",
        "def helper (request): return request.args\n",  # Flask's
        "def mount (device): pass\n",
        "def bootstrap (session): pass\n",
        "class X:\n    def mount (self, app): pass\n",
        "was = object ()\nwas.ab ()\n",
        "text = 'was.ab (1)'  # was.ab\n",
        "from flask import Flask\napp = Flask (__name__)\n@app.errorhandler (404)\ndef f (e): pass\n",
        "def f (was):\n    x = was.db ('@x')\n    x.rpc ()\n",
        "import skitai\nskitai.preference (prefs = 1)\n",
    ],
)
def test_current_and_foreign_names_are_left_alone(source: str) -> None:
    """Names that are current, and those of other things that look alike, stay."""
    assert NAMES.unchanged(source) == []


@pytest.mark.parametrize(
    "source",
    [
        "from atila import Atila\napp = Atila (__name__)\napp.startup = 1\nprint (app.startup)\n",
        "from atila import Atila\napp = Atila (__name__)\nsetattr (app, 'reload', 1)\nprint (app.reload)\n",
        "def first (was): was.token = 'x'\ndef second (was): return was.token\n",
        "from atila import Atila\nclass Mine (Atila):\n    def require (self): pass\nMine ('x').require ()\n",
    ],
)
def test_names_that_the_app_itself_gives_are_left(source: str) -> None:
    """What the app has put under an old name is its own; that it stays is said."""
    reasons = NAMES.unchanged(source)
    assert reasons
    assert all("set by the app itself" in reason for reason in reasons)


def test_hook_that_is_called_by_its_name_keeps_it() -> None:
    """A hook of an old name that the module itself calls is left, and that is said."""
    (reason,) = NAMES.unchanged("def mount (app): pass\nmount (None)\n")
    assert "mount" in reason


def test_current_names_exist_and_mean_the_same() -> None:
    """Each current name is there; where the old one is there too, both are the same thing."""
    things = {each.name: each for each in (world().was, world().app, world().request, world().response)}
    tasks = world().was.gives
    things |= {"was.mbox": world().mbox, "task": tasks["Thread"], "tasks": tasks["Tasks"]}
    skitai = world().module("skitai")
    assert skitai is not None
    things["skitai"] = skitai
    for each in every():
        surface = things[each.thing]
        if (each.thing, each.new) == ("app", "websocket") and not surface.has("websocket"):
            continue
        assert surface.has(each.new), each
        old = inspect.getattr_static(surface.owner, each.old, None)
        new = inspect.getattr_static(surface.owner, each.new, None)
        if old is not None and new is not None and each.old not in ("Futures", "futures", "args"):
            assert old == new, each
