"""The command line: the engine's options and the script's own."""

from __future__ import annotations

import getopt
from collections.abc import Iterator

import pytest

from atila_compat import skitai
from atila_compat.skitai import command_line


@pytest.fixture(autouse=True)
def no_options(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Each test begins with an empty command line and no options of a script."""
    monkeypatch.setattr("sys.argv", ["serve.py"])
    command_line.reset()
    yield
    command_line.reset()


def given(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> None:
    """Put `arguments` on the command line."""
    monkeypatch.setattr("sys.argv", ["serve.py", *arguments])


def test_engine_options_are_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """`--port=N` and flags reach the app through `skitai.options`."""
    given(monkeypatch, "--port=5001", "--devel", "rest")
    assert skitai.options.get("--port") == "5001"
    assert "--devel" in skitai.options
    assert "--workers" not in skitai.options
    assert skitai.options.argv == ["rest"]
    assert skitai.options.items() == [("--port", "5001"), ("--devel", "")]


def test_values_may_stand_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    """`--port 5001` is the same as `--port=5001`."""
    given(monkeypatch, "--port", "5001")
    assert skitai.get_option("--port") == "5001"


def test_declared_options(monkeypatch: pytest.MonkeyPatch) -> None:
    """An option is found by its short and its long name, however it was written."""
    skitai.add_option("-z=VAL", "--zoo=VAL", "the zoo", "elephant")
    skitai.add_option(None, "--flag", "a flag")
    given(monkeypatch, "-z", "lion", "--flag")
    assert skitai.options.get("--zoo") == skitai.options.get("-z") == "lion"
    assert skitai.options.get("--flag") == ""
    assert "--flag" in skitai.options
    assert skitai.options["--zoo"] == "lion"


def test_defaults() -> None:
    """The declared default is what `options.get` gives; `get_option` tells only what was typed."""
    skitai.add_option("-z=VAL", "--zoo=VAL", "the zoo", "elephant")
    assert skitai.options.get("--zoo") == "elephant"
    assert skitai.options.get("--zoo", "lion") == "lion"
    assert "--zoo" not in skitai.options
    assert skitai.get_option("--zoo") is None
    assert skitai.options.get("--unheard-of") is None
    with pytest.raises(KeyError):
        skitai.options["--unheard-of"]


def test_long_names_only() -> None:
    """`add_option("--zoo=VAL")` and `add_options` declare without a short name."""
    skitai.add_option("--zoo=VAL", None, "the zoo")
    skitai.add_options("--lion=", "-t")
    assert "--zoo=VAL" in command_line.usage("serve.py")
    assert command_line.check_command_line() == []


def test_short_and_long_form_have_to_agree() -> None:
    """One form with a value and the other without is an error that shows how to write it."""
    with pytest.raises(SystemError, match="-z=VAL"):
        skitai.add_option("-z", "--zoo=VAL")
    with pytest.raises(SystemError):
        skitai.add_option(None, None)
    with pytest.raises(SystemError):
        skitai.add_option("-zoo", None)


def test_a_script_may_look_before_it_declares(monkeypatch: pytest.MonkeyPatch) -> None:
    """Options that nobody declared yet are skipped when a script looks, and named when it runs."""
    given(monkeypatch, "--bogus=1", "-q", "--port=5001")
    assert skitai.options.get("--port") == "5001"
    with pytest.raises(getopt.GetoptError, match="bogus"):
        command_line.check_command_line()


def test_commands(monkeypatch: pytest.MonkeyPatch) -> None:
    """A command word is found before and behind options; `-d` means start."""
    assert skitai.get_command() is None
    given(monkeypatch, "--port=1", "status")
    assert skitai.get_command() == "status"
    given(monkeypatch, "-d")
    assert skitai.get_command() == "start"


def test_usage_lists_everything() -> None:
    """The help text has the engine's options and the script's own with their defaults."""
    skitai.add_option("-z=VAL", "--zoo=VAL", "the zoo", "elephant")
    text = command_line.usage("serve.py")
    assert text.startswith("Usage: serve.py [OPTION]... [COMMAND]")
    assert "--disable-static" in text
    assert "-z, --zoo=VAL" in text
    assert "the zoo (default=elephant)" in text


def test_getopt(monkeypatch: pytest.MonkeyPatch) -> None:
    """`skitai.getopt` reads the script's own options and leaves the engine's out."""
    given(monkeypatch, "--port=1", "-z", "9", "-f", "--zoo=lion", "rest")
    assert skitai.getopt("z:f", ["zoo="]) == ([("-z", "9"), ("-f", ""), ("--zoo", "lion")], ["rest"])


def test_has_and_get_system_options(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first of several names that is there counts."""
    given(monkeypatch, "--workers=2")
    assert skitai.get_option("--threads", "--workers") == "2"
    assert skitai.hassysopt("--workers")
    assert not skitai.hassysopt("--threads")
