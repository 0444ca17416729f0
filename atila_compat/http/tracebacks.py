"""Tracebacks as error bodies show them in debug mode: a list of lines, or a table (spec/02 7.3, 7.5)."""

from __future__ import annotations

import html
import linecache
import sys
import traceback
from types import TracebackType
from typing import NamedTuple

from ..errors import ExcInfo

MAX_FRAMES = 60
"""Frames shown at most; the middle of a deeper stack is left out."""


class Frame(NamedTuple):
    """One step of the way to an exception."""

    file: str
    function: str
    line: int
    source: str


def _frames(tb: TracebackType | None) -> list[Frame]:
    steps = list(traceback.walk_tb(tb))
    if len(steps) > MAX_FRAMES:
        steps = steps[: MAX_FRAMES // 2] + steps[-MAX_FRAMES // 2 :]
    frames = []
    for frame, line in steps:
        file = frame.f_code.co_filename
        source = linecache.getline(file, line, frame.f_globals).strip()
        frames.append(Frame(file, frame.f_code.co_name, line, source))
    return frames


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


def traceback_html(exc_info: ExcInfo | None = None) -> str:
    """The same as an HTML table with the source lines; everything that is not ours is escaped."""
    kind, error, tb = exc_info or sys.exc_info()
    if kind is None:
        return ""
    rows = "".join(
        f"<tr><td>{html.escape(frame.file)}</td><td>{frame.line}</td><td>{html.escape(frame.function)}</td>"
        f"<td><code>{html.escape(frame.source)}</code></td></tr>\n"
        for frame in _frames(tb)
    )
    return (
        f"<strong>{html.escape(kind.__qualname__)}</strong> {html.escape(_say(error))}\n"
        f"<table>\n<tr><th>file</th><th>line</th><th>function</th><th>source</th></tr>\n{rows}</table>"
    )
