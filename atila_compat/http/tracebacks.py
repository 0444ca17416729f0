"""Tracebacks as error bodies show them in debug mode: a list of lines, or a table (spec/02 7.3, 7.5)."""

from __future__ import annotations

import html
import linecache
import os
import re
import reprlib
import sys
import traceback
from pathlib import Path
from types import FrameType, TracebackType
from typing import NamedTuple

from ..errors import ExcInfo

MAX_FRAMES = 60
"""Frames shown at most; the middle of a deeper stack is left out."""


LINES_AROUND = 4
LONGEST_VALUE = 300
_PACKAGE = str(Path(__file__).resolve().parents[1]) + os.sep
_SECRET = re.compile(r"pass(word|wd)|secret|token|key|auth|cookie|session|credential", re.IGNORECASE)


class Frame(NamedTuple):
    """One step of the way to an exception."""

    file: str
    function: str
    line: int
    source: str


def _steps(tb: TracebackType | None) -> list[tuple[FrameType, int]]:
    steps = list(traceback.walk_tb(tb))
    if len(steps) > MAX_FRAMES:
        steps = steps[: MAX_FRAMES // 2] + steps[-MAX_FRAMES // 2 :]
    return steps


def _frames(tb: TracebackType | None) -> list[Frame]:
    frames = []
    for frame, line in _steps(tb):
        file = frame.f_code.co_filename
        source = linecache.getline(file, line, frame.f_globals).strip()
        frames.append(Frame(_shown(file), frame.f_code.co_name, line, source))
    return frames


def _shown(file: str) -> str:
    """The launch script by the name that it was started with, as the original shows it."""
    script = getattr(sys.modules.get("__main__"), "__file__", None)
    return sys.argv[0] if file == script and os.path.abspath(sys.argv[0]) == script else file


def _say(error: BaseException | None) -> str:
    try:
        return str(error)
    except Exception:
        return "(its text cannot be shown)"


def traceback_lines(exc_info: ExcInfo | None = None) -> list[str]:
    """The exception, the place where it was raised, and the way there, outermost first.

    Args:
        exc_info: the exception; None takes the one that is being handled, and gives `[]` where there is none.
    """
    kind, error, tb = exc_info or sys.exc_info()
    if kind is None:
        return []
    lines = [f"{kind} {_say(error)}"]
    frames = _frames(tb)
    if frames:
        last = frames[-1]
        lines.append(f"in file {last.file} at line {last.line}, function {last.function}")
        lines.extend(f"{frame.file} {frame.function} {frame.line}" for frame in frames)
    return lines


def traceback_html(exc_info: ExcInfo | None = None, with_locals: bool = False) -> str:
    """The same as an HTML table with the source lines; everything that is not ours is escaped.

    Args:
        with_locals: show the lines around, and the local variables, too; for developers only.
    """
    kind, error, tb = exc_info or sys.exc_info()
    if kind is None:
        return ""
    if with_locals:
        steps = "".join(_step_html(frame, line) for frame, line in _steps(tb))
        return (
            f"<strong>{html.escape(kind.__qualname__)}</strong> {html.escape(_say(error))}\n"
            f'<p>The innermost step is the last.</p>\n<div class="steps">\n{steps}</div>'
        )
    rows = "".join(
        f"<tr><td>{html.escape(frame.file)}</td><td>{frame.line}</td><td>{html.escape(frame.function)}</td>"
        f"<td><code>{html.escape(frame.source)}</code></td></tr>\n"
        for frame in _frames(tb)
    )
    return (
        f"<strong>{html.escape(kind.__qualname__)}</strong> {html.escape(_say(error))}\n"
        f"<table>\n<tr><th>file</th><th>line</th><th>function</th><th>source</th></tr>\n{rows}</table>"
    )


def _step_html(frame: FrameType, line: int) -> str:
    """One step: the lines around it, and its local variables. Those of this package are folded."""
    file, function = frame.f_code.co_filename, frame.f_code.co_name
    shown = []
    for number in range(max(1, line - LINES_AROUND), line + LINES_AROUND + 1):
        source = linecache.getline(file, number, frame.f_globals)
        if source or number == line:  # there is none behind the file's end
            text = html.escape(f"{number:5} {source.rstrip()}")
            shown.append(f"<mark>{text}</mark>" if number == line else text)
    rows = "".join(
        f"<tr><th>{html.escape(name)}</th><td><code>{html.escape(_value(name, value))}</code></td></tr>\n"
        for name, value in list(frame.f_locals.items())[:100]
    )
    lines = "\n".join(shown)
    is_open = "" if file.startswith(_PACKAGE) else " open"
    return (
        f"<details{is_open}><summary>{html.escape(file)}:{line} in {html.escape(function)}</summary>\n"
        f"<pre>{lines}</pre>\n<table>\n{rows}</table></details>\n"
    )


def _value(name: str, value: object) -> str:
    """A variable's value, cut; not those whose name says that they are secret."""
    if _SECRET.search(name):
        return "(not shown)"
    try:
        text = reprlib.repr(value) if isinstance(value, (list, tuple, dict, set)) else repr(value)
    except Exception:
        return "(cannot be shown)"
    return text if len(text) <= LONGEST_VALUE else text[:LONGEST_VALUE] + "..."
