"""The step `imports`."""

from __future__ import annotations

import pytest

from .examples import Examples

IMPORTS = Examples("imports")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("from atila import Atila", "from atila_compat import Atila"),
        ("from atila import Atila as App", "from atila_compat import Atila as App"),
        ("from atila import Atila # the app", "from atila_compat import Atila # the app"),
        ("import skitai", "from atila_compat import skitai"),
        ("import skitai as sk", "from atila_compat import skitai as sk"),
        ("import atila", "from atila_compat.shims import atila"),
        ("from skitai import was", "from atila_compat.skitai import was"),
        ("from skitai import alias as a, mount", "from atila_compat.skitai import alias as a, mount"),
        ("from skitai.exceptions import HTTPError", "from atila_compat.skitai.exceptions import HTTPError"),
        ("from atila.was import generate_otp", "from atila_compat.shims.atila.was import generate_otp"),
        ("from atila import preference", "from atila_compat.shims.atila import preference"),
        ("from atila.events import *", "from atila_compat.shims.atila.events import *"),
        ("from rs4.attrdict import AttrDict", "from atila_compat.shims.rs4.attrdict import AttrDict"),
        ("from rs4 import pathtool, argopt", "from atila_compat.shims.rs4 import pathtool, argopt"),
        ("import rs4.pathtool as p", "from atila_compat.shims.rs4 import pathtool as p"),
        ("from sqlphile import Q, F", "from atila_compat.shims.sqlphile import Q, F"),
        ("from aquests.dbi import asynredis", "from atila_compat.shims.aquests.dbi import asynredis"),
        ("from   atila   import   Atila", "from   atila_compat   import   Atila"),
        (
            "from skitai import (\n    alias,   # sources\n    mount,\n)",
            "from atila_compat.skitai import (\n    alias,   # sources\n    mount,\n)",
        ),
    ],
)
def test_import_is_rewritten(before: str, after: str) -> None:
    """Modules of the original are imported from this package; spacing, comments and names stay."""
    assert IMPORTS.transformed(before + "\n", after + "\n") == []


def test_statement_with_several_modules_is_split() -> None:
    """What an import has of others stays in its statement; the rest gets lines of its own."""
    before = """\
        # first
        import os, skitai, sys # engine
        """
    after = """\
        # first
        import os, sys
        from atila_compat import skitai # engine
        """
    IMPORTS.transformed(before, after)


def test_class_and_others_of_one_import_are_split() -> None:
    """`Atila` comes from the package itself, the other names from where they are served."""
    before = """\
        from atila import preference, Atila, load # x
        """
    after = """\
        from atila_compat import Atila
        from atila_compat.shims.atila import preference, load # x
        """
    IMPORTS.transformed(before, after)


def test_comments_in_brackets_are_kept() -> None:
    """Comments among the names of an import stay where they are: then `Atila` is not split off."""
    before = """\
        from atila import (
            Atila,  # the app
            # what else
            preference,
        )
        """
    IMPORTS.transformed(before, before.replace("from atila ", "from atila_compat.shims.atila "))


def test_dotted_import_keeps_the_name_it_gives() -> None:
    """`import rs4.pathtool` gives the name rs4: so does what takes its place."""
    before = """\
        import rs4.pathtool
        rs4.pathtool.mkdir ("/x")
        """
    after = """\
        import atila_compat.shims.rs4.pathtool
        from atila_compat.shims import rs4
        rs4.pathtool.mkdir ("/x")
        """
    IMPORTS.transformed(before, after)


def test_imports_in_functions_and_on_one_line() -> None:
    """Imports in functions, branches and one-line suites are rewritten where they stand."""
    before = """\
        def run ():
            if True: import skitai; skitai.run ()
            try:
                import skitai; from atila import Atila
            except ImportError: pass
        """
    after = """\
        def run ():
            if True: from atila_compat import skitai; skitai.run ()
            try:
                from atila_compat import skitai; from atila_compat import Atila
            except ImportError: pass
        """
    IMPORTS.transformed(before, after)


@pytest.mark.parametrize(
    "source",
    [
        "import os\n",
        "from atila_compat import Atila, skitai\n",
        "from . import skitai\n",
        "from .atila import Atila\n",
        "from myapp.skitai import mount\n",
        "import skitai_tools\n",
        "from atilax import Atila\n",
        "skitai = object ()\n",
        "text = 'import skitai'\n",
        "# import skitai\n",
        '"""\nfrom atila import Atila\n"""\n',
        "import atila_compat.shims.rs4.pathtool\n",
        "x = 1; y = 2\n",
        "",
        "\n\n# only a comment",
    ],
)
def test_other_code_is_left_alone(source: str) -> None:
    """What is no import of the original's modules stays as it is, without a word."""
    assert IMPORTS.unchanged(source) == []


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("import rs4.webkit.apidoc\n", "rs4.webkit.apidoc is not served: use pytest --docs or"),
        ("from aquests import client\n", "aquests.client is not served: use httpx instead"),
        ("from rs4.nosuch import thing\n", "rs4.nosuch is not served"),
        ("from rs4 import pathtool, nosuch\n", "rs4.nosuch is not served"),
        ("importlib.import_module ('skitai.exceptions')\n", "import_module is given the old name"),
        ("m = __import__ ('atila')\n", "__import__ is given the old name"),
    ],
)
def test_what_cannot_be_rewritten_is_named(source: str, reason: str) -> None:
    """Modules that are not served, and names in strings, are left, and the reason says what to do."""
    (said,) = IMPORTS.unchanged(source)
    assert reason in said
