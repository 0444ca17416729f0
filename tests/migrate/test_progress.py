"""Progress bars."""

from __future__ import annotations

import io

from atila_compat.migrate.progress import Progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_bar_is_drawn_on_a_terminal_and_wiped() -> None:
    """On a terminal a bar shows how far it is, and leaves nothing behind."""
    out = Terminal()
    progress = Progress(4, out)
    progress.step("first")
    assert "1/4" in out.getvalue()
    assert "first" in out.getvalue()
    assert "#######....." in out.getvalue()
    progress.close()
    assert out.getvalue().endswith(" \r")


def test_nothing_is_drawn_elsewhere() -> None:
    """Output that is no terminal gets nothing, unless lines are asked for."""
    silent, lines = io.StringIO(), io.StringIO()
    for progress in (Progress(1, silent), Progress(1, lines, lines=True)):
        progress.step("only")
        progress.close()
    assert silent.getvalue() == ""
    assert lines.getvalue() == "1/1 only\n"


def test_no_steps_at_all() -> None:
    """A run of nothing draws a bar without dividing by zero."""
    out = Terminal()
    Progress(0, out).step()
    assert "1/0" in out.getvalue()
