from __future__ import annotations

import os
import sys
from typing import Any

import pytest

from atila_compat.http.tracebacks import MAX_FRAMES, traceback_html, traceback_lines


def failing(depth: int) -> None:
    """Raise after `depth` calls."""
    if depth:
        failing(depth - 1)
    raise ValueError("boom <b>")


def caught(depth: int) -> Any:
    """The exc_info of `failing`."""
    try:
        failing(depth)
    except ValueError:
        return sys.exc_info()


def test_lines_are_exception_place_and_frames() -> None:
    """The list begins with the exception and its place, then one line a frame, outermost first."""
    lines = traceback_lines(caught(1))
    assert lines[0] == "<class 'ValueError'> boom <b>"
    assert lines[1].startswith(f"in file {__file__} at line ")
    assert lines[1].endswith(", function failing")
    assert [line.split()[1] for line in lines[2:]] == ["caught", "failing", "failing"]


def test_launch_scripts_have_the_name_they_were_started_by(monkeypatch: pytest.MonkeyPatch) -> None:
    """A frame of the launch script names it as the command line did, not by its full path."""
    monkeypatch.setattr(sys, "argv", [os.path.relpath(__file__)])
    monkeypatch.setattr(sys.modules["__main__"], "__file__", __file__, raising=False)
    assert traceback_lines(caught(0))[-1].startswith(os.path.relpath(__file__) + " failing ")
    monkeypatch.setattr(sys, "argv", ["another.py"])
    assert traceback_lines(caught(0))[-1].startswith(f"{__file__} failing ")


def test_html_is_escaped() -> None:
    """Nothing of the exception becomes markup."""
    page = traceback_html(caught(0))
    assert "boom &lt;b&gt;" in page
    assert "<b>" not in page


def test_steps_of_this_package_are_folded() -> None:
    """With local variables the app's own steps are open, those within this package are to be opened."""
    try:
        traceback_lines(3)  # type: ignore[arg-type]
    except TypeError:
        page = traceback_html(with_locals=True)
    folded = [step.startswith("<details><summary>") for step in page.split("\n") if "<details" in step]
    assert folded == [False, True]


def test_deep_stacks_are_cut() -> None:
    """A very deep stack is shown without its middle."""
    assert len(traceback_lines(caught(300))) == MAX_FRAMES + 2


def test_nothing_without_an_exception() -> None:
    """Outside of an exception there is nothing to show."""
    assert (traceback_lines(), traceback_html()) == ([], "")


class MuteError(Exception):
    """Cannot be shown."""

    def __str__(self) -> str:
        raise RuntimeError


def test_an_exception_without_text_is_shown_anyway() -> None:
    """An exception whose own text fails does not break the error answer."""
    try:
        raise MuteError
    except MuteError:
        assert "cannot be shown" in traceback_lines()[0]
        assert "cannot be shown" in traceback_html()
