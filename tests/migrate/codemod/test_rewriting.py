"""Files: encodings, line ends, diffs, writing, and text that nobody expects."""

from __future__ import annotations

import ast
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atila_compat.migrate.codemod.rewriting import rewrite, rewrite_text
from atila_compat.migrate.codemod.steps import STEPS, chosen

APP = "import skitai\nfrom atila import Atila\napp = Atila (__name__)\n"


def migrated(folder: Path, *steps: str) -> dict[str, bytes]:
    """Take steps on a folder and write; gives what its files hold then."""
    files, _ = rewrite([folder], chosen(steps))
    for file in files:
        if file.changed:
            file.write()
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


@pytest.mark.parametrize(
    ("content", "after"),
    [
        (b"import skitai\r\nx = 1\r\n", b"from atila_compat import skitai\r\nx = 1\r\n"),
        (b"\xef\xbb\xbfimport skitai\n", b"\xef\xbb\xbffrom atila_compat import skitai\n"),
        (b"import skitai", b"from atila_compat import skitai"),
        (
            '# -*- coding: euc-kr -*-\nimport skitai\nx = "가나"\n'.encode("euc-kr"),
            '# -*- coding: euc-kr -*-\nfrom atila_compat import skitai\nx = "가나"\n'.encode("euc-kr"),
        ),
        (
            'x = "한글"; import skitai  # 주석\n'.encode(),
            'x = "한글"; from atila_compat import skitai  # 주석\n'.encode(),
        ),
        (b"\timport skitai\n".join([b"if 1:\n", b""]), b"if 1:\n\tfrom atila_compat import skitai\n"),
    ],
)
def test_encoding_and_line_ends_stay(content: bytes, after: bytes, tmp_path: Path) -> None:
    """A file keeps its encoding, its byte order mark, its line ends and its tabs."""
    (tmp_path / "serve.py").write_bytes(content)
    assert migrated(tmp_path, "imports")["serve.py"] == after


def test_names_behind_wide_characters_are_found() -> None:
    """Columns are counted in characters, not in bytes, on lines of many bytes too."""
    (step,) = chosen(["names"])
    before = 'def f (was):\n    return "가나다", was.ab ("라"), was.dejwt ()\n'
    after = 'def f (was):\n    return "가나다", was.urlfor ("라"), was.decode_jwt ()\n'
    assert rewrite_text(before, step)[0] == after


def test_diff_is_unified_and_nothing_is_written(tmp_path: Path) -> None:
    """Without writing, a file stays as it is, and its diff is one that `patch` takes."""
    (tmp_path / "serve.py").write_text(APP)
    (file,) = rewrite([tmp_path], chosen(["imports"]))[0]
    assert (tmp_path / "serve.py").read_text() == APP
    lines = file.diff().splitlines()
    assert lines[0].startswith("--- a/")
    assert lines[1].startswith("+++ b/")
    assert "-import skitai" in lines
    assert "+from atila_compat import skitai" in lines
    assert " app = Atila (__name__)" in lines


def test_diff_tells_of_a_missing_line_end(tmp_path: Path) -> None:
    """A last line without an end is marked as diffs do."""
    (tmp_path / "serve.py").write_text("import skitai")
    (file,) = rewrite([tmp_path], chosen(["imports"]))[0]
    assert file.diff().count("\\ No newline at end of file\n") == 2


def test_permissions_stay(tmp_path: Path) -> None:
    """A launch script that can be executed can be executed afterwards."""
    script = tmp_path / "serve.py"
    script.write_text(APP)
    script.chmod(0o755)
    migrated(tmp_path, "imports")
    assert os.stat(script).st_mode & 0o777 == 0o755
    assert [path.name for path in tmp_path.iterdir()] == ["serve.py"]


def test_broken_files_stop_nothing(tmp_path: Path) -> None:
    """Files that cannot be read are left, with the reason; the others are rewritten."""
    (tmp_path / "a.py").write_text("def f (was):\n    reutrn was.ab ('x')\n")
    (tmp_path / "b.py").write_bytes(b"# -*- coding: utf8 -*-\nx = '\xff'\n")
    (tmp_path / "c.py").write_text("print 'Python 2'\n")
    (tmp_path / "serve.py").write_text(APP)
    files, left = rewrite([tmp_path], chosen([]))
    assert [file.path.name for file in files if file.changed] == ["serve.py"]
    reasons = {Path(note.path).name: note.reason for note in left}
    assert set(reasons) == {"a.py", "b.py", "c.py"}
    assert "cannot be parsed" in reasons["a.py"]
    assert "encoding" in reasons["b.py"]
    assert "Python 2" in reasons["c.py"]


def test_what_one_file_defines_is_known_in_others(tmp_path: Path) -> None:
    """An app that is imported from another file of the code base is an app there."""
    package = tmp_path / "shop"
    package.mkdir()
    (package / "__init__.py").write_text("from .core import application\n")
    (package / "core.py").write_text("from atila import Atila\napplication = Atila (__name__)\n")
    (package / "views.py").write_text(
        "from .core import application as a\nfrom shop import application as b\n"
        "@a.require (ints = 'x')\ndef f (was, x): pass\n@b.require (ints = 'x')\ndef g (w, x): w.ab ('')\n"
    )
    (after,) = (file.after for file in rewrite([tmp_path], chosen(["names"]))[0] if file.changed)
    assert after.count(b".inspect") == 2
    assert b"w.urlfor ('')" in after


def test_reasons_name_lines_of_the_file_on_the_disk(tmp_path: Path) -> None:
    """What is left is told by the lines that the owner sees, though earlier steps have added some."""
    handler = '@app.route ("/", coroutine = True)\ndef f (was):\n    yield "text"\n'
    (tmp_path / "serve.py").write_text("from atila import Atila, preference\n" + APP + handler)
    _, left = rewrite([tmp_path], chosen(["imports", "coroutines"]))
    assert [(note.step, note.line) for note in left] == [("coroutines", 6)]


HANDLER = (
    "def __mount__ (app, mntopt):\n    @app.route ('/', coroutine = True)\n    def f (was):\n"
    "        x = yield was.Mask (1)\n        return x.fetch ()\n"
)
PIECES = st.sampled_from(
    [
        APP,
        HANDLER,
        "def mount (app):\n    @app.require (ints = ['a'])\n    def g (was, a): return was.ab ('g')\n",
        "with sktai.oreference () as pref: pass\n",
        "if __mame__ == '__main__': skitai.run ()\n",
        "import rs4.pathtool, os; from aquests import client\n",
        "class A (Atila): x = [was for was in app]\n",
        "lambda was, *a, **k: was.dejwt (was := 1)\n",
        "@app_inspect\nasync def h (was): return await was.get ('@a')\n",
        "global was\n",
        "was.ab.ab.ab = was.ab [was.ab ()]\n",
        "x = f'{was.ab (1)!r:>{app.g}}'\n",
        "try:\n    import skitai\nexcept* OSError as app: del app\n",
        "match was:\n    case {'a': app, **was}: app.require\n",
        "    indented\n",
        "\\\n",
        "\f\n",
        "# ünïcode 가\n",
        "'''\n",
    ]
)
SOURCES = st.lists(st.one_of(PIECES, st.text(max_size=20)), max_size=6).map("".join)


@given(SOURCES)
def test_any_text_is_rewritten_to_something_that_parses_or_refused(text: str) -> None:
    """What cannot be parsed is refused; all else still parses, and a second run changes nothing."""
    for step in STEPS:
        try:
            after, _ = rewrite_text(text, step)
        except ValueError:
            return
        ast.parse(after)
        assert rewrite_text(after, step)[0] == after
